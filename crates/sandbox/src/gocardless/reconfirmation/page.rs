//! The page on which a person confirms: one form with the accounts, and the way back.

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use uuid::Uuid;

use super::super::fields::parse_uuid;
use super::super::flow::{Failure, Form, Outcome, PathOf, place_with};
use super::super::institutions::logo_path;
use super::super::records::Records;
use super::{AROUND, Said, requisition_of};
use crate::banks::{self, Card, Institution};
use crate::{Sandbox, SandboxError, page};

/// Where the page is.
pub(in crate::gocardless) const PATH: &str = "/gocardless/ob-psd2/reconfirm";

const STEP: &str = "reconfirm";

/// What a page is about.
struct Visit {
    agreement: Uuid,
    institution: &'static Institution,
    accounts: Vec<(Uuid, Card)>,
    reference: String,
    redirect: Option<String>,
    action: String,
}

#[derive(Template)]
#[template(path = "reconfirm.html")]
struct ReconfirmPage<'a> {
    bank: &'static str,
    logo: String,
    visit: &'a Visit,
    step_word: &'static str,
}

enum Found {
    Visit(Visit),
    Closed(&'static str, String),
}

fn look_up(records: &Records, path: PathOf, now: Timestamp) -> Option<Found> {
    let axum::extract::Path((link, institution_id)) = path.ok()?;
    let wanted = parse_uuid(&link)?;
    let (id, agreement, asked) = records.agreements.iter().find_map(|(id, agreement)| {
        let asked = agreement.reconfirmations.as_ref()?.asked.as_ref()?;
        (asked.link == wanted && agreement.institution_id == institution_id).then_some((*id, agreement, asked))
    })?;
    let institution = &banks::find(&institution_id)?.institution;
    let due_at = agreement.due_at(asked.period)?;
    if now < due_at - AROUND {
        let from = (due_at - AROUND).strftime("%-d %B %Y");
        return Some(Found::Closed("It is too early", format!("You can confirm here from {from} on.")));
    }
    if now > due_at + AROUND {
        return Some(Found::Closed(
            "It is too late",
            "Connect this bank anew in the program that sent you here.".into(),
        ));
    }
    let (_, requisition) = requisition_of(records, id)?;
    let card = |id: &Uuid| Some((*id, records.accounts.get(id)?.card.clone()));
    Some(Found::Visit(Visit {
        agreement: id,
        institution,
        accounts: asked.accounts.keys().filter_map(card).collect(),
        reference: requisition.reference.clone(),
        redirect: asked.redirect.clone().or_else(|| requisition.redirect.clone()),
        action: format!("{PATH}/{link}/{institution_id}"),
    }))
}

/// `GET …/reconfirm/{link}/{institution_id}`
pub(in crate::gocardless) async fn show(State(sandbox): State<Sandbox>, path: PathOf) -> Response {
    turn(&sandbox, path, |visit, records, now| {
        if let Some(asked) = asked_of(records, visit.agreement) {
            asked.last_accessed = Some(now);
        }
        let view =
            ReconfirmPage { bank: visit.institution.name, logo: logo_path(visit.institution), visit, step_word: STEP };
        page::html(StatusCode::OK, &view)
    })
}

/// `POST …/reconfirm/{link}/{institution_id}`: what is ticked goes on, what is not ends.
pub(in crate::gocardless) async fn submit(State(sandbox): State<Sandbox>, path: PathOf, body: Bytes) -> Response {
    let form = Form::read(&body);
    turn(&sandbox, path, |visit, records, now| {
        if form.get("action") == "cancel" {
            return away(&sandbox, visit, Outcome::Failed(Failure::Cancelled));
        }
        let Some(kept) = records.agreements.get_mut(&visit.agreement).and_then(|one| one.reconfirmations.as_mut())
        else {
            return unknown();
        };
        let Some(asked) = kept.asked.as_mut() else { return unknown() };
        asked.last_submitted = Some(now);
        for (id, said) in &mut asked.accounts {
            let goes_on = form.all("account").any(|ticked| parse_uuid(ticked) == Some(*id));
            *said = if goes_on {
                kept.confirmed.insert(*id, asked.period);
                Said { reconfirmed: Some(now), rejected: None }
            } else {
                Said { reconfirmed: None, rejected: Some(now) }
            };
        }
        away(&sandbox, visit, Outcome::Granted)
    })
}

fn asked_of(records: &mut Records, agreement: Uuid) -> Option<&mut super::Asked> {
    records.agreements.get_mut(&agreement)?.reconfirmations.as_mut()?.asked.as_mut()
}

fn turn(sandbox: &Sandbox, path: PathOf, act: impl FnOnce(&Visit, &mut Records, Timestamp) -> Response) -> Response {
    let done = sandbox.change(|state, now| {
        Ok::<_, SandboxError>(match look_up(&state.gocardless, path, now) {
            Some(Found::Visit(visit)) => act(&visit, &mut state.gocardless, now),
            Some(Found::Closed(title, text)) => page::notice(StatusCode::GONE, title, &text),
            None => unknown(),
        })
    });
    done.unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response())
}

fn away(sandbox: &Sandbox, visit: &Visit, outcome: Outcome) -> Response {
    let ampersand = sandbox.switches().ref_joins_query_with_ampersand;
    let place = visit.redirect.as_deref().map(|redirect| place_with(redirect, &visit.reference, outcome, ampersand));
    match place.and_then(|place| HeaderValue::try_from(place).ok()) {
        Some(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        None => page::notice(StatusCode::OK, "Thank you", "You can close this page."),
    }
}

fn unknown() -> Response {
    let text = "There is no request behind this link. Start again in the program that sent you here.";
    page::notice(StatusCode::NOT_FOUND, "This link is not known", text)
}
