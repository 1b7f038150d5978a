//! The members of one JSON object, as text.

use std::ops::Range;

use super::error;
use super::scan::Cursor;
use crate::error::{Error, Result};

/// Calls `each` with the name and value of every member of the object that `text` is. A name is given
/// as it stands between its quotes, escapes and all.
///
/// # Errors
/// If `text` is anything but one JSON object, or `each` fails.
pub(super) fn members(
    text: &[u8],
    mut each: impl FnMut(&[u8], Range<usize>) -> Result<()>,
) -> Result<()> {
    let mut cursor = Cursor::new(text);
    if cursor.token() != b'{' {
        return Err(Error::new("not a JSON object", cursor.at));
    }
    let mut more = !cursor.opens_empty(b'}');
    while more {
        let step = (|| {
            let (name, _) = cursor.name()?;
            cursor.token();
            let start = cursor.at;
            cursor.skip(1)?;
            let value = start..cursor.at;
            Ok((name, value, cursor.another_member()?))
        })();
        let (name, value, another) = step.map_err(|fault| error(fault, cursor.at, text.len()))?;
        each(&text[name], value)?;
        more = another;
    }
    match cursor.token() {
        0 if cursor.is_empty() => Ok(()),
        _ => Err(Error::new("text after the JSON object", cursor.at)),
    }
}
