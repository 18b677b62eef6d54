//! A row that was held back: why, what the bank sent, what stands in the books beside it, and what may be said.

use bankside_domain::Code;
use bankside_domain::reconcile::Reason;
use bankside_domain::row::{Row, RowIdKind};
use bankside_domain::suspicion::{HeldChoice, Suspicion};
use bankside_domain::text::tidy;
use bankside_engine::{HeldView, RegisterRow};

use super::status;
use crate::view::day::Today;
use crate::view::shell::Shell;

/// One row on the page.
pub(super) struct HeldCard {
    pub(super) title: String,
    pub(super) account: String,
    pub(super) account_path: Option<String>,
    pub(super) account_url: String,
    pub(super) why: String,
    /// What the bank sent, and beside it what stands in the books.
    pub(super) lines: Vec<Line>,
    /// The row of the books whose id it carries.
    pub(super) known: Option<String>,
    /// Ids with what they are called.
    pub(super) ids: Vec<(&'static str, String)>,
    pub(super) run_url: Option<String>,
    pub(super) last_seen: String,
    pub(super) url: String,
    pub(super) choices: Vec<Choice>,
}

/// One field, as the bank sent it and as it stands in the books.
pub(super) struct Line {
    pub(super) what: &'static str,
    pub(super) left: String,
    pub(super) right: String,
    pub(super) differs: bool,
}

/// One thing that may be said.
pub(super) struct Choice {
    pub(super) code: &'static str,
    pub(super) label: &'static str,
    /// What follows from it.
    pub(super) follows: &'static str,
}

impl HeldCard {
    pub(super) fn of(view: &HeldView, shell: &Shell) -> Self {
        let today = &shell.today;
        let reason = view.held.row.reason.as_ref();
        let read = view.bank_row.read.as_ref();
        let row = read.ok().map(Box::as_ref);
        let why = match (reason, read) {
            (Some(reason), _) => reason.in_words(),
            (None, Err(why)) => format!("It cannot be read: {why}."),
            (None, Ok(_)) => "It waits for you.".to_owned(),
        };
        Self {
            title: title(view, row, today),
            account: view.account.name.clone(),
            account_path: shell.account_path(view.account.id),
            account_url: shell.at(&format!("accounts/{}", view.account.id)),
            why,
            lines: row.map(|row| lines(row, view.known.as_ref(), today)).unwrap_or_default(),
            known: view.known.as_ref().map(|known| known.id.to_string()),
            ids: row.map(ids).unwrap_or_default(),
            run_url: view.held.run.map(|run| shell.at(&format!("runs/{run}"))),
            last_seen: today.moment(view.held.last_seen_at),
            url: shell.at(&format!("suspicions/{}", Suspicion::Held(view.held.feed_row))),
            choices: view.choices.iter().map(|choice| said(*choice, reason)).collect(),
        }
    }
}

/// `Café am Kai, −2.80 EUR`.
fn title(view: &HeldView, row: Option<&Row>, today: &Today) -> String {
    match row {
        Some(row) => {
            let amount = today.signed(row.amount.minor, row.amount.currency);
            let with = payee(row).unwrap_or_else(|| "Nobody named".to_owned());
            format!("{with}, {amount} {}", row.amount.currency.code)
        }
        None => match view.held.day {
            Some(day) => format!("A row of {} that cannot be read", today.day(day)),
            None => "A row that cannot be read".to_owned(),
        },
    }
}

fn payee(row: &Row) -> Option<String> {
    row.counterparty.name.as_deref().and_then(tidy)
}

fn lines(row: &Row, known: Option<&RegisterRow>, today: &Today) -> Vec<Line> {
    let day = row.day().map_or_else(|| "none".to_owned(), |day| today.long_day(day));
    let sent = [
        ("Date", day),
        ("Amount", format!("{} {}", today.signed(row.amount.minor, row.amount.currency), row.amount.currency.code)),
        ("Payee", payee(row).unwrap_or_default()),
        ("Note", row.remittance.as_deref().and_then(tidy).unwrap_or_default()),
        ("Status", status(row.status).to_owned()),
    ];
    let stands = known.map(|known| {
        [
            today.long_day(known.dated_on),
            format!("{} {}", today.signed(known.amount_minor, known.currency), known.currency.code),
            known.payee.clone().unwrap_or_default(),
            known.note.clone().unwrap_or_default(),
            status(known.status).to_owned(),
        ]
    });
    let line = |(position, (what, left)): (usize, (&'static str, String))| {
        let right = stands.as_ref().map(|stands| stands[position].clone());
        let differs = right.as_ref().is_some_and(|right| *right != left);
        Line { what, left, right: right.unwrap_or_default(), differs }
    };
    sent.into_iter().enumerate().map(line).collect()
}

fn ids(row: &Row) -> Vec<(&'static str, String)> {
    let name = |kind| match kind {
        RowIdKind::Provider => "Provider's id",
        RowIdKind::Bank => "Bank's id",
        RowIdKind::Reference => "Bank's reference",
    };
    row.ids.iter().map(|id| (name(id.kind), id.value.clone())).collect()
}

fn said(choice: HeldChoice, reason: Option<&Reason>) -> Choice {
    let (label, follows) = match (choice, reason) {
        (HeldChoice::NewRow, Some(Reason::PeriodLocked { .. })) => {
            ("Bring it in", "The books are not locked for its day any more: it comes in there.")
        }
        (HeldChoice::NewRow, _) => {
            ("It is another row", "It comes into the books as a row of its own, and its id is not asked about again.")
        }
        (HeldChoice::Correction, _) => (
            "It is this row, corrected",
            "The row in your books takes the amount, day and text that the bank sends now. What you wrote stays.",
        ),
        (HeldChoice::LeaveOut, _) => ("Leave it out", "It stays out of the books, also when the bank shows it again."),
    };
    Choice { code: choice.code(), label, follows }
}
