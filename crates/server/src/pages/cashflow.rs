//! Cashflow of an asset or of the organization: a table for each currency, with its chart, a way to the rows behind every figure, and
//! all of it as a file.

pub(crate) mod download;
pub(crate) mod plan;
pub(crate) mod rates;
mod tables;
mod uploads;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::cashflow::{Extent, Reach};
use bankside_domain::{AssetId, CurrencyCode, Month};
use bankside_engine::{Cashflow, CashflowQuery, Conversion};
use jiff::civil::date;
use serde::Deserialize;

use self::rates::RateView;
use self::tables::TableView;
use crate::App;
use crate::error::{PageError, page};
use crate::pages::assets::asset_id;
use crate::pages::{shell, today};
use crate::session::Member;
use crate::view::cashflow::{self, CashflowPage, CashflowTab, path, tabs};
use crate::view::shell::Shell;

/// What the address of a cashflow may say.
#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    /// The year that is shown; this one if none is said.
    #[serde(default)]
    year: String,
    /// `alone` is without what lies below.
    #[serde(default)]
    reach: String,
    /// The currency into which all others are converted; blank leaves each by itself.
    #[serde(default, rename = "in")]
    into: String,
}

/// A page about one cashflow: of what, and which of its pages is open.
pub(crate) struct CashflowPlace {
    /// Where its pages begin.
    pub(crate) base: String,
    /// The asset, or the organization.
    pub(crate) name: String,
    /// What it stands under, with the pages of that: the outermost first.
    pub(crate) above: Vec<(String, String)>,
}

impl CashflowPlace {
    /// Of an asset that is in sight, or of the organization.
    pub(crate) fn of(asset: Option<AssetId>, shell: &Shell) -> Result<Self, PageError> {
        let at = |asset: Option<AssetId>| shell.at(&path(asset));
        let Some(id) = asset else {
            return Ok(Self { base: at(None), name: shell.organization_name.clone(), above: Vec::new() });
        };
        let asset = shell.tree.get(id).ok_or_else(PageError::not_found)?;
        let mut above: Vec<(String, String)> = vec![(shell.organization_name.clone(), at(None))];
        let way = shell.tree.way(id);
        let way = way.iter().filter(|other| other.id != id);
        above.extend(way.map(|asset| (asset.name.clone(), at(Some(asset.id)))));
        Ok(Self { base: at(Some(id)), name: asset.name.clone(), above })
    }
}

/// One of a few to choose from.
struct Choice {
    label: String,
    url: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "cashflow.html")]
struct CashflowHtml {
    shell: Shell,
    place: CashflowPlace,
    tabs: Vec<CashflowTab>,
    /// With what is below, or without; nothing where there is nothing below.
    reaches: Vec<Choice>,
    year: i16,
    /// Its year before, where there are rows.
    previous: Option<(String, i16)>,
    next: Option<(String, i16)>,
    is_conceptual: bool,
    has_figures: bool,
    tables: Vec<TableView>,
    download: String,
    /// Each currency by itself, or all in one; nothing where there is one anyway.
    currencies: Vec<Choice>,
    conversion: Option<ConversionView>,
}

/// How figures came to be in one currency.
pub(crate) struct ConversionView {
    into: String,
    /// Where rates are set.
    rates_url: String,
    used: Vec<RateView>,
    earlier: Vec<RateView>,
    /// `USD for Jan 2026`, where there is no rate for that.
    missing: Vec<String>,
}

impl ConversionView {
    fn of(conversion: &Conversion, shell: &Shell) -> Self {
        let missing = conversion.missing.iter();
        let missing = missing.map(|(month, code)| format!("{code} for {}", month.first_day().strftime("%b %Y")));
        let into = conversion.into.code;
        Self {
            rates_url: format!("{}?to={into}", shell.at("cashflow/rates")),
            into: into.to_string(),
            used: conversion.used.iter().map(|rate| RateView::of(rate, false, shell)).collect(),
            earlier: conversion.earlier.iter().map(|rate| RateView::of(rate, true, shell)).collect(),
            missing: missing.collect(),
        }
    }
}

/// What is shown, and the words of the address that say so.
#[derive(Clone, Copy)]
struct Shown {
    query: CashflowQuery,
    year: i16,
    this_year: i16,
}

impl Shown {
    fn of(asset: Option<AssetId>, asked: &Asked, this_year: i16) -> Self {
        let year = asked.year.parse().ok().filter(|year| (1..=9999).contains(year)).unwrap_or(this_year);
        let extent = if asked.reach == "alone" { Extent::Alone } else { Extent::WithBelow };
        let from = Month::of(date(year, 1, 1));
        let (into, reach) = (asked.into.parse().ok(), Reach { asset, extent });
        Self { query: CashflowQuery { reach, from, through: from.plus(11), into, with_plan: false }, year, this_year }
    }

    /// The address of the same, at another place or with something else; what goes without saying is left out.
    fn address(&self, base: &str) -> String {
        let mut words = url::form_urlencoded::Serializer::new(String::new());
        if self.year != self.this_year {
            words.append_pair("year", &self.year.to_string());
        }
        if self.query.reach.extent == Extent::Alone {
            words.append_pair("reach", "alone");
        }
        if let Some(into) = self.query.into {
            words.append_pair("in", into.as_str());
        }
        let words = words.finish();
        if words.is_empty() { base.to_owned() } else { format!("{base}?{words}") }
    }

    fn in_year(&self, year: i16) -> Self {
        Self { year, ..*self }
    }

    fn reaching(&self, extent: Extent) -> Self {
        let reach = Reach { extent, ..self.query.reach };
        Self { query: CashflowQuery { reach, ..self.query }, ..*self }
    }

    fn into(&self, into: Option<CurrencyCode>) -> Self {
        Self { query: CashflowQuery { into, ..self.query }, ..*self }
    }
}

/// Of the organization.
pub(crate) async fn of_organization(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    show(&app, &member, None, &asked).await
}

/// Of an asset.
pub(crate) async fn of_asset(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    show(&app, &member, Some(asset_id(&asset)?), &asked).await
}

async fn show(app: &App, member: &Member, asset: Option<AssetId>, asked: &Asked) -> Result<Response, PageError> {
    let this_year = today(app, member).date().year();
    let shown = Shown::of(asset, asked, this_year);
    let figures = app.engine.cashflow(member.asker(), &shown.query).await?;
    let shell = shell(app, member, cashflow::place(asset), None).await?;
    let place = CashflowPlace::of(asset, &shell)?;
    let at = |shown: Shown| shown.address(&place.base);
    let beside = |year: i16| (at(shown.in_year(year)), year);
    let first_year = figures.first_month.first_day().year().min(this_year);
    // Rows may be dated ahead, with years between that have none.
    let last_year = figures.last_month.first_day().year().max(this_year);
    let html = CashflowHtml {
        reaches: reaches(&shell, shown.query.reach, |extent| at(shown.reaching(extent))),
        currencies: currencies(&figures, &shown, &shell, at),
        conversion: figures.conversion.as_ref().map(|conversion| ConversionView::of(conversion, &shell)),
        previous: (shown.year > first_year).then(|| beside(shown.year - 1)),
        next: (shown.year < last_year).then(|| beside(shown.year + 1)),
        is_conceptual: figures.is_conceptual,
        has_figures: figures.tables.iter().any(|table| !table.groups.is_empty()),
        tables: tables::of(&figures, shown.query.reach, &shell),
        download: shown.address(&format!("{}/figures.csv", place.base)),
        year: shown.year,
        tabs: tabs(&shell, asset, CashflowPage::Figures, None),
        place,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// With what is below, or without; nothing where that makes no difference.
fn reaches(shell: &Shell, reach: Reach, at: impl Fn(Extent) -> String) -> Vec<Choice> {
    let (alone, has_below) = match reach.asset {
        None => ("Without an asset", !shell.tree.is_empty()),
        Some(asset) => ("This asset only", shell.tree.subtree(asset).len() > 1),
    };
    if !has_below && reach.extent == Extent::WithBelow {
        return Vec::new();
    }
    [("With everything below", Extent::WithBelow), (alone, Extent::Alone)]
        .into_iter()
        .map(|(label, extent)| Choice { label: label.to_owned(), url: at(extent), is_chosen: extent == reach.extent })
        .collect()
}

/// Each currency by itself, or all of them in the organization's; nothing where there is no other.
fn currencies(cashflow: &Cashflow, shown: &Shown, shell: &Shell, at: impl Fn(Shown) -> String) -> Vec<Choice> {
    let home: Option<CurrencyCode> = shell.total_currency.parse().ok();
    let has_others = cashflow.tables.iter().any(|table| Some(table.currency.code) != home);
    if !has_others && shown.query.into.is_none() {
        return Vec::new();
    }
    let into = shown.query.into.or(home);
    let all = into.map(|code| format!("All in {code}")).unwrap_or_default();
    vec![
        Choice { label: "Each currency".to_owned(), url: at(shown.into(None)), is_chosen: shown.query.into.is_none() },
        Choice { label: all, url: at(shown.into(into)), is_chosen: shown.query.into.is_some() },
    ]
}
