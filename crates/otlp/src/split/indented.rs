//! Finds where an indented document ends by how its lines begin: several times as fast as by its brackets.
//!
//! A line break stands in no string of JSON, so a brace behind one closes an object. If that is not the whole
//! document, a comma or another bracket follows it, as it does in any JSON; if it is, nothing follows, or the next
//! document. What is no JSON may be cut elsewhere than it should be: that shows when it is read, and then it is cut
//! again, by its brackets.

use memchr::memmem;

use super::documents::{MARKER, document};

/// Where an indented document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// After so many bytes.
    At(usize),
    /// More bytes are needed to tell; it does not end before so many.
    NotBefore(usize),
    /// Its lines do not tell.
    Unclear,
}

/// Where the document at the start of `bytes` ends, which is not before `searched`. `is_all` if no more bytes can be
/// had, `at_end` if the stream ends behind them.
pub(super) fn end(bytes: &[u8], searched: usize, is_all: bool, at_end: bool) -> End {
    let more = |searched| if is_all { End::Unclear } else { End::NotBefore(searched) };
    if searched == 0 && !begins_indented(bytes) {
        return if bytes.len() < MARKER { more(0) } else { End::Unclear };
    }
    let Some(line_break) = memmem::find(&bytes[searched..], b"\n}") else {
        // The line break may be there, and the brace not yet.
        return more(bytes.len().saturating_sub(1));
    };
    let brace = searched + line_break + 1;
    let after = bytes[brace + 1..].trim_ascii_start();
    match after.first() {
        Some(b'{') => End::At(brace + 1),
        Some(_) => End::Unclear,
        None if at_end => End::At(brace + 1),
        None => more(brace - 1),
    }
}

/// Whether an OTLP document stands at the start of `bytes`, with its first key on another line than its brace.
pub(crate) fn begins_indented(bytes: &[u8]) -> bool {
    let known = &bytes[..bytes.len().min(MARKER)];
    let space = known.iter().skip(1).take_while(|byte| byte.is_ascii_whitespace());
    space.into_iter().any(|&byte| byte == b'\n') && document(known, 0) == Some(0)
}
