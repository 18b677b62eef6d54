//! What the fields that some changes are about hold at this moment.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::asset::ASSET;
use bankside_domain::batch::{Change, EXISTS, Entity, FieldKey, claim_value};
use bankside_domain::edit::{LAYER, layer_value, lines_value, tags_value};
use bankside_domain::rules::{RULE_LAYER, rule_layer_value};
use bankside_domain::transfer::{NO_TRANSFER, TRANSFER, link_value};
use bankside_domain::{Asker, Id, RuleId, TransactionId};
use sqlx::Row as _;
use uuid::Uuid;

use super::ids_of;
use crate::convert::{SqlDate, code};
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

type Values = BTreeMap<FieldKey, Option<String>>;

/// A layer of one field.
#[derive(sqlx::FromRow)]
pub(crate) struct LayerRow {
    /// Of which transaction or line.
    pub(crate) id: Uuid,
    /// Of which field.
    pub(crate) field: String,
    layer: String,
    /// What it holds; nothing is a blank.
    pub(crate) value: Option<String>,
    rule_id: Option<Uuid>,
}

impl LayerRow {
    /// What a change records of it, where it is a rule's.
    pub(crate) fn rule_value(&self) -> Option<String> {
        let rule = RuleId::from(self.rule_id.unwrap_or_default());
        (self.layer == "rule").then(|| rule_layer_value(rule, self.value.as_deref()))
    }
}

/// What a column's value is as text. A macro, because the two engines' rows are two types.
macro_rules! as_text {
    ($row:expr, $name:expr, day) => {{
        let day: Option<SqlDate> = $row.try_get($name)?;
        day.map(|day| day.to_jiff().to_string())
    }};
    ($row:expr, $name:expr, id) => {{
        let id: Option<Uuid> = $row.try_get($name)?;
        id.map(|id| id.to_string())
    }};
    ($row:expr, $name:expr, number) => {{
        let number: Option<i64> = $row.try_get($name)?;
        number.map(|number| number.to_string())
    }};
    ($row:expr, $name:expr, flag) => {{
        let flag: bool = $row.try_get($name)?;
        Some(flag.to_string())
    }};
    ($row:expr, $name:expr, text) => {{
        let text: Option<String> = $row.try_get($name)?;
        text
    }};
}

/// Reads columns of the rows of one kind, each as the field of the same name.
macro_rules! read_columns {
    ($session:expr, $asker:expr, $now:expr, $changes:expr, $entity:expr, $from:literal, [$($name:literal: $kind:ident),* $(,)?]) => {
        for chunk in ids_of($changes, $entity).chunks(VALUES_PER_LIST) {
            on!($session, c => {
                let mut query = sqlx::QueryBuilder::new(concat!("SELECT id", $(", ", $name,)* " FROM ", $from, " WHERE organization_id = "));
                query.push_bind($asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().copied());
                for row in query.build().fetch_all(c).await? {
                    let id: Uuid = row.try_get("id")?;
                    $($now.insert(($entity, id, $name.to_owned()), as_text!(row, $name, $kind));)*
                }
            });
        }
    };
}

impl Store {
    /// The values that the fields of some changes hold now.
    pub(crate) async fn values_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<Values, StoreError> {
        let mut now = Values::new();
        read_columns!(session, asker, now, changes, Entity::Transaction, "transactions", [
            "deleted_at": number, "status": text, "amount_minor": number, "account_id": id, "dated_on": day, "payee_id": id,
            "booked_on": day, "value_on": day, "provider_dated_on": day, "provider_payee_id": id, "cleared_at": number,
            "reconciled_at": number, "reviewed_at": number, "inbox": text,
        ]);
        for id in ids_of(changes, Entity::Transaction) {
            // A transaction is there unless it was deleted.
            if let Some(deleted_at) = now.remove(&(Entity::Transaction, id, "deleted_at".to_owned())) {
                let exists = deleted_at.is_none().then(|| "1".to_owned());
                now.insert((Entity::Transaction, id, EXISTS.to_owned()), exists);
            }
        }
        read_columns!(session, asker, now, changes, Entity::Line, "transaction_lines", [
            "amount_minor": number, "category_id": id, "note": text, "provider_note": text,
        ]);
        read_columns!(session, asker, now, changes, Entity::Account, "accounts", [
            "opening_minor": number, "opening_on": day, "opening_source": text, "pending_policy": text,
            "locked_through": day,
        ]);
        read_columns!(session, asker, now, changes, Entity::BankAccount, "bank_accounts", ["flips_sign": flag]);
        for chunk in ids_of(changes, Entity::Account).chunks(VALUES_PER_LIST) {
            for (account, places) in self.places_of_accounts(session, asker, chunk).await? {
                now.insert((Entity::Account, account, ASSET.to_owned()), places.value());
            }
        }
        self.claims_now(session, asker, changes, &mut now).await?;
        self.layers_now(session, asker, changes, &mut now).await?;
        self.lines_now(session, asker, changes, &mut now).await?;
        self.transfers_now(session, asker, changes, &mut now).await?;
        Ok(now)
    }

    async fn claims_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
        now: &mut Values,
    ) -> Result<(), StoreError> {
        for chunk in ids_of(changes, Entity::Claim).chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, String, Option<Uuid>)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT feed_row_id, state, transaction_id FROM claims WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND feed_row_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            for (feed_row, state, transaction) in rows {
                let value = claim_value(code(&state)?, transaction.map(TransactionId::from));
                now.insert((Entity::Claim, feed_row, "claim".to_owned()), Some(value));
            }
        }
        Ok(())
    }

    /// What transactions are linked with, and with which others they are said to be no transfer.
    async fn transfers_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
        now: &mut Values,
    ) -> Result<(), StoreError> {
        let of = |wanted: fn(&str) -> bool| -> Vec<Uuid> {
            let changes = changes.iter().filter(|change| wanted(&change.field));
            let ids: BTreeSet<Uuid> = changes.map(|change| change.id).collect();
            ids.into_iter().collect()
        };
        for (id, link) in self.links_now(session, asker, &of(|field| field == TRANSFER)).await? {
            now.insert((Entity::Transaction, id, TRANSFER.to_owned()), Some(link_value(&link)));
        }
        for (id, other) in self.rejections_now(session, asker, &of(|field| field.starts_with(NO_TRANSFER))).await? {
            now.insert((Entity::Transaction, id, format!("{NO_TRANSFER}{other}")), Some("1".to_owned()));
        }
        Ok(())
    }

    async fn layers_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
        now: &mut Values,
    ) -> Result<(), StoreError> {
        let mut layered: Vec<(Entity, Uuid)> = changes
            .iter()
            .filter(|change| change.field.starts_with(LAYER) || change.field.starts_with(RULE_LAYER))
            .map(|change| (change.entity, change.id))
            .collect();
        layered.sort_unstable();
        layered.dedup();
        for chunk in layered.chunks(VALUES_PER_LIST) {
            let entity_of: BTreeMap<Uuid, Entity> = chunk.iter().map(|(entity, id)| (*id, *entity)).collect();
            for layer in self.layers_of_rows(session, asker, entity_of.keys().copied()).await? {
                let Some(entity) = entity_of.get(&layer.id) else { continue };
                let (field, value) = match layer.rule_value() {
                    Some(value) => (format!("{RULE_LAYER}{}", layer.field), value),
                    None => (format!("{LAYER}{}", layer.field), layer_value(layer.value.as_deref())),
                };
                now.insert((*entity, layer.id, field), Some(value));
            }
        }
        Ok(())
    }

    /// What the person's and the rule's layer of some transactions and lines hold.
    pub(crate) async fn layers_of_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<LayerRow>, StoreError> {
        Ok(on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT entity_id AS id, field, layer, value, rule_id FROM field_layers WHERE organization_id = ",
            );
            query.push_bind(asker.organization.uuid()).push(" AND entity_id IN ");
            push_list(&mut query, ids);
            query.build_query_as().fetch_all(c).await?
        }))
    }

    /// All lines of transactions that were split, and the tags of lines.
    async fn lines_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
        now: &mut Values,
    ) -> Result<(), StoreError> {
        let is_about_lines =
            |change: &&Change| change.field == "lines" || (change.entity == Entity::Line && change.field == "tags");
        let mut owners: Vec<Uuid> = changes.iter().filter(is_about_lines).map(|change| change.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        for chunk in owners.chunks(VALUES_PER_LIST) {
            for (transaction, lines) in self.lines_of(session, asker, chunk).await? {
                for line in &lines {
                    now.insert((Entity::Line, line.id.uuid(), "tags".to_owned()), tags_value(&line.tags));
                }
                now.insert((Entity::Transaction, transaction, "lines".to_owned()), Some(lines_value(&lines)));
            }
        }
        Ok(())
    }
}
