//! The client: the call that claims a token, and the one that has all data, counted before it is made. Source: sections 1, 2
//! and 5 of the fact sheet.

use std::time::Duration;

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::{Counts, QuotaRule, QuotaScope};
use reqwest::Method;
use url::Url;

use super::ACCESS_URL;
use super::access::{Access, Pasted};
use super::problem;
use crate::connector::Cx;
use crate::fault::Fault;
use crate::http::{Address, Answer, Call, Proof, REFUSED, UNREACHABLE};
use crate::limited::{Limit, Patience, below};

/// What is expected of one access URL in a day.
pub(super) const DAILY: QuotaRule =
    QuotaRule { scope: QuotaScope::Credentials, per_secs: 86_400, max: 24, counts: Counts::All };
/// What is counted together, in the ledger.
const ALL_REQUESTS: &str = "requests";
/// The Bridge may take minutes.
const PATIENCE: Duration = Duration::from_mins(3);
/// An access URL is shorter.
const MAX_ACCESS_BYTES: usize = 4096;

/// A client for one access URL.
pub(super) struct Client<'a> {
    pub(super) cx: &'a Cx<'a>,
    access: Access,
    patience: Patience,
}

impl<'a> Client<'a> {
    pub(super) fn new(cx: &'a Cx<'a>) -> Result<Self, Fault> {
        match pasted(cx)? {
            Pasted::Access(access) => Ok(Self { cx, access, patience: Patience::SHORT }),
            // Only what is typed on a page is exchanged; this is from a configuration.
            Pasted::Token(_) => Err(Fault::new(
                FaultClass::NeedsOperator,
                "simplefin.token_in_configuration",
                "A setup token works once, so it cannot stand in the configuration of a server.",
            )),
        }
    }

    /// The same for a sync, for which nobody holds a page open.
    pub(super) fn patient(self) -> Self {
        Self { patience: Patience::LONG, ..self }
    }

    /// Where people look after their banks: the server of the access URL.
    pub(super) fn server(&self) -> String {
        format!("{}/", self.access.root.origin().ascii_serialization())
    }

    /// `GET /accounts`, in version 2 where the server knows it.
    pub(super) async fn accounts(&self, query: &[(&str, String)]) -> Result<Vec<u8>, Fault> {
        let mut url = below(&self.access.root, ["accounts"]).ok_or_else(problem::no_access)?;
        url.query_pairs_mut().append_pair("version", "2").extend_pairs(query);
        let call = Call {
            method: Method::GET,
            url,
            label: "accounts",
            proof: Some(Proof::Header("authorization", self.access.basic.clone())),
            body: None,
            pace: None,
            address: Address::Supplied { home: self.cx.base_url.clone() },
            patience: Some(PATIENCE),
        };
        let limit = Limit {
            subject: ALL_REQUESTS,
            rule: &DAILY,
            stated: |_, _| None,
            fault: problem::fault,
            used_up: problem::limit,
            is_used_up: |fault| fault.class() == FaultClass::RateLimited,
        };
        let answer = limit.call(self.cx, &call, self.patience).await.map_err(refused_address)?;
        Ok(answer.body)
    }
}

/// What the keys hold.
pub(super) fn pasted(cx: &Cx<'_>) -> Result<Pasted, Fault> {
    let text = cx.keys.get(ACCESS_URL).map(Secret::expose).map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        Fault::new(FaultClass::NeedsOperator, "simplefin.keys_missing", "The setup token for SimpleFIN is missing.")
            .with_action(UserAction::FixCredentials)
    })?;
    Pasted::read(text).ok_or_else(problem::no_access)
}

/// Exchanges a token for its access URL. Each token can be claimed once, so nothing is tried again, and an answer that is
/// lost is lost for good.
pub(super) async fn claim(cx: &Cx<'_>, claim: Url) -> Result<Secret, Fault> {
    let call = Call {
        method: Method::POST,
        url: claim,
        label: "claim",
        proof: None,
        body: None,
        pace: None,
        address: Address::Supplied { home: cx.base_url.clone() },
        patience: None,
    };
    let answer = match cx.http.call(&call).await {
        Ok(answer) => answer,
        Err(fault) if matches!(fault.code(), UNREACHABLE | REFUSED) => return Err(refused_address(fault)),
        Err(fault) => return Err(problem::claim_lost().with_source(fault)),
    };
    match answer.status {
        200..=299 => access_in(&answer).ok_or_else(problem::claim_lost),
        403 => Err(problem::token_used().with_status(403)),
        _ => Err(problem::fault(&answer, cx.ambient.now())),
    }
}

/// The access URL that an answer is.
fn access_in(answer: &Answer) -> Option<Secret> {
    let text = std::str::from_utf8(&answer.body).ok().filter(|text| text.len() <= MAX_ACCESS_BYTES)?.trim();
    Access::read(text).map(|_| Secret::new(text))
}

/// An address that is not called is the person's or the operator's to put right.
fn refused_address(fault: Fault) -> Fault {
    if fault.code() == REFUSED { problem::address_refused().with_source(fault) } else { fault }
}
