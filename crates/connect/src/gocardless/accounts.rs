//! Accounts: their details and balances, and by what they are recognised.

use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::fault::FaultClass;
use bankside_domain::text::tidy;
use bankside_domain::{Amount, CurrencyCode};
use jiff::civil::Date;

use super::client::{Client, Resource, parse};
use super::{quirks, wire};
use crate::fault::Fault;
use crate::fetch::{FetchedBalance, ProviderWord};
use crate::iso20022::{kind, match_keys};
use crate::step::{AccountInfo, Institution};

/// Reads what is known of an account besides its rows.
pub(super) async fn account(
    client: &Client<'_>,
    id: &str,
    mut metadata: wire::AccountMetadata,
    institution: &Institution,
) -> Result<AccountInfo, Fault> {
    // Without a number nothing would recognise the account again, so its details are asked for until they come.
    let is_known = metadata.has_number();
    let mut limited = None;
    let mut details = match client.account_data(id, Resource::Details, &[]).await {
        Ok(body) => parse::<wire::AccountDetails>(&body)?.account,
        Err(fault) if fault.class() == FaultClass::Unsupported || (is_known && passes(&fault)) => {
            limited = Some(fault);
            wire::Details::default()
        }
        Err(fault) => return Err(fault),
    };
    let balances = match client.account_data(id, Resource::Balances, &[]).await {
        Ok(body) => balances(client, &institution.key, &body)?,
        Err(fault) if passes(&fault) => {
            limited = limited.filter(is_limit).or(Some(fault));
            Vec::new()
        }
        Err(fault) => return Err(fault),
    };
    let currency = details
        .currency
        .as_deref()
        .and_then(|code| code.parse::<CurrencyCode>().ok())
        .or_else(|| balances.first().map(|balance| balance.amount.currency.code))
        .ok_or_else(|| limited.filter(is_limit).unwrap_or_else(no_currency))?;
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
        bank: None,
        provider_account_id: id.to_owned(),
        match_keys: match_keys(number.as_deref(), mask, holder.as_deref(), currency, &institution.key),
        name,
        holder,
        number: number.or(details.masked_pan),
        currency,
        kind: kind(details.cash_account_type.as_deref()),
        balances,
    })
}

/// A limit says until when; what it kept from us is known then.
fn is_limit(fault: &Fault) -> bool {
    fault.class() == FaultClass::RateLimited
}

fn no_currency() -> Fault {
    Fault::new(
        FaultClass::RetryLater,
        "gocardless.no_currency",
        "The bank does not say which currency an account is in yet.",
    )
}

/// Faults of one scope that must not keep an account from being listed.
fn passes(fault: &Fault) -> bool {
    matches!(
        fault.class(),
        FaultClass::RateLimited | FaultClass::RetryLater | FaultClass::Unsupported | FaultClass::Busy
    )
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
}
