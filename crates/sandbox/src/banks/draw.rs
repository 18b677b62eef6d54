//! Draws that are always the same: a day's bookings follow from a seed and the day, whatever was asked before.

use jiff::civil::Date;

/// A stream of numbers that depends only on what it was made of (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream of one subject on one day.
    pub(crate) fn of(seed: u64, subject: u64, day: Date) -> Self {
        let mut draw = Self(seed ^ subject.rotate_left(32));
        draw.0 = draw.next() ^ day_number(day);
        draw.next();
        draw
    }

    /// The stream of one text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut draw = Self(text.len() as u64);
        for byte in text.bytes() {
            draw.0 ^= u64::from(byte);
            draw.0 = draw.next();
        }
        draw
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below the limit; 0 for a limit of 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// Minor units between two bounds, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low) + 1;
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

fn day_number(day: Date) -> u64 {
    let number = i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day());
    number.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_same_question_draws_the_same_answer() {
        let draw = |seed, subject, day| Draw::of(seed, subject, day).below(1_000_000);
        assert_eq!(draw(1, 2, date(2026, 1, 1)), draw(1, 2, date(2026, 1, 1)));
        assert_ne!(draw(1, 2, date(2026, 1, 1)), draw(1, 2, date(2026, 1, 2)));
        assert_ne!(draw(1, 2, date(2026, 1, 1)), draw(2, 1, date(2026, 1, 1)));
    }

    #[test]
    fn bounds_hold() {
        let mut draw = Draw::of_text("bounds");
        for _ in 0..1000 {
            assert!((-5..=7).contains(&draw.between(-5, 7)));
        }
        assert_eq!(draw.below(0), 0);
    }
}
