//! Protobuf for tests, written by hand.

use super::{put_len, put_tag, put_varint};

/// A varint field.
pub(crate) fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 0);
    put_varint(&mut out, value);
    out
}

/// A field of eight bytes.
pub(crate) fn fixed64(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 1);
    out.extend_from_slice(&value.to_le_bytes());
    out
}

/// A double.
pub(crate) fn double(number: u32, value: f64) -> Vec<u8> {
    fixed64(number, value.to_bits())
}

/// A field of four bytes.
pub(crate) fn fixed32(number: u32, value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 5);
    out.extend_from_slice(&value.to_le_bytes());
    out
}

/// A field of text or bytes.
pub(crate) fn text(number: u32, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    put_len(&mut out, number, bytes.as_ref());
    out
}

/// A message in a field, of these fields.
pub(crate) fn message<const N: usize>(number: u32, fields: [Vec<u8>; N]) -> Vec<u8> {
    text(number, fields.concat())
}

/// Fields one after the other.
pub(crate) fn all<const N: usize>(fields: [Vec<u8>; N]) -> Vec<u8> {
    fields.concat()
}

/// A group with a field in it.
pub(crate) fn group(number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 3);
    put_tag(&mut out, 1, 0);
    put_varint(&mut out, 1);
    put_tag(&mut out, number, 4);
    out
}

/// An attribute in field `number`, with this content of its value.
pub(crate) fn attribute(number: u32, key: &str, value: &[u8]) -> Vec<u8> {
    message(number, [text(1, key), text(2, value)])
}

/// How values nest in each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nesting {
    /// In `ArrayValue`s.
    Arrays,
    /// In `KeyValueList`s.
    Maps,
    /// In the one and the other by turns.
    Mixed,
}

impl Nesting {
    pub(crate) const ALL: [Nesting; 3] = [Nesting::Arrays, Nesting::Maps, Nesting::Mixed];

    /// Whether the list at this depth is a `KeyValueList`.
    pub(crate) fn is_map(self, depth: usize) -> bool {
        match self {
            Nesting::Arrays => false,
            Nesting::Maps => true,
            Nesting::Mixed => depth % 2 == 1,
        }
    }

    /// The content of an `AnyValue`: the number 1 in this many lists.
    pub(crate) fn value(self, lists: usize) -> Vec<u8> {
        let mut reversed = vec![1, 0x18];
        let mut wrap = |number: u32| {
            let mut head = Vec::new();
            put_tag(&mut head, number, 2);
            put_varint(&mut head, reversed.len() as u64);
            reversed.extend(head.into_iter().rev());
        };
        for depth in (0..lists).rev() {
            if self.is_map(depth) {
                wrap(2);
            }
            wrap(1);
            wrap(if self.is_map(depth) { 6 } else { 5 });
        }
        reversed.reverse();
        reversed
    }
}

/// Runs `test` on a thread with a stack as small as those of servers.
pub(crate) fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test);
    thread.expect("a thread").join().expect("the test passes");
}
