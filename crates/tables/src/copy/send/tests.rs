use super::*;

const PATH: &str = "otlp://localhost:4317";

fn told<T>(outcome: Result<T>) -> String {
    outcome.err().map(|fault| fault.to_string()).unwrap_or_default()
}

#[test]
fn options_say_how() {
    let mut upstream = Upstream::new(PATH).expect("an endpoint");
    let set = [
        ("compression", "gzip"),
        ("in_flight", "8"),
        ("timeout", "1.5"),
        ("retry_for", "3"),
        ("ignore_errors", ""),
    ];
    for (name, value) in set {
        upstream.set(name, value).expect(name);
    }
    let Options { gzip, in_flight, timeout, retry_for, .. } = upstream.options;
    let found = (gzip, in_flight, timeout, retry_for, upstream.ignore_errors);
    assert_eq!(found, (true, 8, Duration::from_millis(1500), Duration::from_secs(3), true));
    let wrong = [
        ("compression", "zstd"),
        ("in_flight", "0"),
        ("in_flight", "65"),
        ("timeout", "0"),
        ("timeout", "nan"),
        ("retry_for", "86401"),
        ("ignore_errors", "maybe"),
    ];
    for (name, value) in wrong {
        assert!(told(upstream.set(name, value)).contains(&format!("{name} '{value}' is not")));
    }
    assert!(told(upstream.set("token", "x")).contains("those of a secret"));
    assert!(told(Upstream::new("otlp://h/x")).contains("no paths"));
}

#[test]
fn secrets_are_set_and_not_shown() {
    let mut upstream = Upstream::new(PATH).expect("an endpoint");
    for (name, key, value) in
        [("token", "", "s3cret"), ("headers", "x-a", "s3cret"), ("key", "", "s3cret")]
    {
        upstream.set_secret(name, key, value).expect(name);
    }
    let fault = told(upstream.set_secret("headers", "x-a", "s3cret\n"));
    assert!(fault.contains("x-a"), "{fault}");
    let shown = format!("{upstream:?} {fault}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn rejected_rows_are_told() {
    let upstream = Upstream::new(PATH).expect("an endpoint");
    let sender = upstream.sender(PATH).expect("a sender");
    let report = |rejected, said: &[&str]| {
        let said = said.iter().map(|&text| text.to_owned()).collect();
        sender.said(&Report { sent: 9, rejected, said })
    };
    assert_eq!(report(2, &["old", "new"]), format!("{PATH} rejected 2 of 9 rows: old; new."));
    assert_eq!(report(2, &[]), format!("{PATH} rejected 2 of 9 rows: it does not say why."));
    assert_eq!(report(0, &["almost"]), format!("{PATH} took all rows, and says: almost"));
    assert!(told(upstream.sender("otlp://localhost:4317/data_0.jsonl")).contains("PARTITION_BY"));
}
