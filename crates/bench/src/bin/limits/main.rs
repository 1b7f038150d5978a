//! Measures, on one thread, what the machine can do with a file of OTLP, and what DuckSpan's core
//! does with it.

use std::collections::HashSet;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use duckspan_bench::probe::{Clock, Probe, measure, table};
use lexopt::prelude::*;

mod core;
mod machine;
mod peers;
mod write;

const USAGE: &str = "\
Usage: limits [OPTIONS] LINES FRAMES

Measures on LINES, a file of OTLP/JSON lines, and FRAMES, the same data in protobuf, each request
after its length, as `generate` writes them.

  --runs N        runs of each job, of which the median counts; default 5
  --only A,B      only the jobs of these names
  --clock cpu     time that the thread ran, where the machine is busy; default wall
  --json          one line of JSON for each job
";

/// The job that the others are compared with.
const UNIT: &str = "prost";

struct Options {
    runs: usize,
    only: HashSet<String>,
    clock: Clock,
    json: bool,
    files: Vec<PathBuf>,
}

/// The two files, in memory.
struct Data {
    path: PathBuf,
    lines: Vec<u8>,
    frames: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = parse()?;
    let data = Data {
        path: options.files[0].clone(),
        lines: std::fs::read(&options.files[0])?,
        frames: std::fs::read(&options.files[1])?,
    };
    let rows = core::count(&data)?;
    let mut probes = machine::probes(&data);
    probes.extend(peers::probes(&data));
    probes.extend(core::probes(&data));
    let wanted = |name: &str| options.only.is_empty() || options.only.contains(name);
    probes.retain(|probe: &Probe<'_>| wanted(probe.name()));
    probes.extend(write::probes(&data, |name| wanted(name)));
    probes.retain(|probe: &Probe<'_>| wanted(probe.name()));
    if wanted("render") {
        probes.push(core::render_probe(&data));
    }
    let measures = measure(probes, options.runs, rows, options.clock);
    let text = match options.json {
        true => measures.iter().map(|measure| measure.json() + "\n").collect(),
        false => table(&measures, UNIT),
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn parse() -> Result<Options, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let wall = Clock::Wall(Instant::now());
    let mut options =
        Options { runs: 5, only: HashSet::new(), clock: wall, json: false, files: Vec::new() };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("runs") => options.runs = parser.value()?.parse()?,
            Long("only") => {
                let names = parser.value()?.string()?;
                options.only.extend(names.split(',').map(str::to_owned));
            }
            Long("clock") => {
                options.clock = match parser.value()?.string()?.as_str() {
                    "wall" => wall,
                    "cpu" => Clock::Cpu,
                    _ => return Err("--clock is wall or cpu".into()),
                };
            }
            Long("json") => options.json = true,
            Value(file) => options.files.push(file.into()),
            Long("help") => return Err(USAGE.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    match options.files.len() {
        2 => Ok(options),
        _ => Err(USAGE.into()),
    }
}

/// The requests of a length-prefixed file.
fn frames(mut file: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = file.split_first_chunk()?;
        let (frame, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        file = rest;
        Some(frame)
    })
}

/// The lines of a file, without those that are empty.
fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'\n', file).chain([file.len()]);
    let starts = [0].into_iter().chain(memchr::memchr_iter(b'\n', file).map(|end| end + 1));
    starts.zip(ends).map(|(start, end)| &file[start..end]).filter(|line| !line.is_empty())
}
