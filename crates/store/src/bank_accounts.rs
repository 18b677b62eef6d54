//! Bank accounts, what providers call them, and which accounts they feed.

mod ignoring;

use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::{MatchKeyKind, Recognition, recognise};
use bankside_domain::reconcile::Digest;
use bankside_domain::{AccountId, AliasId, Asker, BankAccountId, Code, ConnectionId, CurrencyCode, Id, Right};
use bankside_vault::{Sealed, WrappedKey};
use jiff::civil::Date;
use uuid::Uuid;

use crate::balances::{KeptBalance, StatedRow};
use crate::convert::{SqlDate, code, currency, ids, micros};
use crate::db::{Session, on, run, sql};
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
    /// Whether a person has said that nothing is asked about it.
    pub is_ignored: bool,
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
    is_ignored: bool,
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
            is_ignored: self.is_ignored,
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
        let known = match known {
            Some(id) if self.is_named(session, asker, connection, id).await? => None,
            known => known,
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

    /// Whether a connection has a name for a bank account already. What it shows beside that one is another, also where both were known
    /// as one: the old card and the new one that took its place.
    async fn is_named(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        bank_account: BankAccountId,
    ) -> Result<bool, StoreError> {
        let text = sql!(
            "SELECT 1 FROM aliases
             WHERE organization_id = $1 AND connection_id = $2 AND bank_account_id = $3 AND until_at IS NULL"
        );
        Ok(on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .bind(bank_account.uuid())
            .fetch_optional(c)
            .await?
            .is_some()))
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

    /// Refuses a bank account that has never fed an account in sight.
    pub(crate) async fn check_bank_account_in_sight(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<(), StoreError> {
        if !asker.is_restricted() {
            return Ok(());
        }
        let text = sql!(
            "SELECT 1 FROM feeds WHERE organization_id = $1 AND bank_account_id = $2 /* in sight: account_id */ LIMIT 1"
        );
        let text = session.in_sight(text, asker.sight());
        let is_seen = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_optional(c)
            .await?
            .is_some());
        if is_seen { Ok(()) } else { Err(StoreError::NotFound("the bank account")) }
    }

    /// A bank account's number and the like, sealed, with the data key that seals them.
    pub async fn bank_account_details(
        &self,
        asker: &Asker,
        id: BankAccountId,
    ) -> Result<(WrappedKey, Sealed), StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        let text = sql!("SELECT data_key, details FROM bank_accounts WHERE organization_id = $1 AND id = $2");
        let row: Option<(Vec<u8>, Vec<u8>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        let (key, details) = row.ok_or(StoreError::NotFound("the bank account"))?;
        Ok((WrappedKey::from_bytes(key), Sealed::from_bytes(details)))
    }

    /// The bank accounts that a connection sees now, and those that are linked through it although it does not show them any more,
    /// in the order in which they were first seen.
    pub async fn bank_accounts(&self, asker: &Asker, connection: ConnectionId) -> Result<Vec<BankAccount>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT b.id, b.institution_key, b.institution_name, b.name, b.holder, b.masked_number, b.kind, b.currency,
                    b.flips_sign, b.ignored_at IS NOT NULL AS is_ignored, b.data_key, x.provider_account_id, x.until_at IS NULL AS is_shown, x.connection_id,
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
}
