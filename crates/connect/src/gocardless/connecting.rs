//! Connecting: institution, agreement, requisition, the person's walk to the bank and back, and the accounts.

use bankside_domain::account::AccountKind;
use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Amount, CurrencyCode};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{Client, Resource, parse};
use super::quirks;
use super::wire;
use crate::connector::Return;
use crate::fault::Fault;
use crate::fetch::{FetchedBalance, ProviderWord};
use crate::step::{AccountInfo, Browser, Connected, FlowState, Input, Institution, RemoteRef, Step};

const DEFAULT_CONSENT_DAYS: i64 = 90;
const DEFAULT_HISTORY_DAYS: i64 = 90;
const POLL_SECS: u32 = 3;

/// What a flow needs to go on.
#[derive(Debug, Serialize, Deserialize)]
struct Walking {
    requisition: String,
    institution: Institution,
    link: String,
    expires_at: Timestamp,
}

/// What fetching needs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remote {
    pub(super) requisition: String,
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

pub(super) async fn begin(client: &Client<'_>, key: &str, back: &Return) -> Result<Step, Fault> {
    let row: wire::InstitutionRow = client.get(client.url(&["institutions", key])?, "institutions/id").await?;
    let institution = institution(row);
    // Without these the provider grants 90 days, whatever the bank allows.
    let agreement: wire::Agreement = client
        .post(
            &["agreements", "enduser"],
            "agreements/enduser",
            &json!({
                "institution_id": institution.key,
                "max_historical_days": institution.max_history_days.unwrap_or(DEFAULT_HISTORY_DAYS),
                "access_valid_for_days": institution.max_consent_days.unwrap_or(DEFAULT_CONSENT_DAYS),
                "access_scope": ["balances", "details", "transactions"],
            }),
        )
        .await?;
    let requisition: wire::Requisition = client
        .post(
            &["requisitions"],
            "requisitions",
            &json!({
                "redirect": back.url.as_str(),
                "institution_id": institution.key,
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
    let expires_at = client.cx.ambient.now() + SignedDuration::from_mins(super::DESCRIPTOR.flow_minutes);
    let walking = Walking { requisition: requisition.id, institution, link, expires_at };
    open(&walking)
}

fn open(walking: &Walking) -> Result<Step, Fault> {
    let browser = Browser { url: walking.link.clone(), expires_at: walking.expires_at };
    Ok(Step::Open(browser, flow_state(walking)?))
}

fn flow_state(walking: &Walking) -> Result<FlowState, Fault> {
    serde_json::to_value(walking).map(FlowState).map_err(|error| broken_state().with_source(error))
}

fn broken_state() -> Fault {
    Fault::new(FaultClass::Bug, "gocardless.flow_state", "The state of this connecting flow cannot be read.")
}

pub(super) async fn resume(client: &Client<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
    let walking: Walking =
        serde_json::from_value(state.0.clone()).map_err(|error| broken_state().with_source(error))?;
    if let Input::Callback(query) = &input
        && let Some(error) = query.get("error")
    {
        return refused(error, &walking.institution.name);
    }
    let requisition: wire::Requisition =
        client.get(client.url(&["requisitions", &walking.requisition])?, "requisitions/id").await?;
    match requisition.status.as_str() {
        "LN" => connected(client, walking, requisition).await,
        "RJ" => refused("UserSessionRejected", &walking.institution.name),
        "ER" => Err(Fault::new(
            FaultClass::RetryLater,
            "gocardless.requisition_error",
            "GoCardless could not finish connecting this bank.",
        )),
        "EX" | "SU" => Err(Fault::new(
            FaultClass::NeedsUser,
            "gocardless.requisition_ended",
            "This consent has ended before it was used.",
        )
        .with_action(UserAction::Renew)),
        // Created, giving consent, at the bank, choosing accounts, granting access, and words that we do not know.
        _ => open(&walking),
    }
}

/// Deletes the requisition; its link leads nowhere then. One that is gone already is as good.
pub(super) async fn abandon(client: &Client<'_>, state: &FlowState) -> Result<(), Fault> {
    let walking: Walking =
        serde_json::from_value(state.0.clone()).map_err(|error| broken_state().with_source(error))?;
    match client.delete(&["requisitions", &walking.requisition], "requisitions/id").await {
        Err(fault) if fault.class() == FaultClass::Gone => Ok(()),
        result => result,
    }
}

/// What the provider says when it sends the person back without success.
fn refused(error: &str, bank: &str) -> Result<Step, Fault> {
    match error {
        "UserCancelledSession" => {
            Ok(Step::Cancelled { message: format!("You cancelled at {bank}. Nothing has changed.") })
        }
        "UserSessionRejected" => Ok(Step::Cancelled {
            message: format!("{bank} rejected the sign-in: wrong details, or the bank does not allow it."),
        }),
        "RequisitionLinkReused" => {
            Ok(Step::Cancelled { message: "This link had been used already. Start again to get a new one.".to_owned() })
        }
        "InstitutionTechnicalError" => Err(Fault::new(
            FaultClass::RetryLater,
            "gocardless.bank_down",
            format!("{bank} has a technical problem at the moment. Try again later."),
        )),
        "CompanyRequisitionLimitReached" => Err(Fault::new(
            FaultClass::NeedsOperator,
            "gocardless.limit_reached",
            "GoCardless allows no more new connections this month on these keys.",
        )),
        other => Err(Fault::new(
            FaultClass::RetryLater,
            "gocardless.refused",
            format!("GoCardless could not connect {bank}."),
        )
        .with_reference(Some(other.chars().filter(char::is_ascii_alphanumeric).take(60).collect()))),
    }
}

async fn connected(client: &Client<'_>, walking: Walking, requisition: wire::Requisition) -> Result<Step, Fault> {
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
    let mut refused = None;
    for (id, metadata) in ready {
        match account(client, id, metadata, &walking.institution).await {
            Ok(account) => accounts.push(account),
            Err(fault) if matches!(fault.class(), FaultClass::NeedsUser | FaultClass::Gone) => {
                tracing::warn!(code = fault.code(), "an account of a new connection cannot be read");
                refused = Some(fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    if let (true, Some(fault)) = (accounts.is_empty(), refused) {
        return Err(fault);
    }
    let consent = match &requisition.agreement {
        Some(id) => consent(&client.get(client.url(&["agreements", "enduser", id])?, "agreements/enduser/id").await?),
        None => Consent { given_at: None, valid_until: None },
    };
    let remote = serde_json::to_value(Remote { requisition: requisition.id }).map(RemoteRef);
    Ok(Step::Done(Box::new(Connected {
        remote: remote.map_err(|error| broken_state().with_source(error))?,
        country: country(&walking.institution, &requisition.institution_id),
        institution: walking.institution,
        consent,
        accounts,
    })))
}

/// The days count from the moment in which the person agreed.
fn consent(agreement: &wire::Agreement) -> Consent {
    let given_at: Option<Timestamp> = agreement.accepted.as_deref().and_then(|text| text.parse().ok());
    let days = agreement.access_valid_for_days.unwrap_or(DEFAULT_CONSENT_DAYS).clamp(0, 3650);
    Consent { given_at, valid_until: given_at.map(|at| at + SignedDuration::from_hours(24 * days)) }
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

async fn account(
    client: &Client<'_>,
    id: &str,
    mut metadata: wire::AccountMetadata,
    institution: &Institution,
) -> Result<AccountInfo, Fault> {
    let mut details = match client.account_data(id, Resource::Details, &[]).await {
        Ok(body) => parse::<wire::AccountDetails>(&body)?.account,
        Err(fault) if passes(&fault) => wire::Details::default(),
        Err(fault) => return Err(fault),
    };
    let balances = match client.account_data(id, Resource::Balances, &[]).await {
        Ok(body) => balances(client, &institution.key, &body)?,
        Err(fault) if passes(&fault) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    let currency = details
        .currency
        .as_deref()
        .and_then(|code| code.parse::<CurrencyCode>().ok())
        .or_else(|| balances.first().map(|balance| balance.amount.currency.code))
        .ok_or_else(|| {
            Fault::new(
                FaultClass::RetryLater,
                "gocardless.no_currency",
                "The bank does not say which currency an account is in yet.",
            )
        })?;
    quirks::account(&institution.key, &mut details, &mut metadata);
    let number = details.iban.or(metadata.iban).or(details.bban).or(metadata.bban).or(details.scan);
    let holder = details.owner_name.or(metadata.owner_name).as_deref().and_then(tidy);
    let name = [details.name, details.display_name, details.product, metadata.name]
        .into_iter()
        .flatten()
        .find_map(|name| tidy(&name))
        .unwrap_or_else(|| "Account".to_owned());
    let mask = number.as_deref().or(details.masked_pan.as_deref());
    Ok(AccountInfo {
        provider_account_id: id.to_owned(),
        match_keys: match_keys(number.as_deref(), mask, holder.as_deref(), currency, institution),
        name,
        holder,
        number: number.or(details.masked_pan),
        currency,
        kind: kind(details.cash_account_type.as_deref()),
        balances,
    })
}

/// Faults of one scope that must not keep an account from being listed.
fn passes(fault: &Fault) -> bool {
    matches!(
        fault.class(),
        FaultClass::RateLimited | FaultClass::RetryLater | FaultClass::Unsupported | FaultClass::Busy
    )
}

fn match_keys(
    number: Option<&str>,
    mask: Option<&str>,
    holder: Option<&str>,
    currency: CurrencyCode,
    institution: &Institution,
) -> Vec<MatchKey> {
    let compact = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    let mut keys = Vec::new();
    if let Some(number) = number.map(compact).filter(|number| number.len() >= 8) {
        keys.push(MatchKey { kind: MatchKeyKind::Iban, value: format!("{number}|{currency}") });
    }
    if let Some(mask) = mask.map(compact) {
        let tail = &mask[mask.len().saturating_sub(4)..];
        let holder = holder.map(fold).unwrap_or_default();
        let value = format!("{tail}|{currency}|{holder}|{}", institution.key);
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value });
    }
    keys
}

/// ISO 20022 account types.
fn kind(code: Option<&str>) -> AccountKind {
    match code.map(str::to_ascii_uppercase).as_deref() {
        Some("SVGS" | "MGLD" | "MOMA") => AccountKind::Savings,
        Some("CARD") => AccountKind::CreditCard,
        Some("LOAN") => AccountKind::Loan,
        Some("CASH") => AccountKind::Cash,
        _ => AccountKind::Checking,
    }
}

/// Reads balances; one in a currency or of digits that we cannot read is left out and told.
pub(super) fn balances(client: &Client<'_>, institution_key: &str, body: &[u8]) -> Result<Vec<FetchedBalance>, Fault> {
    let answer: wire::Balances = parse(body)?;
    let read = answer.balances.iter().filter_map(|balance| read_balance(client, institution_key, balance)).collect();
    Ok(quirks::balances(institution_key, read))
}

fn read_balance(client: &Client<'_>, institution_key: &str, balance: &wire::Balance) -> Option<FetchedBalance> {
    let code: CurrencyCode = balance.balance_amount.currency.parse().ok()?;
    let currency = *client.cx.currencies.get(&code)?;
    let amount = match Amount::parse(&balance.balance_amount.amount.0, currency) {
        Ok(amount) => amount,
        Err(error) => {
            tracing::warn!(%error, "a balance cannot be read");
            return None;
        }
    };
    let day: Option<Date> = balance.reference_date.as_deref().and_then(|text| text.parse().ok());
    let (kind, moment) = match quirks::balance_kind(institution_key, &balance.balance_type) {
        Some(kind) => (kind, BalanceMoment::Now),
        None => meaning(&balance.balance_type, day),
    };
    Some(FetchedBalance { kind, moment, amount, provider_kind: ProviderWord::new(&balance.balance_type) })
}

/// What the provider's balance types mean (its document on balances). A closing balance without its day speaks of no
/// moment that we could compare, so it proves nothing.
fn meaning(word: &str, day: Option<Date>) -> (BalanceKind, BalanceMoment) {
    match (word.to_ascii_lowercase().as_str(), day) {
        ("closingbooked" | "previouslyclosedbooked", Some(day)) => (BalanceKind::Booked, BalanceMoment::EndOf(day)),
        ("openingbooked", Some(day)) => (BalanceKind::Booked, BalanceMoment::StartOf(day)),
        ("interimbooked", _) => (BalanceKind::Booked, BalanceMoment::Now),
        ("expected", _) => (BalanceKind::Expected, BalanceMoment::Now),
        ("interimavailable" | "closingavailable" | "openingavailable" | "forwardavailable", _) => {
            (BalanceKind::Available, BalanceMoment::Now)
        }
        _ => (BalanceKind::Other, BalanceMoment::Now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_balance_needs_its_day() {
        let day = Some(jiff::civil::date(2026, 10, 31));
        assert_eq!(meaning("closingBooked", day).0, BalanceKind::Booked);
        assert_eq!(meaning("closingBooked", None).0, BalanceKind::Other);
        assert_eq!(meaning("InterimBooked", None), (BalanceKind::Booked, BalanceMoment::Now));
        assert_eq!(meaning("somethingNew", day).0, BalanceKind::Other);
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
