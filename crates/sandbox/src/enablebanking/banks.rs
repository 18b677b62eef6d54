//! The banks that the application may ask, and how each behaves here. Their books are those of the whole sandbox.

use crate::banks::{self, Service};

/// Of what kind a customer is, in the provider's words.
pub(super) const PERSONAL: &str = "personal";
pub(super) const BUSINESS: &str = "business";

/// How a row is named (fact sheet §5, identity).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// By a reference of the bank's and an id for looking at its details.
    Both,
    /// By its place within its day, newest last, so that a late row renumbers others; the id for details stays.
    Positional,
    /// Not at all; what is pending has a `0`.
    Nothing,
}

/// How a period that is too long is refused (fact sheet §5, quirks).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// With the day from which on it would be taken.
    SaysFrom,
    /// With the bank's own word, and no day.
    SaysNothing,
}

/// A bank in one country.
pub(super) struct Bank {
    /// Its id in the sandbox's directory.
    pub(super) directory_id: &'static str,
    pub(super) country: &'static str,
    /// What is special about it.
    pub(super) about: &'static str,
    pub(super) psu_types: &'static [&'static str],
    /// How people are recognised there; more than one where they may choose.
    pub(super) approaches: &'static [&'static str],
    /// The longest consent, in days.
    pub(super) longest_consent_days: i64,
    /// All of these or none (fact sheet §5).
    pub(super) psu_headers: &'static [&'static str],
    pub(super) ids: Ids,
    /// Whether pending rows can be had.
    pub(super) sends_pending: bool,
    /// Amounts have a sign beside the indicator.
    pub(super) signs_amounts: bool,
    /// Names stand in the first line of addresses.
    pub(super) names_in_addresses: bool,
    /// Rows on a page.
    pub(super) page_rows: usize,
    /// Whether the second page is empty although more follow.
    pub(super) has_empty_page: bool,
    /// How far back it can be asked, once the first hour is over.
    pub(super) period: Option<(i32, Refusal)>,
}

const USUAL: Bank = Bank {
    directory_id: "",
    country: "",
    about: "",
    psu_types: &[PERSONAL],
    approaches: &["REDIRECT"],
    longest_consent_days: 180,
    psu_headers: &[],
    ids: Ids::Both,
    sends_pending: true,
    signs_amounts: false,
    names_in_addresses: false,
    page_rows: 100,
    has_empty_page: false,
    period: None,
};

/// All of them.
pub(super) const ALL: &[Bank] = &[
    Bank {
        directory_id: "NORDHAFEN_NHBKDE22",
        country: "DE",
        about: "The demo bank: references on every row, pages of forty of which the second is empty, what is pending among the rest.",
        page_rows: 40,
        has_empty_page: true,
        ..USUAL
    },
    Bank {
        directory_id: "KANALBANK_KNLBNL2A",
        country: "NL",
        about: "The strict one: consents of ninety days, four calls a day while nobody is there, two headers that say somebody is, \
                no period beyond sixty days.",
        longest_consent_days: 90,
        psu_headers: &["Psu-Ip-Address", "Psu-User-Agent"],
        names_in_addresses: true,
        page_rows: 20,
        has_empty_page: true,
        period: Some((60, Refusal::SaysFrom)),
        ..USUAL
    },
    Bank {
        directory_id: "LOCKSIDE_LKSDGB21",
        country: "GB",
        about: "The terse one: no names for rows, nothing pending, amounts with signs, and a nod in the bank's app in place of a code.",
        approaches: &["DECOUPLED"],
        ids: Ids::Nothing,
        sends_pending: false,
        signs_amounts: true,
        ..USUAL
    },
    Bank {
        directory_id: "DUNAHID_DNHDHUHB",
        country: "HU",
        about: "For people and for businesses: rows are named by their place in the day, a deposit tells no balance, and a period that \
                is too long is refused without a reason.",
        psu_types: &[PERSONAL, BUSINESS],
        approaches: &["REDIRECT", "DECOUPLED"],
        ids: Ids::Positional,
        period: Some((90, Refusal::SaysNothing)),
        ..USUAL
    },
];

/// The bank of a country with a name, which together are its identity (fact sheet §3).
pub(super) fn find(country: &str, name: &str) -> Option<&'static Bank> {
    ALL.iter().find(|bank| bank.country == country && bank.name() == name)
}

/// The bank with an id of the directory.
pub(super) fn by_id(directory_id: &str) -> Option<&'static Bank> {
    ALL.iter().find(|bank| bank.directory_id == directory_id)
}

impl Bank {
    fn listed(&self) -> Option<&'static banks::Bank> {
        banks::find(self.directory_id)
    }

    pub(super) fn name(&self) -> &'static str {
        self.listed().map_or("", |bank| bank.institution.name)
    }

    pub(super) fn bic(&self) -> &'static str {
        self.listed().map_or("", |bank| bank.institution.bic)
    }

    /// Its books.
    pub(super) fn service(&self) -> Option<Service> {
        self.listed().and_then(|bank| bank.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bank_has_books_and_an_identity_of_its_own() {
        for bank in ALL {
            assert!(bank.service().is_some(), "{}", bank.directory_id);
            assert_eq!(find(bank.country, bank.name()).map(|one| one.directory_id), Some(bank.directory_id));
            assert_eq!(by_id(bank.directory_id).map(|one| one.country), Some(bank.country));
        }
        assert!(find("DE", "Kanalbank").is_none());
    }
}
