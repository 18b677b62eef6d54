//! The GoCardless simulator of the sandbox, as the suite wants it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bankside_connect::Connector;
use bankside_connect::gocardless::GoCardless;
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{Answers, ArmedFault, ClockMode, Event, Sandbox, SandboxConfig, Switches};
use bankside_testkit::TestClock;
use url::Url;

use crate::simulator::{Call, Occasion, Simulator, Simulators, Trouble, Walk};

/// A bank with an account for every day and one for savings, ids on all rows and booked balances.
const BANK: (&str, &str) = ("DE", "NORDHAFEN_NHBKDE22");

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

/// What comes from the line, or from what stands on it, and not from the provider.
const LINE: [&str; 12] = [
    "proxy_page",
    "proxy_empty",
    "connection_closed",
    "answer_lost",
    "body_cut",
    "never_answers",
    "truncated_json",
    "wrong_content_type",
    "html_page",
    "huge_body",
    "redirect_elsewhere",
    "unknown_request",
];

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
        let opened = Open::new(turned).await;
        Box::new(opened.unwrap_or_else(|error| panic!("the sandbox does not open: {error}")))
    }
}

struct Open {
    sandbox: Sandbox,
    switches: Switches,
    ambient: Ambient,
    clock: Arc<TestClock>,
    base_url: Url,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Open {
    async fn new(turned: Option<&str>) -> Result<Self, Box<dyn std::error::Error>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (ambient, clock) = bankside_testkit::ambient();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let public_url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let base_url = public_url.join("gocardless/api/v2/")?;
        let switches = match turned {
            Some(name) => Switches::default().turned(name).ok_or(format!("there is no switch {name}"))?,
            None => Switches::default(),
        };
        let config =
            SandboxConfig { public_url, state_file: None, clock: ClockMode::Running, daily_limit_everywhere: true };
        let sandbox = Sandbox::open_with(config, ambient.clone(), switches.clone())?;
        let router = sandbox.router();
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { sandbox, switches, ambient, clock, base_url, server })
    }

    fn arm_kind(&self, kind: &str, at: Call, account: Option<&str>, times: Option<u32>, seconds: Option<u32>) {
        let (on, method) = match at {
            Call::Rows => ("accounts/transactions", None),
            Call::Balances => ("accounts/balances", None),
            Call::Revoke => ("requisitions/id", Some("DELETE".to_owned())),
            Call::Token => ("token/new", None),
        };
        let account = account.map(str::to_owned);
        let fault = ArmedFault { method, account, times, seconds, ..ArmedFault::new(on, kind) };
        let armed = self.sandbox.arm(fault);
        assert!(armed.is_ok(), "{armed:?}");
    }
}

#[async_trait]
impl Simulator for Open {
    fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    fn clock(&self) -> &Arc<TestClock> {
        &self.clock
    }

    fn base_url(&self) -> &Url {
        &self.base_url
    }

    fn keys(&self) -> BTreeMap<String, Secret> {
        let index = self.sandbox.index();
        let fields = index["providers"][0]["credentials"].as_object().into_iter().flatten();
        fields.filter_map(|(name, value)| Some((name.clone(), Secret::new(value.as_str()?)))).collect()
    }

    fn bank(&self) -> (&'static str, &'static str) {
        BANK
    }

    fn strict_bank(&self) -> &'static str {
        STRICT_BANK
    }

    async fn walk(&self, link: &Url, walk: Walk) -> Result<BTreeMap<String, String>, String> {
        let answers = Answers { cancels: walk == Walk::Cancels, ..Answers::default() };
        let back = self.sandbox.visit(link, &answers).await.map_err(|error| error.to_string())?;
        Ok(back.query_pairs().into_owned().collect())
    }

    fn arm(&self, trouble: Trouble, at: Call, account: Option<&str>, times: Option<u32>) -> Occasion {
        let kind = match trouble {
            Trouble::Withdrawn => {
                let happened = self.sandbox.happen(Event::Revoke { of: BANK.1.to_owned() });
                return happened.map_err(|_| "nothing has been connected yet");
            }
            Trouble::Class(FaultClass::NeedsUser) => "access_expired",
            Trouble::Class(FaultClass::NeedsOperator) => "ip_denied",
            Trouble::Class(FaultClass::RetryLater) => "service_error",
            Trouble::Class(FaultClass::RateLimited) => "institution_limit",
            Trouble::Class(FaultClass::Busy) => "account_processing",
            Trouble::Class(FaultClass::Partial) => {
                return Err("each account has an answer of its own, and its fault is its own");
            }
            Trouble::Class(FaultClass::Unsupported) => "resource_unavailable",
            Trouble::Class(FaultClass::Gone) => "account_not_found",
            Trouble::Class(FaultClass::Bug) => "field_texts",
            Trouble::LimitOfAll { seconds } => {
                self.arm_kind("rate_limited", at, account, times, Some(seconds));
                return Ok(());
            }
            Trouble::Line("refused token") => "invalid_token",
            Trouble::Line(name) => name,
        };
        // Nobody waits for what never comes.
        let seconds = (kind == "never_answers").then_some(0);
        self.arm_kind(kind, at, account, times, seconds);
        Ok(())
    }

    fn disarm(&self) {
        self.sandbox.disarm();
    }

    fn line_troubles(&self) -> Vec<&'static str> {
        LINE.to_vec()
    }

    fn all_troubles(&self) -> Vec<&'static str> {
        Sandbox::fault_kinds_of("gocardless").into_iter().map(|kind| kind.name).collect()
    }

    fn arm_by_name(&self, name: &str, at: Call, account: Option<&str>) {
        let seconds = (name == "never_answers").then_some(0);
        self.arm_kind(name, at, account, None, seconds);
    }

    fn calls(&self) -> usize {
        self.sandbox.calls().len()
    }

    fn spent(&self) -> BTreeMap<String, usize> {
        let mut spent = BTreeMap::new();
        for call in self.sandbox.calls() {
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

    fn tokens_bought(&self) -> usize {
        self.sandbox.calls().iter().filter(|call| call.label == "token/new").count()
    }

    fn changes_ids_at_renewal(&self) -> bool {
        !self.switches.account_ids_survive_relink
    }
}

#[cfg(test)]
mod own;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
