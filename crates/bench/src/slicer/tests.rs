use super::*;
use crate::generator::{Format, Generator};
use crate::writer::Layout;
use duckspan_otlp::Signal;
use serde_json::Value;

fn slices(lines: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    spans(lines, |span| found.push(serde_json::from_slice(span).expect("a span")));
    found
}

fn oracle(lines: &[u8], names: [&str; 3]) -> Vec<Value> {
    let requests = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let mut level: Vec<Value> =
        requests.map(|line| serde_json::from_slice(line).expect("a line")).collect();
    for name in names {
        level =
            level.iter().flat_map(|v| v[name].as_array().cloned().unwrap_or_default()).collect();
    }
    level
}

#[test]
fn finds_what_a_parser_finds() {
    if !is_supported() {
        return eprintln!("skipped: no AVX2 here");
    }
    let spans = (Signal::Traces, ["resourceSpans", "scopeSpans", "spans"]);
    let logs = (Signal::Logs, ["resourceLogs", "scopeLogs", "logRecords"]);
    for (signal, names) in [spans, logs] {
        let mut lines = Vec::new();
        let mut generator = Generator::new(Some(signal), 7);
        for rows in [1, 2, 300, 41] {
            generator.append(Format::JsonLines, Layout::Collector, rows, &mut lines);
        }
        assert_eq!(slices(&lines).len(), 344);
        assert_eq!(slices(&lines), oracle(&lines, names));
    }
}

#[test]
fn brackets_and_escapes_in_strings_do_not_count() {
    if !is_supported() {
        return eprintln!("skipped: no AVX2 here");
    }
    for name in [r#"}]\"{["#, r"\\", r#"\\\"{"#, r#"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"}"#] {
        for padding in 0..70 {
            let span = format!(r#"{{"name":"{name}","attributes":[{{"key":"]"}}]}}"#);
            let spans_of_scope = format!(r#"[{{"spans":[{span},{span}]}}]"#);
            let resource = format!(r#"{{"schemaUrl":"{:padding$}","scopeSpans":"#, "");
            let line = format!(r#"{{"resourceSpans":[{resource}{spans_of_scope}}}]}}"#);
            let mut found = Vec::new();
            spans(line.as_bytes(), |span| found.push(span.to_vec()));
            assert_eq!(found, [span.as_bytes(), span.as_bytes()], "{line}");
        }
    }
}
