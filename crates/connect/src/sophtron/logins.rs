//! Logins at Sophtron, its `UserInstitution`s: those that are there, making one, deleting one. Source: sections 3 and 4 of
//! the fact sheet.

use std::collections::BTreeMap;

use bankside_domain::fault::FaultClass;
use serde_json::{Value, json};

use super::client::{Client, list, object};
use super::institutions::{self, id_of};
use super::json::Object;
use super::problem;
use super::texts::list_in;
use super::wire::LoginRow;
use crate::connector::LEDGER;
use crate::fault::Fault;
use crate::http::UNREACHABLE;
use crate::step::{Institution, Login};

/// Each institution's name is a request of its own, so those of a very long list stay without.
const MAX_NAMES: usize = 20;
/// So are the members of each customer.
const MAX_CUSTOMERS: usize = 20;

/// The logins that are at Sophtron, as it sends them.
async fn rows(client: &Client<'_>) -> Result<Vec<LoginRow>, Fault> {
    let body = json!({ "UserID": client.user_id() });
    let answer = client.post("UserInstitution/GetUserInstitutionsByUser", &body).await?;
    read(&answer)
}

fn read(answer: &[u8]) -> Result<Vec<LoginRow>, Fault> {
    Ok(list(answer)?.into_iter().filter_map(|row| LoginRow::read(&Object::of(row)?)).collect())
}

/// The same with those that programs of version 2 have made for customers of theirs, of which nobody says whether version 1
/// lists them all.
async fn all_rows(client: &Client<'_>) -> Result<Vec<LoginRow>, Fault> {
    let mut rows = rows(client).await?;
    if let Err(fault) = add_members(client, &mut rows).await {
        tracing::warn!(code = fault.code(), "the members of customers could not be listed");
    }
    Ok(rows)
}

/// Adds the members of customers that are not listed yet. Customers whose members are all listed are not asked about.
async fn add_members(client: &Client<'_>, rows: &mut Vec<LoginRow>) -> Result<(), Fault> {
    let answer = client.get(&["v2", "customers"], "v2/customers").await?;
    let mut unlisted = Vec::new();
    for customer in list(&answer)?.into_iter().filter_map(Object::of) {
        let members = list_in(customer.raw("memberids"));
        let is_listed = |member: &String| rows.iter().any(|row| row.id.eq_ignore_ascii_case(member));
        if customer.is_blank("memberids") || !members.iter().all(is_listed) {
            unlisted.extend(customer.id(&["customerid"]));
        }
    }
    for customer in unlisted.iter().take(MAX_CUSTOMERS) {
        let path = ["v2", "customers", customer.as_str(), "members"];
        for member in read(&client.get(&path, "v2/customers/members").await?)? {
            if rows.iter().all(|row| !row.id.eq_ignore_ascii_case(&member.id)) {
                rows.push(member);
            }
        }
    }
    Ok(())
}

/// One login, as Sophtron sends it.
pub(super) async fn row(client: &Client<'_>, login: &str) -> Result<LoginRow, Fault> {
    all_rows(client).await?.into_iter().find(|row| row.id == login).ok_or_else(problem::login_gone)
}

/// The logins for people. A name that cannot be learned is none.
pub(super) async fn logins(client: &Client<'_>) -> Result<Vec<Login>, Fault> {
    let rows = all_rows(client).await?;
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    for id in rows.iter().filter_map(|row| row.institution.as_ref()) {
        if names.len() < MAX_NAMES && !names.contains_key(id) {
            let name = match institutions::by_id(client, id).await {
                Ok(row) => Some(row.name),
                Err(fault) if problem::concerns_all(&fault) => return Err(fault),
                Err(_) => None,
            };
            names.insert(id.clone(), name);
        }
    }
    let login = |row: LoginRow| Login {
        name: row.institution.and_then(|id| names.get(&id).cloned().flatten()),
        key: row.id,
        state: "A login at Sophtron".to_owned(),
        // What is told of a login is when it was changed, not when its bank was read.
        updated_at: None,
        fault: None,
    };
    Ok(rows.into_iter().map(login).collect())
}

/// The ids of an institution's logins.
pub(super) async fn of_institution(client: &Client<'_>, institution: &Institution) -> Result<Vec<String>, Fault> {
    let id = id_of(&institution.key);
    let is_its = |row: &LoginRow| row.institution.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(id));
    Ok(rows(client).await?.into_iter().filter(is_its).map(|row| row.id).collect())
}

/// The one login that an institution has more than before. Of several nobody knows which is whose.
pub(super) async fn only_new(
    client: &Client<'_>,
    institution: &Institution,
    before: &[String],
) -> Result<Option<String>, Fault> {
    let mut new = of_institution(client, institution).await?;
    new.retain(|id| !before.contains(id));
    Ok(if new.len() == 1 { new.pop() } else { None })
}

/// Makes a login; answers with its id and the job that reads it.
pub(super) async fn create(client: &Client<'_>, body: &Value) -> Result<(String, Option<String>), Fault> {
    let answer = client.post("UserInstitution/CreateUserInstitutionWithRefresh", body).await?;
    let object = object(&answer)?;
    let login = object.id(&["userinstitutionid", "memberid"]).ok_or_else(|| {
        problem::later("sophtron.not_created", "Sophtron did not take this sign-in up. Try again later.")
    })?;
    Ok((login, object.id(&["jobid"])))
}

/// Whether a call that failed may have made a login all the same: it went out, and what came back says nothing.
pub(super) fn may_have_been_made(fault: &Fault) -> bool {
    let was_refused = fault.http_status().is_some_and(|status| (300..500).contains(&status));
    let is_known = matches!(fault.class(), FaultClass::RetryLater | FaultClass::Bug);
    is_known && !was_refused && !matches!(fault.code(), UNREACHABLE | LEDGER | "sophtron.not_created")
}

/// Deletes a login with its accounts. One that is gone already is as good.
pub(super) async fn delete(client: &Client<'_>, login: &str) -> Result<(), Fault> {
    let body = json!({ "UserInstitutionID": login });
    match client.did("UserInstitution/DeleteUserInstitution", &body).await {
        Ok(true) => Ok(()),
        // The same is said of a login that is gone and of one that stays, so the list decides.
        Ok(false) if rows(client).await?.iter().all(|row| !row.id.eq_ignore_ascii_case(login)) => Ok(()),
        Ok(false) => {
            Err(problem::later("sophtron.not_deleted", "Sophtron did not delete this sign-in. Try again later."))
        }
        Err(fault) if fault.code() == problem::NOT_FOUND => Ok(()),
        Err(fault) => Err(fault),
    }
}
