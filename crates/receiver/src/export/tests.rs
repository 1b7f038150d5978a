use super::*;
use crate::body::Gather;
use crate::budget::Budget;
use std::sync::Arc;

/// A request that came in one piece or, so that it was collected, in two.
fn request(
    signal: Signal,
    encoding: Encoding,
    bytes: &[u8],
    in_one: bool,
    budget: &Arc<Budget>,
) -> Request {
    let mut gather = Gather::new(bytes.len(), Charge::new(budget));
    gather.take(bytes.to_vec().into(), in_one).expect("room for what arrived");
    Request { signal, encoding, compression: Compression::None, payload: gather.finish() }
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
        for in_one in [true, false] {
            drop(request(Signal::Traces, encoding, bytes, in_one, &budget).decode(1000));
            assert_eq!(budget.used(), 0, "{encoding:?} {bytes:?}");
        }
    }
    let request = request(Signal::Traces, Encoding::Json, &[b' '; 900], true, &budget);
    let refusal = request.decode(2000).expect_err("no room to transcode");
    assert_eq!((refusal.reason, budget.used()), (Reason::TooLarge, 0));
}

/// Whatever is sent, to whatever signal: an answer, never a panic, and nothing stays charged.
#[test]
fn mutated_requests_never_panic() {
    let protobuf = b"\x0a\x3c\x0a\x0b\x0a\x09\x0a\x01a\x12\x04\x0a\x02hi\x12\x2d\x12\x2b\
        \x0a\x1012345678abcdefgh\x12\x0812345678\x2a\x04name\x39\x01\x02\x03\x04\x05\x06\x07\x08";
    let json = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a","kind":2,"traceId":"00",
        "attributes":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":"7"}]}}}]}]}]}]}"#;
    let budget = Budget::new(1 << 20);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize % limit
    };
    for _ in 0..20_000 {
        let json_wanted = below(2) == 0;
        let (encoding, mut bytes) = match json_wanted {
            true => (Encoding::Json, json.to_vec()),
            false => (Encoding::Protobuf, protobuf.to_vec()),
        };
        for _ in 0..below(4) {
            let at = below(bytes.len());
            match below(3) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes.truncate(at + 1),
                _ => bytes.insert(at, below(256) as u8),
            }
        }
        let compression = Compression::ALL[below(20).min(2)];
        let signal = Signal::ALL[below(3)];
        let request =
            Request { compression, ..request(signal, encoding, &bytes, below(2) == 0, &budget) };
        drop(request.decode(1 << 16));
        assert_eq!(budget.used(), 0, "{bytes:?}");
    }
}
