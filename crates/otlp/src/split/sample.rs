//! Small OTLP files made by hand, for tests.

use crate::signal::Signal;
use crate::wire::put_len;

/// A field of bytes with their length.
pub(crate) fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_len(&mut out, number, content);
    out
}

/// The smallest span, metric with a data point, or log record that its signal can be told by.
pub(crate) fn row(signal: Signal) -> Vec<u8> {
    let time = |number: u8| [&[number << 3 | 1][..], &1_000_u64.to_le_bytes()].concat();
    match signal {
        Signal::Traces => {
            [field(1, &[1; 16]), field(2, &[2; 8]), field(5, b"span"), time(7)].concat()
        }
        Signal::Metrics => [field(1, b"m"), field(5, &field(1, &time(3)))].concat(),
        Signal::Logs => [time(1), field(5, &field(1, b"body"))].concat(),
    }
}

/// A request of one row in protobuf; its resource has an attribute with a key of `size` bytes.
pub(crate) fn protobuf(signal: Signal, size: usize) -> Vec<u8> {
    let attribute = [field(1, &vec![b'x'; size]), field(2, &[0x18, 1])].concat();
    let resource = field(1, &field(1, &attribute));
    let scope = field(2, &field(2, &row(signal)));
    field(1, &[resource, scope].concat())
}

/// The same in OTLP/JSON, compact or over many lines.
pub(crate) fn json(signal: Signal, size: usize, pretty: bool) -> String {
    let (group, scopes, rows, row) = match signal {
        Signal::Traces => (
            "resourceSpans",
            "scopeSpans",
            "spans",
            r#""traceId":"01010101010101010101010101010101","name":"sp{a}n","startTimeUnixNano":"1000""#,
        ),
        Signal::Metrics => (
            "resourceMetrics",
            "scopeMetrics",
            "metrics",
            r#""name":"m","gauge":{"dataPoints":[{"timeUnixNano":"1000"}]}"#,
        ),
        Signal::Logs => (
            "resourceLogs",
            "scopeLogs",
            "logRecords",
            r#""timeUnixNano":"1000","body":{"stringValue":"\"]}\\"}"#,
        ),
    };
    let key = "x".repeat(size);
    let attribute = format!(r#"{{"key":"{key}","value":{{"intValue":"1"}}}}"#);
    let resource = format!(r#""resource":{{"attributes":[{attribute}]}}"#);
    let scope = format!(r#""{scopes}":[{{"{rows}":[{{{row}}}]}}]"#);
    let document = format!(r#"{{"{group}":[{{{resource},{scope}}}]}}"#);
    if pretty { indented(&document) } else { document }
}

/// JSON with a line break and spaces around whatever stands in brackets.
fn indented(document: &str) -> String {
    let (mut out, mut in_string, mut escaped, mut depth) = (String::new(), false, false, 0);
    for character in document.chars() {
        let bracket = !in_string && matches!(character, '{' | '[' | '}' | ']');
        in_string ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        if bracket && matches!(character, '}' | ']') {
            depth -= 1;
            out.extend(["\n", &"  ".repeat(depth)]);
        }
        out.push(character);
        if bracket && matches!(character, '{' | '[') {
            depth += 1;
            out.extend(["\n", &"  ".repeat(depth)]);
        }
        if !in_string && character == ':' {
            out.push(' ');
        }
    }
    out
}

/// Records, each with four bytes of its length before it.
pub(crate) fn big_endian<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Vec<u8> {
    let frame = |record: R| {
        let length = u32::try_from(record.as_ref().len()).expect("a small record");
        [&length.to_be_bytes(), record.as_ref()].concat()
    };
    records.into_iter().flat_map(frame).collect()
}

/// Records, each with a varint of its length before it.
pub(crate) fn varint<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Vec<u8> {
    // A field of number 0 is a tag of one byte, a length and the content.
    records.into_iter().flat_map(|record| field(0, record.as_ref()).split_off(1)).collect()
}
