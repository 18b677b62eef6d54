//! Bank accounts of a connection as they are listed anew while its access stays what it is.

use bankside_domain::renewal::{OtherAccounts, Shown, renew};
use bankside_domain::{Asker, BankAccountId, ConnectionId, Id, Right};
use bankside_vault::Sealed;
use jiff::Timestamp;

use crate::balances::{KeptBalance, StatedRow};
use crate::bank_accounts::NewBankAccount;
use crate::convert::micros;
use crate::db::{Session, run, sql};
use crate::{Store, StoreError};

/// The bank accounts of a connection, as it lists them at the moment.
#[derive(Debug, Clone)]
pub struct ListedAccounts {
    /// Which connection.
    pub connection: ConnectionId,
    /// The reference with which they were asked for; where another one has taken its place meanwhile, nothing is written.
    pub remote: Sealed,
    /// When access ends, if the provider has said so.
    pub valid_until: Option<Timestamp>,
    /// Those that are described, whether they were known before or not.
    pub described: Vec<NewBankAccount>,
    /// Those that were known before and are only named: what the provider calls each, and its balances.
    pub named: Vec<(String, Vec<KeptBalance>)>,
    /// What the provider calls those that cannot be read at the moment.
    pub unread: Vec<String>,
}

/// What listing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Bank accounts that were there before.
    pub recognised: usize,
    /// Bank accounts that were not.
    pub new: usize,
    /// Bank accounts that are not shown any more.
    pub missing: usize,
}

impl Store {
    /// Writes down which bank accounts a connection lists, with their balances. Links stay. When none of them is one of the
    /// connection's, nothing is written.
    pub async fn keep_listed_accounts(
        &self,
        asker: &Asker,
        listed: &ListedAccounts,
    ) -> Result<Result<Listed, OtherAccounts>, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let connection = listed.connection;
        let used = self.lock_connection(&mut session, asker, connection).await?;
        if used.as_bytes() != listed.remote.as_bytes() {
            return Err(StoreError::Stale);
        }
        let aliases = self.aliases_of(&mut session, asker, connection).await?;
        let before = self.names_before(&mut session, asker, connection).await?;
        let called = |id: &str| {
            let mut names = aliases.iter().chain(&before);
            names.find(|(_, name)| name == id).map(|(bank_account, _)| *bank_account)
        };
        let mut known: Vec<BankAccountId> = aliases.iter().map(|(bank_account, _)| *bank_account).collect();
        known.extend(self.unshown_feeds(&mut session, asker, connection).await?);
        let named: Vec<(BankAccountId, &[KeptBalance])> =
            listed.named.iter().filter_map(|(id, balances)| Some((called(id)?, balances.as_slice()))).collect();
        let unread = listed.unread.iter().filter_map(|id| called(id));
        let there: Vec<BankAccountId> = named.iter().map(|(id, _)| *id).chain(unread).collect();
        let mut candidates = Vec::with_capacity(listed.described.len());
        for account in &listed.described {
            let hits = self.match_hits(&mut session, asker, account).await?;
            candidates.push(Shown { hits, same_id: called(&account.provider_account_id) });
        }
        let renewal = match renew(&known, &there, &candidates) {
            Ok(renewal) => renewal,
            Err(other) => return Ok(Err(other)),
        };
        self.rename_bank_accounts(&mut session, asker, connection, &listed.described, &renewal).await?;
        for (id, balances) in &named {
            let row = |balance| StatedRow { bank_account: *id, run: None, balance };
            let rows: Vec<StatedRow<'_>> = balances.iter().map(row).collect();
            self.keep_balances_within(&mut session, asker, &rows).await?;
        }
        self.note_listing(&mut session, asker, listed).await?;
        let recognised = renewal.shown.iter().flatten().count() + named.len();
        let new = renewal.shown.iter().filter(|known| known.is_none()).count();
        let outcome = Listed { recognised, new, missing: renewal.missing.len() };
        let what = format!("{recognised} known, {new} new, {} not shown any more", outcome.missing);
        self.audit_within(&mut session, asker, "connection.accounts_listed", &connection.to_string(), &what).await?;
        session.commit().await?;
        Ok(Ok(outcome))
    }

    /// Keeps what else was learned: when access ends, where that was said, and how many accounts cannot be read.
    async fn note_listing(
        &self,
        session: &mut Session,
        asker: &Asker,
        listed: &ListedAccounts,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE connections SET consent_valid_until = COALESCE($3, consent_valid_until), unread_accounts = $4
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(listed.connection.uuid())
                .bind(listed.valid_until.map(micros))
                .bind(i64::try_from(listed.unread.len()).unwrap_or(i64::MAX))
        );
        Ok(())
    }
}
