use super::*;
use crate::error::Error;
use crate::schema::{Message, SCOPE_SPANS, SPAN};
use crate::verify::{Needs, verify};
use crate::wire::sample::{all, attribute, fixed32, fixed64, message, text, varint};

/// What a message needs, to be canonical.
fn check(message: &'static Message, bytes: &[u8]) -> Result<Needs, Error> {
    verify(message, bytes).map(|found| found.needs)
}

/// A span as most are, without what stands behind the times: with these fields before the name.
fn begun(before_name: &[u8]) -> Vec<u8> {
    all([
        text(1, [1; 16]),
        text(2, [2; 8]),
        before_name.to_vec(),
        text(5, "GET /"),
        varint(6, 2),
        fixed64(7, 1 << 60),
        fixed64(8, u64::MAX),
    ])
}

/// Spans that are recognised to their times.
fn samples() -> Vec<Vec<u8>> {
    let flags = fixed32(16, 0x101);
    let befores = [
        vec![],
        text(4, [3; 8]),
        text(4, ""),
        flags.clone(),
        all([text(4, [3; 8]), flags.clone()]),
        text(3, "ot=th:8"),
        all([text(3, ""), text(4, [3; 8])]),
        all([text(3, "é"), flags.clone()]),
        text(3, b"\xff"),
    ];
    let attributes = all([
        attribute(9, "http.route", &text(1, "/")),
        attribute(9, "odd", &text(5, text(1, text(1, "of a list")))),
        attribute(9, "status", &varint(3, 200)),
    ]);
    let behinds = [
        vec![],
        attributes.clone(),
        text(15, ""),
        all([attributes.clone(), text(15, varint(3, 1))]),
        all([attributes.clone(), text(15, varint(3, 2)), flags.clone()]),
        all([attributes.clone(), flags.clone()]),
        all([message(11, [fixed64(1, 1), text(2, "event")]), text(15, text(2, "message"))]),
        all([varint(10, 1), attributes]),
        all([text(4, [3; 8]), text(15, "")]),
        all([text(3, "again"), text(15, "")]),
        all([flags.clone(), flags]),
    ];
    let of = |before: &Vec<u8>| behinds.clone().map(|behind| all([begun(before), behind]));
    befores.iter().flat_map(of).collect()
}

#[test]
fn common_spans_are_recognised() {
    for sample in samples() {
        let head = head(&sample).unwrap_or_else(|| panic!("{sample:x?}"));
        assert_eq!(head.times, [1 << 60, u64::MAX]);
        assert_eq!(&sample[head.name], b"GET /");
        assert!(sample[..head.end].ends_with(&[0xff; 8]));
    }
}

#[test]
fn other_spans_are_not() {
    let others = [
        vec![],
        all([text(1, [1; 16]), text(2, [2; 8])]),
        all([text(1, [1; 15]), begun(b"")]),
        begun(&text(3, "x".repeat(200))),
        begun(&all([text(4, [3; 8]), text(3, "late")])),
        begun(&all([text(3, "a"), text(3, "b")])),
        begun(&text(4, [3; 7])),
        begun(&varint(17, 1)),
        begun(&text(5, "x".repeat(200))),
    ];
    for other in others {
        assert!(head(&other).is_none(), "{other:x?}");
    }
}

/// Whatever a span looks like, it is found to be what the walk over its fields finds: for all samples with
/// one byte changed, or without their last bytes.
#[test]
fn spans_are_judged_as_their_fields_are() {
    let mut recognised = 0;
    for sample in samples() {
        let cut = (0..sample.len()).map(|len| sample[..len].to_vec());
        let changed = (0..sample.len()).flat_map(|at| {
            let sample = &sample;
            [0, 1, 2, 0x1a, 0x22, 0x2a, 0x4a, 0x7a, 0x7f, 0x80, 0x85, 0xff]
                .map(|byte| [&sample[..at], &[byte], &sample[at + 1..]].concat())
        });
        for span in cut.chain(changed) {
            recognised += usize::from(head(&span).is_some());
            let request = text(2, &span);
            let outcome = check(&SCOPE_SPANS, &request);
            assert_eq!(
                outcome_at(&outcome, request.len() - span.len()),
                outcome_at(&check(&SPAN, &span), 0),
                "{span:x?}"
            );
        }
    }
    assert!(recognised > 10_000, "{recognised}");
}

/// What was found of bytes that stand at `start`, as if they stood at the start.
fn outcome_at(outcome: &crate::error::Result<Needs>, start: usize) -> Result<Needs, (&str, usize)> {
    match outcome {
        Ok(Needs::Sorting(messages)) => {
            let from_start = |range: &Range<usize>| range.start - start..range.end - start;
            Ok(Needs::Sorting(messages.iter().map(from_start).collect()))
        }
        Ok(needs) => Ok(needs.clone()),
        Err(error) => Err((error.reason(), error.offset() - start)),
    }
}
