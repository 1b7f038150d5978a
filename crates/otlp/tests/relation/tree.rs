//! Values of columns as trees that tests can compare.

use duckspan_otlp::Segment;
use duckspan_otlp::relation::{Column, Data, Plan, Relation, Type, Values, Window};
use serde_json::{Map, Value, json};

/// Rows per window: small, so that tests meet its ends.
const WINDOW: usize = 7;

/// A row: the value of each column by its name.
pub(crate) type Row = Map<String, Value>;

/// All columns of all rows of a relation.
pub(crate) fn rows(relation: &Relation, segment: &Segment) -> Vec<Row> {
    let columns: Vec<&Column> = relation.columns.iter().collect();
    let all: Vec<usize> = (0..segment.len()).filter(|&row| relation.has(segment, row)).collect();
    select(relation, &columns, segment, &all)
}

/// Some columns of some rows.
pub(crate) fn select(
    relation: &Relation,
    columns: &[&Column],
    segment: &Segment,
    rows: &[usize],
) -> Vec<Row> {
    let plan = Plan::new(relation, columns.iter().copied());
    let mut window = Window::new();
    let mut values: Vec<Values> = columns.iter().map(|column| Values::new(&column.kind)).collect();
    let mut read = Vec::new();
    for rows in rows.chunks(WINDOW) {
        window.open(&plan, segment, rows.iter().copied());
        let mut trees = vec![Row::new(); rows.len()];
        for (at, column) in columns.iter().enumerate() {
            let indices = window.read(&plan, segment, at, &mut values[at]);
            let expected = indices.map_or(rows.len(), |indices| {
                assert_eq!(indices.len(), rows.len());
                indices.iter().max().map_or(0, |&max| max as usize + 1)
            });
            check(&column.kind, &values[at], expected);
            for (row, tree) in trees.iter_mut().enumerate() {
                let index = indices.map_or(row, |indices| indices[row] as usize);
                let value = tree_of(&column.kind, &values[at], index, segment);
                tree.insert(column.name.to_owned(), value);
            }
        }
        read.extend(trees);
    }
    read
}

/// A column of text of some rows.
pub(crate) fn texts(plan: &Plan, column: usize, segment: &Segment, rows: &[usize]) -> Vec<Value> {
    let (mut window, mut values) = (Window::new(), Values::new(&Type::Varchar));
    window.open(plan, segment, rows.iter().copied());
    let indices = window.read(plan, segment, column, &mut values).map(<[u32]>::to_vec);
    let index = |row: usize| indices.as_ref().map_or(row, |indices| indices[row] as usize);
    (0..rows.len()).map(|row| tree_of(&Type::Varchar, &values, index(row), segment)).collect()
}

/// Checks that values are of the type, and as many as they should be, down to the leaves.
fn check(kind: &Type, values: &Values, len: usize) {
    assert_eq!(values.len(), len, "{kind}");
    match (kind, &values.data) {
        (Type::List(element), Data::List(entries, elements)) => {
            let total: u64 = entries.iter().map(|entry| entry.len).sum();
            check(element, elements, total as usize);
        }
        (Type::Struct(columns), Data::Struct(members)) => {
            assert_eq!(columns.len(), members.len());
            for (column, member) in columns.iter().zip(members) {
                check(&column.kind, member, len);
                for index in (0..len).filter(|&index| values.nulls.contains(index)) {
                    assert!(member.nulls.contains(index), "a member of a NULL struct is NULL");
                }
            }
        }
        (Type::Boolean, Data::Boolean(_))
        | (Type::Int32, Data::Int32(_))
        | (Type::UInt32, Data::UInt32(_))
        | (Type::Int64 | Type::TimestampNs, Data::Int64(_))
        | (Type::UInt64, Data::UInt64(_))
        | (Type::Double, Data::Double(_))
        | (Type::Varchar | Type::Json, Data::Text(_)) => {}
        _ => panic!("{kind} has other values: {values:?}"),
    }
}

pub(crate) fn tree_of(kind: &Type, values: &Values, index: usize, segment: &Segment) -> Value {
    if values.nulls.contains(index) {
        return Value::Null;
    }
    match &values.data {
        Data::Boolean(values) => json!(values[index]),
        Data::Int32(values) => json!(values[index]),
        Data::UInt32(values) => json!(values[index]),
        Data::Int64(values) => json!(values[index]),
        Data::UInt64(values) => json!(values[index]),
        Data::Double(values) => double(values[index]),
        Data::Text(texts) => {
            let text = str::from_utf8(texts.get(index, segment)).expect("text is UTF-8");
            match kind {
                Type::Json => json!({ "json": parse(text) }),
                _ => json!(text),
            }
        }
        Data::List(entries, elements) => {
            let Type::List(kind) = kind else { panic!("a list of type {kind}") };
            let range = entries[index].start..entries[index].start + entries[index].len;
            range.map(|at| tree_of(kind, elements, at as usize, segment)).collect()
        }
        Data::Struct(members) => {
            let Type::Struct(columns) = kind else { panic!("a struct of type {kind}") };
            let member = |(column, values): (&Column, &Values)| {
                (column.name.to_owned(), tree_of(&column.kind, values, index, segment))
            };
            Value::Object(columns.iter().zip(members).map(member).collect())
        }
    }
}

/// A double, where JSON has none as its name.
pub(crate) fn double(value: f64) -> Value {
    match value {
        _ if value.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(value),
    }
}

/// A boolean or number as DuckDB's JSON functions write it: doubles have an exponent from 1e21 on and below
/// 0.000001.
pub(crate) fn written(value: &Value) -> String {
    let text = value.to_string();
    let Some(double) = value.as_f64().filter(|_| value.is_f64()) else { return text };
    if double != 0.0 && !(1e-6..1e21).contains(&double.abs()) {
        return text.replace("e+", "e");
    }
    let plain = double.to_string();
    if plain.contains('.') { plain } else { plain + ".0" }
}

/// JSON that has no key twice.
pub(crate) fn parse(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(members(&value), colons(text), "a key occurs twice: {text}");
    value
}

/// Members of all objects in a value.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(members).sum(),
        Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// Colons outside of strings.
fn colons(text: &str) -> usize {
    let (mut colons, mut in_string, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons
}
