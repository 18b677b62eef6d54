//! The provider: a connector that answers from the bank of the story, without a network.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bankside_connect::connector::{FetchEnd, Return};
use bankside_connect::fetch::ProviderWord;
use bankside_connect::{
    AccountInfo, BankQuery, Browser, Connected, Connector, Cx, Descriptor, Fault, FetchEvent, FetchPlan,
    FetchedBalance, FlowState, Input, Institution, Intent, MapContext, RawRow, RemoteRef, Sink, Step, Way,
};
use bankside_domain::account::AccountKind;
use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::consent::Consent;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::{Counterparty, MappedRow, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::run::AccountStep;
use bankside_domain::{Amount, CurrencyCode};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::bank::{ACCOUNTS, Answer, Bank, CURRENCIES, Wire};

/// The provider's id.
pub(crate) const PROVIDER: &str = "story";
/// The only institution.
pub(crate) const INSTITUTION: &str = "STORY_BANK";

static DESCRIPTOR: Descriptor = Descriptor {
    id: PROVIDER,
    name: "Story",
    coverage: "One bank",
    countries: &["DE"],
    ways: &[Way::Country],
    base_url: "http://127.0.0.1:9/",
    fields: &[],
    notice: "",
    steps: &[],
    dashboard_url: "http://127.0.0.1:9/",
    advice: &[],
    quotas: &[],
    notices: None,
    flow_minutes: 60,
};

/// Answers from the bank of the story.
pub(crate) struct Provider {
    pub(crate) bank: Arc<Mutex<Bank>>,
}

impl Provider {
    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What whoever connects or renews access is shown.
    pub(crate) fn connected(&self) -> Connected {
        let bank = self.bank();
        let account = |account: usize| AccountInfo {
            provider_account_id: bank.alias(account),
            // Both accounts of one currency, and the one of another, each under its own number.
            match_keys: vec![MatchKey {
                kind: MatchKeyKind::Iban,
                value: format!("DE0{account} {}", CURRENCIES[account]),
            }],
            name: format!("Account {account}"),
            holder: None,
            number: None,
            currency: currency(account),
            kind: AccountKind::Checking,
            balances: Vec::new(),
        };
        Connected {
            remote: RemoteRef(json!({ "consent": bank.consents })),
            institution: institution(),
            country: Some("DE".to_owned()),
            consent: Consent { given_at: None, valid_until: None },
            accounts: (0..ACCOUNTS).map(account).collect(),
            unread: Vec::new(),
        }
    }
}

fn institution() -> Institution {
    Institution {
        key: INSTITUTION.to_owned(),
        name: "Story bank".to_owned(),
        bic: None,
        countries: vec!["DE".to_owned()],
        logo: None,
        max_history_days: Some(365),
        max_consent_days: None,
    }
}

/// The currency of an account. All have two digits after the point.
pub(crate) fn currency(account: usize) -> CurrencyCode {
    CURRENCIES[account].parse().unwrap_or_else(|_| unreachable!("the currencies of the story are codes"))
}

#[async_trait]
impl Connector for Provider {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, _: &Cx<'_>) -> Result<(), Fault> {
        Ok(())
    }

    async fn institutions(&self, _: &Cx<'_>, _: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        Ok(vec![institution()])
    }

    async fn begin(&self, cx: &Cx<'_>, intent: Intent<'_>, _: &Return) -> Result<Step, Fault> {
        let expires_at = cx.ambient.now() + SignedDuration::from_hours(1);
        let renews = matches!(intent, Intent::Renew { .. });
        let browser = Browser { url: "http://127.0.0.1:9/consent".to_owned(), expires_at };
        Ok(Step::Open(browser, FlowState(json!({ "renews": renews }))))
    }

    async fn resume(&self, _: &Cx<'_>, state: &FlowState, _: Input) -> Result<Step, Fault> {
        if state.0["renews"] == true {
            self.bank().consents += 1;
        }
        Ok(Step::Done(Box::new(self.connected())))
    }

    async fn abandon(&self, _: &Cx<'_>, _: &FlowState) -> Result<(), Fault> {
        Ok(())
    }

    async fn revoke(&self, _: &Cx<'_>, _: &RemoteRef) -> Result<(), Fault> {
        Ok(())
    }

    async fn fetch(&self, cx: &Cx<'_>, _: &RemoteRef, plan: &FetchPlan, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
        for request in &plan.accounts {
            let alias = request.provider_account_id.as_str();
            let answer = {
                let mut bank = self.bank();
                bank.account_of(alias).map(|account| (account, bank.answer(account, request.from)))
            };
            match answer {
                Some((account, answer)) => tell(cx, sink, alias, account, answer).await?,
                None => {
                    sink.accept(alias, FetchEvent::Fault(fault("story.unknown", "There is no such account."))).await?
                }
            }
        }
        Ok(())
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        match serde_json::from_slice::<Wire>(&raw.bytes) {
            Ok(wire) => read(context, &wire),
            Err(error) => MappedRow::Unreadable { why: error.to_string() },
        }
    }
}

fn fault(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

async fn tell(cx: &Cx<'_>, sink: &mut dyn Sink, alias: &str, account: usize, answer: Answer) -> Result<(), FetchEnd> {
    sink.accept(alias, FetchEvent::Step(AccountStep::Rows)).await?;
    for page in answer.pages {
        let rows = page.iter().map(raw).collect();
        sink.accept(alias, FetchEvent::Rows(rows)).await?;
        if answer.breaks_off {
            sink.accept(alias, FetchEvent::Fault(fault("story.broken", "The line broke."))).await?;
            return Ok(());
        }
    }
    sink.accept(alias, FetchEvent::RowsEnd { booked_complete: answer.is_complete, pending_complete: true }).await?;
    let Some(currency) = cx.currencies.get(&currency(account)) else { return Ok(()) };
    let balance = FetchedBalance {
        kind: BalanceKind::Booked,
        moment: BalanceMoment::Now,
        amount: Amount::new(answer.booked_minor, *currency),
        provider_kind: ProviderWord::new("booked"),
    };
    Ok(sink.accept(alias, FetchEvent::Balances(vec![balance])).await?)
}

fn raw(wire: &Wire) -> RawRow {
    RawRow { status: status(wire), bytes: serde_json::to_vec(wire).unwrap_or_default() }
}

/// How far the bank has got with a row.
pub(crate) fn status(wire: &Wire) -> RowStatus {
    if wire.is_pending { RowStatus::Pending } else { RowStatus::Booked }
}

/// A row in our words.
pub(crate) fn read(context: &MapContext<'_>, wire: &Wire) -> MappedRow {
    let instant: Option<Timestamp> = wire.when.parse().ok();
    let day: Option<Date> = match instant {
        Some(instant) => Some(instant.to_zoned(context.time_zone.clone()).date()),
        None => wire.when.parse().ok(),
    };
    let (Some(day), Ok(code)) = (day, wire.currency.parse::<CurrencyCode>()) else {
        return MappedRow::Unreadable { why: "no day or no currency".to_owned() };
    };
    let Some(currency) = context.currencies.get(&code).copied() else {
        return MappedRow::Unreadable { why: format!("{code} is no currency") };
    };
    let id = |kind, value: &Option<String>| value.clone().map(|value| RowId { kind, value });
    let ids = [id(RowIdKind::Provider, &wire.id), id(RowIdKind::Reference, &wire.reference)];
    MappedRow::Readable(Box::new(Row {
        status: status(wire),
        ids: ids.into_iter().flatten().collect(),
        booked_on: (!wire.is_pending).then_some(day),
        value_on: Some(day),
        transacted_on: None,
        dated_on: None,
        happened_at: instant,
        amount: Amount::new(wire.minor, currency),
        counterparty: Counterparty { name: Some(wire.payee.clone()), account: None },
        remittance: Some(format!("about {}", wire.payee)),
        balance_after: None,
        original_amount: None,
        instalment: None,
    }))
}
