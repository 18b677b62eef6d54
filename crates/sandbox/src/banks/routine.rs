//! A simple account that lives from a table: standing rows, a purchase now and then, and a surplus that is put aside.

use bankside_domain::Currency;
use jiff::civil::Date;

use super::calendar::{business_day_of_month, days, is_business};
use super::draw::Draw;
use super::habits::{Shop, Standing, card_draft, code, draw_shop};
use super::iban::german_iban_of;
use super::ledger::{Draft, Ledger, Party};

/// What such an account does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Routine {
    pub(super) seed: u64,
    pub(super) epoch: Date,
    pub(super) prefix: &'static str,
    pub(super) opening_minor: i64,
    pub(super) standing: &'static [Standing],
    pub(super) shops: &'static [Shop],
    /// A purchase on one business day in so many.
    pub(super) shops_one_day_in: u64,
    /// What a card payment is called.
    pub(super) card_words: &'static str,
    /// What stays when the surplus is put aside on the second business day.
    pub(super) reserve_minor: i64,
    /// Where the surplus goes.
    pub(super) saved_at: &'static str,
}

impl Routine {
    /// The book up to a day.
    pub(super) fn ledger(&self, currency: Currency, today: Date) -> Ledger {
        let mut ledger = Ledger::new(self.prefix, currency, self.opening_minor);
        for day in days(self.epoch, today).filter(|day| is_business(*day)) {
            for draft in self.standing.iter().filter_map(|standing| standing.on_day(self.seed, day)) {
                ledger.book(day, day, draft);
            }
            self.save(&mut ledger, day);
            self.shop(&mut ledger, day);
        }
        ledger
    }

    fn save(&self, ledger: &mut Ledger, day: Date) {
        let surplus = ledger.balance_minor() - self.reserve_minor;
        if business_day_of_month(day) == 2 && surplus > 0 {
            let party = Party { name: self.saved_at.to_owned(), iban: Some(german_iban_of(self.saved_at)) };
            let draft = Draft {
                minor: -surplus,
                party: Some(party),
                text: vec![self.saved_at.to_owned()],
                code: code::TRANSFER,
                own_code: None,
                mandate: None,
            };
            ledger.book(day, day, draft);
        }
    }

    fn shop(&self, ledger: &mut Ledger, day: Date) {
        let mut draw = Draw::of(self.seed, 1, day);
        if !draw.one_in(self.shops_one_day_in) {
            return;
        }
        if let Some(shop) = draw_shop(self.shops.iter(), &mut draw) {
            let minor = shop.purchase_minor(&mut draw);
            ledger.book(day, day, card_draft(shop, day, minor, self.card_words));
        }
    }
}
