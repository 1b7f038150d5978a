//! What rows have in common, so that it is read once for all of them.

/// The resources, scopes or metrics of some rows, each once.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// Their numbers in the segment.
    numbers: Vec<usize>,
    /// For each row, the position in `numbers`.
    indices: Vec<u32>,
    /// The number that the last row had.
    last: Option<usize>,
}

impl Share {
    /// How many of the last ones are looked at for one that is the same.
    const RECENT: usize = 8;

    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.indices.clear();
        self.last = None;
    }

    /// Adds a row that has this number. Two numbers may be `same` in all that is ever read of them: every
    /// request of a sender brings its resource again.
    #[inline]
    pub(super) fn push(&mut self, number: usize, same: impl Fn(usize, usize) -> bool) {
        let index = match self.indices.last() {
            Some(&index) if self.last == Some(number) => index,
            _ => self.index_of(number, same),
        };
        self.last = Some(number);
        self.indices.push(index);
    }

    fn index_of(&mut self, number: usize, same: impl Fn(usize, usize) -> bool) -> u32 {
        // A few at most are compared, so senders that alternate share, and many of them do not make it a search.
        let recent = self.numbers.len().saturating_sub(Self::RECENT);
        let known = self.numbers[recent..].iter().rposition(|&known| same(known, number));
        let index = known.map_or(self.numbers.len(), |index| recent + index);
        if index == self.numbers.len() {
            self.numbers.push(number);
        }
        index as u32
    }

    pub(super) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    pub(super) fn indices(&self) -> &[u32] {
        &self.indices
    }
}
