//! JSON lines.

use super::{Framing, check, cut, cut_up_to};

#[test]
fn lines_are_records_without_what_stands_around_them() {
    check(
        Framing::Lines,
        &[
            (b"{}", &["json {}"]),
            (b"{}\n", &["json {}"]),
            (b"{}\r\n{}", &["json {}", "json {}"]),
            (b"\n\n \r\n\t\n{}\n\n\n", &["json {}"]),
            (b"  {\"a\":1}\t \n", &["json {\\\"a\\\":1}"]),
            (b"\xef\xbb\xbf{}\n{}", &["json {}", "json {}"]),
            (b"\xef\xbb\xbf", &[]),
            (b"\xef\xbb\xbf\n", &[]),
            // What a line holds is for the reader to judge.
            (b"hello\n{}\n42\n", &["json hello", "json {}", "json 42"]),
            (b"{\"a\n{}\n", &["json {\\\"a", "json {}"]),
            (b"\0\0\n{}", &["json \\x00\\x00", "json {}"]),
            (b"\0\0{}\n \0 [] \n{}\0", &["json {}", "json []", "json {}\\x00"]),
            // A byte order mark stands at the start only.
            (b"\xef\xbb", &["json \\xef\\xbb"]),
            (b"{}\n\xef\xbb\xbf{}", &["json {}", "json \\xef\\xbb\\xbf{}"]),
        ],
    );
}

#[test]
fn the_last_line_may_be_cut() {
    let text = br#"{"a":["b\n\u00e9",-1.5e+3,true,null,{"c":{}}],"d":0.25}"#;
    for end in 1..text.len() {
        let stream = [b"{}\n", &text[..end]].concat();
        let cut_off = format!("cut json {}", text[..end].escape_ascii());
        assert_eq!(cut(Framing::Lines, &stream), ["json {}", &cut_off], "{end}");
    }
    check(
        Framing::Lines,
        &[
            (b"{}\n  {\"a\"  ", &["json {}", "cut json {\\\"a\\\""]),
            (b"{}\n[{", &["json {}", "cut json [{"]),
            (b"{}\n{\"\xe4\xb8", &["json {}", "cut json {\\\"\\xe4\\xb8"]),
            // These would be no JSON, whatever followed.
            (b"{}\n{\"a\":x", &["json {}", "json {\\\"a\\\":x"]),
            (b"{}\n{\"a\\q", &["json {}", "json {\\\"a\\\\q"]),
            (b"{}\n{]", &["json {}", "json {]"]),
            (b"{}\nhello", &["json {}", "json hello"]),
            // Only the last line can be cut.
            (b"{\n{}", &["json {", "json {}"]),
        ],
    );
}

/// Rows 37 and 63.
#[test]
fn a_line_that_is_too_large_is_passed_over() {
    let large = |at: usize, bytes: usize| {
        let limit = "is larger than maximum_object_size (5 bytes)";
        format!("too large at {at}: record of {bytes} bytes {limit}")
    };
    let cases = [
        ("12345\n{}", vec!["json 12345".to_owned(), "json {}".to_owned()]),
        ("123456\n{}", vec![large(0, 6), "json {}".to_owned()]),
        ("{}\n1234567890\n{}\n", vec!["json {}".to_owned(), large(3, 10), "json {}".to_owned()]),
        ("{}\n1234567890", vec!["json {}".to_owned(), large(3, 10)]),
        ("{}\n{\"a\":", vec!["json {}".to_owned(), "cut json {\\\"a\\\":".to_owned()]),
        ("{}\n{\"a\":1", vec!["json {}".to_owned(), large(3, 6)]),
        ("\u{feff}{}\n123456", vec!["json {}".to_owned(), large(6, 6)]),
    ];
    for (stream, expected) in cases {
        assert_eq!(cut_up_to(5, Framing::Lines, stream.as_bytes()), expected, "{stream:?}");
    }
    let long = [b"{}\n", &*vec![b'x'; 5_000], b"\n{}"].concat();
    assert_eq!(cut_up_to(5, Framing::Lines, &long), ["json {}", &large(3, 5_000), "json {}"]);
}
