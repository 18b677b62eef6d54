//! Accounts: what is known of one, whose bank it is, and by what it is recognised. Source: sections 3 and 6 of the fact sheet.

use std::collections::HashMap;

use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Amount, Currency, CurrencyCode};

use super::wire::{Account, Answer};
use crate::entities::plain;
use crate::fetch::{FetchedBalance, ProviderWord};
use crate::lenient::Decimal;
use crate::step::{AccountInfo, BankOfAccount};
use crate::words::kind_in;

/// An account number ends with so many digits where a name has them.
const TAIL_DIGITS: usize = 4;

/// The bank of an account, by what stays when it is connected anew: its organization.
pub(super) fn bank_of(answer: &Answer<'_>, account: &Account<'_>) -> BankOfAccount {
    let connection = answer.connection_of(account);
    let org = account.org.as_ref();
    let names = [
        connection.and_then(|connection| connection.org_name.as_deref()),
        connection.and_then(|connection| connection.name.as_deref()),
        account.conn_name.as_deref(),
        org.and_then(|org| org.name.as_deref()),
        org.and_then(|org| org.domain.as_deref()),
    ];
    let name = names.into_iter().flatten().find_map(|name| tidy(&plain(name))).unwrap_or_else(|| "A bank".to_owned());
    let keys = [
        connection.and_then(|connection| connection.org_id.as_deref()),
        org.and_then(|org| org.id.as_deref()),
        org.and_then(|org| org.domain.as_deref()),
    ];
    let key = keys.into_iter().flatten().find_map(tidy).unwrap_or_else(|| fold(&name));
    BankOfAccount { key, name }
}

/// The currency of an account. One that is told by an address is a currency of somebody's own, such as points, which cannot be
/// kept here; nor can what is no code.
pub(super) fn currency(account: &Account<'_>, known: &HashMap<CurrencyCode, Currency>) -> Option<Currency> {
    let code: CurrencyCode = account.currency.as_deref()?.parse().ok()?;
    known.get(&code).copied().filter(|_| code != CurrencyCode::NONE)
}

/// An account in our words.
pub(super) fn info(answer: &Answer<'_>, account: &Account<'_>, currency: Currency) -> AccountInfo {
    let bank = bank_of(answer, account);
    let name = name_of(account);
    AccountInfo {
        provider_account_id: answer.key_of(account),
        match_keys: match_keys(answer, account, &name, currency.code, &bank),
        kind: kind_in(Some(&name)),
        name,
        holder: None,
        number: None,
        currency: currency.code,
        balances: balances(account, currency),
        bank: Some(bank),
    }
}

pub(super) fn name_of(account: &Account<'_>) -> String {
    account.name.as_deref().and_then(|name| tidy(&plain(name))).unwrap_or_else(|| "Account".to_owned())
}

/// An id holds until the bank is connected anew. Then there is only the name, with the last digits that it may have: a hint, about
/// which a person is asked.
fn match_keys(
    answer: &Answer<'_>,
    account: &Account<'_>,
    name: &str,
    currency: CurrencyCode,
    bank: &BankOfAccount,
) -> Vec<MatchKey> {
    let id = format!("simplefin|{}|{}", fold(&bank.key), answer.key_of(account));
    let looks = tail_in(name).map_or_else(|| fold(name), str::to_owned);
    vec![
        MatchKey { kind: MatchKeyKind::ProviderHash, value: id },
        MatchKey { kind: MatchKeyKind::Mask, value: format!("{looks}|{currency}||{}", fold(&bank.key)) },
    ]
}

/// The last digits of a number in a name, such as those of `Everyday Checking (4417)`.
fn tail_in(name: &str) -> Option<&str> {
    let last = name.split(|c: char| !c.is_ascii_digit()).rfind(|digits| !digits.is_empty())?;
    (last.len() >= TAIL_DIGITS).then(|| &last[last.len() - TAIL_DIGITS..])
}

/// The balances as given, with the bank's own sign. Rows and balances come from the same reading of the bank, so they speak of the
/// moment of the rows. An amount that cannot be read is left out and told.
pub(super) fn balances(account: &Account<'_>, currency: Currency) -> Vec<FetchedBalance> {
    let given: [(&Option<Decimal>, BalanceKind, &str); 2] = [
        (&account.balance, BalanceKind::Booked, "balance"),
        (&account.available_balance, BalanceKind::Available, "available-balance"),
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
    use bankside_domain::account::AccountKind;

    use super::*;

    fn known() -> HashMap<CurrencyCode, Currency> {
        ["USD", "JPY", "XXX"].map(|code| Currency::iso(code).map(|one| (one.code, one)).unwrap()).into()
    }

    fn read(accounts: &str) -> Answer<'static> {
        let body = format!(
            r#"{{"connections":[{{"conn_id":"C1","name":"My bank","org_id":"First.example","org_name":"First Bank"}}],
                "accounts":[{accounts}]}}"#
        );
        Answer::read(Box::leak(body.into_boxed_str()).as_bytes()).unwrap()
    }

    #[test]
    fn an_account_with_its_bank_keys_and_balances() {
        let answer = read(
            r#"{"id":"ACT-1","conn_id":"C1","name":" Everyday &amp; more  (004417)","currency":"USD","balance":"-12.30",
                "available-balance":100}"#,
        );
        let account = &answer.accounts[0];
        let info = info(&answer, account, currency(account, &known()).unwrap());
        assert_eq!((info.name.as_str(), info.provider_account_id.as_str()), ("Everyday & more (004417)", "ACT-1"));
        let bank = info.bank.unwrap();
        assert_eq!((bank.key.as_str(), bank.name.as_str()), ("First.example", "First Bank"));
        let keys: Vec<_> = info.match_keys.iter().map(|key| (key.kind, key.value.as_str())).collect();
        assert_eq!(
            keys,
            [
                (MatchKeyKind::ProviderHash, "simplefin|first.example|ACT-1"),
                (MatchKeyKind::Mask, "4417|USD||first.example")
            ]
        );
        let balances: Vec<_> = info.balances.iter().map(|one| (one.kind, one.amount.minor)).collect();
        assert_eq!(balances, [(BalanceKind::Booked, -1230), (BalanceKind::Available, 10_000)]);
    }

    #[test]
    fn banks_and_kinds_of_either_version() {
        let answer = read(
            r#"{"id":"1","org":{"domain":"second.example"},"name":"Visa Credit Card"},
               {"id":"2","org":{"name":"Third Bank","id":"t3"},"name":"Savings"},{"id":"3","conn_name":"Fourth"}"#,
        );
        let told: Vec<_> = answer.accounts.iter().map(|account| bank_of(&answer, account)).collect();
        let told: Vec<_> = told.iter().map(|bank| (bank.key.as_str(), bank.name.as_str())).collect();
        assert_eq!(told, [("second.example", "second.example"), ("t3", "Third Bank"), ("fourth", "Fourth")]);
        let kinds: Vec<_> = answer.accounts.iter().map(|account| kind_in(account.name.as_deref())).collect();
        assert_eq!(kinds, [AccountKind::CreditCard, AccountKind::Savings, AccountKind::Other]);
    }

    /// Case E 18 of the connector model: a currency that is foreign, or none of ISO's.
    #[test]
    fn a_currency_that_is_an_address_is_none_of_ours() {
        for (text, expected) in [
            (r#""USD""#, Some("USD")),
            (r#""jpy""#, Some("JPY")),
            (r#""https://bank.example/points""#, None),
            (r#""WAXP""#, None),
            (r#""XXX""#, None),
            (r#""""#, None),
            ("7", None),
        ] {
            let answer = read(&format!(r#"{{"id":"1","currency":{text}}}"#));
            let read = currency(&answer.accounts[0], &known()).map(|currency| currency.code.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn digits_at_the_end_of_a_name_are_those_of_a_number() {
        for (name, tail) in [
            ("Everyday Checking (4417)", Some("4417")),
            ("Card 8802", Some("8802")),
            ("XXXX-1234 Savings", Some("1234")),
            ("401k", None),
            ("Chequing", None),
        ] {
            assert_eq!(tail_in(name), tail, "{name}");
        }
    }
}
