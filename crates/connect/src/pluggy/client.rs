//! The client: one typed call per endpoint, with the API key, the limits and one retry on a key that is not taken any
//! more.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU32;

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::{Counts, QuotaRule, QuotaScope};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{problem, wire};
use crate::connector::Cx;
use crate::fault::Fault;
use crate::http::{Address, Answer, Body, Call, Pace, Proof};
use crate::limited::{Limit, Patience, below};

/// Every call but a refresh. Pluggy counts per minute and endpoint, and names no lower number than this for reading
/// (fact sheet §1); all of ours together stay below it.
pub(super) const READING: QuotaRule =
    QuotaRule { scope: QuotaScope::Credentials, per_secs: 60, max: 360, counts: Counts::All };
/// Refreshing items, which Pluggy allows less often (fact sheet §1).
pub(super) const REFRESHING: QuotaRule = QuotaRule { max: 20, ..READING };

/// Keys are renewed this long before they end.
const RENEW_BEFORE_SECS: i64 = 300;
/// A key that does not say when it ends lasts as long as the documents say (fact sheet §1), and none is believed to
/// last longer than a day.
const KEY_SECS: i64 = 2 * 3600;
const LONGEST_KEY_SECS: i64 = 86_400;

/// A key that was bought so lately has not ended.
const NEW_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The API key as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptKey {
    api_key: String,
    expires_at: Timestamp,
    /// When it was bought; not known of keys from before this was kept.
    #[serde(default)]
    bought_at: Option<Timestamp>,
}

impl KeptKey {
    /// Whether it was bought so lately that nothing can be wrong with it.
    fn is_new(&self, now: Timestamp) -> bool {
        self.bought_at.is_some_and(|at| now.duration_since(at) < NEW_FOR)
    }
}

/// A client for one set of keys.
pub(super) struct Client<'a> {
    pub(super) cx: &'a Cx<'a>,
    id: &'a Secret,
    secret: &'a Secret,
    /// Names the keys without telling them, for what is counted together within this process.
    keys_name: String,
    patience: Patience,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Cx<'a>) -> Result<Self, Fault> {
        let key = |name: &str| {
            cx.keys.get(name).filter(|key| !key.is_empty()).ok_or_else(|| {
                Fault::new(FaultClass::NeedsOperator, "pluggy.keys_missing", "The keys for Pluggy are missing.")
                    .with_action(UserAction::FixCredentials)
            })
        };
        let (id, secret) = (key("client_id")?, key("client_secret")?);
        let mut hasher = DefaultHasher::new();
        (cx.base_url.as_str(), id.expose(), secret.expose()).hash(&mut hasher);
        let keys_name = format!("pluggy {:016x}", hasher.finish());
        Ok(Self { cx, id, secret, keys_name, patience: Patience::SHORT })
    }

    /// The same for a sync, for which nobody holds a page open.
    pub(super) fn patient(self) -> Self {
        Self { patience: Patience::LONG, ..self }
    }

    /// Buys an API key with the keys, and keeps it.
    pub(super) async fn new_key(&self) -> Result<Secret, Fault> {
        let body = json!({
            "clientId": self.id.expose(), "clientSecret": self.secret.expose(), "nonExpiring": false,
        });
        let answer = self.send(Method::POST, self.url(&["auth"])?, "auth", None, Some(&body)).await;
        let answer = answer.map_err(problem::of_keys)?;
        let new: wire::NewKey = parse(&answer.body)?;
        let now = self.cx.ambient.now();
        let longest = now + SignedDuration::from_secs(LONGEST_KEY_SECS);
        let stated = end_of(&new.api_key).filter(|end| *end > now).map(|end| end.min(longest));
        let expires_at = stated.unwrap_or(now + SignedDuration::from_secs(KEY_SECS));
        let kept = KeptKey { api_key: new.api_key.clone(), expires_at, bought_at: Some(now) };
        let text = serde_json::to_string(&kept).map_err(|error| unreadable().with_source(error))?;
        self.cx.tokens.save(&Secret::new(text), expires_at).await;
        Ok(Secret::new(new.api_key))
    }

    async fn kept_key(&self) -> Option<KeptKey> {
        let text = self.cx.tokens.load().await?;
        serde_json::from_str(text.expose()).ok()
    }

    async fn key(&self) -> Result<Secret, Fault> {
        let soon = self.cx.ambient.now() + SignedDuration::from_secs(RENEW_BEFORE_SECS);
        let lasting = |kept: KeptKey| (kept.expires_at > soon).then(|| Secret::new(kept.api_key));
        if let Some(key) = self.kept_key().await.and_then(lasting) {
            return Ok(key);
        }
        // Of several calls at once one buys the key for all.
        let _turn = self.cx.http.turn(&self.keys_name).await;
        match self.kept_key().await.and_then(lasting) {
            Some(key) => Ok(key),
            None => self.new_key().await,
        }
    }

    /// Another key than the one that was refused.
    async fn another_key(&self, refused: &Secret) -> Result<Secret, Fault> {
        let _turn = self.cx.http.turn(&self.keys_name).await;
        match self.kept_key().await {
            Some(kept) if kept.api_key != refused.expose() => Ok(Secret::new(kept.api_key)),
            _ => {
                self.cx.tokens.forget().await;
                self.new_key().await
            }
        }
    }

    /// `GET` of a path below the base address.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        label: &'static str,
    ) -> Result<Vec<u8>, Fault> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.authorised(Method::GET, url, label, None).await?.body)
    }

    /// An item as it stands. One that Pluggy does not know, or that belongs to other keys, is gone for us.
    pub(super) async fn item(&self, id: &str) -> Result<wire::Item, Fault> {
        let body = self.get(&["items", id], &[], "items/id").await.map_err(|fault| problem::of_item(fault, id))?;
        parse(&body)
    }

    /// Has an item read its bank anew. Only where a person asks for it: Pluggy's terms forbid it on a schedule (fact
    /// sheet §0.9).
    pub(super) async fn refresh(&self, id: &str) -> Result<wire::Item, Fault> {
        let answer = self.authorised(Method::PATCH, self.url(&["items", id])?, "items/refresh", Some(&json!({}))).await;
        parse(&answer.map_err(|fault| problem::of_item(fault, id))?.body)
    }

    /// Hands on what the bank asked for while an item is read.
    pub(super) async fn answer(&self, id: &str, name: &str, value: &Secret) -> Result<wire::Item, Fault> {
        let body = json!({ name: value.expose() });
        let answer = self.authorised(Method::POST, self.url(&["items", id, "mfa"])?, "items/mfa", Some(&body)).await;
        parse(&answer.map_err(|fault| problem::of_item(fault, id))?.body)
    }

    async fn authorised(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let key = self.key().await?;
        match self.send(method.clone(), url.clone(), label, Some(key.clone()), body).await {
            // Once: a second key that is refused is no matter of keys.
            Err(fault) if self.may_be_about_key(&fault).await => {
                let key = self.another_key(&key).await?;
                self.send(method, url, label, Some(key), body).await
            }
            result => result,
        }
    }

    /// Whether another key may help. It is not documented whether a key that has ended is unauthorized or forbidden, which is
    /// also what belongs to other keys; a key that is new settles that.
    async fn may_be_about_key(&self, fault: &Fault) -> bool {
        match fault.code() {
            problem::KEY_REFUSED => true,
            problem::NOT_PERMITTED => {
                let now = self.cx.ambient.now();
                self.kept_key().await.is_none_or(|kept| !kept.is_new(now))
            }
            _ => false,
        }
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        key: Option<Secret>,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let (subject, rule) = match method {
            Method::PATCH => ("refreshing", &REFRESHING),
            _ => ("reading", &READING),
        };
        let per_minute = u32::try_from(rule.max).ok().and_then(NonZeroU32::new);
        let pace = per_minute.map(|per_minute| Pace { key: format!("{} {subject}", self.keys_name), per_minute });
        let json = body.map(|body| Secret::new(body.to_string()));
        let proof = key.map(|key| Proof::Header("x-api-key", key));
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
            subject,
            rule,
            stated: |_, _| None,
            fault: problem::fault,
            used_up: problem::limited,
            is_used_up: |fault| fault.code() == problem::LIMITED,
        };
        limit.call(self.cx, &call, self.patience).await
    }

    /// The address of a path; each part is escaped.
    fn url(&self, path: &[&str]) -> Result<Url, Fault> {
        below(self.cx.base_url, path.iter().copied()).ok_or_else(|| {
            let message = "The base address of Pluggy is no web address.";
            Fault::new(FaultClass::NeedsOperator, "pluggy.base_url", message)
        })
    }
}

/// When a key ends, as it says itself. Nothing else of it is looked at, and nothing is believed but the time.
fn end_of(api_key: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = BASE64URL_NOPAD.decode(api_key.split('.').nth(1)?.as_bytes()).ok()?;
    Timestamp::from_second(serde_json::from_slice::<Claims>(&claims).ok()?.exp).ok()
}

/// Reads a successful answer.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        let fault = if error.is_eof() {
            Fault::new(FaultClass::RetryLater, "pluggy.cut_short", "An answer of Pluggy broke off.")
        } else {
            unreadable()
        };
        // The error names a place and a kind, never the content.
        fault.with_source(format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify()))
    })
}

pub(super) fn unreadable() -> Fault {
    Fault::new(FaultClass::Bug, "pluggy.unreadable", "Pluggy sent an answer that we cannot read.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_when_it_ends() {
        let key = |claims: &str| format!("e30.{}.signature", BASE64URL_NOPAD.encode(claims.as_bytes()));
        assert_eq!(end_of(&key(r#"{"exp":1795694400,"clientId":"x"}"#)), Timestamp::from_second(1_795_694_400).ok());
        for odd in
            [key(r#"{"exp":"soon"}"#), key(r#"{"exp":9223372036854775807}"#), "opaque".to_owned(), "..".to_owned()]
        {
            assert_eq!(end_of(&odd), None, "{odd}");
        }
    }
}
