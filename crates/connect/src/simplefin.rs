//! SimpleFIN: banks that a person has connected at the SimpleFIN Bridge, or at another server of that protocol.
//!
//! The person pastes a setup token, which is exchanged once for an access URL: address, user and password in one. It has all
//! their banks, so one connection is one access URL, one request has the rows of all its accounts, and each account names its
//! bank. Errors come beside good data and are told at the accounts that they are about. The address is whatever the token
//! says, so it is called as an address that somebody has supplied. Days are those of UTC. Source: the fact sheet.

mod access;
mod accounts;
mod client;
mod connecting;
mod errors;
mod fetching;
mod map;
mod problem;
mod saved;
mod window;
mod wire;

use async_trait::async_trait;
use bankside_domain::row::MappedRow;

use crate::connector::{Checked, Connector, Cx, FetchEnd, Intent, Known, Return};
use crate::descriptor::{Advice, Descriptor, Field, FieldKind, SignUps, Terms, Way};
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink};
use crate::saved::{SavedAnswer, SavedRow};
use crate::simplefin::client::{Client, DAILY};
use crate::step::{FlowState, Input, Login, RemoteRef, Shown, Step};

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct SimpleFin;

/// The one field of its keys.
const ACCESS_URL: &str = "access_url";

/// Source: sections 1, 4 and 5 of the fact sheet.
const ADVICE: &[Advice] = &[
    Advice {
        code: "simplefin.token_used",
        what: "If you have not used this token yourself, somebody else may have: disable it at SimpleFIN, under Apps. Then make \
               a new one.",
    },
    Advice {
        code: "simplefin.claim_lost",
        what: "A token works once, and this one may be used up. Disable it at SimpleFIN, under Apps, and make a new one.",
    },
    Advice {
        code: "simplefin.access_refused",
        what: "Look under Apps at SimpleFIN whether this one is still there. Otherwise make a new setup token and paste it as the \
               key here. What is linked stays linked.",
    },
    Advice {
        code: "simplefin.token_in_configuration",
        what: "Claim the token once, with a POST to the address in it, and put the access URL that comes back into the \
               configuration. Or paste the token on the page.",
    },
    Advice {
        code: "simplefin.bank_needs_you",
        what: "The other banks are not affected. Once the bank is connected again there, press Resync here.",
    },
    Advice {
        code: "simplefin.account_missing",
        what: "A bank that was connected anew at SimpleFIN has new accounts there: Resync finds them again.",
    },
    Advice {
        code: "simplefin.rate_limited",
        what: "SimpleFIN reads the banks once a day and takes about 24 requests a day, so nothing newer is missed.",
    },
    Advice {
        code: "simplefin.address_refused",
        what: "A server of your own network can be used once whoever runs this server names its address as base_url of SimpleFIN \
               in the configuration.",
    },
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "simplefin",
    name: "SimpleFIN",
    coverage: "United States and Canada",
    countries: &["US", "CA"],
    ways: &[Way::Login],
    finds_by: "",
    base_url: "https://bridge.simplefin.org/simplefin/",
    fields: &[Field {
        key: ACCESS_URL,
        label: "Setup token",
        kind: FieldKind::Secret,
        hint: "A long text from SimpleFIN. It works once. An access URL that was claimed before does as well.",
        shown_chars: 0,
    }],
    terms: Terms {
        sign_ups: SignUps::Open,
        costs: "A small fee, paid at SimpleFIN: 1.50 US dollars a month in 2026.",
        history: "As the bank gives, often 90 days.",
        access: "No end is known; some banks want a new sign-in now and then.",
    },
    notice: "SimpleFIN Bridge costs a small fee and is paid there. It reads your banks once a day; how far back differs from bank \
             to bank, often 90 days.",
    steps: &[
        "Sign in at bridge.simplefin.org, or make an account there, and connect your banks.",
        "Under Apps choose New connection, give it a name, and copy the setup token.",
        "Paste it here. It is used up by that: what it is exchanged for is kept, sealed.",
        "Test and save. Then link the accounts that it shows.",
    ],
    dashboard_url: "https://bridge.simplefin.org/",
    advice: ADVICE,
    quotas: &[DAILY],
    notices: None,
    finishes_alone: false,
    returns: None,
    shows_new_accounts: true,
    suggested_days: 90,
    flow_minutes: 60,
};

#[async_trait]
impl Connector for SimpleFin {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        connecting::check(cx).await
    }

    /// Without a call: what there is of logins is the access itself, and requests are few.
    async fn logins(&self, cx: &Cx<'_>) -> Result<Vec<Login>, Fault> {
        Client::new(cx).map(|_| vec![connecting::login()])
    }

    fn login_of(&self, remote: &RemoteRef) -> Option<String> {
        connecting::login_of(remote)
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, _: &Return) -> Result<Step, Fault> {
        connecting::begin(cx, intent).await
    }

    /// No flow has a second step.
    async fn resume(&self, cx: &Cx<'_>, _: &FlowState, _: Input) -> Result<Step, Fault> {
        connecting::connected(&Client::new(cx)?).await
    }

    /// Nothing is left behind: a flow only looks.
    async fn abandon(&self, _: &Cx<'_>, _: &FlowState) -> Result<(), Fault> {
        Ok(())
    }

    /// Leaves the access as it is, without a call: there is none for it, and the keys here may be used again.
    async fn revoke(&self, _: &Cx<'_>, _: &RemoteRef) -> Result<(), Fault> {
        Ok(())
    }

    /// One request, of the few that there are each day.
    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, _: &Known<'_>) -> Result<Shown, Fault> {
        connecting::read(remote)?;
        Shown::of(connecting::connected(&Client::new(cx)?).await?)
    }

    async fn fetch(
        &self,
        cx: &Cx<'_>,
        remote: &RemoteRef,
        plan: &FetchPlan,
        sink: &mut dyn Sink,
    ) -> Result<(), FetchEnd> {
        connecting::read(remote)?;
        fetching::fetch(&Client::new(cx)?.patient(), plan, sink).await
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
