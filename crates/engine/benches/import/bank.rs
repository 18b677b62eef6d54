//! The bank whose rows are imported.

use std::sync::Mutex;

use async_trait::async_trait;
use bankside_connect::connector::{Checked, FetchEnd, Intent, Return};
use bankside_connect::gocardless::GoCardless;
use bankside_connect::{
    AccountInfo, BankQuery, Browser, Connected, Connector, Cx, Descriptor, Fault, FetchEvent, FetchPlan, FlowState,
    Input, Institution, Known, MapContext, RawRow, RemoteRef, Shown, Sink, Step,
};
use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::consent::Consent;
use bankside_domain::row::{MappedRow, RowStatus};
use jiff::ToSpan;
use jiff::civil::{Date, date};

pub(super) const FIRST_DAY: Date = date(1975, 1, 1);
const ROWS_A_DAY: usize = 30;

/// A bank that answers from memory, in the words of GoCardless.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) rows: Mutex<Vec<RawRow>>,
}

#[async_trait]
impl Connector for Memory {
    fn descriptor(&self) -> &'static Descriptor {
        GoCardless.descriptor()
    }

    async fn check(&self, _: &Cx<'_>) -> Result<Checked, Fault> {
        Ok(Checked::AsTyped)
    }

    async fn institutions(&self, _: &Cx<'_>, _: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        Ok(vec![institution()])
    }

    async fn begin(&self, cx: &Cx<'_>, _: Intent<'_>, _: &Return) -> Result<Step, Fault> {
        let expires_at = cx.ambient.now() + jiff::SignedDuration::from_hours(1);
        Ok(Step::Open(Browser { url: "http://127.0.0.1/".to_owned(), expires_at }, FlowState(serde_json::Value::Null)))
    }

    async fn resume(&self, _: &Cx<'_>, _: &FlowState, _: Input) -> Result<Step, Fault> {
        let account = AccountInfo {
            bank: None,
            provider_account_id: "one".to_owned(),
            match_keys: vec![MatchKey { kind: MatchKeyKind::ProviderHash, value: "one".to_owned() }],
            name: "Checking".to_owned(),
            holder: None,
            number: None,
            currency: "EUR".parse().unwrap(),
            kind: AccountKind::Checking,
            balances: Vec::new(),
        };
        Ok(Step::Done(Box::new(Connected {
            remote: RemoteRef(serde_json::Value::Null),
            institution: institution(),
            country: Some("DE".to_owned()),
            consent: Consent { given_at: None, valid_until: None },
            accounts: vec![account],
            unread: Vec::new(),
        })))
    }

    async fn abandon(&self, _: &Cx<'_>, _: &FlowState) -> Result<(), Fault> {
        Ok(())
    }

    async fn revoke(&self, _: &Cx<'_>, _: &RemoteRef) -> Result<(), Fault> {
        Ok(())
    }

    async fn accounts(&self, _: &Cx<'_>, _: &RemoteRef, _: &Known<'_>) -> Result<Shown, Fault> {
        unreachable!("nothing is listed here")
    }

    async fn fetch(&self, _: &Cx<'_>, _: &RemoteRef, _: &FetchPlan, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
        let rows = std::mem::take(&mut *self.rows.lock().unwrap());
        sink.accept("one", FetchEvent::Rows(rows)).await?;
        sink.accept("one", FetchEvent::RowsEnd { booked_complete: true, pending_complete: true }).await?;
        Ok(())
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        GoCardless.map(context, raw)
    }
}

fn institution() -> Institution {
    Institution {
        key: "NORDHAFEN_NHBKDE22".to_owned(),
        name: "Nordhafen Bank".to_owned(),
        bic: None,
        countries: vec!["DE".to_owned()],
        logo: None,
        max_history_days: None,
        max_consent_days: None,
    }
}

/// Whether the bank gives its rows ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    Given,
    Left,
}

/// The row of a number: the same number is the same row.
pub(super) fn row(number: usize, ids: Ids) -> RawRow {
    let day = FIRST_DAY + i64::try_from(number / ROWS_A_DAY).unwrap().days();
    let cents = number * 7_919 % 100_000 + 1;
    let ids = match ids {
        Ids::Given => format!(r#""transactionId":"t{number}","internalTransactionId":"i{number}","#),
        Ids::Left => String::new(),
    };
    let bytes = format!(
        r#"{{{ids}"bookingDate":"{day}","valueDate":"{day}","transactionAmount":{{"amount":"-{}.{:02}","currency":"EUR"}},"creditorName":"Shop {}","remittanceInformationUnstructured":"Receipt {number}, thank you"}}"#,
        cents / 100,
        cents % 100,
        number % 300,
    );
    RawRow { status: RowStatus::Booked, bytes: bytes.into_bytes() }
}
