//! Reading a saved answer: the rows of one, as a sync would read them, without asking the provider.

use std::cmp::Reverse;

use bankside_domain::CurrencyCode;
use bankside_domain::account::AccountKind;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::{MappedRow, RowStatus};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::quirks::{self, Rank};
use super::wire::{Transaction, TransactionsAnswer};
use super::{DESCRIPTOR, map};
use crate::fault::Fault;
use crate::fetch::{MapContext, RawRow, RowAccount};
use crate::saved::{SavedAnswer, SavedRow};
use crate::zones;

/// Nothing that this provider tells of a row depends on its account.
pub(super) const UNKNOWN: RowAccount = RowAccount { kind: AccountKind::Other, currency: CurrencyCode::NONE };

/// What orders rows, the newest first: their day, then what their bank orders by, then the place in its list.
type Order = (Reverse<Option<Date>>, Reverse<Vec<Option<Rank>>>, usize);

pub(super) fn read(saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
    let answer: TransactionsAnswer<'_> = serde_json::from_slice(saved.body).map_err(|error| {
        // The answer is the person's own, so the place may be named with what stands there.
        Fault::new(FaultClass::Bug, "gocardless.unreadable", format!("This is no answer with transactions: {error}."))
            .with_source(error)
    })?;
    let zone = zones::of_country(country(saved.institution_key).unwrap_or_default());
    let time_zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let context = MapContext {
        institution_key: saved.institution_key,
        today: saved.now.to_zoned(time_zone.clone()).date(),
        time_zone: &time_zone,
        currencies: saved.currencies,
        account: UNKNOWN,
    };
    let mut counts = [0_usize; 2];
    let mut rows: Vec<(Order, SavedRow)> = Vec::new();
    for raw in answer.transactions.rows() {
        let (list, index) = match raw.status {
            RowStatus::Booked => ("booked", &mut counts[0]),
            _ => ("pending", &mut counts[1]),
        };
        let place = format!("transactions.{list}[{index}]");
        *index += 1;
        if map::keeps(saved.institution_key, &raw) {
            let row = map::row(&context, &raw);
            rows.push((order(saved.institution_key, &raw, &row, rows.len()), SavedRow { place, row }));
        }
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn order(institution_key: &str, raw: &RawRow, row: &MappedRow, position: usize) -> Order {
    let day = match row {
        MappedRow::Readable(row) => row.day(),
        MappedRow::Unreadable { .. } => None,
    };
    let wire = serde_json::from_slice::<Transaction>(&raw.bytes).ok();
    let ranks = wire.map(|wire| quirks::ranks(institution_key, &wire)).unwrap_or_default();
    (Reverse(day), Reverse(ranks), position)
}

/// The country in an institution's id: a word of its own where a bank of several countries has one for each, otherwise that
/// of the BIC at its end.
fn country(institution_key: &str) -> Option<&str> {
    let bic = institution_key.rsplit('_').next().and_then(|bic| bic.get(4..6));
    let words = institution_key.split('_').rev().chain(bic);
    words.filter(|word| *word != "XX").find(|word| DESCRIPTOR.countries.contains(word))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_country_of_an_id() {
        for (id, country) in [
            ("NORWEGIAN_SE_NORWNOK1", Some("SE")),
            ("SEB_KORT_AB_NO_SKHSFI21", Some("NO")),
            ("SEB_CARD_ESSESESS", Some("SE")),
            ("ABNAMRO_ABNANL2A", Some("NL")),
            ("SANDBOXFINANCE_SFIN0000", None),
            ("", None),
            ("ÄÖÜ_ÄÖÜ", None),
        ] {
            assert_eq!(super::country(id), country, "{id}");
        }
    }
}
