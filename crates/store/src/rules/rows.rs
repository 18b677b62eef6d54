//! Rows as rules see them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::amount::{Amount, Currency};
use bankside_domain::edit::Standing;
use bankside_domain::rules::{Field, Layered, Row, Values, rule_layer_of};
use bankside_domain::{Asker, Id, Right, RuleId, TagId, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::db::{Session, on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// A row of the books as rules see it.
#[derive(Debug, Clone)]
pub struct RuleRow {
    /// What no layer says.
    pub row: Row,
    /// What it holds, and what lies below.
    pub layered: Layered,
    /// Its day.
    pub day: Date,
    /// Whether its day is in a period that is locked.
    pub is_locked: bool,
    /// As it stands.
    pub(super) standing: Standing,
}

#[derive(sqlx::FromRow)]
struct BesideRow {
    id: Uuid,
    scale: i64,
    provider_payee: Option<String>,
    is_kept_for_somebody: bool,
    is_locked: bool,
    is_transfer: bool,
}

impl Store {
    /// The ids of rows of the books in sight, the latest first, those after a given one, at most so many.
    pub async fn ids_for_rules(
        &self,
        asker: &Asker,
        after: Option<TransactionId>,
        limit: i64,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT id FROM transactions WHERE organization_id = $1 AND id < $2 AND deleted_at IS NULL
             ORDER BY id DESC LIMIT $3"
        );
        let after = after.map_or(Uuid::max(), TransactionId::uuid);
        let ids: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(after)
            .bind(limit)
            .fetch_all(c)
            .await?);
        Ok(ids.into_iter().map(TransactionId::from).collect())
    }

    /// Those of some rows that are in the books, as rules see them.
    pub async fn rule_rows(&self, asker: &Asker, ids: &[TransactionId]) -> Result<Vec<RuleRow>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        self.rule_rows_within(&mut session, asker, ids).await
    }

    pub(super) async fn rule_rows_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<Vec<RuleRow>, StoreError> {
        let text = sql!("SELECT id, name FROM tags WHERE organization_id = $1");
        let tags: Vec<(Uuid, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let tags: HashMap<TagId, String> = tags.into_iter().map(|(id, name)| (id.into(), name)).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let beside = self.beside(session, asker, chunk).await?;
            // Whatever somebody takes out of the books between the two is left out.
            let standing = self.stand_if_there(session, asker, chunk).await?;
            let mut standing: HashMap<TransactionId, Standing> =
                standing.into_iter().map(|one| (one.id, one)).collect();
            for id in chunk {
                let (Some(standing), Some(beside)) = (standing.remove(id), beside.get(&id.uuid())) else { continue };
                rows.push(rule_row(standing, beside, &tags));
            }
        }
        Ok(rows)
    }

    async fn beside(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<BTreeMap<Uuid, BesideRow>, StoreError> {
        let rows: Vec<BesideRow> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT t.id, u.scale, p.name AS provider_payee, \
                 (COALESCE(t.inbox, '') = 'hidden' OR EXISTS (SELECT 1 FROM inbox_flags f WHERE f.organization_id = t.organization_id \
                    AND f.transaction_id = t.id)) AS is_kept_for_somebody, \
                 (a.locked_through IS NOT NULL AND t.dated_on <= a.locked_through) AS is_locked, \
                 (EXISTS (SELECT 1 FROM transfer_pairs s JOIN transactions o ON o.organization_id = s.organization_id \
                    AND o.id = s.in_id WHERE s.organization_id = t.organization_id AND s.out_id = t.id AND o.deleted_at IS NULL \
                    AND o.account_id <> t.account_id AND t.amount_minor < 0 AND o.amount_minor > 0) \
                  OR EXISTS (SELECT 1 FROM transfer_pairs s JOIN transactions o ON o.organization_id = s.organization_id \
                    AND o.id = s.out_id WHERE s.organization_id = t.organization_id AND s.in_id = t.id AND o.deleted_at IS NULL \
                    AND o.account_id <> t.account_id AND t.amount_minor > 0 AND o.amount_minor < 0)) AS is_transfer \
                 FROM transactions t \
                 JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                 JOIN currencies u ON u.code = a.currency \
                 LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.provider_payee_id \
                 WHERE t.deleted_at IS NULL AND t.organization_id = ",
            );
            query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
            push_list(&mut query, ids.iter().map(|id| id.uuid()));
            query.build_query_as().fetch_all(c).await?
        });
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

fn rule_row(standing: Standing, beside: &BesideRow, tags: &HashMap<TagId, String>) -> RuleRow {
    let first = &standing.lines[0];
    let is_split = standing.lines.len() > 1;
    let now = Values {
        payee: standing.payee_name.clone(),
        note: first.note.clone(),
        category: if is_split { None } else { first.category },
        tags: first.tags.iter().filter_map(|tag| tags.get(tag).cloned()).collect(),
        is_reviewed: standing.reviewed_at.is_some(),
    };
    let mut by_person: BTreeSet<Field> =
        Field::ALL.into_iter().filter(|field| standing.layers.contains_key(&key(&standing, *field))).collect();
    // Whoever has hidden a row, or asked somebody about it, has decided what comes of it in the inbox.
    by_person.extend(beside.is_kept_for_somebody.then_some(Field::Reviewed));
    let by_rule: BTreeMap<Field, Option<RuleId>> = Field::ALL
        .into_iter()
        .filter_map(|field| {
            let layer = standing.rule_layers.get(&key(&standing, field))?;
            Some((field, rule_layer_of(layer).map(|(rule, _)| rule).filter(|rule| !rule.uuid().is_nil())))
        })
        .collect();
    let currency = Currency { code: standing.currency, scale: u8::try_from(beside.scale).unwrap_or_default() };
    RuleRow {
        row: Row {
            transaction: standing.id,
            account: standing.account,
            amount: Amount::new(standing.amount_minor, currency),
            is_transfer: beside.is_transfer,
            is_split,
        },
        layered: Layered {
            now,
            bank_payee: beside.provider_payee.clone(),
            bank_note: first.provider_note.clone(),
            by_person,
            by_rule,
        },
        day: standing.dated_on,
        is_locked: beside.is_locked,
        standing,
    }
}

/// Under which row and name a field and its layers lie.
pub(super) fn key(standing: &Standing, field: Field) -> (Uuid, String) {
    let id = match field {
        Field::Payee | Field::Reviewed => standing.id.uuid(),
        Field::Note | Field::Category | Field::Tags => standing.lines[0].id.uuid(),
    };
    (id, field.column().to_owned())
}
