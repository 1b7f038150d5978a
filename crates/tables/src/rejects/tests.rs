use super::*;
use crate::vector::sample::Sample;

fn entry(number: u64) -> Entry {
    Entry {
        query_id: number,
        filename: "a.json".into(),
        record: (number > 0).then_some(number),
        byte_offset: None,
        kind: "malformed",
        reason: format!("reason {number}"),
    }
}

/// Every row of these columns, read in windows of so many.
fn scanned(rejects: &Rejects, columns: &[usize], rows: usize) -> Vec<Vec<Option<String>>> {
    let mut scan = RejectsScan::new(rejects, columns.to_vec());
    let mut found = vec![Vec::new(); columns.len()];
    assert!(scan.claim().expect("a batch") && !scan.claim().expect("no other"));
    loop {
        let count = scan.next(rows).expect("a window");
        if count == 0 {
            return found;
        }
        for (column, found) in found.iter_mut().enumerate() {
            let mut vector = Sample::new(count);
            scan.fill(column, Rows::First(count), &mut vector).expect("a column");
            found.extend(vector.rows(count));
        }
    }
}

#[test]
fn entries_are_read_in_windows() {
    let rejects = Rejects::default();
    rejects.add((0..5).map(entry));
    let text = |text: &str| Some(text.to_owned());
    let found = scanned(&rejects, &[5, 2, 3, 1], 2);
    assert_eq!(found[0], [0, 1, 2, 3, 4].map(|number| Some(format!("reason {number}"))));
    assert_eq!(found[1], [None, text("1"), text("2"), text("3"), text("4")]);
    assert_eq!((&found[2], &found[3]), (&vec![None; 5], &vec![text("a.json"); 5]));
}

#[test]
fn selected_rows_alone_are_written() {
    let rejects = Rejects::default();
    rejects.add((0..5).map(entry));
    let mut scan = RejectsScan::new(&rejects, vec![0, 4]);
    scan.next(5).expect("a window");
    for (column, expected) in [(0, ["3", "1"]), (1, ["malformed"; 2])] {
        let mut vector = Sample::new(2);
        scan.fill(column, Rows::Selected(&[3, 1]), &mut vector).expect("a column");
        assert_eq!(vector.rows(2), expected.map(|text| Some(text.to_owned())));
    }
}

/// What is added while it goes on is not in it, and the newest are kept.
#[test]
fn a_scan_is_of_the_moment_it_began() {
    let rejects = Rejects::default();
    rejects.add((0..=KEPT as u64).map(entry));
    let mut scan = RejectsScan::new(&rejects, vec![0]);
    rejects.add([entry(99)]);
    assert_eq!(scan.next(usize::MAX >> 1).expect("a window"), KEPT);
    let mut vector = Sample::new(KEPT);
    scan.fill(0, Rows::First(KEPT), &mut vector).expect("a column");
    assert_eq!(vector.rows(1), [Some("1".to_owned())], "the oldest made room");
}
