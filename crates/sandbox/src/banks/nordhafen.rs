//! Nordhafen Bank: the demo bank. A household's current account and its savings, with books that add up to the cent.
//!
//! What always holds: a day's rows follow from the seed and the days before it, so history never changes when the clock
//! is turned; nothing is booked on a weekend; one to three card payments are pending on every day, and each of them is
//! booked with the same amount and merchant within three days.

use bankside_domain::{Amount, AmountError, Currency};
use jiff::civil::{Date, Weekday, date};
use uuid::Uuid;

use super::calendar::{business_day_of_month, days, is_business, is_last_business_of_month, next_business, plus_days};
use super::draw::Draw;
use super::habits::{Shop, ShopKind, card_draft, code, draw_shop};
use super::iban::{NORDHAFEN_CODE, iban};
use super::ledger::{BalanceKind, Draft, Ledger, Party, Pending, Statement};
use super::{Books, Card, Numbering};
use crate::memo::Memo;

mod household;

use household::{CAFES, NOVEMBER_BONUS_PERCENT, SHOPS, STANDING, raised_salary};

/// The day before the first row. History reaches back to here, however far the clock is turned.
const EPOCH: Date = date(2023, 1, 2);
const SEED: u64 = 0x4e6f_7264_6861_6665;
const OPENING_GIRO_MINOR: i64 = 241_718;
const OPENING_SAVINGS_MINOR: i64 = 650_000;

const HOLDER: &str = "Demo Household";
const GIRO: &str = "giro";
const SAVINGS: &str = "savings";

/// What the current account keeps when the surplus is put aside.
const RESERVE_MINOR: i64 = 260_000;
const SAVING_STEP_MINOR: i64 = 5_000;
const SAVING_MAX_MINOR: i64 = 150_000;
/// Interest of 2 % a year, paid monthly.
const INTEREST_PER_YEAR_PERCENT: i64 = 2;
const HOLIDAY_MONTH: i8 = 7;
const HOLIDAY_MINOR: i64 = 150_000;
/// A thing that goes back is refunded after so many business days.
const REFUND_AFTER: usize = 6;

const BALANCES: &[BalanceKind] = &[
    BalanceKind::InterimBooked,
    BalanceKind::ClosingBooked,
    BalanceKind::PreviouslyClosedBooked,
    BalanceKind::Expected,
];

/// The generator.
pub(crate) struct Nordhafen;

impl Books for Nordhafen {
    fn accounts(&self, _numbering: Numbering) -> Result<Vec<Card>, AmountError> {
        let euro = Currency::iso("EUR")?;
        let card = |key: &str, name: &str, product: &str, kind: &str| Card {
            key: key.to_owned(),
            resource_id: Uuid::from_u128(u128::from(Draw::of_text(key).below(u64::MAX))).to_string(),
            iban: Some(iban_of(key)),
            masked_pan: None,
            scan: None,
            currency: euro,
            owner: HOLDER.to_owned(),
            name: name.to_owned(),
            product: product.to_owned(),
            cash_account_type: kind.to_owned(),
        };
        Ok(vec![
            card(GIRO, "Girokonto", "Girokonto Klassik", "CACC"),
            card(SAVINGS, "Tagesgeld", "Tagesgeld Plus", "SVGS"),
        ])
    }

    fn statement(&self, card: &Card, today: Date) -> Statement {
        static LATELY: Memo<(bool, Currency, Date), Statement> = Memo::new();
        let is_savings = card.key == SAVINGS;
        LATELY.get((is_savings, card.currency, today), || lived(is_savings, card.currency, today))
    }
}

/// What one of the accounts has come to on a day.
fn lived(is_savings: bool, currency: Currency, today: Date) -> Statement {
    let mut world = World::new(currency);
    for day in days(EPOCH, today) {
        world.live(day);
    }
    if is_savings {
        return world.savings.statement(today, Vec::new(), BALANCES);
    }
    let pending = world.unsettled.iter().map(|purchase| purchase.pending(currency)).collect();
    world.giro.statement(today, pending, BALANCES)
}

fn iban_of(key: &str) -> String {
    let number = if key == SAVINGS { "0001234518" } else { "0001234500" };
    iban("DE", &format!("{NORDHAFEN_CODE}{number}"))
}

/// A card payment between the till and the book.
#[derive(Debug, Clone, Copy)]
struct Purchase {
    on: Date,
    books_on: Date,
    shop: &'static Shop,
    minor: i64,
}

impl Purchase {
    fn pending(&self, currency: Currency) -> Pending {
        Pending {
            on: self.on,
            amount: Amount::new(self.minor, currency),
            party: Some(self.shop.name.to_owned()),
            text: format!("Vorgemerkt Kartenzahlung {}", self.shop.name),
        }
    }
}

/// A refund that has been promised.
#[derive(Debug, Clone, Copy)]
struct Refund {
    on: Date,
    shop: &'static Shop,
    minor: i64,
}

/// Both books and what is under way between them, up to a day.
struct World {
    giro: Ledger,
    savings: Ledger,
    unsettled: Vec<Purchase>,
    refunds: Vec<Refund>,
}

impl World {
    fn new(euro: Currency) -> Self {
        Self {
            giro: Ledger::new("NHG", euro, OPENING_GIRO_MINOR),
            savings: Ledger::new("NHT", euro, OPENING_SAVINGS_MINOR),
            unsettled: Vec::new(),
            refunds: Vec::new(),
        }
    }

    /// One more day. The order of a day's rows is fixed, because their numbers count it.
    fn live(&mut self, day: Date) {
        if is_business(day) {
            self.salary(day);
            for draft in STANDING.iter().filter_map(|standing| standing.on_day(SEED, day)) {
                self.giro.book(day, day, draft);
            }
            self.save(day);
            self.holiday(day);
            self.settle(day);
            self.refund(day);
            self.interest(day);
        }
        self.unsettled.extend(purchases_on(day));
    }

    fn salary(&mut self, day: Date) {
        if !is_last_business_of_month(day) {
            return;
        }
        let salary = raised_salary(i64::from(day.year()) - i64::from(EPOCH.year()));
        let bonus = if day.month() == 11 { salary * NOVEMBER_BONUS_PERCENT / 100 } else { 0 };
        self.giro.book(day, day, household::salary(day, salary + bonus));
    }

    /// What is above the reserve goes to the savings on the second business day.
    fn save(&mut self, day: Date) {
        if business_day_of_month(day) != 2 {
            return;
        }
        let surplus = (self.giro.balance_minor() - RESERVE_MINOR) / SAVING_STEP_MINOR * SAVING_STEP_MINOR;
        let minor = surplus.clamp(SAVING_STEP_MINOR, SAVING_MAX_MINOR);
        self.transfer(day, -minor, "Sparen");
    }

    /// The summer holiday is paid from the savings.
    fn holiday(&mut self, day: Date) {
        if day.month() != HOLIDAY_MONTH {
            return;
        }
        match business_day_of_month(day) {
            5 => self.transfer(day, HOLIDAY_MINOR, "Urlaub"),
            6 => self.giro.book(day, day, household::holiday(day, -HOLIDAY_MINOR + 2_100)),
            _ => {}
        }
    }

    /// Moves money between the two books, as the current account sees it.
    fn transfer(&mut self, day: Date, giro_minor: i64, word: &str) {
        let side = |minor: i64, other: &str| Draft {
            minor,
            party: Some(Party { name: HOLDER.to_owned(), iban: Some(iban_of(other)) }),
            text: vec![format!("Umbuchung {word}")],
            code: if minor < 0 { code::TRANSFER } else { code::CREDIT },
            own_code: None,
            mandate: None,
        };
        self.giro.book(day, day, side(giro_minor, SAVINGS));
        self.savings.book(day, day, side(-giro_minor, GIRO));
    }

    fn settle(&mut self, day: Date) {
        let (due, rest): (Vec<_>, Vec<_>) = self.unsettled.iter().partition(|purchase| purchase.books_on <= day);
        self.unsettled = rest;
        for purchase in due {
            self.giro.book(day, day, card_draft(purchase.shop, purchase.on, purchase.minor, "Kartenzahlung"));
            let goes_back = purchase.shop.kind == ShopKind::Returns && Draw::of(SEED, 3, purchase.on).one_in(3);
            if goes_back {
                let on = (0..REFUND_AFTER).fold(day, |on, _| next_business(on));
                self.refunds.push(Refund { on, shop: purchase.shop, minor: -purchase.minor });
            }
        }
    }

    fn refund(&mut self, day: Date) {
        let (due, rest): (Vec<_>, Vec<_>) = self.refunds.iter().partition(|refund| refund.on <= day);
        self.refunds = rest;
        for refund in due {
            self.giro.book(day, day, card_draft(refund.shop, day, refund.minor, "Gutschrift"));
        }
    }

    /// Interest is booked on the last business day, for the month.
    fn interest(&mut self, day: Date) {
        if is_last_business_of_month(day) {
            let minor = self.savings.balance_minor() * INTEREST_PER_YEAR_PERCENT / 1200;
            self.savings.book(day, day.last_of_month(), household::interest(day, minor));
        }
    }
}

/// The card payments of a day: one, or two equal ones at a café.
fn purchases_on(day: Date) -> Vec<Purchase> {
    let mut draw = Draw::of(SEED, 1, day);
    let weekday = day.weekday();
    let may_be_two = !matches!(weekday, Weekday::Friday | Weekday::Saturday | Weekday::Sunday);
    let two = may_be_two && draw.one_in(10);
    let shop = if two { draw_shop(CAFES.iter(), &mut draw) } else { draw_shop(SHOPS.iter().chain(CAFES), &mut draw) };
    let Some(shop) = shop else { return Vec::new() };
    // Monday to Wednesday leave room for a slow one; the latest books on Friday, so none takes more than three days.
    let may_be_slow = matches!(weekday, Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday);
    let slow = !two && may_be_slow && draw.one_in(3);
    let books_on = if slow { plus_days(day, 2) } else { next_business(day) };
    let purchase = Purchase { on: day, books_on, shop, minor: shop.purchase_minor(&mut draw) };
    vec![purchase; if two { 2 } else { 1 }]
}

#[cfg(test)]
mod tests;
