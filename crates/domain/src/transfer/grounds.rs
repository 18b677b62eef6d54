//! What two rows say that makes a transfer of them, or keeps them from being one.

use serde::{Deserialize, Serialize};

use super::{MAX_BANK_DAYS, OwnAccounts, Says, TransferRow, bank_days};
use crate::amount::{Amount, Currency};
use crate::row::RowStatus;

/// How the amounts of two rows fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Fit {
    /// What went out came in.
    Same,
    /// Less came in than went out.
    Fee {
        /// How much less, in minor units of their currency.
        minor: i64,
    },
    /// They are in two currencies, and a row states the amount of the other one.
    Exchanged {
        /// How much less than that came in, or more than that went out, in minor units of the currency in which it was stated.
        fee_minor: i64,
        /// The row in whose currency that is: the one that came in, where the one that went out states what should have. `None` where
        /// the two were linked before this was kept.
        #[serde(default)]
        fee_of: Option<Side>,
    },
    /// They are in two currencies, and no row says at which rate.
    UnknownRate,
}

/// One of the two rows of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one that money left by.
    Out,
    /// The one that it came in by.
    In,
}

/// Why two rows are a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// The row that money left by names the account that it came into.
    pub out_names_in: bool,
    /// The row that money came in by names the account that it left.
    pub in_names_out: bool,
    /// Both carry the same reference from end to end.
    pub same_reference: bool,
    /// A row names the other account, or whose it is, in its text.
    pub named_in_text: bool,
    /// How the amounts fit.
    pub fit: Fit,
    /// Whether more than a hundredth of what left was lost on the way.
    #[serde(default)]
    pub loses_much: bool,
    /// How many bank days after it went out it came in.
    pub bank_days: i64,
}

/// Why two rows cannot be linked, whoever wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Both are in one account.
    OneAccount,
    /// Money goes the same way in both, or in one of them nowhere.
    SameWay,
    /// One of them has not moved money: it is only planned, or was declined.
    NotMoved,
    /// More came in than went out, in one currency: the rest would be nobody's income.
    MoreCameIn,
}

impl Refusal {
    /// As part of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::OneAccount => "both rows are in one account, and a transfer is between two",
            Self::SameWay => "money has to go out of one account and into the other",
            Self::NotMoved => "one of the rows has not moved any money yet",
            Self::MoreCameIn => "more came in than went out, and the rest came from elsewhere",
        }
    }
}

/// Which of two rows money left by, and which it came in by, where they can be linked at all.
pub fn may_be_linked<'a>(
    a: &'a TransferRow,
    b: &'a TransferRow,
) -> Result<(&'a TransferRow, &'a TransferRow), Refusal> {
    let has_moved = |row: &TransferRow| matches!(row.status, RowStatus::Booked | RowStatus::Pending);
    if a.account == b.account {
        Err(Refusal::OneAccount)
    } else if !has_moved(a) || !has_moved(b) {
        Err(Refusal::NotMoved)
    } else {
        let (out, into) = match (a.amount.minor.signum(), b.amount.minor.signum()) {
            (-1, 1) => (a, b),
            (1, -1) => (b, a),
            _ => return Err(Refusal::SameWay),
        };
        let is_one_currency = out.amount.currency.code == into.amount.currency.code;
        if is_one_currency && fee(out.amount.minor, into.amount.minor).is_none() {
            return Err(Refusal::MoreCameIn);
        }
        Ok((out, into))
    }
}

impl Grounds {
    /// Whether a row names the account of the other one: this decides.
    pub fn names_number(&self) -> bool {
        self.out_names_in || self.in_names_out
    }

    /// Whether two rows are linked for these grounds without anybody being asked, unless others fit as well.
    ///
    /// A link keeps out whatever comes later. So where the amounts leave room for another row, or the one that came in was there first,
    /// it takes more than one row that names the other: the row that it means may not have come yet.
    pub fn is_strong(&self) -> bool {
        let fits_as_stated = matches!(self.fit, Fit::Exchanged { .. }) && self.named_in_text;
        let leaves_room = self.loses_much || self.bank_days < 0 || self.fit == Fit::UnknownRate;
        let each_names_other = self.out_names_in && self.in_names_out;
        self.same_reference || each_names_other || (!leaves_room && (self.names_number() || fits_as_stated))
    }
}

/// Why two rows are a transfer; `None` where they do not look like one. The first is the one that money left by.
pub fn grounds(out: &TransferRow, into: &TransferRow, own: &OwnAccounts) -> Option<Grounds> {
    if may_be_linked(out, into) != Ok((out, into)) {
        return None;
    }
    let days = bank_days(out.day, into.day);
    let (out_says, in_says) = (own.says(out, into.account), own.says(into, out.account));
    if days.abs() > MAX_BANK_DAYS || [out_says, in_says].contains(&Says::Another) {
        return None;
    }
    let (out_names_in, in_names_out) = (out_says == Says::It, in_says == Says::It);
    let same_reference = out.end_to_end.is_some() && out.end_to_end == into.end_to_end;
    let is_told = out_names_in || in_names_out || same_reference;
    let named_in_text =
        own.is_named_in(into.account, &out.text_folded) || own.is_named_in(out.account, &into.text_folded);
    // A number that nobody knows may be that of an account here whose number is not known; only with a name is that likely.
    if !is_told && [out_says, in_says].contains(&Says::SomeNumber) && !named_in_text {
        return None;
    }
    let (fit, loses_much) = fit(out, into, is_told, out_names_in || in_names_out)?;
    Some(Grounds { out_names_in, in_names_out, same_reference, named_in_text, fit, loses_much, bank_days: days })
}

/// How the amounts of two rows fit, and whether much was lost on the way.
fn fit(out: &TransferRow, into: &TransferRow, is_told: bool, names_number: bool) -> Option<(Fit, bool)> {
    let (left, came) = (out.amount, into.amount);
    if left.currency.code == came.currency.code {
        return match fee(left.minor, came.minor)? {
            0 => Some((Fit::Same, false)),
            minor => (is_told && is_small(minor, left)).then(|| (Fit::Fee { minor }, is_much(minor, left))),
        };
    }
    let in_currency = |amount: Option<Amount>, currency: Currency| {
        amount.filter(|amount| amount.currency.code == currency.code && amount.minor != 0)
    };
    let stated = match (in_currency(out.original, came.currency), in_currency(into.original, left.currency)) {
        (Some(stated), _) => Some((fee(-stated.minor.abs(), came.minor), stated, Side::In)),
        (None, Some(stated)) => Some((fee(left.minor, stated.minor.abs()), stated, Side::Out)),
        (None, None) => None,
    };
    match stated {
        // A rate that a row states and that the other one does not keep to speaks against them.
        Some((fee_minor, stated, side)) => {
            let fee_minor = fee_minor?;
            let fits = fee_minor == 0 || (is_told && is_small(fee_minor, stated));
            let fee_of = (fee_minor != 0).then_some(side);
            fits.then(|| (Fit::Exchanged { fee_minor, fee_of }, is_much(fee_minor, stated)))
        }
        None => names_number.then_some((Fit::UnknownRate, false)),
    }
}

/// How much less came in than went out; `None` where more did.
fn fee(left_minor: i64, came_minor: i64) -> Option<i64> {
    let lost = left_minor.checked_neg()?.checked_sub(came_minor)?;
    (lost >= 0).then_some(lost)
}

/// Whether a difference may be the fee of a transfer: up to 30 of the currency's units or one hundredth, whichever is more, and no
/// more than a fifth.
fn is_small(fee_minor: i64, of: Amount) -> bool {
    const UNITS: i64 = 30;
    let whole = of.minor.saturating_abs();
    let units = UNITS.saturating_mul(10_i64.saturating_pow(u32::from(of.currency.scale)));
    fee_minor <= units.max(whole / 100).min(whole / 5)
}

/// Whether a fee is more than most are: more than a hundredth.
fn is_much(fee_minor: i64, of: Amount) -> bool {
    fee_minor > of.minor.saturating_abs() / 100
}
