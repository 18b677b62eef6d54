//! What a provider's simulator must offer to be checked against.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bankside_connect::{Connector, Form};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::Sandbox;
use bankside_testkit::TestClock;
use url::Url;

/// Opens simulators of one provider. Each check gets one of its own.
#[async_trait]
pub trait Simulators: Send + Sync {
    /// The connector.
    fn connector(&self) -> Arc<dyn Connector>;

    /// The open facts that concern fetching, each with two positions.
    fn switches(&self) -> Vec<&'static str>;

    /// A fresh simulator, with one of the switches turned if one is named.
    async fn open(&self, turned: Option<&str>) -> Box<dyn Simulator>;
}

/// What a person does with the pages and forms that they meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// Gives the consent, for all accounts, and answers everything rightly.
    Consents,
    /// Calls it off.
    Cancels,
    /// Signs in, or answers, with what the bank does not accept.
    Mistypes,
}

/// What the suite wants to meet while connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// The usual way, at a bank that shows at least two accounts.
    Usual,
    /// A bank at which the limits of the descriptor hold; the usual one may be more generous.
    Strict,
    /// A connection whose access comes about here, so that ending it ends that.
    Made,
    /// Forms: a sign-in, or what the bank wants to know.
    Asked,
    /// A page of the bank's.
    Page,
    /// A connection at which renewing takes a step of the person.
    RenewalAsks,
    /// A connection at which a fault of this class can be had; mostly the usual one.
    Troubled(FaultClass),
}

/// How the suite begins to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// A new connection at this institution.
    New(String),
    /// A new connection under this name, at the bank that the person chooses on the provider's page: the usual one.
    Hosted(String),
    /// This login is adopted.
    Adopt(String),
}

/// The bank of the usual way, as the connector names it.
#[derive(Debug, Clone, Copy)]
pub struct Bank {
    /// Its country, as ISO 3166 two-letter code.
    pub country: &'static str,
    /// Its key.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The rows of an account.
    Rows,
    /// The balances of an account.
    Balances,
    /// Ending a consent.
    Revoke,
    /// Exchanging keys for a token.
    Token,
    /// Handing on a sign-in.
    SignIn,
    /// Handing on an answer to what the bank wants to know.
    Answer,
    /// Having the bank read anew, with what the provider has of the sign-in.
    Reading,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Something of this class.
    Class(FaultClass),
    /// Something of the line or of what stands on it; said by the simulator's own name for it.
    Line(&'static str),
    /// A limit that all calls with the keys share, for so many seconds.
    LimitOfAll {
        /// How long the provider says to wait.
        seconds: u32,
    },
    /// The consent was withdrawn at the bank, or the sign-in is not accepted there any more.
    Withdrawn,
}

/// Whether a provider has an occasion for something.
pub type Occasion<T = ()> = Result<T, &'static str>;

/// A running simulator.
#[async_trait]
pub trait Simulator: Send + Sync {
    /// Clock and randomness that it shares with the connector.
    fn ambient(&self) -> &Ambient;
    /// The clock.
    fn clock(&self) -> &Arc<TestClock>;
    /// Where its API begins.
    fn base_url(&self) -> &Url;
    /// The right keys, by the descriptor's field keys.
    fn keys(&self) -> BTreeMap<String, Secret>;
    /// Keys that have the right form and are nobody's.
    fn strange_keys(&self) -> BTreeMap<String, Secret>;
    /// The bank of [`Scene::Usual`].
    fn bank(&self) -> Bank;

    /// How to meet something while connecting. An error says why this provider has no occasion for it.
    async fn scene(&self, scene: Scene) -> Occasion<Beginning>;
    /// Walks the pages of a bank as a person would; answers with what the way back says.
    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String>;
    /// Fills in a form as a person would, by the keys of its fields; `None` where they call it off.
    fn answer(&self, form: &Form, walk: Walk) -> Option<BTreeMap<String, Secret>>;

    /// Lets something go wrong at the next calls of a kind, for one account or all; as often as said, or until it is disarmed.
    /// An error says why this provider has no occasion for it.
    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion;
    /// Whatever is armed is no more.
    fn disarm(&self);
    /// Makes one of the listed logins one that cannot be read, or not wholly.
    fn spoil_login(&self, login: &str) -> Occasion;
    /// The names of everything that can go wrong on the line.
    fn line_troubles(&self) -> Vec<&'static str>;
    /// Arms what can go wrong by its name.
    fn arm_by_name(&self, name: &str, at: Call, account: Option<&str>);

    /// The sandbox that it is of.
    fn sandbox(&self) -> &Sandbox;
    /// How many calls it has had.
    fn calls(&self) -> usize {
        self.sandbox().calls().len()
    }
    /// How many of these were of a kind.
    fn calls_of(&self, call: Call) -> usize;
    /// The accounts that its calls so far were about, one for each call.
    fn accounts_called(&self) -> Vec<Option<String>> {
        self.sandbox().calls().into_iter().map(|call| call.account).collect()
    }
    /// How many of the calls were served that spend an account's own limit, by account and kind.
    /// A provider whose accounts have no limits of their own has none.
    fn spent(&self) -> BTreeMap<String, usize> {
        BTreeMap::new()
    }

    /// Whether accounts have new ids once they are linked again.
    fn changes_ids_at_renewal(&self) -> bool {
        false
    }

    /// How many calls a fetch may make, beside those about accounts, that are about all of them.
    fn calls_of_all(&self) -> usize {
        0
    }

    /// How many logins the keys show at least.
    fn fewest_logins(&self) -> usize {
        2
    }

    /// Whether one answer has the rows of all accounts, so that none can be late or cut off alone.
    fn answers_for_all(&self) -> bool {
        false
    }

    /// Whether a renewal happens to the access that there is, so that what it waits for is told by fetches too. Otherwise
    /// it makes another one beside it.
    fn renews_in_place(&self) -> bool {
        false
    }

    /// Whether a no at the bank is told as a fault of the bank's, which says what the person can do.
    fn refusals_are_faults(&self) -> bool {
        false
    }

    /// Whether what a person comes back with works once, so that a return that arrives twice is one that has been used.
    fn codes_work_once(&self) -> bool {
        false
    }

    /// Whether the provider's page stays open when a flow is called off. What is given there then opens nothing.
    fn pages_outlive_flows(&self) -> bool {
        false
    }

    /// Whether answers say what is left of a limit, so that the ledger learns what others have spent.
    fn says_what_is_left(&self) -> bool {
        true
    }

    /// Whether booked rows from before the window come too where the provider has learned of them within it.
    fn sends_late_rows(&self) -> bool {
        false
    }
}
