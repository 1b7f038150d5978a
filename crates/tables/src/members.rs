//! `attributes->>'key'`, and `data->>'name'` of a live table, as columns of their own: one member is found in the
//! bytes, instead of all of them being written as JSON and read again.
//!
//! A member is replaced where an expression reads it of a column that comes from a scan, if that can read the member.
//! In between there may be what lets columns pass as they are, and projections, through which views look at a table:
//! each of these hands on one column more.

use crate::expression::{Binding, Expression, Member};
use crate::plan::{OperatorKind, Parent, Plan};

/// A change to a plan. Those that add columns to scans come first, then all that replace, then all that append: to
/// append may move the expressions that are to be replaced.
#[derive(Debug, PartialEq, Eq)]
pub enum Edit {
    /// A scan reads `->>'key'` of a column too, as its next column.
    Read {
        /// The scan, by its number in the plan.
        scan: usize,
        /// Which of its columns.
        column: usize,
        /// The key.
        key: String,
    },
    /// The lookup at a place becomes a column.
    Replace {
        /// Which lookup.
        place: usize,
        /// The column.
        by: Binding,
    },
    /// A projection hands on a column from below, as its next column.
    Append {
        /// The projection, by its number in the plan.
        projection: usize,
        /// The column from below.
        column: Binding,
        /// The key of the member that it is.
        key: String,
    },
}

/// The changes by which a plan reads members as columns.
pub fn edits(plan: &Plan<'_>) -> Vec<Edit> {
    let readers = readers(plan);
    let mut members = Members { plan, readers: &readers, reads: Vec::new(), appends: Vec::new() };
    let mut replaces = Vec::new();
    for (number, operator) in plan.operators.iter().enumerate() {
        if let Some(reader) = reads_for(plan, &readers, number) {
            operator.expressions().for_each(|expression| {
                members.replace(reader, expression, &mut replaces);
            });
        }
    }
    let Members { mut reads, appends, .. } = members;
    reads.extend(replaces);
    reads.extend(appends);
    reads
}

/// Whether the columns of what is below pass through, however many they are.
fn passes_through(kind: OperatorKind) -> bool {
    // Only what names columns by their binding. What takes them by position, as a union or a DISTINCT does, would take
    // one that is added for one of its own; and what is not known here passes nothing through, which costs speed only.
    matches!(
        kind,
        OperatorKind::Filter | OperatorKind::Order | OperatorKind::Limit | OperatorKind::Join
    )
}

/// Whether columns can be added below an operator: what is above it sees its own columns, which stay as they are. A
/// union or an INSERT would take every further column of its child for one of its own.
fn hides(kind: OperatorKind) -> bool {
    matches!(kind, OperatorKind::Projection | OperatorKind::Aggregate)
}

/// For each operator, the one that its columns go to: the nearest above that hides them, if they pass through all that
/// is in between.
fn readers(plan: &Plan<'_>) -> Vec<Option<usize>> {
    let mut readers: Vec<Option<usize>> = Vec::with_capacity(plan.operators.len());
    for number in 0..plan.operators.len() {
        let parent = plan.parent(number).map(|parent| parent.operator);
        // Parents come first, so theirs are known.
        readers.push(parent.and_then(|parent| reads_for(plan, &readers, parent)));
    }
    readers
}

/// The operator for which the expressions of one read: itself, or the one that its columns pass on to.
fn reads_for(plan: &Plan<'_>, readers: &[Option<usize>], number: usize) -> Option<usize> {
    match plan.operators[number].kind {
        kind if hides(kind) => Some(number),
        kind if passes_through(kind) => readers[number],
        _ => None,
    }
}

/// What is changed so far.
struct Members<'p> {
    plan: &'p Plan<'p>,
    readers: &'p [Option<usize>],
    reads: Vec<Edit>,
    appends: Vec<Edit>,
}

impl Members<'_> {
    /// Replaces the lookups in an expression.
    fn replace(&mut self, reader: usize, expression: &Expression, replaces: &mut Vec<Edit>) {
        if let Expression::Member(Member { column, key, place }) = expression {
            let found = self.find(reader, *column, key);
            replaces.extend(found.map(|by| Edit::Replace { place: *place, by }));
        }
        expression.children().iter().for_each(|child| self.replace(reader, child, replaces));
    }

    /// The column that is a member of a column from below a reader, which is added where it is not there.
    fn find(&mut self, reader: usize, column: Binding, key: &str) -> Option<Binding> {
        let is_below = |&source: &usize| self.readers[source] == Some(reader);
        let source = self.plan.operators_of(column.table).find(is_below)?;
        let operator = &self.plan.operators[source];
        match (&operator.scan, operator.expressions().nth(column.column)?) {
            (Some(scan), Expression::Scanned(scanned)) => {
                let is_read = (scan.has_member)(scanned.position, key) && !self.is_copied(source);
                is_read.then(|| self.read(source, column, key))
            }
            // A view that makes something of the column hides it: only what it hands on as it is can be followed.
            (None, Expression::Column(inner)) if operator.kind == OperatorKind::Projection => {
                let found = self.find(source, *inner, key)?;
                Some(self.hand_on(source, column.table, found, key))
            }
            _ => None,
        }
    }

    /// DuckDB may copy what stands in a CTE, and a copy of a scan of files knows none of the columns that were added to
    /// it: it is bound anew by what was written in the query.
    fn is_copied(&self, scan: usize) -> bool {
        let is_in_cte = |Parent { operator, nth }: &Parent| {
            nth == &0 && self.plan.operators[*operator].kind == OperatorKind::Cte
        };
        let above = |parent: &Parent| self.plan.parent(parent.operator);
        self.plan.operators[scan].kind == OperatorKind::FileScan
            && std::iter::successors(self.plan.parent(scan), above).any(|parent| is_in_cte(&parent))
    }

    /// The column of a scan that is a member of another one.
    fn read(&mut self, scan: usize, Binding { table, column }: Binding, key: &str) -> Binding {
        let edit = Edit::Read { scan, column, key: key.to_owned() };
        let is_of_scan =
            |edit: &&Edit| matches!(edit, Edit::Read { scan: other, .. } if *other == scan);
        let nth = add(&mut self.reads, edit, is_of_scan);
        Binding { table, column: self.width(scan) + nth }
    }

    /// The column of a projection that hands on one from below. The same one asked for twice is one column, so that
    /// grouping by it and showing it agree.
    fn hand_on(&mut self, projection: usize, table: u64, column: Binding, key: &str) -> Binding {
        let edit = Edit::Append { projection, column, key: key.to_owned() };
        let is_of_projection = |edit: &&Edit| matches!(edit, Edit::Append { projection: other, .. } if *other == projection);
        let nth = add(&mut self.appends, edit, is_of_projection);
        Binding { table, column: self.width(projection) + nth }
    }

    /// How many columns an operator has at first.
    fn width(&self, operator: usize) -> usize {
        let tables = self.plan.operators[operator].tables.iter();
        // What else it computes, such as conditions, is no column.
        tables.filter(|table| table.number.is_some()).map(|table| table.expressions.len()).sum()
    }
}

/// Adds an edit that is not there yet; which one it is of those that belong together.
fn add(edits: &mut Vec<Edit>, edit: Edit, belongs: impl Fn(&&Edit) -> bool) -> usize {
    let together = || edits.iter().filter(&belongs);
    if let Some(known) = together().position(|known| known == &edit) {
        return known;
    }
    let nth = together().count();
    edits.push(edit);
    nth
}

#[cfg(test)]
mod tests;
