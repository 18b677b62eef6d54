//! Reconcile against small books in memory that apply plans the way the store does.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use jiff::civil::{Date, date};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::amount::{Amount, Currency};
use crate::row::{Counterparty, RowId, fingerprint_text};

/// What the bank sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sent {
    status: RowStatus,
    day: i16,
    minor: i64,
    payee: &'static str,
    id: Option<String>,
    reference: Option<&'static str>,
}

fn booked(day: i16, minor: i64, payee: &'static str) -> Sent {
    Sent { status: RowStatus::Booked, day, minor, payee, id: None, reference: None }
}

fn pending(day: i16, minor: i64, payee: &'static str) -> Sent {
    Sent { status: RowStatus::Pending, ..booked(day, minor, payee) }
}

impl Sent {
    fn id(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }

    fn reference(self, reference: &'static str) -> Self {
        Self { reference: Some(reference), ..self }
    }

    fn date(&self) -> Date {
        date(2026, 1, 1).checked_add(jiff::Span::new().days(self.day)).unwrap()
    }

    fn row(&self) -> Row {
        Row {
            status: self.status,
            ids: self
                .id
                .iter()
                .map(|id| RowId { kind: RowIdKind::Bank, value: id.clone() })
                .chain(self.reference.map(|text| RowId { kind: RowIdKind::Reference, value: text.to_owned() }))
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
        }
    }
}

fn digest(value: impl Hash) -> Digest {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    Digest(u128::from(hasher.finish()).to_be_bytes())
}

struct FeedRow {
    known: Known,
    raw: Sent,
    version: FeedRowVersionId,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    status: RowStatus,
    minor: i64,
    dated_on: Date,
    payee: Option<String>,
    category: Option<&'static str>,
    claimed: bool,
}

#[derive(Default)]
struct Books {
    feed_rows: Vec<FeedRow>,
    transactions: BTreeMap<TransactionId, Standing>,
    next: u128,
    /// What earlier fetches brought that broke off.
    left_over: Vec<Sent>,
    start_on: Option<Date>,
    distrusted: Vec<RowIdKind>,
    /// Whether pending rows stay out of the books.
    shows_booked_only: bool,
}

impl Books {
    fn fresh<T: From<Uuid>>(&mut self) -> T {
        self.next += 1;
        T::from(Uuid::from_u128(self.next))
    }

    fn type_in(&mut self, day: i16, minor: i64, payee: &'static str) -> TransactionId {
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

    fn sync(&mut self, rows: &[Sent], from: i16) -> Plan {
        self.sync_within(rows, Some(Coverage { from: Some(booked(from, 0, "").date()), to: None }))
    }

    fn sync_within(&mut self, rows: &[Sent], booked_coverage: Option<Coverage>) -> Plan {
        // Ingest: the nth row with the same bytes is the nth feed row with these bytes.
        for feed_row in &mut self.feed_rows {
            feed_row.known.seen = false;
        }
        let mut arrived = Vec::new();
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
                None => (self.fresh(), None),
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
        let typed = self.transactions.iter().filter(|(_, standing)| !standing.claimed).map(|(id, standing)| Typed {
            transaction: *id,
            minor: standing.minor,
            dated_on: standing.dated_on,
            payee_folded: standing.payee.as_deref().map(fold),
        });
        let snapshot = Snapshot {
            known: self.feed_rows.iter().map(|feed_row| feed_row.known.clone()).collect(),
            arrived: arrived.iter().map(|(arrived, _)| arrived.clone()).collect(),
            typed: typed.collect(),
            policy: Policy {
                currency: "EUR".parse().unwrap(),
                start_on: self.start_on,
                history_from: self.start_on,
                locked_through: None,
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

    fn apply(&mut self, plan: &Plan, arrived: &[(Arrived, Sent)]) {
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
                is_in_books: matches!(claim, Some((ClaimState::Applied, _))),
                is_settled: false,
            };
            self.feed_rows.retain(|existing| existing.known.feed_row != feed_row);
            self.feed_rows.push(FeedRow { known, raw: sent.clone(), version: row.version });
        }
        for vanished in &plan.vanished {
            let feed_row = self.feed_rows.iter_mut().find(|row| row.known.feed_row == vanished.feed_row).unwrap();
            feed_row.known.claim = Some((ClaimState::Superseded, vanished.transaction));
            feed_row.known.is_in_books = false;
            let transaction = vanished.transaction.unwrap();
            let gone = self.transactions.remove(&transaction).unwrap();
            self.graveyard_keeps(gone);
        }
    }

    fn claim_of(&self, feed_row: Option<FeedRowId>) -> Option<(ClaimState, Option<TransactionId>)> {
        self.feed_rows.iter().find(|row| Some(row.known.feed_row) == feed_row)?.known.claim
    }

    /// The store marks rows as deleted instead of forgetting them; here nothing reads them again.
    #[expect(clippy::unused_self, reason = "it documents what the store does")]
    fn graveyard_keeps(&self, _gone: Standing) {}

    fn delete(&mut self, id: TransactionId) {
        self.transactions.remove(&id);
        for feed_row in &mut self.feed_rows {
            if feed_row.known.claim.is_some_and(|(_, transaction)| transaction == Some(id)) {
                feed_row.known.claim = Some((ClaimState::Dismissed, None));
            }
        }
    }

    fn rows(&self) -> Vec<(RowStatus, i64, &str)> {
        let mut rows: Vec<_> = self
            .transactions
            .values()
            .map(|standing| (standing.status, standing.minor, standing.payee.as_deref().unwrap_or("")))
            .collect();
        rows.sort_unstable();
        rows
    }
}

fn standing(entry: &Entry, category: Option<&'static str>) -> Standing {
    Standing {
        status: entry.status,
        minor: entry.minor,
        dated_on: entry.dated_on,
        payee: entry.payee.clone(),
        category,
        claimed: true,
    }
}

const B: RowStatus = RowStatus::Booked;
const P: RowStatus = RowStatus::Pending;

#[test]
fn two_equal_coffees_are_two_rows() {
    let mut books = Books::default();
    let coffees = [booked(1, -280, "Café"), booked(1, -280, "Café")];
    books.sync(&coffees[..1], 0);
    books.sync(&coffees, 0);
    assert_eq!(books.rows(), [(B, -280, "Café"), (B, -280, "Café")]);
    assert_eq!(books.sync(&coffees, 0).counts(2).added, 0);
}

#[test]
fn reissued_ids_double_nothing() {
    let mut books = Books::default();
    for round in ["a", "b", "c", "d", "e"] {
        let rows = [
            booked(1, -280, "Café").id(&format!("{round}1")),
            booked(1, -280, "Café").id(&format!("{round}2")),
            booked(2, 1500, "Jennifer").id(&format!("{round}3")),
        ];
        books.sync(&rows, 0);
        assert_eq!(books.rows().len(), 3, "round {round}");
    }
}

#[test]
fn positional_ids_with_a_late_insert_relabel_nothing() {
    let mut books = Books::default();
    books.sync(&[booked(1, 1500, "Salary").id("1"), booked(1, -900, "Market").id("2")], 0);
    // A late row pushes the others down by one: every id now belongs to another row.
    let late = [booked(1, -50, "Kiosk").id("1"), booked(1, 1500, "Salary").id("2"), booked(1, -900, "Market").id("3")];
    let before = books.transactions.clone();
    let plan = books.sync(&late, 0);
    assert_eq!(books.rows(), [(B, -900, "Market"), (B, -50, "Kiosk"), (B, 1500, "Salary")]);
    assert_eq!((plan.counts(0).added, plan.counts(0).held_back), (1, 0));
    assert!(before.iter().all(|(id, standing)| books.transactions[id] == *standing), "each is who it was");
}

#[test]
fn trust_in_ids_is_lost_where_two_answers_disagree() {
    let distrust = |plan: &Plan| {
        let only = |kind: &RowIdKind| *kind == RowIdKind::Bank;
        plan.evidence.iter().filter(|(kind, _)| only(kind)).find_map(|(_, shown)| shown.distrust())
    };
    let mut books = Books::default();
    let page = [booked(1, 1500, "Salary").id("1"), booked(2, -900, "Market").id("2"), booked(3, -50, "Kiosk").id("3")];
    assert_eq!(distrust(&books.sync(&page, 0)), None);
    assert_eq!(distrust(&books.sync(&page, 0)), None);
    // One row that the bank made anew says nothing about the others.
    let anew = [page[0].clone(), page[1].clone(), booked(3, -50, "Kiosk").id("4")];
    assert_eq!(distrust(&books.sync(&anew, 0)), None);
    let reissued =
        [booked(1, 1500, "Salary").id("a"), booked(2, -900, "Market").id("b"), booked(3, -50, "Kiosk").id("c")];
    assert_eq!(distrust(&books.sync(&reissued, 0)), Some(Distrust::Reissued));
    // A text that changed under an id that stayed is still the same row.
    let plan = books.sync(&[reissued[0].clone(), booked(2, -900, "Market Square").id("b"), reissued[2].clone()], 0);
    assert!(matches!(plan.decisions[0].action, Action::Update(..)), "{plan:?}");
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn an_id_that_went_over_to_another_row_holds_none_back_any_more() {
    let mut books = Books::default();
    books.sync(&[booked(1, 1500, "Salary").id("1"), booked(1, -900, "Market").id("2")], 0);
    let late = [booked(1, -50, "Kiosk").id("1"), booked(1, 1500, "Salary").id("2"), booked(1, -900, "Market").id("3")];
    let plan = books.sync(&late, 0);
    let bank = plan.evidence.iter().find(|(kind, _)| *kind == RowIdKind::Bank);
    assert_eq!(bank.and_then(|(_, shown)| shown.distrust()), Some(Distrust::Reused));
    // The market's row is not in this answer any more; its id is, on another.
    let plan = books.sync_within(
        &[booked(2, -70, "Bakery").id("3")],
        Some(Coverage { from: Some(booked(2, 0, "").date()), to: None }),
    );
    assert_eq!(plan.decisions[0].reason, Reason::New);
    assert_eq!(books.rows().len(), 4);
}

#[test]
fn positional_ids_with_a_late_insert_of_the_same_amount_relabel_nothing() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("1-1")], 0);
    let cafe = *books.transactions.keys().next().unwrap();
    books.sync(&[booked(1, -280, "Kiosk").id("1-1"), booked(1, -280, "Café").id("1-2")], 0);
    assert_eq!(books.transactions[&cafe].payee.as_deref(), Some("Café"));
    assert_eq!(books.rows(), [(B, -280, "Café"), (B, -280, "Kiosk")]);
}

#[test]
fn a_page_that_comes_twice_doubles_nothing() {
    let mut books = Books::default();
    let page = [booked(1, -280, "Café").id("a"), booked(1, -280, "Café").id("b"), pending(2, -990, "Cinema").id("p")];
    let twice = [page.clone(), page.clone()].concat();
    let plan = books.sync(&twice, 0);
    assert_eq!(books.rows(), [(P, -990, "Cinema"), (B, -280, "Café"), (B, -280, "Café")]);
    assert_eq!(plan.counts(0).left_alone, 3);
    assert!(plan.set_aside.iter().all(|aside| aside.of.is_some() && aside.reason == Reason::SentTwice));
    // Also when only a later answer repeats itself, and when the one after does not.
    books.sync(&twice, 0);
    books.sync(&page, 0);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn equal_rows_under_an_id_that_means_nothing_are_twins() {
    let mut books = Books::default();
    let rows = [booked(1, -280, "Café").id("0"), booked(1, -280, "Café").id("0"), booked(2, -990, "Cinema").id("0")];
    books.sync(&rows, 0);
    books.sync(&rows, 0);
    assert_eq!(books.rows(), [(B, -990, "Cinema"), (B, -280, "Café"), (B, -280, "Café")]);
}

#[test]
fn what_a_broken_fetch_left_over_doubles_nothing() {
    for coverage in [Some(Coverage { from: Some(booked(0, 0, "").date()), to: None }), None] {
        // Two attempts broke off, and each time the bank called the row otherwise. One row only they have shown.
        let left_over =
            vec![booked(1, -280, "Café").id("a"), booked(1, -280, "Café").id("b"), booked(3, -990, "Cinema").id("c")];
        let mut books = Books { left_over, ..Books::default() };
        let plan = books.sync_within(&[booked(1, -280, "Café").id("d")], coverage);
        let left_over = plan.set_aside.iter().filter(|aside| aside.reason == Reason::LeftOver).count();
        match coverage {
            Some(_) => assert_eq!((books.rows().len(), left_over), (1, 3), "a whole answer says all there is"),
            None => assert_eq!((books.rows().len(), left_over), (2, 2), "half an answer takes nothing away"),
        }
    }
}

#[test]
fn an_id_that_moves_on_is_no_clash_and_one_that_disagrees_is() {
    let mut books = Books::default();
    books.sync(&[booked(1, 1500, "Salary").id("1")], 0);
    let plan = books.sync(&[booked(1, -50, "Kiosk").id("1")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::IdDisagrees { kind: RowIdKind::Bank });
    assert_eq!(books.rows(), [(B, 1500, "Salary")]);
}

#[test]
fn a_reference_of_a_series_names_no_row_at_the_edge_of_the_window() {
    let mut books = Books::default();
    let coffee = |day| booked(day, -280, "Café").reference("CARD");
    books.sync(&[coffee(1), coffee(3)], 0);
    // Both stand before the window; the third is three days from the second.
    books.sync(&[coffee(6)], 5);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn unrelated_rows_that_share_an_id_both_come_in() {
    let mut books = Books::default();
    let rows = [booked(1, -280, "Café").id("0"), booked(2, -990, "Cinema").id("0")];
    books.sync(&rows, 0);
    books.sync(&rows, 0);
    assert_eq!(books.rows(), [(B, -990, "Cinema"), (B, -280, "Café")]);
}

#[test]
fn a_reference_that_recurs_names_no_row() {
    let mut books = Books::default();
    let wage = |day, id: &str| booked(day, 120_000, "Werft Nord").id(id).reference("WAGE");
    books.sync(&[wage(1, "a")], 0);
    // Two weeks and a month later; the earlier rows are not in the window any more.
    books.sync(&[wage(15, "b")], 5);
    books.sync(&[wage(31, "c")], 21);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn a_pending_row_that_names_nobody_settles_under_any_name() {
    let mut books = Books::default();
    books.sync(&[pending(1, -990, "")], 0);
    let plan = books.sync(&[booked(3, -990, "Rewe")], 0);
    assert_eq!(plan.counts(0).settled, 1);
    assert_eq!(books.rows(), [(B, -990, "Rewe")]);
}

#[test]
fn an_id_whose_content_disagrees_is_held_back() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("x")], 0);
    let plan = books.sync(&[booked(1, -820, "Café").id("x")], 0);
    assert_eq!(plan.decisions[0].action, Action::Hold);
    assert_eq!(books.rows(), [(B, -280, "Café")]);
}

#[test]
fn another_text_settles_no_doubt_about_an_id() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("x")], 0);
    books.sync(&[booked(1, -820, "Cinema").id("x")], 0);
    let plan = books.sync(&[booked(1, -820, "Cinema on Kai").id("x")], 0);
    assert_eq!(plan.decisions[0].action, Action::Hold);
    assert_eq!(books.rows(), [(B, -280, "Café")]);
    // Under an id of its own it is a row of its own.
    books.sync(&[booked(1, -820, "Cinema on Kai").id("y")], 0);
    assert_eq!(books.rows(), [(B, -820, "Cinema on Kai"), (B, -280, "Café")]);
}

#[test]
fn an_id_of_several_rows_in_the_books_raises_no_doubt() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("x"), booked(2, -990, "Cinema").id("x")], 0);
    let plan = books.sync(&[booked(20, -440, "Kiosk").id("x")], 15);
    assert_eq!(plan.counts(0).added, 1);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn a_changed_text_under_the_same_id_updates_the_row() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "CAFE 123").id("x")], 0);
    let plan = books.sync(&[booked(1, -280, "Café am Kai").id("x")], 0);
    assert!(matches!(plan.decisions[0].action, Action::Update(..)));
    assert_eq!(books.rows(), [(B, -280, "Café am Kai")]);
}

#[test]
fn a_date_that_shifts_by_a_day_is_the_same_row() {
    let mut books = Books::default();
    books.sync(&[booked(3, -280, "Café"), booked(4, -280, "Café")], 0);
    books.sync(&[booked(2, -280, "Café"), booked(3, -280, "Café")], 0);
    assert_eq!(books.rows().len(), 2);
    books.sync(&[booked(2, -280, "Café"), booked(3, -280, "Café"), booked(6, -280, "Café")], 0);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn a_pending_row_settles_and_keeps_what_people_wrote() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Emperor's Burgers")], 0);
    books.transactions.values_mut().next().unwrap().category = Some("eating out");
    let plan = books.sync(&[booked(3, -1000, "Emperor's Burgers").id("b1")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::Settled { days: 2 });
    assert_eq!(books.rows(), [(B, -1000, "Emperor's Burgers")]);
    assert_eq!(books.transactions.values().next().unwrap().category, Some("eating out"));
}

#[test]
fn a_terminal_text_settles_into_the_name_it_holds() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "RESERVED PAYMENT EMPEROR'S BURGERS 12")], 0);
    let plan = books.sync(&[booked(2, -1000, "Emperor's Burgers").id("b")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::Settled { days: 1 });
    books.sync(&[pending(5, -700, "Cinema")], 0);
    let plan = books.sync(&[booked(6, -700, "Market").id("c")], 0);
    assert_eq!((plan.counts(0).added, plan.vanished.len()), (1, 1));
}

#[test]
fn a_pending_row_that_is_still_shown_does_not_settle() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Burgers")], 0);
    books.sync(&[pending(1, -1000, "Burgers"), booked(2, -1000, "Burgers").id("other")], 0);
    assert_eq!(books.rows(), [(P, -1000, "Burgers"), (B, -1000, "Burgers")]);
}

#[test]
fn a_pending_row_that_vanishes_leaves_the_books_and_may_come_back() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Burgers")], 0);
    assert_eq!(books.sync(&[], 0).vanished.len(), 1);
    assert_eq!(books.rows(), []);
    let plan = books.sync(&[pending(1, -1000, "Burgers")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::CameBack);
    assert_eq!(books.rows(), [(P, -1000, "Burgers")]);
}

#[test]
fn a_tip_replaces_the_pending_row_and_doubles_nothing() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Burgers")], 0);
    let plan = books.sync(&[booked(2, -1150, "Burgers").id("b")], 0);
    assert_eq!((plan.counts(0).added, plan.vanished.len()), (1, 1));
    assert_eq!(books.rows(), [(B, -1150, "Burgers")]);
}

#[test]
fn a_typed_row_is_matched_same_payee_first() {
    let mut books = Books::default();
    let other = books.type_in(5, -9600, "Somebody else");
    let same = books.type_in(1, -9600, "Stadtwerke");
    let plan = books.sync(&[booked(5, -9600, "STADTWERKE").id("b")], 0);
    assert!(matches!(plan.decisions[0].action, Action::Match(id, _) if id == same));
    assert_eq!(plan.decisions[0].reason, Reason::Typed { same_payee: true, days: 4 });
    assert!(!books.transactions[&other].claimed);
    assert_eq!(books.transactions[&same].category, Some("typed"));
}

#[test]
fn a_typed_row_more_than_seven_days_away_is_another_one() {
    let mut books = Books::default();
    books.type_in(1, -9600, "Stadtwerke");
    books.sync(&[booked(9, -9600, "Stadtwerke").id("b")], 0);
    assert_eq!(books.rows().len(), 2);
}

#[test]
fn what_was_deleted_stays_deleted() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("a")], 0);
    let id = *books.transactions.keys().next().unwrap();
    books.delete(id);
    books.sync(&[booked(1, -280, "Café").id("a")], 0);
    let plan = books.sync(&[booked(1, -280, "Café").id("reissued")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::StaysDismissed);
    assert_eq!(books.rows(), []);
}

#[test]
fn rows_before_the_start_stay_out_and_an_older_start_moves_the_opening() {
    let mut books = Books { start_on: Some(booked(5, 0, "").date()), ..Books::default() };
    let rows = [booked(4, -100, "Old").id("1"), booked(5, -200, "New").id("2")];
    books.sync(&rows, 0);
    assert_eq!(books.rows(), [(B, -200, "New")]);
    books.start_on = Some(booked(1, 0, "").date());
    let plan = books.sync(&rows, 0);
    assert_eq!(plan.counts(1).added, 1);
    assert_eq!(books.rows(), [(B, -200, "New"), (B, -100, "Old")]);
}

#[test]
fn half_an_answer_doubles_nothing_and_a_whole_one_brings_the_twin() {
    let mut books = Books::default();
    let (first, second) = (booked(1, -280, "Café").id("a"), booked(1, -280, "Café").id("b"));
    books.sync(std::slice::from_ref(&first), 0);
    // Half an answer shows a coffee under another id. It may be the first one, or a second one.
    books.sync_within(std::slice::from_ref(&second), None);
    assert_eq!(books.rows().len(), 1);
    books.sync(&[first, second], 0);
    assert_eq!(books.rows().len(), 2);
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ids {
    Stable,
    Reissued,
    Missing,
}

fn truth() -> impl Strategy<Value = Vec<(i16, i16, i64, &'static str)>> {
    let payees = prop::sample::select(vec!["Café", "Market", ""]);
    let minors = prop::sample::select(vec![-280_i64, -280, -990, 1500]);
    prop::collection::vec((0_i16..30, 0_i16..4, minors, payees), 0..40)
}

fn shown(truth: &[(i16, i16, i64, &'static str)], ids: Ids, round: i16, from: i16, today: i16) -> Vec<Sent> {
    truth
        .iter()
        .enumerate()
        .filter(|(_, (day, late, ..))| *day >= from && day + late <= today)
        .map(|(index, (day, _, minor, payee))| {
            let row = booked(*day, *minor, payee);
            match ids {
                Ids::Stable => row.id(&format!("id{index}")),
                Ids::Reissued => row.id(&format!("id{round}-{index}")),
                Ids::Missing => row,
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_doubled(
        truth in truth(),
        ids in prop::sample::select(vec![Ids::Stable, Ids::Reissued, Ids::Missing]),
        steps in prop::collection::vec(1_i16..6, 1..10),
    ) {
        let mut books = Books::default();
        let mut today = 0;
        for (round, step) in steps.iter().enumerate() {
            let from = if round == 0 { 0 } else { (today - 10).max(0) };
            today += step;
            let rows = shown(&truth, ids, i16::try_from(round).unwrap(), from, today);
            books.sync(&rows, from);
            let mut expected: Vec<_> =
                shown(&truth, ids, 0, 0, today).iter().map(|row| (row.status, row.minor, row.payee)).collect();
            expected.sort_unstable();
            prop_assert_eq!(books.rows(), expected, "after day {}", today);
        }
    }

    #[test]
    fn planning_a_window_again_changes_nothing(
        truth in truth(),
        ids in prop::sample::select(vec![Ids::Stable, Ids::Reissued, Ids::Missing]),
    ) {
        let mut books = Books::default();
        books.sync(&shown(&truth, ids, 0, 0, 40), 0);
        let before = books.transactions.clone();
        let plan = books.sync(&shown(&truth, ids, 1, 0, 40), 0);
        prop_assert_eq!(plan.counts(0).added, 0);
        prop_assert!(plan.vanished.is_empty());
        prop_assert_eq!(before, books.transactions);
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(
        truth in truth(),
        typed in prop::collection::vec((0_i16..30, prop::sample::select(vec![-280_i64, -990])), 0..6),
        shuffle in any::<prop::sample::Index>(),
    ) {
        let run = |turn: usize| {
            let mut books = Books::default();
            for (day, minor) in &typed {
                books.type_in(*day, *minor, "Market");
            }
            books.sync(&shown(&truth, Ids::Stable, 0, 0, 15), 0);
            let mut rows = shown(&truth, Ids::Stable, 1, 5, 40);
            if !rows.is_empty() {
                let turn = turn % rows.len();
                rows.rotate_left(turn);
                rows[turn..].reverse();
            }
            books.sync(&rows, 5);
            let mut standing: Vec<_> = books.transactions.into_values().collect();
            standing.sort();
            standing
        };
        prop_assert_eq!(run(0), run(shuffle.index(1000)));
    }
}

#[test]
fn where_only_booked_rows_are_shown_pending_ones_leave_wait_and_settle_once() {
    let mut books = Books::default();
    let shown = [pending(1, -1000, "Burgers"), pending(2, -700, "Cinema"), booked(1, -50, "Kiosk").id("k")];
    books.sync(&shown, 0);
    books.shows_booked_only = true;
    assert_eq!(books.sync(&shown, 0).counts(0).vanished, 2);
    assert_eq!(books.rows(), [(B, -50, "Kiosk")]);
    let again = books.sync(&shown, 0);
    assert_eq!((again.counts(0).vanished, again.counts(0).added), (0, 0), "what is outside leaves once");
    books.sync(&[booked(3, -1000, "Burgers").id("b"), shown[1].clone(), shown[2].clone()], 0);
    assert_eq!(books.rows(), [(B, -1000, "Burgers"), (B, -50, "Kiosk")]);
    books.shows_booked_only = false;
    books.sync(&[booked(3, -1000, "Burgers").id("b"), shown[1].clone(), shown[2].clone()], 0);
    assert_eq!(books.rows(), [(P, -700, "Cinema"), (B, -1000, "Burgers"), (B, -50, "Kiosk")]);
}
