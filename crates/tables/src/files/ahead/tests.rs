//! Remote files that fail, end early, or are read by many.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::{Ahead, Bytes, Remote, UNIT, WINDOW};
use crate::memory::Answer;

const PATIENCE: Duration = Duration::from_secs(10);

/// No two stretches of it are the same.
static CONTENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..9 * UNIT / 4).flat_map(|number| (number as u32).to_le_bytes()).collect());

/// The beginning of that.
struct File {
    size: u64,
    /// Bytes that are there.
    real: u64,
    is_parallel: bool,
    /// Reads aside fail.
    is_stubborn: bool,
    /// Every read fails from now on.
    is_broken: AtomicBool,
    /// Reads wait until so many go on at once, but not for ever.
    together: usize,
    most: AtomicUsize,
    lent: AtomicUsize,
    reads: AtomicUsize,
    now: AtomicUsize,
}

impl File {
    fn of(size: u64, is_parallel: bool) -> File {
        File {
            size,
            real: size,
            is_parallel,
            is_stubborn: false,
            is_broken: AtomicBool::new(false),
            together: 0,
            most: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
        }
    }
}

impl Remote for Arc<File> {
    fn size(&self) -> u64 {
        self.size
    }

    fn is_parallel(&self) -> bool {
        self.is_parallel
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64, aside: bool) -> io::Result<usize> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_broken.load(Ordering::SeqCst) || self.is_stubborn && aside {
            return Err(io::Error::other("no"));
        }
        let others = self.now.fetch_add(1, Ordering::SeqCst);
        assert!(aside || others == 0 || self.is_parallel, "two reads through one handle");
        self.most.fetch_max(others + 1, Ordering::SeqCst);
        let begun = Instant::now();
        while self.most.load(Ordering::SeqCst) < self.together && begun.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        let content = &CONTENT[..self.real as usize];
        let count = content.get(offset as usize..).unwrap_or_default().read(buffer)?;
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(count)
    }

    fn ask(&self, bytes: usize) -> Answer {
        self.lent.fetch_add(bytes, Ordering::SeqCst);
        Answer::Granted
    }

    fn give_back(&self, bytes: usize) {
        self.lent.fetch_sub(bytes, Ordering::SeqCst);
    }
}

/// Reads to the end, while threads read ahead; returns how much there was.
fn read(file: &Arc<File>, threads: usize) -> io::Result<u64> {
    let ahead = Arc::new(Ahead::new(Arc::clone(file)));
    let mut bytes = Bytes::ahead(Arc::clone(&ahead));
    let mut block = vec![0; 300_000];
    let mut place = 0;
    let outcome = std::thread::scope(|scope| {
        loop {
            (0..threads).for_each(|_| drop(scope.spawn(|| ahead.fetch())));
            let count = match bytes.read(&mut block) {
                Ok(count) => count,
                Err(error) => return Err(error),
            };
            assert!(block[..count] == CONTENT[place..][..count]);
            place += count;
            if count == 0 {
                return Ok(place as u64);
            }
        }
    });
    drop((bytes, ahead));
    assert_eq!(file.lent.load(Ordering::SeqCst), 0, "all memory is given back");
    outcome
}

#[test]
fn every_byte_comes_once_and_in_order() {
    for size in [1, UNIT - 1, UNIT, UNIT + 1, 7 * UNIT + 5] {
        for is_parallel in [false, true] {
            for threads in [0, 1, 3] {
                let file = Arc::new(File::of(size, is_parallel));
                assert_eq!(read(&file, threads).expect("it is read"), size);
                let most =
                    if is_parallel { size.div_ceil(UNIT) } else { size.div_ceil(UNIT).min(4) };
                assert!(file.reads.load(Ordering::SeqCst) as u64 <= most);
            }
        }
    }
}

#[test]
fn several_units_are_read_at_a_time() {
    let file = Arc::new(File { together: 4, ..File::of(5 * UNIT, true) });
    let ahead = Ahead::new(Arc::clone(&file));
    std::thread::scope(|scope| (0..5).for_each(|_| drop(scope.spawn(|| ahead.fetch()))));
    assert_eq!(file.reads.load(Ordering::SeqCst), 5);
    assert!(file.most.load(Ordering::SeqCst) >= 4);
    drop(ahead);
    assert_eq!(file.lent.load(Ordering::SeqCst), 0);
}

#[test]
fn no_more_is_held_than_a_window() {
    let file = Arc::new(File { real: 0, ..File::of(10 * WINDOW, true) });
    let ahead = Ahead::new(Arc::clone(&file));
    ahead.fetch();
    assert_eq!(file.lent.load(Ordering::SeqCst) as u64, WINDOW);
}

/// A file system that gives but one handle is read through that.
#[test]
fn what_cannot_be_read_aside_is_read_in_turn() {
    let file = Arc::new(File { is_stubborn: true, ..File::of(6 * UNIT + 1, true) });
    assert_eq!(read(&file, 2).expect("it is read"), 6 * UNIT + 1);
}

#[test]
fn failures_are_told_who_needs_the_bytes() {
    let file = Arc::new(File::of(6 * UNIT, false));
    file.is_broken.store(true, Ordering::SeqCst);
    read(&file, 2).expect_err("it fails");
}

#[test]
fn a_file_that_is_shorter_than_it_was_said_to_be_ends_early() {
    for is_parallel in [false, true] {
        for real in [0, 1, UNIT, 3 * UNIT + 7] {
            let file = Arc::new(File { real, ..File::of(9 * UNIT, is_parallel) });
            assert_eq!(read(&file, 2).expect("it is read"), real);
        }
    }
}
