//! What statement files say of the balances at the ends of days, and what that proves of accounts that no bank feeds.

use std::collections::BTreeMap;

use bankside_domain::balance::{BalanceKind, BalanceMoment, StatedBalance};
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, Id, Right, SourceId};
use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::convert::{SqlDate, date};
use crate::db::{Session, on, sql};
use crate::dialect::ROWS_PER_STATEMENT;
use crate::{Store, StoreError};

/// So many of the latest days are witnesses.
const MOST_DAYS: usize = 400;
/// So many statements are read for them: of a day there may be several.
const MOST_READ: i64 = 1_000;

/// An account that no bank feeds and whose files have stated balances, with what was proven last.
#[derive(Debug, Clone)]
pub struct FileProofFacts {
    /// The account.
    pub account: AccountId,
    /// The bank account that stands for its files.
    pub bank_account: BankAccountId,
    /// The account's revision.
    pub account_revision: i64,
    /// The revision of which the kept proof is.
    pub proof_revision: Option<i64>,
    /// The kept proof, as JSON.
    pub proof: Option<String>,
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    account_id: Uuid,
    bank_account_id: Uuid,
    revision: i64,
    account_revision: Option<i64>,
    proof: Option<String>,
}

impl Store {
    pub(crate) async fn keep_file_balances(
        &self,
        session: &mut Session,
        asker: &Asker,
        file: SourceId,
        balances: &[(Date, i64)],
    ) -> Result<(), StoreError> {
        for chunk in balances.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO file_balances (organization_id, file_id, stated_on, amount_minor) ",
                );
                insert.push_values(chunk, |mut row, (day, minor)| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(file.uuid())
                        .push_bind(date(*day))
                        .push_bind(*minor);
                });
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Of the balances of a file, the oldest first, those that nothing has stated so yet, as far back as they are ever read.
    pub(crate) async fn new_file_balances(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        balances: &[(Date, i64)],
    ) -> Result<Vec<(Date, i64)>, StoreError> {
        if balances.is_empty() {
            return Ok(Vec::new());
        }
        let stated: BTreeMap<Date, i64> = self.stated_days(session, asker, account).await?.into_iter().collect();
        let from = if stated.len() < MOST_DAYS { None } else { stated.keys().next() };
        let latest = &balances[balances.len().saturating_sub(MOST_DAYS)..];
        let is_new = |(day, minor): &&(Date, i64)| Some(day) >= from && stated.get(day) != Some(minor);
        Ok(latest.iter().filter(is_new).copied().collect())
    }

    /// The accounts whose files have stated balances with a batch, or with the one that it takes back or brings back in the end.
    pub(crate) async fn accounts_stating_with(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
    ) -> Result<Vec<AccountId>, StoreError> {
        let (organization, mut first) = (asker.organization.uuid(), batch.uuid());
        loop {
            let text = sql!("SELECT undoes FROM batches WHERE organization_id = $1 AND id = $2");
            let undoes: Option<Option<Uuid>> = on!(session, c => sqlx::query_scalar(text)
                .bind(organization)
                .bind(first)
                .fetch_optional(c)
                .await?);
            let Some(before) = undoes.flatten() else { break };
            first = before;
        }
        let text = sql!(
            "SELECT DISTINCT f.account_id FROM statement_files f WHERE f.organization_id = $1 AND f.batch_id = $2
                AND EXISTS (SELECT 1 FROM file_balances b WHERE b.organization_id = f.organization_id AND b.file_id = f.id)"
        );
        let accounts: Vec<Uuid> =
            on!(session, c => sqlx::query_scalar(text).bind(organization).bind(first).fetch_all(c).await?);
        Ok(accounts.into_iter().map(AccountId::from).collect())
    }

    /// What the files of an account have stated, as long as their imports stand; of several that speak of one day, the one that came last. Each
    /// counts as stated on its own day, whenever the file came; noon is the same day nearly everywhere.
    pub(crate) async fn file_balances_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
    ) -> Result<Vec<StatedBalance>, StoreError> {
        let stated = |(day, minor): (Date, i64)| StatedBalance {
            kind: BalanceKind::Booked,
            moment: BalanceMoment::EndOf(day),
            minor,
            seen_at: TimeZone::UTC.to_timestamp(day.to_datetime(time(12, 0, 0, 0))).unwrap_or(Timestamp::MAX),
        };
        Ok(self.stated_days(session, asker, account).await?.into_iter().rev().map(stated).collect())
    }

    /// The same as days with minor units, the latest first.
    async fn stated_days(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
    ) -> Result<Vec<(Date, i64)>, StoreError> {
        let text = sql!(
            "SELECT b.stated_on, b.amount_minor FROM file_balances b
             JOIN statement_files f ON f.organization_id = b.organization_id AND f.id = b.file_id
             LEFT JOIN batches x ON x.organization_id = f.organization_id AND x.id = f.batch_id
             WHERE b.organization_id = $1 AND f.account_id = $2 AND f.stage = 'done' AND x.undone_by IS NULL
             ORDER BY b.stated_on DESC, f.changed_at DESC, f.id DESC LIMIT $3"
        );
        let rows: Vec<(SqlDate, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(MOST_READ)
            .fetch_all(c)
            .await?);
        let mut days: Vec<(Date, i64)> = rows.into_iter().map(|(day, minor)| (day.to_jiff(), minor)).collect();
        days.dedup_by_key(|(day, _)| *day);
        days.truncate(MOST_DAYS);
        Ok(days)
    }

    /// The bank account that stands for the files of an account, where it has any.
    pub async fn bank_account_of_files(
        &self,
        asker: &Asker,
        account: AccountId,
    ) -> Result<Option<BankAccountId>, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        let known = self.statement_account_within(&mut session, asker, account).await?;
        Ok(known.map(|known| known.bank_account))
    }

    /// The accounts in sight that no bank feeds and whose files have stated balances.
    pub async fn file_proof_facts(&self, asker: &Asker) -> Result<Vec<FileProofFacts>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT s.account_id, s.bank_account_id, a.revision, p.account_revision, p.proof FROM statement_accounts s
                 JOIN accounts a ON a.organization_id = s.organization_id AND a.id = s.account_id
                 LEFT JOIN balance_proofs p ON p.organization_id = s.organization_id AND p.account_id = s.account_id
                 WHERE s.organization_id = $1 /* in sight: s.account_id */
                    AND EXISTS (SELECT 1 FROM statement_files f
                        JOIN file_balances b ON b.organization_id = f.organization_id AND b.file_id = f.id
                        WHERE f.organization_id = s.organization_id AND f.account_id = s.account_id)
                    AND NOT EXISTS (SELECT 1 FROM feeds d WHERE d.organization_id = s.organization_id
                        AND d.account_id = s.account_id AND d.until_at IS NULL)"
            ),
            sight,
        );
        let rows: Vec<FactsRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let facts = |row: FactsRow| FileProofFacts {
            account: row.account_id.into(),
            bank_account: row.bank_account_id.into(),
            account_revision: row.revision,
            proof_revision: row.account_revision,
            proof: row.proof,
        };
        Ok(rows.into_iter().map(facts).collect())
    }

    /// Whether a bank account stands for the files of an account.
    pub(crate) async fn stands_for_files(
        &self,
        session: &mut Session,
        asker: &Asker,
        (account, bank_account): (AccountId, BankAccountId),
    ) -> Result<bool, StoreError> {
        let known = self.statement_account_within(session, asker, account).await?;
        Ok(known.is_some_and(|known| known.bank_account == bank_account))
    }
}
