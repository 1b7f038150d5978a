use super::*;
use crate::normalize::normalize;
use crate::repair::Repairs;
use crate::schema::{LOGS_DATA, METRICS_DATA, TRACES_DATA};
use crate::verify::{Form, verify};
use crate::wire::sample::{attribute, double, fixed64, text, varint};

/// The canonical form of a request whose only scope has these contents; each level is grown by as much as
/// was said at most.
fn canonical(message: &'static Message, scope: &[u8]) -> Vec<u8> {
    of_request(message, &text(1, text(2, scope)))
}

fn of_request(message: &'static Message, request: &[u8]) -> Vec<u8> {
    let verified = verify(message, request).expect("a message");
    assert_eq!(verified.form(), Form::Loose);
    let (mut modern, mut out, mut repairs) = (Vec::new(), Vec::new(), Repairs::default());
    modernize(message, request, &mut modern);
    assert!(modern.len() <= request.len() + growth(message, request));
    normalize(&verified, &mut out, &mut repairs);
    assert!(out.len() + modern.len() <= request.len() + verified.growth());
    assert_eq!(verify(message, &out).map(|found| found.form()), Ok(Form::Canonical));
    out
}

fn scope(content: impl AsRef<[u8]>) -> Vec<u8> {
    text(1, text(2, content.as_ref()))
}

fn label(number: u32, key: &str, value: &str) -> Vec<u8> {
    text(number, [text(1, key), text(2, value)].concat())
}

fn labelled(number: u32, key: &str, value: &str) -> Vec<u8> {
    attribute(number, key, &text(1, value))
}

#[test]
fn integers_have_points_of_today() {
    let point = |value: Vec<u8>| text(1, [label(1, "k", "v"), fixed64(3, 5), value].concat());
    let modern =
        |value: u64| text(1, [fixed64(3, 5), fixed64(6, value), labelled(7, "k", "v")].concat());
    for (old, new) in [(4, 5), (6, 7)] {
        for (value, expected) in [(fixed64(4, u64::MAX), u64::MAX), (vec![], 0)] {
            let metric = [text(1, "m"), text(old, point(value))].concat();
            let expected = text(2, [text(1, "m"), text(new, modern(expected))].concat());
            assert_eq!(canonical(&METRICS_DATA, &text(2, metric)), scope(expected));
        }
    }
    let exemplar = [label(1, "k", "v"), fixed64(3, 7)].concat();
    let sum = (-3_i64) as u64;
    for (old, new) in [(fixed64(5, sum), -3.0), (vec![], 0.0)] {
        let point = [label(1, "a", ""), old, text(8, &exemplar)].concat();
        let metric = text(8, [text(1, point), varint(2, 2)].concat());
        let exemplar = [fixed64(6, 7), labelled(7, "k", "v")].concat();
        let point = [double(5, new), text(8, exemplar), labelled(9, "a", "")].concat();
        let expected = text(9, [text(1, point), varint(2, 2)].concat());
        assert_eq!(canonical(&METRICS_DATA, &text(2, metric)), scope(text(2, expected)));
    }
}

/// A sender that writes labels has no other way to say 0.
#[test]
fn values_beside_labels() {
    let gauge = |point: &[Vec<u8>]| text(2, text(5, text(1, point.concat())));
    let (old, new) = (label(1, "k", "v"), labelled(7, "k", "v"));
    for (value, expected) in [
        (vec![], vec![double(4, 0.0)]),
        (double(4, 2.0), vec![double(4, 2.0)]),
        (fixed64(6, 2), vec![fixed64(6, 2)]),
    ] {
        let found = canonical(&METRICS_DATA, &gauge(&[old.clone(), value]));
        let expected = [expected, vec![new.clone()]].concat();
        assert_eq!(found, scope(gauge(&expected)));
    }
    // A point without a value says so in its flags.
    let found = canonical(&METRICS_DATA, &gauge(&[old.clone(), varint(8, 1)]));
    assert_eq!(found, scope(gauge(&[new.clone(), varint(8, 1)])));
    let histogram = |point: &[Vec<u8>]| text(2, text(9, text(1, point.concat())));
    let found = canonical(&METRICS_DATA, &histogram(std::slice::from_ref(&old)));
    assert_eq!(found, scope(histogram(&[double(5, 0.0), labelled(9, "k", "v")])));
    let summary = |point: &[Vec<u8>]| text(2, text(11, text(1, point.concat())));
    let found = canonical(&METRICS_DATA, &summary(&[old]));
    assert_eq!(found, scope(summary(&[new])));
}

/// What is written in today's way counts, wherever it stands.
#[test]
fn today_comes_first() {
    let (old, new) = (label(1, "k", "old"), labelled(7, "k", "new"));
    let gauge = |point: Vec<u8>| text(2, text(5, text(1, point)));
    for point in [[old.clone(), new.clone()], [new.clone(), old]] {
        assert_eq!(canonical(&METRICS_DATA, &gauge(point.concat())), scope(gauge(new.clone())));
    }
    let span = |status: Vec<u8>| text(2, text(15, status));
    for (status, code) in [
        ([varint(1, 5), vec![]], 2),
        ([varint(1, 5), varint(3, 1)], 1),
        ([varint(3, 1), varint(1, 5)], 1),
        ([varint(1, 5), varint(3, 0)], 2),
        ([varint(3, 0), varint(1, 5)], 2),
    ] {
        let expected = span(varint(3, code));
        assert_eq!(canonical(&TRACES_DATA, &span(status.concat())), scope(expected));
    }
    let log = |fields: &[Vec<u8>]| text(2, fields.concat());
    let found = canonical(&LOGS_DATA, &log(&[text(12, "event"), text(4, "name")]));
    assert_eq!(found, scope(log(&[text(12, "event")])));
    // An empty message is there, unlike a scalar at its default.
    let found = canonical(&LOGS_DATA, &log(&[varint(2, 9), text(4, "name"), text(5, "")]));
    assert_eq!(found, scope(log(&[varint(2, 9), text(5, ""), text(12, "name")])));

    let [old, new] = ["old", "new"].map(|name| text(2, text(5, name)));
    let spans = |number, scope: &Vec<u8>| text(number, scope);
    let both = text(1, [spans(1000, &old), spans(2, &new), spans(1000, &old)].concat());
    assert_eq!(of_request(&TRACES_DATA, &both), text(1, spans(2, &new)));
    let alone = text(1, [spans(1000, &old), spans(1000, &new)].concat());
    assert_eq!(
        of_request(&TRACES_DATA, &alone),
        text(1, [spans(2, &old), spans(2, &new)].concat())
    );
}

/// What is in fields of old is checked as anything else is.
#[test]
fn faults_are_found() {
    let point = |point: &[u8]| text(1, text(2, text(2, text(4, text(1, point)))));
    let cut = text(1, b"\x0a\x05k");
    for bad in [&b"\x0a"[..], &cut, b"\x11\0", &text(1, b"\x08\x01")] {
        assert!(verify(&METRICS_DATA, &point(bad)).is_err(), "{bad:?}");
    }
    // A field of old is one only with the type of old.
    assert_eq!(
        verify(&METRICS_DATA, &point(&varint(4, 1))).map(|found| found.form()),
        Ok(Form::Loose)
    );
    let unknown = text(1, text(2, text(2, varint(4, 1))));
    assert_eq!(verify(&METRICS_DATA, &unknown).map(|found| found.form()), Ok(Form::Canonical));
    let (mut out, mut repairs) = (Vec::new(), Repairs::default());
    let bad = point(&text(1, text(2, b"\xff")));
    normalize(&verify(&METRICS_DATA, &bad).expect("a metric"), &mut out, &mut repairs);
    assert_eq!(repairs.total(), 1);
    let value = text(2, text(1, "\u{fffd}"));
    let expected = [fixed64(6, 0), text(7, value)].concat();
    assert_eq!(out, scope(text(2, text(5, text(1, expected)))));
}
