use super::*;

#[test]
fn headers() {
    let mut credentials = Credentials::default();
    credentials.set_token("abc").expect("a token");
    credentials.set_header("X-Scope-OrgID", "tenant 1").expect("a header");
    assert_eq!(credentials.headers.get("authorization").expect("it"), "Bearer abc");
    assert_eq!(credentials.headers.get("x-scope-orgid").expect("it"), "tenant 1");
    for (name, value) in
        [("content-type", "x"), ("Grpc-Timeout", "1S"), ("a b", "x"), ("", "x"), ("x", "a\nb")]
    {
        credentials.set_header(name, value).expect_err(name);
    }
    for token in ["", "a b", "ä", "a\n"] {
        credentials.set_token(token).expect_err(token);
    }
}

#[test]
fn secrets_are_not_shown() {
    let mut credentials = Credentials::default();
    credentials.set_token("s3cret").expect("a token");
    credentials.set_header("x-key", "s3cret").expect("a header");
    credentials.set_key("s3cret");
    let shown =
        format!("{credentials:?} {}", credentials.set_header("x-key", "s3cret\n").expect_err("no"));
    assert!(!shown.contains("s3cret"), "{shown}");
}
