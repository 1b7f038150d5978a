use super::sample::Sample;
use super::*;

/// The texts of rows; `None` where one found no room.
fn written(limit: usize, rows: &[Option<&str>]) -> Option<Vec<Option<String>>> {
    let mut texts = Texts { limit, ..Pool::default().texts(rows.len()) };
    for row in rows {
        texts.push(|out| {
            out.extend_from_slice(row.unwrap_or_default().as_bytes());
            row.is_some()
        });
    }
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let found = texts.iter().map(|found| found.map(text)).collect();
    (!texts.is_cut).then_some(found)
}

#[test]
fn texts_stand_behind_each_other() {
    let rows = [Some("a"), None, Some(""), Some("bcd")];
    let expected = rows.map(|row| row.map(str::to_owned)).to_vec();
    assert_eq!(written(4, &rows), Some(expected));
}

/// Whether it is the first or the last, and though a smaller one would fit behind it.
#[test]
fn a_text_without_room_is_no_null() {
    for rows in [["abcde", "a"], ["a", "abcd"]] {
        assert_eq!(written(4, &rows.map(Some)), None);
    }
}

#[test]
fn buffers_return_to_their_pool() {
    let pool = Pool::default();
    let mut texts = pool.texts(1);
    texts.push(|out| {
        out.extend_from_slice(&[b'a'; 1000]);
        true
    });
    let buffer = texts.into_buffer();
    // One that is still in use is not handed out.
    assert_eq!(pool.texts(1).bytes.capacity(), 0);
    drop(buffer);
    let again = pool.texts(1);
    assert!(again.bytes.capacity() >= 1000 && again.bytes().is_empty());
}

fn shown<const N: usize>(rows: [&str; N]) -> Vec<Option<String>> {
    rows.map(|row| (row != "-").then(|| row.to_owned())).to_vec()
}

#[test]
fn numbers_and_nulls() {
    let mut sample = Sample::new(130);
    let vector: &mut Vector = &mut sample;
    vector.write_numbers(130, |row| (row % 64 != 1).then_some(row as u64)).expect("room");
    vector.set_null(128).expect("a row");
    let rows = sample.rows(130);
    assert_eq!(rows[..3], shown(["0", "-", "2"]));
    assert_eq!(rows[64..67], shown(["64", "-", "66"]));
    assert_eq!(rows[128..], shown(["-", "-"]));
}

#[test]
fn each_row_has_the_value_that_its_index_names() {
    let mut sample = Sample::new(4);
    let vector: &mut Vector = &mut sample;
    vector.write_plain(&[7_i32, -8], Some(&[1, 0, 0, 1])).expect("room");
    vector.write_validity(&[0b1101]).expect("words");
    assert_eq!(sample.rows(4), shown(["-8", "-", "7", "-8"]));
}

#[test]
fn a_vector_of_another_type_is_a_fault() {
    let mut sample = Sample::new(1);
    let vector: &mut Vector = &mut sample;
    vector.values().expect("of 64 bits")[0] = 1;
    assert_eq!(vector.unsigned_values().expect_err("signed").kind, FaultKind::Internal);
}

#[test]
#[should_panic(expected = "more rows than the vector holds")]
fn rows_beyond_a_vector_are_the_callers_fault() {
    gather(&mut [0], &[1], &[0, 0]);
}
