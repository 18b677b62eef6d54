//! The hosted form as pages (fact sheet §5, §14): search, terms, sign-in, method, code, or an application, or the bank's own page.
//!
//! Plain forms without scripts. Each form has a hidden `step`; one of another step changes nothing. A code's page must not be loaded
//! twice: that interrupts the form, as it does at the provider.

mod pages;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use uuid::Uuid;

use super::FORM_PATH;
use super::banks::{self, Approach, Bank, CODE, Method, NeedsCode};
use super::fields::Query;
use super::forms::{Form, Purpose, Status, Step};
use super::records::{Admitted, Records};
use crate::{Sandbox, SandboxError, page};

/// So many wrong codes, or sign-ins, and the bank ends it.
const MOST_WRONG: u32 = 3;

/// What a page has to say about the form it just got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Complaint {
    NothingTyped,
    NoBank,
    NotAccepted,
    NotLetIn,
    NoMethod,
    WrongCode,
    NotConfirmed,
}

/// The answer to a visit.
enum Reply {
    Show(Form, Option<Complaint>),
    /// The page once more, at the step that is current.
    Again,
    /// It is over.
    Away(Form),
    Unknown,
}

fn id_of(path: &str) -> Option<Uuid> {
    Some(path).filter(|text| text.len() == 36).and_then(|text| Uuid::try_parse(text).ok())
}

/// `GET …/wf/{id}`.
pub(super) async fn show(State(sandbox): State<Sandbox>, Path(path): Path<String>, query: Query) -> Response {
    turn(&sandbox, &path, |form, _, _| {
        let address = |name: &str| query.get(name).map(str::to_owned);
        form.redirect = address("redirectUrl").or(form.redirect.take());
        form.error_redirect = address("errorRedirectUrl").or(form.error_redirect.take());
        if form.status == Status::NotYetOpened {
            form.status = Status::InProgress;
        }
        if form.status == Status::InProgress && form.step == Step::Code && form.was_shown {
            form.fail("INTERRUPTED");
        }
        form.was_shown = true;
        Ok(Reply::Show(form.clone(), None))
    })
}

/// `POST …/wf/{id}`.
pub(super) async fn submit(State(sandbox): State<Sandbox>, Path(path): Path<String>, body: Bytes) -> Response {
    let typed = Query::read(&body);
    turn(&sandbox, &path, |form, records, now| {
        if form.status.is_final() || typed.get("step") != Some(pages::word(form.step)) {
            return Ok(Reply::Again);
        }
        if records.holder(form.token(), now).is_none() {
            form.fail("INVALID_TOKEN");
            return Ok(Reply::Again);
        }
        if typed.get("action") == Some("cancel") {
            // Who cancels at a bank's own page comes back as if all were well (fact sheet §12).
            match form.step {
                Step::Bank => form.fail("BANK_SERVER_REJECTION"),
                _ => form.status = Status::Aborted,
            }
            return Ok(Reply::Again);
        }
        match step(form, records, &typed, now)? {
            Some(complaint) => Ok(Reply::Show(form.clone(), Some(complaint))),
            None => Ok(Reply::Again),
        }
    })
}

/// Lets something happen to a form, and answers. One that is over then leads away.
fn turn(
    sandbox: &Sandbox,
    path: &str,
    act: impl FnOnce(&mut Form, &mut Records, Timestamp) -> Result<Reply, SandboxError>,
) -> Response {
    let Some(id) = id_of(path) else { return pages::unknown() };
    let reply = sandbox.change(|state, now| {
        let records = &mut state.finapi;
        records.settle(now);
        let Some(mut form) = records.forms.get(&id).cloned() else { return Ok::<_, SandboxError>(Reply::Unknown) };
        let reply = act(&mut form, records, now)?;
        let is_over = form.status.is_final();
        records.forms.insert(id, form.clone());
        Ok(if is_over { Reply::Away(form) } else { reply })
    });
    match reply {
        Ok(Reply::Show(form, complaint)) => pages::draw(id, &form, complaint),
        Ok(Reply::Again) => Redirect::to(&format!("{FORM_PATH}/wf/{id}")).into_response(),
        Ok(Reply::Away(form)) => away(&form),
        Ok(Reply::Unknown) => pages::unknown(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Back to where the client wants the person; nothing is said in the address.
fn away(form: &Form) -> Response {
    let is_well = form.status == Status::Completed;
    let place = form.error_redirect.as_ref().filter(|_| !is_well).or(form.redirect.as_ref());
    match place.and_then(|place| HeaderValue::try_from(place.as_str()).ok()) {
        Some(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        None => pages::over(form),
    }
}

/// Takes what was typed at a step; answers with what is wrong with it.
fn step(
    form: &mut Form,
    records: &mut Records,
    typed: &Query,
    now: Timestamp,
) -> Result<Option<Complaint>, SandboxError> {
    match form.step {
        Step::Search => Ok(search(form, typed)),
        Step::Terms => {
            if typed.get("terms").is_none() {
                return Ok(Some(Complaint::NotAccepted));
            }
            let is_elsewhere = bank_of(form).is_some_and(|bank| bank.approach == Approach::Redirect);
            form.go_to(if is_elsewhere { Step::Bank } else { Step::Login });
            Ok(None)
        }
        Step::Login | Step::Bank => sign_in(form, records, typed, now),
        Step::Method => {
            let Some(method) = typed.get("method").and_then(Method::of) else { return Ok(Some(Complaint::NoMethod)) };
            form.method = Some(method);
            form.go_to(if method == Method::Push { Step::App } else { Step::Code });
            Ok(None)
        }
        Step::Code if typed.get("code") == Some(CODE) => finish(form, records, now).map(|()| None),
        Step::Code => Ok(wrong(form, Complaint::WrongCode)),
        Step::App if form.is_confirmed => finish(form, records, now).map(|()| None),
        Step::App => Ok(Some(Complaint::NotConfirmed)),
    }
}

fn bank_of(form: &Form) -> Option<&'static Bank> {
    form.bank.and_then(banks::find)
}

/// A bank that was found is chosen; otherwise banks are looked for.
fn search(form: &mut Form, typed: &Query) -> Option<Complaint> {
    let chosen = typed.get("bank").and_then(|id| id.parse().ok()).and_then(banks::find);
    if let Some(bank) = chosen {
        form.bank = Some(bank.id);
        form.go_to(Step::Terms);
        return None;
    }
    let Some(wanted) = typed.get("search") else { return Some(Complaint::NothingTyped) };
    wanted.clone_into(&mut form.search);
    (!banks::ALL.iter().any(|bank| bank.is_found_by(wanted, true))).then_some(Complaint::NoBank)
}

/// Counts what was wrong; the bank ends it after some.
fn wrong(form: &mut Form, complaint: Complaint) -> Option<Complaint> {
    form.wrong_codes += 1;
    if form.wrong_codes >= MOST_WRONG {
        form.fail("BANK_SERVER_REJECTION");
        return None;
    }
    Some(complaint)
}

fn sign_in(
    form: &mut Form,
    records: &mut Records,
    typed: &Query,
    now: Timestamp,
) -> Result<Option<Complaint>, SandboxError> {
    let Some(bank) = bank_of(form) else {
        form.fail("UNDETERMINED_BANK");
        return Ok(None);
    };
    let (login, pin) = (typed.get("user_id").unwrap_or_default(), typed.get("pin").unwrap_or_default());
    let is_same = match &form.purpose {
        Purpose::Import { .. } => true,
        Purpose::Update { connection } => records.connections.get(connection).is_some_and(|one| one.login == login),
    };
    let Some(NeedsCode(needs_code)) = bank.lets_in(login, pin).filter(|_| is_same) else {
        return Ok(wrong(form, Complaint::NotLetIn));
    };
    login.clone_into(&mut form.login);
    if needs_code && form.step == Step::Login {
        form.go_to(Step::Method);
        return Ok(None);
    }
    finish(form, records, now).map(|()| None)
}

/// Everything is given: a connection comes about, or has access again.
fn finish(form: &mut Form, records: &mut Records, now: Timestamp) -> Result<(), SandboxError> {
    let Some(bank) = bank_of(form) else {
        form.fail("UNDETERMINED_BANK");
        return Ok(());
    };
    match form.purpose.clone() {
        Purpose::Import { name, max_days } => {
            let admitted = Admitted { user: &form.user, login: &form.login, bank, max_days };
            if records.known(&admitted).is_some() {
                form.fail("ENTITY_EXISTS");
                return Ok(());
            }
            form.connection = Some(records.import(&admitted, &name, now)?);
        }
        Purpose::Update { connection } => {
            records.admit(connection, bank, now)?;
            records.download(connection, true, now);
        }
    }
    form.status = Status::Completed;
    Ok(())
}

/// `GET …/wf/{id}/app`: what the person sees in the bank's application.
pub(super) async fn app(State(sandbox): State<Sandbox>, Path(path): Path<String>) -> Response {
    match waiting(&sandbox, &path) {
        Some(bank) => pages::app(bank),
        None => pages::unknown(),
    }
}

/// The bank of a form that waits for the application.
fn waiting(sandbox: &Sandbox, path: &str) -> Option<&'static Bank> {
    let id = id_of(path)?;
    sandbox.read(|state, now| {
        let form = state.finapi.forms.get(&id)?;
        let is_open = form.status == Status::InProgress && form.expires > now && form.step == Step::App;
        bank_of(form).filter(|_| is_open)
    })
}

/// `POST …/wf/{id}/app`.
pub(super) async fn confirm(State(sandbox): State<Sandbox>, Path(path): Path<String>, body: Bytes) -> Response {
    let typed = Query::read(&body);
    let Some(id) = id_of(&path).filter(|_| waiting(&sandbox, &path).is_some()) else { return pages::unknown() };
    let is_yes = typed.get("action") == Some("agree");
    let done = sandbox.change(|state, _| {
        if let Some(form) = state.finapi.forms.get_mut(&id) {
            form.is_confirmed = is_yes;
            if !is_yes {
                form.fail("BANK_SERVER_REJECTION");
            }
        }
        Ok::<_, SandboxError>(())
    });
    match (done, is_yes) {
        (Err(error), _) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        (Ok(()), true) => page::notice(StatusCode::OK, "Confirmed", "Go on where you began."),
        (Ok(()), false) => page::notice(StatusCode::OK, "Refused", "Nothing was shared."),
    }
}

/// `GET …/wf/{id}/picture.svg`: what a reader or a camera would take a code from.
pub(super) async fn picture(Path(path): Path<String>) -> Response {
    match id_of(&path) {
        Some(id) => page::svg(pages::picture(id)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
