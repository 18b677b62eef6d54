//! What the pages of a file show that was brought at an asset.

use askama::Template;
use bankside_domain::AssetId;
use bankside_domain::statement::{AssetFileStage, FileCounts, FileStage};
use bankside_engine::csv::{Refusal, Role};
use bankside_engine::{Account, AssetFileOffer, AssetFileView, FileShare, FileView, ShareGround};

use super::OUT;
use crate::pages::statement_files::showing::{
    Bar, ColumnsForm, Imported, came_in, no_row_came, of, refused_says, what_comes,
};
use crate::view::day::Today;
use crate::view::shell::Shell;

#[derive(Template)]
#[template(path = "asset_files.html")]
pub(super) struct OfferHtml {
    shell: Shell,
    asset_name: String,
    asset_url: String,
    accounts_note: String,
    has_accounts: bool,
    /// A file that somebody has begun with.
    open_url: Option<String>,
    imported: Vec<Imported>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "asset_file.html")]
pub(super) struct FileHtml {
    shell: Shell,
    asset_name: String,
    asset_url: String,
    files_url: String,
    url: String,
    name: String,
    step: Step,
    /// How it is read, as long as that can be said.
    form: Option<Box<ColumnsForm>>,
    /// Which account is which, as long as that can be said.
    accounts: Option<AccountsForm>,
    error: Option<String>,
}

/// Where a file has got to.
enum Step {
    /// It is asked how it is meant.
    Asked,
    Busy {
        says: &'static str,
        seen: i64,
        bar: Option<Bar>,
    },
    Look(Box<Looked>),
    Done {
        says: String,
        parts: Vec<DonePart>,
        /// Whether one of them could not be finished and can be tried again.
        has_failed: bool,
        /// Whether it can be said that nothing more comes of it.
        can_leave: bool,
    },
    Over,
}

/// Which account is which.
struct AccountsForm {
    /// What the column is called.
    column: String,
    shares: Vec<Share>,
    /// Whether it was said already, so that the form stands below what came of it.
    is_said: bool,
    /// What others have begun and would lose.
    gives_way: Option<String>,
}

struct Share {
    number: usize,
    named: String,
    lines: String,
    why: &'static str,
    options: Vec<(String, String)>,
    chosen: String,
    out: String,
}

/// What would come of the file, account by account.
struct Looked {
    parts: Vec<Part>,
    all: Vec<String>,
    refused: Vec<String>,
    refused_says: Option<String>,
    /// What keeps it from being imported.
    problems: Vec<String>,
    /// When the file had last changed.
    as_of: i64,
    /// What the button says, where all of it can be imported.
    button: Option<String>,
}

struct Part {
    account: String,
    url: String,
    days: String,
    new: String,
    known: String,
    uncertain: String,
    out: String,
    sum: String,
}

struct DonePart {
    account: String,
    url: String,
    says: String,
    undo_url: Option<String>,
    is_undone: bool,
    is_failed: bool,
}

fn text(count: i64, today: &Today) -> String {
    if count == 0 { "–".to_owned() } else { today.grouped(count) }
}

fn asset_name(asset: AssetId, shell: &Shell) -> String {
    shell.tree.get(asset).map(|asset| asset.name.clone()).unwrap_or_default()
}

pub(super) fn offer_html(asset: AssetId, offer: &AssetFileOffer, error: Option<String>, shell: Shell) -> OfferHtml {
    let asset_url = shell.at(&format!("assets/{asset}"));
    let today = &shell.today;
    let imported = offer.imported.iter().map(|file| Imported {
        name: file.name.clone(),
        url: format!("{asset_url}/files/{}", file.id),
        says: came_into(file.counts, file.accounts, today),
        when: today.moment(file.changed_at),
    });
    OfferHtml {
        asset_name: asset_name(asset, &shell),
        accounts_note: today.counted(of(offer.accounts.len()), "open account belongs", "open accounts belong"),
        has_accounts: !offer.accounts.is_empty(),
        open_url: offer.open.map(|id| format!("{asset_url}/files/{id}")),
        imported: imported.collect(),
        asset_url,
        error,
        shell,
    }
}

/// How many rows came into how many accounts.
fn came_into(counts: FileCounts, accounts: i64, today: &Today) -> String {
    let rows = counts.added + counts.matched + counts.settled;
    let accounts = today.counted(accounts, "account", "accounts");
    format!("{} came into {accounts}", today.counted(rows, "row", "rows"))
}

pub(super) fn file_html(view: &AssetFileView, error: Option<String>, shell: Shell) -> FileHtml {
    let asset_url = shell.at(&format!("assets/{}", view.asset));
    let is_asked = matches!(view.stage, AssetFileStage::Open | AssetFileStage::Divided) && !view.is_busy();
    let step = match view.stage {
        AssetFileStage::Open => Step::Asked,
        _ if view.is_busy() => busy(view, &shell.today),
        AssetFileStage::Divided => Step::Look(Box::new(looked(view, &shell))),
        AssetFileStage::Importing | AssetFileStage::Done => done(view, &shell),
        AssetFileStage::Abandoned => Step::Over,
    };
    let note = "Read as the last file of this asset, which has the same columns.";
    let form = ColumnsForm::of(&view.profile, view.guess.as_ref(), view.asks(), note);
    FileHtml {
        asset_name: asset_name(view.asset, &shell),
        files_url: format!("{asset_url}/files"),
        url: format!("{asset_url}/files/{}", view.id),
        asset_url,
        name: view.name.clone(),
        step,
        form: is_asked.then(|| Box::new(ColumnsForm { is_folded: !view.shares.is_empty(), ..form })),
        accounts: (is_asked && !view.shares.is_empty()).then(|| accounts_form(view, &shell)),
        error,
        shell,
    }
}

fn busy(view: &AssetFileView, today: &Today) -> Step {
    let progress = view.progress();
    let says = match view.stage {
        AssetFileStage::Importing => "Importing",
        _ => "Reading the file and laying it beside your books",
    };
    Step::Busy { says, seen: progress.done, bar: Bar::of((progress.done, progress.total), today) }
}

/// An account as it is chosen among others: with its currency and, where it hangs below others, its place.
fn label(account: &Account, shell: &Shell) -> String {
    let path = account.asset.map(|asset| shell.tree.path(asset)).unwrap_or_default();
    format!("{}, {} – {path}", account.name, account.currency.code)
}

fn accounts_form(view: &AssetFileView, shell: &Shell) -> AccountsForm {
    let options: Vec<(String, String)> =
        view.accounts.iter().map(|account| (account.id.to_string(), label(account, shell))).collect();
    let share = |(number, share): (usize, &FileShare)| {
        let known = share.account.filter(|id| view.accounts.iter().any(|account| account.id == *id));
        let lines = shell.today.counted(of(share.lines), "line", "lines");
        Share {
            number,
            named: if share.named.is_empty() { "Nothing stands there".to_owned() } else { share.named.clone() },
            why: why(share.ground),
            options: options.clone(),
            chosen: match known {
                Some(account) => account.to_string(),
                None if share.account.is_none() && share.ground != ShareGround::Nothing => OUT.to_owned(),
                None => String::new(),
            },
            out: format!("Leave out ({lines})"),
            lines,
        }
    };
    AccountsForm {
        column: view.profile.column(Role::OwnAccount).map(|at| view.profile.name_of(at)).unwrap_or_default(),
        shares: view.shares.iter().enumerate().map(share).collect(),
        is_said: view.stage == AssetFileStage::Divided,
        gives_way: gives_way(view),
    }
}

/// The accounts of which somebody has begun with a file, where there are any.
fn gives_way(view: &AssetFileView) -> Option<String> {
    let begun = view.accounts.iter().filter(|account| view.begun.contains(&account.id));
    let names: Vec<&str> = begun.map(|account| account.name.as_str()).collect();
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!("Somebody has begun with a file of {names}. It gives way where you choose that account here."))
}

fn why(ground: ShareGround) -> &'static str {
    match ground {
        ShareGround::Number => "the number by which its bank knows it",
        ShareGround::Name => "it is called so",
        ShareGround::Before => "as in the last file",
        ShareGround::Chosen => "chosen by hand",
        ShareGround::Nothing => "no account is known by this",
    }
}

fn looked(view: &AssetFileView, shell: &Shell) -> Looked {
    let today = &shell.today;
    let counts = view.counts();
    let (refused, left_out) = (of(view.refused_total()), of(view.left_out_lines()));
    let mut all = Vec::new();
    let mut told = |rows: i64, one: &str, many: &str| {
        if rows > 0 {
            all.push(today.counted(rows, one, many));
        }
    };
    told(left_out, "line stays out with its account", "lines stay out with their accounts");
    told(refused, "line cannot be read", "lines cannot be read");
    let problem = |part: &FileView| {
        let name = &part.account.account.name;
        match (part.stage, &part.problem) {
            (FileStage::Ready, _) => None,
            (_, Some(problem)) => Some(format!("{name}: {problem}")),
            _ => Some(format!("{name}: another file was brought there meanwhile. Say again which account is which.")),
        }
    };
    let problems: Vec<String> = view.parts.iter().filter_map(problem).collect();
    let balance_days: usize = view.parts.iter().map(FileView::new_balance_days).sum();
    let can_be = view.is_ready() && view.parts.iter().any(FileView::brings_anything);
    Looked {
        parts: view.parts.iter().map(|part| part_of(part, shell)).collect(),
        all,
        refused: refused_lines(view),
        refused_says: refused_says(refused, today),
        problems,
        as_of: view.changed_at.as_microsecond(),
        button: can_be.then(|| {
            let accounts = view.parts.iter().filter(|part| part.brings_anything());
            let accounts = today.counted(of(accounts.count()), "account", "accounts");
            format!("Import {} into {accounts}", what_comes(counts, balance_days, today))
        }),
    }
}

/// The lines of all accounts that cannot be read, as they stand in the file.
fn refused_lines(view: &AssetFileView) -> Vec<String> {
    let mut refused: Vec<&Refusal> =
        view.parts.iter().filter_map(|part| part.preview.as_ref()).flat_map(|preview| &preview.refused).collect();
    refused.sort_by_key(|refusal| refusal.line);
    refused.into_iter().map(Refusal::in_words).collect()
}

fn part_of(part: &FileView, shell: &Shell) -> Part {
    let (ledger, today) = (&part.account.account, &shell.today);
    let counts = part.counts.unwrap_or_default();
    let preview = part.preview.clone().unwrap_or_default();
    Part {
        account: ledger.name.clone(),
        url: shell.at(&format!("accounts/{}/files/{}", ledger.id, part.id)),
        days: match preview.days {
            Some((from, to)) => format!("{} to {}", today.long_day(from), today.long_day(to)),
            None => String::new(),
        },
        new: text(counts.added + counts.matched + counts.settled, today),
        known: text(counts.known, today),
        uncertain: text(counts.by_money, today),
        out: text(counts.left_out + of(preview.refused_total), today),
        sum: format!("{} {}", today.signed(preview.added_minor, ledger.currency), ledger.currency.code),
    }
}

fn done(view: &AssetFileView, shell: &Shell) -> Step {
    let today = &shell.today;
    let part = |part: &FileView| {
        let ledger = &part.account.account;
        let counts: FileCounts = part.counts.unwrap_or_default();
        let is_done = part.stage == FileStage::Done;
        DonePart {
            account: ledger.name.clone(),
            url: shell.at(&format!("accounts/{}", ledger.id)),
            says: match (is_done, &part.problem) {
                (true, _) if part.is_undone => "undone".to_owned(),
                (true, _) if counts.changes_books() => came_in(counts, today),
                (true, _) if part.batch.is_some() => "its balances came in".to_owned(),
                (true, _) => "nothing came in".to_owned(),
                (false, Some(problem)) => problem.clone(),
                (false, None) => "nothing of it came in".to_owned(),
            },
            undo_url: part.batch.filter(|_| is_done).map(|batch| shell.at(&format!("batches/{batch}/undo"))),
            is_undone: part.is_undone,
            is_failed: part.stage == FileStage::Failed,
        }
    };
    let finished = || view.parts.iter().filter(|part| part.stage == FileStage::Done).filter_map(|part| part.counts);
    let counts = finished().fold(FileCounts::default(), FileCounts::and);
    let accounts = of(finished().filter(FileCounts::changes_books).count());
    let says = if counts.changes_books() {
        format!("{}.", came_into(counts, accounts, today))
    } else {
        no_row_came(view.parts.iter().any(|part| part.batch.is_some())).to_owned()
    };
    let has_failed = view.parts.iter().any(|part| part.stage == FileStage::Failed);
    let can_leave = view.stage == AssetFileStage::Importing;
    Step::Done { says, parts: view.parts.iter().map(part).collect(), has_failed, can_leave }
}
