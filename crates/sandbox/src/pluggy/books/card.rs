//! A credit card: purchases that are pending first, one of them abroad each month, instalments, closings and payments.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Account, EPOCH, Foreign, Instalment, Means, Row, Style, local, local_day, name};
use crate::banks::{Draw, days, plus_days};

/// The day of the month on which cards close.
pub(in crate::pluggy) const CLOSES_ON: i8 = 28;
/// At five in the morning.
const CLOSES_AT_MINUTES: i64 = 5 * 60;
const DUE_AFTER_DAYS: i32 = 9;
/// Purchases are on their way for so long.
const PENDING_FOR: SignedDuration = SignedDuration::from_hours(48);
const ABROAD_ON: i8 = 12;
const PLAN_ON: i8 = 3;
const PLAN_MONTHS: u8 = 12;

const SHOPS: [(&str, i64, i64, Option<&str>); 5] = [
    ("Supermercado Exemplo", 3_500, 24_000, Some("07010000")),
    ("Posto Modelo", 8_000, 21_000, Some("19000000")),
    ("Restaurante Amostra", 3_900, 13_500, Some("11000000")),
    ("Livraria Teste", 2_500, 14_000, Some("08000000")),
    // What nobody could file.
    ("Loja 042", 900, 9_900, None),
];

/// A bill that has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pluggy) struct Bill {
    pub(in crate::pluggy) closed_at: Timestamp,
    pub(in crate::pluggy) due_on: Date,
    /// What is owed for it, positive.
    pub(in crate::pluggy) total_minor: i64,
}

impl Bill {
    /// It is paid on the day that it is due, at noon.
    pub(in crate::pluggy) fn paid_at(&self) -> Timestamp {
        local(self.due_on, 12 * 60)
    }
}

/// When the card closes next, at or after an instant.
fn next_closing(at: Timestamp, extra: &[Timestamp]) -> Timestamp {
    let first = local_day(at).first_of_month();
    let of_calendar = [first, first.saturating_add(1.month())]
        .map(|month| local(plus_days(month, i32::from(CLOSES_ON) - 1), CLOSES_AT_MINUTES));
    extra.iter().copied().chain(of_calendar).filter(|closing| *closing >= at).min().unwrap_or(at)
}

/// Everything that has been bought until an instant, in the shape in which it happened.
fn bought(style: &Style, account: &Account, at: Timestamp) -> Vec<Row> {
    let mut rows: Vec<Row> = days(EPOCH, local_day(at)).flat_map(|day| of_day(style, account, day)).collect();
    rows.retain(|row| row.from <= at);
    rows
}

fn of_day(style: &Style, account: &Account, day: Date) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut draw = Draw::of(account.seed, 3, day);
    for index in 0..draw.below(3) {
        let (shop, low, high, category) = SHOPS[usize::try_from(draw.below(SHOPS.len() as u64)).unwrap_or(0)];
        let minutes = if draw.one_in(8) { 24 * 60 - 1 } else { draw.between(9 * 60, 22 * 60) };
        let minor = -draw.between(low, high);
        let mut row = Row::new(name("COM", account, day, index), local(day, minutes), minor, shop, Means::Card);
        row.category = category;
        row.is_pending = true;
        rows.push(row);
    }
    if day.day() == ABROAD_ON {
        let dollars = -draw.between(900, 4_900);
        let rate = draw.between(510, 590);
        let minor = (dollars * rate - 50) / 100;
        let at = local(day, 15 * 60);
        let mut row = Row::new(name("EXT", account, day, 0), at, minor, "Example Software Inc", Means::Card);
        row.foreign = Some(Foreign { currency: "USD", owner_minor: dollars });
        row.is_pending = true;
        rows.push(row.in_category("08000000"));
        rows.push(Row::new(
            name("IOF", account, day, 0),
            at,
            minor * 35 / 1000,
            "IOF compra internacional",
            Means::Other,
        ));
    }
    if day.day() == PLAN_ON {
        rows.extend(instalments(style, account, day));
    }
    rows
}

/// Every third month something is bought in twelve instalments; each of them comes in a month of its own.
fn instalments(style: &Style, account: &Account, day: Date) -> Vec<Row> {
    let mut rows = Vec::new();
    for number in 1..=PLAN_MONTHS {
        let bought_on = day.saturating_sub((i32::from(number) - 1).months());
        if bought_on < EPOCH || bought_on.month() % 3 != 1 {
            continue;
        }
        let each = Draw::of(account.seed, 4, bought_on).between(4_990, 19_990);
        let text = if style.has_plan_fields {
            "Magazine Exemplo".to_owned()
        } else {
            format!("Magazine Exemplo PARC {number:02}/{PLAN_MONTHS:02}")
        };
        let mut row =
            Row::new(name("PAR", account, bought_on, number.into()), local(day, 0), -each, &text, Means::Card);
        row.instalment =
            Some(Instalment { number, of: PLAN_MONTHS, total_minor: each * i64::from(PLAN_MONTHS), bought_on });
        rows.push(row.in_category("08000000"));
    }
    rows
}

/// When a purchase has been settled.
fn settled_at(row: &Row) -> Timestamp {
    if row.is_pending { row.at.checked_add(PENDING_FOR).unwrap_or(row.at) } else { row.at }
}

/// The bills that have closed until an instant, the oldest first.
pub(super) fn bills(style: &Style, account: &Account, extra: &[Timestamp], at: Timestamp) -> Vec<Bill> {
    let mut bills: Vec<Bill> = Vec::new();
    for row in bought(style, account, at) {
        let closed_at = next_closing(settled_at(&row), extra);
        if let Some(bill) = bills.iter_mut().find(|bill| bill.closed_at == closed_at) {
            bill.total_minor -= row.owner_minor;
        } else {
            let due_on = plus_days(local_day(closed_at), DUE_AFTER_DAYS);
            bills.push(Bill { closed_at, due_on, total_minor: -row.owner_minor });
        }
    }
    bills.retain(|bill| bill.closed_at <= at);
    bills.sort_by_key(|bill| bill.closed_at);
    bills
}

/// The rows of a card in all their versions that the bank has had until an instant.
pub(super) fn rows(style: &Style, account: &Account, extra: &[Timestamp], at: Timestamp) -> Vec<Row> {
    let mut rows: Vec<Row> = bought(style, account, at).iter().flat_map(|row| versions(style, row, extra)).collect();
    for bill in bills(style, account, extra, at).iter().filter(|bill| bill.due_on <= local_day(at)) {
        let number = name("PAG", account, bill.due_on, 0);
        let text = "Pagamento recebido";
        rows.push(Row::new(number, bill.paid_at(), bill.total_minor, text, Means::BillPayment).in_category("05100000"));
    }
    rows.retain(|row| row.from <= at);
    rows
}

/// Pending, then posted, and at some banks made anew when the bill closes (fact sheet §0.6).
fn versions(style: &Style, row: &Row, extra: &[Timestamp]) -> Vec<Row> {
    let settled = settled_at(row);
    let closing = next_closing(settled, extra);
    let mut versions = Vec::new();
    if row.is_pending {
        versions.push(Row { until: Some(settled), ..row.clone() });
    }
    let mut posted = Row { is_pending: false, from: settled, version: 1, ..row.clone() };
    if row.is_pending {
        posted.raw = format!("{} BR", row.raw);
    }
    if style.closing_replaces {
        versions.push(Row { until: Some(closing), ..posted.clone() });
        versions.push(Row { from: closing, version: 2, bill: Some(closing), ..posted });
    } else {
        versions.push(Row { bill: Some(closing), ..posted });
    }
    versions
}
