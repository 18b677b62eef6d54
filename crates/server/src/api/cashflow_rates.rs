//! Rates for programs: what currencies are worth in one another, month by month.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bankside_domain::CurrencyCode;
use bankside_engine::{EngineError, KeptRate, MAX_SHEET_BYTES, RateInput, RateProblem, RatesFile, RatesSet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem};

/// A rate.
#[derive(Serialize, ToSchema)]
pub(crate) struct RateBody {
    /// For the figures of which month, such as `2026-11`.
    month: String,
    /// What a unit is of.
    currency: String,
    /// How many units of the other currency a unit is worth: exact decimal text.
    rate: String,
    /// The day for which it was stated.
    date: String,
    /// Where it was found.
    source: String,
    /// The first is 1; changing one that was used makes the next.
    version: i64,
    /// Who set it.
    set_by: Option<String>,
    set_at: String,
    /// When figures were first shown with it. From then on it is frozen.
    used_at: Option<String>,
}

impl RateBody {
    pub(super) fn of(rate: &KeptRate) -> Self {
        Self {
            month: rate.month.to_string(),
            currency: rate.from.to_string(),
            rate: rate.rate.to_string(),
            date: rate.rated_on.to_string(),
            source: rate.source.clone(),
            version: rate.version,
            set_by: rate.set_by.clone(),
            set_at: rate.set_at.to_string(),
            used_at: rate.used_at.map(|at| at.to_string()),
        }
    }
}

/// A rate to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRateBody {
    month: String,
    currency: String,
    rate: String,
    date: String,
    source: String,
}

/// What setting rates has come to.
#[derive(Serialize, ToSchema)]
pub(crate) struct RatesSetBody {
    /// How many there were none of.
    added: usize,
    /// How many took the place of one that no figure was shown with.
    replaced: usize,
    /// How many were written beside one that figures were shown with.
    versions: usize,
    /// How many stood there already.
    same: usize,
}

impl From<RatesSet> for RatesSetBody {
    fn from(set: RatesSet) -> Self {
        Self { added: set.added, replaced: set.replaced, versions: set.versions, same: set.same }
    }
}

/// A line of a file that cannot be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct SheetProblemBody {
    /// Which line, counted from one.
    pub(super) line: u64,
    pub(super) column: String,
    pub(super) says: String,
}

/// Nothing of a file was taken: these lines cannot be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct SheetRefusedBody {
    pub(super) problems: Vec<SheetProblemBody>,
}

/// A currency in an address.
pub(crate) fn currency(text: &str) -> Result<CurrencyCode, EngineError> {
    text.parse().map_err(|_| EngineError::invalid("currency", format!("“{text}” is no currency.")))
}

/// The bytes of a file, which are the body.
pub(super) async fn sheet_bytes(request: Request) -> Result<Vec<u8>, EngineError> {
    let bytes = axum::body::to_bytes(request.into_body(), MAX_SHEET_BYTES).await;
    let too_large =
        |_| EngineError::invalid("file", format!("The file is larger than {} MB.", MAX_SHEET_BYTES / 1024 / 1024));
    Ok(bytes.map_err(too_large)?.to_vec())
}

/// Every version of every rate into a currency, the latest month first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/cashflow/rates/{currency}",
    params(("organization" = String, Path), ("currency" = String, Path)),
    responses((status = OK, body = Vec<RateBody>), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn rates(
    State(app): State<App>,
    member: ApiMember,
    Path((_, into)): Path<(String, String)>,
) -> Result<Json<Vec<RateBody>>, Problem> {
    let rates = app.engine.rates(member.asker(), currency(&into)?).await?;
    Ok(Json(rates.iter().map(RateBody::of).collect()))
}

/// Sets a rate into a currency. One that figures were shown with stays, and this one is its next version.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cashflow/rates/{currency}",
    params(("organization" = String, Path), ("currency" = String, Path)), request_body = NewRateBody,
    responses((status = OK, body = RatesSetBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn set_rate(
    State(app): State<App>,
    member: ApiMember,
    Path((_, into)): Path<(String, String)>,
    Body(body): Body<NewRateBody>,
) -> Result<Json<RatesSetBody>, Problem> {
    let NewRateBody { month, currency: from, rate, date, source } = body;
    let input = RateInput { from, month, rate, rated_on: date, source };
    Ok(Json(app.engine.set_rate(member.asker(), currency(&into)?, &input).await?.into()))
}

/// Sets the rates of a CSV file with the columns `month`, `currency`, `rate`, `date` and `source`: all of them, or none.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/cashflow/rates/{currency}/file",
    params(("organization" = String, Path), ("currency" = String, Path)),
    request_body(content = String, content_type = "text/csv"),
    responses((status = OK, body = RatesSetBody), (status = BAD_REQUEST, body = SheetRefusedBody),
        (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn set_rates_of_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, into)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    match app.engine.set_rates_of_file(member.asker(), currency(&into)?, &sheet_bytes(request).await?).await? {
        RatesFile::Set(set) => Ok(Json(RatesSetBody::from(set)).into_response()),
        RatesFile::Refused(problems) => {
            let problem = |problem: RateProblem| SheetProblemBody {
                line: problem.line,
                column: problem.column.to_owned(),
                says: problem.says,
            };
            let body = SheetRefusedBody { problems: problems.into_iter().map(problem).collect() };
            Ok((StatusCode::BAD_REQUEST, Json(body)).into_response())
        }
    }
}
