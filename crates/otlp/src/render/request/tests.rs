use super::super::message;
use super::*;
use crate::corpus::files_and_ours;
use crate::file::{Batches, Options, Worker};
use crate::json::replay::{Replay, Row};
use crate::render;
use crate::verify::{Form, Verified};

/// The request as protobuf, rendered as any message is.
fn by_way_of_protobuf(segment: &Segment) -> String {
    let (mut request, mut text) = (Vec::new(), Vec::new());
    segment.put_request(0..segment.len(), &mut request);
    message(&Verified::written(segment.signal().data(), &request, Form::Canonical), &mut text);
    String::from_utf8(text).expect("JSON")
}

fn rendered(segment: &Segment) -> String {
    let mut text = Vec::new();
    request(segment, &mut text);
    String::from_utf8(text).expect("JSON")
}

/// The same rows again, whose text stays text where it is canonical.
fn as_text(segment: &Segment) -> Segment {
    let mut replay = Replay::to_render(segment.signal());
    for row in 0..segment.len() {
        let (mut resource, mut data) = (Vec::new(), Vec::new());
        let there = render::resource(segment, segment.resource_of(row), &mut resource);
        render::data(segment, row, &mut data);
        let [resource, data] = [resource, data].map(|text| String::from_utf8(text).expect("JSON"));
        let resource = there.then_some(resource.as_str());
        replay.push(Row { timestamp: None, resource, data: &data }).expect("a row");
    }
    replay.take().expect("good rows").expect("some")
}

#[test]
fn rows_are_rendered_as_their_request() {
    let mut segments = 0;
    let options = Options::default();
    for (name, bytes) in files_and_ours() {
        let mut batches = Batches::new(&bytes[..], &options, 1 << 20);
        while let Ok(Some(batch)) = batches.next_batch(|_| Ok(())) {
            for segment in Worker::new().decode(&batch, &options).segments {
                let expected = by_way_of_protobuf(&segment);
                assert!(rendered(&segment) == expected, "{name}");
                assert!(rendered(&as_text(&segment)) == expected, "{name}");
                segments += 1;
            }
        }
    }
    assert!(segments >= 7, "only {segments} segments");
}

#[test]
fn metrics_without_points_and_rows_without_anything() {
    let rows = [r#"{"name":"a"}"#, r#"{"name":"a"}"#, "{}", r#"{"name":"b","gauge":{}}"#];
    let point = |at| {
        format!(
            r#"{{"name":"c","sum":{{"dataPoints":[{{"timeUnixNano":"{at}"}}],"isMonotonic":true}}}}"#
        )
    };
    let points = [point(1), point(2)];
    for (signal, rows) in [
        (Signal::Metrics, [&rows[..], &[points[0].as_str(), points[1].as_str()]].concat()),
        (Signal::Traces, vec!["{}", "{}", r#"{"name":""}"#]),
        (Signal::Logs, vec!["{}"]),
    ] {
        for mut replay in [Replay::new(signal), Replay::to_render(signal)] {
            let mut expected = Replay::new(signal);
            for &data in &rows {
                let row = Row { timestamp: None, resource: None, data };
                replay.push(row).expect("a row");
                expected.push(row).expect("a row");
            }
            let [found, expected] =
                [replay, expected].map(|mut replay| replay.take().expect("good").expect("some"));
            assert_eq!(rendered(&found), by_way_of_protobuf(&expected));
        }
    }
}
