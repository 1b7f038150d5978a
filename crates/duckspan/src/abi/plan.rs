//! Plans as C++ hands them over, and what it calls with them.
#![allow(unsafe_code)]

use duckspan_live::LiveTable;

use super::expression::Node;
use super::{Relation, Str, lent};
use crate::boundary::{CFault, contain_drop, guard};
use crate::comparisons;
use crate::expression::Binding;
use crate::members::{self, Edit};
use crate::options::FileOptions;
use crate::plan::{Operator, OperatorKind, Plan, Scan, Table};

/// A plan: operators, each before its children; queries in parentheses follow what they are part of. C++ lends it all.
#[repr(C)]
pub struct FlatPlan {
    /// The operators.
    pub operators: *const FlatOperator,
    /// How many they are.
    pub operator_count: usize,
    /// The tables of all operators.
    pub tables: *const FlatTable,
    /// How many they are.
    pub table_count: usize,
    /// The nodes of the expressions of all tables.
    pub nodes: *const Node,
    /// How many they are.
    pub node_count: usize,
}

/// An operator of a plan.
#[repr(C)]
pub struct FlatOperator {
    /// What it does.
    pub kind: OperatorKind,
    /// How many operators it takes rows of.
    pub children: usize,
    /// How many tables are its own, the next ones.
    pub tables: usize,
    /// The name of the function that it scans with.
    pub function: Str,
    /// Of a scan of a receiver, the table.
    pub table: LiveTable,
    /// Of a scan of files, what they are read as.
    pub relation: Relation,
    /// Of a scan of files, its options; null where there is no file.
    pub options: *const FileOptions,
}

/// Expressions of an operator, the next ones.
#[repr(C)]
pub struct FlatTable {
    /// Whether they are columns of the operator, which have the number of its table.
    pub has_number: bool,
    /// That number.
    pub number: u64,
    /// How many expressions they are.
    pub expressions: usize,
}

impl FlatPlan {
    fn read(&self) -> Plan<'_> {
        // SAFETY: the shim lends as many of each as it says.
        let (operators, tables, nodes) = unsafe {
            (
                lent(self.operators, self.operator_count),
                lent(self.tables, self.table_count),
                lent(self.nodes, self.node_count),
            )
        };
        let (mut tables, mut nodes) = (tables.iter(), nodes.iter());
        let mut read_table = |table: &FlatTable| Table {
            number: table.has_number.then_some(table.number),
            expressions: (0..table.expressions).map(|_| Node::read(&mut nodes)).collect(),
        };
        let operators = operators.iter().map(|operator| Operator {
            kind: operator.kind,
            children: operator.children,
            function: operator.function.get(),
            scan: operator.scan(),
            tables: tables.by_ref().take(operator.tables).map(&mut read_table).collect(),
        });
        Plan::new(operators.collect())
    }
}

impl FlatOperator {
    /// What it scans, if that is OTLP.
    fn scan(&self) -> Option<Scan<'_>> {
        match self.kind {
            OperatorKind::LiveScan => {
                let table = self.table;
                // What became of rows is no row.
                table.signal()?;
                let has_member = Box::new(move |at, key: &str| table.has_member(at, key));
                Some(Scan { relation: table.relation(), has_member })
            }
            OperatorKind::FileScan => {
                // SAFETY: the shim lends them with the plan, where there are some.
                let options = unsafe { self.options.as_ref() };
                let has_member = Box::new(move |at, key: &str| {
                    options.is_some_and(|options| options.has_member(at, key))
                });
                Some(Scan { relation: self.relation.typed(), has_member })
            }
            _ => None,
        }
    }
}

/// Refuses comparisons that would be answered wrongly; `zone` is the time zone of the session, empty where DuckDB knows
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_plan_check_comparisons(plan: &FlatPlan, zone: Str, fault: &mut CFault) {
    guard(fault, || comparisons::check(&plan.read(), &zone.get()));
}

/// Refuses functions that do more than to read.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_plan_check_functions(plan: &FlatPlan, fault: &mut CFault) {
    guard(fault, || duckspan_tables::guard::check(&plan.read()));
}

/// What is to be done to a plan.
#[repr(u8)]
#[derive(Debug, Clone, Copy)]
pub enum EditKind {
    /// The scan reads the member of a column too.
    Read,
    /// The lookup becomes a column.
    Replace,
    /// The projection hands on a column.
    Append,
}

/// A change to a plan.
#[repr(C)]
pub struct FlatEdit {
    /// What is to be done.
    pub kind: EditKind,
    /// To which operator or, to be replaced, which lookup.
    pub at: usize,
    /// The column of the scan, that which is handed on, or that which the lookup becomes.
    pub column: Binding,
    /// The key of the member, unless it is replaced; lent until the next edit is asked for.
    pub key: Str,
}

/// Changes that are still to be made.
pub struct Edits {
    rest: std::vec::IntoIter<Edit>,
    key: String,
}

/// The changes by which members are read as columns of their own.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_edits_new(plan: &FlatPlan, fault: &mut CFault) -> *mut Edits {
    guard(fault, || {
        let rest = members::edits(&plan.read()).into_iter();
        Ok(Box::into_raw(Box::new(Edits { rest, key: String::new() })))
    })
}

/// Frees changes.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_edits_free(edits: *mut Edits) {
    // SAFETY: made by `duckspan_edits_new`, freed once.
    contain_drop(unsafe { Box::from_raw(edits) });
}

/// Writes the next change; `false` when there is none left.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_edits_next(
    edits: &mut Edits,
    next: &mut FlatEdit,
    fault: &mut CFault,
) -> bool {
    guard(fault, || {
        let Some(edit) = edits.rest.next() else { return Ok(false) };
        let (kind, at, column, key) = match edit {
            Edit::Read { scan, column, key } => {
                (EditKind::Read, scan, Binding { table: 0, column }, key)
            }
            Edit::Replace { place, by } => (EditKind::Replace, place, by, String::new()),
            Edit::Append { projection, column, key } => (EditKind::Append, projection, column, key),
        };
        edits.key = key;
        *next = FlatEdit { kind, at, column, key: Str::lend(&edits.key) };
        Ok(true)
    })
}

#[cfg(test)]
mod tests;
