//! A bank account: what it has sent, and what of that no plan has decided about.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::Hasher;

use anyhow::{Context, Result};
use bankside_connect::MapContext;
use bankside_domain::reconcile::{Arrived, ClaimState, Digest, Known, Reason, Window};
use bankside_domain::row::{MappedRow, Row, RowIdKind, RowStatus, fingerprint_text};
use bankside_domain::{BankAccountId, BatchId, Currency, CurrencyCode, FeedRowId, FeedRowVersionId, Id};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::ledger::{FeedRow, Ledger};
use crate::telling::{Reader, Telling, Wire};

/// A row as it was received, with what matching needs beside it.
pub(super) struct Version {
    pub(super) row: MappedRow,
    pub(super) status: RowStatus,
    pub(super) day: Option<Date>,
    ids: Vec<(RowIdKind, Digest)>,
    fingerprint: Digest,
    /// The row that it is a content of, once that is decided.
    pub(super) feed_row: Option<FeedRowId>,
    /// What the latest plan that decided about it thought of it.
    pub(super) reason: Option<Reason>,
    /// Microseconds.
    pub(super) received_at: i64,
    /// The runs that brought it first and last, however those ended.
    shown_by: (u32, u32),
    /// The run that brought it last, unless that began anew since.
    last_seen: Option<u32>,
}

impl Version {
    /// What it says, with the bank's sign.
    fn readable(&self) -> Option<&Row> {
        match &self.row {
            MappedRow::Readable(row) => Some(row),
            MappedRow::Unreadable { .. } => None,
        }
    }

    fn id(&self, kind: RowIdKind) -> Option<Digest> {
        self.ids.iter().find(|id| id.0 == kind).map(|id| id.1)
    }

    /// As a row to decide about; it stands at this place among those of its bank account.
    fn arrived(&self, place: usize, known_as: Option<FeedRowId>, is_left_over: bool, flips_sign: bool) -> Arrived {
        Arrived {
            version: FeedRowVersionId::from(Uuid::from_u128(place as u128)),
            known_as,
            is_left_over,
            row: match &self.row {
                MappedRow::Readable(row) => MappedRow::Readable(Box::new(turned(row, flips_sign))),
                unreadable @ MappedRow::Unreadable { .. } => unreadable.clone(),
            },
            ids: self.ids.clone(),
            fingerprint: self.fingerprint,
        }
    }

    /// The feed row whose present content it is; `run` is the one that is planned for, if it is one.
    fn known(&self, run: Option<u32>, id: FeedRowId, row: &FeedRow, ledger: &Ledger) -> Known {
        let flips_sign = ledger.accounts[row.account].flips_sign;
        let content = self.readable();
        let transaction = row.claim.and_then(|(_, transaction)| ledger.rows.get(&transaction?));
        let names_counterparty = content.is_some_and(|content| content.counterparty.name.is_some());
        let payee = transaction.and_then(|row| row.standing.provider_payee).filter(|_| names_counterparty);
        let minor = content.map(|content| seen_minor(content, flips_sign));
        let stands = row.claim.is_some_and(|(state, _)| state != ClaimState::Superseded);
        Known {
            feed_row: id,
            ids: self.ids.clone(),
            fingerprint: self.fingerprint,
            status: self.status,
            minor,
            currency: content.map(|content| content.amount.currency.code),
            day: self.day,
            payee_folded: payee.map(|payee| ledger.payees.folded(payee).to_owned()),
            seen: stands && run.is_some() && self.last_seen == run,
            claim: row.claim,
            since: row.claim.map(|_| BatchId::from(Uuid::from_u128(row.since as u128))),
            is_in_books: transaction.is_some_and(|row| row.is_there && row.standing.is_from_bank()),
            is_settled: transaction.is_some_and(|transaction| {
                let is_another = minor.is_some_and(|minor| minor != transaction.standing.amount_minor);
                let may_be = row.status == RowStatus::Pending || (!stands && is_another);
                may_be && ledger.is_settled_beside(id, transaction)
            }),
            day_by_person: transaction
                .filter(|row| !row.is_there && row.by_hand().dated_on)
                .map(|row| row.standing.dated_on),
            is_vanished: row.is_vanished,
            is_from_elsewhere: false,
            is_locked: transaction.is_some_and(|row| row.is_there && ledger.is_locked(row)),
        }
    }
}

/// When rows come: the day, and the moment in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) day: Date,
    pub(super) micros: i64,
}

/// Where the rows of a bank account are read (`Reader` in `sync/ingest.rs` in the engine).
pub(super) struct Desk {
    reader: Reader,
    telling: Telling,
    account: usize,
    time_zone: TimeZone,
    currencies: HashMap<CurrencyCode, Currency>,
}

impl Desk {
    pub(super) fn of(reader: Reader, telling: Telling, account: usize) -> Result<Self> {
        let time_zone = TimeZone::get(telling.zone()).context("the zone of the bank")?;
        let mut currencies = HashMap::new();
        // Purchases abroad are in euros.
        for code in telling.tongue.currencies.into_iter().chain(["EUR"]) {
            let currency = Currency::iso(code)?;
            currencies.insert(currency.code, currency);
        }
        Ok(Self { reader, telling, account, time_zone, currencies })
    }

    fn read(&self, today: Date, wire: &Wire) -> MappedRow {
        let context = MapContext {
            institution_key: self.telling.tongue.institution,
            time_zone: &self.time_zone,
            today,
            account: self.telling.row_account(self.account),
            currencies: &self.currencies,
        };
        self.reader.read(&context, self.account, wire)
    }
}

/// A bank account with everything that it has sent.
pub(super) struct Source {
    pub(super) bank_account: BankAccountId,
    /// What the bank calls it.
    pub(super) alias: String,
    /// The first day that its feed imports.
    pub(super) import_from: Date,
    /// From where to ask again, because a batch was undone.
    pub(super) refetch_from: Option<Date>,
    /// The latest booked day that was decided about.
    pub(super) latest_booked_on: Option<Date>,
    /// The day on which rows were last put into its account; `None` while none were.
    pub(super) applied_on: Option<Date>,
    /// The latest run whose rows were put into its account.
    pub(super) latest_run: Option<u32>,
    /// In the order in which they came.
    versions: Vec<Version>,
    /// By their bytes, for which what is written in them stands here; in the order in which they came.
    by_bytes: HashMap<Wire, Vec<usize>>,
    desk: Desk,
}

impl Source {
    pub(super) fn new(bank_account: BankAccountId, alias: String, import_from: Date, desk: Desk) -> Self {
        Self {
            bank_account,
            alias,
            import_from,
            refetch_from: None,
            latest_booked_on: None,
            applied_on: None,
            latest_run: None,
            versions: Vec::new(),
            by_bytes: HashMap::new(),
            desk,
        }
    }

    /// Has the next sync ask from a day on.
    pub(super) fn ask_again(&mut self, from: Date) {
        self.refetch_from = Some(self.refetch_from.map_or(from, |before| before.min(from)));
    }

    /// A run begins anew: what it brought does not count until it comes again.
    pub(super) fn restart(&mut self, run: u32) {
        self.versions.iter_mut().filter(|version| version.last_seen == Some(run)).for_each(|version| {
            version.last_seen = None;
        });
    }

    /// Stores a page that comes now. The nth row of an answer with certain bytes is the nth stored row with these bytes (`feed_rows.rs` in the
    /// store); `came` counts them within the answer.
    pub(super) fn receive<'a>(&mut self, run: u32, now: Now, page: &'a [Wire], came: &mut HashMap<&'a Wire, usize>) {
        let mut fresh = Vec::new();
        for wire in page {
            let next = came.entry(wire).or_default();
            let occurrence = *next;
            *next += 1;
            match self.by_bytes.get(wire).and_then(|versions| versions.get(occurrence)) {
                Some(version) => {
                    let version = &mut self.versions[*version];
                    (version.last_seen, version.shown_by.1) = (Some(run), run);
                }
                None => fresh.push(wire),
            }
        }
        for wire in fresh {
            let version = self.version_of(run, now, wire);
            self.by_bytes.entry(wire.clone()).or_default().push(self.versions.len());
            self.versions.push(version);
        }
    }

    /// What is kept of a row (`received` in `sync/ingest.rs` in the engine).
    fn version_of(&self, run: u32, now: Now, wire: &Wire) -> Version {
        let row = self.desk.read(now.day, wire);
        let (day, ids, fingerprint) = match &row {
            MappedRow::Unreadable { .. } => (None, Vec::new(), digest(&format!("{wire:?}"))),
            MappedRow::Readable(row) => {
                let ids = row.ids.iter().map(|id| (id.kind, digest(&id.value))).collect();
                (row.day(), ids, digest(&fingerprint_text(row)))
            }
        };
        let status = wire.status();
        let (received_at, shown_by, last_seen) = (now.micros, (run, run), Some(run));
        Version { row, status, day, ids, fingerprint, feed_row: None, reason: None, received_at, shown_by, last_seen }
    }

    pub(super) fn version(&self, id: FeedRowVersionId) -> &Version {
        self.at(place(id))
    }

    /// The version at a place.
    pub(super) fn at(&self, place: usize) -> &Version {
        &self.versions[place]
    }

    /// The runs that brought contents of a feed row first and last.
    pub(super) fn shown(&self, id: FeedRowId) -> Option<(u32, u32)> {
        let spans = self.versions.iter().filter(|version| version.feed_row == Some(id)).map(|version| version.shown_by);
        spans.reduce(|(from, until), (other_from, other_until)| (from.min(other_from), until.max(other_until)))
    }

    /// What a version says, if it can be read, with its sign as the owner sees it.
    pub(super) fn content(&self, version: usize, flips_sign: bool) -> Option<Row> {
        self.versions[version].readable().map(|row| turned(row, flips_sign))
    }

    /// Pending rows that the latest whole answer showed, or any since, and that do not stand in the books (`pending_outside` in the store's
    /// `snapshot.rs`).
    pub(super) fn pending_outside(&self, ledger: &Ledger) -> Vec<Arrived> {
        let outside = self.versions.iter().enumerate().filter_map(|(place, version)| {
            let feed_row = version.feed_row?;
            let row = &ledger.feed_rows[&feed_row];
            let stands_outside = row.claim.is_none_or(|(state, _)| state == ClaimState::Superseded);
            let is_shown = version.last_seen.is_some() && version.last_seen >= self.latest_run;
            let waits = row.version == place && row.status == RowStatus::Pending && stands_outside && is_shown;
            let flips_sign = ledger.accounts[row.account].flips_sign;
            waits.then(|| version.arrived(place, Some(feed_row), false, flips_sign))
        });
        outside.collect()
    }

    /// Writes down what became of a version.
    pub(super) fn decide(&mut self, id: FeedRowVersionId, feed_row: Option<FeedRowId>, reason: &Reason) {
        let version = &mut self.versions[place(id)];
        version.feed_row = feed_row;
        version.reason = Some(reason.clone());
        if version.status == RowStatus::Booked && feed_row.is_some() {
            self.latest_booked_on = self.latest_booked_on.max(version.day);
        }
    }

    /// Rows that a plan has to decide about, in the order in which they came (`undecided_versions` in the store's `snapshot.rs`, which
    /// says why).
    pub(super) fn undecided(&self, run: u32, flips_sign: bool, ledger: &Ledger) -> Vec<Arrived> {
        let arrived = self.versions.iter().enumerate().filter_map(|(place, version)| {
            let came = version.last_seen == Some(run);
            let known_as = match version.feed_row {
                None => (came || (version.status == RowStatus::Booked && version.reason.is_none())).then_some(None),
                Some(feed_row) if came => self.waits(run, place, version, feed_row, ledger),
                Some(_) => None,
            }?;
            Some(version.arrived(place, known_as, !came, flips_sign))
        });
        arrived.collect()
    }

    /// Whether a version that came again waits for a decision although it is a content of a feed row, and as which it is known.
    fn waits(
        &self,
        run: u32,
        place: usize,
        version: &Version,
        feed_row: FeedRowId,
        ledger: &Ledger,
    ) -> Option<Option<FeedRowId>> {
        let row = &ledger.feed_rows[&feed_row];
        if row.version == place {
            let stands_outside = row.claim.is_none_or(|(state, _)| state == ClaimState::Superseded);
            return stands_outside.then_some(Some(feed_row));
        }
        let current = &self.versions[row.version];
        let are_booked = [version, current].iter().all(|version| version.status == RowStatus::Booked);
        let current_came = current.last_seen == Some(run);
        let differs = |kind| {
            let (mine, theirs) = (version.id(kind), current.id(kind));
            mine.is_none() || theirs.is_none() || mine != theirs
        };
        let names_itself = [RowIdKind::Provider, RowIdKind::Bank].iter().any(|kind| version.id(*kind).is_some());
        let is_another = differs(RowIdKind::Provider) && differs(RowIdKind::Bank) && names_itself;
        let waits = are_booked && (!current_came || is_another);
        waits.then_some((!current_came).then_some(feed_row))
    }

    /// Known feed rows in the window, those that share an id with a row to decide, and all pending ones.
    pub(super) fn known(
        &self,
        run: Option<u32>,
        account: usize,
        window: Option<Window>,
        arrived: &[Arrived],
        ledger: &Ledger,
    ) -> Vec<Known> {
        let ids: HashSet<(RowIdKind, Digest)> = arrived.iter().flat_map(|arrived| &arrived.ids).copied().collect();
        let is_near = |row: &FeedRow, version: &Version| {
            (row.status == RowStatus::Pending && !row.is_vanished)
                || version.day.is_some_and(|day| window.is_some_and(|window| window.contains(day)))
                || version.ids.iter().any(|id| ids.contains(id))
        };
        let of_source = ledger.feed_rows.iter().filter(|(_, row)| row.account == account);
        of_source
            .map(|(id, row)| (*id, row, &self.versions[row.version]))
            .filter(|(_, row, version)| is_near(row, version))
            .map(|(id, row, version)| version.known(run, id, row, ledger))
            .collect()
    }
}

/// A row with its sign as the owner sees it.
fn turned(row: &Row, flips_sign: bool) -> Row {
    let mut row = row.clone();
    row.amount.minor = seen_minor(&row, flips_sign);
    row
}

fn seen_minor(row: &Row, flips_sign: bool) -> i64 {
    if flips_sign { row.amount.minor.saturating_neg() } else { row.amount.minor }
}

/// The place of a version among those of its bank account.
pub(super) fn place(id: FeedRowVersionId) -> usize {
    usize::try_from(id.uuid().as_u128()).unwrap_or(usize::MAX)
}

/// Nobody is to keep it from being guessed here, so it needs no key.
fn digest(text: &str) -> Digest {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    Digest(u128::from(hasher.finish()).to_be_bytes())
}
