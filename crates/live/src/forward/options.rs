//! What `ATTACH … (forward …)` asks for.

use std::sync::Arc;
use std::time::Duration;

use duckspan_ring::Rings;
use duckspan_sender::{COMPRESSIONS, Credentials, Endpoint, OptionError, Options, compresses};
use duckspan_tables::fault::{Fault, FaultKind, Result};
use duckspan_tables::time::{NUMBER_OR_DURATION, seconds};

use super::Forward;

/// The options, in the order of the docs.
pub(crate) const OPTIONS: [&str; 4] =
    ["forward", "forward_compression", "forward_timeout", "forward_when_full"];

/// Those that say nothing where nothing is forwarded.
pub(crate) const NEED_UPSTREAM: &[&str] = OPTIONS.split_at(1).1;

/// Time for an answer. It is more than senders have, as nobody waits for it, and a slow upstream may need it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The part of `memory_limit` that requests may hold on their way to the upstream, and the most that they may.
const SHARE: u64 = 16;
const LARGEST_SHARE: u64 = 16 << 20;

/// Where to forward rows to, and what if that does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForwardOptions {
    /// As it was written: the scope of a secret is compared with that. `None` if nothing is forwarded.
    path: Option<String>,
    endpoint: Option<Endpoint>,
    /// Whether requests are compressed.
    gzip: bool,
    /// Time for an answer.
    timeout: Duration,
    /// Whether rows that are not forwarded stay when memory is full, and senders wait.
    pub(super) keeps: bool,
    /// Those of a secret. With others it is another way, even to the same place.
    credentials: Credentials,
}

impl Default for ForwardOptions {
    fn default() -> ForwardOptions {
        ForwardOptions {
            path: None,
            endpoint: None,
            gzip: false,
            timeout: TIMEOUT,
            keeps: false,
            credentials: Credentials::default(),
        }
    }
}

impl ForwardOptions {
    /// Sets an option.
    ///
    /// # Errors
    /// If the value is not one it takes.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let wrong = |what: &str| binder(format!("{name} '{value}' is not {what}"));
        match (name, value.to_ascii_lowercase().as_str()) {
            ("forward", _) => {
                self.endpoint = Some(value.parse().map_err(|error| binder(format!("{error}")))?);
                self.path = Some(value.to_owned());
            }
            ("forward_compression", _) => {
                self.gzip = compresses(value).ok_or_else(|| wrong(COMPRESSIONS))?;
            }
            ("forward_timeout", _) => {
                self.timeout = seconds(value).ok_or_else(|| wrong(NUMBER_OR_DURATION))?;
            }
            (_, "evict") => self.keeps = false,
            (_, "wait") => self.keeps = true,
            _ => return Err(wrong("'evict' or 'wait'")),
        }
        Ok(())
    }

    /// Sets what a secret has: `key` is the name of a header.
    pub(crate) fn set_secret(&mut self, name: &str, key: &str, value: &str) -> Result<()> {
        let set = self.credentials.set(name, key, value);
        set.map_err(|error| self.unusable(&error))
    }

    /// How requests are sent.
    pub(super) fn sending(&self) -> Options {
        Options {
            gzip: self.gzip,
            timeout: self.timeout,
            credentials: self.credentials.clone(),
            ..Options::default()
        }
    }

    pub(super) fn unusable(&self, error: &OptionError) -> Fault {
        let endpoint = self.endpoint.as_ref().map_or(String::new(), ToString::to_string);
        binder(format!("The secret for {endpoint} cannot be used: {error}"))
    }

    pub(crate) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// Bytes of memory that requests may hold on their way, of so many in all.
    pub(crate) fn share(&self, memory_limit: u64) -> u64 {
        self.endpoint.as_ref().map_or(0, |_| (memory_limit / SHARE).min(LARGEST_SHARE))
    }

    /// Begins to forward, if that is asked for.
    ///
    /// # Errors
    /// If what a secret has cannot be used.
    pub(crate) fn start(&self, rings: &Arc<Rings>, memory_limit: u64) -> Result<Option<Forward>> {
        let share = self.share(memory_limit);
        let start = |endpoint| Forward::start(self, endpoint, rings, share);
        self.endpoint.as_ref().map(start).transpose()
    }
}

fn binder(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Binder, message)
}
