//! Rows per file of a corpus of real OTLP files, against counts taken by independent readers.

#[path = "common/corpus.rs"]
#[allow(dead_code, unreachable_pub)]
mod corpus;

use std::collections::BTreeMap;
use std::fs;

use duckspan_otlp::file::{Batches, Options, RejectKind, Worker};
use duckspan_otlp::render;

/// Where our rules differ from plain counting: rows of (traces, metrics, logs), and why.
const DIFFERENT: [(&str, [usize; 3], &str); 1] = [(
    "gcp-operations-go/ops_agent_host_metrics.json",
    [0, 110, 0],
    "106 points, and 4 metrics without points, which are rows too",
)];

fn expected(fields: &BTreeMap<&str, &str>) -> [usize; 3] {
    let count = |name: &str| fields[name].parse::<usize>().expect("a count");
    let points = ["gauge_pts", "sum_pts", "hist_pts", "exphist_pts", "summary_pts"];
    [count("spans"), points.iter().map(|name| count(name)).sum(), count("logs")]
}

fn rows(bytes: &[u8], batch_bytes: usize) -> ([usize; 3], usize) {
    let options = Options::default();
    let mut batches = Batches::new(bytes, &options, batch_bytes);
    let (mut rows, mut damaged) = ([0; 3], 0);
    while let Some(batch) = batches.next_batch(|_| Ok(())).expect("slices do not fail") {
        let decoded = Worker::new().decode(&batch, &options);
        damaged += decoded.rejects.iter().filter(|r| r.kind != RejectKind::Foreign).count();
        for segment in &decoded.segments {
            rows[segment.signal() as usize] += segment.len();
            for row in 0..segment.len() {
                let mut json = Vec::new();
                render::data(segment, row, &mut json);
                serde_json::from_slice::<serde_json::Value>(&json).expect("data is JSON");
            }
        }
    }
    (rows, damaged)
}

#[test]
fn rows_equal_independent_counts() {
    let Some(corpus) = corpus::corpus() else { return };
    let table = fs::read_to_string(corpus.join("counts.tsv")).expect("counts.tsv");
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let mut wrong = Vec::new();
    for line in lines {
        let fields: BTreeMap<&str, &str> = header.iter().copied().zip(line.split('\t')).collect();
        let name = fields["file"];
        let bytes = fs::read(corpus.join(name)).expect("a file of the corpus");
        let want = match DIFFERENT.iter().find(|(file, ..)| *file == name) {
            Some((_, rows, _)) => *rows,
            None => expected(&fields),
        };
        for batch_bytes in [2 << 20, 1000] {
            let (got, damaged) = rows(&bytes, batch_bytes);
            if got != want {
                wrong.push(format!("{name}: {got:?} rows, expected {want:?}, {damaged} damaged"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
