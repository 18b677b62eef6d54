//! Accounts, their sums, and the lock under which they are written to.

use bankside_domain::account::{AccountKind, OpeningSource, PendingPolicy};
use bankside_domain::batch::{BatchActor, Change, EXISTS, Entity};
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, AssetId, Code, Currency, CurrencyCode, Granted, Id, Right};
use jiff::civil::Date;
use uuid::Uuid;

use crate::batches::{NewBatch, change};
use crate::convert::{SqlDate, code, currency, ids, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// One of our ledger accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Which one.
    pub id: AccountId,
    /// The asset that it belongs to.
    pub asset: Option<AssetId>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: Currency,
    /// What it opened with, in minor units.
    pub opening_minor: i64,
    /// The day before which nothing is in the books.
    pub opening_on: Option<Date>,
    /// Where the opening balance came from.
    pub opening_source: OpeningSource,
    /// What to do with pending rows.
    pub pending_policy: PendingPolicy,
    /// Nothing changes up to and including this day.
    pub locked_through: Option<Date>,
    /// Rises with every write.
    pub revision: i64,
    /// The sum of its booked transactions, in minor units.
    pub booked_minor: i64,
    /// The sum of its pending transactions, in minor units.
    pub pending_minor: i64,
    /// How many transactions it has.
    pub transaction_count: i64,
    /// Whether it is closed.
    pub is_closed: bool,
}

impl Account {
    /// From which day on rows follow an opening balance that the bank's rows were counted from.
    pub fn history_from(&self) -> Option<Date> {
        self.opening_on.filter(|_| self.opening_source == OpeningSource::Bank)
    }

    /// The balance that people see, in minor units.
    pub fn balance_minor(&self) -> i64 {
        let pending = if self.pending_policy == PendingPolicy::Counted { self.pending_minor } else { 0 };
        self.opening_minor.saturating_add(self.booked_minor).saturating_add(pending)
    }
}

/// An account to add.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: CurrencyCode,
    /// What it opens with, in minor units; `None` waits for the bank's first balance.
    pub opening_minor: Option<i64>,
    /// The asset that it belongs to from its beginning.
    pub asset: Option<AssetId>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    id: Uuid,
    asset_id: Option<Uuid>,
    name: String,
    kind: String,
    currency: String,
    scale: i64,
    opening_minor: i64,
    opening_on: Option<SqlDate>,
    opening_source: String,
    pending_policy: String,
    locked_through: Option<SqlDate>,
    revision: i64,
    booked_minor: i64,
    pending_minor: i64,
    transaction_count: i64,
    closed_at: Option<i64>,
}

impl AccountRow {
    fn into_account(self) -> Result<Account, StoreError> {
        let scale = u8::try_from(self.scale).map_err(|_| StoreError::Corrupt(format!("scale of {}", self.currency)))?;
        Ok(Account {
            id: self.id.into(),
            asset: ids(self.asset_id),
            name: self.name,
            kind: code(&self.kind)?,
            currency: Currency { code: currency(&self.currency)?, scale },
            opening_minor: self.opening_minor,
            opening_on: self.opening_on.map(SqlDate::to_jiff),
            opening_source: code(&self.opening_source)?,
            pending_policy: code(&self.pending_policy)?,
            locked_through: self.locked_through.map(SqlDate::to_jiff),
            revision: self.revision,
            booked_minor: self.booked_minor,
            pending_minor: self.pending_minor,
            transaction_count: self.transaction_count,
            is_closed: self.closed_at.is_some(),
        })
    }
}

impl Store {
    /// The accounts of an organization, in their order.
    pub async fn accounts(&self, asker: &Asker) -> Result<Vec<Account>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT a.id, a.asset_id, a.name, a.kind, a.currency, c.scale, a.opening_minor, a.opening_on, a.opening_source,
                    a.pending_policy, a.locked_through, a.revision, a.booked_minor, a.pending_minor,
                    a.transaction_count, a.closed_at
             FROM accounts a JOIN currencies c ON c.code = a.currency
             WHERE a.organization_id = $1 /* in sight: a.id */ ORDER BY a.position, a.id"
            ),
            sight,
        );
        let rows: Vec<AccountRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        rows.into_iter().map(AccountRow::into_account).collect()
    }

    /// One account.
    pub async fn account(&self, asker: &Asker, id: AccountId) -> Result<Account, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, id)?).await?;
        self.account_within(&mut session, asker, id).await
    }

    pub(crate) async fn account_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AccountId,
    ) -> Result<Account, StoreError> {
        let text = sql!(
            "SELECT a.id, a.asset_id, a.name, a.kind, a.currency, c.scale, a.opening_minor, a.opening_on, a.opening_source,
                    a.pending_policy, a.locked_through, a.revision, a.booked_minor, a.pending_minor,
                    a.transaction_count, a.closed_at
             FROM accounts a JOIN currencies c ON c.code = a.currency
             WHERE a.organization_id = $1 AND a.id = $2"
        );
        let row: Option<AccountRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        row.filter(|_| asker.sees(id)).ok_or(StoreError::NotFound("the account"))?.into_account()
    }

    /// Adds an account.
    pub async fn add_account(&self, asker: &Asker, new: &NewAccount) -> Result<AccountId, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: "Account added", undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let (id, made) = self.add_account_within(&mut session, asker, new).await?;
        self.write_changes(&mut session, asker, batch, &[made]).await?;
        session.commit().await?;
        Ok(id)
    }

    /// Adds an account and answers with the change that its batch must record.
    pub(crate) async fn add_account_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        new: &NewAccount,
    ) -> Result<(AccountId, Change), StoreError> {
        let id: AccountId = self.ambient.id();
        let now = micros(self.ambient.now());
        let asset = self.asset_of_new(session, asker, new.asset).await?;
        self.use_currency(session, new.currency).await?;
        let source = if new.opening_minor.is_some() { OpeningSource::Person } else { OpeningSource::Unknown };
        let text = sql!(
            "INSERT INTO accounts (organization_id, id, asset_id, name, name_folded, kind, currency, opening_minor,
                opening_source, pending_policy, revision, booked_minor, pending_minor, transaction_count, position,
                created_at)
             VALUES ($1, $2, $11, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, 0, $10, $10)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(&new.name)
                .bind(fold(&new.name))
                .bind(new.kind.code())
                .bind(new.currency.as_str())
                .bind(new.opening_minor.unwrap_or(0))
                .bind(source.code())
                .bind(PendingPolicy::Shown.code())
                .bind(now)
                .bind(uuids(asset))
        );
        Ok((id, change(Entity::Account, id.uuid(), id.uuid(), EXISTS, None, Some("1".to_owned()))))
    }

    /// Freezes a currency's scale from now on; one that the table does not know cannot be used.
    pub(crate) async fn use_currency(&self, session: &mut Session, code: CurrencyCode) -> Result<(), StoreError> {
        let text = sql!("UPDATE currencies SET first_used_at = COALESCE(first_used_at, $2) WHERE code = $1");
        let done = run!(session, sqlx::query(text).bind(code.as_str()).bind(micros(self.ambient.now())));
        if done == 0 { Err(StoreError::NotFound("the currency")) } else { Ok(()) }
    }

    /// Locks an account until the end of the transaction and reads what writes depend on.
    pub(crate) async fn lock_account(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AccountId,
    ) -> Result<LockedAccount, StoreError> {
        const TEXT: &str = "SELECT revision, locked_through FROM accounts WHERE organization_id = $1 AND id = $2";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let row: Option<(i64, Option<SqlDate>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        let row = row.filter(|_| asker.sees(id));
        let (revision, locked_through) = row.ok_or(StoreError::NotFound("the account"))?;
        Ok(LockedAccount { revision, locked_through: locked_through.map(SqlDate::to_jiff) })
    }

    /// Moves an account's sums by what was written, and its revision by one.
    pub(crate) async fn move_account_sums(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AccountId,
        sums: Sums,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE accounts SET booked_minor = booked_minor + $3, pending_minor = pending_minor + $4,
                transaction_count = transaction_count + $5, revision = revision + 1
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(sums.booked_minor)
                .bind(sums.pending_minor)
                .bind(sums.count)
        );
        Ok(())
    }

    /// Counts an account's sums anew from its rows, after a write that does not know by how much it moved them.
    pub(crate) async fn recount_account(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AccountId,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE accounts SET revision = revision + 1,
                booked_minor = (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM transactions t
                    WHERE t.organization_id = $1 AND t.account_id = $2 AND t.deleted_at IS NULL AND t.status = 'booked'),
                pending_minor = (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM transactions t
                    WHERE t.organization_id = $1 AND t.account_id = $2 AND t.deleted_at IS NULL AND t.status = 'pending'),
                transaction_count = (SELECT COUNT(*) FROM transactions t
                    WHERE t.organization_id = $1 AND t.account_id = $2 AND t.deleted_at IS NULL)
             WHERE organization_id = $1 AND id = $2"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()));
        Ok(())
    }

    /// Accounts of any organization whose kept sums are not those of their rows. There should never be one.
    pub async fn accounts_that_do_not_add_up_as_system(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT a.id FROM accounts a
             LEFT JOIN (SELECT organization_id, account_id, COUNT(*) AS n,
                    CAST(SUM(CASE WHEN status = 'booked' THEN amount_minor ELSE 0 END) AS BIGINT) AS booked,
                    CAST(SUM(CASE WHEN status = 'pending' THEN amount_minor ELSE 0 END) AS BIGINT) AS pending
                FROM transactions WHERE deleted_at IS NULL GROUP BY organization_id, account_id) s
                ON s.organization_id = a.organization_id AND s.account_id = a.id
             WHERE a.booked_minor <> COALESCE(s.booked, 0) OR a.pending_minor <> COALESCE(s.pending, 0)
                OR a.transaction_count <> COALESCE(s.n, 0)
             ORDER BY a.id"
        );
        let ids: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text).fetch_all(c).await?);
        Ok(ids.into_iter().map(AccountId::from).collect())
    }
}

/// An account that nobody else can write until the transaction ends.
pub(crate) struct LockedAccount {
    pub(crate) revision: i64,
    pub(crate) locked_through: Option<Date>,
}

impl LockedAccount {
    pub(crate) fn check_unlocked(&self, day: Date) -> Result<(), StoreError> {
        match self.locked_through {
            Some(through) if day <= through => Err(StoreError::Conflict("the books are locked for this day")),
            _ => Ok(()),
        }
    }
}

/// By how much a write moves an account's sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) booked_minor: i64,
    pub(crate) pending_minor: i64,
    pub(crate) count: i64,
}

impl Sums {
    pub(crate) fn booked(minor: i64) -> Self {
        Self { booked_minor: minor, pending_minor: 0, count: 1 }
    }

    pub(crate) fn of(status: RowStatus, minor: i64) -> Self {
        match status {
            RowStatus::Booked => Self::booked(minor),
            RowStatus::Pending => Self { booked_minor: 0, pending_minor: minor, count: 1 },
            RowStatus::Scheduled | RowStatus::Declined => Self { booked_minor: 0, pending_minor: 0, count: 1 },
        }
    }

    pub(crate) fn reversed(self) -> Self {
        Self { booked_minor: -self.booked_minor, pending_minor: -self.pending_minor, count: -self.count }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.booked_minor = self.booked_minor.saturating_add(other.booked_minor);
        self.pending_minor = self.pending_minor.saturating_add(other.pending_minor);
        self.count += other.count;
    }
}
