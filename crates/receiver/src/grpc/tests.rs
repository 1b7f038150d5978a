use super::*;

#[test]
fn media_types_of_grpc_are_known() {
    let cases = [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("APPLICATION/GRPC", true),
        ("application/grpc-web", false),
        ("application/grpc-web+proto", false),
        ("application/grpcx", false),
        ("application/json", false),
        ("application/grp", false),
        ("", false),
        ("application/grpé", false),
    ];
    for (media_type, expected) in cases {
        assert_eq!(is_grpc(media_type), expected, "{media_type}");
    }
}

#[test]
fn timeouts_are_read() {
    let cases = [
        ("1H", Some(Duration::from_secs(3600))),
        ("2M", Some(Duration::from_secs(120))),
        ("3S", Some(Duration::from_secs(3))),
        ("4m", Some(Duration::from_millis(4))),
        ("5u", Some(Duration::from_micros(5))),
        ("6n", Some(Duration::from_nanos(6))),
        ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
        ("999999999S", None),
        ("S", None),
        ("", None),
        ("5", None),
        ("5s", None),
        ("-5S", None),
        ("+5S", None),
        ("5.0S", None),
    ];
    for (text, expected) in cases {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, HeaderValue::from_str(text).expect("a header"));
        assert_eq!(timeout(&headers), expected, "{text:?}");
    }
    assert_eq!(timeout(&HeaderMap::new()), None);
}

/// However a frame is cut into pieces, its message is read.
#[test]
fn frames_are_read_from_any_pieces() {
    let budget = crate::budget::Budget::new(1 << 20);
    let message: Vec<u8> = (0..=255).collect();
    let mut frame = vec![1, 0, 0, 1, 0];
    frame.extend_from_slice(&message);
    for size in 1..=frame.len() {
        let mut framing = Framing::new(256, Charge::new(&budget));
        let pieces = frame.chunks(size);
        let last = pieces.len() - 1;
        for (number, piece) in pieces.enumerate() {
            framing.push(Bytes::copy_from_slice(piece), number == last).expect("room");
        }
        let (payload, compressed) = framing.finish().expect("a message");
        assert_eq!((&payload.bytes[..], compressed), (message.as_slice(), true));
    }
    assert_eq!(budget.used(), 0);
}
