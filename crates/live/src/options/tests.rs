use super::*;

fn options() -> LiveOptions {
    LiveOptions::new("otlp://127.0.0.1:5000").expect("an address")
}

/// Why an option is not taken, or the message of the check of all of them.
fn refused(given: &[(&str, &str)]) -> String {
    let mut options = options();
    let set = given.iter().try_for_each(|(name, value)| options.set(name, value));
    set.and_then(|()| options.check()).expect_err("no options").message
}

#[test]
fn addresses() {
    for path in ["otlp://127.0.0.1:5000", "OTLP:127.0.0.1:5000", "127.0.0.1:5000"] {
        assert_eq!(LiveOptions::new(path).expect("an address").path(), "otlp://127.0.0.1:5000");
    }
    assert!(LiveOptions::new("otlp://127.0.0.1:70000").is_err());
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("512MB", 512_000_000),
        ("1.5 GiB", 3 << 29),
        ("64 kilobytes", 64_000),
        ("1tb", 1_000_000_000_000),
        (" 7 ", 7),
    ] {
        assert_eq!(size("s", text, 1, "1 byte").expect(text), bytes, "{text}");
    }
    for text in ["", "-1", "0", "1.2.3MB", "MB", "12 parsecs", "9e9", "99999999TB"] {
        let fault = size("memory_limit", text, 1, "1 byte").expect_err(text);
        assert!(fault.message.contains("'512MB' or '1GiB'"), "{fault}");
    }
}

#[test]
fn what_is_refused_says_what_is_taken() {
    for (given, told) in [
        (vec![("memory_limit", "999KB")], "at least 1MB"),
        (vec![("max_rows", "0")], "a whole number from 1 on"),
        (vec![("http_port", "65536")], "'none', or a whole number from 0 to 65535"),
        (vec![("token", "a b")], "printable ASCII"),
        (vec![("cors_origins", "nowhere")], "nowhere"),
        (vec![("max_row", "5")], "TYPE otlp has the options max_rows, memory_limit"),
        (vec![("max_rows", "5"), ("max_rows", "5")], "takes one value"),
        (vec![("archive_relations", "all")], "'typed', 'unified' or 'both'"),
        (vec![("archive_interval", "1s")], "archive_interval says nothing without archive"),
        (vec![("forward_timeout", "1s")], "forward_timeout says nothing without forward"),
        (vec![("tls_certificate", "")], "name a file in PEM"),
    ] {
        let message = refused(&given);
        assert!(message.contains(told), "{given:?}: {message}");
    }
}

/// What is said once more in other words is the same.
#[test]
fn options_that_are_the_same() {
    let with = |given: &[(&str, &str)]| {
        let mut options = options();
        given.iter().for_each(|(name, value)| options.set(name, value).expect("an option"));
        options
    };
    assert_eq!(
        with(&[("memory_limit", "512MB"), ("http_port", "NONE")]),
        with(&[("http_port", "none")])
    );
    assert_eq!(with(&[("archive_partition_by", "date")]), with(&[]));
    assert_ne!(with(&[("cors_origins", "")]), with(&[]));
    let both = [("cors_origins", "https://a.example"), ("cors_origins", "https://b.example")];
    assert_eq!(with(&both), with(&[("cors_origins", "https://a.example, https://b.example")]));
}

/// Rows, requests, connections and what is forwarded take no more than the limit together.
#[test]
fn shares_of_memory() {
    for limit in [MIN_MEMORY, 64_000_000, 512_000_000, 1 << 40] {
        for forward in [None, Some("otlp://127.0.0.1:5001")] {
            let mut options = options();
            options.set("memory_limit", &limit.to_string()).expect("a limit");
            if let Some(upstream) = forward {
                options.set("forward", upstream).expect("an upstream");
            }
            let rings = options.ring_limits();
            let all = rings.memory_limit
                + rings.pinned_limit
                + options.in_flight_bytes()
                + options.connection_bytes()
                + options.forward.share(limit);
            assert!(all <= limit, "{all} of {limit}");
            assert!(rings.memory_limit >= limit / 4, "rows have {} of {limit}", rings.memory_limit);
            assert!(options.connection_bytes() > 0 && options.in_flight_bytes() > 0);
        }
    }
}

#[test]
fn what_would_come_back_is_not_forwarded() {
    for upstream in ["otlp://127.0.0.1:5000", "http://localhost:5000", "otlp://127.0.0.1:5001"] {
        let mut options = options();
        options.set("http_port", "5001").expect("a port");
        options.set("forward", upstream).expect("an upstream");
        let rings = Arc::new(Rings::new(options.ring_limits()));
        let fault = options.forward_from(&rings).map(drop).expect_err("itself");
        assert!(fault.message.contains("is the receiver itself"), "{upstream}: {fault}");
    }
}
