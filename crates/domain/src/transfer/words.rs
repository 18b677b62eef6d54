//! Grounds in words for people.

use super::{Fit, Grounds, Side};
use crate::amount::Amount;

impl Grounds {
    /// Each ground as a sentence, the most telling first. The amounts are those of the two rows.
    pub fn in_words(&self, left: Amount, came: Amount) -> Vec<String> {
        let mut words = Vec::new();
        match (self.out_names_in, self.in_names_out) {
            (true, true) => words.push("Each row names the other’s account number.".to_owned()),
            (true, false) => {
                words.push("The row that went out names the number of the account it came into.".to_owned())
            }
            (false, true) => words.push("The row that came in names the number of the account it left.".to_owned()),
            (false, false) => {}
        }
        if self.same_reference {
            words.push("Both carry the same reference from end to end.".to_owned());
        }
        if self.named_in_text && !self.names_number() {
            words.push("A text names the other account, or whose it is.".to_owned());
        }
        words.push(self.fit.in_words(left, came));
        words.push(match self.bank_days {
            0 => "Both are of the same bank day.".to_owned(),
            1 => "It came in one bank day later.".to_owned(),
            -1 => "It came in one bank day before.".to_owned(),
            days if days > 0 => format!("It came in {days} bank days later."),
            days => format!("It came in {} bank days before.", -days),
        });
        words
    }
}

impl Fit {
    fn in_words(self, left: Amount, came: Amount) -> String {
        let in_currency =
            |minor, of: Amount| format!("{} {}", Amount::new(minor, of.currency).to_decimal_text(), of.currency.code);
        match self {
            Self::Same => "What went out came in.".to_owned(),
            Self::Fee { minor } => {
                format!("{} less came in than went out: a fee.", in_currency(minor, left))
            }
            Self::Exchanged { fee_minor: 0, .. } => {
                format!(
                    "{} became {}, as the bank states.",
                    in_currency(left.minor.saturating_abs(), left),
                    in_currency(came.minor, came)
                )
            }
            Self::Exchanged { fee_minor, fee_of } => format!(
                "{} became {}, as the bank states, less a fee{}.",
                in_currency(left.minor.saturating_abs(), left),
                in_currency(came.minor, came),
                match fee_of {
                    Some(Side::Out) => format!(" of {}", in_currency(fee_minor, left)),
                    Some(Side::In) => format!(" of {}", in_currency(fee_minor, came)),
                    None => String::new(),
                }
            ),
            Self::UnknownRate => format!(
                "{} became {}; no row says at which rate.",
                in_currency(left.minor.saturating_abs(), left),
                in_currency(came.minor, came)
            ),
        }
    }

    /// What was lost in an exchange, in minor units of the currency of a row: nothing where it is known in no currency, or in the other
    /// one. Between rows of one currency what was lost is told by their amounts, and not here.
    pub fn exchange_fee_minor(self, of: Side) -> i64 {
        match self {
            Self::Exchanged { fee_minor, fee_of } if fee_of == Some(of) => fee_minor,
            Self::Same | Self::Fee { .. } | Self::Exchanged { .. } | Self::UnknownRate => 0,
        }
    }
}
