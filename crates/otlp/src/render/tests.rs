use super::*;
use crate::verify::Form;

mod messages;
mod rows;
mod values;

/// What becomes of bytes that are said to be a canonical message, behind what was there.
fn rendered(schema: &'static Message, bytes: &[u8]) -> Vec<u8> {
    let mut out = b"before".to_vec();
    message(&Verified::written(schema, bytes, Form::Canonical), &mut out);
    out
}

/// A message as JSON.
fn json(schema: &'static Message, bytes: &[u8]) -> String {
    let text = String::from_utf8(rendered(schema, bytes)).expect("text is UTF-8");
    text.strip_prefix("before").expect("text is appended").to_owned()
}

/// Checks messages alone, and among bytes that are none of theirs.
fn check<const N: usize>(schema: &'static Message, cases: [(Vec<u8>, &str); N]) {
    for (bytes, expected) in cases {
        assert_eq!(json(schema, &bytes), expected, "{bytes:x?}");
        let around = [b"\"\\\xff".as_slice(), &bytes, &[b'"'; 40]].concat();
        let mut out = Vec::new();
        nested(schema, Trusted::vouched(&around, 3..3 + bytes.len()), 0, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{bytes:x?}");
    }
}
