//! Kanalbank: the strict one. Short consents, four calls a day, accounts that take a while, and one of them in yen.

use bankside_domain::{AmountError, Currency};
use jiff::civil::{Date, date};

use super::habits::{On, Shop, ShopKind, Standing, code};
use super::iban::iban;
use super::ledger::{BalanceKind, Statement};
use super::routine::{Monthly, Routine};
use super::{Books, Card, Numbering};

const YEN: &str = "yen";
const BALANCES: &[BalanceKind] = &[BalanceKind::InterimBooked, BalanceKind::ClosingBooked, BalanceKind::Expected];

/// The generator.
pub(super) struct Kanalbank;

impl Books for Kanalbank {
    fn accounts(&self, _numbering: Numbering) -> Result<Vec<Card>, AmountError> {
        let card = |key: &str, number: &str, currency, name: &str, product: &str| Card {
            key: key.to_owned(),
            resource_id: format!("knl-{number}"),
            iban: Some(iban("NL", &format!("KNLB{number}"))),
            masked_pan: None,
            scan: None,
            currency,
            owner: "Demo Household".to_owned(),
            name: name.to_owned(),
            product: product.to_owned(),
            cash_account_type: "CACC".to_owned(),
        };
        Ok(vec![
            card("euro", "0990001201", Currency::iso("EUR")?, "Betaalrekening", "Kanaal Basis"),
            card(YEN, "0990001202", Currency::iso("JPY")?, "Yenrekening", "Kanaal Vreemde Valuta"),
        ])
    }

    fn statement(&self, card: &Card, today: Date) -> Statement {
        let routine = if card.key == YEN { YEN_ROUTINE } else { EURO_ROUTINE };
        routine.ledger(card.currency, today).statement(today, Vec::new(), BALANCES)
    }
}

const fn standing(on: On, code: &'static str, name: &'static str, minor: i64, text: &'static str) -> Standing {
    Standing { on, every_months: 1, code, name, minor, spread_minor: 0, text }
}

const fn shop(name: &'static str, from_minor: i64, to_minor: i64) -> Shop {
    Shop { name, weight: 1, from_minor, to_minor, step_minor: 1, kind: ShopKind::Plain }
}

const EURO_ROUTINE: Routine = Routine {
    seed: 0x4b61_6e61_6c31,
    epoch: date(2024, 1, 1),
    prefix: "KE",
    opening_minor: 240_450,
    standing: &[
        standing(On::Last, code::CREDIT, "Tulpenveld Ateliers", 195_000, "Salaris"),
        standing(On::Business(1), code::STANDING_ORDER, "Woonstichting Brugzicht", -89_000, "Huur"),
        standing(On::Business(4), code::DIRECT_DEBIT, "Molenwind Energie", -11_250, "Termijnbedrag"),
        standing(On::Business(6), code::DIRECT_DEBIT, "Zorgdijk Verzekering", -13_180, "Zorgpremie"),
    ],
    shops: &[
        shop("Kaasmarkt Hofje", 690, 3_900),
        shop("Stroopwafelhuis", 350, 1_240),
        shop("Fietsenmaker Spaak", 900, 7_450),
        shop("Groentekraam Zonnig", 420, 2_780),
    ],
    shops_one_day_in: 2,
    card_words: "Betaling",
    monthly: Monthly::PutAside { reserve_minor: 180_000, to: "Spaarpot Kanaal" },
};

const YEN_ROUTINE: Routine = Routine {
    seed: 0x4b61_6e61_6c32,
    epoch: date(2024, 1, 1),
    prefix: "KY",
    opening_minor: 84_000,
    standing: &[
        standing(On::Business(3), code::CREDIT, "Kirin Kontor Trading", 118_000, "Licence fee"),
        standing(On::Business(9), code::STANDING_ORDER, "Sakura Storage", -26_400, "Storage unit 12"),
    ],
    shops: &[shop("Konbini Lantern", 380, 2_900), shop("Teahouse Moss", 650, 4_800)],
    shops_one_day_in: 5,
    card_words: "Betaling",
    monthly: Monthly::PutAside { reserve_minor: 90_000, to: "Yen reserve" },
};
