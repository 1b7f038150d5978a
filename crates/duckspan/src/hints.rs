//! Where a column is that a query looks for among rows as OTLP has them.

use duckspan_otlp::relation::Relation;

use crate::given::quoted;
use crate::live::LiveTable;

/// What to say of a column that is not found: that a typed relation has it, of a receiver or, without one, of files.
/// `None` if none has.
pub(crate) fn column(name: &str, receiver: Option<(&str, LiveTable)>) -> Option<String> {
    let has = |relation: &&'static Relation| relation.column(name).is_some();
    let is_meant = |relation: &&'static Relation| {
        receiver.is_none_or(|(_, table)| table.signal() == Some(relation.signal))
    };
    let places: Vec<String> = Relation::ALL
        .into_iter()
        .filter(is_meant)
        .filter(has)
        .map(|relation| match receiver {
            Some((receiver, _)) => format!("{}.{}", quoted(receiver), relation.name),
            None => format!("read_otlp_{}", relation.name),
        })
        .collect();
    let rows = match receiver {
        Some((receiver, table)) => format!("{}.{}", quoted(receiver), table.name()),
        None => "read_otlp".to_owned(),
    };
    (!places.is_empty()).then(|| {
        let places = places.join(" and ");
        format!("{rows} has rows as OTLP/JSON: \"{name}\" is a column of {places}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_where_they_are() {
        let live = Some(("my-shop", LiveTable::Logs));
        assert_eq!(
            column("Body_Text", live).expect("a hint"),
            "\"my-shop\".logs has rows as OTLP/JSON: \"Body_Text\" is a column of \"my-shop\".log_records"
        );
        assert_eq!(column("duration_ns", live), None);
        let name = column("name", None).expect("a hint");
        assert!(
            name.ends_with("is a column of read_otlp_spans and read_otlp_data_points"),
            "{name}"
        );
        assert_eq!(column("nowhere", None), None);
    }
}
