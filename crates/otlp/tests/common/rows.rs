//! Rows as SQL shows them, and requests rebuilt from them.

use duckspan_otlp::{Segment, Signal, render};

/// One row of the unified relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub time: Option<i64>,
    pub resource: Option<String>,
    pub data: String,
}

/// The rows of a segment.
pub fn rows(segment: &Segment) -> Vec<Row> {
    let mut renderer = render::Renderer::new(segment);
    let row = |row| {
        let (mut data, mut resource) = (Vec::new(), Vec::new());
        renderer.data(row, &mut data);
        let present = render::resource(segment, segment.resource_of(row), &mut resource);
        assert_eq!(present, !resource.is_empty());
        let mut alone = Vec::new();
        render::data(segment, row, &mut alone);
        assert!(alone == data, "a row depends on the rows before it");
        Row { time: segment.time(row), resource: present.then(|| json(resource)), data: json(data) }
    };
    (0..segment.len()).map(row).collect()
}

/// Text that is checked to be one JSON value, without a space outside of strings.
pub fn json(text: Vec<u8>) -> String {
    let text = String::from_utf8(text).expect("text is UTF-8");
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<serde::de::IgnoredAny>();
    assert!(values.next().is_some_and(|value| value.is_ok()), "not JSON: {text}");
    assert_eq!(values.byte_offset(), text.len(), "more than one JSON value: {text}");
    text
}

/// A request in OTLP/JSON with these rows, each in groups of its own.
pub fn rebuild(signal: Signal, rows: &[Row]) -> String {
    let [groups, scopes, leaves] = match signal {
        Signal::Traces => ["resourceSpans", "scopeSpans", "spans"],
        Signal::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
        Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
    };
    let group = |row: &Row| {
        let (beside, leaf): (Vec<&str>, Vec<&str>) = members(&row.data)
            .into_iter()
            .partition(|member| is_any(member, &["scope", "schemaUrl"]));
        let rows = format!("\"{leaves}\":[{{{}}}]", leaf.join(","));
        let scope = [beside, vec![rows.as_str()]].concat().join(",");
        let scopes = format!("\"{scopes}\":[{{{scope}}}]");
        let Some(resource) = &row.resource else { return format!("{{{scopes}}}") };
        let (url, resource): (Vec<&str>, Vec<&str>) =
            members(resource).into_iter().partition(|member| is_any(member, &["schemaUrl"]));
        let resource = format!("\"resource\":{{{}}}", resource.join(","));
        format!("{{{}}}", [vec![resource.as_str()], url, vec![scopes.as_str()]].concat().join(","))
    };
    format!("{{\"{groups}\":[{}]}}", rows.iter().map(group).collect::<Vec<_>>().join(","))
}

/// Whether a member has one of these names.
fn is_any(member: &str, names: &[&str]) -> bool {
    names.iter().any(|name| member.starts_with(&format!("\"{name}\":")))
}

/// The members of a JSON object without spaces, each with its name.
pub fn members(object: &str) -> Vec<&str> {
    let inner = object.strip_prefix('{').and_then(|object| object.strip_suffix('}'));
    let inner = inner.expect("an object");
    let (mut depth, mut in_string, mut escaped, mut start) = (0, false, false, 0);
    let mut members = Vec::new();
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => {
                members.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inner.is_empty() {
        members.push(&inner[start..]);
    }
    members
}
