//! Lockside Bank: the terse one. Pounds, no pending list, no transaction ids, text only as an array, amounts such as `5`.

use bankside_domain::{AmountError, Currency};
use jiff::civil::{Date, date};

use super::habits::{On, Shop, ShopKind, Standing, code};
use super::iban::iban;
use super::ledger::{BalanceKind, Statement};
use super::routine::{Monthly, Routine};
use super::{Books, Card, Numbering};

const SORT_CODE: &str = "999901";
const NUMBER: &str = "10002847";

/// The generator.
pub(super) struct Lockside;

impl Books for Lockside {
    fn accounts(&self, _numbering: Numbering) -> Result<Vec<Card>, AmountError> {
        Ok(vec![Card {
            key: "current".to_owned(),
            resource_id: "lks-current-2847".to_owned(),
            iban: Some(iban("GB", &format!("LKSD{SORT_CODE}{NUMBER}"))),
            masked_pan: None,
            scan: Some(format!("{SORT_CODE}{NUMBER}")),
            currency: Currency::iso("GBP")?,
            owner: "Demo Household".to_owned(),
            name: "Current Account".to_owned(),
            product: "Towpath Current".to_owned(),
            cash_account_type: "CACC".to_owned(),
        }])
    }

    fn statement(&self, card: &Card, today: Date) -> Statement {
        let balances = [BalanceKind::InterimAvailable, BalanceKind::InterimBooked];
        ROUTINE.ledger(card.currency, today).statement(today, Vec::new(), &balances)
    }
}

const fn standing(on: On, code: &'static str, name: &'static str, minor: i64, text: &'static str) -> Standing {
    Standing { on, every_months: 1, code, name, minor, spread_minor: 0, text }
}

const fn shop(name: &'static str, from_minor: i64, to_minor: i64, step_minor: i64) -> Shop {
    Shop { name, weight: 1, from_minor, to_minor, step_minor, kind: ShopKind::Plain }
}

const ROUTINE: Routine = Routine {
    seed: 0x4c6f_636b_7369,
    epoch: date(2024, 1, 1),
    prefix: "LK",
    opening_minor: 291_500,
    standing: &[
        standing(On::Last, code::CREDIT, "Bargewright Works Ltd", 214_000, "SALARY"),
        standing(On::Business(1), code::STANDING_ORDER, "Lockgate Lettings", -97_500, "RENT FLAT 4"),
        standing(On::Business(5), code::DIRECT_DEBIT, "Sluicegate Energy", -9_400, "ENERGY"),
        standing(On::Business(7), code::DIRECT_DEBIT, "Vole Broadband", -3_150, "BROADBAND"),
    ],
    shops: &[
        shop("Towpath Cafe", 200, 900, 50),
        shop("Moorhen Groceries", 500, 5_200, 100),
        shop("Paddlegear Hardware", 299, 4_499, 5),
        shop("Withy Bookshop", 500, 2_500, 50),
    ],
    shops_one_day_in: 2,
    card_words: "CARD PAYMENT",
    monthly: Monthly::PutAside { reserve_minor: 150_000, to: "Lockside Saver" },
};
