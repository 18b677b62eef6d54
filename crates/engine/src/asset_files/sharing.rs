//! Which account a value in a file means: by the numbers that banks know accounts by, by names, and by what was chosen before.

use std::collections::HashMap;

use bankside_domain::text::fold;
use bankside_domain::transfer::OwnAccounts;
use bankside_domain::{AccountId, Asker, AssetId};
use bankside_statements::csv::{self, Division, Profile, Role};
use bankside_store::Account;
use serde::{Deserialize, Serialize};

use crate::sync::ingest::Stamps;
use crate::{Engine, EngineError};

/// Why a value is taken for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareGround {
    /// Its bank knows the account by this number.
    Number,
    /// The account is called so, here or at its bank.
    Name,
    /// A person chose it for the last file.
    Before,
    /// A person has chosen it for this one.
    Chosen,
    /// It is taken for none.
    Nothing,
}

/// What stands in the column that names the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileShare {
    /// The value; blank where lines name none.
    pub named: String,
    /// How many lines have it.
    pub lines: usize,
    /// The account that is meant; `None` where these lines stay out.
    pub account: Option<AccountId>,
    /// Why.
    pub ground: ShareGround,
}

impl FileShare {
    /// Takes what a person says. What they leave as it was keeps its ground.
    pub(super) fn choose(&mut self, account: Option<AccountId>) {
        if account != self.account || self.ground == ShareGround::Nothing {
            *self = Self { account, ground: ShareGround::Chosen, ..std::mem::take(self) };
        }
    }
}

impl Default for FileShare {
    fn default() -> Self {
        Self { named: String::new(), lines: 0, account: None, ground: ShareGround::Nothing }
    }
}

/// What is known of the accounts that rows may be of.
struct Known<'a> {
    stamps: Stamps<'a>,
    own: OwnAccounts,
}

impl Known<'_> {
    /// The account that a value means, where it is one alone. Accounts in several currencies may have a number in common.
    fn account(&self, value: &str) -> Option<(AccountId, ShareGround)> {
        let one = |accounts: Vec<AccountId>| match accounts.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        if let Some(number) = self.stamps.number_digest(value) {
            let by_number: Vec<AccountId> = self.own.with_number(number).collect();
            if !by_number.is_empty() {
                return one(by_number).map(|account| (account, ShareGround::Number));
            }
        }
        let name = fold(value);
        let is_called =
            |(_, own): &(&AccountId, &bankside_domain::transfer::OwnAccount)| own.names_folded.contains(&name);
        let by_name = self.own.0.iter().filter(is_called).map(|(account, _)| *account).collect();
        one(by_name).map(|account| (account, ShareGround::Name))
    }
}

impl Engine {
    /// What stands in the column that names the account, with the account that is likeliest meant.
    pub(super) async fn shares(
        &self,
        asker: &Asker,
        asset: AssetId,
        accounts: &[Account],
        division: Division,
    ) -> Result<Vec<FileShare>, EngineError> {
        let before: HashMap<String, Option<AccountId>> = match self.store.last_asset_file(asker, asset).await? {
            Some(last) => self.shares_of(asker, &last)?.into_iter().map(|share| (share.named, share.account)).collect(),
            None => HashMap::new(),
        };
        let is_here = |id: AccountId| accounts.iter().any(|account| account.id == id);
        let known = self.known_accounts(asker, accounts).await?;
        let share = |(named, lines): (String, usize)| {
            let (account, ground) = match before.get(&named) {
                // What was left out stays out, and an account that has gone is asked for anew.
                Some(account) if account.is_none_or(is_here) => (*account, ShareGround::Before),
                _ => match known.account(&named).filter(|_| !named.is_empty()) {
                    Some((account, ground)) => (Some(account), ground),
                    None => (None, ShareGround::Nothing),
                },
            };
            FileShare { named, lines, account, ground }
        };
        Ok(division.accounts.into_iter().map(share).collect())
    }

    /// A profile whose column for the account is found by what stands there, if no name gave it away: numbers of these accounts, or their
    /// names. Where it is found so, the file is divided by it already.
    pub(super) async fn with_own_account(
        &self,
        asker: &Asker,
        accounts: &[Account],
        bytes: &[u8],
        mut profile: Profile,
    ) -> Result<(Profile, Option<Division>), EngineError> {
        if profile.column(Role::OwnAccount).is_some() {
            return Ok((profile, None));
        }
        let known = self.known_accounts(asker, accounts).await?;
        let free = |role: &Role| matches!(role, Role::Ignore | Role::CounterpartyAccount | Role::Reference);
        let columns: Vec<usize> = (0..profile.columns.len()).filter(|at| free(&profile.columns[*at])).collect();
        let divisions = csv::shares_of_all(bytes, &profile, &columns).unwrap_or_default();
        for (column, division) in columns.into_iter().zip(divisions) {
            let Some(division) = division else { continue };
            let lines = |is_known: bool| -> usize {
                let counted = division.accounts.iter().filter(|(value, _)| known.account(value).is_some() == is_known);
                counted.map(|(_, lines)| lines).sum()
            };
            if lines(true) > lines(false) {
                profile.columns[column] = Role::OwnAccount;
                let is_whole = profile.check().is_ok();
                return Ok((profile, Some(division).filter(|_| is_whole)));
            }
        }
        Ok((profile, None))
    }

    async fn known_accounts(&self, asker: &Asker, accounts: &[Account]) -> Result<Known<'_>, EngineError> {
        self.learn_numbers(&Asker::system(asker.organization)).await?;
        let mut own = self.store.own_accounts(asker).await?;
        own.0.retain(|id, _| accounts.iter().any(|account| account.id == *id));
        Ok(Known { stamps: Stamps::new(self, asker.clone()), own })
    }
}
