//! Web forms (fact sheet §5): made by a client, filled in by a person on `hosted` pages, and read again by the client.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::banks::{self, Method};
use super::callbacks::{Addresses, Telling};
use super::fields::{self, PathUuid, Query};
use super::gate::Reach;
use super::problem::Problem;
use super::{FORM_PATH, wire};
use crate::{Sandbox, Switches};

/// How long a form may be filled in. Fact sheet §15 `[?]`: no document says.
const LASTS_MINUTES: i64 = 30;
const LONGEST_NAME: usize = 64;

/// Where a form stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    NotYetOpened,
    InProgress,
    Completed,
    CompletedWithError,
    Expired,
    Aborted,
}

impl Status {
    pub(super) fn is_final(self) -> bool {
        !matches!(self, Self::NotYetOpened | Self::InProgress)
    }
}

/// What a form is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// A new connection.
    Import { name: String, max_days: u32 },
    /// The person of a connection is wanted.
    Update { connection: u64 },
}

/// Which page of a form is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Search,
    Terms,
    Login,
    Method,
    Code,
    /// The person confirms in an application.
    App,
    /// The bank's own page.
    Bank,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(super) user: String,
    /// The token that it was made with, which has to last while it is filled in.
    token: String,
    pub(super) purpose: Purpose,
    created: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) status: Status,
    pub(super) step: Step,
    pub(super) bank: Option<u64>,
    /// What was typed to find a bank.
    pub(super) search: String,
    pub(super) login: String,
    pub(super) method: Option<Method>,
    /// Whether the page of this step has been shown: some must not be shown again.
    pub(super) was_shown: bool,
    pub(super) is_confirmed: bool,
    pub(super) wrong_codes: u32,
    pub(super) error: Option<String>,
    pub(super) connection: Option<u64>,
    pub(super) redirect: Option<String>,
    pub(super) error_redirect: Option<String>,
    #[serde(default)]
    pub(super) telling: Telling,
}

impl Form {
    pub(super) fn new(user: &str, token: &str, purpose: Purpose, now: Timestamp) -> Self {
        let step = if matches!(purpose, Purpose::Update { .. }) { Step::Login } else { Step::Search };
        Self {
            user: user.to_owned(),
            token: token.to_owned(),
            purpose,
            created: now,
            expires: now + SignedDuration::from_mins(LASTS_MINUTES),
            status: Status::NotYetOpened,
            step,
            bank: None,
            search: String::new(),
            login: String::new(),
            method: None,
            was_shown: false,
            is_confirmed: false,
            wrong_codes: 0,
            error: None,
            connection: None,
            redirect: None,
            error_redirect: None,
            telling: Telling::default(),
        }
    }

    /// Ends it with an error.
    pub(super) fn fail(&mut self, code: &str) {
        self.status = Status::CompletedWithError;
        self.error = Some(code.to_owned());
    }

    pub(super) fn go_to(&mut self, step: Step) {
        self.step = step;
        self.was_shown = false;
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The form as a task names it.
    pub(super) fn in_task(&self, sandbox: &Sandbox, id: Uuid) -> Value {
        json!({ "id": id, "url": url(sandbox, id), "status": self.status })
    }

    fn wire(&self, sandbox: &Sandbox, id: Uuid, switches: &Switches) -> Value {
        let kind = match self.purpose {
            Purpose::Import { .. } => "BANK_CONNECTION_IMPORT",
            Purpose::Update { .. } => "BANK_CONNECTION_UPDATE",
        };
        let connection = self.connection.filter(|_| self.status.is_final());
        let payload = wire::without_nulls(json!({
            "bankConnectionId": connection, "errorCode": self.error,
            "errorMessage": self.error.as_ref().map(|_| "Die Bank hat den Vorgang beendet."),
        }));
        json!({
            "id": id, "url": url(sandbox, id), "createdAt": wire::form_time(self.created, switches),
            "expiresAt": wire::form_time(self.expires, switches), "type": kind, "status": self.status, "payload": payload,
        })
    }
}

fn url(sandbox: &Sandbox, id: Uuid) -> String {
    sandbox.url(&format!("{FORM_PATH}/wf/{id}"))
}

pub(super) fn wrong_body(message: &str) -> Problem {
    Problem::field("body", message)
}

/// `POST /api/webForms/bankConnectionImport`.
pub(super) async fn import(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let user = reach.user()?;
    let fields = fields::body(&body, wrong_body)?;
    if fields.contains_key("redirectUrl") {
        // This client is not licensed, and others must not say it here.
        return Err(Problem::form(
            StatusCode::UNPROCESSABLE_ENTITY,
            "INVALID_REDIRECT_URL",
            "redirectUrl is not allowed",
        ));
    }
    let name = fields.get("bankConnectionName").and_then(Value::as_str).unwrap_or_default();
    if name.chars().count() > LONGEST_NAME || (name.is_empty() && fields.contains_key("bankConnectionName")) {
        return Err(Problem::field("bankConnectionName", "must have 1 to 64 characters"));
    }
    let max_days = fields.get("maxDaysForDownload").and_then(Value::as_u64).unwrap_or(0);
    let max_days = u32::try_from(max_days).ok().filter(|days| *days <= 3650);
    let max_days = max_days.ok_or_else(|| Problem::field("maxDaysForDownload", "must be at most 3650"))?;
    let bank = match fields.get("bank") {
        None | Some(Value::Null) => None,
        Some(bank) => Some(chosen(bank)?),
    };
    let telling = Telling::new(Addresses::read(&fields)?);
    let id = sandbox.uuid();
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let purpose = Purpose::Import { name: name.to_owned(), max_days };
        let mut form = Form { telling, ..Form::new(user, &reach.token, purpose, now) };
        if let Some(bank) = bank {
            form.bank = Some(bank);
            form.step = Step::Terms;
        }
        let answer = form.wire(&sandbox, id, &switches);
        state.finapi.forms.insert(id, form);
        Ok((StatusCode::CREATED, Json(answer)))
    })
}

/// The bank that a client has chosen, by its id or by words that fit one alone.
fn chosen(bank: &Value) -> Result<u64, Problem> {
    let unprocessable = |code, text: &str| Problem::form(StatusCode::UNPROCESSABLE_ENTITY, code, text);
    match (bank["id"].as_u64(), bank["search"].as_str()) {
        (Some(id), None) => banks::find(id)
            .map(|bank| bank.id)
            .ok_or_else(|| unprocessable("BANK_NOT_SUPPORTED", "There is no such bank")),
        (None, Some(search)) => {
            let mut found = banks::ALL.iter().filter(|bank| bank.is_found_by(search, true));
            match (found.next(), found.next()) {
                (Some(only), None) => Ok(only.id),
                (None, _) => Err(unprocessable("BANK_NOT_SUPPORTED", "No bank fits")),
                (Some(_), Some(_)) => Err(unprocessable("BANK_NOT_UNIQUE", "Several banks fit")),
            }
        }
        _ => Err(Problem::field("bank", "needs either id or search")),
    }
}

/// `GET /api/webForms`.
pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let page = query.page()?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.finapi.settle(now);
        let own = state.finapi.forms.iter().filter(|(_, form)| form.user == user);
        let all: Vec<Value> = own.map(|(id, form)| form.wire(&sandbox, *id, &switches)).collect();
        let (items, paging) = fields::paged(all, page);
        Ok(Json(json!({ "items": items, "paging": paging })))
    })
}

/// `GET /api/webForms/{id}`.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    PathUuid(id): PathUuid,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.finapi.settle(now);
        let form = state.finapi.forms.get(&id).filter(|form| form.user == user);
        form.map(|form| Json(form.wire(&sandbox, id, &switches))).ok_or_else(Problem::form_not_found)
    })
}

/// `DELETE /api/webForms/{id}`. What has come about by it stays.
pub(super) async fn delete(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    PathUuid(id): PathUuid,
) -> Result<StatusCode, Problem> {
    let user = reach.user()?;
    sandbox.change(|state, _| {
        let forms = &mut state.finapi.forms;
        forms.get(&id).filter(|form| form.user == user).ok_or_else(Problem::form_not_found)?;
        forms.remove(&id);
        Ok(StatusCode::NO_CONTENT)
    })
}
