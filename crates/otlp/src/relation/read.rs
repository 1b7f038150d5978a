//! Reads the values of a column from messages whose fields were found.

use super::attributes;
use super::elements::Repeated;
use super::op::{EnumNames, Members, Op};
use super::table::{Fields, Rows, Table};
use super::value_json;
use super::values::{Data, Entry, Nulls, Texts, Values};
use super::walk::Slot;
use crate::render::{number, text};
use crate::schema::{Field, Kind, Rule, WireType};
use crate::segment::valid_time;
use crate::trusted::{CheckedBytes, Trusted};
use crate::wire::unzigzag;

/// Appends what `ops` read from all messages of a table, those of each type by their own op.
pub(super) fn append_all(table: &Table, bytes: CheckedBytes<'_>, ops: &[Op], out: &mut Values) {
    table.runs(bytes, |variant, rows| match variant.and_then(|variant| ops.get(variant)) {
        Some(op) => append(op, rows, out),
        None => out.push_nulls(rows.len()),
    });
}

fn append(op: &Op, rows: Rows<'_>, out: &mut Values) {
    match *op {
        Op::Null => out.push_nulls(rows.len()),
        Op::Scalar { slot, kind, presence } => scalars(slot, kind, presence, rows, out),
        Op::Time(slot) => int64s(rows, out, |fields| time(fields, slot)),
        Op::Number { double, int } => doubles(rows, out, |fields| number(fields, double, int)),
        Op::Text(slot) => texts(rows, out, |fields, texts| string(fields, slot, texts)),
        Op::Id { slot, len } => texts(rows, out, |fields, texts| id(fields, slot, len, texts)),
        Op::ScalarText { slot, field } => {
            texts(rows, out, |fields, texts| scalar_text(fields, slot, field, texts));
        }
        Op::Hex(slot) => texts(rows, out, |fields, texts| hex(fields, slot, texts)),
        Op::EnumName { slot, names } => enum_names(slot, names, rows, out),
        Op::Object { slot, repeated } => {
            texts(rows, out, |fields, texts| object(fields, slot, repeated, texts));
        }
        Op::Attribute { slot, repeated, ref key } => texts(rows, out, |fields, texts| {
            let all = repeated.elements(fields.at(slot)?);
            let value = attributes::find(all, key.as_bytes())?;
            value_json::push_text(value, texts)
        }),
        Op::AnyJson(slot) => texts(rows, out, |fields, texts| {
            let value = fields.content(slot)?;
            texts.write(|out| value_json::json(value, 0, out)).map(drop)
        }),
        Op::AnyText(slot) => {
            texts(rows, out, |fields, texts| value_json::push_text(fields.content(slot)?, texts))
        }
        Op::Inner { slot, ref members } => inner(slot, members, rows, out),
        Op::Struct { slot, ref members } => structs(slot, members, rows, out),
        Op::Structs { slot, repeated, ref members } => lists(slot, repeated, members, rows, out),
        Op::Packed { slot, kind } => packed(slot, kind, rows, out),
        Op::Texts { slot, repeated } => text_lists(slot, repeated, rows, out),
    }
}

#[inline]
fn time(fields: Fields<'_>, slot: Slot) -> Option<i64> {
    valid_time(fields.fixed64(slot)?)
}

fn number(fields: Fields<'_>, double: Option<Slot>, int: Option<Slot>) -> Option<f64> {
    if let Some(bits) = double.and_then(|slot| fields.fixed64(slot)) {
        return Some(f64::from_bits(bits));
    }
    int.and_then(|slot| fields.fixed64(slot)).map(|bits| bits as i64 as f64)
}

fn scalars(slot: Slot, kind: Kind, presence: bool, rows: Rows<'_>, out: &mut Values) {
    // What has no presence is 0 where it is absent, as OTLP has it; what has is NULL.
    let absent = if presence { None } else { Some(0) };
    let bits = |fields: Fields<'_>| fields.bits(slot, kind).or(absent);
    let zigzag = matches!(kind, Kind::Sint32);
    let nulls = &mut out.nulls;
    match &mut out.data {
        Data::Boolean(values) => fill(rows, values, nulls, |fields| Some(bits(fields)? != 0)),
        Data::Int32(values) => fill(rows, values, nulls, |fields| {
            let bits = bits(fields)?;
            Some(if zigzag { unzigzag(bits) as i32 } else { bits as i32 })
        }),
        Data::UInt32(values) => fill(rows, values, nulls, |fields| Some(bits(fields)? as u32)),
        Data::Int64(values) => fill(rows, values, nulls, |fields| Some(bits(fields)? as i64)),
        Data::UInt64(values) => fill(rows, values, nulls, bits),
        Data::Double(values) => {
            fill(rows, values, nulls, |fields| bits(fields).map(f64::from_bits));
        }
        Data::Text(_) | Data::List(..) | Data::Struct(_) => out.push_nulls(rows.len()),
    }
}

fn int64s(rows: Rows<'_>, out: &mut Values, read: impl Fn(Fields<'_>) -> Option<i64>) {
    match &mut out.data {
        Data::Int64(values) => fill(rows, values, &mut out.nulls, read),
        _ => out.push_nulls(rows.len()),
    }
}

fn doubles(rows: Rows<'_>, out: &mut Values, read: impl Fn(Fields<'_>) -> Option<f64>) {
    match &mut out.data {
        Data::Double(values) => fill(rows, values, &mut out.nulls, read),
        _ => out.push_nulls(rows.len()),
    }
}

#[inline]
fn fill<T: Default>(
    rows: Rows<'_>,
    values: &mut Vec<T>,
    nulls: &mut Nulls,
    read: impl Fn(Fields<'_>) -> Option<T>,
) {
    for fields in rows.each() {
        let value = read(fields);
        if value.is_none() {
            nulls.set(values.len());
        }
        values.push(value.unwrap_or_default());
    }
}

/// Appends what `push` adds for each message; NULL where it adds nothing and says `None`.
#[inline]
fn texts(
    rows: Rows<'_>,
    out: &mut Values,
    mut push: impl FnMut(Fields<'_>, &mut Texts) -> Option<()>,
) {
    let Data::Text(texts) = &mut out.data else { return out.push_nulls(rows.len()) };
    for fields in rows.each() {
        if push(fields, texts).is_none() {
            out.nulls.set(texts.len());
            texts.push_entry(Entry::default());
        }
    }
}

#[inline]
fn string(fields: Fields<'_>, slot: Slot, texts: &mut Texts) -> Option<()> {
    let content = fields.content(slot)?;
    (!content.is_empty()).then(|| texts.push_place(content.start..content.end))
}

#[inline]
fn id(fields: Fields<'_>, slot: Slot, len: usize, texts: &mut Texts) -> Option<()> {
    let id = fields.content(slot)?.content();
    // OTLP calls such ids invalid, and to be treated as absent.
    if id.len() != len || id.iter().all(|&byte| byte == 0) {
        return None;
    }
    texts.write(|out| text::hex_digits(id, out)).map(drop)
}

#[inline]
fn scalar_text(
    fields: Fields<'_>,
    slot: Slot,
    field: &'static Field,
    texts: &mut Texts,
) -> Option<()> {
    let bits = fields.bits(slot, field.kind)?;
    if field.rule == Rule::Singular && number::is_zero(field.kind, bits) {
        return None;
    }
    texts.write(|out| number::integer(field.kind, bits, out)).map(drop)
}

#[inline]
fn hex(fields: Fields<'_>, slot: Slot, texts: &mut Texts) -> Option<()> {
    let bytes = fields.content(slot)?.content();
    if bytes.is_empty() {
        return None;
    }
    texts.write(|out| text::hex_digits(bytes, out)).map(drop)
}

fn object(fields: Fields<'_>, slot: Slot, repeated: Repeated, texts: &mut Texts) -> Option<()> {
    let written = texts.write(|out| match fields.at(slot) {
        Some(first) => attributes::object(repeated.elements(first), 0, out),
        None => out.extend_from_slice(b"{}"),
    });
    written.map(drop)
}

fn enum_names(slot: Slot, names: EnumNames, rows: Rows<'_>, out: &mut Values) {
    /// Numbers whose names are written but once.
    const REMEMBERED: usize = 32;
    // As the numbers of an enum are few, the text of each is written once for a run of rows, and its place repeated.
    let mut known = [None; REMEMBERED];
    texts(rows, out, |fields, texts| {
        let number = fields.bits(slot, Kind::Enum(&[])).unwrap_or(0) as i32;
        // Negative numbers and large ones are possible in an open enum, and written each time.
        let place = usize::try_from(number).ok().and_then(|at| known.get_mut(at));
        if let Some(&mut Some(entry)) = place {
            texts.push_entry(entry);
            return Some(());
        }
        let entry = texts.write(|out| enum_name(number, names, out))?;
        if let Some(place) = place {
            *place = Some(entry);
        }
        Some(())
    });
}

fn enum_name(number: i32, names: EnumNames, out: &mut Vec<u8>) {
    match names.get(number) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => number::signed(number.into(), out),
    }
}

/// Appends what stands in a message inside of each; one that is absent reads as an empty one.
fn inner(slot: Slot, members: &Members, rows: Rows<'_>, out: &mut Values) {
    let bytes = rows.bytes();
    let mut table = Table::new(members.walk.width());
    for fields in rows.each() {
        // Without the message its fields are at their defaults, so it is read as one without bytes.
        let message = fields.content(slot).unwrap_or(bytes.at(0..0));
        table.push(&members.walk, 0, message);
    }
    append_all(&table, bytes, &members.ops, out);
}

fn structs(slot: Slot, members: &Members, rows: Rows<'_>, out: &mut Values) {
    let (bytes, first) = (rows.bytes(), out.len());
    let mut table = Table::new(members.walk.width());
    for fields in rows.each() {
        match fields.content(slot) {
            Some(message) => table.push(&members.walk, 0, message),
            None => {
                out.nulls.set(first + table.len());
                table.push_absent();
            }
        }
    }
    append_members(&table, bytes, members, out);
}

fn lists(slot: Slot, repeated: Repeated, members: &Members, rows: Rows<'_>, out: &mut Values) {
    let bytes = rows.bytes();
    let count = rows.len();
    let Data::List(entries, elements) = &mut out.data else { return out.push_nulls(count) };
    let mut table = Table::new(members.walk.width());
    for fields in rows.each() {
        let start = table.len();
        if let Some(first) = fields.at(slot) {
            for message in repeated.elements(first) {
                table.push(&members.walk, 0, message);
            }
        }
        let len = (table.len() - start) as u64;
        // All elements of all rows are found first and read after that, so their columns are read by one loop each.
        entries.push(Entry { start: (elements.len() + start) as u64, len });
    }
    append_members(&table, bytes, members, elements);
}

/// Appends the members of structs, whose messages are in `table`.
fn append_members(table: &Table, bytes: CheckedBytes<'_>, members: &Members, out: &mut Values) {
    let Data::Struct(columns) = &mut out.data else { return out.push_nulls(table.len()) };
    for (op, column) in members.ops.iter().zip(columns) {
        append_all(table, bytes, std::slice::from_ref(op), column);
    }
}

fn text_lists(slot: Slot, repeated: Repeated, rows: Rows<'_>, out: &mut Values) {
    let Data::List(entries, elements) = &mut out.data else { return out.push_nulls(rows.len()) };
    let Data::Text(texts) = &mut elements.data else { return out.push_nulls(rows.len()) };
    for fields in rows.each() {
        let start = texts.len();
        if let Some(first) = fields.at(slot) {
            for text in repeated.elements(first) {
                texts.push_place(text.start..text.end);
            }
        }
        entries.push(Entry { start: start as u64, len: (texts.len() - start) as u64 });
    }
}

fn packed(slot: Slot, kind: Kind, rows: Rows<'_>, out: &mut Values) {
    let Data::List(entries, elements) = &mut out.data else { return out.push_nulls(rows.len()) };
    for fields in rows.each() {
        let start = elements.len();
        let list = fields.content(slot);
        match (&mut elements.data, list) {
            (_, None) => {}
            (Data::UInt64(values), Some(list)) => numbers(kind, list, values, |bits| bits),
            (Data::Double(values), Some(list)) => numbers(kind, list, values, f64::from_bits),
            _ => {}
        }
        entries.push(Entry { start: start as u64, len: (elements.len() - start) as u64 });
    }
}

fn numbers<T>(kind: Kind, mut list: Trusted<'_>, values: &mut Vec<T>, of_bits: impl Fn(u64) -> T) {
    if kind.wire_type() == WireType::Fixed64 {
        // Bytes beyond the last whole number were refused when the message was checked.
        let (chunks, _) = list.content().as_chunks();
        return values.extend(chunks.iter().map(|chunk| of_bits(u64::from_le_bytes(*chunk))));
    }
    while !list.is_empty() {
        let Some(bits) = list.varint() else { break };
        values.push(of_bits(bits));
    }
}
