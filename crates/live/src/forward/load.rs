//! Rows that become a request: their bytes, from where they lie.

use bytes::Bytes;
use duckspan_otlp::Segment;
use duckspan_ring::{Run, Snapshot, TakenBack};

/// Bytes of a request, if it is not one row that is larger. A Collector takes four MiB over gRPC.
const TARGET: u64 = 1 << 20;

/// Requests of that size that have to fit into what may be in flight.
const LEAST_REQUESTS: u64 = 4;

/// Rows of a request that is put together.
const MAX_ROWS: usize = 8192;

/// Pieces up to this size are copied together: each costs as much as it takes to copy so many bytes.
const SMALL_PIECE: usize = 16 << 10;

/// A request in the making.
pub(super) struct Load {
    /// Bytes that it should have at most.
    target: u64,
    /// Bytes that one may have at all, and those that are to be had now.
    share: u64,
    room: u64,
    pieces: Vec<Bytes>,
    /// What comes after the pieces.
    copied: Vec<u8>,
    bytes: u64,
    rows: u64,
}

/// What came of looking for rows.
pub(super) enum Loaded {
    /// Nothing is there, or there is no room for it now.
    Nothing,
    Rows(Load),
    /// The next row is larger than a request may be.
    TooLarge(u64),
}

/// The requests of a run, which is whole.
struct Whole(Run);

impl AsRef<[u8]> for Whole {
    fn as_ref(&self) -> &[u8] {
        self.0.segment().requests().unwrap_or_default()
    }
}

/// The requests of a run, if it is all of them and they were not joined with others.
fn requests(run: &Run) -> Option<&[u8]> {
    let segment = run.segment();
    segment.requests().filter(|_| run.rows() == (0..segment.len()))
}

impl Load {
    /// Nothing yet. `share` is what all requests in flight may hold, `room` what is left of it.
    pub(super) fn within(share: u64, room: u64) -> Load {
        Load {
            target: TARGET.min(share / LEAST_REQUESTS),
            share,
            room,
            pieces: Vec::new(),
            copied: Vec::new(),
            bytes: 0,
            rows: 0,
        }
    }

    /// Adds the rows of a snapshot from an id on, as many as fit.
    pub(super) fn add_since(mut self, row_id: u64, rows: &Snapshot) -> Result<Loaded, TakenBack> {
        let parts = rows.parts()?;
        let gone =
            parts.partition_point(|part| part.first_row_id() + part.rows().len() as u64 <= row_id);
        let runs = parts[gone..].iter().filter_map(|part| part.between(row_id, u64::MAX));
        for run in runs.flat_map(|part| part.runs()) {
            let added = match requests(&run) {
                Some(requests) if requests.len() as u64 <= self.target => self.add_whole(run),
                _ if self.rows > 0 => false,
                _ => return Ok(self.put(run.segment(), run.rows())),
            };
            if !added {
                break;
            }
        }
        Ok(if self.rows > 0 { Loaded::Rows(self) } else { Loaded::Nothing })
    }

    /// Adds the requests of a run that is whole, if they fit.
    fn add_whole(&mut self, run: Run) -> bool {
        let (rows, requests) = (run.rows().len() as u64, requests(&run).unwrap_or_default());
        let bytes = self.bytes + requests.len() as u64;
        if bytes > self.target.min(self.room) {
            return false;
        }
        if requests.len() <= SMALL_PIECE {
            self.copied.extend_from_slice(requests);
        } else {
            self.close_copied();
            self.pieces.push(Bytes::from_owner(Whole(run)));
        }
        (self.bytes, self.rows) = (bytes, self.rows + rows);
        true
    }

    /// Puts the first rows of a segment together.
    fn put(mut self, segment: &Segment, rows: std::ops::Range<usize>) -> Loaded {
        let some = rows.start..rows.end.min(rows.start + MAX_ROWS);
        let Some(first) = segment.cut(some, self.target as usize, MAX_ROWS).into_iter().next()
        else {
            return Loaded::Nothing;
        };
        let bytes = first.memory as u64;
        if bytes > self.share {
            return Loaded::TooLarge(bytes);
        }
        if bytes > self.room {
            return Loaded::Nothing;
        }
        self.rows = first.rows.len() as u64;
        segment.put_request(first.rows, &mut self.copied);
        Loaded::Rows(self)
    }

    fn close_copied(&mut self) {
        if !self.copied.is_empty() {
            self.pieces.push(std::mem::take(&mut self.copied).into());
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn into_pieces(mut self) -> Vec<Bytes> {
        self.close_copied();
        self.pieces
    }
}
