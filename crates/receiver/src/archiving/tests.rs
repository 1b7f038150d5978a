use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use duckspan_ring::Signal::{Logs, Traces};
use tokio::runtime::Builder;
use tokio::time::timeout;

const NOT_YET: Duration = Duration::from_millis(50);

fn archiving(acknowledges: bool) -> (Archiving, Arc<AtomicUsize>) {
    let hurried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hurried);
    let archiving = Archiving::new(acknowledges, move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (archiving, hurried)
}

#[test]
fn senders_wait_for_their_rows() {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let (archiving, hurried) = archiving(true);
        archiving.advance(Traces, 5);
        archiving.acknowledged(Traces, 5).await;
        assert_eq!(hurried.load(Ordering::Relaxed), 0, "nobody had to wait");
        archiving.advance(Logs, 9);
        assert!(timeout(NOT_YET, archiving.acknowledged(Traces, 6)).await.is_err());
        let (waits, other) = (archiving.clone(), archiving.clone());
        let waiting = tokio::spawn(async move { waits.acknowledged(Traces, 7).await });
        let advancing = tokio::spawn(async move { other.advance(Traces, 7) });
        waiting.await.expect("no panic");
        advancing.await.expect("no panic");
        assert_eq!(hurried.load(Ordering::Relaxed), 2);
        archiving.advance(Traces, 3);
        assert_eq!(archiving.end(Traces), 7, "what is archived stays so");
    });
}

#[test]
fn senders_are_not_kept_waiting_unless_asked() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (archiving, hurried) = archiving(false);
    runtime.block_on(archiving.acknowledged(Traces, 1));
    assert_eq!(hurried.load(Ordering::Relaxed), 0);
}
