use super::*;

fn allows(origins: &[Origin], origin: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(ORIGIN, HeaderValue::from_str(origin).expect("a header"));
    match allowed(origins, &headers) {
        Ok(granted) => {
            assert_eq!(granted.expect("the origin that was sent"), origin);
            true
        }
        Err(refusal) => {
            assert_eq!(refusal.reason, Reason::Forbidden);
            false
        }
    }
}

#[test]
fn other_clients_have_no_origin() {
    assert_eq!(allowed(&[], &HeaderMap::new()), Ok(None));
}

#[test]
fn two_origins_are_none() {
    let mut headers = HeaderMap::new();
    for _ in 0..2 {
        headers.append(ORIGIN, HeaderValue::from_static("http://localhost"));
    }
    assert!(allowed(&Origin::localhost(), &headers).is_err());
}

#[test]
fn localhost_is_every_page_of_this_machine() {
    let origins = Origin::localhost();
    for origin in [
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:8443",
        "http://127.0.0.1:5173",
        "http://[::1]:80",
        "HTTP://LOCALHOST:80",
    ] {
        assert!(allows(&origins, origin), "{origin}");
    }
    for origin in [
        "null",
        "http://localhost.evil.example",
        "http://localhost:3000.evil.example",
        "http://localhost:",
        "http://localhost@evil.example",
        "http://evil.example",
        "file://localhost",
        "http://127.0.0.1.evil.example:80",
        "",
    ] {
        assert!(!allows(&origins, origin), "{origin}");
    }
}

#[test]
fn origins_are_read() {
    let cases = [
        ("*", "https://anything.example", true),
        ("https://app.example.com", "https://app.example.com", true),
        ("https://app.example.com", "https://app.example.com:8443", false),
        ("https://app.example.com", "http://app.example.com", false),
        ("https://app.example.com:*", "https://app.example.com:8443", true),
        ("https://app.example.com:*", "https://app.example.com", true),
        ("http://[::1]:8080", "http://[::1]:8080", true),
        ("http://[::1]", "http://[::1]", true),
    ];
    for (pattern, origin, allowed) in cases {
        let origins = [pattern.parse().expect(pattern)];
        assert_eq!(allows(&origins, origin), allowed, "{pattern} {origin}");
    }
    for bad in
        ["", "localhost", "http://", "ftp://a", "http://a/b", "http://a:b", "http://a:1:*", "**"]
    {
        let error = bad.parse::<Origin>().expect_err(bad).to_string();
        assert!(error.contains(&format!("\"{bad}\"")), "{error}");
    }
}
