//! The figures of a cashflow as a file: exactly the rows and columns that the page shows.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bankside_domain::AssetId;
use bankside_engine::Conversion;

use super::tables::{self, RowView, TableView};
use super::{Asked, CashflowPlace, Shown};
use crate::App;
use crate::error::PageError;
use crate::pages::assets::asset_id;
use crate::pages::{shell, today};
use crate::session::Member;
use crate::view::csv::{CsvCell, CsvTable};
use crate::view::shell::Place;

/// Of the organization.
pub(crate) async fn of_organization(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    file(&app, &member, None, &asked).await
}

/// Of an asset.
pub(crate) async fn of_asset(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    file(&app, &member, Some(asset_id(&asset)?), &asked).await
}

async fn file(app: &App, member: &Member, asset: Option<AssetId>, asked: &Asked) -> Result<Response, PageError> {
    let shown = Shown::of(asset, asked, today(app, member).date().year());
    let cashflow = app.engine.cashflow_file(member.asker(), &shown.query).await?;
    let shell = shell(app, member, Place::Cashflow, None).await?;
    let place = CashflowPlace::of(asset, &shell)?;
    let mut csv = CsvTable::default();
    let months: Vec<String> = cashflow.months.iter().map(ToString::to_string).collect();
    let names = ["Currency", "Category", "Subcategory"].into_iter().chain(months.iter().map(String::as_str));
    csv.line(names.chain(["Total"]).map(CsvCell::Text));
    for table in tables::of(&cashflow, shown.query.reach, &shell) {
        write(&mut csv, &table);
    }
    if let Some(conversion) = &cashflow.conversion {
        write_rates(&mut csv, conversion);
    }
    let name = format!("{}-{}.csv", file_name(&place.name), shown.year);
    let disposition = format!("attachment; filename=\"cashflow-{name}\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, csv.into_text()).into_response())
}

fn write(csv: &mut CsvTable, table: &TableView) {
    let mut main = "";
    for row in table.rows.iter().chain(&table.flows).chain(&table.left) {
        if !row.is_below {
            main = &row.name;
        }
        let below = if row.is_below { row.name.as_str() } else { "" };
        write_row(csv, row, [&table.currency, main, below]);
    }
}

/// The rates behind the figures, as they stand below them on the page.
fn write_rates(csv: &mut CsvTable, conversion: &Conversion) {
    if conversion.used.is_empty() {
        return;
    }
    csv.line([]);
    let names = ["Month", "One unit of", "Is worth", "In", "Stated for", "Source", "Version"];
    csv.line(names.map(CsvCell::Text));
    for rate in conversion.used.iter().chain(&conversion.earlier) {
        let (month, from, date) = (rate.month.to_string(), rate.from.to_string(), rate.rated_on.to_string());
        let (worth, into, version) =
            (rate.rate.to_string(), conversion.into.code.to_string(), rate.version.to_string());
        csv.line([
            CsvCell::Text(&month),
            CsvCell::Text(&from),
            CsvCell::Number(&worth),
            CsvCell::Text(&into),
            CsvCell::Text(&date),
            CsvCell::Text(&rate.source),
            CsvCell::Number(&version),
        ]);
    }
}

fn write_row(csv: &mut CsvTable, row: &RowView, names: [&str; 3]) {
    let figures = row.cells.iter().chain([&row.total]).map(|cell| CsvCell::Number(&cell.plain));
    csv.line(names.into_iter().map(CsvCell::Text).chain(figures));
}

/// A name as a file of any system may have it.
fn file_name(name: &str) -> String {
    let plain = bankside_domain::text::fold(name);
    let words: Vec<&str> =
        plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).take(8).collect();
    if words.is_empty() { "figures".to_owned() } else { words.join("-") }
}
