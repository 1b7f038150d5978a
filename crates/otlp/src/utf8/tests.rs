use super::*;

/// Row 16: as the standard library replaces it.
#[test]
fn what_is_not_utf8_is_replaced() {
    for text in [
        &b""[..],
        b"plain",
        "é€🦆".as_bytes(),
        b"\xff",
        b"a\xffb\xfe\xfec",
        b"cut \xe2\x82",
        b"\xf0\x9f\xa6 cut",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
    ] {
        let replaced = String::from_utf8_lossy(text);
        let mut out = b"before".to_vec();
        put_replaced(&mut out, text);
        assert_eq!(out, ["before", &replaced].concat().as_bytes(), "{text:x?}");
        assert_eq!(growth(text), replaced.len() - text.len(), "{text:x?}");
    }
}

/// Long text is looked at in blocks, at whose ends characters may stand that belong to both.
#[test]
fn long_text_is_judged_as_a_whole() {
    for shift in 0..4 {
        for wide in ["é", "€", "🦆", "\u{7f}"] {
            let mut text = vec![b'a'; shift];
            while text.len() < 3000 {
                text.extend_from_slice(wide.as_bytes());
                text.resize(text.len() + text.len() % 5 * 50, b' ');
            }
            for at in (0..text.len()).filter(|at| at % 1024 < 8 || at % 1024 > 1016) {
                for byte in [b'a', 0x80, 0xbf, 0xc3, 0xe2, 0xf0, 0xff] {
                    let before = std::mem::replace(&mut text[at], byte);
                    for text in [&text[..], &text[..=at], &text[at..]] {
                        assert_eq!(is_long_utf8(text), str::from_utf8(text).is_ok(), "{text:x?}");
                        assert_eq!(is_utf8(text), str::from_utf8(text).is_ok());
                    }
                    text[at] = before;
                }
            }
        }
    }
    let continued = vec![0x80; 5000];
    assert!(!is_long_utf8(&continued));
}

#[test]
fn every_byte_of_a_text_is_looked_at() {
    let mut bytes = [b'a'; 200];
    for start in 0..4 {
        for end in start..bytes.len() {
            assert!(is_ascii(&bytes[start..end]), "{} bytes", end - start);
            for at in start..end {
                bytes[at] = 0x80;
                assert!(!is_ascii(&bytes[start..end]), "{} of {} bytes", at - start, end - start);
                bytes[at] = b'a';
            }
        }
    }
}
