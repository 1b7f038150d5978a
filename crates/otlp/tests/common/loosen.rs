//! Rewrites a message so that it means the same to every protobuf reader, but is not canonical.

use duckspan_otlp::schema::{Field, Kind, Message, Rule, WireType};
use duckspan_otlp::wire::{CheckingReader, Value, put_tag};

use super::numbers::Numbers;

/// A field as it is written, and what it must keep its order with.
struct Piece {
    group: u32,
    bytes: Vec<u8>,
}

/// All members of a oneof keep their order; no field has this number.
const ONEOF: u32 = 0;

/// A message with the same content as `bytes`, which is well formed: fields in another order, messages
/// and packed values in parts, scalars after others that they replace, numbers with padding,
/// unknown fields.
pub fn loosen(message: &'static Message, bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut pieces = Vec::new();
    let mut reader = CheckingReader::new(bytes);
    while !reader.is_empty() {
        let (number, wire_type) = reader.tag().expect("a tag");
        let value = reader.value(number, wire_type).expect("a value");
        if let Some(field) = message.field(number) {
            pieces.extend(write(field, value, numbers).into_iter().map(|bytes| Piece {
                group: if field.rule == Rule::Oneof { ONEOF } else { number },
                bytes,
            }));
        }
        if numbers.once_in(8) {
            pieces.push(unknown(numbers));
        }
    }
    shuffle(&mut pieces, numbers);
    pieces.into_iter().flat_map(|piece| piece.bytes).collect()
}

/// The field in one piece or several.
fn write(field: &Field, value: Value<'_>, numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let number = u32::from(field.number);
    match (value, field.kind) {
        (Value::Len(bytes, _), Kind::Message(message)) => {
            let bytes = loosen(message, bytes, numbers);
            let parts = match field.rule {
                Rule::Repeated => vec![bytes],
                _ => halves(&bytes, numbers),
            };
            parts.iter().map(|part| len_field(number, part, numbers)).collect()
        }
        (Value::Len(bytes, _), kind) if kind.wire_type() == WireType::Len => {
            let decoy = (field.rule != Rule::Repeated && numbers.once_in(4))
                .then(|| len_field(number, b"decoy", numbers));
            decoy.into_iter().chain([len_field(number, bytes, numbers)]).collect()
        }
        (Value::Len(bytes, _), kind) => unpack(number, kind, bytes, numbers),
        (value, kind) => {
            let decoy = numbers.once_in(4).then(|| scalar(number, kind, 1, numbers));
            decoy.into_iter().chain([scalar(number, kind, bits(value), numbers)]).collect()
        }
    }
}

/// A message in one part or in two.
fn halves(bytes: &[u8], numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let mut ends = vec![0];
    let mut reader = CheckingReader::new(bytes);
    while !reader.is_empty() {
        let (number, wire_type) = reader.tag().expect("a tag");
        reader.skip(number, wire_type).expect("a value");
        ends.push(reader.offset());
    }
    if numbers.once_in(2) {
        return vec![bytes.to_vec()];
    }
    let (first, second) = bytes.split_at(*numbers.pick(&ends));
    vec![first.to_vec(), second.to_vec()]
}

/// Packed values: each by itself, or in packs, some of them empty.
fn unpack(number: u32, kind: Kind, bytes: &[u8], numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    let mut reader = CheckingReader::new(bytes);
    while !reader.is_empty() {
        let value = reader.value(number, kind.wire_type() as u8);
        values.push(bits(value.expect("a packed value")));
    }
    let mut pieces = Vec::new();
    let mut rest = values.as_slice();
    while let Some(&first) = rest.first() {
        if numbers.once_in(2) {
            pieces.push(scalar(number, kind, first, numbers));
            rest = &rest[1..];
            continue;
        }
        let (pack, after) = rest.split_at(numbers.below(rest.len() + 1));
        let mut packed = Vec::new();
        for &value in pack {
            put_value(kind, value, numbers, &mut packed);
        }
        pieces.push(len_field(number, &packed, numbers));
        rest = after;
    }
    pieces
}

fn bits(value: Value<'_>) -> u64 {
    match value {
        Value::Varint(value) | Value::Fixed64(value) => value,
        Value::Fixed32(value) => value.into(),
        Value::Len(..) | Value::Group => panic!("no scalar"),
    }
}

fn scalar(number: u32, kind: Kind, value: u64, numbers: &mut Numbers) -> Vec<u8> {
    let mut out = Vec::new();
    put_padded(&mut out, u64::from(number << 3 | kind.wire_type() as u32), 5, numbers);
    put_value(kind, value, numbers, &mut out);
    out
}

/// A value, with bits that the kind has no room for.
fn put_value(kind: Kind, value: u64, numbers: &mut Numbers, out: &mut Vec<u8>) {
    match kind.wire_type() {
        WireType::Fixed64 => out.extend_from_slice(&value.to_le_bytes()),
        WireType::Fixed32 => out.extend_from_slice(&(value as u32).to_le_bytes()),
        WireType::Varint | WireType::Len => {
            let excess = if numbers.once_in(3) { numbers.next() << 32 } else { 0 };
            let value = match kind {
                Kind::Bool if value != 0 => value.max(excess),
                Kind::Uint32 | Kind::Sint32 | Kind::Enum(_) => value ^ excess,
                _ => value,
            };
            put_padded(out, value, 10, numbers);
        }
    }
}

fn len_field(number: u32, bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = Vec::new();
    put_padded(&mut out, u64::from(number << 3 | 2), 5, numbers);
    put_padded(&mut out, bytes.len() as u64, 10, numbers);
    out.extend_from_slice(bytes);
    out
}

/// Appends a varint, now and then with zeros behind it, in at most `room` bytes.
fn put_padded(out: &mut Vec<u8>, value: u64, room: usize, numbers: &mut Numbers) {
    let start = out.len();
    duckspan_otlp::wire::put_varint(out, value);
    let most = room - (out.len() - start);
    if most > 0 && numbers.once_in(8) {
        let zeros = 1 + numbers.below(most);
        *out.last_mut().expect("a byte") |= 0x80;
        out.resize(out.len() + zeros - 1, 0x80);
        out.push(0);
    }
}

fn unknown(numbers: &mut Numbers) -> Piece {
    let number = *numbers.pick(&[17, 100, 1001, 0x1fff_ffff]);
    let mut bytes = Vec::new();
    let wire_type = *numbers.pick(&[0, 1, 2, 3, 5]);
    put_tag(&mut bytes, number, wire_type);
    match wire_type {
        0 => put_padded(&mut bytes, numbers.next(), 10, numbers),
        1 => bytes.extend_from_slice(&[0xff; 8]),
        2 => bytes.extend_from_slice(b"\x03\xff\x00\x12"),
        3 => {
            bytes.extend_from_slice(b"\x0a\x01x");
            put_tag(&mut bytes, number, 4);
        }
        _ => bytes.extend_from_slice(&[0xff; 4]),
    }
    Piece { group: number, bytes }
}

/// Changes the order of pieces of different groups.
fn shuffle(pieces: &mut [Piece], numbers: &mut Numbers) {
    if numbers.once_in(2) {
        return;
    }
    for _ in 0..3 {
        for at in 1..pieces.len() {
            if pieces[at - 1].group != pieces[at].group && numbers.once_in(2) {
                pieces.swap(at - 1, at);
            }
        }
    }
}
