//! What receiving costs: rows per second of server CPU, against sinks that drop the same messages.
//!
//! ```text
//! cargo bench -p duckspan-receiver --bench ingest [-- seconds]
//! ```
//! Each server runs in a process of its own, so that its CPU time is its own; it is sent requests of one
//! size over and over. The sinks are tonic with a codec that passes bytes on, and hyper that collects them.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod client;
mod data;
mod server;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use client::Load;
use server::Kind;

fn main() {
    if let Ok(kind) = std::env::var("INGEST_SERVER") {
        return server::run(Kind::from_name(&kind));
    }
    let seconds = std::env::args().find_map(|argument| argument.parse::<f64>().ok());
    let time = Duration::from_secs_f64(seconds.unwrap_or(3.0));
    println!("{:<34}{:>14}{:>14}{:>8}", "rows per server CPU second", "receiver", "sink", "ratio");
    for load in Load::all() {
        let sink = if load.is_grpc() { Kind::TonicSink } else { Kind::HyperSink };
        let receiver = measure(Kind::Receiver, &load, time);
        let sink = measure(sink, &load, time);
        let ratio = receiver / sink;
        println!("{:<34}{receiver:>14.0}{sink:>14.0}{ratio:>8.2}", load.name());
    }
}

/// Rows per second of CPU of a server under a load.
fn measure(kind: Kind, load: &Load, time: Duration) -> f64 {
    let server = Server::start(kind);
    client::run(server.address, load, time / 4);
    let before = server.cpu_seconds();
    let rows = client::run(server.address, load, time);
    rows as f64 / (server.cpu_seconds() - before)
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(kind: Kind) -> Server {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env("INGEST_SERVER", kind.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Server { child, address: line.trim().parse().unwrap() }
    }

    /// User and system time of all threads, as `/proc` counts it: in hundredths of a second.
    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
