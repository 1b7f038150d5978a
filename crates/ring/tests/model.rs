//! The rings against queues of rows that forget nothing by themselves.

use std::collections::{HashSet, VecDeque};

use duckspan_otlp::{Segment, Signal};
use duckspan_ring::{Limits, Rings, Snapshot};
use proptest::prelude::*;

mod common;
use common::{messages, row, segment_of};

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Batch>),
    /// Clears a signal up to where a snapshot was taken that many rows ago.
    Clear(usize, u64),
    TakeSnapshot(usize),
    ReadSnapshot(usize),
    DropSnapshot(usize),
    /// Reads all rows, so that parts are joined that are left for readers to join.
    Read,
}

/// A segment of a signal: so many rows with text of so many bytes, of one of a few services.
#[derive(Debug, Clone)]
struct Batch {
    signal: usize,
    rows: usize,
    text: usize,
    service: u8,
}

fn batch() -> impl Strategy<Value = Batch> {
    let rows = prop_oneof![8 => 0..4_usize, 2 => 4..60_usize, 1 => 60..700_usize];
    let text = prop_oneof![6 => 0..80_usize, 1 => 80..3000_usize];
    let sizes = prop_oneof![3 => (rows, text), 1 => (60..150_usize, 50..150_usize)];
    (0..3_usize, sizes, 0..3_u8).prop_map(|(signal, (rows, text), service)| Batch {
        signal,
        rows,
        text,
        service,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => batch().prop_map(|batch| Step::Append(vec![batch])),
        3 => prop::collection::vec(batch(), 0..5).prop_map(Step::Append),
        1 => (0..3_usize, 0..40_u64).prop_map(|(signal, newer)| Step::Clear(signal, newer)),
        3 => (0..3_usize).prop_map(Step::TakeSnapshot),
        1 => (0..8_usize).prop_map(Step::ReadSnapshot),
        2 => (0..8_usize).prop_map(Step::DropSnapshot),
        3 => Just(Step::Read),
    ]
}

/// Of the larger ones, parts are left for readers to join.
fn limits() -> impl Strategy<Value = Limits> {
    let max_rows = prop_oneof![
        5 => prop::sample::select(vec![0_u64, 1, 17, 300, 1000]),
        5 => prop::sample::select(vec![100_000, u64::MAX]),
    ];
    let memory_limit = prop_oneof![
        5 => prop::sample::select(vec![0_u64, 1500, 20_000, 150_000, 1 << 30]),
        5 => prop::sample::select(vec![2_500_000, 4_000_000, 10_000_000]),
    ];
    (max_rows, memory_limit).prop_map(|(max_rows, memory_limit)| Limits {
        max_rows,
        memory_limit,
        pinned_limit: u64::MAX,
    })
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: u64,
    arrival: u64,
    message: Vec<u8>,
}

impl Row {
    /// 0 for none.
    fn time(&self) -> i64 {
        (self.arrival % 5) as i64
    }
}

/// A ring as it should be.
#[derive(Default)]
struct Model {
    rows: VecDeque<Row>,
    received: u64,
    evicted: u64,
    cleared: u64,
}

struct Test {
    rings: Rings,
    models: [Model; 3],
    arrived: u64,
    snapshots: Vec<(Snapshot, Vec<Row>)>,
    /// Whether all rows are read after each step; else some parts stay unjoined for long.
    reads_always: bool,
}

impl Test {
    fn new(limits: Limits, reads_always: bool) -> Test {
        Test {
            rings: Rings::new(limits),
            models: Default::default(),
            arrived: 0,
            snapshots: Vec::new(),
            reads_always,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Append(batches) => self.append(&batches),
            Step::Clear(signal, newer) => {
                let model = &mut self.models[signal];
                let row_id = model.received.saturating_sub(newer);
                let before = model.rows.len();
                model.rows.retain(|row| row.id >= row_id);
                let rows = (before - model.rows.len()) as u64;
                model.cleared += rows;
                assert_eq!(self.rings.clear_before(Signal::ALL[signal], row_id), rows);
            }
            Step::TakeSnapshot(signal) => {
                let snapshot = self.rings.snapshot(Signal::ALL[signal]);
                let rows = self.models[signal].rows.iter().cloned().collect();
                self.snapshots.push((snapshot, rows));
            }
            Step::ReadSnapshot(index) => {
                if let Some((snapshot, rows)) = self.snapshots.get(index) {
                    compare(snapshot, rows.iter());
                }
            }
            Step::DropSnapshot(index) if index < self.snapshots.len() => {
                self.snapshots.swap_remove(index);
            }
            Step::DropSnapshot(_) => {}
            Step::Read => self.read(),
        }
        self.check();
        if self.reads_always {
            self.read();
        }
    }

    fn append(&mut self, batches: &[Batch]) {
        let segments = batches.iter().map(|batch| self.receive(batch)).collect();
        self.rings.append_all(segments);
        self.evict_by_rows();
        self.evict_by_bytes();
    }

    /// Adds the rows of a batch to the model.
    fn receive(&mut self, batch: &Batch) -> Segment {
        let signal = Signal::ALL[batch.signal];
        let model = &mut self.models[batch.signal];
        let mut messages = Vec::new();
        for _ in 0..batch.rows {
            let text = format!("{:x>width$}", self.arrived, width = batch.text);
            let message = row(signal, self.arrived % 5, &text);
            model.rows.push_back(Row {
                id: model.received,
                arrival: self.arrived,
                message: message.clone(),
            });
            model.received += 1;
            self.arrived += 1;
            messages.push(message);
        }
        segment_of(signal, &format!("service {}", batch.service), &messages)
    }

    fn evict_by_rows(&mut self) {
        for model in &mut self.models {
            while model.rows.len() as u64 > self.rings.limits().max_rows {
                model.rows.pop_front();
                model.evicted += 1;
            }
        }
    }

    /// How many rows go for the limit of bytes is the rings' to say, but not which: the oldest.
    fn evict_by_bytes(&mut self) {
        let mut last = None;
        for (model, snapshot) in self.models.iter().zip(self.rings.snapshot_all()) {
            let gone =
                snapshot.first_row_id().checked_sub(model.received - model.rows.len() as u64);
            let gone = gone.expect("rows that the limits let go of") as usize;
            last = last.max(gone.checked_sub(1).map(|index| model.rows[index].arrival));
        }
        let Some(last) = last else { return };
        for model in &mut self.models {
            while model.rows.front().is_some_and(|row| row.arrival <= last) {
                model.rows.pop_front();
                model.evicted += 1;
            }
        }
    }

    /// Checks what is to be known without reading rows.
    fn check(&self) {
        assert!(self.rings.memory() <= self.rings.limits().memory_limit);
        for (signal, model) in Signal::ALL.into_iter().zip(&self.models) {
            let stats = self.rings.stats(signal);
            assert_eq!(stats.received_rows, model.received);
            assert_eq!(stats.evicted_rows, model.evicted);
            assert_eq!(stats.cleared_rows, model.cleared);
            assert_eq!(stats.rows, model.rows.len() as u64);
            assert_eq!(stats.received_rows, stats.rows + stats.evicted_rows + stats.cleared_rows);
            let times = || model.rows.iter().map(Row::time).filter(|&time| time > 0);
            assert_eq!(stats.oldest_time, times().min());
            assert_eq!(stats.newest_time, times().max());
            assert_eq!(self.rings.snapshot(signal).next_row_id(), model.received);
        }
        let bytes: u64 = Signal::ALL.map(|signal| self.rings.stats(signal).bytes).iter().sum();
        assert_eq!(bytes, self.rings.memory());
    }

    fn read(&self) {
        let snapshots = self.rings.snapshot_all();
        for ((signal, model), snapshot) in Signal::ALL.into_iter().zip(&self.models).zip(&snapshots)
        {
            compare(snapshot, model.rows.iter());
            self.check_bytes(signal, snapshot);
        }
    }

    /// Bytes are those of the segments, a little more for each part, and a part of what large pieces took
    /// before they were joined; pinned are those of the segments that only held snapshots have.
    fn check_bytes(&self, signal: Signal, now: &Snapshot) {
        let held = segments(now);
        let pinned: HashSet<_> = self
            .snapshots
            .iter()
            .filter(|(snapshot, _)| {
                snapshot.parts().expect("rows").iter().any(|p| p.segment().signal() == signal)
            })
            .flat_map(|(snapshot, _)| segments(snapshot))
            .filter(|segment| !held.contains(segment))
            .collect();
        // To look at segments makes those that were left for readers, and lets go of their pieces.
        let stats = self.rings.stats(signal);
        for (bytes, segments) in [(stats.bytes, held), (stats.pinned_bytes, pinned)] {
            let buffers: usize = segments.iter().map(|(_, memory)| memory).sum();
            let bookkeeping = bytes.checked_sub(buffers as u64).expect("all buffers are counted");
            let arrivals = self.arrived * 16;
            assert!(bookkeeping >= segments.len() as u64 * 100);
            assert!(bookkeeping <= segments.len() as u64 * 500 + arrivals + bytes / 12);
        }
    }
}

/// The segments of a snapshot, by address, and their memory.
fn segments(snapshot: &Snapshot) -> HashSet<(*const Segment, usize)> {
    let parts = snapshot.parts().expect("rows");
    parts.iter().map(|part| (std::ptr::from_ref(part.segment()), part.segment().memory())).collect()
}

fn compare<'a>(snapshot: &Snapshot, rows: impl Iterator<Item = &'a Row> + Clone) {
    assert_eq!(snapshot.rows(), rows.clone().count() as u64);
    let parts = snapshot.parts().expect("rows");
    let ids = parts.iter().flat_map(|part| {
        assert!(!part.rows().is_empty());
        part.first_row_id()..part.first_row_id() + part.rows().len() as u64
    });
    assert!(ids.eq(rows.clone().map(|row| row.id)));
    assert!(messages(snapshot).iter().eq(rows.map(|row| &row.message)));
}

/// To look into a part makes one segment of its pieces, of which older snapshots may have some.
#[test]
fn pieces_that_snapshots_have_are_counted_beside_the_whole() {
    let mut test = Test::new(
        Limits { max_rows: 100_000, memory_limit: 2_500_000, pinned_limit: u64::MAX },
        false,
    );
    let append = |rows, text| Step::Append(vec![Batch { signal: 0, rows, text, service: 0 }]);
    for step in [
        append(102, 71),
        Step::TakeSnapshot(0),
        append(108, 69),
        append(404, 0),
        Step::TakeSnapshot(0),
        Step::Clear(0, 0),
        Step::Read,
    ] {
        test.step(step);
    }
}

/// Rows that are evicted before their part is joined are not counted with the whole.
#[test]
fn rows_that_are_gone_do_not_wait_for_readers() {
    let mut test =
        Test::new(Limits { max_rows: 300, memory_limit: 4_000_000, pinned_limit: u64::MAX }, false);
    let batch = |rows, text| Batch { signal: 1, rows, text, service: 0 };
    for step in [
        Step::Append(vec![batch(55, 211), batch(75, 50)]),
        Step::Append(vec![batch(1, 0)]),
        Step::Append(vec![batch(76, 50)]),
        Step::Append(vec![batch(117, 50)]),
        Step::TakeSnapshot(1),
        Step::Read,
    ] {
        test.step(step);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..Default::default() })]

    #[test]
    fn rings_do_what_queues_do(
        limits in limits(),
        reads_always in any::<bool>(),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut test = Test::new(limits, reads_always);
        steps.into_iter().for_each(|step| test.step(step));
        for (snapshot, rows) in &test.snapshots {
            compare(snapshot, rows.iter());
        }
        test.read();
        test.snapshots.clear();
        for signal in Signal::ALL {
            prop_assert_eq!(test.rings.stats(signal).pinned_bytes, 0);
        }
    }
}
