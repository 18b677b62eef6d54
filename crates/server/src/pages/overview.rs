//! The overview: net worth and how it came about, one month by category, and what needs a person.

mod figures;
mod needs;

use std::ops::Deref;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::Month;
use bankside_engine::{Overview, OverviewQuery, OverviewRange};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell_around;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};
use figures::{BalanceTable, Cashflow, CategoryTable, NetWorth};
use needs::Needs;

/// What the overview's address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// `year` is this year; anything else is twelve months.
    #[serde(default)]
    range: String,
    /// The month that is shown by category, such as `2026-10`.
    #[serde(default)]
    month: String,
    /// `all` lists every account; otherwise those with the largest balances.
    #[serde(default)]
    accounts: String,
}

impl Asked {
    fn is_year(&self) -> bool {
        self.range == "year"
    }

    fn wants_all(&self) -> bool {
        self.accounts == "all"
    }

    fn range(&self) -> &'static str {
        if self.is_year() { "year" } else { "" }
    }
}

/// The address of the page with what is asked; what is blank is left out.
fn address(range: &str, month: &str, accounts: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("range", range), ("month", month), ("accounts", accounts)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    format!("?{}", query.finish())
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewHtml {
    shell: Shell,
    /// `Wednesday 25 November`.
    today: String,
    /// `Three things need you.`
    asked_for: String,
    ranges: Vec<RangeLink>,
    can_sync: bool,
    needs: Needs,
    net_worth: NetWorth,
    cashflow: Cashflow,
    categories: CategoryTable,
    balances: BalanceTable,
    /// Said of accounts that the sums leave out.
    left_out: Option<String>,
}

/// One of the ranges to choose from.
struct RangeLink {
    label: &'static str,
    url: String,
    is_chosen: bool,
}

/// The overview, and how the person reads it.
struct Told<'a> {
    overview: &'a Overview,
    reader: &'a Today,
}

impl Deref for Told<'_> {
    type Target = Overview;

    fn deref(&self) -> &Overview {
        self.overview
    }
}

/// The page.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let range = if asked.is_year() { OverviewRange::ThisYear } else { OverviewRange::TwelveMonths };
    let month: Option<Month> = asked.month.parse().ok();
    let overview = app.engine.overview(member.asker(), &OverviewQuery { range, month }).await?;
    let shell = shell_around(&app, &member, Place::Overview, None, &overview.standing).await?;
    let needs = Needs::of(&app, &member, &overview, &shell).await?;
    let has_connection = overview.standing.accounts.iter().any(|view| view.status.connection.is_some());
    let range_link = |label, range: &str, is_chosen| RangeLink {
        label,
        url: address(range, &asked.month, &asked.accounts),
        is_chosen,
    };
    let told = Told { overview: &overview, reader: &shell.today };
    let html = OverviewHtml {
        today: overview.today.strftime("%A %-d %B").to_string(),
        asked_for: asked_for(needs.count),
        ranges: vec![range_link("12 months", "", !asked.is_year()), range_link("This year", "year", asked.is_year())],
        can_sync: has_connection && shell.may_sync(),
        needs,
        net_worth: NetWorth::of(&told),
        cashflow: Cashflow::of(&told),
        categories: CategoryTable::of(&told, &shell, &asked),
        balances: BalanceTable::of(&told, &shell, &asked),
        left_out: left_out(&overview),
        shell,
    };
    Ok(page(&html)?.into_response())
}

fn asked_for(needs: usize) -> String {
    match needs {
        0 => "Nothing needs you.".to_owned(),
        1 => "One thing needs you.".to_owned(),
        2 => "Two things need you.".to_owned(),
        3 => "Three things need you.".to_owned(),
        many => format!("{many} things need you."),
    }
}

/// Accounts in other currencies are listed, and never added.
fn left_out(overview: &Overview) -> Option<String> {
    let accounts = overview.standing.accounts.iter().map(|view| &view.account);
    let others = accounts.filter(|account| !account.is_closed && account.currency.code != overview.currency.code);
    let mut codes: Vec<&str> = Vec::new();
    let mut count = 0;
    for account in others {
        count += 1;
        if !codes.contains(&account.currency.code.as_str()) {
            codes.push(account.currency.code.as_str());
        }
    }
    match count {
        0 => None,
        1 => Some(format!("One account in {} is not counted.", codes.join(", "))),
        many => Some(format!("{many} accounts in {} are not counted.", codes.join(", "))),
    }
}

impl Needs {
    /// Where the rows are that nobody has looked at.
    fn new_rows_url(shell: &Shell) -> String {
        shell.at("transactions?new=true")
    }
}

/// An amount that may be zero, with its sign.
fn change(minor: i64, told: &Told<'_>) -> Change {
    Change { text: told.reader.signed(minor, told.currency), is_in: minor > 0 }
}

/// An amount with whether it is money in.
#[derive(Debug, Clone)]
struct Change {
    text: String,
    is_in: bool,
}

/// An amount in the organization's currency.
fn home(minor: i64, told: &Told<'_>) -> String {
    told.reader.amount(minor, told.currency)
}
