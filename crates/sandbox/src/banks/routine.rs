//! A simple account that lives from a table: standing rows, a purchase now and then, and a surplus that is put aside.

use bankside_domain::{Amount, Currency};
use jiff::civil::Date;

use super::calendar::{business_day_of_month, days, is_business, next_business};
use super::draw::Draw;
use super::habits::{Shop, Standing, card_draft, code, draw_shop};
use super::iban::german_iban_of;
use super::ledger::{BalanceKind, Draft, Ledger, Party, Pending, Statement};

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
    /// What is done on the second business day of a month.
    pub(super) monthly: Monthly,
}

/// What keeps an account near where it began.
#[derive(Debug, Clone, Copy)]
pub(super) enum Monthly {
    /// Nothing does.
    Nothing,
    /// What is above the reserve goes elsewhere.
    PutAside { reserve_minor: i64, to: &'static str },
    /// What is owed is paid.
    PayOff { from: &'static str },
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

    /// The statement of a day. Card payments of the next two business days are pending.
    pub(super) fn statement(&self, currency: Currency, today: Date, kinds: &[BalanceKind]) -> Statement {
        let mut pending = Vec::new();
        let mut books_on = today;
        for _ in 0..2 {
            books_on = next_business(books_on);
            if let Some((shop, minor)) = self.purchase(books_on) {
                pending.push(Pending {
                    on: today,
                    amount: Amount::new(minor, currency),
                    party: Some(shop.name.to_owned()),
                    text: format!("{} {}", self.card_words, shop.name),
                });
            }
        }
        self.ledger(currency, today).statement(today, pending, kinds)
    }

    fn save(&self, ledger: &mut Ledger, day: Date) {
        let balance = ledger.balance_minor();
        let (minor, name, words) = match self.monthly {
            Monthly::PutAside { reserve_minor, to } if balance > reserve_minor => (reserve_minor - balance, to, to),
            Monthly::PayOff { from } if balance < 0 => (-balance, from, "Thank you for your payment"),
            _ => return,
        };
        if business_day_of_month(day) == 2 {
            let party = Party { name: name.to_owned(), iban: Some(german_iban_of(name)) };
            let draft = Draft {
                minor,
                party: Some(party),
                text: vec![words.to_owned()],
                code: if minor < 0 { code::TRANSFER } else { code::CREDIT },
                own_code: None,
                mandate: None,
            };
            ledger.book(day, day, draft);
        }
    }

    fn shop(&self, ledger: &mut Ledger, day: Date) {
        if let Some((shop, minor)) = self.purchase(day) {
            ledger.book(day, day, card_draft(shop, day, minor, self.card_words));
        }
    }

    /// What is bought and booked on a business day.
    fn purchase(&self, day: Date) -> Option<(&'static Shop, i64)> {
        let mut draw = Draw::of(self.seed, 1, day);
        if !draw.one_in(self.shops_one_day_in) {
            return None;
        }
        let shop = draw_shop(self.shops.iter(), &mut draw)?;
        Some((shop, shop.purchase_minor(&mut draw)))
    }
}
