use super::*;
use crate::body::Gather;
use crate::budget::{Budget, Charge};
use crate::refusal::Reason;
use std::io::Write as _;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Expands within a limit and a budget; everything is given back in the end.
fn expand(
    compression: Compression,
    bytes: &[u8],
    limit: usize,
    room: usize,
) -> Result<Vec<u8>, Reason> {
    let budget = Budget::new(room);
    let mut buffer = Buffer::new(Charge::new(&budget));
    buffer.reserve(bytes.len()).expect("room for what arrived");
    buffer.bytes.extend_from_slice(bytes);
    let expanded = match Payload::from(buffer).expand_short(compression, limit) {
        Ok(Short::Expanded(payload)) => Ok(payload),
        Ok(Short::Long(payload)) => payload.expand(compression, limit),
        Err(refusal) => Err(refusal),
    };
    let used = budget.used();
    let expanded = expanded.map(|payload| {
        assert_eq!(used, payload.bytes.charged());
        payload.bytes.to_vec()
    });
    assert_eq!(budget.used(), 0);
    expanded.map_err(|refusal| refusal.reason)
}

/// F7, F8: what expands is charged while it does, and what is left over is given back.
#[test]
fn expanding_is_bounded_and_charged() {
    let len = |len, limit, room| {
        expand(Compression::Gzip, &gzip(&vec![b'x'; len]), limit, room).map(|bytes| bytes.len())
    };
    assert_eq!(len(0, 10, 1 << 20), Ok(0));
    assert_eq!(len(1_000_000, 1_000_000, 2 << 20), Ok(1_000_000));
    assert_eq!(len(1_000_001, 1_000_000, 2 << 20), Err(Reason::TooLarge));
    assert_eq!(len(10_000_000, 1_000_000, 2 << 20), Err(Reason::TooLarge));
    assert_eq!(len(1_000_000, usize::MAX, 2 << 20), Ok(1_000_000));
    assert_eq!(len(1_000_000, usize::MAX, 500_000), Err(Reason::TooLarge));
}

/// A stream is expanded alike, however far the first guess of its size is off.
#[test]
fn every_size_is_met() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        for len in (0..22).map(|power| 1 << power).flat_map(|len| [len - 1, len, len + 1]) {
            let content = vec![b'x'; len];
            let bytes = match compression {
                Compression::Gzip => gzip(&content),
                _ => zstd::stream::encode_all(&*content, 1).expect("memory takes all"),
            };
            let expanded = |limit| expand(compression, &bytes, limit, 8 << 20);
            assert_eq!(expanded(len), Ok(content), "{compression:?} {len}");
            if len > 0 {
                assert_eq!(expanded(len - 1), Err(Reason::TooLarge), "{compression:?} {len}");
            }
        }
    }
}

/// The size that a gzip member states is a hint: whatever it says, the content is what it is.
#[test]
fn stated_sizes_are_not_believed() {
    let content: Vec<u8> = (0..50_000u32).flat_map(u32::to_le_bytes).collect();
    let bytes = gzip(&content);
    assert_eq!(expand(Compression::Gzip, &bytes, 1 << 20, 4 << 20), Ok(content.clone()));
    for stated in [0, 1, 100, u32::MAX] {
        let mut lying = bytes.clone();
        let at = lying.len() - 4;
        lying[at..].copy_from_slice(&stated.to_le_bytes());
        let expanded = expand(Compression::Gzip, &lying, 1 << 20, 8 << 20);
        assert_eq!(expanded, Err(Reason::Malformed), "{stated}");
    }
    let members = [bytes.clone(), gzip(b"and more")].concat();
    let expanded = expand(Compression::Gzip, &members, 1 << 20, 4 << 20);
    assert_eq!(expanded, Ok([content.as_slice(), b"and more"].concat()));
}

/// G2: a request is held compressed and expanded at a time. Where both never fit, it is not told to try
/// again; where only the guess of its size does not, it is taken.
#[test]
fn what_never_fits_is_told_from_what_is_guessed_too_large() {
    let mut state = 7_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let content: Vec<u8> = noise.take(2 * KEPT_ROOM).collect();
    for len in [300_000, KEPT_ROOM - 1, KEPT_ROOM, content.len()] {
        let content = &content[..len];
        let zstd = zstd::stream::encode_all(content, 1).expect("memory takes all");
        // Where it is not expanded elsewhere first, it takes one more byte to see the end, and zstd holds all of
        // it twice.
        let is_long = usize::from(len >= KEPT_ROOM);
        let cases = [
            (Compression::Gzip, gzip(content), is_long),
            (Compression::Zstd, zstd, is_long * (len + 2)),
        ];
        for (compression, bytes, more) in cases {
            let needed = bytes.len() + len + more;
            let expanded = |room| expand(compression, &bytes, 2 << 20, room);
            assert_eq!(expanded(needed - 1), Err(Reason::TooLarge), "{compression:?} {len}");
            assert!(expanded(needed).as_deref() == Ok(content), "{compression:?} {len}");
        }
    }
}

/// A decoder that met a fault is as good as new for the next request.
#[test]
fn decoders_are_used_again() {
    let good = [
        (Compression::Gzip, gzip(b"content")),
        (Compression::Zstd, zstd::stream::encode_all(&b"content"[..], 1).expect("memory")),
    ];
    for _ in 0..3 {
        for (compression, bytes) in &good {
            let cut = &bytes[..bytes.len() - 3];
            assert_eq!(expand(*compression, cut, 100, 1 << 20), Err(Reason::Malformed));
            assert_eq!(expand(*compression, b"garbage", 100, 1 << 20), Err(Reason::Malformed));
            let expanded = expand(*compression, bytes, 100, 1 << 20);
            assert_eq!(expanded.as_deref(), Ok(&b"content"[..]));
        }
    }
    assert_eq!(DECODERS.with_borrow(Vec::len), 2);
}

/// What is soon expanded and what is not is told by what it expands to, whatever it says of that.
#[test]
fn what_expands_to_much_is_long() {
    let is_long = |compression, bytes: &[u8], limit| {
        let mut gather = Gather::new(bytes.len(), Charge::new(&Budget::new(1 << 20)));
        gather.take(bytes.to_vec().into(), true).expect("room");
        match gather.finish().expand_short(compression, limit) {
            Ok(short) => Ok(matches!(short, Short::Long(_))),
            Err(refusal) => Err(refusal.reason),
        }
    };
    for (len, long) in [(KEPT_ROOM - 1, false), (KEPT_ROOM, true), (16 << 20, true)] {
        let content = vec![0; len];
        let zstd = zstd::stream::encode_all(&*content, 1).expect("memory takes all");
        let mut lying = gzip(&content);
        let at = lying.len() - 4;
        lying[at..].copy_from_slice(&[1, 0, 0, 0]);
        assert!(zstd.len() < 4096);
        assert_eq!(is_long(Compression::Zstd, &zstd, usize::MAX), Ok(long), "{len}");
        assert_eq!(is_long(Compression::Gzip, &gzip(&content), usize::MAX), Ok(long), "{len}");
        let lied = if long { Ok(true) } else { Err(Reason::Malformed) };
        assert_eq!(is_long(Compression::Gzip, &lying, usize::MAX), lied, "{len}");
        assert_eq!(is_long(Compression::Zstd, &zstd, 1000), Err(Reason::TooLarge), "{len}");
    }
}
