//! Reading what transfers are found by.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::amount::{Amount, Currency};
use bankside_domain::text::fold;
use bankside_domain::transfer::{OwnAccount, OwnAccounts, TransferRow};
use bankside_domain::{Asker, BatchId, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, currency, date, digest};
use crate::db::{Session, on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    amount_minor: i64,
    currency: String,
    scale: i64,
    dated_on: SqlDate,
    status: String,
    payee_folded: Option<String>,
    note_folded: Option<String>,
    counterparty_digest: Option<Vec<u8>>,
    end_to_end_digest: Option<Vec<u8>>,
    original_minor: Option<i64>,
    original_currency: Option<String>,
    original_scale: Option<i64>,
}

impl Row {
    fn into_transfer_row(self) -> Result<TransferRow, StoreError> {
        let known = |code: &str, scale: i64| -> Result<Currency, StoreError> {
            let scale = u8::try_from(scale).map_err(|_| StoreError::Corrupt("a currency's scale".to_owned()))?;
            Ok(Currency { code: currency(code)?, scale })
        };
        let original = match (self.original_minor, &self.original_currency, self.original_scale) {
            (Some(minor), Some(code), Some(scale)) => Some(Amount::new(minor, known(code, scale)?)),
            _ => None,
        };
        let texts = [self.payee_folded, self.note_folded];
        Ok(TransferRow {
            transaction: self.id.into(),
            account: self.account_id.into(),
            amount: Amount::new(self.amount_minor, known(&self.currency, self.scale)?),
            day: self.dated_on.to_jiff(),
            status: code(&self.status)?,
            counterparty: self.counterparty_digest.as_deref().map(digest).transpose()?,
            end_to_end: self.end_to_end_digest.as_deref().map(digest).transpose()?,
            original,
            text_folded: texts.into_iter().flatten().collect::<Vec<_>>().join(" "),
        })
    }
}

/// Several feed rows may stand for one row of the books: whatever one of them says, the row says.
fn whole(rows: Vec<Row>) -> Result<Vec<TransferRow>, StoreError> {
    let mut whole: BTreeMap<TransactionId, TransferRow> = BTreeMap::new();
    for row in rows {
        let row = row.into_transfer_row()?;
        let kept = whole.entry(row.transaction).or_insert_with(|| row.clone());
        kept.counterparty = kept.counterparty.or(row.counterparty);
        kept.end_to_end = kept.end_to_end.or(row.end_to_end);
        kept.original = kept.original.or(row.original);
    }
    Ok(whole.into_values().collect())
}

#[derive(sqlx::FromRow)]
struct OwnRow {
    id: Uuid,
    name: String,
    bank_name: Option<String>,
    holder: Option<String>,
    digest: Option<Vec<u8>>,
}

impl Store {
    /// The rows of some days that have moved money and belong to no transfer yet, at most so many, the latest first.
    pub async fn transfer_rows(
        &self,
        asker: &Asker,
        (from, to): (Date, Date),
        limit: i64,
    ) -> Result<Vec<TransferRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(sql!(
            "SELECT t.id, t.account_id, t.amount_minor, a.currency, u.scale, t.dated_on, t.status, p.name_folded AS payee_folded,
                    l.note_folded, v.counterparty_digest, v.end_to_end_digest, v.original_minor, v.original_currency,
                    w.scale AS original_scale
             FROM (SELECT * FROM transactions c WHERE c.organization_id = $1 AND c.deleted_at IS NULL
                AND c.dated_on >= $2 AND c.dated_on <= $3 AND c.status IN ('booked', 'pending')
                AND NOT EXISTS (SELECT 1 FROM transfer_sides s WHERE s.organization_id = c.organization_id AND s.transaction_id = c.id)
                /* in sight: c.account_id */ ORDER BY c.dated_on DESC, c.position DESC, c.id DESC LIMIT $4) t
             JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id
             JOIN currencies u ON u.code = a.currency
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             LEFT JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id
                AND l.position = 0
             LEFT JOIN claims k ON k.organization_id = t.organization_id AND k.transaction_id = t.id AND k.state = 'applied'
             LEFT JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id
             LEFT JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id
             LEFT JOIN currencies w ON w.code = v.original_currency"
        ), sight);
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(from))
            .bind(date(to))
            .bind(limit)
            .fetch_all(c)
            .await?);
        whole(rows)
    }

    /// These transactions, as far as transfers are found by them, linked or not. One that is not in the books is not found.
    pub async fn transfer_rows_of(&self, asker: &Asker, ids: &[TransactionId]) -> Result<Vec<TransferRow>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.transfer_rows_within(&mut session, asker, ids).await
    }

    pub(super) async fn transfer_rows_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<Vec<TransferRow>, StoreError> {
        let unique: BTreeSet<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let ids: Vec<Uuid> = unique.into_iter().collect();
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let found: Vec<Row> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, t.account_id, t.amount_minor, a.currency, u.scale, t.dated_on, t.status, \
                     p.name_folded AS payee_folded, l.note_folded, v.counterparty_digest, v.end_to_end_digest, \
                     v.original_minor, v.original_currency, w.scale AS original_scale \
                     FROM transactions t \
                     JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                     JOIN currencies u ON u.code = a.currency \
                     LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id \
                     LEFT JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id \
                      AND l.position = 0 \
                     LEFT JOIN claims k ON k.organization_id = t.organization_id AND k.transaction_id = t.id \
                      AND k.state = 'applied' \
                     LEFT JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id \
                     LEFT JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id \
                     LEFT JOIN currencies w ON w.code = v.original_currency \
                     WHERE t.deleted_at IS NULL AND t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            rows.extend(whole(found)?);
        }
        if rows.len() < ids.len() || !rows.iter().all(|row| asker.sees(row.account)) {
            return Err(StoreError::NotFound("the transaction"));
        }
        Ok(rows)
    }

    /// The accounts in sight, with whatever rows may name them by.
    pub async fn own_accounts(&self, asker: &Asker) -> Result<OwnAccounts, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT a.id, a.name, b.name AS bank_name, b.holder, n.digest FROM accounts a
                 LEFT JOIN feeds f ON f.organization_id = a.organization_id AND f.account_id = a.id AND NOT f.is_shadow
                 LEFT JOIN bank_accounts b ON b.organization_id = f.organization_id AND b.id = f.bank_account_id
                 LEFT JOIN account_numbers n ON n.organization_id = b.organization_id AND n.bank_account_id = b.id
                 WHERE a.organization_id = $1 /* in sight: a.id */"
            ),
            sight,
        );
        let rows: Vec<OwnRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let mut own = OwnAccounts::default();
        for row in rows {
            let account: &mut OwnAccount = own.0.entry(row.id.into()).or_default();
            account.numbers.extend(row.digest.as_deref().map(digest).transpose()?);
            let names = [Some(row.name), row.bank_name, row.holder].into_iter().flatten();
            account.names_folded.extend(names.map(|name| fold(&name)));
        }
        Ok(own)
    }

    /// The rows of the books that a batch has written to, with their days, at most so many, the latest first.
    pub async fn touched_by(
        &self,
        asker: &Asker,
        batch: BatchId,
        limit: i64,
    ) -> Result<Vec<(TransactionId, Date)>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT t.id, t.dated_on FROM transactions t
             WHERE t.organization_id = $1 AND t.deleted_at IS NULL AND t.id IN (SELECT c.owner_id FROM changes c
                WHERE c.organization_id = $1 AND c.batch_id = $2)
             ORDER BY t.dated_on DESC, t.id DESC LIMIT $3"
        );
        let rows: Vec<(Uuid, SqlDate)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .bind(limit)
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(|(id, day)| (id.into(), day.to_jiff())).collect())
    }

    /// The first and the last day that has a row in the books; `None` where there is none.
    pub async fn days_of_books(&self, asker: &Asker) -> Result<Option<(Date, Date)>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT MIN(t.dated_on), MAX(t.dated_on) FROM transactions t
                 WHERE t.organization_id = $1 AND t.deleted_at IS NULL /* in sight: t.account_id */"
            ),
            sight,
        );
        let days: (Option<SqlDate>, Option<SqlDate>) =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_one(c).await?);
        Ok(days.0.map(SqlDate::to_jiff).zip(days.1.map(SqlDate::to_jiff)))
    }
}
