//! What is told of repairs.

use super::{Kept, Projection, Repairs, SignalSet, Transcoder};
use crate::repair::Repair::{self, *};

/// What is told: the repair, its place, its value, and the byte at its offset.
fn told(record: &[u8]) -> Vec<(Repair, String, String, char)> {
    let mut transcoder = Transcoder::new();
    let outcome =
        transcoder.read(record, SignalSet::ALL, Projection::ALL).expect("a well-formed record");
    let example = |one: &crate::Repaired| {
        let first = char::from(record[one.offset as usize]);
        (one.repair, one.member.clone(), one.value.clone(), first)
    };
    outcome.repairs.examples().iter().map(example).collect()
}

#[test]
fn repairs_name_member_and_value() {
    let span = |members: &str| {
        format!(
            r#"{{"other":[{{"a":[1,{{}},[]]}},"}}"],"resourceSpans":[{{}},
                {{"scopeSpans":[{{"spans":[]}},{{"spans":[{{}},{{{members}}}]}}]}}]}}"#
        )
    };
    let cases = [
        (r#""kind":"SPAN_KIND_FOO""#, UnknownEnumName, "kind", r#""SPAN_KIND_FOO""#),
        (r#""status":{"code":"FAILED"}"#, UnknownEnumName, "status.code", r#""FAILED""#),
        (
            r#""traceId": "W47/95gDgQPSabYzgT/GDA==""#,
            Base64Id,
            "traceId",
            r#""W47/95gDgQPSabYzgT/GDA==""#,
        ),
        (r#""links":[{},{"spanId":"xyz"}]"#, InvalidId, "links[1].spanId", r#""xyz""#),
        (r#""startTimeUnixNano":"2025-06-15""#, WrongType, "startTimeUnixNano", r#""2025-06-15""#),
        (r#""endTimeUnixNano":{"low":1}"#, WrongType, "endTimeUnixNano", r#"{"low":1}"#),
        (r#""status":"OK""#, WrongType, "status", r#""OK""#),
        (r#""name":["x"]"#, WrongType, "name", r#"["x"]"#),
        (r#""attributes":[{"key":"k"},5]"#, WrongType, "attributes[1]", "5"),
        (
            r#""attributes":[{"key":"k","value":{"doubleValue":{}}}]"#,
            WrongType,
            "attributes[0].value.doubleValue",
            "{}",
        ),
        (
            r#""attributes":[{"key":"k","value":{"bytesValue":"?"}}]"#,
            InvalidBase64,
            "attributes[0].value.bytesValue",
            r#""?""#,
        ),
        (r#""name":"a\ud800b""#, LoneSurrogate, "name", r#""a\ud800b""#),
    ];
    for (members, repair, member, value) in cases {
        let record = span(members);
        let member = format!("resourceSpans[1].scopeSpans[1].spans[1].{member}");
        let first = value.chars().next().expect("a value");
        let expected = vec![(repair, member, value.to_owned(), first)];
        // Documents may follow one another, with or without byte order marks between them.
        let second = format!("{{}}\u{feff} {{\"resourceLogs\":[{{\"x\":1}}]}}\n{record}");
        for record in [record, second] {
            assert_eq!(told(record.as_bytes()), expected, "{record}");
        }
    }
}

#[test]
fn invalid_utf8_is_named() {
    let record = b"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"eventName\":\"a\xff\",\
        \"severityNumber\":\"LOUD\",\"body\":{\"stringValue\":\"\xf0\x9f\"}}]}]}]}";
    let row = "resourceLogs[0].scopeLogs[0].logRecords[0]";
    let expected = [
        (InvalidUtf8, format!("{row}.eventName"), "\"a\u{fffd}\"".to_owned(), '"'),
        (UnknownEnumName, format!("{row}.severityNumber"), "\"LOUD\"".to_owned(), '"'),
    ];
    assert_eq!(told(record), expected);
}

/// The first of each field is told, the others are counted.
#[test]
fn one_repair_of_a_field_is_told() {
    let rows: Vec<_> = (0..100).map(|at| format!(r#"{{"kind":"K{at}","name":{at}}}"#)).collect();
    let record =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, rows.join(","));
    let mut transcoder = Transcoder::new();
    let mut repairs = Repairs::default();
    for _ in 0..2 {
        let mut onto = Vec::new();
        let (wanted, signal) = (SignalSet::ALL, crate::Signal::Traces);
        transcoder
            .read_onto(record.as_bytes(), wanted, Kept::ALL, signal, &mut onto, &mut repairs)
            .expect("a record");
    }
    let values: Vec<_> = repairs.examples().iter().map(|one| one.value.as_str()).collect();
    assert_eq!(values, ["\"K0\"", "0"]);
    assert_eq!((repairs.of(UnknownEnumName), repairs.of(WrongType)), (200, 200));
}
