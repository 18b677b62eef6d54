//! Two German banks that live from tables: the test bank of a provider, and a small one that gives little.
//!
//! The test bank has a fourth account that shows only once it has been opened. The small one has an account that is known by a
//! number alone.

use jiff::civil::date;

use super::branch::{Branch, BranchAccount, Number};
use super::habits::{On, Shop, ShopKind, Standing, code};
use super::ledger::BalanceKind;
use super::routine::{Monthly, Routine};

const BALANCES: &[BalanceKind] = &[BalanceKind::InterimBooked];

const fn standing(on: On, code: &'static str, name: &'static str, minor: i64, text: &'static str) -> Standing {
    Standing { on, every_months: 1, code, name, minor, spread_minor: 0, text }
}

const fn shop(name: &'static str, from_minor: i64, to_minor: i64) -> Shop {
    Shop { name, weight: 1, from_minor, to_minor, step_minor: 1, kind: ShopKind::Plain }
}

const SHOPS: &[Shop] = &[
    shop("Prüftal Markt", 590, 6_890),
    shop("Bäckerei Sauerteig", 245, 1_190),
    shop("Buchladen Seitenweise", 899, 3_990),
    shop("Gasthaus Zur Probe", 1_250, 5_400),
];

const EMPTY: Routine = Routine {
    seed: 0,
    epoch: date(2024, 1, 1),
    prefix: "P",
    opening_minor: 0,
    standing: &[],
    shops: &[],
    shops_one_day_in: 1,
    card_words: "Kartenzahlung",
    monthly: Monthly::Nothing,
};

/// The test bank: two accounts for every day, savings, and one that is opened later.
pub(crate) static PRUEFTAL: Branch = Branch(&[
    BranchAccount {
        key: "giro",
        number: Number::Iban("DE", "999000110000280001"),
        currency: "EUR",
        name: "Girokonto",
        product: "Giro Test",
        kind: "CACC",
        routine: Routine {
            seed: 0x5072_7565_3031,
            prefix: "PG",
            opening_minor: 198_340,
            standing: &[
                standing(On::Last, code::SALARY, "Messwerk Prüftal AG", 264_500, "Gehalt"),
                standing(On::Business(1), code::STANDING_ORDER, "Wohnbau Prüftal", -92_000, "Miete"),
                standing(On::Business(4), code::DIRECT_DEBIT, "Talstrom", -7_450, "Abschlag Strom"),
                standing(On::Business(15), code::STANDING_ORDER, "Musikschule Takt", -6_900, "Unterricht"),
            ],
            shops: SHOPS,
            shops_one_day_in: 2,
            monthly: Monthly::PutAside { reserve_minor: 160_000, to: "Sparkonto Test" },
            ..EMPTY
        },
        balances: BALANCES,
    },
    BranchAccount {
        key: "joint",
        number: Number::Iban("DE", "999000110000280002"),
        currency: "EUR",
        name: "Gemeinschaftskonto",
        product: "Giro Test",
        kind: "CACC",
        routine: Routine {
            seed: 0x5072_7565_3032,
            prefix: "PJ",
            opening_minor: 84_120,
            standing: &[
                standing(On::Business(2), code::CREDIT, "Demo Household", 90_000, "Haushalt"),
                standing(On::Business(6), code::DIRECT_DEBIT, "Talfunk Internet", -3_490, "Internet"),
            ],
            shops: SHOPS,
            shops_one_day_in: 2,
            monthly: Monthly::PutAside { reserve_minor: 90_000, to: "Rücklage Haushalt" },
            ..EMPTY
        },
        balances: BALANCES,
    },
    BranchAccount {
        key: "savings",
        number: Number::Iban("DE", "999000110000280003"),
        currency: "EUR",
        name: "Sparkonto",
        product: "Spar Test",
        kind: "SVGS",
        routine: Routine {
            seed: 0x5072_7565_3033,
            prefix: "PS",
            opening_minor: 512_000,
            standing: &[standing(On::Business(3), code::CREDIT, "Demo Household", 15_000, "Sparrate")],
            ..EMPTY
        },
        balances: BALANCES,
    },
    BranchAccount {
        key: "daily",
        number: Number::Iban("DE", "999000110000280004"),
        currency: "EUR",
        name: "Tagesgeld",
        product: "Tagesgeld Test",
        kind: "SVGS",
        routine: Routine {
            seed: 0x5072_7565_3034,
            prefix: "PT",
            opening_minor: 100_000,
            standing: &[standing(On::Business(5), code::CREDIT, "Demo Household", 5_000, "Tagesgeld")],
            ..EMPTY
        },
        balances: BALANCES,
    },
]);

/// The small bank: one account for every day, and a share that has no IBAN.
pub(crate) static ELBMARSCH: Branch = Branch(&[
    BranchAccount {
        key: "giro",
        number: Number::Iban("DE", "999000030000417711"),
        currency: "EUR",
        name: "MarschGiro",
        product: "MarschGiro",
        kind: "CACC",
        routine: Routine {
            seed: 0x456c_6265_3031,
            prefix: "EG",
            opening_minor: 132_900,
            standing: &[
                standing(On::Last, code::SALARY, "Deichverband Süd", 231_000, "Bezüge"),
                standing(On::Business(1), code::STANDING_ORDER, "Hof Lüttje", -78_000, "Pacht"),
            ],
            shops: SHOPS,
            shops_one_day_in: 3,
            monthly: Monthly::PutAside { reserve_minor: 120_000, to: "Rücklage" },
            ..EMPTY
        },
        balances: BALANCES,
    },
    BranchAccount {
        key: "share",
        number: Number::MaskedPan("417799"),
        currency: "EUR",
        name: "Geschäftsguthaben",
        product: "Mitgliedschaft",
        kind: "OTHR",
        routine: Routine {
            seed: 0x456c_6265_3032,
            prefix: "EM",
            opening_minor: 50_000,
            standing: &[Standing {
                every_months: 12,
                ..standing(On::Business(10), code::CREDIT, "Elbmarsch Genossenschaftsbank", 1_250, "Dividende")
            }],
            ..EMPTY
        },
        balances: BALANCES,
    },
]);
