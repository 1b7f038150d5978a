use super::*;
use crate::wire::sample::{all, message, text};

/// A group with two scopes, of which one is where older versions have it, of two elements each.
fn request(element: &[u8]) -> Vec<u8> {
    let scope = all([text(1, "scope"), text(2, element), text(2, element)]);
    message(1, [text(1, "resource"), text(2, &scope), text(1000, &scope)])
}

#[test]
fn groups_scopes_metrics_and_rows_are_counted() {
    let row = text(9, "an attribute");
    for signal in [Signal::Traces, Signal::Logs] {
        assert_eq!(entries(signal, &request(&row)), 1 + 2 + 4);
    }
    // Data of today, and of older versions, which has points too.
    for data in [5, 7, 9, 10, 11, 4, 6, 8] {
        let metric = all([text(1, "name"), message(data, [text(1, &row), text(1, &row)])]);
        assert_eq!(entries(Signal::Metrics, &request(&metric)), 1 + 2 + 4 * (1 + 1 + 2), "{data}");
    }
    let request = request(&row);
    assert_eq!(entries(Signal::Traces, &request[..request.len() - 1]), 0);
    assert_eq!(entries(Signal::Traces, &[&request, &request[..4]].concat()), 7);
}
