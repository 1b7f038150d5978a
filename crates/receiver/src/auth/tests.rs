use super::*;
use hyper::header::HeaderValue;

#[test]
fn only_the_token_passes() {
    let token = Token::new("s3cret").expect("a token");
    let cases = [
        (Some("Bearer s3cret"), true),
        (Some("bearer s3cret"), true),
        (Some("BEARER   s3cret"), true),
        (Some("Bearer s3cre"), false),
        (Some("Bearer s3cretx"), false),
        (Some("Bearer S3cret"), false),
        (Some("Bearer "), false),
        (Some("Bearer"), false),
        (Some("Basic s3cret"), false),
        (Some("s3cret"), false),
        (Some(""), false),
        (None, false),
    ];
    for (value, passes) in cases {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
        }
        let checked = token.check(&headers);
        assert_eq!(checked.is_ok(), passes, "{value:?}");
        if let Err(refusal) = checked {
            assert_eq!(refusal.reason, Reason::Unauthenticated);
            assert!(!refusal.message.contains("s3cret"), "{}", refusal.message);
        }
    }
}

#[test]
fn tokens_stay_out_of_debug_output() {
    let token = Token::new("s3cret").expect("a token");
    assert_eq!(format!("{token:?}"), "Token(…)");
}

#[test]
fn tokens_have_to_fit_in_a_header() {
    for bad in ["", "with space", "new\nline", "ümlaut"] {
        assert!(Token::new(bad).is_none(), "{bad:?}");
    }
}
