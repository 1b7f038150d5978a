use super::*;
use crate::segment::SegmentBuilder;
use crate::verify::verify;

mod damage;
mod patterns;
mod records;
mod repairs;
mod scalars;
mod strings;
mod structure;

/// What a test writes the members of.
#[derive(Debug, Clone, Copy)]
enum Of {
    Span,
    Log,
    /// A point of a gauge.
    Number,
    Histogram,
    ExponentialHistogram,
    Summary,
    Metric,
}

impl Of {
    fn signal(self) -> Signal {
        match self {
            Of::Span => Signal::Traces,
            Of::Log => Signal::Logs,
            _ => Signal::Metrics,
        }
    }

    /// A record with one such message, which has these members.
    fn record(self, members: &str) -> String {
        let (before, after) = match self {
            Of::Span => (r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#, "]}]}]}"),
            Of::Log => (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":["#, "]}]}]}"),
            _ => (r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":["#, "]}]}]}"),
        };
        let data = match self {
            Of::Number => "gauge",
            Of::Histogram => "histogram",
            Of::ExponentialHistogram => "exponentialHistogram",
            Of::Summary => "summary",
            Of::Span | Of::Log | Of::Metric => return format!("{before}{{{members}}}{after}"),
        };
        format!("{before}{{\"{data}\":{{\"dataPoints\":[{{{members}}}]}}}}{after}")
    }
}

/// The message that a record has, in canonical form, and what was repaired.
fn read(of: Of, record: &str) -> Result<(Vec<u8>, Repairs)> {
    let mut transcoder = Transcoder::new();
    let first = read_with(&mut transcoder, of, record);
    assert_eq!(read_with(&mut transcoder, of, record), first, "the second time: {record}");
    first
}

fn read_with(transcoder: &mut Transcoder, of: Of, record: &str) -> Result<(Vec<u8>, Repairs)> {
    let outcome = transcoder.read(record.as_bytes(), SignalSet::ALL, Projection::ALL)?;
    let request = transcoder.request(of.signal()).expect("the signal");
    if request.form() == Form::Canonical {
        let found = verify(of.signal().data(), request.bytes()).map(|found| found.form());
        assert_eq!(found, Ok(Form::Canonical), "{record}");
    }
    let mut builder = SegmentBuilder::new(of.signal());
    builder.push_verified(&request)?;
    let segment = builder.finish();
    let message = match of {
        Of::Metric => segment.metric(0).map(|metric| metric.message),
        _ => segment.message(0),
    };
    Ok((message.expect("a message").to_vec(), outcome.repairs))
}

/// The same JSON with white space wherever it may stand.
fn spaced(json: &str) -> String {
    let mut out = String::from("\n");
    let (mut in_string, mut escaped) = (false, false);
    for char in json.chars() {
        let quote = char == '"' && !escaped;
        escaped = in_string && char == '\\' && !escaped;
        match char {
            _ if quote => in_string = !in_string,
            '{' | '}' | '[' | ']' | ':' | ',' if !in_string => {
                out.extend([' ', '\t', char, '\r', '\n']);
                out.push_str("                  ");
                continue;
            }
            _ => {}
        }
        out.push(char);
    }
    out
}

/// The same JSON with the first letter of every member name as an escape.
fn escaped_names(json: &str) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some((before, after)) = rest.split_once('"') {
        let end = after.char_indices().scan(false, |escaped, (at, char)| {
            let end = char == '"' && !*escaped;
            *escaped = char == '\\' && !*escaped;
            Some((at, end))
        });
        let end = end.into_iter().find(|(_, end)| *end).map_or(after.len(), |(at, _)| at);
        let (string, after) = (&after[..end], &after[(end + 1).min(after.len())..]);
        out.push_str(before);
        match string.chars().next() {
            Some(first @ ('a'..='z' | 'A'..='Z')) if after.starts_with(':') => {
                out.push_str(&format!("\"\\u{:04X}{}\"", u32::from(first), &string[1..]));
            }
            _ => out.push_str(&format!("\"{string}\"")),
        }
        rest = after;
    }
    out + rest
}

/// Members, the protobuf that they are, and what is repaired.
type Case<'a> = (&'a str, Vec<u8>, &'a [Repair]);

/// Checks members in every spelling: what is read at a glance is read as anything else.
fn check<const N: usize>(of: Of, cases: [Case<'_>; N]) {
    for (members, expected, repairs) in cases {
        let mut counts = Repairs::default();
        repairs.iter().for_each(|&repair| counts.count(repair));
        let record = of.record(members);
        let wrapped = of.record(&format!("\"unknown\":[{{\"a\":1}},null],{members},\"more\":\"\""));
        let trailing = format!("{record}{}", " ".repeat(100));
        let spellings = [spaced(&record), escaped_names(&record), wrapped, trailing, record];
        for record in spellings {
            let found = read(of, &record).unwrap_or_else(|error| panic!("{error} in {record}"));
            assert_eq!(
                (found.0, found.1.counts()),
                (expected.clone(), counts.counts()),
                "{record}"
            );
        }
    }
}

#[test]
fn spellings_differ_and_mean_the_same() {
    let json = r#"{"a":"x\"{,","b":[1,"c:"]}"#;
    let gap = "                  ";
    let expected = format!(
        "\n \t{{\r\n{gap}\"a\" \t:\r\n{gap}\"x\\\"{{,\" \t,\r\n{gap}\"b\" \t:\r\n{gap} \t[\r\n{gap}1 \t,\r\n{gap}\"c:\" \t]\r\n{gap} \t}}\r\n{gap}"
    );
    assert_eq!(spaced(json), expected);
    assert_eq!(escaped_names(json), r#"{"\u0061":"x\"{,","\u0062":[1,"c:"]}"#);
}
