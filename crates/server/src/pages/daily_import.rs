//! The daily import on the page of bank integrations: at which hour syncs run by themselves, and when each runs next.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use bankside_domain::schedule::{DailyImport, NextImport};
use bankside_engine::EngineError;
use serde::Deserialize;

use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::view::day::Today;

/// An hour to choose, or none.
pub(crate) struct Hour {
    /// What the form says; empty for none.
    pub(crate) value: String,
    pub(crate) label: String,
    /// Whether it is the one that holds.
    pub(crate) is_chosen: bool,
}

/// What there is to choose from.
pub(crate) fn hours(daily: DailyImport) -> Vec<Hour> {
    let never = Hour { value: String::new(), label: "Not by themselves".to_owned(), is_chosen: !daily.is_on };
    let hour = |hour: i8| Hour {
        value: hour.to_string(),
        label: format!("{hour:02}:00"),
        is_chosen: daily.is_on && daily.hour == hour,
    };
    std::iter::once(never).chain((0..24).map(hour)).collect()
}

/// When a sync runs next, as a sentence; `None` where its status says it all.
pub(crate) fn next(next: Option<NextImport>, today: &Today) -> Option<String> {
    match next? {
        NextImport::At(at) if at <= today.now => Some("Next import within a minute".to_owned()),
        NextImport::At(at) => Some(format!("Next import {}", today.until(at))),
        NextImport::Off => Some("Imports when somebody presses Bank sync".to_owned()),
        NextImport::UnderWay | NextImport::NeedsPerson => None,
    }
}

/// What is next of several imports: one that goes on, else the one that comes first, else what they wait for.
pub(crate) fn soonest(of: impl Iterator<Item = NextImport>) -> Option<NextImport> {
    of.min_by_key(|next| match next {
        NextImport::UnderWay => (0, None),
        NextImport::At(at) => (1, Some(*at)),
        NextImport::NeedsPerson => (2, None),
        NextImport::Off => (3, None),
    })
}

/// What was chosen: an hour, or nothing.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    hour: String,
}

/// Sets the hour.
pub(crate) async fn save(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Redirect, PageError> {
    let before = app.engine.daily_import(member.asker()).await?.ok_or_else(PageError::not_found)?;
    let daily = match chosen.hour.trim() {
        "" => DailyImport { is_on: false, ..before },
        hour => {
            let wrong =
                || EngineError::Invalid { field: "hour", message: "An hour is a number from 0 to 23.".to_owned() };
            DailyImport { is_on: true, hour: hour.parse().map_err(|_| wrong())? }
        }
    };
    app.engine.set_daily_import(member.asker(), daily).await?;
    Ok(Redirect::to(&format!("/o/{organization}/banks#daily-import")))
}
