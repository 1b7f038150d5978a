//! What is no JSON, and what is nested too deep.

use super::{Error, Of, Projection, Signal, SignalSet, Transcoder, read};
use crate::limits::{MAX_JSON_DEPTH, MAX_VALUE_DEPTH, VALUES_TOO_DEEP};
use crate::wire::sample::{Nesting, on_small_stack, text};

const WANTED: [SignalSet; 2] = [SignalSet::ALL, SignalSet::NONE];
const NOTHING: Projection = Projection { resource: false, scope: false, row: 0, metric: 0 };

/// The error of a record, whatever is wanted of it.
fn error(record: &[u8]) -> Error {
    let mut transcoder = Transcoder::new();
    let error = transcoder.read(record, SignalSet::ALL, Projection::ALL).expect_err("malformed");
    for wanted in WANTED {
        for projection in [Projection::ALL, NOTHING] {
            assert_eq!(transcoder.read(record, wanted, projection), Err(error.clone()));
            assert!(Signal::ALL.iter().all(|&signal| transcoder.request(signal).is_none()));
        }
    }
    error
}

/// Row 3.
#[test]
fn malformed_json() {
    let name = "expected a member name";
    let value = "expected a JSON value";
    let number = "malformed JSON number";
    let (object, array) =
        ("expected ',' or '}' after a member", "expected ',' or ']' after an element");
    let (literal, escape) = ("misspelt JSON literal", "malformed escape in a JSON string");
    let control = "control character in a JSON string";
    let cases = [
        ("}", value, 0),
        ("{]", name, 1),
        ("{,}", name, 1),
        ("{a:1}", name, 1),
        ("{'a':1}", name, 1),
        ("{\"a\" 1}", "expected ':' after a member name", 5),
        ("{\"a\"::1}", value, 5),
        ("{\"a\":}", value, 5),
        ("{\"a\":1,}", name, 7),
        ("{\"a\":1 \"b\":2}", object, 7),
        ("{\"a\":[1,]}", value, 8),
        ("{\"a\":[1 2]}", array, 8),
        ("{\"a\":[1}}", array, 7),
        ("{\"a\":{\"b\":1]}", object, 11),
        ("{\"a\":tru}", literal, 8),
        ("{\"a\":nul1}", literal, 8),
        ("{\"a\":NaN}", value, 5),
        ("{\"a\":Infinity}", value, 5),
        ("{\"a\":-Infinity}", number, 6),
        ("{\"a\":01}", number, 6),
        ("{\"a\":-}", number, 6),
        ("{\"a\":+1}", value, 5),
        ("{\"a\":.5}", value, 5),
        ("{\"a\":1.}", number, 7),
        ("{\"a\":1.e5}", number, 7),
        ("{\"a\":1e}", number, 7),
        ("{\"a\":1e+}", number, 8),
        ("{\"a\":0x10}", object, 6),
        ("{\"a\":\"\\x\"}", escape, 7),
        ("{\"a\":\"\\u12g4\"}", escape, 10),
        ("{\"a\":\"\\ud800\\u12\"}", escape, 16),
        ("{\"a\":\"\n\"}", control, 6),
        ("{\"a\":\"\0\"}", control, 6),
        ("{\"a\n\":1}", control, 3),
        ("{} x", value, 3),
        ("\0", value, 0),
        ("{\"a\":1}\0", value, 7),
        ("// comment\n{}", value, 0),
        ("{\"a\":1/**/}", object, 6),
    ];
    for (record, reason, offset) in cases {
        let found = error(record.as_bytes());
        assert_eq!(
            (found.reason(), found.offset(), found.is_truncated()),
            (reason, offset, false),
            "{record:?}"
        );
    }
}

#[test]
fn malformed_json_inside_of_every_kind_of_field() {
    let cases = [
        ("\"name\":tru", "misspelt JSON literal"),
        ("\"name\":nule", "misspelt JSON literal"),
        ("\"name\":\"\u{1}\"", "control character in a JSON string"),
        ("\"traceId\":\"0\\q\"", "malformed escape in a JSON string"),
        ("\"kind\":1.", "malformed JSON number"),
        ("\"kind\":\"\\u\"", "malformed escape in a JSON string"),
        ("\"startTimeUnixNano\":\"1\"2", "expected ',' or '}' after a member"),
        ("\"attributes\":[{\"key\":\"k\",\"value\":{\"intValue\":-}}]", "malformed JSON number"),
        ("\"attributes\":[{\"key\":\"k\",\"value\":{\"boolValue\":t}}]", "misspelt JSON literal"),
        (
            "\"attributes\":[{\"key\":\"k\",\"value\":{\"stringValue\":\"a\"]}]",
            "expected ',' or '}' after a member",
        ),
        ("\"attributes\":[{\"key\":\"k\";}]", "expected ',' or '}' after a member"),
        ("\"attributes\":[{}{}]", "expected ',' or ']' after an element"),
    ];
    for (members, reason) in cases {
        let record = Of::Span.record(members);
        let found = error(record.as_bytes());
        assert_eq!((found.reason(), found.is_truncated()), (reason, false), "{record}");
    }
}

#[test]
fn a_record_that_is_cut_anywhere_says_so() {
    let record = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"b\u00e9\n"}}]},
        "scopeSpans":[{"spans":[{"traceId":"00112233445566778899aabbccddeeff","kind":"SPAN_KIND_CLIENT",
        "startTimeUnixNano":"1","flags":1.5e0,"x":[null,true,false,{}],"status":null}]}]}],"y":-1e+5}"#;
    for end in 1..record.len() {
        let found = error(&record.as_bytes()[..end]);
        let expected = ("record ends inside a JSON value", end, true);
        assert_eq!(
            (found.reason(), found.offset(), found.is_truncated()),
            expected,
            "{}",
            &record[..end]
        );
    }
}

#[test]
fn places_in_text_that_is_not_utf8_are_those_of_the_original() {
    let cases: [(&[u8], usize, bool); 6] = [
        (b"{\"a\":\"\xff\"!", 8, false),
        (b"{\"\xff\xfe\":\"\xe2\x82x\xe2\x82\"!", 13, false),
        (b"{\"a\":\xff}", 5, false),
        (b"{\"a\":1}\xff\xff", 7, false),
        (b"{\"a\":\"\xff\"", 8, true),
        (b"{\"a\":\"\xff", 7, true),
    ];
    for (record, offset, truncated) in cases {
        let found = error(record);
        assert_eq!(
            (found.offset(), found.is_truncated()),
            (offset, truncated),
            "{found} in {record:x?}"
        );
    }
}

/// A value in this many lists, as JSON.
fn nested(nesting: Nesting, lists: usize) -> String {
    let mut before = String::new();
    let mut after = Vec::new();
    for depth in 0..lists {
        let (open, close) = match nesting.is_map(depth) {
            true => ("{\"kvlistValue\":{\"values\":[{\"value\":", "}]}}"),
            false => ("{\"arrayValue\":{\"values\":[", "]}}"),
        };
        before.push_str(open);
        after.push(close);
    }
    after.reverse();
    format!("{before}{{\"intValue\":\"1\"}}{}", after.concat())
}

#[test]
fn values_nest_in_64_lists_and_no_more() {
    for nesting in Nesting::ALL {
        let members = [
            |value: &str| format!("\"body\":{value}"),
            |value: &str| format!("\"attributes\":[{{\"key\":\"k\",\"value\":{value}}}]"),
        ];
        for member in members {
            let record = Of::Log.record(&member(&nested(nesting, MAX_VALUE_DEPTH)));
            let (bytes, repairs) = read(Of::Log, &record).expect("a record");
            assert!(repairs.is_empty());
            let value = nesting.value(MAX_VALUE_DEPTH);
            assert!(bytes.ends_with(&text(2, &value)) || bytes == text(5, &value));
            let record = Of::Log.record(&member(&nested(nesting, MAX_VALUE_DEPTH + 1)));
            let mut transcoder = Transcoder::new();
            for projection in [Projection::ALL, NOTHING] {
                let error = transcoder.read(record.as_bytes(), SignalSet::ALL, projection);
                assert_eq!(error.expect_err("too deep").reason(), VALUES_TOO_DEEP);
            }
        }
    }
}

/// Row 11.
#[test]
fn an_empty_list_counts_as_a_list() {
    let value = nested(Nesting::Arrays, MAX_VALUE_DEPTH);
    for empty in
        ["{\"arrayValue\":{}}", "{\"kvlistValue\":{\"values\":[]}}", "{\"arrayValue\":{\"x\":1}}"]
    {
        let record =
            Of::Log.record(&format!("\"body\":{}", value.replace("{\"intValue\":\"1\"}", empty)));
        let mut transcoder = Transcoder::new();
        for projection in [Projection::ALL, NOTHING] {
            let error = transcoder.read(record.as_bytes(), SignalSet::ALL, projection);
            assert_eq!(error.expect_err("too deep").reason(), VALUES_TOO_DEEP, "{record}");
        }
    }
}

/// J3, row 12: the depth of unknown members is bounded.
#[test]
fn unwanted_values_nest_a_good_deal_deeper() {
    let array = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let mut transcoder = Transcoder::new();
    for wanted in WANTED {
        let fits = array(MAX_JSON_DEPTH - 1);
        assert!(transcoder.read(fits.as_bytes(), wanted, Projection::ALL).is_ok());
    }
    let found = error(array(MAX_JSON_DEPTH).as_bytes());
    assert_eq!((found.reason(), found.is_truncated()), ("JSON nested too deep", false));
}

/// Rows 11 and 12.
#[test]
fn values_nested_without_end_need_no_stack() {
    on_small_stack(|| {
        for nesting in Nesting::ALL {
            let value = nested(nesting, 200_000);
            error_of_depth(&Of::Log.record(&format!("\"body\":{value}")));
            error_of_depth(&Of::Span.record(&format!("\"attributes\":[{{\"value\":{value}}}]")));
        }
        for [open, close] in [["[", "]"], ["{\"a\":", "}"]] {
            let deep = [open.repeat(1_000_000), "1".to_owned(), close.repeat(1_000_000)].concat();
            error_of_depth(&deep);
            error_of_depth(&format!("{{\"x\":{deep}}}"));
            error_of_depth(&Of::Span.record(&format!("\"x\":{deep}")));
            error_of_depth(&Of::Span.record(&format!("\"name\":{deep}")));
        }
    });
}

fn error_of_depth(record: &str) {
    let mut transcoder = Transcoder::new();
    for wanted in WANTED {
        for projection in [Projection::ALL, NOTHING] {
            let error = transcoder.read(record.as_bytes(), wanted, projection);
            let error = error.expect_err("too deep");
            assert!([VALUES_TOO_DEEP, "JSON nested too deep"].contains(&error.reason()));
        }
    }
}
