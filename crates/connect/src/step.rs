//! The connecting loop: a connector answers with the next step, the page shows it, the person's input comes back.
//!
//! Every way of connecting is this loop; a connector keeps nothing between two steps but the [`FlowState`] that it gave.

use std::collections::BTreeMap;

use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::MatchKey;
use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::{CurrencyCode, Secret};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::fetch::FetchedBalance;

/// A bank as a provider lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// What the provider calls it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its BIC, if it has one.
    pub bic: Option<String>,
    /// Where it works.
    pub countries: Vec<String>,
    /// Where its logo lies.
    pub logo: Option<String>,
    /// How many days of history it gives.
    pub max_history_days: Option<i64>,
    /// How many days a consent lasts.
    pub max_consent_days: Option<i64>,
}

/// Which banks to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankQuery<'a> {
    /// All of a country, by its ISO 3166 two-letter code.
    Country(&'a str),
    /// Those whose name fits, at least two letters of it.
    Name(&'a str),
}

/// A login that is at the provider already: somebody made it there, or another program did.
#[derive(Debug)]
pub struct Login {
    /// What the provider calls it.
    pub key: String,
    /// The bank's name, if the provider tells it.
    pub name: Option<String>,
    /// How it stands, in one short sentence.
    pub state: String,
    /// When the provider last read it from the bank.
    pub updated_at: Option<Timestamp>,
    /// What keeps it from being read, if something does. Others are not affected.
    pub fault: Option<Fault>,
}

/// What a connector needs to take the next step: opaque to everybody else, sealed where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowState(pub serde_json::Value);

/// What a connector needs to fetch: the provider's own reference, opaque to everybody else, sealed where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteRef(pub serde_json::Value);

/// A page of the provider for the person to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Where.
    pub url: String,
    /// After this the page cannot be used any more.
    pub expires_at: Timestamp,
}

/// How a field of a form is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// With a text, shown while it is typed.
    Text,
    /// With a text that is never shown.
    Secret,
    /// With a code that works once, shown while it is typed.
    Code,
    /// With one of these, word for word.
    OneOf(Vec<String>),
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    /// What its answer is called.
    pub key: String,
    /// Its label, in the words of the bank where it has words.
    pub label: String,
    /// What to know while typing, in one sentence; may be empty.
    pub hint: String,
    /// How it is answered.
    pub answered: Answered,
    /// Whether it may stay empty.
    pub is_optional: bool,
}

/// A picture to look at while answering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormPicture {
    /// What it is, for those who cannot see it.
    pub says: String,
    /// The bytes of a PNG in base64.
    pub png_base64: String,
}

/// What a bank or a provider wants to know of the person: a sign-in, questions, a code, a captcha, a nod on another device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// What it is, in a few words.
    pub title: String,
    /// What to do, in one or two sentences.
    pub message: String,
    /// Whether it is the bank that asks. What it is told is handed on and kept nowhere, and a form without fields goes on as soon as
    /// the person has done elsewhere what it says. Otherwise the provider asks, or its connector.
    pub is_from_bank: bool,
    /// What was wrong with the answers before, if something was.
    pub error: Option<String>,
    /// A picture that the answer is read from.
    pub picture: Option<FormPicture>,
    /// A text to compare with another device, such as a number.
    pub shown: Option<String>,
    /// What to answer; a form without fields is only confirmed.
    pub fields: Vec<FormField>,
    /// What the button says.
    pub submit: String,
    /// When the bank does not wait any longer, if it is known.
    pub expires_at: Option<Timestamp>,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// The person fills in a form.
    Ask(Box<Form>, FlowState),
    /// The person opens a page of the provider and comes back.
    Open(Browser, FlowState),
    /// The provider is still working; ask again in so many seconds.
    Wait {
        /// What it is doing, in one sentence.
        message: String,
        /// When to ask again.
        poll_after_secs: u32,
        /// What to ask with.
        state: FlowState,
    },
    /// Connected.
    Done(Box<Connected>),
    /// Somebody called it off; nothing has changed.
    Cancelled {
        /// Who and why, in one sentence.
        message: String,
    },
    /// The bank or the provider ended it; nothing has changed.
    Failed(Fault),
}

/// What the person did.
#[derive(Debug, Clone)]
pub enum Input {
    /// They came back from the provider with these query parameters.
    Callback(BTreeMap<String, String>),
    /// They filled in the form, by the keys of its fields. Optional fields that were left empty are left out.
    Answers(BTreeMap<String, Secret>),
    /// Nothing: the page asks how it stands.
    Poll,
}

/// A connection that has just come about, or has just been renewed.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The provider's own reference.
    pub remote: RemoteRef,
    /// The institution.
    pub institution: Institution,
    /// Its country.
    pub country: Option<String>,
    /// What the provider stated about the consent.
    pub consent: Consent,
    /// The bank accounts that it shows.
    pub accounts: Vec<AccountInfo>,
    /// What the provider calls bank accounts that belong to it and cannot be read at the moment.
    pub unread: Vec<String>,
}

/// A bank account as a connection shows it.
#[derive(Debug, Clone)]
pub struct AccountInfo {
    /// What the provider calls it.
    pub provider_account_id: String,
    /// By what it is recognised, strongest first.
    pub match_keys: Vec<MatchKey>,
    /// What the bank calls it.
    pub name: String,
    /// Whose it is.
    pub holder: Option<String>,
    /// Its full number: an IBAN where there is one.
    pub number: Option<String>,
    /// Its currency.
    pub currency: CurrencyCode,
    /// What it is.
    pub kind: AccountKind,
    /// Its balances, as far as the bank gave them.
    pub balances: Vec<FetchedBalance>,
    /// The bank that keeps it, where one connection shows accounts of several; otherwise it is the connection's institution.
    pub bank: Option<BankOfAccount>,
}

/// The bank of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankOfAccount {
    /// What the provider calls it.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// The bank accounts that a connection shows, asked for while nobody signs in.
#[derive(Debug)]
pub struct Shown {
    /// When access ends, as far as the provider states it with this answer.
    pub valid_until: Option<Timestamp>,
    /// The bank accounts.
    pub accounts: Vec<ShownAccount>,
    /// What the provider calls bank accounts that belong to it and cannot be read at the moment.
    pub unread: Vec<String>,
    /// What kept balances from being read, where something did: those are as they were before.
    pub held_back: Option<Fault>,
}

/// A bank account that a connection shows.
#[derive(Debug, Clone)]
pub enum ShownAccount {
    /// One that is described in full, whether it was known before or not.
    Described(Box<AccountInfo>),
    /// One that was known before and is only named. Its description would cost calls, and says nothing new.
    Named {
        /// What the provider calls it.
        provider_account_id: String,
        /// Its balances, as far as they could be read.
        balances: Vec<FetchedBalance>,
    },
}

impl Shown {
    /// What a step shows that asks nobody anything. One that asks says that only the person can go on.
    pub(crate) fn of(step: Step) -> Result<Self, Fault> {
        match step {
            Step::Done(connected) => {
                let described = |account| ShownAccount::Described(Box::new(account));
                Ok(Self {
                    valid_until: connected.consent.valid_until,
                    accounts: connected.accounts.into_iter().map(described).collect(),
                    unread: connected.unread,
                    held_back: None,
                })
            }
            Step::Failed(fault) => Err(fault),
            Step::Ask(..) | Step::Open(..) | Step::Wait { .. } | Step::Cancelled { .. } => {
                let message = "One of the accounts can be listed only once you have answered a question about it.";
                Err(Fault::new(FaultClass::NeedsUser, "accounts.question", message).with_action(UserAction::Renew))
            }
        }
    }
}
