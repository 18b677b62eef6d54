//! What somebody does with rows on the pages of mapping: one, those that are ticked, or those that have a strong suggestion.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, RawQuery, State};
use axum::response::Redirect;
use bankside_domain::{CategoryId, LineId};
use bankside_engine::{Edited, LineTarget, MappingTab};

use super::{Spot, address};
use crate::App;
use crate::error::PageError;
use crate::pages::row_list::with;
use crate::session::Member;
use crate::view::shell::address as at;

/// The fields of the form: lines that are ticked, categories by line, and what the button says.
type Fields = Vec<(String, String)>;

/// On the page of rows without a category.
pub(crate) async fn map(
    State(app): State<App>,
    member: Member,
    Path(params): Path<HashMap<String, String>>,
    RawQuery(raw): RawQuery,
    Form(fields): Form<Fields>,
) -> Result<Redirect, PageError> {
    act(&app, &member, &Spot::of(&params, MappingTab::Unmapped)?, raw, &fields).await
}

/// On the page of rows that have one.
pub(crate) async fn remap(
    State(app): State<App>,
    member: Member,
    Path(params): Path<HashMap<String, String>>,
    RawQuery(raw): RawQuery,
    Form(fields): Form<Fields>,
) -> Result<Redirect, PageError> {
    act(&app, &member, &Spot::of(&params, MappingTab::Mapped)?, raw, &fields).await
}

async fn act(
    app: &App,
    member: &Member,
    spot: &Spot,
    raw: Option<String>,
    fields: &[(String, String)],
) -> Result<Redirect, PageError> {
    if let Some(asset) = spot.asset {
        app.engine.tree(member.asker()).await?.get(asset).ok_or_else(PageError::not_found)?;
    }
    let here = address(&at(member.membership.organization.id, &spot.path()), &raw.unwrap_or_default(), None);
    let said = match targets(fields) {
        Ok(targets) => said(&app.engine.map_lines(member.asker(), &targets).await?, &targets),
        Err(Unread::Wrong(code)) => vec![("wrong", code.to_owned())],
        Err(Unread::Nowhere) => return Err(PageError::not_found()),
    };
    Ok(Redirect::to(&with(&here, &said)))
}

/// What was done, as the address says it.
pub(super) fn said(edited: &Edited, targets: &[LineTarget]) -> Vec<(&'static str, String)> {
    let mut said = vec![("count", edited.changed.to_string()), ("left", edited.left.len().to_string())];
    said.extend(edited.batch.map(|batch| ("done", batch.to_string())));
    let first = targets.first().map(|target| target.category);
    if let Some(category) = first.filter(|first| targets.iter().all(|target| target.category == *first)) {
        said.push(("into", category.map_or_else(|| "none".to_owned(), |id| id.to_string())));
    }
    said
}

/// Why a form says nothing that could be done.
#[derive(Debug, PartialEq, Eq)]
enum Unread {
    /// The person has to choose something; the page says what.
    Wrong(&'static str),
    /// It is no form of ours.
    Nowhere,
}

fn line(text: &str) -> Result<LineId, Unread> {
    text.parse().map_err(|_| Unread::Nowhere)
}

fn category(text: &str) -> Result<CategoryId, Unread> {
    if text.is_empty() { Err(Unread::Wrong("category")) } else { text.parse().map_err(|_| Unread::Nowhere) }
}

fn pair(text: &str) -> Result<LineTarget, Unread> {
    let (line_id, category_id) = text.split_once(':').ok_or(Unread::Nowhere)?;
    Ok(LineTarget { line: line(line_id)?, category: Some(category(category_id)?) })
}

/// Which lines get which categories.
fn targets(fields: &[(String, String)]) -> Result<Vec<LineTarget>, Unread> {
    let value = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let values = |name: &'static str| fields.iter().filter(move |(other, _)| other == name).map(|(_, value)| value);
    let ticked = || values("line").map(|id| line(id)).collect::<Result<Vec<_>, _>>();
    let (act, of) = value("act").map(|act| act.split_once(':').unwrap_or((act, ""))).ok_or(Unread::Nowhere)?;
    let targets: Vec<LineTarget> = match act {
        "take" => vec![pair(of)?],
        "one" => vec![LineTarget {
            line: line(of)?,
            category: Some(category(value(&format!("to.{of}")).unwrap_or_default())?),
        }],
        "unmap" if !of.is_empty() => vec![LineTarget { line: line(of)?, category: None }],
        "unmap" => ticked()?.into_iter().map(|line| LineTarget { line, category: None }).collect(),
        "strong" => values("strong").map(|text| pair(text)).collect::<Result<_, _>>()?,
        "chosen" => {
            let lines = ticked()?;
            if lines.is_empty() {
                return Err(Unread::Wrong("nothing"));
            }
            let category = Some(category(value("to").unwrap_or_default())?);
            lines.into_iter().map(|line| LineTarget { line, category }).collect()
        }
        // What a browser sends at Enter in a tick.
        "enter" => return Err(Unread::Wrong("button")),
        _ => return Err(Unread::Nowhere),
    };
    if targets.is_empty() { Err(Unread::Wrong("nothing")) } else { Ok(targets) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 2] = ["0193aaaa-0000-7000-8000-000000000001", "0193aaaa-0000-7000-8000-000000000002"];
    const FOOD: &str = "0193aaaa-0000-7000-8000-00000000000f";

    fn read(fields: &[(&str, &str)]) -> Result<Vec<(String, Option<String>)>, Unread> {
        let fields: Vec<(String, String)> = fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let tell = |one: LineTarget| (one.line.to_string(), one.category.map(|id| id.to_string()));
        targets(&fields).map(|targets| targets.into_iter().map(tell).collect())
    }

    #[test]
    fn one_many_and_none_are_told_apart() {
        let (first, second, food) = (LINES[0].to_owned(), LINES[1].to_owned(), Some(FOOD.to_owned()));
        let ticked = [("line", LINES[0]), ("line", LINES[1]), ("to", FOOD)];
        let with = |act| [&ticked[..], &[("act", act)]].concat();
        let own = format!("to.{first}");
        let one = format!("one:{first}");
        assert_eq!(read(&with("chosen")), Ok(vec![(first.clone(), food.clone()), (second.clone(), food.clone())]));
        assert_eq!(read(&with("enter")), Err(Unread::Wrong("button")));
        assert_eq!(read(&with("unmap")), Ok(vec![(first.clone(), None), (second.clone(), None)]));
        assert_eq!(read(&[(&own, FOOD), ("act", &one)]), Ok(vec![(first.clone(), food.clone())]));
        let take = format!("take:{second}:{FOOD}");
        assert_eq!(read(&[("act", &take)]), Ok(vec![(second, food)]));
        assert_eq!(read(&[(&own, ""), ("act", &one)]), Err(Unread::Wrong("category")));
        assert_eq!(read(&[("to", FOOD), ("act", "chosen")]), Err(Unread::Wrong("nothing")));
        assert_eq!(read(&[("act", "unmap")]), Err(Unread::Wrong("nothing")));
        assert_eq!(read(&[("act", "take:x:y")]), Err(Unread::Nowhere));
        assert_eq!(read(&[]), Err(Unread::Nowhere));
    }
}
