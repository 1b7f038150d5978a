use duckspan_otlp::relation::SPANS;

use super::*;

#[test]
fn relations_are_read_by_their_names() {
    let read_from = |name| source(&SPANS, name);
    assert_eq!(read_from("live.spans").expect("a source"), "\"live\".\"spans\"");
    let quoted = read_from("\"a.b\".\"x\"\"; DROP\"").expect("a source");
    assert_eq!(quoted, "\"a.b\".\"x\"\"; DROP\"");
    assert_eq!(read_from("Spans"), None);
    assert_eq!(read_from("\"it's").expect("a source"), "query_table('\"it''s')");
}

#[test]
fn errors_of_duckdb_have_a_place() {
    let text = r#"Binder Error: {"exception_type":"Binder","exception_message":"no\ncolumn","position":"7"}"#;
    let found = query_error(SqlError(text.to_owned()));
    assert_eq!(found.message, "Binder Error: no\ncolumn");
    assert_eq!(found.position, Some(7));
    for other in ["plain", "A {} error", "{\"a\":", ""] {
        assert_eq!(query_error(SqlError(other.to_owned())), QueryError::new(other));
    }
}
