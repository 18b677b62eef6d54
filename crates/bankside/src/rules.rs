//! `bankside rules`: the rules of an organization, what they would do, doing it, and what they did.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use bankside_domain::rules::{Names, read, write};
use bankside_domain::text::fold;
use bankside_domain::{Asker, Code, RuleId};
use bankside_engine::{
    Engine, EngineError, NewRule, RULES_HAD_THEIR_TURN, RowDiff, RuleConflict, RuleCount, RuleLogQuery, RuleTried,
    StoredRule, TriedRow,
};
use serde_json::{Value, json};

use crate::cli::{RulesCommand, RulesOptions};
use crate::compose;
use crate::naming::{is_called, only};

pub(crate) async fn run(options: &RulesOptions) -> anyhow::Result<ExitCode> {
    let (engine, store) = compose::engine_for_a_command(&options.serve).await?;
    let organization = compose::organization(&engine, options.of.organization.as_deref()).await?;
    let work = Work { engine: &engine, asker: &Asker::system(organization.id), json: options.of.json };
    let done = match &options.what {
        RulesCommand::List => work.list().await,
        RulesCommand::Test { rule: Some(rule), .. } => work.test_one(rule).await,
        RulesCommand::Test { all: true, .. } => work.test_all().await,
        RulesCommand::Test { rule: None, file, .. } => work.test_file(file.as_deref().context("say --file")?).await,
        RulesCommand::Apply { rule, seen, .. } => work.apply(rule.as_deref(), seen.as_deref()).await,
        RulesCommand::History { rule, offset, limit } => work.history(rule.as_deref(), *offset, *limit).await,
    };
    store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

/// What all of these need.
struct Work<'a> {
    engine: &'a Engine,
    asker: &'a Asker,
    json: bool,
}

/// What a rule would do.
struct Tried {
    name: String,
    is_there: bool,
    told: RuleTried,
}

impl Work<'_> {
    async fn list(&self) -> anyhow::Result<()> {
        let names = self.engine.rule_references(self.asker).await?;
        let rules = self.engine.rules(self.asker).await?;
        if self.json {
            let rules: Vec<Value> = rules.iter().map(|stored| rule_json(stored, &names)).collect();
            println!("{}", json!({ "rules": rules }));
        } else {
            let rules: Vec<_> = rules.into_iter().map(|stored| stored.rule).collect();
            print!("{}", write(&rules, &names));
        }
        Ok(())
    }

    async fn stored(&self, wanted: &str) -> anyhow::Result<StoredRule> {
        let rules = self.engine.rules(self.asker).await?;
        let found = rules.iter().map(|stored| &stored.rule).filter(|rule| is_called(wanted, rule.id, &rule.name));
        let id = only("rule", wanted, found.map(|rule| rule.id))?;
        rules.into_iter().find(|stored| stored.rule.id == id).context("the rule has gone meanwhile")
    }

    async fn test_one(&self, wanted: &str) -> anyhow::Result<()> {
        let rule = self.stored(wanted).await?.rule;
        let new = NewRule { name: rule.name, stage: rule.stage, is_on: rule.is_on, says: rule.says };
        self.tell_tried(&[self.tried(Some(rule.id), new).await?]);
        Ok(())
    }

    async fn test_file(&self, file: &Path) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
        let names = self.engine.rule_references(self.asker).await?;
        let read = read(&text, &names).map_err(|wrong| {
            let lines: Vec<String> =
                wrong.iter().map(|one| format!("line {}, column {}: {}", one.line, one.column, one.says)).collect();
            anyhow::anyhow!("{}: {}", file.display(), lines.join("\n"))
        })?;
        let there = self.engine.rules(self.asker).await?;
        let mut tried = Vec::new();
        for new in read.into_iter().map(NewRule::from) {
            let same = there.iter().find(|stored| fold(&stored.rule.name) == fold(&new.name));
            tried.push(self.tried(same.map(|stored| stored.rule.id), new).await?);
        }
        if tried.is_empty() {
            anyhow::bail!("{}: there is no rule in this text", file.display());
        }
        self.tell_tried(&tried);
        Ok(())
    }

    async fn test_all(&self) -> anyhow::Result<()> {
        let told = self.engine.try_all_rules(self.asker).await?;
        if self.json {
            let mut body = tried_json(&told);
            let rule = |one: &RuleCount| json!({"rule": one.rule.to_string(), "name": one.name, "matched": one.matched, "changed": one.changed});
            body["rules"] = told.rules.iter().map(rule).collect();
            body["seen"] = json!(told.seen);
            println!("{body}");
            return Ok(());
        }
        let looked_at = rows(told.looked_at, "row", "rows");
        println!("All rules: hold for {} of {looked_at} and would change {}", told.matched, told.changed);
        for one in told.rules.iter().filter(|one| one.matched + one.changed > 0) {
            println!("  {}: holds for {} and would change {}", one.name, one.matched, one.changed);
        }
        tell_beside(&told);
        if told.changed > 0 {
            println!("  to apply just that: bankside rules apply --all --seen {}", told.seen);
        }
        Ok(())
    }

    async fn tried(&self, id: Option<RuleId>, new: NewRule) -> Result<Tried, EngineError> {
        let told = self.engine.try_rule(self.asker, id, &new).await?;
        Ok(Tried { name: new.name, is_there: id.is_some(), told })
    }

    fn tell_tried(&self, tried: &[Tried]) {
        if self.json {
            println!("{}", json!({ "rules": tried.iter().map(Tried::json).collect::<Vec<_>>() }));
        } else {
            for one in tried {
                one.tell();
            }
        }
    }

    async fn apply(&self, wanted: Option<&str>, seen: Option<&str>) -> anyhow::Result<()> {
        let (name, applied) = match wanted {
            Some(wanted) => {
                let StoredRule { rule, revision, .. } = self.stored(wanted).await?;
                (rule.name, self.engine.apply_rule(self.asker, rule.id, Some(revision)).await?)
            }
            None => ("All rules".to_owned(), self.engine.apply_all_rules(self.asker, seen).await?),
        };
        if self.json {
            let batch = applied.batch.map(|batch| batch.to_string());
            println!("{}", json!({ "changed": applied.changed, "batch": batch }));
        } else {
            println!("{name}: {}", rows(applied.changed, "row changed", "rows changed"));
        }
        Ok(())
    }

    async fn history(&self, wanted: Option<&str>, offset: i64, limit: i64) -> anyhow::Result<()> {
        let rule = match wanted {
            Some(wanted) => Some(self.stored(wanted).await?.rule.id),
            None => None,
        };
        // One more than is shown says whether there are more.
        let (most, shown) = (limit.saturating_add(1), usize::try_from(limit).unwrap_or(0));
        let mut log = self.engine.rule_log(self.asker, &RuleLogQuery { rule, offset, limit: most }).await?;
        let has_more = log.len() > shown;
        log.truncate(shown);
        if self.json {
            let hits = log.iter().map(|hit| {
                json!({"rule": hit.rule.to_string(), "name": hit.name, "batch": hit.batch.to_string(), "summary": hit.summary,
                    "at": hit.made_at.to_string(), "person": hit.person, "matched": hit.matched, "changed": hit.changed,
                    "is_undone": hit.undone_by.is_some(), "is_in_part": hit.is_in_part()})
            });
            println!("{}", json!({ "history": hits.collect::<Vec<_>>(), "has_more": has_more }));
            return Ok(());
        }
        for hit in log {
            let by = match &hit.person {
                Some(person) => person.as_str(),
                None if hit.summary == RULES_HAD_THEIR_TURN => "as rows came",
                None => "on the command line",
            };
            let undone = match hit.undone_by {
                Some(_) => ", undone",
                None if hit.is_in_part() => ", a part of the rows",
                None => "",
            };
            println!(
                "{:.0} · {} · {by} · held for {}, changed {}{undone}",
                hit.made_at, hit.name, hit.matched, hit.changed
            );
        }
        if has_more {
            println!("There are more: --offset {}", offset.saturating_add(limit));
        }
        Ok(())
    }
}

impl Tried {
    fn tell(&self) {
        let Self { name, told, .. } = self;
        let looked_at = rows(told.looked_at, "row", "rows");
        println!("{name}: holds for {} of {looked_at} and would change {}", told.matched, told.changed);
        tell_beside(told);
    }

    fn json(&self) -> Value {
        let mut body = tried_json(&self.told);
        body["name"] = json!(self.name);
        body["is_new"] = json!(!self.is_there);
        body
    }
}

/// Some of the rows that would change, and what else there is to say.
fn tell_beside(told: &RuleTried) {
    for row in &told.rows {
        let payee = row.payee.as_deref().unwrap_or("no payee");
        let (amount, code) = (row.amount.to_decimal_text(), row.amount.currency.code);
        println!("  {} · {} · {payee} · {amount} {code} · {}", row.day, row.account_name, changes(row));
    }
    let more = told.changed.saturating_sub(told.rows.len());
    if more > 0 {
        println!("  and {}", rows(more, "more row", "more rows"));
    }
    for one in &told.conflicts {
        let (field, rows) = (one.field.code(), rows(one.rows, "row", "rows"));
        println!("  {field} of {rows}: {} wins over {}, since it comes later", one.winner.1, one.loser.1);
    }
    let beside = [
        (told.kept, "kept as a person has decided"),
        (told.locked, "left, because the period is locked"),
        (told.split, "split, so that the categories of the lines stay"),
    ];
    for (count, says) in beside.into_iter().filter(|(count, _)| *count > 0) {
        println!("  {}: {says}", rows(count, "row", "rows"));
    }
}

fn tried_json(told: &RuleTried) -> Value {
    let conflict = |one: &RuleConflict| json!({"field": one.field.code(), "winner": one.winner.1, "loser": one.loser.1, "rows": one.rows});
    let row = |row: &TriedRow| {
        let change = |diff: &RowDiff| json!({"field": diff.field.code(), "before": diff.before, "after": diff.after, "by": diff.by});
        json!({"transaction": row.transaction.to_string(), "date": row.day.to_string(), "account": row.account_name,
            "payee": row.payee, "amount": row.amount.to_decimal_text(), "currency": row.amount.currency.code.to_string(),
            "changes": row.diffs.iter().map(change).collect::<Vec<_>>()})
    };
    json!({"looked_at": told.looked_at, "matched": told.matched, "changed": told.changed, "kept": told.kept, "locked": told.locked,
        "split": told.split, "conflicts": told.conflicts.iter().map(conflict).collect::<Vec<_>>(),
        "rows": told.rows.iter().map(row).collect::<Vec<_>>()})
}

fn changes(row: &TriedRow) -> String {
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "blank".to_owned());
    let words =
        row.diffs.iter().map(|diff| format!("{} {} → {}", diff.field.code(), word(&diff.before), word(&diff.after)));
    words.collect::<Vec<_>>().join(", ")
}

fn rule_json(stored: &StoredRule, names: &Names) -> Value {
    let rule = &stored.rule;
    json!({"id": rule.id.to_string(), "name": rule.name, "stage": rule.stage.code(), "is_on": rule.is_on,
        "text": write(std::slice::from_ref(rule), names), "changed_rows": stored.changed_rows,
        "last_hit_at": stored.last_hit_at.map(|at| at.to_string())})
}

fn rows(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
