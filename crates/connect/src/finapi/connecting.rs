//! Connecting: a form at finAPI that the person fills in, and the accounts once they are there.
//!
//! Whatever the person comes back with, and whatever finAPI posts meanwhile, is only a reason to read the form again. Source: sections
//! 4 to 7 of the fact sheet.

use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::fold;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::client::Client;
use super::updating::{self, Stage};
use super::wire::{BankConnection, WebForm};
use super::{DESCRIPTOR, Remote, accounts, connection, problem, search};
use crate::connector::{Intent, Return};
use crate::fault::Fault;
use crate::step::{BankQuery, Browser, Connected, FlowState, Institution, Shown, Step};

const POLL_SECS: u32 = 2;
/// What takes longer is not waited for: a sync brings it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What a flow needs to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
enum Walking {
    /// The person fills in a form. `renews` is the connection that it is for, if it is for one that is there.
    Form { form: String, url: String, expires_at: Timestamp, renews: Option<String> },
    /// finAPI works out whether it wants the person.
    Task { task: String, connection: String, back: String },
    /// Data is being downloaded. `is_new` says whether the connection came about in this flow.
    Reading { connection: String, is_new: bool, since: Timestamp },
}

impl Walking {
    fn state(&self) -> Result<FlowState, Fault> {
        serde_json::to_value(self).map(FlowState).map_err(|error| broken_state().with_source(error))
    }

    fn read(state: &FlowState) -> Result<Self, Fault> {
        serde_json::from_value(state.0.clone()).map_err(|error| broken_state().with_source(error))
    }
}

fn broken_state() -> Fault {
    Fault::new(FaultClass::Bug, "finapi.flow_state", "The state of this connecting flow cannot be read.")
}

/// Banks by a name, a bank code, a BIC, an IBAN or a city.
pub(super) async fn institutions(client: &Client<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
    let BankQuery::Name(name) = query else { return Ok(Vec::new()) };
    let Some(wanted) = search::wanted(name) else { return Ok(Vec::new()) };
    let found = client.banks(&wanted).await?;
    let mut institutions: Vec<Institution> = found.banks.iter().map(connection::institution).collect();
    institutions.sort_by_cached_key(|institution| fold(&institution.name));
    Ok(institutions)
}

pub(super) async fn begin(client: &Client<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault> {
    match intent {
        Intent::Adopt { .. } => Err(Fault::no_such_way(DESCRIPTOR.name)),
        Intent::Hosted { name } => new(client, &json!({ "bankConnectionName": name }), back).await,
        Intent::New { institution_key } => at_bank(client, institution_key, back).await,
        Intent::Renew { institution_key, remote } => renew(client, institution_key, &Remote::read(remote)?, back).await,
    }
}

async fn at_bank(client: &Client<'_>, institution_key: &str, back: &Return) -> Result<Step, Fault> {
    let id: u64 = institution_key.parse().map_err(|error| {
        Fault::new(FaultClass::Bug, "finapi.bank", "There is no such bank at finAPI.").with_source(error)
    })?;
    new(client, &json!({ "bank": { "id": id } }), back).await
}

/// A form for a new connection.
async fn new(client: &Client<'_>, body: &Value, back: &Return) -> Result<Step, Fault> {
    let form = match client.new_form(&told(body, back, &["finalised"])).await {
        Err(fault) if is_untold(&fault, back) => client.new_form(body).await.map_err(|_| fault)?,
        result => result?,
    };
    open(client, &form, &way_back(back), None)
}

/// The same wish with the address for notices under these names, where there is one.
fn told(body: &Value, back: &Return, names: &[&str]) -> Value {
    let mut body = body.clone();
    if let Some(notice) = &back.notice {
        body["callbacks"] = names.iter().map(|name| ((*name).to_owned(), Value::from(notice.as_str()))).collect();
    }
    body
}

/// Whether a wish may have been refused for the address in it: finAPI takes none whose host has no dot (pattern of `Callbacks` in the
/// document of the web form). It is told once more without; all that a notice tells is learned by looking, too.
fn is_untold(fault: &Fault, back: &Return) -> bool {
    back.notice.is_some() && fault.code() == problem::REFUSED
}

/// Where finAPI sends the person: it adds nothing of its own, so the reference of the flow stands there.
fn way_back(back: &Return) -> String {
    let mut url = back.url.clone();
    url.query_pairs_mut().append_pair("state", &back.reference);
    url.into()
}

/// The page of a form, from which the person comes back whatever happens there.
fn open(client: &Client<'_>, form: &WebForm, way_back: &str, renews: Option<&str>) -> Result<Step, Fault> {
    let mut url: Url = form.url.as_deref().and_then(|url| url.parse().ok()).ok_or_else(problem::unreadable)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(problem::unreadable());
    }
    url.query_pairs_mut().append_pair("redirectUrl", way_back).append_pair("errorRedirectUrl", way_back);
    let latest = client.cx.ambient.now() + SignedDuration::from_mins(DESCRIPTOR.flow_minutes);
    let expires_at = form.expires_at.unwrap_or(latest);
    again(&Walking::Form { form: form.id.clone(), url: url.into(), expires_at, renews: renews.map(str::to_owned) })
}

fn again(walking: &Walking) -> Result<Step, Fault> {
    let Walking::Form { url, expires_at, .. } = walking else { return Err(broken_state()) };
    Ok(Step::Open(Browser { url: url.clone(), expires_at: *expires_at }, walking.state()?))
}

/// Renews: the person signs in again, and accounts that are new come too. A connection that is gone is made anew.
async fn renew(client: &Client<'_>, institution_key: &str, remote: &Remote, back: &Return) -> Result<Step, Fault> {
    match client.connection(&remote.connection).await {
        Ok(_) => {}
        Err(fault) if fault.code() == problem::NOT_FOUND => return at_bank(client, institution_key, back).await,
        Err(fault) => return Err(fault),
    }
    // Settings that are saved would be used without a word; who renews wants to give access anew, and to see what is new.
    let mut wish = json!({ "manageSavedSettings": ["CREDENTIALS"], "importNewAccountsMode": "FORCED" });
    if let Some(visitor) = client.cx.visitor {
        wish["userMetadata"] = updating::metadata(visitor);
    }
    let told = told(&wish, back, &["finalised", "webFormRequired"]);
    let task = match updating::begin(client, &remote.connection, &told).await {
        Err(fault) if is_untold(&fault, back) => {
            updating::begin(client, &remote.connection, &wish).await.map_err(|_| fault)?
        }
        result => result?,
    };
    let connection = remote.connection.clone();
    wait("finAPI asks the bank.", &Walking::Task { task: task.id, connection, back: way_back(back) })
}

fn wait(message: &str, walking: &Walking) -> Result<Step, Fault> {
    Ok(Step::Wait { message: message.to_owned(), poll_after_secs: POLL_SECS, state: walking.state()? })
}

/// Goes on from what finAPI says, and from nothing else.
pub(super) async fn resume(client: &Client<'_>, state: &FlowState) -> Result<Step, Fault> {
    let walking = Walking::read(state)?;
    match &walking {
        Walking::Form { form, renews, .. } => match client.form(form).await {
            Ok(read) => of_form(client, &walking, &read, renews.as_deref()).await,
            Err(fault) if fault.code() == problem::NOT_FOUND => Ok(Step::Cancelled { message: too_late() }),
            Err(fault) => Err(fault),
        },
        Walking::Task { task, connection, back } => {
            let read = client.connection(connection).await?;
            let bank = connection::bank_name(&read);
            match updating::stage(&client.task(task).await?, connection::said(&read), &bank) {
                Stage::Running => wait("finAPI asks the bank.", &walking),
                Stage::WantsForm { form } => open(client, &client.form(&form).await?, back, Some(connection)),
                Stage::Over => reading(client, connection, false, client.cx.ambient.now()).await,
                Stage::Failed(fault) => Ok(Step::Failed(fault)),
            }
        }
        Walking::Reading { connection, is_new, since } => reading(client, connection, *is_new, *since).await,
    }
}

fn too_late() -> String {
    "The time for the page of finAPI is over. Nothing has changed; start again.".to_owned()
}

async fn of_form(client: &Client<'_>, walking: &Walking, form: &WebForm, renews: Option<&str>) -> Result<Step, Fault> {
    let payload = form.payload.clone().unwrap_or_default();
    let made = payload.bank_connection_id.map(|id| id.0).filter(|_| renews.is_none());
    let error = payload.error_code.as_deref();
    let now = client.cx.ambient.now();
    match (form.status.as_deref().unwrap_or_default(), made.as_deref(), renews) {
        ("COMPLETED", Some(made), _) => reading(client, made, true, now).await,
        ("COMPLETED", None, Some(connection)) => reading(client, connection, false, now).await,
        ("COMPLETED", None, None) => Ok(Step::Failed(problem::unreadable())),
        // One way to the bank has worked and another has not. One that is there already is somebody's.
        ("COMPLETED_WITH_ERROR", Some(made), _) if error != Some("ENTITY_EXISTS") => {
            tracing::warn!("a form has ended with an error and has made a connection");
            reading(client, made, true, now).await
        }
        ("COMPLETED_WITH_ERROR", ..) => {
            let said = payload.error_message.as_deref();
            Ok(Step::Failed(problem::ended(error.unwrap_or_default(), said, "the bank")))
        }
        ("ABORTED", ..) => Ok(Step::Cancelled { message: "You cancelled at finAPI. Nothing has changed.".to_owned() }),
        ("EXPIRED", ..) => Ok(Step::Cancelled { message: too_late() }),
        // Not opened yet, in progress, or a word that we do not know: the form has an end of its own.
        _ => again(walking),
    }
}

/// Waits for the data, and takes up the accounts. That the form is filled in does not mean that they are there (fact sheet §7).
async fn reading(client: &Client<'_>, id: &str, is_new: bool, since: Timestamp) -> Result<Step, Fault> {
    let read = client.connection(id).await.map_err(connection::or_gone)?;
    let is_patient = client.cx.ambient.now().duration_since(since) < PATIENCE;
    if !connection::is_ready(&read) && is_patient {
        let message = format!("finAPI is reading {}.", connection::bank_name(&read));
        return wait(&message, &Walking::Reading { connection: id.to_owned(), is_new, since });
    }
    connected(client, &read).await
}

async fn connected(client: &Client<'_>, read: &BankConnection) -> Result<Step, Fault> {
    let bank = read.bank.as_ref().ok_or_else(problem::unreadable)?;
    let institution = connection::institution(bank);
    let (found, unread) = accounts::of_connection(client, &read.id.0).await?;
    let known = client.cx.currencies;
    let infos = found.iter().filter_map(|account| {
        accounts::currency(account, known).map(|currency| accounts::info(account, currency, &institution.key))
    });
    let infos: Vec<_> = infos.collect();
    if infos.is_empty() {
        let message = format!("{} shows no accounts that can be read.", institution.name);
        let fault = Fault::new(FaultClass::NeedsUser, "finapi.no_accounts", message);
        let action = UserAction::ActAtBank("Look at the bank whether your accounts may be read online.".to_owned());
        return Ok(Step::Failed(fault.with_action(action)));
    }
    Ok(Step::Done(Box::new(Connected {
        remote: Remote { connection: read.id.0.clone() }.keep()?,
        country: institution.countries.first().cloned(),
        institution,
        consent: connection::consent(read),
        accounts: infos,
        unread,
    })))
}

/// The accounts of a connection as finAPI has them, without asking the bank.
pub(super) async fn shown(client: &Client<'_>, remote: &Remote) -> Result<Shown, Fault> {
    let read = client.connection(&remote.connection).await.map_err(connection::or_gone)?;
    if !connection::is_ready(&read) {
        // Accounts go and come while a bank is being read.
        return Err(updating::still_reading(client));
    }
    Shown::of(connected(client, &read).await?)
}

/// Takes back what a flow has left: the form, so that nobody fills it in any more, and a connection that came about meanwhile and that
/// nobody will know of. One that is only renewed stays.
pub(super) async fn abandon(client: &Client<'_>, state: &FlowState) -> Result<(), Fault> {
    match Walking::read(state)? {
        Walking::Form { form, renews, .. } => {
            let made = match client.form(&form).await {
                Ok(read) => read.payload.and_then(|payload| payload.bank_connection_id).filter(|_| renews.is_none()),
                Err(fault) if fault.code() == problem::NOT_FOUND => return Ok(()),
                Err(fault) => return Err(fault),
            };
            if let Some(made) = made {
                or_gone(client.delete_connection(&made.0).await)?;
            }
            or_gone(client.delete_form(&form).await)
        }
        Walking::Task { task, .. } => match client.task(&task).await.map(|task| updating::stage(&task, None, "")) {
            Ok(Stage::WantsForm { form }) => or_gone(client.delete_form(&form).await),
            Ok(_) => Ok(()),
            result => or_gone(result.map(|_| ())),
        },
        Walking::Reading { connection, is_new: true, .. } => or_gone(client.delete_connection(&connection).await),
        Walking::Reading { is_new: false, .. } => Ok(()),
    }
}

/// Ends a connection at finAPI, with the consent at the bank.
pub(super) async fn revoke(client: &Client<'_>, remote: &Remote) -> Result<(), Fault> {
    or_gone(client.delete_connection(&remote.connection).await)
}

/// What is gone already is as good as deleted.
fn or_gone(result: Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.code() == problem::NOT_FOUND => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_carries_the_reference_of_the_flow() {
        let url = "https://money.example/connect/callback".parse().unwrap();
        let back = Return { url, reference: "a b&c".to_owned(), notice: None };
        assert_eq!(way_back(&back), "https://money.example/connect/callback?state=a+b%26c");
    }
}
