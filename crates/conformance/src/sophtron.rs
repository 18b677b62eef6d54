//! The simulator of Sophtron, as the suite wants it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bankside_connect::sophtron::Sophtron;
use bankside_connect::{Connector, Form, FormField};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Sandbox, SophtronEvent};
use bankside_testkit::TestClock;
use url::Url;

use crate::running::{How, Running, fill_in, line_troubles};
use crate::simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};

/// A bank with checking, savings and a card.
const BANK: Bank = Bank { country: "US", key: "US_50f70000-0000-4000-8000-000000000003", name: "Harborlight Bank" };
/// The login at it that is there from the start.
const LOGIN: &str = "417dd1f2-a446-4e03-bcd2-e1eb2ff21207";
/// The provider's test bank that asks a captcha, a question, a way to send a token, and the token.
const ASKING_BANK: &str = "US_50f70000-0000-4000-8000-000000000001";
/// The provider's test bank that asks nothing.
const SILENT_BANK: &str = "US_50f70000-0000-4000-8000-000000000002";
/// A bank that asks at each refresh.
const BANK_THAT_ASKS_ALWAYS: &str = "US_50f70000-0000-4000-8000-000000000008";

/// The open facts of the provider that a fetch can notice, or what leads to one.
const SWITCHES: [&str; 15] = [
    "sophtron_rest_keys_are_camel_case",
    "sophtron_month_is_limited",
    "sophtron_signed_path_is_checked",
    "sophtron_health_check_says_ok",
    "sophtron_refresh_has_full_history",
    "sophtron_rows_are_newest_first",
    "sophtron_delete_says_a_number",
    "sophtron_unknown_ids_are_null",
    "sophtron_account_status_is_a_number",
    "sophtron_transaction_ids_survive_posting",
    "sophtron_prompts_stay_until_processed",
    "sophtron_processed_prompts_stay",
    "sophtron_refused_jobs_say_completed",
    "sophtron_flag_comes_after_completed",
    "sophtron_errors_are_json",
];

/// What stands on the line and writes like the provider, beside what is wrong with the line itself.
const ON_THE_LINE: [&str; 2] = ["sophtron_bad_gateway", "sophtron_empty"];

/// Opens the simulator.
#[derive(Debug, Clone, Copy)]
pub struct SophtronSandbox;

#[async_trait]
impl Simulators for SophtronSandbox {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(Sophtron)
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
    /// Whether the bank was made to ask at each refresh.
    asks: AtomicBool,
}

impl Open {
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn Error>> {
        Ok(Self { running: Running::start("sophtron/api/", turned).await?, asks: AtomicBool::new(false) })
    }

    fn happen(&self, event: SophtronEvent) -> Occasion {
        self.running.sandbox.happen_at_sophtron(event).map_err(|_| "the login is not there")
    }

    fn ask_always(&self, asks: bool) -> Occasion {
        self.asks.store(asks, Ordering::SeqCst);
        self.happen(SophtronEvent::AskAlways { of: LOGIN.to_owned(), asks })
    }
}

/// The calls of a kind, each by its label; faults are armed at the first.
fn on(call: Call) -> Occasion<&'static [&'static str]> {
    Ok(match call {
        Call::Rows => &["sophtron/GetTransactionsByTransactionDate"],
        Call::Balances => &["sophtron/GetUserInstitutionAccounts"],
        Call::Revoke => &["sophtron/DeleteUserInstitution"],
        Call::Token => return Err("keys are not exchanged"),
        Call::SignIn => &["sophtron/CreateUserInstitutionWithRefresh", "sophtron/UpdateUserInstitution"],
        Call::Answer => &[
            "sophtron/UpdateJob*",
            "sophtron/UpdateJobSecurityAnswer",
            "sophtron/UpdateJobTokenInput",
            "sophtron/UpdateJobCaptchaInput",
            "sophtron/UpdateJobCaptcha",
        ],
        Call::Reading => &["sophtron/RefreshUserInstitution", "sophtron/RetryAddingUserInstitution"],
    })
}

/// What stands in the place of an answer with a fault of this class.
fn kind_of(class: FaultClass, at: Call) -> Occasion<&'static str> {
    Ok(match class {
        FaultClass::NeedsOperator => "sophtron_forbidden",
        FaultClass::RetryLater => "sophtron_internal_error",
        FaultClass::RateLimited if at == Call::Balances => return Err("the only limit is that of all calls"),
        FaultClass::RateLimited => "sophtron_retry_after",
        FaultClass::Busy => return Err("while a bank is being read there is what was read before"),
        FaultClass::Partial => return Err("what a job reads it reads for all accounts"),
        FaultClass::Gone => "sophtron_not_found",
        FaultClass::Bug => "sophtron_bad_request",
        FaultClass::NeedsUser | FaultClass::Unsupported => return Err("what a bank does not have is not listed"),
    })
}

/// What the person types: texts that stand nowhere else, and that no bank takes for one of the sandbox's own words.
fn typed(field: &FormField, walk: Walk) -> String {
    match field.key.as_str() {
        "UserName" => "person-7c1-at-the-bank",
        "Password" if walk == Walk::Mistypes => "wrong",
        "Password" => "pass-phrase-7c1-of-hers",
        "PIN" => "90417702",
        "code" => "token-482915",
        "picture" => "7xq9-captcha",
        _ => "answer-7c1-to-a-question",
    }
    .to_owned()
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
        self.running.keys("sophtron", &[("user_id", "userId"), ("access_key", "accessKey")])
    }

    fn strange_keys(&self) -> BTreeMap<String, Secret> {
        let keys = [
            ("user_id", "6d3f1a52-77c0-4a0e-9b1d-2f8e4c5a6b70"),
            ("access_key", "bm9ib2R5cy1hY2Nlc3Mta2V5LTk4NzY1NDMyMTA="),
        ];
        keys.map(|(name, text)| (name.to_owned(), Secret::new(text))).into()
    }

    fn bank(&self) -> Bank {
        BANK
    }

    async fn scene(&self, scene: Scene) -> Occasion<Beginning> {
        match scene {
            Scene::Usual | Scene::Troubled(_) => Ok(Beginning::Adopt(LOGIN.to_owned())),
            Scene::Made => Ok(Beginning::New(SILENT_BANK.to_owned())),
            Scene::Asked => Ok(Beginning::New(ASKING_BANK.to_owned())),
            Scene::RenewalAsks => Ok(Beginning::New(BANK_THAT_ASKS_ALWAYS.to_owned())),
            Scene::Page => Err("no bank sends anybody to a page"),
            Scene::Strict => Err("the limit is the same at every bank"),
        }
    }

    async fn walk(&self, _: &Url, _: Walk) -> Result<BTreeMap<String, String>, String> {
        Err("there are no pages".to_owned())
    }

    fn answer(&self, form: &Form, walk: Walk) -> Option<BTreeMap<String, Secret>> {
        fill_in(form, walk, |field| typed(field, walk))
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let label = (on(at)?[0], None);
        // One list has the balances of all accounts.
        let account = account.filter(|_| at == Call::Rows);
        let (kind, seconds) = match trouble {
            Trouble::Withdrawn => return self.happen(SophtronEvent::Refuse { of: LOGIN.to_owned() }),
            Trouble::Class(FaultClass::NeedsUser) if at == Call::Rows => return self.ask_always(true),
            Trouble::Class(class) => (kind_of(class, at)?, None),
            Trouble::LimitOfAll { seconds } => ("sophtron_retry_after", Some(seconds)),
            Trouble::Line(name) => (name, None),
        };
        self.running.arm(label, kind, account, How { times, seconds });
        Ok(())
    }

    fn disarm(&self) {
        self.running.sandbox.disarm();
        if self.asks.load(Ordering::SeqCst) {
            let healed = self.ask_always(false);
            assert!(healed.is_ok(), "{healed:?}");
        }
    }

    /// Its bank is no longer listed. The first login is asked about first.
    fn spoil_login(&self, _: &str) -> Occasion {
        let once = How { times: Some(1), seconds: None };
        self.running.arm(("sophtron/GetInstitutionByID", None), "sophtron_not_found", None, once);
        Ok(())
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        line_troubles("sophtron", &ON_THE_LINE)
    }

    fn arm_by_name(&self, name: &str, at: Call, account: Option<&str>) {
        if let Ok(labels) = on(at) {
            self.running.arm((labels[0], None), name, account.filter(|_| at == Call::Rows), How::default());
        }
    }

    fn sandbox(&self) -> &Sandbox {
        &self.running.sandbox
    }

    fn calls_of(&self, call: Call) -> usize {
        let labels: Vec<_> = on(call).unwrap_or_default().iter().map(|label| (*label, None)).collect();
        self.running.calls_of(&labels)
    }

    /// A job, ten looks at it, and the list of accounts.
    fn calls_of_all(&self) -> usize {
        12
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bankside_sandbox::Switches;

    use super::*;

    /// Open facts of calls that the connector does not make.
    const NOT_OF_FETCHING: [&str; 5] = [
        "sophtron_captcha_alias_exists",
        "sophtron_bar_may_be_signed_raw",
        "sophtron_plain_create_reads_rows",
        "sophtron_new_customer_is_shown",
        "sophtron_rest_dates_are_required",
    ];

    #[test]
    fn of_every_open_fact_it_is_known_whether_a_fetch_can_notice_it() {
        let judged: BTreeSet<&str> = SWITCHES.into_iter().chain(NOT_OF_FETCHING).collect();
        assert_eq!(judged, Switches::names_of("sophtron").collect());
    }
}
