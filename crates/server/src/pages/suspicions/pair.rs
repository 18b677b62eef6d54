//! Two rows that may be one: both side by side, whose values would hold, and what may be said.

use bankside_domain::TransactionId;
use bankside_domain::merge::{Chosen, Side};
use bankside_domain::suspicion::Suspicion;
use bankside_domain::suspicion::pairs::PairKind;
use bankside_engine::{PairRowView, PairView};
use serde::Deserialize;

use super::status;
use crate::view::shell::Shell;

/// One pair on the page.
pub(super) struct PairCard {
    pub(super) title: String,
    pub(super) account: String,
    pub(super) account_path: Option<String>,
    pub(super) account_url: String,
    pub(super) why: &'static str,
    /// Who brought the row that stays, and the one that goes.
    pub(super) brought_by: (String, String),
    pub(super) lines: Vec<PairLine>,
    /// Whether a person chooses whose values hold.
    pub(super) is_choosable: bool,
    pub(super) stays: String,
    pub(super) goes: String,
    pub(super) url: String,
    /// What follows when they are one, and when they are two.
    pub(super) follows: &'static str,
    pub(super) follows_not: &'static str,
}

/// One field of both rows.
pub(super) struct PairLine {
    pub(super) what: &'static str,
    /// Its name in the form; `None` where there is nothing to choose.
    pub(super) name: Option<&'static str>,
    pub(super) stays: String,
    pub(super) goes: String,
    pub(super) differs: bool,
    /// Whether the value of the row that goes is proposed.
    pub(super) takes_other: bool,
}

/// Whose values a person chose, each by the id of its row.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct KeepForm {
    #[serde(default)]
    date: String,
    #[serde(default)]
    payee: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    category: String,
}

impl KeepForm {
    pub(super) fn chosen(&self) -> Chosen {
        let id = |text: &str| text.parse::<TransactionId>().ok();
        Chosen { date: id(&self.date), payee: id(&self.payee), note: id(&self.note), category: id(&self.category) }
    }
}

impl PairCard {
    pub(super) fn of(view: &PairView, shell: &Shell) -> Self {
        let (stays, goes) = (&view.stays.row, &view.goes.row);
        let amount = shell.today.signed(goes.amount_minor, goes.currency);
        let (why, follows, follows_not) = match view.pair.kind {
            PairKind::Twins => (
                "They have the same amount and text within a few days, and came from different places.",
                "One row stays, with what you choose; the other leaves the books. No sync brings it back.",
                "Both stay, and nobody is asked again.",
            ),
            PairKind::Settlement if view.goes.is_gone => (
                "The bank no longer shows a pending row that you wrote on, and has booked another amount with the same payee.",
                "The booked row takes what you wrote on the pending one, as you choose.",
                "The booked row stays as it is, and nobody is asked again.",
            ),
            PairKind::Settlement => (
                "A pending row, and soon after it a booked one of another amount with the same payee.",
                "The booked row stays, with what you wrote on the pending one, which leaves the books.",
                "Both stay, and nobody is asked again.",
            ),
        };
        let lines = lines(view, shell);
        Self {
            title: format!("{}, {amount} {}", stays.payee.as_deref().unwrap_or("Nobody named"), goes.currency.code),
            account: stays.account_name.clone(),
            account_path: shell.account_path(stays.account),
            account_url: shell.at(&format!("accounts/{}", stays.account)),
            why,
            brought_by: (brought_by(&view.stays), brought_by(&view.goes)),
            is_choosable: lines.iter().any(|line| line.name.is_some()),
            lines,
            stays: stays.id.to_string(),
            goes: goes.id.to_string(),
            url: shell.at(&format!("suspicions/{}", Suspicion::Pair(view.pair.first, view.pair.second))),
            follows,
            follows_not,
        }
    }
}

fn brought_by(row: &PairRowView) -> String {
    match &row.brought_by {
        Some(account) if row.is_gone => format!("Was shown by {account}"),
        Some(account) => format!("From {account}"),
        None => "Typed".to_owned(),
    }
}

/// A field of both rows, before it is known what they say.
struct Field {
    what: &'static str,
    /// Its name in the form, and whose value is proposed.
    choice: Option<(&'static str, Side)>,
}

fn lines(view: &PairView, shell: &Shell) -> Vec<PairLine> {
    let today = &shell.today;
    let texts = |row: &PairRowView| {
        let row = &row.row;
        let category = match row.lines {
            1 => row.category_path.clone().unwrap_or_default(),
            lines => format!("Split in {lines}"),
        };
        [
            today.long_day(row.dated_on),
            row.payee.clone().unwrap_or_default(),
            row.note.clone().unwrap_or_default(),
            category,
            today.signed(row.amount_minor, row.currency),
            status(row.status).to_owned(),
        ]
    };
    let keeps = view.proposed;
    // When and with whom something was booked is the bank's to say; what it was for is the person's.
    let is_of_two = view.pair.kind == PairKind::Twins;
    let chosen = |what, name, side| Field { what, choice: Some((name, side)) };
    let plain = |what| Field { what, choice: None };
    let of_twins = |what, name, side| if is_of_two { chosen(what, name, side) } else { plain(what) };
    let fields = [
        of_twins("Date", "date", keeps.date),
        of_twins("Payee", "payee", keeps.payee),
        chosen("Note", "note", keeps.note),
        chosen("Category", "category", keeps.category),
        plain("Amount"),
        plain("Status"),
    ];
    let rows = texts(&view.stays).into_iter().zip(texts(&view.goes));
    let line = |(field, (stays, goes)): (Field, (String, String))| {
        let differs = stays != goes;
        let choice = field.choice.filter(|_| differs && shell.may_edit());
        PairLine {
            what: field.what,
            name: choice.map(|(name, _)| name),
            takes_other: choice.is_some_and(|(_, side)| side == Side::Goes),
            differs,
            stays,
            goes,
        }
    };
    let is_blank = |line: &PairLine| line.stays.is_empty() && line.goes.is_empty();
    fields.into_iter().zip(rows).map(line).filter(|line| !is_blank(line)).collect()
}
