//! The demo household's habits. Every business is invented; no person has a name.

use jiff::civil::Date;

use super::super::habits::{On, Shop, ShopKind, Standing, code};
use super::super::iban::german_iban_of;
use super::super::ledger::{Draft, Party};

const EMPLOYER: &str = "Kranichwerk Möwental GmbH";
const TRAVEL_AGENCY: &str = "Reisekontor Fernweh";
const SALARY_MINOR: i64 = 287_436;
const RAISE_PER_YEAR_MINOR: i64 = 5_712;
/// What November's salary has on top.
pub(super) const NOVEMBER_BONUS_PERCENT: i64 = 40;

/// The salary after so many years.
pub(super) fn raised_salary(years: i64) -> i64 {
    SALARY_MINOR + years * RAISE_PER_YEAR_MINOR
}

/// The row of a salary.
pub(super) fn salary(day: Date, minor: i64) -> Draft {
    Draft {
        minor,
        party: Some(Party { name: EMPLOYER.to_owned(), iban: Some(german_iban_of(EMPLOYER)) }),
        text: vec![format!("Gehalt {}", day.strftime("%m/%Y")), "Personal-Nr. 004711".to_owned()],
        code: code::SALARY,
        own_code: None,
        mandate: None,
    }
}

/// The row of a holiday.
pub(super) fn holiday(day: Date, minor: i64) -> Draft {
    Draft {
        minor,
        party: Some(Party { name: TRAVEL_AGENCY.to_owned(), iban: Some(german_iban_of(TRAVEL_AGENCY)) }),
        text: vec![format!("Rechnung R-{}-118", day.strftime("%Y")), "Ferienhaus Dünenblick".to_owned()],
        code: code::TRANSFER,
        own_code: None,
        mandate: None,
    }
}

/// The row of a month's interest.
pub(super) fn interest(day: Date, minor: i64) -> Draft {
    Draft {
        minor,
        party: Some(Party { name: "Nordhafen Bank".to_owned(), iban: None }),
        text: vec![format!("Zinsen {}", day.strftime("%m/%Y"))],
        code: code::INTEREST,
        own_code: None,
        mandate: None,
    }
}

const fn standing(on: u8, code: &'static str, name: &'static str, minor: i64, text: &'static str) -> Standing {
    Standing { on: On::Business(on), every_months: 1, code, name, minor, spread_minor: 0, text }
}

/// What leaves the current account by itself.
pub(super) const STANDING: &[Standing] = &[
    standing(1, code::STANDING_ORDER, "Hausverwaltung Deichblick", -108_500, "Miete Wohnung 3.2"),
    standing(1, code::DIRECT_DEBIT, "Hafenbahn Abo-Center", -5_800, "Monatskarte Zone A"),
    standing(3, code::DIRECT_DEBIT, "Stadtstrom Möwental", -8_400, "Abschlag Strom"),
    standing(5, code::DIRECT_DEBIT, "Fadenfunk Festnetz", -3_995, "Internet und Festnetz"),
    Standing {
        spread_minor: 240,
        ..standing(7, code::DIRECT_DEBIT, "Taschenfunk Mobil", -1_739, "Mobilfunk Rechnung")
    },
    Standing {
        every_months: 3,
        spread_minor: 830,
        ..standing(8, code::DIRECT_DEBIT, "Wasserwerk Möwental", -6_120, "Wasser und Abwasser Quartal")
    },
    standing(10, code::DIRECT_DEBIT, "Deichschutz Versicherung", -2_740, "Hausrat und Haftpflicht"),
    standing(11, code::DIRECT_DEBIT, "Lichtspiel Stream", -1_299, "Subscription Standard"),
    standing(12, code::STANDING_ORDER, "Turnhalle Elf e.V.", -2_490, "Beitrag Mitglied 1042"),
];

const fn shop(name: &'static str, weight: u64, from_minor: i64, to_minor: i64) -> Shop {
    Shop { name, weight, from_minor, to_minor, step_minor: 1, kind: ShopKind::Plain }
}

/// Where the household shops.
pub(super) const SHOPS: &[Shop] = &[
    shop("Kornblume Markt", 17, 1_250, 7_490),
    shop("Frischkiste am Kai", 13, 890, 5_820),
    shop("Kresse Biomarkt", 7, 640, 3_980),
    shop("Bäckerei Morgenkorn", 9, 285, 1_140),
    shop("Seifenblase Drogerie", 6, 395, 2_890),
    shop("Kamille Apotheke", 3, 549, 3_250),
    shop("Imbiss Kombüse", 5, 690, 1_650),
    shop("Restaurant Leuchtfeuer", 4, 2_150, 7_800),
    shop("Green Anchor Deli", 4, 780, 1_890),
    shop("Tankhof Deichtor", 3, 3_480, 7_950),
    shop("Paper Lantern Books", 3, 999, 4_400),
    shop("Speichenwerk Fahrrad", 1, 1_290, 8_900),
    shop("Cobalt Hardware Store", 2, 799, 6_450),
    shop("Blattwerk Garten", 2, 595, 4_990),
    Shop { kind: ShopKind::Returns, ..shop("Klickregal Onlineshop", 4, 1_999, 11_900) },
    Shop { kind: ShopKind::Returns, ..shop("Zwirn & Faden Mode", 2, 2_495, 9_995) },
];

const fn cafe(name: &'static str, weight: u64, from_minor: i64, to_minor: i64) -> Shop {
    Shop { name, weight, from_minor, to_minor, step_minor: 10, kind: ShopKind::Cafe }
}

/// Where it drinks coffee.
pub(super) const CAFES: &[Shop] = &[
    cafe("Café Ankerplatz", 6, 290, 640),
    cafe("Harbour Coffee Roasters", 5, 320, 580),
    cafe("Kaffeebar Nordwind", 4, 240, 520),
];
