//! The arithmetic of the overview, without a database.

use bankside_domain::account::{AccountKind, OpeningSource};
use bankside_domain::status::Status;

use super::*;
use crate::status::AccountStatus;

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn account(number: u8, currency: &str, booked_minor: i64, policy: PendingPolicy) -> AccountView {
    let account = Account {
        id: format!("0193aaaa-0000-7000-8000-00000000000{number}").parse().unwrap(),
        asset: None,
        name: format!("Account {number}"),
        kind: AccountKind::Checking,
        currency: Currency::iso(currency).unwrap(),
        opening_minor: 10_000,
        opening_on: None,
        opening_source: OpeningSource::Person,
        pending_policy: policy,
        locked_through: None,
        revision: 1,
        booked_minor,
        pending_minor: -500,
        transaction_count: 3,
        is_closed: false,
    };
    let status = AccountStatus {
        status: Status::WithoutBank,
        since: None,
        said: None,
        last_success_at: None,
        last_run: None,
        connection: None,
        bank: None,
        bank_account: None,
        is_to_confirm: false,
        proof: None,
    };
    AccountView { account, status }
}

fn sum(view: &AccountView, of: &str, in_minor: i64, out_minor: i64) -> MonthSum {
    MonthSum { account: view.account.id, month: month(of), is_pending: false, in_minor, out_minor }
}

#[test]
fn months_are_read_back_from_today_to_the_opening_balance() {
    let euro = account(1, "EUR", 1_300, PendingPolicy::Shown);
    let months = [
        sum(&euro, "2026-09", 3_000, -1_000),
        sum(&euro, "2026-10", 0, -500),
        // Dated ahead: the balance counts it, so it belongs to the month that is not over.
        sum(&euro, "2026-12", 0, -200),
    ];
    let pending = MonthSum { is_pending: true, ..sum(&euro, "2026-11", 0, -500) };
    let sums = [&months[..], &[pending]].concat();
    let currency = Currency::iso("EUR").unwrap();
    let accounts = vec![euro];
    let counted = Counted::of(&accounts, (&sums, &[]), &[], currency);
    let shown: Vec<Month> = month("2026-09").through(month("2026-11")).collect();
    let balances = balances(&accounts, &counted.by_account, &shown);
    assert_eq!(balances[0], [10_000, 12_000, 11_500, 11_300]);
    assert_eq!(net_worth(&accounts, &balances, currency, 4), balances[0]);
    assert_eq!(counted.flows[&month("2026-09")], Flow { in_minor: 3_000, out_minor: -1_000 });
    assert_eq!(counted.flows.get(&month("2026-11")), None, "what is pending is shown, and does not count");
}

#[test]
fn pending_rows_count_where_the_account_counts_them_and_other_currencies_never() {
    let counting = account(1, "EUR", 0, PendingPolicy::Counted);
    let real = account(2, "BRL", 700, PendingPolicy::Shown);
    let pending = MonthSum { is_pending: true, ..sum(&counting, "2026-11", 0, -500) };
    let category = |sum| CategorySum { category: None, sum };
    let abroad = sum(&real, "2026-11", 700, 0);
    let categories = [category(pending), category(abroad)];
    let accounts = vec![counting, real];
    let currency = Currency::iso("EUR").unwrap();
    let counted = Counted::of(&accounts, (&[pending, abroad], &[]), &categories, currency);
    let balances = balances(&accounts, &counted.by_account, &[month("2026-11")]);
    assert_eq!(balances[0], [10_000, 9_500]);
    assert_eq!(balances[1], [10_000, 10_700]);
    assert_eq!(net_worth(&accounts, &balances, currency, 2), [10_000, 9_500]);
    assert_eq!(counted.flows[&month("2026-11")], Flow { in_minor: 0, out_minor: -500 });
    let categories = by_category(&counted.categories, month("2026-11"), &HashMap::new());
    assert_eq!(categories.len(), 1);
    assert_eq!(categories[0].flow, Flow { in_minor: 0, out_minor: -500 });
}
