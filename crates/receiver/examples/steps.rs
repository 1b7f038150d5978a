#[path = "../benches/ingest/data.rs"]
mod data;
use prost::Message as _;
use duckspan_otlp::verify::verify;
use duckspan_otlp::*;
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap(); s.split(' ').next().unwrap().parse().unwrap() }
fn time(name: &str, spans: usize, mut f: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..30 { let t = cpu(); for _ in 0..200 { f(); } best = best.min((cpu()-t) / 200.0 / spans as f64); }
    println!("{name:<30}{best:>8.1} ns/span");
}
fn main() {
    let n = 512;
    let bytes = data::request(n).encode_to_vec();
    println!("{} bytes/span", bytes.len() / n);
    time("memcpy", n, || { std::hint::black_box(bytes.to_vec()); });
    time("verify", n, || { std::hint::black_box(verify(Signal::Traces.data(), &bytes).unwrap()); });
    time("is_plainly", n, || { std::hint::black_box(duckspan_otlp::detect::is_plainly(Signal::Traces, &bytes)); });
    time("copy+index", n, || { let mut b = SegmentBuilder::new(Signal::Traces); b.push_owned(bytes.clone(), duckspan_otlp::verify::Form::Canonical).unwrap(); std::hint::black_box(b.finish()); });
    let rings = duckspan_ring::Rings::new(duckspan_ring::Limits { max_rows: 1_000_000, memory_limit: 512 << 20 });
    time("copy+index+append", n, || { let mut b = SegmentBuilder::new(Signal::Traces); b.push_owned(bytes.clone(), duckspan_otlp::verify::Form::Canonical).unwrap(); rings.append(b.finish()); });
    let t = cpu();
    for _ in 0..4000 { let mut b = SegmentBuilder::new(Signal::Traces); b.push_owned(bytes.clone(), duckspan_otlp::verify::Form::Canonical).unwrap(); rings.append(b.finish()); }
    println!("mean copy+index+append {} ns/span", (cpu() - t) / 4000.0 / n as f64);
    std::thread::spawn(move || {
    let t = cpu();
    for _ in 0..4000 { let mut b = SegmentBuilder::new(Signal::Traces); b.push_owned(bytes.clone(), duckspan_otlp::verify::Form::Canonical).unwrap(); rings.append(b.finish()); }
    println!("mean copy+index+append in thread {} ns/span", (cpu() - t) / 4000.0 / n as f64);
    }).join().unwrap();
}
