use super::*;
use crate::budget::Budget;
use crate::limits::ADVANCE_SHARE;

/// Row 36: memory follows the bytes that arrive, not the length that is declared, if that is much.
#[test]
fn memory_follows_what_arrives() {
    const LIMIT: usize = 64 << 20;
    let budget = Budget::new(ADVANCE_SHARE * LIMIT);
    let mut gather = Gather::new(LIMIT, Charge::new(&budget));
    gather.expect(LIMIT as u64).expect("within the limit");
    assert_eq!(budget.used(), 0);
    let piece = vec![0; 10_000];
    let mut moves = 0;
    while gather.missing() >= piece.len() {
        let before = budget.used();
        gather.push(&piece).expect("room");
        let used = budget.used();
        assert_eq!(used, gather.buffer.bytes.capacity());
        let most = TRUSTED_SIZE.max(2 * TRUSTED_GROWTH * gather.len());
        assert!(used <= most, "{used} for {}", gather.len());
        moves += usize::from(used > before);
    }
    assert_eq!(moves, 3, "512 KiB, 4 MiB, all");
    gather.push(&vec![0; gather.missing()]).expect("room");
    assert_eq!((gather.len(), budget.used()), (LIMIT, LIMIT));
    drop(gather);
    assert_eq!(budget.used(), 0);
}

#[test]
fn usual_bodies_do_not_move_as_they_grow() {
    let budget = Budget::new(1 << 30);
    let mut gather = Gather::new(1 << 30, Charge::new(&budget));
    gather.expect(300_000).expect("within the limit");
    gather.push(&[0; 10]).expect("room");
    assert_eq!(budget.used(), 300_000);
    let mut chunked = Gather::new(1 << 30, Charge::new(&budget));
    chunked.push(&[0; 10]).expect("room");
    assert_eq!(budget.used(), 300_000 + FIRST_STEP, "of unknown length");
}

/// Those who declare much and send little hold little of the budget together.
#[test]
fn what_is_declared_is_charged_in_advance_for_a_part_of_the_budget_only() {
    const LIMIT: usize = 8 << 20;
    let budget = Budget::new(LIMIT);
    let begin = |declared: Option<u64>| {
        let mut gather = Gather::new(1 << 20, Charge::new(&budget));
        if let Some(declared) = declared {
            gather.expect(declared).expect("within the limit");
        }
        gather.push(&[0; 1]).expect("room");
        gather
    };
    let mut all: Vec<Gather> = (0..400).map(|_| begin(Some(1 << 20))).collect();
    all.extend((0..400).map(|_| begin(None)));
    let most = LIMIT / ADVANCE_SHARE + all.len() * LEAST_STEP;
    assert!(budget.used() <= most, "{}", budget.used());
    // They get what they need as it arrives; and who comes next once they are gone, what is declared.
    let mut last = begin(Some(500_000));
    assert_eq!(last.buffer.bytes.capacity(), LEAST_STEP);
    last.push(&[0; 99_999]).expect("room");
    assert_eq!(last.buffer.bytes.capacity(), 100_000);
    last.push(&[0; 1]).expect("room");
    assert_eq!(last.buffer.bytes.capacity(), 2 * 100_001);
    drop((all, last));
    assert_eq!(begin(Some(500_000)).buffer.bytes.capacity(), 500_000);
    assert_eq!(budget.used(), 0);
}

#[test]
fn what_finds_no_room_is_refused_before_it_is_taken() {
    let budget = Budget::new(100_000);
    let mut gather = Gather::new(1 << 20, Charge::new(&budget));
    gather.push(&[0; 50_000]).expect("room");
    let refusal = gather.push(&[0; 60_000]).expect_err("no room");
    assert_eq!(refusal.reason, Reason::TooLarge, "not ever");
    let other = Gather::new(1 << 20, Charge::new(&budget)).push(&[0; 60_000]);
    assert_eq!(other.expect_err("no room").reason, Reason::Overload, "not now");
    assert!(budget.used() <= 65_536, "{}", budget.used());
}

/// What is first and last is charged, but not copied; a part of a body may not hold on to where it lies.
#[test]
fn only_whole_bodies_stay_where_they_are() {
    let cases: [(&[(usize, bool)], bool); 5] = [
        (&[(100, true)], true),
        (&[(100, false)], false),
        (&[(100, false), (0, true)], false),
        (&[(50, false), (50, true)], false),
        (&[(0, true)], false),
    ];
    for (pieces, stays) in cases {
        let budget = Budget::new(1 << 20);
        let mut gather = Gather::new(100, Charge::new(&budget));
        for &(len, is_last) in pieces {
            gather.take(vec![7_u8; len].into(), is_last).expect("room");
        }
        let Payload { bytes, charge } = gather.finish();
        assert_eq!(bytes.charged(), budget.used());
        assert_eq!(matches!(bytes, Content::Received(_)), stays, "{pieces:?}");
        assert_eq!(bytes.len(), pieces.iter().map(|(len, _)| len).sum::<usize>());
        drop(charge);
        assert_eq!(budget.used(), 0);
    }
    let budget = Budget::new(50);
    let refused =
        |limit| Gather::new(limit, Charge::new(&budget)).take(vec![7_u8; 100].into(), true);
    assert_eq!(refused(99).expect_err("over the limit").reason, Reason::TooLarge);
    assert_eq!(refused(100).expect_err("over the budget").reason, Reason::TooLarge);
}
