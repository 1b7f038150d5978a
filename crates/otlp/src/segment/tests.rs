use super::*;
use crate::repair::Repair;
use crate::verify::Form;
use crate::wire::sample::{all, attribute, double, fixed64, group, message, text, varint};

fn segment(signal: Signal, requests: &[&[u8]]) -> Segment {
    let mut builder = SegmentBuilder::new(signal);
    for request in requests {
        builder.push_protobuf(request).expect("a well-formed request");
    }
    builder.finish()
}

/// A request of one resource and scope with these spans, log records or metrics.
fn request(leaves: &[u8]) -> Vec<u8> {
    message(1, [message(2, [leaves.to_vec()])])
}

fn times(signal: Signal, leaves: &[u8]) -> Vec<Option<i64>> {
    let segment = segment(signal, &[&request(leaves)]);
    (0..segment.len()).map(|row| segment.time(row)).collect()
}

const TIME: u64 = 1_750_000_000_000_000_000;

#[test]
fn rows_know_their_resource_and_scope() {
    let span = |name: &str| text(2, text(5, name));
    let first = all([
        message(
            1,
            [
                message(1, [attribute(1, "r", b"")]),
                message(
                    2,
                    [message(1, [text(1, "s1")]), span("a"), span("b"), text(3, "scope url")],
                ),
                message(2, [span("c")]),
                text(3, "resource url"),
            ],
        ),
        message(1, [text(1, ""), text(2, ""), message(2, [text(1, ""), text(3, "")]), text(3, "")]),
    ]);
    let second = message(1, [message(2, [message(1, [text(1, "s2")]), span("d")])]);
    let segment = segment(Signal::Traces, &[&first, b"", &second]);
    assert_eq!((segment.signal(), segment.len(), segment.is_empty()), (Signal::Traces, 4, false));
    let rows: Vec<_> = (0..4)
        .map(|row| (segment.message(row), segment.scope_of(row), segment.resource_of(row)))
        .collect();
    let names = ["a", "b", "c", "d"].map(|name| text(5, name));
    let [a, b, c, d] = names.each_ref().map(|name| Some(name.as_slice()));
    assert_eq!(rows, [(a, 0, 0), (b, 0, 0), (c, 1, 0), (d, 4, 2)]);
    let (resource, s1, s2) = (attribute(1, "r", b""), text(1, "s1"), text(1, "s2"));
    let owner = |message, schema_url| OwnerRef { message, schema_url };
    assert_eq!(segment.resource(0), owner(Some(&resource[..]), Some(&b"resource url"[..])));
    assert_eq!(segment.resource(1), owner(Some(&[][..]), None));
    assert_eq!(segment.resource(2), owner(None, None));
    assert_eq!(segment.scope(0), owner(Some(&s1[..]), Some(&b"scope url"[..])));
    assert_eq!(segment.scope(1), owner(None, None));
    assert_eq!(segment.scope(3), owner(Some(&[][..]), None));
    assert_eq!(segment.scope(4), owner(Some(&s2[..]), None));
    assert!((0..4).all(|row| segment.metric(row).is_none()));
}

#[test]
fn a_metric_gives_a_row_for_each_point_or_one() {
    let point = |time| message(1, [fixed64(3, time)]);
    let gauge = all([text(1, "gauge"), message(5, [point(1), point(2)]), attribute(12, "k", b"")]);
    let empty = all([text(1, "empty"), text(7, varint(2, 1))]);
    let bare = text(1, "bare");
    let summary = all([text(1, "summary"), message(11, [point(3)])]);
    let leaves = [&gauge, &empty, &bare, &summary].map(|metric| text(2, metric)).concat();
    let segment = segment(Signal::Metrics, &[&request(&leaves)]);
    let rows: Vec<_> = (0..segment.len())
        .map(|row| {
            let metric = segment.metric(row).expect("a metric");
            let data = metric.data.map(|(field, data)| (field.name, data.len()));
            (metric.message, data, segment.message(row).map(<[u8]>::len), segment.time(row))
        })
        .collect();
    let expected: [(&[u8], _, _, _); 5] = [
        (&gauge, Some(("gauge", 22)), Some(9), Some(1)),
        (&gauge, Some(("gauge", 22)), Some(9), Some(2)),
        (&empty, Some(("sum", 2)), None, None),
        (&bare, None, None, None),
        (&summary, Some(("summary", 11)), Some(9), Some(3)),
    ];
    assert_eq!(rows, expected);
    assert!((0..5).all(|row| segment.scope_of(row) == 0 && segment.resource_of(row) == 0));
}

#[test]
fn every_kind_of_metric_has_points() {
    let fields =
        [(5, "gauge"), (7, "sum"), (9, "histogram"), (10, "exponentialHistogram"), (11, "summary")];
    for (number, name) in fields {
        let leaf = text(2, message(number, [message(1, [fixed64(3, TIME)])]));
        let segment = segment(Signal::Metrics, &[&request(&leaf)]);
        let data = segment.metric(0).and_then(|metric| metric.data);
        assert_eq!(data.map(|(field, _)| field.name), Some(name));
        assert_eq!(segment.time(0), Some(TIME as i64), "{name}");
    }
}

#[test]
fn times_that_fit() {
    let most = i64::MAX as u64;
    let cases = [
        (0, None),
        (1, Some(1)),
        (TIME, Some(TIME as i64)),
        (most - 1, Some(i64::MAX - 1)),
        (most, None),
        (most + 1, None),
        (11_651_379_494_838_206_464, None),
        (u64::MAX, None),
    ];
    for (time, expected) in cases {
        let span = text(2, fixed64(7, time));
        assert_eq!(times(Signal::Traces, &span), [expected], "{time}");
        let log = text(2, fixed64(1, time));
        assert_eq!(times(Signal::Logs, &log), [expected], "{time}");
        let point = message(2, [message(5, [message(1, [fixed64(3, time)])])]);
        assert_eq!(times(Signal::Metrics, &point), [expected], "{time}");
    }
}

/// The index has short durations; the others are read of their spans.
#[test]
fn durations_of_any_length() {
    let short = u64::from(u32::MAX);
    let cases = [
        (TIME, TIME, Some(0)),
        (TIME, TIME + 1, Some(1)),
        (TIME, TIME + short - 1, Some(i64::from(u32::MAX) - 1)),
        (TIME, TIME + short, Some(i64::from(u32::MAX))),
        (TIME, TIME + short + 1, Some(i64::from(u32::MAX) + 1)),
        (TIME, TIME - 1, Some(-1)),
        (1, i64::MAX as u64 - 1, Some(i64::MAX - 2)),
        (i64::MAX as u64 - 1, 1, Some(2 - i64::MAX)),
        (0, TIME, None),
        (TIME, 0, None),
        (0, 1, None),
        (TIME, i64::MAX as u64, None),
        (u64::MAX, u64::MAX, None),
    ];
    for (start, end, expected) in cases {
        let span = text(2, all([text(5, "n"), fixed64(7, start), fixed64(8, end), varint(10, 1)]));
        let segment = segment(Signal::Traces, &[&request(&span)]);
        assert_eq!(segment.duration(0), expected, "{start} to {end}");
    }
    for span in [fixed64(7, TIME), fixed64(8, TIME), vec![]] {
        let segment = segment(Signal::Traces, &[&request(&text(2, span))]);
        assert_eq!(segment.duration(0), None);
    }
}

#[test]
fn the_fields_that_times_come_from() {
    let (a, b) = (TIME, TIME + 1);
    let observed = |time| fixed64(11, time);
    let cases: [(Signal, Vec<u8>, Option<u64>); 13] = [
        (Signal::Traces, all([fixed64(7, a), fixed64(8, b)]), Some(a)),
        (Signal::Traces, fixed64(8, b), None),
        (Signal::Traces, all([text(5, "n"), varint(6, 1), fixed64(7, a)]), Some(a)),
        (Signal::Traces, vec![], None),
        (Signal::Logs, all([fixed64(1, a), observed(b)]), Some(a)),
        (Signal::Logs, all([fixed64(1, 0), observed(b)]), Some(b)),
        (Signal::Logs, all([text(5, varint(3, 1)), observed(b)]), Some(b)),
        (Signal::Logs, all([fixed64(1, u64::MAX), observed(b)]), None),
        (Signal::Logs, text(12, "event"), None),
        // Unknown fields may stand anywhere.
        (Signal::Traces, all([fixed64(17, 9), group(100), fixed64(7, a)]), Some(a)),
        (Signal::Logs, all([text(4, "removed"), fixed64(13, 9), observed(b)]), Some(b)),
        (Signal::Logs, all([fixed64(100, 9), fixed64(1, a), varint(1000, 1)]), Some(a)),
        // What comes first does not count: fields are put in order.
        (Signal::Logs, all([observed(b), fixed64(1, a)]), Some(a)),
    ];
    for (signal, leaf, expected) in cases {
        let expected = expected.map(|time| time as i64);
        assert_eq!(times(signal, &text(2, &leaf)), [expected], "{leaf:x?}");
    }
    for number in [5, 7, 9, 10, 11] {
        let unknown = all([fixed64(2, b), fixed64(15, 9), fixed64(100, 9), fixed64(3, a)]);
        let leaf = message(2, [message(number, [text(1, unknown)])]);
        assert_eq!(times(Signal::Metrics, &leaf), [Some(a as i64)], "field {number}");
    }
}

#[test]
fn loose_requests_are_put_in_order_and_repaired() {
    let leaf =
        message(2, [fixed64(7, TIME), text(5, b"\xff"), attribute(9, "k", &text(1, b"\xff"))]);
    let mut builder = SegmentBuilder::new(Signal::Traces);
    let repairs = builder.push_protobuf(&request(&leaf)).expect("a well-formed request");
    assert_eq!(repairs.of(Repair::InvalidUtf8), 2);
    assert_eq!((builder.signal(), builder.len(), builder.is_empty()), (Signal::Traces, 1, false));
    let segment = builder.finish();
    let expected =
        all([text(5, "\u{fffd}"), fixed64(7, TIME), attribute(9, "k", &text(1, "\u{fffd}"))]);
    assert_eq!(segment.message(0), Some(&expected[..]));
    assert_eq!(segment.time(0), Some(TIME as i64));
}

/// A request with a bit of everything, of two resources.
fn rich(signal: Signal) -> Vec<u8> {
    let number = match signal {
        Signal::Traces => 9,
        Signal::Logs => 6,
        Signal::Metrics => 12,
    };
    let leaf = match signal {
        Signal::Traces => all([text(1, [1; 16]), text(5, "name"), fixed64(7, TIME)]),
        Signal::Logs => all([fixed64(1, TIME), text(5, text(1, "body"))]),
        Signal::Metrics => all([
            text(1, "name"),
            message(
                5,
                [message(1, [fixed64(3, TIME), double(4, 1.5)]), message(1, [fixed64(3, TIME)])],
            ),
        ]),
    };
    let leaf = all([leaf, attribute(number, "key", b"\x18\x96\x01")]);
    let scope = message(
        2,
        [message(1, [text(1, "scope")]), text(2, &leaf), text(2, &leaf), text(3, "url")],
    );
    message(1, [message(1, [attribute(1, "r", b"\x10\x01")]), scope.clone(), scope, text(3, "url")])
}

#[test]
fn a_request_that_is_cut_anywhere_gives_no_rows() {
    for signal in Signal::ALL {
        let request = rich(signal);
        let mut builder = SegmentBuilder::new(signal);
        builder.push_protobuf(&request).expect("a well-formed request");
        let before = format!("{builder:?}");
        for end in 1..request.len() {
            assert!(builder.push_protobuf(&request[..end]).is_err(), "{end} bytes");
            assert_eq!(format!("{builder:?}"), before, "{end} bytes");
        }
    }
}

#[test]
fn nothing_is_left_of_a_request_that_fails_half_way() {
    for signal in Signal::ALL {
        let request = rich(signal);
        let mut builder = SegmentBuilder::new(signal);
        builder.push_protobuf(&request).expect("a well-formed request");
        let before = format!("{builder:?}");
        let cut = b"\x0a\x05";
        let levels = [
            cut.to_vec(),
            text(1, cut),
            message(1, [text(2, cut)]),
            message(1, [message(2, [text(2, cut)])]),
        ];
        for level in levels {
            // Said to be canonical, they fail only as their rows are looked for.
            let bad = [request.clone(), level].concat();
            let canonical = Verified::written(signal.data(), &bad, Form::Canonical);
            assert!(builder.push_verified(&canonical).is_err(), "{bad:x?}");
            assert_eq!(format!("{builder:?}"), before);
            let mut owner = SegmentBuilder::new(signal);
            assert_eq!(owner.push_owned(bad.clone()), Err(bad));
            assert_eq!((owner.len(), owner.bytes()), (0, 0));
            owner.push_protobuf(&request).expect("a well-formed request");
            assert_eq!(owner.len(), builder.len());
        }
    }
}

#[test]
fn a_request_larger_than_a_segment_is_refused_unread() {
    let request = vec![0; MAX_SEGMENT_BYTES + 1];
    let mut builder = SegmentBuilder::new(Signal::Logs);
    for form in [Form::Canonical, Form::Loose] {
        let error = builder
            .push_verified(&Verified::written(Signal::Logs.data(), &request, form))
            .expect_err("too large");
        assert_eq!(error.reason(), "request too large for a segment");
        assert_eq!((builder.len(), builder.bytes()), (0, 0));
    }
}

/// What was checked as one message is not trusted as another.
#[test]
#[should_panic(expected = "a request of another signal")]
fn a_request_that_was_checked_as_another_signals_is_the_callers_fault() {
    let verified = verify(Signal::Logs.data(), &[]).expect("well formed as any");
    _ = SegmentBuilder::new(Signal::Traces).push_verified(&verified);
}

#[test]
fn the_length_of_rows_on_the_wire() {
    let span = text(5, "name");
    let traces = segment(Signal::Traces, &[&request(&all([text(2, &span), text(2, "")]))]);
    assert_eq!([traces.wire_len(0), traces.wire_len(1)], [6, 0]);
    let point = fixed64(3, TIME);
    let metric = all([text(1, "name"), message(5, [text(1, &point), text(1, "")])]);
    let metrics = segment(Signal::Metrics, &[&request(&text(2, &metric))]);
    let head = "..name".len() + "..".len();
    assert_eq!([metrics.wire_len(0), metrics.wire_len(1)], [head + point.len(), head]);
}

/// What rows share counts for each of them that copies it.
#[test]
fn rows_within_bytes() {
    let spans = text(2, text(5, "name")).repeat(4); // six bytes each
    let scope = text(1, text(1, "a".repeat(92))); // 94 bytes, and 6 of its URL
    let scope = text(2, all([scope, spans, text(3, "sixsix")]));
    let segment = segment(Signal::Traces, &[&message(1, [scope, text(3, "ten bytes.")])]);
    let within = |rows, bytes, copied| segment.rows_within(rows, bytes, copied);
    assert_eq!([5, 6, 12, 17].map(|bytes| within(0..4, bytes, Copied::ROW)), [1, 1, 2, 2]);
    assert_eq!(
        [105, 211, 212, 423, 424].map(|bytes| within(0..4, bytes, Copied::DATA)),
        [1, 1, 2, 3, 4]
    );
    assert_eq!([231, 232].map(|bytes| within(2..4, bytes, Copied::ALL)), [1, 2]);
    assert_eq!([within(0..4, 0, Copied::NOTHING), within(4..4, 0, Copied::ALL)], [4, 0]);
}

#[test]
fn memory_is_what_is_allocated() {
    let empty = SegmentBuilder::new(Signal::Traces).finish();
    assert_eq!((empty.memory(), empty.len()), (0, 0));
    let request = rich(Signal::Metrics);
    let segment = segment(Signal::Metrics, &[&request]);
    assert_eq!(size_of::<Row>(), 24);
    assert!(segment.memory() >= request.len() + segment.len() * size_of::<Row>());
}
