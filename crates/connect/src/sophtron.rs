//! Sophtron: banks and card companies of the United States and Canada, by their own sign-in.
//!
//! Sophtron keeps the sign-in and reads the bank for it in jobs; between two of those it gives what it has. A job may ask the
//! person for more. Nothing is pushed, and every request counts towards the month's. Which way money went and whether a card's
//! debt is negative is not documented: the row's type counts before its sign, and a person can turn an account round.

mod accounts;
mod client;
mod connecting;
mod currency;
mod fetching;
mod flow;
mod institutions;
mod job;
mod json;
mod logins;
mod map;
mod owed;
mod problem;
mod prompt;
mod refreshing;
mod remote;
mod saved;
mod sign_in;
mod signing;
mod texts;
mod wire;

use async_trait::async_trait;
use bankside_domain::row::MappedRow;

use crate::connector::{Checked, Connector, Cx, FetchEnd, Intent, Known, Return};
use crate::descriptor::{Advice, Descriptor, Field, FieldKind, SignUps, Terms, Way};
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink};
use crate::saved::{SavedAnswer, SavedRow};
use crate::sophtron::client::{Client, MONTHLY};
use crate::sophtron::remote::Remote;
use crate::step::{BankQuery, FlowState, Input, Institution, Login, RemoteRef, Shown, Step};

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct Sophtron;

/// Source: sections 1, 6 and 8 of the fact sheet.
const ADVICE: &[Advice] = &[
    Advice {
        code: "sophtron.keys_refused",
        what: "Compare User ID and User key here with those in your account at Sophtron, under Developer Profile.",
    },
    Advice {
        code: "sophtron.key_not_base64",
        what: "Copy the User key anew and whole, with the = at its end if it has one.",
    },
    Advice {
        code: "sophtron.rate_limited",
        what: "10 000 requests a month are free. Other programs with the same keys spend the same requests.",
    },
    Advice {
        code: "sophtron.asks_person",
        what: "If this happens after every Resync, the bank asks each time. Syncs do not bother you then, and read what Sophtron \
               has until the next Resync.",
    },
    Advice {
        code: "sophtron.asks_every_time",
        what: "Nothing here can change that. Syncs read what Sophtron has until you press Resync.",
    },
    Advice {
        code: "sophtron.sign_in_refused",
        what: "If you have changed your password at the bank, Resync lets you type the new one.",
    },
    Advice {
        code: "sophtron.job_failed",
        what: "Where this goes on for days, Sophtron's support can look at the bank.",
    },
    Advice {
        code: "sophtron.intercepted",
        what: "Ask whoever runs this server whether a proxy or a firewall stands between it and api.sophtron.com.",
    },
    Advice {
        code: "sophtron.moved",
        what: "Look at the base address of Sophtron in the configuration of this server; it begins with https.",
    },
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "sophtron",
    name: "Sophtron",
    coverage: "United States and Canada",
    countries: &["US", "CA"],
    ways: &[Way::Login, Way::Name],
    finds_by: "Name of the bank",
    base_url: "https://api.sophtron.com/api/",
    fields: &[
        Field {
            key: "user_id",
            label: "User ID",
            kind: FieldKind::Text,
            hint: "A text with four dashes, from your account at Sophtron.",
            shown_chars: 8,
        },
        Field {
            key: "access_key",
            label: "User key",
            kind: FieldKind::Secret,
            hint: "Sophtron also calls it Access Key.",
            shown_chars: 0,
        },
    ],
    terms: Terms {
        sign_ups: SignUps::Open,
        costs: "Free up to 10 000 requests a month.",
        history: "As the bank gives.",
        access: "No end is known; some banks ask again for a code.",
    },
    notice: "Sophtron signs in to your bank with your own user name and password and keeps them. How often, and how far back, \
             data comes depends on the bank. 10 000 requests a month are free.",
    steps: &[
        "Sign in at sophtron.com, or make an account there.",
        "Open Manage, then Developer Profile.",
        "Copy UserId and AccessKey into User ID and User key here.",
        "Test and save. Accounts that you have at Sophtron already are listed then; any other bank can be connected.",
    ],
    dashboard_url: "https://sophtron.com/",
    advice: ADVICE,
    quotas: &[MONTHLY],
    notices: None,
    finishes_alone: false,
    returns: None,
    shows_new_accounts: true,
    suggested_days: 90,
    flow_minutes: 60,
};

#[async_trait]
impl Connector for Sophtron {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        Client::new(cx)?.health_check().await.map(|()| Checked::AsTyped)
    }

    async fn institutions(&self, cx: &Cx<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        institutions::find(&Client::new(cx)?, query).await
    }

    async fn logins(&self, cx: &Cx<'_>) -> Result<Vec<Login>, Fault> {
        logins::logins(&Client::new(cx)?).await
    }

    fn login_of(&self, remote: &RemoteRef) -> Option<String> {
        Remote::read(remote).ok().map(|remote| remote.login)
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, _: &Return) -> Result<Step, Fault> {
        connecting::begin(&Client::new(cx)?, intent).await
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

    /// What Sophtron has of the login: it reads the bank with each sync, and finds accounts that were opened since.
    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault> {
        connecting::shown(&Client::new(cx)?, remote, known.institution_key).await
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

#[cfg(test)]
mod tests;
