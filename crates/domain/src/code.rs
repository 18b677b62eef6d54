//! Codes: the one spelling of each variant that the database, the API and stored JSON share.

use crate::account::{AccountKind, OpeningSource, PendingPolicy};
use crate::asker::{OrganizationKind, Role};
use crate::asset::{AssetKind, AssetStage};
use crate::balance::BalanceKind;
use crate::bank_account::MatchKeyKind;
use crate::batch::{BatchActor, Entity, Later};
use crate::difference::Verdict;
use crate::formats::{DateFormat, NumberFormat};
use crate::inbox::InboxState;
use crate::merge::Side;
use crate::moving::{Likeness, MoveStage, Obstacle};
use crate::notice::Notice;
use crate::reconcile::{ClaimState, Distrust, RowOutcome};
use crate::row::{RowIdKind, RowStatus};
use crate::rules::{Combine, Field, Stage};
use crate::run::{AccountStep, RunOutcome, RunState, Trigger};
use crate::statement::{AssetFileStage, FileStage};
use crate::suspect::Grounds;
use crate::suspicion::HeldChoice;
use crate::suspicion::pairs::PairKind;
use crate::transfer::LinkedBy;

/// A type whose variants have codes.
pub trait Code: Sized + Copy + 'static {
    /// What these codes are of, for messages.
    const KIND: &'static str;

    /// The code of this variant.
    fn code(self) -> &'static str;

    /// The variant of a code.
    fn from_code(code: &str) -> Result<Self, UnknownCode>;
}

/// A code that no variant has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{code}” is no {kind}")]
pub struct UnknownCode {
    /// What it should have been.
    pub kind: &'static str,
    /// What it was.
    pub code: String,
}

macro_rules! codes {
    ($($name:ident($kind:literal) { $($variant:ident = $code:literal),* $(,)? })*) => {$(
        impl Code for $name {
            const KIND: &'static str = $kind;

            fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            fn from_code(code: &str) -> Result<Self, UnknownCode> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    _ => Err(UnknownCode { kind: $kind, code: code.chars().take(40).collect() }),
                }
            }
        }
    )*};
}

codes! {
    AccountKind("account kind") {
        Checking = "checking", Savings = "savings", CreditCard = "credit_card", Loan = "loan",
        Investment = "investment", Cash = "cash", Other = "other",
    }
    NumberFormat("number format") {
        CommaPoint = "1,234.56", PointComma = "1.234,56", SpaceComma = "1 234,56", ApostrophePoint = "1’234.56",
        Indian = "12,34,567.89",
    }
    DateFormat("date format") {
        Worded = "20 Nov 2026", Points = "20.11.2026", DayFirst = "20/11/2026", MonthFirst = "11/20/2026", Iso = "2026-11-20",
    }
    AssetKind("kind of asset") { Structuring = "structuring", Production = "production" }
    AssetStage("stage of an asset") { Conceptual = "conceptual", Active = "active" }
    PendingPolicy("pending policy") { BookedOnly = "booked_only", Shown = "shown", Counted = "counted" }
    OpeningSource("opening source") { Person = "person", Bank = "bank", Unknown = "unknown" }
    OrganizationKind("organization kind") { Household = "household", Company = "company" }
    Role("role") { Owner = "owner", Admin = "admin", Member = "member", Viewer = "viewer" }
    BalanceKind("balance kind") { Booked = "booked", Expected = "expected", Available = "available", Other = "other" }
    MatchKeyKind("match key kind") { ProviderHash = "provider_hash", Iban = "iban", Mask = "mask" }
    Verdict("verdict") { Accepted = "accepted", Ignored = "ignored" }
    Grounds("grounds") {
        Pending = "pending", Typed = "typed", TakenOut = "taken_out", Moved = "moved", HeldBack = "held_back", Twin = "twin",
    }
    BatchActor("batch actor") {
        Run = "run", Import = "import", Person = "person", Rule = "rule", System = "system",
    }
    Later("way to go on") { BringIn = "bring_in", LeaveOut = "leave_out" }
    RowIdKind("kind of id") { Provider = "provider", Bank = "bank", Reference = "reference" }
    Distrust("reason for distrust") { Reissued = "reissued", Reused = "reused" }
    Entity("changed entity") {
        Transaction = "transaction", Line = "line", Claim = "claim", Account = "account", BankAccount = "bank_account",
    }
    ClaimState("claim state") {
        Applied = "applied", Dismissed = "dismissed", Quarantined = "quarantined", Superseded = "superseded",
    }
    RowStatus("row status") {
        Booked = "booked", Pending = "pending", Scheduled = "scheduled", Declined = "declined",
    }
    Trigger("run trigger") {
        Linked = "linked", Renewed = "renewed", Person = "person", Schedule = "schedule", Webhook = "webhook",
    }
    MoveStage("stage of a move") {
        Fetching = "fetching", Ready = "ready", Failed = "failed", Done = "done", Abandoned = "abandoned",
    }
    AssetFileStage("stage of a file of an asset") {
        Open = "open", Divided = "divided", Importing = "importing", Done = "done", Abandoned = "abandoned",
    }
    FileStage("stage of a statement file") {
        Open = "open", Reading = "reading", Ready = "ready", Importing = "importing", Done = "done", Failed = "failed",
        Abandoned = "abandoned",
    }
    Obstacle("obstacle to a move") {
        FeedsAnother = "feeds_another", HasRows = "has_rows", SideBySide = "side_by_side",
    }
    Likeness("likeness") { Same = "same", Similar = "similar", SameBank = "same_bank", Other = "other" }
    RowOutcome("row outcome") {
        New = "new", Known = "known", Settled = "settled", Matched = "matched", CameBack = "came_back",
        LeftOut = "left_out", HeldBack = "held_back",
    }
    HeldChoice("choice") { NewRow = "new_row", Correction = "correction", LeaveOut = "leave_out" }
    PairKind("kind of pair") { Twins = "twins", Settlement = "settlement" }
    InboxState("place in the inbox") { Waiting = "waiting", Hidden = "hidden" }
    LinkedBy("way of linking") { Rows = "rows", Person = "person" }
    Side("row of a pair") { Stays = "stays", Goes = "goes" }
    Stage("stage of a rule") { Before = "before", Normal = "normal", Last = "last" }
    Combine("way of combining conditions") { All = "all", Any = "any" }
    Field("field that rules write") { Payee = "payee", Note = "note", Category = "category", Tags = "tags", Reviewed = "reviewed" }
    Notice("notice") {
        EndsWithin14 = "ends_within_14", EndsWithin7 = "ends_within_7", EndsWithin1 = "ends_within_1", Ended = "ended",
        Failing = "failing", Stuck = "stuck",
    }
    RunState("run state") { Queued = "queued", Running = "running", Finished = "finished" }
    RunOutcome("run outcome") { Done = "done", Partly = "partly", Failed = "failed" }
    AccountStep("account step") {
        Waiting = "waiting", Rows = "rows", Balance = "balance", Match = "match", Done = "done", Failed = "failed",
    }
}
