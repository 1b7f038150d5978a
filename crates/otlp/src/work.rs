//! Counts the fields that are looked at or stepped over, so that tests see how work grows without a clock.

use std::cell::Cell;

use crate::relation::{Bound, Column, DATA_POINTS, Filter, Plan, Values, Window};
use crate::render::Renderer;
use crate::segment::{Segment, SegmentBuilder};
use crate::signal::Signal;
use crate::wire::sample::{fixed64, message, text, varint};

thread_local! {
    static COUNTED: Cell<u64> = const { Cell::new(0) };
}

/// Takes note of one field.
pub(crate) fn count() {
    COUNTED.set(COUNTED.get() + 1);
}

/// How many fields `work` looks at.
fn fields_of(work: impl FnOnce()) -> u64 {
    let before = COUNTED.get();
    work();
    COUNTED.get() - before
}

const POINTS: usize = 4_000;
const WINDOW: usize = 50;

/// One metric of many points.
fn sum() -> Segment {
    let point = text(1, fixed64(3, 1_700_000_000_000_000_000));
    let data = message(7, [point.repeat(POINTS), varint(2, 2), varint(3, 1)]);
    let metric = message(2, [text(1, "requests"), data]);
    let mut builder = SegmentBuilder::new(Signal::Metrics);
    let request = message(1, [message(2, [metric])]);
    builder.push_protobuf(&request).expect("a request");
    builder.finish()
}

/// Work on all rows in windows may not be much more than work on them at once.
fn assert_linear(work: impl Fn(usize)) {
    let at_once = fields_of(|| work(POINTS));
    let in_windows = fields_of(|| work(WINDOW));
    assert!(in_windows < 3 * (at_once + POINTS as u64), "{in_windows} against {at_once}");
}

fn windows(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..POINTS).step_by(rows).map(move |start| start..(start + rows).min(POINTS))
}

#[test]
fn points_are_rendered_without_a_walk_over_all_of_them() {
    let segment = sum();
    assert_linear(|rows| {
        for window in windows(rows) {
            let mut renderer = Renderer::new(&segment);
            window.for_each(|row| renderer.data(row, &mut Vec::new()));
        }
    });
}

#[test]
fn columns_of_points_are_read_without_a_walk_over_all_of_them() {
    let segment = sum();
    let columns: Vec<_> = DATA_POINTS.columns.iter().collect();
    let plan = Plan::new(&DATA_POINTS, columns.iter().copied());
    let mut values: Vec<_> = columns.iter().map(|column| Values::new(&column.kind)).collect();
    let values = std::cell::RefCell::new(&mut values);
    assert_linear(|rows| {
        let mut window = Window::new();
        for range in windows(rows) {
            window.open(&plan, &segment, range);
            for (column, values) in values.borrow_mut().iter_mut().enumerate() {
                window.read(&plan, &segment, column, values);
            }
        }
    });
}

#[test]
fn conditions_on_points_are_told_without_a_walk_over_all_of_them() {
    let segment = sum();
    let column = |column: &&Column| column.name == "aggregation_temporality_number";
    let temporality = DATA_POINTS.columns.iter().find(column).expect("a column");
    let mut filter = Filter::new(&DATA_POINTS);
    assert!(filter.require(temporality, &Bound::Range(2..=2)));
    assert_linear(|rows| {
        for window in windows(rows) {
            let mut selected = Vec::new();
            filter.select(&segment, window.clone(), usize::MAX, &mut selected);
            assert_eq!(selected.len(), window.len());
        }
    });
}

#[test]
fn runs_are_measured_and_merged_without_a_walk_over_all_points() {
    let segment = sum();
    assert_linear(|rows| {
        let runs = segment.cut(0..POINTS, usize::MAX, rows);
        assert_eq!(runs.len(), POINTS / rows);
        for run in runs {
            let merged = Segment::merge(Signal::Metrics, &[(&segment, run.rows.clone())]);
            assert!(merged.memory() <= run.memory);
        }
    });
}
