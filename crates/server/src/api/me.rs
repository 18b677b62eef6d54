//! The signed-in person.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use bankside_domain::{Code, FormatChoice, Formats};
use bankside_engine::Person;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{Body, Problem};
use crate::error::PageError;
use crate::pages::settings::formats::choice;
use crate::session;

/// How the person reads figures and days.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormatsBody {
    /// What holds: `1,234.56`, `1.234,56`, `1 234,56`, `1’234.56` or `12,34,567.89`.
    numbers: &'static str,
    /// What holds: `20 Nov 2026`, `20.11.2026`, `20/11/2026`, `11/20/2026` or `2026-11-20`.
    dates: &'static str,
    /// What they chose of it.
    chosen: FormatChoiceBody,
}

/// A choice of formats. What is left out follows the header `Accept-Language`.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct FormatChoiceBody {
    numbers: Option<String>,
    dates: Option<String>,
}

impl FormatsBody {
    fn of(chosen: FormatChoice, holds: Formats) -> Self {
        Self {
            numbers: holds.numbers.code(),
            dates: holds.dates.code(),
            chosen: FormatChoiceBody {
                numbers: chosen.numbers.map(|format| format.code().to_owned()),
                dates: chosen.dates.map(|format| format.code().to_owned()),
            },
        }
    }
}

/// The signed-in person.
pub(crate) async fn visitor(app: &App, headers: &HeaderMap) -> Result<Person, Problem> {
    Ok(session::person(app, headers).await?.ok_or_else(PageError::sign_in)?)
}

/// How the signed-in person reads figures and days. Amounts and dates of this API are always plain decimal text and ISO 8601.
#[utoipa::path(get, path = "/api/v1/me/formats",
    responses((status = OK, body = FormatsBody), (status = UNAUTHORIZED, body = Problem)))]
pub(crate) async fn formats(State(app): State<App>, headers: HeaderMap) -> Result<Json<FormatsBody>, Problem> {
    let person = visitor(&app, &headers).await?;
    Ok(Json(FormatsBody::of(person.formats, session::formats(&person, &headers))))
}

/// Sets how pages show figures and days to the signed-in person.
#[utoipa::path(put, path = "/api/v1/me/formats", request_body = FormatChoiceBody,
    responses((status = OK, body = FormatsBody), (status = UNAUTHORIZED, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn set_formats(
    State(app): State<App>,
    headers: HeaderMap,
    Body(body): Body<FormatChoiceBody>,
) -> Result<Json<FormatsBody>, Problem> {
    let person = visitor(&app, &headers).await?;
    let chosen = choice(body.numbers.as_deref(), body.dates.as_deref())?;
    app.engine.set_formats(person.id, chosen).await?;
    let person = Person { formats: chosen, ..person };
    Ok(Json(FormatsBody::of(chosen, session::formats(&person, &headers))))
}
