use super::*;
use hyper::Request;

fn is_ours(hosts: &[&str], uri: &str) -> bool {
    let origins = ["https://app.example.com:*", "http://[fd00::1]:80"];
    let origins = origins.map(|origin| origin.parse().expect("an origin"));
    let request = hosts.iter().fold(Request::post(uri), |head, host| head.header(HOST, *host));
    let (head, ()) = request.body(()).expect("a request").into_parts();
    check("Otel.lan.example", &origins, &head).is_ok()
}

#[test]
fn names_of_others_are_refused() {
    for host in [
        "localhost:4317",
        "LOCALHOST",
        "localhost.:4317",
        "app.localhost:4318",
        "127.0.0.1:4317",
        "[::1]:4317",
        "[::1]",
        "192.168.1.7:4318",
        "collector:4317",
        "host.docker.internal:4318",
        "otel.LAN.example:1",
        "app.example.com",
        "app.example.com:4318",
        "",
    ] {
        assert!(is_ours(&[host], "/v1/traces"), "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:4317",
        "evil.example.:4317",
        "localhost.evil.example:4317",
        "127.0.0.1.evil.example",
        "evil-internal.example",
        "notapp.example.com",
        "otel.lan.example.evil.example",
        "[::1].evil.example",
        "[evil.example]:80",
        "::1",
        "evil.example:80:80",
    ] {
        assert!(!is_ours(&[host], "/v1/traces"), "{host}");
    }
}

#[test]
fn every_name_counts() {
    assert!(is_ours(&[], "/v1/traces"), "no browser leaves it out");
    assert!(!is_ours(&["localhost", "evil.example"], "/v1/traces"));
    assert!(is_ours(&["localhost"], "http://localhost:4317/v1/traces"));
    assert!(!is_ours(&["localhost"], "http://evil.example:4317/v1/traces"));
}
