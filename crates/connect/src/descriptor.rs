//! Descriptors: all that differs between providers, as data, so that no page and no engine verb has to ask which one it is.

use bankside_domain::quota::QuotaRule;

/// How a field of keys is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Shown while it is typed.
    Text,
    /// Never shown.
    Secret,
    /// Of several lines, and never shown again: pasted, or read from a file, such as a private key.
    SecretFile,
    /// The keys of logins that are at the provider ([`crate::Login::key`]): several texts, kept as one with commas between them, each
    /// once.
    Logins,
}

impl FieldKind {
    /// Whether what is typed is never shown.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::SecretFile)
    }
}

/// A way to come to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A bank is chosen from the list of its country.
    Country,
    /// A bank is looked for by its name.
    Name,
    /// A login is taken up that is at the provider already.
    Login,
    /// The bank is chosen on a page of the provider's; the person only names the connection.
    Hosted,
}

/// One field of a provider's keys.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its key in stored JSON, in `config.toml` and in the environment.
    pub key: &'static str,
    /// Its label on the page.
    pub label: &'static str,
    /// How it is typed.
    pub kind: FieldKind,
    /// Where to find it, in one sentence.
    pub hint: &'static str,
    /// How many of its first characters people may see afterwards; 0 shows none.
    pub shown_chars: usize,
}

/// What helps against one of a provider's faults, for people.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// The fault's code.
    pub code: &'static str,
    /// What to do at the provider, in one or two sentences.
    pub what: &'static str,
}

/// Who gets keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignUps {
    /// Everybody.
    Open,
    /// Companies with a contract.
    Contract,
    /// Nobody any more; keys that exist work on.
    Closed,
}

/// What somebody who chooses between providers wants to know. Source: section 1 or 2 of each fact sheet.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Who gets keys.
    pub sign_ups: SignUps,
    /// What it costs, in one sentence.
    pub costs: &'static str,
    /// How far back rows come, in one sentence.
    pub history: &'static str,
    /// How long access lasts until a person must sign in again, in one sentence.
    pub access: &'static str,
}

/// What a provider is and how it is set up.
#[derive(Debug, Clone, Copy)]
pub struct Descriptor {
    /// Its id: in URLs, in the database, in configuration.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where it works, for people.
    pub coverage: &'static str,
    /// The countries whose banks it lists, as ISO 3166 two-letter codes.
    pub countries: &'static [&'static str],
    /// How a connection comes about, the usual way first.
    pub ways: &'static [Way],
    /// By what a person finds a bank where the provider is asked for it ([`Way::Name`]), in a few words; empty elsewhere.
    pub finds_by: &'static str,
    /// Its public base address.
    pub base_url: &'static str,
    /// What an organization must type.
    pub fields: &'static [Field],
    /// What to know when choosing between providers.
    pub terms: Terms,
    /// What to know before starting, such as that new sign-ups are closed.
    pub notice: &'static str,
    /// How to get keys, step by step.
    pub steps: &'static [&'static str],
    /// Where keys are made.
    pub dashboard_url: &'static str,
    /// What helps against its faults, where more can be said than what happened.
    pub advice: &'static [Advice],
    /// Its limits as documented.
    pub quotas: &'static [QuotaRule],
    /// How to have the provider post notices of news to an address of ours, where it does that: one or two sentences.
    pub notices: Option<&'static str>,
    /// Whether a flow comes to its end at the provider although nobody comes back to us: what was finished there is looked for while
    /// nobody has the flow's page open, and taken up. Otherwise it is taken back once the time of the flow is over.
    pub finishes_alone: bool,
    /// What to do with the address to which the provider sends people back, where it has to know it beforehand: one or two sentences. People
    /// who were led to another one can paste that.
    pub returns: Option<&'static str>,
    /// Whether it shows accounts that were opened since without its person signing in again.
    pub shows_new_accounts: bool,
    /// How many days of history are suggested at a bank that does not say how many it gives.
    pub suggested_days: i64,
    /// How many days a person has to come back from the bank.
    pub flow_minutes: i64,
}
