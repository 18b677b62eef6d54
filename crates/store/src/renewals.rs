//! Connections that are renewed in place, and connections that end.

use bankside_domain::consent::Consent;
use bankside_domain::fault::FaultRecord;
use bankside_domain::reconcile::Digest;
use bankside_domain::renewal::{OtherAccounts, Renewal, Shown, renew};
use bankside_domain::run::Trigger;
use bankside_domain::{Asker, BankAccountId, BatchId, ConnectionId, Id, Right, RunId};
use bankside_vault::Sealed;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bank_accounts::NewBankAccount;
use crate::connections::LOGIN_TAKEN;
use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::flows::Flow;
use crate::{Store, StoreError};

/// What a renewal changes of a connection.
#[derive(Debug, Clone)]
pub struct RenewedConnection {
    /// Which one.
    pub id: ConnectionId,
    /// The provider's new reference, sealed.
    pub remote: Sealed,
    /// Digest of the login that it uses at the provider, where there are such.
    pub login: Option<Digest>,
    /// What the provider stated about the consent.
    pub consent: Consent,
    /// How many days of history the institution gives, if it says.
    pub max_history_days: Option<i64>,
    /// What the provider calls bank accounts that belong to it and cannot be read at the moment.
    pub unread: Vec<String>,
}

/// What a renewal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// Bank accounts that were there before.
    pub recognised: usize,
    /// Bank accounts that were not.
    pub new: usize,
    /// Bank accounts that are not shown any more.
    pub missing: usize,
    /// The sync that fetches what came meanwhile; `None` where no account is linked.
    pub run: Option<RunId>,
}

impl Store {
    /// Ends a flow with its connection renewed: the new reference, the new consent, and the bank accounts under what the provider
    /// calls them now, all in one. Links stay. `state` seals the flow's last state, which tells what came of it.
    ///
    /// When none of the bank accounts is one of the connection's, nothing is written. Answers also with the reference that was
    /// replaced, for whoever ends it at the provider.
    pub async fn finish_renewal(
        &self,
        asker: &Asker,
        flow: &Flow,
        renewed: &RenewedConnection,
        shown: &[NewBankAccount],
        state: impl FnOnce(&Renewed) -> Result<Sealed, StoreError> + Send,
    ) -> Result<Result<(Renewed, Sealed), OtherAccounts>, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        // Locked first: of two renewals at once the second sees what the first one wrote.
        let replaced = self.lock_connection(&mut session, asker, renewed.id).await?;
        let aliases = self.aliases_of(&mut session, asker, renewed.id).await?;
        let before = self.names_before(&mut session, asker, renewed.id).await?;
        let called = |id: &str| {
            let mut names = aliases.iter().chain(&before);
            names.find(|(_, name)| name == id).map(|(bank_account, _)| *bank_account)
        };
        let mut known: Vec<BankAccountId> = aliases.iter().map(|(bank_account, _)| *bank_account).collect();
        known.extend(self.unshown_feeds(&mut session, asker, renewed.id).await?);
        let unread: Vec<BankAccountId> = renewed.unread.iter().filter_map(|id| called(id)).collect();
        let mut candidates = Vec::with_capacity(shown.len());
        for account in shown {
            let hits = self.match_hits(&mut session, asker, account).await?;
            candidates.push(Shown { hits, same_id: called(&account.provider_account_id) });
        }
        let renewal = match renew(&known, &unread, &candidates) {
            Ok(renewal) => renewal,
            Err(other) => return Ok(Err(other)),
        };
        self.replace_remote(&mut session, asker, renewed).await?;
        self.rename_bank_accounts(&mut session, asker, renewed.id, shown, &renewal).await?;
        let recognised = renewal.shown.iter().flatten().count();
        let outcome = Renewed {
            recognised,
            new: shown.len() - recognised,
            missing: renewal.missing.len(),
            run: self.enqueue_after_renewal(&mut session, asker, renewed.id).await?,
        };
        self.end_flow_within(&mut session, asker, flow, &state(&outcome)?).await?;
        let until = renewed.consent.valid_until.map_or_else(|| "no known end".to_owned(), |end| format!("until {end}"));
        let Renewed { recognised, new, missing, .. } = outcome;
        let what = format!("{until}; {recognised} known, {new} new, {missing} not shown any more");
        self.audit_within(&mut session, asker, "connection.renewed", &renewed.id.to_string(), &what).await?;
        session.commit().await?;
        Ok(Ok((outcome, replaced)))
    }

    /// Locks a connection that has not ended until the end of the transaction; answers with the provider's reference.
    pub(crate) async fn lock_connection(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Sealed, StoreError> {
        const TEXT: &str = "SELECT remote FROM connections WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let remote: Option<Vec<u8>> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_optional(c)
            .await?);
        Ok(Sealed::from_bytes(remote.ok_or(StoreError::NotFound("the connection"))?))
    }

    /// What a connection called bank accounts that it does not show any more, the latest first.
    pub(crate) async fn names_before(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Vec<(BankAccountId, String)>, StoreError> {
        let text = sql!(
            "SELECT x.bank_account_id, x.provider_account_id FROM aliases x
             WHERE x.organization_id = $1 AND x.connection_id = $2 AND x.until_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM aliases l WHERE l.organization_id = $1 AND l.connection_id = $2
                    AND l.bank_account_id = x.bank_account_id AND l.until_at IS NULL)
             ORDER BY x.until_at DESC"
        );
        let rows: Vec<(Uuid, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }

    /// What a connection calls its bank accounts now.
    pub(crate) async fn aliases_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Vec<(BankAccountId, String)>, StoreError> {
        let text = sql!(
            "SELECT bank_account_id, provider_account_id FROM aliases
             WHERE organization_id = $1 AND connection_id = $2 AND until_at IS NULL"
        );
        let rows: Vec<(Uuid, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }

    /// Bank accounts that are linked through a connection and were missing in its last renewal; they may be back.
    pub(crate) async fn unshown_feeds(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Vec<BankAccountId>, StoreError> {
        let text = sql!(
            "SELECT f.bank_account_id FROM feeds f
             WHERE f.organization_id = $1 AND f.connection_id = $2 AND f.until_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM aliases x WHERE x.organization_id = $1 AND x.connection_id = $2
                    AND x.bank_account_id = f.bank_account_id AND x.until_at IS NULL)"
        );
        let rows: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows.into_iter().map(BankAccountId::from).collect())
    }

    async fn replace_remote(
        &self,
        session: &mut Session,
        asker: &Asker,
        renewed: &RenewedConnection,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE connections SET remote = $3, consent_given_at = $4, consent_valid_until = $5,
                max_history_days = COALESCE($6, max_history_days), login_digest = $7, unread_accounts = $8
             WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(renewed.id.uuid())
            .bind(renewed.remote.as_bytes())
            .bind(renewed.consent.given_at.map(micros))
            .bind(renewed.consent.valid_until.map(micros))
            .bind(renewed.max_history_days)
            .bind(renewed.login.map(|digest| digest.0.to_vec()))
            .bind(i64::try_from(renewed.unread.len()).unwrap_or(i64::MAX))
            .execute(c)
            .await
            .map(|done| done.rows_affected()));
        if or_conflict(result, LOGIN_TAKEN)? == 0 { Err(StoreError::NotFound("the connection")) } else { Ok(()) }
    }

    /// Writes down what the provider calls the bank accounts now. Those that are missing keep everything but their name there.
    pub(crate) async fn rename_bank_accounts(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        shown: &[NewBankAccount],
        renewal: &Renewal,
    ) -> Result<(), StoreError> {
        for missing in &renewal.missing {
            self.end_aliases(session, asker, connection, *missing, "").await?;
        }
        for (account, known) in shown.iter().zip(&renewal.shown) {
            if let Some(known) = known {
                self.end_aliases(session, asker, connection, *known, &account.provider_account_id).await?;
            }
        }
        for (account, known) in shown.iter().zip(&renewal.shown) {
            let id = known.unwrap_or(account.id);
            if known.is_some() {
                self.add_match_keys(session, asker, id, &account.match_keys).await?;
            } else {
                self.add_bank_account(session, asker, account).await?;
            }
            self.add_alias(session, asker, connection, id, &account.provider_account_id).await?;
            self.keep_first_balances(session, asker, id, account).await?;
        }
        Ok(())
    }

    /// Ends what a connection calls a bank account, but for the name that it keeps; and ends that name for any other.
    async fn end_aliases(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        bank_account: BankAccountId,
        kept: &str,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE aliases SET until_at = $5
             WHERE organization_id = $1 AND connection_id = $2 AND until_at IS NULL
                AND (bank_account_id = $3) <> (provider_account_id = $4)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(connection.uuid())
                .bind(bank_account.uuid())
                .bind(kept)
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    async fn enqueue_after_renewal(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Option<RunId>, StoreError> {
        let text = sql!(
            "SELECT 1 FROM feeds f
             JOIN aliases x ON x.organization_id = f.organization_id AND x.connection_id = f.connection_id
                AND x.bank_account_id = f.bank_account_id AND x.until_at IS NULL
             WHERE f.organization_id = $1 AND f.connection_id = $2 AND f.until_at IS NULL LIMIT 1"
        );
        let feeds = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_optional(c)
            .await?
            .is_some());
        if !feeds {
            return Ok(None);
        }
        self.enqueue_run_within(session, asker, connection, Trigger::Renewed).await.map(Some)
    }

    /// Ends a connection: its links end, its runs end, its bank accounts leave the lists. Names, claims and booked transactions stay;
    /// pending ones leave the books, because nothing will book them.
    /// `told` says for the audit whether the provider has ended the access, too. Answers with the reference that it ended with, and with
    /// the batch of the pending rows, where there were any.
    pub async fn end_connection(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        of_runs: &FaultRecord,
        told: &str,
    ) -> Result<(Sealed, Option<BatchId>), StoreError> {
        let granted = asker.require(Right::ManageBanks)?;
        let now = micros(self.ambient.now());
        let mut session = self.db.write(granted).await?;
        let remote = self.lock_connection(&mut session, asker, connection).await?;
        let text = sql!(
            "UPDATE connections SET ended_at = $3 WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL
             RETURNING name"
        );
        let name: Option<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .bind(now)
            .fetch_optional(c)
            .await?);
        let name = name.ok_or(StoreError::NotFound("the connection"))?;
        let text = sql!(
            "UPDATE feeds SET until_at = $3 WHERE organization_id = $1 AND connection_id = $2 AND until_at IS NULL
             RETURNING bank_account_id, account_id"
        );
        let mut ended: Vec<(Uuid, Uuid)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .bind(now)
            .fetch_all(c)
            .await?);
        let text = sql!(
            "UPDATE aliases SET until_at = $3 WHERE organization_id = $1 AND connection_id = $2 AND until_at IS NULL"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(connection.uuid()).bind(now));
        // A worker that is at it finds its lease gone with its next write.
        let text = sql!(
            "UPDATE runs SET state = 'finished', outcome = 'failed', fault = $4, finished_at = $3, lease_owner = NULL,
                lease_until = NULL
             WHERE organization_id = $1 AND connection_id = $2 AND state IN ('queued', 'running')"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(connection.uuid())
                .bind(now)
                .bind(serde_json::to_string(of_runs)?)
        );
        // Locked in one order, whoever else writes to several of them.
        ended.sort_unstable_by_key(|(_, account)| *account);
        let ended: Vec<_> =
            ended.into_iter().map(|(bank_account, account)| (bank_account.into(), account.into())).collect();
        let left = self.take_out_pending(&mut session, asker, &ended, &format!("{name} unsynced")).await?;
        self.audit_within(&mut session, asker, "connection.ended", &connection.to_string(), told).await?;
        session.commit().await?;
        Ok((remote, left))
    }
}
