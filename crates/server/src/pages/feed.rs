//! The feed of an account: what it does with what the bank sends, what another choice would do, and making it.

pub(crate) mod confirming;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::account::PendingPolicy;
use bankside_domain::sign::SignRefused;
use bankside_domain::{AccountId, BatchId, Code};
use bankside_engine::{EngineError, FeedChange, FeedEffect, FeedView};
use serde::Deserialize;

use self::confirming::Confirmation;
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};
use crate::view::status::{StatusView, proof};

/// The policies for pending rows, in the order in which they are offered, with what each means.
const POLICIES: [(PendingPolicy, &str, &str); 3] = [
    (PendingPolicy::BookedOnly, "Booked only", "A payment appears when the bank has booked it, and not before."),
    (
        PendingPolicy::Shown,
        "Shown, outside the balance",
        "You see what you have just paid; the balance waits until it is booked.",
    ),
    (PendingPolicy::Counted, "Counted", "The balance is what will be left when everything on its way is booked."),
];

#[derive(Template)]
#[template(path = "feed.html")]
struct FeedHtml {
    shell: Shell,
    account_id: String,
    account_name: String,
    bank: String,
    number: Option<String>,
    currency: String,
    /// What is asked once after linking; it has the opening balance and the sign in it.
    confirmation: Option<Confirmation>,
    opening: Option<Arithmetic>,
    mark: StatusView,
    policies: Vec<Policy>,
    pending: Option<Preview>,
    sign: Sign,
    /// What has just been done, and where it is taken back.
    done: Option<(String, String)>,
    /// That it has just been confirmed.
    confirmed: bool,
    /// The account that waits for that next, with its address.
    next: Option<(String, String)>,
}

impl FeedHtml {
    /// Whether it is asked whether all of it is right, rather than shown that it can be turned.
    fn asks(&self) -> bool {
        self.confirmation.is_some() && self.sign.preview.is_none() && self.sign.stays.is_empty()
    }
}

/// One way to treat pending rows.
struct Policy {
    code: &'static str,
    label: &'static str,
    says: &'static str,
    is_chosen: bool,
}

/// Which way round the bank's sign is read.
struct Sign {
    /// What the bank's balance means, and how its latest rows are booked.
    says: Vec<String>,
    /// The value that turns it.
    turned: bool,
    preview: Option<Preview>,
    /// Why it cannot be turned, if that was asked for.
    stays: Vec<(&'static str, String)>,
}

/// How the bank's balance comes to an opening balance.
struct Arithmetic {
    bank: String,
    rows: String,
    opening: String,
    as_of: String,
    /// That the account opens with another balance, if it does.
    differs: Option<String>,
}

/// What a choice would do: sentences with their icons, and the value to post.
struct Preview {
    lines: Vec<(&'static str, String)>,
    value: String,
}

/// What an address may ask about.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// A policy for pending rows whose effect is to be shown.
    #[serde(default)]
    pending: String,
    /// Whether the effect of another sign is to be shown: `true` or `false` as the sign would be.
    sign: Option<bool>,
    /// The batch that has just been made.
    #[serde(default)]
    done: String,
    /// Whether it has just been said that all of it is right.
    #[serde(default)]
    confirmed: bool,
}

fn account_id(account: &str) -> Result<AccountId, PageError> {
    account.parse().map_err(|_| PageError::not_found())
}

fn policy_of(code: &str) -> Result<PendingPolicy, PageError> {
    Ok(PendingPolicy::from_code(code).map_err(|error| EngineError::invalid("pending", format!("{error}.")))?)
}

/// The feed, and what a choice would do that the address names.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let account = account_id(&account)?;
    let view = app.engine.feed(member.asker(), account).await?;
    let shell = shell(&app, &member, Place::Transactions, Some(account)).await?;
    let ledger = &view.account.account;
    let chosen = if asked.pending.is_empty() { ledger.pending_policy } else { policy_of(&asked.pending)? };
    let pending = if chosen == ledger.pending_policy {
        None
    } else {
        let effect = app.engine.preview_feed(member.asker(), account, FeedChange::Pending(chosen)).await?;
        Some(Preview { lines: pending_lines(&effect, &shell.today), value: chosen.code().to_owned() })
    };
    let sign = sign(&app, &member, account, &view, asked.sign, &shell).await?;
    let policy = |(policy, label, says): (PendingPolicy, &'static str, &'static str)| Policy {
        code: policy.code(),
        label,
        says,
        is_chosen: policy == chosen,
    };
    let confirmed = asked.confirmed && view.is_confirmed;
    let next = if confirmed { next_to_confirm(&app, &member, &view, &shell).await? } else { None };
    let html = FeedHtml {
        account_id: account.to_string(),
        account_name: ledger.name.clone(),
        bank: view.connection.institution_name.clone(),
        number: view.bank_account.masked_number.clone(),
        currency: ledger.currency.code.to_string(),
        confirmation: Confirmation::of(&view, &shell),
        opening: arithmetic(&view, &shell.today),
        mark: proof(view.account.status.proof, ledger.currency, &shell.today),
        policies: POLICIES.into_iter().map(policy).collect(),
        pending,
        sign,
        done: just_done(&asked.done, &shell),
        confirmed,
        next,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// The account that waits to be confirmed next, and where that is done.
async fn next_to_confirm(
    app: &App,
    member: &Member,
    view: &FeedView,
    shell: &Shell,
) -> Result<Option<(String, String)>, PageError> {
    if !shell.may_manage_banks() {
        return Ok(None);
    }
    let next = app.engine.next_to_confirm(member.asker(), view.connection.id).await?;
    Ok(next.map(|next| {
        let id = next.account.id;
        (shell.named(id, &next.account.name), shell.at(&format!("accounts/{id}/feed")))
    }))
}

/// What the bank says of its balance, and how its latest rows are booked.
fn said(view: &FeedView, today: &Today) -> Vec<String> {
    let (currency, flips) = (view.account.account.currency, view.bank_account.flips_sign);
    let balance = view.bank.as_ref().map(|bank| today.stated(bank.stated.minor, flips, currency));
    let examples = view.examples.iter().map(|row| {
        let payee = row.payee.as_deref().or(row.note.as_deref()).unwrap_or("a row");
        today.booked_as(payee, row.amount_minor, row.currency)
    });
    balance.into_iter().chain(examples).collect()
}

/// Which way round the sign is read, and what turning it would do if that is asked for.
async fn sign(
    app: &App,
    member: &Member,
    account: AccountId,
    view: &FeedView,
    asked: Option<bool>,
    shell: &Shell,
) -> Result<Sign, PageError> {
    let (today, flips) = (&shell.today, view.bank_account.flips_sign);
    let mut sign = Sign { says: said(view, today), turned: !flips, preview: None, stays: Vec::new() };
    let Some(flips_sign) = asked.filter(|asked| *asked != flips) else { return Ok(sign) };
    match app.engine.preview_feed(member.asker(), account, FeedChange::Sign { flips_sign }).await {
        Ok(effect) => {
            sign.preview = Some(Preview { lines: sign_lines(&effect, today), value: flips_sign.to_string() });
        }
        Err(EngineError::SignStays(refused)) => sign.stays = stays_lines(refused, today),
        Err(error) => return Err(error.into()),
    }
    Ok(sign)
}

/// What turning the sign would do.
fn sign_lines(effect: &FeedEffect, today: &Today) -> Vec<(&'static str, String)> {
    let rows = today.counted(count(effect.rows_turned), "row changes its sign", "rows change their sign");
    let text = |minor| today.amount(minor, effect.after.currency);
    let mut lines = vec![("swap", format!("{rows}, with all of their lines.")), ("bank", balance_line(effect, today))];
    let (before, after) = (effect.before.opening_minor, effect.after.opening_minor);
    if before != after {
        lines.push(("rows", format!("The opening balance becomes {}. It is {} now.", text(after), text(before))));
    }
    lines.push(("loop", "Every sync to come reads the bank's amounts that way.".to_owned()));
    lines.push(("undo", "You can undo it as a whole.".to_owned()));
    lines
}

/// Why the sign cannot be turned.
fn stays_lines(refused: SignRefused, today: &Today) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if refused.reconciled > 0 {
        let rows = today.counted(count(refused.reconciled), "row was", "rows were");
        lines.push(("lock", format!("{rows} compared with a statement and locked.")));
    }
    if refused.in_locked_period > 0 {
        let rows = today.counted(count(refused.in_locked_period), "row lies", "rows lie");
        lines.push(("lock", format!("{rows} in a period that is locked.")));
    }
    lines.push(("info", "So the sign stays for all: half a history turned round would be worse than none.".to_owned()));
    lines
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// What has just been done, and the page that takes it back.
fn just_done(batch: &str, shell: &Shell) -> Option<(String, String)> {
    let batch: BatchId = batch.parse().ok()?;
    let says = "Saved. It holds for the rows that are here and for every sync to come.".to_owned();
    shell.may_manage_banks().then(|| (says, shell.at(&format!("batches/{batch}/undo"))))
}

fn arithmetic(view: &FeedView, today: &Today) -> Option<Arithmetic> {
    let (sum, bank) = (view.opening?, view.bank.as_ref()?);
    let ledger = &view.account.account;
    let text = |minor| today.amount(minor, ledger.currency);
    Some(Arithmetic {
        bank: text(sum.bank_minor),
        rows: text(sum.rows_minor),
        opening: text(sum.opening_minor),
        as_of: today.moment(bank.stated.seen_at),
        differs: (sum.opening_minor != ledger.opening_minor).then(|| text(ledger.opening_minor)),
    })
}

/// What another policy for pending rows would do.
fn pending_lines(effect: &FeedEffect, today: &Today) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if effect.rows_in > 0 {
        let rows = today.counted(count(effect.rows_in), "pending row", "pending rows");
        lines.push(("rows", format!("{rows} will appear.")));
    }
    if effect.rows_out > 0 {
        let rows = today.counted(count(effect.rows_out), "pending row", "pending rows");
        lines.push(("rows", format!("{rows} will leave. Whatever you wrote is kept for when the bank books it.")));
    }
    if effect.rows_in == 0 && effect.rows_out == 0 {
        lines.push(("rows", "No row comes or goes.".to_owned()));
    }
    lines.push(("bank", balance_line(effect, today)));
    lines.push(("undo", "You can undo it as a whole.".to_owned()));
    lines
}

fn balance_line(effect: &FeedEffect, today: &Today) -> String {
    let text = |minor| today.amount(minor, effect.after.currency);
    let (before, after) = (effect.before.balance_minor(), effect.after.balance_minor());
    if before == after {
        format!("The balance stays at {}.", text(after))
    } else {
        format!("The balance becomes {}. It is {} now.", text(after), text(before))
    }
}

/// A policy for pending rows.
#[derive(Deserialize)]
pub(crate) struct PendingForm {
    pending: String,
}

/// Changes what the account does with pending rows.
pub(crate) async fn set_pending(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<PendingForm>,
) -> Result<Redirect, PageError> {
    let change = FeedChange::Pending(policy_of(&form.pending)?);
    let effect = app.engine.change_feed(member.asker(), account_id(&account)?, change).await?;
    Ok(back(&organization, &account, &effect))
}

/// Which way round the sign is to be read.
#[derive(Deserialize)]
pub(crate) struct SignForm {
    flips_sign: bool,
}

/// Turns the sign of the bank account.
pub(crate) async fn turn_sign(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<SignForm>,
) -> Result<Redirect, PageError> {
    let change = FeedChange::Sign { flips_sign: form.flips_sign };
    let effect = app.engine.change_feed(member.asker(), account_id(&account)?, change).await?;
    Ok(back(&organization, &account, &effect))
}

/// Back to the feed, which says what was done.
fn back(organization: &str, account: &str, effect: &FeedEffect) -> Redirect {
    let done = effect.batch.map(|batch| format!("?done={batch}")).unwrap_or_default();
    Redirect::to(&format!("/o/{organization}/accounts/{account}/feed{done}"))
}
