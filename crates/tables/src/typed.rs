//! Columns of the typed relations, and members of `data`, read from rows of segments into vectors.

use std::ops::Range;
use std::sync::Arc;

use duckspan_otlp::kept::Kept;
use duckspan_otlp::relation::{Data, Filter, Member, Nulls, Plan, Relation, Type, Values, Window};
use duckspan_otlp::{Segment, Signal};

use crate::conditions::{Conditions, is_plain_key};
use crate::fault::Result;
use crate::scan::Rows;
use crate::vector::{Held, Vector};

/// What a query wants of a relation.
pub struct Wanted {
    /// A position in it.
    pub column: usize,
    /// The key of an attribute, whose text is wanted instead of the column.
    pub key: Option<String>,
}

/// The columns that a query wants of a relation, or the members of `data`.
pub struct TypedColumns {
    /// Whose rows they are of; of every row if there is none.
    relation: Option<&'static Relation>,
    types: Vec<Type>,
    plan: Plan,
    /// Of the rows that are wanted, where not all are.
    filter: Option<Filter>,
}

impl TypedColumns {
    /// What conditions are on is among `wanted`.
    pub fn new(
        relation: &'static Relation,
        wanted: impl IntoIterator<Item = Wanted>,
        conditions: &Conditions,
    ) -> TypedColumns {
        let mut plan = Plan::of(relation.signal);
        let mut types = Vec::new();
        for Wanted { column, key } in wanted {
            let column = &relation.columns[column];
            let is_attribute = key.is_some_and(|key| plan.push_attribute(column, &key));
            if !is_attribute {
                plan.push(column);
            }
            types.push(if is_attribute { Type::Varchar } else { column.kind });
        }
        let filter = conditions.filter(relation);
        TypedColumns { relation: Some(relation), types, plan, filter }
    }

    /// Members of `data` of all rows of a signal.
    pub fn members(signal: Signal, members: &[Member]) -> TypedColumns {
        let mut plan = Plan::of(signal);
        members.iter().for_each(|&member| plan.push_member(member));
        let types = vec![Type::Varchar; members.len()];
        TypedColumns { relation: None, types, plan, filter: None }
    }

    /// The filter of the rows that are wanted, where not all are.
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Whether the column that was asked for in that place is the time of a row.
    pub fn is_time(&self, column: usize) -> bool {
        self.plan.is_time(column)
    }

    /// What has to be read of requests: what conditions are on is among the columns.
    pub fn needs(&self) -> Kept {
        self.plan.needs()
    }
}

/// Whether `->>'key'` of the column at `position` of a relation can be read without the column.
pub fn has_attribute(relation: &'static Relation, position: usize, key: &str) -> bool {
    let column = relation.columns.get(position);
    column.is_some_and(|column| column.has_attributes()) && is_plain_key(key)
}

/// Reads windows of rows, into buffers that it reuses.
pub struct TypedReader {
    columns: Arc<TypedColumns>,
    values: Vec<Values>,
    /// The rows of the window, by their position in the segment.
    rows: Vec<usize>,
    /// Those of them that `window` was opened with.
    opened: Option<Vec<usize>>,
    window: Window,
}

impl TypedReader {
    /// A reader of these columns.
    pub fn new(columns: Arc<TypedColumns>) -> TypedReader {
        let values = columns.types.iter().map(Values::new).collect();
        TypedReader { columns, values, rows: Vec::new(), opened: None, window: Window::new() }
    }

    /// Reads other columns from now on.
    pub fn enter(&mut self, columns: &Arc<TypedColumns>) {
        if !Arc::ptr_eq(&self.columns, columns) {
            *self = TypedReader::new(Arc::clone(columns));
        }
        self.opened = None;
    }

    /// Moves to a window of rows of `segment`; returns how many of them the relation has and the query
    /// may want.
    pub fn window(&mut self, segment: &Segment, rows: Range<usize>) -> usize {
        let TypedColumns { relation, filter, .. } = &*self.columns;
        self.rows.clear();
        match filter {
            Some(filter) => drop(filter.select(segment, rows, usize::MAX, &mut self.rows)),
            None => {
                let has = |&row: &usize| relation.is_none_or(|known| known.has(segment, row));
                self.rows.extend(rows.filter(has));
            }
        }
        self.opened = None;
        self.rows.len()
    }

    /// The row of the segment at a position of the window.
    pub fn row(&self, position: usize) -> usize {
        self.rows[position]
    }

    /// Writes one column of `rows` of the window.
    pub fn fill(
        &mut self,
        column: usize,
        held: &Held,
        rows: Rows<'_>,
        vector: &mut Vector,
    ) -> Result<()> {
        self.open(held.segment(), rows);
        let values = &mut self.values[column];
        let plan = &self.columns.plan;
        let indices = self.window.read(plan, held.segment(), column, values);
        match (indices, &values.data) {
            // DuckDB groups and compares what rows share once for all of them.
            // Only for text: numbers are copied as fast as they are looked up.
            (Some(indices), Data::Text(texts)) if texts.len() < indices.len() => {
                let shared = texts.len();
                write(values, None, held, vector)?;
                vector.share(indices, shared)
            }
            _ => write(values, indices, held, vector),
        }
    }

    /// Whether `rows` of the window are these of the segment.
    fn are(&self, rows: Rows<'_>, opened: &[usize]) -> bool {
        match rows {
            Rows::First(count) => self.rows[..count] == *opened,
            Rows::Selected(rows) => {
                let same = |(&at, &row): (&u32, &usize)| self.rows[at as usize] == row;
                rows.len() == opened.len() && rows.iter().zip(opened).all(same)
            }
        }
    }

    /// Finds where the fields of `rows` stand, unless that is known.
    fn open(&mut self, segment: &Segment, rows: Rows<'_>) {
        // DuckDB asks for column after column of the same rows: they are walked once for all of them.
        if self.opened.as_ref().is_some_and(|opened| self.are(rows, opened)) {
            return;
        }
        let mut opened = self.opened.take().unwrap_or_default();
        // Its memory serves the next rows.
        opened.clear();
        opened.extend((0..rows.len()).map(|index| self.rows[rows.get(index)]));
        self.window.open(&self.columns.plan, segment, opened.iter().copied());
        self.opened = Some(opened);
    }
}

/// Writes all rows of a segment as structs of every column of a relation; those at `nulls` are NULL.
pub fn write_structs(
    relation: &'static Relation,
    segment: Segment,
    nulls: &[usize],
    vector: &mut Vector,
) -> Result<()> {
    let mut plan = Plan::of(relation.signal);
    relation.columns.iter().for_each(|column| plan.push(column));
    let mut window = Window::new();
    window.open(&plan, &segment, 0..segment.len());
    let held = Held::File(Arc::new(segment));
    for (index, column) in relation.columns.iter().enumerate() {
        let mut values = Values::new(&column.kind);
        let indices = window.read(&plan, held.segment(), index, &mut values);
        let mut member = vector.member(index)?;
        write(&mut values, indices, &held, &mut *member)?;
        nulls.iter().try_for_each(|&row| member.set_null(row))?;
    }
    nulls.iter().try_for_each(|&row| vector.set_null(row))
}

/// Writes values, a value a row, or for each row the one that `indices` names.
fn write(
    values: &mut Values,
    indices: Option<&[u32]>,
    held: &Held,
    vector: &mut Vector,
) -> Result<()> {
    write_nulls(&values.nulls, indices, vector)?;
    match &mut values.data {
        Data::Boolean(values) => {
            let bytes: Vec<u8> = values.iter().map(|&value| u8::from(value)).collect();
            vector.write_plain(&bytes, indices)
        }
        Data::Int32(values) => vector.write_plain(values, indices),
        Data::UInt32(values) => vector.write_plain(values, indices),
        Data::Int64(values) => vector.write_plain(values, indices),
        Data::UInt64(values) => vector.write_plain(values, indices),
        Data::Double(values) => vector.write_plain(values, indices),
        Data::Text(texts) => vector.write_texts(texts, indices, held),
        Data::List(entries, elements) => {
            vector.write_plain(entries, indices)?;
            write(elements, None, held, &mut *vector.elements(elements.len())?)
        }
        Data::Struct(members) => members.iter_mut().enumerate().try_for_each(|(index, member)| {
            write(member, indices, held, &mut *vector.member(index)?)
        }),
    }
}

fn write_nulls(nulls: &Nulls, indices: Option<&[u32]>, vector: &mut Vector) -> Result<()> {
    let Some(indices) = indices else { return vector.write_validity(nulls.words()) };
    if nulls.words().is_empty() {
        return Ok(());
    }
    for (row, &index) in indices.iter().enumerate() {
        if nulls.contains(index as usize) {
            vector.set_null(row)?;
        }
    }
    Ok(())
}
