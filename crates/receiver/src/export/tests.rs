use super::*;

fn request(signal: Signal, encoding: Encoding, bytes: &[u8], budget: &Arc<Budget>) -> Request {
    let payload = Payload { bytes: bytes.to_vec(), charge: Charge::new(budget) };
    Request { signal, encoding, compression: Compression::None, payload }
}

/// A5 to A7: `partial_success` is there only if there is something to say.
#[test]
fn responses_say_what_was_rejected() {
    let accepted = |rejected, message: &'static str| Accepted {
        rejected,
        message: Some(message.into()).filter(|_| !message.is_empty()),
        ..Accepted::default()
    };
    let cases: [(Accepted, &[u8], &str); 3] = [
        (accepted(0, ""), b"", "{}"),
        (
            accepted(300, "why"),
            b"\x0a\x08\x08\xac\x02\x12\x03why",
            r#"{"partialSuccess":{"rejectedLogRecords":"300","errorMessage":"why"}}"#,
        ),
        (
            accepted(0, "a \"word\""),
            b"\x0a\x0a\x12\x08a \"word\"",
            r#"{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"a \"word\""}}"#,
        ),
    ];
    for (accepted, protobuf, json) in cases {
        assert_eq!(accepted.response(Signal::Logs, Encoding::Protobuf), protobuf);
        assert_eq!(accepted.response(Signal::Logs, Encoding::Json), json.as_bytes());
    }
    let json = accepted(1, "x").response(Signal::Metrics, Encoding::Json);
    assert!(json.starts_with(br#"{"partialSuccess":{"rejectedDataPoints":"1""#));
}

/// Whatever comes of a request, its charge is given back once what came of it is dropped.
#[test]
fn charges_are_given_back() {
    let cases: [(Encoding, &[u8]); 6] = [
        (Encoding::Protobuf, b""),
        (Encoding::Protobuf, b"\x0a\x04\x12\x02\x12\x00"),
        (Encoding::Protobuf, b"no"),
        (Encoding::Json, br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#),
        (Encoding::Json, b"{"),
        (Encoding::Json, b"[]"),
    ];
    let budget = Budget::new(1000);
    for (encoding, bytes) in cases {
        let decoded = request(Signal::Traces, encoding, bytes, &budget).decode(1000, &budget);
        drop(decoded);
        assert_eq!(budget.used(), 0, "{encoding:?} {bytes:?}");
    }
    let request = request(Signal::Traces, Encoding::Json, &[b' '; 1001], &budget);
    let refusal = request.decode(2000, &budget).expect_err("no room to transcode");
    assert_eq!((refusal.reason, budget.used()), (Reason::TooLarge, 0));
}
