//! The simulator of Enable Banking, as the suite wants it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use bankside_connect::enablebanking::EnableBanking;
use bankside_connect::{Connector, Form};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Answers, EnableBankingEvent, Sandbox};
use bankside_testkit::TestClock;
use url::Url;

use crate::running::{How, Running, fill_in, line_troubles};
use crate::simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};

/// A bank with two accounts, references on all rows, and a second page that is empty.
const BANK: Bank = Bank { country: "DE", key: "DE:Nordhafen Bank", name: "Nordhafen Bank" };
/// A bank with four reads a day.
const STRICT_BANK: &str = "GB:Lockside Bank";
/// A key of the right form that belongs to no application.
const STRANGE_KEY: &str = include_str!("enablebanking/strange.pem");

/// The open facts of the provider. A fetch can notice each of them.
const SWITCHES: [&str; 5] = [
    "enablebanking_amounts_are_signed",
    "enablebanking_last_key_is_null",
    "enablebanking_longest_keeps_to_date_from",
    "enablebanking_session_errors_are_unauthorized",
    "enablebanking_transaction_ids_survive_sessions",
];

/// What stands on the line and writes like the provider, beside what is wrong with the line itself.
const ON_THE_LINE: [&str; 3] = ["enablebanking_bad_gateway", "enablebanking_empty", "enablebanking_wordless"];

/// Opens the simulator.
#[derive(Debug, Clone, Copy)]
pub struct EnableBankingSandbox;

#[async_trait]
impl Simulators for EnableBankingSandbox {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(EnableBanking)
    }

    fn switches(&self) -> Vec<&'static str> {
        SWITCHES.to_vec()
    }

    async fn open(&self, turned: Option<&str>) -> Box<dyn Simulator> {
        Box::new(Open::new(turned).await.unwrap_or_else(|error| panic!("the sandbox does not open: {error}")))
    }
}

struct Open(Running);

impl Open {
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn Error>> {
        Running::start("enablebanking/", turned).await.map(Self)
    }
}

/// The label of a kind of call, and its method where the label has several.
fn on(call: Call) -> Occasion<(&'static str, Option<&'static str>)> {
    match call {
        Call::Rows => Ok(("enablebanking/accounts/transactions", None)),
        Call::Balances => Ok(("enablebanking/accounts/balances", None)),
        Call::Revoke => Ok(("enablebanking/sessions/id", Some("DELETE"))),
        Call::Token => Err("tokens are signed here, and nobody is asked for them"),
        Call::SignIn | Call::Answer => Err("people sign in and answer on pages of their bank"),
        Call::Reading => Err("banks are asked at each call"),
    }
}

fn kind_of(class: FaultClass) -> Occasion<&'static str> {
    match class {
        FaultClass::NeedsUser => Ok("enablebanking_act_at_bank"),
        FaultClass::NeedsOperator => Ok("enablebanking_ip_denied"),
        FaultClass::RetryLater => Ok("enablebanking_bank_error"),
        FaultClass::RateLimited => Ok("enablebanking_rate_limit"),
        FaultClass::Partial => Ok("enablebanking_same_key"),
        FaultClass::Gone => Ok("enablebanking_account_gone"),
        FaultClass::Bug => Ok("enablebanking_wrong_parameters"),
        FaultClass::Busy => Err("nothing is prepared: banks are asked at each call"),
        FaultClass::Unsupported => Err("what a bank does not have is left out of its answers"),
    }
}

#[async_trait]
impl Simulator for Open {
    fn ambient(&self) -> &Ambient {
        &self.0.ambient
    }

    fn clock(&self) -> &Arc<TestClock> {
        &self.0.clock
    }

    fn base_url(&self) -> &Url {
        &self.0.base_url
    }

    fn keys(&self) -> BTreeMap<String, Secret> {
        let same = ["application_id", "private_key"].map(|name| (name, name));
        self.0.keys("enablebanking", &same)
    }

    fn strange_keys(&self) -> BTreeMap<String, Secret> {
        let key = |name: &str, text: &str| (name.to_owned(), Secret::new(text));
        let nobody = "6d3f1a52-77c0-4a0e-9b1d-2f8e4c5a6b70";
        BTreeMap::from([key("application_id", nobody), key("private_key", STRANGE_KEY)])
    }

    fn bank(&self) -> Bank {
        BANK
    }

    async fn scene(&self, scene: Scene) -> Occasion<Beginning> {
        match scene {
            Scene::Usual | Scene::Made | Scene::Page | Scene::RenewalAsks | Scene::Troubled(_) => {
                Ok(Beginning::New(BANK.key.to_owned()))
            }
            Scene::Strict => Ok(Beginning::New(STRICT_BANK.to_owned())),
            Scene::Asked => Err("nothing is asked here but of which kind the accounts are"),
        }
    }

    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String> {
        let answers = Answers { cancels: walk == Walk::Cancels, ..Answers::default() };
        let back = self.0.sandbox.visit(link, &answers).await.map_err(|error| error.to_string())?;
        Ok(back.query_pairs().into_owned().collect())
    }

    fn answer(&self, form: &Form, walk: Walk) -> Option<BTreeMap<String, Secret>> {
        fill_in(form, walk, |_| String::new())
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let at = on(at)?;
        let kind = match trouble {
            Trouble::Withdrawn => {
                let event = EnableBankingEvent::Revoke { of: BANK.name.to_owned() };
                return self.0.sandbox.happen_at_enablebanking(event).map_err(|_| "nothing has been connected yet");
            }
            Trouble::Class(class) => kind_of(class)?,
            Trouble::LimitOfAll { .. } => return Err("no limit of all calls is documented"),
            Trouble::Line(name) => name,
        };
        self.0.arm(at, kind, account, How { times, seconds: None });
        Ok(())
    }

    fn disarm(&self) {
        self.0.sandbox.disarm();
    }

    fn spoil_login(&self, _: &str) -> Occasion {
        Err("no login is there beforehand")
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        line_troubles("enablebanking", &ON_THE_LINE)
    }

    fn arm_by_name(&self, name: &str, at: Call, account: Option<&str>) {
        if let Ok(at) = on(at) {
            self.0.arm(at, name, account, How::default());
        }
    }

    fn sandbox(&self) -> &Sandbox {
        &self.0.sandbox
    }

    fn calls_of(&self, call: Call) -> usize {
        on(call).map_or(0, |label| self.0.calls_of(&[label]))
    }

    fn spent(&self) -> BTreeMap<String, usize> {
        let mut spent = BTreeMap::new();
        for call in self.0.sandbox.calls() {
            let kind = match call.label {
                "enablebanking/accounts/balances" => "balances",
                "enablebanking/accounts/transactions" => "transactions",
                _ => continue,
            };
            // Pages belong to the read of the first one.
            let is_first = call.query.as_ref().is_none_or(|query| !query.contains("continuation_key"));
            if let (Some(account), Some(200..=299), true) = (call.account, call.status, is_first) {
                *spent.entry(format!("{account}:{kind}")).or_default() += 1;
            }
        }
        spent
    }

    fn changes_ids_at_renewal(&self) -> bool {
        true
    }

    fn codes_work_once(&self) -> bool {
        true
    }

    fn pages_outlive_flows(&self) -> bool {
        true
    }

    fn says_what_is_left(&self) -> bool {
        false
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
        assert_eq!(SWITCHES.into_iter().collect::<BTreeSet<_>>(), Switches::names_of("enablebanking").collect());
    }
}
