//! JSON documents over any number of lines.

use super::{Content, Framing, check, cut, cut_in, cut_up_to};

const GOOD: &str = r#"{"resourceSpans":[]}"#;

/// `GOOD` as a record.
const FOUND: &str = r#"json {\"resourceSpans\":[]}"#;

/// The records of a stream in which `@` stands for `GOOD`.
fn found(stream: &str) -> Vec<String> {
    cut(Framing::Documents, stream.replace('@', GOOD).as_bytes())
}

#[test]
fn values_may_stand_in_any_layout() {
    for (stream, count) in [
        ("@", 1),
        ("@@@", 3),
        ("@\n@\r\n\r\n@\n", 3),
        ("@,@", 2),
        ("[@]", 1),
        ("[]", 0),
        ("[ \n ]", 0),
        ("[@,@]", 2),
        (" [\n@ ,\n @\n]\n", 2),
        ("[@][@]\n[@,@]@", 5),
        ("\u{feff}@", 1),
        ("@\u{feff}@\u{feff}", 2),
        ("", 0),
        (" \n\t ", 0),
    ] {
        assert_eq!(found(stream), vec![FOUND; count], "{stream:?}");
    }
    check(
        Framing::Documents,
        &[
            (b"{}{\n}[[]]", &["json {}", "json {\\n}", "json []"]),
            (b"[[{}],{}]", &["json [{}]", "json {}"]),
            (
                br#"{"a":"]}\"{\\"}{"b":["\\\"["]}"#,
                &[r#"json {\"a\":\"]}\\\"{\\\\\"}"#, r#"json {\"b\":[\"\\\\\\\"[\"]}"#],
            ),
        ],
    );
}

#[test]
fn after_damage_reading_goes_on_at_the_next_document() {
    let stray = "neither a JSON object nor an array";
    let unclosed = "the brackets of a JSON value are not closed";
    let line_break = "line break inside a JSON string";
    for (stream, expected) in [
        ("hello @", vec![format!("malformed at 0: {stray}"), FOUND.into()]),
        ("@ }} @", vec![FOUND.into(), format!("malformed at 21: {stray}"), FOUND.into()]),
        ("@;[@]", vec![FOUND.into(), format!("malformed at 20: {stray}"), FOUND.into()]),
        ("[1, @]", vec![format!("foreign at 1: {stray}"), FOUND.into()]),
        ("[null]", vec![format!("foreign at 1: {stray}")]),
        ("[\"a\", -2, {}]", vec![format!("foreign at 1: {stray}")]),
        ("{\"a\":[ @@", vec![format!("malformed at 0: {unclosed}"), FOUND.into(), FOUND.into()]),
        ("@{@{@", {
            let unclosed = |at: usize| format!("malformed at {at}: {unclosed}");
            vec![FOUND.into(), unclosed(20), FOUND.into(), unclosed(41), FOUND.into()]
        }),
        ("{\"a\":\"\n@", vec![format!("malformed at 0: {line_break}"), FOUND.into()]),
        ("{\"a\n\":1}", vec![format!("malformed at 0: {line_break}")]),
        ("@\n\0\0\0\0\n@", vec![FOUND.into(), format!("malformed at 21: {stray}"), FOUND.into()]),
    ] {
        assert_eq!(found(stream), expected, "{stream:?}");
    }
}

/// The start of a document is an object whose first key is one of OTLP's; white space is allowed.
#[test]
fn documents_are_found_again_by_their_first_key() {
    for start in [
        "{\"resourceSpans\":",
        "{\"resourceLogs\":",
        "{\"resourceMetrics\" \t:",
        "{\n    \"resourceSpans\" :",
    ] {
        let stream = format!("?{start}[]}}");
        let expected = format!("json {start}[]}}").as_bytes()[5..].escape_ascii().to_string();
        let found = cut(Framing::Documents, stream.as_bytes());
        assert_eq!(found[1..], [format!("json {expected}")], "{start}");
    }
    for other in [
        "{\"resource\":1}",
        "{\"resourceSpans\"}",
        "{\"resourceSpan\":1}",
        "{\"resource_spans\":1}",
        "{\"a\":1,\"resourceSpans\":1}",
        "\"resourceSpans\":[]",
        "{\\\"resourceSpans\\\":[]}",
    ] {
        assert_eq!(cut(Framing::Documents, format!("?{other}").as_bytes()).len(), 1, "{other}");
    }
}

#[test]
fn the_last_value_may_be_cut() {
    let cut_off = "the last JSON value is cut off";
    let unclosed = "the brackets of a JSON value are not closed";
    let array = "the array at the top is not closed";
    for (stream, expected) in [
        ("@{", vec![FOUND.into(), format!("incomplete at 20: {cut_off}")]),
        ("@ {\"a\":[\"b", vec![FOUND.into(), format!("incomplete at 21: {cut_off}")]),
        ("[@,{\"a\"", vec![FOUND.into(), format!("incomplete at 22: {cut_off}")]),
        ("[@,", vec![FOUND.into(), format!("incomplete at 22: {array}")]),
        ("[@\n", vec![FOUND.into(), format!("incomplete at 22: {array}")]),
        ("[", vec![format!("incomplete at 1: {array}")]),
        // This would be no JSON, whatever followed.
        ("@{\"a\":oops", vec![FOUND.into(), format!("malformed at 20: {unclosed}")]),
        ("@{\"a\",", vec![FOUND.into(), format!("malformed at 20: {unclosed}")]),
    ] {
        assert_eq!(found(stream), expected, "{stream:?}");
    }
}

#[test]
fn a_value_that_is_too_large_is_passed_over() {
    let large = |at: usize, bytes: usize| {
        let limit = "is larger than maximum_object_size (30 bytes)";
        format!("too large at {at}: record of {bytes} bytes {limit}")
    };
    let unclosed = "malformed at 0: the brackets of a JSON value are not closed";
    let value = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    let shown = |bytes: usize| format!("json {}", value(bytes).as_bytes().escape_ascii());
    let cases = [
        (format!("{}{GOOD}", value(30)), vec![shown(30), FOUND.into()]),
        (format!("{}{GOOD}", value(31)), vec![large(0, 31), FOUND.into()]),
        (format!("{}{GOOD}", value(32)), vec![large(0, 32), FOUND.into()]),
        (format!("{}\n{GOOD}", value(2_000)), vec![large(0, 2_000), FOUND.into()]),
        (format!("[{},{}]", value(2_000), value(9)), vec![large(1, 2_000), shown(9)]),
        (format!("{GOOD}{}", value(2_000)), vec![FOUND.into(), large(20, 2_000)]),
        // What never ends is too large, or it ends where the next document starts.
        (format!("{GOOD}{{{}", "[".repeat(900)), vec![FOUND.into(), large(20, 901)]),
        (format!("{{{}{GOOD}", "[".repeat(900)), vec![large(0, 901), FOUND.into()]),
        (format!("{{[{GOOD}{GOOD}"), vec![unclosed.into(), FOUND.into(), FOUND.into()]),
        (
            format!("{{\"{}\n{GOOD}", "x".repeat(900)),
            vec!["malformed at 0: line break inside a JSON string".into(), FOUND.into()],
        ),
    ];
    for (stream, expected) in cases {
        assert_eq!(cut_up_to(30, Framing::Documents, stream.as_bytes()), expected, "{stream}");
    }
}

/// Each value that is not closed costs no more than the way to the next document.
#[test]
fn many_unclosed_values_are_cheap() {
    let stream = format!("{{{GOOD}").repeat(20_000);
    let found = cut_in(stream.len(), Framing::Documents, usize::MAX, stream.as_bytes());
    assert_eq!(found.iter().filter(|record| record.content == Content::Json).count(), 20_000);
}

/// Nor is the next document looked for again for each value before it.
#[test]
fn many_values_after_damage_are_cheap() {
    for damage in ["{\"a\":[", "{\"a\":\"\n"] {
        let others = "{\"b\":1}\n".repeat(200_000);
        let stream = format!("{damage}{GOOD}{others}{{{GOOD}{others}{GOOD}");
        let found = cut_in(stream.len(), Framing::Documents, usize::MAX, stream.as_bytes());
        assert_eq!(found.len(), 2 + 200_000 + 2 + 200_000 + 1);
        assert_eq!(found.iter().filter(|record| record.fault_kind().is_some()).count(), 2);
    }
}
