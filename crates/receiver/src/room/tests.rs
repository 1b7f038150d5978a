use super::*;
use crate::limits::{BUSY_GRACE, IDLE_GRACE};
use std::sync::atomic::AtomicUsize;

/// However many come, all of them hold no more than they may; large buffers are for the first.
#[test]
fn buffers_follow_the_room_there_is() {
    const BYTES: usize = 16 << 20;
    let room = Room::new(BYTES, false);
    let places: Vec<Place> = std::iter::from_fn(|| room.try_enter()).collect();
    assert_eq!(room.open(), places.len());
    let held: usize = places.iter().map(|place| place.buffers.bytes).sum();
    assert!((BYTES - Buffers::SMALL.bytes..=BYTES).contains(&held), "{held}");
    let (large, small): (Vec<_>, Vec<_>) =
        places.iter().map(|place| place.buffers).partition(|&buffers| buffers == Buffers::LARGE);
    assert_eq!(large.len(), BYTES / LARGE_SHARE / Buffers::LARGE.bytes);
    assert!(small.iter().all(|&buffers| buffers == Buffers::SMALL) && small.len() > 8);
    assert!(places[0].buffers == Buffers::LARGE, "the first has the large ones");
    drop(places);
    assert_eq!(room.open(), 0);
    assert!(room.try_enter().is_some_and(|place| place.buffers == Buffers::LARGE));
}

#[test]
fn there_is_room_for_one_in_any_case() {
    let room = Room::new(0, false);
    let place = room.try_enter().expect("a place");
    assert_eq!(place.buffers, Buffers::SMALL);
    assert!(room.try_enter().is_none());
}

/// Who has to go first: idle ones that had nothing taken, then busy ones, then those who had.
#[test]
fn those_go_who_bring_nothing() {
    let all = Arc::new(AtomicUsize::new(0));
    let [idle, busy, taken, both] = std::array::from_fn(|_| Arc::new(Activity::new()));
    let _requests = [busy.begin(&all), both.begin(&all)];
    std::thread::sleep(std::time::Duration::from_millis(2));
    for activity in [&taken, &both] {
        activity.take();
    }
    let order = [&idle, &busy, &taken, &both].map(|activity| activity.rank());
    assert!(order.is_sorted(), "{order:?}");
    let dispensable = |after| {
        [&idle, &busy, &taken, &both]
            .map(|activity| activity.is_dispensable(Instant::now() + after))
    };
    assert_eq!(dispensable(std::time::Duration::ZERO), [false; 4], "everybody has a moment");
    assert_eq!(dispensable(IDLE_GRACE), [true, false, true, false]);
    assert_eq!(dispensable(BUSY_GRACE), [true; 4]);
}

/// Nobody who had something taken goes while there are others, new as they may be.
#[test]
fn newcomers_go_before_those_who_had_something_taken() {
    let room = Room::new(2 * Buffers::SMALL.bytes, false);
    let mut places: Vec<Place> = std::iter::from_fn(|| room.try_enter()).collect();
    let [old, new] = [0, 1].map(|at| Arc::clone(&places[at].activity));
    old.take();
    room.make_room();
    assert!(!old.is_going() && !new.is_going(), "everybody has a moment");
    std::thread::sleep(2 * IDLE_GRACE);
    room.make_room();
    assert!(!old.is_going() && new.is_going());
    room.make_room();
    assert!(!old.is_going(), "one at a time");
    places.pop();
    room.make_room();
    assert!(old.is_going());
}
