//! Moving the feed of an account to another connection: what can be chosen, what the new feed shows beside the books, and the move.
//!
//! Until it is carried out nothing of it touches the books, and carrying it out is one transaction.

mod comparing;
mod fetching;

use std::collections::{HashMap, hash_map};

use bankside_domain::fault::FaultRecord;
use bankside_domain::moving::{CutOver, FirstSync, Likeness, MoveStage, Obstacle};
use bankside_domain::reconcile::Entry;
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BankAccountId, ConnectionId, Currency, MoveId, Right, RunId};
use bankside_store::{BankAccount, Connection, FeedMove, KeptBalance, MoveTarget, NewMove, StoreError, TakeOver};
use bankside_vault::{Place, Sealed};
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};

use crate::accounts::AccountView;
use crate::linking::shown_balance;
use crate::{Engine, EngineError};

/// How far back a new feed is compared with the books.
const COMPARED_DAYS: i64 = 90;
/// An open move that nobody goes on with ends after so long, and what was fetched for it goes.
const IDLE_FOR: SignedDuration = SignedDuration::from_hours(72);
/// The books or the feed are not any more what somebody has looked at.
const LOOK_AGAIN: EngineError =
    EngineError::Conflict("something has changed since you looked; look at the comparison again");

/// One end of a move: a bank account, as a connection shows it.
#[derive(Debug, Clone)]
pub struct FeedEnd {
    /// The connection.
    pub connection: Connection,
    /// The bank account.
    pub bank_account: BankAccount,
    /// Its balance as last stated, as it is booked; none beside a candidate that cannot be chosen.
    pub balance: Option<KeptBalance>,
}

/// A bank account that may feed an account from now on.
#[derive(Debug, Clone)]
pub struct MoveCandidate {
    /// It.
    pub end: FeedEnd,
    /// What speaks for it.
    pub likeness: Likeness,
    /// What keeps it from feeding the account, if something does.
    pub obstacle: Option<Obstacle>,
    /// Whether it is the one that is suggested.
    pub is_suggested: bool,
}

/// What moving an account's feed offers.
#[derive(Debug, Clone)]
pub struct MoveOffer {
    /// The account.
    pub account: AccountView,
    /// What feeds it now.
    pub from: FeedEnd,
    /// What may feed it from now on, the likeliest first.
    pub candidates: Vec<MoveCandidate>,
}

/// A move of an account's feed, as it stands.
#[derive(Debug, Clone)]
pub struct MoveView {
    /// Which one.
    pub id: MoveId,
    /// The account.
    pub account: AccountView,
    /// What feeds it now.
    pub from: FeedEnd,
    /// What is to feed it.
    pub to: FeedEnd,
    /// When this last changed.
    pub changed_at: Timestamp,
    /// What there is to see.
    pub page: MovePage,
}

/// What there is to see of a move.
#[derive(Debug, Clone)]
pub enum MovePage {
    /// What the new feed shows is being fetched.
    Fetching {
        /// How many rows have come so far.
        rows: i64,
    },
    /// It could not be fetched.
    Failed {
        /// Why.
        fault: FaultRecord,
    },
    /// It is here, and cannot take over as things stand.
    Blocked {
        /// Why, as a sentence without its full stop.
        why: &'static str,
    },
    /// It is here.
    Ready(Box<Comparison>),
}

/// A row that only one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRow {
    /// Its day.
    pub dated_on: Date,
    /// Whom it was with.
    pub payee: Option<String>,
    /// What it was for.
    pub note: Option<String>,
    /// Minor units.
    pub minor: i64,
    /// How far the bank has got.
    pub status: RowStatus,
}

impl MoveRow {
    /// A row as it would stand in the books.
    pub fn of(entry: &Entry) -> Self {
        Self {
            dated_on: entry.dated_on,
            payee: entry.payee.clone(),
            note: entry.note.clone(),
            minor: entry.minor,
            status: entry.status,
        }
    }
}

/// Rows that only one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneSided {
    /// The latest of them, the latest first.
    pub rows: Vec<MoveRow>,
    /// How many there are.
    pub total: usize,
}

impl OneSided {
    fn of(mut rows: Vec<MoveRow>, most: usize) -> Self {
        let total = rows.len();
        rows.sort_by(|a, b| b.dated_on.cmp(&a.dated_on).then(a.minor.cmp(&b.minor)));
        rows.truncate(most);
        Self { rows, total }
    }
}

/// What a new feed shows beside the books, and what it would do.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The first day that both cover.
    pub from: Date,
    /// How many rows both have.
    pub same: usize,
    /// Rows that only the new feed has.
    pub only_there: OneSided,
    /// Booked rows that only the books have.
    pub only_here: OneSided,
    /// By how many days most of the common rows are dated later in the new feed.
    pub shifted_days: Option<i64>,
    /// Whether the rows fit once the signs are turned round, and do not as they are. Such a feed cannot take over.
    pub signs_look_turned: bool,
    /// Whether the answer has everything that was asked for.
    pub is_whole: bool,
    /// The balance that the new feed states, as it would be booked.
    pub balance: Option<KeptBalance>,
    /// The days on which it can take over.
    pub days: CutOver,
    /// The day that was looked at.
    pub cut_over: Date,
    /// What the first sync would do, were it to take over on that day.
    pub first_sync: FirstSync,
    /// The account's currency.
    pub currency: Currency,
    /// The revision of the account that was looked at.
    pub revision: i64,
}

/// What a person has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveDecision {
    /// The move that they looked at.
    pub id: MoveId,
    /// The first day that comes from the new feed.
    pub cut_over: Date,
    /// The revision of the account that they looked at.
    pub revision: i64,
}

impl Engine {
    /// What may feed an account from now on.
    pub async fn move_offer(&self, asker: &Asker, account: AccountId) -> Result<MoveOffer, EngineError> {
        asker.require(Right::ManageBanks)?;
        let account = self.account(asker, account).await?;
        let (connection, bank_account) = self.behind(asker, &account).await?;
        let mut candidates = Vec::new();
        // What one connection shows is read once, however many bank accounts it shows: there may be hundreds.
        let mut shown: HashMap<ConnectionId, (Connection, Vec<BankAccount>)> = HashMap::new();
        for target in self.store.move_targets(asker, account.account.id, bank_account.id).await? {
            let (connection, accounts) = match shown.entry(target.connection) {
                hash_map::Entry::Occupied(there) => there.into_mut(),
                hash_map::Entry::Vacant(free) => free.insert((
                    self.store.connection(asker, target.connection).await?,
                    self.store.bank_accounts(asker, target.connection).await?,
                )),
            };
            // It went between the two readings.
            let Some(it) = accounts.iter().find(|one| one.id == target.bank_account) else { continue };
            let end = match target.standing.obstacle() {
                Some(_) => FeedEnd { connection: connection.clone(), bank_account: it.clone(), balance: None },
                None => self.with_balance(asker, connection.clone(), it.clone()).await?,
            };
            let likeness = likeness(&target, &end.bank_account, &bank_account);
            candidates.push(MoveCandidate { end, likeness, obstacle: target.standing.obstacle(), is_suggested: false });
        }
        candidates.sort_by_key(|one| (one.obstacle.is_some(), one.likeness, fold(&one.end.connection.name)));
        suggest(&mut candidates);
        let from = self.with_balance(asker, connection, bank_account).await?;
        Ok(MoveOffer { account, from, candidates })
    }

    /// Begins to move the feed of an account: what the bank account shows through the connection is fetched, beside the books.
    pub async fn begin_move(
        &self,
        asker: &Asker,
        account: AccountId,
        connection: ConnectionId,
        bank_account: BankAccountId,
    ) -> Result<MoveId, EngineError> {
        let offer = self.move_offer(asker, account).await?;
        let chosen =
            |one: &&MoveCandidate| one.end.connection.id == connection && one.end.bank_account.id == bank_account;
        let chosen = offer.candidates.iter().find(chosen).ok_or(EngineError::NotFound("the bank account"))?;
        if let Some(obstacle) = chosen.obstacle {
            return Err(EngineError::Conflict(obstacle.in_words()));
        }
        let given = chosen.end.connection.max_history_days.unwrap_or(COMPARED_DAYS).clamp(1, COMPARED_DAYS);
        let id: MoveId = self.ambient.id();
        let (_, data_key) = self.vault.new_data_key(Place::of(asker.organization, id, "move"), &self.ambient);
        let asked_from = self.today_at(&chosen.end.connection).saturating_sub(Span::new().days(given));
        self.store.begin_move(asker, &NewMove { id, account, bank_account, connection, asked_from, data_key }).await?;
        self.due.notify_one();
        Ok(id)
    }

    /// The move of an account's feed that is open, and what would come of it on a day, or on the day that is suggested.
    pub async fn feed_move(
        &self,
        asker: &Asker,
        account: AccountId,
        cut_over: Option<Date>,
    ) -> Result<Option<MoveView>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let account = self.account(asker, account).await?;
        let Some(of) = self.store.open_move(asker, account.account.id).await? else { return Ok(None) };
        let (connection, bank_account) = self.behind(asker, &account).await?;
        let from = self.with_balance(asker, connection, bank_account).await?;
        let to = match self.feed_end(asker, of.connection, of.bank_account).await {
            // It was unsynced, or is not shown any more: there is nothing to move to.
            Err(EngineError::NotFound(_)) => {
                self.store.abandon_move(asker, of.account).await?;
                return Ok(None);
            }
            end => end?,
        };
        let page = match (of.stage, of.fault.clone()) {
            (MoveStage::Fetching, _) => MovePage::Fetching { rows: of.rows_received },
            (MoveStage::Failed, Some(fault)) => MovePage::Failed { fault },
            _ => match self.compare(asker, &of, (&from.bank_account, &to), cut_over).await {
                Ok(comparison) => MovePage::Ready(Box::new(comparison)),
                Err(EngineError::Conflict(why)) => MovePage::Blocked { why },
                Err(EngineError::NotFound(_)) => MovePage::Blocked { why: "the connection does not show it any more" },
                Err(error) => return Err(error),
            },
        };
        Ok(Some(MoveView { id: of.id, account, from, to, changed_at: of.changed_at, page }))
    }

    /// Moves the feed of an account, and starts the sync that follows. Nothing is written where the books or the feed have changed since
    /// the person looked.
    pub async fn commit_move(
        &self,
        asker: &Asker,
        account: AccountId,
        decision: MoveDecision,
    ) -> Result<RunId, EngineError> {
        asker.require(Right::ManageBanks)?;
        let account = self.account(asker, account).await?;
        let of = self.store.open_move(asker, account.account.id).await?;
        let of = of.ok_or(EngineError::NotFound("a move of this account's feed"))?;
        if of.id != decision.id || of.stage != MoveStage::Ready {
            return Err(LOOK_AGAIN);
        }
        let (_, from) = self.behind(asker, &account).await?;
        let to = self.feed_end(asker, of.connection, of.bank_account).await?;
        let comparison = self.compare(asker, &of, (&from, &to), Some(decision.cut_over)).await?;
        if comparison.signs_look_turned {
            return Err(EngineError::Conflict(
                "the new feed has its signs the other way round: every row would be doubled",
            ));
        }
        let (import_from, revision) = (decision.cut_over, decision.revision);
        let take_over = TakeOver { of: &of, import_from, revision, details: self.number_for(asker, &of).await? };
        let run = self.store.take_over(asker, &take_over).await.map_err(looked_at_something_else)?;
        self.due.notify_one();
        self.report_progress();
        Ok(run)
    }

    /// Gives the open move of an account's feed up. It is fed as before.
    pub async fn abandon_move(&self, asker: &Asker, account: AccountId) -> Result<(), EngineError> {
        Ok(self.store.abandon_move(asker, account).await?)
    }

    /// Ends moves that nobody has gone on with for days.
    pub async fn tidy_moves(&self) -> Result<(), EngineError> {
        self.store.abandon_moves_as_system(self.ambient.now() - IDLE_FOR).await?;
        Ok(())
    }

    /// A bank account as a connection shows it.
    async fn feed_end(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        bank_account: BankAccountId,
    ) -> Result<FeedEnd, EngineError> {
        let connection = self.store.connection(asker, connection).await?;
        let shown = self.store.bank_accounts(asker, connection.id).await?;
        let bank_account = shown.into_iter().find(|one| one.id == bank_account);
        self.with_balance(asker, connection, bank_account.ok_or(EngineError::NotFound("the bank account"))?).await
    }

    async fn with_balance(
        &self,
        asker: &Asker,
        connection: Connection,
        bank_account: BankAccount,
    ) -> Result<FeedEnd, EngineError> {
        let balance = shown_balance(&self.store.latest_balances(asker, bank_account.id).await?);
        Ok(FeedEnd { connection, bank_account, balance })
    }

    /// The number of a bank account that goes, sealed anew to the one that stays; `None` where the two are one.
    async fn number_for(&self, asker: &Asker, of: &FeedMove) -> Result<Option<Sealed>, EngineError> {
        if of.bank_account == of.from_bank_account {
            return Ok(None);
        }
        let place = |id| Place::of(asker.organization, id, "bank-account");
        let (goes, details) = self.store.bank_account_details(asker, of.bank_account).await?;
        let (stays, _) = self.store.bank_account_details(asker, of.from_bank_account).await?;
        let details = self.vault.data_key(&goes, place(of.bank_account))?.open(place(of.bank_account), &details)?;
        let stays_at = place(of.from_bank_account);
        Ok(Some(self.vault.data_key(&stays, stays_at)?.seal(stays_at, &details, &self.ambient)))
    }
}

fn looked_at_something_else(error: StoreError) -> EngineError {
    match error {
        StoreError::Stale => LOOK_AGAIN,
        error => error.into(),
    }
}

fn likeness(target: &MoveTarget, bank_account: &BankAccount, from: &BankAccount) -> Likeness {
    let same_text = |a: &Option<String>, b: &Option<String>| {
        a.as_deref().zip(b.as_deref()).is_some_and(|(a, b)| fold(a) == fold(b) && !fold(a).is_empty())
    };
    let same_bank = fold(&bank_account.institution_name) == fold(&from.institution_name);
    // Two providers have keys of their own for one bank, so that a weak key says nothing across them.
    let alike = same_bank
        && same_text(&bank_account.holder, &from.holder)
        && last_digits(bank_account).is_some_and(|digits| Some(digits) == last_digits(from));
    if target.standing.is_same {
        Likeness::Same
    } else if target.shares_key || alike {
        Likeness::Similar
    } else if same_bank {
        Likeness::SameBank
    } else {
        Likeness::Other
    }
}

/// The last digits of a number, as far as a mask shows them.
fn last_digits(bank_account: &BankAccount) -> Option<String> {
    let number = bank_account.masked_number.as_deref()?;
    let digits: String = number.chars().rev().filter(char::is_ascii_digit).take(4).collect();
    (digits.len() == 4).then_some(digits)
}

/// Suggests the one that is likely, where only one is.
fn suggest(candidates: &mut [MoveCandidate]) {
    let likely = |one: &MoveCandidate, likeness| one.obstacle.is_none() && one.likeness == likeness;
    for likeness in [Likeness::Same, Likeness::Similar] {
        let fits = candidates.iter().filter(|one| likely(one, likeness)).count();
        if fits == 0 {
            continue;
        }
        if fits == 1 {
            for one in candidates.iter_mut() {
                one.is_suggested = likely(one, likeness);
            }
        }
        return;
    }
}
