//! The fields that a batch can have changed: what they hold now, and writing them back.

use std::collections::BTreeMap;

use bankside_domain::account::OpeningSource;
use bankside_domain::batch::{Change, EXISTS, Entity, FieldKey};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::text::fold;
use bankside_domain::{Asker, BatchId, Code, Id, TransactionId};
use jiff::civil::Date;
use sqlx::Row as _;
use uuid::Uuid;

use crate::apply::claim_value;
use crate::convert::{SqlDate, code, dates, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

impl Store {
    /// The values that the fields of some changes hold now.
    pub(super) async fn values_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<BTreeMap<FieldKey, Option<String>>, StoreError> {
        let mut now = BTreeMap::new();
        for (entity, select, key) in [
            (
                Entity::Transaction,
                "SELECT id, CASE WHEN deleted_at IS NULL THEN '1' END AS \"exists\", status, dated_on, payee_id, \
                 booked_on, value_on, provider_dated_on, provider_payee_id FROM transactions WHERE organization_id = ",
                " AND id IN ",
            ),
            (
                Entity::Line,
                "SELECT id, note, provider_note FROM transaction_lines WHERE organization_id = ",
                " AND id IN ",
            ),
            (
                Entity::Account,
                "SELECT id, opening_minor, opening_on, opening_source FROM accounts WHERE organization_id = ",
                " AND id IN ",
            ),
            (
                Entity::Claim,
                "SELECT feed_row_id AS id, state, transaction_id FROM claims WHERE organization_id = ",
                " AND feed_row_id IN ",
            ),
        ] {
            let mut ids: Vec<Uuid> =
                changes.iter().filter(|change| change.entity == entity).map(|change| change.id).collect();
            ids.sort_unstable();
            ids.dedup();
            for chunk in ids.chunks(VALUES_PER_LIST) {
                on!(session, c => {
                    let mut query = sqlx::QueryBuilder::new(select);
                    query.push_bind(asker.organization.uuid()).push(key);
                    push_list(&mut query, chunk.iter().copied());
                    for row in query.build().fetch_all(c).await? {
                        let id: Uuid = row.try_get("id")?;
                        let mut holds = |field: &str, value: Option<String>| {
                            now.insert((entity, id, field.to_owned()), value);
                        };
                        let day = |name: &str| -> Result<Option<String>, sqlx::Error> {
                            let day: Option<SqlDate> = row.try_get(name)?;
                            Ok(day.map(|day| day.to_jiff().to_string()))
                        };
                        let uuid = |name: &str| -> Result<Option<String>, sqlx::Error> {
                            let id: Option<Uuid> = row.try_get(name)?;
                            Ok(id.map(|id| id.to_string()))
                        };
                        match entity {
                            Entity::Transaction => {
                                holds(EXISTS, row.try_get("exists")?);
                                holds("status", row.try_get("status")?);
                                for name in ["dated_on", "booked_on", "value_on", "provider_dated_on"] {
                                    holds(name, day(name)?);
                                }
                                for name in ["payee_id", "provider_payee_id"] {
                                    holds(name, uuid(name)?);
                                }
                            }
                            Entity::Line => {
                                for name in ["note", "provider_note"] {
                                    holds(name, row.try_get(name)?);
                                }
                            }
                            Entity::Account => {
                                let minor: i64 = row.try_get("opening_minor")?;
                                holds("opening_minor", Some(minor.to_string()));
                                holds("opening_on", day("opening_on")?);
                                holds("opening_source", row.try_get("opening_source")?);
                            }
                            Entity::Claim => {
                                let state: String = row.try_get("state")?;
                                let transaction: Option<Uuid> = row.try_get("transaction_id")?;
                                let value = claim_value(code(&state)?, transaction.map(TransactionId::from));
                                holds("claim", Some(value));
                            }
                        }
                    }
                });
            }
        }
        Ok(now)
    }

    /// Writes one field back.
    pub(super) async fn write_back(
        &self,
        session: &mut Session,
        asker: &Asker,
        undoing: BatchId,
        change: &Change,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let value = change.after.as_deref();
        macro_rules! set {
            ($text:expr, $value:expr) => {{
                let text = sql!($text);
                let value = $value;
                run!(session, sqlx::query(text).bind(organization).bind(change.id).bind(value));
            }};
        }
        match (change.entity, change.field.as_str()) {
            (Entity::Transaction, EXISTS) => set!(
                "UPDATE transactions SET deleted_at = $3 WHERE organization_id = $1 AND id = $2",
                value.is_none().then(|| micros(self.ambient.now()))
            ),
            (Entity::Transaction, "status") => {
                set!("UPDATE transactions SET status = $3 WHERE organization_id = $1 AND id = $2", value);
            }
            (Entity::Transaction, "dated_on") => {
                set!(
                    "UPDATE transactions SET dated_on = $3 WHERE organization_id = $1 AND id = $2",
                    dates(day(value)?)
                );
            }
            (Entity::Transaction, "payee_id") => {
                set!("UPDATE transactions SET payee_id = $3 WHERE organization_id = $1 AND id = $2", uuid(value)?);
            }
            (Entity::Transaction, "booked_on") => {
                set!(
                    "UPDATE transactions SET booked_on = $3 WHERE organization_id = $1 AND id = $2",
                    dates(day(value)?)
                );
            }
            (Entity::Transaction, "value_on") => {
                set!(
                    "UPDATE transactions SET value_on = $3 WHERE organization_id = $1 AND id = $2",
                    dates(day(value)?)
                );
            }
            (Entity::Transaction, "provider_dated_on") => set!(
                "UPDATE transactions SET provider_dated_on = $3 WHERE organization_id = $1 AND id = $2",
                dates(day(value)?)
            ),
            (Entity::Transaction, "provider_payee_id") => set!(
                "UPDATE transactions SET provider_payee_id = $3 WHERE organization_id = $1 AND id = $2",
                uuid(value)?
            ),
            (Entity::Line, "note") => {
                let text = sql!(
                    "UPDATE transaction_lines SET note = $3, note_folded = $4 WHERE organization_id = $1 AND id = $2"
                );
                run!(session, sqlx::query(text).bind(organization).bind(change.id).bind(value).bind(value.map(fold)));
            }
            (Entity::Line, "provider_note") => {
                set!("UPDATE transaction_lines SET provider_note = $3 WHERE organization_id = $1 AND id = $2", value);
            }
            (Entity::Account, "opening_minor") => {
                set!("UPDATE accounts SET opening_minor = $3 WHERE organization_id = $1 AND id = $2", number(value)?)
            }
            (Entity::Account, "opening_on") => {
                set!("UPDATE accounts SET opening_on = $3 WHERE organization_id = $1 AND id = $2", dates(day(value)?));
            }
            (Entity::Account, "opening_source") => set!(
                "UPDATE accounts SET opening_source = $3 WHERE organization_id = $1 AND id = $2",
                value.unwrap_or(OpeningSource::Unknown.code())
            ),
            (Entity::Claim, _) => self.write_claim_back(session, asker, undoing, change.id, value).await?,
            (_, field) => return Err(StoreError::Corrupt(format!("no way back for the field {field}"))),
        }
        Ok(())
    }

    async fn write_claim_back(
        &self,
        session: &mut Session,
        asker: &Asker,
        undoing: BatchId,
        feed_row: Uuid,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let Some(value) = value else {
            let text = sql!("DELETE FROM claims WHERE organization_id = $1 AND feed_row_id = $2");
            run!(session, sqlx::query(text).bind(organization).bind(feed_row));
            return Ok(());
        };
        let (state, transaction) = value.split_once(':').ok_or_else(|| unreadable(value))?;
        let state: ClaimState = code(state)?;
        let transaction = uuid(Some(transaction).filter(|text| !text.is_empty()))?;
        let text = sql!(
            "INSERT INTO claims (organization_id, feed_row_id, transaction_id, state, batch_id)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization_id, feed_row_id) DO UPDATE SET
             transaction_id = excluded.transaction_id, state = excluded.state, batch_id = excluded.batch_id"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(organization)
                .bind(feed_row)
                .bind(transaction)
                .bind(state.code())
                .bind(undoing.uuid())
        );
        // A row that had vanished has vanished again; one that only waits for its next decision never had.
        let vanished = (state == ClaimState::Superseded).then(|| micros(self.ambient.now()));
        let text =
            sql!("UPDATE feed_rows SET vanished_at = $3 WHERE organization_id = $1 AND id = $2 AND status = 'pending'");
        run!(session, sqlx::query(text).bind(organization).bind(feed_row).bind(vanished));
        Ok(())
    }
}

fn unreadable(value: &str) -> StoreError {
    StoreError::Corrupt(format!("a changed value: {value}"))
}

fn day(value: Option<&str>) -> Result<Option<Date>, StoreError> {
    value.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
}

fn uuid(value: Option<&str>) -> Result<Option<Uuid>, StoreError> {
    value.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
}

fn number(value: Option<&str>) -> Result<i64, StoreError> {
    let text = value.unwrap_or("0");
    text.parse().map_err(|_| unreadable(text))
}
