//! Balances: every one that was ever stated, and what they prove.
//!
//! They are kept with the bank's own sign. Whoever reads them reads them as the owner sees them, turned round where the bank account is.

use std::collections::HashMap;

use bankside_domain::account::OpeningSource;
use bankside_domain::balance::{BalanceKind, BalanceMoment, Movement, Proof, StatedBalance};
use bankside_domain::difference::Evidence;
use bankside_domain::{AccountId, Asker, BalanceId, BankAccountId, Code, CurrencyCode, Id, Right, RunId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::accounts::Account;
use crate::convert::{SqlDate, code, currency, date, dates, instant, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::runs::Lease;
use crate::{Store, StoreError};

/// How far back balances are taken as witnesses, where the fetch before the latest is not older than that.
const WITNESS_DAYS: i64 = 100;

/// A balance as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBalance {
    /// What it says.
    pub stated: StatedBalance,
    /// What the provider calls it.
    pub provider_kind: String,
    /// Its currency.
    pub currency: CurrencyCode,
}

/// A balance to keep, with whose it is.
pub(crate) struct StatedRow<'a> {
    pub(crate) bank_account: BankAccountId,
    pub(crate) run: Option<RunId>,
    pub(crate) balance: &'a KeptBalance,
}

#[derive(sqlx::FromRow)]
struct RowOf {
    bank_account_id: Uuid,
    #[sqlx(flatten)]
    row: Row,
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    provider_kind: String,
    moment: String,
    moment_on: Option<SqlDate>,
    amount_minor: i64,
    currency: String,
    seen_at: i64,
}

impl Row {
    fn into_balance(self) -> Result<KeptBalance, StoreError> {
        let moment = match (self.moment.as_str(), self.moment_on.map(SqlDate::to_jiff)) {
            ("end_of", Some(day)) => BalanceMoment::EndOf(day),
            ("start_of", Some(day)) => BalanceMoment::StartOf(day),
            _ => BalanceMoment::Now,
        };
        let kind: BalanceKind = code(&self.kind)?;
        Ok(KeptBalance {
            stated: StatedBalance { kind, moment, minor: self.amount_minor, seen_at: instant(self.seen_at)? },
            provider_kind: self.provider_kind,
            currency: currency(&self.currency)?,
        })
    }
}

impl Store {
    /// Keeps balances that a run fetched; its lease must still hold.
    pub async fn keep_balances(
        &self,
        asker: &Asker,
        lease: &Lease,
        bank_account: BankAccountId,
        balances: &[KeptBalance],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        let rows: Vec<StatedRow<'_>> =
            balances.iter().map(|balance| StatedRow { bank_account, run: Some(lease.run), balance }).collect();
        self.keep_balances_within(&mut session, asker, &rows).await?;
        session.commit().await
    }

    pub(crate) async fn keep_balances_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        rows: &[StatedRow<'_>],
    ) -> Result<(), StoreError> {
        for StatedRow { bank_account, run, balance } in rows {
            let id: BalanceId = self.ambient.id();
            let (moment, day) = match balance.stated.moment {
                BalanceMoment::Now => ("now", None),
                BalanceMoment::EndOf(day) => ("end_of", Some(day)),
                BalanceMoment::StartOf(day) => ("start_of", Some(day)),
            };
            let text = sql!(
                "INSERT INTO balances (organization_id, id, bank_account_id, run_id, kind, provider_kind, moment,
                    moment_on, amount_minor, currency, seen_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(id.uuid())
                    .bind(bank_account.uuid())
                    .bind(uuids(*run))
                    .bind(balance.stated.kind.code())
                    .bind(&balance.provider_kind)
                    .bind(moment)
                    .bind(dates(day))
                    .bind(balance.stated.minor)
                    .bind(balance.currency.as_str())
                    .bind(micros(balance.stated.seen_at))
            );
        }
        Ok(())
    }

    /// The balances that the latest fetch stated for a bank account.
    pub async fn latest_balances(
        &self,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<Vec<KeptBalance>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.check_bank_account_in_sight(&mut session, asker, bank_account).await?;
        let text = sql!(
            "SELECT kind, provider_kind, moment, moment_on, CASE WHEN (SELECT b.flips_sign FROM bank_accounts b
                    WHERE b.organization_id = $1 AND b.id = $2) THEN -amount_minor ELSE amount_minor END AS amount_minor,
                currency, seen_at FROM balances
             WHERE organization_id = $1 AND bank_account_id = $2 AND seen_at =
                (SELECT MAX(l.seen_at) FROM balances l WHERE l.organization_id = $1 AND l.bank_account_id = $2)
             ORDER BY id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_balance).collect()
    }

    /// The same of every bank account that has any.
    pub async fn all_latest_balances(
        &self,
        asker: &Asker,
    ) -> Result<HashMap<BankAccountId, Vec<KeptBalance>>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT l.bank_account_id, l.kind, l.provider_kind, l.moment, l.moment_on,
                CASE WHEN b.flips_sign THEN -l.amount_minor ELSE l.amount_minor END AS amount_minor, l.currency, l.seen_at
             FROM bank_accounts b
             JOIN balances l ON l.organization_id = b.organization_id AND l.bank_account_id = b.id AND l.seen_at =
                (SELECT MAX(m.seen_at) FROM balances m WHERE m.organization_id = b.organization_id AND m.bank_account_id = b.id)
             WHERE b.organization_id = $1 ORDER BY l.id"
        );
        let rows: Vec<RowOf> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let mut balances: HashMap<BankAccountId, Vec<KeptBalance>> = HashMap::new();
        for RowOf { bank_account_id, row } in rows {
            balances.entry(bank_account_id.into()).or_default().push(row.into_balance()?);
        }
        Ok(balances)
    }

    /// The balances that one run fetched for a bank account.
    pub async fn balances_of_run(
        &self,
        asker: &Asker,
        run: RunId,
        bank_account: BankAccountId,
    ) -> Result<Vec<StatedBalance>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT kind, provider_kind, moment, moment_on, CASE WHEN (SELECT b.flips_sign FROM bank_accounts b
                    WHERE b.organization_id = $1 AND b.id = $2) THEN -amount_minor ELSE amount_minor END AS amount_minor,
                currency, seen_at FROM balances
             WHERE organization_id = $1 AND bank_account_id = $2 AND run_id = $3 ORDER BY seen_at, id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(run.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(|row| Ok(row.into_balance()?.stated)).collect()
    }

    /// What the balances prove about an account and the bank account that feeds it, worked out now and kept for this
    /// revision of the account.
    pub async fn prove_account(
        &self,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
    ) -> Result<Proof, StoreError> {
        let (state, evidence) = self.evidence(asker, account, bank_account).await?;
        let proof = evidence.prove();
        self.keep_proof(asker, account, state.revision, proof, self.ambient.now()).await?;
        Ok(proof)
    }

    /// What a proof about an account and the bank account that feeds it is made from, and the account as it was then.
    pub async fn evidence(
        &self,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
    ) -> Result<(Account, Evidence), StoreError> {
        let state = self.account(asker, account).await?;
        let now = self.ambient.now();
        let oldest = now.saturating_sub(SignedDuration::from_hours(24 * WITNESS_DAYS)).unwrap_or(now);
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        // Only from where the feed imports do the rows follow the bank's; what it stated before it fed this account is not
        // about it.
        let text = sql!(
            "SELECT import_from, from_at FROM feeds WHERE organization_id = $1 AND bank_account_id = $2 AND account_id = $3
                AND until_at IS NULL"
        );
        let feed: Option<(SqlDate, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        let (import_from, fed_since) = feed.map_or((None, 0), |(day, at)| (Some(day.to_jiff()), at));
        let rows_from = state.opening_on.max(import_from);
        let before = self.stated_before(&mut session, asker, bank_account).await?;
        let oldest = before.map_or(micros(oldest), |before| before.min(micros(oldest)));
        let text = sql!(
            "SELECT kind, provider_kind, moment, moment_on, CASE WHEN (SELECT b.flips_sign FROM bank_accounts b
                    WHERE b.organization_id = $1 AND b.id = $2) THEN -amount_minor ELSE amount_minor END AS amount_minor,
                currency, seen_at FROM balances
             WHERE organization_id = $1 AND bank_account_id = $2 AND run_id IS NOT NULL AND seen_at >= $3
             ORDER BY seen_at"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(oldest.max(fed_since))
            .fetch_all(c)
            .await?);
        let mut balances: Vec<StatedBalance> =
            rows.into_iter().map(|row| Ok(row.into_balance()?.stated)).collect::<Result<_, StoreError>>()?;
        let is_of_files = self.stands_for_files(&mut session, asker, (account, bank_account)).await?;
        if is_of_files {
            balances = self.file_balances_within(&mut session, asker, account).await?;
        }
        let mut movements = match Since::of(&balances) {
            // The days of a file are over: only by its day a row belongs to a balance, whenever somebody brought or typed it.
            Some(since) if is_of_files => {
                let since = Since { seen_at: Timestamp::MAX, ..since };
                self.movements(&mut session, asker, account, since).await?
            }
            Some(since) => self.movements(&mut session, asker, account, since).await?,
            None => Vec::new(),
        };
        if is_of_files {
            for movement in &mut movements {
                movement.seen_at = Timestamp::MIN;
            }
        }
        let judged = self.verdicts_within(&mut session, asker, account, bank_account).await?;
        let judged = judged.into_iter().map(|kept| kept.judged).collect();
        let ledger_minor = match state.opening_source {
            OpeningSource::Unknown if !is_of_files => None,
            // A bank settles the opening with its first sync; what a file says of it is for a person to take.
            _ => Some(state.opening_minor.saturating_add(state.booked_minor)),
        };
        Ok((state, Evidence { balances, movements, history_from: rows_from, ledger_minor, judged }))
    }

    /// Since when there are balances of the fetch before the latest one: after a pause, however long, they are what the latest
    /// are compared with.
    async fn stated_before(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<Option<i64>, StoreError> {
        let text = sql!(
            "SELECT r.created_at FROM runs r
             WHERE r.organization_id = $1 AND r.id = (SELECT before.run_id FROM balances before
                WHERE before.organization_id = $1 AND before.bank_account_id = $2 AND before.run_id <> (
                    SELECT latest.run_id FROM balances latest
                    WHERE latest.organization_id = $1 AND latest.bank_account_id = $2 AND latest.run_id IS NOT NULL
                    ORDER BY latest.seen_at DESC LIMIT 1)
                ORDER BY before.seen_at DESC LIMIT 1)"
        );
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_optional(c)
            .await?))
    }

    /// The booked rows that may lie between the witnesses.
    async fn movements(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        since: Since,
    ) -> Result<Vec<Movement>, StoreError> {
        // Three ways in, each by its own index: one condition with two ORs would read the whole account.
        let text = sql!(
            "SELECT id, COALESCE(booked_on, dated_on) AS day, seen_at, amount_minor FROM transactions
             WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND status = 'booked'
                AND NOT moves_opening AND dated_on >= $3
             UNION
             SELECT id, COALESCE(booked_on, dated_on) AS day, seen_at, amount_minor FROM transactions
             WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND status = 'booked'
                AND NOT moves_opening AND booked_on <> dated_on AND booked_on >= $3
             UNION
             SELECT id, COALESCE(booked_on, dated_on) AS day, seen_at, amount_minor FROM transactions
             WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND status = 'booked'
                AND NOT moves_opening AND seen_at >= $4"
        );
        let rows: Vec<(Uuid, SqlDate, i64, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(date(since.day))
            .bind(micros(since.seen_at))
            .fetch_all(c)
            .await?);
        rows.into_iter()
            .map(|(_, booked_on, seen_at, minor)| {
                Ok(Movement { booked_on: booked_on.to_jiff(), seen_at: instant(seen_at)?, minor })
            })
            .collect()
    }

    async fn keep_proof(
        &self,
        asker: &Asker,
        account: AccountId,
        revision: i64,
        proof: Proof,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_account(Right::SeeBooks, account)?).await?;
        let text = sql!(
            "INSERT INTO balance_proofs (organization_id, account_id, account_revision, proof, computed_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization_id, account_id) DO UPDATE SET
             account_revision = excluded.account_revision, proof = excluded.proof, computed_at = excluded.computed_at"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(account.uuid())
                .bind(revision)
                .bind(serde_json::to_string(&proof)?)
                .bind(micros(now))
        );
        session.commit().await
    }
}

/// From where on movements matter: the first day and the first instant that any witness speaks of.
#[derive(Debug, Clone, Copy)]
struct Since {
    day: Date,
    seen_at: Timestamp,
}

impl Since {
    fn of(balances: &[StatedBalance]) -> Option<Self> {
        let booked = || balances.iter().filter(|balance| balance.kind == BalanceKind::Booked);
        Some(Self {
            day: booked().map(StatedBalance::day).min()?,
            seen_at: booked().map(|balance| balance.seen_at).min()?,
        })
    }
}
