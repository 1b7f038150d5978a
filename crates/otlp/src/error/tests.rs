use super::*;

#[test]
fn errors_say_what_and_where() {
    let error = Error::truncated("message ends", 7);
    assert_eq!(error.to_string(), "message ends at byte 7");
    assert_eq!((error.reason(), error.offset(), error.is_truncated()), ("message ends", 7, true));
    let shifted = error.clone().shifted(10);
    assert_eq!((shifted.offset(), shifted.is_truncated()), (17, true));
    let moved = error.clone().at(3);
    assert_eq!((moved.offset(), moved.is_truncated()), (3, true));
    let nested = error.nested();
    assert_eq!((nested.offset(), nested.is_truncated()), (7, false));
    assert!(!Error::new(String::from("malformed"), 0).is_truncated());
}
