//! The program says how it is used. With this test, cargo builds it beside all others.

use std::process::Command;

#[test]
fn without_arguments_it_says_what_it_takes() {
    let said = Command::new(env!("CARGO_BIN_EXE_duckspan-test-sender")).output().expect("it runs");
    assert!(!said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stderr), "usage: PROTOCOL ENDPOINT...\n");
}
