//! Text, its escapes and what is no text.

use super::{Of, check, read};
use crate::repair::Repair::{self, *};
use crate::wire::sample::{attribute, text};

const NONE: &[Repair] = &[];

/// Row 17.
#[test]
fn escapes() {
    let cases: [(&str, &str, &[Repair]); 17] = [
        ("plain", "plain", NONE),
        ("", "", NONE),
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t", NONE),
        (r"\u0000", "\0", NONE),
        (r"a\u00e9b", "aéb", NONE),
        (r"\u20AC\u20ac", "€€", NONE),
        (r"\ud83e\udd86", "🦆", NONE),
        (r"\uD83E\uDD86!", "🦆!", NONE),
        ("é€🦆\u{7f}", "é€🦆\u{7f}", NONE),
        (r"\ud800", "\u{fffd}", &[LoneSurrogate]),
        (r"\udc00", "\u{fffd}", &[LoneSurrogate]),
        (r"\ud800x", "\u{fffd}x", &[LoneSurrogate]),
        (r"\ud800\u0041", "\u{fffd}A", &[LoneSurrogate]),
        (r"\ud800\n", "\u{fffd}\n", &[LoneSurrogate]),
        (r"\ud800\ud83e\udd86", "\u{fffd}🦆", &[LoneSurrogate]),
        (r"\udd86\ud83e", "\u{fffd}\u{fffd}", &[LoneSurrogate, LoneSurrogate]),
        (r"\uffff\ufffe", "\u{ffff}\u{fffe}", NONE),
    ];
    for (json, string, repairs) in cases {
        let name = if string.is_empty() { vec![] } else { text(5, string) };
        check(Of::Span, [(&format!("\"name\":\"{json}\""), name, repairs)]);
        let member =
            format!("\"attributes\":[{{\"key\":\"k\",\"value\":{{\"stringValue\":\"{json}\"}}}}]");
        check(Of::Span, [(&member, attribute(9, "k", &text(1, string)), repairs)]);
        let key = if string.is_empty() { vec![] } else { text(1, string) };
        let expected = text(9, [key, text(2, "")].concat());
        let member = format!("\"attributes\":[{{\"key\":\"{json}\",\"value\":{{}}}}]");
        check(Of::Span, [(&member, expected, repairs)]);
    }
}

#[test]
fn strings_of_every_length_with_an_escape_anywhere() {
    for len in (0..70).chain([125, 126, 127, 128, 129, 1000, 20_000]) {
        let plain = "x".repeat(len);
        let name = if len == 0 { vec![] } else { text(5, &plain) };
        check(Of::Span, [(&format!("\"name\":\"{plain}\""), name, NONE)]);
        for at in [0, len / 2, len] {
            let (before, after) = plain.split_at(at);
            for (escape, char) in [(r"\n", "\n"), (r"\u00e9", "é"), ("é", "é")] {
                let json = format!("\"name\":\"{before}{escape}{after}\"");
                let expected = text(5, [before, char, after].concat());
                let (found, _) = read(Of::Span, &Of::Span.record(&json)).expect("a span");
                assert_eq!(found, expected, "{json}");
            }
        }
    }
}

/// Row 27.
#[test]
fn what_is_no_string_is_absent() {
    for value in ["5", "true", "[\"a\"]", "{\"stringValue\":\"a\"}", "-1e5"] {
        check(Of::Span, [(&format!("\"name\":{value}"), vec![], &[WrongType])]);
    }
    check(
        Of::Log,
        [
            (r#""body":"text""#, vec![], &[WrongType]),
            (r#""body":{"stringValue":5}"#, text(5, ""), &[WrongType]),
            (r#""body":["text"]"#, vec![], &[WrongType]),
        ],
    );
}
