//! The client: one signed call per endpoint, counted before it is made.
//!
//! The calls are those of version 1, which alone are documented in public; version 2 is only asked which logins it knows, for
//! the ids are the same in both. Source: sections 0 to 4 and 8 of the fact sheet.

use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::{Counts, QuotaRule, QuotaScope};
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use super::json::Object;
use super::{problem, signing};
use crate::connector::Cx;
use crate::fault::Fault;
use crate::http::{Address, Answer, Body, Call, Proof};
use crate::limited::{Limit, Patience, below};

/// What is free for developers: so many requests a month, each one counted.
pub(super) const MONTHLY: QuotaRule =
    QuotaRule { scope: QuotaScope::Credentials, per_secs: 30 * 86_400, max: 10_000, counts: Counts::All };
/// What is counted together, in the ledger.
const ALL_REQUESTS: &str = "requests";

/// A client for one set of keys.
pub(super) struct Client<'a> {
    pub(super) cx: &'a Cx<'a>,
    user_id: &'a str,
    access_key: &'a Secret,
    patience: Patience,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Cx<'a>) -> Result<Self, Fault> {
        let key = |name: &str| {
            cx.keys.get(name).filter(|key| !key.expose().trim().is_empty()).ok_or_else(|| {
                Fault::new(FaultClass::NeedsOperator, "sophtron.keys_missing", "The keys for Sophtron are missing.")
            })
        };
        let (user_id, access_key) = (key("user_id")?.expose().trim(), key("access_key")?);
        signing::key(access_key.expose())?;
        Ok(Self { cx, user_id, access_key, patience: Patience::SHORT })
    }

    /// The same for a sync, for which nobody holds a page open.
    pub(super) fn patient(self) -> Self {
        Self { patience: Patience::LONG, ..self }
    }

    /// The user to whom the keys belong, as requests name them.
    pub(super) fn user_id(&self) -> &str {
        self.user_id
    }

    /// Asks whether the keys are taken. The answer is a word or nothing.
    pub(super) async fn health_check(&self) -> Result<(), Fault> {
        let endpoint = "Institution/HealthCheckAuth";
        self.send(Method::GET, self.url(endpoint.split('/'))?, endpoint, None).await.map(|_| ())
    }

    /// A call that is answered with JSON, or with nothing.
    pub(super) async fn post(&self, endpoint: &'static str, body: &Value) -> Result<Vec<u8>, Fault> {
        let json = Secret::new(body.to_string());
        Ok(self.send(Method::POST, self.url(endpoint.split('/'))?, endpoint, Some(json)).await?.body)
    }

    /// A call of version 2, by the parts of its path.
    pub(super) async fn get(&self, path: &[&str], label: &'static str) -> Result<Vec<u8>, Fault> {
        Ok(self.send(Method::GET, self.url(path.iter().copied())?, label, None).await?.body)
    }

    /// A call whose whole answer is `0`, or `-1` where it did not work; answers with whether it did.
    pub(super) async fn did(&self, endpoint: &'static str, body: &Value) -> Result<bool, Fault> {
        let answer = self.post(endpoint, body).await?;
        let word = String::from_utf8_lossy(&answer);
        Ok(!word.trim().trim_matches('"').starts_with('-'))
    }

    /// Starts a job for a login: it is read from the bank anew. A job without an id is none, and what there is can be read.
    pub(super) async fn start(&self, endpoint: &'static str, body: &Value) -> Result<Option<String>, Fault> {
        let body = self.post(endpoint, body).await?;
        Ok(object(&body)?.id(&["jobid"]))
    }

    /// Has a login read from the bank anew.
    pub(super) async fn refresh(&self, login: &str) -> Result<Option<String>, Fault> {
        self.start("UserInstitution/RefreshUserInstitution", &json!({ "UserInstitutionID": login })).await
    }

    async fn send(&self, method: Method, url: Url, label: &'static str, json: Option<Secret>) -> Result<Answer, Fault> {
        let header = signing::authorization(self.user_id, self.access_key.expose(), &method, &url)?;
        let proof = Some(Proof::Header("authorization", header));
        let call = Call {
            method,
            url,
            label,
            proof,
            body: json.map(Body::Json),
            pace: None,
            address: Address::Configured,
            patience: None,
        };
        let limit = Limit {
            subject: ALL_REQUESTS,
            rule: &MONTHLY,
            stated: |_, _| None,
            fault: problem::fault,
            used_up: problem::limit,
            is_used_up: |fault| fault.class() == FaultClass::RateLimited,
        };
        limit.call(self.cx, &call, self.patience).await
    }

    /// The address of a path, each part escaped.
    fn url<'p>(&self, path: impl Iterator<Item = &'p str>) -> Result<Url, Fault> {
        below(self.cx.base_url, path).ok_or_else(|| {
            let message = "The base address of Sophtron is no web address.";
            Fault::new(FaultClass::NeedsOperator, "sophtron.base_url", message)
        })
    }
}

/// Reads an answer that is one object.
pub(super) fn object(body: &[u8]) -> Result<Object<'_>, Fault> {
    Object::read(body).ok_or_else(|| problem::unread(body))
}

/// Reads an answer that is a list, each member as it came. Where there is none it may be `null`.
pub(super) fn list(body: &[u8]) -> Result<Vec<&RawValue>, Fault> {
    let members: Option<Vec<&RawValue>> = serde_json::from_slice(body).map_err(|_| problem::unread(body))?;
    Ok(members.unwrap_or_default())
}
