//! The client: one typed call per endpoint, with the access token, the limits and one retry on a refused token.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU32;

use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::QuotaStatement;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::limits::{DAILY, General};
use super::{limits, problem, wire};
use crate::connector::{Cx, LEDGER};
use crate::fault::Fault;
use crate::http::{Address, Answer, Body, Call, Pace, Proof, UNREACHABLE};
use crate::limited::{Limit, Patience, below};

/// Tokens are renewed this long before they end.
const RENEW_BEFORE_SECS: i64 = 300;
/// A token whose end is not stated lasts as long as the provider's documents say.
const ACCESS_SECS: i64 = 86_400;
/// No token is believed to last longer.
const LONGEST_TOKEN_SECS: i64 = 60 * 86_400;

/// What can be read of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Details,
    Balances,
    Transactions,
}

impl Resource {
    fn path(self) -> &'static str {
        match self {
            Self::Details => "details",
            Self::Balances => "balances",
            Self::Transactions => "transactions",
        }
    }
}

/// The tokens as they are kept.
#[derive(Serialize, Deserialize)]
struct KeptTokens {
    access: String,
    access_expires_at: Timestamp,
    refresh: Option<String>,
    refresh_expires_at: Option<Timestamp>,
}

impl KeptTokens {
    fn lasts_until(&self, at: Timestamp) -> bool {
        self.access_expires_at > at
    }
}

/// A client for one set of keys.
pub(super) struct Client<'a> {
    pub(super) cx: &'a Cx<'a>,
    secret_id: &'a Secret,
    secret_key: &'a Secret,
    /// Names the keys without telling them, for what is counted together within this process.
    keys_name: String,
    patience: Patience,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Cx<'a>) -> Result<Self, Fault> {
        let key = |name: &str| {
            cx.keys.get(name).filter(|key| !key.is_empty()).ok_or_else(|| {
                Fault::new(FaultClass::NeedsOperator, "gocardless.keys_missing", "The keys for GoCardless are missing.")
            })
        };
        let (secret_id, secret_key) = (key("secret_id")?, key("secret_key")?);
        let mut hasher = DefaultHasher::new();
        (cx.base_url.as_str(), secret_id.expose(), secret_key.expose()).hash(&mut hasher);
        let keys_name = format!("gocardless {:016x}", hasher.finish());
        Ok(Self { cx, secret_id, secret_key, keys_name, patience: Patience::SHORT })
    }

    /// The same for a sync, for which nobody holds a page open.
    pub(super) fn patient(self) -> Self {
        Self { patience: Patience::LONG, ..self }
    }

    /// Buys a token with the keys. Limited to 100 an hour by the provider.
    pub(super) async fn new_token(&self) -> Result<Secret, Fault> {
        let body = json!({"secret_id": self.secret_id.expose(), "secret_key": self.secret_key.expose()});
        let answer = self.send(Method::POST, self.url(&["token", "new"])?, "token/new", None, Some(&body)).await?;
        let token: wire::NewToken = parse(&answer.body)?;
        self.keep(token, None).await
    }

    /// Renews the access token; the refresh token stays, unless another one comes.
    async fn renewed_token(&self, refresh: &str, refresh_until: Option<Timestamp>) -> Result<Secret, Fault> {
        let body = json!({ "refresh": refresh });
        let answer =
            self.send(Method::POST, self.url(&["token", "refresh"])?, "token/refresh", None, Some(&body)).await?;
        let renewed: wire::NewToken = parse(&answer.body)?;
        let refresh = renewed.refresh.or_else(|| Some(refresh.to_owned()));
        self.keep(wire::NewToken { refresh, ..renewed }, refresh_until).await
    }

    async fn keep(&self, token: wire::NewToken, refresh_until: Option<Timestamp>) -> Result<Secret, Fault> {
        let now = self.cx.ambient.now();
        let at = |secs: i64| now + SignedDuration::from_secs(secs.clamp(0, LONGEST_TOKEN_SECS));
        let kept = KeptTokens {
            access: token.access.clone(),
            access_expires_at: at(token.access_expires.unwrap_or(ACCESS_SECS)),
            refresh: token.refresh,
            refresh_expires_at: token.refresh_expires.map(at).or(refresh_until),
        };
        let expires_at = kept.refresh_expires_at.unwrap_or(kept.access_expires_at);
        let text = serde_json::to_string(&kept).map_err(|error| unreadable().with_source(error))?;
        self.cx.tokens.save(&Secret::new(text), expires_at).await;
        Ok(Secret::new(token.access))
    }

    async fn kept_tokens(&self) -> Option<KeptTokens> {
        let text = self.cx.tokens.load().await?;
        serde_json::from_str(text.expose()).ok()
    }

    async fn token(&self) -> Result<Secret, Fault> {
        let soon = self.cx.ambient.now() + SignedDuration::from_secs(RENEW_BEFORE_SECS);
        match self.kept_tokens().await {
            Some(kept) if kept.lasts_until(soon) => return Ok(Secret::new(kept.access)),
            _ => {}
        }
        // Many accounts are read at once; one of them gets the token for all.
        let _turn = self.cx.http.turn(&self.keys_name).await;
        let Some(kept) = self.kept_tokens().await else { return self.new_token().await };
        if kept.lasts_until(soon) {
            return Ok(Secret::new(kept.access));
        }
        let Some(refresh) = &kept.refresh else { return self.new_token().await };
        match self.renewed_token(refresh, kept.refresh_expires_at).await {
            Err(fault) if fault.http_status().is_some_and(|status| status < 500 && status != 429) => {
                self.new_token().await
            }
            // It still works for some minutes.
            Err(_) if kept.lasts_until(self.cx.ambient.now()) => Ok(Secret::new(kept.access)),
            result => result,
        }
    }

    /// Another token than the one that was refused.
    async fn another_token(&self, refused: &Secret) -> Result<Secret, Fault> {
        let _turn = self.cx.http.turn(&self.keys_name).await;
        match self.kept_tokens().await {
            Some(kept) if kept.access != refused.expose() && kept.lasts_until(self.cx.ambient.now()) => {
                Ok(Secret::new(kept.access))
            }
            _ => {
                self.cx.tokens.forget().await;
                self.new_token().await
            }
        }
    }

    /// `GET` with the token.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: Url, label: &'static str) -> Result<T, Fault> {
        let answer = self.authorised(Method::GET, url, label, None).await?;
        parse(&answer.body)
    }

    /// `POST` with the token.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        label: &'static str,
        body: &Value,
    ) -> Result<T, Fault> {
        let answer = self.authorised(Method::POST, self.url(path)?, label, Some(body)).await?;
        parse(&answer.body)
    }

    /// `DELETE` with the token.
    pub(super) async fn delete(&self, path: &[&str], label: &'static str) -> Result<(), Fault> {
        self.authorised(Method::DELETE, self.url(path)?, label, None).await.map(|_| ())
    }

    /// `GET` of account data: debited before, corrected by the answer's headers afterwards.
    pub(super) async fn account_data(
        &self,
        account: &str,
        resource: Resource,
        query: &[(&str, String)],
    ) -> Result<Vec<u8>, Fault> {
        let mut url = self.url(&["accounts", account, resource.path()])?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let subject = format!("{account}:{}", resource.path());
        // Before the debit: without a token there is no call that could spend it.
        let token = self.token().await?;
        self.cx.quota.debit(&subject, &DAILY).await?;
        let label = match resource {
            Resource::Details => "accounts/details",
            Resource::Balances => "accounts/balances",
            Resource::Transactions => "accounts/transactions",
        };
        match self.authorised_with(token, Method::GET, url, label, None).await {
            Ok(answer) => {
                if let Some(statement) = limits::daily(&answer, self.cx.ambient.now()) {
                    self.cx.quota.correct(&subject, &DAILY, statement).await;
                }
                Ok(answer.body)
            }
            Err(fault)
                if fault.class() == FaultClass::RateLimited
                    && fault.code() != problem::GENERAL_LIMIT
                    && fault.http_status().is_some() =>
            {
                let statement = QuotaStatement { max: None, remaining: 0, resets_at: fault.record().retry_at };
                self.cx.quota.correct(&subject, &DAILY, statement).await;
                Err(fault)
            }
            Err(fault) => {
                // Of a call whose answer was lost nobody knows whether it was counted; the next answer corrects the ledger.
                // Where our own ledger refused, no call was made.
                let was_refused = fault.http_status().is_some_and(|status| status >= 300);
                let was_not_made = fault.http_status().is_none() && matches!(fault.class(), FaultClass::RateLimited);
                if was_refused || was_not_made || matches!(fault.code(), UNREACHABLE | LEDGER | problem::INTERCEPTED) {
                    self.cx.quota.refund(&subject, &DAILY).await;
                }
                Err(fault)
            }
        }
    }

    async fn authorised(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let token = self.token().await?;
        self.authorised_with(token, method, url, label, body).await
    }

    async fn authorised_with(
        &self,
        token: Secret,
        method: Method,
        url: Url,
        label: &'static str,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        match self.send(method.clone(), url.clone(), label, Some(token.clone()), body).await {
            // Once: a second token that is refused is no matter of tokens.
            Err(fault) if fault.code() == problem::INVALID_TOKEN => {
                let token = self.another_token(&token).await?;
                self.send(method, url, label, Some(token), body).await
            }
            result => result,
        }
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        bearer: Option<Secret>,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let general = General::of(&method, label);
        let json = body.map(|body| Secret::new(body.to_string()));
        let pace = self.pace(&general);
        let proof = bearer.map(Proof::Bearer);
        let call = Call {
            method,
            url,
            label,
            proof,
            body: json.map(Body::Json),
            pace,
            address: Address::Configured,
            patience: None,
        };
        let limit = Limit {
            subject: &general.subject,
            rule: &general.rule,
            stated: limits::general,
            fault: problem::fault,
            used_up: problem::general_limit,
            is_used_up: |fault| fault.code() == problem::GENERAL_LIMIT,
        };
        limit.call(self.cx, &call, self.patience).await
    }

    /// Limits of a minute are kept by going slowly; who has an hour is counted only.
    fn pace(&self, general: &General) -> Option<Pace> {
        let per_minute = u32::try_from(general.rule.max).ok().and_then(NonZeroU32::new)?;
        let is_paced = general.rule.per_secs == 60;
        is_paced.then(|| Pace { key: format!("{} {}", self.keys_name, general.subject), per_minute })
    }

    /// The address of a path; every one ends with a slash, and each part is escaped.
    pub(super) fn url(&self, path: &[&str]) -> Result<Url, Fault> {
        // What stands behind the last slash is nothing.
        below(self.cx.base_url, path.iter().copied().chain([""])).ok_or_else(|| {
            Fault::new(
                FaultClass::NeedsOperator,
                "gocardless.base_url",
                "The base address of GoCardless is no web address.",
            )
        })
    }
}

/// Reads a successful answer.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        let fault = if error.is_eof() {
            Fault::new(FaultClass::RetryLater, "gocardless.cut_short", "An answer of GoCardless broke off.")
        } else {
            unreadable()
        };
        // The error names a place and a kind, never the content.
        fault.with_source(format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify()))
    })
}

fn unreadable() -> Fault {
    Fault::new(FaultClass::Bug, "gocardless.unreadable", "GoCardless sent an answer that we cannot read.")
}
