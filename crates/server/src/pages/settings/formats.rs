//! Figures and days: how the person reads them, with an example of each.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use bankside_domain::{Code, Currency, DateFormat, FormatChoice, Formats, NumberFormat};
use bankside_engine::EngineError;
use jiff::civil::{Date, date};
use serde::Deserialize;

use crate::App;
use crate::error::PageError;
use crate::session::Member;

/// Long enough to show every mark.
const EXAMPLE_MINOR: i64 = -123_456_789;
/// No part of it could be another one.
const EXAMPLE_DAY: Date = date(2026, 11, 20);

/// One way that is offered.
pub(super) struct Offer {
    /// Its code; blank for what the browser's languages suggest.
    pub(super) code: &'static str,
    pub(super) label: String,
    pub(super) example: String,
    pub(super) is_chosen: bool,
}

/// The section of the page.
pub(super) struct FormatsSection {
    pub(super) numbers: Vec<Offer>,
    pub(super) dates: Vec<Offer>,
    /// The examples, in what holds now.
    pub(super) figure: String,
    pub(super) day: String,
}

impl FormatsSection {
    /// What is offered, beside what the browser's languages suggest.
    pub(super) fn of(chosen: FormatChoice, browsers: Formats) -> Self {
        let day = |format: DateFormat| format.long(EXAMPLE_DAY);
        Self {
            numbers: offers(chosen.numbers, browsers.numbers, &NumberFormat::ALL, figure),
            dates: offers(chosen.dates, browsers.dates, &DateFormat::ALL, day),
            figure: figure(chosen.numbers.unwrap_or(browsers.numbers)),
            day: day(chosen.dates.unwrap_or(browsers.dates)),
        }
    }
}

fn figure(format: NumberFormat) -> String {
    Currency::iso("EUR").map(|eur| format.amount(EXAMPLE_MINOR, eur)).unwrap_or_default()
}

fn offers<F: Code + PartialEq>(chosen: Option<F>, browsers: F, all: &[F], example: impl Fn(F) -> String) -> Vec<Offer> {
    let offer = |format: F, code, label, is_chosen| Offer { code, label, example: example(format), is_chosen };
    let own = format!("As my browser: {}", browsers.code());
    std::iter::once(offer(browsers, "", own, chosen.is_none()))
        .chain(
            all.iter().map(|format| offer(*format, format.code(), format.code().to_owned(), chosen == Some(*format))),
        )
        .collect()
}

/// How somebody chose; blank follows the browser.
#[derive(Deserialize)]
pub(crate) struct FormatsForm {
    numbers: String,
    dates: String,
}

/// Keeps the choice.
pub(crate) async fn save(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<FormatsForm>,
) -> Result<Redirect, PageError> {
    let choice = choice(Some(&form.numbers), Some(&form.dates))?;
    app.engine.set_formats(member.person.id, choice).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#formats")))
}

/// A choice from its codes; a blank one, like none, follows the browser.
pub(crate) fn choice(numbers: Option<&str>, dates: Option<&str>) -> Result<FormatChoice, EngineError> {
    fn read<F: Code>(field: &'static str, code: Option<&str>) -> Result<Option<F>, EngineError> {
        let code = code.filter(|code| !code.is_empty());
        code.map(F::from_code).transpose().map_err(|error| EngineError::invalid(field, format!("{error}.")))
    }
    Ok(FormatChoice { numbers: read("numbers", numbers)?, dates: read("dates", dates)? })
}
