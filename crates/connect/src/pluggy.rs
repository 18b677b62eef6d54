//! Pluggy.ai: banks of Brazil, by items that a person has made elsewhere and pastes here.
//!
//! An item is a login at one bank. On the plans that people have for themselves the API neither lists nor makes items,
//! so this connector only reads (fact sheet §0.7 and §0.8). Pluggy reads the banks by itself once a day or more often;
//! it is asked to do so only when a person renews a connection.

mod accounts;
mod advice;
mod bills;
mod challenge;
mod client;
mod connecting;
mod fetching;
mod instalment;
mod item;
mod logins;
mod map;
mod problem;
mod saved;
mod wire;

use async_trait::async_trait;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::connector::{Checked, Connector, Cx, FetchEnd, Intent, Known, Return};
use crate::descriptor::{Descriptor, Field, FieldKind, SignUps, Terms, Way};
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink};
use crate::pluggy::client::{Client, READING, REFRESHING};
use crate::saved::{SavedAnswer, SavedRow};
use crate::step::{FlowState, Input, Login, RemoteRef, Shown, Step};
use crate::zones;

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct Pluggy;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "pluggy",
    name: "Pluggy.ai",
    coverage: "Brazil",
    countries: &["BR"],
    ways: &[Way::Login],
    finds_by: "",
    base_url: "https://api.pluggy.ai/",
    fields: &[
        Field {
            key: "client_id",
            label: "Client ID",
            kind: FieldKind::Text,
            hint: "In the Pluggy dashboard under Applications, a text with four dashes.",
            shown_chars: 8,
        },
        Field {
            key: "client_secret",
            label: "Client secret",
            kind: FieldKind::Secret,
            hint: "Beside the Client ID in the Pluggy dashboard.",
            shown_chars: 0,
        },
        Field {
            key: "item_ids",
            label: "Item IDs",
            kind: FieldKind::Logins,
            hint: "One for each bank. In the demo of your application, open the menu beside the bank, then Copiar \
                   Item ID.",
            shown_chars: 8,
        },
    ],
    terms: Terms {
        sign_ups: SignUps::Open,
        costs: "Free for your own accounts through Meu Pluggy.",
        history: "Up to a year at first.",
        access: "Up to a year, as you agree at the bank.",
    },
    notice: "Free for your own accounts through Meu Pluggy. Connect your banks soon: they can only be added while the \
             trial runs; afterwards what is connected stays. Items of the Pluggy sandbox work too and are marked as \
             test data.",
    steps: &[
        "Sign up at Pluggy, sign in to its dashboard and create a team.",
        "Open Applications and create one. Copy its Client ID and Client secret into the fields here.",
        "For free personal use, sign in at meu.pluggy.ai and connect your bank there.",
        "In the dashboard, open your application's demo (Ir para Demo) and connect Meu Pluggy.",
        "Open the menu beside the bank, choose Copiar Item ID, and paste the item ID here. Do so for each bank.",
    ],
    dashboard_url: "https://dashboard.pluggy.ai/",
    advice: advice::ADVICE,
    quotas: &[READING, REFRESHING],
    notices: Some(
        "In the Pluggy dashboard, open your application's webhooks and add this address for the event “all”. Pluggy reaches it only \
         where this server has a public https address; without it everything works by asking.",
    ),
    finishes_alone: false,
    returns: None,
    shows_new_accounts: true,
    suggested_days: 90,
    flow_minutes: 60,
};

/// The zone in which the banks of Brazil count their days.
fn time_zone() -> TimeZone {
    TimeZone::get(zones::of_country("BR")).unwrap_or(TimeZone::UTC)
}

/// What fetching needs.
#[derive(Debug, Serialize, Deserialize)]
struct Remote {
    item: String,
}

impl Remote {
    fn read(remote: &RemoteRef) -> Result<Self, Fault> {
        serde_json::from_value(remote.0.clone()).map_err(|error| Self::broken().with_source(error))
    }

    fn keep(&self) -> Result<RemoteRef, Fault> {
        serde_json::to_value(self).map(RemoteRef).map_err(|error| Self::broken().with_source(error))
    }

    fn broken() -> Fault {
        Fault::new(FaultClass::Bug, "pluggy.remote", "The reference of this connection cannot be read.")
    }
}

#[async_trait]
impl Connector for Pluggy {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        logins::check(&Client::new(cx)?).await.map(|()| Checked::AsTyped)
    }

    async fn logins(&self, cx: &Cx<'_>) -> Result<Vec<Login>, Fault> {
        logins::logins(&Client::new(cx)?).await
    }

    fn login_of(&self, remote: &RemoteRef) -> Option<String> {
        Remote::read(remote).ok().map(|remote| remote.item)
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, _: &Return) -> Result<Step, Fault> {
        connecting::begin(&Client::new(cx)?, intent).await
    }

    async fn resume(&self, cx: &Cx<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
        connecting::resume(&Client::new(cx)?, state, input).await
    }

    /// Nothing is left behind: a flow makes no item, and the one that it looked at is the person's own.
    async fn abandon(&self, _: &Cx<'_>, _: &FlowState) -> Result<(), Fault> {
        Ok(())
    }

    /// Leaves the item as it is, without a call. The person made it elsewhere, and deleting it at Pluggy would erase
    /// its data and revoke its consent for everything else that reads it too.
    async fn revoke(&self, _: &Cx<'_>, _: &RemoteRef) -> Result<(), Fault> {
        Ok(())
    }

    /// What Pluggy has of the item: it reads the bank by itself, and finds accounts that were opened since.
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
        fetching::fetch(&Client::new(cx)?.patient(), remote, plan, sink).await
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        map::row(context, raw)
    }

    fn read_saved(&self, saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
        saved::read(saved)
    }

    /// Notices about items and their transactions name the item (fact sheet §8).
    fn news_of(&self, body: &[u8]) -> Vec<String> {
        let Ok(notice) = serde_json::from_slice::<wire::Notice>(body) else { return Vec::new() };
        let is_of_item = notice.event.starts_with("item/") || notice.event.starts_with("transactions/");
        notice.item_id.filter(|_| is_of_item).and_then(|id| logins::item_id(&id)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
