//! Streams that are cut, damaged, of another kind, or demand too much.

use zstd::stream::raw::CParameter;

use super::super::{
    Compression, Decoder, DecompressError, FILE_WINDOW_LOG, REQUEST_WINDOW_LOG, decompress,
};
use super::{BOTH, assert_expands, assert_fails, compressed, expand, frame, push, text};
use crate::error::Error;

#[test]
fn garbage_after_the_end_is_a_fault() {
    for compression in BOTH {
        let stream = compressed(compression, b"content");
        for garbage in [&b"x"[..], b"hello", b"\xff\xff\xff\xff", b"{\"resourceSpans\":[]}"] {
            let stream = [&*stream, garbage].concat();
            let fault = assert_fails(compression, &stream, "follow its end");
            assert_eq!(fault.offset(), stream.len() - garbage.len());
            assert!(!fault.is_truncated());
            assert_eq!(expand(compression, &stream).0, b"content", "what precedes it is there");
        }
    }
    // These begin like another part.
    let gzip = compressed(Compression::Gzip, b"content");
    assert_fails(Compression::Gzip, &[&*gzip, b"\x1fgarbage"].concat(), "corrupt gzip stream");
    let zstd = compressed(Compression::Zstd, b"content");
    assert_fails(
        Compression::Zstd,
        &[&*zstd, b"(garbage and more"].concat(),
        "corrupt zstd stream",
    );
}

#[test]
fn other_bytes_are_a_fault_at_once() {
    for (compression, other) in [(Compression::Gzip, "zstd"), (Compression::Zstd, "gzip")] {
        for stream in [&b"hello"[..], b"{}", b"\0", b"\x0a\0"] {
            assert_eq!(assert_fails(compression, stream, "bytes that are not").offset(), 0);
        }
        let other = compressed(Compression::from_name(other).expect("a name"), &text(300));
        assert_eq!(assert_fails(compression, &other, "bytes that are not").offset(), 0);
    }
    assert_expands(Compression::None, b"hello", b"hello");
}

/// Row 39: a stream that is cut gives what it can, and says so; between two parts it cannot be told.
#[test]
fn streams_may_be_cut_anywhere() {
    for compression in BOTH {
        let parts = [compressed(compression, &text(300)), compressed(compression, b"more")];
        let stream = parts.concat();
        let content = [text(300), b"more".to_vec()].concat();
        for end in 0..stream.len() {
            let (out, fault) = push(compression, &stream[..end], 5, 50);
            assert!(content.starts_with(&out), "{end}");
            if end == 0 || end == parts[0].len() {
                assert_eq!(fault, None, "{end}");
                continue;
            }
            let fault = fault.expect("a fault");
            assert!(fault.is_truncated(), "{end}: {fault}");
            assert_eq!(fault.offset(), end);
            let expected =
                Error::truncated(format!("{} stream ends early", compression.name()), end);
            assert_eq!(fault, expected);
            assert_eq!(
                decompress(compression, &stream[..end], 1_000),
                Err(DecompressError::Corrupt(fault))
            );
        }
    }
}

/// No damage of one bit stays unseen where there is a checksum, and none does worse than a fault.
#[test]
fn damage_of_one_bit() {
    let content = text(200);
    let streams = [
        (Compression::Gzip, compressed(Compression::Gzip, &content)),
        (Compression::Zstd, frame(&[CParameter::ChecksumFlag(true)], &content)),
        (Compression::Zstd, compressed(Compression::Zstd, &content)),
    ];
    for (index, (compression, stream)) in streams.iter().enumerate() {
        for bit in 0..8 * stream.len() {
            let mut damaged = stream.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let (out, fault) = push(*compression, &damaged, 9, 33);
            // Time, flags and system of a gzip header mean nothing.
            let header = index == 0 && (3..10).contains(&(bit / 8));
            let unseen = fault.is_none() && out != content;
            assert!(!unseen || index == 2 || header, "{compression:?}, bit {bit}");
        }
    }
}

/// Row 39.
#[test]
fn checksums_and_lengths_are_checked() {
    let stream = compressed(Compression::Gzip, &text(900));
    for from_end in 1..=8 {
        let mut damaged = stream.clone();
        let at = stream.len() - from_end;
        damaged[at] ^= 0x40;
        let fault = assert_fails(Compression::Gzip, &damaged, "corrupt gzip stream: incorrect");
        assert!(!fault.is_truncated());
        assert!(expand(Compression::Gzip, &damaged).0 == text(900), "what precedes it is there");
    }
    let mut damaged = frame(&[CParameter::ChecksumFlag(true)], &text(900));
    *damaged.last_mut().expect("a byte") ^= 1;
    assert_fails(Compression::Zstd, &damaged, "corrupt zstd stream");
}

/// Row 38: a window is memory too.
#[test]
fn windows_are_limited() {
    let content = text(100);
    for log in
        [10, REQUEST_WINDOW_LOG, REQUEST_WINDOW_LOG + 1, FILE_WINDOW_LOG, FILE_WINDOW_LOG + 1]
    {
        let stream = frame(&[CParameter::WindowLog(log)], &content);
        for limit in [REQUEST_WINDOW_LOG, FILE_WINDOW_LOG] {
            let mut decoder = Decoder::new(Compression::Zstd, limit).expect("there is memory");
            let mut out = Vec::new();
            let result = decoder.decode_whole(&stream, 1_000, &mut out);
            assert_eq!(result.is_ok(), log <= limit, "window 2^{log}, limit 2^{limit}: {result:?}");
        }
    }
}

#[test]
fn frames_that_need_a_dictionary_are_a_fault() {
    let dictionary = text(2_000);
    let mut encoder = zstd::bulk::Compressor::with_dictionary(3, &dictionary).expect("an encoder");
    let mut stream = encoder.compress(&text(500)).expect("memory does not fail");
    // A raw dictionary has no number; this frame asks for number 9.
    stream[4] |= 1;
    stream.insert(5 + usize::from(stream[4] & 0x20 == 0), 9);
    assert_fails(Compression::Zstd, &stream, "corrupt zstd stream");
}

#[test]
fn errors_say_what_is_wrong() {
    let gzip = compressed(Compression::Gzip, b"content that is longer");
    let cut = gzip.len() - 9;
    let garbage = [&*gzip, b"garbage"].concat();
    for (stream, maximum, expected) in [
        (&*gzip, 10, "expands to more than 10 bytes".to_owned()),
        (&gzip[..cut], 100, format!("gzip stream ends early at byte {cut}")),
        (b"text", 100, "bytes that are not gzip at byte 0".to_owned()),
        (&*garbage, 100, format!("bytes that are not gzip follow its end at byte {}", gzip.len())),
    ] {
        let error = decompress(Compression::Gzip, stream, maximum).expect_err("a fault");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_stands_before_a_damaged_zstd_block_is_there() {
    // Two blocks of one byte, repeated, and a block of a kind that is none.
    let block = |kind: u32, bytes: u32| (bytes << 3 | kind << 1).to_le_bytes()[..3].to_vec();
    let stream = [
        b"\x28\xb5\x2f\xfd\x00\x38".to_vec(),
        [block(1, 1000), vec![b'a']].concat(),
        [block(1, 50_000), vec![b'b']].concat(),
        block(3, 5),
    ]
    .concat();
    let content = [vec![b'a'; 1000], vec![b'b'; 50_000]].concat();
    for room in [1, 100, 1000, 51_000, 100_000, 1 << 20] {
        for piece in [1, 5, 1000] {
            let (out, fault) = push(Compression::Zstd, &stream, piece, room);
            assert!(out == content, "{} bytes, {piece} by {piece}, room {room}", out.len());
            assert!(fault.is_some());
        }
    }
}
