//! What `bankside import` says: lines for people, or one JSON object.

use std::process::ExitCode;

use bankside_domain::Amount;
use bankside_domain::statement::{FileCounts, FileStage};
use bankside_engine::FileView;
use bankside_engine::csv::Refusal;
use serde_json::{Value, json};

use crate::cli::ImportOptions;

/// Something stayed out: lines that cannot be read, or an account that could not be finished.
const PARTIAL: u8 = 3;

/// What came of a file, or would.
pub(super) struct Report {
    name: String,
    accounts: Vec<Said>,
    /// Lines of accounts that were left out.
    left_out_lines: usize,
    is_imported: bool,
    problem: Option<String>,
}

/// What came of it in one account, or would.
pub(super) struct Said {
    id: String,
    name: String,
    currency: String,
    counts: FileCounts,
    added: String,
    days: Option<(String, String)>,
    refused: Vec<Refusal>,
    refused_total: usize,
    /// Lines that are pending, and lines that say that no money moved.
    not_booked: (usize, usize),
    /// Of how many days a balance comes in that nothing has stated so yet.
    balance_days: usize,
    /// Why the balances of the file are left out, where they are.
    balances_left_out: Option<String>,
    batch: Option<String>,
    /// Why it could not be finished.
    failed: Option<String>,
}

impl Said {
    pub(super) fn of(view: &FileView) -> Self {
        let ledger = &view.account.account;
        let preview = view.preview.clone().unwrap_or_default();
        Self {
            id: ledger.id.to_string(),
            name: ledger.name.clone(),
            currency: ledger.currency.code.to_string(),
            counts: view.counts.unwrap_or_default(),
            added: Amount::new(preview.added_minor, ledger.currency).to_decimal_text(),
            days: preview.days.map(|(from, to)| (from.to_string(), to.to_string())),
            not_booked: (preview.pending, preview.void),
            balance_days: view.new_balance_days(),
            balances_left_out: preview.balances_left_out,
            refused: preview.refused,
            refused_total: preview.refused_total,
            batch: None,
            failed: None,
        }
    }

    fn line(&self, is_imported: bool) -> String {
        let FileCounts { added, matched, settled, known, by_money, left_out, dismissed, .. } = self.counts;
        let mut parts = vec![format!("{added} new ({} {})", self.added, self.currency)];
        let mut told = |count: i64, what: &str| {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        };
        told(matched, "met ones that were typed");
        told(settled, "booked pending ones");
        told(known, "there already");
        told(by_money, "of these uncertain");
        told(left_out, "left out");
        told(dismissed, "of these taken out of the books before");
        let of = |lines: usize| i64::try_from(lines).unwrap_or(i64::MAX);
        told(of(self.balance_days), "new balances");
        told(of(self.not_booked.0), "pending, left out");
        told(of(self.not_booked.1), "without a movement");
        told(of(self.refused_total), "unreadable");
        let how = match (&self.failed, is_imported) {
            (Some(_), _) => "not imported",
            (None, true) => "imported",
            (None, false) => "would be",
        };
        format!("{}: {how}: {}", self.name, parts.join(", "))
    }

    fn json(&self) -> Value {
        let FileCounts { rows, added, matched, settled, known, by_money, left_out, dismissed } = self.counts;
        let refused = |refusal: &Refusal| json!({"line": refusal.line, "column": refusal.column_name, "found": refusal.found, "says": refusal.in_words()});
        json!({
            "account": self.id,
            "name": self.name,
            "currency": self.currency,
            "from": self.days.as_ref().map(|(from, _)| from),
            "to": self.days.as_ref().map(|(_, to)| to),
            "counts": {"rows": rows, "added": added, "matched": matched, "settled": settled, "known": known,
                "uncertain": by_money, "left_out": left_out, "dismissed": dismissed, "pending": self.not_booked.0,
                "void": self.not_booked.1, "unreadable": self.refused_total},
            "new_balance_days": self.balance_days,
            "balances_left_out": self.balances_left_out,
            "added_amount": self.added,
            "unreadable": self.refused.iter().map(refused).collect::<Vec<_>>(),
            "batch": self.batch,
            "problem": self.failed,
        })
    }
}

impl Report {
    pub(super) fn of(name: &str, accounts: Vec<Said>, left_out_lines: usize) -> Self {
        Self { name: name.to_owned(), accounts, left_out_lines, is_imported: false, problem: None }
    }

    pub(super) fn failed(name: &str, problem: String) -> Self {
        Self { problem: Some(problem), ..Self::of(name, Vec::new(), 0) }
    }

    /// The same once it is imported, as far as it could be.
    pub(super) fn after(mut self, parts: &[FileView]) -> Self {
        self.is_imported = true;
        for said in &mut self.accounts {
            let Some(part) = parts.iter().find(|part| part.account.account.id.to_string() == said.id) else { continue };
            if part.stage == FileStage::Done {
                said.counts = part.counts.unwrap_or_default();
                said.batch = part.batch.map(|batch| batch.to_string());
            } else {
                said.failed = Some(part.problem.clone().unwrap_or_else(|| "it is not finished".to_owned()));
            }
        }
        self
    }

    pub(super) fn brings_anything(&self) -> bool {
        self.accounts.iter().any(|said| said.counts.changes_books() || said.balance_days > 0)
    }

    /// How many lines cannot be read.
    pub(super) fn unreadable(&self) -> usize {
        self.accounts.iter().map(|said| said.refused_total).sum()
    }

    /// Says it, and how the command ends.
    pub(super) fn tell(&self, options: &ImportOptions) -> ExitCode {
        if options.json {
            println!("{}", self.json(options));
        } else {
            for said in &self.accounts {
                println!("{}", said.line(self.is_imported));
            }
            if self.left_out_lines > 0 {
                println!("{} lines of other accounts left out", self.left_out_lines);
            }
            if self.problem.is_none() && !self.brings_anything() {
                println!("Nothing to import.");
            }
        }
        for refusal in self.accounts.iter().flat_map(|said| &said.refused) {
            eprintln!("{}", refusal.in_words());
        }
        for says in self.accounts.iter().filter_map(|said| said.balances_left_out.as_ref()) {
            eprintln!("{says}");
        }
        for failed in self.accounts.iter().filter_map(|said| said.failed.as_ref()) {
            eprintln!("bankside: {failed}");
        }
        if let Some(problem) = &self.problem {
            eprintln!("bankside: {}: {problem}", self.name);
        }
        if self.needs_leave(options) {
            eprintln!(
                "bankside: nothing is imported: some lines cannot be read (--leave-out-unreadable goes without them)"
            );
        }
        self.code(options)
    }

    /// Whether lines cannot be read and nobody has said that it goes without them.
    fn needs_leave(&self, options: &ImportOptions) -> bool {
        self.unreadable() > 0 && !options.leave_out_unreadable
    }

    fn code(&self, options: &ImportOptions) -> ExitCode {
        let are_all_failed = self.is_imported && self.accounts.iter().all(|said| said.failed.is_some());
        if self.problem.is_some() || self.needs_leave(options) || are_all_failed {
            return ExitCode::FAILURE;
        }
        if self.unreadable() > 0 || self.accounts.iter().any(|said| said.failed.is_some()) {
            return ExitCode::from(PARTIAL);
        }
        ExitCode::SUCCESS
    }

    fn json(&self, options: &ImportOptions) -> Value {
        json!({
            "file": self.name,
            "dry_run": options.dry_run,
            "imported": self.is_imported,
            "accounts": self.accounts.iter().map(Said::json).collect::<Vec<_>>(),
            "left_out_lines": self.left_out_lines,
            "problem": self.problem,
        })
    }
}
