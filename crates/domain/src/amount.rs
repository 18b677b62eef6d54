//! Money: whole minor units of a currency, never a float.

use std::fmt;
use std::str::FromStr;

use iso_currency::IntoEnumIterator as _;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The largest number of decimal places that a currency may have here; more would not leave room for amounts in 64 bits.
pub const MAX_SCALE: u8 = 8;

const CODE_LENGTH: usize = 12;

/// A currency's code: three letters for ISO 4217, up to twelve letters and digits for a custom one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode([u8; CODE_LENGTH]);

/// Why a text is no currency code or no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text is not 3 to 12 ASCII letters and digits.
    #[error("“{0}” is not a currency code: three letters, such as EUR, or up to twelve letters and digits")]
    BadCode(String),
    /// The currency is neither in ISO 4217 nor registered here.
    #[error("the currency {0} is not known here")]
    UnknownCurrency(CurrencyCode),
    /// The text is not a decimal number.
    #[error("“{0}” is not an amount")]
    NotANumber(String),
    /// More decimal places than the currency has, and they are not zeros.
    #[error("“{0}” has more decimals than {1} has")]
    TooPrecise(String, CurrencyCode),
    /// The amount does not fit in 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    MixedCurrencies(CurrencyCode, CurrencyCode),
}

impl CurrencyCode {
    /// `XXX`, which ISO 4217 keeps for where no currency is concerned.
    pub const NONE: Self = Self(*b"XXX\0\0\0\0\0\0\0\0\0");

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(CODE_LENGTH);
        // Only ASCII letters and digits are ever stored, see `from_str`.
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }

    /// How many decimal places ISO 4217 gives this code; `None` when ISO does not know it.
    pub fn iso_scale(self) -> Option<u8> {
        let currency = iso_currency::Currency::from_code(self.as_str())?;
        Some(u8::try_from(currency.exponent().unwrap_or(0)).unwrap_or(0).min(MAX_SCALE))
    }
}

impl FromStr for CurrencyCode {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let text = text.trim();
        let fits = (3..=CODE_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !fits {
            return Err(AmountError::BadCode(text.chars().take(20).collect()));
        }
        let mut code = [0; CODE_LENGTH];
        for (slot, byte) in code.iter_mut().zip(text.bytes()) {
            *slot = byte.to_ascii_uppercase();
        }
        Ok(Self(code))
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = AmountError;

    fn try_from(text: String) -> Result<Self, AmountError> {
        text.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A currency with the number of decimal places that its minor unit stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency {
    /// Its code.
    pub code: CurrencyCode,
    /// Decimal places: 2 for EUR, 0 for JPY, at most [`MAX_SCALE`].
    pub scale: u8,
}

impl Currency {
    /// A currency of ISO 4217, with ISO's number of decimal places.
    pub fn iso(code: &str) -> Result<Self, AmountError> {
        let code: CurrencyCode = code.parse()?;
        let scale = code.iso_scale().ok_or(AmountError::UnknownCurrency(code))?;
        Ok(Self { code, scale })
    }

    /// Every currency of ISO 4217.
    pub fn every_iso() -> impl Iterator<Item = Self> {
        iso_currency::Currency::iter().filter_map(|currency| Self::iso(currency.code()).ok())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.code, self.scale)
    }
}

/// An amount of money from the owner's point of view: out is negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units, for EUR cents.
    pub minor: i64,
    /// What the units are of.
    pub currency: Currency,
}

impl Amount {
    /// So many minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads decimal text, exactly: `-12.40`, `5`, `+1.500` and `1e2` are fine, grouping marks are not.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let trimmed = text.trim();
        let bad = || AmountError::NotANumber(trimmed.chars().take(40).collect());
        let number = Decimal::from_str_exact(trimmed)
            .or_else(|_| Decimal::from_scientific(trimmed))
            .map_err(|_| bad())?
            .normalize();
        if number.scale() > u32::from(currency.scale) {
            return Err(AmountError::TooPrecise(trimmed.chars().take(40).collect(), currency.code));
        }
        let factor = Decimal::from(10_i64.pow(u32::from(currency.scale.min(MAX_SCALE))));
        let units = number.checked_mul(factor).ok_or(AmountError::Overflow)?;
        let minor = i64::try_from(units).map_err(|_| AmountError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// The sum of two amounts of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        if self.currency != other.currency {
            return Err(AmountError::MixedCurrencies(self.currency.code, other.currency.code));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(AmountError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The same amount the other way round.
    pub fn checked_neg(self) -> Result<Self, AmountError> {
        Ok(Self { minor: self.minor.checked_neg().ok_or(AmountError::Overflow)?, ..self })
    }

    /// Exact decimal text with a full stop, without grouping: `-1204.10`.
    pub fn to_decimal_text(self) -> String {
        let scale = usize::from(self.currency.scale);
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal_text(), self.currency.code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::iso(code).unwrap()
    }

    #[test]
    fn reads_what_banks_write() {
        for (text, code, minor) in [
            ("-95.35", "EUR", -9535),
            ("5", "EUR", 500),
            ("+15.00", "EUR", 1500),
            ("0.1", "EUR", 10),
            ("12.000", "EUR", 1200),
            ("1500.00", "JPY", 1500),
            ("1.234", "KWD", 1234),
            ("-0", "EUR", 0),
            (" 7.5 ", "HUF", 750),
            ("1e2", "EUR", 10_000),
        ] {
            assert_eq!(Amount::parse(text, currency(code)).map(|amount| amount.minor), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn refuses_what_is_no_exact_amount() {
        let eur = currency("EUR");
        for text in ["", "abc", "1,50", "1.234.5", "--5", "0x10", "NaN", "inf", "12 EUR"] {
            assert!(matches!(Amount::parse(text, eur), Err(AmountError::NotANumber(_))), "{text}");
        }
        assert!(matches!(Amount::parse("1.005", eur), Err(AmountError::TooPrecise(..))));
        assert!(matches!(Amount::parse("1.5", currency("JPY")), Err(AmountError::TooPrecise(..))));
        assert_eq!(Amount::parse("92233720368547758.08", eur), Err(AmountError::Overflow));
    }

    #[test]
    fn codes_are_upper_case_and_bounded() {
        assert_eq!("eur".parse::<CurrencyCode>().unwrap().as_str(), "EUR");
        for bad in ["", "EU", "€€€", "ABCDEFGHIJKLM", "E R"] {
            assert!(bad.parse::<CurrencyCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sums_keep_to_one_currency() {
        let one = Amount::new(1, currency("EUR"));
        assert!(matches!(one.checked_add(Amount::new(1, currency("USD"))), Err(AmountError::MixedCurrencies(..))));
        assert_eq!(one.checked_add(Amount::new(i64::MAX, currency("EUR"))), Err(AmountError::Overflow));
    }

    proptest! {
        #[test]
        fn text_and_amount_are_the_same_thing(minor in any::<i64>(), scale in 0_u8..=MAX_SCALE) {
            let currency = Currency { code: "TST".parse().unwrap(), scale };
            let amount = Amount::new(minor, currency);
            prop_assert_eq!(Amount::parse(&amount.to_decimal_text(), currency), Ok(amount));
        }
    }
}
