//! What a query says, as far as conditions, comparisons and members know such things.

/// A column that DuckDB names by the number of its table, which is that of an operator in a plan, and by its place in
/// it.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Binding {
    /// The number of the table.
    pub table: u64,
    /// The place among its columns.
    pub column: usize,
}

/// Which kind of time values are.
#[repr(u8)]
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// None.
    #[default]
    Other,
    /// A date.
    Date,
    /// A date and a time of day, of no time zone that is known.
    WithoutZone,
    /// A moment, whatever the time zone.
    Moment,
}

/// An expression of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A column.
    Column(Binding),
    /// `column->>'key'`.
    Member(Member),
    /// A column of what is scanned.
    Scanned(Scanned),
    /// A text.
    Text(String),
    /// NULL, as a text.
    Null,
    /// A number, or a time in nanoseconds.
    Number(i64),
    /// True if all of them are.
    All(Vec<Expression>),
    /// True if one of them is.
    Any(Vec<Expression>),
    /// True if the first is one of the others.
    In(Vec<Expression>),
    /// True if the first is none of the others.
    NotIn(Vec<Expression>),
    /// The first is no less than the second, and no greater than the third.
    Between(Box<[Expression; 3]>),
    /// The two compare so.
    Compare(Comparison, Box<[Expression; 2]>),
    /// A value as one of another type.
    Cast(Box<Cast>),
    /// Anything else.
    Other(Other),
}

/// `column->>'key'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The column.
    pub column: Binding,
    /// The key.
    pub key: String,
    /// Which one of its plan it is, for whoever may replace it.
    pub place: usize,
}

/// A column of a relation that is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The position in the relation.
    pub position: usize,
    /// What the query calls it.
    pub name: String,
}

/// A value as one of another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// The value.
    pub value: Expression,
    /// Which time it is.
    pub from: Time,
    /// Which it becomes.
    pub to: Time,
}

/// What is made of other expressions.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Other {
    /// The name of the function; empty if it is none.
    pub function: String,
    /// Which time it is.
    pub time: Time,
    /// What it is made of. Of a query in parentheses its first column is part of that.
    pub children: Vec<Expression>,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// They are equal.
    Equal,
    /// The first is less.
    Less,
    /// The first is less, or they are equal.
    LessOrEqual,
    /// The first is greater.
    Greater,
    /// The first is greater, or they are equal.
    GreaterOrEqual,
    /// They differ, or NULL is a value like others: nothing that has an order.
    Unordered,
}

impl Comparison {
    /// How they compare the other way around.
    pub fn flipped(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::Equal,
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            Comparison::Unordered => Comparison::Unordered,
        }
    }

    /// Whether it is about which of two comes first.
    pub fn is_order(self) -> bool {
        !matches!(self, Comparison::Equal | Comparison::Unordered)
    }
}

/// Texts of which a subject is one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OneOf {
    /// The key of the subject, where it is `column->>'key'`.
    pub key: Option<String>,
    /// The texts.
    pub texts: Vec<String>,
}

impl Expression {
    /// What it is made of.
    pub fn children(&self) -> &[Expression] {
        match self {
            Expression::All(children)
            | Expression::Any(children)
            | Expression::In(children)
            | Expression::NotIn(children)
            | Expression::Other(Other { children, .. }) => children,
            Expression::Between(children) => &**children,
            Expression::Compare(_, sides) => &**sides,
            Expression::Cast(cast) => std::slice::from_ref(&cast.value),
            Expression::Column(_)
            | Expression::Member(_)
            | Expression::Scanned(_)
            | Expression::Text(_)
            | Expression::Null
            | Expression::Number(_) => &[],
        }
    }

    /// The key, if this is a column, which has none, or `column->>'key'`.
    pub fn subject(&self) -> Option<Option<&str>> {
        match self {
            Expression::Column(_) => Some(None),
            Expression::Member(member) => Some(Some(&member.key)),
            _ => None,
        }
    }

    /// The texts, if to be one of them is all that this says of a subject.
    pub fn one_of(&self) -> Option<OneOf> {
        let mut found = Found::default();
        let is_known = found.add(self) && !found.texts.is_empty();
        is_known.then(|| OneOf {
            key: found.subject.flatten().map(str::to_owned),
            texts: found.texts.into_iter().cloned().collect(),
        })
    }
}

/// What is found of `OneOf` in an expression.
#[derive(Default)]
struct Found<'a> {
    subject: Option<Option<&'a str>>,
    texts: Vec<&'a String>,
}

impl<'a> Found<'a> {
    /// Adds what an expression says; whether that is of this kind, and about this subject.
    fn add(&mut self, expression: &'a Expression) -> bool {
        match expression {
            Expression::Any(children) => children.iter().all(|child| self.add(child)),
            Expression::In(children) => match children.split_first() {
                Some((subject, values)) => {
                    self.add_subject(subject) && values.iter().all(|value| self.add(value))
                }
                None => false,
            },
            Expression::Compare(Comparison::Equal, sides) => {
                let [left, right] = &**sides;
                (self.add_subject(left) && self.add(right))
                    || (self.add_subject(right) && self.add(left))
            }
            Expression::Text(text) => {
                self.texts.push(text);
                true
            }
            // Nothing is equal to it.
            Expression::Null => true,
            _ => false,
        }
    }

    fn add_subject(&mut self, expression: &'a Expression) -> bool {
        let Some(key) = expression.subject() else { return false };
        // A condition on two subjects, as in a OR b, says of neither that it must hold.
        *self.subject.get_or_insert(key) == key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Expression {
        Expression::Text(text.to_owned())
    }

    fn column() -> Expression {
        Expression::Column(Binding::default())
    }

    fn key(key: &str) -> Expression {
        let column = Binding::default();
        Expression::Member(Member { column, key: key.to_owned(), place: 0 })
    }

    fn other() -> Expression {
        Expression::Other(Other::default())
    }

    fn equal(left: Expression, right: Expression) -> Expression {
        Expression::Compare(Comparison::Equal, Box::new([left, right]))
    }

    fn one_of(key: Option<&str>, texts: &[&str]) -> Option<OneOf> {
        let texts = texts.iter().copied().map(str::to_owned).collect();
        Some(OneOf { key: key.map(str::to_owned), texts })
    }

    #[test]
    fn texts_that_a_column_is_one_of() {
        assert_eq!(equal(column(), text("a")).one_of(), one_of(None, &["a"]));
        assert_eq!(equal(text("a"), key("k")).one_of(), one_of(Some("k"), &["a"]));
        let named = Expression::In(vec![column(), text("a"), Expression::Null, text("b")]);
        let any = Expression::Any(vec![named, equal(column(), text("c"))]);
        assert_eq!(any.one_of(), one_of(None, &["a", "b", "c"]));
    }

    #[test]
    fn what_says_more_or_less_is_not_of_this_kind() {
        let two_subjects =
            Expression::Any(vec![equal(key("a"), text("x")), equal(key("b"), text("x"))]);
        let of_column = Expression::Any(vec![equal(key("a"), text("x")), other()]);
        let less = Box::new([key("a"), text("x")]);
        for other in [
            two_subjects,
            of_column,
            Expression::Compare(Comparison::Less, less),
            equal(key("a"), Expression::Null),
            equal(key("a"), Expression::Number(1)),
            equal(other(), text("x")),
            Expression::All(vec![equal(key("a"), text("x"))]),
            Expression::In(Vec::new()),
        ] {
            assert_eq!(other.one_of(), None, "{other:?}");
        }
    }
}
