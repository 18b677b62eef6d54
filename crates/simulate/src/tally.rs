//! What has happened in stories, counted: a generator that has stopped making something is seen by that.
//!
//! The bank counts where a fact, an id or an answer really was as the name says, and the play where a person's verb came to something:
//! a step that found nothing to do counts as nothing.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! events {
    ($($name:ident = $words:literal,)+) => {
        /// Something that happens in stories.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Event { $($name,)+ }

        impl Event {
            /// Everything that may happen, in the order in which it is told.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            fn in_words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

events! {
    LateRow = "a row is booked days late",
    Twin = "a row happens twice",
    SecondCurrency = "a row of a second currency",
    ClocksBack = "a moment of the day on which clocks go back",
    ClocksForward = "a moment of the day on which clocks go forward",
    Pending = "something is on its way",
    Settled = "a pending row is booked",
    SettledRenamed = "… under another name",
    SettledWithTip = "… with a tip",
    TipLingers = "… with a tip, and is still shown",
    Vanished = "a pending row vanishes",
    MadeAnew = "a row is deleted and made anew",
    Amended = "a row gets another text",
    Withdrawn = "a booked row is not shown any more",
    IdsReissued = "a row comes with another id at every fetch",
    IdsMovedOn = "a row comes with another place in its day",
    IdsRenewed = "a row comes with another id since access was renewed",
    PagesTwice = "a page comes twice",
    BrokenOff = "an answer breaks off",
    Overlap = "an answer shows again what was known",
    OutOfSight = "a known row is out of a shrunk window",
    BackInSight = "… and comes back into a wider one",
    Synced = "a sync",
    Renewed = "access is renewed, and accounts have new names",
    Renamed = "a person renames a row",
    Noted = "… writes a note",
    NoteBlanked = "… blanks a note",
    Redated = "… moves a row to another day",
    AmountChanged = "… changes an amount",
    Split = "… splits a row",
    Ticked = "… ticks a row",
    Moved = "… moves a row to another account",
    Deleted = "… deletes a row",
    Typed = "… types a row",
    TypedIsBooked = "… which the bank books",
    Locked = "… locks a period",
    Unlocked = "… takes a lock off",
    PolicyChanged = "… wants something else done with pending rows",
    SignTurned = "… turns a sign",
    HeldTakenIn = "… takes in a row that was held back",
    HeldLeftOut = "… leaves it out",
    Merged = "… makes one row of two",
    ToldApart = "… says that two rows are two",
    OfferTaken = "… takes over what stood on a row that went",
    OfferRefused = "… refuses that",
    Refused = "a lock refuses what a person wants",
    SyncUndone = "a sync is taken back",
    Undone = "what a person did is taken back",
    DoneAgain = "… and done again",
    SyncKilled = "a sync is killed",
    RenewalKilled = "a renewal is killed",
    ChangeKilled = "a change is killed",
    TypingKilled = "typing a row is killed",
    LockKilled = "a lock is killed",
    PolicyKilled = "a change of policy is killed",
    TurnKilled = "turning a sign is killed",
    DecisionKilled = "deciding about a held row is killed",
    PairKilled = "deciding about a pair is killed",
    UndoKilled = "taking back is killed",
    KilledBefore = "what was killed has not been done",
    KilledAfter = "what was killed has been done",
}

/// How often each thing has happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally(BTreeMap<Event, u64>);

impl Tally {
    pub(crate) fn count(&mut self, event: Event) {
        *self.0.entry(event).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (event, times) in &other.0 {
            *self.0.entry(*event).or_default() += times;
        }
    }

    /// What has not happened at all.
    #[cfg(test)]
    pub(crate) fn missing(&self) -> Vec<Event> {
        Event::ALL.iter().copied().filter(|event| !self.0.contains_key(event)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in Event::ALL {
            writeln!(f, "{:>10}  {}", self.0.get(event).copied().unwrap_or_default(), event.in_words())?;
        }
        Ok(())
    }
}
