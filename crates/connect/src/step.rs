//! The connecting loop: a connector answers with the next step, the page shows it, the person's input comes back.
//!
//! Every way of connecting is this loop; a connector keeps nothing between two steps but the [`FlowState`] that it gave.

use std::collections::BTreeMap;

use bankside_domain::CurrencyCode;
use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::MatchKey;
use bankside_domain::consent::Consent;
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

/// What comes next.
#[derive(Debug)]
pub enum Step {
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
}
