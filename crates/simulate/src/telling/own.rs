//! The story's own provider: its rows have just the fields that a story needs.

use bankside_connect::{MapContext, RawRow};
use bankside_domain::account::AccountKind;
use bankside_domain::row::{Counterparty, MappedRow, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::{Amount, CurrencyCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Tongue, Wire};

/// Its only bank.
pub(super) const TONGUES: &[Tongue] =
    &[Tongue { institution: "STORY_BANK", country: "DE", currencies: ["EUR", "EUR", "CHF"], write }];

/// A row as it is sent.
#[derive(Serialize, Deserialize)]
struct Sent {
    id: Option<String>,
    reference: Option<String>,
    /// A day, or an instant.
    when: String,
    minor: i64,
    currency: String,
    payee: String,
}

impl Sent {
    fn of(wire: &Wire) -> Self {
        let id = |kind| wire.id(kind).map(str::to_owned);
        Self {
            id: id(RowIdKind::Provider),
            reference: id(RowIdKind::Reference),
            when: wire.at.map_or_else(|| wire.day.to_string(), |at| at.to_string()),
            minor: wire.minor,
            currency: wire.currency.to_owned(),
            payee: wire.payee.clone(),
        }
    }

    fn row(self, context: &MapContext<'_>, status: RowStatus) -> MappedRow {
        let instant: Option<Timestamp> = self.when.parse().ok();
        let day: Option<Date> = match instant {
            Some(instant) => Some(instant.to_zoned(context.time_zone.clone()).date()),
            None => self.when.parse().ok(),
        };
        let (Some(day), Ok(code)) = (day, self.currency.parse::<CurrencyCode>()) else {
            return MappedRow::Unreadable { why: "no day or no currency".to_owned() };
        };
        let Some(currency) = context.currencies.get(&code).copied() else {
            return MappedRow::Unreadable { why: format!("{code} is no currency") };
        };
        let ids = [(RowIdKind::Provider, self.id), (RowIdKind::Reference, self.reference)];
        let ids = ids.into_iter().filter_map(|(kind, value)| Some(RowId { kind, value: value? }));
        MappedRow::Readable(Box::new(Row {
            status,
            ids: ids.collect(),
            booked_on: (status == RowStatus::Booked).then_some(day),
            value_on: Some(day),
            transacted_on: None,
            dated_on: None,
            happened_at: instant,
            amount: Amount::new(self.minor, currency),
            remittance: Some(format!("about {}", self.payee)),
            counterparty: Counterparty { name: Some(self.payee), account: None },
            balance_after: None,
            original_amount: None,
            instalment: None,
            bill: None,
            end_to_end: None,
            is_placeholder: false,
            creditor: None,
            provider_category: None,
        }))
    }
}

fn write(wire: &Wire, _: AccountKind) -> Value {
    serde_json::to_value(Sent::of(wire)).unwrap_or_default()
}

/// Reads a row that was sent.
pub(super) fn map(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    match serde_json::from_slice::<Sent>(&raw.bytes) {
        Ok(sent) => sent.row(context, raw.status),
        Err(error) => MappedRow::Unreadable { why: error.to_string() },
    }
}

/// Reads a row that is still to be sent.
pub(super) fn read(context: &MapContext<'_>, wire: &Wire) -> MappedRow {
    Sent::of(wire).row(context, wire.status())
}
