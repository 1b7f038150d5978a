//! Where indented documents end, by their lines.

use super::super::indented::{End, end};
use super::{Framing, LARGE, Splitter, cut_in, json};
use crate::signal::Signal;
use crate::split::documents::REACH;

fn documents() -> [String; 3] {
    [(Signal::Traces, 0), (Signal::Metrics, 90), (Signal::Logs, 300)]
        .map(|(signal, size)| json(signal, size, true))
}

/// The texts of the records in a stream, which is given in blocks of two sizes.
fn found(stream: &str) -> Vec<&str> {
    let records = cut_in(stream.len(), Framing::Documents, LARGE, stream.as_bytes());
    assert_eq!(cut_in(7, Framing::Documents, LARGE, stream.as_bytes()), records, "{stream}");
    let sound = records.into_iter().filter(|record| record.fault_kind().is_none());
    sound.map(|record| &stream[record.range]).collect()
}

#[test]
fn lines_tell_where_documents_end() {
    let [first, second, _] = documents();
    for between in ["", "\n", "\r\n", " \n\n\t"] {
        let stream = format!("{first}{between}{second}");
        let ends = end(stream.as_bytes(), 0, false, false);
        assert_eq!(ends, End::At(first.len()), "{between:?}");
        assert_eq!(end(second.as_bytes(), 0, true, true), End::At(second.len()));
        // What is known of a part of it is never wrong, and is where to go on.
        let mut searched = 0;
        for known in 0..stream.len() {
            match end(&stream.as_bytes()[..known], searched, false, false) {
                End::NotBefore(bytes) => searched = bytes,
                found => assert_eq!(found, End::At(first.len()), "{known}"),
            }
        }
        assert_eq!(end(stream.as_bytes(), searched, false, false), End::At(first.len()));
    }
}

#[test]
fn or_they_do_not() {
    for (stream, at_end) in [
        ("{\"resourceSpans\":[\n]\n}", true),
        ("{\n\"resourceSpans\":[\n{\n}\n]\n}", true),
        ("{\n\"resourceSpans\":[\n{\n},{}]}", true),
        ("{\n\"resourceSpans\":[]}", true),
        ("{\n\"a\":[\n]\n}", true),
        ("{\n\"resourceSpans\":[\n]\n}", false),
        ("{\n\"resourceSpans\":[\n]\n}]", true),
        ("{", true),
    ] {
        assert_eq!(end(stream.as_bytes(), 0, true, at_end), End::Unclear, "{stream}");
    }
    let [first, second, third] = documents();
    let unindented = second.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let last_on_a_line = third.strip_suffix("\n}").expect("it ends so").to_owned() + " }";
    let all = [&*first, &unindented, &last_on_a_line, &first, &last_on_a_line, &first];
    for between in ["", "\n", ",\n"] {
        // What ends on a line of others may be cut with what follows.
        assert_eq!(found(&all.join(between)).join(between), all.join(between), "{between:?}");
    }
}

/// No more is held to find out how values are written than a few times what they have.
#[test]
fn lines_that_tell_nothing_hold_nothing_up() {
    let value = documents()[2].replace('\n', "\n  ");
    let stream = format!("{value}\n").repeat(3 * REACH / value.len());
    let mut splitter = Splitter::new(Framing::Documents, usize::MAX);
    let (mut start, mut longest, mut records) = (0, 0, Vec::new());
    for end in (0..=stream.len()).step_by(100_000) {
        start += splitter.split(&stream.as_bytes()[start..end], false, &mut records);
        longest = longest.max(end - start);
    }
    assert!(longest < REACH + 100_000, "{longest} bytes are held");
    assert!(records.iter().all(|record| record.range.len() == value.len()));
    assert!(stream.len() - start < value.len() + 100_000);
}
