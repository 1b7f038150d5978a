//! Streams that are sound, cut, damaged, or larger than allowed, in pieces of every size.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression as Level, Crc};
use zstd::stream::raw::CParameter;

use super::{
    Compression, Decoder, DecompressError, FILE_WINDOW_LOG, REQUEST_WINDOW_LOG, decompress,
};
use crate::error::Error;

mod damage;

const BOTH: [Compression; 2] = [Compression::Gzip, Compression::Zstd];

/// Text of so many bytes that shrinks, but not to nothing.
fn text(len: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let word = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ["span ", "metric ", "log ", "resource ", "\n"][(*state >> 24) as usize % 5]
    };
    let mut text = String::new();
    while text.len() < len {
        text += word(&mut state);
    }
    text.truncate(len);
    text.into_bytes()
}

/// A gzip member or a zstd frame.
fn compressed(compression: Compression, content: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => content.to_vec(),
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Level::default());
            encoder.write_all(content).expect("memory does not fail");
            encoder.finish().expect("memory does not fail")
        }
        Compression::Zstd => zstd::encode_all(content, 3).expect("memory does not fail"),
    }
}

/// A gzip member with these header flags, and the fields they announce.
fn member(flags: u8, fields: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = [&[0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255], fields].concat();
    if flags & 2 != 0 {
        header.extend_from_slice(&crc32(&header).to_le_bytes()[..2]);
    }
    let mut deflate = DeflateEncoder::new(Vec::new(), Level::default());
    deflate.write_all(content).expect("memory does not fail");
    let body = deflate.finish().expect("memory does not fail");
    let trailer = [crc32(content).to_le_bytes(), (content.len() as u32).to_le_bytes()].concat();
    [header, body, trailer].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A zstd frame written as a stream with these parameters: it does not tell its length.
fn frame(parameters: &[CParameter], content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory does not fail");
    for &parameter in parameters {
        encoder.set_parameter(parameter).expect("a valid parameter");
    }
    encoder.write_all(content).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

fn skippable(number: u8, content: &[u8]) -> Vec<u8> {
    [&[0x50 | number, 0x2a, 0x4d, 0x18], &(content.len() as u32).to_le_bytes()[..], content]
        .concat()
}

/// What comes of a stream that is given and taken in pieces: the bytes before a fault, and the fault.
fn push(
    compression: Compression,
    stream: &[u8],
    give: usize,
    take: usize,
) -> (Vec<u8>, Option<Error>) {
    let mut decoder = Decoder::new(compression, FILE_WINDOW_LOG).expect("there is memory");
    let (mut out, mut room) = (Vec::new(), vec![0; take]);
    for piece in stream.chunks(give) {
        let mut rest = piece;
        loop {
            let step = match decoder.decode(rest, &mut room) {
                Ok(step) => step,
                Err(error) => {
                    assert_eq!(decoder.finish(), Err(error.clone()), "a fault is final");
                    assert_eq!(decoder.decode(b"more", &mut room), Err(error.clone()));
                    return (out, Some(error));
                }
            };
            rest = &rest[step.read..];
            out.extend_from_slice(&room[..step.written]);
            if step.written < room.len() {
                assert!(rest.is_empty() || step.read + step.written > 0, "the decoder is stuck");
                if rest.is_empty() {
                    break;
                }
            }
        }
    }
    (out, decoder.finish().err())
}

/// The same in pieces of many sizes, which make no difference.
fn expand(compression: Compression, stream: &[u8]) -> (Vec<u8>, Option<Error>) {
    let whole = push(compression, stream, stream.len().max(1), 1 << 20);
    for (give, take) in [(1, 1 << 20), (1, 1), (2, 3), (7, 64), (64, 7), (stream.len().max(1), 1)] {
        let (out, fault) = push(compression, stream, give, take);
        let (len, all) = (out.len(), whole.0.len());
        assert!(out == whole.0, "{len} bytes, not {all}, given {give} and taking {take} at a time");
        let known = |fault: &Error| match compression {
            Compression::Zstd => (fault.reason().to_owned(), 0),
            _ => (fault.reason().to_owned(), fault.offset()),
        };
        let (fault, expected) = (fault.as_ref().map(known), whole.1.as_ref().map(known));
        assert_eq!(fault, expected, "given {give} and taking {take} at a time");
    }
    whole
}

#[track_caller]
fn assert_expands(compression: Compression, stream: &[u8], content: &[u8]) {
    let (out, fault) = expand(compression, stream);
    assert_eq!(fault, None);
    assert!(out == content, "{} bytes, not {}", out.len(), content.len());
    assert_eq!(decompress(compression, stream, content.len()).as_deref(), Ok(content));
}

#[track_caller]
fn assert_fails(compression: Compression, stream: &[u8], reason: &str) -> Error {
    let (_, fault) = expand(compression, stream);
    let fault = fault.expect("a fault");
    assert!(fault.reason().contains(reason), "{fault}, not {reason}");
    let at_once = decompress(compression, stream, 1 << 20);
    assert_eq!(at_once, Err(DecompressError::Corrupt(fault.clone())));
    fault
}

#[test]
fn names() {
    for compression in Compression::ALL {
        assert_eq!(Compression::from_name(compression.name()), Some(compression));
        assert_eq!(Compression::from_name(&compression.name().to_uppercase()), Some(compression));
        let decoder = Decoder::new(compression, REQUEST_WINDOW_LOG).expect("there is memory");
        assert_eq!(decoder.compression(), compression);
    }
    for name in ["", "auto", "gz", "zst", "lz4"] {
        assert_eq!(Compression::from_name(name), None);
    }
}

#[test]
fn four_bytes_tell_the_compression() {
    for (head, compression) in [
        (&b"\x1f\x8b"[..], Compression::Gzip),
        (b"\x1f\x8b\x08\0", Compression::Gzip),
        (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        (b"\x50\x2a\x4d\x18", Compression::Zstd),
        (b"\x5f\x2a\x4d\x18", Compression::Zstd),
        (b"\x60\x2a\x4d\x18", Compression::None),
        (b"\x4f\x2a\x4d\x18", Compression::None),
        (b"\x28\xb5\x2f", Compression::None),
        (b"\x1f", Compression::None),
        (b"", Compression::None),
        (b"{\"", Compression::None),
        (b"\x0a\x1f\x8b", Compression::None),
    ] {
        assert_eq!(Compression::detect(head), compression, "{head:x?}");
    }
    for compression in BOTH {
        assert_eq!(Compression::detect(&compressed(compression, b"")[..4]), compression);
    }
}

#[test]
fn streams_of_many_sizes() {
    for compression in Compression::ALL {
        for len in [0, 1, 2, 1_000, 1_023, 1_024, 1_025, 40_000] {
            let content = text(len);
            assert_expands(compression, &compressed(compression, &content), &content);
        }
        assert_expands(compression, b"", b"");
    }
    // What does not shrink is stored in blocks as it is.
    let noise: Vec<u8> = (0..9_000_u32).map(|n| (n.wrapping_mul(n) >> 5) as u8).collect();
    for compression in BOTH {
        assert_expands(compression, &compressed(compression, &noise), &noise);
    }
}

/// G8, row 40.
#[test]
fn streams_of_many_parts() {
    let parts = [text(3_000), Vec::new(), text(1), text(700), Vec::new()];
    for compression in BOTH {
        let stream: Vec<u8> = parts.iter().flat_map(|part| compressed(compression, part)).collect();
        assert_expands(compression, &stream, &parts.concat());
        assert_expands(compression, &compressed(compression, b"").repeat(3), b"");
    }
    let parts = [
        skippable(0, b"abc"),
        compressed(Compression::Zstd, b"one "),
        skippable(15, b""),
        frame(&[CParameter::ChecksumFlag(true)], b"two "),
        skippable(7, &text(900)),
        compressed(Compression::Zstd, b"three"),
        skippable(1, b"\x28\xb5\x2f\xfd"),
    ];
    assert_expands(Compression::Zstd, &parts.concat(), b"one two three");
    assert_expands(Compression::Zstd, &skippable(3, b"nothing else"), b"");
}

#[test]
fn gzip_headers_may_have_any_field() {
    let content = text(500);
    for (flags, fields) in [
        (0, &b""[..]),
        (1, b""),
        (2, b""),
        (4, b"\x03\0abc"),
        (4, b"\0\0"),
        (8, b"traces.json\0"),
        (16, b"a comment\0"),
        (31, b"\x03\0abcname\0comment\0"),
        (30, b"\x01\0a\0\0"),
    ] {
        let stream = [member(flags, fields, &content), member(0, b"", b"more")].concat();
        assert_expands(Compression::Gzip, &stream, &[&*content, b"more"].concat());
    }
    assert_fails(Compression::Gzip, &member(0x20, b"", b"x"), "corrupt gzip stream");
    let mut wrong_method = member(0, b"", b"x");
    wrong_method[2] = 7;
    assert_fails(Compression::Gzip, &wrong_method, "corrupt gzip stream");
    let mut wrong_header_crc = member(2, b"", b"x");
    wrong_header_crc[10] ^= 1;
    assert_fails(Compression::Gzip, &wrong_header_crc, "corrupt gzip stream");
}

/// Zeros after the last member, or between two, fill up a block of a tape or a file system.
#[test]
fn gzip_may_be_padded_with_zeros() {
    let one = compressed(Compression::Gzip, b"one ");
    let two = compressed(Compression::Gzip, b"two");
    for zeros in [1, 2, 511, 70_000] {
        let zeros = vec![0; zeros];
        assert_expands(Compression::Gzip, &[&*one, &zeros].concat(), b"one ");
        assert_expands(Compression::Gzip, &[&*one, &zeros, &two, &zeros].concat(), b"one two");
    }
    assert_fails(Compression::Gzip, b"\0\0\0\0", "not gzip");
    assert_fails(Compression::Gzip, &[&b"\0"[..], &one].concat(), "not gzip");
    let zstd = compressed(Compression::Zstd, b"one");
    assert_fails(Compression::Zstd, &[&*zstd, &[0; 9]].concat(), "not zstd");
}

/// A2, row 38.
#[test]
fn the_limit_is_exact() {
    for compression in Compression::ALL {
        for len in [0, 1, 1_023, 1_024, 1_025, 5_000, 300_000] {
            let content = text(len);
            let stream = compressed(compression, &content);
            for maximum in [len, len + 1, usize::MAX] {
                assert!(decompress(compression, &stream, maximum).as_ref() == Ok(&content));
            }
            for maximum in
                [0, len / 2, len.saturating_sub(1)].into_iter().filter(|&most| most < len)
            {
                let result = decompress(compression, &stream, maximum);
                assert_eq!(result, Err(DecompressError::TooLarge { maximum }), "{len}");
            }
        }
    }
}

/// Row 38: a little that expands to very much is refused without being expanded.
#[test]
fn bombs_cost_no_more_than_the_limit() {
    let zeros = vec![0; 1 << 20];
    for compression in BOTH {
        let bomb = compressed(compression, &zeros).repeat(1_000);
        let mut decoder = Decoder::new(compression, REQUEST_WINDOW_LOG).expect("there is memory");
        let mut out = Vec::new();
        let result = decoder.decode_whole(&bomb, 100_000, &mut out);
        assert_eq!(result, Err(DecompressError::TooLarge { maximum: 100_000 }));
        assert!(out.capacity() <= 200_002, "{} bytes", out.capacity());
    }
}

/// A decoder and its output serve many streams, whatever became of the one before.
#[test]
fn decoders_are_used_again() {
    for compression in Compression::ALL {
        let mut decoder = Decoder::new(compression, REQUEST_WINDOW_LOG).expect("there is memory");
        let mut out = Vec::new();
        for (len, end) in [(5_000, 5), (3, 0), (0, 0), (9_000, 1), (700, 0), (70_000, 0)] {
            let content = text(len);
            let stream = compressed(compression, &content);
            let result = decoder.decode_whole(&stream[..stream.len() - end], 80_000, &mut out);
            let whole = end == 0 || compression == Compression::None;
            assert_eq!(result.is_ok(), whole, "{compression:?} {len}");
            assert!(!whole || out[..] == content[..content.len() - end.min(content.len())]);
            assert!(
                decoder.decode_whole(b"garbage", 80_000, &mut out).is_err()
                    || compression == Compression::None
            );
        }
    }
}
