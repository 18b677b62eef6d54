//! Rates: what one currency is worth in another, month by month. One that figures were shown with stays; who changes it writes the next
//! version beside it.

use std::collections::HashMap;

use bankside_domain::cashflow::Rate;
use bankside_domain::{Asker, CurrencyCode, Id, Month, Right};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::convert::{SqlDate, currency, date, instant, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::ROWS_PER_STATEMENT;
use crate::error::or_conflict;
use crate::{Store, StoreError};

/// Has a rate take the place of one that no figure was shown with.
const INSTEAD: &str = " ON CONFLICT (organization_id, to_currency, from_currency, month, version) DO UPDATE SET \
     rate = excluded.rate, rated_on = excluded.rated_on, source = excluded.source, person_id = excluded.person_id, \
     set_at = excluded.set_at WHERE rates.used_at IS NULL";

/// A rate as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRate {
    /// What a unit is of.
    pub from: CurrencyCode,
    /// For the figures of which month.
    pub month: Month,
    /// How often it has been changed after it was used: the first is 1.
    pub version: i64,
    /// How many units of the other currency a unit is worth.
    pub rate: Rate,
    /// The day for which it was stated.
    pub rated_on: Date,
    /// Where it was found.
    pub source: String,
    /// Who set it, unless that was Bankside itself.
    pub set_by: Option<String>,
    /// When it was set.
    pub set_at: Timestamp,
    /// When figures were first shown with it. From then on it is frozen.
    pub used_at: Option<Timestamp>,
}

/// A rate to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRate {
    /// What a unit is of.
    pub from: CurrencyCode,
    /// For the figures of which month.
    pub month: Month,
    /// How many units of the other currency a unit is worth.
    pub rate: Rate,
    /// The day for which it was stated.
    pub rated_on: Date,
    /// Where it was found.
    pub source: String,
}

/// What setting rates has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RatesSet {
    /// How many there were none of.
    pub added: usize,
    /// How many took the place of one that no figure was shown with.
    pub replaced: usize,
    /// How many were written beside one that figures were shown with.
    pub versions: usize,
    /// How many stood there already.
    pub same: usize,
}

#[derive(sqlx::FromRow)]
struct Row {
    from_currency: String,
    month: String,
    version: i64,
    rate: String,
    rated_on: SqlDate,
    source: String,
    set_by: Option<String>,
    set_at: i64,
    used_at: Option<i64>,
}

impl Row {
    fn into_rate(self) -> Result<KeptRate, StoreError> {
        Ok(KeptRate {
            from: currency(&self.from_currency)?,
            month: self.month.parse().map_err(|error| StoreError::Corrupt(format!("a month: {error}")))?,
            version: self.version,
            rate: self.rate.parse().map_err(|error| StoreError::Corrupt(format!("a rate: {error}")))?,
            rated_on: self.rated_on.to_jiff(),
            source: self.source,
            set_by: self.set_by,
            set_at: instant(self.set_at)?,
            used_at: instants(self.used_at)?,
        })
    }
}

impl Store {
    /// Every version of every rate into a currency, the latest month first, and of a month and currency the latest version first.
    pub async fn rates(&self, asker: &Asker, to: CurrencyCode) -> Result<Vec<KeptRate>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.rates_within(&mut session, asker, to).await
    }

    async fn rates_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        to: CurrencyCode,
    ) -> Result<Vec<KeptRate>, StoreError> {
        let text = sql!(
            "SELECT r.from_currency, r.month, r.version, r.rate, r.rated_on, r.source, p.name AS set_by, r.set_at, r.used_at
             FROM rates r LEFT JOIN people p ON p.id = r.person_id
             WHERE r.organization_id = $1 AND r.to_currency = $2
             ORDER BY r.month DESC, r.from_currency, r.version DESC"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(to.to_string())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_rate).collect()
    }

    /// Sets rates into a currency, all of them or none. One that figures were shown with is kept, and the new one is its next version.
    pub async fn set_rates(&self, asker: &Asker, to: CurrencyCode, new: &[NewRate]) -> Result<RatesSet, StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        let organization = asker.organization.uuid();
        // Whoever sets or freezes one of them meanwhile waits.
        let text = sql!("UPDATE rates SET version = version WHERE organization_id = $1 AND to_currency = $2");
        run!(session, sqlx::query(text).bind(organization).bind(to.to_string()));
        let known = self.rates_within(&mut session, asker, to).await?;
        let mut latest: HashMap<(CurrencyCode, Month), &KeptRate> = HashMap::new();
        for rate in &known {
            // Of each month and currency the latest version comes first.
            latest.entry((rate.from, rate.month)).or_insert(rate);
        }
        let mut set = RatesSet::default();
        let (mut fresh, mut instead) = (Vec::new(), Vec::new());
        for rate in new {
            match latest.get(&(rate.from, rate.month)) {
                Some(known)
                    if known.rate == rate.rate && known.rated_on == rate.rated_on && known.source == rate.source =>
                {
                    set.same += 1;
                }
                Some(known) if known.used_at.is_some() => {
                    set.versions += 1;
                    fresh.push((rate, known.version + 1));
                }
                Some(known) => {
                    set.replaced += 1;
                    instead.push((rate, known.version));
                }
                None => {
                    set.added += 1;
                    fresh.push((rate, 1));
                }
            }
        }
        let made = self.insert_rates(&mut session, asker, to, &fresh, "").await;
        or_conflict(made, "this rate was set twice at once: try again")?;
        let written = self.insert_rates(&mut session, asker, to, &instead, INSTEAD).await?;
        if written < u64::try_from(instead.len()).unwrap_or(u64::MAX) {
            return Err(StoreError::Conflict("a rate has changed meanwhile: try again"));
        }
        self.audit_rates(&mut session, asker, to, &[fresh, instead].concat()).await?;
        session.commit().await?;
        Ok(set)
    }

    /// Writes rates with their versions; answers how many were written.
    async fn insert_rates(
        &self,
        session: &mut Session,
        asker: &Asker,
        to: CurrencyCode,
        rates: &[(&NewRate, i64)],
        instead: &'static str,
    ) -> Result<u64, sqlx::Error> {
        let mut written = 0;
        for chunk in rates.chunks(ROWS_PER_STATEMENT) {
            written += on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO rates (organization_id, to_currency, from_currency, month, version, rate, rated_on, source, \
                     person_id, set_at) ",
                );
                insert.push_values(chunk, |mut row, (rate, version)| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(to.to_string())
                        .push_bind(rate.from.to_string())
                        .push_bind(rate.month.to_string())
                        .push_bind(*version)
                        .push_bind(rate.rate.to_string())
                        .push_bind(date(rate.rated_on))
                        .push_bind(rate.source.as_str())
                        .push_bind(asker.person().map(Id::uuid))
                        .push_bind(micros(self.ambient.now()));
                });
                insert.push(instead);
                insert.build().execute(c).await?.rows_affected()
            });
        }
        Ok(written)
    }

    /// One line about all that was set at once: what a single one is, or of many how many and for which months.
    async fn audit_rates(
        &self,
        session: &mut Session,
        asker: &Asker,
        to: CurrencyCode,
        rates: &[(&NewRate, i64)],
    ) -> Result<(), StoreError> {
        let months = || rates.iter().map(|(rate, _)| rate.month);
        let (Some(first), Some(last)) = (months().min(), months().max()) else { return Ok(()) };
        let (subject, detail) = if let [(rate, version)] = rates {
            let NewRate { from, month, rate, rated_on, source } = rate;
            let detail = format!("1 {from} = {rate} {to} for {month}, of {rated_on}, {source}, version {version}");
            (format!("{from} {month}"), detail)
        } else {
            (to.to_string(), format!("{} rates into {to} for {first} to {last}", rates.len()))
        };
        self.audit_within(session, asker, "rate.set", &subject, &detail).await
    }

    /// Freezes rates that figures are about to be shown with. Answers whether all of them still hold: where not, the figures have to be
    /// worked out again.
    pub async fn freeze_rates(&self, asker: &Asker, to: CurrencyCode, used: &[KeptRate]) -> Result<bool, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "UPDATE rates SET used_at = COALESCE(used_at, $7)
             WHERE organization_id = $1 AND to_currency = $2 AND from_currency = $3 AND month = $4 AND version = $5 AND rate = $6"
        );
        for rate in used {
            let held = run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(to.to_string())
                    .bind(rate.from.to_string())
                    .bind(rate.month.to_string())
                    .bind(rate.version)
                    .bind(rate.rate.to_string())
                    .bind(micros(self.ambient.now()))
            );
            if held == 0 {
                return Ok(false);
            }
        }
        session.commit().await?;
        Ok(true)
    }
}
