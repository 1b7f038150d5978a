//! The receiver: its threads, and how they start and stop.
//!
//! A thread of its own owns the runtime, so that the runtime is never dropped where that is not allowed,
//! whoever drops the receiver. In a child of `fork` there is no such thread: nothing is done there, neither
//! to the sockets of the parent nor to wait for it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use duckspan_ring::Rings;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::connection::{Context, accept};
use crate::counters::Counters;
use crate::limits::{ABORT, GOODBYE, Limits, WORKERS};
use crate::listen::{StartError, bind};
use crate::service::{Service, Store};

#[cfg(test)]
mod tests;

const THREAD: &str = "duckspan-otlp";

/// A running OTLP receiver. It stops when it is dropped.
pub struct Receiver {
    addresses: Vec<SocketAddr>,
    http_address: Option<SocketAddr>,
    service: Arc<Service>,
    room: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    ended: Arc<Ended>,
    thread: Mutex<Option<JoinHandle<()>>>,
    process: u32,
}

impl Receiver {
    /// Starts a receiver that appends to `rings`. When it returns, clients can connect.
    ///
    /// # Errors
    /// If it cannot listen where it should; nothing is left behind then.
    pub fn start(config: Config, rings: Arc<Rings>) -> Result<Receiver, StartError> {
        Receiver::start_with(&config, Box::new(move |segment| rings.append(segment)))
    }

    pub(crate) fn start_with(config: &Config, store: Store) -> Result<Receiver, StartError> {
        let mut listeners = bind(&config.address)?;
        let addresses = addresses(&listeners, config)?;
        let mut http_address = None;
        if let Some(port) = config.http_port {
            if port != 0 && port == addresses[0].port() {
                http_address = Some(addresses[0]);
            } else {
                let http = bind(&config.address.with_port(port))?;
                http_address = addresses_of(&http, config)?.first().copied();
                listeners.extend(http);
            }
        }
        let (stop, stopped) = watch::channel(false);
        let room = Arc::new(Semaphore::new(config.limits.max_connections));
        let service = Arc::new(Service::new(config, store));
        let context = Context { service: Arc::clone(&service), room: Arc::clone(&room), stop: stopped };
        let ended = Arc::new(Ended::default());
        let thread = spawn(listeners, context, Arc::clone(&ended))
            .map_err(|error| StartError::new(&config.address, error))?;
        let process = std::process::id();
        let thread = Mutex::new(Some(thread));
        Ok(Receiver { addresses, http_address, service, room, stop, ended, thread, process })
    }
}
