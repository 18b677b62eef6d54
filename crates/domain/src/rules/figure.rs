//! An amount without a currency, exactly as somebody typed it.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::amount::MAX_SCALE;

/// More digits than this before the point no amount has.
const MAX_DIGITS: usize = 15;

/// A figure that amounts are compared with, in units of whichever currency the amount has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Figure(Decimal);

impl Figure {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// What it is.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("“{}” is no amount, such as -12.40", text.chars().take(40).collect::<String>());
        let bare = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = bare.split_once('.').map_or((bare, None), |(whole, part)| (whole, Some(part)));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, MAX_DIGITS) || part.is_some_and(|part| !digits(part, usize::from(MAX_SCALE))) {
            return Err(bad());
        }
        text.parse().map(Self).map_err(|_| bad())
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Figure {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Figure> for String {
    fn from(figure: Figure) -> Self {
        figure.to_string()
    }
}
