//! Whose items they are, what was consented to, and what nobody here has (fact sheet §7).

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounts::look;
use super::connectors::PRODUCTS;
use super::fields::{PathId, Query};
use super::item::Item;
use super::paging;
use super::problem::Problem;
use super::wire::{derived_id, time};
use crate::Sandbox;

fn identity_id(item: Uuid) -> Uuid {
    derived_id(&["identity", &item.to_string()])
}

/// A person; items that have not been synchronised have none.
fn identity_of(id: Uuid, item: &Item) -> Option<Value> {
    let first = item.syncs.first()?;
    let style = item.book.style();
    Some(json!({
        "id": identity_id(id), "itemId": id, "fullName": style.owner, "companyName": null,
        "document": style.tax_number, "documentType": "CPF", "taxNumber": style.tax_number, "birthDate": null,
        "jobTitle": null, "phoneNumbers": [], "emails": [], "addresses": [], "relations": [], "investorProfile": null,
        "establishmentName": null, "establishmentCode": null, "financialRelationships": null, "qualifications": null,
        "createdAt": time(first.from), "updatedAt": time(item.updated),
    }))
}

fn no_identity() -> Problem {
    Problem::not_found("IDENTITY_NOT_FOUND", "Identity not found")
}

/// `GET /identity?itemId=`
pub(super) async fn identity_of_item(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let id = query.uuid("itemId")?;
    look(&sandbox, |records, switches, _| {
        identity_of(id, records.item(id, switches)?).map(Json).ok_or_else(no_identity)
    })
}

/// `GET /identity/{id}`
pub(super) async fn identity(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, _, _| {
        let own = records.own_items().into_iter().find(|(item, _)| identity_id(*item) == id);
        own.and_then(|(item_id, item)| identity_of(item_id, item)).map(Json).ok_or_else(no_identity)
    })
}

fn consent_id(item: Uuid) -> Uuid {
    derived_id(&["consent", &item.to_string()])
}

fn consent_of(id: Uuid, item: &Item) -> Option<Value> {
    let consent = item.consent?;
    let permissions = ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "ACCOUNTS_TRANSACTIONS_READ", "RESOURCES_READ"];
    Some(json!({
        "id": consent_id(id), "itemId": id, "products": PRODUCTS, "openFinancePermissionsGranted": permissions,
        "createdAt": time(consent.granted), "expiresAt": time(consent.ends), "revokedAt": consent.revoked.map(time),
    }))
}

/// `GET /consents?itemId=`: items of Open Finance have one.
pub(super) async fn consents(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let id = query.uuid("itemId")?;
    look(&sandbox, |records, switches, _| {
        let all = consent_of(id, records.item(id, switches)?).into_iter().collect();
        paging::page(&query, all, switches)
    })
}

/// `GET /consents/{id}`
pub(super) async fn consent(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, _, _| {
        let own = records.own_items().into_iter().find(|(item, _)| consent_id(*item) == id);
        let consent = own.and_then(|(item_id, item)| consent_of(item_id, item)).map(Json);
        consent.ok_or_else(|| Problem::not_found("CONSENT_NOT_FOUND", "Consent not found"))
    })
}

/// `GET /investments?itemId=`: nobody here has any.
pub(super) async fn no_investments(state: State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    none_of_item(&state.0, &query)
}

/// `GET /loans?itemId=`: nobody here has any.
pub(super) async fn no_loans(state: State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    none_of_item(&state.0, &query)
}

fn none_of_item(sandbox: &Sandbox, query: &Query) -> Result<Json<Value>, Problem> {
    let id = query.uuid("itemId")?;
    look(sandbox, |records, switches, _| {
        records.item(id, switches)?;
        paging::page(query, Vec::new(), switches)
    })
}
