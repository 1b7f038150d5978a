use super::*;

/// F10: what is written shorter in JSON than in protobuf is charged for.
#[test]
fn json_grows_by_its_numbers_and_replacements() {
    let cases: [(&[u8], usize); 8] = [
        (b"[0,0,0]", 5 + 6 + 6),
        (b"[\"0\",\"0\"]", 3 + 4),
        (b"[1234567,12345678,123456789]", 0),
        (b"[{},{},{}]", 0),
        (br#"{"key":"k","value":{"intValue":"7"}},{"key":"l"}"#, 0),
        ("é".as_bytes(), 0),
        (b"a\xffb", 3 + 2 * 2),
        (b"\xff\xe2\x82", 3 + 2 * (2 + 1)),
    ];
    for (text, expected) in cases {
        assert_eq!(growth(text), expected, "{}", text.escape_ascii());
    }
}
