use super::*;
use crate::kept::{Kept, RowForm};
use crate::render;
use crate::segment::{Segment, text};

const TIMES: Projection = Projection {
    resource: false,
    scope: false,
    row: 1 << 1 | 1 << 3 | 1 << 7 | 1 << 11,
    metric: 0,
};

const SPAN: &str = concat!(
    r#"{"traceId":"c34d0bff90150281e099ec6cd7363ca5","spanId":"491718de357e3da9","name":"a","kind":2,"#,
    r#""startTimeUnixNano":"1772323200040414216","attributes":[{"key":"b","value":{"stringValue":"\n"}},"#,
    r#"{"key":"c","value":{"intValue":"-20"}},{"key":"d","value":{"arrayValue":{"values":["#,
    r#"{"boolValue":true},{"doubleValue":1.5}]}}}],"events":[{"timeUnixNano":"7","name":"e","#,
    r#""attributes":[{"key":"f","value":{"kvlistValue":{"values":[{"key":"g","value":{"intValue":"1"}}"#,
    r#"]}}}]}],"status":{"message":"h","code":2}}"#
);

/// Members in another order, and at their defaults.
const ROOT: &str = concat!(
    r#"{"traceId":"c34d0bff90150281e099ec6cd7363ca5","spanId":"491718de357e3da9","parentSpanId":"","#,
    r#""flags":257,"name":"a","kind":0,"startTimeUnixNano":"5","endTimeUnixNano":"0","attributes":[],"#,
    r#""status":{},"droppedEventsCount":3}"#
);

const LOG: &str = concat!(
    r#"{"timeUnixNano":"17","observedTimeUnixNano":"18","severityNumber":9,"severityText":"i","#,
    r#""body":{"stringValue":"plain text, longer than a block"},"traceId":"","flags":257}"#
);

const POINT: &str = concat!(
    r#"{"startTimeUnixNano":"16","timeUnixNano":"17","count":"3","sum":2.5,"bucketCounts":["1","2"],"#,
    r#""explicitBounds":[0.5,5,-20],"max":3,"min":0}"#
);

/// As the SDK for JavaScript writes it, and those of other languages.
const JAVASCRIPT: &str = concat!(
    r#"{"traceId":"c34d0bff90150281e099ec6cd7363ca5","name":"a","kind":2,"startTimeUnixNano":5,"#,
    r#""attributes":[{"key":"b","value":{"intValue":-7}}],"droppedAttributesCount":0,"#,
    r#""status":{"message":"","code":0},"links":[],"flags":257,"spanId":"491718de357e3da9"}"#
);

/// With spaces and names, ids in base64, values before their keys.
const SPACED: &str = concat!(
    r#"{ "traceId": "w00L/5AVAoHgmexs1zY8pQ==", "kind" : "SPAN_KIND_SERVER", "#,
    "\n\t\"startTimeUnixNano\": 5, \"parentSpanId\": null, ",
    r#""attributes": [ {"value": {"doubleValue": "1.50"}, "key": "b"}, {"key":"", "value": {} } ],"#,
    r#""status":{"code":"STATUS_CODE_ERROR"} , "links": [{"spanId": "SRcY3jV+Pak="}]}"#
);

/// Values that JSON has more than one text for, or text has in another way than messages.
const VALUES: &str = concat!(
    r#"{"body":{"stringValue":"caf\u00e9\ud83d\ude00\/\n"},"flags":2,"eventName":"e","timeUnixNano":1,"#,
    r#""attributes":[{"key":"b","value":{"bytesValue":"AQI"}},{"key":"c","value":{"arrayValue":{}}},"#,
    r#"{"key":"d","value":{"arrayValue":{"values":[]}}},{"key":"e","value":{"boolValue":false}},"#,
    r#"{"key":"f","value":{"doubleValue":"NaN"}},{"key":"g","value":{"doubleValue":1.0}}]}"#
);

const WHOLE_POINT: &str = concat!(
    r#"{"timeUnixNano":17,"count":3,"scale":-2,"zeroCount":0,"positive":{"offset":-1,"#,
    r#""bucketCounts":[1,0]},"negative":{"bucketCounts":[]},"max":1e3,"min":-0.0,"zeroThreshold":0}"#
);

const NARROW: Projection =
    Projection { resource: false, scope: false, row: 1 << 5 | 1 << 7 | 1 << 9, metric: 0 };

/// A transcoder that knows such rows.
fn knowing(of: Of, row: &str, projection: Projection) -> Transcoder {
    let mut transcoder = Transcoder::new();
    let record = record(of, row);
    for _ in 0..2 {
        let segment = segment(&mut transcoder, of, record.as_bytes(), projection);
        let row = segment.as_ref().expect("the sample").1.message(0);
        let is_last = row.and_then(text::of_row).is_some() || projection == NARROW;
        if is_last {
            return transcoder;
        }
    }
    panic!("not kept as text: {row}");
}

/// A record with that row. Space is behind it, since names of members are compared in blocks.
fn record(of: Of, row: &str) -> String {
    of.record(inside(row)) + &" ".repeat(32)
}

fn inside(row: &str) -> &str {
    &row[1..row.len() - 1]
}

/// Times of rows, and the text of those that are wanted whole, or else the message.
type Rows = Vec<(Option<i64>, Vec<u8>)>;

fn segment(
    transcoder: &mut Transcoder,
    of: Of,
    record: &[u8],
    projection: Projection,
) -> Result<(Outcome, Segment)> {
    let rows = if projection == NARROW { RowForm::Messages } else { RowForm::Times };
    let needed = Kept { parts: projection, rows };
    let outcome = transcoder.read(record, SignalSet::ALL, needed)?;
    let mut builder = SegmentBuilder::keeping(of.signal(), Kept { rows: needed.least(), ..needed });
    if let Some(request) = transcoder.request(of.signal()) {
        builder.push_verified(&request)?;
    }
    Ok((outcome, builder.finish()))
}

fn rows(
    transcoder: &mut Transcoder,
    of: Of,
    record: &[u8],
    projection: Projection,
) -> Result<(Outcome, Rows)> {
    let (outcome, segment) = segment(transcoder, of, record, projection)?;
    let row = |row| {
        let mut wanted = Vec::new();
        match projection {
            TIMES => {}
            NARROW => wanted.extend_from_slice(segment.message(row).unwrap_or_default()),
            _ => render::data(&segment, row, &mut wanted),
        }
        (segment.time(row), wanted)
    };
    Ok((outcome, (0..segment.len()).map(row).collect()))
}

/// Reads a record as one who knows such rows, and as one who reads messages.
fn check(of: Of, row: &str, record: &[u8]) {
    for projection in [TIMES, NARROW, Projection::ALL] {
        let known = rows(&mut knowing(of, row, projection), of, record, projection);
        let read = rows(&mut Transcoder::new(), of, record, projection);
        assert_eq!(known, read, "{}", String::from_utf8_lossy(record));
    }
}

fn samples() -> [(Of, &'static str); 8] {
    [
        (Of::Span, SPAN),
        (Of::Span, ROOT),
        (Of::Log, LOG),
        (Of::Histogram, POINT),
        (Of::Span, JAVASCRIPT),
        (Of::Span, SPACED),
        (Of::Log, VALUES),
        (Of::ExponentialHistogram, WHOLE_POINT),
    ]
}

#[test]
fn rows_that_are_known_but_for_one_byte_are_read_like_messages() {
    for (of, row) in samples() {
        let record = record(of, row).into_bytes();
        for at in 0..record.len() {
            check(of, row, &record[..at]);
            for byte in *b"\"\\{],: 1a-\0\xff" {
                let mut changed = record.clone();
                changed[at] = byte;
                check(of, row, &changed);
            }
        }
    }
}

#[test]
fn rows_that_are_known_but_for_one_byte_more_or_less_are_read_like_messages() {
    for (of, row) in samples() {
        let record = record(of, row).into_bytes();
        for at in 0..record.len() {
            let mut shorter = record.clone();
            shorter.remove(at);
            check(of, row, &shorter);
            for more in [b'0', b'"', b' '] {
                let mut longer = record.clone();
                longer.insert(at, more);
                check(of, row, &longer);
            }
        }
    }
}

#[test]
fn values_from_one_end_of_their_range_to_the_other_are_read_like_messages() {
    let values = ["", "0", "-0", "01", "-1", "9223372036854775808", "18446744073709551616", "1e3"];
    for (of, row) in samples() {
        for (from, _) in row.match_indices(":\"") {
            let (before, rest) = row.split_at(from + 2);
            let after = &rest[rest.find('"').expect("a closing quote")..];
            for value in values {
                let changed = format!("{before}{value}{after}");
                check(of, row, record(of, &changed).as_bytes());
            }
        }
    }
}

/// A row, with each of its values in turn exchanged for others that are written as it is.
fn exchanged(row: &str) -> Vec<Vec<String>> {
    let value = |from: usize| {
        let rest = &row[from..];
        let quoted = usize::from(rest.starts_with('"'));
        let len = rest[quoted..].find(if quoted == 1 { &['"'] } else { &[',', '}', ' '][..] });
        let end = from + quoted + len.expect("the end of a value");
        ["0", "7", "00", "", "8"]
            .map(|value| format!("{}{value}{}", &row[..from + quoted], &row[end..]))
    };
    row.match_indices(':').map(|(at, _)| value(at + 1).to_vec()).collect()
}

/// What is learnt of a row counts for those that begin as it does, so it may not depend on its values.
#[test]
fn rows_after_others_are_read_like_messages() {
    for (of, row) in samples() {
        for rows_of in exchanged(row) {
            let records = rows_of.iter().map(|row| record(of, row)).collect::<Vec<_>>();
            for (first, second) in
                records.iter().flat_map(|one| records.iter().map(move |two| (one, two)))
            {
                for projection in [TIMES, NARROW, Projection::ALL] {
                    let mut transcoder = Transcoder::new();
                    for record in [first, second, first, second] {
                        let known = rows(&mut transcoder, of, record.as_bytes(), projection);
                        let read = rows(&mut Transcoder::new(), of, record.as_bytes(), projection);
                        assert_eq!(known, read, "after {first}: {record}");
                    }
                }
            }
        }
    }
}

#[test]
fn rows_that_are_never_alike_are_read_all_the_same() {
    let mut transcoder = knowing(Of::Log, LOG, TIMES);
    for nth in 0..6_000 {
        let row = format!(
            r#"{{"timeUnixNano":"{nth}","attributes":[{{"key":"k{nth}","value":{{"stringValue":""}}}}]}}"#
        );
        let record = record(Of::Log, &row);
        let read = rows(&mut transcoder, Of::Log, record.as_bytes(), TIMES).expect("sound");
        assert_eq!(read.1, [(Some(nth).filter(|&time| time > 0), Vec::new())]);
    }
}
