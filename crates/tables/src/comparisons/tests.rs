//! Plans without DuckDB, with what is compared in them.

use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, SPANS};

use super::*;
use crate::expression::{Cast, Comparison};
use crate::plan::tests::{column, operator, projection, scan, table};
use crate::plan::{Operator, OperatorKind, Table};

fn position(relation: &Relation, name: &str) -> usize {
    let found = relation.columns.iter().position(|column| column.name == name);
    found.expect("a column of that name")
}

/// A scan of spans: their kind and when they started.
fn spans<'a>(number: u64) -> Operator<'a> {
    let columns = ["kind", "start_time_unix_nano"].map(|name| position(&SPANS, name));
    scan(number, Some(&SPANS), &columns)
}

fn text(text: &str) -> Expression {
    Expression::Text(text.to_owned())
}

fn compare(comparison: Comparison, left: Expression, right: Expression) -> Expression {
    Expression::Compare(comparison, Box::new([left, right]))
}

/// A function of a time.
fn made(function: &str, time: Time, children: Vec<Expression>) -> Expression {
    Expression::Other(Other { function: function.to_owned(), time, children })
}

fn moment() -> Expression {
    made("now", Time::Moment, Vec::new())
}

/// What becomes of a moment when it is compared with a time of no zone that is known.
fn local() -> Expression {
    let cast = Cast { value: moment(), from: Time::Moment, to: Time::WithoutZone };
    Expression::Cast(Box::new(cast))
}

/// The error of a condition over operators, in New York.
fn error(condition: Expression, mut below: Vec<Operator<'_>>) -> String {
    let children = 1;
    below.insert(0, operator(OperatorKind::Filter, children, vec![condition]));
    let outcome = check(&Plan::new(below), "America/New_York");
    outcome.err().map(|fault| fault.to_string()).unwrap_or_default()
}

#[track_caller]
fn refuses_name(condition: Expression, below: Vec<Operator<'_>>) {
    let error = error(condition, below);
    assert!(error.contains("\"kind\" is never 'server'"), "{error}");
}

#[track_caller]
fn refuses_zone(condition: Expression, below: Vec<Operator<'_>>) {
    let error = error(condition, below);
    assert!(error.contains("\"start_time_unix_nano\" is in UTC"), "{error}");
}

#[test]
fn names_are_compared_from_either_side() {
    let kind = || column(1, 0);
    for comparison in [Comparison::Equal, Comparison::Unordered] {
        refuses_name(compare(comparison, kind(), text("server")), vec![spans(1)]);
        refuses_name(compare(comparison, text("server"), kind()), vec![spans(1)]);
        assert_eq!(error(compare(comparison, kind(), text("SERVER")), vec![spans(1)]), "");
    }
    let list = || vec![kind(), text("SERVER"), text("server")];
    refuses_name(Expression::In(list()), vec![spans(1)]);
    refuses_name(Expression::NotIn(list()), vec![spans(1)]);
    let less = compare(Comparison::Less, kind(), text("SERVER"));
    assert!(error(less, vec![spans(1)]).contains("the order is that of letters"));
    let between = Expression::Between(Box::new([kind(), text("SERVER"), text("CLIENT")]));
    assert!(error(between, vec![spans(1)]).contains("the order is that of letters"));
}

#[test]
fn comparisons_are_found_in_what_expressions_are_made_of() {
    let condition = || compare(Comparison::Equal, column(1, 0), text("server"));
    refuses_name(Expression::Any(vec![column(1, 1), condition()]), vec![spans(1)]);
    refuses_name(made("count", Time::Other, vec![condition()]), vec![spans(1)]);
}

#[test]
fn literals_are_cast() {
    let cast = Cast { value: text("server"), from: Time::Other, to: Time::Other };
    let literal = Expression::Cast(Box::new(cast));
    refuses_name(compare(Comparison::Equal, column(1, 0), literal), vec![spans(1)]);
}

#[test]
fn columns_are_followed_through_views_and_groups() {
    let condition = compare(Comparison::Equal, column(4, 0), text("server"));
    let groups = table(OperatorKind::Aggregate, 1, 4, vec![column(3, 1)]);
    let outer = projection(3, vec![column(2, 1), column(2, 0)]);
    let inner = projection(2, vec![column(1, 0), column(1, 1)]);
    refuses_name(condition, vec![groups, outer, inner, spans(1)]);
    // What a view makes of a name is no name.
    let upper = projection(2, vec![made("upper", Time::Other, vec![column(1, 0)])]);
    let condition = compare(Comparison::Equal, column(2, 0), text("server"));
    assert_eq!(error(condition, vec![upper, spans(1)]), "");
}

/// The columns of two sources of rows.
fn union<'a>(number: u64, left: Expression, right: Expression) -> Operator<'a> {
    let mut union = table(OperatorKind::Other, 2, number, vec![left]);
    union.tables.push(Table { number: Some(number), expressions: vec![right] });
    union
}

#[test]
fn of_a_union_names_may_be_any_and_times_are_in_utc() {
    let others = || projection(2, vec![text("server")]);
    let dummy = || operator(OperatorKind::Other, 0, Vec::new());
    let condition = compare(Comparison::Equal, column(3, 0), text("server"));
    let plan = vec![union(3, column(1, 0), column(2, 0)), spans(1), others(), dummy()];
    assert_eq!(error(condition, plan), "");
    let condition = compare(Comparison::Less, column(3, 0), local());
    let plan = vec![union(3, column(2, 0), column(1, 1)), others(), dummy(), spans(1)];
    refuses_zone(condition, plan);
}

#[test]
fn a_cte_is_what_its_first_child_is() {
    let condition = compare(Comparison::Equal, column(3, 0), text("server"));
    let cte = table(OperatorKind::Cte, 2, 2, vec![column(1, 0)]);
    let reference = table(OperatorKind::Other, 0, 3, vec![column(2, 0)]);
    refuses_name(condition, vec![cte, spans(1), reference]);
}

#[test]
fn what_looks_at_itself_comes_to_an_end() {
    // As a recursive query does whose first child is the query itself.
    let condition = compare(Comparison::Equal, column(2, 0), text("server"));
    let recursive = table(OperatorKind::Other, 1, 2, vec![column(3, 0)]);
    let reference = table(OperatorKind::Other, 0, 3, vec![column(2, 0)]);
    assert_eq!(error(condition, vec![recursive, reference]), "");
}

#[test]
fn times_in_utc_are_not_compared_with_local_time() {
    let time = || column(1, 1);
    let day = || {
        let cast = Cast { value: moment(), from: Time::Moment, to: Time::Date };
        Expression::Cast(Box::new(cast))
    };
    let today = || made("current_date", Time::Date, Vec::new());
    for local in [local(), day(), today(), made("-", Time::WithoutZone, vec![local()])] {
        refuses_zone(compare(Comparison::Less, time(), local.clone()), vec![spans(1)]);
        refuses_zone(compare(Comparison::Equal, local.clone(), time()), vec![spans(1)]);
        let between = [time(), Expression::Number(0), local];
        refuses_zone(Expression::Between(Box::new(between)), vec![spans(1)]);
    }
    let utc = made("otlp_ago", Time::WithoutZone, Vec::new());
    assert_eq!(error(compare(Comparison::Less, time(), utc), vec![spans(1)]), "");
    assert_eq!(error(compare(Comparison::Less, column(1, 0), local()), vec![spans(1)]), "");
}

#[test]
fn a_time_that_is_made_of_utc_is_utc() {
    let truncated = made("date_trunc", Time::WithoutZone, vec![text("day"), column(1, 1)]);
    refuses_zone(compare(Comparison::Less, truncated, local()), vec![spans(1)]);
    // A duration is no time.
    let duration = made("epoch_ns", Time::Other, vec![column(1, 1)]);
    assert_eq!(error(compare(Comparison::Less, duration, local()), vec![spans(1)]), "");
    let latest = table(
        OperatorKind::Aggregate,
        1,
        2,
        vec![made("max", Time::WithoutZone, vec![column(1, 1)])],
    );
    refuses_zone(compare(Comparison::Less, column(2, 0), local()), vec![latest, spans(1)]);
}

#[test]
fn utc_is_not_taken_for_a_moment() {
    let cast = |from| {
        let cast = Cast { value: column(1, 1), from, to: Time::Moment };
        Expression::Cast(Box::new(cast))
    };
    refuses_zone(compare(Comparison::Less, cast(Time::WithoutZone), moment()), vec![spans(1)]);
}

#[test]
fn where_the_session_is_in_utc_or_nowhere_times_may_be_compared() {
    let plan = || {
        let condition = compare(Comparison::Less, column(1, 1), local());
        Plan::new(vec![operator(OperatorKind::Filter, 1, vec![condition]), spans(1)])
    };
    for zone in ["Etc/UTC", ""] {
        assert!(check(&plan(), zone).is_ok(), "{zone}");
    }
    assert!(check(&plan(), "Asia/Tokyo").is_err());
}

#[test]
fn of_the_unified_relation_the_time_is_utc() {
    let condition = || compare(Comparison::Less, column(1, 0), local());
    assert!(error(condition(), vec![scan(1, None, &[0])]).contains("\"timestamp\" is in UTC"));
    assert_eq!(error(condition(), vec![scan(1, None, &[1])]), "");
}

#[test]
fn columns_of_names_are_known() {
    let named = |relation: &'static Relation| {
        let columns = relation.columns.iter().enumerate();
        let has_names = |&(at, _): &(usize, &Column)| {
            let scan = scan(1, Some(relation), &[]).scan.expect("a scan");
            matches!(Subject::of(&scan, at, ""), Subject::Names(..))
        };
        columns.filter(has_names).map(|(_, column)| column.name).collect::<Vec<_>>()
    };
    assert_eq!(named(&SPANS), ["status_code", "kind"]);
    assert_eq!(named(&LOG_RECORDS), ["severity"]);
    assert_eq!(named(&DATA_POINTS), ["kind", "aggregation_temporality"]);
}

#[test]
fn names_that_no_value_has_are_refused() {
    let told = |relation, column, text| {
        let outcome = check_name(relation, position(relation, column), text);
        outcome.err().map(|fault| fault.to_string()).unwrap_or_default()
    };
    for right in ["SERVER", "UNSPECIFIED", "7"] {
        assert_eq!(told(&SPANS, "kind", right), "");
    }
    assert_eq!(told(&DATA_POINTS, "kind", "exponential_histogram"), "");
    for (wrong, right) in [("server", "SERVER"), ("SPAN_KIND_CLIENT", "CLIENT")] {
        let message = told(&SPANS, "kind", wrong);
        assert!(message.ends_with(&format!("Is '{right}' meant?")), "{message}");
    }
    assert!(told(&SPANS, "status_code", "500").is_empty());
    assert!(told(&SPANS, "status_code", "failed").ends_with("one of UNSET, OK, ERROR"));
    assert!(told(&LOG_RECORDS, "severity", "warn").ends_with("Is 'WARN' meant?"));
}

#[test]
fn only_utc_is_utc() {
    for zone in ["UTC", "Etc/UTC", "gmt", "Etc/GMT+0", "Zulu"] {
        assert!(is_utc(zone), "{zone}");
    }
    for zone in ["Europe/London", "Etc/GMT+1", "Africa/Abidjan", ""] {
        assert!(!is_utc(zone), "{zone}");
    }
}
