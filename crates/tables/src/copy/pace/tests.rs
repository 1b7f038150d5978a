use super::*;

fn pace(speed: &str) -> Pace {
    Pace::new(Speed::new(speed).expect("a speed"))
}

/// How long after the first row those so far may leave.
fn waits(pace: &Pace) -> Duration {
    pace.due().expect("a time") - pace.course.as_ref().expect("a course").begun
}

#[test]
fn a_speed_is_a_number_above_nothing() {
    assert_eq!(Speed::new("0.5"), Some(Speed(0.5)));
    for wrong in ["", "0", "-1", "nan", "inf", "true", "fast"] {
        assert_eq!(Speed::new(wrong), None, "{wrong}");
    }
}

#[test]
fn rows_wait_as_long_as_they_are_apart() {
    for (speed, expected) in [("1.0", 3_000), ("2", 1_500), ("0.5", 6_000)] {
        let mut pace = pace(speed);
        assert_eq!((pace.due(), pace.shift()), (None, 0));
        pace.enter(Some(5_000_000));
        assert_eq!(waits(&pace), Duration::ZERO);
        pace.enter(Some(8_000_000));
        assert_eq!(waits(&pace), Duration::from_millis(expected));
    }
}

#[test]
fn what_falls_into_a_moment_goes_together() {
    let mut pace = pace("2.0");
    assert!(!pace.parts_at(Some(1_000)));
    pace.enter(Some(1_000));
    assert!(!pace.parts_at(Some(200_999)) && pace.parts_at(Some(201_000)));
    pace.enter(Some(200_999));
    assert!(pace.parts_at(Some(201_000)));
    pace.enter(Some(300_000));
    assert!(!pace.parts_at(Some(499_999)) && pace.parts_at(Some(500_000)));
}

#[test]
fn a_row_without_a_time_leaves_with_those_before_it() {
    let mut pace = pace("1.0");
    pace.enter(None);
    assert_eq!((pace.due(), pace.shift()), (None, 0));
    pace.enter(Some(1_000_000));
    pace.enter(Some(2_000_000));
    assert!(!pace.parts_at(None));
    pace.enter(None);
    assert_eq!(waits(&pace), Duration::from_secs(1));
}

#[test]
fn the_first_row_is_moved_to_now() {
    let before = now().expect("a clock");
    let mut pace = pace("1.0");
    pace.enter(Some(-7));
    let shift = pace.shift();
    assert!((before..=now().expect("a clock")).contains(&(shift - 7_000)));
    pace.enter(Some(1_000_000));
    assert_eq!(pace.shift(), shift);
}

#[test]
fn no_time_is_too_far() {
    let mut pace = pace("1e-300");
    pace.enter(Some(i64::MIN));
    pace.enter(Some(i64::MAX));
    assert_eq!(waits(&pace), LONGEST);
    assert_eq!(pace.shift(), i64::MAX);
}
