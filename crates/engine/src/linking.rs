//! Linking bank accounts with accounts: what is offered, with a suggestion and its reason, and what is chosen.

use std::collections::BTreeMap;

use bankside_domain::account::AccountKind;
use bankside_domain::balance::BalanceKind;
use bankside_domain::run::Trigger;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, AssetId, BankAccountId, BatchId, ConnectionId, Right, RunId};
use bankside_store::{Account, BankAccount, Connection, KeptBalance, LINKED_MEANWHILE, NewAccount, NewLink};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::people::required;
use crate::{Engine, EngineError};

/// How far back is suggested at most; who wants more types an earlier day.
const MAX_SUGGESTED_DAYS: i64 = 365;

/// What linking a connection's bank accounts offers.
#[derive(Debug, Clone)]
pub struct LinkOffer {
    /// The connection.
    pub connection: Connection,
    /// Its bank accounts.
    pub accounts: Vec<Offered>,
    /// Accounts that have no bank behind them yet.
    pub free: Vec<Account>,
    /// Today, where the bank is.
    pub today: Date,
}

impl LinkOffer {
    /// Links every bank account that is not ignored with a new account of its name.
    pub fn all_as_new(&self) -> Vec<LinkChoice> {
        let choice = |offered: &Offered| LinkChoice {
            bank_account: offered.bank_account.id,
            target: LinkTarget::New(offered.bank_account.name.clone()),
            import_from: offered.import_from,
            flips_sign: None,
            asset: None,
        };
        self.accounts.iter().filter(|offered| !offered.bank_account.is_ignored).map(choice).collect()
    }
}

/// One bank account to link.
#[derive(Debug, Clone)]
pub struct Offered {
    /// It.
    pub bank_account: BankAccount,
    /// Its balance as last stated.
    pub balance: Option<KeptBalance>,
    /// What is suggested.
    pub suggestion: LinkTarget,
    /// Why, in a few words.
    pub reason: &'static str,
    /// From when is suggested to import.
    pub import_from: Date,
    /// The accounts whose bank account this one may be, by its last digits, holder and bank: a person is asked which it is, if any.
    pub resembles: Vec<AccountId>,
}

/// What a bank account is linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// An account that is there.
    Existing(AccountId),
    /// A new one of this name.
    New(String),
    /// Nothing, for now.
    Skip,
}

/// What a person chose for one bank account.
#[derive(Debug, Clone)]
pub struct LinkChoice {
    /// Which bank account.
    pub bank_account: BankAccountId,
    /// What it is linked with.
    pub target: LinkTarget,
    /// From when to import.
    pub import_from: Date,
    /// Whether the bank's signs are turned round; `None` leaves them as they are.
    pub flips_sign: Option<bool>,
    /// The asset that a new account belongs to, and that one which is there must belong to; `None` is none, or whichever.
    pub asset: Option<AssetId>,
}

impl Engine {
    /// What linking a connection's bank accounts offers. `wanted` is the account that the person came from.
    pub async fn link_offer(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        wanted: Option<AccountId>,
    ) -> Result<LinkOffer, EngineError> {
        asker.require(Right::ManageBanks)?;
        let connection = self.store.connection(asker, connection).await?;
        let accounts = self.store.accounts(asker).await?;
        let fed: Vec<AccountId> = self.store.feed_facts(asker).await?.into_iter().map(|facts| facts.account).collect();
        let mut free: Vec<Account> =
            accounts.into_iter().filter(|account| !account.is_closed && !fed.contains(&account.id)).collect();
        let today = self.today_at(&connection);
        let usual = self.descriptor(&connection.provider).map_or(MAX_SUGGESTED_DAYS, |known| known.suggested_days);
        let history = connection.max_history_days.unwrap_or(usual).clamp(1, MAX_SUGGESTED_DAYS);
        let usual_from = today.saturating_sub(Span::new().days(history));
        let resembling = self.resembling(asker, connection.id).await?;
        let mut suggested: Vec<AccountId> = Vec::new();
        let mut offered = Vec::new();
        for bank_account in self.store.bank_accounts(asker, connection.id).await? {
            let balances = self.store.latest_balances(asker, bank_account.id).await?;
            let candidates: Vec<&Account> = free.iter().filter(|account| !suggested.contains(&account.id)).collect();
            let (suggestion, reason) = suggest(&bank_account, &candidates, wanted);
            if let LinkTarget::Existing(account) = &suggestion {
                suggested.push(*account);
            }
            // Where it fed the same account before, it goes on with the same first day.
            let import_from = match (bank_account.fed_before, &suggestion) {
                (Some((account, from)), LinkTarget::Existing(suggested)) if account == *suggested => from,
                _ => usual_from,
            };
            let resembles = match bank_account.feeds {
                None => resembling.get(&bank_account.id).cloned().unwrap_or_default(),
                Some(_) => Vec::new(),
            };
            offered.push(Offered {
                balance: shown_balance(&balances),
                bank_account,
                suggestion,
                reason,
                import_from,
                resembles,
            });
        }
        free.sort_by_cached_key(|account| fold(&account.name));
        Ok(LinkOffer { connection, accounts: offered, free, today })
    }

    /// The bank accounts of a connection that may be one which feeds an account, each with the accounts of all that it may be.
    async fn resembling(
        &self,
        asker: &Asker,
        connection: ConnectionId,
    ) -> Result<BTreeMap<BankAccountId, Vec<AccountId>>, EngineError> {
        let mut found: BTreeMap<BankAccountId, Vec<AccountId>> = BTreeMap::new();
        for (account, from) in self.store.fed_alike(asker, connection).await? {
            let targets = self.store.move_targets(asker, account, from).await?;
            let fits = targets.iter().filter(|target| {
                let standing = target.standing;
                target.connection == connection
                    && target.shares_key
                    && !standing.is_same
                    && standing.obstacle().is_none()
            });
            for target in fits {
                found.entry(target.bank_account).or_default().push(account);
            }
        }
        Ok(found)
    }

    /// Links what was chosen and starts the first sync of it.
    pub async fn link(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        choices: &[LinkChoice],
    ) -> Result<RunId, EngineError> {
        let links = self.checked_links(asker, connection, choices).await?;
        self.keep_links(asker, connection, &links).await
    }

    /// Links what was chosen of several connections and starts the first sync of each. Where one of the choices does not do, nothing
    /// is linked.
    pub async fn link_several(
        &self,
        asker: &Asker,
        chosen: &BTreeMap<ConnectionId, Vec<LinkChoice>>,
    ) -> Result<Vec<RunId>, EngineError> {
        if chosen.is_empty() {
            return Err(nothing_chosen());
        }
        let mut links = Vec::with_capacity(chosen.len());
        for (connection, choices) in chosen {
            links.push((*connection, self.checked_links(asker, *connection, choices).await?));
        }
        let mut runs = Vec::with_capacity(links.len());
        for (connection, links) in links {
            runs.push(self.keep_links(asker, connection, &links).await?);
        }
        Ok(runs)
    }

    async fn keep_links(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        links: &[NewLink],
    ) -> Result<RunId, EngineError> {
        self.store.link(asker, connection, links).await?;
        let run = self.store.enqueue_run(asker, connection, Trigger::Linked).await?;
        self.attend(run);
        self.due.notify_one();
        Ok(run)
    }

    /// What was chosen of one connection, in the bank's order.
    async fn checked_links(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        choices: &[LinkChoice],
    ) -> Result<Vec<NewLink>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let offer = self.link_offer(asker, connection, None).await?;
        let place = |choice: &LinkChoice| {
            offer.accounts.iter().position(|offered| offered.bank_account.id == choice.bank_account)
        };
        let mut choices: Vec<&LinkChoice> = choices.iter().collect();
        // In the bank's order, whatever order the form came in.
        choices.sort_by_key(|choice| place(choice));
        let mut links = Vec::new();
        for choice in choices {
            let place = place(choice).ok_or(EngineError::NotFound("the bank account"))?;
            let offered = &offer.accounts[place];
            if choice.target != LinkTarget::Skip && offered.bank_account.feeds.is_some() {
                return Err(EngineError::Conflict(LINKED_MEANWHILE));
            }
            if choice.import_from > offer.today {
                return Err(EngineError::invalid("import_from", "This day has not come yet."));
            }
            let account = match &choice.target {
                LinkTarget::Skip => continue,
                LinkTarget::Existing(account) => {
                    let is_elsewhere = |of: &&Account| of.id == *account && of.asset != choice.asset;
                    if choice.asset.is_some() && offer.free.iter().any(|of| is_elsewhere(&of)) {
                        return Err(EngineError::invalid("target", "This account does not belong to that asset."));
                    }
                    Ok(*account)
                }
                LinkTarget::New(name) => Err(NewAccount {
                    name: required("name", name, "Give the new account a name.")?,
                    kind: offered.bank_account.kind,
                    currency: offered.bank_account.currency,
                    opening_minor: None,
                    asset: choice.asset,
                }),
            };
            links.push(NewLink {
                bank_account: choice.bank_account,
                account,
                import_from: choice.import_from,
                flips_sign: choice.flips_sign.unwrap_or(offered.bank_account.flips_sign),
            });
        }
        if links.is_empty() {
            return Err(nothing_chosen());
        }
        Ok(links)
    }

    /// Unlinks an account. Its booked rows stay. Pending ones, which nothing will book any more, leave the books; answers with the batch
    /// of that, which can be undone, where there were any.
    pub async fn unlink(&self, asker: &Asker, account: AccountId) -> Result<Option<BatchId>, EngineError> {
        let batch = self.store.unlink(asker, account).await?;
        self.report_progress();
        Ok(batch)
    }

    /// Today in the zone of a connection's bank.
    pub(crate) fn today_at(&self, connection: &Connection) -> Date {
        day_at(connection, self.ambient.now())
    }
}

/// The day of a moment at a connection's bank.
pub(crate) fn day_at(connection: &Connection, at: Timestamp) -> Date {
    let zone = jiff::tz::TimeZone::get(&connection.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).date()
}

fn nothing_chosen() -> EngineError {
    EngineError::invalid("target", "Choose at least one account to link.")
}

/// The balance that people are shown: booked before expected before available.
pub(crate) fn shown_balance(balances: &[KeptBalance]) -> Option<KeptBalance> {
    let now = |kind| {
        balances.iter().find(|balance| {
            balance.stated.kind == kind && balance.stated.moment == bankside_domain::balance::BalanceMoment::Now
        })
    };
    [BalanceKind::Booked, BalanceKind::Expected, BalanceKind::Available].into_iter().find_map(now).cloned()
}

fn suggest(bank_account: &BankAccount, free: &[&Account], wanted: Option<AccountId>) -> (LinkTarget, &'static str) {
    if bank_account.feeds.is_some() {
        return (LinkTarget::Skip, "linked already");
    }
    let fits: Vec<&&Account> = free.iter().filter(|account| account.currency.code == bank_account.currency).collect();
    if let Some(account) = fits.iter().find(|account| Some(account.id) == wanted) {
        return (LinkTarget::Existing(account.id), "the account you came from");
    }
    if let Some((before, _)) = bank_account.fed_before
        && let Some(account) = fits.iter().find(|account| account.id == before)
    {
        return (LinkTarget::Existing(account.id), "it was linked with this one before");
    }
    let name = fold(&bank_account.name);
    let similar = |account: &&&&Account| {
        let other = fold(&account.name);
        !other.is_empty() && (other.contains(&name) || name.contains(&other))
    };
    match fits.iter().find(similar) {
        Some(account) => (LinkTarget::Existing(account.id), "similar name, same currency"),
        None => (LinkTarget::New(new_name(bank_account)), "new account"),
    }
}

fn new_name(bank_account: &BankAccount) -> String {
    match bank_account.kind {
        AccountKind::CreditCard if bank_account.name == "Account" => "Card".to_owned(),
        _ => bank_account.name.clone(),
    }
}
