//! One run: how far it has got, what it brought for each account and why, what it cost, and whether it adds up.

use askama::Template;
use bankside_domain::account::OpeningSource;
use bankside_domain::asset::Tree;
use bankside_domain::fault::{FaultRecord, UserAction};
use bankside_domain::reconcile::RowOutcome;
use bankside_domain::run::{AccountStep, Trigger};
use bankside_domain::status::Status;
use bankside_domain::{BankAccountId, Right};
use bankside_engine::{ReasonCount, RunAccount, RunView, RunViewAccount};

use super::words;
use crate::App;
use crate::error::PageError;
use crate::pages::feed::confirming::{self, Confirmation};
use crate::pages::undo::Undo;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::fault::{FaultView, Occasion};
use crate::view::finding::findings;
use crate::view::shell::{Shell, address};
use crate::view::status::{StatusView, proof};

/// A bank that gave this many days less than asked for is said to have given less.
const SHORT_DAYS: i32 = 7;

/// The part of a run's page that renews itself.
#[derive(Template)]
#[template(path = "run_view.html")]
pub(super) struct RunParts {
    connection: String,
    mark: StatusView,
    /// After linking: that it has worked.
    linked: Option<&'static str>,
    summary: Option<String>,
    /// What the run has found out about the bank's data.
    findings: Vec<String>,
    fault: Option<FaultView>,
    /// Where access is renewed, while it still waits for that; known once the run is over.
    renew_url: Option<String>,
    pub(super) accounts: Vec<AccountPart>,
    pub(super) is_finished: bool,
    percent: usize,
    accounts_url: String,
    suspicions_url: String,
    /// What is asked once about accounts that were linked; known once the run is over.
    confirmations: Vec<Confirmation>,
    /// How many accounts are asked about once those are answered.
    to_confirm_later: usize,
    facts: Vec<(&'static str, String)>,
    sums: Vec<SumPart>,
}

/// One account of a run.
pub(super) struct AccountPart {
    bank_account: BankAccountId,
    name: String,
    /// The path of the asset that it belongs to.
    path: Option<String>,
    note: String,
    window: Option<String>,
    steps: Vec<StepPart>,
    fault: Option<FaultView>,
    warnings: Vec<String>,
    /// What became of its rows, and why; known once the run is over.
    reasons: Vec<ReasonPart>,
    /// Whether there are rows that did not come exactly as before.
    has_new: bool,
    rows_url: String,
    /// How undoing its import stands; known once the run is over.
    pub(super) undo: Option<Undo>,
}

struct ReasonPart {
    /// Whether these rows were left for a person.
    is_held: bool,
    outcome: &'static str,
    rows: String,
    why: String,
}

struct StepPart {
    class: &'static str,
    icon: &'static str,
    word: String,
}

struct SumPart {
    account: String,
    path: Option<String>,
    opening_label: String,
    opening: String,
    rows_label: String,
    rows: String,
    ledger: String,
    bank: Option<String>,
    mark: StatusView,
}

impl RunParts {
    /// The run as it stands.
    pub(super) fn of(app: &App, view: &RunView, member: &Member, tree: &Tree, today: &Today) -> Self {
        let run = &view.run;
        let organization = member.membership.organization.id;
        let descriptor = app.engine.descriptor(&run.provider);
        let at = run.finished_at.or(run.started_at).unwrap_or(run.created_at);
        let may_act = member.asker().may(Right::ManageBanks);
        let fault_view = |fault: &FaultRecord| {
            let view = FaultView::of(fault, Occasion::Sync, today).at(at).of_run(run.id).told_by(descriptor);
            if may_act { view } else { view.for_onlookers(&member.membership.organization.name) }
        };
        let accounts: Vec<&RunAccount> = view.accounts.iter().map(|account| &account.run).collect();
        let steps: usize = accounts.iter().map(|account| progress(account.step)).sum();
        let part = |account: &RunViewAccount| {
            let rows_url = address(organization, &format!("runs/{}/rows?account={}", run.id, account.run.bank_account));
            // What concerns the whole sync is said once, above its accounts.
            let own = account.run.fault.as_ref().filter(|fault| run.fault.as_ref() != Some(*fault));
            AccountPart {
                path: path_of(account, tree),
                ..account_part(account, run.trigger, own.map(fault_view), rows_url, today)
            }
        };
        let sum = |account| sum_part(account, today).map(|sum| SumPart { path: path_of(account, tree), ..sum });
        Self {
            connection: run.connection_name.clone(),
            mark: words::mark(run, &accounts),
            linked: words::linked(run, &accounts),
            summary: words::summary(run, &accounts, today),
            findings: findings(&view.lost_trust, &run.institution_name),
            fault: run.fault.as_ref().map(fault_view),
            renew_url: None,
            accounts: view.accounts.iter().map(part).collect(),
            is_finished: view.is_finished(),
            percent: if view.is_finished() { 100 } else { steps * 100 / (accounts.len().max(1) * 4) },
            accounts_url: address(organization, "transactions"),
            suspicions_url: address(organization, "suspicions"),
            confirmations: Vec::new(),
            to_confirm_later: 0,
            facts: facts(view, &accounts, today),
            sums: view.accounts.iter().filter_map(sum).collect(),
        }
    }

    /// Adds what became of the rows of each account, and why, and the way to renew the access where it still waits for that.
    pub(super) async fn explain(
        &mut self,
        app: &App,
        view: &RunView,
        member: &Member,
        shell: &Shell,
    ) -> Result<(), PageError> {
        if !view.is_finished() {
            return Ok(());
        }
        if asked_to_renew(view) && shell.may_manage_banks() {
            let connections = app.engine.connections(member.asker()).await?;
            let now = connections.into_iter().find(|now| now.connection.id == view.run.connection);
            self.renew_url = now
                .filter(|now| waits_for_resync(&now.status.status))
                .map(|now| shell.at(&format!("connections/{}/renew", now.connection.id)));
        }
        let accounts: Vec<_> = view.accounts.iter().map(|account| account.account.id).collect();
        (self.confirmations, self.to_confirm_later) =
            confirming::of_run(app, member, view.run.id, &accounts, shell).await?;
        let reasons = app.engine.run_reasons(member.asker(), view.run.id).await?;
        for (part, account) in self.accounts.iter_mut().zip(&view.accounts) {
            part.has_new = reasons.iter().any(|count| count.bank_account == part.bank_account);
            part.reasons = reason_parts(&reasons, &account.run, part.bank_account, &shell.today);
        }
        Ok(())
    }
}

/// Whether what went wrong asked for access to be renewed.
fn asked_to_renew(view: &RunView) -> bool {
    let of_accounts = view.accounts.iter().map(|account| account.run.fault.as_ref());
    let mut faults = of_accounts.chain([view.run.fault.as_ref()]).flatten();
    faults.any(|fault| fault.action == Some(UserAction::Renew))
}

/// Whether a status is one that Resync is for.
fn waits_for_resync(status: &Status) -> bool {
    matches!(status, Status::RenewNow | Status::RenewBy { .. } | Status::AnswerNeeded(_))
}

/// The path of the asset that an account of a run belongs to.
fn path_of(account: &RunViewAccount, tree: &Tree) -> Option<String> {
    account.account.asset.map(|asset| tree.path(asset)).filter(|path| !path.is_empty())
}

/// What happened, in a few lines.
fn facts(view: &RunView, accounts: &[&RunAccount], today: &Today) -> Vec<(&'static str, String)> {
    let run = &view.run;
    let mut facts = vec![("Started by", format!("{}, {}", words::started_by(run), today.moment(run.created_at)))];
    if let Some(from) = accounts.iter().filter_map(|account| account.asked_from).min() {
        facts.push(("Asked for", format!("everything since {}", today.day(from))));
    }
    let served = || accounts.iter().filter_map(|account| account.served);
    if let (Some(from), Some(to)) = (served().map(|days| days.0).min(), served().map(|days| days.1).max()) {
        facts.push(("Bank gave", format!("{} to {}", today.day(from), today.day(to))));
    }
    facts.push(("Calls", format!("{} spent", run.calls)));
    if let Some(took) = words::took(run) {
        facts.push(("Took", took));
    }
    facts.push(("Reference", run.id.to_string()));
    facts
}

/// Rows that were treated alike, the most first. Those that came back byte for byte need no decision.
fn reason_parts(
    reasons: &[ReasonCount],
    run: &RunAccount,
    bank_account: BankAccountId,
    today: &Today,
) -> Vec<ReasonPart> {
    let mut parts: Vec<ReasonPart> = reasons
        .iter()
        .filter(|count| count.bank_account == bank_account)
        .map(|count| ReasonPart {
            is_held: count.reason.as_ref().is_some_and(|reason| reason.outcome() == RowOutcome::HeldBack),
            outcome: words::outcome(count.reason.as_ref()),
            rows: today.grouped(count.rows),
            why: words::why(count.reason.as_ref()),
        })
        .collect();
    if run.rows_seen_again > 0 {
        parts.push(ReasonPart {
            is_held: false,
            outcome: "Known",
            rows: today.grouped(run.rows_seen_again),
            why: "They came exactly as before.".to_owned(),
        });
    }
    parts
}

fn account_part(
    account: &RunViewAccount,
    trigger: Trigger,
    fault: Option<FaultView>,
    rows_url: String,
    today: &Today,
) -> AccountPart {
    let run = &account.run;
    let note = match (run.step, run.counts) {
        (AccountStep::Done, Some(counts)) if counts.changed_books() => {
            format!("{} · {} new", today.counted(counts.received, "row", "rows"), today.grouped(counts.added))
        }
        (AccountStep::Done, _) => "nothing new".to_owned(),
        (AccountStep::Waiting, _) => "waits its turn".to_owned(),
        (AccountStep::Failed, _) => "did not work".to_owned(),
        _ => format!("{} so far", today.counted(run.rows_received, "row", "rows")),
    };
    let step = |at: AccountStep, word: &str| {
        let (class, icon) = if run.step == AccountStep::Failed {
            ("", "close")
        } else if run.step == AccountStep::Done && at == AccountStep::Balance && fault.is_some() {
            // The rows are in the books; what went wrong went wrong after them.
            ("", "warn")
        } else if run.step > at || run.step == AccountStep::Done {
            ("done", "check")
        } else if run.step == at {
            ("now", "ring")
        } else {
            ("", "outline")
        };
        StepPart { class, icon, word: word.to_owned() }
    };
    let rows = if run.rows_received > 0 { today.counted(run.rows_received, "row", "rows") } else { "Rows".to_owned() };
    AccountPart {
        bank_account: run.bank_account,
        name: account.account.name.clone(),
        path: None,
        note,
        window: window(run, today),
        steps: vec![
            step(AccountStep::Rows, &rows),
            step(AccountStep::Balance, "Balance"),
            step(AccountStep::Match, "Match"),
        ],
        fault,
        warnings: warnings(account, trigger, today),
        reasons: Vec::new(),
        has_new: false,
        rows_url,
        undo: None,
    }
}

/// `Asked for everything since 10 Nov, the bank gave 10 Nov to 20 Nov.`
fn window(run: &RunAccount, today: &Today) -> Option<String> {
    let asked = format!("Asked for everything since {}", today.day(run.asked_from?));
    match run.served {
        Some((from, to)) => Some(format!("{asked}, the bank gave {} to {}.", today.day(from), today.day(to))),
        None if run.fetched_at.is_some() => Some(format!("{asked}; the bank had no rows.")),
        None => None,
    }
}

/// What deserves a look although nothing failed.
fn warnings(account: &RunViewAccount, trigger: Trigger, today: &Today) -> Vec<String> {
    let run = &account.run;
    let mut warnings = Vec::new();
    if run.step != AccountStep::Done {
        return warnings;
    }
    if let (Trigger::Linked, Some(asked), Some((from, _))) = (trigger, run.asked_from, run.served)
        && (from - asked).get_days() > SHORT_DAYS
    {
        let (asked, from) = (today.day(asked), today.day(from));
        warnings
            .push(format!("Nothing came from before {from}, though {asked} was asked for: the bank gives no more."));
    }
    let held_back = run.counts.map_or(0, |counts| counts.held_back);
    if held_back > 0 {
        let rows = today.counted(held_back, "row is held back", "rows are held back");
        warnings.push(format!("{rows} and not in the books; the reasons stand below."));
    }
    if !run.booked_complete {
        warnings.push("The answer was not complete; the next run asks for these days again.".to_owned());
    }
    warnings
}

fn sum_part(account: &RunViewAccount, today: &Today) -> Option<SumPart> {
    if account.run.step != AccountStep::Done || account.account.opening_source == OpeningSource::Unknown {
        return None;
    }
    let ledger = &account.account;
    let money = |minor: i64| today.amount(minor, ledger.currency);
    Some(SumPart {
        account: ledger.name.clone(),
        path: None,
        opening_label: match ledger.opening_on {
            Some(day) => format!("opens on {} with", today.day(day)),
            None => "opens with".to_owned(),
        },
        opening: money(ledger.opening_minor),
        rows_label: "booked rows since".to_owned(),
        rows: today.signed(ledger.booked_minor, ledger.currency),
        ledger: money(ledger.opening_minor.saturating_add(ledger.booked_minor)),
        bank: account.bank.as_ref().map(|bank| money(bank.stated.minor)),
        mark: proof(account.proof, ledger.currency, today),
    })
}

fn progress(step: AccountStep) -> usize {
    match step {
        AccountStep::Waiting => 0,
        AccountStep::Rows => 1,
        AccountStep::Balance => 2,
        AccountStep::Match => 3,
        AccountStep::Done | AccountStep::Failed => 4,
    }
}
