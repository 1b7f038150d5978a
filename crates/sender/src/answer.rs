//! What became of a request that was sent once.

use std::time::Duration;

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) retry: Retry,
}

/// Whether sending it again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    /// It is there, but nothing can be said to it before somebody changes that: a certificate, or the address.
    IfMended,
    /// Nobody can be reached: where somebody was before, it may be that they come back.
    IfKnown,
    /// After that time, where the upstream says so.
    Later(Option<Duration>),
}

impl Failure {
    pub(crate) fn new(retry: Retry, message: impl Into<String>) -> Failure {
        Failure { message: message.into(), retry }
    }

    pub(crate) fn never(message: impl Into<String>) -> Failure {
        Failure::new(Retry::Never, message)
    }
}

/// Characters of an upstream's text that an error shows.
const SHOWN: usize = 500;

/// Text that an upstream wrote, fit to be shown: in one line, and not without end.
pub(crate) fn shown(text: &str) -> String {
    let text: String = text.trim().chars().take(SHOWN).collect();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
