//! What is built of others' work: under which licence, how often, and where it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// Licences that ask for no more than to be named.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0", // of the tables in unicode-ident
    "Unlicense",
    "Zlib",
];

/// Crates under another licence, each with the reason that it may be.
const OTHER_LICENCES: &[(&str, &str, &str)] = &[(
    "cbindgen",
    "MPL-2.0",
    "a tool of this crate's tests: nothing of it is in what is released",
)];

/// Crates that are there in more than one version, each with the reason.
const TWICE: &[(&str, &str)] = &[
    ("base64", "senders and peers in tests: tonic and opentelemetry-proto have the one before"),
    ("cpufeatures", "tests: const-hex of opentelemetry-proto has the one before"),
    ("getrandom", "ring has 0.2; tests: rand of opentelemetry_sdk has 0.3"),
    ("itertools", "tests: criterion has the one before that of prost-derive"),
    ("r-efi", "that of each getrandom, for UEFI alone"),
    ("rand", "tests: opentelemetry_sdk has the one before that of proptest"),
    ("rand_core", "that of each rand"),
    ("syn", "derives are moving from 2 to 3; macros only, nothing of it is in what is released"),
    ("windows-sys", "ring has the one before, on Windows alone"),
    ("windows-link", "tests: loom has two, of windows-core and windows-sys, on Windows alone"),
    ("winnow", "tests: toml of cbindgen has the one before that of its own parser"),
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A crate that something of the workspace depends on, on any platform, with any feature.
struct Dependency {
    name: String,
    version: String,
    licence: Option<String>,
    source: String,
}

static DEPENDENCIES: LazyLock<Vec<Dependency>> = LazyLock::new(|| {
    // Those of other platforms may not be on this machine yet: only then is the registry asked.
    let metadata = metadata(&["--offline"]).or_else(|| metadata(&[])).expect("cargo metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
    let others = packages.iter().filter_map(|package| {
        Some(Dependency {
            name: text(package, "name")?,
            version: text(package, "version")?,
            licence: text(package, "license"),
            // Crates of the workspace have none.
            source: text(package, "source")?,
        })
    });
    others.collect()
});

fn metadata(more: &[&str]) -> Option<Value> {
    let arguments = ["metadata", "--locked", "--all-features", "--format-version", "1"];
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo).args(arguments).args(more).output().expect("cargo");
    output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Whether an expression of SPDX, or one of old with a slash, can be met by licences that `is_allowed`.
fn is_met(expression: &str, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, is_allowed);
    assert!(words.next().is_none(), "{expression} is not understood");
    met
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = all(words, is_allowed);
    while words.next_if_eq(&"OR").is_some() {
        // Read on in any case, so that all words are used up.
        met |= all(words, is_allowed);
    }
    met
}

fn all(words: &mut Words<'_>, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = one(words, is_allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, is_allowed);
    }
    met
}

fn one(words: &mut Words<'_>, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let word = words.next().expect("a licence");
    if word == "(" {
        let met = any(words, is_allowed);
        assert_eq!(words.next(), Some(")"));
        return met;
    }
    // An exception allows more than the licence does.
    if words.next_if_eq(&"WITH").is_some() {
        words.next().expect("an exception");
    }
    is_allowed(word)
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    assert!(DEPENDENCIES.len() > 100, "the dependencies were not found");
    for Dependency { name, licence, .. } in DEPENDENCIES.iter() {
        let licence = licence.as_deref().unwrap_or_else(|| panic!("{name} names no licence"));
        let is_named =
            |one: &str| OTHER_LICENCES.iter().any(|(other, its, _)| other == name && *its == one);
        let is_allowed = |one: &str| LICENCES.contains(&one) || is_named(one);
        assert!(is_met(licence, &is_allowed), "{name} is under {licence}");
    }
    for (name, licence, _) in OTHER_LICENCES {
        let is_it =
            |one: &&Dependency| one.name == *name && one.licence.as_deref() == Some(licence);
        assert!(DEPENDENCIES.iter().find(is_it).is_some(), "{name} is under {licence} no longer");
    }
}

#[test]
fn expressions_of_licences() {
    let is_allowed = |one: &str| ["A", "B"].contains(&one);
    for (expression, met) in [
        ("A", true),
        ("C", false),
        ("A OR C", true),
        ("C/B", true),
        ("A AND C", false),
        ("A AND (C OR B)", true),
        ("(C OR D) AND A", false),
        ("C OR A AND B", true),
        ("A WITH exception", true),
        ("C WITH A", false),
    ] {
        assert_eq!(is_met(expression, &is_allowed), met, "{expression}");
    }
}

#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Dependency { name, version, .. } in DEPENDENCIES.iter() {
        versions.entry(name).or_default().insert(version);
    }
    let twice: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
    for (name, versions) in &twice {
        assert!(TWICE.iter().any(|(known, _)| known == *name), "{name}: {versions:?}");
    }
    for (name, _) in TWICE {
        assert!(
            twice.iter().any(|(known, _)| *known == name),
            "{name} is there once: strike it out"
        );
    }
}

#[test]
fn all_come_from_crates_io() {
    for Dependency { name, source, .. } in DEPENDENCIES.iter() {
        assert_eq!(source, CRATES_IO, "{name}");
    }
}
