use hyper::header::HeaderValue;

use super::*;

fn failure_of(status: u16, retry_after: Option<&str>) -> Failure {
    let endpoint = "http://h:1/x".parse().expect("an endpoint");
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).expect("a value"));
    }
    failure(&endpoint, StatusCode::from_u16(status).expect("a status"), &headers, "so")
}

/// The table of OTLP's specification.
#[test]
fn which_codes_are_tried_again() {
    for status in 300..600 {
        let again = failure_of(status, None).retry;
        let wanted = match status {
            429 | 502 | 503 | 504 => Retry::Later(None),
            _ => Retry::Never,
        };
        assert_eq!(again, wanted, "{status}");
    }
}

#[test]
fn when_to_come_again() {
    let wait = |value| match failure_of(503, Some(value)).retry {
        Retry::Later(wait) => wait,
        retry => panic!("{retry:?}"),
    };
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("soon"), None);
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
    let later = SystemTime::now() + Duration::from_secs(3600);
    let seconds = wait(&httpdate::fmt_http_date(later)).expect("a time").as_secs();
    assert!((3500..=3600).contains(&seconds), "{seconds}");
}

#[test]
fn what_is_said() {
    assert!(failure_of(401, None).message.contains("CREATE SECRET"));
    assert!(failure_of(404, None).message.contains("'otlp://h:1'"));
    assert_eq!(failure_of(400, None).message, "it answers 400 Bad Request: so");
    assert_eq!(said(false, b"  plain\ntext "), "plain text");
    assert_eq!(said(true, b"\x12\x03why"), "why");
}
