//! Rates: what currencies are worth in another one, month by month, typed or brought as a file.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::CurrencyCode;
use bankside_engine::{EngineError, KeptRate, RateInput, RateProblem, RatesFile, RatesSet};
use serde::Deserialize;

use super::CashflowPlace;
use super::uploads::Sent;
use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::shell::{Place, Shell};

/// So many lines of a file are told that cannot be read.
const MOST_TOLD: usize = 50;

/// What the address of rates may say.
#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    /// Into which currency; blank is the organization's.
    #[serde(default)]
    to: String,
    /// What setting rates came to: how many of each kind.
    #[serde(default)]
    set: String,
}

#[derive(Template)]
#[template(path = "cashflow_rates.html")]
struct RatesHtml {
    shell: Shell,
    place: CashflowPlace,
    into: String,
    may_set: bool,
    /// What setting rates came to.
    done: Option<String>,
    rates: Vec<RateView>,
    currency: FieldView,
    month: FieldView,
    rate: FieldView,
    date: FieldView,
    source: FieldView,
    file_error: Option<String>,
    /// Lines of a file that cannot be read: which, in which column, and why.
    problems: Vec<(u64, &'static str, String)>,
    more_problems: usize,
}

/// A rate in words.
pub(super) struct RateView {
    pub(super) month: String,
    pub(super) currency: String,
    pub(super) rate: String,
    pub(super) date: String,
    pub(super) source: String,
    /// Who set it, and when.
    pub(super) set: String,
    /// Since when it is frozen.
    pub(super) used: Option<String>,
    /// Whether another version has taken its place.
    pub(super) is_earlier: bool,
    pub(super) version: i64,
}

impl RateView {
    pub(super) fn of(rate: &KeptRate, is_earlier: bool, shell: &Shell) -> Self {
        let today = &shell.today;
        let by = rate.set_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
        Self {
            month: rate.month.first_day().strftime("%b %Y").to_string(),
            currency: rate.from.to_string(),
            rate: rate.rate.to_string(),
            date: today.day(rate.rated_on),
            source: rate.source.clone(),
            set: format!("{}{by}", today.moment(rate.set_at)),
            used: rate.used_at.map(|at| today.moment(at)),
            is_earlier,
            version: rate.version,
        }
    }
}

/// A rate as the form sends it.
#[derive(Deserialize, Default)]
pub(crate) struct RateForm {
    #[serde(default)]
    currency: String,
    #[serde(default)]
    month: String,
    #[serde(default)]
    rate: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    source: String,
}

/// What keeps a form from being taken.
#[derive(Default)]
struct Wrong {
    field: Option<(&'static str, String)>,
    file: Option<String>,
    problems: Vec<RateProblem>,
}

impl Wrong {
    fn is_any(&self) -> bool {
        self.field.is_some() || self.file.is_some() || !self.problems.is_empty()
    }
}

/// The rates, and forms for more.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let into = into(&member, &asked)?;
    rates_page(&app, &member, into, &RateForm::default(), Wrong::default(), done(&asked.set)).await
}

/// Into which currency.
fn into(member: &Member, asked: &Asked) -> Result<CurrencyCode, PageError> {
    if asked.to.is_empty() {
        return Ok(member.membership.organization.currency);
    }
    asked.to.parse().map_err(|_| PageError::not_found())
}

async fn rates_page(
    app: &App,
    member: &Member,
    into: CurrencyCode,
    form: &RateForm,
    wrong: Wrong,
    done: Option<String>,
) -> Result<Response, PageError> {
    let kept = app.engine.rates(member.asker(), into).await?;
    let shell = shell(app, member, Place::Cashflow, None).await?;
    let status = if wrong.is_any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let field = |name: &str, value: &str| FieldView {
        value: value.to_owned(),
        error: wrong.field.as_ref().filter(|(field, _)| *field == name).map(|(_, says)| says.clone()),
    };
    let is_earlier = |place: usize, rate: &KeptRate| {
        // Of a month and currency the latest version comes first.
        place
            .checked_sub(1)
            .and_then(|before| kept.get(before))
            .is_some_and(|before| before.month == rate.month && before.from == rate.from)
    };
    let rates = kept.iter().enumerate().map(|(place, rate)| RateView::of(rate, is_earlier(place, rate), &shell));
    let problems = wrong.problems.iter().take(MOST_TOLD);
    let html = RatesHtml {
        place: CashflowPlace::of(None, &shell)?,
        into: into.to_string(),
        may_set: shell.may_edit() && shell.sees_whole(),
        done,
        rates: rates.collect(),
        currency: field("currency", &form.currency),
        month: field("month", &form.month),
        rate: field("rate", &form.rate),
        date: field("date", &form.date),
        source: field("source", &form.source),
        problems: problems.map(|problem| (problem.line, problem.column, problem.says.clone())).collect(),
        more_problems: wrong.problems.len().saturating_sub(MOST_TOLD),
        file_error: wrong.file,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// Sets one rate.
pub(crate) async fn set(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Query(asked): Query<Asked>,
    Form(form): Form<RateForm>,
) -> Result<Response, PageError> {
    let into = into(&member, &asked)?;
    let input = RateInput {
        from: form.currency.clone(),
        month: form.month.clone(),
        rate: form.rate.clone(),
        rated_on: form.date.clone(),
        source: form.source.clone(),
    };
    match app.engine.set_rate(member.asker(), into, &input).await {
        Ok(set) => Ok(to_rates(&organization, into, set)),
        Err(EngineError::Invalid { field, message }) => {
            let wrong = Wrong { field: Some((field, message)), ..Wrong::default() };
            rates_page(&app, &member, into, &form, wrong, None).await
        }
        Err(EngineError::Conflict(why)) => {
            let wrong = Wrong { field: Some(("rate", sentence(why))), ..Wrong::default() };
            rates_page(&app, &member, into, &form, wrong, None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Sets the rates of a file: all of them, or none.
pub(crate) async fn upload(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Result<Response, PageError> {
    member.asker().require(bankside_domain::Right::EditBooks).map_err(EngineError::from)?;
    let into = into(&member, &asked)?;
    let wrong = match Sent::of(&app, request).await {
        Err(says) => Wrong { file: Some(says), ..Wrong::default() },
        Ok(sent) => match app.engine.set_rates_of_file(member.asker(), into, &sent.bytes).await {
            Ok(RatesFile::Set(set)) => return Ok(to_rates(&organization, into, set)),
            Ok(RatesFile::Refused(problems)) => {
                let says = "Nothing of the file was taken. These lines cannot be read:".to_owned();
                Wrong { file: Some(says), problems, ..Wrong::default() }
            }
            Err(EngineError::Invalid { message, .. }) => Wrong { file: Some(message), ..Wrong::default() },
            Err(EngineError::Conflict(why)) => Wrong { file: Some(sentence(why)), ..Wrong::default() },
            Err(error) => return Err(error.into()),
        },
    };
    rates_page(&app, &member, into, &RateForm::default(), wrong, None).await
}

fn to_rates(organization: &str, into: CurrencyCode, set: RatesSet) -> Response {
    let RatesSet { added, replaced, versions, same } = set;
    let address = format!("/o/{organization}/cashflow/rates?to={into}&set={added}.{replaced}.{versions}.{same}");
    Redirect::to(&address).into_response()
}

/// What setting rates came to, in words: by how many are new, changed, new versions, and the same as before.
fn done(set: &str) -> Option<String> {
    let counts: Vec<usize> = set.split('.').map(|count| count.parse().ok()).collect::<Option<_>>()?;
    let [added, replaced, versions, same] = counts.as_slice() else { return None };
    let kinds = [
        (*added, "new"),
        (*replaced, "changed"),
        (*versions, "beside one that figures were shown with, which stays"),
        (*same, "there already"),
    ];
    let said: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, says)| format!("{count} {says}")).collect();
    let count = added + replaced + versions + same;
    (count > 0).then(|| {
        format!(
            "{} taken: {}.",
            crate::view::counted(i64::try_from(count).unwrap_or(0), "rate", "rates"),
            said.join(", ")
        )
    })
}
