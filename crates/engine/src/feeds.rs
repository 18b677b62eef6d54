//! The feed of an account: what it does with what the bank sends, and changing that.

use bankside_domain::account::PendingPolicy;
use bankside_domain::opening::{OpeningSum, work_out};
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BankAccountId, ConnectionId, Right};
use bankside_store::{
    BankAccount, Connection, Direction, FeedEffect, Filter, KeptBalance, RegisterQuery, RegisterRow, Resolve,
    SignTurned, StoreError,
};

use crate::accounts::AccountView;
use crate::linking::shown_balance;
use crate::sync::books::{MAX_PLANS, Terms};
use crate::{Engine, EngineError};

/// Among how many of the latest rows an example is looked for.
const LOOKED_THROUGH: i64 = 50;

/// The feed of an account, as it stands.
#[derive(Debug, Clone)]
pub struct FeedView {
    /// The account.
    pub account: AccountView,
    /// The connection that the bank account is seen through.
    pub connection: Connection,
    /// The bank account.
    pub bank_account: BankAccount,
    /// Its balance as last stated, as it is booked.
    pub bank: Option<KeptBalance>,
    /// How that balance, less the rows, comes to an opening balance.
    pub opening: Option<OpeningSum>,
    /// The latest row out and the latest row in that the bank has booked, to tell the sign by.
    pub examples: Vec<RegisterRow>,
    /// Whether a person has said that its sign and its opening balance are right.
    pub is_confirmed: bool,
}

/// What to change of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedChange {
    /// What the account does with pending rows.
    Pending(PendingPolicy),
    /// The sign of the bank account.
    Sign {
        /// Whether the bank's signs are turned round.
        flips_sign: bool,
    },
}

impl Engine {
    /// The feed of an account.
    pub async fn feed(&self, asker: &Asker, account: AccountId) -> Result<FeedView, EngineError> {
        let account = self.account(asker, account).await?;
        let (connection, bank_account) = self.behind(asker, &account).await?;
        let bank = shown_balance(&self.store.latest_balances(asker, bank_account.id).await?);
        let ledger = &account.account;
        let opening = bank
            .as_ref()
            .filter(|_| account.status.last_success_at.is_some())
            .and_then(|bank| work_out(bank.stated, ledger.booked_minor, ledger.pending_minor));
        let mut examples = Vec::new();
        for direction in [Direction::Out, Direction::In] {
            examples.extend(self.latest_of_bank(asker, ledger.id, direction).await?);
        }
        let is_confirmed = self.store.is_feed_confirmed(asker, ledger.id).await?.unwrap_or_default();
        Ok(FeedView { account, connection, bank_account, bank, opening, examples, is_confirmed })
    }

    /// Keeps that a person has looked at how the feed of an account is booked, and found it right. `flips_sign` is the sign that they have
    /// looked at.
    pub async fn confirm_feed(&self, asker: &Asker, account: AccountId, flips_sign: bool) -> Result<(), EngineError> {
        self.store.confirm_feed(asker, account, flips_sign).await?;
        self.report_progress();
        Ok(())
    }

    /// The account that is to be confirmed next, by its name: of this connection first.
    pub async fn next_to_confirm(
        &self,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<Option<AccountView>, EngineError> {
        let views = self.accounts(asker).await?;
        let waiting = views.into_iter().filter(|view| view.status.is_to_confirm && !view.account.is_closed);
        Ok(waiting.min_by_key(|view| (view.status.connection != Some(connection), fold(&view.account.name))))
    }

    /// The latest row of an account in one direction that the bank has booked.
    async fn latest_of_bank(
        &self,
        asker: &Asker,
        account: AccountId,
        direction: Direction,
    ) -> Result<Option<RegisterRow>, EngineError> {
        let query = RegisterQuery {
            account: Some(account),
            filter: Filter { direction: Some(direction), ..Filter::default() },
            limit: LOOKED_THROUGH,
            ..RegisterQuery::default()
        };
        let latest = self.store.register(asker, &query).await?.rows;
        Ok(latest.into_iter().find(|row| row.is_from_bank && row.status == RowStatus::Booked))
    }

    /// What a change of a feed would do. Nothing is written.
    pub async fn preview_feed(
        &self,
        asker: &Asker,
        account: AccountId,
        change: FeedChange,
    ) -> Result<FeedEffect, EngineError> {
        self.resolve_feed(asker, account, change, Resolve::Preview).await
    }

    /// Changes a feed: from now on, and for the rows that are here, as one batch.
    pub async fn change_feed(
        &self,
        asker: &Asker,
        account: AccountId,
        change: FeedChange,
    ) -> Result<FeedEffect, EngineError> {
        let effect = self.resolve_feed(asker, account, change, Resolve::Commit).await?;
        self.report_progress();
        Ok(effect)
    }

    async fn resolve_feed(
        &self,
        asker: &Asker,
        account: AccountId,
        change: FeedChange,
        how: Resolve,
    ) -> Result<FeedEffect, EngineError> {
        asker.require(Right::ManageBanks)?;
        let view = self.account(asker, account).await?;
        let (connection, bank_account) = self.behind(asker, &view).await?;
        match change {
            FeedChange::Pending(policy) => {
                self.set_pending_policy(asker, &connection, &bank_account, account, policy, how).await
            }
            FeedChange::Sign { flips_sign } => {
                match self.store.turn_sign(asker, bank_account.id, account, flips_sign, how).await? {
                    SignTurned::Turned(effect) => Ok(*effect),
                    SignTurned::Refused(refused) => Err(EngineError::SignStays(refused)),
                }
            }
        }
    }

    async fn set_pending_policy(
        &self,
        asker: &Asker,
        connection: &Connection,
        bank_account: &BankAccount,
        account: AccountId,
        policy: PendingPolicy,
        how: Resolve,
    ) -> Result<FeedEffect, EngineError> {
        // No answer is at hand: nothing is missing because it did not come.
        let terms = Terms { pending: policy, booked_coverage: None, pending_complete: false };
        let mut tries = 0;
        loop {
            let stored = self.store.pending_snapshot(asker, bank_account.id, account).await?;
            if self.renew_fingerprints(asker, &stored).await? {
                continue;
            }
            let before = &stored.state.account;
            if before.pending_policy == policy {
                return Ok(FeedEffect::none(before.clone()));
            }
            let plan = self.plan(asker, connection, bank_account, &stored, terms).await?;
            match self.store.set_pending_policy(asker, bank_account.id, &stored, &plan, policy, how).await {
                Err(StoreError::Stale) if tries < MAX_PLANS => tries += 1,
                effect => return Ok(effect?),
            }
        }
    }

    /// The connection and the bank account behind an account.
    pub(crate) async fn behind(
        &self,
        asker: &Asker,
        account: &AccountView,
    ) -> Result<(Connection, BankAccount), EngineError> {
        const NOBODY: EngineError = EngineError::NotFound("a bank behind this account");
        let behind: Option<(ConnectionId, BankAccountId)> = account.status.connection.zip(account.status.bank_account);
        let (connection, bank_account) = behind.ok_or(NOBODY)?;
        let connection = self.store.connection(asker, connection).await?;
        let bank_accounts = self.store.bank_accounts(asker, connection.id).await?;
        let bank_account = bank_accounts.into_iter().find(|one| one.id == bank_account).ok_or(NOBODY)?;
        Ok((connection, bank_account))
    }
}
