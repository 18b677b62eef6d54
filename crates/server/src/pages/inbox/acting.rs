//! What somebody does with rows of the inbox: accepts them, with the categories that the page shows, hides them, or shows them again.

use axum::Form;
use axum::extract::{RawQuery, State};
use axum::response::Redirect;
use bankside_domain::edit::Refused;
use bankside_domain::inbox::InboxState;
use bankside_domain::{CategoryId, LineId, TransactionId};
use bankside_engine::{AcceptLine, AcceptTarget, InboxShown, Reviewed};

use super::{address, path};
use crate::App;
use crate::error::PageError;
use crate::pages::row_list::with;
use crate::session::Member;
use crate::view::shell::address as at;

/// The fields of the form: rows that are ticked, what accepting takes, categories by line, and what the button says.
type Fields = Vec<(String, String)>;

/// On the page of what waits.
pub(crate) async fn act(
    State(app): State<App>,
    member: Member,
    RawQuery(raw): RawQuery,
    Form(fields): Form<Fields>,
) -> Result<Redirect, PageError> {
    done(&app, &member, InboxShown::Waiting, raw, &fields).await
}

/// On the page of what was hidden.
pub(crate) async fn act_on_hidden(
    State(app): State<App>,
    member: Member,
    RawQuery(raw): RawQuery,
    Form(fields): Form<Fields>,
) -> Result<Redirect, PageError> {
    done(&app, &member, InboxShown::Hidden, raw, &fields).await
}

async fn done(
    app: &App,
    member: &Member,
    shown: InboxShown,
    raw: Option<String>,
    fields: &[(String, String)],
) -> Result<Redirect, PageError> {
    let said = match deed(fields) {
        Ok(Deed::Accept(targets)) => told("accepted", &app.engine.accept(member.asker(), &targets).await?),
        Ok(Deed::Place(ids, to)) => {
            let what = if to == InboxState::Hidden { "hidden" } else { "shown" };
            told(what, &app.engine.place_in_inbox(member.asker(), &ids, to).await?)
        }
        Err(Unread::Nothing) => vec![("wrong", "nothing".to_owned())],
        Err(Unread::NoButton) => vec![("wrong", "button".to_owned())],
        Err(Unread::Nowhere) => return Err(PageError::not_found()),
    };
    let here = address(&at(member.membership.organization.id, path(shown)), &raw.unwrap_or_default(), None);
    Ok(Redirect::to(&with(&here, &said)))
}

/// What was done, as the address says it.
fn told(what: &str, reviewed: &Reviewed) -> Vec<(&'static str, String)> {
    let mut said = vec![("what", what.to_owned()), ("count", reviewed.changed.to_string())];
    said.extend(reviewed.batch.map(|batch| ("done", batch.to_string())));
    let is_overtaken = |(_, why): &&(TransactionId, Refused)| matches!(why, Refused::ChangedMeanwhile(_));
    let overtaken = reviewed.left.iter().filter(is_overtaken).count();
    for (name, rows) in [("left", reviewed.left.len() - overtaken), ("overtaken", overtaken)] {
        said.extend((rows > 0).then(|| (name, rows.to_string())));
    }
    if !reviewed.done_before.is_empty() {
        said.push(("before", reviewed.done_before.len().to_string()));
        // Of several who were quicker none is named for what the others have done.
        let by = reviewed.done_before.first().and_then(|first| first.by.clone());
        let by = by.filter(|by| reviewed.done_before.iter().all(|one| one.by.as_ref() == Some(by)));
        said.extend(by.map(|by| ("by", by)));
    }
    said
}

/// What a form asks for.
#[derive(Debug, PartialEq, Eq)]
enum Deed {
    Accept(Vec<AcceptTarget>),
    Place(Vec<TransactionId>, InboxState),
}

/// Why a form says nothing that could be done.
#[derive(Debug, PartialEq, Eq)]
enum Unread {
    /// No row is chosen.
    Nothing,
    /// No button was pressed: a browser sends this at Enter in a tick.
    NoButton,
    /// It is no form of ours.
    Nowhere,
}

fn id<T: std::str::FromStr>(text: &str) -> Result<T, Unread> {
    text.parse().map_err(|_| Unread::Nowhere)
}

/// A row, one of its lines, and the category for that.
fn triple(text: &str) -> Result<(TransactionId, LineId, CategoryId), Unread> {
    let mut parts = text.splitn(3, ':');
    let mut part = || parts.next().ok_or(Unread::Nowhere);
    Ok((id(part()?)?, id(part()?)?, id(part()?)?))
}

fn deed(fields: &[(String, String)]) -> Result<Deed, Unread> {
    let values = |name: &'static str| fields.iter().filter(move |(other, _)| other == name).map(|(_, value)| value);
    let ids = |name: &'static str| values(name).map(|value| id(value)).collect::<Result<Vec<TransactionId>, _>>();
    let act = values("act").next().ok_or(Unread::Nowhere)?;
    let (act, of) = act.split_once(':').unwrap_or((act, ""));
    let rows: Vec<TransactionId> = match (act, of) {
        ("take", of) => {
            let (transaction, line, category) = triple(of)?;
            let lines = vec![AcceptLine { line, category, seen: Some(None) }];
            return Ok(Deed::Accept(vec![AcceptTarget { transaction, lines }]));
        }
        ("strong", _) => ids("strong")?,
        ("enter", _) => return Err(Unread::NoButton),
        ("accept" | "hide" | "show", "") => ids("row")?,
        ("accept" | "hide" | "show", of) => vec![id(of)?],
        _ => return Err(Unread::Nowhere),
    };
    if rows.is_empty() {
        return Err(Unread::Nothing);
    }
    match act {
        "hide" => Ok(Deed::Place(rows, InboxState::Hidden)),
        "show" => Ok(Deed::Place(rows, InboxState::Waiting)),
        _ => {
            let is_strong = act == "strong";
            Ok(Deed::Accept(rows.into_iter().map(|row| target(fields, row, is_strong)).collect::<Result<_, _>>()?))
        }
    }
}

/// What accepting a row gives its lines: the category that somebody has chosen, or else what the page says it takes, which is only said of
/// lines without one. Of those that are accepted as strong nothing is chosen.
fn target(fields: &[(String, String)], row: TransactionId, is_strong: bool) -> Result<AcceptTarget, Unread> {
    let own = format!("to.{row}.");
    let mut lines = Vec::new();
    for (name, value) in fields {
        let accepted = match name.strip_prefix(&own) {
            Some(line) if !value.is_empty() && !is_strong => {
                let was = format!("was.{row}.{line}");
                let was = fields.iter().find(|(name, _)| *name == was).map(|(_, was)| was.as_str());
                // What stands there as it was shown is nobody's choice.
                if was == Some(value) {
                    continue;
                }
                let seen = was.map(|was| if was.is_empty() { Ok(None) } else { id(was).map(Some) }).transpose()?;
                AcceptLine { line: id(line)?, category: id(value)?, seen }
            }
            _ if name == "takes" => match triple(value)? {
                (transaction, line, category) if transaction == row => AcceptLine { line, category, seen: Some(None) },
                _ => continue,
            },
            _ => continue,
        };
        // The choice of a line stands before what it takes.
        if !lines.iter().any(|other: &AcceptLine| other.line == accepted.line) {
            lines.push(accepted);
        }
    }
    Ok(AcceptTarget { transaction: row, lines })
}

#[cfg(test)]
mod tests {
    use bankside_engine::DoneBefore;

    use super::*;

    const ROWS: [&str; 2] = ["0193aaaa-0000-7000-8000-000000000001", "0193aaaa-0000-7000-8000-000000000002"];
    const LINE: &str = "0193aaaa-0000-7000-8000-0000000000a1";
    const FOOD: &str = "0193aaaa-0000-7000-8000-00000000000f";
    const HOME: &str = "0193aaaa-0000-7000-8000-0000000000ff";

    fn read(fields: &[(&str, &str)]) -> Result<Deed, Unread> {
        let fields: Vec<(String, String)> = fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        deed(&fields)
    }

    fn accepted_as(rows: &[(&str, Option<&str>)], seen: Option<Option<&str>>) -> Deed {
        let category = |text: &str| text.parse().unwrap();
        let line = |to: &str| AcceptLine {
            line: LINE.parse().unwrap(),
            category: category(to),
            seen: seen.map(|seen| seen.map(category)),
        };
        let target = |(row, to): &(&str, Option<&str>)| AcceptTarget {
            transaction: row.parse().unwrap(),
            lines: to.map(line).into_iter().collect(),
        };
        Deed::Accept(rows.iter().map(target).collect())
    }

    fn accepted(rows: &[(&str, Option<&str>)]) -> Deed {
        accepted_as(rows, Some(None))
    }

    #[test]
    fn what_is_chosen_comes_before_what_is_taken() {
        let takes = format!("{}:{LINE}:{FOOD}", ROWS[0]);
        let own = format!("to.{}.{LINE}", ROWS[0]);
        let one = format!("accept:{}", ROWS[0]);
        let form = |act| {
            vec![("takes", takes.as_str()), ("row", ROWS[0]), ("row", ROWS[1]), ("strong", ROWS[0]), ("act", act)]
        };
        assert_eq!(read(&form(&one)), Ok(accepted(&[(ROWS[0], Some(FOOD))])));
        assert_eq!(read(&form("accept")), Ok(accepted(&[(ROWS[0], Some(FOOD)), (ROWS[1], None)])));
        let with = |act| [vec![(own.as_str(), HOME)], form(act)].concat();
        assert_eq!(read(&with(&one)), Ok(accepted_as(&[(ROWS[0], Some(HOME))], None)));
        // What the page showed goes with it, and what stands there as it was shown is not written again.
        let was = format!("was.{}.{LINE}", ROWS[0]);
        let chosen = |was_value| read(&[(own.as_str(), HOME), (was.as_str(), was_value), ("act", one.as_str())]);
        assert_eq!(chosen(""), Ok(accepted(&[(ROWS[0], Some(HOME))])));
        assert_eq!(chosen(FOOD), Ok(accepted_as(&[(ROWS[0], Some(HOME))], Some(Some(FOOD)))));
        assert_eq!(chosen(HOME), Ok(accepted(&[(ROWS[0], None)])));
        assert_eq!(chosen("x"), Err(Unread::Nowhere));
        // Strong is what was said to be strong.
        assert_eq!(read(&with("strong")), Ok(accepted(&[(ROWS[0], Some(FOOD))])));
        let key = format!("take:{}:{LINE}:{HOME}", ROWS[0]);
        assert_eq!(read(&form(&key)), Ok(accepted(&[(ROWS[0], Some(HOME))])));
    }

    #[test]
    fn rows_are_hidden_and_shown_again() {
        let ids = |rows: &[&str]| rows.iter().map(|row| row.parse().unwrap()).collect();
        let form = |act| [("row", ROWS[0]), ("row", ROWS[1]), ("act", act)];
        assert_eq!(read(&form("hide")), Ok(Deed::Place(ids(&ROWS), InboxState::Hidden)));
        let one = format!("show:{}", ROWS[1]);
        assert_eq!(read(&form(&one)), Ok(Deed::Place(ids(&ROWS[1..]), InboxState::Waiting)));
        assert_eq!(read(&[("act", "hide")]), Err(Unread::Nothing));
        assert_eq!(read(&[("act", "strong")]), Err(Unread::Nothing));
        assert_eq!(read(&form("enter")), Err(Unread::NoButton));
        for act in ["take:x:y:z", "accept:x", "burn", ""] {
            assert_eq!(read(&form(act)), Err(Unread::Nowhere), "{act}");
        }
        assert_eq!(read(&[]), Err(Unread::Nowhere));
    }

    #[test]
    fn somebody_is_named_only_for_what_they_did_themselves() {
        let done =
            |row: &str, by: Option<&str>| DoneBefore { transaction: row.parse().unwrap(), by: by.map(str::to_owned) };
        let by = |done_before: Vec<DoneBefore>| {
            let said = told("accepted", &Reviewed { done_before, ..Reviewed::default() });
            said.into_iter().find(|(name, _)| *name == "by").map(|(_, by)| by)
        };
        assert_eq!(by(vec![done(ROWS[0], Some("Kim")), done(ROWS[1], Some("Kim"))]).as_deref(), Some("Kim"));
        assert_eq!(by(vec![done(ROWS[0], Some("Kim")), done(ROWS[1], Some("Lou"))]), None);
        assert_eq!(by(vec![done(ROWS[0], Some("Kim")), done(ROWS[1], None)]), None);
    }
}
