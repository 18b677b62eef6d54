//! Who is asking: from the cookie to a person, from the address to their place in an organization.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::AppendHeaders;
use bankside_domain::{Asker, Formats, OrganizationId};
use bankside_engine::{Engine, EngineError, Membership, Person, SignedIn};
use url::Url;

use crate::App;
use crate::error::PageError;
use crate::security::client_address;

/// Longer names of browsers are cut.
const MAX_USER_AGENT_CHARS: usize = 400;
const PLAIN: &str = "bankside";
/// Browsers keep a cookie of this name only when it is secure and of this host alone.
const SECURE: &str = "__Host-bankside";
/// How a browser remembers that its person has folded the sidebar. The script writes it; it says nothing about anybody.
const SIDE: &str = "bankside_side";

fn name(home: &Url) -> &'static str {
    if home.scheme() == "https" { SECURE } else { PLAIN }
}

type SetCookie = AppendHeaders<[(header::HeaderName, String); 1]>;

/// The header that signs a browser in.
pub(crate) fn begin(home: &Url, signed_in: &SignedIn, now: jiff::Timestamp) -> SetCookie {
    let seconds = signed_in.expires_at.duration_since(now).as_secs().max(0);
    let secure = if home.scheme() == "https" { "; Secure" } else { "" };
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
        name(home),
        signed_in.token.expose()
    );
    AppendHeaders([(header::SET_COOKIE, cookie)])
}

/// The header that signs a browser out.
pub(crate) fn end(home: &Url) -> SetCookie {
    let secure = if home.scheme() == "https" { "; Secure" } else { "" };
    let cookie = format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}", name(home));
    AppendHeaders([(header::SET_COOKIE, cookie)])
}

/// The token that a browser sent.
pub(crate) fn token(headers: &HeaderMap, home: &Url) -> Option<String> {
    cookie(headers, name(home))
}

fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, token)| token.to_owned())
}

/// The person who is signed in, if anybody is.
pub(crate) async fn person(app: &App, headers: &HeaderMap) -> Result<Option<Person>, PageError> {
    match token(headers, &app.engine.settings().public_url) {
        Some(token) => Ok(app.engine.session(&token).await?),
        None => Ok(None),
    }
}

/// A signed-in person.
pub(crate) struct Visitor(pub(crate) Person);

impl FromRequestParts<App> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        person(app, &parts.headers).await?.map(Self).ok_or_else(PageError::sign_in)
    }
}

/// Somebody who is there in a browser, as banks are told.
pub(crate) struct Present(bankside_engine::Visitor);

impl Present {
    /// The engine, asked by them.
    pub(crate) fn asks(self, app: &App) -> Engine {
        app.engine.visited_by(self.0)
    }
}

impl FromRequestParts<App> for Present {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let ConnectInfo(from) = ConnectInfo::<SocketAddr>::from_request_parts(parts, app)
            .await
            .map_err(|error| PageError::from(EngineError::Inside(error.to_string())))?;
        let address = client_address(from.ip(), &parts.headers, &app.engine.settings().trusted_proxies);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let user_agent = agent.chars().take(MAX_USER_AGENT_CHARS).collect();
        Ok(Self(bankside_engine::Visitor { address, user_agent }))
    }
}

/// A member of the organization that the address names. For everybody else the address leads nowhere.
pub(crate) struct Member {
    pub(crate) membership: Membership,
    pub(crate) person: Person,
    /// Whether they have folded the sidebar in this browser.
    pub(crate) has_folded_side: bool,
    /// How they read figures and days.
    pub(crate) formats: Formats,
}

/// How a person reads figures and days: as they chose, else as their browser's languages have it.
pub(crate) fn formats(person: &Person, headers: &HeaderMap) -> Formats {
    person.formats.with_languages(languages(headers))
}

/// The languages that a browser asks for.
pub(crate) fn languages(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl Member {
    pub(crate) fn asker(&self) -> &Asker {
        &self.membership.asker
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let Visitor(person) = Visitor::from_request_parts(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| PageError::not_found())?;
        let named = params.iter().find(|(name, _)| *name == "organization");
        let organization: OrganizationId =
            named.and_then(|(_, id)| id.parse().ok()).ok_or_else(PageError::not_found)?;
        let membership = app.engine.membership(person.id, organization).await?;
        let has_folded_side = cookie(&parts.headers, SIDE).is_some_and(|state| state == "closed");
        let formats = formats(&person, &parts.headers);
        Ok(Self { membership, person, has_folded_side, formats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let home = Url::parse("http://127.0.0.1:5006/").unwrap();
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=b; bankside=token; __Host-bankside=other".parse().unwrap());
        assert_eq!(token(&headers, &home).as_deref(), Some("token"));
        let secure = Url::parse("https://money.example.org/").unwrap();
        assert_eq!(token(&headers, &secure).as_deref(), Some("other"));
        assert_eq!(token(&HeaderMap::new(), &home), None);
    }
}
