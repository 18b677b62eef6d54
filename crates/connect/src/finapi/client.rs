//! The client: one typed call per endpoint of both services, with the tokens, our own pace, and one retry on a token that is not
//! taken any more.
//!
//! Nearly everything is asked as a user, one for each organization: a name and a password that nobody knows but us, made up here, kept
//! before they are sent, and made known to finAPI with the client's own token. Source: sections 1 to 3 of the fact sheet.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU32;

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::{Counts, QuotaRule, QuotaScope};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
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

/// Every call. finAPI documents no limit but that a form is not to be looked at more than once a second; this is ours.
pub(super) const CALLS: QuotaRule =
    QuotaRule { scope: QuotaScope::Credentials, per_secs: 60, max: 300, counts: Counts::All };
/// Having a bank read without its person there, which banks allow four times a day (fact sheet §6).
pub(super) const UPDATES: QuotaRule =
    QuotaRule { scope: QuotaScope::Connection, per_secs: 86_400, max: 4, counts: Counts::All };

/// Tokens are renewed this long before they end; one for a form has to last while a person fills it in.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);
const FORM_LASTS: SignedDuration = SignedDuration::from_mins(45);
/// How long a token lasts that does not say so (fact sheet §2), and none is believed to last longer than a day.
const TOKEN_SECS: i64 = 3600;
const LONGEST_TOKEN_SECS: i64 = 86_400;

/// The user of an organization, as it is kept.
#[derive(Serialize, Deserialize)]
struct User {
    id: String,
    password: String,
}

/// A token as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptToken {
    access_token: String,
    expires_at: Timestamp,
}

/// Which of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Access,
    Form,
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
                Fault::new(FaultClass::NeedsOperator, "finapi.keys_missing", "The keys for finAPI are missing.")
                    .with_action(UserAction::FixCredentials)
            })
        };
        let (id, secret) = (key("client_id")?, key("client_secret")?);
        let mut hasher = DefaultHasher::new();
        (cx.base_url.as_str(), id.expose(), secret.expose()).hash(&mut hasher);
        let keys_name = format!("finapi {:016x}", hasher.finish());
        Ok(Self { cx, id, secret, keys_name, patience: Patience::SHORT })
    }

    /// The same for a sync, for which nobody holds a page open.
    pub(super) fn patient(self) -> Self {
        Self { patience: Patience::LONG, ..self }
    }

    /// Buys a token of the client itself, which proves the keys.
    pub(super) async fn client_token(&self) -> Result<Secret, Fault> {
        Ok(Secret::new(self.token_for(&[("grant_type", "client_credentials")]).await?.access_token))
    }

    async fn token_for(&self, grant: &[(&str, &str)]) -> Result<wire::NewToken, Fault> {
        let mut fields = vec![("client_id", self.id.expose()), ("client_secret", self.secret.expose())];
        fields.extend(grant);
        let url = self.url(Service::Access, &["api", "v2", "oauth", "token"])?;
        let answer = self.send(Method::POST, url, "oauth/token", None, Some(Body::form(&fields))).await?;
        parse(&answer.body)
    }

    /// The organization's user. Where there is none yet, one is made up, kept, and then made known.
    async fn user(&self) -> Result<User, Fault> {
        let new = User {
            id: HEXLOWER.encode(&self.cx.ambient.random::<16>()),
            password: BASE64URL_NOPAD.encode(&self.cx.ambient.random::<24>()),
        };
        let text = Secret::new(serde_json::to_string(&new).map_err(|error| broken().with_source(error))?);
        let name = format!("user {} {}", self.cx.base_url, self.id.expose());
        let kept = self.cx.keepsakes.keep_once(&name, &text).await?;
        let user: User = serde_json::from_str(kept.expose()).map_err(|_| broken())?;
        if user.id == new.id {
            self.make_known(&user).await?;
        }
        Ok(user)
    }

    /// One that is there already is ours, too: nobody else can have made it.
    async fn make_known(&self, user: &User) -> Result<(), Fault> {
        let proof = Proof::Bearer(self.client_token().await?);
        let body = json!({ "id": user.id, "password": user.password, "isAutoUpdateEnabled": false });
        let url = self.url(Service::Access, &["api", "v2", "users"])?;
        let body = Some(Body::Json(Secret::new(body.to_string())));
        match self.send(Method::POST, url, "users", Some(proof), body).await {
            Err(fault) if fault.code() == problem::EXISTS || fault.http_status() == Some(409) => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Buys a token of the user. One that finAPI does not know although it was made up here was lost on its way there.
    async fn new_token(&self) -> Result<Secret, Fault> {
        let user = self.user().await?;
        let grant = [("grant_type", "password"), ("username", user.id.as_str()), ("password", user.password.as_str())];
        let new = match self.token_for(&grant).await {
            Err(fault) if fault.code() == problem::USER_UNKNOWN => {
                self.make_known(&user).await?;
                self.token_for(&grant).await?
            }
            result => result?,
        };
        // Zero is a token that never ends.
        let secs = new.expires_in.unwrap_or(TOKEN_SECS);
        let secs = if secs <= 0 { LONGEST_TOKEN_SECS } else { secs.min(LONGEST_TOKEN_SECS) };
        let expires_at = self.cx.ambient.now() + SignedDuration::from_secs(secs);
        let kept = KeptToken { access_token: new.access_token.clone(), expires_at };
        let text = serde_json::to_string(&kept).map_err(|error| problem::unreadable().with_source(error))?;
        self.cx.tokens.save(&Secret::new(text), expires_at).await;
        Ok(Secret::new(new.access_token))
    }

    async fn kept_token(&self) -> Option<KeptToken> {
        serde_json::from_str(self.cx.tokens.load().await?.expose()).ok()
    }

    /// A token of the user that lasts for so long.
    async fn token(&self, lasts: SignedDuration) -> Result<Secret, Fault> {
        let until = self.cx.ambient.now() + lasts;
        let lasting = |kept: KeptToken| (kept.expires_at > until).then(|| Secret::new(kept.access_token));
        if let Some(token) = self.kept_token().await.and_then(lasting) {
            return Ok(token);
        }
        // Of several calls at once one buys the token for all.
        let _turn = self.cx.http.turn(&self.keys_name).await;
        match self.kept_token().await.and_then(lasting) {
            Some(token) => Ok(token),
            None => self.new_token().await,
        }
    }

    /// Another token than the one that was refused.
    async fn another_token(&self, refused: &Secret) -> Result<Secret, Fault> {
        let _turn = self.cx.http.turn(&self.keys_name).await;
        match self.kept_token().await {
            Some(kept) if kept.access_token != refused.expose() => Ok(Secret::new(kept.access_token)),
            _ => {
                self.cx.tokens.forget().await;
                self.new_token().await
            }
        }
    }

    /// Banks by a name, a bank code, a BIC or a city, with the client's token: nobody's data is asked for.
    pub(super) async fn banks(&self, search: &str) -> Result<wire::Banks, Fault> {
        let mut url = self.url(Service::Access, &["api", "v2", "banks"])?;
        url.query_pairs_mut().append_pair("search", search).append_pair("perPage", "100");
        let proof = Proof::Bearer(self.client_token().await?);
        parse(&self.send(Method::GET, url, "banks", Some(proof), None).await?.body)
    }

    /// `GET` of a path of Access.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        label: &'static str,
    ) -> Result<Vec<u8>, Fault> {
        let mut url = self.url(Service::Access, &[&["api", "v2"], path].concat())?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.authorised(Method::GET, url, label, None, RENEW_BEFORE).await?.body)
    }

    pub(super) async fn connection(&self, id: &str) -> Result<wire::BankConnection, Fault> {
        parse(&self.get(&["bankConnections", id], &[], "bankConnections/id").await?)
    }

    /// Deletes a connection, with everything that finAPI has of it.
    pub(super) async fn delete_connection(&self, id: &str) -> Result<(), Fault> {
        let url = self.url(Service::Access, &["api", "v2", "bankConnections", id])?;
        self.authorised(Method::DELETE, url, "bankConnections/id", None, RENEW_BEFORE).await.map(|_| ())
    }

    /// A new form, made with a token that lasts while it is filled in.
    pub(super) async fn new_form(&self, body: &Value) -> Result<wire::WebForm, Fault> {
        let url = self.url(Service::Form, &["api", "webForms", "bankConnectionImport"])?;
        let label = "webForms/bankConnectionImport";
        parse(&self.authorised(Method::POST, url, label, Some(body), FORM_LASTS).await?.body)
    }

    pub(super) async fn form(&self, id: &str) -> Result<wire::WebForm, Fault> {
        let url = self.url(Service::Form, &["api", "webForms", id])?;
        parse(&self.authorised(Method::GET, url, "webForms/id", None, RENEW_BEFORE).await?.body)
    }

    pub(super) async fn delete_form(&self, id: &str) -> Result<(), Fault> {
        let url = self.url(Service::Form, &["api", "webForms", id])?;
        self.authorised(Method::DELETE, url, "webForms/id", None, RENEW_BEFORE).await.map(|_| ())
    }

    /// Has a bank read in the background. A form may come of it.
    pub(super) async fn update(&self, body: &Value) -> Result<wire::Task, Fault> {
        let url = self.url(Service::Form, &["api", "tasks", "backgroundUpdate"])?;
        parse(&self.authorised(Method::POST, url, "tasks/backgroundUpdate", Some(body), FORM_LASTS).await?.body)
    }

    pub(super) async fn task(&self, id: &str) -> Result<wire::Task, Fault> {
        let url = self.url(Service::Form, &["api", "tasks", id])?;
        parse(&self.authorised(Method::GET, url, "tasks/id", None, RENEW_BEFORE).await?.body)
    }

    async fn authorised(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        body: Option<&Value>,
        lasts: SignedDuration,
    ) -> Result<Answer, Fault> {
        let token = self.token(lasts).await?;
        let body = body.map(|body| Body::Json(Secret::new(body.to_string())));
        let proof = |token: &Secret| Some(Proof::Bearer(token.clone()));
        match self.send(method.clone(), url.clone(), label, proof(&token), body.clone()).await {
            // Once: a second token that is refused is no matter of tokens.
            Err(fault) if fault.code() == problem::TOKEN_REFUSED => {
                let token = self.another_token(&token).await?;
                self.send(method, url, label, proof(&token), body).await
            }
            result => result,
        }
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        label: &'static str,
        proof: Option<Proof>,
        body: Option<Body>,
    ) -> Result<Answer, Fault> {
        let per_minute = u32::try_from(CALLS.max).ok().and_then(NonZeroU32::new);
        let pace = per_minute.map(|per_minute| Pace { key: self.keys_name.clone(), per_minute });
        let call = Call { method, url, label, proof, body, pace, address: Address::Configured, patience: None };
        let limit = Limit {
            subject: "calls",
            rule: &CALLS,
            stated: |_, _| None,
            fault: problem::fault,
            used_up: problem::limited,
            is_used_up: |fault| fault.code() == problem::LIMITED,
        };
        limit.call(self.cx, &call, self.patience).await
    }

    /// The address of a path at one of the services; each part is escaped.
    fn url(&self, service: Service, path: &[&str]) -> Result<Url, Fault> {
        let base = match service {
            Service::Access => Some(self.cx.base_url.clone()),
            Service::Form => form_address(self.cx.base_url),
        };
        base.and_then(|base| below(&base, path.iter().copied())).ok_or_else(|| {
            let message = "The base address of finAPI is no web address.";
            Fault::new(FaultClass::NeedsOperator, "finapi.base_url", message)
        })
    }
}

/// Where the web form is, by where Access is: its host has a word before it at finAPI (fact sheet §1), and elsewhere its path has that
/// word behind it.
fn form_address(access: &Url) -> Option<Url> {
    let mut url = access.clone();
    match access.host_str().filter(|host| host.ends_with(".finapi.io")) {
        Some(host) => url.set_host(Some(&format!("webform-{host}"))).ok()?,
        None => url.set_path(&format!("{}-webform/", access.path().trim_end_matches('/'))),
    }
    Some(url)
}

fn broken() -> Fault {
    Fault::new(FaultClass::Bug, "finapi.user", "The user that was made at finAPI cannot be read.")
}

/// Reads a successful answer.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| problem::unread(body, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_lies_beside_access() {
        for (access, form) in [
            ("https://live.finapi.io/", "https://webform-live.finapi.io/"),
            ("https://sandbox.finapi.io/", "https://webform-sandbox.finapi.io/"),
            ("http://127.0.0.1:5007/finapi/", "http://127.0.0.1:5007/finapi-webform/"),
        ] {
            assert_eq!(form_address(&access.parse().unwrap()).unwrap().as_str(), form);
        }
    }
}
