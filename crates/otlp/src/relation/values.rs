//! The values of a column, laid out as DuckDB's vectors are.

use std::ops::Range;

use super::Type;
use crate::segment::Segment;

/// The values of one column for some rows. Buffers are kept when it is cleared and filled again.
#[derive(Debug, Clone)]
pub struct Values {
    /// Which values are NULL.
    pub nulls: Nulls,
    /// The values; what stands for NULL is of no meaning.
    pub data: Data,
}

/// Values by their type.
#[derive(Debug, Clone)]
pub enum Data {
    /// BOOLEAN.
    Boolean(Vec<bool>),
    /// INTEGER.
    Int32(Vec<i32>),
    /// UINTEGER.
    UInt32(Vec<u32>),
    /// BIGINT, TIMESTAMP and TIMESTAMP_NS.
    Int64(Vec<i64>),
    /// UBIGINT.
    UInt64(Vec<u64>),
    /// DOUBLE.
    Double(Vec<f64>),
    /// VARCHAR and JSON.
    Text(Texts),
    /// LIST: where the elements of each lie in the values of all of them.
    List(Vec<Entry<u64>>, Box<Values>),
    /// STRUCT: a member each, as long as the struct itself, NULL where it is.
    Struct(Vec<Values>),
}

/// A run of elements or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct Entry<T> {
    /// The first.
    pub start: T,
    /// How many they are.
    pub len: T,
}

impl Values {
    /// No values of that type yet.
    pub fn new(kind: &Type) -> Values {
        let data = match kind {
            Type::Boolean => Data::Boolean(Vec::new()),
            Type::Int32 => Data::Int32(Vec::new()),
            Type::UInt32 => Data::UInt32(Vec::new()),
            Type::Int64 | Type::Timestamp | Type::TimestampNs => Data::Int64(Vec::new()),
            Type::UInt64 => Data::UInt64(Vec::new()),
            Type::Double => Data::Double(Vec::new()),
            Type::Varchar | Type::Json => Data::Text(Texts::default()),
            Type::List(element) => Data::List(Vec::new(), Box::new(Values::new(element))),
            Type::Struct(members) => {
                Data::Struct(members.iter().map(|member| Values::new(&member.kind)).collect())
            }
        };
        Values { nulls: Nulls::default(), data }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Boolean(values) => values.len(),
            Data::Int32(values) => values.len(),
            Data::UInt32(values) => values.len(),
            Data::Int64(values) => values.len(),
            Data::UInt64(values) => values.len(),
            Data::Double(values) => values.len(),
            Data::Text(texts) => texts.len(),
            Data::List(entries, _) => entries.len(),
            Data::Struct(members) => members.first().map_or(0, Values::len),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all values, but keeps the memory for others.
    pub fn clear(&mut self) {
        self.nulls.words.clear();
        match &mut self.data {
            Data::Boolean(values) => values.clear(),
            Data::Int32(values) => values.clear(),
            Data::UInt32(values) => values.clear(),
            Data::Int64(values) => values.clear(),
            Data::UInt64(values) => values.clear(),
            Data::Double(values) => values.clear(),
            Data::Text(texts) => texts.clear(),
            Data::List(entries, elements) => {
                entries.clear();
                elements.clear();
            }
            Data::Struct(members) => members.iter_mut().for_each(Values::clear),
        }
    }

    /// Adds `count` NULLs.
    pub(super) fn push_nulls(&mut self, count: usize) {
        let len = self.len();
        (len..len + count).for_each(|row| self.nulls.set(row));
        let end = len + count;
        match &mut self.data {
            Data::Boolean(values) => values.resize(end, false),
            Data::Int32(values) => values.resize(end, 0),
            Data::UInt32(values) => values.resize(end, 0),
            Data::Int64(values) => values.resize(end, 0),
            Data::UInt64(values) => values.resize(end, 0),
            Data::Double(values) => values.resize(end, 0.0),
            Data::Text(texts) => texts.entries.resize(end, Entry::default()),
            Data::List(entries, elements) => {
                entries.resize(end, Entry { start: elements.len() as u64, len: 0 });
            }
            Data::Struct(members) => {
                members.iter_mut().for_each(|member| member.push_nulls(count));
            }
        }
    }
}

/// Which of some values are NULL.
#[derive(Debug, Clone, Default)]
pub struct Nulls {
    words: Vec<u64>,
}

impl Nulls {
    /// 64 values a word, the first in the lowest bit; a bit is set where the value is **not** NULL. Words
    /// beyond the end are all ones.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether a value is NULL.
    #[inline]
    pub fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 0)
    }

    /// Makes a value NULL.
    #[inline]
    pub(super) fn set(&mut self, index: usize) {
        // Most columns have no NULL: no words are made until there is one.
        if self.words.len() <= index / 64 {
            // All ones: what comes between is not NULL.
            self.words.resize(index / 64 + 1, u64::MAX);
        }
        self.words[index / 64] &= !(1 << (index % 64));
    }
}

/// Texts: most lie where they are in the segment, the others in a buffer of their own.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    entries: Vec<Entry<u32>>,
    own: Vec<u8>,
    is_cut: bool,
}

/// Set in the start of texts in the own buffer; segments are not that long.
const OWN: u32 = 1 << 31;

impl Texts {
    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a text found no room, and stands as NULL.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// A text, in UTF-8; `segment` is the one that the values were read from.
    #[inline]
    pub fn get<'a>(&'a self, index: usize, segment: &'a Segment) -> &'a [u8] {
        let Entry { start, len } = self.entries[index];
        let buffer = if start & OWN == 0 { segment.buffer() } else { &self.own };
        &buffer[(start & !OWN) as usize..][..len as usize]
    }

    /// Takes the buffer of the texts that do not lie in the segment, so that others may own it. It does
    /// not move by that. What [`Texts::get`] finds must have been looked up before.
    pub fn take_buffer(&mut self) -> Vec<u8> {
        self.entries.clear();
        std::mem::take(&mut self.own)
    }

    /// Gives back a buffer that was taken, or another one, for the texts to come.
    pub fn give_buffer(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.entries.clear();
        self.own = buffer;
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.own.clear();
        self.is_cut = false;
    }

    /// Adds a text that stands in the segment.
    #[inline]
    pub(super) fn push_place(&mut self, range: Range<usize>) {
        let Range { start, end } = range;
        self.entries.push(Entry { start: start as u32, len: (end - start) as u32 });
    }

    /// Adds an entry once more.
    #[inline]
    pub(super) fn push_entry(&mut self, entry: Entry<u32>) {
        self.entries.push(entry);
    }

    /// Adds the text that `write` appends to the buffer; `None`, and nothing, if the buffer is full.
    #[inline]
    pub(super) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<Entry<u32>> {
        let start = self.own.len();
        write(&mut self.own);
        if self.own.len() > OWN as usize {
            self.own.truncate(start);
            self.is_cut = true;
            return None;
        }
        // The own buffer ends below this bit, too, so one number tells where to look.
        let entry = Entry { start: start as u32 | OWN, len: (self.own.len() - start) as u32 };
        self.entries.push(entry);
        Some(entry)
    }
}
