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
pub trait Grant: Send + Sync {
    /// Asks for so many bytes more.
    fn ask(&self, bytes: usize) -> Answer;

    /// Gives so many back.
    fn give_back(&self, bytes: usize);

    /// As many as there are in all.
    fn limit(&self) -> usize;
}

impl Grant for Arc<dyn Grant> {
    fn ask(&self, bytes: usize) -> Answer {
        (**self).ask(bytes)
    }

    fn give_back(&self, bytes: usize) {
        (**self).give_back(bytes);
    }

    fn limit(&self) -> usize {
        (**self).limit()
    }
}

/// What comes of asking.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Bytes that are granted, or asked for.
    taken: usize,
    /// Threads that hold memory and do not wait, or are about to.
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
pub struct Share<G: Grant> {
    memory: Arc<Memory>,
    grant: G,
    held: usize,
    /// Whether it is one of [`State::active`].
    is_active: bool,
    goes_on: bool,
}

/// DuckDB's exception says why there is no memory; the shim kept it.
#[derive(Debug)]
pub struct NoMemory;

impl std::fmt::Display for NoMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there is no memory to read the file to")
    }
}

impl std::error::Error for NoMemory {}

impl<G: Grant> Share<G> {
    /// Nothing yet.
    pub fn new(memory: Arc<Memory>, grant: G) -> Share<G> {
        Share { memory, grant, held: 0, is_active: false, goes_on: false }
    }

    /// Holds at least `bytes` from now on, of which it is foreseen that they will be `most`.
    ///
    /// # Errors
    /// If they are refused and no other thread gives any back, or the query is to end.
    pub fn grow(&mut self, bytes: usize, most: usize) -> io::Result<()> {
        let bytes = rounded(bytes).max(USUAL);
        if bytes <= self.held {
            return Ok(());
        }
        // Who waited asks for no more than has to be.
        let most = if self.goes_on || bytes == USUAL { bytes } else { rounded(most).max(bytes) };
        match self.ask(most - self.held, SPARE) {
            Answer::Granted => self.held = most,
            Answer::Refused => self.wait_for(bytes, most)?,
            Answer::Interrupted => return Err(io::Error::other(NoMemory)),
        }
        Ok(())
    }

    /// Holds `bytes`, or what is usual for the next batch.
    ///
    /// # Errors
    /// As [`Share::grow`].
    pub fn settle(&mut self, bytes: usize) -> io::Result<()> {
        self.grow(bytes, bytes)?;
        self.give_back_all_but(rounded(bytes).max(USUAL));
        Ok(())
    }

    /// Holds `bytes`, which are held already, until there is something to read.
    pub fn rest(&mut self, bytes: usize) {
        self.give_back_all_but(rounded(bytes));
    }

    /// Asks for so many bytes more, which are refused if less than `spare` would be left.
    ///
    /// DuckDB counts what it is asked for before it refuses it, and refuses others meanwhile, who do not wait. So it
    /// is not asked for what it cannot have, but only whether the query is to end.
    fn ask(&mut self, bytes: usize, spare: usize) -> Answer {
        if !self.announce(bytes, spare) {
            return if self.grant.ask(0) == Answer::Interrupted {
                Answer::Interrupted
            } else {
                Answer::Refused
            };
        }
        let answer = self.grant.ask(bytes + spare);
        if answer == Answer::Granted {
            self.grant.give_back(spare);
            self.is_active = true;
        } else {
            let mut state = self.memory.state();
            state.taken -= bytes;
            state.active -= usize::from(!self.is_active);
        }
        answer
    }

    /// Counts what is about to be asked for, unless that leaves less than `spare` though some has to be.
    fn announce(&self, bytes: usize, spare: usize) -> bool {
        let limit = self.grant.limit();
        let mut state = self.memory.state();
        if spare > 0 && state.taken + bytes + spare > limit {
            return false;
        }
        state.taken += bytes;
        state.active += usize::from(!self.is_active);
        true
    }

    fn give_back_all_but(&mut self, bytes: usize) {
        let surplus = self.held - bytes.min(self.held);
        if surplus > 0 || self.goes_on {
            self.grant.give_back(surplus);
            self.held -= surplus;
            let goes_idle = self.is_active && self.held == 0;
            self.is_active &= !goes_idle;
            let went_on = std::mem::take(&mut self.goes_on);
            self.memory.change(|state| {
                state.taken -= surplus;
                state.active -= usize::from(goes_idle);
                state.one_goes_on &= !went_on;
            });
        }
    }

    /// Tells threads that wait that this one does something.
    pub fn moves(&self) {
        // Nearly always nobody waits, and then the lock is not taken. A waiter that is missed here asks again after
        // its turn.
        if self.memory.waiting.load(Ordering::Relaxed) > 0 {
            self.memory.change(|_| {});
        }
    }

    /// Waits for something else than memory, while which nobody need wait for this thread.
    pub fn idle<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let was_active = self.is_active;
        self.set_active(false);
        let waited = wait();
        self.set_active(was_active);
        waited
    }

    fn set_active(&mut self, is_active: bool) {
        let was_active = std::mem::replace(&mut self.is_active, is_active);
        self.memory.change(|state| {
            state.active = state.active + usize::from(is_active) - usize::from(was_active)
        });
    }

    /// Waits until there are `most`, or no other thread is left to wait for and there are `bytes`.
    #[cold]
    fn wait_for(&mut self, bytes: usize, most: usize) -> io::Result<()> {
        self.memory.waiting.fetch_add(1, Ordering::Relaxed);
        self.set_active(false);
        let granted = self.wait(bytes, most);
        self.memory.waiting.fetch_sub(1, Ordering::Relaxed);
        match granted {
            Ok(granted) => self.held = granted,
            Err(_) => self.set_active(self.held > 0),
        }
        granted.map(drop)
    }

    /// As [`Share::wait_for`]; returns how much was granted.
    fn wait(&mut self, bytes: usize, most: usize) -> io::Result<usize> {
        let (mut seen, mut turns) = (0, 0);
        loop {
            let is_final = self.is_last() || turns == TURNS;
            if !is_final {
                let state = self.memory.state();
                // Turns count only while nothing happens at all: who works may take as long as it likes.
                turns = if seen == state.moves { turns + 1 } else { 0 };
                seen = state.moves;
                drop(self.memory.changed.wait_timeout(state, TURN));
            }
            let (wanted, spare) = if is_final { (bytes, 0) } else { (most, SPARE) };
            match self.ask(wanted - self.held, spare) {
                Answer::Granted => return Ok(wanted),
                Answer::Refused if !is_final => {}
                _ => return Err(io::Error::other(NoMemory)),
            }
        }
    }

    /// Whether nobody is left to wait for; if so, this thread is the one that goes on.
    ///
    /// It is one that holds memory, if any does: the others wait for what that one does with it.
    fn is_last(&mut self) -> bool {
        let mut state = self.memory.state();
        let holds = self.held > 0 || state.taken == 0;
        let is_last = holds && state.active == 0 && (self.goes_on || !state.one_goes_on);
        if is_last {
            (self.goes_on, state.one_goes_on) = (true, true);
        }
        is_last
    }
}

fn rounded(bytes: usize) -> usize {
    bytes.next_multiple_of(PIECE)
}

impl<G: Grant> Drop for Share<G> {
    fn drop(&mut self) {
        self.grant.give_back(self.held);
        let (held, was_active, went_on) = (self.held, self.is_active, self.goes_on);
        self.memory.change(|state| {
            state.taken -= held;
            state.active -= usize::from(was_active);
            state.one_goes_on &= !went_on;
        });
    }
}
