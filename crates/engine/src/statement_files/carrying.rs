//! What the worker does about a file: read it and lay it beside the books, or bring it in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bankside_domain::reconcile::{Action, Arrived, Coverage, Entry, Plan, Reason, plan};
use bankside_domain::row::MappedRow;
use bankside_domain::statement::{FileCounts, FileStage, is_by_money, is_left_out, keep_what_stands};
use bankside_domain::{Asker, Currency, FeedRowVersionId};
use bankside_statements::csv::{self, FileProblem, Profile, ReadRow, Reading};
use bankside_store::{Account, DueFile, FileRows, FileTried, ReceivedRow, StatementFile, StoreError, StoredSnapshot};
use bankside_vault::Place;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{FilePreview, FileReader, PreviewRow, place};
use crate::sync::books::{MAX_PLANS, Terms, planned_from};
use crate::sync::ingest::Stamps;
use crate::sync::worker::{LEASE, MAX_ATTEMPTS, while_held};
use crate::{Engine, EngineError};

/// So many rows of each kind are shown before a file is imported.
const MOST_SHOWN: usize = 50;
/// After so many rows others get their turn.
const ROWS_AT_ONCE: usize = 500;
/// After so many rows it is told how far the work has got.
const ROWS_PER_WORD: usize = 1_000;

/// How far a worker has got with a file, for whoever prolongs the lease meanwhile.
#[derive(Default)]
struct Progress {
    done: AtomicI64,
    total: AtomicI64,
}

impl Progress {
    fn now(&self) -> (i64, i64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// A file that has been read, with what is stored of its rows.
struct Stamped<'a> {
    rows: Vec<ReceivedRow>,
    /// The row of each version.
    read: HashMap<FeedRowVersionId, &'a ReadRow>,
    days: Option<(Date, Date)>,
}

impl Engine {
    /// Does what is to be done about a file that was claimed, while its lease is kept alive.
    pub(crate) async fn carry_out_file(&self, due: &DueFile) {
        let span = tracing::info_span!("file", id = %due.lease.id, attempt = due.lease.attempt);
        let (asker, progress) = (Asker::system(due.organization), Progress::default());
        let prolong = || self.store.prolong_statement_file(&asker, &due.lease, LEASE, progress.now());
        let both = while_held(self.carry_file(&asker, due, &progress), prolong);
        match Box::pin(tracing::Instrument::instrument(both, span)).await {
            Ok(()) => {}
            Err(EngineError::Store(StoreError::LeaseLost)) => tracing::info!("the file was given up, or taken over"),
            Err(error) => tracing::error!(%error, "a file could not be dealt with; another attempt will follow"),
        }
        self.report_progress();
    }

    async fn carry_file(&self, asker: &Asker, due: &DueFile, progress: &Progress) -> Result<(), EngineError> {
        let file = self.store.statement_file(asker, due.lease.id).await?;
        if due.lease.attempt > MAX_ATTEMPTS {
            let problem = "Reading this file was interrupted again and again. Nothing was written.";
            return Ok(self.store.end_reading_file(asker, &due.lease, Err(problem)).await?);
        }
        let account = self.store.account(asker, file.account).await?;
        let profile: Profile = serde_json::from_str(&file.profile)?;
        let reading = match self.read_file(asker, &file, &profile, account.currency).await? {
            Ok(reading) => reading,
            Err(problem) => {
                return Ok(self.store.end_reading_file(asker, &due.lease, Err(&problem.to_string())).await?);
            }
        };
        progress.total.store(count(reading.rows.len()), Ordering::Relaxed);
        self.store.prolong_statement_file(asker, &due.lease, LEASE, progress.now()).await?;
        self.report_progress();
        let stamped = self.stamp_file(asker, (due, &file), &reading, progress).await?;
        let is_kept = file.stage == FileStage::Importing;
        let balances = csv::day_balances(&reading, &profile, account.currency);
        let (plan, counts, new_balance_days) =
            self.lay_beside(asker, due, (&file, &account), (&stamped, &balances.days), is_kept).await?;
        if is_kept {
            tracing::info!(account = %account.id, ?counts, "a file is in the books");
            return Ok(());
        }
        let preview = FilePreview {
            balance_days: balances.days.len(),
            new_balance_days,
            balances_left_out: balances.contradiction.map(|contradiction| contradiction.in_words()),
            ..preview_of(&reading, &stamped, &plan)
        };
        let (key, place) = (self.file_key(asker, &file)?, place(asker, file.id, "answer"));
        let sealed = key.seal_compressed(place, &serde_json::to_vec(&preview)?, &self.ambient);
        Ok(self.store.end_reading_file(asker, &due.lease, Ok((&sealed, counts))).await?)
    }

    /// Reads a file, or of the file that it is a part of the rows of its account.
    async fn read_file(
        &self,
        asker: &Asker,
        file: &StatementFile,
        profile: &Profile,
        currency: Currency,
    ) -> Result<Result<Reading, FileProblem>, EngineError> {
        let (content, named) = if file.part_of.is_some() {
            let (content, shares) = self.content_of_part(asker, file.id).await?;
            let of_account = shares.into_iter().filter(|share| share.account == Some(file.account));
            (content, Some(of_account.map(|share| share.named).collect::<HashSet<String>>()))
        } else {
            (Arc::new(self.file_content(asker, file).await?), None)
        };
        let profile = profile.clone();
        let read = move || {
            csv::read_of(&content, &profile, currency, |account| {
                named.as_ref().is_none_or(|named| named.contains(account))
            })
        };
        // A long file would hold up everybody else on this thread.
        tokio::task::spawn_blocking(read).await.map_err(|error| EngineError::Inside(error.to_string()))
    }

    /// Makes of read rows what is stored of them.
    async fn stamp_file<'a>(
        &self,
        asker: &Asker,
        (due, file): (&DueFile, &StatementFile),
        reading: &'a Reading,
        progress: &Progress,
    ) -> Result<Stamped<'a>, EngineError> {
        let beside = self.statement_account(asker, file.account).await?;
        let key = self
            .vault
            .data_key(&beside.data_key, Place::of(asker.organization, beside.bank_account, "bank-account"))?;
        let (stamps, mut seen) = (Stamps::new(self, asker.clone()), HashMap::new());
        let mut rows = Vec::with_capacity(reading.rows.len());
        let mut read = HashMap::with_capacity(reading.rows.len());
        for chunk in newest_first(&reading.rows).chunks(ROWS_AT_ONCE) {
            for one in chunk {
                let received = stamps.received_from_file(&file.profile, &key, &mut seen, (&one.raw, &one.row));
                read.insert(received.id, *one);
                rows.push(received);
            }
            progress.done.store(count(rows.len()), Ordering::Relaxed);
            if rows.len().is_multiple_of(ROWS_PER_WORD) || rows.len() == reading.rows.len() {
                self.store.prolong_statement_file(asker, &due.lease, LEASE, progress.now()).await?;
                self.report_progress();
            }
            tokio::task::yield_now().await;
        }
        let days = || rows.iter().filter_map(|row| row.day);
        let days = days().min().zip(days().max());
        Ok(Stamped { rows, read, days })
    }

    /// Lays a file beside the books, as often as fingerprints have to be renewed first, and brings it in if it is to be kept.
    async fn lay_beside(
        &self,
        asker: &Asker,
        due: &DueFile,
        (file, account): (&StatementFile, &Account),
        (stamped, balances): (&Stamped<'_>, &[(Date, i64)]),
        is_kept: bool,
    ) -> Result<(Plan, FileCounts, usize), EngineError> {
        let reader = self.file_reader(asker, file.id).await?;
        let rows = FileRows {
            lease: &due.lease,
            account: account.id,
            person: file.person,
            name: &file.name,
            rows: &stamped.rows,
            balances,
            is_kept,
        };
        let today = self.ambient.now().to_zoned(TimeZone::UTC).date();
        for _ in 0..MAX_PLANS {
            let decide = |stored: &StoredSnapshot| planned(asker, &reader, stamped, stored, today);
            match self.store.bring_in_file(asker, rows, decide).await? {
                FileTried::Planned { plan, counts, batch, new_balances, .. } => {
                    if let Some(batch) = batch {
                        self.rows_came(asker.organization, &[batch]).await;
                    }
                    return Ok((*plan, counts, new_balances));
                }
                FileTried::Outdated(stored) => {
                    self.renew_fingerprints(asker, &stored).await?;
                }
            }
        }
        Err(StoreError::Stale.into())
    }
}

/// What the rows of a file mean for the books: as a sync would have it, without touching what stands there.
fn planned(asker: &Asker, reader: &FileReader, stamped: &Stamped<'_>, stored: &StoredSnapshot, today: Date) -> Plan {
    let arrived = stored.versions.iter().map(|version| Arrived {
        version: version.id,
        known_as: version.known_as,
        is_left_over: version.is_left_over,
        row: match stamped.read.get(&version.id) {
            Some(read) => MappedRow::Readable(Box::new(read.row.clone())),
            None => reader.open(asker, version.id, &version.raw).1,
        },
        ids: Vec::new(),
        fingerprint: version.fingerprint,
    });
    let terms = Terms {
        pending: stored.state.account.pending_policy,
        // Within its days a file shows what there is; of other days it says nothing.
        booked_coverage: stamped.days.map(|(from, to)| Coverage { from: Some(from), to: Some(to) }),
        pending_complete: false,
    };
    let snapshot = planned_from(stored, arrived.collect(), terms, today);
    let plan = plan(&snapshot);
    keep_what_stands(&snapshot, plan)
}

/// Rows as banks send them. Files are sorted in either way.
fn newest_first(rows: &[ReadRow]) -> Vec<&ReadRow> {
    let day = |row: Option<&ReadRow>| row.and_then(|row| row.row.day());
    let mut sorted: Vec<&ReadRow> = rows.iter().collect();
    if day(rows.first()) < day(rows.last()) {
        sorted.reverse();
    }
    sorted
}

fn preview_of(reading: &Reading, stamped: &Stamped<'_>, plan: &Plan) -> FilePreview {
    let mut preview = FilePreview {
        refused: reading.refused.clone(),
        refused_total: reading.refused_total,
        days: stamped.days,
        pending: reading.pending,
        void: reading.void,
        before: reading.before,
        behind: reading.behind,
        ..FilePreview::default()
    };
    let row = |version: FeedRowVersionId, reason: &Reason| {
        let read = stamped.read.get(&version)?;
        let Entry { dated_on, payee, note, minor, .. } = Entry::of(&read.row, read.row.day()?, None);
        Some(PreviewRow { line: read.line, dated_on, payee, note, minor, reason: reason.in_words() })
    };
    // As they stand in the file, and only so many of each kind.
    let first = |mut rows: Vec<(FeedRowVersionId, &Reason)>| {
        rows.sort_by_key(|(version, _)| stamped.read.get(version).map(|read| read.line));
        rows.into_iter().filter_map(|(version, reason)| row(version, reason)).take(MOST_SHOWN).collect::<Vec<_>>()
    };
    let (mut added, mut by_money, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for decision in &plan.decisions {
        let told = (decision.version, &decision.reason);
        match &decision.action {
            Action::Add(entry) | Action::Update(_, entry) => {
                preview.added_minor = preview.added_minor.saturating_add(entry.minor);
                added.push(told);
            }
            Action::Match(..) if is_by_money(&decision.reason) => by_money.push(told),
            Action::Leave | Action::Hold => left_out.push(told),
            Action::Match(..) | Action::Settle(..) => {}
        }
    }
    for aside in &plan.set_aside {
        if is_left_out(aside) {
            left_out.push((aside.version, &aside.reason));
        } else if is_by_money(&aside.reason) {
            by_money.push((aside.version, &aside.reason));
        }
    }
    FilePreview { added: first(added), by_money: first(by_money), left_out: first(left_out), ..preview }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
