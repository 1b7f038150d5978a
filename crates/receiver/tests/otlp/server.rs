//! A receiver under test, with its rings.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use duckspan_otlp::Signal;
use duckspan_receiver::{Config, Counters, Limits, Receiver};
use duckspan_ring::Rings;
use prost::Message;

/// Longer than anything takes, unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver on a free port, with empty rings.
pub(crate) struct Server {
    pub(crate) receiver: Receiver,
    pub(crate) rings: Arc<Rings>,
}

impl Server {
    pub(crate) fn start() -> Server {
        Server::configured(|_| {})
    }

    pub(crate) fn limited(limit: impl FnOnce(&mut Limits)) -> Server {
        Server::configured(|config| limit(&mut config.limits))
    }

    pub(crate) fn configured(configure: impl FnOnce(&mut Config)) -> Server {
        let limits = duckspan_ring::Limits {
            max_rows: 10_000_000,
            memory_limit: 1 << 30,
            pinned_limit: u64::MAX,
        };
        Server::of(limits, configure)
    }

    pub(crate) fn with_rings(limits: duckspan_ring::Limits) -> Server {
        Server::of(limits, |_| {})
    }

    fn of(limits: duckspan_ring::Limits, configure: impl FnOnce(&mut Config)) -> Server {
        let rings = Arc::new(Rings::new(limits));
        let mut config = Config::new("127.0.0.1:0".parse().expect("an address"));
        configure(&mut config);
        let receiver = Receiver::start(config, Arc::clone(&rings)).expect("a free port");
        Server { receiver, rings }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.receiver.address()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn counters(&self) -> Counters {
        self.receiver.counters()
    }

    /// Rows stored of each signal.
    pub(crate) fn rows(&self) -> [u64; 3] {
        Signal::ALL.map(|signal| self.rings.snapshot(signal).rows())
    }

    /// The messages of the rows stored of a signal.
    pub(crate) fn messages<M: Message + Default>(&self, signal: Signal) -> Vec<M> {
        let snapshot = self.rings.snapshot(signal);
        let mut messages = Vec::new();
        for part in snapshot.parts().expect("rows").iter() {
            for row in part.rows() {
                let bytes = part.segment().message(row).expect("a row with a message");
                messages.push(M::decode(bytes).expect("a stored message"));
            }
        }
        messages
    }

    /// Waits until what was counted is as it should be.
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&Counters) -> bool) -> Counters {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let counters = self.counters();
            if condition(&counters) {
                return counters;
            }
            assert!(std::time::Instant::now() < end, "{what}: {counters:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until nothing is in flight and no byte is charged.
    pub(crate) fn wait_idle(&self) {
        self.wait_for("idle", |c| c.in_flight_bytes == 0 && c.in_flight_requests == 0);
    }
}

/// Runs asynchronous client code.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        tokio::time::timeout(2 * PATIENCE, future).await.expect("an answer in time")
    })
}
