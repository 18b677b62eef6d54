//! Connecting: institution, agreement, requisition, the person's walk to the bank and back, and the accounts.

use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::fold;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::accounts::account;
use super::client::Client;
use super::consent;
use super::wire;
use crate::connector::{Intent, Return};
use crate::fault::Fault;
use crate::step::{Browser, Connected, FlowState, Input, Institution, RemoteRef, Step};

const POLL_SECS: u32 = 3;

/// What a flow needs to go on.
#[derive(Debug, Serialize, Deserialize)]
struct Walking {
    requisition: String,
    institution: Institution,
    link: String,
    expires_at: Timestamp,
    /// The agreement that is being confirmed anew. The requisition is then the one in use, and not to be deleted.
    #[serde(default)]
    reconfirms: Option<String>,
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

pub(super) async fn institutions(client: &Client<'_>, country: &str) -> Result<Vec<Institution>, Fault> {
    let mut url = client.url(&["institutions"])?;
    url.query_pairs_mut().append_pair("country", &country.to_ascii_lowercase());
    let rows: Vec<wire::InstitutionRow> = client.get(url, "institutions").await?;
    let mut institutions: Vec<Institution> = rows.into_iter().map(institution).collect();
    institutions.sort_by_cached_key(|institution| fold(&institution.name));
    Ok(institutions)
}

fn institution(row: wire::InstitutionRow) -> Institution {
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
    open(&Walking { requisition: requisition.id, institution: institution(row), link, expires_at, reconfirms: None })
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
    let mut redirect = back.url.clone();
    // The reference of the requisition stays what it is, and may come back as `ref`; this walk has one of its own.
    redirect.query_pairs_mut().append_pair("state", &back.reference);
    let Some(asked) = consent::ask_to_reconfirm(client, &agreement, redirect.as_str()).await? else {
        return Ok(None);
    };
    let walking = Walking {
        requisition: requisition.id,
        institution: institution(row.clone()),
        link: asked.reconfirmation_url,
        expires_at,
        reconfirms: Some(id),
    };
    open(&walking).map(Some)
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

async fn requisition(client: &Client<'_>, id: &str) -> Result<wire::Requisition, Fault> {
    client.get(client.url(&["requisitions", id])?, "requisitions/id").await
}

pub(super) async fn resume(client: &Client<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
    let walking = walking(state)?;
    let bank = walking.institution.name.as_str();
    if let Input::Callback(query) = &input
        && let Some(error) = query.get("error")
    {
        return Ok(refused(error, bank));
    }
    if let Some(agreement) = walking.reconfirms.clone() {
        return reconfirmed(client, walking, &agreement).await;
    }
    let requisition = requisition(client, &walking.requisition).await?;
    match requisition.status.as_str() {
        "LN" => {
            let consent = match &requisition.agreement {
                Some(id) => consent::consent(&consent::agreement(client, id).await?, None),
                None => Consent { given_at: None, valid_until: None },
            };
            connected(client, walking, requisition, consent).await
        }
        "RJ" => Ok(refused("UserSessionRejected", bank)),
        "ER" => Ok(Step::Failed(Fault::new(
            FaultClass::RetryLater,
            "gocardless.requisition_error",
            format!("GoCardless could not finish connecting {bank}. Nothing has changed."),
        ))),
        "EX" | "SU" => Ok(Step::Failed(
            Fault::new(
                FaultClass::NeedsUser,
                "gocardless.requisition_ended",
                "This consent has ended before it was used.",
            )
            .with_action(UserAction::Renew),
        )),
        // Created, giving consent, at the bank, choosing accounts, granting access: the person is on their way. A word that we
        // do not know says nothing against it, and the flow has an end of its own.
        word => {
            if !matches!(word, "CR" | "GC" | "UA" | "SA" | "GA") {
                tracing::info!(word, "a requisition has a status that is not documented");
            }
            open(&walking)
        }
    }
}

/// Goes on once every account that the agreement is about has an answer.
async fn reconfirmed(client: &Client<'_>, walking: Walking, agreement: &str) -> Result<Step, Fault> {
    let asked = consent::reconfirmation(client, agreement).await?;
    let answers: Vec<_> = asked.accounts.values().collect();
    if answers.is_empty() || !answers.iter().all(|answer| answer.is_given()) {
        return open(&walking);
    }
    let latest = answers.iter().filter_map(|answer| answer.reconfirmed_at()).max();
    let Some(latest) = latest else {
        return Ok(Step::Cancelled {
            message: format!("You did not confirm the access to {}. Nothing has changed.", walking.institution.name),
        });
    };
    let consent = consent::consent(&consent::agreement(client, agreement).await?, Some(latest));
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
        "RequisitionLinkReused" => {
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
    walking: Walking,
    requisition: wire::Requisition,
    consent: Consent,
) -> Result<Step, Fault> {
    // Reading metadata costs nothing of the daily quota; details and balances do. So all accounts have to be ready first.
    let mut ready = Vec::with_capacity(requisition.accounts.len());
    for id in &requisition.accounts {
        let metadata: wire::AccountMetadata = client.get(client.url(&["accounts", id])?, "accounts/id").await?;
        if matches!(metadata.status.as_deref(), Some("DISCOVERED" | "PROCESSING")) {
            return Ok(Step::Wait {
                message: format!("{} is preparing the accounts.", walking.institution.name),
                poll_after_secs: POLL_SECS,
                state: flow_state(&walking)?,
            });
        }
        ready.push((id, metadata));
    }
    // An account that cannot be read yet does not keep the others from being connected; a resync finds it.
    let mut accounts = Vec::with_capacity(ready.len());
    let mut unread = Vec::new();
    let mut refused = None;
    for (id, metadata) in ready {
        match account(client, id, metadata, &walking.institution).await {
            Ok(account) => accounts.push(account),
            Err(fault) if matches!(fault.class(), FaultClass::NeedsUser | FaultClass::Gone) => {
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
    let remote = serde_json::to_value(Remote { requisition: requisition.id }).map(RemoteRef);
    Ok(Step::Done(Box::new(Connected {
        remote: remote.map_err(|error| broken_state().with_source(error))?,
        country: country(&walking.institution, &requisition.institution_id),
        institution: walking.institution,
        consent,
        accounts,
        unread,
    })))
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
