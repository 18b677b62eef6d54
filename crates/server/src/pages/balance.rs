//! The balance check: each balance of the bank beside the ledger, the first day that breaks, the suspects, and what to do about it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::balance::{BalanceMoment, Proof};
use bankside_domain::difference::{BalanceLine, Verdict};
use bankside_domain::suspect::{Grounds, Suspect};
use bankside_domain::{AccountId, Code, Currency};
use bankside_engine::{BalanceCheck, EngineError, KeptVerdict};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};
use crate::view::status::{StatusView, proof};

/// So many balances are shown, the latest of them; the two between which bank and ledger part are always there.
const SHOWN_LINES: usize = 12;

#[derive(Template)]
#[template(path = "balance.html")]
struct BalanceHtml {
    shell: Shell,
    account_id: String,
    account_name: String,
    currency: String,
    /// Whether a bank feeds it; else its files have stated the balances.
    is_fed: bool,
    mark: StatusView,
    /// The difference that waits for a person.
    open: Option<Open>,
    verdicts: Vec<VerdictView>,
    lines: Vec<Line>,
    suspects: Vec<SuspectView>,
}

/// A difference to decide about.
struct Open {
    /// The sentence.
    says: String,
    by_minor: i64,
    /// Whether bank and ledger have been apart from the start, so that another opening balance would make them equal.
    is_from_start: bool,
}

struct VerdictView {
    id: String,
    says: String,
}

struct Line {
    when: String,
    note: String,
    bank: String,
    ledger: String,
    apart: Option<String>,
    /// What this line is to the difference, if it is anything.
    place: Option<&'static str>,
}

struct SuspectView {
    day: String,
    payee: String,
    amount: String,
    why: &'static str,
    explains: bool,
    url: String,
}

fn account_id(account: &str) -> Result<AccountId, PageError> {
    account.parse().map_err(|_| PageError::not_found())
}

/// Bank and ledger, balance by balance.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let account = account_id(&account)?;
    let check = app.engine.balance_check(member.asker(), account).await?;
    let shell = shell(&app, &member, Place::Transactions, Some(account)).await?;
    let ledger = &check.account.account;
    let (currency, today) = (ledger.currency, &shell.today);
    let html = BalanceHtml {
        account_id: account.to_string(),
        account_name: ledger.name.clone(),
        currency: currency.code.to_string(),
        is_fed: check.account.status.bank_account.is_some(),
        mark: proof(Some(check.proof), currency, today),
        open: open(&check, today),
        verdicts: check.verdicts.iter().map(|kept| verdict(kept, currency, today)).collect(),
        lines: lines(&check, today),
        suspects: check.suspects.iter().map(|one| suspect(one, account, currency, &shell)).collect(),
        shell,
    };
    Ok(page(&html)?.into_response())
}

fn open(check: &BalanceCheck, today: &Today) -> Option<Open> {
    let by_minor = check.open_minor()?;
    let currency = check.account.account.currency;
    let apart = today.amount(by_minor.saturating_abs(), currency);
    let more = if by_minor > 0 { "more" } else { "less" };
    let (says, is_from_start) = match check.proof {
        Proof::Diverged { since, .. } => {
            (format!("Since {} the bank says {apart} {more} than the ledger.", today.day(since)), false)
        }
        _ => (format!("From the start the bank says {apart} {more} than the ledger; every row since fits."), true),
    };
    Some(Open { says, by_minor, is_from_start })
}

fn verdict(kept: &KeptVerdict, currency: Currency, today: &Today) -> VerdictView {
    let apart = today.signed(kept.judged.by_minor, currency);
    let by = kept.person.as_deref().unwrap_or("Bankside");
    let when = today.moment(kept.made_at);
    let since = match kept.judged.found {
        Some((day, _)) => format!("found on {}", today.day(day)),
        None => "from the start".to_owned(),
    };
    let says = match kept.judged.verdict {
        Verdict::Accepted => format!("{apart} {since}: accepted by {by}, {when}."),
        Verdict::Ignored => format!("{apart} {since}: ignored by {by}, {when}, until it changes."),
    };
    VerdictView { id: kept.id.to_string(), says }
}

/// The latest balances, newest first, and the two between which bank and ledger part.
fn lines(check: &BalanceCheck, today: &Today) -> Vec<Line> {
    let first_shown = check.lines.len().saturating_sub(SHOWN_LINES);
    let is_part = |place: usize| check.stretch.is_some_and(|stretch| [stretch.fits, stretch.breaks].contains(&place));
    let shown = check.lines.iter().enumerate().rev();
    shown
        .filter(|(place, _)| *place >= first_shown || is_part(*place))
        .map(|(place, line)| {
            let part = check.stretch.and_then(|stretch| match place {
                place if place == stretch.breaks => Some("The first that does not fit"),
                place if place == stretch.fits => Some("The last that fits"),
                _ => None,
            });
            line_view(line, part, check.account.account.currency, today)
        })
        .collect()
}

fn line_view(line: &BalanceLine, place: Option<&'static str>, currency: Currency, today: &Today) -> Line {
    let (when, note) = match line.stated.moment {
        BalanceMoment::Now => (today.moment(line.stated.seen_at), String::new()),
        BalanceMoment::EndOf(day) => {
            (format!("{}, end of day", today.day(day)), format!("stated {}", today.moment(line.stated.seen_at)))
        }
        BalanceMoment::StartOf(day) => {
            (format!("{}, start of day", today.day(day)), format!("stated {}", today.moment(line.stated.seen_at)))
        }
    };
    let apart = line.apart_minor();
    Line {
        when,
        note,
        bank: today.amount(line.stated.minor, currency),
        ledger: today.amount(line.ledger_minor, currency),
        apart: (apart != 0).then(|| today.signed(apart, currency)),
        place,
    }
}

/// A suspect, with the way to it: the register on its day.
fn suspect(one: &Suspect, account: AccountId, currency: Currency, shell: &Shell) -> SuspectView {
    let day = one.row.day;
    let path = match one.grounds {
        Grounds::Moved => format!("transactions?from={day}&to={day}"),
        Grounds::HeldBack => "suspicions".to_owned(),
        Grounds::Pending | Grounds::Typed | Grounds::TakenOut | Grounds::Twin => {
            format!("accounts/{account}?from={day}&to={day}")
        }
    };
    SuspectView {
        day: shell.today.day(day),
        payee: one.row.payee.clone().unwrap_or_else(|| "No payee".to_owned()),
        amount: shell.today.signed(one.row.amount_minor, currency),
        why: one.grounds.in_words(),
        explains: one.explains,
        url: shell.at(&path),
    }
}

/// What a person says about the difference that they saw.
#[derive(Deserialize)]
pub(crate) struct VerdictForm {
    verdict: String,
    by_minor: i64,
}

/// Keeps what a person says.
pub(crate) async fn judge(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<VerdictForm>,
) -> Result<Redirect, PageError> {
    let verdict =
        Verdict::from_code(&form.verdict).map_err(|error| EngineError::invalid("verdict", format!("{error}.")))?;
    app.engine.judge_balance(member.asker(), account_id(&account)?, verdict, form.by_minor).await?;
    Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}/balance")))
}

/// Takes back what was said.
pub(crate) async fn take_back(
    State(app): State<App>,
    member: Member,
    Path((organization, account, verdict)): Path<(String, String, String)>,
) -> Result<Redirect, PageError> {
    let id = verdict.parse().map_err(|_| PageError::not_found())?;
    app.engine.take_back_verdict(member.asker(), account_id(&account)?, id).await?;
    Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}/balance")))
}
