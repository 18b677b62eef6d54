//! What every answer carries and every request must pass: security headers, and the check that a form came from our own pages.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::App;
use crate::api::Problem;
use crate::error::PageError;

/// No inline script, no inline style, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds the headers that every answer carries. Pages are not kept by browsers unless they say so themselves.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()");
    response
}

/// Refuses writes that do not come from our own pages: their origin must be the configured address.
pub(crate) async fn own_pages_only(State(app): State<App>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let home = &app.engine.settings().public_url;
    if origin.is_some_and(|origin| is_home(origin, home)) {
        return next.run(request).await;
    }
    tracing::warn!(origin, %home, "a write from elsewhere was refused");
    let home = home.origin().ascii_serialization();
    let message = format!("This request did not come from a page of {home}, so nothing was done.");
    let who = format!(
        "You: open Bankside at {home}. If that is not its address, whoever runs this server can change it (public_url)."
    );
    if request.uri().path().starts_with("/api/") {
        return Problem::elsewhere(message, who).into_response();
    }
    PageError::plain(StatusCode::FORBIDDEN, "Not from here", message).who(who).into_response()
}

/// Whether an origin is the configured one. On this machine alone, its three names are one.
fn is_home(origin: &str, home: &Url) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    if origin.origin() == home.origin() {
        return true;
    }
    let is_loopback = |url: &Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    is_loopback(&origin)
        && is_loopback(home)
        && origin.scheme() == home.scheme()
        && origin.port_or_known_default() == home.port_or_known_default()
}

/// Where a request comes from, for counting attempts: the peer, or, where that is a trusted proxy, the last address in
/// `X-Forwarded-For` that is none. One who has a whole IPv6 network has one place in it.
pub(crate) fn origin_address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> String {
    match client_address(peer, headers, trusted_proxies) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The address of the browser: the peer, or whom a trusted proxy speaks for.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut address = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for named in forwarded.iter().rev() {
        if !trusted_proxies.contains(&address) {
            break;
        }
        let Ok(before) = named.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

/// Whether pages travel unprotected over a network.
pub(crate) fn is_plain_http(home: &Url) -> bool {
    home.scheme() == "http" && !matches!(home.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_whom_it_speaks_for() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let headers =
            |value: &str| HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), value.parse().unwrap())]);
        let proxies = [ip("127.0.0.1"), ip("10.0.0.2")];
        let from = |peer, value| origin_address(ip(peer), &headers(value), &proxies);
        assert_eq!(from("203.0.113.7", "198.51.100.1"), "203.0.113.7");
        assert_eq!(from("127.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(from("127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(from("127.0.0.1", "nonsense"), "127.0.0.1");
        assert_eq!(from("::ffff:127.0.0.1", "2001:db8:1:2:3::9"), "2001:db8:1:2::/64");
    }

    #[test]
    fn only_home_is_home() {
        let home = Url::parse("https://money.example.org/").unwrap();
        assert!(is_home("https://money.example.org", &home));
        for other in [
            "null",
            "http://money.example.org",
            "https://money.example.org:8443",
            "https://money.example.org.evil.test",
            "https://evil.test",
            "",
        ] {
            assert!(!is_home(other, &home), "{other}");
        }
        let here = Url::parse("http://127.0.0.1:5006/").unwrap();
        assert!(is_home("http://localhost:5006", &here));
        assert!(!is_home("http://localhost:5007", &here));
        assert!(!is_home("http://rebound.evil.test:5006", &here));
        assert!(is_plain_http(&Url::parse("http://192.168.1.5:5006").unwrap()));
        assert!(!is_plain_http(&here));
    }
}
