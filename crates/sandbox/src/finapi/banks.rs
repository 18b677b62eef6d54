//! The banks: how they are found, and what they want of whoever signs in (fact sheet §4, §12).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bankside_domain::AmountError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::{self, PathNumber, Query};
use super::problem::Problem;
use crate::Sandbox;
use crate::banks::{Books, Card, ELBMARSCH, Nordhafen, Numbering, PRUEFTAL};

/// How long a consent lasts where there is one.
pub(super) const CONSENT_DAYS: i64 = 180;
/// The right code at every bank.
pub(super) const CODE: &str = "123456";
/// An account of the test bank that shows only once it has been opened.
pub(super) const OPENED_LATER: &str = "daily";

/// A way to confirm a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    Sms,
    Push,
    ChipQr,
    Photo,
}

impl Method {
    pub(super) const ALL: [Self; 4] = [Self::Sms, Self::Push, Self::ChipQr, Self::Photo];

    /// Its value in the form.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Push => "push",
            Self::ChipQr => "chip_qr",
            Self::Photo => "photo",
        }
    }

    /// Its name, as the bank has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sms => "smsTAN",
            Self::Push => "pushTAN",
            Self::ChipQr => "chipTAN QR",
            Self::Photo => "photoTAN",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }
}

/// How a bank is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Approach {
    /// The form asks, and the consent ends one day.
    Embedded,
    /// The form sends the person to a page of the bank.
    Redirect,
    /// The form asks, by `FinTS`: nothing says when access ends.
    FinTs,
}

/// A bank.
pub(super) struct Bank {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) blz: &'static str,
    /// The bank code in its IBANs, which a test bank's own is none of.
    iban_code: &'static str,
    pub(super) bic: &'static str,
    pub(super) city: &'static str,
    pub(super) location: &'static str,
    pub(super) is_test: bool,
    /// Whether only `demo` with `demo` is let in, and `demo_no_msa` without a code.
    pub(super) is_strict: bool,
    pub(super) approach: Approach,
    pub(super) popularity: u32,
    pub(super) about: &'static str,
    pub(super) books: &'static dyn Books,
}

/// All of them.
pub(super) const ALL: &[Bank] = &[
    Bank {
        id: 280_001,
        name: "finAPI Test Bank",
        blz: "DEMO0001",
        iban_code: "99900011",
        bic: "DEMODE00001",
        city: "Prüftal",
        location: "DE",
        is_test: true,
        is_strict: true,
        approach: Approach::Embedded,
        popularity: 95,
        about: "The provider's test bank: demo with demo, four ways to confirm, and an account that is opened later.",
        books: &PRUEFTAL,
    },
    Bank {
        id: 280_002,
        name: "finAPI Test Redirect Bank",
        blz: "DEMO0002",
        iban_code: "99900011",
        bic: "DEMODE00002",
        city: "Prüftal",
        location: "DE",
        is_test: true,
        is_strict: true,
        approach: Approach::Redirect,
        popularity: 94,
        about: "Sends the person to a page of the bank; who cancels there comes back as if all were well.",
        books: &PRUEFTAL,
    },
    Bank {
        id: 290_001,
        name: "Nordhafen Bank",
        blz: "99900001",
        iban_code: "99900001",
        bic: "NHBKDE22",
        city: "Möwental",
        location: "DE",
        is_test: false,
        is_strict: false,
        approach: Approach::Embedded,
        popularity: 60,
        about: "The demo bank: a current account and savings, pending rows, two equal coffees now and then.",
        books: &Nordhafen,
    },
    Bank {
        id: 290_002,
        name: "Elbmarsch Genossenschaftsbank",
        blz: "99900003",
        iban_code: "99900003",
        bic: "ELBMDE21",
        city: "Lüttje",
        location: "DE",
        is_test: false,
        is_strict: false,
        approach: Approach::FinTs,
        popularity: 20,
        about: "By FinTS: nothing says when access ends, and one account has a number and no IBAN.",
        books: &ELBMARSCH,
    },
];

impl Bank {
    /// The interface that is used.
    pub(super) fn interface(&self) -> &'static str {
        if self.approach == Approach::FinTs { "FINTS_SERVER" } else { "XS2A" }
    }

    /// Its accounts, as the person has them there.
    pub(super) fn cards(&self, has_opened: bool) -> Result<Vec<Card>, AmountError> {
        let mut cards = self.books.accounts(Numbering::Fixed)?;
        cards.retain(|card| has_opened || card.key != OPENED_LATER);
        Ok(cards)
    }

    /// Whether it lets somebody in, and whether it wants a code of them.
    pub(super) fn lets_in(&self, login: &str, pin: &str) -> Option<NeedsCode> {
        match (self.is_strict, login, pin) {
            (true, "demo", "demo") => Some(NeedsCode(true)),
            (_, "demo_no_msa", "demo_no_msa") => Some(NeedsCode(false)),
            (true, ..) | (false, "reject" | "", _) | (false, _, "") => None,
            (false, ..) => Some(NeedsCode(true)),
        }
    }

    /// The bank as other resources carry it, and as the list has it.
    pub(super) fn wire(&self, sandbox: &Sandbox) -> Value {
        let property = match self.approach {
            Approach::Embedded => "DECOUPLED_APPROACH",
            Approach::Redirect => "REDIRECT_APPROACH",
            Approach::FinTs => "DETAILED_CONSENT",
        };
        let field = |label: &str, is_secret: bool| json!({ "label": label, "isSecret": is_secret, "isVolatile": false, "isMandatory": true });
        json!({
            "id": self.id, "name": self.name, "bic": self.bic, "blz": self.blz, "location": self.location,
            "city": self.city, "isTestBank": self.is_test, "popularity": self.popularity, "isBeta": false,
            "logo": { "url": sandbox.url("/mark.svg") },
            "interfaces": [{
                "bankingInterface": self.interface(), "loginCredentials": [field("Anmeldename", false), field("PIN", true)],
                "properties": [property], "health": 100, "isAisSupported": true, "isPisSupported": false,
                "aisAccountTypes": ["Checking", "Savings"],
            }],
        })
    }

    /// Name, bank code, BIC and city; the form also takes an IBAN (fact sheet §4).
    pub(super) fn is_found_by(&self, search: &str, takes_iban: bool) -> bool {
        let wanted = search.trim().to_lowercase();
        let named = [self.name, self.blz, self.bic, self.city].iter().any(|text| text.to_lowercase().contains(&wanted));
        let compact: String = wanted.chars().filter(char::is_ascii_alphanumeric).collect();
        let is_iban = takes_iban && compact.len() == 22 && compact.starts_with("de");
        named || (is_iban && compact.get(4..12).is_some_and(|code| code == self.iban_code))
    }
}

/// Whether a code is wanted after the sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NeedsCode(pub(super) bool);

pub(super) fn find(id: u64) -> Option<&'static Bank> {
    ALL.iter().find(|bank| bank.id == id)
}

/// `GET /api/v2/banks`.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let ids = query.numbers("ids")?;
    let locations = query.get("location").map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>());
    let is_test = query.get("isTestBank").map(|text| text == "true");
    let is_wanted = |bank: &&Bank| {
        query.get("search").is_none_or(|search| bank.is_found_by(search, false))
            && ids.as_ref().is_none_or(|ids| ids.contains(&bank.id))
            && locations.as_ref().is_none_or(|all| all.iter().any(|one| one == bank.location))
            && is_test.is_none_or(|is_test| bank.is_test == is_test)
    };
    let mut found: Vec<&Bank> = ALL.iter().filter(is_wanted).collect();
    found.sort_by_key(|bank| std::cmp::Reverse(bank.popularity));
    let (banks, paging) = fields::paged(found, query.page()?);
    let banks: Vec<Value> = banks.into_iter().map(|bank| bank.wire(&sandbox)).collect();
    Ok(Json(json!({ "banks": banks, "paging": paging })))
}

/// `GET /api/v2/banks/{id}`.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    PathNumber(id): PathNumber,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let bank = find(id).ok_or_else(|| Problem::unknown("Bank", &id.to_string()))?;
    Ok((StatusCode::OK, Json(bank.wire(&sandbox))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../../docs/sandbox.md");

    #[test]
    fn banks_are_found_by_name_code_bic_and_city_and_in_the_form_by_iban() {
        let found = |search: &str, takes_iban: bool| {
            let all = ALL.iter().filter(|bank| bank.is_found_by(search, takes_iban));
            all.map(|bank| bank.id).collect::<Vec<_>>()
        };
        assert_eq!(found("nordhafen", false), [290_001]);
        assert_eq!(found("99900003", false), [290_002]);
        assert_eq!(found("DEMODE00002", false), [280_002]);
        assert_eq!(found("prüftal", false), [280_001, 280_002]);
        let cards = find(290_001).unwrap().cards(false).unwrap();
        let iban = cards[0].iban.as_deref().unwrap();
        assert_eq!(found(iban, false), Vec::<u64>::new());
        assert_eq!(found(iban, true), [290_001]);
    }

    #[test]
    fn the_page_tells_of_each_bank() {
        for bank in ALL {
            let line = format!("| `{}` | {} | {} |", bank.id, bank.name, bank.about);
            assert!(PAGE.contains(&line), "the page lacks:\n{line}");
        }
    }
}
