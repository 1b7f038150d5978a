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
