//! The store: keeps everything, in `SQLite` or `PostgreSQL`, with one SQL text for both.
//!
//! What it is for: every read and write of the database, scoped by organization. What it is not: it decides nothing that
//! `bankside-domain` can decide, and it knows no provider.
//! What always holds: a method that works for one organization takes the [`Asker`](bankside_domain::Asker) first and answers
//! for that organization alone; what reads across organizations says `_as_system`. Every write to the books is a batch.
//! `ARCHITECTURE.md` draws the tables; the migrations describe them.

mod accounts;
mod addresses;
mod apply;
mod asking;
mod asset_files;
mod assets;
mod audit;
mod balances;
mod bank_accounts;
mod batches;
mod bills;
mod cashflow;
mod categories;
mod connections;
mod convert;
mod credentials;
mod db;
mod details;
mod dialect;
mod editing;
mod error;
mod features;
mod feed_effect;
mod feed_rows;
mod feeds;
mod fields;
mod file_balances;
mod fingerprints;
mod flows;
mod held_rows;
mod history;
mod id_trust;
mod inbox;
mod installation;
mod invitations;
mod likeness;
mod listing;
mod locking;
mod mails;
mod mapping;
mod members;
mod moves;
mod notices;
mod openings;
mod organizations;
mod overview;
mod pairs;
mod payees;
mod people;
mod plans;
mod quota;
mod rates;
mod reconciling;
mod register;
mod renewals;
mod rules;
mod run_history;
mod runs;
mod schedule;
mod selection;
mod sign;
mod snapshot;
mod statement_files;
mod subscriptions;
mod suspects;
mod tags;
mod taking_over;
mod transactions;
mod transfers;
mod undo;
mod vanished;
mod verdicts;

#[cfg(test)]
mod tests;

use bankside_domain::Ambient;

pub use accounts::{Account, NewAccount};
pub use addresses::{OldAddress, WantedAddress};
pub use apply::{Applied, ApplyContext, FileRows, FileTried, HeldDecision};
pub use asking::{BatchToAsk, ToAsk};
pub use asset_files::{AssetFile, AssetFilePart, ImportedAssetFile, NewAssetFile};
pub use assets::{AssetChange, NewAsset};
pub use audit::AuditEntry;
pub use balances::KeptBalance;
pub use bank_accounts::{BankAccount, NewBankAccount, SeenBankAccount};
pub use bills::{BillDays, KeptBill, StatedBill};
pub use cashflow::CashflowSums;
pub use categories::{Category, Merged};
pub use connections::{Connection, NewConnection};
pub use credentials::{Credentials, Keepsake, ProviderToken};
pub use details::{ClaimedRow, TransactionDetails};
pub use editing::{Edit, Edited, TypedLine};
pub use error::StoreError;
pub use feed_effect::{FeedEffect, Resolve};
pub use feed_rows::{OtherSide, Received, ReceivedRow};
pub use feeds::{Feed, FeedFacts, LINKED_MEANWHILE, NewLink};
pub use file_balances::FileProofFacts;
pub use fingerprints::SealedVersion;
pub use flows::{DueFlow, Flow, FlowStage, NewFlow};
pub use held_rows::HeldRow;
pub use history::{Step, StoryEntry};
pub use id_trust::LostTrust;
pub use inbox::{
    AcceptLine, AcceptTarget, BY_RULE, DoneBefore, InboxCount, InboxFlag, InboxRows, InboxSwitches, Reviewed,
};
pub use invitations::{Invitation, Invited, MailState, NewInvitation, NewMail};
pub use likeness::{LikenessKey, Likenesses, ProviderCategoryTarget, SeenProviderCategory};
pub use listing::{Listed, ListedAccounts};
pub use mails::{DueMail, MailLease};
pub use mapping::{LineTarget, UnmappedLines};
pub use members::{Group, Member, Placing};
pub use moves::{DueMove, FeedMove, MoveLease, MoveTarget, NewMove};
pub use notices::{NoticeConnection, NoticeMail, NoticeOrganization, NoticeRecipient};
pub use organizations::{Membership, NewOrganization, Organization};
pub use overview::{CategorySum, MonthSum};
pub use payees::Payee;
pub use people::{NewPerson, Person, PersonSecrets, Throttle};
pub use plans::Plan;
pub use rates::{KeptRate, NewRate, RatesSet};
pub use reconciling::{Reconciled, Reconciliation};
pub use register::{Direction, Filter, RegisterPage, RegisterQuery, RegisterRow, RegisterSum, RowState, Sort};
pub use renewals::{Renewed, RenewedConnection};
pub use rules::{
    NewRule, RULE_ALONE, RULES_IN_PART, RuleHit, RuleLogQuery, RuleRow, RulesApplied, RulesAsked, RulesBrought,
    StoredRule,
};
pub use run_history::{BroughtRow, ReasonCount, Run, RunAccount, RunsQuery};
pub use runs::{DueRun, Lease, RunAccountUpdate, SyncState};
pub use schedule::ScheduledSync;
pub use selection::{MAX_SELECTED, Selection};
pub use sign::SignTurned;
pub use snapshot::{AccountState, StoredSnapshot, StoredVersion};
pub use statement_files::{
    DueFile, FileLease, FileReading, ImportedFile, NewStatementFile, StatementAccount, StatementFile,
};
pub use subscriptions::Subscribed;
pub use tags::Tag;
pub use taking_over::TakeOver;
pub use transactions::NewTransaction;
pub use transfers::{NewTransfer, OtherRow, PairedLine, PairedRow, StoredTransfer, TransferMark, UnreadNumber};
pub use undo::UndoOutcome;
pub use vanished::VanishedRow;
pub use verdicts::KeptVerdict;

/// The store of one installation.
#[derive(Debug, Clone)]
pub struct Store {
    db: db::Db,
    ambient: Ambient,
}

impl Store {
    /// Connects, and brings the schema up to date. See [`StoreError::BadUrl`] for the URLs.
    pub async fn open(url: &str, ambient: Ambient) -> Result<Self, StoreError> {
        let db = db::Db::connect(url).await?;
        db.migrate().await?;
        db.measure().await?;
        let store = Self { db, ambient };
        store.seed_currencies().await?;
        store.complete_companies().await?;
        store.complete_patterns().await?;
        Ok(store)
    }

    /// Has the database plan its statements by what is in its tables now.
    pub async fn measure_tables_as_system(&self) -> Result<(), StoreError> {
        self.db.measure().await
    }

    /// Closes all connections, after what is being written has been written.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Which engine this is, for people.
    pub fn engine(&self) -> &'static str {
        match self.db {
            db::Db::Sqlite { .. } => "SQLite",
            db::Db::Postgres(_) => "PostgreSQL",
        }
    }
}
