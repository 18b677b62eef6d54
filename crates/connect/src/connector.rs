//! The trait that every provider implements.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::{QuotaRule, QuotaStatement};
use bankside_domain::row::MappedRow;
use bankside_domain::{Ambient, Currency, CurrencyCode, Secret};
use jiff::Timestamp;
use url::Url;

use crate::descriptor::Descriptor;
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink, SinkClosed};
use crate::http::Http;
use crate::saved::{SavedAnswer, SavedRow};
use crate::step::{BankQuery, FlowState, Input, Institution, Login, RemoteRef, Shown, Step};

/// What a connector works with, handed in for each call.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// How calls are made.
    pub http: &'a Http,
    /// Clock and randomness.
    pub ambient: &'a Ambient,
    /// Where the provider is: its public address, or the sandbox.
    pub base_url: &'a Url,
    /// The keys, by the descriptor's field keys.
    pub keys: &'a BTreeMap<String, Secret>,
    /// Where short-lived tokens are kept.
    pub tokens: &'a dyn TokenStore,
    /// What was made at the provider once and for all.
    pub keepsakes: &'a dyn Keepsakes,
    /// What is left of the quotas.
    pub quota: &'a dyn QuotaLedger,
    /// The person who asks, where one is there at this very moment.
    pub visitor: Option<&'a Visitor>,
    /// The currencies that are known, by code.
    pub currencies: &'a HashMap<CurrencyCode, Currency>,
}

/// The person who asks, as banks want to be told: that somebody is there spares the calls that count without them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Where their browser is.
    pub address: IpAddr,
    /// What their browser calls itself.
    pub user_agent: String,
}

/// What a person connects for.
#[derive(Debug, Clone, Copy)]
pub enum Intent<'a> {
    /// A new connection.
    New {
        /// At which institution, as the provider lists it.
        institution_key: &'a str,
    },
    /// A new connection at a bank that is chosen on the provider's own page.
    Hosted {
        /// What the person calls it.
        name: &'a str,
    },
    /// A login that is at the provider already.
    Adopt {
        /// What the provider calls it.
        login: &'a str,
    },
    /// The access of a connection is given anew. Until the last step is done the old access is left as it is.
    Renew {
        /// The institution of the connection.
        institution_key: &'a str,
        /// The provider's reference of the connection as it is.
        remote: &'a RemoteRef,
    },
}

/// What is known of a connection whose bank accounts are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its institution, as the provider lists it.
    pub institution_key: &'a str,
    /// What the provider calls the bank accounts that it showed before.
    pub accounts: &'a [String],
}

/// How a connecting flow finds back to us.
#[derive(Debug, Clone)]
pub struct Return {
    /// Where the provider sends the person.
    pub url: Url,
    /// What names the flow: unguessable, used once.
    pub reference: String,
    /// Where the provider may post a notice that the flow has moved on, where an address of ours can be reached: as unguessable as the
    /// reference. What is posted is nobody's word and is not read; it only has the flow looked at.
    pub notice: Option<Url>,
}

/// Keeps the short-lived token of the keys in use, sealed.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The token, unless it has expired.
    async fn load(&self) -> Option<Secret>;
    /// Keeps a token until it expires.
    async fn save(&self, token: &Secret, expires_at: Timestamp);
    /// Forgets the token: the provider does not take it any more.
    async fn forget(&self);
}

/// Keeps what a connector has made up for an organization at a provider and must find again, such as a user there with its password:
/// sealed, and unlike a token not to be had a second time.
#[async_trait]
pub trait Keepsakes: Send + Sync {
    /// What is kept under a name. Where nothing is, `new` is, and is the answer: of several at once one comes first, and all get
    /// the same. It is kept before it is used, so that nothing is lost if the process ends in between.
    async fn keep_once(&self, name: &str, new: &Secret) -> Result<Secret, Fault>;
}

/// The code of a keepsake that could not be read or written.
pub const KEEPSAKE: &str = "keepsake.store";

/// The code of a debit that could not be written.
pub const LEDGER: &str = "quota.ledger";

/// The ledger of calls. A call is debited before it is made and corrected by its answer.
#[async_trait]
pub trait QuotaLedger: Send + Sync {
    /// Debits a call, or answers with the fault that says until when to wait.
    async fn debit(&self, subject: &str, rule: &QuotaRule) -> Result<(), Fault>;
    /// Takes a debit back: the call failed and the rule counts successes only.
    async fn refund(&self, subject: &str, rule: &QuotaRule);
    /// Corrects the ledger by what the provider said.
    async fn correct(&self, subject: &str, rule: &QuotaRule, statement: QuotaStatement);
}

/// Keys that were found to be right.
#[derive(Debug, Clone)]
pub enum Checked {
    /// They are kept as they were typed.
    AsTyped,
    /// What was typed works only once, and has been exchanged for these: all that the descriptor names, and they alone work
    /// from now on.
    Exchanged(BTreeMap<String, Secret>),
}

/// Why a fetch ended before its plan was through.
#[derive(Debug, thiserror::Error)]
pub enum FetchEnd {
    /// Something is wrong with the whole connection.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Nobody takes events any more.
    #[error(transparent)]
    Closed(#[from] SinkClosed),
}

/// A provider. Stateless: everything that it must remember goes out as a value and comes back in.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What it is and how it is set up.
    fn descriptor(&self) -> &'static Descriptor;

    /// Checks keys with a real call, and says which keys to keep. Keys from a configuration are never checked: there is nobody
    /// to put others in their place.
    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault>;

    /// The banks that can be connected here, by name. A provider without [`Way::Country`](crate::Way) and
    /// [`Way::Name`](crate::Way) has none.
    async fn institutions(&self, cx: &Cx<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        let _ = (cx, query);
        Ok(Vec::new())
    }

    /// The logins that are at the provider already, those of [`Way::Login`](crate::Way). What is wrong with one of them is said
    /// there; a fault is one of all.
    async fn logins(&self, cx: &Cx<'_>) -> Result<Vec<Login>, Fault> {
        let _ = cx;
        Ok(Vec::new())
    }

    /// Which of the [logins](Self::logins) a connection uses.
    fn login_of(&self, remote: &RemoteRef) -> Option<String> {
        let _ = remote;
        None
    }

    /// Begins to connect a bank, or to renew a connection.
    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault>;

    /// Goes on connecting. A fault says that the next step could not be learned; what the provider itself says of a flow that
    /// has failed is [`Step::Failed`].
    async fn resume(&self, cx: &Cx<'_>, state: &FlowState, input: Input) -> Result<Step, Fault>;

    /// Takes back what a flow that was called off or has expired left behind at the provider, so that nobody can give a
    /// consent any more that nobody knows of.
    async fn abandon(&self, cx: &Cx<'_>, state: &FlowState) -> Result<(), Fault>;

    /// Ends a consent at the provider. One that is gone already is as good.
    async fn revoke(&self, cx: &Cx<'_>, remote: &RemoteRef) -> Result<(), Fault>;

    /// The bank accounts that a connection shows at the moment, with their balances, without its person signing in and without the
    /// bank being read anew. `known` is what the provider calls those that were shown before: they need not be described again. That
    /// the daily limit of one is used up keeps no other from being listed.
    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault>;

    /// Fetches rows and balances. A fault of one account is an event; only a fault of the whole connection ends the fetch.
    async fn fetch(
        &self,
        cx: &Cx<'_>,
        remote: &RemoteRef,
        plan: &FetchPlan,
        sink: &mut dyn Sink,
    ) -> Result<(), FetchEnd>;

    /// Reads a raw row. Pure, so that stored rows can be read again.
    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow;

    /// The [logins](Self::logins) that a notice of the provider speaks of, as it posts them to a web address. A notice is nobody's
    /// word: it only says where to look. What cannot be read speaks of none.
    fn news_of(&self, body: &[u8]) -> Vec<String> {
        let _ = body;
        Vec::new()
    }

    /// Reads an answer with rows that somebody has saved, as a sync would read it, the newest row first. Rows that cannot be
    /// read are among them.
    fn read_saved(&self, saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
        let _ = saved;
        let message = format!("Saved answers of {} cannot be read.", self.descriptor().name);
        Err(Fault::new(FaultClass::Unsupported, "saved.unsupported", message))
    }
}

/// The connectors that are built in, by id.
#[derive(Clone)]
pub struct Registry {
    connectors: Arc<BTreeMap<&'static str, Arc<dyn Connector>>>,
}

impl Registry {
    /// All connectors.
    pub fn all() -> Self {
        Self::of([
            Arc::new(crate::gocardless::GoCardless) as Arc<dyn Connector>,
            Arc::new(crate::enablebanking::EnableBanking),
            Arc::new(crate::finapi::FinApi),
            Arc::new(crate::pluggy::Pluggy),
            Arc::new(crate::simplefin::SimpleFin),
            Arc::new(crate::sophtron::Sophtron),
        ])
    }

    /// These connectors, and no others.
    pub fn of(connectors: impl IntoIterator<Item = Arc<dyn Connector>>) -> Self {
        Self { connectors: Arc::new(connectors.into_iter().map(|one| (one.descriptor().id, one)).collect()) }
    }

    /// One connector.
    pub fn get(&self, id: &str) -> Option<&Arc<dyn Connector>> {
        self.connectors.get(id)
    }

    /// Their descriptors, in the order of their ids.
    pub fn descriptors(&self) -> impl Iterator<Item = &'static Descriptor> + '_ {
        self.connectors.values().map(|connector| connector.descriptor())
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.connectors.keys()).finish()
    }
}
