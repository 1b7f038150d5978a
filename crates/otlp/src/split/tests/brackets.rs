//! Where a value ends by its brackets: against a reading byte by byte.

use super::super::brackets::{Brackets, Scan};

/// The same, plainly. A backslash takes the meaning of a quote only.
fn plain(bytes: &[u8]) -> Scan {
    let (mut depth, mut in_string, mut escaped) = (0_u64, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        let quote = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        match byte {
            _ if quote => in_string = !in_string,
            b'\n' if in_string => return Scan::Broken(at),
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Scan::End(at + 1);
                }
            }
            _ => {}
        }
    }
    Scan::Open
}

fn in_pieces(bytes: &[u8], piece: usize) -> Scan {
    let mut brackets = Brackets::default();
    for (index, part) in bytes.chunks(piece).enumerate() {
        match brackets.scan(part) {
            Scan::End(at) => return Scan::End(index * piece + at),
            Scan::Broken(at) => return Scan::Broken(index * piece + at),
            Scan::Open => {}
        }
    }
    Scan::Open
}

fn check(bytes: &[u8]) {
    let expected = plain(bytes);
    for piece in [1, 3, 63, 64, 65, 128, bytes.len()] {
        let found = in_pieces(bytes, piece);
        assert_eq!(found, expected, "in pieces of {piece}: {}", bytes.escape_ascii());
    }
}

/// Each byte that matters at each place around the end of a block.
#[test]
fn bytes_that_matter_at_the_edges_of_blocks() {
    for at in 60..68 {
        for what in [
            &b"}"[..],
            b"]",
            b"\"",
            b"\\",
            b"\n",
            b"{",
            b"\"}\"",
            b"\\\"",
            b"\\\\\"",
            b"\\\\\\\"",
            b"\\\n",
        ] {
            for before in [&b"{"[..], b"{\"", b"{\"\\", b"[{\"a\":\""] {
                let mut bytes = before.to_vec();
                bytes.resize(at, b'x');
                bytes.extend_from_slice(what);
                bytes.resize(at + 70, b'x');
                check(&bytes);
                bytes.extend_from_slice(b"\"}]}");
                check(&bytes);
            }
        }
    }
}

/// Every text of a few of the bytes that matter, behind a filling that moves it over the edge.
#[test]
fn every_short_text() {
    const BYTES: &[u8] = b"{}\"\\\na";
    for filling in [0, 60] {
        for number in 0..BYTES.len().pow(4) {
            let mut bytes = vec![b'{'];
            bytes.resize(1 + filling, b'x');
            bytes.extend((0..4).map(|digit| BYTES[number / BYTES.len().pow(digit) % BYTES.len()]));
            let expected = plain(&bytes);
            assert_eq!(in_pieces(&bytes, bytes.len()), expected, "{}", bytes.escape_ascii());
            assert_eq!(in_pieces(&bytes, 3), expected, "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn deep_values() {
    for depth in [63, 64, 65, 1_000, 100_000] {
        let mut bytes = b"[".repeat(depth);
        assert_eq!(Brackets::default().scan(&bytes), Scan::Open);
        bytes.extend(b"]".repeat(depth));
        assert_eq!(Brackets::default().scan(&bytes), Scan::End(2 * depth));
        assert_eq!(Brackets::default().scan(&bytes[..2 * depth - 1]), Scan::Open);
    }
}
