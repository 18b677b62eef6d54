//! Tokens (fact sheet §2): of the client, which makes users and looks for banks, and of a user, for everything else.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::Query;
use super::problem::Problem;
use super::records::Records;
use super::{CLIENT_ID, CLIENT_SECRET};
use crate::Sandbox;

const LIFETIME_SECONDS: i64 = 3600;
/// So many wrong passwords in a row lock a user.
const MOST_FAILURES: u32 = 5;

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Holder {
    Client,
    User(String),
}

/// A token, by its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(super) holder: Holder,
    ends: Timestamp,
    is_refresh: bool,
}

impl Token {
    fn new(holder: Holder, ends: Timestamp, is_refresh: bool) -> Self {
        Self { holder, ends, is_refresh }
    }
}

impl Records {
    /// Whose token this is, while it lasts.
    pub(super) fn holder(&self, token: &str, now: Timestamp) -> Option<&Holder> {
        let known = self.tokens.get(token).filter(|known| !known.is_refresh && known.ends > now)?;
        match &known.holder {
            Holder::User(user) if !self.users.contains_key(user) => None,
            holder => Some(holder),
        }
    }

    /// Signs a user in. Wrong passwords are counted, and lock the user.
    fn sign_in(&mut self, id: &str, password: &str) -> Result<Holder, Problem> {
        let user = self.users.get_mut(id).ok_or_else(Problem::bad_credentials)?;
        if user.failures >= MOST_FAILURES {
            return Err(Problem::user_locked());
        }
        if user.password != password {
            user.failures += 1;
            return Err(Problem::bad_credentials());
        }
        user.failures = 0;
        Ok(Holder::User(id.to_owned()))
    }
}

/// The token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// `POST /api/v2/oauth/token`. A wrong password is kept count of, so the state changes although the answer is a refusal.
pub(super) async fn token(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Problem> {
    let form = Query::read(&body);
    let of = |name: &str| form.get(name).unwrap_or_default();
    if of("client_id") != CLIENT_ID || of("client_secret") != CLIENT_SECRET {
        let status = StatusCode::UNAUTHORIZED;
        return Err(Problem::oauth(status, "invalid_client", "Bad client credentials"));
    }
    let texts = [HEXLOWER.encode(sandbox.uuid().as_bytes()), HEXLOWER.encode(sandbox.uuid().as_bytes())];
    let refresh = HEXLOWER.encode(sandbox.uuid().as_bytes());
    sandbox.change(|state, now| {
        let records = &mut state.finapi;
        let holder = match of("grant_type") {
            "client_credentials" => Ok(Holder::Client),
            "password" => records.sign_in(of("username"), of("password")),
            "refresh_token" => match records.tokens.get(of("refresh_token")) {
                Some(token) if token.is_refresh => Ok(token.holder.clone()),
                _ => Err(Problem::bad_credentials()),
            },
            _ => Err(Problem::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant type")),
        };
        let holder = match holder {
            Ok(holder) => holder,
            Err(problem) => return Ok::<_, Problem>(Err(problem)),
        };
        records.tokens.retain(|_, token| token.ends > now);
        let access = texts.concat();
        let mut answer = json!({
            "access_token": access, "token_type": "bearer", "expires_in": LIFETIME_SECONDS, "scope": "all",
        });
        if matches!(holder, Holder::User(_)) {
            answer["refresh_token"] = refresh.as_str().into();
            let ends = now + SignedDuration::from_hours(24 * 30);
            records.tokens.insert(refresh, Token::new(holder.clone(), ends, true));
        }
        let ends = now + SignedDuration::from_secs(LIFETIME_SECONDS);
        records.tokens.insert(access, Token::new(holder, ends, false));
        Ok(Ok(Json(answer)))
    })?
}

/// `POST /api/v2/oauth/revoke`.
pub(super) async fn revoke(State(sandbox): State<Sandbox>, query: Query) -> Result<StatusCode, Problem> {
    sandbox.change(|state, _| {
        state.finapi.tokens.remove(query.get("token").unwrap_or_default());
        Ok(StatusCode::OK)
    })
}
