//! The provider: a connector that answers from the bank of the story, without a network.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bankside_connect::connector::{Checked, FetchEnd, Return};
use bankside_connect::fetch::ProviderWord;
use bankside_connect::{
    AccountInfo, BankQuery, Browser, Connected, Connector, Cx, Descriptor, Fault, FetchEvent, FetchPlan,
    FetchedBalance, FlowState, Input, Institution, Intent, Known, MapContext, RawRow, RemoteRef, Shown, SignUps, Sink,
    Step, Terms, Way,
};
use bankside_domain::Amount;
use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::consent::Consent;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use bankside_domain::run::AccountStep;
use jiff::SignedDuration;
use serde_json::json;

use crate::bank::{ACCOUNTS, Answer, Bank};
use crate::telling::{Reader, Telling, Tongue};

/// The provider's id.
pub(crate) const PROVIDER: &str = "story";

static DESCRIPTOR: Descriptor = Descriptor {
    id: PROVIDER,
    name: "Story",
    coverage: "One bank",
    countries: &["DE"],
    ways: &[Way::Country],
    finds_by: "",
    base_url: "http://127.0.0.1:9/",
    fields: &[],
    terms: Terms { sign_ups: SignUps::Open, costs: "", history: "", access: "" },
    notice: "",
    steps: &[],
    dashboard_url: "http://127.0.0.1:9/",
    advice: &[],
    quotas: &[],
    notices: None,
    finishes_alone: false,
    returns: None,
    shows_new_accounts: false,
    suggested_days: 90,
    flow_minutes: 60,
};

/// Answers from the bank of the story.
pub(crate) struct Provider {
    pub(crate) bank: Arc<Mutex<Bank>>,
    telling: Telling,
    reader: Reader,
}

impl Provider {
    pub(crate) fn of(bank: Arc<Mutex<Bank>>) -> Self {
        let telling = bank.lock().unwrap_or_else(PoisonError::into_inner).habits.telling;
        Self { bank, telling, reader: Reader::of(telling) }
    }

    /// What reads its rows.
    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What whoever connects or renews access is shown.
    pub(crate) fn connected(&self) -> Connected {
        let bank = self.bank();
        let account = |account: usize| AccountInfo {
            bank: None,
            match_keys: self.telling.match_keys(account, &bank.alias(account)),
            provider_account_id: bank.alias(account),
            name: format!("Account {account}"),
            holder: None,
            number: None,
            currency: self.telling.currency(account),
            kind: self.telling.teller.kinds[account],
            balances: Vec::new(),
        };
        Connected {
            remote: RemoteRef(json!({ "consent": bank.consents })),
            institution: self.institution(),
            country: Some(self.telling.tongue.country.to_owned()),
            consent: Consent { given_at: None, valid_until: None },
            accounts: (0..ACCOUNTS).map(account).collect(),
            unread: Vec::new(),
        }
    }

    fn institution(&self) -> Institution {
        let Tongue { institution, country, .. } = self.telling.tongue;
        Institution {
            key: (*institution).to_owned(),
            name: "Story bank".to_owned(),
            bic: None,
            countries: vec![(*country).to_owned()],
            logo: None,
            max_history_days: Some(365),
            max_consent_days: None,
        }
    }

    async fn tell(&self, cx: &Cx<'_>, sink: &mut dyn Sink, account: usize, answer: Answer) -> Result<(), FetchEnd> {
        let alias = &self.bank().alias(account);
        sink.accept(alias, FetchEvent::Step(AccountStep::Rows)).await?;
        for page in answer.pages {
            let rows = page.iter().map(|wire| self.telling.raw(account, wire)).collect();
            sink.accept(alias, FetchEvent::Rows(rows)).await?;
            if answer.breaks_off {
                sink.accept(alias, FetchEvent::Fault(fault("story.broken", "The line broke."))).await?;
                return Ok(());
            }
        }
        sink.accept(alias, FetchEvent::RowsEnd { booked_complete: answer.is_complete, pending_complete: true }).await?;
        let Some(currency) = cx.currencies.get(&self.telling.currency(account)) else { return Ok(()) };
        let balance = FetchedBalance {
            kind: BalanceKind::Booked,
            moment: BalanceMoment::Now,
            amount: Amount::new(answer.booked_minor, *currency),
            provider_kind: ProviderWord::new("booked"),
        };
        Ok(sink.accept(alias, FetchEvent::Balances(vec![balance])).await?)
    }
}

#[async_trait]
impl Connector for Provider {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    async fn check(&self, _: &Cx<'_>) -> Result<Checked, Fault> {
        Ok(Checked::AsTyped)
    }

    async fn institutions(&self, _: &Cx<'_>, _: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        Ok(vec![self.institution()])
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

    async fn accounts(&self, _: &Cx<'_>, _: &RemoteRef, _: &Known<'_>) -> Result<Shown, Fault> {
        Err(fault("story.accounts", "No story lists accounts anew."))
    }

    async fn fetch(&self, cx: &Cx<'_>, _: &RemoteRef, plan: &FetchPlan, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
        for request in &plan.accounts {
            let alias = request.provider_account_id.as_str();
            let answer = {
                let mut bank = self.bank();
                bank.account_of(alias).map(|account| (account, bank.answer(account, request.from)))
            };
            match answer {
                Some((account, answer)) => self.tell(cx, sink, account, answer).await?,
                None => {
                    sink.accept(alias, FetchEvent::Fault(fault("story.unknown", "There is no such account."))).await?
                }
            }
        }
        Ok(())
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        self.reader.map(context, raw)
    }
}

fn fault(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}
