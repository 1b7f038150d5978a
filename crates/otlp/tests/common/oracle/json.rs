//! What must hold of any bytes that are given as an OTLP/JSON record.

use duckspan_otlp::error::Error;
use duckspan_otlp::json::{Outcome, Projection, Transcoder};
use duckspan_otlp::kept::{Kept, RowForm};
use duckspan_otlp::verify::{Form, verify};
use duckspan_otlp::{Signal, SignalSet};

use super::protobuf::{check_round_trip, normalized, segment, segment_of};
use crate::common::rows::rows;

const NOTHING: Projection = Projection { resource: false, scope: false, row: 0, metric: 0 };

/// Checks `bytes` as a record.
pub fn check(bytes: &[u8]) {
    let mut transcoder = Transcoder::new();
    let outcome = transcoder.read(bytes, SignalSet::ALL, Projection::ALL);
    check_grammar(bytes, &outcome);
    let requests = requests(&transcoder);
    match &outcome {
        Err(error) => {
            assert!(error.offset() <= bytes.len(), "{error}");
            assert!(requests.iter().all(Option::is_none), "a malformed record has a request");
        }
        Ok(outcome) => {
            for signal in Signal::ALL {
                let request = &requests[signal as usize];
                assert_eq!(request.is_some(), outcome.found.contains(signal));
                if let Some((bytes, form)) = request {
                    check_request(signal, bytes, *form);
                }
            }
            check_parts(bytes, &mut transcoder, outcome);
        }
    }
    check_habits(bytes, &mut transcoder, &outcome, &requests_of(bytes));
    check_projection(bytes, &outcome, &requests_of(bytes));
    check_text(bytes, &outcome, &requests_of(bytes));
}

type Requests = [Option<(Vec<u8>, Form)>; 3];

fn requests(transcoder: &Transcoder) -> Requests {
    Signal::ALL.map(|signal| {
        transcoder.request(signal).map(|request| (request.bytes().to_vec(), request.form()))
    })
}

fn requests_of(bytes: &[u8]) -> Requests {
    let mut transcoder = Transcoder::new();
    let _ = transcoder.read(bytes, SignalSet::ALL, Projection::ALL);
    requests(&transcoder)
}

/// Compares with serde_json what is JSON, where our limits and its are no matter.
fn check_grammar(bytes: &[u8], outcome: &Result<Outcome, Error>) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if text.contains('\u{feff}') {
        return;
    }
    let values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut only_objects = true;
    let mut start = 0;
    let mut valid = true;
    let mut values = values;
    while let Some(value) = values.next() {
        only_objects &= text[start..].trim_ascii_start().starts_with('{');
        valid &= value.is_ok();
        start = values.byte_offset();
    }
    match outcome {
        Ok(_) if only_objects => assert!(valid, "accepted, but no JSON: {text}"),
        Ok(_) => {}
        Err(error) => {
            let limited = error.reason().contains("too deep");
            assert!(!valid || limited, "JSON, but refused: {error} in {text}");
        }
    }
}

fn check_request(signal: Signal, bytes: &[u8], form: Form) {
    let verified = verify(signal.data(), bytes).expect("the transcoder writes protobuf");
    if form == Form::Canonical {
        assert_eq!(verified.form(), Form::Canonical, "the transcoder writes what it says");
    }
    let (normal, repairs) = normalized(signal.data(), bytes);
    assert!(repairs.is_empty(), "the transcoder writes UTF-8");
    let (segment, _) = segment_of(signal, &verified);
    let found = rows(&segment);
    assert_eq!(rows(&super::protobuf::segment(signal, &normal).0), found);
    check_round_trip(signal, &found);
}

/// Each signal by itself is read as all together.
fn check_parts(bytes: &[u8], transcoder: &mut Transcoder, all: &Outcome) {
    let requests = requests(transcoder);
    for signal in Signal::ALL {
        let outcome = transcoder
            .read(bytes, SignalSet::only(signal), Projection::ALL)
            .expect("a part of a record that is accepted");
        assert_eq!((outcome.found, &outcome.foreign), (all.found, &all.foreign));
        let request =
            transcoder.request(signal).map(|request| (request.bytes().to_vec(), request.form()));
        let equal = request.as_ref().map(|(bytes, _)| bytes)
            == requests[signal as usize].as_ref().map(|(bytes, _)| bytes);
        assert!(equal, "{} by itself differs", signal.name());
    }
}

/// What was read before makes no difference.
fn check_habits(
    bytes: &[u8],
    transcoder: &mut Transcoder,
    outcome: &Result<Outcome, Error>,
    fresh: &Requests,
) {
    let again = transcoder.read(bytes, SignalSet::ALL, Projection::ALL);
    assert_eq!(&again, outcome);
    assert!(&requests(transcoder) == fresh, "habits change what is read");
}

/// What is not wanted is checked, and rows are counted, all the same.
fn check_projection(bytes: &[u8], outcome: &Result<Outcome, Error>, all: &Requests) {
    let mut transcoder = Transcoder::new();
    match (transcoder.read(bytes, SignalSet::ALL, NOTHING), outcome) {
        (Ok(_), Ok(_)) => {}
        (Err(some), Err(all)) => return assert_eq!(&some, all, "another error"),
        (some, all) => panic!("{some:?} instead of {all:?}"),
    }
    for signal in Signal::ALL {
        let some = transcoder.request(signal).map(|request| segment_of(signal, &request).0.len());
        let all = all[signal as usize].as_ref();
        let all = all.map(|(bytes, _)| segment(signal, bytes).0.len());
        assert_eq!(some, all, "rows of {}", signal.name());
    }
}

/// Rows that are kept as the text they came as show nothing else.
fn check_text(bytes: &[u8], outcome: &Result<Outcome, Error>, all: &Requests) {
    let mut transcoder = Transcoder::new();
    let needed = Kept { rows: RowForm::Text, ..Kept::ALL };
    for _ in 0..2 {
        assert_eq!(&transcoder.read(bytes, SignalSet::ALL, needed), outcome);
        for signal in Signal::ALL {
            let kept =
                transcoder.request(signal).map(|request| rows(&segment_of(signal, &request).0));
            let read = all[signal as usize].as_ref();
            let read = read.map(|(bytes, _)| rows(&segment(signal, bytes).0));
            assert_eq!(kept, read, "{} kept as text", signal.name());
        }
    }
}
