//! The banks of the sandbox: what they are called, how they behave and what stands in their books.
//!
//! Behaviour is data in this file; each bank with books has one file with its generator. Nothing here knows a wire
//! format: a provider's folder turns [`Statement`]s into what that provider sends. Every bank is invented, except for the
//! provider's own sandbox bank, which is rebuilt from recordings.

mod branch;
mod calendar;
mod directory;
pub(crate) mod dollars;
mod draw;
mod habits;
mod iban;
mod kanalbank;
mod ledger;
mod lockside;
mod nordhafen;
mod prueftal;
mod quirky;
mod routine;
mod sandbox_finance;

use bankside_domain::{AmountError, Currency};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use calendar::{
    Zone, business_day_of_month, days, is_last_business_of_month, next_business, plus_days, previous_business,
};
pub(crate) use draw::Draw;
pub(crate) use habits::code::CARD as CARD_CODE;
pub(crate) use ledger::{BalanceKind, Entry, Party, Pending, Stated, Statement};
pub(crate) use nordhafen::Nordhafen;
pub(crate) use prueftal::{ELBMARSCH, PRUEFTAL};

/// The provider's own sandbox bank.
pub(crate) const SANDBOX_FINANCE: &str = "SANDBOXFINANCE_SFIN0000";

/// A bank as it is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Institution {
    /// The provider's id: a name and a BIC.
    pub(crate) id: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its BIC.
    pub(crate) bic: &'static str,
    /// Country codes, upper case.
    pub(crate) countries: &'static [&'static str],
    /// How far back transactions go.
    pub(crate) transaction_total_days: u16,
    /// The longest consent.
    pub(crate) max_access_valid_for_days: u16,
    /// The longest consent with reconfirmation, for British banks.
    pub(crate) reconfirmation_days: Option<u16>,
    /// What it supports, in the provider's words.
    pub(crate) features: &'static [&'static str],
    /// What it wants of an agreement's access scopes.
    pub(crate) scopes: ScopeRules,
}

/// What a bank wants of the access scopes that are asked for, in the provider's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScopeRules {
    /// All of these or none of them.
    pub(crate) together: &'static [&'static str],
    /// Never without these.
    pub(crate) mandatory: &'static [&'static str],
    /// It does not have these.
    pub(crate) missing: &'static [&'static str],
}

impl ScopeRules {
    /// Anything goes.
    pub(crate) const NONE: Self = Self { together: &[], mandatory: &[], missing: &[] };
}

impl Institution {
    /// Whether it supports a feature.
    pub(crate) fn has(&self, feature: &str) -> bool {
        self.features.contains(&feature)
    }

    /// One or two letters for a logo.
    pub(crate) fn monogram(&self) -> String {
        self.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
    }
}

/// How long accounts are being processed after linking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Processing {
    /// Not at all.
    Ready,
    /// For so many questions after the account's state.
    Polls(u32),
    /// For so many seconds of the sandbox clock.
    Seconds(u32),
}

/// How many calls a day an account and scope allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DailyLimit {
    /// This many, whatever the configuration says.
    Always(usize),
    /// The provider's four, where the configuration asks for it everywhere; otherwise no limit.
    WhereAsked,
}

/// How a bank's rows differ from the documented shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As documented.
    Plain,
    /// No `transactionId`, text only as an array, no `pending` list, amounts without superfluous zeros.
    Terse,
    // The others have been seen at single banks (fact sheet §12.2).
    /// Text as lines, with the shop of a card payment in one of them.
    TillLines,
    /// One id for all rows of a month.
    RepeatedIds,
    /// Keys and values in the additional information.
    KeyValues,
    /// The id `NOTPROVIDED` on every row.
    IdNotProvided,
    /// Parts of the text behind labels.
    LabelledText,
    /// Text as lines that cut words.
    BrokenLines,
    /// Text as structured lines.
    StructuredText,
    /// Amounts and balances as the bank's claims.
    OwedCard,
    /// The amount charged in the text, the shop's as the row's.
    BillingAmount,
    /// Pending rows without days.
    UndatedPending,
    /// Booking day and value day changed places.
    SwappedDays,
    /// Ids that are new at each fetch.
    RestlessIds,
    /// Kind, name and reason with commas between.
    CommaText,
    /// A masked card number in place of an IBAN.
    MaskedCard,
    /// Text in the additional information only.
    AdditionalText,
    /// Text as lines, exchanges as objects, balances after rows.
    Pockets,
    /// Card rows without id and with the wrong sign.
    TurnedPurchases,
    /// Letters as escapes.
    Escapes,
    /// The day of a card payment in the text.
    DayInText,
    /// Moment and place of a card payment in the text.
    PlaceInText,
    /// The name in the structured text.
    NameInText,
    /// Names among the lines only.
    NameInLines,
    /// The kind of payment stuck to the name.
    KindBeforeName,
    /// Semicolons and a tag.
    Semicolons,
    /// Lines in no certain order, each with a word of its own.
    LooseLines,
    /// The name before the kind of payment, in Dutch or French.
    NameBeforeKind,
    /// A reference that says there is none, behind the text.
    TrailingReference,
    /// The text as structured text only.
    StructuredOnly,
    /// Till, moment and shop as structured text.
    StructuredTill,
    /// One line with the kind of payment in short.
    ShortKinds,
    /// Card rows count from the day of use, and are booked later.
    UsedBefore,
    /// Sentences in Polish about cards.
    CardSentence,
    /// Sentences in Italian with names between keywords.
    KeywordSentences,
    /// All signs turned.
    TurnedSigns,
    /// Twelve letters of the shop, then the rest.
    TwelveLetters,
    /// Lines with labels.
    LabelledLines,
    /// Very long texts in many scripts, amounts without superfluous zeros.
    LongText,
    /// Everything that the documents leave open, row by row another.
    Medley,
}

/// What a bank with books has beyond its listing.
#[derive(Clone, Copy)]
pub(crate) struct Service {
    /// Where its midnight is.
    pub(crate) zone: Zone,
    /// What happens after linking.
    pub(crate) processing: Processing,
    /// Its limit.
    pub(crate) daily_limit: DailyLimit,
    /// How it writes rows.
    pub(crate) dialect: Dialect,
    /// Its books.
    pub(crate) books: &'static dyn Books,
}

/// One bank.
#[derive(Clone, Copy)]
pub(crate) struct Bank {
    /// How it is listed.
    pub(crate) institution: Institution,
    /// What is special about it, for the index page.
    pub(crate) about: &'static str,
    /// `None` for banks that exist only in lists.
    pub(crate) service: Option<Service>,
}

/// Whether a bank's account numbers belong to the consent or to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// New numbers for each consent, drawn from its id (only the provider's sandbox bank does so).
    PerConsent(Uuid),
    /// Always the same.
    Fixed,
}

/// An account as a bank describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// Which of the bank's books it is.
    pub(crate) key: String,
    /// The bank's own id.
    pub(crate) resource_id: String,
    /// IBAN, where it has one.
    pub(crate) iban: Option<String>,
    /// A card's number, of which most is hidden.
    #[serde(default)]
    pub(crate) masked_pan: Option<String>,
    /// British sort code and account number.
    pub(crate) scan: Option<String>,
    /// What it is kept in.
    pub(crate) currency: Currency,
    /// Whose it is.
    pub(crate) owner: String,
    /// What the bank calls it.
    pub(crate) name: String,
    /// The product.
    pub(crate) product: String,
    /// ISO 20022 kind.
    pub(crate) cash_account_type: String,
}

impl Card {
    /// The number that people know it by.
    pub(crate) fn number(&self) -> &str {
        self.iban.as_deref().or(self.masked_pan.as_deref()).unwrap_or_default()
    }
}

/// A bank's generator: the same day always has the same books.
pub(crate) trait Books: Sync {
    /// The accounts that a consent opens.
    fn accounts(&self, numbering: Numbering) -> Result<Vec<Card>, AmountError>;
    /// What the bank knows about one of them on a day.
    fn statement(&self, card: &Card, today: Date) -> Statement;
}

/// The bank with this id.
pub(crate) fn find(id: &str) -> Option<&'static Bank> {
    all().find(|bank| bank.institution.id == id)
}

/// Every bank, those with books first.
pub(crate) fn all() -> impl Iterator<Item = &'static Bank> {
    SERVED.iter().chain(quirky::QUIRKY).chain(directory::LISTED)
}

const SERVED: &[Bank] = &[
    Bank {
        institution: Institution {
            id: "NORDHAFEN_NHBKDE22",
            name: "Nordhafen Bank",
            bic: "NHBKDE22",
            countries: &["DE"],
            transaction_total_days: 365,
            max_access_valid_for_days: 180,
            reconfirmation_days: None,
            features: &["pending_transactions", "private_accounts"],
            scopes: ScopeRules::NONE,
        },
        about: "The demo bank: a current account and savings whose balances follow from their rows to the cent, \
                card payments that are pending first, two equal coffees now and then. A year of history, ready at once.",
        service: Some(Service {
            zone: Zone::CentralEurope,
            processing: Processing::Ready,
            daily_limit: DailyLimit::Always(1000),
            dialect: Dialect::Plain,
            books: &Nordhafen,
        }),
    },
    Bank {
        institution: Institution {
            id: "KANALBANK_KNLBNL2A",
            name: "Kanalbank",
            bic: "KNLBNL2A",
            countries: &["NL"],
            transaction_total_days: 90,
            max_access_valid_for_days: 90,
            reconfirmation_days: None,
            features: &["account_selection", "private_accounts"],
            scopes: ScopeRules::NONE,
        },
        about: "The strict one: 90 days of history and of consent, four calls a day. You may be asked to \
                choose accounts; they are being processed until asked about twice, and one is in yen.",
        service: Some(Service {
            zone: Zone::CentralEurope,
            processing: Processing::Polls(2),
            daily_limit: DailyLimit::Always(4),
            dialect: Dialect::Plain,
            books: &kanalbank::Kanalbank,
        }),
    },
    Bank {
        institution: Institution {
            id: "LOCKSIDE_LKSDGB21",
            name: "Lockside Bank",
            bic: "LKSDGB21",
            countries: &["GB"],
            transaction_total_days: 730,
            max_access_valid_for_days: 180,
            reconfirmation_days: Some(730),
            features: &["private_accounts", "reconfirmation_of_consent"],
            scopes: ScopeRules::NONE,
        },
        about: "The terse one: pounds, no transaction ids, no list of pending rows, text only as an array, \
                amounts such as “5”.",
        service: Some(Service {
            zone: Zone::London,
            processing: Processing::Ready,
            daily_limit: DailyLimit::WhereAsked,
            dialect: Dialect::Terse,
            books: &lockside::Lockside,
        }),
    },
    Bank {
        institution: Institution {
            id: SANDBOX_FINANCE,
            name: "Sandbox Finance",
            bic: "SFIN0000",
            countries: &["XX"],
            transaction_total_days: 90,
            max_access_valid_for_days: 180,
            reconfirmation_days: None,
            features: &[],
            scopes: ScopeRules::NONE,
        },
        about: "The provider's own sandbox bank, rebuilt from recordings: two accounts that always hold 1913.12 EUR, \
                rows that move with the calendar, new account numbers with each consent.",
        service: Some(Service {
            zone: Zone::Utc,
            processing: Processing::Ready,
            daily_limit: DailyLimit::WhereAsked,
            dialect: Dialect::Plain,
            books: &sandbox_finance::SandboxFinance,
        }),
    },
];

#[cfg(test)]
mod tests;
