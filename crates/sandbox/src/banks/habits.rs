//! What a household does with an account: fixed rows on fixed business days, and shops that it goes to.

use jiff::civil::Date;

use super::calendar::{business_day_of_month, is_last_business_of_month};
use super::draw::Draw;
use super::iban::german_iban_of;
use super::ledger::{Draft, Mandate, Party};

/// Bank transaction codes of ISO 20022.
pub(super) mod code {
    pub(crate) const CARD: &str = "PMNT-CCRD-POSD";
    pub(in crate::banks) const CREDIT: &str = "PMNT-RCDT-ESCT";
    pub(in crate::banks) const SALARY: &str = "PMNT-RCDT-SALA";
    pub(in crate::banks) const TRANSFER: &str = "PMNT-ICDT-ESCT";
    pub(in crate::banks) const STANDING_ORDER: &str = "PMNT-ICDT-STDO";
    pub(in crate::banks) const DIRECT_DEBIT: &str = "PMNT-RDDT-ESDD";
    pub(in crate::banks) const INTEREST: &str = "ACMT-MCOP-INTR";
}

/// The creditor identifier that the SEPA scheme reserves for examples.
const EXAMPLE_CREDITOR: &str = "DE98ZZZ09999999999";

/// The business day of the month on which something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// The so-many-th.
    Business(u8),
    /// The last.
    Last,
}

impl On {
    fn is(self, day: Date) -> bool {
        match self {
            Self::Business(number) => business_day_of_month(day) == number,
            Self::Last => is_last_business_of_month(day),
        }
    }
}

/// A row that comes every month, or every third month.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) on: On,
    /// Every so many months, counted from February.
    pub(super) every_months: i8,
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) minor: i64,
    /// How much a row may differ from `minor`, up or down.
    pub(super) spread_minor: i64,
    pub(super) text: &'static str,
}

impl Standing {
    /// The row of this day, if there is one.
    pub(super) fn on_day(&self, seed: u64, day: Date) -> Option<Draft> {
        let due = self.on.is(day) && (day.month() - 2).rem_euclid(self.every_months) == 0;
        due.then(|| {
            let mut draw = Draw::of(seed, Draw::of_text(self.name).below(u64::MAX), day);
            let minor = self.minor + draw.between(-self.spread_minor, self.spread_minor);
            let mandate = (self.code == code::DIRECT_DEBIT).then(|| Mandate {
                id: format!("M-{:08}", Draw::of_text(self.name).below(100_000_000)),
                creditor: EXAMPLE_CREDITOR,
            });
            Draft {
                minor,
                party: Some(Party { name: self.name.to_owned(), iban: Some(german_iban_of(self.name)) }),
                text: vec![self.text.to_owned(), day.strftime("%m/%Y").to_string()],
                code: self.code,
                own_code: None,
                mandate,
            }
        })
    }
}

/// Where a household pays by card.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shop {
    pub(super) name: &'static str,
    /// How often it is chosen, among the weights of all shops.
    pub(super) weight: u64,
    /// Cheapest and dearest purchase, positive.
    pub(super) from_minor: i64,
    pub(super) to_minor: i64,
    /// Prices are whole multiples of this.
    pub(super) step_minor: i64,
    pub(super) kind: ShopKind,
}

/// What a shop does besides selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShopKind {
    /// Nothing.
    Plain,
    /// One drinks a second one.
    Cafe,
    /// Takes things back.
    Returns,
}

impl Shop {
    /// A purchase, as the negative amount that it is for the owner.
    pub(super) fn purchase_minor(&self, draw: &mut Draw) -> i64 {
        let step = self.step_minor.max(1);
        -draw.between(self.from_minor / step, self.to_minor / step) * step
    }
}

/// Draws one of these shops by their weights; `None` only from an empty list.
pub(super) fn draw_shop<'a>(shops: impl Iterator<Item = &'a Shop> + Clone, draw: &mut Draw) -> Option<&'a Shop> {
    let mut left = draw.below(shops.clone().map(|shop| shop.weight).sum());
    let mut shops = shops;
    shops.find(|shop| match left.checked_sub(shop.weight) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    })
}

/// A card payment's row.
pub(super) fn card_draft(shop: &Shop, on: Date, minor: i64, words: &str) -> Draft {
    Draft {
        minor,
        party: Some(Party { name: shop.name.to_owned(), iban: None }),
        text: vec![format!("{words} {}", shop.name), on.strftime("%d.%m.%Y").to_string()],
        code: code::CARD,
        own_code: None,
        mandate: None,
    }
}
