use super::*;

/// Row 16: as the standard library replaces it.
#[test]
fn what_is_not_utf8_is_replaced() {
    for text in [
        &b""[..],
        b"plain",
        "é€🦆".as_bytes(),
        b"\xff",
        b"a\xffb\xfe\xfec",
        b"cut \xe2\x82",
        b"\xf0\x9f\xa6 cut",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
    ] {
        let replaced = String::from_utf8_lossy(text);
        let mut out = b"before".to_vec();
        put_replaced(&mut out, text);
        assert_eq!(out, ["before", &replaced].concat().as_bytes(), "{text:x?}");
        assert_eq!(growth(text), replaced.len() - text.len(), "{text:x?}");
    }
}
