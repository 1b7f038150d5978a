use super::*;

/// Reads all fields; says what they are, or why not and where.
fn fields(bytes: &[u8]) -> std::result::Result<Vec<(u32, Value<'_>)>, (String, usize, bool)> {
    let mut reader = CheckingReader::new(bytes);
    let mut fields = Vec::new();
    let mut read = || {
        while !reader.is_empty() {
            let (number, wire_type) = reader.tag()?;
            fields.push((number, reader.value(number, wire_type)?));
        }
        Ok(())
    };
    let result: Result<()> = read();
    match result {
        Ok(()) => Ok(fields),
        Err(error) => Err((error.reason().to_owned(), error.offset(), error.is_truncated())),
    }
}

#[test]
fn varints() {
    let ten = |last: u8| [vec![0xff; 9], vec![last]].concat();
    let good: [(&[u8], u64); 9] = [
        (&[0], 0),
        (&[0x7f], 0x7f),
        (&[0x80, 0x01], 0x80),
        (&[0xff, 0x7f], 0x3fff),
        (&[0x80, 0x80, 0x01], 0x4000),
        (&ten(0x01), u64::MAX),
        (&ten(0x00), u64::MAX >> 1),
        (&[0x81, 0x00], 1),
        (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 0),
    ];
    for (bytes, value) in good {
        let mut reader = CheckingReader::new(bytes);
        assert_eq!(reader.varint(), Ok(value), "{bytes:x?}");
        assert!(reader.is_empty());
        let followed = [bytes, &[0xff]].concat();
        let mut reader = CheckingReader::new(&followed);
        assert_eq!(reader.varint(), Ok(value), "{followed:x?}");
        assert_eq!(reader.offset(), bytes.len());
    }
    let bad: [(&[u8], &str, usize, bool); 7] = [
        (&[], "message ends inside a varint", 0, true),
        (&[0x80], "message ends inside a varint", 1, true),
        (&[0xff; 9], "message ends inside a varint", 9, true),
        (&ten(0x02), "varint of more than 64 bits", 0, false),
        (&ten(0x7f), "varint of more than 64 bits", 0, false),
        (&[0x80; 10], "varint of more than 10 bytes", 0, false),
        (&[0xff; 11], "varint of more than 10 bytes", 0, false),
    ];
    for (bytes, reason, offset, truncated) in bad {
        let error = CheckingReader::new(bytes).varint().expect_err("malformed");
        let found = (error.reason(), error.offset(), error.is_truncated());
        assert_eq!(found, (reason, offset, truncated), "{bytes:x?}");
    }
}

#[test]
fn written_varints_read_back_in_the_length_that_was_told() {
    for shift in 0..64 {
        for value in [1 << shift, (1 << shift) - 1, u64::MAX >> shift, u64::MAX << shift] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(bytes.len(), varint_len(value), "{value}");
            assert_eq!(CheckingReader::new(&bytes).varint(), Ok(value));
        }
    }
}

#[test]
fn zigzag_goes_both_ways() {
    let pairs = [(0, 0), (-1, 1), (1, 2), (-2, 3), (i64::MAX, u64::MAX - 1), (i64::MIN, u64::MAX)];
    for (signed, encoded) in pairs {
        assert_eq!(zigzag(signed), encoded);
        assert_eq!(unzigzag(encoded), signed);
    }
}

#[test]
fn tags() {
    let good: [(&[u8], (u32, u8)); 4] = [
        (&[0x08], (1, 0)),
        (&[0x0f], (1, 7)),
        (&[0x82, 0x01], (16, 2)),
        (&[0xf8, 0xff, 0xff, 0xff, 0x0f], (0x1fff_ffff, 0)),
    ];
    for (bytes, tag) in good {
        assert_eq!(CheckingReader::new(bytes).tag(), Ok(tag), "{bytes:x?}");
        let mut written = Vec::new();
        put_tag(&mut written, tag.0, tag.1);
        assert_eq!(written, bytes);
    }
    let bad: [&[u8]; 5] = [
        &[0x00],
        &[0x02],
        &[0x07],
        &[0x80, 0x80, 0x80, 0x80, 0x10],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for bytes in bad {
        assert_eq!(
            CheckingReader::new(bytes).tag(),
            Err(Error::new("field number out of range", 0))
        );
    }
}

#[test]
fn values_of_every_wire_type() {
    let bytes = [
        &[0x08, 0x96, 0x01][..],
        &[0x11, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x1a, 3, b'a', b'b', b'c'],
        &[0x23, 0x08, 0x01, 0x24],
        &[0x2d, 1, 2, 3, 4],
        &[0x1a, 0],
    ];
    let expected = vec![
        (1, Value::Varint(150)),
        (2, Value::Fixed64(0x0807_0605_0403_0201)),
        (3, Value::Len(b"abc", 14)),
        (4, Value::Group),
        (5, Value::Fixed32(0x0403_0201)),
        (3, Value::Len(b"", 28)),
    ];
    assert_eq!(fields(&bytes.concat()), Ok(expected));
}

#[test]
fn malformed_values() {
    let cases: [(&[u8], &str, usize, bool); 10] = [
        (&[0x08], "message ends inside a varint", 1, true),
        (&[0x09, 1, 2, 3, 4, 5, 6, 7], "message ends inside a fixed-width field", 8, true),
        (&[0x0d, 1, 2, 3], "message ends inside a fixed-width field", 4, true),
        (&[0x0a], "message ends inside a varint", 1, true),
        (&[0x0a, 2, 1], "length reaches beyond its parent", 1, true),
        (
            &[0x08, 1, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
            "length reaches beyond its parent",
            3,
            true,
        ),
        (
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "length reaches beyond its parent",
            1,
            true,
        ),
        (&[0x0c], "unexpected wire type", 1, false),
        (&[0x0e], "unexpected wire type", 1, false),
        (&[0x08, 1, 0x0f], "unexpected wire type", 3, false),
    ];
    for (bytes, reason, offset, truncated) in cases {
        assert_eq!(fields(bytes), Err((reason.to_owned(), offset, truncated)), "{bytes:x?}");
    }
}

#[test]
fn groups() {
    let good: [&[u8]; 4] = [
        &[0x0b, 0x0c],
        &[0x0b, 0x08, 1, 0x12, 1, 0xff, 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x0c],
        &[0x0b, 0x13, 0x0b, 0x0c, 0x14, 0x0c],
        &[0xfb, 0xff, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0xff, 0x0f],
    ];
    for bytes in good {
        assert!(matches!(fields(bytes).as_deref(), Ok([(_, Value::Group)])), "{bytes:x?}");
    }
    let bad: [(&[u8], &str, usize, bool); 7] = [
        (&[0x0b], "message ends inside a group", 1, true),
        (&[0x0b, 0x08, 1], "message ends inside a group", 3, true),
        (&[0x0b, 0x13, 0x14], "message ends inside a group", 3, true),
        (&[0x0b, 0x14], "end of a group that is not open", 1, false),
        (&[0x0b, 0x13, 0x0c, 0x14], "end of a group that is not open", 2, false),
        (&[0x0b, 0x00], "field number out of range", 1, false),
        (&[0x0b, 0x0f], "unexpected wire type", 2, false),
    ];
    for (bytes, reason, offset, truncated) in bad {
        assert_eq!(fields(bytes), Err((reason.to_owned(), offset, truncated)), "{bytes:x?}");
    }
}

#[test]
fn groups_nest_64_deep_and_no_deeper() {
    let nested = |depth| [vec![0x0b; depth], vec![0x0c; depth]].concat();
    assert_eq!(fields(&nested(64)), Ok(vec![(1, Value::Group)]));
    for depth in [65, 200_000] {
        let refused = Err(("groups nested too deep".to_owned(), 64, false));
        assert_eq!(fields(&nested(depth)), refused);
    }
}

#[test]
fn places_are_those_of_the_whole_slice() {
    let bytes = [0xff, 0xff, 0x0a, 3, 0x12, 1, b'x', 0xff];
    let mut reader = CheckingReader::within(&bytes, 2..7);
    assert_eq!(reader.tag(), Ok((1, 2)));
    let mut nested = reader.nested().expect("a message");
    assert!(reader.is_empty());
    assert_eq!((nested.offset(), nested.rest()), (4, &[0x12, 1, b'x'][..]));
    assert_eq!(nested.tag(), Ok((2, 2)));
    assert_eq!(nested.len_range(), Ok(6..7));
    assert!(nested.is_empty());
    let mut cut = CheckingReader::within(&bytes, 4..6);
    assert_eq!(cut.tag(), Ok((2, 2)));
    assert_eq!(cut.len_bytes(), Err(Error::truncated("length reaches beyond its parent", 5)));
}

#[test]
#[should_panic(expected = "range outside of the bytes")]
fn a_range_outside_of_the_bytes_is_the_callers_fault() {
    CheckingReader::within(&[0; 4], 2..5);
}
