//! Requisitions (fact sheet §5).

mod draft;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::API_PATH;
use super::fields::{Fields, PathId, Query};
use super::paging::{self, Page};
use super::problem::Problem;
use super::records::{Records, Requisition, Status};
use crate::Sandbox;
use crate::clock::wire_time;

/// New requisitions a month in the free tier (fact sheet §4).
const FREE_PER_MONTH: u32 = 50;

#[derive(Serialize)]
pub(super) struct RequisitionRow {
    id: Uuid,
    created: String,
    redirect: Option<String>,
    status: String,
    institution_id: String,
    agreement: Uuid,
    reference: String,
    accounts: Vec<Uuid>,
    /// Absent unless it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_language: Option<String>,
    link: String,
    ssn: Option<String>,
    account_selection: bool,
    redirect_immediate: bool,
}

impl RequisitionRow {
    fn new(sandbox: &Sandbox, records: &Records, id: Uuid, requisition: &Requisition, now: Timestamp) -> Self {
        Self {
            id,
            created: wire_time(requisition.created),
            redirect: requisition.redirect.clone(),
            status: records.status_of(requisition, now),
            institution_id: requisition.institution_id.clone(),
            agreement: requisition.agreement,
            reference: requisition.reference.clone(),
            accounts: requisition.accounts.clone(),
            user_language: requisition.user_language.clone(),
            link: sandbox.url(&link_path(requisition)),
            ssn: requisition.ssn.clone(),
            account_selection: requisition.account_selection,
            redirect_immediate: requisition.redirect_immediate,
        }
    }
}

/// Where a requisition's consent begins.
pub(super) fn link_path(requisition: &Requisition) -> String {
    format!("/gocardless/ob-psd2/start/{}/{}", requisition.link, requisition.institution_id)
}

/// `POST requisitions/`
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    fields: Fields,
) -> Result<(StatusCode, Json<RequisitionRow>), Problem> {
    fields.refuse_unknown(&sandbox, &draft::FIELDS)?;
    let [id, link, new_agreement] = [sandbox.uuid(), sandbox.uuid(), sandbox.uuid()];
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let draft = draft::read(&sandbox, records, &fields)?;
        count_month(&sandbox, records, now)?;
        let agreement = draft.agreement.unwrap_or_else(|| {
            let agreement = draft.default_agreement().start(records, now);
            records.agreements.insert(new_agreement, agreement);
            new_agreement
        });
        let requisition = Requisition {
            serial: records.next_serial(),
            created: now,
            redirect: draft.redirect,
            status: Status::Created,
            institution_id: draft.institution.id.to_owned(),
            agreement,
            reference: draft.reference.unwrap_or_else(|| id.to_string()),
            accounts: Vec::new(),
            user_language: draft.user_language,
            link,
            ssn: draft.ssn,
            account_selection: draft.account_selection,
            redirect_immediate: draft.redirect_immediate,
            chosen: None,
            revoked: false,
            stated: None,
        };
        let row = RequisitionRow::new(&sandbox, records, id, &requisition, now);
        records.requisitions.insert(id, requisition);
        Ok((StatusCode::CREATED, Json(row)))
    })
}

/// Counts a requisition in its month, and refuses it where the free tier ends.
fn count_month(sandbox: &Sandbox, records: &mut Records, now: Timestamp) -> Result<(), Problem> {
    let count = records.requisitions_by_month.entry(now.strftime("%Y-%m").to_string()).or_default();
    if sandbox.switches().free_tier_is_limited && *count >= FREE_PER_MONTH {
        return Err(Problem::payment_required());
    }
    *count += 1;
    Ok(())
}

/// `GET requisitions/`, the newest first.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Page<RequisitionRow>>, Problem> {
    query.refuse_unknown(&sandbox, &paging::FIELDS)?;
    let rows = sandbox.read(|state, now| {
        let records = &state.gocardless;
        let mut requisitions: Vec<_> = records.requisitions.iter().collect();
        requisitions.sort_by_key(|(_, requisition)| std::cmp::Reverse(requisition.serial));
        let row = |(id, requisition): (&Uuid, _)| RequisitionRow::new(&sandbox, records, *id, requisition, now);
        requisitions.into_iter().map(row).collect()
    });
    Ok(Json(Page::of(&sandbox, &format!("{API_PATH}/requisitions/"), &query, rows)))
}

/// `GET requisitions/{id}/`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<RequisitionRow>, Problem> {
    let id = requisition_id(&sandbox, &id)?;
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let requisition = records.requisitions.get(&id).ok_or_else(Problem::not_found)?;
        let row = RequisitionRow::new(&sandbox, records, id, requisition, now);
        // Who was sent back straight away finds access being granted once, and linked from then on.
        if requisition.status == Status::GrantingAccess && !requisition.accounts.is_empty() {
            records.requisitions.entry(id).and_modify(|requisition| requisition.status = Status::Linked);
        }
        Ok(Json(row))
    })
}

/// `DELETE requisitions/{id}/`: its agreement goes with it, its accounts lose their permission.
pub(super) async fn delete(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = requisition_id(&sandbox, &id)?;
    sandbox.change(|state, _| {
        let requisition = state.gocardless.requisitions.remove(&id).ok_or_else(Problem::not_found)?;
        state.gocardless.agreements.remove(&requisition.agreement);
        let detail = format!("Requisition {id} deleted with all its End User Agreements");
        Ok(Json(json!({ "summary": "Requisition deleted", "detail": detail })))
    })
}

fn requisition_id(sandbox: &Sandbox, id: &PathId) -> Result<Uuid, Problem> {
    if sandbox.switches().bad_requisition_id_is_not_found {
        return id.parse().ok_or_else(Problem::not_found);
    }
    id.uuid()
}
