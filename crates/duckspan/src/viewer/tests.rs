use super::*;

fn options(given: &[(&str, &str)]) -> ViewerOptions {
    let mut options = ViewerOptions::default();
    for (name, value) in given {
        options.set(name, value).expect("an option");
    }
    options
}

/// The names of the relations that are shown, or why there are none.
fn names(given: &[(&str, &str)], receivers: &[&str]) -> String {
    let receivers: Vec<_> = receivers.iter().map(|&name| name.to_owned()).collect();
    match shown(&options(given), &receivers) {
        Ok(Shown { relations, .. }) => {
            let names: Vec<_> = relations.into_iter().map(|(_, name)| name).collect();
            names.join(" ")
        }
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn what_is_named_is_shown_and_else_the_receiver() {
    assert_eq!(names(&[], &["live"]), "live.spans live.log_records live.data_points");
    let archived = [("database", "LIVE"), ("spans", "lake.spans")];
    assert_eq!(names(&archived, &["a", "live"]), "lake.spans live.log_records live.data_points");
    assert_eq!(names(&[("log_records", "l")], &["live"]), "l");
    assert!(names(&[], &[]).contains("ATTACH 'otlp://localhost:4317' AS live (TYPE otlp)"));
    assert!(names(&[], &["a", "b"]).contains("as a and b"));
    assert!(names(&[("database", "c")], &["a"]).contains("\"c\" is not an attached receiver"));
}

#[test]
fn options_are_checked() {
    let mut options = ViewerOptions::default();
    for (name, value) in [("port", "65536"), ("port", "-1"), ("host", "")] {
        let fault = options.set(name, value).expect_err("no option");
        assert!(fault.to_string().contains(name), "{fault}");
    }
    assert_eq!(options, ViewerOptions::default());
}
