//! The consent in the browser (fact sheet §5, §13.3): what `link` leads to.
//!
//! Plain forms, no scripts: each step is a page whose form posts to the page's own address and is answered with a
//! redirect, to the next step or back to the program that began the walk. Every form has a hidden `step`; a form of
//! another step than the current one changes nothing. A machine walks the pages like a person does.

mod link;
mod pages;
mod walk;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use url::form_urlencoded;
use uuid::Uuid;

use super::Records;
use super::fields::parse_uuid;
use super::records::{Agreement, Requisition};
use crate::banks::{self, Bank};
use crate::{Sandbox, SandboxError};
use pages::Screen;
use walk::Reply;

pub(super) use walk::{Failure, Form, Outcome};

pub(super) type PathOf = Result<Path<(String, String)>, PathRejection>;

/// A requisition with all that its pages speak of.
struct Visit {
    id: Uuid,
    requisition: Requisition,
    agreement: Agreement,
    bank: &'static Bank,
    now: Timestamp,
}

impl Visit {
    /// What a link leads to; `None` when it is wrong or its requisition is gone.
    fn find(records: &Records, path: PathOf, now: Timestamp) -> Option<Self> {
        let Path((link, institution_id)) = path.ok()?;
        let id = records.by_link(parse_uuid(&link)?)?;
        let requisition = records.requisitions.get(&id)?.clone();
        let agreement = records.agreements.get(&requisition.agreement)?.clone();
        let bank = banks::find(&requisition.institution_id)?;
        (requisition.institution_id == institution_id).then_some(Self { id, requisition, agreement, bank, now })
    }
}

/// `GET …/start/{link}/{institution_id}`
pub(super) async fn show(State(sandbox): State<Sandbox>, path: PathOf, uri: Uri) -> Response {
    turn(&sandbox, path, &uri, |_, visit, records| Ok(walk::open(visit, records)))
}

/// `POST …/start/{link}/{institution_id}`
pub(super) async fn submit(State(sandbox): State<Sandbox>, path: PathOf, uri: Uri, body: Bytes) -> Response {
    let form = Form::read(&body);
    turn(&sandbox, path, &uri, |sandbox, visit, records| walk::submit(sandbox, visit, records, &form))
}

fn turn(
    sandbox: &Sandbox,
    path: PathOf,
    uri: &Uri,
    act: impl FnOnce(&Sandbox, &Visit, &mut Records) -> Result<Reply, SandboxError>,
) -> Response {
    let done = sandbox.change(|state, now| {
        let Some(visit) = Visit::find(&state.gocardless, path, now) else { return Ok(None) };
        let reply = act(sandbox, &visit, &mut state.gocardless)?;
        Ok::<_, SandboxError>(Some((visit, reply)))
    });
    match done {
        Ok(Some((visit, reply))) => respond(sandbox, &visit, uri, reply),
        Ok(None) => pages::unknown_link(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn respond(sandbox: &Sandbox, visit: &Visit, uri: &Uri, reply: Reply) -> Response {
    match reply {
        Reply::Show(step, problem) => match Screen::new(sandbox, visit, problem) {
            Ok(screen) => screen.draw(step),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Reply::Again => Redirect::to(uri.path()).into_response(),
        Reply::Away(outcome) => away(sandbox, visit, outcome),
    }
}

/// Back to the program that began the walk, or a last page where there is no way back.
fn away(sandbox: &Sandbox, visit: &Visit, outcome: Outcome) -> Response {
    let place = visit.requisition.redirect.as_deref().map(|redirect| {
        let ampersand = sandbox.switches().ref_joins_query_with_ampersand;
        place_with(redirect, &visit.requisition.reference, outcome, ampersand)
    });
    match place.and_then(|place| HeaderValue::try_from(place).ok()) {
        Some(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        None => pages::nowhere_to_go(visit, outcome),
    }
}

/// `<redirect>?ref=…`, and what went wrong (fact sheet §5). A fragment stays at the end.
pub(super) fn place_with(redirect: &str, reference: &str, outcome: Outcome, ampersand: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("ref", reference);
    if let Outcome::Failed(failure) = outcome {
        query.append_pair("error", failure.name()).append_pair("details", failure.details());
    }
    let (base, fragment) = redirect.split_once('#').map_or((redirect, None), |(base, rest)| (base, Some(rest)));
    let joint = match (base.contains('?'), ampersand) {
        (true, _) if base.ends_with(['?', '&']) => "",
        (true, true) => "&",
        _ => "?",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{base}{joint}{}{fragment}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_carries_the_reference() {
        let place = |redirect, ampersand| place_with(redirect, "a b&c", Outcome::Granted, ampersand);
        assert_eq!(place("https://x.example/back", true), "https://x.example/back?ref=a+b%26c");
        assert_eq!(place("https://x.example/back?a=1", true), "https://x.example/back?a=1&ref=a+b%26c");
        assert_eq!(place("https://x.example/back?a=1", false), "https://x.example/back?a=1?ref=a+b%26c");
        assert_eq!(place("https://x.example/back?", true), "https://x.example/back?ref=a+b%26c");
        assert_eq!(place("https://x.example/#/done", true), "https://x.example/?ref=a+b%26c#/done");
    }

    #[test]
    fn the_way_back_says_what_went_wrong() {
        let place = place_with("https://x.example", "r", Outcome::Failed(Failure::Cancelled), true);
        let expected = "https://x.example?ref=r&error=UserCancelledSession&details=User+cancelled+the+session.";
        assert_eq!(place, expected, "fact sheet §5");
    }
}
