//! Times as options have them, and now.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The least and the most seconds that may be asked for: a millisecond, and a day.
const SECONDS: std::ops::RangeInclusive<f64> = 0.001..=86_400.0;

/// A time with its unit, as in `'10s'` and `'1.5 minutes'`.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "ms" | "millisecond" | "milliseconds" => 0.001,
        "s" | "second" | "seconds" => 1.0,
        "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    };
    of_seconds(number.parse::<f64>().ok()? * unit)
}

/// What [`seconds`] takes.
pub const NUMBER_OR_DURATION: &str =
    "a number of seconds, or a time such as '500ms', of a day at most";

/// A number of seconds, or a time with its unit.
pub fn seconds(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(number) => of_seconds(number),
        Err(_) => duration(text),
    }
}

fn of_seconds(seconds: f64) -> Option<Duration> {
    // Checked before it is a duration, which panics on what is negative or no number.
    SECONDS.contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// Nanoseconds since the epoch.
pub fn now() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_seconds() {
        for (text, millis) in
            [("1.5", 1500), ("86400", 86_400_000), ("500ms", 500), (" 2 min ", 120_000)]
        {
            assert_eq!(seconds(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "0", "-1", "nan", "inf", "86401", "1e-9", "25h", "1 day", "ms", "1,5"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(duration("10"), None);
    }
}
