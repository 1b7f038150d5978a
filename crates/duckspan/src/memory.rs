//! Memory that scans of files hold, reserved in DuckDB's buffer manager before it is held.
//!
//! A record of many megabytes takes much: if every thread held half of what it needs, none could go on, so a thread
//! asks for the whole of it, as far as that can be foreseen, and for some that stays free for DuckDB. Where memory is
//! refused the thread waits for others to give some back. When all wait, one of them goes on with less than it foresaw
//! and none to spare, and fails only if that is refused as well.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Who grants memory.
pub(crate) trait Grant: Send {
    /// Asks for so many bytes more.
    fn ask(&self, bytes: usize) -> Answer;

    /// Gives so many back.
    fn give_back(&self, bytes: usize);
}

/// What comes of asking.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "C++ makes them"))]
pub enum Answer {
    /// The bytes are reserved.
    Granted,
    /// There is no room now.
    Refused,
    /// The query is to end.
    Interrupted,
}

/// What a batch of records of usual size takes: so much is asked for at least.
pub(crate) const USUAL: usize = 12 << 20;

/// What a scan leaves to DuckDB's own part of the query, which does not wait but fails where it finds no room.
const SPARE: usize = 12 << 20;

/// Memory is counted in pieces of this size.
const PIECE: usize = 1 << 20;

/// A thread that waits asks again after so long, and gives up if no other does anything in so many turns.
const TURN: Duration = Duration::from_millis(20);
const TURNS: u32 = 300;

/// What the scans of a database know of each other.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
    changed: Condvar,
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    /// Threads that hold memory and do not wait.
    active: usize,
    /// One of those that waited goes on with less than it foresaw.
    one_goes_on: bool,
    /// Counts what threads did while others waited.
    moves: u64,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.moves += 1;
        self.changed.notify_all();
    }
}

/// What one thread of a scan holds.
pub(crate) struct Share<G: Grant> {
    memory: Arc<Memory>,
    grant: G,
    held: usize,
    goes_on: bool,
}

/// DuckDB's exception says why there is no memory; the shim kept it.
#[derive(Debug)]
pub(crate) struct NoMemory;

impl std::fmt::Display for NoMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there is no memory to read the file to")
    }
}

impl std::error::Error for NoMemory {}

impl<G: Grant> Share<G> {
    pub(crate) fn new(memory: Arc<Memory>, grant: G) -> Share<G> {
        Share { memory, grant, held: 0, goes_on: false }
    }

    /// Holds at least `bytes` from now on, of which it is foreseen that they will be `most`.
    ///
    /// # Errors
    /// If they are refused and no other thread gives any back, or the query is to end.
    pub(crate) fn grow(&mut self, bytes: usize, most: usize) -> io::Result<()> {
        let bytes = rounded(bytes).max(USUAL);
        if bytes <= self.held {
            return Ok(());
        }
        // Who waited asks for no more than has to be.
        let most = if self.goes_on || bytes == USUAL { bytes } else { rounded(most).max(bytes) };
        match self.ask(most - self.held) {
            Answer::Granted => self.hold(most),
            Answer::Refused => self.wait_for(bytes, most)?,
            Answer::Interrupted => return Err(io::Error::other(NoMemory)),
        }
        Ok(())
    }

    /// Holds `bytes`, or what is usual for the next batch.
    ///
    /// # Errors
    /// As [`Share::grow`].
    pub(crate) fn settle(&mut self, bytes: usize) -> io::Result<()> {
        self.grow(bytes, bytes)?;
        self.give_back_all_but(rounded(bytes).max(USUAL));
        Ok(())
    }

    /// Holds `bytes`, which are held already, until there is something to read.
    pub(crate) fn rest(&mut self, bytes: usize) {
        self.give_back_all_but(rounded(bytes));
    }

    /// Asks for so many bytes more, which are refused if less than what is spare would be left.
    fn ask(&self, bytes: usize) -> Answer {
        let answer = self.grant.ask(bytes + SPARE);
        if answer == Answer::Granted {
            self.grant.give_back(SPARE);
        }
        answer
    }

    fn give_back_all_but(&mut self, bytes: usize) {
        let surplus = self.held - bytes.min(self.held);
        if surplus > 0 || self.goes_on {
            self.grant.give_back(surplus);
            self.held -= surplus;
            let is_idle = usize::from(surplus > 0 && self.held == 0);
            let went_on = std::mem::take(&mut self.goes_on);
            self.memory.change(|state| {
                state.active -= is_idle;
                state.one_goes_on &= !went_on;
            });
        }
    }

    /// Tells threads that wait that this one does something.
    pub(crate) fn moves(&self) {
        if self.memory.waiting.load(Ordering::Relaxed) > 0 {
            self.memory.change(|_| {});
        }
    }

    /// Waits for something else than memory, while which nobody need wait for this thread.
    pub(crate) fn idle<T>(&self, wait: impl FnOnce() -> T) -> T {
        let was_active = usize::from(self.held > 0);
        self.memory.change(|state| state.active -= was_active);
        let waited = wait();
        self.memory.change(|state| state.active += was_active);
        waited
    }

    /// Waits until there are `most`, or no other thread is left to wait for and there are `bytes`.
    #[cold]
    fn wait_for(&mut self, bytes: usize, most: usize) -> io::Result<()> {
        self.memory.waiting.fetch_add(1, Ordering::Relaxed);
        let mut goes_on = self.goes_on;
        let granted = self.idle(|| self.wait(bytes, most, &mut goes_on));
        self.memory.waiting.fetch_sub(1, Ordering::Relaxed);
        self.goes_on = goes_on;
        self.hold(granted?);
        Ok(())
    }

    /// As [`Share::wait_for`]; returns how much was granted.
    fn wait(&self, bytes: usize, most: usize, goes_on: &mut bool) -> io::Result<usize> {
        let (mut seen, mut turns) = (0, 0);
        loop {
            let mut state = self.memory.state();
            let is_last = state.active == 0 && (*goes_on || !state.one_goes_on);
            if is_last {
                (*goes_on, state.one_goes_on) = (true, true);
            } else {
                turns = if seen == state.moves { turns + 1 } else { 0 };
                seen = state.moves;
                drop(self.memory.changed.wait_timeout(state, TURN));
            }
            let (wanted, answer) = if is_last {
                (bytes, self.grant.ask(bytes - self.held))
            } else {
                (most, self.ask(most - self.held))
            };
            match answer {
                Answer::Granted => return Ok(wanted),
                Answer::Refused if !is_last && turns < TURNS => {}
                _ => return Err(io::Error::other(NoMemory)),
            }
        }
    }

    fn hold(&mut self, bytes: usize) {
        if self.held == 0 {
            self.memory.state().active += 1;
        }
        self.held = bytes;
    }
}

fn rounded(bytes: usize) -> usize {
    bytes.next_multiple_of(PIECE)
}

impl<G: Grant> Drop for Share<G> {
    fn drop(&mut self) {
        self.grant.give_back(self.held);
        let (was_active, went_on) = (usize::from(self.held > 0), self.goes_on);
        self.memory.change(|state| {
            state.active -= was_active;
            state.one_goes_on &= !went_on;
        });
    }
}
