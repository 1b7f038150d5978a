//! Threads that share what a lender has.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use super::{Answer, Grant, Memory, SPARE, Share, USUAL};

const MIB: usize = 1 << 20;

/// Has so many bytes, and counts the most that was ever taken of them.
#[derive(Clone)]
struct Purse(Arc<Content>);

struct Content {
    all: usize,
    taken: AtomicUsize,
    most: AtomicUsize,
    interrupted: AtomicBool,
}

impl Purse {
    fn of(all: usize) -> Purse {
        let (taken, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Purse(Arc::new(Content { all, taken, most, interrupted: AtomicBool::new(false) }))
    }

    fn taken(&self) -> usize {
        self.0.taken.load(Ordering::SeqCst)
    }
}

impl Grant for Purse {
    fn ask(&self, bytes: usize) -> Answer {
        if self.0.interrupted.load(Ordering::SeqCst) {
            return Answer::Interrupted;
        }
        let more = |taken| Some(taken + bytes).filter(|&sum| sum <= self.0.all);
        match self.0.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more) {
            Ok(before) => {
                self.0.most.fetch_max(before + bytes, Ordering::SeqCst);
                Answer::Granted
            }
            Err(_) => Answer::Refused,
        }
    }

    fn give_back(&self, bytes: usize) {
        self.0.taken.fetch_sub(bytes, Ordering::SeqCst);
    }

    fn limit(&self) -> usize {
        self.0.all
    }
}

#[test]
fn a_share_asks_for_what_is_usual_and_gives_back_the_rest() {
    let purse = Purse::of(100 * MIB);
    let mut share = Share::new(Arc::default(), purse.clone());
    assert_eq!(purse.taken(), 0);
    share.grow(1, 1).expect("room");
    assert_eq!(purse.taken(), USUAL);
    share.grow(20 * MIB, 60 * MIB).expect("room");
    assert_eq!(purse.taken(), 60 * MIB);
    share.grow(50 * MIB, 60 * MIB).expect("it is held");
    assert_eq!(purse.taken(), 60 * MIB);
    share.settle(30 * MIB + 1).expect("it is held");
    assert_eq!(purse.taken(), 31 * MIB);
    share.settle(0).expect("it is held");
    assert_eq!(purse.taken(), USUAL);
    share.rest(2 * MIB);
    assert_eq!(purse.taken(), 2 * MIB);
    drop(share);
    assert_eq!(purse.taken(), 0);
}

#[test]
fn who_is_alone_does_not_wait_and_needs_no_more_than_is_there() {
    let purse = Purse::of(100 * MIB);
    let mut share = Share::new(Arc::default(), purse.clone());
    share.grow(40 * MIB, 200 * MIB).expect("less than was foreseen");
    assert_eq!(purse.taken(), 40 * MIB);
    share.grow(80 * MIB, 200 * MIB).expect("room");
    share.grow(160 * MIB, 200 * MIB).expect_err("more than there is");
    share.settle(0).expect("it is held");
    share.grow(40 * MIB, 60 * MIB).expect("as it was in the beginning");
    assert_eq!(purse.taken(), 60 * MIB);
}

/// What is left is not enough for another and what is spare: it waits, though there is room for it alone.
#[test]
fn some_stays_free_for_duckdb() {
    let (memory, purse) = (Arc::<Memory>::default(), Purse::of(2 * USUAL + SPARE - 1));
    let mut first = Share::new(Arc::clone(&memory), purse.clone());
    first.grow(1, 1).expect("room");
    let mut second = Share::new(memory, purse.clone());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| second.grow(1, 1));
        std::thread::sleep(4 * super::TURN);
        assert_eq!(purse.taken(), USUAL);
        first.rest(0);
        waiting.join().expect("no panic").expect("room");
    });
    assert_eq!(purse.taken(), USUAL);
}

/// Of threads that all wait, the one goes on whose memory the others wait for.
#[test]
fn who_holds_memory_goes_on() {
    let (memory, purse) = (Arc::<Memory>::default(), Purse::of(2 * USUAL - 1));
    let mut first = Share::new(Arc::clone(&memory), purse.clone());
    first.settle(1).expect("room");
    std::thread::scope(|scope| {
        let waiting = [(); 3].map(|()| {
            let mut share = Share::new(Arc::clone(&memory), purse.clone());
            scope.spawn(move || share.grow(1, 1))
        });
        std::thread::sleep(4 * super::TURN);
        first.grow(20 * MIB, 20 * MIB).expect("room for one");
        std::thread::sleep(4 * super::TURN);
        drop(first);
        for thread in waiting {
            thread.join().expect("no panic").expect("room, one after the other");
        }
    });
    assert_eq!(purse.taken(), 0);
}

#[test]
fn an_interrupt_ends_the_wait() {
    let (memory, purse) = (Arc::<Memory>::default(), Purse::of(20 * MIB));
    let mut first = Share::new(Arc::clone(&memory), purse.clone());
    first.grow(16 * MIB, 16 * MIB).expect("room");
    let mut second = Share::new(memory, purse.clone());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || second.grow(1, 1));
        purse.0.interrupted.store(true, Ordering::SeqCst);
        waiting.join().expect("no panic").expect_err("interrupted");
    });
}

/// Each needs most of what there is, and grows to it in steps: none fails, and no more is ever taken.
#[test]
fn threads_take_turns() {
    const THREADS: usize = 6;
    let (memory, purse) = (Arc::<Memory>::default(), Purse::of(THREADS * USUAL + 64 * MIB));
    let begin = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut share = Share::new(Arc::clone(&memory), purse.clone());
                share.grow(1, 1).expect("what is usual");
                begin.wait();
                for _ in 0..20 {
                    for step in [16, 32, 64] {
                        share.grow(step * MIB, 200 * MIB).expect("a turn");
                    }
                    share.settle(0).expect("less");
                }
            });
        }
    });
    assert!(purse.0.most.load(Ordering::SeqCst) <= purse.0.all);
    assert_eq!(purse.taken(), 0);
}

/// Two that wait for what the other holds are told so.
#[test]
fn who_cannot_go_on_fails() {
    let (memory, purse) = (Arc::<Memory>::default(), Purse::of(2 * 48 * MIB + SPARE));
    let begin = Barrier::new(2);
    let outcomes = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut share = Share::new(Arc::clone(&memory), purse.clone());
                share.grow(48 * MIB, 48 * MIB).expect("half");
                begin.wait();
                share.grow(90 * MIB, 90 * MIB)
            })
        });
        threads.map(|thread| thread.join().expect("no panic").is_ok())
    });
    assert_eq!(outcomes.iter().filter(|&&granted| granted).count(), 1, "one gave way to the other");
}
