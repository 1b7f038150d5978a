use super::*;

#[test]
fn what_is_not_expected() {
    let cases: [(&str, &[u8], Option<&str>); 10] = [
        ("otlp://h:1", b"\x15\x03\x03\x00\x02", Some("'otlps://h:1'")),
        ("http://h:1", b"\x15\x03\x03\x00\x02", Some("'https://h:1'")),
        ("otlp://h:1", b"HTTP/", Some("'http://h:1'")),
        ("otlps://h:1", b"HTTP/", Some("'https://h:1'")),
        ("http://h:1", b"\0\0\x12\x04\0", Some("'otlp://h:1'")),
        ("otlp://h:1", b"<!DOC", Some("'http://h:1'")),
        ("http://h:1", b"SSH-2", Some("not answer in HTTP")),
        ("http://h:1", b"HTTP/", None),
        ("otlp://h:1", b"\0\0\x12\x04\0", None),
        ("otlp://h:1", b"", None),
    ];
    for (endpoint, first, wanted) in cases {
        let said = mismatch(first, &endpoint.parse().expect("an endpoint"));
        let fits = match (&said, wanted) {
            (Some(said), Some(wanted)) => said.contains(wanted),
            (said, wanted) => said.is_none() && wanted.is_none(),
        };
        assert!(fits, "{endpoint} {first:?}: {said:?}");
    }
}
