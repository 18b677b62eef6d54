//! Connecting: institution, agreement, requisition, the person's walk to the bank and back, and the accounts.

use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::fold;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::accounts::account;
use super::client::{Client, parse};
use super::consent::{self, Said};
use super::{problem, wire};
use crate::connector::{Intent, Return};
use crate::fault::Fault;
use crate::step::{BankQuery, Browser, Connected, FlowState, Input, Institution, RemoteRef, Step};

const POLL_SECS: u32 = 3;
/// Accounts that are still being prepared after so long no longer keep the others waiting.
const PATIENCE_MINUTES: i64 = 10;

/// What the return says when the link had been opened before.
const LINK_REUSED: &str = "RequisitionLinkReused";

/// What a flow needs to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Walking {
    requisition: String,
    institution: Institution,
    link: String,
    expires_at: Timestamp,
    /// The agreement that is being confirmed anew. The requisition is then the one in use, and not to be deleted.
    #[serde(default)]
    reconfirms: Option<String>,
    /// When the provider last had a word of the person about that agreement before this flow, by its own clock. Only what comes
    /// after it is said in this flow.
    #[serde(default)]
    last_word_before: Option<Timestamp>,
    /// Since when accounts have been waited for.
    #[serde(default)]
    since: Option<Timestamp>,
}

/// What fetching needs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remote {
    pub(super) requisition: String,
}

impl Remote {
    pub(super) fn read(remote: &RemoteRef) -> Result<Self, Fault> {
        serde_json::from_value(remote.0.clone()).map_err(|error| {
            Fault::new(FaultClass::Bug, "gocardless.remote", "The reference of this connection cannot be read.")
                .with_source(error)
        })
    }
}

pub(super) async fn institutions(client: &Client<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
    let BankQuery::Country(country) = query else { return Ok(Vec::new()) };
    let mut url = client.url(&["institutions"])?;
    url.query_pairs_mut().append_pair("country", &country.to_ascii_lowercase());
    let rows: Vec<Box<RawValue>> = client.get(url, "institutions").await?;
    let mut institutions = readable(&rows)?;
    institutions.sort_by_cached_key(|institution| fold(&institution.name));
    Ok(institutions)
}

/// Those that can be read; one that cannot does not lose the others.
fn readable(rows: &[Box<RawValue>]) -> Result<Vec<Institution>, Fault> {
    let mut institutions = Vec::with_capacity(rows.len());
    let mut unread = None;
    for row in rows {
        match parse(row.get().as_bytes()) {
            Ok(row) => institutions.push(institution(row)),
            Err(fault) => unread = Some(fault),
        }
    }
    match unread {
        Some(fault) if institutions.is_empty() => Err(fault),
        Some(_) => {
            tracing::warn!(rows = rows.len(), read = institutions.len(), "not every institution can be read");
            Ok(institutions)
        }
        None => Ok(institutions),
    }
}

pub(super) fn institution(row: wire::InstitutionRow) -> Institution {
    Institution {
        key: row.id,
        name: row.name,
        bic: row.bic,
        countries: row.countries,
        logo: row.logo,
        max_history_days: row.transaction_total_days,
        max_consent_days: row.max_access_valid_for_days,
    }
}

pub(super) async fn begin(client: &Client<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault> {
    let key = match intent {
        Intent::New { institution_key } | Intent::Renew { institution_key, .. } => institution_key,
        Intent::Adopt { .. } | Intent::Hosted { .. } => return Err(Fault::no_such_way(super::DESCRIPTOR.name)),
    };
    let row: wire::InstitutionRow = client.get(client.url(&["institutions", key])?, "institutions/id").await?;
    let expires_at = client.cx.ambient.now() + SignedDuration::from_mins(super::DESCRIPTOR.flow_minutes);
    if let Intent::Renew { remote, .. } = intent
        && let Some(step) = begin_to_reconfirm(client, &Remote::read(remote)?, &row, back, expires_at).await?
    {
        return Ok(step);
    }
    let agreement = consent::agree(client, &row).await?;
    let requisition: wire::Requisition = client
        .post(
            &["requisitions"],
            "requisitions",
            &json!({
                "redirect": back.url.as_str(),
                "institution_id": row.id,
                "agreement": agreement.id,
                "reference": back.reference,
                "user_language": "EN",
                "redirect_immediate": false,
            }),
        )
        .await?;
    let link = requisition.link.ok_or_else(|| {
        Fault::new(FaultClass::Bug, "gocardless.no_link", "GoCardless gave no page to open for this bank.")
    })?;
    open(&Walking {
        requisition: requisition.id,
        institution: institution(row),
        link,
        expires_at,
        reconfirms: None,
        last_word_before: None,
        since: None,
    })
}

/// Renews by confirming the agreement, where the bank and the moment allow it: shorter for the person than a new one.
async fn begin_to_reconfirm(
    client: &Client<'_>,
    remote: &Remote,
    row: &wire::InstitutionRow,
    back: &Return,
    expires_at: Timestamp,
) -> Result<Option<Step>, Fault> {
    let requisition = match requisition(client, &remote.requisition).await {
        Ok(requisition) => requisition,
        Err(fault) if fault.class() == FaultClass::Gone => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let (Some(id), "LN") = (requisition.agreement, requisition.status.as_str()) else { return Ok(None) };
    let agreement = consent::agreement(client, &id).await?;
    if agreement.reconfirmation != Some(true) || !are_alive(client, &requisition.accounts).await? {
        return Ok(None);
    }
    let mut redirect = back.url.clone();
    // The reference of the requisition stays what it is, and may come back as `ref`; this walk has one of its own.
    redirect.query_pairs_mut().append_pair("state", &back.reference);
    let Some(asked) = consent::ask_to_reconfirm(client, &agreement, redirect.as_str()).await? else {
        return Ok(None);
    };
    let walking = Walking {
        requisition: requisition.id,
        institution: institution(row.clone()),
        last_word_before: asked.last_word_at(),
        link: asked.reconfirmation_url,
        expires_at,
        reconfirms: Some(id),
        since: None,
    };
    open(&walking).map(Some)
}

/// Whether confirming helps every account: one that has expired or is suspended comes back with a new consent only.
async fn are_alive(client: &Client<'_>, accounts: &[String]) -> Result<bool, Fault> {
    for id in accounts {
        match metadata(client, id).await {
            Ok(metadata) => {
                let standing = problem::of_account(metadata.status.as_deref(), client.cx.ambient.now());
                if standing.is_some_and(|fault| fault.class() != FaultClass::Busy) {
                    return Ok(false);
                }
            }
            Err(fault) if is_its_own(&fault) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Ok(true)
}

fn open(walking: &Walking) -> Result<Step, Fault> {
    let browser = Browser { url: walking.link.clone(), expires_at: walking.expires_at };
    Ok(Step::Open(browser, flow_state(walking)?))
}

fn flow_state(walking: &Walking) -> Result<FlowState, Fault> {
    serde_json::to_value(walking).map(FlowState).map_err(|error| broken_state().with_source(error))
}

fn walking(state: &FlowState) -> Result<Walking, Fault> {
    serde_json::from_value(state.0.clone()).map_err(|error| broken_state().with_source(error))
}

fn broken_state() -> Fault {
    Fault::new(FaultClass::Bug, "gocardless.flow_state", "The state of this connecting flow cannot be read.")
}

pub(super) async fn requisition(client: &Client<'_>, id: &str) -> Result<wire::Requisition, Fault> {
    client.get(client.url(&["requisitions", id])?, "requisitions/id").await
}

pub(super) async fn resume(client: &Client<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
    let walking = walking(state)?;
    let bank = walking.institution.name.as_str();
    let error = match &input {
        Input::Callback(query) => query.get("error").map(String::as_str),
        Input::Poll | Input::Answers(_) => None,
    };
    if let Some(agreement) = walking.reconfirms.clone() {
        return reconfirmed(client, &walking, &agreement, error).await;
    }
    let requisition = match (requisition(client, &walking.requisition).await, error) {
        (Err(fault), Some(error)) if holds_unasked(error, &fault) => return Ok(refused(error, bank)),
        (result, _) => result?,
    };
    match (requisition.status.as_str(), error) {
        ("LN", _) => {
            let consent = match &requisition.agreement {
                Some(id) => consent::consent(&consent::agreement(client, id).await?, None),
                None => Consent { given_at: None, valid_until: None },
            };
            connected(client, &walking, requisition, consent).await
        }
        // The page was opened a second time, and the first walk goes on.
        ("CR" | "GC" | "UA" | "SA" | "GA", Some(LINK_REUSED)) => open(&walking),
        (_, Some(error)) => Ok(refused(error, bank)),
        ("RJ", None) => Ok(refused("UserSessionRejected", bank)),
        ("ER", None) => Ok(Step::Failed(Fault::new(
            FaultClass::RetryLater,
            "gocardless.requisition_error",
            format!("GoCardless could not finish connecting {bank}. Nothing has changed."),
        ))),
        ("EX" | "SU", None) => Ok(Step::Failed(
            Fault::new(
                FaultClass::NeedsUser,
                "gocardless.requisition_ended",
                "This consent has ended before it was used.",
            )
            .with_action(UserAction::Renew),
        )),
        // Created, giving consent, at the bank, choosing accounts, granting access: the person is on their way. A word that we
        // do not know says nothing against it, and the flow has an end of its own.
        (word, None) => {
            if !matches!(word, "CR" | "GC" | "UA" | "SA" | "GA") {
                tracing::info!(word, "a requisition has a status that is not documented");
            }
            open(&walking)
        }
    }
}

/// Whether what the address of the return says of an error is the answer although the provider could not say how it stands:
/// what the person did at the bank's page, or anything where there is nothing left to ask about.
fn holds_unasked(error: &str, fault: &Fault) -> bool {
    fault.class() == FaultClass::Gone || matches!(error, "UserCancelledSession" | "UserSessionRejected")
}

/// Goes on once the person has confirmed in this flow. An error in the address of the return counts only while they have not.
async fn reconfirmed(
    client: &Client<'_>,
    walking: &Walking,
    agreement: &str,
    error: Option<&str>,
) -> Result<Step, Fault> {
    let bank = walking.institution.name.as_str();
    let asked = match (consent::reconfirmation(client, agreement).await, error) {
        (Err(fault), Some(error)) if holds_unasked(error, &fault) => return Ok(refused(error, bank)),
        (result, _) => result?,
    };
    let confirmed_at = match (consent::said_since(&asked, walking.last_word_before), error) {
        (Said::Nothing, None | Some(LINK_REUSED)) => return open(walking),
        (Said::Nothing, Some(error)) => return Ok(refused(error, bank)),
        (Said::Rejected, _) => {
            let message = format!("You did not confirm the access to {bank}. Nothing has changed.");
            return Ok(Step::Cancelled { message });
        }
        (Said::Confirmed(at), _) => at,
    };
    let consent = consent::consent(&consent::agreement(client, agreement).await?, Some(confirmed_at));
    let requisition = requisition(client, &walking.requisition).await?;
    connected(client, walking, requisition, consent).await
}

/// Deletes the requisition; its link leads nowhere then. One that is gone already is as good, and one that is in use stays.
pub(super) async fn abandon(client: &Client<'_>, state: &FlowState) -> Result<(), Fault> {
    let walking = walking(state)?;
    match walking.reconfirms {
        Some(_) => Ok(()),
        None => delete(client, &walking.requisition).await,
    }
}

/// Deletes the requisition, and with it the access to its accounts.
pub(super) async fn revoke(client: &Client<'_>, remote: &RemoteRef) -> Result<(), Fault> {
    delete(client, &Remote::read(remote)?.requisition).await
}

async fn delete(client: &Client<'_>, requisition: &str) -> Result<(), Fault> {
    match client.delete(&["requisitions", requisition], "requisitions/id").await {
        Err(fault) if fault.class() == FaultClass::Gone => Ok(()),
        result => result,
    }
}

/// What the provider says when it sends the person back without success.
fn refused(error: &str, bank: &str) -> Step {
    let failed = |class, code: &str, message: String| Step::Failed(Fault::new(class, code, message));
    match error {
        "UserCancelledSession" => Step::Cancelled { message: format!("You cancelled at {bank}. Nothing has changed.") },
        "UserSessionRejected" => Step::Cancelled {
            message: format!("{bank} rejected the sign-in: wrong details, or the bank does not allow it."),
        },
        "SSNVerificationFailed" => {
            Step::Cancelled { message: format!("{bank} could not verify the social security number.") }
        }
        LINK_REUSED => {
            Step::Cancelled { message: "This link had been used already. Start again to get a new one.".to_owned() }
        }
        "InstitutionTechnicalError" => failed(
            FaultClass::RetryLater,
            "gocardless.bank_down",
            format!("{bank} has a technical problem at the moment. Try again later."),
        ),
        "CompanyRequisitionLimitReached" => failed(
            FaultClass::NeedsOperator,
            "gocardless.limit_reached",
            "GoCardless allows no more new connections this month on these keys.".to_owned(),
        ),
        other => {
            let word = other.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
            let message = format!("GoCardless could not connect {bank}.");
            Step::Failed(Fault::new(FaultClass::RetryLater, "gocardless.refused", message).with_reference(Some(word)))
        }
    }
}

async fn connected(
    client: &Client<'_>,
    walking: &Walking,
    requisition: wire::Requisition,
    consent: Consent,
) -> Result<Step, Fault> {
    // Reading metadata costs nothing of the daily quota; details and balances do. So all accounts have to be ready first.
    let mut ready = Vec::with_capacity(requisition.accounts.len());
    let mut preparing = Vec::new();
    // An account that cannot be read yet does not keep the others from being connected; a resync finds it.
    let mut unread = Vec::new();
    let mut refused = None;
    for id in &requisition.accounts {
        match metadata(client, id).await {
            Ok(metadata) if matches!(metadata.status.as_deref(), Some("DISCOVERED" | "PROCESSING")) => {
                preparing.push(id.clone());
            }
            Ok(metadata) => ready.push((id, metadata)),
            Err(fault) if is_its_own(&fault) => {
                tracing::warn!(code = fault.code(), "an account of a connection cannot be read");
                unread.push(id.clone());
                refused = Some(fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    if !preparing.is_empty() {
        let now = client.cx.ambient.now();
        let since = walking.since.unwrap_or(now);
        if ready.is_empty() || now.duration_since(since) < SignedDuration::from_mins(PATIENCE_MINUTES) {
            return Ok(Step::Wait {
                message: format!("{} is preparing the accounts.", walking.institution.name),
                poll_after_secs: POLL_SECS,
                state: flow_state(&Walking { since: Some(since), ..walking.clone() })?,
            });
        }
        tracing::warn!(accounts = preparing.len(), "accounts of a connection are not ready in time");
        unread.append(&mut preparing);
    }
    // Those that cannot do without their details come first: where they fail, the others have spent no call.
    ready.sort_by_key(|(_, metadata)| metadata.has_number());
    let mut accounts = Vec::with_capacity(ready.len());
    for (id, metadata) in ready {
        match account(client, id, metadata, &walking.institution).await {
            Ok(account) => accounts.push(account),
            Err(fault) if is_its_own(&fault) => {
                tracing::warn!(code = fault.code(), "an account of a connection cannot be read");
                unread.push(id.clone());
                refused = Some(fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    if let (true, Some(fault)) = (accounts.is_empty(), refused) {
        return Ok(Step::Failed(fault));
    }
    accounts.sort_by_key(|account| requisition.accounts.iter().position(|id| *id == account.provider_account_id));
    let remote = serde_json::to_value(Remote { requisition: requisition.id }).map(RemoteRef);
    Ok(Step::Done(Box::new(Connected {
        remote: remote.map_err(|error| broken_state().with_source(error))?,
        country: country(&walking.institution, &requisition.institution_id),
        institution: walking.institution.clone(),
        consent,
        accounts,
        unread,
    })))
}

pub(super) async fn metadata(client: &Client<'_>, id: &str) -> Result<wire::AccountMetadata, Fault> {
    client.get(client.url(&["accounts", id])?, "accounts/id").await
}

/// A fault that says something about one account, and nothing about the others or about a later moment.
fn is_its_own(fault: &Fault) -> bool {
    matches!(fault.class(), FaultClass::NeedsUser | FaultClass::Gone | FaultClass::Unsupported | FaultClass::Bug)
}

/// A bank that works in one country is of that country; one that works in several names its own at the end of its BIC's
/// first six letters, which the provider's id ends with.
fn country(institution: &Institution, institution_id: &str) -> Option<String> {
    if let [only] = institution.countries.as_slice() {
        return Some(only.clone());
    }
    let bic = institution.bic.as_deref().or_else(|| institution_id.rsplit('_').next())?;
    let code = bic.get(4..6)?.to_ascii_uppercase();
    institution.countries.iter().find(|country| **country == code).or(institution.countries.first()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_institution_that_cannot_be_read_does_not_lose_the_others() {
        let rows = |text: &str| serde_json::from_str::<Vec<Box<RawValue>>>(text).unwrap();
        let some = readable(&rows(r#"[{"id": "A", "name": null}, {"id": "B", "name": "Bank B"}, 7]"#)).unwrap();
        assert_eq!(some.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["B"]);
        assert_eq!(readable(&rows("[]")).unwrap(), []);
        let none = readable(&rows(r#"[{"id": "A"}]"#)).unwrap_err();
        assert_eq!(none.code(), "gocardless.unreadable", "an empty list would say that there are no banks");
    }

    #[test]
    fn a_bank_of_many_countries_is_of_the_one_in_its_bic() {
        let institution = |countries: &[&str], bic: Option<&str>| Institution {
            key: "N26_NTSBDEB1".into(),
            name: "N26".into(),
            bic: bic.map(str::to_owned),
            countries: countries.iter().map(|country| (*country).to_owned()).collect(),
            logo: None,
            max_history_days: None,
            max_consent_days: None,
        };
        let of = |countries: &[&str], bic| country(&institution(countries, bic), "N26_NTSBDEB1");
        assert_eq!(of(&["SE", "DE", "FR"], Some("NTSBDEB1")), Some("DE".into()));
        assert_eq!(of(&["SE", "DE"], None), Some("DE".into()));
        assert_eq!(of(&["SE"], Some("NTSBDEB1")), Some("SE".into()));
        assert_eq!(of(&[], Some("NTSBDEB1")), None);
    }
}
