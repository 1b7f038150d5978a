//! Vectors without DuckDB: functions of the shim's names, over memory of Rust.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duckspan_otlp::relation::{Entry, SPANS};
use duckspan_otlp::{Segment, SegmentBuilder};
use duckspan_tables::stored;
use duckspan_tables::vector::Pool;

use super::*;
use crate::boundary::FaultKind;

/// What DuckDB has of a vector, for as many rows as tests need.
#[derive(Default)]
struct Fake {
    /// Sixteen bytes a row, as the widest type takes.
    data: Vec<u128>,
    validity: Vec<u64>,
    /// Of a STRUCT its members, of a LIST its elements.
    inner: Vec<Fake>,
    /// Values of which each row has one, and which.
    shared: Option<(u64, Vec<u32>)>,
    kept: Vec<Kept>,
    /// Every call fails from now on.
    fails: bool,
}

impl Fake {
    fn new(rows: usize) -> Fake {
        // One row at least: DuckDB's vectors have memory even where they are empty.
        Fake { data: vec![u128::MAX; rows.max(1)], ..Fake::default() }
    }

    fn with(inner: Vec<Fake>) -> Fake {
        Fake { inner, ..Fake::new(8) }
    }

    fn writer(&mut self, rows: usize) -> DuckVector {
        assert!(rows <= self.data.len());
        // SAFETY: it has as many rows, and nobody else uses it until the writer is gone.
        unsafe { DuckVector::new(std::ptr::from_mut(self).cast(), rows) }
    }

    fn values<T: AnyBits>(&self, rows: usize) -> Vec<T> {
        assert!(rows * size_of::<T>() <= size_of_val(&*self.data));
        // SAFETY: there are as many bytes, aligned for any `T`, and any bits are a valid one.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast::<T>(), rows) }.to_vec()
    }

    fn is_null(&self, row: usize) -> bool {
        self.validity.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 0)
    }

    fn texts(&self, rows: usize) -> Vec<Option<String>> {
        let strings = self.values::<DuckString>(rows);
        let text = |row: usize| {
            // SAFETY: the vector keeps what it points to.
            String::from_utf8_lossy(unsafe { strings[row].text() }).into_owned()
        };
        (0..rows).map(|row| (!self.is_null(row)).then(|| text(row))).collect()
    }
}

/// What a vector keeps for its strings, and how it is released.
struct Kept(*mut c_void, extern "C" fn(*mut c_void));

impl Drop for Kept {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}

/// The vector of a handle; `None` if it fails.
fn vector<'a>(handle: Handle) -> Option<&'a mut Fake> {
    // SAFETY: `Fake::writer` made the handle, or what is below made it of one that lives.
    let vector = unsafe { &mut *handle.cast::<Fake>() };
    (!vector.fails).then_some(vector)
}

#[unsafe(no_mangle)]
extern "C" fn duckspan_vector_keep(
    handle: Handle,
    owner: *mut c_void,
    release: extern "C" fn(*mut c_void),
) -> bool {
    let kept = Kept(owner, release);
    let Some(vector) = vector(handle) else { return false };
    vector.kept.push(kept);
    true
}

#[unsafe(no_mangle)]
extern "C" fn duckspan_vector_share(
    handle: Handle,
    indices: *const u32,
    rows: u64,
    values: u64,
) -> bool {
    let Some(vector) = vector(handle) else { return false };
    // SAFETY: the caller lends so many.
    let indices = unsafe { std::slice::from_raw_parts(indices, rows as usize) };
    vector.shared = Some((values, indices.to_vec()));
    true
}

#[unsafe(no_mangle)]
extern "C" fn duckspan_vector_data(handle: Handle, data: &mut *mut c_void) -> bool {
    let Some(vector) = vector(handle) else { return false };
    *data = vector.data.as_mut_ptr().cast();
    true
}

#[unsafe(no_mangle)]
extern "C" fn duckspan_vector_validity(
    handle: Handle,
    writable: bool,
    words: &mut *mut u64,
) -> bool {
    let Some(vector) = vector(handle) else { return false };
    if writable {
        vector.validity.resize(vector.data.len().div_ceil(64), u64::MAX);
        *words = vector.validity.as_mut_ptr();
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn duckspan_vector_member(handle: Handle, index: u64, member: &mut Handle) -> bool {
    let Some(vector) = vector(handle) else { return false };
    *member = std::ptr::from_mut(&mut vector.inner[index as usize]).cast();
    true
}

#[unsafe(no_mangle)]
extern "C" fn duckspan_vector_elements(handle: Handle, count: u64, elements: &mut Handle) -> bool {
    let Some(vector) = vector(handle) else { return false };
    vector.inner[0].data.resize(count.max(1) as usize, u128::MAX);
    *elements = std::ptr::from_mut(&mut vector.inner[0]).cast();
    true
}

/// Shorter than what a string holds itself, as long, and longer.
const TEXTS: [Option<&str>; 5] =
    [Some("short"), None, Some(""), Some("twelve bytes"), Some("more than twelve bytes")];

fn texts(pool: &Pool, rows: &[Option<&str>]) -> Texts {
    let mut texts = pool.texts(rows.len());
    for row in rows {
        texts.push(|out| {
            out.extend_from_slice(row.unwrap_or_default().as_bytes());
            row.is_some()
        });
    }
    texts
}

fn owned(rows: &[Option<&str>]) -> Vec<Option<String>> {
    rows.iter().map(|row| row.map(str::to_owned)).collect()
}

#[test]
fn numbers_stand_where_their_type_has_them() {
    let mut fake = Fake::new(70);
    let mut writer = fake.writer(70);
    let vector: &mut Vector = &mut writer;
    vector.write_numbers(70, |row| (row != 65).then_some(row as i64)).expect("room");
    assert_eq!(fake.values::<i64>(3), [0, 1, 2]);
    assert_eq!((fake.is_null(64), fake.is_null(65), fake.is_null(66)), (false, true, false));
    let mut fake = Fake::new(3);
    let vector: &mut Vector = &mut fake.writer(3);
    vector.write_plain(&[true, false].map(u8::from), Some(&[1, 0, 1])).expect("room");
    assert_eq!(fake.values::<u8>(3), [0, 1, 0]);
    assert!(fake.validity.is_empty(), "no mask where nothing is NULL");
    let vector: &mut Vector = &mut fake.writer(2);
    vector
        .write_plain(&[Entry { start: 3_u64, len: 4 }, Entry { start: 7, len: 0 }], None)
        .expect("room");
    assert_eq!(fake.values::<u64>(4), [3, 4, 7, 0]);
}

#[test]
fn texts_live_as_long_as_the_vector() {
    let pool = Pool::default();
    let mut fake = Fake::new(5);
    fake.writer(5).write(texts(&pool, &TEXTS)).expect("room");
    // Another column has a buffer of its own while the vector has this one.
    drop(texts(&pool, &[Some("another column, which is written meanwhile")]).into_buffer());
    assert_eq!(fake.texts(5), owned(&TEXTS));
}

/// Counts how often it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn an_owner_is_dropped_once_also_where_it_is_not_kept() {
    let drops = Arc::new(AtomicUsize::new(0));
    let owner = || Box::new(Dropped(Arc::clone(&drops)));
    let mut fake = Fake::new(1);
    fake.writer(1).keep(owner()).expect("kept");
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    fake.fails = true;
    let fault = fake.writer(1).keep(owner()).expect_err("not kept");
    assert_eq!((fault.kind, drops.load(Ordering::Relaxed)), (FaultKind::Callback, 1));
    drop(fake);
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

/// A span of that name.
fn span(name: &str) -> Segment {
    let field =
        |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
    let request = field(1, &field(2, &field(2, &field(5, name.as_bytes()))));
    let mut builder = SegmentBuilder::new(SPANS.signal);
    builder.push_protobuf(&request).expect("a request");
    builder.finish()
}

#[test]
fn texts_of_a_segment_stay_in_it() {
    use duckspan_otlp::relation::{Data, Plan, Values, Window};
    let name = "a name of more than twelve bytes";
    let segment = Arc::new(span(name));
    let column = SPANS.column("name").expect("a column");
    let plan = Plan::new(&SPANS, [column]);
    let mut values = Values::new(&column.kind);
    let mut window = Window::new();
    window.open(&plan, &segment, 0..1);
    window.read(&plan, &segment, 0, &mut values);
    let Data::Text(found) = &mut values.data else { panic!("no text") };
    let mut fakes = [Fake::new(1), Fake::new(3)];
    let held = Held::File(Arc::clone(&segment));
    fakes[0].writer(1).write_texts(&mut found.clone(), None, &held).expect("room");
    fakes[1].writer(3).write_texts(found, Some(&[0, 0, 0]), &held).expect("room");
    let weak = Arc::downgrade(&segment);
    drop((segment, held));
    assert_eq!(fakes[0].texts(1), owned(&[Some(name)]));
    assert_eq!(fakes[1].texts(3), owned(&[Some(name); 3]));
    assert!(weak.upgrade().is_some());
    drop(fakes);
    assert!(weak.upgrade().is_none(), "the segment went with the vectors");
}

#[test]
fn lists_of_structs() {
    const LOGS: &[u8] = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"2000","severityText":"a text of more than twelve bytes"},{}]}]}]}"#;
    let members = (0..4).map(|_| Fake::new(8)).collect();
    let mut fake = Fake::with(vec![Fake::with(members)]);
    stored::write_rows([Some(LOGS), None].into_iter(), &mut fake.writer(2)).expect("OTLP");
    assert_eq!((fake.values::<u64>(2), fake.is_null(1)), (vec![0, 2], true));
    let [signals, times, resources, data] = &fake.inner[0].inner[..] else { panic!("members") };
    assert_eq!(signals.texts(2), owned(&[Some("logs"); 2]));
    assert_eq!((times.values::<i64>(1), times.is_null(1)), (vec![2], true));
    assert_eq!(resources.texts(2), [None, None]);
    let first = r#"{"timeUnixNano":"2000","severityText":"a text of more than twelve bytes"}"#;
    assert_eq!(data.texts(2), owned(&[Some(first), Some("{}")]));
}

#[test]
fn values_are_shared_by_index() {
    let mut fake = Fake::new(3);
    fake.writer(3).share(&[1, 0, 1], 2).expect("shared");
    assert_eq!(fake.shared, Some((2, vec![1, 0, 1])));
}

#[test]
#[should_panic(expected = "an index beyond the values")]
fn an_index_beyond_the_values_is_not_shared() {
    let _ = Fake::new(3).writer(3).share(&[0, 2], 2);
}

#[test]
#[should_panic(expected = "more rows than the vector holds")]
fn rows_beyond_the_vector_are_not_written() {
    let _ = Fake::new(5).writer(4).write(texts(&Pool::default(), &TEXTS));
}

#[test]
fn what_the_shim_caught_is_told() {
    let mut fake = Fake { fails: true, ..Fake::new(5) };
    let faults = [
        fake.writer(5).write(texts(&Pool::default(), &TEXTS)).expect_err("text"),
        fake.writer(5).slots(Width::Int64).map(drop).expect_err("values"),
        fake.writer(5).validity().map(drop).expect_err("the mask"),
        fake.writer(5).member(0).map(drop).expect_err("a member"),
        fake.writer(5).elements(1).map(drop).expect_err("elements"),
        fake.writer(5).share(&[0], 1).expect_err("shared"),
    ];
    assert!(faults.iter().all(|fault| fault.kind == FaultKind::Callback));
}
