//! What people have said about differences between bank and ledger.

use bankside_domain::difference::{Judged, Verdict};
use bankside_domain::{AccountId, Asker, BankAccountId, Code, Id, Right, VerdictId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::accounts::Sums;
use crate::convert::{SqlDate, code, dates, instant, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// A verdict as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVerdict {
    /// Which one.
    pub id: VerdictId,
    /// What was said, and about which difference.
    pub judged: Judged,
    /// The name of who said it.
    pub person: Option<String>,
    /// When.
    pub made_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    verdict: String,
    found_on: Option<SqlDate>,
    found_at: Option<i64>,
    by_minor: i64,
    person: Option<String>,
    made_at: i64,
}

impl Row {
    fn into_verdict(self) -> Result<KeptVerdict, StoreError> {
        let verdict: Verdict = code(&self.verdict)?;
        let found = self.found_on.map(SqlDate::to_jiff).zip(instants(self.found_at)?);
        Ok(KeptVerdict {
            id: self.id.into(),
            judged: Judged { verdict, found, by_minor: self.by_minor },
            person: self.person,
            made_at: instant(self.made_at)?,
        })
    }
}

impl Store {
    /// The verdicts that count for an account and the bank account that feeds it, oldest first.
    pub async fn verdicts(
        &self,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
    ) -> Result<Vec<KeptVerdict>, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        self.verdicts_within(&mut session, asker, account, bank_account).await
    }

    pub(crate) async fn verdicts_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
    ) -> Result<Vec<KeptVerdict>, StoreError> {
        let text = sql!(
            "SELECT v.id, v.verdict, v.found_on, v.found_at, v.by_minor, p.name AS person, v.made_at
             FROM balance_verdicts v LEFT JOIN people p ON p.id = v.person_id
             WHERE v.organization_id = $1 AND v.account_id = $2 AND v.bank_account_id = $3 AND v.taken_back_at IS NULL
             ORDER BY v.made_at, v.id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_verdict).collect()
    }

    /// Keeps what a person says about a difference. `revision` is the account's as it was when the difference was found;
    /// [`StoreError::Stale`] when somebody has written to the account since.
    pub async fn judge_balance(
        &self,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
        judged: Judged,
        revision: i64,
    ) -> Result<VerdictId, StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, account)?).await?;
        self.lock_unmoved(&mut session, asker, account, revision).await?;
        let id: VerdictId = self.ambient.id();
        let text = sql!(
            "INSERT INTO balance_verdicts (organization_id, id, account_id, bank_account_id, verdict, found_on, found_at,
                by_minor, person_id, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(account.uuid())
                .bind(bank_account.uuid())
                .bind(judged.verdict.code())
                .bind(dates(judged.found.map(|(day, _)| day)))
                .bind(judged.found.map(|(_, at)| micros(at)))
                .bind(judged.by_minor)
                .bind(asker.person().map(Id::uuid))
                .bind(micros(self.ambient.now()))
        );
        self.audit_within(&mut session, asker, "balance.judged", &account.to_string(), judged.verdict.code()).await?;
        // What the balances prove is another thing now: whoever shows it must read again.
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await?;
        Ok(id)
    }

    /// Takes a verdict back: the difference is what it was before.
    pub async fn take_back_verdict(&self, asker: &Asker, account: AccountId, id: VerdictId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, account)?).await?;
        self.lock_account(&mut session, asker, account).await?;
        let text = sql!(
            "UPDATE balance_verdicts SET taken_back_at = $4
             WHERE organization_id = $1 AND account_id = $2 AND id = $3 AND taken_back_at IS NULL"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(account.uuid())
                .bind(id.uuid())
                .bind(micros(self.ambient.now()))
        );
        if done == 0 {
            return Err(StoreError::NotFound("the verdict"));
        }
        self.audit_within(&mut session, asker, "balance.verdict_taken_back", &account.to_string(), "").await?;
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await
    }
}
