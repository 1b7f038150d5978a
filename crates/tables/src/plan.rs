//! A plan of DuckDB's, as far as columns are followed through it.

use std::collections::HashMap;

use duckspan_otlp::relation::Relation;

use crate::expression::{Binding, Expression};

/// What an operator does.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorKind {
    /// Anything else.
    Other,
    /// It scans files.
    FileScan,
    /// It scans a table of a receiver.
    LiveScan,
    /// It makes columns of those below.
    Projection,
    /// It makes groups, and values of each.
    Aggregate,
    /// It lets some rows through.
    Filter,
    /// It sorts.
    Order,
    /// It lets so many rows through.
    Limit,
    /// It pairs rows.
    Join,
    /// The first child is what is read in the second, by name.
    Cte,
}

/// An operator of a plan.
pub struct Operator<'a> {
    /// What it does.
    pub kind: OperatorKind,
    /// How many operators it takes rows of.
    pub children: usize,
    /// The name of the function that it scans with; empty where there is none.
    pub function: String,
    /// What it scans, if that is OTLP.
    pub scan: Option<Scan<'a>>,
    /// What it computes.
    pub tables: Vec<Table>,
}

/// A scan of OTLP.
pub struct Scan<'a> {
    /// The typed relation that is read; `None` is the unified one.
    pub relation: Option<&'static Relation>,
    /// Whether `->>'key'` of the column at a position can be read without the column.
    pub has_member: HasMember<'a>,
}

/// Tells of a position and a key.
pub type HasMember<'a> = Box<dyn Fn(usize, &str) -> bool + 'a>;

/// Expressions of an operator.
pub struct Table {
    /// The number by which the expressions are columns of the operator, if they are. It may have several tables of one
    /// number, as a union has, whose rows are those of all of them.
    pub number: Option<u64>,
    /// The expressions.
    pub expressions: Vec<Expression>,
}

/// Operators, each before its children.
pub struct Plan<'a> {
    /// The operators. Queries in parentheses follow those that they are part of.
    pub operators: Vec<Operator<'a>>,
    parents: Vec<Option<Parent>>,
    tables: HashMap<u64, Vec<Place>>,
}

/// Whose child an operator is, and which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The operator.
    pub operator: usize,
    /// How many children it has before this one.
    pub nth: usize,
}

/// Where a table stands.
#[derive(Clone, Copy)]
struct Place {
    operator: usize,
    table: usize,
}

impl<'a> Plan<'a> {
    /// A plan of operators that stand each before its children.
    pub fn new(operators: Vec<Operator<'a>>) -> Plan<'a> {
        let mut tables: HashMap<u64, Vec<Place>> = HashMap::new();
        for (operator, found) in operators.iter().enumerate() {
            for (table, Table { number, .. }) in found.tables.iter().enumerate() {
                if let Some(number) = number {
                    tables.entry(*number).or_default().push(Place { operator, table });
                }
            }
        }
        let parents = parents(&operators);
        Plan { operators, parents, tables }
    }

    /// Whose child an operator is.
    pub fn parent(&self, operator: usize) -> Option<Parent> {
        self.parents[operator]
    }

    /// The operators with a table of that number.
    pub fn operators_of(&self, table: u64) -> impl Iterator<Item = usize> + '_ {
        self.tables.get(&table).into_iter().flatten().map(|place| place.operator)
    }

    /// What a column is made of: one expression, or as many as there are sources of rows.
    pub fn sources(&self, column: Binding) -> impl Iterator<Item = (&Operator<'a>, &Expression)> {
        let places = self.tables.get(&column.table).into_iter().flatten();
        places.filter_map(move |place| {
            let operator = &self.operators[place.operator];
            let expression = operator.tables[place.table].expressions.get(column.column)?;
            Some((operator, expression))
        })
    }

    /// The expressions of all operators.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.operators.iter().flat_map(Operator::expressions)
    }
}

impl Operator<'_> {
    /// All that it computes.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.tables.iter().flat_map(|table| &table.expressions)
    }
}

fn parents(operators: &[Operator<'_>]) -> Vec<Option<Parent>> {
    // Those of which children are still to come, the innermost last.
    let mut open: Vec<Parent> = Vec::new();
    let mut parents = Vec::with_capacity(operators.len());
    for number in 0..operators.len() {
        while open.pop_if(|last| last.nth == operators[last.operator].children).is_some() {}
        parents.push(open.last().copied());
        if let Some(last) = open.last_mut() {
            last.nth += 1;
        }
        open.push(Parent { operator: number, nth: 0 });
    }
    parents
}

#[cfg(test)]
pub(crate) mod tests;
