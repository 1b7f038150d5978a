//! What a query asks of its rows, as far as that is told from bytes, before a column is read.

use std::ops::RangeInclusive;

use duckspan_otlp::relation::{Bound, Filter, Relation};

use crate::expression::{Comparison, Expression, OneOf};

/// Conditions that every row a query wants must meet. DuckDB tests them again on what is read, so they
/// may let rows pass that do not.
#[derive(Debug, Default)]
pub struct Conditions(Vec<Condition>);

#[derive(Debug, PartialEq)]
struct Condition {
    /// The position in the relation.
    column: usize,
    /// Of a column of attributes, the key of the one whose text is meant.
    key: Option<String>,
    bound: Bound,
}

/// The numbers that compare so with `number`, if those lie together.
fn range(comparison: Comparison, number: i64) -> Option<RangeInclusive<i64>> {
    let nothing = RangeInclusive::new(1, 0);
    let range = match comparison {
        Comparison::Equal => number..=number,
        // Below the least number there is none, and to wrap around would take all for it.
        Comparison::Less => number.checked_sub(1).map_or(nothing, |last| i64::MIN..=last),
        Comparison::LessOrEqual => i64::MIN..=number,
        Comparison::Greater => number.checked_add(1).map_or(nothing, |first| first..=i64::MAX),
        Comparison::GreaterOrEqual => number..=i64::MAX,
        Comparison::Unordered => return None,
    };
    Some(range)
}

impl Conditions {
    /// Adds what is known of an expression that must be true of a column, or of `column->>'member'` if that is what is
    /// read of it.
    pub fn require(&mut self, column: usize, member: Option<&str>, expression: &Expression) {
        if let Some(OneOf { key, texts }) = expression.one_of() {
            // Of a member of a member nothing is known.
            if key.is_none() || member.is_none() {
                let key = key.or(member.map(str::to_owned));
                let bound = Bound::OneOf(texts.into_iter().map(String::into_bytes).collect());
                self.0.push(Condition { column, key, bound });
            }
            return;
        }
        match expression {
            Expression::All(children) => {
                children.iter().for_each(|child| self.require(column, member, child));
            }
            Expression::Compare(comparison, sides) => {
                let range = match **sides {
                    [Expression::Column(_), Expression::Number(number)] => {
                        range(*comparison, number)
                    }
                    [Expression::Number(number), Expression::Column(_)] => {
                        range(comparison.flipped(), number)
                    }
                    _ => None,
                };
                let bound = range.map(Bound::Range);
                self.0.extend(bound.map(|bound| Condition { column, key: None, bound }));
            }
            _ => {}
        }
    }

    /// The filter of what can be told of rows of a relation; `None` if that is nothing.
    pub fn filter(&self, relation: &'static Relation) -> Option<Filter> {
        let mut filter = Filter::new(relation);
        for condition in &self.0 {
            // One that is not told lets all rows pass, and DuckDB finds out: the others still leave rows out.
            let _told = condition.add_to(&mut filter, relation);
        }
        (!filter.is_empty()).then_some(filter)
    }
}

/// Whether it can be told of rows of a relation that an expression is true of a column.
pub fn is_told(relation: &'static Relation, column: usize, expression: &Expression) -> bool {
    let mut conditions = Conditions::default();
    conditions.require(column, None, expression);
    // Comparisons with numbers are handed to a scan without a question.
    expression.one_of().is_some()
        && conditions.0.iter().all(|one| one.add_to(&mut Filter::new(relation), relation))
}

impl Condition {
    /// Adds it to a filter, if it can be told.
    fn add_to(&self, filter: &mut Filter, relation: &'static Relation) -> bool {
        let Some(column) = relation.columns.get(self.column) else { return false };
        match &self.key {
            None => filter.require(column, &self.bound),
            Some(key) if is_plain_key(key) && is_plain_text(&self.bound) => {
                filter.require_attribute(column, key, &self.bound)
            }
            Some(_) => false,
        }
    }
}

/// Whether DuckDB takes the right side of `->>` for the name of a member, and not for a path.
pub fn is_plain_key(key: &str) -> bool {
    // `$` begins a JSONPath and `/` a JSON pointer; the others have a meaning in either.
    !key.is_empty() && !key.starts_with(['$', '/']) && !key.contains(['"', '\\', '*'])
}

/// Whether texts are those of strings, whole numbers or booleans: DuckDB writes other values anew, and
/// perhaps in another way.
fn is_plain_text(bound: &Bound) -> bool {
    let Bound::OneOf(texts) = bound else { return false };
    texts.iter().all(|text| {
        let text = String::from_utf8_lossy(text);
        // `1.0` in JSON may be `1` or `1e0` in text, so only whole numbers are sure to be written as they were read.
        let is_double = text.parse::<f64>().is_ok() && text.parse::<i64>().is_err();
        !is_double && !text.starts_with(['[', '{'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Binding, Member, Other};

    fn required(member: Option<&str>, expression: Expression) -> Vec<Condition> {
        let mut conditions = Conditions::default();
        conditions.require(0, member, &expression);
        conditions.0
    }

    fn compare(comparison: Comparison, sides: [Expression; 2]) -> Expression {
        Expression::Compare(comparison, Box::new(sides))
    }

    fn column() -> Expression {
        Expression::Column(Binding::default())
    }

    fn member(key: &str) -> Expression {
        let column = Binding::default();
        Expression::Member(Member { column, key: key.to_owned(), place: 0 })
    }

    fn ranges(range: RangeInclusive<i64>) -> Condition {
        Condition { column: 0, key: None, bound: Bound::Range(range) }
    }

    fn texts(key: Option<&str>, texts: &[&str]) -> Condition {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        Condition { column: 0, key: key.map(str::to_owned), bound: Bound::OneOf(texts) }
    }

    #[test]
    fn numbers_bound_a_column_from_either_side() {
        let less = compare(Comparison::Less, [column(), Expression::Number(7)]);
        assert_eq!(required(None, less), [ranges(i64::MIN..=6)]);
        let above = compare(Comparison::Less, [Expression::Number(7), column()]);
        assert_eq!(required(None, above), [ranges(8..=i64::MAX)]);
        let nothing = compare(Comparison::Less, [column(), Expression::Number(i64::MIN)]);
        let [Condition { bound: Bound::Range(range), .. }] = &required(None, nothing)[..] else {
            panic!("one range")
        };
        assert!(range.is_empty());
    }

    #[test]
    fn all_of_several_are_required_and_what_is_not_known_is_left() {
        let text = || Expression::Text("a".to_owned());
        let equal = |sides| compare(Comparison::Equal, sides);
        let of_member = equal([member("k"), text()]);
        let unknown = equal([member("k"), Expression::Number(1)]);
        let differs = compare(Comparison::Unordered, [column(), Expression::Number(1)]);
        let of_column = Expression::In(vec![column(), text()]);
        let other = Expression::Other(Other::default());
        let all = Expression::All(vec![of_member, unknown, differs, other, of_column]);
        assert_eq!(required(None, all), [texts(Some("k"), &["a"]), texts(None, &["a"])]);
    }

    #[test]
    fn of_a_member_of_a_member_nothing_is_known() {
        let text = || Expression::Text("a".to_owned());
        let of_member = compare(Comparison::Equal, [column(), text()]);
        assert_eq!(required(Some("k"), of_member), [texts(Some("k"), &["a"])]);
        let of_its_member = compare(Comparison::Equal, [member("inner"), text()]);
        assert!(required(Some("k"), of_its_member).is_empty());
    }
}
