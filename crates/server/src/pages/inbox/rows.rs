//! A row of the inbox, as its page shows it.

use bankside_domain::inbox::{Flag, Usual};
use bankside_domain::row::RowStatus;
use bankside_engine::{FlagView, InboxFlag, InboxRow, RegisterRow, Standing};

use crate::pages::mapping::rows::Chip;
use crate::view::shell::Shell;
use crate::view::transfer::TransferWord;

/// A row with everything there is to say of it.
pub(crate) struct RowView {
    pub(crate) id: String,
    /// What tells it apart for whoever does not see it.
    pub(crate) label: String,
    /// Its day, where it does not stand under that.
    pub(crate) day: Option<String>,
    pub(crate) payee: String,
    pub(crate) note: String,
    pub(crate) account: String,
    /// The path of the asset that the account belongs to.
    pub(crate) account_path: Option<String>,
    /// The bank behind the account.
    pub(crate) bank: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) is_in: bool,
    pub(crate) is_pending: bool,
    pub(crate) is_locked: bool,
    pub(crate) is_strong: bool,
    /// What is remarkable: an icon and a word.
    pub(crate) flags: Vec<(&'static str, &'static str)>,
    /// The transfer that it is part of, in words.
    pub(crate) transfer: Option<String>,
    /// What somebody asks, of whom, and whether that is taken back.
    pub(crate) asked: Option<AskedView>,
    /// Its only line; `None` where it is split.
    pub(crate) line: Option<String>,
    /// The category that it has: id and path.
    pub(crate) category: Option<(String, String)>,
    pub(crate) chips: Vec<Chip>,
    /// What accepting gives its line, as `row:line:category`, and the path of that.
    pub(crate) takes: Option<(String, String)>,
    /// Why all this is so, as sentences.
    pub(crate) why: Vec<String>,
    /// Where the row is linked and told in full; with `#split` it is split there.
    pub(crate) register_url: String,
    /// Where a colleague is asked.
    pub(crate) ask_url: String,
}

/// What somebody asks about a row.
pub(crate) struct AskedView {
    pub(crate) text: String,
    pub(crate) note: String,
}

impl RowView {
    pub(crate) fn of(view: &InboxRow, standing: &Standing, shell: &Shell) -> Self {
        let row = &view.row;
        let day = shell.today.day(row.dated_on);
        let amount = shell.today.signed(row.amount_minor, row.currency);
        let payee = row.payee.clone().unwrap_or_else(|| "No payee".to_owned());
        let status = standing.accounts.iter().find(|status| status.account.id == row.account);
        let only = match view.lines.as_slice() {
            [line] => Some(line),
            _ => None,
        };
        let suggestions = only.map(|line| line.suggestions.as_slice()).unwrap_or_default();
        let chips: Vec<Chip> = (1..).zip(suggestions).map(|(number, one)| Chip::of(number, one)).collect();
        Self {
            id: row.id.to_string(),
            label: format!("{payee}, {day}, {amount} {}", row.currency.code),
            note: row.note.clone().unwrap_or_default(),
            account: row.account_name.clone(),
            account_path: shell.account_path(row.account),
            bank: status.and_then(|status| status.status.bank.clone()).unwrap_or_default(),
            currency: row.currency.code.to_string(),
            is_in: row.amount_minor > 0,
            is_pending: row.status == RowStatus::Pending,
            is_locked: view.is_locked,
            is_strong: view.is_strong,
            flags: view.flags.iter().map(word).collect(),
            transfer: TransferWord::of(row).map(|word| word.word),
            asked: view.asked.as_ref().map(|asked| AskedView::of(asked, shell)),
            line: only.map(|line| line.line.to_string()),
            category: only.and_then(|line| line.category.as_ref()).map(|(id, path)| (id.to_string(), path.clone())),
            takes: view
                .takes()
                .map(|(line, first)| (format!("{}:{line}:{}", row.id, first.suggestion.category), first.path.clone())),
            why: why(view, &chips, shell),
            register_url: shell.at(&format!("accounts/{}?only={}", row.account, row.id)),
            ask_url: shell.at(&format!("inbox/{}/ask", row.id)),
            chips,
            day: Some(day),
            payee,
            amount,
        }
    }
}

impl AskedView {
    fn of(asked: &InboxFlag, shell: &Shell) -> Self {
        let from = asked.from_name.as_deref().unwrap_or("Bankside");
        let to = if shell.asker.person() == Some(asked.to) { "you" } else { &asked.to_name };
        let from = if asked.from.is_some() && shell.asker.person() == asked.from { "You" } else { from };
        let verb = if from == "You" { "ask" } else { "asks" };
        Self { text: format!("{from} {verb} {to}, {}", shell.today.moment(asked.flagged_at)), note: asked.note.clone() }
    }
}

/// A flag as it stands beside the payee.
fn word(view: &FlagView) -> (&'static str, &'static str) {
    match view.flag {
        Flag::NewPayee => ("plus", "new payee"),
        Flag::UnusualAmount(_) => ("warn", "unusual amount"),
        Flag::PossibleTwin(_) => ("help", "possible twin"),
        Flag::ProposedTransfer(_) => ("swap", "may be a transfer"),
        Flag::InTransit(_) => ("clock", "in transit"),
    }
}

fn why(view: &InboxRow, chips: &[Chip], shell: &Shell) -> Vec<String> {
    let flags = view.flags.iter().map(|flag| evidence(flag, &view.row, shell));
    let chips = chips.iter().map(|chip| format!("{}: {}.", chip.path, chip.evidence));
    let mut why: Vec<String> = flags.chain(chips).collect();
    if view.is_locked {
        why.push("The books are locked for this day: it can be reviewed, and nothing of it changes.".to_owned());
    }
    if !view.is_compared {
        why.push("Nobody knows whether another row is its twin or the other side of a transfer: only recent rows are compared.".to_owned());
    }
    if why.is_empty() {
        why.push("Nothing is remarkable about this row, and nobody has decided about rows like it.".to_owned());
    }
    why
}

/// A flag with its evidence, as a sentence.
fn evidence(view: &FlagView, row: &RegisterRow, shell: &Shell) -> String {
    let other = view.other.as_ref().map(|other| {
        let amount = shell.today.signed(other.amount_minor, other.currency);
        let payee = other.payee.as_deref().unwrap_or("no payee");
        let day = shell.today.day(other.dated_on);
        format!("{payee}, {amount} {} on {day} in {}", other.currency.code, other.account_name)
    });
    let other = other.unwrap_or_else(|| "another row".to_owned());
    match view.flag {
        Flag::NewPayee => "No earlier row has this payee.".to_owned(),
        Flag::UnusualAmount(usual) => usual_in_words(usual, row, shell),
        Flag::PossibleTwin(_) => format!("This may be one row with {other}. Suspicions has the two side by side."),
        Flag::ProposedTransfer(_) => {
            format!("This may be a transfer, with {other}. Suspicions has the two side by side.")
        }
        Flag::InTransit(_) => {
            let account = view.account.as_deref().unwrap_or("an account of yours");
            format!("The bank names {account} as the other side, and no row there is linked with this one.")
        }
    }
}

/// `12 earlier rows of this payee lie between 40.00 and 52.00 EUR.`
fn usual_in_words(usual: Usual, row: &RegisterRow, shell: &Shell) -> String {
    let amount = |minor: u64| shell.today.amount(i64::try_from(minor).unwrap_or(i64::MAX), row.currency);
    let rows = i64::try_from(usual.rows).unwrap_or(i64::MAX);
    let which = if usual.is_latest { "latest earlier" } else { "earlier" };
    let (least, most, code) = (amount(usual.least_minor), amount(usual.most_minor), row.currency.code);
    if usual.least_minor == usual.most_minor {
        return format!("{rows} {which} rows of this payee are {least} {code} each.");
    }
    format!("{rows} {which} rows of this payee lie between {least} and {most} {code}.")
}
