//! A row to map, as its page shows it.

use bankside_domain::suggest::{Basis, Evidence, Strength};
use bankside_engine::{MOST_ALIKE, MappingLine, Standing, SuggestedCategory};

use super::Spot;
use crate::view::cashflow::path;
use crate::view::merchant::name_of;
use crate::view::shell::Shell;
use crate::view::transfer::TransferWord;

/// A line with what it may be for.
pub(crate) struct RowView {
    pub(crate) line: String,
    /// What tells it apart for whoever does not see it.
    pub(crate) label: String,
    pub(crate) day: String,
    pub(crate) payee: String,
    /// What it is of a transfer: `Transfer to Savings`.
    pub(crate) transfer: Option<String>,
    pub(crate) note: String,
    pub(crate) account: String,
    /// The path of the asset that the account belongs to.
    pub(crate) account_path: Option<String>,
    /// The bank behind the account.
    pub(crate) bank: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) is_in: bool,
    /// Whether it is one of several lines of its transaction.
    pub(crate) is_part: bool,
    /// The category that it has: id and path.
    pub(crate) category: Option<(String, String)>,
    pub(crate) chips: Vec<Chip>,
    /// The category of the first suggestion, where that is strong.
    pub(crate) strong: Option<String>,
    /// Where those like it are mapped together, and how many there are.
    pub(crate) alike: Option<(String, String)>,
}

/// A suggested category.
pub(crate) struct Chip {
    /// The key that takes it.
    pub(crate) number: usize,
    pub(crate) category: String,
    pub(crate) path: String,
    /// Why.
    pub(crate) evidence: String,
    pub(crate) is_strong: bool,
}

impl RowView {
    pub(crate) fn of(line: &MappingLine, standing: &Standing, shell: &Shell, spot: &Spot) -> Self {
        let row = &line.row;
        let day = shell.today.day(row.dated_on);
        let amount = shell.today.signed(line.minor, row.currency);
        let payee = row.payee.clone().unwrap_or_else(|| "No payee".to_owned());
        let view = standing.accounts.iter().find(|view| view.account.id == row.account);
        let chips: Vec<Chip> = (1..).zip(&line.suggestions).map(|(number, one)| Chip::of(number, one)).collect();
        let alike_url = || shell.at(&format!("{}/unmapped/alike?line={}", path(spot.asset), line.line));
        let count = |count| if count > MOST_ALIKE { format!("{MOST_ALIKE}+") } else { shell.today.grouped(count) };
        Self {
            line: line.line.to_string(),
            label: format!("{payee}, {day}, {amount} {}", row.currency.code),
            transfer: TransferWord::of(row).map(|word| word.word),
            note: line.note.clone().unwrap_or_default(),
            account: row.account_name.clone(),
            account_path: shell.account_path(row.account),
            bank: view.and_then(|view| view.status.bank.clone()).unwrap_or_default(),
            currency: row.currency.code.to_string(),
            is_in: line.minor > 0,
            is_part: line.is_part,
            category: line.category.as_ref().map(|(id, path)| (id.to_string(), path.clone())),
            strong: chips.first().filter(|chip| chip.is_strong).map(|chip| chip.category.clone()),
            alike: (line.alike > 1).then(|| (alike_url(), count(line.alike))),
            chips,
            day,
            payee,
            amount,
        }
    }
}

impl Chip {
    pub(crate) fn of(number: usize, one: &SuggestedCategory) -> Self {
        let evidence = match one.suggestion.basis {
            Basis::History(evidence) => in_words(evidence),
            Basis::Provider => match &one.provider_says {
                Some(filed) => {
                    format!("the provider files it under “{}”", name_of(&filed.code, &filed.name))
                }
                None => "the provider files it so".to_owned(),
            },
        };
        Self {
            number,
            category: one.suggestion.category.to_string(),
            path: one.path.clone(),
            evidence,
            is_strong: one.suggestion.strength() == Strength::Strong,
        }
    }
}

/// `17 of 18 times with this payee`.
fn in_words(evidence: Evidence) -> String {
    let Evidence { fits, of, likeness, is_of_amount, is_latest } = evidence;
    let of = if is_latest && !is_of_amount { format!("the latest {of}") } else { of.to_string() };
    let times = if evidence.of == 1 { "time" } else { "times" };
    let amount = if is_of_amount { " and about this amount" } else { "" };
    format!("{fits} of {of} {times} {}{amount}", likeness.in_words())
}

/// A line of the sample before many are mapped together.
pub(crate) struct SampleRow {
    pub(crate) day: String,
    pub(crate) payee: String,
    pub(crate) account: String,
    /// The path of the asset that the account belongs to.
    pub(crate) account_path: Option<String>,
    pub(crate) amount: String,
    pub(crate) currency: String,
    /// Whether it is one of several lines of its transaction.
    pub(crate) is_part: bool,
}

impl SampleRow {
    pub(crate) fn of(line: &MappingLine, shell: &Shell) -> Self {
        let row = &line.row;
        Self {
            is_part: line.is_part,
            day: shell.today.day(row.dated_on),
            payee: row.payee.clone().unwrap_or_default(),
            account: row.account_name.clone(),
            account_path: shell.account_path(row.account),
            amount: shell.today.signed(line.minor, row.currency),
            currency: row.currency.code.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::suggest::Likeness;

    use super::*;

    #[test]
    fn evidence_reads_as_a_sentence() {
        let evidence = Evidence { likeness: Likeness::Payee, is_of_amount: false, fits: 17, of: 18, is_latest: false };
        assert_eq!(in_words(evidence), "17 of 18 times with this payee");
        let once = Evidence { likeness: Likeness::Pattern, fits: 1, of: 1, ..evidence };
        assert_eq!(in_words(once), "1 of 1 time with a payee like this");
        let latest = Evidence { fits: 49, of: 50, is_latest: true, ..evidence };
        assert_eq!(in_words(latest), "49 of the latest 50 times with this payee");
        let near = Evidence { is_of_amount: true, ..evidence };
        assert_eq!(in_words(near), "17 of 18 times with this payee and about this amount");
    }
}
