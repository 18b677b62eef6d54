//! Enable Banking: banks of the EU, the EEA and the UK by redirect, for whoever has an application there.
//!
//! The keys are an application's id and its private key, with which each token is signed here. A consent comes about on the bank's page
//! and ends in a code, which is exchanged once for a session; what accounts are is in that answer alone. Accounts have other uids in each
//! session and are recognised by their identification hash. Rows come in pages, of which some are empty. Source: the fact sheet.

mod accounts;
mod client;
mod connecting;
mod fetching;
mod listing;
mod map;
mod period;
mod person;
mod problem;
mod saved;
mod session;
mod signing;
mod wire;

use async_trait::async_trait;
use bankside_domain::row::MappedRow;

use crate::connector::{Checked, Connector, Cx, FetchEnd, Intent, Known, Return};
use crate::descriptor::{Advice, Descriptor, Field, FieldKind, SignUps, Terms, Way};
use crate::enablebanking::client::{Client, DAILY};
use crate::fault::Fault;
use crate::fetch::{FetchPlan, MapContext, RawRow, Sink};
use crate::saved::{SavedAnswer, SavedRow};
use crate::step::{BankQuery, FlowState, Input, Institution, RemoteRef, Shown, Step};

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct EnableBanking;

/// The fields of its keys.
const APPLICATION_ID: &str = "application_id";
const PRIVATE_KEY: &str = "private_key";
/// Where applications are made and accounts are linked with them.
const CONTROL_PANEL: &str = "https://enablebanking.com/cp/applications";

/// Source: sections 1, 2, 4, 6 and 7 of the fact sheet.
const ADVICE: &[Advice] = &[
    Advice {
        code: "enablebanking.keys_refused",
        what: "Application ID and private key belong together: the file with the key is named like the application. If the key is lost, \
               make another application.",
    },
    Advice {
        code: "enablebanking.no_key",
        what: "Use the file that your browser downloaded when the application was made, or the private half of the key pair that you made \
               yourself. It begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----.",
    },
    Advice {
        code: "enablebanking.inactive",
        what: "In the Control Panel open the application and choose to activate it by linking accounts: sign in at your banks there once. \
               Only those accounts can be read then, and no contract is needed.",
    },
    Advice {
        code: "enablebanking.no_accounts_added",
        what: "An application without a contract reads only accounts that were linked with it in the Control Panel. Link this one there, \
               then connect the bank here again.",
    },
    Advice {
        code: "enablebanking.redirect_not_registered",
        what: "Open the application in the Control Panel and add the address that the page with the keys shows to its redirect URLs.",
    },
    Advice {
        code: "enablebanking.bank_limit",
        what: "Banks allow four reads a day of each kind while nobody is there. Other programs with the same consent spend the same reads.",
    },
    Advice {
        code: "enablebanking.page_failed",
        what: "What had come before is kept. Some banks give fewer pages than they have; the next sync asks again.",
    },
];

static DESCRIPTOR: Descriptor = Descriptor {
    id: "enablebanking",
    name: "Enable Banking",
    coverage: "European Union, EEA and United Kingdom",
    countries: &[
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT",
        "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ],
    ways: &[Way::Country],
    finds_by: "",
    base_url: "https://api.enablebanking.com/",
    fields: &[
        Field {
            key: APPLICATION_ID,
            label: "Application ID",
            kind: FieldKind::Text,
            hint: "A text with four dashes, as the Control Panel shows it.",
            shown_chars: 8,
        },
        Field {
            key: PRIVATE_KEY,
            label: "Private key",
            kind: FieldKind::SecretFile,
            hint: "The whole of the .pem file that was downloaded when the application was made.",
            shown_chars: 0,
        },
    ],
    terms: Terms {
        sign_ups: SignUps::Open,
        costs: "Free for your own accounts.",
        history: "As far as the bank goes right after the consent, often a year or more.",
        access: "Up to 180 days, as the bank allows.",
    },
    notice: "Without a contract an application reads only accounts that you have linked with it in the Control Panel of Enable Banking.",
    steps: &[
        "Sign in at enablebanking.com and open API applications in the Control Panel.",
        "Add an application for Production, with a private key that your browser makes, and with the redirect address that the page with the keys shows.",
        "Keep the .pem file that is downloaded: it is the private key, and there is no second copy.",
        "Activate the application by linking your own accounts with it.",
        "Type the application's ID here, and choose the file.",
    ],
    dashboard_url: CONTROL_PANEL,
    advice: ADVICE,
    quotas: &[DAILY],
    notices: None,
    finishes_alone: false,
    returns: Some(
        "Register this address as a redirect URL of the application. It has to begin with https: where this server has no such address, \
         register any other that does, and paste the address to which the bank leads you.",
    ),
    // Banks give more right after a consent than later, and how much none of them says.
    shows_new_accounts: false,
    suggested_days: 365,
    flow_minutes: 60,
};

#[async_trait]
impl Connector for EnableBanking {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, cx: &Cx<'_>) -> Result<Checked, Fault> {
        connecting::check(&Client::new(cx)?).await
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

    /// Leaves the page as it is: there is no call that closes it, and a code that nobody exchanges opens nothing.
    async fn abandon(&self, _: &Cx<'_>, _: &FlowState) -> Result<(), Fault> {
        Ok(())
    }

    async fn revoke(&self, cx: &Cx<'_>, remote: &RemoteRef) -> Result<(), Fault> {
        session::close(&Client::new(cx)?, remote).await
    }

    /// The accounts of a session are those that were chosen when it was authorised.
    async fn accounts(&self, cx: &Cx<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault> {
        listing::shown(Client::new(cx)?, remote, known).await
    }

    async fn fetch(
        &self,
        cx: &Cx<'_>,
        remote: &RemoteRef,
        plan: &FetchPlan,
        sink: &mut dyn Sink,
    ) -> Result<(), FetchEnd> {
        fetching::fetch(Client::new(cx)?.patient(), remote, plan, sink).await
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
