//! Accounts: what they are, their balances, and by what they are recognised. Source: section 8 of the fact sheet.

use std::collections::HashMap;

use bankside_domain::account::AccountKind;
use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Amount, Currency, CurrencyCode};

use super::client::{Client, parse};
use super::wire::{Account, Accounts, Number};
use crate::fault::Fault;
use crate::fetch::{FetchedBalance, ProviderWord};
use crate::lenient::Decimal;
use crate::step::AccountInfo;

/// The currency of accounts that name none: finAPI reads banks of the euro, and leaves it out where the bank does.
const USUAL_CURRENCY: &str = "EUR";

/// All accounts of a connection; the ids of those that cannot be read stand in the second list.
pub(super) async fn of_connection(client: &Client<'_>, id: &str) -> Result<(Vec<Account>, Vec<String>), Fault> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: Number,
    }
    let body = client.get(&["accounts"], &[("bankConnectionIds", id)], "accounts").await?;
    let answer: Accounts<'_> = parse(&body)?;
    let (mut accounts, mut unread) = (Vec::new(), Vec::new());
    for raw in &answer.accounts {
        match serde_json::from_str::<Account>(raw.get()) {
            Ok(account) if currency(&account, client.cx.currencies).is_some() => accounts.push(account),
            _ => {
                tracing::warn!("an account of a connection cannot be read");
                unread.extend(serde_json::from_str::<Named>(raw.get()).map(|named| named.id.0));
            }
        }
    }
    Ok((accounts, unread))
}

/// One account as it stands.
pub(super) async fn one(client: &Client<'_>, id: &str) -> Result<Account, Fault> {
    parse(&client.get(&["accounts", id], &[], "accounts/id").await?)
}

/// The currency of an account; `None` where it names one that is not known here.
pub(super) fn currency(account: &Account, known: &HashMap<CurrencyCode, Currency>) -> Option<Currency> {
    let code: CurrencyCode = account.account_currency.as_deref().unwrap_or(USUAL_CURRENCY).trim().parse().ok()?;
    known.get(&code).copied().filter(|_| code != CurrencyCode::NONE)
}

/// An account in our words.
pub(super) fn info(account: &Account, currency: Currency, bank: &str) -> AccountInfo {
    let holder = account.account_holder_name.as_deref().and_then(tidy);
    let number = [&account.iban, &account.account_number].into_iter().flatten().find_map(|number| tidy(number));
    AccountInfo {
        provider_account_id: account.id.0.clone(),
        match_keys: match_keys(account, currency.code, holder.as_deref(), bank),
        name: account.account_name.as_deref().and_then(tidy).unwrap_or_else(|| "Account".to_owned()),
        holder,
        number,
        currency: currency.code,
        kind: kind(account.account_type.as_deref()),
        balances: balances(account, currency),
        bank: None,
    }
}

/// What finAPI calls kinds of accounts.
pub(super) fn kind(word: Option<&str>) -> AccountKind {
    match word.unwrap_or_default() {
        "Checking" => AccountKind::Checking,
        "Savings" | "Bausparen" => AccountKind::Savings,
        "CreditCard" => AccountKind::CreditCard,
        "Loan" => AccountKind::Loan,
        "Security" => AccountKind::Investment,
        _ => AccountKind::Other,
    }
}

/// An IBAN recognises an account wherever it is seen; a number does so with its bank and its kind. finAPI's own id is another one with
/// each connection, so it recognises nothing.
fn match_keys(account: &Account, currency: CurrencyCode, holder: Option<&str>, bank: &str) -> Vec<MatchKey> {
    let compact = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    let mut keys = Vec::new();
    if let Some(iban) = account.iban.as_deref().map(compact).filter(|iban| iban.len() >= 8) {
        keys.push(MatchKey { kind: MatchKeyKind::Iban, value: format!("{iban}|{currency}") });
    }
    if let Some(number) = account.account_number.as_deref().map(compact).filter(|number| !number.is_empty()) {
        let sub = account.sub_account_number.as_deref().map(compact).unwrap_or_default();
        let kind = account.account_type.as_deref().map(fold).unwrap_or_default();
        let value = format!("finapi|{bank}|{number}|{sub}|{kind}|{currency}");
        keys.push(MatchKey { kind: MatchKeyKind::ProviderHash, value });
        let tail = &number[number.len().saturating_sub(4)..];
        let holder = holder.map(fold).unwrap_or_default();
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value: format!("{tail}|{currency}|{holder}|{bank}") });
    }
    if keys.is_empty() {
        let name = account.account_name.as_deref().map(fold).unwrap_or_default();
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value: format!("{name}|{currency}||{bank}") });
    }
    keys
}

/// The balances, with the bank's own sign. They are of the last update, as the rows are that are fetched with them, so they fit
/// together and are of now for a proof. An amount that cannot be read is left out and told.
pub(super) fn balances(account: &Account, currency: Currency) -> Vec<FetchedBalance> {
    let given: [(&Option<Decimal>, BalanceKind, &str); 2] = [
        (&account.balance, BalanceKind::Booked, "balance"),
        (&account.available_funds, BalanceKind::Available, "availableFunds"),
    ];
    let read = |(text, kind, word): (&Option<Decimal>, BalanceKind, &str)| {
        let amount = Amount::parse(text.as_ref()?.0.trim(), currency);
        let amount = amount.inspect_err(|error| tracing::warn!(%error, "a balance cannot be read")).ok()?;
        Some(FetchedBalance { kind, moment: BalanceMoment::Now, amount, provider_kind: ProviderWord::new(word) })
    };
    given.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> AccountInfo {
        let account: Account = serde_json::from_str(&format!(r#"{{"id":10001,{fields}}}"#)).unwrap();
        let euro = Currency::iso("EUR").unwrap();
        info(&account, currency(&account, &HashMap::from([(euro.code, euro)])).unwrap(), "290001")
    }

    #[test]
    fn an_account_is_recognised_by_its_iban_or_its_number() {
        let info = read(
            r#""iban":"DE58 9990 0001 0001 2345 00","accountNumber":"1234500","accountType":"Checking","accountCurrency":"EUR",
                "accountName":" Giro  konto ","accountHolderName":"Demo Household","balance":-12.3,"availableFunds":100"#,
        );
        let keys: Vec<_> = info.match_keys.iter().map(|key| (key.kind, key.value.as_str())).collect();
        assert_eq!(
            keys,
            [
                (MatchKeyKind::Iban, "DE58999000010001234500|EUR"),
                (MatchKeyKind::ProviderHash, "finapi|290001|1234500||checking|EUR"),
                (MatchKeyKind::Mask, "4500|EUR|demo household|290001"),
            ]
        );
        assert_eq!((info.name.as_str(), info.kind), ("Giro konto", AccountKind::Checking));
        let balances: Vec<_> = info.balances.iter().map(|one| (one.kind, one.amount.minor)).collect();
        assert_eq!(balances, [(BalanceKind::Booked, -1230), (BalanceKind::Available, 10_000)]);
        let bare = read(r#""accountNumber":"417799","accountType":"Membership""#);
        assert_eq!(
            (bare.currency.to_string().as_str(), bare.kind, bare.balances.len()),
            ("EUR", AccountKind::Other, 0)
        );
        assert_eq!(bare.match_keys[0].kind, MatchKeyKind::ProviderHash);
        assert_eq!(read(r#""accountName":"Depot""#).match_keys[0].value, "depot|EUR||290001");
    }

    #[test]
    fn a_currency_that_is_not_known_is_none() {
        let account: Account = serde_json::from_str(r#"{"id":1,"accountCurrency":"XQQ"}"#).unwrap();
        assert_eq!(currency(&account, &HashMap::new()), None);
    }
}
