use super::*;

fn written(value: f64) -> String {
    let mut text = Vec::new();
    number::double(value, &mut text);
    String::from_utf8(text).expect("ASCII")
}

/// What is seen at a glance is what would be written: for numbers of up to 17 digits, with a point at every
/// place.
#[test]
fn doubles_that_need_not_be_written_out_are_written_so() {
    let (mut digits, mut shortest, mut whole) = (1_u64, 0, 0);
    for nth in 0..200_000 {
        digits = digits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let number = ((digits >> 8) % 10_u64.pow(1 + nth % 17)).to_string();
        let (before, after) = number.split_at((digits as usize >> 3) % number.len());
        let before = if before.is_empty() { "0" } else { before };
        let sign = if digits & 1 == 0 { "-" } else { "" };
        let text = format!("{sign}{before}.{after}");
        let value = text.parse().expect("a number");
        if is_shortest(text.as_bytes(), value) {
            shortest += 1;
            assert_eq!(written(value), text);
        }
        let text = format!("{sign}{number}");
        if is_whole(text.as_bytes()) {
            whole += 1;
            assert_eq!(written(text.parse().expect("a number")), format!("{text}.0"));
        }
    }
    assert!(shortest > 100_000 && whole > 100_000, "{shortest} {whole}");
}

#[test]
fn doubles_that_are_written_in_another_way() {
    let others = ["1.50", "0.10", "0.0000001", "1e3", "1.5e-3", "0.1234567890123456", "5.0"];
    for text in others.into_iter().chain(["1234567890123456", "123456789012345"]) {
        let value = text.parse().expect("a number");
        assert!(!is_shortest(text.as_bytes(), value), "{text}");
    }
}
