//! Small books in memory that apply plans the way the store does.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::amount::{Amount, Currency};
use crate::reconcile::*;
use crate::row::{Counterparty, RowId, fingerprint_text};

/// What the bank sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sent {
    pub(super) status: RowStatus,
    pub(super) day: i16,
    pub(super) minor: i64,
    pub(super) payee: &'static str,
    pub(super) id: Option<String>,
    pub(super) reference: Option<&'static str>,
    pub(super) provider_id: Option<&'static str>,
    pub(super) is_placeholder: bool,
}

pub(super) fn booked(day: i16, minor: i64, payee: &'static str) -> Sent {
    Sent {
        status: RowStatus::Booked,
        day,
        minor,
        payee,
        id: None,
        reference: None,
        provider_id: None,
        is_placeholder: false,
    }
}

pub(super) fn pending(day: i16, minor: i64, payee: &'static str) -> Sent {
    Sent { status: RowStatus::Pending, ..booked(day, minor, payee) }
}

impl Sent {
    pub(super) fn id(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }

    pub(super) fn reference(self, reference: &'static str) -> Self {
        Self { reference: Some(reference), ..self }
    }

    /// In the place of rows that the provider does not have.
    pub(super) fn placeholder(self) -> Self {
        Self { is_placeholder: true, ..self }
    }

    /// With an id of the provider beside the bank's.
    pub(super) fn provider_id(self, id: &'static str) -> Self {
        Self { provider_id: Some(id), ..self }
    }

    pub(super) fn date(&self) -> Date {
        date(2026, 1, 1).checked_add(jiff::Span::new().days(self.day)).unwrap()
    }

    pub(super) fn row(&self) -> Row {
        Row {
            status: self.status,
            ids: self
                .id
                .iter()
                .map(|id| RowId { kind: RowIdKind::Bank, value: id.clone() })
                .chain(self.reference.map(|text| RowId { kind: RowIdKind::Reference, value: text.to_owned() }))
                .chain(self.provider_id.map(|text| RowId { kind: RowIdKind::Provider, value: text.to_owned() }))
                .collect(),
            booked_on: (self.status == RowStatus::Booked).then(|| self.date()),
            value_on: Some(self.date()),
            transacted_on: None,
            dated_on: None,
            happened_at: None,
            amount: Amount::new(self.minor, Currency::iso("EUR").unwrap()),
            counterparty: Counterparty { name: (!self.payee.is_empty()).then(|| self.payee.to_owned()), account: None },
            remittance: None,
            balance_after: None,
            original_amount: None,
            instalment: None,
            bill: None,
            end_to_end: None,
            is_placeholder: self.is_placeholder,
            creditor: None,
            provider_category: None,
        }
    }
}

pub(super) fn digest(value: impl Hash) -> Digest {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    Digest(u128::from(hasher.finish()).to_be_bytes())
}

pub(super) struct FeedRow {
    pub(super) known: Known,
    pub(super) raw: Sent,
    pub(super) version: FeedRowVersionId,
    /// As it was told before.
    pub(super) earlier: Vec<(Sent, FeedRowVersionId)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    pub(super) status: RowStatus,
    pub(super) minor: i64,
    pub(super) dated_on: Date,
    pub(super) payee: Option<String>,
    pub(super) category: Option<&'static str>,
    pub(super) claimed: bool,
}

#[derive(Default)]
pub(super) struct Books {
    pub(super) feed_rows: Vec<FeedRow>,
    pub(super) transactions: BTreeMap<TransactionId, Standing>,
    pub(super) next: u128,
    /// What earlier fetches brought that broke off.
    pub(super) left_over: Vec<Sent>,
    pub(super) start_on: Option<Date>,
    pub(super) distrusted: Vec<RowIdKind>,
    pub(super) locked_through: Option<Date>,
    /// Whether pending rows stay out of the books.
    pub(super) shows_booked_only: bool,
}

impl Books {
    pub(super) fn fresh<T: From<Uuid>>(&mut self) -> T {
        self.next += 1;
        T::from(Uuid::from_u128(self.next))
    }

    pub(super) fn type_in(&mut self, day: i16, minor: i64, payee: &'static str) -> TransactionId {
        let id = self.fresh();
        let row = booked(day, minor, payee);
        let standing = Standing {
            status: RowStatus::Booked,
            minor,
            dated_on: row.date(),
            payee: Some(payee.to_owned()),
            category: Some("typed"),
            claimed: false,
        };
        self.transactions.insert(id, standing);
        id
    }

    pub(super) fn sync(&mut self, rows: &[Sent], from: i16) -> Plan {
        self.sync_within(rows, Some(Coverage { from: Some(booked(from, 0, "").date()), to: None }))
    }

    pub(super) fn sync_within(&mut self, rows: &[Sent], booked_coverage: Option<Coverage>) -> Plan {
        // Ingest: the nth row with the same bytes is the nth feed row with these bytes.
        for feed_row in &mut self.feed_rows {
            feed_row.known.seen = false;
        }
        let mut arrived = Vec::new();
        // It came first.
        for sent in std::mem::take(&mut self.left_over) {
            let row = sent.row();
            let left_over = Arrived {
                version: self.fresh(),
                known_as: None,
                is_left_over: true,
                ids: row.ids.iter().map(|id| (id.kind, digest(&id.value))).collect(),
                fingerprint: digest(fingerprint_text(&row)),
                row: MappedRow::Readable(Box::new(row)),
            };
            arrived.push((left_over, sent));
        }
        let mut returned: Vec<FeedRowId> = Vec::new();
        for sent in rows {
            let again = self.feed_rows.iter_mut().find(|feed_row| {
                feed_row.raw == *sent && !feed_row.known.seen && !returned.contains(&feed_row.known.feed_row)
            });
            let stands = |known: &Known| {
                matches!(known.claim, Some((ClaimState::Applied | ClaimState::Dismissed | ClaimState::Quarantined, _)))
            };
            let (version, known_as) = match again {
                Some(feed_row) if stands(&feed_row.known) => {
                    feed_row.known.seen = true;
                    continue;
                }
                Some(feed_row) => {
                    returned.push(feed_row.known.feed_row);
                    (feed_row.version, Some(feed_row.known.feed_row))
                }
                None => {
                    let is_it = |(told, version): &(Sent, FeedRowVersionId)| {
                        told == sent && !arrived.iter().any(|(row, _): &(Arrived, Sent)| row.version == *version)
                    };
                    let mut all = self.feed_rows.iter().filter(|feed_row| !feed_row.known.seen);
                    let told = all.find_map(|feed_row| {
                        let (_, version) = feed_row.earlier.iter().find(|told| is_it(told))?;
                        Some((*version, Some(feed_row.known.feed_row)))
                    });
                    told.unwrap_or_else(|| (self.fresh(), None))
                }
            };
            let row = sent.row();
            let ids = row.ids.iter().map(|id| (id.kind, digest(&id.value))).collect();
            let fingerprint = digest(fingerprint_text(&row));
            arrived.push((
                Arrived {
                    version,
                    known_as,
                    is_left_over: false,
                    row: MappedRow::Readable(Box::new(row)),
                    ids,
                    fingerprint,
                },
                sent.clone(),
            ));
        }
        let typed = self.transactions.iter().filter(|(_, standing)| !standing.claimed).map(|(id, standing)| Typed {
            transaction: *id,
            minor: standing.minor,
            dated_on: standing.dated_on,
            payee_folded: standing.payee.as_deref().map(fold),
        });
        let snapshot = Snapshot {
            known: self.feed_rows.iter().map(|feed_row| self.known(feed_row)).collect(),
            arrived: arrived.iter().map(|(arrived, _)| arrived.clone()).collect(),
            typed: typed.collect(),
            policy: Policy {
                currency: "EUR".parse().unwrap(),
                start_on: self.start_on,
                history_from: self.start_on,
                locked_through: self.locked_through,
                pending: if self.shows_booked_only { PendingPolicy::BookedOnly } else { PendingPolicy::Shown },
                fallback_day: date(2026, 1, 1),
                booked_coverage,
                pending_complete: true,
                distrusted: self.distrusted.clone(),
            },
        };
        let plan = plan(&snapshot);
        self.apply(&plan, &arrived);
        let lost = plan.evidence.iter().filter(|(_, shown)| shown.distrust().is_some()).map(|(kind, _)| *kind);
        self.distrusted.extend(lost);
        plan
    }

    pub(super) fn known(&self, feed_row: &FeedRow) -> Known {
        let transaction = feed_row.known.claim.and_then(|(_, transaction)| self.transactions.get(&transaction?));
        let is_locked = transaction.is_some_and(|standing| Some(standing.dated_on) <= self.locked_through);
        Known { is_locked, ..feed_row.known.clone() }
    }

    pub(super) fn apply(&mut self, plan: &Plan, arrived: &[(Arrived, Sent)]) {
        let dealt_with = plan.decisions.len() + plan.set_aside.len();
        assert_eq!(dealt_with, arrived.len(), "every arrived row is decided once, or set aside");
        for decision in &plan.decisions {
            let (row, sent) = arrived.iter().find(|(row, _)| row.version == decision.version).unwrap();
            let claim = match &decision.action {
                Action::Add(entry) => {
                    let id = self.fresh();
                    self.transactions.insert(id, standing(entry, None));
                    Some((ClaimState::Applied, Some(id)))
                }
                Action::Match(id, entry) | Action::Update(id, entry) | Action::Settle(id, entry) => {
                    let category = self.transactions.get(id).and_then(|standing| standing.category);
                    self.transactions.insert(*id, standing(entry, category));
                    Some((ClaimState::Applied, Some(*id)))
                }
                Action::Leave if decision.reason == Reason::StaysDismissed => Some((ClaimState::Dismissed, None)),
                // A claim that waits outside the books goes on waiting.
                Action::Leave => self.claim_of(decision.feed_row),
                Action::Hold => Some((ClaimState::Quarantined, None)),
            };
            let MappedRow::Readable(content) = &row.row else { unreachable!() };
            let feed_row = decision.feed_row.unwrap_or_else(|| self.fresh());
            let known = Known {
                feed_row,
                ids: row.ids.clone(),
                fingerprint: row.fingerprint,
                status: content.status,
                minor: Some(content.amount.minor),
                currency: Some(content.amount.currency.code),
                day: content.day(),
                payee_folded: payee_folded(content),
                seen: true,
                claim,
                since: self.feed_rows.iter().find(|row| row.known.feed_row == feed_row).and_then(|row| row.known.since),
                is_in_books: matches!(claim, Some((ClaimState::Applied, _))),
                is_settled: false,
                is_locked: false,
                day_by_person: None,
                is_vanished: false,
                is_from_elsewhere: false,
            };
            let mut earlier = Vec::new();
            for existing in &mut self.feed_rows {
                // What turns out to be a further row is no earlier telling of this one any more.
                existing.earlier.retain(|(_, version)| *version != row.version);
                if existing.known.feed_row == feed_row {
                    earlier.append(&mut existing.earlier);
                    earlier.push((existing.raw.clone(), existing.version));
                }
            }
            earlier.retain(|(_, version)| *version != row.version);
            self.feed_rows.retain(|existing| existing.known.feed_row != feed_row);
            self.feed_rows.push(FeedRow { known, raw: sent.clone(), version: row.version, earlier });
        }
        for vanished in &plan.vanished {
            let feed_row = self.feed_rows.iter_mut().find(|row| row.known.feed_row == vanished.feed_row).unwrap();
            feed_row.known.claim = Some((ClaimState::Superseded, vanished.transaction));
            feed_row.known.is_in_books = false;
            // What was held back never stood in the books.
            let Some(transaction) = vanished.transaction else { continue };
            let gone = self.transactions.remove(&transaction).unwrap();
            self.graveyard_keeps(gone);
        }
    }

    pub(super) fn claim_of(&self, feed_row: Option<FeedRowId>) -> Option<(ClaimState, Option<TransactionId>)> {
        self.feed_rows.iter().find(|row| Some(row.known.feed_row) == feed_row)?.known.claim
    }

    /// The store marks rows as deleted instead of forgetting them; here nothing reads them again.
    #[expect(clippy::unused_self, reason = "it documents what the store does")]
    pub(super) fn graveyard_keeps(&self, _gone: Standing) {}

    /// Another connection feeds the account from now on.
    pub(super) fn move_feed(&mut self) {
        for feed_row in &mut self.feed_rows {
            feed_row.known.is_from_elsewhere = true;
        }
    }

    pub(super) fn delete(&mut self, id: TransactionId) {
        self.transactions.remove(&id);
        for feed_row in &mut self.feed_rows {
            if feed_row.known.claim.is_some_and(|(_, transaction)| transaction == Some(id)) {
                feed_row.known.claim = Some((ClaimState::Dismissed, None));
            }
        }
    }

    pub(super) fn rows(&self) -> Vec<(RowStatus, i64, &str)> {
        let mut rows: Vec<_> = self
            .transactions
            .values()
            .map(|standing| (standing.status, standing.minor, standing.payee.as_deref().unwrap_or("")))
            .collect();
        rows.sort_unstable();
        rows
    }
}

pub(super) fn standing(entry: &Entry, category: Option<&'static str>) -> Standing {
    Standing {
        status: entry.status,
        minor: entry.minor,
        dated_on: entry.dated_on,
        payee: entry.payee.clone(),
        category,
        claimed: true,
    }
}
