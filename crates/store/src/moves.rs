//! Moves of a feed: what a person is about to do, and the work of fetching what the new feed shows.
//!
//! Nothing of it touches the books: rows that are fetched here are no feed rows. `taking_over` carries a move out.

use bankside_domain::fault::FaultRecord;
use bankside_domain::moving::{MoveStage, Standing};
use bankside_domain::{
    AccountId, Asker, BankAccountId, Code, ConnectionId, FeedId, Granted, Id, MoveId, OrganizationId, Right,
};
use bankside_vault::{Sealed, WrappedKey};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::convert::{SqlDate, code, date, instant, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

/// A move of an account's feed.
#[derive(Debug, Clone)]
pub struct FeedMove {
    /// Which one.
    pub id: MoveId,
    /// The account.
    pub account: AccountId,
    /// The feed that it has had so far.
    pub from_feed: FeedId,
    /// The bank account of that feed.
    pub from_bank_account: BankAccountId,
    /// The bank account that is to feed it.
    pub bank_account: BankAccountId,
    /// The connection through which it is to be fed.
    pub connection: ConnectionId,
    /// How far it has got.
    pub stage: MoveStage,
    /// The first day that the new feed was asked for.
    pub asked_from: Date,
    /// The data key that seals the answer.
    pub data_key: WrappedKey,
    /// What the new feed shows, sealed; `None` until it is here, and once the move is over.
    pub answer: Option<Sealed>,
    /// Why it could not be fetched.
    pub fault: Option<FaultRecord>,
    /// How many rows have come.
    pub rows_received: i64,
    /// When this last changed.
    pub changed_at: Timestamp,
}

/// A move to begin.
#[derive(Debug, Clone)]
pub struct NewMove {
    /// Its id, made before because its answer is sealed to it.
    pub id: MoveId,
    /// The account.
    pub account: AccountId,
    /// The bank account that is to feed it.
    pub bank_account: BankAccountId,
    /// The connection through which it is to be fed.
    pub connection: ConnectionId,
    /// The first day to ask for.
    pub asked_from: Date,
    /// The data key that seals the answer.
    pub data_key: WrappedKey,
}

/// A bank account that may feed an account, by what is known of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveTarget {
    /// It.
    pub bank_account: BankAccountId,
    /// The connection that shows it.
    pub connection: ConnectionId,
    /// Whether it shares a key with the bank account that feeds the account now.
    pub shares_key: bool,
    /// What else is known of it.
    pub standing: Standing,
}

/// What holds a move while it is fetched: its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveLease {
    /// The move.
    pub id: MoveId,
    /// The attempt that holds it.
    pub attempt: i64,
}

/// The lease is the right: only who has claimed a move has one, and every write checks that it still holds.
impl From<&MoveLease> for Granted {
    fn from(_: &MoveLease) -> Self {
        Self::as_system()
    }
}

/// A move that a worker has claimed.
#[derive(Debug, Clone, Copy)]
pub struct DueMove {
    /// The organization that it works for.
    pub organization: OrganizationId,
    /// The lease.
    pub lease: MoveLease,
    /// The account whose feed moves.
    pub account: AccountId,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    from_feed_id: Uuid,
    from_bank_account_id: Uuid,
    bank_account_id: Uuid,
    connection_id: Uuid,
    stage: String,
    asked_from: SqlDate,
    data_key: Vec<u8>,
    answer: Option<Vec<u8>>,
    fault: Option<String>,
    rows_received: i64,
    changed_at: i64,
}

impl Row {
    fn into_move(self) -> Result<FeedMove, StoreError> {
        Ok(FeedMove {
            id: self.id.into(),
            account: self.account_id.into(),
            from_feed: self.from_feed_id.into(),
            from_bank_account: self.from_bank_account_id.into(),
            bank_account: self.bank_account_id.into(),
            connection: self.connection_id.into(),
            stage: code(&self.stage)?,
            asked_from: self.asked_from.to_jiff(),
            data_key: WrappedKey::from_bytes(self.data_key),
            answer: self.answer.map(Sealed::from_bytes),
            fault: self.fault.as_deref().map(serde_json::from_str).transpose()?,
            rows_received: self.rows_received,
            changed_at: instant(self.changed_at)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    bank_account_id: Uuid,
    connection_id: Uuid,
    is_same: bool,
    shares_key: bool,
    feeds_another: bool,
    has_rows: bool,
    is_beside: bool,
}

impl TargetRow {
    fn into_target(self) -> MoveTarget {
        MoveTarget {
            bank_account: self.bank_account_id.into(),
            connection: self.connection_id.into(),
            shares_key: self.shares_key,
            standing: Standing {
                is_same: self.is_same,
                feeds_another: self.feeds_another,
                has_rows: self.has_rows,
                is_beside: self.is_beside,
            },
        }
    }
}

impl Store {
    /// The bank accounts of an account's currency that connections show, and what is known of each beside `from`, the one that feeds
    /// the account now. What feeds it now is not among them.
    pub async fn move_targets(
        &self,
        asker: &Asker,
        account: AccountId,
        from: BankAccountId,
    ) -> Result<Vec<MoveTarget>, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        self.move_targets_within(&mut session, asker, account, from).await
    }

    pub(crate) async fn move_targets_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        from: BankAccountId,
    ) -> Result<Vec<MoveTarget>, StoreError> {
        let text = sql!(
            "SELECT DISTINCT x.bank_account_id, x.connection_id, b.id = $3 AS is_same,
                EXISTS (SELECT 1 FROM match_keys m JOIN match_keys n ON n.organization_id = m.organization_id
                    AND n.kind = m.kind AND n.digest = m.digest
                    WHERE m.organization_id = $1 AND m.bank_account_id = b.id AND n.bank_account_id = $3) AS shares_key,
                EXISTS (SELECT 1 FROM feeds f WHERE f.organization_id = $1 AND f.bank_account_id = b.id
                    AND f.account_id <> $2 AND f.until_at IS NULL AND NOT f.is_shadow) AS feeds_another,
                EXISTS (SELECT 1 FROM feed_row_versions v WHERE v.organization_id = $1
                    AND v.bank_account_id = b.id) AS has_rows,
                EXISTS (SELECT 1 FROM aliases l JOIN aliases o ON o.organization_id = l.organization_id
                    AND o.connection_id = l.connection_id
                    WHERE l.organization_id = $1 AND l.bank_account_id = b.id AND o.bank_account_id = $3 AND b.id <> $3
                        AND (o.until_at IS NULL OR l.from_at < o.until_at)
                        AND (l.until_at IS NULL OR o.from_at < l.until_at)) AS is_beside
             FROM aliases x
             JOIN bank_accounts b ON b.organization_id = x.organization_id AND b.id = x.bank_account_id
             JOIN accounts a ON a.organization_id = x.organization_id AND a.id = $2 AND a.currency = b.currency
             JOIN connections c ON c.organization_id = x.organization_id AND c.id = x.connection_id AND c.ended_at IS NULL
             WHERE x.organization_id = $1 AND x.until_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM feeds f WHERE f.organization_id = $1 AND f.account_id = $2
                    AND f.bank_account_id = b.id AND f.connection_id = c.id AND f.until_at IS NULL AND NOT f.is_shadow)
             ORDER BY x.connection_id, x.bank_account_id"
        );
        let rows: Vec<TargetRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(from.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(TargetRow::into_target).collect())
    }

    /// Accounts that are fed, with the bank account behind each, where it shares a key with another one that a connection shows.
    pub async fn fed_alike(
        &self,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Vec<(AccountId, BankAccountId)>, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "SELECT DISTINCT f.account_id, f.bank_account_id
             FROM aliases x
             JOIN match_keys m ON m.organization_id = x.organization_id AND m.bank_account_id = x.bank_account_id
             JOIN match_keys n ON n.organization_id = m.organization_id AND n.kind = m.kind AND n.digest = m.digest
                AND n.bank_account_id <> m.bank_account_id
             JOIN feeds f ON f.organization_id = n.organization_id AND f.bank_account_id = n.bank_account_id
                AND f.until_at IS NULL AND NOT f.is_shadow
             WHERE x.organization_id = $1 AND x.connection_id = $2 AND x.until_at IS NULL
             ORDER BY f.account_id"
        );
        let rows: Vec<(Uuid, Uuid)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(|(account, bank_account)| (account.into(), bank_account.into())).collect())
    }

    /// Begins a move of the feed that an account has now. One that was begun before gives way to it.
    pub async fn begin_move(&self, asker: &Asker, new: &NewMove) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        self.lock_account(&mut session, asker, new.account).await?;
        self.close_move(&mut session, asker, new.account).await?;
        let now = micros(self.ambient.now());
        let text = sql!(
            "INSERT INTO moves (organization_id, id, account_id, from_feed_id, bank_account_id, connection_id, person_id,
                stage, asked_from, data_key, rows_received, calls, attempt, created_at, changed_at)
             SELECT $1, $2, f.account_id, f.id, $4, $5, $6, 'fetching', $7, $8, 0, 0, 0, $9, $9
             FROM feeds f WHERE f.organization_id = $1 AND f.account_id = $3 AND f.until_at IS NULL AND NOT f.is_shadow"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(new.id.uuid())
            .bind(new.account.uuid())
            .bind(new.bank_account.uuid())
            .bind(new.connection.uuid())
            .bind(uuids(asker.person()))
            .bind(date(new.asked_from))
            .bind(new.data_key.as_bytes())
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected()));
        if or_conflict(result, "this account's feed is being moved already")? == 0 {
            return Err(StoreError::NotFound("a bank behind this account"));
        }
        session.commit().await
    }

    /// The move of an account's feed that is open.
    pub async fn open_move(&self, asker: &Asker, account: AccountId) -> Result<Option<FeedMove>, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "SELECT m.id, m.account_id, m.from_feed_id, f.bank_account_id AS from_bank_account_id, m.bank_account_id,
                    m.connection_id, m.stage, m.asked_from, m.data_key, m.answer, m.fault, m.rows_received, m.changed_at
             FROM moves m JOIN feeds f ON f.organization_id = m.organization_id AND f.id = m.from_feed_id
             WHERE m.organization_id = $1 AND m.account_id = $2 AND m.stage IN ('fetching', 'ready', 'failed')"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        row.map(Row::into_move).transpose()
    }

    /// Gives an open move up; the account is fed as before.
    pub async fn abandon_move(&self, asker: &Asker, account: AccountId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        if self.close_move(&mut session, asker, account).await? == 0 {
            return Err(StoreError::NotFound("a move of this account's feed"));
        }
        session.commit().await
    }

    async fn close_move(&self, session: &mut Session, asker: &Asker, account: AccountId) -> Result<u64, StoreError> {
        let text = sql!(
            "UPDATE moves SET stage = 'abandoned', answer = NULL, lease_until = NULL, changed_at = $3
             WHERE organization_id = $1 AND account_id = $2 AND stage IN ('fetching', 'ready', 'failed')"
        );
        Ok(run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(account.uuid()).bind(micros(self.ambient.now()))
        ))
    }

    /// Gives up open moves, of whichever organization, that nobody has gone on with since an instant. Answers how many.
    pub async fn abandon_moves_as_system(&self, idle_since: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!(
            "UPDATE moves SET stage = 'abandoned', answer = NULL, lease_until = NULL, changed_at = $2
             WHERE stage IN ('fetching', 'ready', 'failed') AND changed_at < $1"
        );
        let done = run!(session, sqlx::query(text).bind(micros(idle_since)).bind(micros(self.ambient.now())));
        session.commit().await?;
        Ok(done)
    }

    /// Claims the move that has waited longest to be fetched, or one whose worker has fallen silent.
    pub async fn claim_move_as_system(&self, lease_for: SignedDuration) -> Result<Option<DueMove>, StoreError> {
        const TEXT: &str = "UPDATE moves SET attempt = attempt + 1, lease_until = $2, rows_received = 0
             WHERE stage = 'fetching' AND (lease_until IS NULL OR lease_until < $1)
                AND id = (SELECT m.id FROM moves m WHERE m.stage = 'fetching' AND (m.lease_until IS NULL OR m.lease_until < $1)
                    ORDER BY m.created_at, m.id LIMIT 1";
        const END: &str = ") RETURNING organization_id, id, attempt, account_id";
        let now = self.ambient.now();
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}{END}", session.skip_locked()));
        let claimed: Option<(Uuid, Uuid, i64, Uuid)> = on!(session, c => sqlx::query_as(text)
            .bind(micros(now))
            .bind(micros(now + lease_for))
            .fetch_optional(c)
            .await?);
        session.commit().await?;
        Ok(claimed.map(|(organization, id, attempt, account)| DueMove {
            organization: organization.into(),
            lease: MoveLease { id: id.into(), attempt },
            account: account.into(),
        }))
    }

    /// Prolongs a lease that still holds, and tells how many rows have come so far.
    pub async fn prolong_move(
        &self,
        asker: &Asker,
        lease: MoveLease,
        lease_for: SignedDuration,
        rows_received: i64,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write((&lease).into()).await?;
        let text = sql!(
            "UPDATE moves SET lease_until = $4, rows_received = $5
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND stage = 'fetching'"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.id.uuid())
                .bind(lease.attempt)
                .bind(micros(self.ambient.now() + lease_for))
                .bind(rows_received)
        );
        if done == 0 { Err(StoreError::LeaseLost) } else { session.commit().await }
    }

    /// Ends the fetching of a move, with the sealed answer and how many rows it has, or with what went wrong.
    pub async fn end_move_fetch(
        &self,
        asker: &Asker,
        lease: MoveLease,
        result: Result<(&Sealed, i64), &FaultRecord>,
        calls: i64,
    ) -> Result<(), StoreError> {
        let (stage, answer, rows, fault) = match result {
            Ok((answer, rows)) => (MoveStage::Ready, Some(answer.as_bytes()), Some(rows), None),
            Err(fault) => (MoveStage::Failed, None, None, Some(serde_json::to_string(fault)?)),
        };
        let mut session = self.db.write((&lease).into()).await?;
        let text = sql!(
            "UPDATE moves SET stage = $4, answer = $5, rows_received = COALESCE($6, rows_received), fault = $7,
                calls = calls + $8, lease_until = NULL, changed_at = $9
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND stage = 'fetching'"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.id.uuid())
                .bind(lease.attempt)
                .bind(stage.code())
                .bind(answer)
                .bind(rows)
                .bind(&fault)
                .bind(calls)
                .bind(micros(self.ambient.now()))
        );
        if done == 0 { Err(StoreError::LeaseLost) } else { session.commit().await }
    }

    /// The first day that any feed of a bank account has imported into an account.
    pub async fn feed_begun_on(
        &self,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
    ) -> Result<Date, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        let text = sql!(
            "SELECT MIN(import_from) FROM feeds
             WHERE organization_id = $1 AND account_id = $2 AND bank_account_id = $3 AND NOT is_shadow"
        );
        let first: Option<SqlDate> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(bank_account.uuid())
            .fetch_one(c)
            .await?);
        first.map(SqlDate::to_jiff).ok_or(StoreError::NotFound("a bank behind this account"))
    }
}
