//! Accounts: what they are, their balances, and by what they are recognised (fact sheet §5).

use bankside_domain::account::AccountKind;
use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::fault::FaultClass;
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Amount, Currency, CurrencyCode};

use super::client::{Client, parse, unreadable};
use super::item;
use super::wire::{Account, Item, NumberedPage};
use crate::fault::Fault;
use crate::fetch::{FetchedBalance, ProviderWord, RowAccount};
use crate::lenient::Decimal;
use crate::step::AccountInfo;

/// Accounts come so many to a page, the most that there may be (fact sheet §1).
const PAGE_SIZE: &str = "500";
/// No login has so many accounts.
const MAX_PAGES: i64 = 20;

/// All accounts of an item. One that cannot be read is named in the second list, where it has an id, and keeps no
/// other back.
pub(super) async fn of_item(client: &Client<'_>, item: &str) -> Result<(Vec<Account>, Vec<String>), Fault> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: String,
    }
    let (mut accounts, mut unread) = (Vec::new(), Vec::new());
    for page in 1..=MAX_PAGES {
        let number = page.to_string();
        let query = [("itemId", item), ("page", number.as_str()), ("pageSize", PAGE_SIZE)];
        let body = client.get(&["accounts"], &query, "accounts").await?;
        let answer: NumberedPage<'_> = parse(&body)?;
        for raw in &answer.results {
            match serde_json::from_str::<Account>(raw.get()) {
                Ok(account) if row_account(&account).is_some() => accounts.push(account),
                _ => {
                    tracing::warn!("an account of an item cannot be read");
                    unread.extend(serde_json::from_str::<Named>(raw.get()).map(|named| named.id));
                }
            }
        }
        // A list that is empty has one page or none.
        if answer.results.is_empty() || page >= answer.total_pages.unwrap_or(1) {
            return Ok((accounts, unread));
        }
    }
    Err(Fault::new(FaultClass::Bug, "pluggy.endless_accounts", "The list of accounts at Pluggy does not end."))
}

/// One account as it stands.
pub(super) async fn one(client: &Client<'_>, id: &str) -> Result<Account, Fault> {
    parse(&client.get(&["accounts", id], &[], "accounts/id").await?)
}

/// What the rows of an account are read with; `None` where its currency is none.
pub(super) fn row_account(account: &Account) -> Option<RowAccount> {
    let currency = account.currency_code.as_deref()?.parse().ok()?;
    let kind = match (account.is_card(), account.subtype.as_deref()) {
        (true, _) => AccountKind::CreditCard,
        (false, Some("SAVINGS_ACCOUNT")) => AccountKind::Savings,
        (false, _) => AccountKind::Checking,
    };
    Some(RowAccount { kind, currency })
}

/// An account as the item shows it.
pub(super) fn info(client: &Client<'_>, item: &Item, account: &Account) -> Result<AccountInfo, Fault> {
    let RowAccount { kind, currency } = row_account(account).ok_or_else(unreadable)?;
    let holder = account.owner.as_deref().and_then(tidy);
    let transfer_number = account.bank_data.as_ref().and_then(|data| data.transfer_number.clone());
    let number = transfer_number.or_else(|| account.number.clone()).as_deref().and_then(tidy);
    Ok(AccountInfo {
        bank: None,
        provider_account_id: account.id.clone(),
        match_keys: match_keys(item, account, kind, currency),
        name: name(item, account),
        holder,
        number,
        currency,
        kind,
        balances: balances(client.cx.currencies.get(&currency), account),
    })
}

/// What people call it. Behind Meu Pluggy the account's own name is that of the bank, so it comes first there too.
fn name(item: &Item, account: &Account) -> String {
    let names = [&account.marketing_name, &account.name];
    let [first, second] = if item::is_meu_pluggy(item) { [names[1], names[0]] } else { names };
    let named = [first, second].into_iter().flatten().find_map(|name| tidy(name));
    named.unwrap_or_else(|| if account.is_card() { "Card" } else { "Account" }.to_owned())
}

/// The institution in a key: behind Meu Pluggy all banks have one connector, and the account's name tells them apart.
fn institution(item: &Item, account: &Account) -> String {
    let connector = item.connector.as_ref().and_then(|connector| connector.id).unwrap_or_default();
    match account.name.as_deref().filter(|_| item::is_meu_pluggy(item)) {
        Some(name) if !account.is_card() => format!("{connector} {}", fold(name)),
        _ => connector.to_string(),
    }
}

/// An account number with its bank is one of a kind; the last digits of a card are only a hint. Checking and savings
/// accounts share a number at some banks, so what an account is stands in its key.
fn match_keys(item: &Item, account: &Account, kind: AccountKind, currency: CurrencyCode) -> Vec<MatchKey> {
    let compact = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    let institution = institution(item, account);
    let number = account.number.as_deref().map(compact).filter(|number| !number.is_empty());
    let mut keys = Vec::new();
    if kind != AccountKind::CreditCard {
        let kind = if kind == AccountKind::Savings { "savings" } else { "checking" };
        let transfer = account.bank_data.as_ref().and_then(|data| data.transfer_number.as_deref()).map(compact);
        let full = transfer.filter(|number| number.len() >= 8);
        let within = number.as_deref().filter(|number| number.len() >= 6);
        let values = [full, within.map(|number| format!("{institution}|{number}"))];
        let strong =
            |value: String| MatchKey { kind: MatchKeyKind::Iban, value: format!("BR|{value}|{kind}|{currency}") };
        keys.extend(values.into_iter().flatten().map(strong));
    }
    if let Some(number) = number {
        let tail = &number[number.len().saturating_sub(4)..];
        let holder = account.owner.as_deref().map(fold).unwrap_or_default();
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value: format!("{tail}|{currency}|{holder}|{institution}") });
    }
    if keys.is_empty() {
        let named = account.name.as_deref().map(fold).unwrap_or_default();
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value: format!("{named}|{currency}||{institution}") });
    }
    keys
}

/// The balances. They speak of the moment of the item's last reading, as the rows do that are fetched with them, so
/// they fit together and are of now for a proof. A card states what is owed as a positive number (fact sheet §0.3), and nothing says
/// that purchases on their way are not owed yet: that proves nothing.
/// What may be spent, what is invested and the limit stand beside, and never prove anything: whether `balance`
/// contains what is invested differs from bank to bank.
pub(super) fn balances(currency: Option<&Currency>, account: &Account) -> Vec<FetchedBalance> {
    let Some(currency) = currency else { return Vec::new() };
    let (bank, credit) = (account.bank_data.as_ref(), account.credit_data.as_ref());
    let stated: [(&str, BalanceKind, Option<&Decimal>); 4] = [
        (
            "balance",
            if account.is_card() { BalanceKind::Expected } else { BalanceKind::Booked },
            account.balance.as_ref(),
        ),
        (
            "automaticallyInvestedBalance",
            BalanceKind::Other,
            bank.and_then(|bank| bank.automatically_invested_balance.as_ref()),
        ),
        (
            "availableCreditLimit",
            BalanceKind::Available,
            credit.and_then(|credit| credit.available_credit_limit.as_ref()),
        ),
        ("creditLimit", BalanceKind::Other, credit.and_then(|credit| credit.credit_limit.as_ref())),
    ];
    let read = |(word, kind, text): (&str, BalanceKind, Option<&Decimal>)| {
        let amount = Amount::parse(&text?.0, *currency);
        let is_owed = kind == BalanceKind::Expected;
        match if is_owed { amount.and_then(Amount::checked_neg) } else { amount } {
            Ok(amount) => {
                let provider_kind = ProviderWord::new(word);
                Some(FetchedBalance { kind, moment: BalanceMoment::Now, amount, provider_kind })
            }
            Err(error) => {
                tracing::warn!(%error, "a balance cannot be read");
                None
            }
        }
    };
    stated.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(fields: &str) -> Account {
        serde_json::from_str(&format!(
            r#"{{"id":"a658c848-e475-457b-8565-d1fffba127c4","currencyCode":"BRL",{fields}}}"#
        ))
        .unwrap()
    }

    fn item(connector: &str) -> Item {
        serde_json::from_str(&format!(r#"{{"id":"1b0f3cd5-c902-4836-b68b-04cbd847f99a","connector":{connector}}}"#))
            .unwrap()
    }

    fn stated(account: &Account) -> Vec<(BalanceKind, i64, String)> {
        let real = Currency::iso("BRL").unwrap();
        let read = balances(Some(&real), account);
        read.iter().map(|one| (one.kind, one.amount.minor, one.provider_kind.as_str().to_owned())).collect()
    }

    #[test]
    fn a_card_owes_what_it_states_and_money_is_read_as_written() {
        let card = account(
            r#""type":"CREDIT","balance":142.41,"bankData":null,
                "creditData":{"creditLimit":51800,"availableCreditLimit":51657.59}"#,
        );
        assert_eq!(
            stated(&card),
            [
                (BalanceKind::Expected, -14_241, "balance".to_owned()),
                (BalanceKind::Available, 5_165_759, "availableCreditLimit".to_owned()),
                (BalanceKind::Other, 5_180_000, "creditLimit".to_owned()),
            ]
        );
        let bank = account(r#""type":"BANK","balance":27903.6,"bankData":{"automaticallyInvestedBalance":55807.2}"#);
        assert_eq!(
            stated(&bank),
            [
                (BalanceKind::Booked, 2_790_360, "balance".to_owned()),
                (BalanceKind::Other, 5_580_720, "automaticallyInvestedBalance".to_owned()),
            ]
        );
        assert_eq!(stated(&account(r#""type":"BANK","balance":null,"bankData":null"#)), []);
        assert_eq!(stated(&account(r#""type":"BANK","balance":"much""#)), []);
    }

    #[test]
    fn accounts_are_recognised_by_their_numbers_whatever_their_ids() {
        let keys = |connector: &str, fields: &str| {
            let account = account(fields);
            let RowAccount { kind, currency } = row_account(&account).unwrap();
            let keys = match_keys(&item(connector), &account, kind, currency);
            keys.into_iter().map(|key| (key.kind, key.value)).collect::<Vec<_>>()
        };
        let direct = r#"{"id":601,"name":"Banco Azul"}"#;
        let numbered = r#""type":"BANK","subtype":"CHECKING_ACCOUNT","number":"0001/12345-0",
            "owner":"Demo Household","bankData":{"transferNumber":"123/0001/12345-0"}"#;
        let checking = keys(direct, numbered);
        assert_eq!(checking[0], (MatchKeyKind::Iban, "BR|1230001123450|checking|BRL".to_owned()));
        assert_eq!(checking[1], (MatchKeyKind::Iban, "BR|601|0001123450|checking|BRL".to_owned()));
        assert_eq!(checking[2], (MatchKeyKind::Mask, "3450|BRL|demo household|601".to_owned()));
        let savings = keys(direct, &numbered.replace("CHECKING", "SAVINGS"));
        assert!(checking.iter().zip(&savings).take(2).all(|(one, other)| one != other), "one number, two accounts");
        let card = keys(direct, r#""type":"CREDIT","number":"1234","owner":"Demo Household""#);
        assert_eq!(card, [(MatchKeyKind::Mask, "1234|BRL|demo household|601".to_owned())]);
        let behind =
            |bank: &str| keys(r#"{"id":200}"#, &format!(r#""type":"BANK","number":"0001/12345-0","name":"{bank}""#));
        assert_ne!(behind("Banco Azul")[0], behind("Banco Verde")[0], "one connector, two banks");
    }

    #[test]
    fn names_are_those_of_people() {
        let named = |connector: &str, fields: &str| name(&item(connector), &account(fields));
        let both = r#""name":"Conta Corrente","marketingName":"GOLD Conta Corrente""#;
        assert_eq!(named(r#"{"id":601}"#, both), "GOLD Conta Corrente");
        assert_eq!(named(r#"{"id":200}"#, r#""name":"BANCO AZUL S.A.","marketingName":null"#), "BANCO AZUL S.A.");
        assert_eq!(named(r#"{"id":601}"#, r#""type":"CREDIT","name":" ""#), "Card");
    }
}
