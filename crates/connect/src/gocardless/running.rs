//! Running balances: what a bank that states no booked balance says of one with each row.

use std::collections::HashMap;

use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::row::RowStatus;
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::civil::Date;

use super::{quirks, wire};
use crate::fetch::{FetchedBalance, ProviderWord, RawRow};

/// The balance before the oldest booked row: what stands after it, less the row. Only at banks whose running balances are known
/// to hold, and only where everything that it takes can be read.
pub(super) fn before_the_oldest(
    institution_key: &str,
    rows: &[RawRow],
    currencies: &HashMap<CurrencyCode, Currency>,
) -> Option<FetchedBalance> {
    if !quirks::running_balances_hold(institution_key) {
        return None;
    }
    let booked = rows.iter().filter(|raw| raw.status == RowStatus::Booked);
    let read = booked.map(|raw| {
        let row: wire::Transaction = serde_json::from_slice(&raw.bytes).ok()?;
        let day: Date = row.booking_date.as_deref()?.parse().ok()?;
        Some((day, quirks::ranks(institution_key, &row), row))
    });
    // A row that says no day could be the oldest.
    let read: Option<Vec<_>> = read.collect();
    let (day, _, oldest) = read?.into_iter().min_by(|(a, ranks, _), (b, others, _)| (a, ranks).cmp(&(b, others)))?;
    let amount = |text: &str, code: &str| {
        let currency = *currencies.get(&code.parse().ok()?)?;
        Amount::parse(text, currency).ok()
    };
    let stated = oldest.balance_after_transaction.as_ref()?.balance_amount.as_ref()?;
    let after = amount(&stated.amount_text()?, &stated.currency)?;
    let moved = amount(&oldest.transaction_amount.amount.0, &oldest.transaction_amount.currency)?;
    Some(FetchedBalance {
        kind: BalanceKind::Booked,
        moment: BalanceMoment::StartOf(day),
        amount: after.checked_add(moved.checked_neg().ok()?).ok()?,
        provider_kind: ProviderWord::new("balanceAfterTransaction"),
    })
}

/// Adds what the rows say where the balances hold nothing booked of this moment.
pub(super) fn complete(mut balances: Vec<FetchedBalance>, running: Option<FetchedBalance>) -> Vec<FetchedBalance> {
    let is_booked =
        |balance: &FetchedBalance| balance.kind == BalanceKind::Booked && balance.moment == BalanceMoment::Now;
    if !balances.iter().any(is_booked) {
        balances.extend(running);
    }
    balances
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(list: &[(&str, &str, &str, &str)]) -> Vec<RawRow> {
        let row = |(day, instant, amount, after): &(&str, &str, &str, &str)| {
            let row = serde_json::json!({
                "bookingDate": day,
                "valueDateTime": instant,
                "transactionAmount": {"amount": amount, "currency": "EUR"},
                "balanceAfterTransaction": {"balanceAmount": {"amount": after, "currency": "EUR"}, "balanceType": "InterimBooked"},
            });
            RawRow { status: RowStatus::Booked, bytes: serde_json::to_vec(&row).unwrap() }
        };
        list.iter().map(row).collect()
    }

    #[test]
    fn the_oldest_row_says_what_was_there_before_it() {
        let eur = Currency::iso("EUR").unwrap();
        let currencies = HashMap::from([(eur.code, eur)]);
        let found = rows(&[
            ("2026-11-03", "2026-11-03T09:00:00", "-10.00", "75.00"),
            ("2026-11-02", "2026-11-02T18:00:00", "-5.00", "85.00"),
            ("2026-11-02", "2026-11-02T08:00:00", "-10.00", "90.00"),
        ]);
        let running = before_the_oldest("ABNAMRO_ABNANL2A", &found, &currencies).unwrap();
        assert_eq!((running.amount.minor, running.kind), (10_000, BalanceKind::Booked));
        assert_eq!(running.moment, BalanceMoment::StartOf(jiff::civil::date(2026, 11, 2)));
        assert!(
            before_the_oldest("SOME_OTHERBANK", &found, &currencies).is_none(),
            "elsewhere nobody knows whether it holds"
        );
        let mut undated = found.clone();
        undated.push(RawRow {
            status: RowStatus::Booked,
            bytes: b"{\"transactionAmount\":{\"amount\":\"1\",\"currency\":\"EUR\"}}".to_vec(),
        });
        assert!(before_the_oldest("ABNAMRO_ABNANL2A", &undated, &currencies).is_none());

        let booked = FetchedBalance { moment: BalanceMoment::Now, ..running };
        assert_eq!(complete(vec![booked], Some(running)), [booked], "what the bank states comes first");
        assert_eq!(complete(Vec::new(), Some(running)), [running]);
    }
}
