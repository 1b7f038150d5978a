//! What came of the files of a query: whether there is OTLP in any of them.

use std::sync::{Mutex, PoisonError};

/// What was found in one file that was read to its end.
pub enum Finding {
    /// Records that could be read, or damaged ones.
    Otlp,
    /// Nothing.
    Empty,
    /// Nothing that could be read as OTLP, and why.
    Refused(String),
}

/// What was found in the files of a query, which is over when all of them were read.
#[derive(Debug, Default)]
pub struct Outcome(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// A prepared statement is a query of its own each time.
    query_id: u64,
    read: u64,
    has_otlp: bool,
    refused: Option<String>,
}

impl Outcome {
    /// Takes note of one of the `files` of a query. Once all of them are read and none has OTLP, why one that was
    /// refused has none.
    pub fn conclude(&self, query_id: u64, files: u64, finding: Finding) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.query_id != query_id {
            *state = State { query_id, ..State::default() };
        }
        state.read += 1;
        match finding {
            Finding::Otlp => state.has_otlp = true,
            Finding::Empty => {}
            Finding::Refused(reason) => drop(state.refused.get_or_insert(reason)),
        }
        let is_over = state.read == files && !state.has_otlp;
        if is_over { state.refused.take() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(reason: &str) -> Finding {
        Finding::Refused(reason.to_owned())
    }

    #[test]
    fn files_without_otlp_are_told_of_when_all_are_read() {
        let outcome = Outcome::default();
        assert_eq!(outcome.conclude(1, 3, refused("text")), None);
        assert_eq!(outcome.conclude(1, 3, Finding::Empty), None);
        assert_eq!(outcome.conclude(1, 3, refused("CSV")), Some("text".to_owned()));
    }

    #[test]
    fn one_file_with_otlp_is_enough() {
        let outcome = Outcome::default();
        for finding in [refused("text"), Finding::Otlp, refused("text")] {
            assert_eq!(outcome.conclude(1, 3, finding), None);
        }
    }

    #[test]
    fn empty_files_are_no_error() {
        let outcome = Outcome::default();
        assert_eq!(outcome.conclude(1, 1, Finding::Empty), None);
    }

    #[test]
    fn a_query_knows_nothing_of_the_one_before() {
        let outcome = Outcome::default();
        assert_eq!(outcome.conclude(1, 2, Finding::Otlp), None);
        assert_eq!(outcome.conclude(2, 1, refused("text")), Some("text".to_owned()));
    }
}
