//! finAPI, Access version 2 and Web Form 2.0: banks of Germany, Austria and some others by a hosted form.
//!
//! Everything at the bank happens on finAPI's own page: which bank, the terms, the sign-in, its codes. finAPI reads the bank and keeps what
//! it has read, so a sync has it read anew and then asks for rows. There are two services with two addresses and the same tokens; nearly
//! everything is asked as a user, of whom there is one for each organization. Source: the fact sheet.

mod accounts;
mod client;
mod connecting;
mod connection;
mod fetching;
mod map;
mod problem;
mod saved;
mod search;
mod updating;
mod wire;

use async_trait::async_trait;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use serde::{Deserialize, Serialize};

use crate::connector::{Checked, Connector, Cx, FetchEnd, Intent, Known, Return};
use crate::descriptor::{Advice, Descriptor, Field, FieldKind, SignUps, Terms, Way};
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink};
use crate::finapi::client::{CALLS, Client, UPDATES};
use crate::saved::{SavedAnswer, SavedRow};
use crate::step::{BankQuery, FlowState, Input, Institution, RemoteRef, Shown, Step};

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct FinApi;

/// Source: sections 1, 2, 5 and 6 of the fact sheet.
const ADVICE: &[Advice] = &[
    Advice {
        code: "finapi.keys_refused",
        what: "finAPI gives keys for its sandbox and for the live service, and each works at its own address alone. For those of the \
               sandbox whoever runs this server sets base_url of finAPI to https://sandbox.finapi.io/. Use the keys of the app \
               client, not those of the mandator admin.",
    },
    Advice {
        code: "finapi.user_locked",
        what: "finAPI's support can unlock it. It is a user that Bankside has made for this organization, not one of yours.",
    },
    Advice {
        code: "finapi.not_permitted",
        what: "Ask finAPI whether the contract has account information, and Web Form 2.0.",
    },
    Advice {
        code: "finapi.contract",
        what: "finAPI's support can say what is missing. The hosted form has to be Web Form 2.0.",
    },
    Advice {
        code: "finapi.exists",
        what: "At finAPI one sign-in is one connection. Resync also finds accounts that were opened since.",
    },
    Advice {
        code: "finapi.sign_in_wanted",
        what: "Banks want a sign-in every 90 or 180 days, and now and then in between. Links and rows stay as they are.",
    },
    Advice {
        code: "finapi.bank_refused",
        what: "Sign in at the bank itself first: often it wants something done there, such as another password. Then resync.",
    },
    Advice {
        code: "finapi.interrupted",
        what: "Start again, and go on with the buttons of the page; loading it again in between ends it.",
    },
    Advice {
        code: "finapi.too_long",
        what: "Start again. It is best to have the sign-in and the telephone at hand before.",
    },
    Advice {
        code: "finapi.moved",
        what: "Look at the base address of finAPI in the configuration of this server; it begins with https.",
    },
    Advice {
        code: "finapi.intercepted",
        what: "Ask whoever runs this server whether a proxy or a firewall stands between it and finapi.io.",
    },
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "finapi",
    name: "finAPI",
    coverage: "Germany, Austria and some neighbours",
    countries: &["AT", "DE"],
    ways: &[Way::Hosted, Way::Name],
    finds_by: "Name, bank code, BIC, IBAN or city",
    base_url: "https://live.finapi.io/",
    fields: &[
        Field {
            key: "client_id",
            label: "Client ID",
            kind: FieldKind::Text,
            hint: "Of the app client, a text with four dashes.",
            shown_chars: 8,
        },
        Field {
            key: "client_secret",
            label: "Client secret",
            kind: FieldKind::Secret,
            hint: "Beside the client ID in the letter from finAPI.",
            shown_chars: 0,
        },
    ],
    terms: Terms {
        sign_ups: SignUps::Contract,
        costs: "By contract with finAPI; keys of its sandbox are free for 30 days.",
        history: "About 90 days, more where the bank gives it at the first sign-in.",
        access: "90 or 180 days, as the bank allows.",
    },
    notice: "finAPI is for companies: keys come with a contract, those of its sandbox on request and for 30 days.",
    steps: &[
        "Ask finAPI for access, by its web site; keys of the sandbox come on request.",
        "finAPI sends two clients. Take the app client, not the mandator admin.",
        "Copy its client ID and client secret into the fields here. Test and save.",
        "Then name a sync, and choose the bank on finAPI's page.",
    ],
    dashboard_url: "https://www.finapi.io/",
    advice: ADVICE,
    quotas: &[CALLS, UPDATES],
    notices: None,
    finishes_alone: true,
    returns: None,
    shows_new_accounts: false,
    suggested_days: 90,
    flow_minutes: 60,
};

/// What fetching needs.
#[derive(Debug, Serialize, Deserialize)]
struct Remote {
    /// finAPI's number of the bank connection.
    connection: String,
}

impl Remote {
    fn read(remote: &RemoteRef) -> Result<Self, Fault> {
        serde_json::from_value(remote.0.clone()).map_err(|error| Self::broken().with_source(error))
    }

    fn keep(&self) -> Result<RemoteRef, Fault> {
        serde_json::to_value(self).map(RemoteRef).map_err(|error| Self::broken().with_source(error))
    }

    fn broken() -> Fault {
        Fault::new(FaultClass::Bug, "finapi.remote", "The reference of this connection cannot be read.")
    }
}

#[async_trait]
impl Connector for FinApi {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        Client::new(cx)?.client_token().await.map(|_| Checked::AsTyped)
    }

    async fn institutions(&self, cx: &Cx<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        connecting::institutions(&Client::new(cx)?, query).await
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault> {
        connecting::begin(&Client::new(cx)?, intent, back).await
    }

    /// What the person comes back with is not looked at: finAPI is asked.
    async fn resume(&self, cx: &Cx<'_>, state: &FlowState, _: Input) -> Result<Step, Fault> {
        connecting::resume(&Client::new(cx)?, state).await
    }

    async fn abandon(&self, cx: &Cx<'_>, state: &FlowState) -> Result<(), Fault> {
        connecting::abandon(&Client::new(cx)?, state).await
    }

    async fn revoke(&self, cx: &Cx<'_>, remote: &RemoteRef) -> Result<(), Fault> {
        connecting::revoke(&Client::new(cx)?, &Remote::read(remote)?).await
    }

    /// What finAPI has of the connection: accounts that were opened since come with a new sign-in.
    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, _: &Known<'_>) -> Result<Shown, Fault> {
        connecting::shown(&Client::new(cx)?, &Remote::read(remote)?).await
    }

    async fn fetch(
        &self,
        cx: &Cx<'_>,
        remote: &RemoteRef,
        plan: &FetchPlan,
        sink: &mut dyn Sink,
    ) -> Result<(), FetchEnd> {
        fetching::fetch(&Client::new(cx)?.patient(), &Remote::read(remote)?, plan, sink).await
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        map::row(context, raw)
    }

    fn read_saved(&self, saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
        saved::read(saved)
    }
}
