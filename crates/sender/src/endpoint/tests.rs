use super::*;

#[test]
fn endpoints() {
    let cases = [
        ("otlp://localhost:4317", "otlp://localhost:4317"),
        ("OTLP://collector", "otlp://collector:4317"),
        ("otlps://[::1]:1", "otlps://[::1]:1"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318"),
        ("https://otlp.example/otlp/", "https://otlp.example:443/otlp"),
        ("http://h", "http://h:80"),
    ];
    for (text, shown) in cases {
        let endpoint: Endpoint = text.parse().expect(text);
        assert_eq!(endpoint.to_string(), shown);
        assert_eq!(shown.parse(), Ok(endpoint));
        assert!(Endpoint::is_meant(text));
    }
    let endpoint: Endpoint = "otlp://[::1]".parse().expect("an endpoint");
    assert_eq!((endpoint.host.as_str(), endpoint.authority().as_str()), ("::1", "[::1]:4317"));
}

#[test]
fn no_endpoints() {
    let cases = [
        ("otlp://me:secret@host", "secret"),
        ("otlp://", "address"),
        ("otlp://host:", "is no port"),
        ("otlp://host:0", "is no port"),
        ("otlp://host:99999", "\"99999\" is no port"),
        ("otlp://host/path", "no paths"),
        ("http://host/v1/traces", "leave it out"),
        ("http://host?x", "may follow"),
        ("file://host/x", "\"file\" is no scheme"),
        ("collector:4317", "write 'otlp://collector:4317'"),
        ("collector", "write 'otlp://collector'"),
        ("collector:4318", "write 'http://collector:4318'"),
        ("otlp:collector:4317", "write 'otlp://collector:4317'"),
        ("OTLPS:/collector", "write 'otlps://collector'"),
    ];
    for (text, reason) in cases {
        let error = text.parse::<Endpoint>().expect_err(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    for path in ["trace.jsonl", "s3://bucket/x", "/http/x", "collector:4317", "https:"] {
        assert!(!Endpoint::is_meant(path));
    }
    assert!(Endpoint::is_meant("otlp:collector:4317"));
}

#[test]
fn a_host_and_port_are_no_file() {
    for text in ["collector:4317", "10.0.0.1:4317", "[::1]:4317", "my-host.example:4318"] {
        let address = Endpoint::lacks_scheme(text).expect(text);
        assert!(address.ends_with(text) && address.parse::<Endpoint>().is_ok(), "{address}");
    }
    for text in ["trace.jsonl", "C:4317", "./collector:4317", "a b:1", "x:70000", "x:", "x:1a", "x"]
    {
        assert_eq!(Endpoint::lacks_scheme(text), None, "{text}");
    }
}

#[test]
fn scopes_that_fit_an_endpoint() {
    for scope in ["", "otlp", "https://", "http://localhost:4318/x", "otlps://h"] {
        assert!(Endpoint::may_begin_with(scope), "{scope}");
    }
    for scope in ["collector:4317", "localhost", "s3://bucket", "OTLP://h", "//h"] {
        assert!(!Endpoint::may_begin_with(scope), "{scope}");
    }
}
