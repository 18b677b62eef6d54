//! What the pages of a statement file show.

use askama::Template;
use bankside_domain::Currency;
use bankside_domain::statement::{FileCounts, FileStage};
use bankside_engine::csv::{DateOrder, DecimalMark, Delimiter, Encoding, Profile, Refusal, Role};
use bankside_engine::{FileGuess, FileOffer, FilePreview, FileView, PreviewRow, code_in_file as code};

use crate::view::day::Today;
use crate::view::shell::Shell;

/// So many of the new rows are listed.
const MOST_LISTED: usize = 20;

#[derive(Template)]
#[template(path = "files.html")]
pub(super) struct OfferHtml {
    shell: Shell,
    account_name: String,
    account_url: String,
    /// A file that somebody has begun with.
    open_url: Option<String>,
    imported: Vec<Imported>,
    error: Option<String>,
}

/// A file that was imported.
pub(in crate::pages) struct Imported {
    pub(in crate::pages) name: String,
    pub(in crate::pages) url: String,
    pub(in crate::pages) says: String,
    pub(in crate::pages) when: String,
}

#[derive(Template)]
#[template(path = "file.html")]
pub(super) struct FileHtml {
    shell: Shell,
    account_name: String,
    account_url: String,
    files_url: String,
    url: String,
    name: String,
    step: FileStep,
    error: Option<String>,
}

/// Where a file has got to.
enum FileStep {
    Busy {
        says: &'static str,
        seen: i64,
        bar: Option<Bar>,
    },
    /// What would come of a part of another file, with where that is gone on with.
    Part {
        whole_url: String,
        problem: Option<String>,
        looked: Option<Box<Looked>>,
    },
    Look {
        form: Box<ColumnsForm>,
        problem: Option<String>,
        looked: Option<Box<Looked>>,
    },
    Done {
        says: String,
        facts: Vec<String>,
        undo_url: Option<String>,
        is_undone: bool,
    },
    Over,
}

pub(in crate::pages) struct Bar {
    pub(in crate::pages) done: i64,
    pub(in crate::pages) total: i64,
    pub(in crate::pages) words: String,
}

/// The pairs of code and label of a choice, and which is chosen; none where a person has to say.
pub(in crate::pages) struct Choices {
    pub(in crate::pages) options: Vec<(String, &'static str)>,
    pub(in crate::pages) chosen: String,
    pub(in crate::pages) must_say: bool,
}

/// How the file is read.
pub(in crate::pages) struct ColumnsForm {
    /// What there is to say about the guess.
    pub(in crate::pages) note: Option<&'static str>,
    pub(in crate::pages) questions: Vec<&'static str>,
    pub(in crate::pages) encodings: Choices,
    pub(in crate::pages) delimiters: Choices,
    pub(in crate::pages) dates: Choices,
    pub(in crate::pages) decimals: Choices,
    pub(in crate::pages) turns_sign: bool,
    pub(in crate::pages) columns: Vec<ColumnChoice>,
    /// Whether it has been looked at, so that the form stands folded below what came of it.
    pub(in crate::pages) is_folded: bool,
}

pub(in crate::pages) struct ColumnChoice {
    pub(in crate::pages) number: usize,
    pub(in crate::pages) name: String,
    pub(in crate::pages) samples: String,
    pub(in crate::pages) options: Vec<(String, &'static str)>,
    pub(in crate::pages) chosen: String,
}

/// What would come of the file.
struct Looked {
    period: Option<String>,
    lines: Vec<(&'static str, String)>,
    added: Vec<Line>,
    added_more: i64,
    by_money: Vec<Line>,
    left_out: Vec<Line>,
    refused: Vec<String>,
    refused_more: usize,
    refused_says: Option<String>,
    /// When the file had last changed.
    as_of: i64,
    /// What the button says, where there is anything to import.
    button: Option<String>,
}

struct Line {
    number: String,
    day: String,
    payee: String,
    note: String,
    amount: String,
    reason: String,
}

pub(super) fn offer_html(offer: &FileOffer, error: Option<String>, shell: Shell) -> OfferHtml {
    let account_url = shell.at(&format!("accounts/{}", offer.account.account.id));
    let imported = offer.imported.iter().map(|file| Imported {
        name: file.name.clone(),
        url: format!("{account_url}/files/{}", file.id),
        says: if file.is_undone { "undone".to_owned() } else { came_in(file.counts, &shell.today) },
        when: shell.today.moment(file.changed_at),
    });
    OfferHtml {
        account_name: offer.account.account.name.clone(),
        open_url: offer.open.map(|id| format!("{account_url}/files/{id}")),
        imported: imported.collect(),
        account_url,
        error,
        shell,
    }
}

pub(in crate::pages) fn of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Under what a person imports a file of which so many lines cannot be read.
pub(in crate::pages) fn refused_says(refused: i64, today: &Today) -> Option<String> {
    let lines = today.counted(refused, "line that cannot be read", "lines that cannot be read");
    (refused > 0).then(|| format!("Import without the {lines}"))
}

/// What comes into the books: rows, or where there are none the balances of so many days.
pub(in crate::pages) fn what_comes(counts: FileCounts, balance_days: usize, today: &Today) -> String {
    match counts.added + counts.matched + counts.settled {
        0 => format!("the balances of {}", today.counted(of(balance_days), "day", "days")),
        rows => today.counted(rows, "row", "rows"),
    }
}

/// What there is to say where no row came in; `has_batch` is whether anything did.
pub(in crate::pages) fn no_row_came(has_batch: bool) -> &'static str {
    if has_batch {
        "The balances of the file came in: every row was there already, or stays out."
    } else {
        "Nothing came in: every row was there already, or stays out."
    }
}

/// How many rows came in.
pub(in crate::pages) fn came_in(counts: FileCounts, today: &Today) -> String {
    today.counted(counts.added + counts.matched + counts.settled, "row came in", "rows came in")
}

/// `whole_url` is the page of the file that it is a part of.
pub(super) fn file_html(view: &FileView, whole_url: Option<String>, error: Option<String>, shell: Shell) -> FileHtml {
    let ledger = &view.account.account;
    let account_url = shell.at(&format!("accounts/{}", ledger.id));
    let step = match view.stage {
        FileStage::Reading => busy(view, "Reading the file and laying it beside your books", &shell.today),
        FileStage::Importing => busy(view, "Importing", &shell.today),
        FileStage::Done => done(view, &shell),
        FileStage::Abandoned => FileStep::Over,
        FileStage::Open | FileStage::Ready | FileStage::Failed => match whole_url {
            Some(whole_url) => {
                FileStep::Part { whole_url, problem: view.problem.clone(), looked: looked_at(view, &shell.today) }
            }
            None => look(view, &shell.today),
        },
    };
    FileHtml {
        account_name: ledger.name.clone(),
        files_url: format!("{account_url}/files"),
        url: format!("{account_url}/files/{}", view.id),
        account_url,
        name: view.name.clone(),
        step,
        error,
        shell,
    }
}

fn busy(view: &FileView, says: &'static str, today: &Today) -> FileStep {
    FileStep::Busy { says, seen: view.progress.0, bar: Bar::of(view.progress, today) }
}

impl Bar {
    /// None where nothing is known yet.
    pub(in crate::pages) fn of((done, total): (i64, i64), today: &Today) -> Option<Self> {
        (total > 0).then(|| Self {
            done,
            total,
            words: if done < total {
                format!("{} of {}", today.counted(done, "row", "rows"), today.counted(total, "row", "rows"))
            } else {
                format!("{}; nearly there", today.counted(total, "row", "rows"))
            },
        })
    }
}

fn done(view: &FileView, shell: &Shell) -> FileStep {
    let today = &shell.today;
    let counts = view.counts.unwrap_or_default();
    let mut facts = Vec::new();
    let mut told = |rows: i64, one: &str, many: &str| {
        if rows > 0 {
            facts.push(format!("{}.", today.counted(rows, one, many)));
        }
    };
    told(counts.matched, "row met one that you typed", "rows met ones that you typed");
    told(counts.settled, "row booked a pending one", "rows booked pending ones");
    told(counts.known, "row was there already", "rows were there already");
    told(counts.left_out, "row stayed out", "rows stayed out");
    told(counts.dismissed, "of these you had taken out of the books", "of these you had taken out of the books");
    let says = if counts.changes_books() {
        format!("{}, of {} in the file.", came_in(counts, today), today.counted(counts.rows, "row", "rows"))
    } else {
        no_row_came(view.batch.is_some()).to_owned()
    };
    FileStep::Done {
        says,
        facts,
        undo_url: view.batch.map(|batch| {
            shell.at(&format!("batches/{batch}/undo?back=accounts/{}/files/{}", view.account.account.id, view.id))
        }),
        is_undone: view.is_undone,
    }
}

fn look(view: &FileView, today: &Today) -> FileStep {
    let note = "Read as the last file of this account, which has the same columns.";
    let form = ColumnsForm::of(&view.profile, view.guess.as_ref(), view.asks(), note);
    let form = Box::new(ColumnsForm { is_folded: view.stage == FileStage::Ready, ..form });
    FileStep::Look { form, problem: view.problem.clone(), looked: looked_at(view, today) }
}

fn looked_at(view: &FileView, today: &Today) -> Option<Box<Looked>> {
    let looked = view.preview.as_ref().zip(view.counts);
    looked.map(|(preview, counts)| Box::new(Looked::of(view, preview, counts, today)))
}

impl ColumnsForm {
    /// `asks` is the guess where a person still has to say what it does not, and `as_before` what there is to say of a file that is read
    /// as the last one.
    pub(in crate::pages) fn of(
        profile: &Profile,
        guess: Option<&FileGuess>,
        asks: Option<&FileGuess>,
        as_before: &'static str,
    ) -> Self {
        let asks = |question: fn(&FileGuess) -> bool| asks.is_some_and(question);
        let (asks_dates, asks_decimals) = (asks(|guess| guess.asks_date_order), asks(|guess| guess.asks_decimals));
        let mut questions = Vec::new();
        if asks_dates {
            questions.push(
                "Every date in this file is one with the day first and one with the month first. Say which it is.",
            );
        }
        if asks_decimals {
            questions.push(
                "Every amount in this file could have decimals or thousands. Say what stands before the decimals.",
            );
        }
        let note = match guess {
            Some(guess) if guess.is_as_before => Some(as_before),
            Some(_) => Some(
                "Guessed from the file. Check it: what each column says, and how its dates and amounts are written.",
            ),
            None => None,
        };
        let options: Vec<(String, &'static str)> =
            Role::ALL.into_iter().map(|role| (code(role), role.in_words())).collect();
        let named = guess.map(|guess| guess.columns.as_slice()).unwrap_or_default();
        let columns = profile.columns.iter().enumerate().map(|(number, role)| {
            let samples = named.get(number).map(|(_, samples)| samples.join(" · ")).unwrap_or_default();
            ColumnChoice {
                number,
                name: profile.name_of(number),
                samples,
                options: options.clone(),
                chosen: code(role),
            }
        });
        Self {
            note,
            questions,
            encodings: Choices::of(Encoding::ALL.map(|one| (code(one), one.name())), code(profile.encoding), false),
            delimiters: Choices::of(
                Delimiter::ALL.map(|one| (code(one), one.in_words())),
                code(profile.delimiter),
                false,
            ),
            dates: Choices::of(DateOrder::ALL.map(|one| (code(one), one.in_words())), code(profile.dates), asks_dates),
            decimals: Choices::of(
                DecimalMark::ALL.map(|one| (code(one), one.in_words())),
                code(profile.decimals),
                asks_decimals,
            ),
            turns_sign: profile.turns_sign,
            columns: columns.collect(),
            is_folded: false,
        }
    }
}

impl Choices {
    fn of<const N: usize>(options: [(String, &'static str); N], chosen: String, must_say: bool) -> Self {
        Self { options: Vec::from(options), chosen: if must_say { String::new() } else { chosen }, must_say }
    }
}

impl Looked {
    fn of(view: &FileView, preview: &FilePreview, counts: FileCounts, today: &Today) -> Self {
        let currency = view.account.account.currency;
        let list = |rows: &[PreviewRow]| rows.iter().map(|row| Line::of(row, currency, today)).collect::<Vec<_>>();
        let mut lines = Vec::new();
        let mut told = |icon, rows: i64, one: &str, many: &str, more: &str| {
            if rows > 0 {
                lines.push((icon, format!("{}{more}", today.counted(rows, one, many))));
            }
        };
        let sum = format!(", {} in all", today.signed(preview.added_minor, currency));
        told("plus", counts.added, "row is new", "rows are new", &sum);
        told("check", counts.known, "row is there already", "rows are there already", "");
        told("pen", counts.matched, "row meets one that you typed", "rows meet ones that you typed", "");
        told("check", counts.settled, "row books a pending one", "rows book pending ones", "");
        let uncertain = ": taken for ones that are there by amount and day alone";
        told("help", counts.by_money, "of these is uncertain", "of these are uncertain", uncertain);
        let dismissed = match counts.dismissed {
            0 => String::new(),
            some => format!(": {} you had taken out of the books", today.grouped(some)),
        };
        told("lock", counts.left_out, "row stays out", "rows stay out", &dismissed);
        let refused = of(preview.refused_total);
        told("warn", refused, "line cannot be read", "lines cannot be read", "");
        let (one, many) = (
            "line is pending and stays out until a file has it booked",
            "lines are pending and stay out until a file has them booked",
        );
        told("leave", of(preview.pending), one, many, "");
        told("leave", of(preview.void), "line says that no money moved", "lines say that no money moved", "");
        if view.account.status.bank_account.is_none() {
            let checks = ": the books are checked against it";
            told("check", of(preview.balance_days), "day has a balance", "days have a balance", checks);
        }
        let around = of(preview.before + preview.behind);
        told("leave", around, "line around the rows is passed over", "lines around the rows are passed over", "");
        lines.extend(preview.balances_left_out.clone().map(|says| ("warn", says)));
        Self {
            period: preview.days.map(|(from, to)| format!("{} to {}", today.long_day(from), today.long_day(to))),
            lines,
            added_more: counts.added - i64::try_from(preview.added.len().min(MOST_LISTED)).unwrap_or(0),
            added: list(&preview.added[..preview.added.len().min(MOST_LISTED)]),
            by_money: list(&preview.by_money),
            left_out: list(&preview.left_out),
            refused: preview.refused.iter().map(Refusal::in_words).collect(),
            refused_more: preview.refused_total - preview.refused.len(),
            refused_says: refused_says(refused, today),
            as_of: view.changed_at.as_microsecond(),
            button: view
                .brings_anything()
                .then(|| format!("Import {}", what_comes(counts, view.new_balance_days(), today))),
        }
    }
}

impl Line {
    fn of(row: &PreviewRow, currency: Currency, today: &Today) -> Self {
        Self {
            number: row.line.to_string(),
            day: today.long_day(row.dated_on),
            payee: row.payee.clone().unwrap_or_else(|| "No payee".to_owned()),
            note: row.note.clone().unwrap_or_default(),
            amount: today.signed(row.minor, currency),
            reason: row.reason.clone(),
        }
    }
}
