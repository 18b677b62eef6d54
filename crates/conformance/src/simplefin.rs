//! The simulator of SimpleFIN, as the suite wants it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bankside_connect::simplefin::SimpleFin;
use bankside_connect::{Connector, Form};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Sandbox, SimpleFinEvent};
use bankside_testkit::TestClock;
use url::Url;

use crate::running::{How, Running, line_troubles};
use crate::simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};

/// What a connection is called, whatever banks hang on it.
const BANK: Bank = Bank { country: "US", key: "simplefin", name: "SimpleFIN" };
/// The one login.
const LOGIN: &str = "all";
/// The bank of the first account.
const FIRST_BANK: &str = "CON-quillback-0";
/// The call that has everything.
const ACCOUNTS: (&str, Option<&str>) = ("simplefin/accounts", None);

/// The open facts of the provider. A fetch can notice each of them.
const SWITCHES: [&str; 8] = [
    "simplefin_pending_zero_leaves_out",
    "simplefin_version_is_asked_for",
    "simplefin_knows_version_1_only",
    "simplefin_errors_say_message",
    "simplefin_range_is_45_days",
    "simplefin_day_has_no_leeway",
    "simplefin_pending_is_posted_at_zero",
    "simplefin_ids_survive_posting",
];

/// What stands on the line and writes like the provider, beside what is wrong with the line itself.
const ON_THE_LINE: [&str; 2] = ["simplefin_bad_gateway", "simplefin_empty"];

/// Opens the simulator.
#[derive(Debug, Clone, Copy)]
pub struct SimpleFinSandbox;

#[async_trait]
impl Simulators for SimpleFinSandbox {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(SimpleFin)
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
    /// What the person has typed, or what it was exchanged for.
    access: Secret,
    /// What makes everything well again.
    healing: Mutex<Vec<SimpleFinEvent>>,
}

impl Open {
    /// A simulator whose keys are an access that nobody else has.
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let running = Running::start("simplefin/", turned).await?;
        let access = Secret::new(running.sandbox.make_access_url()?);
        Ok(Self { running, access, healing: Mutex::default() })
    }

    /// Lets something happen until it is disarmed.
    fn happen(&self, event: SimpleFinEvent, healing: SimpleFinEvent) -> Occasion {
        self.healing.lock().unwrap_or_else(PoisonError::into_inner).push(healing);
        self.running.sandbox.happen_at_simplefin(event).map_err(|_| "the bank or the account is not there")
    }

    fn need_person(&self, of: &str) -> Occasion {
        let event = |needs: bool| SimpleFinEvent::NeedPerson { of: of.to_owned(), needs };
        self.happen(event(true), event(false))
    }

    /// Lets a class be told by the list of errors, where it is; otherwise answers with the fault to arm.
    fn tell(&self, class: FaultClass, account: Option<&str>) -> Occasion<Option<&'static str>> {
        match (class, account.map(str::to_owned)) {
            (FaultClass::NeedsUser, _) => self.need_person(FIRST_BANK).map(|()| None),
            (FaultClass::RetryLater, Some(of)) => {
                let event = |fails: bool| SimpleFinEvent::Fail { of: of.clone(), fails };
                self.happen(event(true), event(false)).map(|()| None)
            }
            (FaultClass::Partial, Some(of)) => {
                let event = |misses: bool| SimpleFinEvent::MissData { of: of.clone(), misses };
                self.happen(event(true), event(false)).map(|()| None)
            }
            (FaultClass::RetryLater, None) => Ok(Some("simplefin_internal_error")),
            (FaultClass::Partial, None) => Ok(Some("simplefin_unknown_error")),
            (FaultClass::NeedsOperator, _) => Ok(Some("simplefin_forbidden")),
            (FaultClass::RateLimited, _) => Ok(Some("simplefin_too_many_requests")),
            (FaultClass::Bug, _) => Ok(Some("simplefin_bad_request")),
            (FaultClass::Busy, _) => Err("nothing is prepared: what is read once a day is there"),
            (FaultClass::Gone, _) => Err("an account that is not listed is not gone by that"),
            (FaultClass::Unsupported, _) => Err("what a bank does not have is not listed"),
        }
    }
}

/// Whether there are calls of a kind.
fn on(call: Call) -> Occasion<(&'static str, Option<&'static str>)> {
    match call {
        Call::Rows => Ok(ACCOUNTS),
        Call::Balances => Err("balances come with the rows"),
        Call::Revoke => Err("an access is ended at the provider by the person alone"),
        Call::Token => Err("a token is exchanged once, when it is typed"),
        Call::SignIn | Call::Answer => Err("people sign in on the provider's own pages"),
        Call::Reading => Err("banks are read once a day, and nobody can ask for more"),
    }
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
        BTreeMap::from([("access_url".to_owned(), self.access.clone())])
    }

    fn strange_keys(&self) -> BTreeMap<String, Secret> {
        let address = self.running.base_url.as_str().replace("://", "://nobody-7c1:pass-phrase-7c1-of-nobody@");
        BTreeMap::from([("access_url".to_owned(), Secret::new(address))])
    }

    fn bank(&self) -> Bank {
        BANK
    }

    async fn scene(&self, scene: Scene) -> Occasion<Beginning> {
        match scene {
            Scene::Usual | Scene::Troubled(_) => Ok(Beginning::Adopt(LOGIN.to_owned())),
            Scene::Made => Err("banks are connected at the provider, and none is here"),
            Scene::Asked => Err("nothing is asked"),
            Scene::RenewalAsks => Err("access does not end by itself, and renewing it only looks"),
            Scene::Page => Err("nobody is sent to a page"),
            Scene::Strict => Err("the limit is the same everywhere"),
        }
    }

    async fn walk(&self, _: &Url, _: Walk) -> Result<BTreeMap<String, String>, String> {
        Err("there are no pages".to_owned())
    }

    fn answer(&self, _: &Form, _: Walk) -> Option<BTreeMap<String, Secret>> {
        None
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let kind = match trouble {
            Trouble::Withdrawn => return self.need_person("*"),
            // One answer has both, so whatever happens on the line happens to both.
            Trouble::Line(name) if at == Call::Balances => name,
            Trouble::Line(name) => {
                on(at)?;
                name
            }
            Trouble::LimitOfAll { .. } => return Err("nothing says how long a limit lasts"),
            Trouble::Class(class) => {
                on(at)?;
                match self.tell(class, account)? {
                    Some(kind) => kind,
                    None => return Ok(()),
                }
            }
        };
        self.running.arm(ACCOUNTS, kind, None, How { times, seconds: None });
        Ok(())
    }

    fn disarm(&self) {
        self.running.sandbox.disarm();
        for event in std::mem::take(&mut *self.healing.lock().unwrap_or_else(PoisonError::into_inner)) {
            let healed = self.running.sandbox.happen_at_simplefin(event);
            assert!(healed.is_ok(), "{healed:?}");
        }
    }

    fn spoil_login(&self, _: &str) -> Occasion {
        Err("the one login is the access itself")
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        line_troubles("simplefin", &ON_THE_LINE)
    }

    fn arm_by_name(&self, name: &str, _: Call, _: Option<&str>) {
        self.running.arm(ACCOUNTS, name, None, How::default());
    }

    fn sandbox(&self) -> &Sandbox {
        &self.running.sandbox
    }

    fn calls_of(&self, call: Call) -> usize {
        on(call).map_or(0, |label| self.running.calls_of(&[label]))
    }

    /// A window of sixty days, and the rest.
    fn calls_of_all(&self) -> usize {
        2
    }

    fn fewest_logins(&self) -> usize {
        1
    }

    fn answers_for_all(&self) -> bool {
        true
    }

    fn renews_in_place(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod own;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bankside_sandbox::Switches;

    use super::*;

    #[test]
    fn every_open_fact_is_gone_through() {
        assert_eq!(SWITCHES.into_iter().collect::<BTreeSet<_>>(), Switches::names_of("simplefin").collect());
    }
}
