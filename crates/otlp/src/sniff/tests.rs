//! Tests.

use super::{Format, Sniffed, sniff};
use crate::signal::Signal;
use crate::split::Framing;
use crate::split::sample::{big_endian, protobuf, varint};

fn framed(framing: Framing, records: &[Vec<u8>]) -> Vec<u8> {
    match framing {
        Framing::LengthPrefixed => big_endian(records),
        Framing::Varint => varint(records),
        _ => records.concat(),
    }
}

/// Lengths near the start of a file may be the bytes of `{`, of a newline, of anything.
#[test]
fn lengths_that_look_like_something_else() {
    for framing in [Framing::Bare, Framing::LengthPrefixed, Framing::Varint] {
        for signal in Signal::ALL {
            for size in 0..300 {
                for count in [1, 2] {
                    let file = framed(framing, &vec![protobuf(signal, size); count]);
                    let head = &file[..file.len().min(12)];
                    for format in [None, Some(Format::Protobuf)] {
                        let found = sniff(&file, true, format);
                        assert_eq!(found, Sniffed::Framing(framing), "{signal:?} {size} {head:x?}");
                    }
                }
            }
        }
    }
}
