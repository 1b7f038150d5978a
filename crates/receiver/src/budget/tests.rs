use super::*;

#[test]
fn charges_share_the_budget_and_return_it() {
    let budget = Budget::new(100);
    let mut one = Charge::new(&budget);
    let mut other = Charge::new(&budget);
    assert_eq!(one.add(60), Ok(()));
    assert_eq!(other.add(41), Err(Exceeded::Now));
    assert_eq!(other.add(40), Ok(()));
    assert_eq!(one.add(1), Err(Exceeded::Now));
    assert_eq!(one.add(41), Err(Exceeded::Ever));
    assert_eq!(one.add(usize::MAX), Err(Exceeded::Ever));
    assert_eq!(budget.used(), 100);
    one.give_back(10);
    assert_eq!(budget.used(), 90);
    one.give_back(1000);
    assert_eq!(budget.used(), 40);
    drop(other);
    assert_eq!(budget.used(), 0);
    assert_eq!(one.add(100), Ok(()));
    drop(one);
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_panic_returns_the_bytes() {
    let budget = Budget::new(100);
    let inner = Arc::clone(&budget);
    let thread = std::thread::spawn(move || {
        let mut charge = Charge::new(&inner);
        charge.add(50).expect("there is room");
        panic!("of a test");
    });
    assert!(thread.join().is_err());
    assert_eq!(budget.used(), 0);
}

/// Large requests leave room for small ones, unless there is one only that needs it.
#[test]
fn some_is_left_for_small_requests() {
    const LIMIT: usize = 64 << 20;
    let budget = Budget::new(LIMIT);
    let mut large: Vec<Charge> = (0..8).map(|_| Charge::new(&budget)).collect();
    let granted = large.iter_mut().filter_map(|charge| charge.add(LIMIT / 8).ok()).count();
    assert_eq!(granted, 7);
    let mut small = Charge::new(&budget);
    assert_eq!(small.add(SMALL_REQUEST), Ok(()));
    assert_eq!(small.add(1), Err(Exceeded::Now));
    drop((large, small));
    let mut only = Charge::new(&budget);
    assert_eq!(only.add(LIMIT / 2), Ok(()));
    assert_eq!(only.add(LIMIT / 2), Ok(()));
}

/// What was not had in advance is not given back.
#[test]
fn advances_are_a_part_of_the_budget() {
    let budget = Budget::new(ADVANCE_SHARE * 100);
    let charge = Charge::new(&budget);
    let (mut one, mut other) = (charge.advance(), charge.advance());
    assert!(one.raise(60) && one.raise(50) && one.raise(60));
    assert!(!other.raise(41) && other.raise(40) && !one.raise(61));
    drop(other);
    assert!(one.raise(100));
    drop(one);
    assert_eq!(budget.advanced.load(Ordering::Relaxed), 0);
}
