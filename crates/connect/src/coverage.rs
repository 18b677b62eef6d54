//! Which provider lists which bank, from a list that ships with us and says of which day it is: for whoever has no keys yet.
//!
//! What this is for: somebody who knows their bank and no provider finds out whose keys they need. What it is not: complete, or the
//! truth; it names the larger banks, and with keys the providers' own lists count. Source: the providers' pages about their coverage.

use std::str::FromStr as _;
use std::sync::LazyLock;

use jiff::civil::Date;

/// A bank of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredBank {
    /// Its country, as an ISO 3166 two-letter code.
    pub country: &'static str,
    /// Its BIC, eight letters, where it is certain.
    pub bic: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// The ids of the providers that list it.
    pub providers: Vec<&'static str>,
}

const LIST: &str = include_str!("coverage/banks.txt");

static BANKS: LazyLock<Vec<CoveredBank>> = LazyLock::new(|| LIST.lines().filter_map(bank).collect());

/// The day of the list.
pub fn as_of() -> Date {
    let day = LIST.lines().next().and_then(|line| line.split("as of ").nth(1)).map(|day| day.trim_end_matches('.'));
    day.and_then(|day| Date::from_str(day).ok()).unwrap_or_default()
}

/// The banks of a country in the order of the list, which is that of the alphabet.
pub fn of_country(country: &str) -> impl Iterator<Item = &'static CoveredBank> {
    BANKS.iter().filter(move |bank| bank.country == country)
}

fn bank(line: &'static str) -> Option<CoveredBank> {
    if line.starts_with('#') {
        return None;
    }
    let mut parts = line.split('|').map(str::trim);
    let (country, bic, name, providers) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let providers = providers.split_whitespace().collect();
    Some(CoveredBank { country, bic: (!bic.is_empty()).then_some(bic), name, providers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Registry;

    #[test]
    fn every_line_is_read_and_names_what_there_is() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(BANKS.len(), lines);
        assert!(as_of() > Date::constant(2026, 1, 1));
        let registry = Registry::all();
        let mut seen = std::collections::HashSet::new();
        for bank in BANKS.iter() {
            assert!(seen.insert((bank.country, bank.name)), "twice: {bank:?}");
            assert!(bank.bic.is_none_or(|bic| bic.len() == 8), "{bank:?}");
            assert!(!bank.providers.is_empty() && bank.providers.is_sorted(), "{bank:?}");
            for id in &bank.providers {
                let connector = registry.get(id).unwrap_or_else(|| panic!("{bank:?}"));
                assert!(connector.descriptor().countries.contains(&bank.country), "{bank:?}");
            }
        }
        let countries: Vec<_> = BANKS.iter().map(|bank| bank.country).collect();
        assert!(countries.is_sorted(), "by country");
    }

    #[test]
    fn banks_of_a_country() {
        let names: Vec<_> = of_country("SE").map(|bank| bank.name).collect();
        assert_eq!(names, ["Handelsbanken", "Nordea", "SEB", "Swedbank"]);
        assert_eq!(of_country("XX").count(), 0);
    }
}
