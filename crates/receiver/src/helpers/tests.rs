use super::*;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

type Waits = std::pin::Pin<Box<dyn Future<Output = Turn>>>;

fn wait(helpers: &Arc<Helpers>, activity: &Arc<Activity>) -> Waits {
    let (helpers, activity) = (Arc::clone(helpers), Arc::clone(activity));
    let mut waits: Waits = Box::pin(async move { helpers.turn(&activity).await });
    // It waits from now on, unless it has its turn already.
    match waits.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Box::pin(std::future::ready(turn)),
        Poll::Pending => waits,
    }
}

fn has_turn(waits: &mut Waits) -> Option<Turn> {
    match pin!(waits).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Some(turn),
        Poll::Pending => None,
    }
}

fn connections<const N: usize>() -> [Arc<Activity>; N] {
    std::array::from_fn(|_| Arc::new(Activity::new()))
}

/// No more turns than there are; those that wait get them as they come.
#[test]
fn turns_are_limited_and_return() {
    let helpers = Helpers::new(2);
    let [activity] = connections();
    let mut all: Vec<Waits> = (0..4).map(|_| wait(&helpers, &activity)).collect();
    let mut turns: Vec<Option<Turn>> = all.iter_mut().map(has_turn).collect();
    assert!(matches!(turns[..], [Some(_), Some(_), None, None]));
    turns[1].take();
    assert!(matches!([has_turn(&mut all[2]), has_turn(&mut all[3])], [Some(_), None]));
    assert!(has_turn(&mut all[3]).is_some(), "the third gave its turn back");
}

/// A connection with many requests that wait does not keep back one that has few.
#[test]
fn connections_take_turns() {
    let helpers = Helpers::new(1);
    let [greedy, modest] = connections();
    let mut flood: Vec<Waits> = (0..10).map(|_| wait(&helpers, &greedy)).collect();
    let turn = has_turn(&mut flood[0]).expect("a free turn");
    let mut request = wait(&helpers, &modest);
    assert!(has_turn(&mut request).is_none());
    drop(turn);
    let turn = has_turn(&mut request).expect("the next turn");
    assert!(flood[1..].iter_mut().all(|waits| has_turn(waits).is_none()));
    drop(turn);
    assert!(has_turn(&mut flood[1]).is_some());
}

/// Having been idle is no merit: others who come later have turns all the same.
#[test]
fn turns_are_not_saved_up() {
    let helpers = Helpers::new(1);
    let [old, idle, new] = connections();
    old.set_worked(1000);
    idle.set_worked(0);
    drop(has_turn(&mut wait(&helpers, &old)).expect("a free turn"));
    drop(has_turn(&mut wait(&helpers, &idle)).expect("a free turn"));
    assert!(idle.worked() > 1000);
    assert_eq!(new.worked(), 0);
}

/// Those who went away are passed over.
#[test]
fn who_is_gone_has_no_turn() {
    let helpers = Helpers::new(1);
    let [one, other] = connections();
    let mut first = wait(&helpers, &one);
    let gone: Vec<Waits> = (0..1000).map(|_| wait(&helpers, &one)).collect();
    let mut last = wait(&helpers, &other);
    drop(gone);
    drop(has_turn(&mut first).expect("a free turn"));
    assert!(has_turn(&mut last).is_some());
    assert!(helpers.lock().waiting.is_empty());
}
