//! What of a request is kept, and in which pieces.

use duckspan_otlp::Segment;
use duckspan_otlp::segment::Run;

use crate::arrival::Arrivals;
use crate::part::Body;
use crate::rings::Limits;
use crate::size::{PartSize, Weight};

/// A segment on its way into a ring.
pub(crate) struct Incoming {
    pub(crate) segment: Segment,
    /// Rows at the start for which there is no room, even if all older ones go.
    pub(crate) lost: usize,
    /// The other rows, oldest first.
    runs: Vec<Run>,
    /// Whether the runs are to be copied to segments of their own; else there is one at most.
    pub(crate) cut: bool,
}

impl Incoming {
    /// Cuts a segment that is larger than a part should be, and looks at its rows no further than
    /// they fit into a ring.
    pub(crate) fn new(mut segment: Segment, limits: Limits, size: &PartSize) -> Incoming {
        // It is to stay: what is reserved beyond what it holds would count for as long.
        segment.shrink_to_fit();
        let rows = segment.len();
        let memory = segment.memory();
        let lost = rows.saturating_sub(usize::try_from(limits.max_rows).unwrap_or(usize::MAX));
        let weight = size.weight(memory as u64, rows as u64);
        if lost < rows && weight <= Weight::TOO_LARGE {
            let runs = vec![Run { rows: 0..rows, memory }];
            return Incoming { segment, lost: 0, runs, cut: false };
        }
        let runs = segment.cut(lost..rows, size.bytes as usize, size.rows as usize);
        Incoming { segment, lost, runs, cut: true }
    }

    /// Keeps the newest rows that fit into `room` and takes their bytes from it; says whether that
    /// is all of them.
    pub(crate) fn keep_newest(&mut self, room: &mut u64) -> bool {
        let signal = self.segment.signal();
        let fits = |run: &Run| {
            let memory =
                Body::memory_of(signal, run.rows.len(), run.memory as u64, Arrivals::TOGETHER);
            let rest = room.checked_sub(memory);
            *room = rest.unwrap_or(*room);
            rest.is_some()
        };
        // `take_while` ends the map too, so nothing is taken of the room for what lies before a run that does not
        // fit.
        let kept = self.runs.iter().rev().map(fits).take_while(|&fits| fits).count();
        let gone = self.runs.len() - kept;
        if let Some(last) = self.runs.drain(..gone).next_back() {
            self.lost = last.rows.end;
        }
        gone == 0
    }

    /// The rows that are kept.
    pub(crate) fn into_segments(self) -> Vec<Segment> {
        if !self.cut {
            // No copy: the usual request is a part of its own until it is joined with others.
            return self.runs.first().map(|_| self.segment).into_iter().collect();
        }
        let signal = self.segment.signal();
        let copy = |run: Run| Segment::merge(signal, &[(&self.segment, run.rows)]);
        self.runs.into_iter().map(copy).collect()
    }
}
