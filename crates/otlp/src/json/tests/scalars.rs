//! Numbers, bools, enums, ids and bytes.

use super::{Of, check};
use crate::repair::Repair::{self, *};
use crate::wire::sample::{double, fixed32, fixed64, text, varint};
use crate::wire::zigzag;

const NONE: &[Repair] = &[];

/// The members `name: value` for each value.
fn values<T>(
    name: &str,
    cases: &[(&str, Option<T>)],
    field: impl Fn(&T) -> Vec<u8>,
    mut each: impl FnMut(&str, Vec<u8>, &[Repair]),
) {
    for (value, expected) in cases {
        let member = format!("\"{name}\":{value}");
        match expected {
            Some(expected) => each(&member, field(expected), NONE),
            None => each(&member, vec![], &[WrongType]),
        }
    }
}

/// J5, J10, row 27: as numbers or strings, never through a double; a time is no date.
#[test]
fn unsigned_64_bit_integers() {
    let cases = [
        ("1", Some(1)),
        ("\"1\"", Some(1)),
        ("18446744073709551615", Some(u64::MAX)),
        ("\"18446744073709551615\"", Some(u64::MAX)),
        ("9007199254740993", Some(9_007_199_254_740_993)),
        ("\"1750000000123456789\"", Some(1_750_000_000_123_456_789)),
        ("1.0", Some(1)),
        ("1e3", Some(1000)),
        ("\"1e3\"", Some(1000)),
        ("1E+3", Some(1000)),
        ("1500e-2", Some(15)),
        ("1.5e1", Some(15)),
        ("1844674407370955161.5e1", Some(u64::MAX)),
        ("18446744073709551615.000", Some(u64::MAX)),
        ("1.8446744073709551615000e19", Some(u64::MAX)),
        ("100000000000000000000000000000e-28", Some(10)),
        ("12345678123456781234.0", Some(12_345_678_123_456_781_234)),
        ("\"\\u0031\\u0032\"", Some(12)),
        ("18446744073709551616", None),
        ("\"18446744073709551616\"", None),
        ("99999999999999999999999999", None),
        ("1.8446744073709551616e19", None),
        ("1e20", None),
        ("1e9999999999999999999999", None),
        ("1e-1", None),
        ("0.5", None),
        ("1.50", None),
        ("-1", None),
        ("\"-1\"", None),
        ("\"1.0\"", None),
        ("\"\"", None),
        ("\" 1\"", None),
        ("\"1 \"", None),
        ("\"+1\"", None),
        ("\"01\"", None),
        ("\"0x1\"", None),
        ("\"1,000\"", None),
        ("\"abc\"", None),
        ("\"NaN\"", None),
        ("true", None),
        ("[1]", None),
        ("{\"low\":1,\"high\":0,\"unsigned\":true}", Some(1)),
        ("{\"high\":397674739,\"low\":-621846251}", Some(1_708_000_002_123_456_789)),
        ("{\"low\":\"3673121045\",\"high\":\"397674739\"}", Some(1_708_000_002_123_456_789)),
        ("{\"low\":-1,\"high\":-1,\"unsigned\":true}", Some(u64::MAX)),
        ("{}", None),
        ("{\"low\":1}", None),
        ("{\"low\":1,\"high\":null}", None),
        ("{\"low\":1,\"high\":4294967296}", None),
        ("{\"low\":-2147483649,\"high\":0}", None),
        ("{\"low\":0.5,\"high\":0}", None),
        ("\"2025-06-15T12:00:00Z\"", None),
    ];
    values(
        "startTimeUnixNano",
        &cases,
        |&value| fixed64(7, value),
        |member, bytes, repairs| {
            check(Of::Span, [(member, bytes, repairs)]);
        },
    );
    let packed = [
        ("[\"0\",1,\"18446744073709551615\",2.0]", Some([0, 1, u64::MAX, 2].as_slice())),
        ("[0]", Some([0].as_slice())),
    ];
    let fixed =
        |values: &&[u64]| text(6, values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
    values("bucketCounts", &packed, fixed, |member, bytes, repairs| {
        check(Of::Histogram, [(member, bytes, repairs)]);
    });
    check(
        Of::ExponentialHistogram,
        [(
            r#""positive":{"bucketCounts":["0",1,"300",18446744073709551615]}"#,
            text(8, text(2, b"\x00\x01\xac\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
            NONE,
        )],
    );
}

/// J5, row 27.
#[test]
fn signed_64_bit_integers() {
    let cases = [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("\"-0\"", Some(0)),
        ("-1", Some(-1)),
        ("\"-1\"", Some(-1)),
        ("9223372036854775807", Some(i64::MAX)),
        ("\"9223372036854775807\"", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("\"-9223372036854775808\"", Some(i64::MIN)),
        ("-9007199254740993", Some(-9_007_199_254_740_993)),
        ("-1.20e1", Some(-12)),
        ("9223372036854775808", None),
        ("-9223372036854775809", None),
        ("\"-9223372036854775809\"", None),
        ("-18446744073709551615", None),
        ("\"7.0\"", None),
        ("\"--1\"", None),
        ("{\"low\":1,\"high\":0}", Some(1)),
        ("{\"low\":-2,\"high\":-1,\"unsigned\":false}", Some(-2)),
    ];
    values(
        "asInt",
        &cases,
        |&value| fixed64(6, value as u64),
        |member, bytes, repairs| {
            check(Of::Number, [(member, bytes, repairs)]);
        },
    );
    let attribute = |&value: &i64| varint(3, value as u64);
    values("intValue", &cases, attribute, |member, value, repairs| {
        check(Of::Log, [(&format!("\"body\":{{{member}}}"), text(5, value), repairs)]);
    });
}

/// J5, row 27.
#[test]
fn integers_of_32_bits() {
    let unsigned = [
        ("1", Some(1)),
        ("\"1\"", Some(1)),
        ("4294967295", Some(u32::MAX)),
        ("4.294967295e9", Some(u32::MAX)),
        ("4294967296", None),
        ("-1", None),
        ("\"1.5\"", None),
        ("false", None),
    ];
    let dropped = |&value: &u32| varint(10, value.into());
    values("droppedAttributesCount", &unsigned, dropped, |member, bytes, repairs| {
        check(Of::Span, [(member, bytes, repairs)]);
    });
    values(
        "flags",
        &unsigned,
        |&value| fixed32(16, value),
        |member, bytes, repairs| {
            check(Of::Span, [(member, bytes, repairs)]);
        },
    );
    let signed = [
        ("1", Some(1)),
        ("-1", Some(-1)),
        ("\"-20\"", Some(-20)),
        ("2147483647", Some(i32::MAX)),
        ("-2147483648", Some(i32::MIN)),
        ("2147483648", None),
        ("-2147483649", None),
    ];
    let scale = |&value: &i32| varint(6, zigzag(value.into()));
    values("scale", &signed, scale, |member, bytes, repairs| {
        check(Of::ExponentialHistogram, [(member, bytes, repairs)]);
    });
}

/// J7, row 25.
#[test]
fn doubles() {
    let cases = [
        ("0", Some(0.0)),
        ("-0", Some(-0.0)),
        ("-0.0", Some(-0.0)),
        ("0e400", Some(0.0)),
        ("1", Some(1.0)),
        ("0.1", Some(0.1)),
        ("\"0.1\"", Some(0.1)),
        ("\"1\"", Some(1.0)),
        ("-1.5e-7", Some(-1.5e-7)),
        ("1e22", Some(1e22)),
        ("1e23", Some(1e23)),
        ("123456789012345678", Some(123_456_789_012_345_678.0)),
        ("9007199254740993", Some(9_007_199_254_740_992.0)),
        ("179769313486231570000000000000e279", Some(f64::MAX)),
        ("1.7976931348623157e308", Some(f64::MAX)),
        ("-1.7976931348623157e308", Some(f64::MIN)),
        ("5e-324", Some(5e-324)),
        ("2.2250738585072011e-308", Some(2.225_073_858_507_201e-308)),
        ("1e-400", Some(0.0)),
        ("3.14159265358979323846264338327950288", Some(std::f64::consts::PI)),
        ("\"NaN\"", Some(f64::NAN)),
        ("\"Infinity\"", Some(f64::INFINITY)),
        ("\"-Infinity\"", Some(f64::NEG_INFINITY)),
        ("\"\\u004eaN\"", Some(f64::NAN)),
        ("1e309", None),
        ("\"1e309\"", None),
        ("-1e999999999999", None),
        ("\"nan\"", None),
        ("\"inf\"", None),
        ("\"+Infinity\"", None),
        ("\"1.5 \"", None),
        ("\"\"", None),
        ("true", None),
        ("[]", None),
    ];
    values(
        "asDouble",
        &cases,
        |&value| double(4, value),
        |member, bytes, repairs| {
            check(Of::Number, [(member, bytes, repairs)]);
        },
    );
    values(
        "doubleValue",
        &cases,
        |&value| double(4, value),
        |member, value, repairs| {
            check(Of::Log, [(&format!("\"body\":{{{member}}}"), text(5, value), repairs)]);
        },
    );
    let bounds = [0.5, -0.0, f64::INFINITY].map(f64::to_le_bytes).concat();
    check(Of::Histogram, [(r#""explicitBounds":[0.5,-0,"Infinity"]"#, text(7, bounds), NONE)]);
}

/// Row 27.
#[test]
fn bools() {
    let body = |value: &str| format!("\"body\":{{\"boolValue\":{value}}}");
    for (value, expected) in [("true", 1), ("false", 0)] {
        check(Of::Log, [(&body(value), text(5, varint(2, expected)), NONE)]);
    }
    for value in ["1", "0", "\"true\"", "[]", "{}"] {
        check(Of::Log, [(&body(value), text(5, ""), &[WrongType])]);
    }
    check(
        Of::Metric,
        [
            (r#""sum":{"isMonotonic":true}"#, text(7, varint(3, 1)), NONE),
            (r#""sum":{"isMonotonic":false}"#, text(7, ""), NONE),
        ],
    );
}

/// J2, row 28: by number or name; unknown numbers are kept.
#[test]
fn enums() {
    let number = |value: i64| varint(6, value as u64);
    let cases = [
        ("1", number(1), NONE),
        ("\"3\"", number(3), NONE),
        ("2.0", number(2), NONE),
        ("99", number(99), NONE),
        ("-1", number(-1), NONE),
        ("2147483647", number(i32::MAX.into()), NONE),
        ("-2147483648", number(i32::MIN.into()), NONE),
        ("\"SPAN_KIND_CONSUMER\"", number(5), NONE),
        ("\"SPAN_KIND_CONSUME\\u0052\"", number(5), NONE),
        ("\"SPAN_KIND_UNSPECIFIED\"", vec![], NONE),
        ("\"Unspecified\"", vec![], NONE),
        ("0", vec![], NONE),
        ("\"span_kind_client\"", number(3), NONE),
        ("\"CLIENT\"", number(3), NONE),
        ("\"Client\"", number(3), NONE),
        ("\"client\"", number(3), NONE),
        ("\"KIND_CLIENT\"", vec![], &[UnknownEnumName]),
        ("\"CLIENTS\"", vec![], &[UnknownEnumName]),
        ("\"SPAN_KIND_\"", vec![], &[UnknownEnumName]),
        ("\"\"", vec![], &[UnknownEnumName]),
        ("2147483648", vec![], &[WrongType]),
        ("1.5", vec![], &[WrongType]),
        ("true", vec![], &[WrongType]),
        ("{}", vec![], &[WrongType]),
    ];
    for (value, bytes, repairs) in cases {
        check(Of::Span, [(&format!("\"kind\":{value}"), bytes, repairs)]);
    }
    for name in ["SEVERITY_NUMBER_FATAL4", "FATAL4", "fatal4"] {
        let member = format!("\"severityNumber\":\"{name}\"");
        check(Of::Log, [(&member, varint(2, 24), NONE)]);
    }
    for name in ["AGGREGATION_TEMPORALITY_CUMULATIVE", "CUMULATIVE", "Cumulative"] {
        let member = format!("\"sum\":{{\"aggregationTemporality\":\"{name}\"}}");
        check(Of::Metric, [(&member, text(7, varint(2, 2)), NONE)]);
    }
    for name in ["STATUS_CODE_ERROR", "ERROR", "Error"] {
        let member = format!("\"status\":{{\"code\":\"{name}\"}}");
        check(Of::Span, [(&member, text(15, varint(3, 2)), NONE)]);
    }
}

/// J1, rows 18 to 20: hex in any case, in every message that has ids, of any length.
#[test]
fn ids() {
    let trace: Vec<u8> = (0..16).map(|byte| byte * 17).collect();
    let cases: [(&str, &[u8], &[Repair]); 15] = [
        ("00112233445566778899aabbccddeeff", &trace, NONE),
        ("00112233445566778899AABBCCDDEEFF", &trace, NONE),
        ("00112233445566778899aabbccddeefF", &trace, NONE),
        ("0011223344556677", &trace[..8], NONE),
        ("ABcd", &[0xab, 0xcd], NONE),
        ("001122334455667788", &trace[..9], NONE),
        ("\\u0030\\u0030", &[0], NONE),
        ("", &[], NONE),
        ("ABEiM0RVZneImaq7zN3u/w==", &trace, &[Base64Id]),
        ("ABEiM0RVZneImaq7zN3u_w", &trace, &[Base64Id]),
        ("ABEiM0RVZnc=", &trace[..8], &[Base64Id]),
        ("0011223344556677889", &[], &[InvalidId]),
        ("0011223344556677 899aabbccddeeff", &[], &[InvalidId]),
        ("00112233-4455-6677-8899-aabbccddeeff", &[], &[InvalidId]),
        ("AAAA====", &[], &[InvalidId]),
    ];
    for (id, bytes, repairs) in cases {
        for (name, number) in [("traceId", 1), ("spanId", 2), ("parentSpanId", 4)] {
            let member = format!("\"{name}\":\"{id}\"");
            let expected = if bytes.is_empty() { vec![] } else { text(number, bytes) };
            check(Of::Span, [(&member, expected, repairs)]);
        }
    }
    check(
        Of::Span,
        [
            (r#""traceId":5"#, vec![], &[WrongType]),
            (r#""traceId":["00"]"#, vec![], &[WrongType]),
            (
                r#""links":[{"traceId":"0a","spanId":"0b"}]"#,
                text(13, [text(1, [10]), text(2, [11])].concat()),
                NONE,
            ),
        ],
    );
    check(
        Of::Log,
        [(r#""traceId":"0a","spanId":"0b""#, [text(9, [10]), text(10, [11])].concat(), NONE)],
    );
    check(
        Of::Number,
        [(
            r#""exemplars":[{"spanId":"0b","traceId":"0a"}]"#,
            text(5, [text(4, [11]), text(5, [10])].concat()),
            NONE,
        )],
    );
}

/// J6: base64 in either alphabet, padded or not.
#[test]
fn bytes() {
    let cases: [(&str, &[u8], &[Repair]); 16] = [
        ("", b"", NONE),
        ("AA==", &[0], NONE),
        ("AA", &[0], NONE),
        ("AAE=", &[0, 1], NONE),
        ("AAE", &[0, 1], NONE),
        ("AAEC", &[0, 1, 2], NONE),
        ("+/+/", &[0xfb, 0xff, 0xbf], NONE),
        ("-_-_", &[0xfb, 0xff, 0xbf], NONE),
        ("\\u0041AEC", &[0, 1, 2], NONE),
        ("AAECAwQFBgc=", &[0, 1, 2, 3, 4, 5, 6, 7], NONE),
        ("A", b"", &[InvalidBase64]),
        ("AAECA", b"", &[InvalidBase64]),
        ("A===", b"", &[InvalidBase64]),
        ("AA=", b"", &[InvalidBase64]),
        ("AA==AA==", b"", &[InvalidBase64]),
        ("AA EC", b"", &[InvalidBase64]),
    ];
    for (base64, bytes, repairs) in cases {
        let member = format!("\"body\":{{\"bytesValue\":\"{base64}\"}}");
        let value = if repairs.is_empty() { text(7, bytes) } else { vec![] };
        check(Of::Log, [(&member, text(5, value), repairs)]);
    }
    check(Of::Log, [(r#""body":{"bytesValue":[0]}"#, text(5, ""), &[WrongType])]);
    let long: String = "AAEC".repeat(1000);
    let bytes = text(5, text(7, [0, 1, 2].repeat(1000)));
    check(Of::Log, [(&format!("\"body\":{{\"bytesValue\":\"{long}\"}}"), bytes, NONE)]);
}
