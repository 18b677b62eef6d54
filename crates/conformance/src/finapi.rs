//! The simulator of finAPI, as the suite wants it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bankside_connect::finapi::FinApi;
use bankside_connect::{Connector, Form};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Answers, FinApiEvent, Sandbox};
use bankside_testkit::TestClock;
use url::Url;

use crate::running::{How, Running, line_troubles};
use crate::simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};

/// A bank with an account for every day and one for savings, pending rows and a consent that ends.
const BANK: Bank = Bank { country: "DE", key: "290001", name: "Nordhafen Bank" };

/// The open facts of the provider. A flow or a fetch can notice each of them.
const SWITCHES: [&str; 2] = ["finapi_form_times_end_with_z", "finapi_updates_take_one_id_only"];

/// What stands on the line and writes like the provider, beside what is wrong with the line itself.
const ON_THE_LINE: [&str; 1] = ["finapi_bad_gateway"];

/// How long a download goes on that is waited for, and one that is not, in seconds.
const SHORT: u32 = 20;
const LONG: u32 = 86_400;

const NO_FORMS: &str = "people sign in and answer on the provider's own pages";

/// Opens the simulator.
#[derive(Debug, Clone, Copy)]
pub struct FinApiSandbox;

#[async_trait]
impl Simulators for FinApiSandbox {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(FinApi)
    }

    fn switches(&self) -> Vec<&'static str> {
        SWITCHES.to_vec()
    }

    async fn open(&self, turned: Option<&str>) -> Box<dyn Simulator> {
        Box::new(Open::new(turned).await.unwrap_or_else(|error| panic!("the sandbox does not open: {error}")))
    }
}

struct Open {
    running: Running,
    /// How many people have signed in: one sign-in is one connection.
    people: AtomicU32,
    /// What makes everything well again.
    healing: Mutex<Vec<FinApiEvent>>,
}

impl Open {
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn Error>> {
        Ok(Self::of(Running::start("finapi/", turned).await?))
    }

    fn of(running: Running) -> Self {
        Self { running, people: AtomicU32::new(1), healing: Mutex::default() }
    }

    /// Lets something happen until it is disarmed.
    fn happen(&self, event: FinApiEvent, healing: FinApiEvent) -> Occasion {
        self.healing.lock().unwrap_or_else(PoisonError::into_inner).push(healing);
        self.running.sandbox.happen_at_finapi(event).map_err(|_| "the bank is not there")
    }

    fn download(&self, seconds: u32) -> Occasion {
        let event = |seconds| FinApiEvent::Download { of: BANK.key.to_owned(), seconds };
        self.happen(event(seconds), event(0))
    }
}

/// The calls of a kind.
fn on(call: Call) -> Occasion<(&'static str, Option<&'static str>)> {
    match call {
        Call::Rows => Ok(("finapi/transactions", None)),
        Call::Balances => Ok(("finapi/accounts/id", None)),
        Call::Revoke => Ok(("finapi/bankConnections/id", Some("DELETE"))),
        Call::Token => Ok(("finapi/oauth/token of user", None)),
        Call::SignIn | Call::Answer => Err(NO_FORMS),
        Call::Reading => Ok(("finapi/tasks/backgroundUpdate", None)),
    }
}

/// The fault that is of a class.
fn kind_of(class: FaultClass, at: Call) -> Occasion<&'static str> {
    Ok(match class {
        FaultClass::NeedsUser => "finapi_more_authentication",
        FaultClass::NeedsOperator => "finapi_forbidden",
        FaultClass::RetryLater => "finapi_unexpected_error",
        FaultClass::RateLimited | FaultClass::Unsupported if at == Call::Balances => {
            return Err("a balance stands in the account, which every bank gives and no limit of its own refuses");
        }
        FaultClass::RateLimited => "finapi_too_many",
        FaultClass::Unsupported => "finapi_unsupported_feature",
        FaultClass::Gone => "finapi_unknown_entity",
        FaultClass::Bug => "finapi_illegal_value",
        FaultClass::Partial => return Err("the banks here are read wholly or not at all"),
        FaultClass::Busy => return Err("what is being read is a connection, and no account alone"),
    })
}

#[async_trait]
impl Simulator for Open {
    fn ambient(&self) -> &Ambient {
        &self.running.ambient
    }

    fn clock(&self) -> &Arc<TestClock> {
        &self.running.clock
    }

    fn base_url(&self) -> &Url {
        &self.running.base_url
    }

    fn keys(&self) -> BTreeMap<String, Secret> {
        self.running.keys("finapi", &[("client_id", "clientId"), ("client_secret", "clientSecret")])
    }

    fn strange_keys(&self) -> BTreeMap<String, Secret> {
        let nobody = "6d3f1a52-77c0-4a0e-9b1d-2f8e4c5a6b70";
        [("client_id", nobody), ("client_secret", nobody)]
            .map(|(name, text)| (name.to_owned(), Secret::new(text)))
            .into()
    }

    fn bank(&self) -> Bank {
        BANK
    }

    async fn scene(&self, scene: Scene) -> Occasion<Beginning> {
        match scene {
            Scene::Page => Ok(Beginning::Hosted("Household".to_owned())),
            Scene::Usual | Scene::Made | Scene::RenewalAsks | Scene::Troubled(_) => {
                Ok(Beginning::New(BANK.key.to_owned()))
            }
            Scene::Asked => Err(NO_FORMS),
            Scene::Strict => Err("the limits are the same at every bank"),
        }
    }

    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String> {
        let user_id = self.running.sandbox.finapi_sign_in_wanted(link.path());
        let next = || format!("person-{}", self.people.fetch_add(1, Ordering::Relaxed));
        let user_id = user_id.unwrap_or_else(next);
        let answers = Answers { cancels: walk == Walk::Cancels, user_id, ..Answers::default() };
        let back = self.running.sandbox.visit(link, &answers).await.map_err(|error| error.to_string())?;
        Ok(back.query_pairs().into_owned().collect())
    }

    fn answer(&self, _: &Form, _: Walk) -> Option<BTreeMap<String, Secret>> {
        None
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let label = on(at)?;
        let kind = match trouble {
            Trouble::Withdrawn => {
                let event = |withdrawn| FinApiEvent::Withdraw { of: BANK.key.to_owned(), withdrawn };
                return self.happen(event(true), event(false));
            }
            Trouble::Class(FaultClass::Busy) if at == Call::Rows => {
                return self.download(if times.is_some() { SHORT } else { LONG });
            }
            Trouble::Class(class) => kind_of(class, at)?,
            Trouble::LimitOfAll { .. } => return Err("no limit is documented"),
            Trouble::Line("refused token") => "finapi_invalid_token",
            Trouble::Line(name) => name,
        };
        self.running.arm(label, kind, account, How { times, seconds: None });
        Ok(())
    }

    fn disarm(&self) {
        self.running.sandbox.disarm();
        for event in std::mem::take(&mut *self.healing.lock().unwrap_or_else(PoisonError::into_inner)) {
            let healed = self.running.sandbox.happen_at_finapi(event);
            assert!(healed.is_ok(), "{healed:?}");
        }
    }

    fn spoil_login(&self, _: &str) -> Occasion {
        Err("no login is there beforehand")
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        line_troubles("finapi", &ON_THE_LINE)
    }

    fn arm_by_name(&self, name: &str, at: Call, account: Option<&str>) {
        if let Ok(label) = on(at) {
            self.running.arm(label, name, account, How::default());
        }
    }

    fn sandbox(&self) -> &Sandbox {
        &self.running.sandbox
    }

    fn calls_of(&self, call: Call) -> usize {
        on(call).map_or(0, |label| self.running.calls_of(&[label]))
    }

    /// How the connection stands, and whether all of it is there.
    fn calls_of_all(&self) -> usize {
        2
    }

    fn renews_in_place(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod asked;
#[cfg(test)]
mod own;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bankside_sandbox::Switches;

    use super::*;

    #[test]
    fn every_open_fact_is_gone_through() {
        assert_eq!(SWITCHES.into_iter().collect::<BTreeSet<_>>(), Switches::names_of("finapi").collect());
    }
}
