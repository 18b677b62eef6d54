//! Reading what transfers are found by.

use std::collections::{BTreeSet, HashMap};

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
}

/// What a feed row behind a transaction says of its other side.
#[derive(sqlx::FromRow)]
struct SaidRow {
    transaction_id: Uuid,
    counterparty_digest: Option<Vec<u8>>,
    end_to_end_digest: Option<Vec<u8>>,
    original_minor: Option<i64>,
    original_currency: Option<String>,
    original_scale: Option<i64>,
}

fn known(code: &str, scale: i64) -> Result<Currency, StoreError> {
    let scale = u8::try_from(scale).map_err(|_| StoreError::Corrupt("a currency's scale".to_owned()))?;
    Ok(Currency { code: currency(code)?, scale })
}

impl Row {
    fn into_transfer_row(self) -> Result<TransferRow, StoreError> {
        let texts = [self.payee_folded, self.note_folded];
        Ok(TransferRow {
            transaction: self.id.into(),
            account: self.account_id.into(),
            amount: Amount::new(self.amount_minor, known(&self.currency, self.scale)?),
            day: self.dated_on.to_jiff(),
            status: code(&self.status)?,
            counterparty: None,
            end_to_end: None,
            original: None,
            text_folded: texts.into_iter().flatten().collect::<Vec<_>>().join(" "),
        })
    }
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
    /// Where there are so many, others may be left out.
    pub async fn transfer_rows(
        &self,
        asker: &Asker,
        (from, to): (Date, Date),
        limit: i64,
    ) -> Result<Vec<TransferRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        // Pairs are looked up by either side, and not in `transfer_sides`: PostgreSQL would read all of that for each row. The note is
        // looked up row by row: joined, it would read all lines.
        let text = session.in_sight(sql!(
            "SELECT t.id, t.account_id, t.amount_minor, a.currency, u.scale, t.dated_on, t.status, p.name_folded AS payee_folded,
                    (SELECT l.note_folded FROM transaction_lines l WHERE l.organization_id = t.organization_id
                        AND l.transaction_id = t.id AND l.position = 0) AS note_folded
             FROM (SELECT x.* FROM transactions x WHERE x.organization_id = $1 AND x.deleted_at IS NULL AND x.dated_on >= $2
                AND x.dated_on <= $3 AND x.status IN ('booked', 'pending') /* in sight: x.account_id */
                AND NOT EXISTS (SELECT 1 FROM transfer_pairs s JOIN transactions o ON o.organization_id = s.organization_id
                    AND o.id = s.in_id WHERE s.organization_id = x.organization_id AND s.out_id = x.id AND o.deleted_at IS NULL
                    AND o.account_id <> x.account_id AND x.amount_minor < 0 AND o.amount_minor > 0)
                AND NOT EXISTS (SELECT 1 FROM transfer_pairs s JOIN transactions o ON o.organization_id = s.organization_id
                    AND o.id = s.out_id WHERE s.organization_id = x.organization_id AND s.in_id = x.id AND o.deleted_at IS NULL
                    AND o.account_id <> x.account_id AND x.amount_minor > 0 AND o.amount_minor < 0)
                ORDER BY x.dated_on DESC, x.position DESC, x.id DESC LIMIT $4) t
             JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id
             JOIN currencies u ON u.code = a.currency
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id"
        ), sight);
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(from))
            .bind(date(to))
            .bind(limit)
            .fetch_all(c)
            .await?);
        let mut rows = rows.into_iter().map(Row::into_transfer_row).collect::<Result<Vec<_>, _>>()?;
        self.add_what_is_said(&mut session, asker, &mut rows).await?;
        Ok(rows)
    }

    /// Adds what the feed rows behind rows say of their other sides. Several may stand for one row of the books: whatever one of them
    /// says, the row says.
    async fn add_what_is_said(
        &self,
        session: &mut Session,
        asker: &Asker,
        rows: &mut [TransferRow],
    ) -> Result<(), StoreError> {
        for rows in rows.chunks_mut(VALUES_PER_LIST) {
            let said: Vec<SaidRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT k.transaction_id, v.counterparty_digest, v.end_to_end_digest, v.original_minor, v.original_currency, \
                     w.scale AS original_scale FROM claims k \
                     JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id \
                     JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id \
                     LEFT JOIN currencies w ON w.code = v.original_currency \
                     WHERE k.state = 'applied' AND k.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND k.transaction_id IN ");
                push_list(&mut query, rows.iter().map(|row| row.transaction.uuid()));
                query.push(" ORDER BY k.feed_row_id");
                query.build_query_as().fetch_all(c).await?
            });
            let mut by_id: HashMap<Uuid, &mut TransferRow> =
                rows.iter_mut().map(|row| (row.transaction.uuid(), row)).collect();
            for said in said {
                let Some(row) = by_id.get_mut(&said.transaction_id) else { continue };
                let original = match (said.original_minor, &said.original_currency, said.original_scale) {
                    (Some(minor), Some(code), Some(scale)) => Some(Amount::new(minor, known(code, scale)?)),
                    _ => None,
                };
                row.counterparty = row.counterparty.or(said.counterparty_digest.as_deref().map(digest).transpose()?);
                row.end_to_end = row.end_to_end.or(said.end_to_end_digest.as_deref().map(digest).transpose()?);
                row.original = row.original.or(original);
            }
        }
        Ok(())
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
                     p.name_folded AS payee_folded, l.note_folded \
                     FROM transactions t \
                     JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                     JOIN currencies u ON u.code = a.currency \
                     LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id \
                     LEFT JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id \
                      AND l.position = 0 \
                     WHERE t.deleted_at IS NULL AND t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            for row in found {
                rows.push(row.into_transfer_row()?);
            }
        }
        if rows.len() < ids.len() || !rows.iter().all(|row| asker.sees(row.account)) {
            return Err(StoreError::NotFound("the transaction"));
        }
        self.add_what_is_said(session, asker, &mut rows).await?;
        Ok(rows)
    }

    /// The accounts in sight, with whatever rows may name them by. The number of a bank account is that of the account that it fed last.
    pub async fn own_accounts(&self, asker: &Asker) -> Result<OwnAccounts, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT a.id, a.name, b.name AS bank_name, b.holder, n.digest FROM accounts a
                 LEFT JOIN feeds f ON f.organization_id = a.organization_id AND f.account_id = a.id AND NOT f.is_shadow
                    AND NOT EXISTS (SELECT 1 FROM feeds y WHERE y.organization_id = f.organization_id
                        AND y.bank_account_id = f.bank_account_id AND NOT y.is_shadow
                        AND (y.from_at > f.from_at OR (y.from_at = f.from_at AND y.id > f.id)))
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

    /// The rows of the books that batches have written to, with their days, the latest first: those after a given one, at most so many.
    pub async fn touched_by(
        &self,
        asker: &Asker,
        batches: &[BatchId],
        after: Option<TransactionId>,
        limit: i64,
    ) -> Result<Vec<(TransactionId, Date)>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let after = after.map_or(Uuid::max(), TransactionId::uuid);
        let rows: Vec<(Uuid, SqlDate)> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT t.id, t.dated_on FROM transactions t WHERE t.organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND t.id < ").push_bind(after);
            query.push(" AND t.deleted_at IS NULL AND t.id IN (SELECT c.owner_id FROM changes c WHERE c.organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND c.batch_id IN ");
            push_list(&mut query, batches.iter().map(|batch| batch.uuid()));
            query.push(") ORDER BY t.id DESC LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
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
