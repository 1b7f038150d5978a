//! Hands out a file in pieces, which threads take in any order and read in the order of the file.
//!
//! A thread claims a job first: DuckDB lets one thread do so at a time, for all files of a scan, so nothing is read
//! there. It takes what the job stands for when it runs, and reads for others whatever stands before it, since who
//! claimed that may be held up.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use duckspan_otlp::file::{Batch, Batches, Options};

use super::ahead::{Ahead, Bytes, Remote};
use crate::memory::{Answer, Grant, Share};
use crate::source::{Lender, Source};

/// Bytes of a file that one thread decodes at a time.
const BATCH_BYTES: usize = 2 << 20;

/// What a thread has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// All of the file.
    Whole,
    /// The batch of that number, if there are as many.
    Batch(u64),
}

/// A file that threads share.
pub(super) struct Feed {
    /// Bytes of the file as it is stored; 0 if that is not known.
    size: u64,
    /// Bytes of the largest record that is read.
    maximum: usize,
    claimed: AtomicU64,
    ended: AtomicBool,
    consumed: AtomicU64,
    /// Where the file is read ahead.
    ahead: Option<Arc<Ahead<Lent>>>,
    reader: Mutex<Reader>,
}

struct Reader {
    batches: Batches<Bytes<Lent>>,
    /// How many were read.
    read: u64,
    /// Those of them that nobody has taken yet.
    waiting: HashMap<u64, Batch>,
}

/// A remote file of DuckDB's, and its memory.
pub(super) struct Lent {
    source: Source,
    lender: Lender,
}

impl Remote for Lent {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn is_parallel(&self) -> bool {
        self.source.is_parallel()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64, aside: bool) -> io::Result<usize> {
        self.source.read_at(buffer, offset, aside)
    }

    fn ask(&self, bytes: usize) -> Answer {
        self.lender.ask(bytes)
    }

    fn give_back(&self, bytes: usize) {
        self.lender.give_back(bytes);
    }
}

/// What came of taking a job.
pub(super) struct Taken {
    /// `None` if the file has no such batch, or none that is left.
    pub(super) batch: Option<Batch>,
    /// How many were read of the file, those for other jobs included.
    pub(super) read: u64,
    /// Whether the file was read to its end.
    pub(super) ended: bool,
    /// Bytes of memory that are held for jobs to come.
    pub(super) left: usize,
}

impl Feed {
    pub(super) fn new(source: Source, lender: Lender, options: &Options) -> Feed {
        let size = source.size();
        let is_ahead = source.is_remote() && size > 0;
        let ahead =
            is_ahead.then(|| Arc::new(Ahead::new(Lent { source: Arc::clone(&source), lender })));
        let bytes = ahead.clone().map_or(Bytes::Direct(source), Bytes::ahead);
        let batches = Batches::new(bytes, options, BATCH_BYTES);
        Feed {
            size,
            maximum: options.maximum_object_size,
            claimed: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            consumed: AtomicU64::new(0),
            ahead,
            reader: Mutex::new(Reader { batches, read: 0, waiting: HashMap::new() }),
        }
    }

    /// The next job; `None` if the file is handed out.
    pub(super) fn claim(&self) -> Option<Job> {
        // A number is all that is shared here. Who reads the file synchronizes by the lock of the reader.
        let number = self.claimed.fetch_add(1, Ordering::Relaxed);
        // A size of 0 is unknown: a pipe, or a file that is made as it is read, may have any number of batches.
        if (1..=BATCH_BYTES as u64).contains(&self.size) {
            // All of a small file is one job: whoever claims again finds nothing left.
            return (number == 0).then_some(Job::Whole);
        }
        (!self.ended.load(Ordering::Acquire)).then_some(Job::Batch(number))
    }

    /// Where the file is read ahead.
    pub(super) fn ahead(&self) -> Option<&Ahead<Lent>> {
        self.ahead.as_deref()
    }

    /// Takes a batch of the job; `spent` is one that is done with, and `share` holds the memory.
    pub(super) fn take<G: Grant>(
        &self,
        job: Job,
        spent: Option<Batch>,
        share: &mut Share<G>,
    ) -> io::Result<Taken> {
        let mut reader = self.lock(share);
        let Reader { batches, read, waiting } = &mut *reader;
        if let Some(spent) = spent {
            batches.recycle(spent);
        }
        let before = *read;
        let mut batch = match job {
            Job::Whole => None,
            Job::Batch(number) => waiting.remove(&number),
        };
        while batch.is_none() && !batches.is_done() {
            // The buffer is doubled until a record fits, so it may be twice as large as that.
            let most = 2 * self.largest_record(batches);
            let Some(next) = batches.next_batch(|bytes| share.grow(bytes, most))? else { break };
            match job {
                // Read for another thread, which has the number and may be late: it stays until that one comes.
                Job::Batch(number) if number != *read => drop(waiting.insert(*read, next)),
                _ => batch = Some(next),
            }
            *read += 1;
        }
        self.consumed.store(batches.consumed(), Ordering::Relaxed);
        self.ended.store(batches.is_done(), Ordering::Release);
        let left = batches.memory() + waiting.values().map(Batch::memory).sum::<usize>();
        Ok(Taken { batch, read: *read - before, ended: batches.is_done(), left })
    }

    fn lock<G: Grant>(&self, share: &mut Share<G>) -> MutexGuard<'_, Reader> {
        match self.reader.try_lock() {
            Ok(reader) => reader,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => {
                share.idle(|| self.reader.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// Bytes that a record may have, as far as that can be foreseen.
    fn largest_record(&self, batches: &Batches<Bytes<Lent>>) -> usize {
        match usize::try_from(self.size) {
            Ok(size @ 1..) if !batches.is_compressed() => size.min(self.maximum),
            _ => self.maximum,
        }
    }

    /// How much of the file was read, in percent; negative if its size is not known.
    pub(super) fn progress(&self) -> f64 {
        match self.size {
            0 => -1.0,
            size => (100.0 * self.consumed.load(Ordering::Relaxed) as f64 / size as f64).min(100.0),
        }
    }
}
