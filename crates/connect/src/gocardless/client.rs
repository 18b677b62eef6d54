//! The client: one typed call per endpoint, with the access token, the daily limits and one retry on a refused token.

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

use super::{DAILY, problem, wire};
use crate::connector::Cx;
use crate::fault::Fault;
use crate::http::{Answer, Call, Pace};

/// Calls for account data per minute, for all keys of a company together.
const ACCOUNT_CALLS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Tokens are renewed this long before they end.
const RENEW_BEFORE_SECS: i64 = 300;

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

/// A client for one set of keys.
pub(super) struct Client<'a> {
    pub(super) cx: &'a Cx<'a>,
    secret_id: &'a Secret,
    secret_key: &'a Secret,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Cx<'a>) -> Result<Self, Fault> {
        let key = |name: &str| {
            cx.keys.get(name).filter(|key| !key.is_empty()).ok_or_else(|| {
                Fault::new(FaultClass::NeedsOperator, "gocardless.keys_missing", "The keys for GoCardless are missing.")
            })
        };
        Ok(Self { cx, secret_id: key("secret_id")?, secret_key: key("secret_key")? })
    }

    /// Buys a token with the keys. Limited to 100 an hour by the provider.
    pub(super) async fn new_token(&self) -> Result<Secret, Fault> {
        let body = json!({"secret_id": self.secret_id.expose(), "secret_key": self.secret_key.expose()});
        let answer = self.send(Method::POST, self.url(&["token", "new"])?, "token/new", None, Some(&body)).await?;
        let token: wire::NewToken = parse(&answer.body)?;
        self.keep(token).await
    }

    async fn renewed_token(&self, refresh: &str) -> Result<Secret, Fault> {
        #[derive(Deserialize)]
        struct Renewed {
            access: String,
            access_expires: i64,
            refresh: Option<String>,
        }
        let body = json!({ "refresh": refresh });
        let answer =
            self.send(Method::POST, self.url(&["token", "refresh"])?, "token/refresh", None, Some(&body)).await?;
        let renewed: Renewed = parse(&answer.body)?;
        self.keep(wire::NewToken {
            access: renewed.access,
            access_expires: renewed.access_expires,
            refresh: renewed.refresh.or_else(|| Some(refresh.to_owned())),
            refresh_expires: None,
        })
        .await
    }

    async fn keep(&self, token: wire::NewToken) -> Result<Secret, Fault> {
        let now = self.cx.ambient.now();
        let at = |secs: i64| now + SignedDuration::from_secs(secs.clamp(0, 60 * 86_400));
        let kept = KeptTokens {
            access: token.access.clone(),
            access_expires_at: at(token.access_expires),
            refresh: token.refresh,
            refresh_expires_at: token.refresh_expires.map(at),
        };
        let expires_at = kept.refresh_expires_at.unwrap_or(kept.access_expires_at);
        let text = serde_json::to_string(&kept).map_err(|error| unreadable().with_source(error))?;
        self.cx.tokens.save(&Secret::new(text), expires_at).await;
        Ok(Secret::new(token.access))
    }

    async fn token(&self) -> Result<Secret, Fault> {
        let kept = self.cx.tokens.load().await;
        let kept = kept.and_then(|text| serde_json::from_str::<KeptTokens>(text.expose()).ok());
        let Some(kept) = kept else { return self.new_token().await };
        let soon = self.cx.ambient.now() + SignedDuration::from_secs(RENEW_BEFORE_SECS);
        if kept.access_expires_at > soon {
            return Ok(Secret::new(kept.access));
        }
        match kept.refresh {
            Some(refresh) => match self.renewed_token(&refresh).await {
                Err(fault) if fault.code() == problem::INVALID_TOKEN => self.new_token().await,
                result => result,
            },
            None => self.new_token().await,
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
        self.cx.quota.debit(&subject, &DAILY).await?;
        let label = match resource {
            Resource::Details => "accounts/details",
            Resource::Balances => "accounts/balances",
            Resource::Transactions => "accounts/transactions",
        };
        match self.authorised(Method::GET, url, label, None).await {
            Ok(answer) => {
                if let Some(statement) = stated(&answer, self.cx.ambient.now()) {
                    self.cx.quota.correct(&subject, &DAILY, statement).await;
                }
                Ok(answer.body)
            }
            Err(fault) if fault.class() == FaultClass::RateLimited => {
                let statement = QuotaStatement { max: None, remaining: 0, resets_at: fault.record().retry_at };
                self.cx.quota.correct(&subject, &DAILY, statement).await;
                Err(fault)
            }
            Err(fault) => {
                self.cx.quota.refund(&subject, &DAILY).await;
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
        match self.send(method.clone(), url.clone(), label, Some(token), body).await {
            Err(fault) if fault.code() == problem::INVALID_TOKEN => {
                self.cx.tokens.forget().await;
                let token = self.new_token().await?;
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
        let pace =
            Pace { key: format!("gocardless {}", self.secret_id.expose()), per_minute: ACCOUNT_CALLS_PER_MINUTE };
        let json = body.map(|body| Secret::new(body.to_string()));
        let call = Call { method, url, label, bearer, json, pace: Some(pace) };
        let answer = self.cx.http.call(&call).await?;
        if answer.is_success() { Ok(answer) } else { Err(problem::fault(&answer, self.cx.ambient.now())) }
    }

    /// The address of a path; every one ends with a slash, and each part is escaped.
    pub(super) fn url(&self, path: &[&str]) -> Result<Url, Fault> {
        let mut url = self.cx.base_url.clone();
        let wrong = |()| {
            Fault::new(
                FaultClass::NeedsOperator,
                "gocardless.base_url",
                "The base address of GoCardless is no web address.",
            )
        };
        url.path_segments_mut().map_err(wrong)?.pop_if_empty().extend(path).push("");
        Ok(url)
    }
}

/// Reads a successful answer.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        // The error names a place and a kind, never the content.
        unreadable().with_source(format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify()))
    })
}

fn unreadable() -> Fault {
    Fault::new(FaultClass::Bug, "gocardless.unreadable", "GoCardless sent an answer that we cannot read.")
}

/// What the headers of a successful answer say about the daily limit.
fn stated(answer: &Answer, now: Timestamp) -> Option<QuotaStatement> {
    let number = |name: &str| answer.header(name)?.trim().parse::<i64>().ok();
    Some(QuotaStatement {
        max: number("http_x_ratelimit_account_success_limit"),
        remaining: number("http_x_ratelimit_account_success_remaining")?,
        resets_at: number("http_x_ratelimit_account_success_reset")
            .filter(|secs| (0..=30 * 86_400).contains(secs))
            .map(|secs| now + SignedDuration::from_secs(secs)),
    })
}
