use duckspan_otlp::relation::{LOG_RECORDS, SPANS};

use super::*;

fn refused(options: &mut FileOptions, name: &str, value: Option<&str>) -> String {
    let fault = options.set(name, value).expect_err("refused");
    assert_eq!(fault.kind, FaultKind::Binder);
    fault.message
}

#[test]
fn every_parameter_is_taken() {
    let mut options = FileOptions::new(Some(&SPANS));
    for parameter in &PARAMETERS {
        let value = match parameter.kind {
            Type::Varchar => Some("AUTO"),
            Type::Boolean => Some("true"),
            _ => Some("1"),
        };
        options.set(parameter.name, value).expect("a parameter");
    }
    assert_eq!((options.maximum_object_size, options.format), (1, None));
    assert_eq!(UNIFIED_PARAMETERS.len(), PARAMETERS.len() - 1);
}

#[test]
fn what_is_asked_for_is_set() {
    let mut options = FileOptions::new(None);
    options.set("signal", Some("Logs")).expect("a signal");
    options.set("format", Some("protobuf")).expect("a format");
    options.set("compression", Some("zstd")).expect("a compression");
    options.set("ignore_errors", Some("false")).expect("a flag");
    assert_eq!(options.signals, SignalSet::only(Signal::Logs));
    assert_eq!(options.format, Some(Format::Protobuf));
    assert_eq!(options.compression, Some(Compression::Zstd));
    assert!(!options.ignore_errors);
    options.set("signal", Some("auto")).expect("any signal");
    assert_eq!(options.signals, SignalSet::ALL);
}

#[test]
fn what_is_not_known_is_told_with_what_is() {
    let mut options = FileOptions::new(None);
    for (name, value, said) in [
        ("signal", Some("spans"), "use one of auto, traces, metrics, logs"),
        ("format", Some("csv"), "use one of auto, json, protobuf"),
        ("compression", Some("bz2"), "use one of auto, none, gzip, zstd"),
        ("maximum_object_size", Some("0"), "a positive number of bytes"),
        ("format", None, "format cannot be NULL"),
        ("columns", Some("a"), "no parameter \"columns\""),
    ] {
        let message = refused(&mut options, name, value);
        assert!(message.contains(said), "{message}");
    }
}

/// Instead of no rows, which would look like an answer.
#[test]
fn a_relation_has_rows_of_its_signal_only() {
    let mut options = FileOptions::new(Some(&LOG_RECORDS));
    options.set("signal", Some("logs")).expect("its own");
    let message = refused(&mut options, "signal", Some("traces"));
    assert!(message.contains("no rows in read_otlp_log_records, which reads logs"), "{message}");
    assert_eq!(options.signals, SignalSet::only(Signal::Logs));
}

#[test]
fn only_attributes_are_variants_or_have_members() {
    let mut options = FileOptions::new(Some(&SPANS));
    let at = |name: &str| SPANS.columns.iter().position(|column| column.name == name);
    let (attributes, name) = (at("attributes").expect("a column"), at("name").expect("a column"));
    let has = |options: &FileOptions, column| options.has_member(column, "http.method");
    assert!(has(&options, attributes) && !has(&options, name));
    assert!(!options.is_variant(attributes));
    options.set("attributes_as_variant", Some("true")).expect("a flag");
    assert!(options.is_variant(attributes) && !options.is_variant(name));
    assert!(!has(&options, attributes), "a VARIANT is read as a whole");
    assert!(!has(&FileOptions::new(None), 0));
}
