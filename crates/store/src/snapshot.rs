//! Snapshots: everything that a plan for one account is made from, read in one go.

mod known;
mod rows;

use bankside_domain::account::PendingPolicy;
use bankside_domain::reconcile::{Digest, Known, Typed, Window};
use bankside_domain::row::{RowIdKind, RowStatus};
use bankside_domain::{AccountId, Asker, BankAccountId, ConnectionId, FeedRowId, FeedRowVersionId, Id, Right, RunId};
use bankside_vault::Sealed;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use self::rows::{KnownRow, VersionRow};
use crate::accounts::Account;
use crate::convert::{SqlDate, date, uuids};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

/// A stored row that a plan has to decide about.
#[derive(Debug, Clone)]
pub struct StoredVersion {
    /// Which version.
    pub id: FeedRowVersionId,
    /// The feed row that it is already, if it came back without standing in the books.
    pub known_as: Option<FeedRowId>,
    /// Whether an earlier fetch brought it, which broke off, and this one has not.
    pub is_left_over: bool,
    /// How far the bank had got.
    pub status: RowStatus,
    /// Digests of its ids.
    pub ids: Vec<(RowIdKind, Digest)>,
    /// Digest of its content.
    pub fingerprint: Digest,
    /// Whether that is of an older normal form than ours.
    pub has_old_fingerprint: bool,
    /// Its day.
    pub day: Option<Date>,
    /// Its bytes, sealed.
    pub raw: Sealed,
    /// When these bytes first came.
    pub received_at: Timestamp,
    /// The connection that brought these bytes first; statement files have none.
    pub connection: Option<ConnectionId>,
}

/// What the plan needs to know of the account.
#[derive(Debug, Clone)]
pub struct AccountState {
    /// The account as it stands.
    pub account: Account,
    /// The first day that its feed imports.
    pub import_from: Date,
    /// Kinds of ids that have lost their trust at the institution.
    pub distrusted: Vec<RowIdKind>,
    /// Whether the bank's signs are turned round.
    pub flips_sign: bool,
}

/// Everything that a plan is made from.
#[derive(Debug, Clone)]
pub struct StoredSnapshot {
    /// The account.
    pub state: AccountState,
    /// Rows to decide about, in the order in which they came.
    pub versions: Vec<StoredVersion>,
    /// Known feed rows near them.
    pub known: Vec<Known>,
    /// Typed transactions near them.
    pub typed: Vec<Typed>,
    /// Versions among all of these whose fingerprint is of an older normal form. Before anything is planned they are to be
    /// [renewed](Store::renew_fingerprints): contents are compared by it.
    pub outdated: Vec<FeedRowVersionId>,
}

impl Store {
    /// Reads what a plan for one bank account and the account that it feeds is made from.
    pub async fn snapshot(
        &self,
        asker: &Asker,
        run: RunId,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<StoredSnapshot, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        self.snapshot_within(&mut session, asker, run, (bank_account, account), None).await
    }

    /// As [`Store::snapshot`], in a transaction. Known rows of `window` are read as well, whatever there is to decide.
    pub(crate) async fn snapshot_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        run: RunId,
        (bank_account, account): (BankAccountId, AccountId),
        window: Option<Window>,
    ) -> Result<StoredSnapshot, StoreError> {
        let state = self.account_state(session, asker, (bank_account, account), Some(run)).await?;
        let versions = self.undecided_versions(session, asker, run, bank_account).await?;
        let window = Window::join(window, around(&versions));
        self.snapshot_around(session, asker, bank_account, (state, versions, window), Some(run)).await
    }

    /// Reads what a plan for the rows of a statement file is made from. `told_by` is the file, `bank_account` the one that stands for the
    /// files of the account.
    pub(crate) async fn file_snapshot_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        told_by: RunId,
        (bank_account, account): (BankAccountId, AccountId),
    ) -> Result<StoredSnapshot, StoreError> {
        let account = self.account_within(session, asker, account).await?;
        // A file reaches back as far as it does.
        let state = AccountState { account, import_from: Date::MIN, flips_sign: false, distrusted: Vec::new() };
        let versions = self.undecided_versions(session, asker, told_by, bank_account).await?;
        let window = around(&versions);
        let mut snapshot =
            self.snapshot_around(session, asker, bank_account, (state, versions, window), Some(told_by)).await?;
        // Whatever is known was told in other words, by a bank or by a file of another form: contents are compared first.
        for known in &mut snapshot.known {
            known.is_from_elsewhere = true;
        }
        Ok(snapshot)
    }

    /// Reads what a plan for the pending rows of a bank account is made from: those that it shows and that stand outside the books,
    /// if they stay there by the account's policy.
    pub async fn pending_snapshot(
        &self,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<StoredSnapshot, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let state = self.account_state(&mut session, asker, (bank_account, account), None).await?;
        let versions = match state.account.pending_policy {
            PendingPolicy::BookedOnly => {
                self.pending_outside(&mut session, asker, bank_account, state.account.id).await?
            }
            PendingPolicy::Shown | PendingPolicy::Counted => Vec::new(),
        };
        let window = around(&versions);
        self.snapshot_around(&mut session, asker, bank_account, (state, versions, window), None).await
    }

    /// The account and its feed, which must be of the run's connection: one that has moved meanwhile is another run's. The account's
    /// revision is read first: whatever else has moved on by then, its write will find out.
    async fn account_state(
        &self,
        session: &mut Session,
        asker: &Asker,
        (bank_account, account): (BankAccountId, AccountId),
        run: Option<RunId>,
    ) -> Result<AccountState, StoreError> {
        let account = self.account_within(session, asker, account).await?;
        let text = sql!(
            "SELECT f.import_from, b.flips_sign FROM feeds f
             JOIN bank_accounts b ON b.organization_id = f.organization_id AND b.id = f.bank_account_id
             WHERE f.organization_id = $1 AND f.bank_account_id = $2 AND f.account_id = $3
                AND f.until_at IS NULL AND NOT f.is_shadow
                AND f.connection_id = COALESCE((SELECT r.connection_id FROM runs r
                    WHERE r.organization_id = $1 AND r.id = $4), f.connection_id)"
        );
        let feed: Option<(SqlDate, bool)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(account.id.uuid())
            .bind(uuids(run))
            .fetch_optional(c)
            .await?);
        let (import_from, flips_sign) = feed.ok_or(StoreError::NotFound("the feed of the account"))?;
        let distrusted = self.distrusted_kinds(session, asker, bank_account).await?;
        Ok(AccountState { account, import_from: import_from.to_jiff(), flips_sign, distrusted })
    }

    async fn snapshot_around(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        (state, versions, window): (AccountState, Vec<StoredVersion>, Option<Window>),
        run: Option<RunId>,
    ) -> Result<StoredSnapshot, StoreError> {
        let account = state.account.id;
        let mut known = self.known_rows(session, asker, bank_account, window, &versions).await?;
        for (beside, is_feeding) in self.bank_accounts_beside(session, asker, bank_account, account).await? {
            let told = self.known_rows(session, asker, beside, window, &versions).await?;
            known.extend(told.into_iter().filter_map(|row| row.beside(account, is_feeding)));
        }
        known.sort_unstable_by_key(|row| row.feed_row_id);
        known.dedup_by_key(|row| row.feed_row_id);
        let undecided = versions.iter().filter(|version| version.has_old_fingerprint).map(|version| version.id);
        let outdated = undecided.chain(known.iter().filter_map(KnownRow::outdated)).collect();
        let known = known.into_iter().map(|row| row.into_known(run)).collect::<Result<_, _>>()?;
        let typed = self.typed_rows(session, asker, state.account.id, window).await?;
        Ok(StoredSnapshot { state, versions, known, typed, outdated })
    }

    /// Other bank accounts whose rows may stand in an account, each with whether it feeds the account now: the one that stands for its
    /// files beside the one that feeds it, and whatever feeds it or has fed it beside its files.
    async fn bank_accounts_beside(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<Vec<(BankAccountId, bool)>, StoreError> {
        let text = sql!(
            "SELECT s.bank_account_id, CAST(1 AS BIGINT) AS is_feeding FROM statement_accounts s
             WHERE s.organization_id = $1 AND s.account_id = $2 AND s.bank_account_id <> $3
             UNION ALL
             SELECT f.bank_account_id, CAST(MAX(CASE WHEN f.until_at IS NULL AND NOT f.is_shadow THEN 1 ELSE 0 END) AS BIGINT)
             FROM feeds f JOIN statement_accounts s ON s.organization_id = f.organization_id
                AND s.account_id = f.account_id AND s.bank_account_id = $3
             WHERE f.organization_id = $1 AND f.account_id = $2
             GROUP BY f.bank_account_id"
        );
        let rows: Vec<(Uuid, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(|(id, is_feeding)| (id.into(), is_feeding == 1)).collect())
    }

    /// Pending rows that the latest whole answer showed, or any since, also one that broke off, and that do not stand in the books.
    async fn pending_outside(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let text = sql!(
            "SELECT v.id, v.feed_row_id, v.status, v.provider_id_digest, v.bank_id_digest, v.reference_digest,
                    v.fingerprint, v.fingerprint_version, v.day, v.raw, v.received_at, v.last_seen_run_id,
                    (SELECT s.connection_id FROM sources s
                        WHERE s.organization_id = v.organization_id AND s.id = v.source_id) AS connection_id
             FROM feed_row_versions v
             JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id
                AND r.current_version_id = v.id
             LEFT JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND r.status = 'pending'
                AND (k.state IS NULL OR k.state = 'superseded')
                AND v.last_seen_run_id IN (SELECT x.run_id FROM run_accounts x
                    JOIN runs q ON q.organization_id = x.organization_id AND q.id = x.run_id
                    WHERE x.organization_id = $1 AND x.bank_account_id = $2 AND x.account_id = $3
                        AND q.created_at >= COALESCE((SELECT MAX(p.created_at) FROM run_accounts y
                            JOIN runs p ON p.organization_id = y.organization_id AND p.id = y.run_id
                            WHERE y.organization_id = $1 AND y.bank_account_id = $2 AND y.account_id = $3
                                AND y.pending_complete AND y.applied_at IS NOT NULL), 0))
             ORDER BY v.received_at, v.position, v.id"
        );
        let rows: Vec<VersionRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(account.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(|row| row.into_version(None)).collect()
    }

    /// Rows that a plan has to decide about: those that no plan has decided about yet, also of an earlier fetch that broke off;
    /// those that this run brought again although they do not stand in the books; and booked rows that this run brought again
    /// although their feed row has moved on to another content since. Of these last, one whose feed row's present content came
    /// as well, under other ids, is another row after all. A pending row that the latest answer did not show is history.
    async fn undecided_versions(
        &self,
        session: &mut Session,
        asker: &Asker,
        run: RunId,
        bank_account: BankAccountId,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let text = sql!(
            "SELECT v.id, v.feed_row_id, v.status, v.provider_id_digest, v.bank_id_digest, v.reference_digest,
                    v.fingerprint, v.fingerprint_version, v.day, v.raw, v.received_at, v.position, v.last_seen_run_id,
                    (SELECT s.connection_id FROM sources s
                        WHERE s.organization_id = v.organization_id AND s.id = v.source_id) AS connection_id
             FROM feed_row_versions v
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.feed_row_id IS NULL
                AND (v.last_seen_run_id = $3 OR (v.status = 'booked' AND v.reason IS NULL))
             UNION ALL
             SELECT v.id, v.feed_row_id, v.status, v.provider_id_digest, v.bank_id_digest, v.reference_digest,
                    v.fingerprint, v.fingerprint_version, v.day, v.raw, v.received_at, v.position, v.last_seen_run_id,
                    (SELECT s.connection_id FROM sources s
                        WHERE s.organization_id = v.organization_id AND s.id = v.source_id) AS connection_id
             FROM feed_row_versions v
             JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id
                AND r.current_version_id = v.id
             LEFT JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.last_seen_run_id = $3
                AND (k.state IS NULL OR k.state = 'superseded')
             UNION ALL
             SELECT v.id, CASE WHEN w.last_seen_run_id = $3 THEN NULL ELSE v.feed_row_id END, v.status,
                    v.provider_id_digest, v.bank_id_digest, v.reference_digest,
                    v.fingerprint, v.fingerprint_version, v.day, v.raw, v.received_at, v.position, v.last_seen_run_id,
                    (SELECT s.connection_id FROM sources s
                        WHERE s.organization_id = v.organization_id AND s.id = v.source_id) AS connection_id
             FROM feed_row_versions v
             JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id
                AND r.current_version_id <> v.id
             JOIN feed_row_versions w ON w.organization_id = r.organization_id AND w.id = r.current_version_id
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.last_seen_run_id = $3
                AND v.status = 'booked' AND w.status = 'booked'
                AND (w.last_seen_run_id IS NULL OR w.last_seen_run_id <> $3 OR (
                    (v.provider_id_digest IS NULL OR w.provider_id_digest IS NULL
                        OR v.provider_id_digest <> w.provider_id_digest)
                    AND (v.bank_id_digest IS NULL OR w.bank_id_digest IS NULL OR v.bank_id_digest <> w.bank_id_digest)
                    AND NOT (v.provider_id_digest IS NULL AND v.bank_id_digest IS NULL)))
             ORDER BY 11, 12, 1"
        );
        let rows: Vec<VersionRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(run.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(|row| row.into_version(Some(run))).collect()
    }

    /// Transactions near the window that no feed row claims.
    async fn typed_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        window: Option<Window>,
    ) -> Result<Vec<Typed>, StoreError> {
        let Some(window) = window else { return Ok(Vec::new()) };
        let text = sql!(
            "SELECT t.id, t.amount_minor, t.dated_on, p.name_folded
             FROM transactions t
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             WHERE t.organization_id = $1 AND t.account_id = $2 AND t.dated_on BETWEEN $3 AND $4
                AND t.deleted_at IS NULL AND t.provider_dated_on IS NULL
                AND NOT EXISTS (SELECT 1 FROM claims k WHERE k.organization_id = t.organization_id
                    AND k.transaction_id = t.id AND k.state = 'applied')"
        );
        let rows: Vec<(Uuid, i64, SqlDate, Option<String>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(date(window.from))
            .bind(date(window.to))
            .fetch_all(c)
            .await?);
        Ok(rows
            .into_iter()
            .map(|(id, minor, dated_on, payee_folded)| Typed {
                transaction: id.into(),
                minor,
                dated_on: dated_on.to_jiff(),
                payee_folded,
            })
            .collect())
    }
}

/// The days around rows to decide.
fn around(versions: &[StoredVersion]) -> Option<Window> {
    Window::around(versions.iter().filter_map(|version| version.day))
}
