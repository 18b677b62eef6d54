//! GoCardless Bank Account Data, formerly Nordigen: banks of the EU, the EEA and the UK by redirect.
//!
//! Requisitions are consents; an account's id may change with each of them. Nothing is pushed, so the page polls. Each kind
//! of account data may be read four times in 24 hours, which the quota ledger knows.

mod accounts;
mod client;
mod connecting;
mod consent;
mod fetching;
mod limits;
mod listing;
mod map;
mod problem;
mod quirks;
mod running;
mod saved;
mod wire;

use async_trait::async_trait;
use bankside_domain::row::MappedRow;

use crate::connector::{Checked, Connector, Cx, FetchEnd, Intent, Known, Return};
use crate::descriptor::{Advice, Descriptor, Field, FieldKind, SignUps, Terms, Way};
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink};
use crate::gocardless::client::Client;
use crate::gocardless::limits::DAILY;
use crate::saved::{SavedAnswer, SavedRow};
use crate::step::{BankQuery, FlowState, Input, Institution, RemoteRef, Shown, Step};

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct GoCardless;

/// Source: sections 2, 4, 7 and 8 of the fact sheet.
const ADVICE: &[Advice] = &[
    Advice {
        code: "gocardless.keys_refused",
        what: "Compare the Secret ID here with those under Developers, User secrets: one that was deleted there works no \
               more. A secret key that is lost cannot be shown again; make a new one.",
    },
    Advice {
        code: "gocardless.ip_denied",
        what: "The keys have a list of allowed addresses at GoCardless. Add this server's address to it, or make keys \
               without a list.",
    },
    Advice {
        code: "gocardless.limit_reached",
        what: "The free plan allows 50 new connections a month. Syncing what is connected does not count. Wait for the next \
               month, or ask GoCardless for another plan.",
    },
    Advice {
        code: "gocardless.suspended",
        what: "GoCardless suspends an account after ten failures in a row. Neither waiting nor new keys bring it back, only a \
               new connection of the same bank.",
    },
    Advice {
        code: "gocardless.daily_limit",
        what: "Each kind of data of each account can be read four times in 24 hours. Other programs with the same keys \
               spend the same calls.",
    },
    Advice {
        code: "gocardless.bank_limit",
        what: "Some banks allow fewer calls a day than GoCardless does. Nothing here can raise that.",
    },
    Advice {
        code: "gocardless.rate_limited",
        what: "All keys of one company share this limit. Other programs with the same keys spend it too.",
    },
    Advice {
        code: "gocardless.processing",
        what: "Right after connecting this takes minutes, at some banks hours. Where it takes days, GoCardless's support \
               can look at the bank.",
    },
    Advice {
        code: "gocardless.intercepted",
        what: "Ask whoever runs this server whether a proxy or a firewall stands between it and \
               bankaccountdata.gocardless.com.",
    },
    Advice {
        code: "gocardless.moved",
        what: "Look at the base address of GoCardless in the configuration of this server; it begins with https.",
    },
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "gocardless",
    name: "GoCardless",
    coverage: "European Union, EEA and United Kingdom",
    countries: &[
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT",
        "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "XX",
    ],
    ways: &[Way::Country],
    finds_by: "",
    base_url: "https://bankaccountdata.gocardless.com/api/v2/",
    fields: &[
        Field {
            key: "secret_id",
            label: "Secret ID",
            kind: FieldKind::Text,
            hint: "From the downloaded file, a text with four dashes.",
            shown_chars: 8,
        },
        Field {
            key: "secret_key",
            label: "Secret key",
            kind: FieldKind::Secret,
            hint: "The provider shows it only once, when it is made.",
            shown_chars: 0,
        },
    ],
    terms: Terms {
        sign_ups: SignUps::Closed,
        costs: "Free, with up to 50 new connections a month.",
        history: "90 days to 24 months, as the bank gives.",
        access: "90 or 180 days, as the bank allows.",
    },
    notice: "GoCardless Bank Account Data has taken no new sign-ups since 2025. Keys that exist keep working.",
    steps: &[
        "Sign in to the GoCardless Bank Account Data portal.",
        "Open Developers, then User secrets, and choose + create new.",
        "Name it and download the file now: the secret key is shown only once.",
        "Copy Secret ID and Secret key from the file into the fields here.",
    ],
    dashboard_url: "https://bankaccountdata.gocardless.com/user-secrets/",
    advice: ADVICE,
    quotas: &[DAILY],
    notices: None,
    finishes_alone: false,
    returns: None,
    shows_new_accounts: false,
    suggested_days: 90,
    flow_minutes: 60,
};

#[async_trait]
impl Connector for GoCardless {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        Client::new(cx)?.new_token().await.map(|_| Checked::AsTyped)
    }

    async fn institutions(&self, cx: &Cx<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        connecting::institutions(&Client::new(cx)?, query).await
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault> {
        connecting::begin(&Client::new(cx)?, intent, back).await
    }

    async fn resume(&self, cx: &Cx<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
        connecting::resume(&Client::new(cx)?, state, input).await
    }

    async fn abandon(&self, cx: &Cx<'_>, state: &FlowState) -> Result<(), Fault> {
        connecting::abandon(&Client::new(cx)?, state).await
    }

    async fn revoke(&self, cx: &Cx<'_>, remote: &RemoteRef) -> Result<(), Fault> {
        connecting::revoke(&Client::new(cx)?, remote).await
    }

    /// The accounts of a requisition are those that were chosen when it was accepted.
    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault> {
        listing::shown(&Client::new(cx)?, remote, known).await
    }

    async fn fetch(
        &self,
        cx: &Cx<'_>,
        remote: &RemoteRef,
        plan: &FetchPlan,
        sink: &mut dyn Sink,
    ) -> Result<(), FetchEnd> {
        fetching::fetch(&Client::new(cx)?.patient(), remote, plan, sink).await
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        map::row(context, raw)
    }

    fn read_saved(&self, saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
        saved::read(saved)
    }
}
