//! Accounts: what is known of one, in which currency it is, and by what it is recognised. Source: sections 5 and 7 of the fact
//! sheet.

use std::collections::HashMap;

use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Amount, Currency, CurrencyCode};
use serde_json::json;

use super::client::{Client, list};
use super::institutions::id_of;
use super::json::Object;
use super::owed::Owed;
use super::wire::AccountRow;
use crate::fault::Fault;
use crate::fetch::{FetchedBalance, ProviderWord};
use crate::step::{AccountInfo, Institution};
use crate::words::kind_in;

/// The accounts of a login, as Sophtron last read them.
pub(super) async fn list_of(client: &Client<'_>, login: &str) -> Result<Vec<AccountRow>, Fault> {
    let body = json!({ "UserInstitutionID": login });
    let answer = client.post("UserInstitution/GetUserInstitutionAccounts", &body).await?;
    Ok(list(&answer)?.into_iter().filter_map(|row| AccountRow::read(&Object::of(row)?)).collect())
}

/// What an account's currency is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Money {
    /// This one.
    Of(CurrencyCode),
    /// A dollar, of nobody knows where.
    Dollars,
    /// A sign that we do not know.
    Unknown,
}

/// The currency that a text names: an ISO code says it; `$`, or nothing, is what the country has.
pub(super) fn money(text: Option<&str>, dollar: Option<CurrencyCode>) -> Money {
    match text.map(str::trim) {
        None | Some("" | "$") => dollar.map_or(Money::Dollars, Money::Of),
        Some(code) if code.len() == 3 && code.chars().all(|c| c.is_ascii_alphabetic()) => {
            code.to_uppercase().parse().map_or(Money::Unknown, Money::Of)
        }
        Some(_) => Money::Unknown,
    }
}

/// What `$` is in a country.
pub(super) fn dollar_of(country: Option<&str>) -> Option<CurrencyCode> {
    match country? {
        "US" => "USD".parse().ok(),
        "CA" => "CAD".parse().ok(),
        _ => None,
    }
}

/// An account in our words, in a currency that is known by now.
pub(super) fn account(
    row: &AccountRow,
    currency: CurrencyCode,
    institution: &Institution,
    currencies: &HashMap<CurrencyCode, Currency>,
    owed: &Owed,
) -> AccountInfo {
    let holder = row.holder.as_deref().and_then(tidy);
    let name = row.name.as_deref().or(row.kind.as_deref()).and_then(tidy).unwrap_or_else(|| "Account".to_owned());
    AccountInfo {
        bank: None,
        provider_account_id: row.id.clone(),
        match_keys: match_keys(row, holder.as_deref(), currency, institution),
        name,
        holder,
        number: row.full_number.clone().or_else(|| row.number.clone()),
        currency,
        kind: kind_in(row.kind.as_deref()),
        balances: currencies.get(&currency).map(|currency| balances(row, *currency, owed)).unwrap_or_default(),
    }
}

/// An account's id stays while its login does; its number finds it again after a new login. In the United States a number is
/// unique only together with its bank's routing number.
fn match_keys(
    row: &AccountRow,
    holder: Option<&str>,
    currency: CurrencyCode,
    institution: &Institution,
) -> Vec<MatchKey> {
    let compact = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    let mut keys =
        vec![MatchKey { kind: MatchKeyKind::ProviderHash, value: format!("sophtron|{}", row.id.to_lowercase()) }];
    if let (Some(routing), Some(number)) = (&row.routing_number, &row.full_number) {
        let value = format!("{}/{}|{currency}", compact(routing), compact(number));
        keys.push(MatchKey { kind: MatchKeyKind::Iban, value });
    }
    if let Some(number) = row.number.as_deref().or(row.full_number.as_deref()).map(compact) {
        let tail = &number[number.len().saturating_sub(4)..];
        let holder = holder.map(fold).unwrap_or_default();
        let value = format!("{tail}|{currency}|{holder}|{}", id_of(&institution.key));
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value });
    }
    keys
}

/// The balances as given: what is owed on a card or a loan is negative there too, unless somebody has said that it is positive. An
/// amount that cannot be read is left out and told.
pub(super) fn balances(row: &AccountRow, currency: Currency, owed: &Owed) -> Vec<FetchedBalance> {
    let is_owed = owed.get(&row.id).is_some_and(|is_owed| *is_owed);
    let given =
        [(&row.balance, BalanceKind::Booked, "Balance"), (&row.available, BalanceKind::Available, "AvailableBalance")];
    let read = |(text, kind, word): (&Option<String>, BalanceKind, &str)| {
        let amount = Amount::parse(text.as_deref()?, currency);
        let amount = if is_owed && kind == BalanceKind::Booked { amount.and_then(Amount::checked_neg) } else { amount };
        let amount = amount.inspect_err(|error| tracing::warn!(%error, "a balance cannot be read")).ok()?;
        // Rows and balances come from the same reading of the bank, so it speaks of the moment of the rows.
        Some(FetchedBalance { kind, moment: BalanceMoment::Now, amount, provider_kind: ProviderWord::new(word) })
    };
    given.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use bankside_domain::account::AccountKind;

    use super::*;

    fn code(text: &str) -> CurrencyCode {
        text.parse().unwrap()
    }

    fn row(json: &str) -> AccountRow {
        AccountRow::read(&Object::read(json.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_dollar_is_of_its_country() {
        let (us, ca) = (dollar_of(Some("US")), dollar_of(Some("CA")));
        for (text, dollar, expected) in [
            (Some("$"), us, Money::Of(code("USD"))),
            (Some("$"), ca, Money::Of(code("CAD"))),
            (None, ca, Money::Of(code("CAD"))),
            (Some("$"), dollar_of(None), Money::Dollars),
            (None, dollar_of(Some("MX")), Money::Dollars),
            (Some("cad"), us, Money::Of(code("CAD"))),
            (Some("USD"), ca, Money::Of(code("USD"))),
            (Some("£"), us, Money::Unknown),
            (Some("US$"), ca, Money::Unknown),
        ] {
            assert_eq!(money(text, dollar), expected, "{text:?} {dollar:?}");
        }
    }

    #[test]
    fn an_account_with_its_keys_and_balances() {
        let usd = Currency::iso("USD").unwrap();
        let institution = Institution {
            key: "US_0c5f-11".into(),
            name: "Prairie Credit Union".into(),
            bic: None,
            countries: vec!["US".into()],
            logo: None,
            max_history_days: None,
            max_consent_days: None,
        };
        let currencies = HashMap::from([(usd.code, usd)]);
        let of = |json: &str| account(&row(json), usd.code, &institution, &currencies, &Owed::new());
        let card = of(
            r#"{"accountId":"A1-b","AccountName":" Visa  Gold","AccountNumber":"xxx1234","AccountType":"Credit Card",
                "Balance":-250.10,"AvailableBalance":"749.90","BalanceCurrency":"$","OwnerName":"Demo Household"}"#,
        );
        assert_eq!((card.name.as_str(), card.kind), ("Visa Gold", AccountKind::CreditCard));
        let keys: Vec<_> = card.match_keys.iter().map(|key| (key.kind, key.value.as_str())).collect();
        assert_eq!(
            keys,
            [(MatchKeyKind::ProviderHash, "sophtron|a1-b"), (MatchKeyKind::Mask, "1234|USD|demo household|0c5f-11")]
        );
        let balances: Vec<_> = card.balances.iter().map(|balance| (balance.kind, balance.amount.minor)).collect();
        assert_eq!(balances, [(BalanceKind::Booked, -25_010), (BalanceKind::Available, 74_990)]);

        let full =
            of(r#"{"ID":"c2","FullAccountNumber":"000 123 4567","RoutingNumber":"1110-0002","AccountType":"Checking",
            "Balance":null,"AvailableBalance":"1.005"}"#);
        assert_eq!((full.name.as_str(), full.number.as_deref()), ("Checking", Some("000 123 4567")));
        assert_eq!(full.match_keys[1].value, "11100002/0001234567|USD");
        assert!(full.balances.is_empty(), "neither can be read");
    }
}
