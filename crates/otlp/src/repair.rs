//! What was repaired in records that were kept.

use std::fmt;

#[cfg(test)]
mod tests;
pub(crate) mod text;

/// A value that could not be taken as it stood; its record was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// A string was not UTF-8; the offending bytes read as U+FFFD.
    InvalidUtf8,
    /// A `\u` escape named half a surrogate pair; it reads as U+FFFD.
    LoneSurrogate,
    /// A JSON value has the wrong type or is out of range; the field reads as absent.
    WrongType,
    /// An enum name is unknown; the field reads as 0.
    UnknownEnumName,
    /// An id was written in base64 instead of hex; it was decoded.
    Base64Id,
    /// An id is neither hex nor base64; it reads as absent.
    InvalidId,
    /// Bytes were not base64; the field reads as absent.
    InvalidBase64,
}

impl Repair {
    /// Every kind of repair, in discriminant order.
    pub const ALL: [Repair; 7] = [
        Repair::InvalidUtf8,
        Repair::LoneSurrogate,
        Repair::WrongType,
        Repair::UnknownEnumName,
        Repair::Base64Id,
        Repair::InvalidId,
        Repair::InvalidBase64,
    ];

    /// What was done, for people.
    pub fn description(self) -> &'static str {
        match self {
            Repair::InvalidUtf8 => "string with invalid UTF-8, read with U+FFFD",
            Repair::LoneSurrogate => "lone surrogate escape, read as U+FFFD",
            Repair::WrongType => "value of the wrong type or out of range, read as absent",
            Repair::UnknownEnumName => "unknown enum name, read as 0",
            Repair::Base64Id => "id written in base64 instead of hex, decoded",
            Repair::InvalidId => "id that is neither hex nor base64, read as absent",
            Repair::InvalidBase64 => "bytes that are not base64, read as absent",
        }
    }

    /// Whether the value is gone: a caller who allows no errors wants to know.
    pub fn drops_value(self) -> bool {
        match self {
            Repair::WrongType
            | Repair::UnknownEnumName
            | Repair::InvalidId
            | Repair::InvalidBase64 => true,
            Repair::InvalidUtf8 | Repair::LoneSurrogate | Repair::Base64Id => false,
        }
    }

    /// Whether nothing of the value is lost.
    pub fn is_lossless(self) -> bool {
        self == Repair::Base64Id
    }
}

/// A value that was repaired, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// What was done.
    pub repair: Repair,
    /// The field, as `Span.kind`; empty where no field is known.
    pub field: &'static str,
    /// Where in the record: `resourceSpans[0].scopeSpans[0].spans[0].kind`.
    pub member: String,
    /// What stands there, cut to a readable length.
    pub value: String,
    /// The number of the record in its file, from 1; 0 where there is no file.
    pub record: u64,
    /// Bytes to the value, from the start of the file; or of the record, where there is no file.
    pub offset: u64,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}: {}", self.member, self.value, self.repair.description())
    }
}

/// The first characters of a value, for people.
pub(crate) fn shortened(value: &[u8]) -> String {
    const SHOWN: usize = 60;
    // A character takes four bytes at most, and one byte more tells that there is more.
    let text = String::from_utf8_lossy(&value[..value.len().min(4 * SHOWN + 1)]);
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// How often each repair was made, and the first value of each field that it was made to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repairs {
    counts: [u64; Repair::ALL.len()],
    pub(crate) examples: Vec<Repaired>,
}

/// Examples that are kept.
const EXAMPLES: usize = 64;

impl Repairs {
    /// Counts one repair.
    pub fn count(&mut self, repair: Repair) {
        self.counts[repair as usize] += 1;
    }

    /// How often `repair` was made.
    pub fn of(&self, repair: Repair) -> u64 {
        self.counts[repair as usize]
    }

    /// How many repairs were made.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds those of `other`.
    pub fn add(&mut self, other: &Repairs) {
        for (sum, more) in self.counts.iter_mut().zip(other.counts) {
            *sum += more;
        }
        for example in &other.examples {
            if self.wants(example.repair, example.field) {
                self.examples.push(example.clone());
            }
        }
    }

    /// Whether nothing was repaired.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|&count| count == 0)
    }

    /// How often each of [`Repair::ALL`] was made.
    pub fn counts(&self) -> [u64; Repair::ALL.len()] {
        self.counts
    }

    /// The first repaired value of each field.
    pub fn examples(&self) -> &[Repaired] {
        &self.examples
    }

    /// The first of the examples that someone should be told of.
    pub fn first(&self, told: impl Fn(Repair) -> bool) -> Option<&Repaired> {
        let told = self.examples.iter().filter(|example| told(example.repair));
        // By place, as batches are decoded beside one another and come in any order.
        told.min_by_key(|example| (example.record, example.offset))
    }

    /// Whether there is no example yet of a repair to a field.
    pub(crate) fn wants(&self, repair: Repair, field: &'static str) -> bool {
        let known = |one: &Repaired| one.repair == repair && one.field == field;
        self.examples.len() < EXAMPLES && !self.examples.iter().any(known)
    }

    /// Says where the record stands in its file that the examples from `first` on are of.
    pub(crate) fn place(&mut self, first: usize, record: u64, place: impl Fn(u64) -> u64) {
        for example in &mut self.examples[first..] {
            (example.record, example.offset) = (record, place(example.offset));
        }
    }
}
