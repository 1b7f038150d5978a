//! Times jobs on the same data and puts them side by side.

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A job that reads data and returns something that depends on all of it.
pub struct Probe<'a> {
    name: &'static str,
    bytes: usize,
    job: Box<dyn FnMut() -> u64 + 'a>,
    times: Vec<Duration>,
}

/// What time is.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// Time since then.
    Wall(Instant),
    /// Time this thread ran, where other programs may keep the machine busy. Linux only.
    Cpu,
}

impl Clock {
    fn now(self) -> Duration {
        match self {
            Clock::Wall(start) => start.elapsed(),
            Clock::Cpu => {
                // The standard library has no clock of a thread, and this file has its nanoseconds first.
                let text = std::fs::read_to_string("/proc/thread-self/schedstat");
                let nanos = text.ok().and_then(|text| text.split(' ').next()?.parse().ok());
                Duration::from_nanos(nanos.unwrap_or_default())
            }
        }
    }
}

/// What a job took: the median of its runs.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// The name of the job.
    pub name: &'static str,
    /// Bytes of input.
    pub bytes: usize,
    /// Rows in the input.
    pub rows: usize,
    /// The median time of a run.
    pub time: Duration,
}

impl<'a> Probe<'a> {
    /// A job on `bytes` bytes of input.
    pub fn new(name: &'static str, bytes: usize, job: impl FnMut() -> u64 + 'a) -> Probe<'a> {
        Probe { name, bytes, job: Box::new(job), times: Vec::new() }
    }

    /// The name of the job.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// Runs each job `runs` times, all of them in turn, so that a slow minute hits all alike.
pub fn measure(mut probes: Vec<Probe<'_>>, runs: usize, rows: usize, clock: Clock) -> Vec<Measure> {
    for _ in 0..runs {
        for probe in &mut probes {
            let start = clock.now();
            // Or the compiler would see that nobody wants the result, and leave out the work.
            black_box((probe.job)());
            probe.times.push(clock.now() - start);
        }
    }
    let measure = |probe: Probe<'_>| Measure {
        name: probe.name,
        bytes: probe.bytes,
        rows,
        time: median(probe.times),
    };
    probes.into_iter().map(measure).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

impl Measure {
    /// Input in 10⁹ bytes a second.
    pub fn gigabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.time.as_nanos().max(1) as f64
    }

    /// Nanoseconds a row.
    pub fn nanos_per_row(&self) -> f64 {
        self.time.as_nanos() as f64 / self.rows.max(1) as f64
    }

    /// Rows a second.
    pub fn rows_per_second(&self) -> f64 {
        1e9 / self.nanos_per_row().max(1e-3)
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        format!(
            r#"{{"probe":"{}","bytes":{},"rows":{},"seconds":{:.6},"rows_per_second":{:.0}}}"#,
            self.name,
            self.bytes,
            self.rows,
            self.time.as_secs_f64(),
            self.rows_per_second()
        )
    }
}

/// A table for people; the last column compares with the job named `unit`.
pub fn table(measures: &[Measure], unit: &str) -> String {
    let unit_time = measures.iter().find(|measure| measure.name == unit).map(|m| m.nanos_per_row());
    let mut out =
        format!("{:<34}{:>8}{:>10}{:>12}  × {unit}\n", "job", "GB/s", "ns/row", "Mrows/s");
    for measure in measures {
        let ratio = unit_time.map_or(0.0, |unit| unit / measure.nanos_per_row());
        writeln!(
            out,
            "{:<34}{:>8.2}{:>10.1}{:>12.3}  {ratio:.2}",
            measure.name,
            measure.gigabytes_per_second(),
            measure.nanos_per_row(),
            measure.rows_per_second() / 1e6
        )
        .ok();
    }
    out
}
