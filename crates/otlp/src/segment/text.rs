//! Rows that stand in a segment as the text they would be rendered to, because the JSON they were read
//! from had it word for word. Such a row is its mark, its time, and the text.

/// The first byte of a row that is text: a tag that no message holds, as no field has number 0.
const MARK: u8 = 7;

/// Bytes before the text: the mark, and nanoseconds since the epoch, little-endian.
const HEAD: usize = 9;

/// Appends what stands before the text of a row.
pub(crate) fn put_head(time: u64, out: &mut Vec<u8>) {
    out.push(MARK);
    out.extend_from_slice(&time.to_le_bytes());
}

/// The time and the text of a row; `None` if it is a message.
#[inline]
pub(crate) fn of_row(row: &[u8]) -> Option<(u64, &[u8])> {
    match row.split_first_chunk::<HEAD>()? {
        ([MARK, time @ ..], text) => Some((u64::from_le_bytes(*time), text)),
        _ => None,
    }
}
