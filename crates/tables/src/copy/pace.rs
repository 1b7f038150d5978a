//! `speed`: rows are sent at the pace of their times, and these are moved to now.
//!
//! Rows come in the order of their times, those without one last. What falls into a moment goes together, and leaves when
//! the last of it is due: never too early, and no more than that moment too late.

use std::time::{Duration, Instant};

use crate::time::now;

#[cfg(test)]
mod tests;

/// Rows of so long a time are sent together.
const MOMENT: Duration = Duration::from_millis(100);

/// A row that is due later than that is due then, for a clock to have a name for it.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// How many times faster than they were the rows of a copy go out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Speed(f64);

impl Speed {
    /// The speed of an option.
    pub(super) fn new(value: &str) -> Option<Speed> {
        let speed = value.parse().ok().filter(|&speed: &f64| speed > 0.0 && speed.is_finite());
        speed.map(Speed)
    }

    /// The time that passes while rows of so many microseconds are sent.
    fn takes(self, micros: i64) -> Duration {
        let seconds = micros.max(0) as f64 / 1e6 / self.0;
        Duration::try_from_secs_f64(seconds).map_or(LONGEST, |time| time.min(LONGEST))
    }

    /// Microseconds of rows that are sent in a moment.
    fn moment(self) -> i64 {
        (MOMENT.as_micros() as f64 * self.0) as i64
    }
}

/// Where the rows of a copy are on their way through time.
#[derive(Debug)]
pub(super) struct Pace {
    speed: Speed,
    /// Since the first row that has a time.
    course: Option<Course>,
}

#[derive(Debug)]
struct Course {
    /// When the first row was there, in this process and by the clock.
    begun: Instant,
    begun_nanos: i64,
    /// The times of the first row and of the last so far, in microseconds.
    first: i64,
    last: i64,
    /// Rows from this time on belong to the next moment.
    end: i64,
}

impl Pace {
    pub(super) fn new(speed: Speed) -> Pace {
        Pace { speed, course: None }
    }

    /// Whether a row of that time belongs to another moment than those before, which go first.
    pub(super) fn parts_at(&self, time: Option<i64>) -> bool {
        let course = self.course.as_ref();
        matches!((course, time), (Some(course), Some(time)) if time >= course.end)
    }

    /// A row of that time is the next.
    pub(super) fn enter(&mut self, time: Option<i64>) {
        let Some(time) = time else { return };
        let end = time.saturating_add(self.speed.moment().max(1));
        let course = self.course.get_or_insert_with(|| Course {
            begun: Instant::now(),
            begun_nanos: now().unwrap_or_default(),
            first: time,
            last: time,
            end,
        });
        course.last = course.last.max(time);
        if time >= course.end {
            course.end = end;
        }
    }

    /// When the rows so far may leave; `None` if they are not bound to a time.
    pub(super) fn due(&self) -> Option<Instant> {
        let course = self.course.as_ref()?;
        course.begun.checked_add(self.speed.takes(course.last.saturating_sub(course.first)))
    }

    /// By how many nanoseconds times are moved: all by as much, so that the first is that of its departure, and nothing
    /// between them changes.
    pub(super) fn shift(&self) -> i64 {
        let course = self.course.as_ref();
        course.map_or(0, |course| {
            course.begun_nanos.saturating_sub(course.first.saturating_mul(1000))
        })
    }
}
