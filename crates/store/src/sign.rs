//! The sign of a bank account: turned with its whole history, or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::batch::{BatchActor, Change, Entity, UndoPlan};
use bankside_domain::sign::{FLIPS_SIGN, SignRefused, Signed, SignedOpening, SignedRow, turn};
use bankside_domain::{AccountId, Asker, BankAccountId, Id, LineId, Right};
use uuid::Uuid;

use crate::batches::NewBatch;
use crate::convert::SqlDate;
use crate::db::{Session, on, sql};
use crate::feed_effect::{FeedEffect, Resolve};
use crate::{Store, StoreError};

/// What turning a sign came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignTurned {
    /// It is turned, or would be.
    Turned(Box<FeedEffect>),
    /// Rows that nothing may change keep it as it is.
    Refused(SignRefused),
}

impl Store {
    /// Gives a bank account this sign: all of its rows, their lines and the opening balance that came from it turn round, as one
    /// batch. What is kept of the bank stays as it came.
    pub async fn turn_sign(
        &self,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
        flips_sign: bool,
        how: Resolve,
    ) -> Result<SignTurned, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let changes = match self.turning(&mut session, asker, bank_account, account, flips_sign).await? {
            Ok(changes) => changes,
            Err(refused) => return Ok(SignTurned::Refused(refused)),
        };
        let before = self.account_within(&mut session, asker, account).await?;
        if changes.is_empty() {
            return Ok(SignTurned::Turned(Box::new(FeedEffect::none(before))));
        }
        let summary = format!("Sign of {} turned round", before.name);
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes(&mut session, asker, batch, &changes).await?;
        for account in self.accounts_of(&mut session, asker, &changes).await? {
            self.recount_account(&mut session, asker, account).await?;
        }
        // Who turns it has looked at it.
        self.note_confirmed(&mut session, asker, bank_account, account).await?;
        self.audit_within(&mut session, asker, "bank_account.sign_turned", &account.to_string(), "").await?;
        let effect = self.conclude(session, asker, how, before, (batch, &changes)).await?;
        Ok(SignTurned::Turned(Box::new(effect)))
    }

    /// What giving a bank account this sign changes. Every account that it touches is locked before anything is read.
    pub(crate) async fn turning(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
        flips_sign: bool,
    ) -> Result<Result<Vec<Change>, SignRefused>, StoreError> {
        asker.require(Right::ManageBanks)?;
        let mut locked_through = BTreeMap::new();
        for account in self.signed_accounts(session, asker, bank_account, account).await? {
            let locked = self.lock_account(session, asker, account).await?;
            locked_through.insert(account, locked.locked_through);
        }
        let signed = Signed {
            bank_account,
            account,
            flips_sign: self.flips_sign(session, asker, bank_account).await?,
            rows: self.signed_rows(session, asker, bank_account).await?,
            openings: self.signed_openings(session, asker, bank_account).await?,
            locked_through,
        };
        Ok(turn(&signed, flips_sign))
    }

    /// What undoing a batch does that turned a sign: the sign is turned again over every row as it stands now, also over those that have
    /// come since. `None` for any other batch.
    pub(crate) async fn undo_of_turning(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<Option<UndoPlan>, StoreError> {
        let is_sign = |change: &&Change| change.entity == Entity::BankAccount && change.field == FLIPS_SIGN;
        let Some(sign) = changes.iter().find(is_sign) else { return Ok(None) };
        let (bank_account, account) = (BankAccountId::from(sign.id), AccountId::from(sign.owner));
        let before = sign.before.as_deref() == Some("true");
        let write = match self.turning(session, asker, bank_account, account, before).await? {
            Ok(write) => write,
            Err(refused) => return Err(StoreError::Conflict(refused.in_words())),
        };
        Ok(Some(UndoPlan { write, ..UndoPlan::default() }))
    }

    async fn flips_sign(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<bool, StoreError> {
        let text = sql!("SELECT flips_sign FROM bank_accounts WHERE organization_id = $1 AND id = $2");
        let flips: Option<bool> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_optional(c)
            .await?);
        flips.ok_or(StoreError::NotFound("the bank account"))
    }

    /// The accounts that a bank account's rows stand in, that it has fed, and the one that it feeds.
    async fn signed_accounts(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let text = sql!(
            "SELECT account_id FROM feeds WHERE organization_id = $1 AND bank_account_id = $2
             UNION
             SELECT t.account_id FROM transactions t WHERE t.organization_id = $1 AND t.provider_dated_on IS NOT NULL
                AND t.id IN (SELECT c.owner_id FROM changes c
                    JOIN feed_rows r ON r.organization_id = c.organization_id AND r.id = c.entity_id
                    WHERE c.organization_id = $1 AND c.entity = 'claim' AND r.bank_account_id = $2)"
        );
        let ids: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        Ok(ids.into_iter().map(AccountId::from).chain([account]).collect())
    }

    /// The rows that a bank account has sent, also those that are out of the books, with their lines. A row that somebody typed and that
    /// no bank confirms is theirs.
    async fn signed_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<Vec<SignedRow>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Row {
            id: Uuid,
            account_id: Uuid,
            dated_on: SqlDate,
            amount_minor: i64,
            is_in_books: bool,
            is_reconciled: bool,
        }
        let text = sql!(
            "SELECT t.id, t.account_id, t.dated_on, t.amount_minor, t.deleted_at IS NULL AS is_in_books,
                t.reconciled_at IS NOT NULL AS is_reconciled
             FROM transactions t WHERE t.organization_id = $1 AND t.provider_dated_on IS NOT NULL
                AND t.id IN (SELECT c.owner_id FROM changes c
                    JOIN feed_rows r ON r.organization_id = c.organization_id AND r.id = c.entity_id
                    WHERE c.organization_id = $1 AND c.entity = 'claim' AND r.bank_account_id = $2)
             ORDER BY t.id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        let mut lines = self.signed_lines(session, asker, bank_account).await?;
        Ok(rows
            .into_iter()
            .map(|row| SignedRow {
                id: row.id.into(),
                account: row.account_id.into(),
                dated_on: row.dated_on.to_jiff(),
                amount_minor: row.amount_minor,
                lines: lines.remove(&row.id).unwrap_or_default(),
                is_in_books: row.is_in_books,
                is_reconciled: row.is_reconciled,
            })
            .collect())
    }

    async fn signed_lines(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<HashMap<Uuid, Vec<(LineId, i64)>>, StoreError> {
        let text = sql!(
            "SELECT l.transaction_id, l.id, l.amount_minor FROM transaction_lines l
             WHERE l.organization_id = $1 AND l.transaction_id IN (SELECT c.owner_id FROM changes c
                JOIN feed_rows r ON r.organization_id = c.organization_id AND r.id = c.entity_id
                WHERE c.organization_id = $1 AND c.entity = 'claim' AND r.bank_account_id = $2)
             ORDER BY l.transaction_id, l.position"
        );
        let rows: Vec<(Uuid, Uuid, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        let mut lines: HashMap<Uuid, Vec<(LineId, i64)>> = HashMap::new();
        for (transaction, line, minor) in rows {
            lines.entry(transaction).or_default().push((line.into(), minor));
        }
        Ok(lines)
    }

    /// The opening balances that were worked out from a bank account's balance: of accounts that it was the first to feed. What was
    /// taken off beside its own rows is what stood there at that moment; turning a sign is no such moment.
    async fn signed_openings(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<Vec<SignedOpening>, StoreError> {
        let text = sql!(
            "SELECT a.id, a.opening_minor, CAST(COALESCE((SELECT SUM(t.amount_minor) FROM transactions t
                    WHERE t.organization_id = $1 AND t.account_id = a.id AND t.status = 'booked'
                        AND t.created_at <= o.made_at AND (t.deleted_at IS NULL OR t.deleted_at > o.made_at)
                        AND (t.provider_dated_on IS NULL OR t.id NOT IN (SELECT c.owner_id FROM changes c
                            JOIN feed_rows r ON r.organization_id = c.organization_id AND r.id = c.entity_id
                            WHERE c.organization_id = $1 AND c.entity = 'claim' AND r.bank_account_id = $2))
                ), 0) AS BIGINT) AS others_minor
             FROM accounts a
             JOIN (SELECT c.owner_id, MAX(b.made_at) AS made_at FROM changes c
                JOIN batches b ON b.organization_id = c.organization_id AND b.id = c.batch_id
                WHERE c.organization_id = $1 AND c.entity = 'account' AND c.field = 'opening_minor'
                    AND NOT EXISTS (SELECT 1 FROM changes s WHERE s.organization_id = $1 AND s.batch_id = c.batch_id
                        AND s.entity = 'bank_account')
                GROUP BY c.owner_id) o ON o.owner_id = a.id
             WHERE a.organization_id = $1 AND a.opening_source = 'bank'
                AND $2 = (SELECT f.bank_account_id FROM feeds f WHERE f.organization_id = $1 AND f.account_id = a.id
                    AND NOT f.is_shadow ORDER BY f.from_at, f.id LIMIT 1)
             ORDER BY a.id"
        );
        let rows: Vec<(Uuid, i64, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        let opening = |(account, opening_minor, others_minor): (Uuid, i64, i64)| SignedOpening {
            account: account.into(),
            opening_minor,
            others_minor,
        };
        Ok(rows.into_iter().map(opening).collect())
    }
}
