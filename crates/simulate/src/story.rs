//! Stories: what happens, step by step. A step means something in any story, so that any of them can be left out.

use std::fmt;
use std::time::{Duration, Instant};

use bankside_domain::account::PendingPolicy;
use bankside_domain::suspicion::HeldChoice;

use crate::bank::{ACCOUNTS, PAYEES};
use crate::tally::Event;

/// What a person does to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Payee(usize),
    Note,
    BlankNote,
    /// So many days later.
    Day(i64),
    Amount,
    Split,
    Tick,
    Move,
    Delete,
}

impl Work {
    /// What it is counted as.
    pub(crate) fn event(self) -> Event {
        match self {
            Self::Payee(_) => Event::Renamed,
            Self::Note => Event::Noted,
            Self::BlankNote => Event::NoteBlanked,
            Self::Day(_) => Event::Redated,
            Self::Amount => Event::AmountChanged,
            Self::Split => Event::Split,
            Self::Tick => Event::Ticked,
            Self::Move => Event::Moved,
            Self::Delete => Event::Deleted,
        }
    }
}

/// One step of a story. `nth` counts what there is, round and round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The bank books something, some days late perhaps.
    Book { account: usize, late_days: i64, amount: usize, payee: usize },
    /// The latest booked row happens once more.
    Twin { account: usize },
    /// Something is on its way.
    Hold { account: usize, payee: usize },
    /// What is on its way is booked.
    Settle { nth: usize, is_renamed: bool },
    /// It is booked with a tip, and shown for some more time as pending perhaps.
    SettleWithTip { nth: usize, lingers: bool },
    /// It was nothing after all.
    DropPending { nth: usize },
    /// The bank deletes a row and makes it anew under another id.
    MakeAnew { account: usize, nth: usize },
    /// The bank gives a booked row another text.
    Amend { account: usize, nth: usize },
    /// The bank does not show a booked row any more.
    Withdraw { account: usize, nth: usize },
    /// The bank shows so many days from now on, fewer than before or more.
    Window { days: i64 },
    /// Days go by.
    Days(i64),
    /// A sync.
    Sync { repeats_pages: bool, breaks_off: Option<usize>, kill_at: Option<u16> },
    /// Access is renewed.
    Renew { kill_at: Option<u16> },
    /// A person changes a row.
    Change { nth: usize, work: Work, kill_at: Option<u16> },
    /// A person writes a note on a pending row.
    Jot { nth: usize },
    /// A person types a row, which the bank books some time later perhaps.
    Type { account: usize, payee: usize, is_booked: bool, kill_at: Option<u16> },
    /// A person locks an account up to so many days ago, or takes the lock off.
    Lock { account: usize, days_ago: Option<i64>, kill_at: Option<u16> },
    /// A person wants something else done with pending rows.
    Policy { account: usize, policy: PendingPolicy, kill_at: Option<u16> },
    /// A person turns the sign of a bank account.
    Turn { account: usize, kill_at: Option<u16> },
    /// A person decides about a row that was held back.
    Decide { nth: usize, choice: HeldChoice, kill_at: Option<u16> },
    /// A person says whether two rows that may be one are, or whether a row takes over what stood on one that went.
    Pair { nth: usize, is_one: bool, kill_at: Option<u16> },
    /// A person takes the latest back, and does it again perhaps.
    Undo { and_redo: bool, kill_at: Option<u16> },
}

const POLICIES: [PendingPolicy; 3] = [PendingPolicy::BookedOnly, PendingPolicy::Shown, PendingPolicy::Counted];
const CHOICES: [HeldChoice; 2] = [HeldChoice::NewRow, HeldChoice::LeaveOut];
/// How many days a bank may come to show: never fewer than those within which it books.
const WINDOWS: [i64; 6] = [6, 9, 14, 30, 90, 400];
/// A verb of a person asks for the time or for randomness about so often.
const MOMENTS: u16 = 16;

#[cfg(test)]
impl Step {
    /// The same with nothing killed in it.
    pub(crate) fn without_kill(mut self) -> Self {
        match &mut self {
            Self::Sync { kill_at, .. }
            | Self::Renew { kill_at }
            | Self::Change { kill_at, .. }
            | Self::Type { kill_at, .. }
            | Self::Lock { kill_at, .. }
            | Self::Policy { kill_at, .. }
            | Self::Turn { kill_at, .. }
            | Self::Decide { kill_at, .. }
            | Self::Pair { kill_at, .. }
            | Self::Undo { kill_at, .. } => *kill_at = None,
            _ => {}
        }
        self
    }
}

/// The story of a seed.
pub(crate) fn story(seed: u64, steps: usize) -> Vec<Step> {
    let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 7);
    (0..steps).map(|_| step(&mut dice)).collect()
}

fn step(dice: &mut fastrand::Rng) -> Step {
    let account = dice.usize(0..ACCOUNTS);
    let payee = dice.usize(0..PAYEES.len());
    let nth = dice.usize(0..64);
    let killed = |dice: &mut fastrand::Rng, within: u16| (dice.u8(0..8) == 0).then(|| dice.u16(0..within));
    match dice.u8(0..104) {
        0..=15 => Step::Book { account, late_days: dice.i64(0..6), amount: dice.usize(0..5), payee },
        16..=20 => Step::Twin { account },
        21..=26 => Step::Hold { account, payee },
        27..=30 => Step::Settle { nth, is_renamed: dice.bool() },
        31..=32 => Step::SettleWithTip { nth, lingers: dice.bool() },
        33..=34 => Step::DropPending { nth },
        35..=37 => Step::MakeAnew { account, nth },
        38..=39 => Step::Amend { account, nth },
        40 => Step::Withdraw { account, nth },
        41..=48 => Step::Days(dice.i64(1..4)),
        49..=66 => Step::Sync {
            repeats_pages: dice.u8(0..4) == 0,
            breaks_off: (dice.u8(0..8) == 0).then_some(account),
            kill_at: killed(dice, 200),
        },
        67..=68 => Step::Renew { kill_at: killed(dice, 40) },
        69..=79 => Step::Change { nth, work: work(dice), kill_at: killed(dice, MOMENTS) },
        80..=82 => Step::Type { account, payee, is_booked: dice.bool(), kill_at: killed(dice, MOMENTS) },
        83..=84 => Step::Lock { account, days_ago: Some(dice.i64(0..4)), kill_at: killed(dice, MOMENTS) },
        85..=86 => Step::Lock { account, days_ago: None, kill_at: killed(dice, MOMENTS) },
        87 => {
            let policy = dice.choice(POLICIES).unwrap_or(PendingPolicy::Shown);
            Step::Policy { account, policy, kill_at: killed(dice, MOMENTS) }
        }
        88 => Step::Turn { account, kill_at: killed(dice, MOMENTS) },
        89..=90 => {
            let choice = dice.choice(CHOICES).unwrap_or(HeldChoice::NewRow);
            Step::Decide { nth, choice, kill_at: killed(dice, MOMENTS) }
        }
        91..=93 => Step::Pair { nth, is_one: dice.u8(0..3) > 0, kill_at: killed(dice, MOMENTS) },
        94..=99 => Step::Undo { and_redo: dice.bool(), kill_at: killed(dice, MOMENTS) },
        100..=101 => Step::Jot { nth },
        _ => Step::Window { days: dice.choice(WINDOWS).unwrap_or(90) },
    }
}

fn work(dice: &mut fastrand::Rng) -> Work {
    match dice.u8(0..12) {
        0..=1 => Work::Payee(dice.usize(0..PAYEES.len())),
        2 => Work::Note,
        3 => Work::BlankNote,
        4 => Work::Day(dice.i64(-4..5)),
        5 => Work::Amount,
        6 => Work::Split,
        7 => Work::Tick,
        8 => Work::Move,
        _ => Work::Delete,
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let killed =
            |kill_at: &Option<u16>| kill_at.map_or_else(String::new, |at| format!(", killed at its moment {at}"));
        match self {
            Self::Book { account, late_days, .. } => {
                write!(f, "the bank books a row of account {account}, {late_days} days late")
            }
            Self::Twin { account } => write!(f, "the latest row of account {account} happens once more"),
            Self::Hold { account, .. } => write!(f, "something is on its way in account {account}"),
            Self::Settle { nth, is_renamed } => {
                write!(f, "pending row {nth} is booked{}", if *is_renamed { " under its plain name" } else { "" })
            }
            Self::SettleWithTip { nth, lingers } => {
                write!(f, "pending row {nth} is booked with a tip{}", if *lingers { ", and still shown" } else { "" })
            }
            Self::DropPending { nth } => write!(f, "pending row {nth} was nothing after all"),
            Self::MakeAnew { account, nth } => write!(f, "row {nth} of account {account} is made anew by the bank"),
            Self::Amend { account, nth } => write!(f, "row {nth} of account {account} gets another text at the bank"),
            Self::Withdraw { account, nth } => write!(f, "row {nth} of account {account} is not shown any more"),
            Self::Window { days } => write!(f, "the bank shows {days} days from now on"),
            Self::Days(days) => write!(f, "{days} days go by"),
            Self::Sync { repeats_pages, breaks_off, kill_at } => {
                let twice = if *repeats_pages { ", each page twice" } else { "" };
                let broken = breaks_off.map_or_else(String::new, |account| format!(", account {account} breaks off"));
                write!(f, "a sync{twice}{broken}{}", killed(kill_at))
            }
            Self::Renew { kill_at } => write!(f, "access is renewed{}", killed(kill_at)),
            Self::Change { nth, work, kill_at } => write!(f, "row {nth} is changed: {work:?}{}", killed(kill_at)),
            Self::Jot { nth } => write!(f, "a note is written on pending row {nth}"),
            Self::Type { account, is_booked, kill_at, .. } => {
                let later = if *is_booked { ", and the bank books it" } else { "" };
                write!(f, "a row is typed into account {account}{later}{}", killed(kill_at))
            }
            Self::Lock { account, days_ago: Some(days), kill_at } => {
                write!(f, "account {account} is locked up to {days} days ago{}", killed(kill_at))
            }
            Self::Lock { account, days_ago: None, kill_at } => {
                write!(f, "account {account} is not locked any more{}", killed(kill_at))
            }
            Self::Policy { account, policy, kill_at } => {
                write!(f, "pending rows of account {account}: {policy:?}{}", killed(kill_at))
            }
            Self::Turn { account, kill_at } => write!(f, "the sign of account {account} is turned{}", killed(kill_at)),
            Self::Decide { nth, choice, kill_at } => {
                write!(f, "held row {nth} is decided: {choice:?}{}", killed(kill_at))
            }
            Self::Pair { nth, is_one, kill_at } => {
                let said = if *is_one { "the same" } else { "different" };
                write!(f, "rows that may be one, pair {nth}: {said}{}", killed(kill_at))
            }
            Self::Undo { and_redo, kill_at } => {
                let again = if *and_redo { ", and done again" } else { "" };
                write!(f, "the latest is taken back{again}{}", killed(kill_at))
            }
        }
    }
}

/// The shortest story found in a while that still fails: whole stretches are left out first, then single steps.
#[expect(clippy::disallowed_methods, reason = "it stops after a while of real time")]
pub(crate) fn shrink(story: &[Step], mut fails: impl FnMut(&[Step]) -> bool, a_while: Duration) -> Vec<Step> {
    let mut story = story.to_vec();
    let began = Instant::now();
    let mut stretch = story.len() / 2;
    while stretch > 0 {
        let mut at = 0;
        while at < story.len() && began.elapsed() < a_while {
            let end = (at + stretch).min(story.len());
            let shorter: Vec<Step> = story[..at].iter().chain(&story[end..]).copied().collect();
            if fails(&shorter) {
                story = shorter;
            } else {
                at = end;
            }
        }
        stretch /= 2;
    }
    story
}
