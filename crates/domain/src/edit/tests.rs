use jiff::civil::date;

use super::*;
use crate::batch::plan_undo;

fn id<I: Id>(number: u128) -> I {
    I::from(Uuid::from_u128(number))
}

fn line(number: u128, amount_minor: i64) -> Line {
    let tags = BTreeSet::new();
    Line { id: id(number), amount_minor, category: None, note: None, provider_note: None, tags }
}

/// A typed row of −100.
fn typed() -> Standing {
    Standing {
        id: id(1),
        account: id(2),
        currency: "EUR".parse().unwrap(),
        status: RowStatus::Booked,
        amount_minor: -10_000,
        dated_on: date(2026, 11, 18),
        payee: Some(id(3)),
        payee_name: Some("Bauhof 24".to_owned()),
        provider_dated_on: None,
        provider_payee: None,
        cleared_at: None,
        reconciled_at: None,
        reviewed_at: Some(1),
        lines: vec![line(4, -10_000)],
        layers: BTreeMap::new(),
        rule_layers: BTreeMap::new(),
    }
}

/// The same, as a bank sent it.
fn from_bank() -> Standing {
    let lines = vec![Line { note: Some("Card".into()), provider_note: Some("Card".into()), ..line(4, -10_000) }];
    let (provider_dated_on, provider_payee) = (Some(date(2026, 11, 18)), Some(id(3)));
    Standing { provider_dated_on, provider_payee, reviewed_at: None, lines, ..typed() }
}

const AROUND: Circumstances = Circumstances { now: 9, locked_through: None, unlocks: false };

fn plan(row: &Standing, wanted: &Wanted) -> Result<Vec<Change>, Refused> {
    plan_edit(row, wanted, &Seen::default(), AROUND)
}

fn fields(changes: &[Change]) -> Vec<(&str, Option<&str>, Option<&str>)> {
    changes.iter().map(|c| (c.field.as_str(), c.before.as_deref(), c.after.as_deref())).collect()
}

#[test]
fn what_a_person_writes_stands_in_their_layer_and_counts_as_looked_at() {
    let wanted = Wanted { note: Some(Some("Paint".into())), ..Wanted::default() };
    assert_eq!(
        fields(&plan(&from_bank(), &wanted).unwrap()),
        [("layer:note", None, Some("=Paint")), ("note", Some("Card"), Some("Paint")), ("reviewed_at", None, Some("9")),]
    );
}

#[test]
fn blank_is_a_value_and_what_holds_already_changes_nothing() {
    let blank = Wanted { note: Some(None), ..Wanted::default() };
    assert_eq!(fields(&plan(&from_bank(), &blank).unwrap())[0], ("layer:note", None, Some("=")));
    let same = Wanted { note: Some(Some("Card".into())), payee: Some(Some(id(3))), ..Wanted::default() };
    assert_eq!(plan(&from_bank(), &same).unwrap(), []);
}

#[test]
fn a_field_that_says_again_what_the_bank_says_is_the_banks_again() {
    let mut row = from_bank();
    row.lines[0].note = Some("Paint".into());
    row.layers.insert((Uuid::from_u128(4), "note".to_owned()), Some("Paint".into()));
    let wanted = Wanted { note: Some(Some("Card".into())), ..Wanted::default() };
    assert_eq!(fields(&plan(&row, &wanted).unwrap())[0], ("layer:note", Some("=Paint"), None));
}

#[test]
fn the_banks_amount_stands_and_a_typed_one_takes_its_line_along() {
    let wanted = Wanted { amount_minor: Some(-9_000), ..Wanted::default() };
    assert_eq!(plan(&from_bank(), &wanted), Err(Refused::BankAmount));
    let changes = plan(&typed(), &wanted).unwrap();
    assert_eq!(
        fields(&changes),
        [("amount_minor", Some("-10000"), Some("-9000")), ("amount_minor", Some("-10000"), Some("-9000"))]
    );
    // Somebody has split it since: neither the amount nor the line goes back alone.
    let mut now: BTreeMap<_, _> = changes.iter().map(|change| (change.key(), change.after.clone())).collect();
    now.insert(changes[1].key(), Some("-5000".to_owned()));
    assert_eq!(plan_undo(&changes, &now, &BTreeSet::new(), &BTreeSet::new()).write, []);
}

#[test]
fn lines_sum_to_the_amount_and_the_first_stays_the_banks() {
    let part = |number, amount_minor| WantedLine {
        id: id(number),
        amount_minor,
        category: Some(id(number)),
        note: None,
        tags: BTreeSet::new(),
    };
    let split = |lines| Wanted { lines: Some(lines), ..Wanted::default() };
    for wrong in
        [vec![], vec![part(4, -9_999)], vec![part(4, i64::MIN), part(5, -1)], vec![part(5, -5_000), part(4, -5_000)]]
    {
        assert_eq!(plan(&from_bank(), &split(wrong)), Err(Refused::LinesDoNotSum));
    }
    let changes = plan(&from_bank(), &split(vec![part(8, -6_000), part(5, -4_000)])).unwrap();
    let lines = changes.iter().find(|change| change.field == "lines").unwrap();
    let after: Vec<Line> = serde_json::from_str(lines.after.as_deref().unwrap()).unwrap();
    assert_eq!(after[0].id, id(4));
    assert_eq!(after.iter().map(|line| line.amount_minor).sum::<i64>(), -10_000);

    let row = Standing { lines: after, ..from_bank() };
    let category = Wanted { category: Some(None), ..Wanted::default() };
    assert_eq!(plan(&row, &category), Err(Refused::Split));
    assert_eq!(
        plan(&Standing { lines: row.lines.clone(), ..typed() }, &Wanted { amount_minor: Some(1), ..Wanted::default() }),
        Err(Refused::Split)
    );
}

#[test]
fn nothing_of_a_row_in_a_locked_period_changes_but_that_somebody_has_looked() {
    let closed = Circumstances { locked_through: Some(date(2026, 11, 18)), ..AROUND };
    let note = Wanted { note: Some(Some("later".to_owned())), ..Wanted::default() };
    let payee = Wanted { payee: Some(Some(PayeeId::from(Uuid::from_u128(77)))), ..Wanted::default() };
    for wanted in [note, payee] {
        assert_eq!(plan_edit(&typed(), &wanted, &Seen::default(), closed), Err(Refused::LockedPeriod));
    }
    let looked = Wanted { is_reviewed: Some(typed().reviewed_at.is_none()), ..Wanted::default() };
    assert_eq!(plan_edit(&typed(), &looked, &Seen::default(), closed).map(|changes| changes.len()), Ok(1));
}

#[test]
fn what_was_reconciled_or_lies_in_a_locked_period_stays_unless_that_is_agreed() {
    let row = Standing { reconciled_at: Some(5), ..typed() };
    let later = Wanted { dated_on: Some(date(2026, 11, 19)), ..Wanted::default() };
    assert_eq!(plan(&row, &later), Err(Refused::Reconciled));
    let agreed = plan_edit(&row, &later, &Seen::default(), Circumstances { unlocks: true, ..AROUND }).unwrap();
    assert_eq!(fields(&agreed)[0], ("reconciled_at", Some("5"), None));
    // Notes and payees are free: a statement says nothing about them.
    assert!(plan(&row, &Wanted { payee: Some(None), ..Wanted::default() }).is_ok());

    let closed = Circumstances { locked_through: Some(date(2026, 11, 18)), ..AROUND };
    assert_eq!(plan_edit(&typed(), &later, &Seen::default(), closed), Err(Refused::LockedPeriod));
    let before = Circumstances { locked_through: Some(date(2026, 11, 10)), ..AROUND };
    let earlier = Wanted { dated_on: Some(date(2026, 11, 9)), ..Wanted::default() };
    assert_eq!(plan_edit(&typed(), &earlier, &Seen::default(), before), Err(Refused::LockedPeriod));
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let wanted = Wanted { payee: Some(Some(id(7))), ..Wanted::default() };
    let seen = Seen { payee: Some(Some("Bauhof".into())), ..Seen::default() };
    assert_eq!(plan_edit(&typed(), &wanted, &seen, AROUND), Err(Refused::ChangedMeanwhile("payee")));
    let seen = Seen { payee: Some(Some("Bauhof 24".into())), ..Seen::default() };
    assert!(plan_edit(&typed(), &wanted, &seen, AROUND).is_ok());
}

#[test]
fn lines_that_somebody_has_changed_meanwhile_are_not_overwritten() {
    let row = typed();
    let saw = |amount_minor| {
        let line = &row.lines[0];
        SeenLine { id: line.id, amount_minor, category: line.category, note: line.note.clone() }
    };
    let lines = Seen { lines: Some(vec![saw(row.amount_minor)]), ..Seen::default() };
    assert!(plan_edit(&row, &Wanted::default(), &lines, AROUND).is_ok());
    for seen in [vec![saw(row.amount_minor + 1)], vec![saw(row.amount_minor), saw(0)], vec![]] {
        let seen = Seen { lines: Some(seen), ..Seen::default() };
        assert_eq!(plan_edit(&row, &Wanted::default(), &seen, AROUND), Err(Refused::ChangedMeanwhile("lines")));
    }
}

#[test]
fn a_bank_ticks_its_own_rows_and_people_theirs() {
    let tick = Wanted { is_cleared: Some(true), ..Wanted::default() };
    assert_eq!(fields(&plan(&typed(), &tick).unwrap()), [("cleared_at", None, Some("9"))]);
    assert_eq!(plan(&from_bank(), &tick).unwrap(), [], "it is cleared already");
    let untick = Wanted { is_cleared: Some(false), ..Wanted::default() };
    assert_eq!(plan(&from_bank(), &untick), Err(Refused::BankClears));
}

#[test]
fn another_account_must_have_the_same_currency() {
    let moved = |currency: &str| Wanted { account: Some((id(9), currency.parse().unwrap())), ..Wanted::default() };
    assert_eq!(plan(&typed(), &moved("BRL")), Err(Refused::OtherCurrency));
    assert_eq!(fields(&plan(&typed(), &moved("EUR")).unwrap())[0].0, "account_id");
}
