//! What a connecting flow remembers between two steps: nothing that was typed.

use bankside_domain::CurrencyCode;
use bankside_domain::fault::FaultClass;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::currency;
use super::institutions::country_of;
use super::job::{Answers, Prompt};
use super::owed::Owed;
use super::remote::Remote;
use super::sign_in::SignIn;
use crate::fault::Fault;
use crate::step::{FlowState, Form, Institution, Step};

/// Nobody says how long a bank waits for an answer. Codes that are sent hold for five to ten minutes and a sign-in at which
/// nothing happens ends after about as long, so with the shorter of them nobody types in vain.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// What a flow is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// A login is made.
    New,
    /// One that is there is taken up.
    Adopt,
    /// The one of a connection is read anew, as it stood before.
    Renew(Box<Remote>),
}

/// Where a flow stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The person signs in.
    SignIn {
        error: Option<String>,
        /// Whether what was typed before may be tried again.
        may_be_empty: bool,
    },
    /// A job goes on.
    Job(Running),
    /// The person says of which country the dollars are.
    Currency {
        /// The job, while rows are still coming.
        job: Option<String>,
    },
    /// The person says whose positive balances are.
    Owed {
        /// The job, while rows are still coming.
        job: Option<String>,
    },
}

/// A job that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) id: String,
    /// When it was started, or somebody last answered.
    pub(super) since: Timestamp,
    pub(super) answers: Answers,
    /// The prompt that is being shown.
    pub(super) pending: Option<Pending>,
}

impl Running {
    pub(super) fn new(id: String, since: Timestamp) -> Self {
        Self { id, since, answers: Answers::default(), pending: None }
    }
}

/// A prompt that is being shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) digest: String,
    pub(super) prompt: Prompt,
    /// Whether it was answered before and that was not taken.
    pub(super) is_again: bool,
    pub(super) asked_at: Timestamp,
}

impl Pending {
    pub(super) fn expires_at(&self) -> Timestamp {
        self.asked_at + ANSWER_WITHIN
    }
}

/// A connecting flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) purpose: Purpose,
    pub(super) institution: Institution,
    pub(super) sign_in: SignIn,
    pub(super) stage: Stage,
    /// The login, once there is one.
    pub(super) login: Option<String>,
    /// The logins that this institution had before one was made whose answer was lost.
    pub(super) lost: Option<Vec<String>>,
    /// What `$` is, if the person has said so.
    pub(super) dollar: Option<CurrencyCode>,
    /// Whose positive balances are, as far as the person has said.
    #[serde(default)]
    pub(super) owed: Owed,
    /// Whether the bank has asked anything.
    pub(super) was_asked: bool,
    /// Whether another sign-in was typed for a login that there was.
    pub(super) was_retyped: bool,
}

impl Flow {
    pub(super) fn new(purpose: Purpose, institution: Institution, sign_in: SignIn) -> Self {
        let stage = Stage::SignIn { error: None, may_be_empty: false };
        let owed = match &purpose {
            Purpose::Renew(before) => before.owed.clone(),
            Purpose::New | Purpose::Adopt => Owed::new(),
        };
        let (login, lost, dollar) = (None, None, None);
        Self { purpose, institution, sign_in, stage, login, lost, dollar, owed, was_asked: false, was_retyped: false }
    }

    pub(super) fn read(state: &FlowState) -> Result<Self, Fault> {
        serde_json::from_value(state.0.clone()).map_err(|error| unreadable().with_source(error))
    }

    pub(super) fn state(&self) -> Result<FlowState, Fault> {
        serde_json::to_value(self).map(FlowState).map_err(|error| unreadable().with_source(error))
    }

    /// The country of the institution.
    pub(super) fn country(&self) -> Option<&str> {
        country_of(&self.institution.key)
    }

    /// When the person let Sophtron in, where this flow saw it.
    pub(super) fn given_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.purpose {
            Purpose::Adopt => None,
            Purpose::New | Purpose::Renew(_) => Some(now),
        }
    }

    /// What the connection is fetched with. The job is named while rows are still coming.
    pub(super) fn remote(&self, job: Option<String>, now: Timestamp) -> Remote {
        let before = match &self.purpose {
            Purpose::Renew(before) => Some(before.as_ref()),
            Purpose::New | Purpose::Adopt => None,
        };
        let mut remote = Remote {
            login: self.login.clone().unwrap_or_default(),
            made_here: before.map_or(self.purpose == Purpose::New, |before| before.made_here),
            dollar: self.dollar.or_else(|| super::accounts::dollar_of(self.country())),
            owed: self.owed.clone(),
            read_at: self.given_at(now),
            job,
            asked_at: None,
            asks_every_time: false,
        };
        // What a bank asks of somebody who signs in anew it does not ask every time.
        let earlier = before.filter(|_| !self.was_retyped);
        remote.asked(earlier, self.was_asked, now);
        remote
    }

    /// The institution's sign-in form.
    pub(super) fn ask_to_sign_in(self, error: Option<String>, may_be_empty: bool) -> Result<Step, Fault> {
        let form = self.sign_in.form(&self.institution.name, error.clone(), may_be_empty);
        let state = Self { stage: Stage::SignIn { error, may_be_empty }, ..self }.state()?;
        Ok(Step::Ask(Box::new(form), state))
    }

    /// A question about accounts that the bank does not tell everything of.
    pub(super) fn ask_about(self, form: Form, stage: Stage) -> Result<Step, Fault> {
        let state = Self { stage, ..self }.state()?;
        Ok(Step::Ask(Box::new(form), state))
    }

    /// The question of which country the dollars are.
    pub(super) fn ask_for_currency(self, job: Option<String>) -> Result<Step, Fault> {
        let form = currency::form(&self.institution.name);
        self.ask_about(form, Stage::Currency { job })
    }
}

fn unreadable() -> Fault {
    Fault::new(FaultClass::Bug, "sophtron.flow_state", "The state of this connecting flow cannot be read.")
}
