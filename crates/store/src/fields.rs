//! The fields of the books that a batch can change: what they hold now, and writing them. Edits and undoings both go through
//! here, so that whatever can be changed can be taken back.

mod now;

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::account::OpeningSource;
use bankside_domain::asset::ASSET;
use bankside_domain::batch::{Change, EXISTS, Entity, FieldKey, claim_of};
use bankside_domain::edit::{LAYER, Line};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::rules::RULE_LAYER;
use bankside_domain::sign::FLIPS_SIGN;
use bankside_domain::text::fold;
use bankside_domain::transfer::{NO_TRANSFER, TRANSFER};
use bankside_domain::{Asker, BatchId, Code, Id};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, count, dates, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// A value as its column keeps it.
enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Day(Option<SqlDate>),
    Id(Option<Uuid>),
    Flag(bool),
}

/// A column that is written as it is, and what kind of value it has.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Day,
    Id,
    Flag,
}

/// The table and the kind of a field that is one column of the same name.
fn column(entity: Entity, field: &str) -> Option<(&'static str, &'static str, Kind)> {
    const TRANSACTIONS: [(&str, Kind); 13] = [
        ("status", Kind::Text),
        ("amount_minor", Kind::Number),
        ("account_id", Kind::Id),
        ("dated_on", Kind::Day),
        ("payee_id", Kind::Id),
        ("booked_on", Kind::Day),
        ("value_on", Kind::Day),
        ("provider_dated_on", Kind::Day),
        ("provider_payee_id", Kind::Id),
        ("cleared_at", Kind::Number),
        ("reconciled_at", Kind::Number),
        ("reviewed_at", Kind::Number),
        ("inbox", Kind::Text),
    ];
    const LINES: [(&str, Kind); 3] =
        [("amount_minor", Kind::Number), ("category_id", Kind::Id), ("provider_note", Kind::Text)];
    const ACCOUNTS: [(&str, Kind); 5] = [
        ("opening_minor", Kind::Number),
        ("opening_on", Kind::Day),
        ("opening_source", Kind::Text),
        ("pending_policy", Kind::Text),
        ("locked_through", Kind::Day),
    ];
    const BANK_ACCOUNTS: [(&str, Kind); 1] = [(FLIPS_SIGN, Kind::Flag)];
    let (table, columns): (_, &'static [(&'static str, Kind)]) = match entity {
        Entity::Transaction => ("transactions", &TRANSACTIONS),
        Entity::Line => ("transaction_lines", &LINES),
        Entity::Account => ("accounts", &ACCOUNTS),
        Entity::BankAccount => ("bank_accounts", &BANK_ACCOUNTS),
        Entity::Claim => return None,
    };
    let (name, kind) = columns.iter().find(|(name, _)| *name == field)?;
    Some((table, name, *kind))
}

impl Store {
    /// Writes what fields hold after some changes. Of a field that is changed twice the last value counts; rows whose field
    /// gets the same value are written together. The caller records the changes.
    pub(crate) async fn write_fields(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        let last: BTreeMap<FieldKey, &Change> = changes.iter().map(|change| (change.key(), change)).collect();
        let mut alike: BTreeMap<(Entity, &str, Option<&str>), Vec<Uuid>> = BTreeMap::new();
        for change in last.values() {
            let key = (change.entity, change.field.as_str(), change.after.as_deref());
            alike.entry(key).or_default().push(change.id);
        }
        for ((entity, field, value), ids) in alike {
            for chunk in ids.chunks(VALUES_PER_LIST) {
                self.write_field(session, asker, batch, entity, field, value, chunk).await?;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a field, its value, and where it goes")]
    async fn write_field(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        entity: Entity,
        field: &str,
        value: Option<&str>,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        if let Some(layered) = field.strip_prefix(LAYER) {
            return self.write_layers(session, asker, batch, entity, layered, value, ids).await;
        }
        if let Some(layered) = field.strip_prefix(RULE_LAYER) {
            return self.write_rule_layers(session, asker, batch, (entity, layered), value, ids).await;
        }
        match (entity, field) {
            (Entity::Transaction, EXISTS) => {
                let deleted_at = value.is_none().then(|| micros(self.ambient.now()));
                self.set_column(session, asker, "transactions", "deleted_at", Value::Number(deleted_at), ids).await
            }
            (Entity::Transaction, "lines") => {
                for id in ids {
                    self.write_lines(session, asker, *id, value).await?;
                }
                Ok(())
            }
            (Entity::Transaction, TRANSFER) => {
                for id in ids {
                    self.write_link(session, asker, batch, *id, value).await?;
                }
                Ok(())
            }
            (Entity::Transaction, field) if field.starts_with(NO_TRANSFER) => {
                for id in ids {
                    self.write_rejection(session, asker, batch, (*id, uuid(field.strip_prefix(NO_TRANSFER))?), value)
                        .await?;
                }
                Ok(())
            }
            (Entity::Line, "note") => {
                let folded = Value::Text(value.map(fold));
                self.set_column(session, asker, "transaction_lines", "note_folded", folded, ids).await?;
                let note = Value::Text(value.map(str::to_owned));
                self.set_column(session, asker, "transaction_lines", "note", note, ids).await
            }
            (Entity::Account, ASSET) => self.write_places(session, asker, ids, value).await,
            (Entity::Line, "tags") => self.write_tags(session, asker, ids, value).await,
            (Entity::Claim, _) => {
                for id in ids {
                    self.write_claim_back(session, asker, batch, *id, value).await?;
                }
                Ok(())
            }
            _ => {
                let (table, name, kind) = column(entity, field)
                    .ok_or_else(|| StoreError::Corrupt(format!("no way back for the field {field}")))?;
                let value = match (kind, value) {
                    (Kind::Text, None) if name == "opening_source" => {
                        Value::Text(Some(OpeningSource::Unknown.code().to_owned()))
                    }
                    (Kind::Text, value) => Value::Text(value.map(str::to_owned)),
                    (Kind::Number, None) if name == "opening_minor" => Value::Number(Some(0)),
                    (Kind::Number, value) => Value::Number(number(value)?),
                    (Kind::Day, value) => Value::Day(dates(day(value)?)),
                    (Kind::Id, value) => Value::Id(uuid(value)?),
                    (Kind::Flag, value) => Value::Flag(flag(value)?),
                };
                self.set_column(session, asker, table, name, value, ids).await
            }
        }
    }

    async fn set_column(
        &self,
        session: &mut Session,
        asker: &Asker,
        table: &'static str,
        column: &'static str,
        value: Value,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        on!(session, c => {
            let mut update = sqlx::QueryBuilder::new("UPDATE ");
            update.push(table).push(" SET ").push(column).push(" = ");
            match value {
                Value::Text(text) => update.push_bind(text),
                Value::Number(number) => update.push_bind(number),
                Value::Day(day) => update.push_bind(day),
                Value::Id(id) => update.push_bind(id),
                Value::Flag(flag) => update.push_bind(flag),
            };
            update.push(" WHERE organization_id = ").push_bind(asker.organization.uuid()).push(" AND id IN ");
            push_list(&mut update, ids.iter().copied());
            update.build().execute(c).await?;
        });
        Ok(())
    }

    /// Writes or clears the person's layer of a field. The value is absent, or `=` and the text.
    #[expect(clippy::too_many_arguments, reason = "a field, its value, and where it goes")]
    pub(crate) async fn write_layers(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        entity: Entity,
        field: &str,
        value: Option<&str>,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        let Some(value) = value else {
            on!(session, c => {
                let mut delete = sqlx::QueryBuilder::new("DELETE FROM field_layers WHERE layer = 'person' AND organization_id = ");
                delete.push_bind(asker.organization.uuid()).push(" AND field = ").push_bind(field);
                delete.push(" AND entity_id IN ");
                push_list(&mut delete, ids.iter().copied());
                delete.build().execute(c).await?;
            });
            return Ok(());
        };
        let text = value.strip_prefix('=').ok_or_else(|| unreadable(value))?;
        let text = Some(text).filter(|text| !text.is_empty());
        for chunk in ids.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO field_layers (organization_id, entity, entity_id, field, layer, value, batch_id) ",
                );
                insert.push_values(chunk, |mut row, id| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(entity.code())
                        .push_bind(*id)
                        .push_bind(field)
                        .push_bind("person")
                        .push_bind(text)
                        .push_bind(batch.uuid());
                });
                insert.push(
                    " ON CONFLICT (organization_id, entity_id, field, layer) \
                     DO UPDATE SET value = excluded.value, batch_id = excluded.batch_id",
                );
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Gives lines exactly these tags: ids with commas between them.
    async fn write_tags(
        &self,
        session: &mut Session,
        asker: &Asker,
        lines: &[Uuid],
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let tags = value.map_or(Ok(Vec::new()), |value| {
            value.split(',').map(|id| id.parse::<Uuid>().map_err(|_| unreadable(value))).collect()
        })?;
        on!(session, c => {
            let mut delete = sqlx::QueryBuilder::new("DELETE FROM line_tags WHERE organization_id = ");
            delete.push_bind(asker.organization.uuid()).push(" AND line_id IN ");
            push_list(&mut delete, lines.iter().copied());
            delete.build().execute(c).await?;
        });
        let pairs: Vec<(Uuid, Uuid)> = lines.iter().flat_map(|line| tags.iter().map(|tag| (*line, *tag))).collect();
        for chunk in pairs.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new("INSERT INTO line_tags (organization_id, line_id, tag_id) ");
                insert.push_values(chunk, |mut row, (line, tag)| {
                    row.push_bind(asker.organization.uuid()).push_bind(*line).push_bind(*tag);
                });
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Gives a transaction exactly these lines. Their ids stay, so what else speaks of a line finds it again; what the bank
    /// wrote stays with the first.
    pub(crate) async fn write_lines(
        &self,
        session: &mut Session,
        asker: &Asker,
        transaction: Uuid,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let lines: Vec<Line> = serde_json::from_str(value.unwrap_or("[]"))?;
        let text = sql!(
            "SELECT provider_note FROM transaction_lines
             WHERE organization_id = $1 AND transaction_id = $2 AND position = 0"
        );
        let provider_note: Option<Option<String>> =
            on!(session, c => sqlx::query_scalar(text).bind(organization).bind(transaction).fetch_optional(c).await?);
        let provider_note = provider_note.flatten();
        let text = sql!(
            "DELETE FROM line_tags WHERE organization_id = $1 AND line_id IN
                (SELECT l.id FROM transaction_lines l WHERE l.organization_id = $1 AND l.transaction_id = $2)"
        );
        run!(session, sqlx::query(text).bind(organization).bind(transaction));
        let text = sql!("DELETE FROM transaction_lines WHERE organization_id = $1 AND transaction_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(transaction));
        for (position, line) in lines.iter().enumerate() {
            let text = sql!(
                "INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, category_id,
                    note, note_folded, provider_note)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(organization)
                    .bind(line.id.uuid())
                    .bind(transaction)
                    .bind(count(position))
                    .bind(line.amount_minor)
                    .bind(line.category.map(Id::uuid))
                    .bind(&line.note)
                    .bind(line.note.as_deref().map(fold))
                    .bind(provider_note.as_ref().filter(|_| position == 0))
            );
            let tags = bankside_domain::edit::tags_value(&line.tags);
            self.write_tags(session, asker, &[line.id.uuid()], tags.as_deref()).await?;
        }
        Ok(())
    }

    async fn write_claim_back(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        feed_row: Uuid,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let Some(value) = value else {
            let text = sql!("DELETE FROM claims WHERE organization_id = $1 AND feed_row_id = $2");
            run!(session, sqlx::query(text).bind(organization).bind(feed_row));
            return Ok(());
        };
        let (state, transaction) = claim_of(value).ok_or_else(|| unreadable(value))?;
        let text = sql!(
            "INSERT INTO claims (organization_id, feed_row_id, transaction_id, state, batch_id, since_batch_id)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (organization_id, feed_row_id) DO UPDATE SET
             transaction_id = excluded.transaction_id, state = excluded.state, batch_id = excluded.batch_id,
             since_batch_id = CASE WHEN claims.transaction_id = excluded.transaction_id
                THEN claims.since_batch_id ELSE excluded.batch_id END"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(organization)
                .bind(feed_row)
                .bind(uuids(transaction))
                .bind(state.code())
                .bind(batch.uuid())
        );
        // A row that had vanished has vanished again; one that only waits for its next decision never had.
        let vanished = (state == ClaimState::Superseded).then(|| micros(self.ambient.now()));
        let text =
            sql!("UPDATE feed_rows SET vanished_at = $3 WHERE organization_id = $1 AND id = $2 AND status = 'pending'");
        run!(session, sqlx::query(text).bind(organization).bind(feed_row).bind(vanished));
        Ok(())
    }
}

/// The ids of the rows of one kind that some changes are about, each once.
fn ids_of(changes: &[Change], entity: Entity) -> Vec<Uuid> {
    let ids: BTreeSet<Uuid> = changes.iter().filter(|change| change.entity == entity).map(|change| change.id).collect();
    ids.into_iter().collect()
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

fn flag(value: Option<&str>) -> Result<bool, StoreError> {
    let text = value.unwrap_or_default();
    text.parse().map_err(|_| unreadable(text))
}

fn number(value: Option<&str>) -> Result<Option<i64>, StoreError> {
    value.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
}
