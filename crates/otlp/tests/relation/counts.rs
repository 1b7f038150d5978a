//! Rows of each relation in the corpus, against counts taken by independent readers.

use std::collections::BTreeMap;
use std::fs;

use duckspan_otlp::file::{Batches, Options, Worker};
use duckspan_otlp::relation::Relation;

use crate::corpus::corpus;
use crate::tree;

#[test]
fn rows_equal_independent_counts() {
    let Some(corpus) = corpus() else { return };
    let table = fs::read_to_string(corpus.join("counts.tsv")).expect("counts.tsv");
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    for line in lines {
        let fields: BTreeMap<&str, &str> = header.iter().copied().zip(line.split('\t')).collect();
        let bytes = fs::read(corpus.join(fields["file"])).expect("a file of the corpus");
        assert_eq!(rows_of(&bytes), expected(&fields), "{}", fields["file"]);
    }
}

/// Rows of spans, log records and data points; events, links and exemplars in them.
fn expected(fields: &BTreeMap<&str, &str>) -> [usize; 6] {
    let count = |name: &str| fields[name].parse::<usize>().expect("a count");
    let points = ["gauge_pts", "sum_pts", "hist_pts", "exphist_pts", "summary_pts"];
    let points = points.iter().map(|name| count(name)).sum();
    [count("spans"), count("logs"), points, count("events"), count("links"), count("exemplars")]
}

fn rows_of(bytes: &[u8]) -> [usize; 6] {
    let options = Options::default();
    let mut batches = Batches::new(bytes, &options, 2 << 20);
    let mut counts = [0; 6];
    while let Some(batch) = batches.next_batch(|_| Ok(())).expect("slices do not fail") {
        for segment in Worker::new().decode(&batch, &options).segments {
            let of = Relation::ALL.iter().position(|of| of.signal == segment.signal());
            let of = of.expect("a relation for each signal");
            let rows = tree::rows(Relation::ALL[of], &segment);
            counts[of] += rows.len();
            for (at, column) in [(3, "events"), (4, "links"), (5, "exemplars")] {
                let lists = rows.iter().filter_map(|row| row.get(column)?.as_array());
                counts[at] += lists.map(Vec::len).sum::<usize>();
            }
        }
    }
    counts
}
