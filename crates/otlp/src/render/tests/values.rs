//! Values: text, numbers, bytes, and values in values.

use super::{check, json, rendered};
use crate::limits::MAX_VALUE_DEPTH;
use crate::schema::{ANY_VALUE, BUCKETS, KEY_VALUE, LOG_RECORD, SPAN};
use crate::wire::sample::{
    Nesting, all, attribute, double, fixed64, message, on_small_stack, text, varint,
};

#[test]
fn values_of_every_kind() {
    check(
        &ANY_VALUE,
        [
            (vec![], "{}"),
            (text(1, "v"), r#"{"stringValue":"v"}"#),
            (text(1, ""), r#"{"stringValue":""}"#),
            (varint(2, 1), r#"{"boolValue":true}"#),
            (varint(2, 0), r#"{"boolValue":false}"#),
            (varint(3, 0), r#"{"intValue":"0"}"#),
            (varint(3, u64::MAX), r#"{"intValue":"-1"}"#),
            (varint(3, i64::MIN as u64), r#"{"intValue":"-9223372036854775808"}"#),
            (varint(3, i64::MAX as u64), r#"{"intValue":"9223372036854775807"}"#),
            (double(4, 0.0), r#"{"doubleValue":0.0}"#),
            (text(5, ""), r#"{"arrayValue":{}}"#),
            (
                message(5, [text(1, ""), text(1, varint(3, 1))]),
                r#"{"arrayValue":{"values":[{},{"intValue":"1"}]}}"#,
            ),
            (text(6, ""), r#"{"kvlistValue":{}}"#),
            (
                message(6, [attribute(1, "k", b"")]),
                r#"{"kvlistValue":{"values":[{"key":"k","value":{}}]}}"#,
            ),
            (text(7, ""), r#"{"bytesValue":""}"#),
            (text(7, [0]), r#"{"bytesValue":"AA=="}"#),
            (text(7, [0, 1]), r#"{"bytesValue":"AAE="}"#),
            (text(7, [0xfb, 0xff, 0xbf]), r#"{"bytesValue":"+/+/"}"#),
        ],
    );
    check(
        &KEY_VALUE,
        [
            (vec![], "{}"),
            (text(1, "k"), r#"{"key":"k"}"#),
            (text(2, ""), r#"{"value":{}}"#),
            (all([text(1, ""), text(2, "")]), r#"{"value":{}}"#),
            (
                all([text(1, "k"), text(2, text(1, "v"))]),
                r#"{"key":"k","value":{"stringValue":"v"}}"#,
            ),
        ],
    );
}

#[test]
fn characters_that_json_escapes() {
    for code in 0..=0x80u32 {
        let char = char::from_u32(code).expect("a character");
        let escaped = match char {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\u{8}' => "\\b".to_owned(),
            '\t' => "\\t".to_owned(),
            '\n' => "\\n".to_owned(),
            '\u{c}' => "\\f".to_owned(),
            '\r' => "\\r".to_owned(),
            '\0'..' ' => format!("\\u{code:04X}"),
            _ => char.to_string(),
        };
        for (before, after) in [(0, 0), (1, 0), (15, 3), (16, 16), (31, 40), (100, 0)] {
            let (before, after) = ("é".repeat(before), "x".repeat(after));
            let name = text(5, format!("{before}{char}{after}{char}"));
            let expected = format!("{{\"name\":\"{before}{escaped}{after}{escaped}\"}}");
            check(&SPAN, [(name, &expected)]);
        }
    }
}

#[test]
fn strings_of_every_length() {
    for len in (0..100).chain([1000, 100_000]) {
        let plain = "x".repeat(len);
        let value = format!("{{\"stringValue\":\"{plain}\"}}");
        check(&ANY_VALUE, [(text(1, &plain), &value)]);
        let expected = format!("{{\"key\":\"k{plain}\",\"value\":{value}}}");
        let attribute = all([text(1, format!("k{plain}")), text(2, text(1, &plain))]);
        check(&KEY_VALUE, [(attribute, &expected)]);
    }
}

#[test]
fn integers_of_every_length() {
    let mut values = vec![0, u64::MAX];
    let mut power: u64 = 1;
    for _ in 0..20 {
        values.extend([power - 1, power, power + 1, power.wrapping_mul(7)]);
        power = power.wrapping_mul(10);
    }
    values.extend((0..64).map(|shift| u64::MAX >> shift));
    values.extend((0..10_000).map(|value| value * 99_991));
    for value in values {
        let expected = if value == 0 {
            "{}".to_owned()
        } else {
            format!("{{\"startTimeUnixNano\":\"{value}\"}}")
        };
        assert_eq!(json(&SPAN, &fixed64(7, value)), expected);
        let expected = format!("{{\"intValue\":\"{}\"}}", value as i64);
        assert_eq!(json(&ANY_VALUE, &varint(3, value)), expected);
    }
}

#[test]
fn doubles_in_their_shortest_form() {
    let cases = [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000.0"),
        (1e16, "10000000000000000.0"),
        (-123_456_789_012_345_680.0, "-123456789012345680.0"),
        (9.999_999_999_999_999e20, "999999999999999900000.0"),
        (1e21, "1e21"),
        (-1.5e300, "-1.5e300"),
        (1e-5, "0.00001"),
        (-1.25e-6, "-0.00000125"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (9_007_199_254_740_993.0, "9007199254740992.0"),
        (f64::NAN, "\"NaN\""),
        (-f64::NAN, "\"NaN\""),
        (f64::INFINITY, "\"Infinity\""),
        (f64::NEG_INFINITY, "\"-Infinity\""),
    ];
    for (value, expected) in cases {
        let expected = format!("{{\"doubleValue\":{expected}}}");
        check(&ANY_VALUE, [(double(4, value), &expected)]);
    }
    let edges =
        [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 1e21, 1e22, 1e23, 1e-7, 123456.789e300];
    let mut bits = 1u64;
    let random = std::iter::repeat_with(|| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from_bits(bits)
    });
    for value in edges.into_iter().chain(random.take(20_000)).filter(|value| value.is_finite()) {
        let text = json(&ANY_VALUE, &double(4, value));
        let number = text.strip_prefix("{\"doubleValue\":").and_then(|text| text.strip_suffix('}'));
        let number = number.expect("a number");
        let read: f64 = serde_json::from_str(number).expect("JSON");
        assert_eq!(read.to_bits(), value.to_bits(), "{number}");
        let digits = |text: &str| {
            let mantissa =
                text.split(['e', 'E']).next().unwrap_or_default().replace(['.', '-'], "");
            mantissa.trim_matches('0').len()
        };
        assert_eq!(digits(number), digits(&format!("{value:e}")), "{number} is not the shortest");
    }
}

#[test]
fn ids_and_bytes_of_every_length() {
    for len in 0..40u8 {
        let id: Vec<u8> = (0..len).map(|byte| byte.wrapping_mul(37)).collect();
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let expected =
            if id.is_empty() { "{}".to_owned() } else { format!("{{\"traceId\":\"{hex}\"}}") };
        check(&SPAN, [(text(1, &id), &expected)]);
    }
    check(
        &BUCKETS,
        [(
            text(2, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
            r#"{"bucketCounts":["18446744073709551615"]}"#,
        )],
    );
}

#[test]
fn the_deepest_values_are_shown_and_deeper_ones_do_no_harm() {
    for nesting in Nesting::ALL {
        let body = text(5, nesting.value(MAX_VALUE_DEPTH));
        assert!(json(&LOG_RECORD, &body).contains(r#"{"intValue":"1"}"#), "{nesting:?}");
        let exemplar = attribute(7, "k", &nesting.value(MAX_VALUE_DEPTH));
        let metric = message(2, [message(5, [message(1, [text(5, exemplar)])])]);
        let request = message(1, [text(2, metric)]);
        let shown = json(&crate::schema::METRICS_DATA, &request);
        assert!(shown.contains(r#"{"intValue":"1"}"#), "{nesting:?}");
    }
    on_small_stack(|| {
        for nesting in Nesting::ALL {
            let shown = json(&ANY_VALUE, &nesting.value(200_000));
            assert!(shown.len() < 10_000 && shown.contains("{}"));
        }
    });
}

#[test]
fn malformed_bytes_do_no_harm() {
    let span = all([
        text(1, [1; 16]),
        text(5, "name"),
        varint(6, 1),
        fixed64(7, 1),
        attribute(9, "k", &text(1, "v")),
        attribute(9, "k", &message(5, [text(1, varint(3, 300))])),
        message(11, [fixed64(1, 1)]),
    ]);
    for end in 0..=span.len() {
        for byte in [0x00, 0x07, 0x80, 0xff] {
            let mut bytes = span[..end].to_vec();
            rendered(&SPAN, &bytes);
            bytes.extend([byte; 12]);
            rendered(&SPAN, &bytes);
            let mut bytes = span.clone();
            if let Some(changed) = bytes.get_mut(end) {
                *changed = byte;
            }
            rendered(&SPAN, &bytes);
        }
    }
}
