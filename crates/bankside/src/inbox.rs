//! `bankside inbox`: what waits in the inbox, and accepting it.

use std::process::ExitCode;

use anyhow::bail;
use bankside_domain::text::fold;
use bankside_domain::{Amount, Asker, CategoryId, TransactionId};
use bankside_engine::{
    AcceptLine, AcceptTarget, Engine, Filter, InboxQuery, InboxRow, InboxShown, MOST_IN_INBOX_AT_ONCE, RegisterQuery,
    Reviewed,
};
use serde_json::{Value, json};

use crate::cli::{InboxCommand, InboxOptions};
use crate::compose;
use crate::naming::{is_called, only};

/// Some of the rows stayed as they were.
const PARTIAL: u8 = 3;

pub(crate) async fn run(options: &InboxOptions) -> anyhow::Result<ExitCode> {
    let (engine, store) = compose::engine_for_a_command(&options.serve).await?;
    let organization = compose::organization(&engine, options.of.organization.as_deref()).await?;
    let work = Work { engine: &engine, asker: &Asker::system(organization.id), json: options.of.json };
    let done = match &options.what {
        InboxCommand::List { hidden, offset, limit } => work.list(*hidden, *offset, *limit).await,
        InboxCommand::Accept { strong: true, .. } => work.accept_strong().await,
        InboxCommand::Accept { rows, category, .. } => work.accept(rows, category.as_deref()).await,
    };
    store.close().await;
    done
}

/// What all of these need.
struct Work<'a> {
    engine: &'a Engine,
    asker: &'a Asker,
    json: bool,
}

impl Work<'_> {
    /// Rows that wait, or that were hidden, and whether there are more behind them.
    async fn page(&self, shown: InboxShown, rows: RegisterQuery) -> anyhow::Result<(Vec<InboxRow>, bool)> {
        let count = self.engine.count_inbox(self.asker).await?;
        let page = self.engine.inbox(self.asker, &InboxQuery { asset: None, shown, rows }, count).await?;
        Ok((page.asked.into_iter().chain(page.rows).collect(), page.has_more))
    }

    async fn list(&self, hidden: bool, offset: i64, limit: i64) -> anyhow::Result<ExitCode> {
        let shown = if hidden { InboxShown::Hidden } else { InboxShown::Waiting };
        let query = RegisterQuery { offset, limit, ..RegisterQuery::default() };
        let (rows, has_more) = self.page(shown, query).await?;
        let is_on = self.engine.inbox_switches(self.asker).await?.is_on;
        let waiting = self.engine.count_inbox(self.asker).await?.waiting;
        if self.json {
            let rows: Vec<Value> = rows.iter().map(row_json).collect();
            println!("{}", json!({ "is_on": is_on, "waiting": waiting, "rows": rows, "has_more": has_more }));
            return Ok(ExitCode::SUCCESS);
        }
        for row in &rows {
            println!("{}", row_line(row));
        }
        if has_more {
            println!("There are more: --offset {}", offset.saturating_add(limit));
        }
        if rows.is_empty() {
            println!("{}", if hidden { "No row is hidden." } else { "Nothing waits." });
        }
        if !is_on {
            eprintln!("The inbox is off, so no row that comes joins it.");
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn accept_strong(&self) -> anyhow::Result<ExitCode> {
        let (mut targets, mut offset) = (Vec::new(), 0);
        loop {
            let query = RegisterQuery { offset, limit: MOST_IN_INBOX_AT_ONCE, ..RegisterQuery::default() };
            let (rows, has_more) = self.page(InboxShown::Waiting, query).await?;
            targets.extend(rows.iter().filter(|row| row.is_strong).map(as_suggested));
            offset += MOST_IN_INBOX_AT_ONCE;
            if !has_more {
                break;
            }
        }
        let reviewed = self.engine.accept(self.asker, &targets).await?;
        Ok(self.tell(&reviewed))
    }

    async fn accept(&self, wanted: &[String], category: Option<&str>) -> anyhow::Result<ExitCode> {
        let category = match category {
            Some(category) => Some(self.category(category).await?),
            None => None,
        };
        let mut targets = Vec::new();
        for id in wanted {
            let Ok(id) = id.parse::<TransactionId>() else {
                bail!("“{id}” is no id of a row; bankside inbox list shows them")
            };
            let filter = Filter { only: Some(id), ..Filter::default() };
            let query = RegisterQuery { filter, limit: 1, ..RegisterQuery::default() };
            let (rows, _) = self.page(InboxShown::Waiting, query).await?;
            targets.push(match (rows.first(), category) {
                // The engine says what has become of it.
                (None, _) => AcceptTarget { transaction: id, lines: Vec::new() },
                (Some(row), None) => as_suggested(row),
                (Some(row), Some(category)) => with_category(row, category)?,
            });
        }
        let reviewed = self.engine.accept(self.asker, &targets).await?;
        Ok(self.tell(&reviewed))
    }

    async fn category(&self, wanted: &str) -> anyhow::Result<CategoryId> {
        let names = self.engine.rule_references(self.asker).await?.categories;
        let by_path = |path: &str| fold(path) == fold(&wanted.replace('>', "▸"));
        let own_name = |path: &str| path.rsplit('▸').next().unwrap_or(path).trim().to_owned();
        let found = names.iter().filter(|(_, path)| by_path(path)).map(|(id, _)| *id).collect::<Vec<_>>();
        if let [id] = found.as_slice() {
            return Ok(*id);
        }
        let found = names.iter().filter(|(id, path)| is_called(wanted, *id, &own_name(path))).map(|(id, _)| *id);
        only("category", wanted, found)
    }

    /// Says what came of it, and how the command ends.
    fn tell(&self, reviewed: &Reviewed) -> ExitCode {
        let stayed = reviewed.left.len() + reviewed.done_before.len();
        if self.json {
            let left = reviewed
                .left
                .iter()
                .map(|(id, why)| json!({"transaction": id.to_string(), "code": why.code(), "says": why.in_words()}));
            let before = reviewed
                .done_before
                .iter()
                .map(|one| json!({"transaction": one.transaction.to_string(), "by": one.by}));
            println!(
                "{}",
                json!({"changed": reviewed.changed, "batch": reviewed.batch.map(|batch| batch.to_string()),
                    "left": left.collect::<Vec<_>>(), "done_before": before.collect::<Vec<_>>()})
            );
        } else {
            println!("{} {} accepted.", reviewed.changed, if reviewed.changed == 1 { "row" } else { "rows" });
        }
        for (id, why) in &reviewed.left {
            eprintln!("bankside: {id} stays: {}", why.in_words());
        }
        for one in &reviewed.done_before {
            match &one.by {
                Some(by) => eprintln!("bankside: {} was reviewed or hidden by {by} already", one.transaction),
                None => eprintln!("bankside: {} does not wait any more", one.transaction),
            }
        }
        match (stayed, reviewed.changed) {
            (0, _) => ExitCode::SUCCESS,
            (_, 0) => ExitCode::FAILURE,
            _ => ExitCode::from(PARTIAL),
        }
    }
}

/// A row as it is accepted where nobody says otherwise.
fn as_suggested(row: &InboxRow) -> AcceptTarget {
    let line =
        row.takes().map(|(line, first)| AcceptLine { line, category: first.suggestion.category, seen: Some(None) });
    AcceptTarget { transaction: row.row.id, lines: line.into_iter().collect() }
}

fn with_category(row: &InboxRow, category: CategoryId) -> anyhow::Result<AcceptTarget> {
    let [line] = row.lines.as_slice() else {
        bail!("{} is split, so its lines have categories of their own; nothing was accepted", row.row.id)
    };
    let seen = Some(line.category.as_ref().map(|(id, _)| *id));
    Ok(AcceptTarget { transaction: row.row.id, lines: vec![AcceptLine { line: line.line, category, seen }] })
}

fn row_line(view: &InboxRow) -> String {
    let row = &view.row;
    let payee = row.payee.as_deref().unwrap_or("no payee");
    let amount = Amount::new(row.amount_minor, row.currency).to_decimal_text();
    let category = match (&row.category_path, view.takes()) {
        (Some(path), _) => path.clone(),
        (None, Some((_, first))) => format!("{}?", first.path),
        (None, None) => "no category".to_owned(),
    };
    let mut words: Vec<String> = view.flags.iter().map(|flag| flag.flag.code().replace('_', " ")).collect();
    words.extend(view.asked.as_ref().map(|asked| format!("{} is asked", asked.to_name)));
    words.extend(view.is_strong.then(|| "strong".to_owned()));
    let beside = if words.is_empty() { String::new() } else { format!(" · {}", words.join(", ")) };
    let (code, account) = (row.currency.code, &row.account_name);
    format!("{} · {} · {account} · {payee} · {amount} {code} · {category}{beside}", row.id, row.dated_on)
}

fn row_json(view: &InboxRow) -> Value {
    let row = &view.row;
    json!({"transaction": row.id.to_string(), "date": row.dated_on.to_string(), "account": row.account_name, "payee": row.payee,
        "note": row.note, "amount": Amount::new(row.amount_minor, row.currency).to_decimal_text(),
        "currency": row.currency.code.to_string(), "category": row.category_path,
        "takes": view.takes().map(|(_, first)| &first.path),
        "flags": view.flags.iter().map(|flag| flag.flag.code()).collect::<Vec<_>>(),
        "asked": view.asked.as_ref().map(|asked| json!({"to": asked.to_name, "from": asked.from_name, "note": asked.note})),
        "is_strong": view.is_strong})
}
