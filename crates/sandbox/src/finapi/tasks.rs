//! Tasks (fact sheet §6): reading a bank anew in the background. Nothing happens by a timer: a task goes on as it is looked at.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::banks;
use super::callbacks::{Addresses, Standing, Telling};
use super::fields::{self, PathUuid, Query};
use super::forms::{self, Form, Purpose, Status};
use super::gate::Reach;
use super::problem::Problem;
use super::records::Records;
use super::wire;
use crate::{Sandbox, Switches};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Stage {
    NotYetStarted,
    InProgress,
    WebFormRequired,
    Completed,
    CompletedWithError,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    user: String,
    token: String,
    connection: u64,
    created: Timestamp,
    stage: Stage,
    /// Whether the client wants the form whatever the bank says.
    wants_form: bool,
    /// Whether a person is there, as the client says.
    is_attended: bool,
    form: Option<Uuid>,
    error: Option<String>,
    #[serde(default)]
    pub(super) telling: Telling,
}

impl Task {
    /// Whether nothing else can be done with a connection while it goes on.
    pub(super) fn locks(&self, connection: u64) -> bool {
        self.connection == connection && matches!(self.stage, Stage::NotYetStarted | Stage::InProgress)
    }

    /// Follows its form, if it has one.
    pub(super) fn follow(&mut self, forms: &BTreeMap<Uuid, Form>) {
        if self.stage != Stage::WebFormRequired {
            return;
        }
        match self.form.map(|id| forms.get(&id).map(|form| form.status)) {
            Some(Some(Status::Completed)) => self.stage = Stage::Completed,
            Some(None) => self.fail("INTERNAL_ERROR"),
            Some(Some(status)) if status.is_final() => self.fail("BANK_SERVER_REJECTION"),
            _ => {}
        }
    }

    fn fail(&mut self, code: &str) {
        self.stage = Stage::CompletedWithError;
        self.error = Some(code.to_owned());
    }

    pub(super) fn standing(&self) -> Standing {
        match self.stage {
            Stage::NotYetStarted | Stage::InProgress => Standing::GoesOn,
            Stage::WebFormRequired => Standing::WantsPerson,
            Stage::Completed | Stage::CompletedWithError => Standing::Over,
        }
    }

    /// What a callback says of it, with the status that it is to say.
    pub(super) fn told(
        &self,
        sandbox: &Sandbox,
        id: Uuid,
        forms: &BTreeMap<Uuid, Form>,
        says: impl Fn(Value) -> Value,
    ) -> Value {
        let form = self.form.and_then(|id| forms.get(&id).map(|form| form.in_task(sandbox, id)));
        wire::without_nulls(json!({ "taskId": id, "status": says(json!(self.stage)), "webForm": form }))
    }

    fn wire(&self, sandbox: &Sandbox, id: Uuid, forms: &BTreeMap<Uuid, Form>, switches: &Switches) -> Value {
        let form = self.form.and_then(|id| forms.get(&id).map(|form| form.in_task(sandbox, id)));
        json!({
            "id": id, "createdAt": wire::form_time(self.created, switches), "type": "BANK_CONNECTION_UPDATE",
            "status": self.stage,
            "payload": wire::without_nulls(json!({
                "bankConnectionId": self.connection, "webForm": form, "errorCode": self.error,
            })),
        })
    }
}

/// The connection that is meant: one id, or a list of them, as the generations of the API have it (fact sheet §6).
fn connection_of(fields: &Map<String, Value>, switches: &Switches) -> Result<u64, Problem> {
    let one = fields.get("bankConnectionId").and_then(Value::as_u64);
    let listed = fields.get("bankConnectionIds").and_then(Value::as_array).and_then(|ids| ids.first()?.as_u64());
    match (one, listed) {
        (Some(id), _) => Ok(id),
        (None, Some(id)) if !switches.finapi_updates_take_one_id_only => Ok(id),
        _ => Err(Problem::field("bankConnectionId", "must not be null")),
    }
}

/// `POST /api/tasks/backgroundUpdate`.
pub(super) async fn update(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let user = reach.user()?;
    let fields = fields::body(&body, forms::wrong_body)?;
    let switches = sandbox.switches();
    let number = connection_of(&fields, &switches)?;
    let telling = Telling::new(Addresses::read(&fields)?);
    let metadata = fields.get("userMetadata").and_then(Value::as_object);
    if let Some(lacking) = metadata.and_then(|given| {
        ["ipAddress", "deviceOs", "userAgent"].into_iter().find(|name| !given.get(*name).is_some_and(Value::is_string))
    }) {
        return Err(Problem::field(format!("userMetadata.{lacking}"), "must not be null"));
    }
    let manages = fields.get("manageSavedSettings").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let wants_new = fields.get("importNewAccountsMode").and_then(Value::as_str) == Some("FORCED")
        || fields.get("importNewAccounts").and_then(Value::as_bool) == Some(true);
    let id = sandbox.uuid();
    sandbox.change(|state, now| {
        let records = &mut state.finapi;
        records.settle(now);
        let not_there = |_| Problem::form(StatusCode::NOT_FOUND, "NOT_FOUND", "Bank connection not found");
        records.connection(number, user).map_err(not_there)?;
        if records.tasks.values().any(|task| task.locks(number)) {
            return Err(Problem::form(StatusCode::LOCKED, "LOCKED", "The bank connection is being updated"));
        }
        let task = Task {
            user: user.to_owned(),
            token: reach.token.clone(),
            connection: number,
            created: now,
            stage: Stage::NotYetStarted,
            wants_form: manages || wants_new,
            is_attended: metadata.is_some(),
            form: None,
            error: None,
            telling,
        };
        let answer = task.wire(&sandbox, id, &records.forms, &switches);
        records.tasks.insert(id, task);
        Ok((StatusCode::CREATED, Json(answer)))
    })
}

/// A task goes on by one stage.
fn go_on(records: &mut Records, id: Uuid, form_id: Uuid, now: Timestamp) {
    let Some(mut task) = records.tasks.get(&id).cloned() else { return };
    let connection = records.connections.get(&task.connection);
    match (task.stage, connection) {
        (Stage::NotYetStarted, _) => task.stage = Stage::InProgress,
        (Stage::InProgress, None) => task.fail("INTERNAL_ERROR"),
        (Stage::InProgress, Some(connection)) => {
            if records.refusing.contains_key(&connection.bank) {
                task.fail("BANK_SERVER_REJECTION");
            } else if task.wants_form || connection.asks || connection.needs_person(now) {
                let purpose = Purpose::Update { connection: task.connection };
                let mut form = Form::new(&task.user, &task.token, purpose, now);
                form.bank = banks::find(connection.bank).map(|bank| bank.id);
                form.connection = Some(task.connection);
                records.forms.insert(form_id, form);
                task.form = Some(form_id);
                task.stage = Stage::WebFormRequired;
            } else {
                records.download(task.connection, task.is_attended, now);
                task.stage = Stage::Completed;
            }
        }
        _ => return,
    }
    records.tasks.insert(id, task);
}

/// `GET /api/tasks/{id}`.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    PathUuid(id): PathUuid,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let switches = sandbox.switches();
    let form_id = sandbox.uuid();
    sandbox.change(|state, now| {
        let records = &mut state.finapi;
        records.settle(now);
        records.tasks.get(&id).filter(|task| task.user == user).ok_or_else(Problem::form_not_found)?;
        go_on(records, id, form_id, now);
        let task = records.tasks.get(&id).ok_or_else(Problem::form_not_found)?;
        Ok(Json(task.wire(&sandbox, id, &records.forms, &switches)))
    })
}

/// `GET /api/tasks`.
pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let page = query.page()?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let records = &mut state.finapi;
        records.settle(now);
        let own = records.tasks.iter().filter(|(_, task)| task.user == user);
        let all: Vec<Value> = own.map(|(id, task)| task.wire(&sandbox, *id, &records.forms, &switches)).collect();
        let (items, paging) = fields::paged(all, page);
        Ok(Json(json!({ "items": items, "paging": paging })))
    })
}
