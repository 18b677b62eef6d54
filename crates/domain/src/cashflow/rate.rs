//! What one currency is worth in another: a decimal number, exact, and never one that was rounded before it is used.

use std::fmt;
use std::str::FromStr;

use super::Flow;
use crate::amount::Currency;

/// So many digits may stand behind the point.
const MAX_DIGITS: usize = 10;
/// So many may stand before it.
const MAX_WHOLE: usize = 8;

/// How many units of one currency a unit of another is worth. Above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// The digits, as a whole number without zeros at its end.
    digits: i64,
    /// How many of them stand behind the point.
    scale: u32,
}

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate is a number above zero, such as 0.9215, with at most {MAX_WHOLE} digits before the point and {MAX_DIGITS} behind it"
)]
pub struct RateError;

impl Rate {
    /// An amount in minor units of one currency in those of the other. What does not come out even goes to the nearest unit, half a
    /// unit away from zero, so that money out is worth as much as the same money in.
    pub fn convert(self, minor: i64, from: Currency, to: Currency) -> i64 {
        let power = |scale: u32| 10_i128.pow(scale);
        // Below 10^38: 19 digits of an amount, 18 of a rate, and at most 8 of a currency on one side only after cancelling.
        let (up, down) = (to.scale.saturating_sub(from.scale), from.scale.saturating_sub(to.scale));
        let Some(product) = i128::from(minor)
            .checked_mul(i128::from(self.digits))
            .and_then(|product| product.checked_mul(power(u32::from(up))))
        else {
            return if minor < 0 { i64::MIN } else { i64::MAX };
        };
        let divisor = power(self.scale + u32::from(down));
        let half = if product < 0 { -divisor / 2 } else { divisor / 2 };
        let whole = (product + half) / divisor;
        i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
    }

    /// In and out, each for itself.
    pub fn convert_flow(self, flow: Flow, from: Currency, to: Currency) -> Flow {
        Flow { in_minor: self.convert(flow.in_minor, from, to), out_minor: self.convert(flow.out_minor, from, to) }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let text = text.trim();
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let part = part.trim_end_matches('0');
        if whole.is_empty() || !is_digits(whole) || !is_digits(part) || part.len() > MAX_DIGITS {
            return Err(RateError);
        }
        if whole.trim_start_matches('0').len() > MAX_WHOLE {
            return Err(RateError);
        }
        let digits: i64 = format!("{whole}{part}").parse().map_err(|_| RateError)?;
        let scale = u32::try_from(part.len()).map_err(|_| RateError)?;
        if digits == 0 { Err(RateError) } else { Ok(Self { digits, scale }) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::try_from(self.scale).unwrap_or(0);
        let digits = format!("{:0width$}", self.digits, width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        if part.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{part}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn currency(code: &str) -> Currency {
        Currency::iso(code).unwrap()
    }

    #[test]
    fn amounts_go_to_the_nearest_unit_on_either_side_of_zero() {
        let (usd, eur, jpy) = (currency("USD"), currency("EUR"), currency("JPY"));
        assert_eq!(rate("0.9215").convert(100, usd, eur), 92);
        assert_eq!(rate("0.5").convert(1, usd, eur), 1);
        assert_eq!(rate("0.5").convert(-1, usd, eur), -1);
        assert_eq!(rate("0.00612").convert(10_000, jpy, eur), 6_120, "yen have no digits behind the point");
        assert_eq!(rate("163.4").convert(6_120, eur, jpy), 10_000);
        assert_eq!(rate("99999999.9999999999").convert(i64::MAX, jpy, eur), i64::MAX);
    }

    #[test]
    fn only_numbers_above_zero_are_rates() {
        for text in ["", "0", "0.000", "-1", "1,5", "1e3", "1.00000000001", "123456789", ".5", "1 000"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError), "{text}");
        }
        assert_eq!(rate("0.92150").to_string(), "0.9215");
        assert_eq!(rate("120").to_string(), "120");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(digits in 1_i64..10_000_000_000, scale in 0_u32..10) {
            let written = Rate { digits, scale }.to_string();
            let Ok(read) = written.parse::<Rate>() else { return Ok(()) };
            prop_assert_eq!(read.to_string().parse::<Rate>().unwrap(), read);
            let (usd, eur) = (currency("USD"), currency("EUR"));
            prop_assert_eq!(read.convert(123_456, usd, eur), Rate { digits, scale }.convert(123_456, usd, eur));
            prop_assert_eq!(read.convert(-123_456, usd, eur), -read.convert(123_456, usd, eur));
        }
    }
}
