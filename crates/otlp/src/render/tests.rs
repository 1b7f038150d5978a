use super::*;

mod messages;
mod rows;
mod values;

/// A message as JSON.
fn json(schema: &'static Message, bytes: &[u8]) -> String {
    let mut out = b"before".to_vec();
    message(schema, bytes, &mut out);
    let text = String::from_utf8(out).expect("text is UTF-8");
    text.strip_prefix("before").expect("text is appended").to_owned()
}

/// Checks messages alone, and among bytes that are none of theirs.
fn check<const N: usize>(schema: &'static Message, cases: [(Vec<u8>, &str); N]) {
    for (bytes, expected) in cases {
        assert_eq!(json(schema, &bytes), expected, "{bytes:x?}");
        let around = [b"\"\\\xff".as_slice(), &bytes, &[b'"'; 40]].concat();
        let mut out = Vec::new();
        nested(schema, Part::within(&around, 3..3 + bytes.len()), 0, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{bytes:x?}");
    }
}
