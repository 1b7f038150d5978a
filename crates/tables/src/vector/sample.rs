//! A vector in memory, which tests read back.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use duckspan_otlp::relation;

use super::{ColumnWriter, Held, Run, Slots, Texts, Vector, Width, too_long};
use crate::fault::Result;

/// What was written to a vector.
#[derive(Debug, Default)]
pub struct Sample {
    capacity: usize,
    numbers: Option<Numbers>,
    texts: Vec<String>,
    validity: Vec<u64>,
    /// What each row has of the values, where they are shared.
    shared: Option<Vec<u32>>,
    /// The members, or the elements as the first of them, once they are written.
    inner: Rc<RefCell<Members>>,
    /// Of whom it is a member, and which.
    outer: Option<(usize, Rc<RefCell<Members>>)>,
}

/// What was written to members, by their position.
type Members = BTreeMap<usize, Sample>;

#[derive(Debug)]
enum Numbers {
    Byte(Vec<u8>),
    Int32(Vec<i32>),
    UInt32(Vec<u32>),
    Int64(Vec<i64>),
    UInt64(Vec<u64>),
    Double(Vec<f64>),
    Run(Vec<Run<u64>>),
}

impl Sample {
    /// A vector with room for so many rows.
    pub fn new(capacity: usize) -> Sample {
        let mut sample = Sample::default();
        sample.capacity = capacity;
        sample.validity = vec![u64::MAX; capacity.div_ceil(64)];
        sample
    }

    /// The first so many rows, as people read them; `None` for NULL. A list is where it begins, and how long it is.
    pub fn rows(&self, count: usize) -> Vec<Option<String>> {
        let value = |at: usize| {
            let is_null = self.validity[at / 64] >> (at % 64) & 1 == 0;
            (!is_null).then(|| match &self.numbers {
                Some(Numbers::Byte(values)) => values[at].to_string(),
                Some(Numbers::Int32(values)) => values[at].to_string(),
                Some(Numbers::UInt32(values)) => values[at].to_string(),
                Some(Numbers::Int64(values)) => values[at].to_string(),
                Some(Numbers::UInt64(values)) => values[at].to_string(),
                Some(Numbers::Double(values)) => values[at].to_string(),
                Some(Numbers::Run(values)) => format!("{}+{}", values[at].start, values[at].len),
                None => self.texts[at].clone(),
            })
        };
        let at = |row| self.shared.as_ref().map_or(row, |indices| indices[row] as usize);
        (0..count).map(|row| value(at(row))).collect()
    }

    /// The first so many rows of a member, or of the elements.
    pub fn inner_rows(&self, index: usize, count: usize) -> Vec<Option<String>> {
        self.inner_of(index).rows(count)
    }

    /// A member, or the elements.
    pub fn inner_of(&self, index: usize) -> Ref<'_, Sample> {
        Ref::map(self.inner.borrow(), |inner| &inner[&index])
    }

    fn inner(&self, index: usize, capacity: usize) -> Box<Vector> {
        let mut inner = Sample::new(capacity);
        inner.outer = Some((index, Rc::clone(&self.inner)));
        Box::new(inner)
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        if let Some((index, outer)) = self.outer.take() {
            outer.borrow_mut().insert(index, std::mem::take(self));
        }
    }
}

fn slots<T: Default + Clone>(values: &mut Vec<T>, capacity: usize) -> &mut [T] {
    values.resize(capacity, T::default());
    values
}

impl ColumnWriter for Sample {
    fn slots(&mut self, width: Width) -> Result<Slots<'_>> {
        let capacity = self.capacity;
        let numbers = self.numbers.get_or_insert_with(|| match width {
            Width::Byte => Numbers::Byte(Vec::new()),
            Width::Int32 => Numbers::Int32(Vec::new()),
            Width::UInt32 => Numbers::UInt32(Vec::new()),
            Width::Int64 => Numbers::Int64(Vec::new()),
            Width::UInt64 => Numbers::UInt64(Vec::new()),
            Width::Double => Numbers::Double(Vec::new()),
            Width::Run => Numbers::Run(Vec::new()),
        });
        Ok(match numbers {
            Numbers::Byte(values) => Slots::Byte(slots(values, capacity)),
            Numbers::Int32(values) => Slots::Int32(slots(values, capacity)),
            Numbers::UInt32(values) => Slots::UInt32(slots(values, capacity)),
            Numbers::Int64(values) => Slots::Int64(slots(values, capacity)),
            Numbers::UInt64(values) => Slots::UInt64(slots(values, capacity)),
            Numbers::Double(values) => Slots::Double(slots(values, capacity)),
            Numbers::Run(values) => Slots::Run(slots(values, capacity)),
        })
    }

    fn validity(&mut self) -> Result<&mut [u64]> {
        Ok(&mut self.validity)
    }

    fn write(&mut self, texts: Texts) -> Result<()> {
        if texts.is_cut() {
            return Err(too_long());
        }
        let vector: &mut Vector = self;
        texts.nulls().try_for_each(|row| vector.set_null(row))?;
        for text in texts.iter() {
            self.texts.push(String::from_utf8_lossy(text.unwrap_or_default()).into_owned());
        }
        Ok(())
    }

    fn write_texts(
        &mut self,
        texts: &mut relation::Texts,
        indices: Option<&[u32]>,
        held: &Held,
    ) -> Result<()> {
        let text = |at| String::from_utf8_lossy(texts.get(at, held.segment())).into_owned();
        self.texts = match indices {
            None => (0..texts.len()).map(text).collect(),
            Some(indices) => indices.iter().map(|&at| text(at as usize)).collect(),
        };
        Ok(())
    }

    fn member(&mut self, index: usize) -> Result<Box<Vector>> {
        Ok(self.inner(index, self.capacity))
    }

    fn elements(&mut self, count: usize) -> Result<Box<Vector>> {
        Ok(self.inner(0, count))
    }

    fn share(&mut self, indices: &[u32], values: usize) -> Result<()> {
        assert!(indices.iter().all(|&index| (index as usize) < values), "beyond the values");
        self.shared = Some(indices.to_vec());
        Ok(())
    }
}
