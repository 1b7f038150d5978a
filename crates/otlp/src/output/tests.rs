use super::*;
use crate::SegmentBuilder;
use crate::compression::{Decoder, FILE_WINDOW_LOG};
use crate::wire::sample::{fixed64, message, text};

fn segment(signal: Signal, names: &[&str]) -> Segment {
    let row = |name: &&str| match signal {
        Signal::Metrics => message(2, [text(1, name)]),
        _ => message(2, [text(5, name), fixed64(7, 7)]),
    };
    let rows: Vec<u8> = names.iter().flat_map(row).collect();
    let request = message(1, [text(2, rows)]);
    let mut builder = SegmentBuilder::new(signal);
    builder.push_protobuf(&request).expect("a request");
    builder.finish()
}

fn written(encoding: Encoding, compression: Compression, segments: &[Segment]) -> Vec<u8> {
    let mut output = Output::new(encoding, compression);
    let mut bytes = Vec::new();
    for segment in segments {
        let piece = Piece::new(segment, encoding, compression).expect("memory");
        assert_eq!(piece.rows(), segment.len());
        bytes.extend(output.add(piece).expect("one signal"));
    }
    bytes.extend(output.end().expect("memory"));
    bytes
}

fn expanded(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = Decoder::new(Compression::detect(bytes), FILE_WINDOW_LOG).expect("memory");
    let (mut out, mut taken) = (vec![0; 1 << 16], 0);
    let mut filled = 0;
    while taken < bytes.len() {
        let done = decoder.decode(&bytes[taken..], &mut out[filled..]).expect("sound");
        taken += done.read;
        filled += done.written;
    }
    out.truncate(filled);
    out
}

const A: &str = r#"{"scopeSpans":[{"spans":[{"name":"a","startTimeUnixNano":"7"}]}]}"#;
const B: &str = r#"{"scopeSpans":[{"spans":[{"name":"b","startTimeUnixNano":"7"}]}]}"#;

#[test]
fn documents_and_lines() {
    let two = [segment(Signal::Traces, &["a"]), segment(Signal::Traces, &["b"])];
    let text = |encoding, segments: &[Segment]| {
        String::from_utf8(written(encoding, Compression::None, segments)).expect("UTF-8")
    };
    let line = |element: &str| format!("{{\"resourceSpans\":[{element}]}}\n");
    assert_eq!(text(Encoding::JsonLines, &two), [line(A), line(B)].concat());
    assert_eq!(text(Encoding::JsonLines, &[]), "");
    assert_eq!(text(Encoding::Json, &two), line(&[A, B].join(",")));
    assert_eq!(text(Encoding::Json, &[]), "{}\n");
}

#[test]
fn protobuf_with_and_without_lengths() {
    let two = [segment(Signal::Traces, &["a"]), segment(Signal::Traces, &["b"])];
    let mut requests = [Vec::new(), Vec::new()];
    for (segment, request) in two.iter().zip(&mut requests) {
        segment.put_request(0..1, request);
    }
    assert_eq!(written(Encoding::Protobuf, Compression::None, &two), requests.concat());
    let length = (requests[0].len() as u32).to_be_bytes();
    let framed = [&length[..], &requests[0], &length, &requests[1]].concat();
    assert_eq!(written(Encoding::LengthPrefixed, Compression::None, &two), framed);
}

#[test]
fn compressed_is_the_same() {
    let two = [segment(Signal::Traces, &["a"]), segment(Signal::Traces, &["b"])];
    for encoding in Encoding::ALL {
        let plain = written(encoding, Compression::None, &two);
        for compression in [Compression::Gzip, Compression::Zstd] {
            assert_eq!(expanded(&written(encoding, compression, &two)), plain, "{encoding:?}");
        }
    }
}

#[test]
fn some_files_have_one_signal() {
    let two = [segment(Signal::Traces, &["a"]), segment(Signal::Metrics, &["b"])];
    for encoding in Encoding::ALL {
        let mut output = Output::new(encoding, Compression::None);
        let mut add =
            |segment| output.add(Piece::new(segment, encoding, Compression::None).expect("memory"));
        add(&two[0]).expect("the first");
        let second = add(&two[1]);
        match encoding {
            Encoding::JsonLines | Encoding::LengthPrefixed => assert!(second.is_ok()),
            _ => assert!(matches!(
                second,
                Err(Refused::SecondSignal(Signal::Traces, Signal::Metrics))
            )),
        }
    }
}

#[test]
fn names_of_files_tell_their_encoding() {
    let of = Encoding::of_path;
    assert_eq!([of("a/x.jsonl"), of("x"), of("x.ndjson.gz")], [Encoding::JsonLines; 3]);
    assert_eq!([of("x.json"), of("s3://b/x.JSON.zst")], [Encoding::Json; 2]);
    assert_eq!([of("x.binpb"), of("x.pb.gz"), of("x.otlp")], [Encoding::Protobuf; 3]);
    for encoding in Encoding::ALL {
        assert_eq!(Encoding::from_name(&encoding.name().to_uppercase()), Some(encoding));
    }
}
