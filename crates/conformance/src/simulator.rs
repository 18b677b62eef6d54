//! What a provider's simulator must offer to be checked against.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bankside_connect::Connector;
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
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

/// How a person walks the consent pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// Gives the consent, for all accounts.
    Consents,
    /// Calls it off.
    Cancels,
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
    /// The consent was withdrawn at the bank.
    Withdrawn,
}

/// Whether a provider has an occasion for something.
pub type Occasion = Result<(), &'static str>;

/// A running simulator.
#[async_trait]
pub trait Simulator: Send + Sync {
    /// Clock and randomness that it shares with the connector.
    fn ambient(&self) -> &Ambient;
    /// The clock.
    fn clock(&self) -> &Arc<TestClock>;
    /// Where its API begins.
    fn base_url(&self) -> &Url;
    /// The right keys.
    fn keys(&self) -> BTreeMap<String, Secret>;
    /// A country with banks, and a bank of it that shows at least two accounts.
    fn bank(&self) -> (&'static str, &'static str);
    /// A bank at which the limits of the descriptor hold; the other may be more generous.
    fn strict_bank(&self) -> &'static str;
    /// Walks the consent pages as a person would; answers with what the way back says.
    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String>;

    /// Lets something go wrong at the next calls of a kind, for one account or all; as often as said, or until it is disarmed.
    /// An error says why this provider has no occasion for it.
    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion;
    /// Whatever is armed is no more.
    fn disarm(&self);
    /// The names of everything that can go wrong on the line.
    fn line_troubles(&self) -> Vec<&'static str>;
    /// The names of everything that can go wrong at all, for the check that nothing of it makes a fetch panic or hang.
    fn all_troubles(&self) -> Vec<&'static str>;
    /// Arms one of those by its name.
    fn arm_by_name(&self, name: &str, at: Call, account: Option<&str>);

    /// How many calls it has had.
    fn calls(&self) -> usize;
    /// How many of these were served that spend an account's own limit, by account and kind.
    fn spent(&self) -> BTreeMap<String, usize>;
    /// How often keys were exchanged for a token.
    fn tokens_bought(&self) -> usize;
    /// Whether accounts have new ids once they are linked again.
    fn changes_ids_at_renewal(&self) -> bool;
}
