//! Reconcile: what the rows of one fetch mean for the books of one account.
//!
//! It works on windows, not on rows: the rows that came and the rows that are known are two multisets, and each row is used
//! once. The answer is a [`Plan`] with a reason for every row; nothing is written here.
//!
//! The passes, in order (each only looks at what the earlier ones left over):
//! 1. rows that cannot be read are held back; rows that came twice are taken as one (`repeats`), and what a fetch left over that
//!    broke off gives way to what came whole (`left_over`);
//! 2. a row with the id of a known row *and* agreeing content is that row (`ids`); ids of a kind that is not trusted any more wait
//!    until after the next pass;
//! 3. a row with the content of a known row that this fetch should have shown again, but did not, is that row (`content`);
//! 4. a booked row that fits a pending one settles it (`pending`); then one that fits a row which another connection showed last is
//!    that row in other words (`content`);
//! 5. a row whose id belongs to a row with other content is held back: an id is a claim that content must confirm. Where that
//!    other row came as well, under another id, it is the ids that have moved; and an id that stands on several rows of the books
//!    already, because a person said so or the bank showed them side by side, says nothing;
//! 6. a row that fits one that somebody typed is matched with it, same payee first (`typed`);
//! 7. the rest is new;
//! 8. pending rows that a complete answer no longer shows have vanished; where an account shows booked rows only, all of them leave
//!    the books and wait outside with what people wrote on them, until a complete answer does not show them any more.
//!
//! Of several booked rows that a person said are one, the first speaks (`followers`); of what stands in a locked period nothing changes.
//!
//! Last it is looked at how the bank's ids have fared, from which trust in them is learned (`trust`).
//!
//! What always holds: the order of the rows does not matter, and planning the same window twice changes nothing.

mod assignment;
mod candidates;
mod content;
mod entry;
mod ids;
mod left_over;
mod pending;
mod reason;
mod repeats;
mod trust;
mod typed;
mod window;

#[cfg(test)]
mod tests;

use foldhash::{HashMap, HashSet, HashSetExt as _};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use self::candidates::{Candidate, KnownRows};
pub use self::entry::Entry;
pub use self::reason::{Reason, RowOutcome};
pub use self::trust::{Distrust, IdEvidence};
pub use self::window::Window;
use crate::account::PendingPolicy;
use crate::amount::CurrencyCode;
use crate::id::{BatchId, FeedRowId, FeedRowVersionId, TransactionId};
use crate::row::{MappedRow, Row, RowIdKind, RowStatus};
use crate::run::RowCounts;
use crate::text::fold;

/// A keyed digest of an id or of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

/// A digest of an id, and of which kind the id is.
type IdDigest = (RowIdKind, Digest);

/// Where the only link between a feed row and a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// The feed row stands in the books as this transaction.
    Applied,
    /// A person does not want it there.
    Dismissed,
    /// It waits for a person.
    Quarantined,
    /// It was in the books and the bank has taken it back.
    Superseded,
}

/// A feed row that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which one.
    pub feed_row: FeedRowId,
    /// Digests of its ids.
    pub ids: Vec<(RowIdKind, Digest)>,
    /// Digest of its content.
    pub fingerprint: Digest,
    /// How far the bank had got.
    pub status: RowStatus,
    /// Its amount in minor units; `None` when it could not be read.
    pub minor: Option<i64>,
    /// Its currency; `None` when it could not be read.
    pub currency: Option<CurrencyCode>,
    /// Its day.
    pub day: Option<Date>,
    /// Its counterparty's name, folded, where the bank named one. A text that only stands for a name tells nobody apart.
    pub payee_folded: Option<String>,
    /// Whether this very fetch brought it again, byte for byte, and nothing needs deciding.
    pub seen: bool,
    /// Its claim, if it has one.
    pub claim: Option<(ClaimState, Option<TransactionId>)>,
    /// The batch since which it has stood for its transaction, whether it waited meanwhile or not.
    pub since: Option<BatchId>,
    /// Whether its transaction stands in the books as the bank's. It does not need a claim that holds for that: one whose last change
    /// was undone waits for its next decision. A row that somebody typed and that no bank confirms any more is theirs alone.
    pub is_in_books: bool,
    /// Whether a booked feed row stands for its transaction as well, or did when a person took that out of the books: a person said that
    /// this pending row has settled so. The bank may have booked it after all, and the sync that told so was undone: then it waits, and its
    /// amount is another one than that of the transaction, which no row that stands for one ever has.
    pub is_settled: bool,
    /// Whether its transaction stands in a period that is locked, of whichever account.
    pub is_locked: bool,
    /// The day that a person gave to its transaction, which waits outside the books: on that it will stand there.
    pub day_by_person: Option<Date>,
    /// Whether it is pending and the bank has stopped showing it.
    pub is_vanished: bool,
    /// Whether another connection than the one that feeds the account now was the last to show it. The two may use other words for it.
    pub is_from_elsewhere: bool,
}

impl Known {
    /// Whether it waits for a person.
    fn is_held(&self) -> bool {
        matches!(self.claim, Some((ClaimState::Quarantined, _)))
    }
}

/// A row that the fetch brought and that no plan has dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The stored version.
    pub version: FeedRowVersionId,
    /// Its feed row, when it came back byte for byte but does not stand in the books now: its batch was undone, or it is a
    /// pending row that had vanished. Such a row is not marked [`Known::seen`].
    pub known_as: Option<FeedRowId>,
    /// Whether an earlier fetch brought it, which broke off before anything was decided, and this one has not.
    pub is_left_over: bool,
    /// What it says.
    pub row: MappedRow,
    /// Digests of its ids.
    pub ids: Vec<(RowIdKind, Digest)>,
    /// Digest of its content.
    pub fingerprint: Digest,
}

/// A transaction that somebody typed and that no feed row claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// Which one.
    pub transaction: TransactionId,
    /// Its amount in minor units.
    pub minor: i64,
    /// Its day in the books.
    pub dated_on: Date,
    /// Its payee, folded.
    pub payee_folded: Option<String>,
}

/// For which days an answer is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// First day; `None` is "as far back as there is".
    pub from: Option<Date>,
    /// Last day; `None` is "up to now".
    pub to: Option<Date>,
}

impl Coverage {
    fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// What the account and the fetch say about how to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The account's currency; rows in another one are held back.
    pub currency: CurrencyCode,
    /// Rows before this day stay out of the books.
    pub start_on: Option<Date>,
    /// From this day on the opening balance is followed by rows; an older row that comes in moves it.
    pub history_from: Option<Date>,
    /// Nothing may be added up to and including this day.
    pub locked_through: Option<Date>,
    /// What to do with pending rows.
    pub pending: PendingPolicy,
    /// The day for a row without any date: the day of the fetch at the institution.
    pub fallback_day: Date,
    /// For which booked rows the answer is complete; `None` when it broke off.
    pub booked_coverage: Option<Coverage>,
    /// Whether the answer showed the whole set of pending rows.
    pub pending_complete: bool,
    /// Kinds of ids that have lost their trust at this institution.
    pub distrusted: Vec<RowIdKind>,
}

impl Policy {
    /// The last locked day, if a day is not after it.
    fn lock_on(&self, day: Date) -> Option<Date> {
        self.locked_through.filter(|through| day <= *through)
    }
}

/// Everything that a plan is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Known feed rows of the window, and those that share an id with an arrived one.
    pub known: Vec<Known>,
    /// What came.
    pub arrived: Vec<Arrived>,
    /// Typed transactions near the window.
    pub typed: Vec<Typed>,
    /// How to plan.
    pub policy: Policy,
}

/// What to do with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It comes into the books as a new transaction.
    Add(Entry),
    /// It is the row that somebody typed.
    Match(TransactionId, Entry),
    /// It is a known row with new content; the provider's layer follows.
    Update(TransactionId, Entry),
    /// It is a pending row that is booked now; what people wrote stays.
    Settle(TransactionId, Entry),
    /// The books stay as they are.
    Leave,
    /// It waits for a person.
    Hold,
}

/// The decision about one arrived row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The row.
    pub version: FeedRowVersionId,
    /// The feed row that it is; `None` makes a new one.
    pub feed_row: Option<FeedRowId>,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// A pending row that leaves the books, or that was held back and waits for nobody any more: the bank no longer shows it, or the
/// account shows booked rows only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vanished {
    /// Which one.
    pub feed_row: FeedRowId,
    /// Its transaction, where it stood in the books.
    pub transaction: Option<TransactionId>,
}

/// An arrived row that needs no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The row.
    pub version: FeedRowVersionId,
    /// Which row it is once more, if it is one.
    pub of: Option<SameAs>,
    /// Why.
    pub reason: Reason,
}

/// Which row came once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameAs {
    /// One that was known.
    Known(FeedRowId),
    /// One that came with the same answer, by its version.
    Arrived(FeedRowVersionId),
}

/// The answer of [`plan`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One decision for each arrived row that is not set aside.
    pub decisions: Vec<Decision>,
    /// Rows that are not rows of their own; the books do not care for them.
    pub set_aside: Vec<SetAside>,
    /// Pending rows to take out of the books; they stay in the history.
    pub vanished: Vec<Vanished>,
    /// Pending rows that waited outside the books and are shown no more: what somebody wrote on one may belong to a booked row now.
    pub lapsed: Vec<FeedRowId>,
    /// What the answer shows about the institution's ids.
    pub evidence: Vec<(RowIdKind, IdEvidence)>,
}

impl Plan {
    /// What the plan does, counted. `seen_again` is the number of rows that came back byte for byte.
    pub fn counts(&self, seen_again: i64) -> RowCounts {
        let mut counts = RowCounts { left_alone: seen_again, ..RowCounts::default() };
        for decision in &self.decisions {
            *match decision.action {
                Action::Add(_) => &mut counts.added,
                Action::Match(..) => &mut counts.matched,
                Action::Update(..) => &mut counts.updated,
                Action::Settle(..) => &mut counts.settled,
                Action::Leave => &mut counts.left_alone,
                Action::Hold => &mut counts.held_back,
            } += 1;
        }
        let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
        counts.left_alone += count(self.set_aside.len());
        counts.vanished = count(self.vanished.len());
        counts.received = seen_again + count(self.decisions.len() + self.set_aside.len());
        counts
    }
}

/// Decides about every arrived row, and about pending rows that did not come back.
pub fn plan(snapshot: &Snapshot) -> Plan {
    let policy = &snapshot.policy;
    let mut plan = Plan::default();
    let mut candidates = Vec::with_capacity(snapshot.arrived.len());
    for arrived in &snapshot.arrived {
        match readable(arrived, policy) {
            // Nothing is recognised by it, nothing is settled by it, and it is none of the movements.
            Ok(candidate) if candidate.row.is_placeholder => plan.decisions.push(Decision {
                action: Action::Leave,
                ..hold(arrived, arrived.known_as, Reason::PlaceholderStaysOut)
            }),
            Ok(candidate) => candidates.push(candidate),
            Err(reason) => plan.decisions.push(hold(arrived, arrived.known_as, reason)),
        }
    }

    let mut known = KnownRows::new(&snapshot.known, &candidates);
    // As they came: of equal rows the first is the one that will be found again by its bytes.
    plan.set_aside = repeats::take_out(&mut candidates, &known, policy);
    plan.set_aside.extend(left_over::take_out(&mut candidates, &known, policy));
    candidates.sort_by(|a, b| order(a).cmp(&order(b)));
    recognise_returned(&mut candidates, &mut known);
    let (distrusted, trusted): (Vec<_>, Vec<_>) =
        RowIdKind::LADDER.into_iter().partition(|kind| policy.distrusted.contains(kind));
    ids::recognise(&mut candidates, &mut known, policy, &trusted);
    content::recognise(&mut candidates, &mut known, policy);
    ids::recognise(&mut candidates, &mut known, policy, &distrusted);
    pending::settle(&mut candidates, &mut known);
    content::recognise_from_elsewhere(&mut candidates, &mut known, policy);
    ids::forgive(&mut candidates, &known, policy);

    let followers = followers(&candidates, &snapshot.known);
    let mut open = Vec::new();
    for candidate in &candidates {
        match decide_known(candidate, policy, &followers) {
            Some(decision) => plan.decisions.push(decision),
            None => open.push(candidate),
        }
    }
    typed::decide(&open, snapshot, &mut plan);
    plan.vanished = pending::vanished(&candidates, &known, policy);
    plan.lapsed = pending::lapsed(&known, policy);
    plan.evidence = trust::evidence(&candidates, &known, &ids::ambiguous(&candidates, &known));
    plan
}

fn readable<'a>(arrived: &'a Arrived, policy: &Policy) -> Result<Candidate<'a>, Reason> {
    let row = match &arrived.row {
        MappedRow::Readable(row) => row,
        MappedRow::Unreadable { why } => return Err(Reason::Unreadable { why: why.clone() }),
    };
    if row.amount.currency.code != policy.currency {
        return Err(Reason::OtherCurrency { currency: row.amount.currency.code });
    }
    let day = row.day().unwrap_or(policy.fallback_day);
    Ok(Candidate { arrived, row, day, same: None, clash: None })
}

/// Rows that came back byte for byte are who they were. Where one row was told under several ids over time, and two of these come in one
/// answer, they are two rows by now: one of them is who it was, and the other is looked at as any further one. Under one id it has come
/// twice.
fn recognise_returned<'a>(candidates: &mut [Candidate<'a>], known: &mut KnownRows<'a>) {
    if candidates.iter().all(|candidate| candidate.arrived.known_as.is_none()) {
        return;
    }
    let positions: HashMap<FeedRowId, usize> = known.free().map(|(index, row)| (row.feed_row, index)).collect();
    let mut came_under: HashMap<FeedRowId, &[IdDigest]> = HashMap::default();
    for candidate in candidates {
        let Some(feed_row) = candidate.arrived.known_as else { continue };
        let Some(index) = positions.get(&feed_row) else { continue };
        if *came_under.entry(feed_row).or_insert(&candidate.arrived.ids) == candidate.arrived.ids {
            candidate.same = Some((known.take(*index), Reason::CameBack));
        }
    }
}

/// An order that depends on the rows alone, so that it does not matter how they came. Booked rows go first.
fn order<'a>(candidate: &'a Candidate<'_>) -> (bool, Date, i64, Digest, &'a [(RowIdKind, Digest)], FeedRowVersionId) {
    (
        candidate.row.status != RowStatus::Booked,
        candidate.day,
        candidate.row.amount.minor,
        candidate.arrived.fingerprint,
        &candidate.arrived.ids,
        candidate.arrived.version,
    )
}

/// The booked rows that a person said are the same as another booked one: that one stood for their transaction before them, and it is what
/// that one says which stands in the books. Otherwise the last of the two that the bank tells anew would have its day and its text there.
fn followers(candidates: &[Candidate<'_>], known: &[Known]) -> HashSet<FeedRowId> {
    // A claim that waits for its next decision stands for a row of the books as well.
    fn booked(known: &Known) -> Option<TransactionId> {
        match known.claim {
            Some((ClaimState::Applied | ClaimState::Superseded, transaction))
                if known.is_in_books && known.status == RowStatus::Booked =>
            {
                transaction
            }
            _ => None,
        }
    }
    let told_anew = candidates.iter().filter_map(|candidate| candidate.same.as_ref());
    let mut leaders: HashMap<TransactionId, Option<&Known>> =
        told_anew.filter_map(|(known, _)| Some((booked(known)?, None))).collect();
    if leaders.is_empty() {
        return HashSet::new();
    }
    let rank = |known: &Known| (known.since, known.feed_row);
    let mut followers = HashSet::new();
    for known in known {
        let Some(leader) = booked(known).and_then(|transaction| leaders.get_mut(&transaction)) else { continue };
        let follower = match leader {
            Some(first) if rank(first) <= rank(known) => Some(known),
            _ => leader.replace(known),
        };
        followers.extend(follower.map(|known| known.feed_row));
    }
    followers
}

/// The decision about a row that was recognised or that clashes; `None` leaves it to the last passes.
fn decide_known(candidate: &Candidate<'_>, policy: &Policy, followers: &HashSet<FeedRowId>) -> Option<Decision> {
    // What waits outside the books anyway asks nobody about its id.
    let clash = candidate.clash.as_ref().filter(|_| !pending::stays_out(candidate.row.status, policy));
    let Some((known, reason)) = &candidate.same else {
        let hold = |kind| hold(candidate.arrived, candidate.arrived.known_as, Reason::IdDisagrees { kind });
        return clash.map(|(kind, _)| hold(*kind));
    };
    let decision = |action, reason| Decision {
        version: candidate.arrived.version,
        feed_row: Some(known.feed_row),
        action,
        reason,
    };
    match known.claim? {
        // Another text settles no doubt about its id.
        (ClaimState::Quarantined, _) => {
            clash.map(|(kind, _)| hold(candidate.arrived, Some(known.feed_row), Reason::IdDisagrees { kind: *kind }))
        }
        // One that is booked after all is another row than the one that a person took it for.
        _ if known.is_settled && candidate.row.status == RowStatus::Booked => None,
        _ if known.is_settled => Some(decision(Action::Leave, Reason::StaysSettled)),
        (ClaimState::Dismissed, _) => Some(decision(Action::Leave, Reason::StaysDismissed)),
        (_, Some(_)) if known.is_locked => Some(decision(Action::Leave, Reason::StaysLocked)),
        (_, Some(_)) if followers.contains(&known.feed_row) => Some(decision(Action::Leave, Reason::StaysMerged)),
        // Its transaction waits outside the books, with what people wrote on it, until the row is booked.
        (ClaimState::Applied | ClaimState::Superseded, Some(_)) if pending::stays_out(candidate.row.status, policy) => {
            Some(decision(Action::Leave, Reason::PendingStaysOut))
        }
        (ClaimState::Applied | ClaimState::Superseded, Some(transaction)) => {
            let mut entry = entry(candidate, policy);
            // One that stands outside the books does not come into a period that is locked, whatever it was before.
            let stands_on = known.day_by_person.unwrap_or(entry.dated_on);
            if let Some(through) = policy.lock_on(stands_on).filter(|_| !known.is_in_books) {
                return Some(hold(candidate.arrived, Some(known.feed_row), Reason::PeriodLocked { through }));
            }
            // A row does not move into a period that is locked; the day on which it is booked is kept beside.
            if policy.lock_on(entry.dated_on).is_some()
                && let Some(day) = known.day.filter(|day| policy.lock_on(*day).is_none())
            {
                entry.dated_on = day;
            }
            let settles = known.status != RowStatus::Booked && candidate.row.status == RowStatus::Booked;
            let action = if settles { Action::Settle(transaction, entry) } else { Action::Update(transaction, entry) };
            Some(decision(action, reason.clone()))
        }
        // What was held back, or has lost its transaction, is decided anew.
        _ => None,
    }
}

fn hold(arrived: &Arrived, feed_row: Option<FeedRowId>, reason: Reason) -> Decision {
    Decision { version: arrived.version, feed_row, action: Action::Hold, reason }
}

/// The row as it will stand in the books.
fn entry(candidate: &Candidate<'_>, policy: &Policy) -> Entry {
    Entry::of(candidate.row, candidate.day, policy.history_from)
}

/// Whole days between two dates, whichever is first.
fn days_apart(a: Date, b: Date) -> i64 {
    i64::from((b - a).get_days().abs())
}

fn payee_folded(row: &Row) -> Option<String> {
    row.counterparty.name.as_deref().map(fold).filter(|name| !name.is_empty())
}
