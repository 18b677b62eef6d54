//! Bank accounts, what providers call them, and which accounts they feed.

use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::{MatchKeyKind, Recognition, recognise};
use bankside_domain::batch::BatchActor;
use bankside_domain::reconcile::Digest;
use bankside_domain::{
    AccountId, AliasId, Asker, BankAccountId, Code, ConnectionId, CurrencyCode, FeedId, Id, Right, RunId,
};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::accounts::NewAccount;
use crate::balances::{KeptBalance, StatedRow};
use crate::batches::NewBatch;
use crate::convert::{SqlDate, code, currency, date, ids, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

/// An account as the bank knows it.
#[derive(Debug, Clone)]
pub struct BankAccount {
    /// Which one; permanent within the organization.
    pub id: BankAccountId,
    /// The institution.
    pub institution_key: String,
    /// Its name for people.
    pub institution_name: String,
    /// What the bank calls it.
    pub name: String,
    /// Whose it is.
    pub holder: Option<String>,
    /// Its number, masked.
    pub masked_number: Option<String>,
    /// What it is.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: CurrencyCode,
    /// Whether its signs are turned round.
    pub flips_sign: bool,
    /// The data key that seals its raw rows.
    pub data_key: WrappedKey,
    /// What the connection calls it now, or called it last.
    pub provider_account_id: String,
    /// Whether the connection shows it. A linked one that it does not show stays in sight.
    pub is_shown: bool,
    /// The connection that sees it.
    pub connection: ConnectionId,
    /// The account that it feeds, and from which day.
    pub feeds: Option<(AccountId, Date)>,
    /// Where it feeds none: the account that it fed last, and from which day.
    pub fed_before: Option<(AccountId, Date)>,
}

/// A bank account as a connection shows it, to be recognised or added.
#[derive(Debug, Clone)]
pub struct NewBankAccount {
    /// Its id, should it be new; its secrets are sealed to it.
    pub id: BankAccountId,
    /// The institution.
    pub institution_key: String,
    /// Its name for people.
    pub institution_name: String,
    /// What the connection calls it.
    pub provider_account_id: String,
    /// What the bank calls it.
    pub name: String,
    /// Whose it is.
    pub holder: Option<String>,
    /// Its number, masked.
    pub masked_number: Option<String>,
    /// What it is.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: CurrencyCode,
    /// Digests of its match keys.
    pub match_keys: Vec<(MatchKeyKind, Digest)>,
    /// The data key for its raw rows, should it be new.
    pub data_key: WrappedKey,
    /// Its full number and the like, sealed.
    pub details: Sealed,
    /// Its balances as stated while connecting.
    pub balances: Vec<KeptBalance>,
}

/// Which bank account a shown one turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenBankAccount {
    /// Which one.
    pub id: BankAccountId,
    /// Whether it was known before.
    pub was_known: bool,
}

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

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    institution_key: String,
    institution_name: String,
    name: String,
    holder: Option<String>,
    masked_number: Option<String>,
    kind: String,
    currency: String,
    flips_sign: bool,
    data_key: Vec<u8>,
    provider_account_id: String,
    is_shown: bool,
    connection_id: Uuid,
    feeds_account: Option<Uuid>,
    import_from: Option<SqlDate>,
    fed_account: Option<Uuid>,
    fed_from: Option<SqlDate>,
}

impl Row {
    fn into_bank_account(self) -> Result<BankAccount, StoreError> {
        Ok(BankAccount {
            id: self.id.into(),
            institution_key: self.institution_key,
            institution_name: self.institution_name,
            name: self.name,
            holder: self.holder,
            masked_number: self.masked_number,
            kind: code(&self.kind)?,
            currency: currency(&self.currency)?,
            flips_sign: self.flips_sign,
            data_key: WrappedKey::from_bytes(self.data_key),
            provider_account_id: self.provider_account_id,
            is_shown: self.is_shown,
            connection: self.connection_id.into(),
            feeds: ids(self.feeds_account).zip(self.import_from.map(SqlDate::to_jiff)),
            fed_before: ids(self.fed_account).zip(self.fed_from.map(SqlDate::to_jiff)),
        })
    }
}

impl Store {
    /// Recognises a bank account that a new connection shows, or adds it, and writes down what the connection calls it.
    pub(crate) async fn see_bank_account(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        new: &NewBankAccount,
    ) -> Result<SeenBankAccount, StoreError> {
        let hits = self.match_hits(session, asker, new).await?;
        let known = match recognise(&hits) {
            Recognition::Known(id) => Some(id),
            Recognition::Unsure(_) | Recognition::New => {
                self.left_behind(session, asker, connection, new, &hits).await?
            }
        };
        let seen = if let Some(id) = known {
            self.add_match_keys(session, asker, id, &new.match_keys).await?;
            SeenBankAccount { id, was_known: true }
        } else {
            // A doubtful hit makes a new bank account: joining two is easier than taking one apart.
            self.add_bank_account(session, asker, new).await?;
            SeenBankAccount { id: new.id, was_known: false }
        };
        self.add_alias(session, asker, connection, seen.id, &new.provider_account_id).await?;
        self.keep_first_balances(session, asker, seen.id, new).await?;
        Ok(seen)
    }

    /// The bank account that no connection shows any more and that this one must be: the provider called it the same, or it is
    /// the only one of those that fits weakly, such as by the last digits of a card.
    async fn left_behind(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        new: &NewBankAccount,
        hits: &[(MatchKeyKind, BankAccountId)],
    ) -> Result<Option<BankAccountId>, StoreError> {
        if hits.iter().any(|(kind, _)| kind.is_strong()) {
            return Ok(None);
        }
        let text = sql!(
            "SELECT DISTINCT x.bank_account_id FROM aliases x
             JOIN connections c ON c.organization_id = x.organization_id AND c.id = x.connection_id
             JOIN connections n ON n.organization_id = x.organization_id AND n.id = $2 AND n.provider = c.provider
             JOIN bank_accounts b ON b.organization_id = x.organization_id AND b.id = x.bank_account_id
             WHERE x.organization_id = $1 AND x.provider_account_id = $3 AND b.institution_key = $4 AND b.currency = $5
                AND NOT EXISTS (SELECT 1 FROM aliases l WHERE l.organization_id = $1
                    AND l.bank_account_id = x.bank_account_id AND l.until_at IS NULL)"
        );
        let same_id: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .bind(&new.provider_account_id)
            .bind(&new.institution_key)
            .bind(new.currency.as_str())
            .fetch_all(c)
            .await?);
        if let [only] = same_id.as_slice() {
            return Ok(Some(BankAccountId::from(*only)));
        }
        let mut free = Vec::new();
        for (_, id) in hits {
            let text =
                sql!("SELECT 1 FROM aliases WHERE organization_id = $1 AND bank_account_id = $2 AND until_at IS NULL");
            let is_shown = on!(session, c => sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .fetch_optional(c)
                .await?
                .is_some());
            if !is_shown && !free.contains(id) {
                free.push(*id);
            }
        }
        Ok(match free.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
    }

    /// Writes down what a connection calls a bank account from now on.
    pub(crate) async fn add_alias(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        bank_account: BankAccountId,
        provider_account_id: &str,
    ) -> Result<(), StoreError> {
        let alias: AliasId = self.ambient.id();
        let text = sql!(
            "INSERT INTO aliases (organization_id, id, bank_account_id, connection_id, provider_account_id, from_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organization_id, connection_id, provider_account_id) WHERE until_at IS NULL DO NOTHING"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(alias.uuid())
                .bind(bank_account.uuid())
                .bind(connection.uuid())
                .bind(provider_account_id)
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// Keeps the balances that were stated while connecting.
    pub(crate) async fn keep_first_balances(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        new: &NewBankAccount,
    ) -> Result<(), StoreError> {
        let balances: Vec<StatedRow<'_>> =
            new.balances.iter().map(|balance| StatedRow { bank_account, run: None, balance }).collect();
        self.keep_balances_within(session, asker, &balances).await
    }

    /// The bank accounts of the organization that share a match key with one that is shown.
    pub(crate) async fn match_hits(
        &self,
        session: &mut Session,
        asker: &Asker,
        new: &NewBankAccount,
    ) -> Result<Vec<(MatchKeyKind, BankAccountId)>, StoreError> {
        let mut hits = Vec::new();
        for (kind, digest) in &new.match_keys {
            let text =
                sql!("SELECT bank_account_id FROM match_keys WHERE organization_id = $1 AND kind = $2 AND digest = $3");
            let found: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
                .bind(asker.organization.uuid())
                .bind(kind.code())
                .bind(digest.0.as_slice())
                .fetch_all(c)
                .await?);
            hits.extend(found.into_iter().map(|id| (*kind, BankAccountId::from(id))));
        }
        Ok(hits)
    }

    pub(crate) async fn add_bank_account(
        &self,
        session: &mut Session,
        asker: &Asker,
        new: &NewBankAccount,
    ) -> Result<(), StoreError> {
        self.use_currency(session, new.currency).await?;
        let text = sql!(
            "INSERT INTO bank_accounts (organization_id, id, institution_key, institution_name, name, holder,
                masked_number, kind, currency, flips_sign, data_key, details, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(new.id.uuid())
                .bind(&new.institution_key)
                .bind(&new.institution_name)
                .bind(&new.name)
                .bind(&new.holder)
                .bind(&new.masked_number)
                .bind(new.kind.code())
                .bind(new.currency.as_str())
                .bind(false)
                .bind(new.data_key.as_bytes())
                .bind(new.details.as_bytes())
                .bind(micros(self.ambient.now()))
        );
        self.add_match_keys(session, asker, new.id, &new.match_keys).await
    }

    /// Writes down by what a bank account is recognised, beside what is known already.
    pub(crate) async fn add_match_keys(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        keys: &[(MatchKeyKind, Digest)],
    ) -> Result<(), StoreError> {
        for (kind, digest) in keys {
            let text = sql!(
                "INSERT INTO match_keys (organization_id, bank_account_id, kind, digest) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(bank_account.uuid())
                    .bind(kind.code())
                    .bind(digest.0.as_slice())
            );
        }
        Ok(())
    }

    /// The bank accounts that a connection sees now, and those that are linked through it although it does not show them any more,
    /// in the order in which they were first seen.
    pub async fn bank_accounts(&self, asker: &Asker, connection: ConnectionId) -> Result<Vec<BankAccount>, StoreError> {
        asker.require(Right::SeeBooks)?;
        let mut session = self.db.read().await?;
        let text = sql!(
            "SELECT b.id, b.institution_key, b.institution_name, b.name, b.holder, b.masked_number, b.kind, b.currency,
                    b.flips_sign, b.data_key, x.provider_account_id, x.until_at IS NULL AS is_shown, x.connection_id,
                    f.account_id AS feeds_account, f.import_from, p.account_id AS fed_account, p.import_from AS fed_from
             FROM aliases x
             JOIN bank_accounts b ON b.organization_id = x.organization_id AND b.id = x.bank_account_id
             LEFT JOIN feeds f ON f.organization_id = b.organization_id AND f.bank_account_id = b.id
                AND f.until_at IS NULL AND NOT f.is_shadow
             LEFT JOIN feeds p ON f.id IS NULL AND p.organization_id = b.organization_id AND p.id =
                (SELECT l.id FROM feeds l WHERE l.organization_id = b.organization_id AND l.bank_account_id = b.id
                    AND NOT l.is_shadow ORDER BY l.until_at DESC LIMIT 1)
             WHERE x.organization_id = $1 AND x.connection_id = $2 AND (x.until_at IS NULL
                OR (f.connection_id = $2 AND x.id = (SELECT l.id FROM aliases l WHERE l.organization_id = $1
                    AND l.connection_id = $2 AND l.bank_account_id = b.id
                    ORDER BY CASE WHEN l.until_at IS NULL THEN 0 ELSE 1 END, l.until_at DESC LIMIT 1)))
             ORDER BY b.created_at, b.id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_bank_account).collect()
    }

    /// Links bank accounts with accounts, adding the accounts that are new; one batch for all of them.
    pub async fn link(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        links: &[NewLink],
    ) -> Result<Vec<Feed>, StoreError> {
        asker.require(Right::ManageBanks)?;
        let mut session = self.db.write().await?;
        let (mut made, mut turned) = (Vec::new(), Vec::new());
        let mut feeds = Vec::with_capacity(links.len());
        for link in links {
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

    /// A bank account feeds only an account of its own currency.
    async fn check_can_feed(
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

    async fn add_feed(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        feed: Feed,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO feeds (organization_id, id, bank_account_id, account_id, connection_id, import_from, is_shadow,
                from_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8
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

    /// Unlinks an account: its feed ends, its rows stay.
    pub async fn unlink(&self, asker: &Asker, account: AccountId) -> Result<(), StoreError> {
        asker.require(Right::ManageBanks)?;
        let mut session = self.db.write().await?;
        let text =
            sql!("UPDATE feeds SET until_at = $3 WHERE organization_id = $1 AND account_id = $2 AND until_at IS NULL");
        let done = run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(account.uuid()).bind(micros(self.ambient.now()))
        );
        if done == 0 {
            return Err(StoreError::NotFound("a bank behind this account"));
        }
        self.audit_within(&mut session, asker, "account.unlinked", &account.to_string(), "").await?;
        session.commit().await
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
            revision: i64,
            proof_revision: Option<i64>,
            proof: Option<String>,
        }
        asker.require(Right::SeeBooks)?;
        let mut session = self.db.read().await?;
        let text = sql!(
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
             WHERE f.organization_id = $1 AND f.until_at IS NULL AND NOT f.is_shadow"
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
                    account_revision: row.revision,
                    proof_revision: row.proof_revision,
                    proof: row.proof,
                })
            })
            .collect()
    }
}
