//! What an `AnyValue` holds, of bytes that were checked: the one reader of it for columns and for rendering. The check
//! itself looks at each in `verify.rs`.

use crate::schema::role::tag;
use crate::trusted::Trusted;

/// A value, or what it is made of.
#[derive(Clone, Copy)]
pub(crate) enum AnyValue<'a> {
    Empty,
    String(Trusted<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(Trusted<'a>),
    Map(Trusted<'a>),
    Bytes(Trusted<'a>),
}

impl<'a> AnyValue<'a> {
    /// Reads a value.
    #[inline(always)]
    pub(crate) fn of(value: Trusted<'a>) -> AnyValue<'a> {
        // Most values are texts, and most others integers: only these are looked for where this is inlined.
        if let Some(string) = string(value) {
            return AnyValue::String(string);
        }
        let mut rest = value;
        match rest.next_is(tag::INT).then(|| rest.varint()).flatten() {
            Some(int) => AnyValue::Int(int as i64),
            None => other(value).unwrap_or(AnyValue::Empty),
        }
    }
}

/// The text of a value that begins with one; others may be text, too.
#[inline(always)]
pub(crate) fn string(value: Trusted<'_>) -> Option<Trusted<'_>> {
    match value.content() {
        // All of the value, and short: its lengths say so at once.
        [tag::STRING, len @ ..0x80, text @ ..] if text.len() == usize::from(*len) => {
            Some(value.at(value.start + 2..value.end))
        }
        _ => None,
    }
}

#[inline(never)]
fn other(mut value: Trusted<'_>) -> Option<AnyValue<'_>> {
    loop {
        let (number, wire_type) = value.tag()?;
        return Some(match u8::try_from(number << 3 | u32::from(wire_type)) {
            Ok(tag::STRING) => AnyValue::String(value.len()?),
            Ok(tag::BOOL) => AnyValue::Bool(value.varint()? != 0),
            Ok(tag::INT) => AnyValue::Int(value.varint()? as i64),
            Ok(tag::DOUBLE) => AnyValue::Double(f64::from_le_bytes(value.array()?)),
            Ok(tag::ARRAY) => AnyValue::Array(value.len()?),
            Ok(tag::MAP) => AnyValue::Map(value.len()?),
            Ok(tag::BYTES) => AnyValue::Bytes(value.len()?),
            // What nobody knows may stand before what it holds.
            _ => {
                value.skip(number, wire_type)?;
                continue;
            }
        });
    }
}
