//! Measures what receiving costs a server, and runs the servers that are compared.

use std::error::Error;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use client::{Load, Protocol};
use duckspan_bench::compression::Compression;
use lexopt::prelude::*;
use secure::Folder;
use server::Kind;

mod client;
mod secure;
mod server;
mod sink;

const USAGE: &str = "\
Usage: ingest [OPTIONS] SERVER

Sends generated spans to a server in a process of its own, over and over, and prints the rows that it
took in a second of its CPU time. SERVER is `receiver`, DuckSpan's; or one that drops what it takes:
`tonic`, a gRPC server that does not decode the message; `tonic-tuned`, the same with as many threads, and
as large frames and windows, as DuckSpan has; or `hyper`, a server that reads the body.

  --protocol grpc|http|json       default grpc; json is HTTP too
  --compression none|gzip|zstd    default none
  --rows N                        rows of one request; default 512
  --rate N                        rows per second, at most; without it as many as are taken
  --seconds N                     default 1, after half of it that does not count
  --tls FOLDER                    gRPC with TLS, of ca.pem, server.pem and server.key; not of `hyper`
  --pid N                         SERVER is the address of one that runs already, in this process
  --serve                         only runs the server, until standard input ends; prints its address
";

struct Options {
    server: String,
    pid: Option<u32>,
    protocol: Protocol,
    compression: Compression,
    rows: usize,
    rate: Option<f64>,
    time: Duration,
    tls: Option<Folder>,
    serve: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = parse()?;
    if options.serve {
        return server::run(options.server.parse()?, options.tls.as_ref());
    }
    if options.tls.is_some() && options.protocol != Protocol::Grpc {
        return Err("--tls is for gRPC".into());
    }
    let Options { protocol, compression, rows, rate, .. } = options;
    let load = Load::new(protocol, compression, rows, rate, options.tls.clone())?;
    let server = match options.pid {
        Some(pid) => Server { pid, address: options.server.parse()?, child: None },
        None => Server::start(options.server.parse()?, options.tls.as_ref())?,
    };
    let rate = measure(&server, &load, options.time)?;
    Ok(writeln!(io::stdout(), "{rate:.0}")?)
}

fn parse() -> Result<Options, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut server = None;
    let mut options = Options {
        server: String::new(),
        pid: None,
        protocol: Protocol::Grpc,
        compression: Compression::None,
        rows: 512,
        rate: None,
        time: Duration::from_secs(1),
        tls: None,
        serve: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("protocol") => options.protocol = parser.value()?.parse()?,
            Long("compression") => options.compression = parser.value()?.parse()?,
            Long("rows") => options.rows = parser.value()?.parse()?,
            Long("rate") => options.rate = Some(parser.value()?.parse()?),
            Long("seconds") => {
                options.time = parser.value()?.parse_with(|text| {
                    Duration::try_from_secs_f64(text.parse().map_err(|_| "not a number")?)
                        .map_err(|_| "out of range")
                })?;
            }
            Long("pid") => options.pid = Some(parser.value()?.parse()?),
            Long("tls") => options.tls = Some(Folder::new(parser.value()?)),
            Long("serve") => options.serve = true,
            Value(name) => server = Some(name.string()?),
            Long("help") => return Err(USAGE.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    options.server = server.ok_or(USAGE)?;
    Ok(options)
}

/// Rows per second of CPU of a server under a load.
fn measure(server: &Server, load: &Load, time: Duration) -> io::Result<f64> {
    client::run(server.address, load, time / 2)?;
    let before = server.cpu_time()?;
    let rows = client::run(server.address, load, time)?;
    Ok(rows as f64 / (server.cpu_time()? - before).as_secs_f64())
}

/// A server in a process of its own, so that its CPU time is its own.
struct Server {
    pid: u32,
    address: SocketAddr,
    /// Where it was started here.
    child: Option<Child>,
}

impl Server {
    fn start(kind: Kind, tls: Option<&Folder>) -> io::Result<Server> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(tls.iter().flat_map(|folder| [OsStr::new("--tls"), folder.path().as_os_str()]))
            .args(["--serve", kind.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = &mut child.stdout {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Server { pid: child.id(), address, child: Some(child) })
    }

    /// What its threads have run for, in user code and in the kernel.
    fn cpu_time(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            nanos += run_time(&thread?.path()).unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanos))
    }
}

/// Nanoseconds that a thread has run for; none if it has ended.
fn run_time(thread: &Path) -> Option<u64> {
    std::fs::read_to_string(thread.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}
