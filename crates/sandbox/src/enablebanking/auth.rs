//! An authorisation begins (fact sheet §4).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::banks::{self, Bank, PERSONAL};
use super::problem::Problem;
use super::records::{Asked, Authorization, Step};
use super::walk;
use crate::Sandbox;

#[derive(Deserialize)]
struct Body {
    access: Access,
    aspsp: Aspsp,
    state: String,
    redirect_url: String,
    #[serde(default)]
    psu_type: Option<String>,
    #[serde(default)]
    auth_method: Option<String>,
    #[serde(default)]
    credentials: Option<Value>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    psu_id: Option<String>,
}

#[derive(Deserialize)]
struct Access {
    valid_until: String,
    #[serde(default = "yes")]
    balances: bool,
    #[serde(default = "yes")]
    transactions: bool,
}

#[derive(Deserialize)]
struct Aspsp {
    name: String,
    country: String,
}

fn yes() -> bool {
    true
}

/// `POST /auth`.
pub(super) async fn start(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Problem> {
    let body: Body = serde_json::from_slice(&body).map_err(|error| Problem::wrong(&error.to_string()))?;
    let id = sandbox.uuid();
    sandbox.change(|state, now| {
        let bank = banks::find(&body.aspsp.country.to_uppercase(), &body.aspsp.name).ok_or_else(|| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "WRONG_ASPSP_PROVIDED", "Wrong ASPSP name provided")
        })?;
        let psu_type = body.psu_type.clone().unwrap_or_else(|| PERSONAL.to_owned());
        check(&body, bank, &psu_type)?;
        let redirect = check_redirect(&body.redirect_url, &state.enablebanking.redirect_urls)?;
        let who = body.psu_id.clone().unwrap_or_else(|| id.to_string());
        let asked = Asked {
            bank: bank.directory_id.to_owned(),
            psu_type,
            valid_until: valid_until(&body.access.valid_until, bank, now)?,
            balances: body.access.balances,
            transactions: body.access.transactions,
            psu_id_hash: HEXLOWER.encode(&Sha256::digest(who.as_bytes())),
        };
        let psu_id_hash = asked.psu_id_hash.clone();
        let begun = Authorization {
            asked,
            created: now,
            redirect_url: redirect,
            state: body.state.clone(),
            step: Step::Consent,
            code: None,
        };
        state.enablebanking.authorizations.insert(id, begun);
        let url = sandbox.url(&format!("{}/{id}", walk::PATH));
        Ok(Json(json!({ "url": url, "authorization_id": id, "psu_id_hash": psu_id_hash })))
    })
}

fn check(body: &Body, bank: &Bank, psu_type: &str) -> Result<(), Problem> {
    if !bank.psu_types.contains(&psu_type) {
        return Err(Problem::wrong(&format!("{} does not support psu_type {psu_type}", bank.name())));
    }
    let method = body.auth_method.as_deref();
    if method.is_some_and(|method| !bank.approaches.iter().any(|approach| approach.to_lowercase() == method)) {
        return Err(Problem::wrong("auth_method is none of this bank's"));
    }
    if body.credentials.as_ref().is_some_and(|value| !value.is_null()) && method.is_none() {
        return Err(Problem::wrong("credentials go together with auth_method only"));
    }
    let is_language = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if !body.language.as_deref().is_none_or(is_language) {
        return Err(Problem::wrong("language is a two-letter lowercase code"));
    }
    Ok(())
}

/// No longer than the bank allows, to the microsecond (fact sheet §4).
fn valid_until(text: &str, bank: &Bank, now: Timestamp) -> Result<Timestamp, Problem> {
    let until: Timestamp = text.parse().map_err(|_| Problem::wrong("valid_until is no moment with an offset"))?;
    let seconds = bank.longest_consent_days * 86_400;
    if until > now + SignedDuration::from_secs(seconds) {
        let detail = format!("{} does not support consent validity more than {seconds} seconds", bank.name());
        return Err(Problem::wrong(&detail));
    }
    if until <= now {
        return Err(Problem::wrong("valid_until is in the past"));
    }
    Ok(until)
}

/// Redirects are registered, and `https` (fact sheet §1). Those to this machine need not be, so that the sandbox can be used
/// from any program on it.
fn check_redirect(text: &str, registered: &[String]) -> Result<String, Problem> {
    let url: Url = text.parse().map_err(|_| Problem::wrong("redirect_url is no address"))?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if is_here || registered.iter().any(|known| known == text) {
        return Ok(text.to_owned());
    }
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "REDIRECT_URI_NOT_ALLOWED", "Redirect URI not allowed"))
}
