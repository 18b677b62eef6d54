//! The simulator of Pluggy.ai, as the suite wants it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::http::Method;
use bankside_connect::http::{self, Http, Proof};
use bankside_connect::pluggy::Pluggy;
use bankside_connect::{Connector, Form, FormField};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Answers, PluggyEvent, Sandbox};
use bankside_testkit::TestClock;
use serde_json::{Value, json};
use url::Url;

use crate::running::{How, Running, fill_in, line_troubles};
use crate::simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};

/// A bank with an account for every day and a card, by Open Finance.
const BANK: Bank = Bank { country: "BR", key: "700", name: "Banco Aroeira" };
/// The item at it that is there from the start.
const ITEM: &str = "5a6d0000-0000-4000-8000-0000000000b1";

/// Connectors of the provider's sandbox (fact sheet §9).
const PLAIN_CONNECTOR: u32 = 0;
const CODE_CONNECTOR: u32 = 5;
const PAGE_CONNECTOR: u32 = 8;

/// The open facts of the provider that a fetch can notice, or what leads to one.
const SWITCHES: [&str; 11] = [
    "pluggy_empty_lists_have_no_pages",
    "pluggy_limit_headers_are_on_every_answer",
    "pluggy_retry_after_is_a_minute",
    "pluggy_version_2_is_limited",
    "pluggy_bad_key_is_forbidden",
    "pluggy_foreign_item_is_forbidden",
    "pluggy_ended_consent_is_login_error",
    "pluggy_untouched_sandbox_items_are_deleted",
    "pluggy_balance_contains_what_is_invested",
    "pluggy_version_1_still_answers",
    "pluggy_transactions_are_newest_first",
];

/// The code that the provider's sandbox takes (fact sheet §9), and another.
const CODE: &str = "123456";
const WRONG_CODE: &str = "654987";

/// Opens the simulator.
#[derive(Debug, Clone, Copy)]
pub struct PluggySandbox;

#[async_trait]
impl Simulators for PluggySandbox {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(Pluggy)
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
    /// The item that fails, or is read in part only, until it is disarmed.
    failing: Mutex<Option<String>>,
}

impl Open {
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn Error>> {
        Ok(Self { running: Running::start("pluggy/", turned).await?, failing: Mutex::default() })
    }

    /// Notes which item fails; answers with the one before it.
    fn keep_failing(&self, item: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.failing.lock().unwrap_or_else(PoisonError::into_inner), item)
    }

    fn happen(&self, event: PluggyEvent) -> Occasion {
        self.running.sandbox.happen_at_pluggy(event).map_err(|_| "the item is not in a state in which this happens")
    }

    /// Makes an item as another program of the person's would, and answers with its id.
    async fn make_item(&self, connector: u32, parameters: Value) -> Result<String, Box<dyn Error>> {
        let keys = self.keys();
        let key = |name: &str| keys.get(name).map(Secret::expose).unwrap_or_default();
        let body = json!({ "clientId": key("client_id"), "clientSecret": key("client_secret") });
        let answer = self.post("auth", None, &body).await?;
        let proof = Proof::Header("x-api-key", Secret::new(answer["apiKey"].as_str().unwrap_or_default()));
        let back = "http://127.0.0.1:5006/connect/callback";
        let body = json!({ "connectorId": connector, "parameters": parameters, "oauthRedirectUri": back });
        let item = self.post("items", Some(proof), &body).await?;
        Ok(item["id"].as_str().ok_or("no item was made")?.to_owned())
    }

    async fn post(&self, path: &'static str, proof: Option<Proof>, body: &Value) -> Result<Value, Box<dyn Error>> {
        let http = Http::new(self.running.ambient.clone())?;
        let url = self.running.base_url.join(path)?;
        let body = Some(http::Body::Json(Secret::new(body.to_string())));
        let call = http::Call {
            method: Method::POST,
            url,
            label: path,
            proof,
            body,
            person: Vec::new(),
            pace: None,
            address: http::Address::Configured,
            patience: None,
        };
        let answer = http.call(&call).await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    async fn adopt_new(&self, connector: u32, parameters: Value) -> Occasion<Beginning> {
        let made = self.make_item(connector, parameters).await;
        made.map(Beginning::Adopt).map_err(|_| "the simulator makes no item")
    }
}

/// The calls of a kind.
fn on(call: Call) -> Occasion<(&'static str, Option<&'static str>)> {
    match call {
        Call::Rows => Ok(("pluggy/v2/transactions", None)),
        Call::Balances => Ok(("pluggy/accounts/id", None)),
        Call::Revoke => Err("items are the person's own, and nothing is ended at the provider"),
        Call::Token => Ok(("pluggy/auth", None)),
        Call::SignIn => Err("people sign in on the provider's own pages"),
        Call::Answer => Ok(("pluggy/items/mfa", None)),
        Call::Reading => Ok(("pluggy/items/id", Some("PATCH"))),
    }
}

/// What stands in the place of an answer with a fault of this class.
fn kind_of(class: FaultClass, at: Call) -> Occasion<&'static str> {
    Ok(match class {
        FaultClass::NeedsOperator => "pluggy_forbidden",
        FaultClass::RetryLater => "pluggy_internal_error",
        FaultClass::RateLimited if at == Call::Balances => return Err("the only limit is that of all calls"),
        FaultClass::RateLimited => "pluggy_rate_limited",
        FaultClass::Busy => return Err("an item that has been read once shows what it has while it is read again"),
        FaultClass::Gone => "pluggy_account_not_found",
        FaultClass::Bug => "pluggy_bad_request",
        FaultClass::NeedsUser | FaultClass::Unsupported | FaultClass::Partial => {
            return Err("a balance stands in the account, which every bank gives");
        }
    })
}

/// How the last reading of an item went where that is what a fault of this class comes from.
fn reading_of(class: FaultClass) -> Option<&'static str> {
    match class {
        FaultClass::NeedsUser => Some("INVALID_CREDENTIALS"),
        FaultClass::Unsupported => Some("USER_NOT_SUPPORTED"),
        _ => None,
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
        let names = [("client_id", "clientId"), ("client_secret", "clientSecret"), ("item_ids", "itemIds")];
        self.running.keys("pluggy", &names)
    }

    fn strange_keys(&self) -> BTreeMap<String, Secret> {
        let nobody = "6d3f1a52-77c0-4a0e-9b1d-2f8e4c5a6b70";
        let keys = [("client_id", nobody), ("client_secret", nobody), ("item_ids", ITEM)];
        keys.map(|(name, text)| (name.to_owned(), Secret::new(text))).into()
    }

    fn bank(&self) -> Bank {
        BANK
    }

    async fn scene(&self, scene: Scene) -> Occasion<Beginning> {
        let signs_in = |user: &str| json!({ "user": user, "password": "password-ok" });
        match scene {
            Scene::Troubled(FaultClass::Partial) => {
                let adopting = self.adopt_new(PLAIN_CONNECTOR, signs_in("user-ok-account-error")).await?;
                if let Beginning::Adopt(item) = &adopting {
                    self.keep_failing(Some(item.clone()));
                }
                Ok(adopting)
            }
            Scene::Usual | Scene::Troubled(_) => Ok(Beginning::Adopt(ITEM.to_owned())),
            Scene::Asked => self.adopt_new(CODE_CONNECTOR, signs_in("user-ok")).await,
            Scene::RenewalAsks => {
                // Nobody has to wait for an hour between two readings.
                let event =
                    PluggyEvent::Client { plan: None, update_hours: Some(0), items_limit: None, disabled: None };
                self.happen(event)?;
                self.adopt_new(CODE_CONNECTOR, signs_in("user-ok")).await
            }
            Scene::Page => self.adopt_new(PAGE_CONNECTOR, json!({ "cpf": "761.092.776-73" })).await,
            Scene::Made => Err("items are the person's own, and none is made here"),
            Scene::Strict => Err("the limits are the same at every bank"),
        }
    }

    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String> {
        let answers = Answers { cancels: walk != Walk::Consents, ..Answers::default() };
        let back = self.running.sandbox.visit(link, &answers).await.map_err(|error| error.to_string())?;
        Ok(back.query_pairs().into_owned().collect())
    }

    fn answer(&self, form: &Form, walk: Walk) -> Option<BTreeMap<String, Secret>> {
        // Whoever is asked for another item has none.
        if form.fields.iter().any(|field| field.key == "item_id") {
            return None;
        }
        let code = |_: &FormField| if walk == Walk::Mistypes { WRONG_CODE } else { CODE }.to_owned();
        fill_in(form, walk, code)
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let label = on(at)?;
        let (kind, seconds) = match trouble {
            Trouble::Withdrawn => return self.happen(PluggyEvent::Revoke { of: ITEM.to_owned() }),
            Trouble::Class(class) if at == Call::Rows && reading_of(class).is_some() => {
                let code = reading_of(class).unwrap_or_default().to_owned();
                self.keep_failing(Some(ITEM.to_owned()));
                return self.happen(PluggyEvent::Fail { of: ITEM.to_owned(), code, lasts: true });
            }
            // The item of this scene is read in part already.
            Trouble::Class(FaultClass::Partial) if at == Call::Rows => return Ok(()),
            Trouble::Class(class) => (kind_of(class, at)?, None),
            Trouble::LimitOfAll { seconds } => ("pluggy_rate_limited", Some(seconds)),
            Trouble::Line("refused token") => ("pluggy_unauthorized", None),
            Trouble::Line(name) => (name, None),
        };
        self.running.arm(label, kind, account, How { times, seconds });
        Ok(())
    }

    fn disarm(&self) {
        self.running.sandbox.disarm();
        if let Some(of) = self.keep_failing(None) {
            let healed = self.happen(PluggyEvent::Sync { of });
            assert!(healed.is_ok(), "{healed:?}");
        }
    }

    fn spoil_login(&self, login: &str) -> Occasion {
        self.happen(PluggyEvent::Foreign { of: login.to_owned() })
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        line_troubles("pluggy", &[])
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

    /// The item.
    fn calls_of_all(&self) -> usize {
        1
    }

    fn renews_in_place(&self) -> bool {
        true
    }

    fn refusals_are_faults(&self) -> bool {
        true
    }

    fn sends_late_rows(&self) -> bool {
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

    /// Open facts of other calls, and of plans that this kit does not have.
    const NOT_OF_FETCHING: [&str; 4] = [
        "pluggy_disabled_client_is_forbidden",
        "pluggy_items_can_be_listed",
        "pluggy_plan_refusals_are_forbidden",
        "pluggy_bill_days_have_a_zone",
    ];

    #[test]
    fn of_every_open_fact_it_is_known_whether_a_fetch_can_notice_it() {
        let judged: BTreeSet<&str> = SWITCHES.into_iter().chain(NOT_OF_FETCHING).collect();
        assert_eq!(judged, Switches::names_of("pluggy").collect());
    }
}
