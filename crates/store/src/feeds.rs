//! Feeds: which bank account feeds which account, from which day, and how that goes.

use bankside_domain::batch::BatchActor;
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, ConnectionId, FeedId, Id, Right, RunId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::accounts::NewAccount;
use crate::batches::NewBatch;
use crate::convert::{date, ids, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

/// What whoever links a bank account is told that somebody else has linked since.
pub const LINKED_MEANWHILE: &str = "this bank account has been linked meanwhile, perhaps in another window";

/// The tie between a bank account and an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// Which one.
    pub id: FeedId,
    /// The bank account.
    pub bank_account: BankAccountId,
    /// The account that it feeds.
    pub account: AccountId,
    /// The first day that is imported.
    pub import_from: Date,
}

/// What is known about the feed of an account, for its status.
#[derive(Debug, Clone)]
pub struct FeedFacts {
    /// The account.
    pub account: AccountId,
    /// The bank account that feeds it.
    pub bank_account: BankAccountId,
    /// The connection it comes through.
    pub connection: ConnectionId,
    /// When its rows last came in completely.
    pub last_success_at: Option<Timestamp>,
    /// What went wrong in the last finished run, as JSON, if something did.
    pub last_fault: Option<String>,
    /// How the last finished run ended for this account.
    pub last_outcome: Option<String>,
    /// The last finished run.
    pub last_run: Option<RunId>,
    /// When the first run ended in which something went wrong since the rows last came in completely.
    pub failing_since: Option<Timestamp>,
    /// Whether a run is queued or going on.
    pub is_running: bool,
    /// Whether its connection shows the bank account.
    pub is_shown: bool,
    /// Whether a person has yet to say that its sign and its opening balance are right, and there is something to tell that by.
    pub is_to_confirm: bool,
    /// The account's revision.
    pub account_revision: i64,
    /// The revision that the kept proof is of.
    pub proof_revision: Option<i64>,
    /// The kept proof, as JSON.
    pub proof: Option<String>,
}

/// One account to link.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// The bank account.
    pub bank_account: BankAccountId,
    /// The account that is there, or one to add.
    pub account: Result<AccountId, NewAccount>,
    /// The first day to import.
    pub import_from: Date,
    /// Whether the bank's signs are turned round.
    pub flips_sign: bool,
}

impl Store {
    /// Links bank accounts with accounts, adding the accounts that are new; one batch for all of them.
    pub async fn link(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        links: &[NewLink],
    ) -> Result<Vec<Feed>, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let (mut made, mut turned) = (Vec::new(), Vec::new());
        let mut feeds = Vec::with_capacity(links.len());
        for link in links {
            self.check_is_free(&mut session, asker, link.bank_account).await?;
            let account = match &link.account {
                Ok(account) => {
                    self.check_can_feed(&mut session, asker, link.bank_account, *account).await?;
                    *account
                }
                Err(new) => {
                    let (account, change) = self.add_account_within(&mut session, asker, new).await?;
                    made.push(change);
                    account
                }
            };
            // Before it feeds the account: what it has turned with it is what it fed before.
            match self.turning(&mut session, asker, link.bank_account, account, link.flips_sign).await? {
                Ok(changes) => turned.extend(changes),
                Err(refused) => return Err(StoreError::Conflict(refused.in_words())),
            }
            let feed =
                Feed { id: self.ambient.id(), bank_account: link.bank_account, account, import_from: link.import_from };
            self.add_feed(&mut session, asker, connection, feed).await?;
            // Whoever links it asks about it again.
            self.set_ignored(&mut session, asker, link.bank_account, None).await?;
            let detail = format!("from {}", link.import_from);
            self.audit_within(&mut session, asker, "account.linked", &account.to_string(), &detail).await?;
            feeds.push(feed);
        }
        if !made.is_empty() || !turned.is_empty() {
            let batch = NewBatch { actor: BatchActor::Person, run: None, summary: "Accounts linked", undoes: None };
            let batch = self.begin_batch(&mut session, asker, batch).await?;
            self.write_fields(&mut session, asker, batch, &turned).await?;
            for account in self.accounts_of(&mut session, asker, &turned).await? {
                self.recount_account(&mut session, asker, account).await?;
            }
            made.extend(turned);
            self.write_changes(&mut session, asker, batch, &made).await?;
        }
        session.commit().await?;
        Ok(feeds)
    }

    /// A bank account feeds one account. Whoever links the same one waits here, and is told then.
    async fn check_is_free(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<(), StoreError> {
        let lock = session.for_no_key_update();
        on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT 1 FROM bank_accounts WHERE organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND id = ").push_bind(bank_account.uuid()).push(lock);
            query.build().fetch_optional(c).await?.is_some()
        });
        let text = sql!(
            "SELECT COUNT(*) FROM feeds
             WHERE organization_id = $1 AND bank_account_id = $2 AND until_at IS NULL AND NOT is_shadow"
        );
        let feeds: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_one(c)
            .await?);
        if feeds == 0 { Ok(()) } else { Err(StoreError::Conflict(LINKED_MEANWHILE)) }
    }

    /// A bank account feeds only an account of its own currency.
    pub(crate) async fn check_can_feed(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "SELECT a.currency = b.currency FROM accounts a, bank_accounts b
             WHERE a.organization_id = $1 AND a.id = $2 AND b.organization_id = $1 AND b.id = $3"
        );
        let same: Option<bool> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(bank_account.uuid())
            .fetch_optional(c)
            .await?);
        match same {
            Some(true) => Ok(()),
            Some(false) => Err(StoreError::Conflict("the bank account and the account have different currencies")),
            None => Err(StoreError::NotFound("the account")),
        }
    }

    /// Has a bank account feed an account. What a person has confirmed of the same two holds on, as long as the rows come through the same
    /// provider: another one may tell them with another sign.
    pub(crate) async fn add_feed(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        feed: Feed,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO feeds (organization_id, id, bank_account_id, account_id, connection_id, import_from, is_shadow,
                from_at, confirmed_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, (SELECT MAX(p.confirmed_at) FROM feeds p
                JOIN connections b ON b.organization_id = p.organization_id AND b.id = p.connection_id
                JOIN connections n ON n.organization_id = b.organization_id AND n.provider = b.provider AND n.id = $5
                WHERE p.organization_id = $1 AND p.bank_account_id = $3 AND p.account_id = $4)
             WHERE EXISTS (SELECT 1 FROM aliases WHERE organization_id = $1 AND connection_id = $5
                AND bank_account_id = $3 AND until_at IS NULL)"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(feed.id.uuid())
            .bind(feed.bank_account.uuid())
            .bind(feed.account.uuid())
            .bind(connection.uuid())
            .bind(date(feed.import_from))
            .bind(false)
            .bind(micros(self.ambient.now()))
            .execute(c)
            .await
            .map(|done| done.rows_affected()));
        match or_conflict(result, "this account has a bank behind it already")? {
            0 => Err(StoreError::NotFound("the bank account")),
            _ => Ok(()),
        }
    }

    /// Unlinks an account: its feed ends, its booked rows stay. Pending ones, which nothing will book any more, leave the books; answers
    /// with the batch of that, where there were any.
    pub async fn unlink(&self, asker: &Asker, account: AccountId) -> Result<Option<BatchId>, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        self.lock_account(&mut session, asker, account).await?;
        let text = sql!(
            "UPDATE feeds SET until_at = $3 WHERE organization_id = $1 AND account_id = $2 AND until_at IS NULL
             RETURNING bank_account_id"
        );
        let ended: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(micros(self.ambient.now()))
            .fetch_all(c)
            .await?);
        if ended.is_empty() {
            return Err(StoreError::NotFound("a bank behind this account"));
        }
        let ended: Vec<_> = ended.into_iter().map(|bank_account| (bank_account.into(), account)).collect();
        let name = self.account_within(&mut session, asker, account).await?.name;
        let batch = self.take_out_pending(&mut session, asker, &ended, &format!("{name} unlinked")).await?;
        self.audit_within(&mut session, asker, "account.unlinked", &account.to_string(), "").await?;
        session.commit().await?;
        Ok(batch)
    }

    /// Whether a person has said of the feed of an account that its sign and its opening balance are right. `None` where no bank is
    /// behind it.
    pub async fn is_feed_confirmed(&self, asker: &Asker, account: AccountId) -> Result<Option<bool>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        if !asker.sees(account) {
            return Ok(None);
        }
        let text = sql!(
            "SELECT confirmed_at IS NOT NULL FROM feeds
             WHERE organization_id = $1 AND account_id = $2 AND until_at IS NULL AND NOT is_shadow"
        );
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?))
    }

    /// Keeps that a person has said that the sign and the opening balance of an account's feed are right. `flips_sign` is the sign that
    /// they have looked at; where it is another one by now, that is a conflict.
    pub async fn confirm_feed(&self, asker: &Asker, account: AccountId, flips_sign: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        self.lock_account(&mut session, asker, account).await?;
        let text = sql!(
            "SELECT f.bank_account_id, b.flips_sign, f.confirmed_at IS NOT NULL FROM feeds f
             JOIN bank_accounts b ON b.organization_id = f.organization_id AND b.id = f.bank_account_id
             WHERE f.organization_id = $1 AND f.account_id = $2 AND f.until_at IS NULL AND NOT f.is_shadow"
        );
        let feed: Option<(Uuid, bool, bool)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        let (bank_account, flips_now, is_confirmed) = feed.ok_or(StoreError::NotFound("a bank behind this account"))?;
        if flips_now != flips_sign {
            return Err(StoreError::Conflict("the sign was turned around meanwhile; look at it again"));
        }
        if is_confirmed {
            return Ok(());
        }
        self.note_confirmed(&mut session, asker, bank_account.into(), account).await?;
        self.audit_within(&mut session, asker, "account.feed_confirmed", &account.to_string(), "").await?;
        session.commit().await
    }

    /// Notes that a person has looked at how a feed is booked, and has said how it is right.
    pub(crate) async fn note_confirmed(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE feeds SET confirmed_at = $4 WHERE organization_id = $1 AND bank_account_id = $2 AND account_id = $3
                AND until_at IS NULL AND NOT is_shadow AND confirmed_at IS NULL"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(bank_account.uuid())
                .bind(account.uuid())
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// What is known about every feed of the organization.
    pub async fn feed_facts(&self, asker: &Asker) -> Result<Vec<FeedFacts>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Facts {
            account_id: Uuid,
            bank_account_id: Uuid,
            connection_id: Uuid,
            last_success_at: Option<i64>,
            last_fault: Option<String>,
            last_outcome: Option<String>,
            last_run: Option<Uuid>,
            failing_since: Option<i64>,
            is_running: bool,
            is_shown: bool,
            is_to_confirm: bool,
            revision: i64,
            proof_revision: Option<i64>,
            proof: Option<String>,
        }
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT f.account_id, f.bank_account_id, f.connection_id,
                (SELECT MAX(s.applied_at) FROM run_accounts s
                    WHERE s.organization_id = f.organization_id AND s.bank_account_id = f.bank_account_id
                    AND s.account_id = f.account_id) AS last_success_at,
                CASE WHEN x.applied_at IS NULL THEN (CASE WHEN COALESCE(x.fault, r.fault) IS NULL THEN r.outcome
                        ELSE 'failed' END)
                    WHEN x.fault IS NULL THEN 'done' ELSE 'partly' END AS last_outcome,
                CASE WHEN x.applied_at IS NULL THEN COALESCE(x.fault, r.fault) ELSE x.fault END AS last_fault,
                r.id AS last_run,
                COALESCE((SELECT MIN(z.finished_at) FROM runs z WHERE z.organization_id = f.organization_id
                    AND z.connection_id = f.connection_id AND z.state = 'finished' AND z.outcome <> 'done'
                    AND z.created_at > COALESCE((SELECT y.created_at FROM run_accounts s
                        JOIN runs y ON y.organization_id = s.organization_id AND y.id = s.run_id
                        WHERE s.organization_id = f.organization_id AND s.bank_account_id = f.bank_account_id
                            AND s.account_id = f.account_id AND s.applied_at IS NOT NULL
                        ORDER BY s.applied_at DESC LIMIT 1), f.from_at)), r.finished_at) AS failing_since,
                EXISTS (SELECT 1 FROM runs q WHERE q.organization_id = f.organization_id
                    AND q.connection_id = f.connection_id AND q.state IN ('queued', 'running')) AS is_running,
                EXISTS (SELECT 1 FROM aliases l WHERE l.organization_id = f.organization_id
                    AND l.connection_id = f.connection_id AND l.bank_account_id = f.bank_account_id
                    AND l.until_at IS NULL) AS is_shown,
                (f.confirmed_at IS NULL AND EXISTS (SELECT 1 FROM run_accounts s
                    WHERE s.organization_id = f.organization_id AND s.bank_account_id = f.bank_account_id
                    AND s.account_id = f.account_id AND s.applied_at IS NOT NULL)
                    AND (EXISTS (SELECT 1 FROM balances w
                            WHERE w.organization_id = f.organization_id AND w.bank_account_id = f.bank_account_id)
                        OR EXISTS (SELECT 1 FROM feed_row_versions w CROSS JOIN claims q
                            WHERE w.organization_id = f.organization_id AND w.bank_account_id = f.bank_account_id
                            AND w.status = 'booked' AND q.organization_id = w.organization_id
                            AND q.feed_row_id = w.feed_row_id AND q.state = 'applied')))
                    AS is_to_confirm,
                a.revision, p.account_revision AS proof_revision, p.proof
             FROM feeds f
             JOIN accounts a ON a.organization_id = f.organization_id AND a.id = f.account_id
             LEFT JOIN balance_proofs p ON p.organization_id = f.organization_id AND p.account_id = f.account_id
             LEFT JOIN runs r ON r.organization_id = f.organization_id AND r.id =
                (SELECT y.id FROM runs y WHERE y.organization_id = f.organization_id
                    AND y.connection_id = f.connection_id AND y.state = 'finished'
                 ORDER BY y.created_at DESC LIMIT 1)
             LEFT JOIN run_accounts x ON x.organization_id = f.organization_id AND x.run_id = r.id
                AND x.bank_account_id = f.bank_account_id
             WHERE f.organization_id = $1 AND f.until_at IS NULL AND NOT f.is_shadow /* in sight: f.account_id */"
            ),
            sight,
        );
        let rows: Vec<Facts> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        rows.into_iter()
            .map(|row| {
                Ok(FeedFacts {
                    account: row.account_id.into(),
                    bank_account: row.bank_account_id.into(),
                    connection: row.connection_id.into(),
                    last_success_at: instants(row.last_success_at)?,
                    last_fault: row.last_fault,
                    last_outcome: row.last_outcome,
                    last_run: ids(row.last_run),
                    failing_since: instants(row.failing_since)?,
                    is_running: row.is_running,
                    is_shown: row.is_shown,
                    is_to_confirm: row.is_to_confirm,
                    account_revision: row.revision,
                    proof_revision: row.proof_revision,
                    proof: row.proof,
                })
            })
            .collect()
    }
}
