//! Two rows that look like a transfer between own accounts, side by side.

use bankside_domain::suspicion::Suspicion;
use bankside_engine::{ProposedTransfer, RegisterRow};

use super::status;
use crate::view::shell::Shell;

/// One proposal on the page.
pub(super) struct TransferCard {
    pub(super) title: String,
    pub(super) why: String,
    /// What else speaks for it, each ground as a sentence.
    pub(super) grounds: Vec<String>,
    /// The account that money left, and the one that it came into.
    pub(super) from: Side,
    pub(super) to: Side,
    pub(super) lines: Vec<(&'static str, String, String)>,
    pub(super) url: String,
}

/// An account of the two.
pub(super) struct Side {
    pub(super) name: String,
    /// The path of the asset that it belongs to.
    pub(super) path: Option<String>,
    pub(super) url: String,
}

impl TransferCard {
    pub(super) fn of(proposed: &ProposedTransfer, shell: &Shell) -> Self {
        let (out, into) = (&proposed.out, &proposed.into);
        let account = |row: &RegisterRow| Side {
            name: row.account_name.clone(),
            path: shell.account_path(row.account),
            url: shell.at(&format!("accounts/{}", row.account)),
        };
        let amount = shell.today.amount(into.amount_minor, into.currency);
        let why = if proposed.is_one_of_several {
            "They look like a transfer, and other rows fit equally well."
        } else {
            "They look like a transfer, but nothing says so for certain."
        };
        Self {
            title: format!("{} to {}, {amount} {}", out.account_name, into.account_name, into.currency.code),
            why: why.to_owned(),
            grounds: proposed.why.clone(),
            from: account(out),
            to: account(into),
            lines: lines(out, into, shell),
            url: shell.at(&format!("suspicions/{}", Suspicion::Transfer(out.id, into.id))),
        }
    }
}

fn lines(out: &RegisterRow, into: &RegisterRow, shell: &Shell) -> Vec<(&'static str, String, String)> {
    let today = &shell.today;
    let both = |what, text: &dyn Fn(&RegisterRow) -> String| (what, text(out), text(into));
    let lines = [
        both("Date", &|row| today.long_day(row.dated_on)),
        both("Payee", &|row| row.payee.clone().unwrap_or_default()),
        both("Note", &|row| row.note.clone().unwrap_or_default()),
        both("Amount", &|row| format!("{} {}", today.signed(row.amount_minor, row.currency), row.currency.code)),
        both("Status", &|row| status(row.status).to_owned()),
    ];
    lines.into_iter().filter(|(_, out, into)| !(out.is_empty() && into.is_empty())).collect()
}
