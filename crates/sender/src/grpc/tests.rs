use hyper::header::HeaderValue;

use super::*;

fn trailers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for &(name, value) in pairs {
        trailers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    trailers
}

/// The table of OTLP's specification.
#[test]
fn which_codes_are_tried_again() {
    let retryable = [1, 4, 10, 11, 14, 15];
    for code in 1..=17 {
        let failure =
            outcome(&trailers(&[("grpc-status", &code.to_string())]), b"").expect_err("one");
        assert_eq!(failure.retry != Retry::Never, retryable.contains(&code), "{code}: {failure:?}");
    }
    // RetryInfo of 1.5 s in a status.
    let info = b"\x1a\x34\n(type.googleapis.com/google.rpc.RetryInfo\x12\x08\n\x06\x08\x01\x10\xe5\x9a\x77";
    let info = BINARY.encode(info);
    for (code, asked) in [(8, true), (14, true), (3, false)] {
        let pairs = [("grpc-status", &*code.to_string()), ("grpc-status-details-bin", &info)];
        let failure = outcome(&trailers(&pairs), b"").expect_err("one");
        match failure.retry {
            Retry::Later(Some(delay)) if asked => assert_eq!(delay.as_secs(), 1),
            retry => assert!(!asked && retry == Retry::Never, "{code}: {retry:?}"),
        }
    }
}

#[test]
fn what_is_said() {
    let failure = |pairs: &[_]| outcome(&trailers(pairs), b"").expect_err("one").message;
    let said = failure(&[("grpc-status", "3"), ("grpc-message", "100%25 wrong%0A")]);
    assert_eq!(said, "it answers INVALID_ARGUMENT: 100% wrong");
    assert!(failure(&[("grpc-status", "16")]).contains("CREATE SECRET"));
    assert!(failure(&[("grpc-status", "99")]).contains("an unknown status"));
    assert!(failure(&[]).contains("no status"));
    let endpoint = "otlp://h:1".parse().expect("an endpoint");
    assert!(no_grpc(&endpoint, StatusCode::NOT_FOUND).message.contains("'http://h:1'"));
}
