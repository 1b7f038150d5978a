use serde_json::Value as Json;

use super::*;

/// The lines of a result.
fn lines(limit: u64, write: impl FnOnce(&mut Writer<&mut dyn FnMut(Bytes) -> bool>)) -> Vec<Json> {
    let mut bytes = Vec::new();
    let mut send = |piece: Bytes| {
        assert!(piece.ends_with(b"\n"), "pieces are whole lines");
        bytes.extend_from_slice(&piece);
        true
    };
    let mut writer = Writer::new(limit, &mut send as &mut dyn FnMut(Bytes) -> bool);
    write(&mut writer);
    writer.end(Ok(()), "");
    let text = String::from_utf8(bytes).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn rows(lines: &[Json]) -> Vec<Json> {
    lines.iter().filter_map(|line| line["rows"].as_array()).flatten().cloned().collect()
}

fn end(lines: &[Json]) -> &Json {
    &lines.last().expect("a line")["end"]
}

#[test]
fn every_kind_of_value() {
    let values = [
        (Value::Null, "null"),
        (Value::Boolean(true), "true"),
        (Value::Integer(-2_147_483_648), "-2147483648"),
        (Value::Single(0.1), "0.1"),
        (Value::Double(5e-324), "5e-324"),
        (Value::Double(f64::NAN), "\"NaN\""),
        (Value::Single(f32::INFINITY), "\"Infinity\""),
        (Value::Double(f64::NEG_INFINITY), "\"-Infinity\""),
        (
            Value::Text("a\"\\\0\n\u{1b}[31m</script>\u{202e}\u{2028}"),
            "\"a\\\"\\\\\\u0000\\n\\u001b[31m</script>\u{202e}\u{2028}\"",
        ),
    ];
    let lines = lines(10, |writer| {
        for (value, _) in values {
            writer.value(value);
        }
        writer.end_row();
    });
    let expected: Vec<Json> =
        values.iter().map(|(_, text)| serde_json::from_str(text).expect("JSON")).collect();
    assert_eq!(rows(&lines), [Json::Array(expected)]);
}

#[test]
fn rows_come_in_pieces_and_none_is_lost() {
    let lines = lines(1000, |writer| {
        for at in 0..300 {
            writer.value(Value::Integer(at));
            writer.value(Value::Text(&"x".repeat(1000)));
            assert!(writer.end_row());
        }
    });
    assert!(lines.len() > 4);
    let rows = rows(&lines);
    assert_eq!(rows.len(), 300);
    assert!(rows.iter().enumerate().all(|(at, row)| row[0] == at));
    assert_eq!(end(&lines)["limited"], false);
}

#[test]
fn no_more_rows_than_are_wanted() {
    for given in [2, 3, 4] {
        let lines = lines(3, |writer| {
            for at in 0..given {
                writer.value(Value::Integer(at));
                assert_eq!(writer.end_row(), at < 3);
            }
        });
        assert_eq!(rows(&lines).len(), 3.min(given as usize));
        assert_eq!(end(&lines)["limited"], given > 3);
        assert_eq!(end(&lines)["rows"], 3.min(given));
    }
}

#[test]
fn what_is_too_long_is_cut_between_characters() {
    let long = "é".repeat(VALUE);
    let lines = lines(1, |writer| {
        writer.value(Value::Text(&format!("x{long}")));
        writer.end_row();
    });
    let text = rows(&lines)[0][0].as_str().expect("a text").to_owned();
    assert_eq!(text.len(), VALUE - 1);
    assert_eq!(end(&lines)["cut_values"], 1);
}

#[test]
fn rows_are_bounded_however_many_columns_they_have() {
    let long = "x".repeat(VALUE);
    let lines = lines(1, |writer| {
        for _ in 0..100 {
            writer.value(Value::Text(&long));
        }
        writer.value(Value::Integer(7));
        writer.end_row();
    });
    let row = rows(&lines)[0].clone();
    assert_eq!((row[0].as_str(), row[99].as_str()), (Some(&*long), Some("")));
    assert_eq!(row[100], 7);
    assert!(row.to_string().len() < ROW + VALUE);
    assert_eq!(end(&lines)["cut_values"], 85);
}

#[test]
fn rows_are_not_held_back() {
    let mut sent = 0;
    let mut writer = Writer::new(10, |_| {
        sent += 1;
        true
    });
    writer.value(Value::Integer(1));
    writer.end_row();
    writer.wait();
    writer.wait();
    drop(writer);
    assert_eq!(sent, 1);
}

#[test]
fn errors_name_their_place_as_javascript_counts() {
    let sql = "SELECT '𝄞é', x";
    let mut pieces: Vec<Bytes> = Vec::new();
    let writer = Writer::new(1, |piece| {
        pieces.push(piece);
        true
    });
    let position = sql.find('x');
    writer.end(Err(QueryError { message: "no".to_owned(), position }), sql);
    let line: Json = serde_json::from_slice(&pieces[0]).expect("JSON");
    assert_eq!(line, json!({"error": {"message": "no", "position": 14}}));
}

#[test]
fn who_is_gone_wants_no_more() {
    let mut writer = Writer::new(1000, |_| false);
    writer.value(Value::Text(&"x".repeat(PIECE)));
    assert!(!writer.end_row());
}
