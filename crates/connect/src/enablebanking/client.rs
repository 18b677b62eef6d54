//! The client: calls with a token that is signed here, counted before they are made. Source: sections 2, 5 and 7 of the fact sheet.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::{Counts, QuotaRule, QuotaScope, QuotaStatement};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::signing::{Signer, TOKEN_SECS};
use super::{APPLICATION_ID, PRIVATE_KEY, problem};
use crate::connector::{Cx, LEDGER};
use crate::fault::Fault;
use crate::http::{Address, Body, Call, Pace, Proof, UNREACHABLE};
use crate::limited::{Limit, Patience, below};

/// Reads of one kind of data of one account in 24 hours while nobody is there, by law.
pub(super) const DAILY: QuotaRule =
    QuotaRule { scope: QuotaScope::AccountAndKind, per_secs: 86_400, max: 4, counts: Counts::Successes };
/// Nothing is documented of all calls together; so many a minute is polite.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(300).unwrap();
const PACED: QuotaRule = QuotaRule { scope: QuotaScope::Credentials, per_secs: 60, max: 300, counts: Counts::All };
/// What is counted together, in the ledger.
const ALL_CALLS: &str = "calls";

/// What can be read of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Balances,
    Transactions,
}

impl Resource {
    fn path(self) -> &'static str {
        match self {
            Self::Balances => "balances",
            Self::Transactions => "transactions",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Balances => "accounts/balances",
            Self::Transactions => "accounts/transactions",
        }
    }
}

/// A client for one application.
pub(super) struct Client<'a> {
    pub(super) cx: &'a Cx<'a>,
    application: String,
    signer: Signer,
    /// The last token, and until when it is used.
    token: Mutex<Option<(Secret, Timestamp)>>,
    /// Names the keys without telling them, for what is counted together within this process.
    keys_name: String,
    patience: Patience,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Cx<'a>) -> Result<Self, Fault> {
        let key = |name: &str| {
            cx.keys.get(name).filter(|key| !key.expose().trim().is_empty()).ok_or_else(|| {
                let message = "Application ID or private key for Enable Banking is missing.";
                Fault::new(FaultClass::NeedsOperator, "enablebanking.keys_missing", message)
                    .with_action(UserAction::FixCredentials)
            })
        };
        let (application, private_key) = (key(APPLICATION_ID)?.expose().trim().to_owned(), key(PRIVATE_KEY)?);
        let mut hasher = DefaultHasher::new();
        (cx.base_url.as_str(), &application).hash(&mut hasher);
        Ok(Self {
            cx,
            keys_name: format!("enablebanking {:016x}", hasher.finish()),
            signer: Signer::read(private_key)?,
            application,
            token: Mutex::default(),
            patience: Patience::SHORT,
        })
    }

    /// The same for a sync, for which nobody holds a page open.
    pub(super) fn patient(self) -> Self {
        Self { patience: Patience::LONG, ..self }
    }

    /// A token that holds for a while yet. One lasts a fetch, mostly.
    fn token(&self) -> Result<Secret, Fault> {
        let now = self.cx.ambient.now();
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, _)) = kept.as_ref().filter(|(_, until)| now < *until) {
            return Ok(token.clone());
        }
        let token = self.signer.token(&self.application, now)?;
        *kept = Some((token.clone(), now + SignedDuration::from_secs(TOKEN_SECS / 2)));
        Ok(token)
    }

    /// `GET`.
    pub(super) async fn get(&self, url: Url, label: &'static str) -> Result<Vec<u8>, Fault> {
        self.send(Method::GET, url, label, None).await
    }

    /// `POST` with a body.
    pub(super) async fn post(&self, path: &'static str, body: &Value) -> Result<Vec<u8>, Fault> {
        self.send(Method::POST, self.url([path])?, path, Some(body)).await
    }

    /// `DELETE`.
    pub(super) async fn delete<const N: usize>(&self, path: [&str; N], label: &'static str) -> Result<(), Fault> {
        self.send(Method::DELETE, self.url(path)?, label, None).await.map(|_| ())
    }

    /// Reads data of an account. The bank counts reads and not pages, so that a further page spends nothing.
    pub(super) async fn account_data(
        &self,
        account: &str,
        resource: Resource,
        query: &[(&str, &str)],
        is_further_page: bool,
    ) -> Result<Vec<u8>, Fault> {
        let mut url = self.url(["accounts", account, resource.path()])?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        if is_further_page {
            return self.get(url, resource.label()).await;
        }
        let subject = format!("{account}:{}", resource.path());
        self.cx.quota.debit(&subject, &DAILY).await.map_err(|refused| {
            match (refused.class(), refused.record().retry_at) {
                (FaultClass::RateLimited, Some(until)) => problem::limit(until),
                _ => refused,
            }
        })?;
        let answered = self.get(url, resource.label()).await;
        if let Err(fault) = &answered {
            self.settle(&subject, fault).await;
        }
        answered
    }

    /// What a call that failed means for the ledger.
    async fn settle(&self, subject: &str, fault: &Fault) {
        let was_refused = fault.http_status().is_some_and(|status| status >= 300);
        if fault.class() == FaultClass::RateLimited && was_refused {
            let statement = QuotaStatement { max: None, remaining: 0, resets_at: fault.record().retry_at };
            self.cx.quota.correct(subject, &DAILY, statement).await;
        } else if was_refused || matches!(fault.code(), UNREACHABLE | LEDGER | problem::PACED) {
            // Of a call whose answer was lost nobody knows whether it was counted.
            self.cx.quota.refund(subject, &DAILY).await;
        }
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        body: Option<&Value>,
    ) -> Result<Vec<u8>, Fault> {
        let call = Call {
            method,
            url,
            label,
            proof: Some(Proof::Bearer(self.token()?)),
            body: body.map(|body| Body::Json(Secret::new(body.to_string()))),
            pace: Some(Pace { key: self.keys_name.clone(), per_minute: PER_MINUTE }),
            address: Address::Configured,
            patience: None,
        };
        let limit = Limit {
            subject: ALL_CALLS,
            rule: &PACED,
            stated: |_, _| None,
            fault: problem::fault,
            used_up: problem::paced,
            is_used_up: |fault| fault.code() == problem::PACED,
        };
        Ok(limit.call(self.cx, &call, self.patience).await?.body)
    }

    /// The address of a path; each part is escaped.
    pub(super) fn url<const N: usize>(&self, path: [&str; N]) -> Result<Url, Fault> {
        below(self.cx.base_url, path).ok_or_else(|| {
            let message = "The base address of Enable Banking is no web address.";
            Fault::new(FaultClass::NeedsOperator, "enablebanking.base_url", message)
        })
    }
}

/// Reads a successful answer.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| problem::unread(body, &error))
}
