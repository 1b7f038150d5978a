//! `COPY … TO 'otlp://host:4317' (FORMAT otlp)`: requests go to an upstream instead of a file.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use duckspan_otlp::{Segment, shift_times};
use duckspan_sender::{
    COMPRESSIONS, Endpoint, OptionError, Options, Report, Request, Sender, compresses,
};

use super::pace::{Pace, Speed};
use super::{CopyRows, Departure, binder, no_memory};
use crate::fault::{Fault, FaultKind, Result};
use crate::time::{NUMBER_OR_DURATION, seconds};

#[cfg(test)]
mod tests;

/// Time after which whoever waits looks whether its query was interrupted.
const PATIENCE: Duration = Duration::from_millis(50);

/// The most requests that may be in flight.
const MOST_IN_FLIGHT: u32 = 64;

/// The options, in the order of the docs.
pub(super) const OPTIONS: [&str; 6] =
    ["compression", "in_flight", "timeout", "retry_for", "ignore_errors", "speed"];

/// Refuses the scope of a secret if no address begins with it: nobody would get what it has.
///
/// # Errors
/// If that is so.
pub fn check_scope(scope: &str) -> Result<()> {
    if Endpoint::may_begin_with(scope) {
        return Ok(());
    }
    let message = format!(
        "No address of OTLP begins with the scope '{scope}': write one as COPY and forward have it, such as \
         'otlp://collector:4317' or 'https://otlp.example.com'"
    );
    Err(Fault::new(FaultKind::InvalidInput, message))
}

/// Where rows are sent, and how.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    path: String,
    endpoint: Endpoint,
    options: Options,
    /// Whether rows that are rejected are a warning.
    ignore_errors: bool,
    /// At the pace of their times, if at any.
    speed: Option<Speed>,
}

impl Upstream {
    pub(super) fn new(path: &str) -> Result<Upstream> {
        Ok(Upstream {
            path: path.to_owned(),
            endpoint: path.parse().map_err(|error| binder(format!("{error}")))?,
            options: Options::default(),
            ignore_errors: false,
            speed: None,
        })
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let wrong = |what: &str| binder(format!("{name} '{value}' is not {what}"));
        match name {
            "compression" => {
                self.options.gzip = compresses(value).ok_or_else(|| wrong(COMPRESSIONS))?;
            }
            "ignore_errors" => {
                self.ignore_errors = match value.to_ascii_lowercase().as_str() {
                    "" | "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err(wrong("true or false")),
                }
            }
            "in_flight" => {
                let number =
                    value.parse().ok().filter(|number| (1..=MOST_IN_FLIGHT).contains(number));
                let what = format!("a whole number from 1 to {MOST_IN_FLIGHT}");
                self.options.in_flight = number.ok_or_else(|| wrong(&what))?;
            }
            "timeout" => {
                self.options.timeout = seconds(value).ok_or_else(|| wrong(NUMBER_OR_DURATION))?;
            }
            "retry_for" => {
                self.options.retry_for = seconds(value).ok_or_else(|| wrong(NUMBER_OR_DURATION))?;
            }
            "speed" => {
                let speed =
                    Speed::new(value).ok_or_else(|| wrong("a number more than 0, such as 1.0"))?;
                self.speed = Some(speed);
            }
            _ => {
                return Err(binder(format!(
                    "COPY … TO '{}' has no option {name}: it has {}; tokens, headers and certificates are those of a \
                     secret",
                    self.path,
                    OPTIONS.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Sets what a secret has: `key` is the name of a header.
    pub(super) fn set_secret(&mut self, name: &str, key: &str, value: &str) -> Result<()> {
        let set = self.options.credentials.set(name, key, value);
        set.map_err(|error| self.unusable(&error))
    }

    pub(super) fn speed(&self) -> Option<Speed> {
        self.speed
    }

    fn unusable(&self, error: &OptionError) -> Fault {
        binder(format!("The secret for {} cannot be used: {error}", self.endpoint))
    }

    /// A request of the rows of a segment, whose times are moved by so many nanoseconds.
    pub(super) fn request(&self, segment: &Segment, shift: i64) -> Result<Request> {
        let mut message = Vec::new();
        segment.put_request(0..segment.len(), &mut message);
        let (signal, rows) = (segment.signal(), segment.len() as u64);
        if shift != 0 {
            let shifted = shift_times(signal, &mut message, shift);
            shifted.map_err(|error| binder(format!("times cannot be moved to now: {error}")))?;
        }
        Request::new(&self.endpoint, &self.options, signal, rows, message).map_err(no_memory)
    }

    pub(super) fn sender(&self, path: &str) -> Result<CopySender> {
        // DuckDB made up names of files, one for each part, from where rows are sent to.
        if path != self.path {
            return Err(binder(format!(
                "Rows are sent to {}, and not to several files: leave out PARTITION_BY, PER_THREAD_OUTPUT, \
                 FILE_SIZE_BYTES and their like",
                self.path
            )));
        }
        let sender = Sender::new(self.endpoint.clone(), self.options.clone());
        Ok(CopySender {
            sender: sender.map_err(|error| self.unusable(&error))?,
            pace: self.speed.map(|speed| Arc::new(Mutex::new(Pace::new(speed)))),
            upstream: self.clone(),
        })
    }
}

/// The sender of a copy. Every thread of its query may use it.
#[derive(Debug)]
pub struct CopySender {
    sender: Sender,
    /// That of all rows, whatever batch they are in.
    pace: Option<Arc<Mutex<Pace>>>,
    upstream: Upstream,
}

impl CopySender {
    pub(super) fn pace(&self) -> Option<Arc<Mutex<Pace>>> {
        self.pace.clone()
    }

    /// Sends what is encoded of `rows`. Whether that is done: if not, call again, unless the query was interrupted.
    ///
    /// # Errors
    /// If an upstream takes no more.
    pub fn send(&self, rows: &mut CopyRows) -> Result<bool> {
        while let Some(Departure { due, request }) = rows.requests.pop_front() {
            let left =
                due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()));
            let sent = match left {
                Duration::ZERO => self.sender.send(request, PATIENCE),
                left => self.sender.rest(left.min(PATIENCE)).map(|()| Some(request)),
            };
            if let Some(request) =
                sent.map_err(|failed| self.failed(&failed.to_string(), &failed.report))?
            {
                // Not due, or not taken yet: it is the first again when the caller has looked whether its query goes on.
                rows.requests.push_front(Departure { due, request });
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is to be said once all is sent, empty if there is nothing; `None` as long as it is not sent.
    ///
    /// # Errors
    /// If rows were not taken.
    pub fn finish(&self) -> Result<Option<String>> {
        let finished = self.sender.finish(PATIENCE);
        let report = finished.map_err(|failed| self.failed(&failed.to_string(), &failed.report))?;
        let Some(report) = report else { return Ok(None) };
        if report.rejected > 0 && !self.upstream.ignore_errors {
            let message = format!(
                "{} The others were taken. With IGNORE_ERRORS true this is a warning.",
                self.said(&report)
            );
            return Err(Fault::new(FaultKind::InvalidInput, message));
        }
        // An upstream may take all rows and say something nevertheless: OTLP calls that a warning.
        let is_silent = report.rejected == 0 && report.said.is_empty();
        Ok(Some(if is_silent { String::new() } else { self.said(&report) }))
    }

    fn said(&self, report: &Report) -> String {
        let Report { sent, rejected, said } = report;
        let endpoint = &self.upstream.endpoint;
        let said = if said.is_empty() { "it does not say why".to_owned() } else { said.join("; ") };
        match rejected {
            0 => format!("{endpoint} took all rows, and says: {said}"),
            _ => format!("{endpoint} rejected {rejected} of {sent} rows: {said}."),
        }
    }

    fn failed(&self, failed: &str, report: &Report) -> Fault {
        let message = match report.sent {
            0 => failed.to_owned(),
            sent => format!("{failed}. It took {sent} rows before, which it has"),
        };
        Fault::new(FaultKind::Io, message)
    }
}
