//! Reads a remote file ahead of who splits it, since each read takes long however little is read.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::memory::Answer;
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Bytes of a unit, which is read at once: those of a block of DuckDB's cache of remote files.
const UNIT: u64 = 2 << 20;

/// Where units are read one after the other, each is twice as large as the one before, up to this.
const LARGEST_UNIT: u64 = 16 << 20;

/// Bytes that are held ahead at most.
const WINDOW: u64 = 32 << 20;

/// What is read ahead: a file of known size, and memory for it.
pub(super) trait Remote: Send + Sync {
    /// Bytes of the file.
    fn size(&self) -> u64;

    /// Whether several reads may go on at a time.
    fn is_parallel(&self) -> bool;

    /// Reads from `offset` on, until the buffer is full or the file ends; `aside` if other reads go on meanwhile.
    fn read_at(&self, buffer: &mut [u8], offset: u64, aside: bool) -> io::Result<usize>;

    /// Asks for memory.
    fn ask(&self, bytes: usize) -> Answer;

    /// Gives it back.
    fn give_back(&self, bytes: usize);
}

/// A file that is read ahead.
pub(super) struct Ahead<R: Remote> {
    remote: R,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Units that are not taken yet, by where they start.
    units: HashMap<u64, Unit>,
    /// Where the next unit starts, and how long it is to be.
    next: u64,
    len: u64,
    /// Where the first unit starts that is not taken yet.
    wanted: u64,
    /// Units that are being read.
    reading: usize,
    /// A unit could not be read ahead, so none is any more.
    is_off: bool,
}

struct Unit {
    len: usize,
    content: Content,
}

enum Content {
    /// It is being read.
    Awaited,
    /// It was read; the file ends with it if it is shorter than it was to be.
    Read(Vec<u8>),
    /// It could not be read.
    Failed,
}

impl<R: Remote> Ahead<R> {
    pub(super) fn new(remote: R) -> Ahead<R> {
        let state = State {
            units: HashMap::new(),
            next: 0,
            len: UNIT,
            wanted: 0,
            reading: 0,
            is_off: false,
        };
        Ahead { remote, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Reads units until there are enough. It is no error if one cannot be read: who needs it will see.
    pub(super) fn fetch(&self) {
        while let Some((start, len)) = self.begin() {
            // The first one is read through the handle that is open: nobody else uses it yet.
            let bytes = self.read(start, len, self.remote.is_parallel() && start > 0);
            if bytes.is_err() {
                self.remote.give_back(len);
            }
            let mut state = self.state();
            state.reading -= 1;
            state.is_off |= bytes.is_err();
            let content = bytes.map_or(Content::Failed, Content::Read);
            state.units.insert(start, Unit { len, content });
            self.changed.notify_all();
        }
    }

    /// The unit to be read ahead, if one is.
    fn begin(&self) -> Option<(u64, usize)> {
        let mut state = self.state();
        // Bytes ahead of who reads are bounded by the window, however many threads fetch.
        let is_wanted = !state.is_off && state.next - state.wanted < WINDOW && self.is_free(&state);
        let len = self.next_len(&state).filter(|_| is_wanted)?;
        if self.remote.ask(len) != Answer::Granted {
            return None;
        }
        let start = state.next;
        state.units.insert(start, Unit { len, content: Content::Awaited });
        self.start(&mut state, len);
        Some((start, len))
    }

    /// Whether another read may begin.
    fn is_free(&self, state: &State) -> bool {
        state.reading == 0 || self.remote.is_parallel()
    }

    /// Bytes of the next unit; `None` at the end of the file.
    fn next_len(&self, state: &State) -> Option<usize> {
        let len = state.len.min(self.remote.size() - state.next);
        (len > 0).then_some(len as usize)
    }

    /// Takes note that the next unit is being read.
    fn start(&self, state: &mut State, len: usize) {
        state.next += len as u64;
        state.reading += 1;
        if !self.remote.is_parallel() {
            // One read after the other takes as long as there are reads, so they become fewer; the first are small,
            // so that rows come soon.
            state.len = (2 * state.len).min(LARGEST_UNIT);
        }
    }

    /// The unit that starts there, and how long it was to be; read if it was not yet. Units are taken in their order,
    /// by one thread at a time.
    fn take(&self, start: u64) -> io::Result<(Vec<u8>, usize)> {
        let mut state = self.state();
        loop {
            match state.units.remove(&start) {
                Some(Unit { len, content: Content::Read(bytes) }) => {
                    state.wanted = start + len as u64;
                    self.remote.give_back(len);
                    return Ok((bytes, len));
                }
                Some(Unit { len, content: Content::Failed }) if self.is_free(&state) => {
                    state.reading += 1;
                    return self.read_now(state, start, len);
                }
                None if self.is_free(&state) => {
                    let len = self.next_len(&state).unwrap_or(0);
                    self.start(&mut state, len);
                    return self.read_now(state, start, len);
                }
                // It is on its way: put back, and waited for.
                Some(unit) => drop(state.units.insert(start, unit)),
                None => {}
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn read_now(
        &self,
        mut state: MutexGuard<'_, State>,
        start: u64,
        len: usize,
    ) -> io::Result<(Vec<u8>, usize)> {
        state.wanted = start + len as u64;
        drop(state);
        let bytes = self.read(start, len, false);
        self.state().reading -= 1;
        self.changed.notify_all();
        bytes.map(|bytes| (bytes, len))
    }

    fn read(&self, start: u64, len: usize, aside: bool) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let count = self.remote.read_at(&mut bytes, start, aside)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Remote> Drop for Ahead<R> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let is_read = |unit: &&Unit| matches!(unit.content, Content::Read(_));
        let lent = state.units.values().filter(is_read).map(|unit| unit.len).sum();
        self.remote.give_back(lent);
    }
}

/// The bytes of a file, one after the other.
pub(super) enum Bytes<R: Remote> {
    /// As they are asked for.
    Direct(Source),
    /// As they were read ahead: those of a unit from `at` on, and where the next unit starts.
    Ahead { ahead: Arc<Ahead<R>>, unit: Vec<u8>, at: usize, next: u64 },
}

impl<R: Remote> Bytes<R> {
    pub(super) fn ahead(ahead: Arc<Ahead<R>>) -> Bytes<R> {
        Bytes::Ahead { ahead, unit: Vec::new(), at: 0, next: 0 }
    }
}

impl<R: Remote> Read for Bytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Direct(source) => source.read(buffer),
            Bytes::Ahead { ahead, unit, at, next } => {
                if *at == unit.len() && *next < ahead.remote.size() {
                    let (bytes, len) = ahead.take(*next)?;
                    // A file that is shorter than it was said to be ends there.
                    let is_cut = bytes.len() < len;
                    *next = if is_cut { ahead.remote.size() } else { *next + len as u64 };
                    (*unit, *at) = (bytes, 0);
                }
                let count = buffer.len().min(unit.len() - *at);
                buffer[..count].copy_from_slice(&unit[*at..][..count]);
                *at += count;
                Ok(count)
            }
        }
    }
}
