//! The order in which rows arrived, over all signals.

use std::ops::Range;

/// The arrival numbers of the rows of a part, ascending.
///
/// Rows that no row of another signal came between have consecutive numbers and cost nothing.
#[derive(Debug)]
pub(crate) struct Arrivals {
    runs: Vec<Run>,
}

/// Rows with consecutive numbers, up to the first row of the next run.
#[derive(Debug, Clone, Copy)]
struct Run {
    row: u32,
    arrival: u64,
}

impl Arrivals {
    /// What [`memory`](Arrivals::memory) is of rows that arrived together.
    pub(crate) const TOGETHER: usize = size_of::<Run>();

    /// Of rows that arrived together, the first one with this number.
    pub(crate) fn together(arrival: u64) -> Arrivals {
        Arrivals { runs: vec![Run { row: 0, arrival }] }
    }

    /// Of these rows of several parts, put behind each other.
    pub(crate) fn join<'a>(parts: impl Iterator<Item = (&'a Arrivals, Range<usize>)>) -> Arrivals {
        let (mut runs, mut joined) = (Vec::new(), 0);
        for (arrivals, rows) in parts {
            for run in arrivals.within(rows.clone()) {
                let row = (joined + run.row as usize - rows.start) as u32;
                let next = Run { row, ..run };
                // With one signal only, all rows ever are one run, however often parts are joined.
                if runs.last().is_none_or(|last| !follows(last, &next)) {
                    runs.push(next);
                }
            }
            joined += rows.len();
        }
        runs.shrink_to_fit();
        Arrivals { runs }
    }

    /// The arrival number of a row.
    pub(crate) fn of(&self, row: usize) -> u64 {
        let run = self.runs[self.run_of(row)];
        run.arrival + (row as u64 - u64::from(run.row))
    }

    /// The first row of a part of `rows` rows that arrived at `arrival` or later.
    pub(crate) fn first_since(&self, arrival: u64, rows: usize) -> usize {
        let index = self.runs.partition_point(|run| run.arrival < arrival);
        // Numbers have gaps between runs, in which rows of other signals came: then it is the first row behind the
        // gap.
        let end = self.runs.get(index).map_or(rows, |run| run.row as usize);
        match index.checked_sub(1).map(|index| self.runs[index]) {
            Some(run) => end.min(run.row as usize + (arrival - run.arrival) as usize),
            None => end,
        }
    }

    /// Bytes of memory beyond the value itself.
    pub(crate) fn memory(&self) -> usize {
        self.runs.capacity() * size_of::<Run>()
    }

    fn run_of(&self, row: usize) -> usize {
        self.runs.partition_point(|run| run.row as usize <= row) - 1
    }

    /// The runs of `rows`, the first one cut to where they start.
    fn within(&self, rows: Range<usize>) -> impl Iterator<Item = Run> {
        let first = Run { row: rows.start as u32, arrival: self.of(rows.start) };
        let next = self.run_of(rows.start) + 1;
        let rest = self.runs[next..].iter().copied();
        std::iter::once(first).chain(rest.take_while(move |run| (run.row as usize) < rows.end))
    }
}

fn follows(last: &Run, next: &Run) -> bool {
    next.arrival - last.arrival == u64::from(next.row - last.row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(arrivals: &Arrivals, rows: usize) -> Vec<u64> {
        (0..rows).map(|row| arrivals.of(row)).collect()
    }

    #[test]
    fn joined_rows_keep_their_numbers() {
        let (a, b, c) = (Arrivals::together(5), Arrivals::together(8), Arrivals::together(20));
        let joined = Arrivals::join([(&a, 0..3), (&b, 0..2), (&c, 0..2)].into_iter());
        assert_eq!(numbers(&joined, 7), [5, 6, 7, 8, 9, 20, 21]);
        assert_eq!(joined.runs.len(), 2, "what follows without a gap is one run");
        let cut = Arrivals::join([(&joined, 2..6), (&joined, 6..7)].into_iter());
        assert_eq!(numbers(&cut, 5), [7, 8, 9, 20, 21]);
        assert_eq!(cut.runs.len(), 2);
    }

    #[test]
    fn first_since_finds_the_row() {
        let (a, b) = (Arrivals::together(5), Arrivals::together(20));
        let joined = Arrivals::join([(&a, 0..3), (&b, 0..2)].into_iter());
        let cases = [(0, 0), (5, 0), (6, 1), (7, 2), (8, 3), (20, 3), (21, 4), (22, 5), (99, 5)];
        for (arrival, row) in cases {
            assert_eq!(joined.first_since(arrival, 5), row, "arrival {arrival}");
        }
    }
}
