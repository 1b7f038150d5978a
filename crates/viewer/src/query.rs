//! Queries: each runs on a thread, and its result goes to the browser as fast as that takes it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Interval, interval_at, sleep, timeout};

use crate::answer::Writer;
use crate::engine::{Answer, Column, Engine, Running, Value};
use crate::limits::{INSIST, PIECES, PROGRESS, STALL};

/// What is known of a query from elsewhere than its thread.
#[derive(Default)]
struct Query(Mutex<State>);

#[derive(Default)]
struct State {
    running: Option<Arc<dyn Running>>,
    is_cancelled: bool,
    has_ended: bool,
}

impl Query {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says once more that it is to end; says whether that is still of use.
    fn interrupt(&self) -> bool {
        let state = self.lock();
        if let Some(running) = &state.running {
            running.interrupt();
        }
        !state.has_ended
    }

    fn progress(&self) -> Option<f64> {
        // Asked without the lock: DuckDB may take its own for that.
        let running = self.lock().running.clone();
        running?.progress()
    }
}

/// The result of a query as it comes; the query ends when nobody wants it any more.
pub(crate) struct Results {
    pieces: mpsc::Receiver<Bytes>,
    query: Arc<Query>,
    ticks: Interval,
    told: f64,
    runtime: Handle,
}

impl Results {
    /// Runs a query once one of the places is free.
    pub(crate) fn of(
        engine: Arc<dyn Engine>,
        places: Arc<Semaphore>,
        sql: String,
        limit: u64,
    ) -> Results {
        // So few that a query waits for its browser instead of filling the memory.
        let (sender, pieces) = mpsc::channel(PIECES);
        let query = Arc::new(Query::default());
        let runtime = Handle::current();
        let of_thread = Arc::clone(&query);
        runtime.spawn(async move {
            // Who goes away while it waits is seen to have gone when it begins.
            let Ok(place) = places.acquire_owned().await else { return };
            let run = move || run(&*engine, &of_thread, &sql, limit, sender, place);
            let _ = tokio::task::spawn_blocking(run).await;
        });
        let ticks = interval_at(Instant::now() + PROGRESS, PROGRESS);
        Results { pieces, query, ticks, told: 0.0, runtime }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        // Rows before progress: whoever gets rows sees that it goes on.
        if let Poll::Ready(piece) = self.pieces.poll_recv(cx) {
            return Poll::Ready(piece);
        }
        // Until it is pending, or nobody would wake this up for the next tick.
        while Pin::new(&mut self.ticks).poll_tick(cx).is_ready() {
            let progress = self.query.progress().unwrap_or_default();
            if progress > self.told {
                self.told = progress;
                return Poll::Ready(Some(format!("{}\n", json!({"progress": progress})).into()));
            }
        }
        Poll::Pending
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        // For a query that has not begun, and so has nothing yet that could be interrupted.
        self.query.lock().is_cancelled = true;
        let query = Arc::clone(&self.query);
        self.runtime.spawn(async move {
            while query.interrupt() {
                sleep(INSIST).await;
            }
        });
    }
}

/// Runs a query on this thread, which may wait.
fn run(
    engine: &dyn Engine,
    query: &Arc<Query>,
    sql: &str,
    limit: u64,
    sender: mpsc::Sender<Bytes>,
    _place: OwnedSemaphorePermit,
) {
    let _ends = Ends(query);
    let runtime = Handle::current();
    let send = move |piece| {
        // A browser that takes nothing is gone, as far as the query goes.
        matches!(runtime.block_on(timeout(STALL, sender.send(piece))), Ok(Ok(())))
    };
    let mut answer = Sending { query, writer: Writer::new(limit, send) };
    let outcome = engine.query(sql, &mut answer);
    answer.writer.end(outcome, sql);
}

/// Says that a query has ended, even if it did so by a panic.
struct Ends<'a>(&'a Query);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.has_ended = true;
        // What it holds may be what keeps the database open.
        state.running = None;
    }
}

struct Sending<'a, S> {
    query: &'a Query,
    writer: Writer<S>,
}

impl<S: FnMut(Bytes) -> bool> Answer for Sending<'_, S> {
    fn begin(&mut self, running: Arc<dyn Running>) -> bool {
        let mut state = self.query.lock();
        state.running = Some(running);
        !state.is_cancelled
    }

    fn columns(&mut self, columns: &[Column<'_>]) {
        self.writer.columns(columns);
    }

    fn value(&mut self, value: Value<'_>) {
        self.writer.value(value);
    }

    fn wait(&mut self) {
        self.writer.wait();
    }

    fn end_row(&mut self) -> bool {
        self.writer.end_row()
    }
}
