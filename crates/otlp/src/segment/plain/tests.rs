use crate::segment::SegmentBuilder;
use crate::signal::Signal;
use crate::wire::sample::{all, attribute, fixed32, fixed64, message, text, varint};

/// What `push_owned` takes is of this layout; the oracle compares its rows with those of other ways.
#[test]
fn layouts() {
    let request = |leaf: &[u8]| message(1, [message(2, [text(2, leaf)])]);
    let metric = |points: &[u8]| message(5, [text(1, points)]);
    let sorted_last = |flags: u32, time: u32| all([fixed32(flags, 1), fixed64(time, 1)]);
    let cases: [(&str, Signal, Vec<u8>, bool); 17] = [
        ("nothing", Signal::Traces, vec![], true),
        ("an empty group", Signal::Logs, text(1, ""), true),
        (
            "all there is around rows",
            Signal::Traces,
            message(
                1,
                [
                    text(1, attribute(1, "k", b"")),
                    message(2, [text(1, text(1, "scope")), text(2, ""), text(3, "url")]),
                    text(2, ""),
                    text(3, "url"),
                ],
            ),
            true,
        ),
        ("an unknown field in a row", Signal::Logs, request(&varint(100, 1)), true),
        ("a span to be sorted", Signal::Traces, request(&sorted_last(16, 7)), true),
        ("a log record to be sorted", Signal::Logs, request(&sorted_last(8, 1)), true),
        ("a point", Signal::Metrics, request(&metric(&fixed64(3, 1))), true),
        (
            "a point to be sorted",
            Signal::Metrics,
            request(&metric(&all([fixed64(3, 1), fixed64(2, 1)]))),
            false,
        ),
        ("text that is not UTF-8", Signal::Traces, request(&text(5, b"\xff")), false),
        ("a row that is malformed", Signal::Traces, request(b"\x2a\x05"), false),
        ("an unknown field beside a group", Signal::Logs, varint(2, 1), false),
        ("an unknown field in a group", Signal::Logs, message(1, [varint(9, 1)]), false),
        (
            "a scope behind its rows",
            Signal::Logs,
            message(1, [message(2, [text(2, ""), text(1, "")])]),
            false,
        ),
        ("two resources in a group", Signal::Logs, message(1, [text(1, ""), text(1, "")]), false),
        ("a URL that is not UTF-8", Signal::Logs, message(1, [text(3, b"\xff")]), false),
        ("a group that is cut", Signal::Logs, vec![0x0a, 5], false),
        ("a tag that is cut", Signal::Logs, vec![0x8a], false),
    ];
    for (name, signal, request, is_plain) in cases {
        let mut builder = SegmentBuilder::new(signal);
        let expected = if is_plain { Ok(()) } else { Err(request.clone()) };
        assert_eq!(builder.push_owned(request), expected, "{name}");
    }
}
