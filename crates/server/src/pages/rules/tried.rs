//! What a rule, or all of them, would do, as the pages tell it.

use bankside_domain::rules::Field;
use bankside_engine::RuleTried;

use crate::view::shell::Shell;

/// What rules would do.
pub(super) struct TriedView {
    pub(super) changed: usize,
    /// `12 rows`.
    pub(super) rows: String,
    /// What is told beside, an icon with a sentence each.
    pub(super) says: Vec<(&'static str, String)>,
    pub(super) diffs: Vec<DiffRow>,
    pub(super) more: Option<String>,
    pub(super) headline: String,
    /// Whether it was applied before and cut off, so that applying it ends that, even where nothing is left.
    pub(super) finishes: bool,
}

/// A row before and after.
pub(super) struct DiffRow {
    pub(super) day: String,
    pub(super) payee: String,
    pub(super) account: String,
    pub(super) amount: String,
    pub(super) currency: String,
    pub(super) changes: Vec<DiffView>,
}

/// A field before and after.
pub(super) struct DiffView {
    pub(super) field: &'static str,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) goes_back: bool,
    /// By which rules, where it may be any.
    pub(super) by: Option<String>,
}

/// Whose deed it is that is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// One rule's.
    One,
    /// That of all that are on.
    All,
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn field_words(field: Field) -> &'static str {
    match field {
        Field::Payee => "Payee",
        Field::Note => "Note",
        Field::Category => "Category",
        Field::Tags => "Tags",
        Field::Reviewed => "Reviewed",
    }
}

impl TriedView {
    pub(super) fn of(tried: &RuleTried, which: Tried, shell: &Shell) -> Self {
        let rows = |number: usize, one: &str, many: &str| shell.today.counted(count(number), one, many);
        let mut says = Vec::new();
        for conflict in &tried.conflicts {
            says.push((
                "warn",
                format!(
                    "{} of {}: {} and {} set it differently, and {} wins, since it comes later.",
                    field_words(conflict.field),
                    rows(conflict.rows, "row", "rows"),
                    conflict.loser.1,
                    conflict.winner.1,
                    conflict.winner.1
                ),
            ));
        }
        if tried.kept > 0 {
            let keeps = rows(tried.kept, "row keeps", "rows keep");
            says.push(("lock", format!("{keeps} what a person has decided there.")));
        }
        if tried.locked > 0 {
            let stays = rows(tried.locked, "row stays, because its period is", "rows stay, because their period is");
            says.push(("lock", format!("{stays} locked.")));
        }
        if tried.split > 0 {
            let keeps = rows(tried.split, "row is split and keeps", "rows are split and keep");
            says.push(("info", format!("{keeps} the categories of the lines.")));
        }
        let diffs: Vec<DiffRow> = tried
            .rows
            .iter()
            .map(|row| DiffRow {
                day: shell.today.day(row.day),
                payee: row.payee.clone().unwrap_or_else(|| "No payee".to_owned()),
                account: row.account_name.clone(),
                amount: shell.today.amount(row.amount.minor, row.amount.currency),
                currency: row.amount.currency.code.to_string(),
                changes: row
                    .diffs
                    .iter()
                    .map(|diff| DiffView {
                        field: field_words(diff.field),
                        before: diff.before.clone(),
                        after: diff.after.clone(),
                        goes_back: diff.gives_back,
                        by: (which == Tried::All).then(|| diff.by.join(", ")),
                    })
                    .collect(),
            })
            .collect();
        let more = tried.changed.saturating_sub(diffs.len());
        let who = match which {
            Tried::One => "It holds",
            Tried::All => "At least one rule holds",
        };
        let would = if which == Tried::One { "would change" } else { "together they would change" };
        Self {
            changed: tried.changed,
            rows: rows(tried.changed, "row", "rows"),
            headline: format!(
                "{who} for {} of {} and {would} {}.",
                shell.today.grouped(count(tried.matched)),
                rows(tried.looked_at, "row", "rows"),
                if tried.changed == 0 { "none".to_owned() } else { shell.today.grouped(count(tried.changed)) }
            ),
            says,
            more: (more > 0).then(|| rows(more, "more row", "more rows")),
            diffs,
            finishes: false,
        }
    }
}
