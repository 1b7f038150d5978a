//! `docs/tables.md` says what the tables of columns say. `make tables` writes it anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use duckspan_otlp::relation::{Column, Relation, Type};
use duckspan_otlp::schema::Message;

#[test]
fn tables_are_documented() {
    let path = Path::new("../../docs/tables.md");
    let fresh = document();
    if std::env::var_os("DUCKSPAN_WRITE_TABLES").is_some() {
        fs::write(path, &fresh).expect("docs/tables.md can be written");
    }
    let committed = fs::read_to_string(path).expect("docs/tables.md");
    assert!(committed == fresh, "docs/tables.md is stale: run `make tables`");
}

const HEAD: &str = "\
<!-- Written by `make tables` from the columns in crates/otlp/src/relation; do not edit. -->
# Typed tables

`read_otlp_spans`, `read_otlp_log_records` and `read_otlp_data_points` read files and take the parameters of
`read_otlp`; `spans`, `log_records` and `data_points` of an attached receiver show what it holds; `otlp_spans`,
`otlp_log_records` and `otlp_data_points` read rows of `read_otlp` that were kept in a table or in Parquet. All have the
columns below. For machines, and for all that was sent without loss, there is `read_otlp`.

- Names are OTLP's own in snake_case.
- Fields of text that are empty are NULL, since OTLP does not tell them from absent ones; values of attributes and
  bodies it does tell, so an empty `service_name` or `body_text` is `''`. NULL are also times of 0 or beyond what a
  TIMESTAMP_NS holds, and ids that are absent, of the wrong length or all zero.
- Numbers are 0 where they are absent; those that OTLP calls optional are NULL. Lists without elements are empty.
- What a kind of metric does not have is NULL in its data points.
- Attributes are JSON objects that keep the types: `attributes->>'http.route'`. Of equal keys the first counts.
  Bytes are strings of base64; doubles that JSON lacks are the strings `NaN`, `Infinity` and `-Infinity`.
- An enum number that has no name reads as that number where text stands beside it.
";

fn document() -> String {
    let mut out = HEAD.to_owned();
    for relation in Relation::ALL {
        section(relation, &mut out).expect("strings grow");
    }
    out
}

fn section(relation: &Relation, out: &mut String) -> std::fmt::Result {
    let Relation { name, comment, .. } = relation;
    write!(out, "\n## {name}\n{comment}\n\n")?;
    write!(out, "| column | type | meaning | OTLP |\n|---|---|---|---|\n")?;
    for column in relation.columns {
        line(column.name, column, &column.origin(relation), out)?;
        members(column.name, column, &column.messages(relation), out)?;
    }
    Ok(())
}

fn line(name: &str, column: &Column, origin: &str, out: &mut String) -> std::fmt::Result {
    let kind = match column.kind {
        Type::Struct(_) => "STRUCT".to_owned(),
        Type::List(Type::Struct(_)) => "STRUCT[]".to_owned(),
        kind => kind.to_string(),
    };
    writeln!(out, "| `{name}` | {kind} | {} | {origin} |", column.meaning)
}

/// The members of a struct, named by their way to it.
fn members(
    name: &str,
    column: &Column,
    messages: &[&'static Message],
    out: &mut String,
) -> std::fmt::Result {
    let within = column.member_messages(messages);
    let list = if matches!(column.kind, Type::List(_)) { "[]" } else { "" };
    for member in column.members() {
        let name = format!("{name}{list}.{}", member.name);
        line(&name, member, &member.origin_in(&within), out)?;
        members(&name, member, &within, out)?;
    }
    Ok(())
}
