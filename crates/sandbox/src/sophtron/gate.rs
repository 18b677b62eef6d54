//! What stands before every call: which one it is, whether it is signed, and whether the month has requests left.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::ask::{Ask, Fields};
use super::faults::{self, Hit};
use super::problem::Problem;
use super::signature::Signed;
use super::{ACCESS_KEY, API_PATH, BODY_LIMIT_BYTES, USER_ID, rest, v1, wire};
use crate::calls::{Call, Noted};
use crate::faults::line;
use crate::{Sandbox, Switches};

/// What a call is answered with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Json(Value),
    Text(&'static str),
    /// Status 200 and nothing.
    Empty,
}

pub(super) type Answered = Result<Reply, Problem>;

/// One call of the API.
pub(super) struct Route {
    pub(super) label: &'static str,
    pub(super) method: Method,
    /// Below the base path, in lower case; `{}` stands for any part.
    pub(super) path: &'static str,
    /// Whether it needs no signature.
    pub(super) is_open: bool,
    pub(super) serve: fn(&Sandbox, &Ask) -> Answered,
}

impl Route {
    /// A call that has to be signed.
    pub(super) const fn new(
        label: &'static str,
        method: Method,
        path: &'static str,
        serve: fn(&Sandbox, &Ask) -> Answered,
    ) -> Self {
        Self { label, method, path, is_open: false, serve }
    }

    /// The parts of a path of this route; `None` when it is none.
    fn params(&self, path: &str) -> Option<Vec<String>> {
        let mut params = Vec::new();
        let mut parts = path.split('/');
        for pattern in self.path.split('/') {
            let part = parts.next()?;
            match pattern {
                "{}" if !part.is_empty() => params.push(part.replace("%7C", "|").replace("%7c", "|")),
                _ if part.eq_ignore_ascii_case(pattern) => {}
                _ => return None,
            }
        }
        parts.next().is_none().then_some(params)
    }

    /// The account that a call is about.
    fn account(&self, ask: &Ask) -> Option<String> {
        if self.path.starts_with("/v") {
            return self.path.contains("/accounts/{}").then(|| ask.params.last().cloned()).flatten();
        }
        ask.body.account()
    }
}

fn routes() -> impl Iterator<Item = &'static Route> {
    v1::ROUTES.iter().chain(rest::ROUTES)
}

/// What the calls are labelled.
pub(super) fn labels() -> Vec<&'static str> {
    let mut labels: Vec<_> = routes().map(|route| route.label).collect();
    labels.dedup();
    labels
}

/// Lets a call through, or answers it, and notes it.
pub(super) async fn gate(State(sandbox): State<Sandbox>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let switches = sandbox.switches();
    let path = parts.uri.path().get(API_PATH.len()..).unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let fitting: Vec<_> = routes().filter_map(|route| Some((route, route.params(path)?))).collect();
    let Some((first, _)) = fitting.first() else { return Problem::no_such_call().response(&switches) };
    let found = fitting.iter().find(|(route, _)| route.method == parts.method);
    let call = Call {
        label: found.map_or(first.label, |(route, _)| route.label),
        method: parts.method.to_string(),
        account: None,
        query: parts.uri.query().map(str::to_owned),
        status: None,
        fault: None,
    };
    let mut noted = Noted { sandbox: &sandbox, call };
    let let_in = LetIn { sandbox: &sandbox, switches: Arc::clone(&switches) };
    let response = match found {
        None => Problem::method_not_allowed().response(&switches),
        Some((route, _)) if !route.is_open && !is_signed(&parts.headers, &parts.method, &parts.uri, &switches) => {
            Problem::unauthorized().response(&switches)
        }
        Some((route, params)) => match to_bytes(body, BODY_LIMIT_BYTES).await {
            Err(_) => Problem::too_long().response(&switches),
            Ok(body) => {
                let query = Fields::of_query(parts.uri.query().unwrap_or_default());
                let ask = Fields::of_body(&body).map(|body| Ask { params: params.clone(), query, body });
                let_in.answer(route, ask, &mut noted.call).await
            }
        },
    };
    noted.call.status = line::is_sent(&response).then(|| response.status().as_u16());
    response
}

/// Whether a call is signed as fact sheet §2 has it.
fn is_signed(headers: &HeaderMap, method: &Method, uri: &axum::http::Uri, switches: &Switches) -> bool {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let address = uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str).unwrap_or_default();
    let Some(signed) = Signed::read(header) else { return false };
    signed.is_right(USER_ID, ACCESS_KEY, method.as_str())
        && (!switches.sophtron_signed_path_is_checked
            || signed.is_for(address, switches.sophtron_bar_may_be_signed_raw))
}

/// What is behind the signature.
struct LetIn<'a> {
    sandbox: &'a Sandbox,
    switches: Arc<Switches>,
}

impl LetIn<'_> {
    /// Counts a call and answers it, or meets the fault that is armed for it.
    async fn answer(&self, route: &Route, ask: Result<Ask, Problem>, call: &mut Call) -> Response {
        if !route.is_open && self.switches.sophtron_month_is_limited {
            let counted = self.sandbox.change(|state, now| Ok::<_, Problem>(state.sophtron.month.take(1, now)));
            match counted {
                Ok(true) => {}
                Ok(false) => return Problem::month_used_up().response(&self.switches),
                Err(problem) => return problem.response(&self.switches),
            }
        }
        let ask = match ask {
            Ok(ask) => ask,
            Err(problem) => return problem.response(&self.switches),
        };
        call.account = route.account(&ask);
        let Some(fault) = self.sandbox.meet(call) else { return self.serve(route, &ask) };
        let hit = Hit { fault, switches: &self.switches };
        call.fault = faults::name_of(&hit);
        faults::strike(&hit, || self.serve(route, &ask)).await
    }

    fn serve(&self, route: &Route, ask: &Ask) -> Response {
        let mut response = match (route.serve)(self.sandbox, ask) {
            Ok(Reply::Json(value)) => {
                let is_camel = self.switches.sophtron_rest_keys_are_camel_case && route.path.starts_with("/v");
                axum::Json(if is_camel { wire::camel(value) } else { value }).into_response()
            }
            Ok(Reply::Text(text)) => text.into_response(),
            Ok(Reply::Empty) => ().into_response(),
            Err(problem) => problem.response(&self.switches),
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_call_is_there_once() {
        let calls: HashSet<_> = routes().map(|route| (route.method.clone(), route.path)).collect();
        assert_eq!(calls.len(), routes().count());
        let labels: HashSet<_> = labels().into_iter().collect();
        assert_eq!(labels.len(), super::labels().len());
        for route in routes() {
            assert!(route.label.starts_with("sophtron/"), "{}", route.label);
            assert_eq!(route.path, route.path.to_lowercase());
        }
    }

    #[test]
    fn paths_have_any_casing_and_parts_keep_theirs() {
        let params = |path: &str| routes().find_map(|route| route.params(path));
        assert_eq!(params("/institution/GETINSTITUTIONBYNAME"), Some(Vec::new()));
        assert_eq!(params("/V3/Customers/Abc/Members/D/identity"), Some(vec!["Abc".into(), "D".into()]));
        assert_eq!(params("/v2/customers/c/members/aggregate%7chistory").unwrap()[1], "aggregate|history");
        assert_eq!(params("/v2/customers//members"), None);
    }
}
