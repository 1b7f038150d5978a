//! What a query says of a column, as far as conditions know such things.

/// An expression over one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// The column, or `column->>'key'` if there is a key.
    Subject(Option<String>),
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
    /// The two compare so.
    Compare(Comparison, Box<[Expression; 2]>),
    /// Anything else.
    Other,
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
        }
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
    /// The texts, if to be one of them is all that this says of a subject.
    pub fn one_of(&self) -> Option<OneOf> {
        let mut found = Found::default();
        let is_known = found.add(self) && !found.texts.is_empty();
        is_known.then(|| OneOf {
            key: found.subject.cloned().flatten(),
            texts: found.texts.into_iter().cloned().collect(),
        })
    }
}

/// What is found of `OneOf` in an expression.
#[derive(Default)]
struct Found<'a> {
    subject: Option<&'a Option<String>>,
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
        let Expression::Subject(key) = expression else { return false };
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

    fn key(key: &str) -> Expression {
        Expression::Subject(Some(key.to_owned()))
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
        let column = || Expression::Subject(None);
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
        let of_column = Expression::Any(vec![equal(key("a"), text("x")), Expression::Other]);
        let less = Box::new([key("a"), text("x")]);
        for other in [
            two_subjects,
            of_column,
            Expression::Compare(Comparison::Less, less),
            equal(key("a"), Expression::Null),
            equal(key("a"), Expression::Number(1)),
            equal(Expression::Other, text("x")),
            Expression::All(vec![equal(key("a"), text("x"))]),
            Expression::In(Vec::new()),
        ] {
            assert_eq!(other.one_of(), None, "{other:?}");
        }
    }
}
