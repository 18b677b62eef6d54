//! The engine: every verb of Bankside, carried out.
//!
//! What it is for: it brings the store, the vault, the connectors and the decisions of the domain together; pages, API and
//! command line call one verb each. What it is not: it shows nothing, holds no SQL and never asks which provider it works
//! with.
//! What always holds: what came from a bank is kept before anything else is done with it, and a run whose lease has moved on
//! writes nothing more.

mod accounts;
mod asset_files;
mod assets;
mod balance_check;
mod bills;
mod cashflow;
mod categories;
mod connecting;
mod conversion;
mod credentials;
mod details;
mod editing;
mod ending;
mod error;
mod features;
mod feeds;
mod history;
mod inbox;
mod linking;
mod listing;
mod mailing;
mod mapping;
mod members;
mod moving;
mod naming;
mod notices;
mod notifying;
mod overview;
mod own;
mod people;
mod pictures;
mod plans;
mod provider;
mod rules;
mod schedule;
mod statement_files;
mod status;
mod subscriptions;
mod suspicions;
pub mod sync;
mod transfers;
mod unfinished;
mod visitors;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bankside_connect::Registry;
use bankside_connect::http::Http;
use bankside_domain::{Ambient, Secret};
use bankside_vault::Vault;
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::task::TaskTracker;
use url::Url;

pub use accounts::{AccountView, BankLine, NewAccountInput};
pub use asset_files::{AssetFileOffer, AssetFileProgress, AssetFileView, FileShare, ShareGround};
pub use assets::{AssetInput, Shift};
pub use balance_check::BalanceCheck;
pub use bankside_connect::{
    Advice, Answered, Descriptor, Field, FieldKind, Form, FormField, Institution, SignUps, Visitor, Way,
};
pub use bankside_domain::cashflow::Flow;
pub use bankside_statements::csv;
pub use bankside_store::{
    AcceptLine, AcceptTarget, Account, AuditEntry, BankAccount, BillDays, BroughtRow, Category, Connection, Direction,
    DoneBefore, Edited, FeedEffect, Filter, Group, ImportedAssetFile, ImportedFile, InboxCount, InboxFlag, InboxRows,
    InboxSwitches, Invitation, Invited, KeptBalance, KeptRate, KeptVerdict, LineTarget, Listed, LostTrust,
    MAX_SELECTED, MailState, Member, Membership, Merged, NewRule, Organization, OtherRow, Payee, Person, Placing, Plan,
    ProviderCategoryTarget, RatesSet, ReasonCount, Reconciled, Reconciliation, RegisterPage, RegisterQuery,
    RegisterRow, RegisterSum, Renewed, Reviewed, RowState, RuleHit, RuleLogQuery, RulesApplied, RulesBrought, Run,
    RunAccount, RunsQuery, SeenProviderCategory, Selection, Sort, Step, Store, StoreError, StoredRule, StoredTransfer,
    Tag, TransferMark, UndoOutcome, VanishedRow,
};
pub use bills::BillView;
pub use cashflow::{Cashflow, CashflowQuery};
pub use categories::CategoryView;
pub use connecting::{BankEverywhere, BankOffer, Everywhere, FlowPage, FlowView, LoginView, Returned};
pub use conversion::{Conversion, RateInput, RateProblem, RatesFile};
pub use credentials::{KeySource, ProviderView};
pub use details::{BankRowView, FieldChange, Happening, LineView, TransactionView};
pub use editing::{EditInput, LineInput, NewTransactionInput, SeenInput, amount_bounds};
pub use ending::Unsynced;
pub use error::EngineError;
pub use features::{ACCOUNT_SYNCING, DAILY_IMPORT, Feature, FeatureView, FixedFeature};
pub use feeds::{FeedChange, FeedView};
pub use history::{SteppedBack, Steps};
pub use inbox::{FlagView, InboxPage, InboxQuery, InboxRow, InboxShown, MOST_IN_INBOX_AT_ONCE};
pub use linking::{LinkChoice, LinkOffer, LinkTarget, Offered};
pub use listing::GotAccounts;
pub use mailing::{MailSecurity, MailSettings};
pub use mapping::{
    Alike, MOST_ALIKE, MOST_MAPPED_AT_ONCE, MappingLine, MappingPage, MappingQuery, MappingTab, SuggestedCategory,
};
pub use members::{InvitedNow, MembersView, NewOrganizationInput};
pub use moving::{Comparison, FeedEnd, MoveCandidate, MoveDecision, MoveOffer, MovePage, MoveRow, MoveView, OneSided};
pub use notifying::{ENDED, ENDED_OUTLOOK, ENDS_OUTLOOK, NoticeMails, ends_on};
pub use overview::{CategoryMonth, Overview, OverviewQuery, OverviewRange};
pub use own::AddressChanged;
pub use people::{SetUp, SignedIn};
pub use pictures::Picture;
pub use plans::{MAX_SHEET_BYTES, PlanBrought};
pub use rules::{Draft, MAX_RULES_BYTES, RULES_HAD_THEIR_TURN, RowDiff, RuleConflict, RuleCount, RuleTried, TriedRow};
pub use statement_files::{
    FileChoice, FileGuess, FileOffer, FilePreview, FileSaid, FileView, MAX_FILE_BYTES, PreviewRow, code_in_file,
    from_code_in_file,
};
pub use status::{AccountStatus, ConnectedAccount, ConnectionView, FedAccount, Standing};
pub use suspicions::{HeldView, MOST_SUSPICIONS, PairDecision, PairRowView, PairView, Suspicions};
pub use sync::view::{RunLine, RunView, RunViewAccount};
pub use transfers::{Candidate, LookedThrough, ProposedTransfer, TransferView};
pub use unfinished::{MOST_COUNTED, Unfinished};

/// Each takes 19 MiB for as long as it lasts.
const HASHES_AT_ONCE: usize = 4;

/// What the operator has configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach this installation. Redirects and origin checks go by it, never by a request's headers.
    pub public_url: Url,
    /// Each provider's configuration, by id.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// Proxies before this server. What they say of whom a request comes from is believed, and of nobody else.
    pub trusted_proxies: Vec<IpAddr>,
    /// The mail server; without one no mail is sent, and links are passed on by hand.
    pub mail: Option<MailSettings>,
    /// Features that the configuration switches, by key. No page can switch these.
    pub features: BTreeMap<String, FixedFeature>,
    /// Whether an organization needs a subscription to sync with banks.
    pub requires_subscription: bool,
}

/// What the operator has configured for one provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// Another address than the provider's own, such as the sandbox.
    pub base_url: Option<Url>,
    /// Whether the operator has switched it off.
    pub is_off: bool,
    /// Keys from a file or the environment, offered to every organization.
    pub keys: Option<InstallationKeys>,
}

/// Keys that the operator has configured.
#[derive(Debug, Clone)]
pub struct InstallationKeys {
    /// The fields, by the descriptor's field keys.
    pub fields: BTreeMap<String, Secret>,
    /// Where they were read, for people.
    pub read_from: String,
}

/// The engine of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    pub(crate) connectors: Registry,
    pub(crate) http: Http,
    pub(crate) ambient: Ambient,
    pub(crate) settings: Arc<Settings>,
    /// When configuration was read.
    pub(crate) started_at: Timestamp,
    pub(crate) institution_lists: Arc<connecting::InstitutionLists>,
    pub(crate) flow_turns: Arc<connecting::FlowTurns>,
    pub(crate) pictures: Arc<pictures::Pictures>,
    pub(crate) kept_sums: Arc<overview::KeptSums>,
    pub(crate) kept_cashflows: Arc<cashflow::KeptCashflows>,
    pub(crate) kept_trees: Arc<assets::KeptTrees>,
    pub(crate) known_doubts: Arc<suspicions::KnownDoubts>,
    pub(crate) opened_whole: Arc<asset_files::OpenedWhole>,
    /// Places for hashing passwords.
    pub(crate) hashes: Arc<Semaphore>,
    /// Who asks, where that is a person in a browser.
    pub(crate) visitor: Option<Visitor>,
    pub(crate) visitors: Arc<visitors::Visitors>,
    /// What goes on although whoever asked for it may have gone.
    pub(crate) tasks: TaskTracker,
    /// Wakes the worker: a run is due.
    pub(crate) due: Arc<Notify>,
    /// Wakes the worker: a mail is due.
    pub(crate) mail_due: Arc<Notify>,
    /// Moves on with each step of any run in this process, so that pages look sooner than their next look.
    pub(crate) progress: Arc<watch::Sender<u64>>,
}

impl Engine {
    /// Puts an engine together.
    pub fn new(
        store: Store,
        vault: Vault,
        connectors: Registry,
        http: Http,
        settings: Settings,
        ambient: Ambient,
    ) -> Self {
        Self {
            store,
            vault: Arc::new(vault),
            connectors,
            http,
            started_at: ambient.now(),
            ambient,
            settings: Arc::new(settings),
            institution_lists: Arc::default(),
            flow_turns: Arc::default(),
            pictures: Arc::default(),
            kept_sums: Arc::default(),
            kept_cashflows: Arc::default(),
            kept_trees: Arc::default(),
            known_doubts: Arc::default(),
            opened_whole: Arc::default(),
            hashes: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            visitor: None,
            visitors: Arc::default(),
            tasks: TaskTracker::new(),
            due: Arc::new(Notify::new()),
            mail_due: Arc::new(Notify::new()),
            progress: Arc::new(watch::Sender::new(0)),
        }
    }

    /// What the operator has configured.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Clock and randomness.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// Moves on with each step of any run in this process.
    pub fn watch_progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }

    pub(crate) fn report_progress(&self) {
        self.progress.send_modify(|step| *step += 1);
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}
