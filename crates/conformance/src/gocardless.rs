//! The GoCardless simulator of the sandbox, as the suite wants it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bankside_connect::gocardless::GoCardless;
use bankside_connect::{Connector, Form};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Answers, Event, Sandbox};
use bankside_testkit::TestClock;
use url::Url;

use crate::running::{How, Running, line_troubles};
use crate::simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};

/// A bank with an account for every day and one for savings, ids on all rows and booked balances.
const BANK: Bank = Bank { country: "DE", key: "NORDHAFEN_NHBKDE22", name: "Nordhafen Bank" };

/// A bank with the provider's own daily limit.
const STRICT_BANK: &str = "LOCKSIDE_LKSDGB21";

/// The open facts of the provider that a fetch can notice.
const SWITCHES: [&str; 12] = [
    "refresh_token_rotates",
    "account_ids_survive_relink",
    "unknown_account_metadata_names_no_id",
    "date_to_is_inclusive",
    "history_ends_at_agreement",
    "internal_ids_survive_relink",
    "daily_limit_is_the_institutions",
    "institution_limit_has_status_code",
    "account_limit_headers_on_429",
    "daily_window_is_fixed",
    "open_failures_count_to_suspension",
    "bad_requisition_id_is_not_found",
];

/// What stands on the line and writes like the provider, beside what is wrong with the line itself.
const ON_THE_LINE: [&str; 3] = ["proxy_page", "proxy_empty", "unknown_request"];

/// Opens the simulator.
#[derive(Debug, Clone, Copy)]
pub struct GoCardlessSandbox;

#[async_trait]
impl Simulators for GoCardlessSandbox {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(GoCardless)
    }

    fn switches(&self) -> Vec<&'static str> {
        SWITCHES.to_vec()
    }

    async fn open(&self, turned: Option<&str>) -> Box<dyn Simulator> {
        Box::new(Open::new(turned).await.unwrap_or_else(|error| panic!("the sandbox does not open: {error}")))
    }
}

/// Why there are no forms.
const NO_FORMS: &str = "people sign in and answer on pages of their bank";

struct Open(Running);

impl Open {
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn std::error::Error>> {
        Running::start("gocardless/api/v2/", turned).await.map(Self)
    }
}

/// The calls of a kind.
fn on(call: Call) -> Occasion<(&'static str, Option<&'static str>)> {
    match call {
        Call::Rows => Ok(("accounts/transactions", None)),
        Call::Balances => Ok(("accounts/balances", None)),
        Call::Revoke => Ok(("requisitions/id", Some("DELETE"))),
        Call::Token => Ok(("token/new", None)),
        Call::SignIn | Call::Answer => Err(NO_FORMS),
        Call::Reading => Err("each call reads the bank"),
    }
}

/// The fault that is of a class.
fn kind_of(class: FaultClass) -> Occasion<&'static str> {
    Ok(match class {
        FaultClass::NeedsUser => "access_expired",
        FaultClass::NeedsOperator => "ip_denied",
        FaultClass::RetryLater => "service_error",
        FaultClass::RateLimited => "institution_limit",
        FaultClass::Busy => "account_processing",
        FaultClass::Partial => return Err("each account has an answer of its own, and its fault is its own"),
        FaultClass::Unsupported => "resource_unavailable",
        FaultClass::Gone => "account_not_found",
        FaultClass::Bug => "field_texts",
    })
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
        self.0.keys("gocardless", &[("secret_id", "secret_id"), ("secret_key", "secret_key")])
    }

    fn strange_keys(&self) -> BTreeMap<String, Secret> {
        let key = |name: &str, text: &str| (name.to_owned(), Secret::new(text));
        let nobody = "6d3f1a52-77c0-4a0e-9b1d-2f8e4c5a6b70";
        BTreeMap::from([key("secret_id", nobody), key("secret_key", &nobody.repeat(3))])
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
            Scene::Asked => Err(NO_FORMS),
        }
    }

    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String> {
        let answers = Answers { cancels: walk == Walk::Cancels, ..Answers::default() };
        let back = self.0.sandbox.visit(link, &answers).await.map_err(|error| error.to_string())?;
        Ok(back.query_pairs().into_owned().collect())
    }

    fn answer(&self, _: &Form, _: Walk) -> Option<BTreeMap<String, Secret>> {
        None
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let at = on(at)?;
        let (kind, seconds) = match trouble {
            Trouble::Withdrawn => {
                let happened = self.0.sandbox.happen(Event::Revoke { of: BANK.key.to_owned() });
                return happened.map_err(|_| "nothing has been connected yet");
            }
            Trouble::Class(class) => (kind_of(class)?, None),
            Trouble::LimitOfAll { seconds } => ("rate_limited", Some(seconds)),
            Trouble::Line("refused token") => ("invalid_token", None),
            Trouble::Line(name) => (name, None),
        };
        self.0.arm(at, kind, account, How { times, seconds });
        Ok(())
    }

    fn disarm(&self) {
        self.0.sandbox.disarm();
    }

    fn spoil_login(&self, _: &str) -> Occasion {
        Err("no login is there beforehand")
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        line_troubles("gocardless", &ON_THE_LINE)
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
                "accounts/details" | "accounts/balances" | "accounts/transactions" => &call.label["accounts/".len()..],
                _ => continue,
            };
            if let (Some(account), Some(200..=299)) = (call.account, call.status) {
                *spent.entry(format!("{account}:{kind}")).or_default() += 1;
            }
        }
        spent
    }

    fn changes_ids_at_renewal(&self) -> bool {
        !self.0.switches.account_ids_survive_relink
    }
}

#[cfg(test)]
mod own;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bankside_sandbox::Switches;

    use super::*;

    /// Open facts of other calls, of drawing up consents, and of banks that this kit does not connect.
    const NOT_OF_FETCHING: [&str; 20] = [
        "unknown_fields_are_in_payload",
        "agreements_refuse_unknown_fields",
        "missing_token_has_summary",
        "token_field_errors_have_status_code",
        "country_xx_is_accepted",
        "bad_country_is_keyed",
        "list_has_features",
        "days_errors_are_lists",
        "scope_dependencies_are_keyed",
        "access_days_follow_institution",
        "unaccepted_agreements_can_be_deleted",
        "company_may_reconfirm",
        "reconfirmation_extends_access",
        "lapsed_reconfirmation_is_access_expired",
        "bad_agreement_id_names_its_kind",
        "free_tier_is_limited",
        "redirect_may_be_null",
        "ref_joins_query_with_ampersand",
        "sandbox_bank_has_daily_limit",
        "sandbox_bank_numbers_change",
    ];

    #[test]
    fn of_every_open_fact_it_is_known_whether_a_fetch_can_notice_it() {
        let judged: BTreeSet<&str> = SWITCHES.into_iter().chain(NOT_OF_FETCHING).collect();
        // Those of other providers carry their names.
        let own = Switches::names_of("gocardless");
        assert_eq!(judged, own.collect());
    }
}
