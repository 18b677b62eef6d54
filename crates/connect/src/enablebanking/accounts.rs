//! Accounts: what the answer to a code says of them, by what they are recognised, and their balances. Source: sections 4 and 5 of the
//! fact sheet.

use std::collections::HashMap;

use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::civil::Date;

use super::client::parse;
use super::wire;
use crate::fault::Fault;
use crate::fetch::{FetchedBalance, ProviderWord};
use crate::iso20022::{kind, match_keys};
use crate::step::AccountInfo;

/// An account with a uid and a currency; without either it cannot be read.
pub(super) fn info(account: &wire::Account, institution_key: &str) -> Option<AccountInfo> {
    let uid = account.uid.clone().filter(|uid| !uid.is_empty())?;
    let currency: CurrencyCode = account.currency.as_deref()?.parse().ok()?;
    let holder = account.name.as_deref().and_then(tidy);
    let number = number(account);
    let named = [&account.details, &account.product].into_iter().flatten().find_map(|name| tidy(name));
    let mut keys = hashes(account, currency);
    let is_masked = number.as_deref().is_some_and(|number| number.contains(['*', 'x', 'X']));
    let whole = number.as_deref().filter(|_| !is_masked);
    keys.extend(match_keys(whole, number.as_deref(), holder.as_deref(), currency, institution_key));
    Some(AccountInfo {
        bank: None,
        provider_account_id: uid,
        match_keys: keys,
        name: named.or_else(|| holder.clone()).unwrap_or_else(|| "Account".to_owned()),
        holder,
        number,
        currency,
        kind: kind(account.cash_account_type.as_deref()),
        // Reading them would spend one of the day's few reads, and the first sync does.
        balances: Vec::new(),
    })
}

/// The hashes by which an account is known in every session, the main one first. They are made of numbers, and one number may have
/// accounts in several currencies.
fn hashes(account: &wire::Account, currency: CurrencyCode) -> Vec<MatchKey> {
    let mut hashes: Vec<&str> = Vec::new();
    for hash in account.identification_hash.iter().chain(&account.identification_hashes).map(|hash| hash.trim()) {
        if !hash.is_empty() && !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }
    let key =
        |hash: &str| MatchKey { kind: MatchKeyKind::ProviderHash, value: format!("enablebanking|{hash}|{currency}") };
    hashes.into_iter().map(key).collect()
}

/// The IBAN, or else the number that the bank names first.
fn number(account: &wire::Account) -> Option<String> {
    let main = account.account_id.as_ref();
    let of_scheme = |scheme: &str| {
        let fits = |one: &&wire::Identification| one.scheme_name.as_deref() == Some(scheme);
        account.all_account_ids.iter().find(fits).map(|one| one.identification.as_str())
    };
    let numbers = [
        main.and_then(|main| main.iban.as_deref()),
        of_scheme("IBAN"),
        main.and_then(|main| main.other.as_ref()).map(|other| other.identification.as_str()),
        of_scheme("BBAN"),
        of_scheme("CPAN"),
    ];
    numbers.into_iter().flatten().find_map(tidy)
}

/// Reads balances; one in a currency or of digits that we cannot read is left out and told.
pub(super) fn balances(
    body: &[u8],
    currencies: &HashMap<CurrencyCode, Currency>,
) -> Result<Vec<FetchedBalance>, Fault> {
    let answer: wire::Balances = parse(body)?;
    Ok(answer.balances.iter().filter_map(|balance| read_balance(balance, currencies)).collect())
}

fn read_balance(balance: &wire::Balance, currencies: &HashMap<CurrencyCode, Currency>) -> Option<FetchedBalance> {
    let code: CurrencyCode = balance.balance_amount.currency.as_deref()?.parse().ok()?;
    let amount = match Amount::parse(balance.balance_amount.amount.0.trim(), *currencies.get(&code)?) {
        Ok(amount) => amount,
        Err(error) => {
            tracing::warn!(%error, "a balance cannot be read");
            return None;
        }
    };
    let day: Option<Date> = balance.reference_date.as_deref().and_then(|text| text.parse().ok());
    let (kind, moment) = meaning(&balance.balance_type, day);
    Some(FetchedBalance { kind, moment, amount, provider_kind: ProviderWord::new(&balance.balance_type) })
}

/// What the types of balances mean. A closing balance without its day speaks of no moment that we could compare, so it proves nothing;
/// what is available may have a credit in it.
fn meaning(word: &str, day: Option<Date>) -> (BalanceKind, BalanceMoment) {
    match (word.to_ascii_uppercase().as_str(), day) {
        ("CLBD" | "PRCD", Some(day)) => (BalanceKind::Booked, BalanceMoment::EndOf(day)),
        ("OPBD", Some(day)) => (BalanceKind::Booked, BalanceMoment::StartOf(day)),
        ("ITBD", _) => (BalanceKind::Booked, BalanceMoment::Now),
        ("XPCD", _) => (BalanceKind::Expected, BalanceMoment::Now),
        ("CLAV" | "ITAV" | "OPAV" | "FWAV", _) => (BalanceKind::Available, BalanceMoment::Now),
        _ => (BalanceKind::Other, BalanceMoment::Now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(json: &str) -> Option<AccountInfo> {
        info(&serde_json::from_str(json).unwrap(), "FI:Bank")
    }

    #[test]
    fn an_account_is_recognised_by_its_hashes_then_by_its_number() {
        let info = account(
            r#"{"uid":"u","currency":"EUR","cash_account_type":"CACC","name":"Ada Example","details":"Daily",
                "account_id":{"iban":"FI21 1234 5600 0007 85"},"identification_hash":"a","identification_hashes":["a","b",""]}"#,
        )
        .unwrap();
        let keys: Vec<_> = info.match_keys.iter().map(|key| (key.kind, key.value.as_str())).collect();
        let expected = [
            (MatchKeyKind::ProviderHash, "enablebanking|a|EUR"),
            (MatchKeyKind::ProviderHash, "enablebanking|b|EUR"),
            (MatchKeyKind::Iban, "FI2112345600000785|EUR"),
            (MatchKeyKind::Mask, "0785|EUR|ada example|FI:Bank"),
        ];
        assert_eq!(keys, expected);
        assert_eq!((info.name.as_str(), info.holder.as_deref()), ("Daily", Some("Ada Example")));
    }

    #[test]
    fn a_masked_number_is_no_number_and_one_without_a_uid_cannot_be_read() {
        let info = account(
            r#"{"uid":"u","currency":"SEK","cash_account_type":"CARD","identification_hash":"a","identification_hashes":[],
                "account_id":{"other":{"identification":"5454********1234","scheme_name":"CPAN"}}}"#,
        )
        .unwrap();
        assert!(info.match_keys.iter().all(|key| key.kind != MatchKeyKind::Iban), "{:?}", info.match_keys);
        assert_eq!((info.name.as_str(), info.kind), ("Account", bankside_domain::account::AccountKind::CreditCard));
        assert!(account(r#"{"currency":"EUR","identification_hash":"a"}"#).is_none());
        assert!(account(r#"{"uid":"u","identification_hash":"a"}"#).is_none());
    }

    #[test]
    fn a_closing_balance_needs_its_day() {
        let last = jiff::civil::date(2026, 10, 31);
        let day = Some(last);
        assert_eq!(meaning("CLBD", day), (BalanceKind::Booked, BalanceMoment::EndOf(last)));
        assert_eq!(meaning("CLBD", None).0, BalanceKind::Other);
        assert_eq!(meaning("itbd", None), (BalanceKind::Booked, BalanceMoment::Now));
        assert_eq!(meaning("ITAV", day).0, BalanceKind::Available);
        assert_eq!(meaning("NEWS", day).0, BalanceKind::Other);
    }
}
