use super::*;

#[test]
fn addresses_are_read_and_shown() {
    let cases = [
        ("otlp://localhost:4317", "localhost:4317"),
        ("OTLP://localhost:4317", "localhost:4317"),
        ("localhost:4317", "localhost:4317"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("otlp://0.0.0.0:65535", "0.0.0.0:65535"),
        ("[::1]:4317", "[::1]:4317"),
        ("otlp://[::]:4317", "[::]:4317"),
        ("my-host.example.com:4317", "my-host.example.com:4317"),
        ("a_b:1", "a_b:1"),
        ("1host:1", "1host:1"),
    ];
    for (text, shown) in cases {
        let address = text.parse::<Address>().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(address.to_string(), shown, "{text}");
        assert_eq!(shown.parse(), Ok(address), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("", "the host is missing"),
        ("otlp://", "the host is missing"),
        (":4317", "the host is missing"),
        ("localhost", "the port is missing"),
        ("localhost:", "the port is missing"),
        ("otlp://localhost", "the port is missing"),
        ("[::1]", "the port is missing"),
        ("[::1]:", "the port is missing"),
        ("[::1]4317", "the port is missing"),
        ("127.0.0.1", "the port is missing"),
        ("http://localhost:4318", "the scheme is \"http\", not \"otlp\""),
        ("://localhost:4318", "the scheme is \"\", not \"otlp\""),
        ("localhost:65536", "port 65536 is not between 0 and 65535"),
        ("localhost:99999999999999999999", "is not between 0 and 65535"),
        ("localhost:-1", "\"-1\" is no port number"),
        ("localhost:+1", "\"+1\" is no port number"),
        ("localhost:grpc", "\"grpc\" is no port number"),
        ("localhost:4317/", "nothing may follow the port"),
        ("localhost:4317/v1/traces", "nothing may follow the port"),
        ("::1:4317", "an IPv6 address stands in brackets"),
        ("[::1:4317", "\"[\" without \"]\""),
        ("[localhost]:4317", "\"localhost\" is no IPv6 address"),
        ("*:4317", "\"0.0.0.0\" stands for every address"),
        ("bad host:4317", "\"bad host\" is no host name"),
        ("a..b:4317", "\"a..b\" is no host name"),
        ("-a:4317", "\"-a\" is no host name"),
        ("user@host:4317", "\"user@host\" is no host name"),
        ("256.0.0.1:4317", "\"256.0.0.1\" is no host name and no IP address"),
        ("127.1:4317", "\"127.1\" is no host name and no IP address"),
    ];
    for (text, reason) in cases {
        let error = text.parse::<Address>().expect_err(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(error.contains(&format!("\"{text}\"")), "{text}: {error}");
    }
}

#[test]
fn long_names_are_refused() {
    let label = "a".repeat(63);
    let fits = format!("{label}.{label}.{label}.{}:1", "a".repeat(61));
    assert!(fits.parse::<Address>().is_ok());
    assert!(format!("a{fits}").parse::<Address>().is_err());
    assert!(format!("{label}a:1").parse::<Address>().is_err());
}

#[test]
fn localhost_is_both_loopback_addresses() {
    let address = "LocalHost:4317".parse::<Address>().expect("an address");
    let ips = address.resolve().expect("no resolver is asked");
    assert_eq!(ips, [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()]);
}

#[test]
fn who_reaches_it() {
    let cases = [
        ("localhost:1", "127.0.0.1", true),
        ("localhost:1", "127.0.0.2", false),
        ("127.0.0.1:1", "127.0.0.1", true),
        ("0.0.0.0:1", "127.0.0.1", true),
        // Of nobody, by RFC 5737.
        ("0.0.0.0:1", "192.0.2.1", false),
        ("0.0.0.0:1", "::1", false),
    ];
    for (own, other, reaches) in cases {
        let own: Address = own.parse().expect("an address");
        assert_eq!(own.is_reached_at(other.parse().expect("an address")), reaches, "{own} {other}");
    }
}
