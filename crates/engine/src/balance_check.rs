//! The balance check of an account: each balance of the bank beside the ledger, where they part, and what a person says about that.

use bankside_domain::balance::Proof;
use bankside_domain::difference::{BalanceLine, Judged, Stretch, Verdict, found_at, stretch};
use bankside_domain::suspect::{Suspect, suspects};
use bankside_domain::{AccountId, Asker, BankAccountId, Right, VerdictId};
use bankside_store::{KeptVerdict, StoreError};

use crate::accounts::AccountView;
use crate::sync::books::MAX_PLANS;
use crate::{Engine, EngineError};

/// Bank and ledger of an account, balance by balance.
#[derive(Debug, Clone)]
pub struct BalanceCheck {
    /// The account.
    pub account: AccountView,
    /// What the balances prove.
    pub proof: Proof,
    /// The balances that prove something, oldest first.
    pub lines: Vec<BalanceLine>,
    /// Where bank and ledger part.
    pub stretch: Option<Stretch>,
    /// Rows of that stretch that may be why.
    pub suspects: Vec<Suspect>,
    /// What people have said about differences.
    pub verdicts: Vec<KeptVerdict>,
}

impl BalanceCheck {
    /// The difference that waits for a person: bank minus ledger, in minor units.
    pub fn open_minor(&self) -> Option<i64> {
        match self.proof {
            Proof::Diverged { by_minor, .. } | Proof::OpeningDiffers { by_minor } => Some(by_minor),
            Proof::Proven { .. } | Proof::Accepted { .. } | Proof::Ignored { .. } | Proof::NotProvable { .. } => None,
        }
    }
}

impl Engine {
    /// Bank and ledger of an account that a bank feeds, or whose files state balances.
    pub async fn balance_check(&self, asker: &Asker, account: AccountId) -> Result<BalanceCheck, EngineError> {
        let view = self.account(asker, account).await?;
        let bank_account = self.stated_by(asker, &view).await?;
        let (_, evidence) = self.store.evidence(asker, account, bank_account).await?;
        let (proof, lines) = (evidence.prove(), evidence.lines());
        let stretch = stretch(&lines);
        let suspects = match (stretch, proof) {
            (Some(stretch), Proof::Diverged { by_minor, .. } | Proof::Ignored { since: Some(_), by_minor }) => {
                let (from, to) = evidence.days(&lines, stretch);
                let rows = self.store.rows_near(asker, account, bank_account, from, to).await?;
                suspects(&rows, from, to, by_minor)
            }
            _ => Vec::new(),
        };
        let verdicts = self.store.verdicts(asker, account, bank_account).await?;
        Ok(BalanceCheck { account: view, proof, lines, stretch, suspects, verdicts })
    }

    /// Says of the difference that an account has that it is accepted, or ignored until it changes. `by_minor` is the difference that
    /// the person saw; of another one nothing is said.
    pub async fn judge_balance(
        &self,
        asker: &Asker,
        account: AccountId,
        verdict: Verdict,
        by_minor: i64,
    ) -> Result<VerdictId, EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        let bank_account = self.stated_by(asker, &self.account(asker, account).await?).await?;
        let mut tries = 0;
        loop {
            let (state, evidence) = self.store.evidence(asker, account, bank_account).await?;
            let lines = evidence.lines();
            let found = match (evidence.prove(), stretch(&lines)) {
                (Proof::Diverged { by_minor: now, .. }, Some(stretch)) if now == by_minor => {
                    Some(found_at(&lines[stretch.breaks].stated))
                }
                (Proof::OpeningDiffers { by_minor: now }, _) if now == by_minor => None,
                _ => return Err(EngineError::Conflict("bank and ledger do not differ by this any more")),
            };
            let judged = Judged { verdict, found, by_minor };
            match self.store.judge_balance(asker, account, bank_account, judged, state.revision).await {
                Err(StoreError::Stale) if tries < MAX_PLANS => tries += 1,
                made => {
                    self.report_progress();
                    return Ok(made?);
                }
            }
        }
    }

    /// The bank account whose balances are laid beside the ledger: the one that feeds the account, else the one that stands for its files.
    async fn stated_by(&self, asker: &Asker, view: &AccountView) -> Result<BankAccountId, EngineError> {
        if let Some(bank_account) = view.status.bank_account {
            return Ok(bank_account);
        }
        let of_files = self.store.bank_account_of_files(asker, view.account.id).await?;
        of_files.ok_or(EngineError::NotFound("a bank behind this account"))
    }

    /// Takes back what was said about a difference.
    pub async fn take_back_verdict(
        &self,
        asker: &Asker,
        account: AccountId,
        verdict: VerdictId,
    ) -> Result<(), EngineError> {
        self.store.take_back_verdict(asker, account, verdict).await?;
        self.report_progress();
        Ok(())
    }
}
