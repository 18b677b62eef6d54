//! Cashflow for programs.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::State;
use bankside_domain::cashflow::{Extent, Line, Reach, Table};
use bankside_domain::{Amount, Currency, Month};
use bankside_engine::{Cashflow, CashflowQuery, Conversion, EngineError, Flow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::cashflow_rates::{RateBody, currency};
use crate::api::problem::{ApiMember, Asked, Problem, id};
use crate::api::transactions::extent;

/// Of what, and which months.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CashflowAsked {
    /// Of this asset; absent is of the organization.
    asset: Option<String>,
    /// `alone`: without what is below it; `below`, or absent: with it.
    reach: Option<String>,
    /// The first month, such as `2026-01`.
    from: String,
    /// The last month, at most 119 later.
    to: String,
    /// All in this currency, by the organization's rates; absent leaves each currency by itself. What is answered in one currency freezes
    /// its rates.
    currency: Option<String>,
    /// `true`: with what is planned. Only while each currency stands by itself.
    plan: Option<bool>,
}

/// What came in and what went out, as exact decimal text.
#[derive(Serialize, ToSchema)]
pub(crate) struct CashflowFlowBody {
    /// What came in.
    r#in: String,
    /// What went out: zero or negative.
    out: String,
    /// What is left of it.
    left: String,
}

impl CashflowFlowBody {
    fn of(flow: Flow, currency: Currency) -> Self {
        let text = |minor| Amount::new(minor, currency).to_decimal_text();
        Self { r#in: text(flow.in_minor), out: text(flow.out_minor), left: text(flow.left_minor()) }
    }
}

/// A category by month.
#[derive(Serialize, ToSchema)]
pub(crate) struct CashflowLineBody {
    /// Absent of lines without one.
    category: Option<String>,
    /// Its name; empty of lines without one.
    name: String,
    /// By the months of the answer.
    months: Vec<CashflowFlowBody>,
    total: CashflowFlowBody,
}

impl CashflowLineBody {
    fn of(line: &Line, currency: Currency) -> Self {
        Self {
            category: line.category.map(|category| category.to_string()),
            name: line.name.clone(),
            months: line.flows.iter().map(|flow| CashflowFlowBody::of(*flow, currency)).collect(),
            total: CashflowFlowBody::of(line.total, currency),
        }
    }
}

/// A main category, with all that is below it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CashflowGroupBody {
    #[serde(flatten)]
    line: CashflowLineBody,
    /// What it consists of; a line with the same category is what has no subcategory. Empty where all has none.
    below: Vec<CashflowLineBody>,
}

/// The figures of one currency.
#[derive(Serialize, ToSchema)]
pub(crate) struct CashflowTableBody {
    /// Its code.
    currency: String,
    /// Main categories in their order; lines without a category last.
    categories: Vec<CashflowGroupBody>,
    /// All together, by month.
    months: Vec<CashflowFlowBody>,
    total: CashflowFlowBody,
}

impl CashflowTableBody {
    pub(super) fn of(table: &Table) -> Self {
        let currency = table.currency;
        let groups = table.groups.iter().map(|group| CashflowGroupBody {
            line: CashflowLineBody::of(&group.line, currency),
            below: group.below.iter().map(|line| CashflowLineBody::of(line, currency)).collect(),
        });
        Self {
            currency: currency.code.to_string(),
            categories: groups.collect(),
            months: table.sums.iter().map(|flow| CashflowFlowBody::of(*flow, currency)).collect(),
            total: CashflowFlowBody::of(table.total, currency),
        }
    }
}

/// A cashflow.
#[derive(Serialize, ToSchema)]
pub(crate) struct CashflowBody {
    /// Such as `2026-11`, oldest first.
    months: Vec<String>,
    /// Whether it is an asset in its conceptual stage, which has no cashflow.
    is_conceptual: bool,
    /// One for each currency of the accounts; amounts of different currencies are never added.
    currencies: Vec<CashflowTableBody>,
    /// What is planned: for each of the currencies one with the same rows. Empty where that was not asked for, or nothing is.
    planned: Vec<CashflowTableBody>,
    /// How it came to be in one currency, where that was asked for.
    conversion: Option<ConversionBody>,
}

/// How figures came to be in one currency.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversionBody {
    /// Into which currency.
    currency: String,
    /// The rates that were used; each is frozen.
    used: Vec<RateBody>,
    /// Versions of them that were used before and hold no longer.
    earlier: Vec<RateBody>,
    /// For what there is no rate. Then nothing was converted, and each currency stands by itself.
    missing: Vec<MissingRateBody>,
}

/// A month and a currency without a rate.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingRateBody {
    month: String,
    currency: String,
}

impl ConversionBody {
    fn of(conversion: &Conversion) -> Self {
        let missing = |(month, currency): &(Month, bankside_domain::CurrencyCode)| MissingRateBody {
            month: month.to_string(),
            currency: currency.to_string(),
        };
        Self {
            currency: conversion.into.code.to_string(),
            used: conversion.used.iter().map(RateBody::of).collect(),
            earlier: conversion.earlier.iter().map(RateBody::of).collect(),
            missing: conversion.missing.iter().map(missing).collect(),
        }
    }
}

impl CashflowBody {
    fn of(cashflow: &Cashflow) -> Self {
        Self {
            months: cashflow.months.iter().map(ToString::to_string).collect(),
            is_conceptual: cashflow.is_conceptual,
            currencies: cashflow.tables.iter().map(CashflowTableBody::of).collect(),
            planned: cashflow.planned.iter().map(CashflowTableBody::of).collect(),
            conversion: cashflow.conversion.as_ref().map(ConversionBody::of),
        }
    }
}

/// What came in and went out by month and category, of an asset or of the organization. Lines count where their account, and each asset above
/// it, stood on their day.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/cashflow",
    params(("organization" = String, Path), CashflowAsked),
    responses((status = OK, body = CashflowBody), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn cashflow(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<CashflowAsked>,
) -> Result<Json<CashflowBody>, Problem> {
    let asset = asked.asset.as_deref().map(id).transpose()?;
    let extent = match asked.reach.as_deref() {
        None => Extent::default(),
        Some(word) => extent(word).ok_or_else(|| EngineError::invalid("reach", "`alone` and `below` are known."))?,
    };
    let (from, through) = (month("from", &asked.from)?, month("to", &asked.to)?);
    let into = asked.currency.as_deref().map(currency).transpose()?;
    let with_plan = asked.plan.unwrap_or_default();
    let query = CashflowQuery { reach: Reach { asset, extent }, from, through, into, with_plan };
    Ok(Json(CashflowBody::of(&app.engine.cashflow(member.asker(), &query).await?)))
}

fn month(field: &'static str, text: &str) -> Result<Month, EngineError> {
    text.parse().map_err(|_| EngineError::invalid(field, "A month is needed, such as 2026-10."))
}
