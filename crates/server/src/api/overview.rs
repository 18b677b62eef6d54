//! The overview for programs.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::State;
use bankside_domain::balance::Proof;
use bankside_domain::{Amount, Currency};
use bankside_engine::{AccountView, EngineError, Flow, Overview, OverviewQuery, OverviewRange};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::problem::{ApiMember, Asked, Problem};

/// Which months to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverviewAsked {
    /// `year` is from January on; absent is twelve months.
    range: Option<String>,
    /// The month that is shown by category, such as `2026-10`; absent is this one.
    month: Option<String>,
}

/// What came in and what went out, as exact decimal text.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewFlowBody {
    /// What came in.
    r#in: String,
    /// What went out: zero or negative.
    out: String,
    /// What is left of it.
    left: String,
}

impl OverviewFlowBody {
    fn of(flow: Flow, currency: Currency) -> Self {
        let text = |minor| Amount::new(minor, currency).to_decimal_text();
        Self { r#in: text(flow.in_minor), out: text(flow.out_minor), left: text(flow.left_minor()) }
    }
}

/// One month.
#[derive(Serialize, ToSchema)]
pub(crate) struct MonthBody {
    /// Such as `2026-11`.
    month: String,
    /// The sum of all accounts in this currency at its end; of the month that is not over, now.
    net_worth: String,
    #[serde(flatten)]
    flow: OverviewFlowBody,
}

/// What one account held.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalancesBody {
    account: String,
    name: String,
    /// Its currency's code.
    currency: String,
    /// Before the first month, at the end of each but the last, and now; exact decimal text.
    balances: Vec<String>,
}

/// One category in one month.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewCategoryBody {
    /// Absent for lines without one.
    category: Option<String>,
    /// The names on the way to it, the outermost first.
    path: Vec<String>,
    #[serde(flatten)]
    flow: OverviewFlowBody,
    /// In and out of the months before that `average_months` counts, all together.
    before: OverviewFlowBody,
}

/// The overview.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewBody {
    /// A civil date in the organization's zone.
    today: String,
    /// The currency in which it counts. Accounts in others are listed and never added.
    currency: String,
    /// The sum of all accounts in this currency, now.
    net_worth: String,
    /// The same before the first month.
    net_worth_before: String,
    /// Oldest first; the last is the month that is not over.
    months: Vec<MonthBody>,
    accounts: Vec<BalancesBody>,
    /// The month that is shown by category.
    month: String,
    /// Its in and out.
    month_flow: OverviewFlowBody,
    /// How many months before it `before` is of.
    average_months: i32,
    categories: Vec<OverviewCategoryBody>,
    /// How many rows nobody has looked at; counting ends at 10 000.
    new_rows: i64,
    /// How many accounts a bank feeds.
    fed_accounts: usize,
    /// How many of these the bank's balances prove.
    proven_accounts: usize,
    /// How many of these differ from the bank.
    accounts_apart: usize,
    /// When rows last came in completely, if ever.
    last_sync_at: Option<String>,
}

impl OverviewBody {
    fn of(overview: &Overview) -> Self {
        let currency = overview.currency;
        let text = |minor: i64| Amount::new(minor, currency).to_decimal_text();
        let open = || overview.standing.accounts.iter().filter(|view| !view.account.is_closed);
        let is_apart = |view: &&AccountView| {
            matches!(view.status.proof, Some(Proof::Diverged { .. } | Proof::OpeningDiffers { .. }))
        };
        let ends = overview.net_worth.iter().skip(1);
        let months = overview.months.iter().zip(&overview.flows).zip(ends).map(|((month, flow), end)| MonthBody {
            month: month.to_string(),
            net_worth: text(*end),
            flow: OverviewFlowBody::of(*flow, currency),
        });
        let categories = overview.categories.iter().map(|of| OverviewCategoryBody {
            category: of.category.map(|category| category.to_string()),
            path: of.path.clone(),
            flow: OverviewFlowBody::of(of.flow, currency),
            before: OverviewFlowBody::of(of.before, currency),
        });
        let last = overview.standing.accounts.iter().filter_map(|view| view.status.last_success_at).max();
        Self {
            today: overview.today.to_string(),
            currency: currency.code.to_string(),
            net_worth: text(overview.net_worth.last().copied().unwrap_or_default()),
            net_worth_before: text(overview.net_worth.first().copied().unwrap_or_default()),
            months: months.collect(),
            accounts: overview.standing.accounts.iter().zip(&overview.balances).map(balances).collect(),
            month: overview.month.to_string(),
            month_flow: OverviewFlowBody::of(overview.month_flow, currency),
            average_months: overview.average_months,
            categories: categories.collect(),
            new_rows: overview.new_rows,
            fed_accounts: open().filter(|view| view.status.bank_account.is_some()).count(),
            proven_accounts: open()
                .filter(|view| view.status.bank_account.is_some() && view.status.is_proven())
                .count(),
            accounts_apart: open().filter(is_apart).count(),
            last_sync_at: last.map(|at| at.to_string()),
        }
    }
}

fn balances((view, points): (&AccountView, &Vec<i64>)) -> BalancesBody {
    let currency = view.account.currency;
    BalancesBody {
        account: view.account.id.to_string(),
        name: view.account.name.clone(),
        currency: currency.code.to_string(),
        balances: points.iter().map(|minor| Amount::new(*minor, currency).to_decimal_text()).collect(),
    }
}

/// What an organization has, how it got there, and what waits.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/overview",
    params(("organization" = String, Path), OverviewAsked),
    responses((status = OK, body = OverviewBody), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn overview(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<OverviewAsked>,
) -> Result<Json<OverviewBody>, Problem> {
    let range = match asked.range.as_deref() {
        None => OverviewRange::TwelveMonths,
        Some("year") => OverviewRange::ThisYear,
        Some(_) => return Err(EngineError::invalid("range", "Only `year` is known.").into()),
    };
    let month = asked.month.as_deref().map(str::parse).transpose();
    let month = month.map_err(|_| EngineError::invalid("month", "A month is needed, such as 2026-10."))?;
    let overview = app.engine.overview(member.asker(), &OverviewQuery { range, month }).await?;
    Ok(Json(OverviewBody::of(&overview)))
}
