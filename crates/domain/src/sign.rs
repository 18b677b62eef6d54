//! The sign of a bank account: whether what its bank sends is turned round, and what turning it changes in the books.
//!
//! What is kept of a bank is the bank's, and is turned when it is read. So turning touches only what stands in the books: the
//! amounts of the bank account's rows with their lines, and the opening balance that was worked out with them. It is done to
//! the whole history or not at all.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::batch::{Change, Entity};
use crate::{AccountId, BankAccountId, Id, LineId, TransactionId};

/// The field of a change to the sign of a bank account. Its value is `true` where the bank's signs are turned round.
pub const FLIPS_SIGN: &str = "flips_sign";

/// A row of the bank account, in the books or taken out of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRow {
    /// Which one.
    pub id: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// Its day.
    pub dated_on: Date,
    /// Minor units.
    pub amount_minor: i64,
    /// Its lines, with minor units.
    pub lines: Vec<(LineId, i64)>,
    /// Whether it stands in the books. What was taken out turns as well: it may come back.
    pub is_in_books: bool,
    /// Whether it was compared with a statement and locked.
    pub is_reconciled: bool,
}

/// An opening balance that was worked out from the bank account's balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedOpening {
    /// Of which account.
    pub account: AccountId,
    /// Minor units.
    pub opening_minor: i64,
    /// The rows that the bank account did not send and that were taken off as well, in minor units.
    pub others_minor: i64,
}

/// A bank account with everything that its sign is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Which one.
    pub bank_account: BankAccountId,
    /// The account that it feeds.
    pub account: AccountId,
    /// Whether its signs are turned round now.
    pub flips_sign: bool,
    /// Its rows.
    pub rows: Vec<SignedRow>,
    /// The opening balances that came from it.
    pub openings: Vec<SignedOpening>,
    /// Up to which day the accounts of its rows are locked.
    pub locked_through: BTreeMap<AccountId, Option<Date>>,
}

/// Why a sign stays as it is: how many rows nothing may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignRefused {
    /// Rows that were compared with a statement and locked.
    pub reconciled: usize,
    /// Other rows of a period that is locked.
    pub in_locked_period: usize,
}

impl SignRefused {
    /// The same as a sentence for people, without its point.
    pub fn in_words(self) -> &'static str {
        match self {
            Self { reconciled: 0, .. } => "some of its rows lie in a period that is locked, so the sign stays for all",
            Self { .. } => "some of its rows were compared with a statement and are locked, so the sign stays for all",
        }
    }
}

/// Works out what giving a bank account this sign changes: nothing where it has it, or why it cannot.
///
/// `bank − rows = opening` holds as before, with the bank's balance and its rows turned: of what was taken off, rows that the bank
/// account did not send keep their sign.
pub fn turn(signed: &Signed, flips_sign: bool) -> Result<Vec<Change>, SignRefused> {
    if signed.flips_sign == flips_sign {
        return Ok(Vec::new());
    }
    check(signed)?;
    let owner = signed.account.uuid();
    let (before, after) = (signed.flips_sign.to_string(), flips_sign.to_string());
    let mut changes = vec![Change {
        entity: Entity::BankAccount,
        id: signed.bank_account.uuid(),
        owner,
        field: FLIPS_SIGN.to_owned(),
        before: Some(before),
        after: Some(after),
    }];
    for row in &signed.rows {
        let id = row.id.uuid();
        changes.extend(moved(Entity::Transaction, id, id, "amount_minor", row.amount_minor, turned(row.amount_minor)));
        for (line, minor) in &row.lines {
            changes.extend(moved(Entity::Line, line.uuid(), id, "amount_minor", *minor, turned(*minor)));
        }
    }
    for opening in &signed.openings {
        let id = opening.account.uuid();
        let after = turned(opening.opening_minor.saturating_add(opening.others_minor.saturating_mul(2)));
        changes.extend(moved(Entity::Account, id, id, "opening_minor", opening.opening_minor, after));
    }
    Ok(changes)
}

fn check(signed: &Signed) -> Result<(), SignRefused> {
    let mut refused = SignRefused { reconciled: 0, in_locked_period: 0 };
    for row in signed.rows.iter().filter(|row| row.is_in_books) {
        let through = signed.locked_through.get(&row.account).copied().flatten();
        if row.is_reconciled {
            refused.reconciled += 1;
        } else if through.is_some_and(|through| row.dated_on <= through) {
            refused.in_locked_period += 1;
        }
    }
    if refused == (SignRefused { reconciled: 0, in_locked_period: 0 }) { Ok(()) } else { Err(refused) }
}

fn turned(minor: i64) -> i64 {
    minor.saturating_neg()
}

fn moved(entity: Entity, id: Uuid, owner: Uuid, field: &str, before: i64, after: i64) -> Option<Change> {
    let change = || Change {
        entity,
        id,
        owner,
        field: field.to_owned(),
        before: Some(before.to_string()),
        after: Some(after.to_string()),
    };
    (before != after).then(change)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn row(number: u128, minor: i64) -> SignedRow {
        SignedRow {
            id: Uuid::from_u128(number).into(),
            account: Uuid::from_u128(1).into(),
            dated_on: date(2026, 11, 5),
            amount_minor: minor,
            lines: vec![(Uuid::from_u128(number + 100).into(), minor - 5), (Uuid::from_u128(number + 200).into(), 5)],
            is_in_books: true,
            is_reconciled: false,
        }
    }

    fn signed() -> Signed {
        Signed {
            bank_account: Uuid::from_u128(2).into(),
            account: Uuid::from_u128(1).into(),
            flips_sign: false,
            rows: vec![row(10, 3000), row(11, -400)],
            openings: vec![SignedOpening { account: Uuid::from_u128(1).into(), opening_minor: 200, others_minor: -50 }],
            locked_through: BTreeMap::new(),
        }
    }

    fn after(changes: &[Change], entity: Entity) -> i64 {
        let of_entity = changes.iter().filter(|change| change.entity == entity);
        of_entity.map(|change| change.after.as_deref().unwrap().parse::<i64>().unwrap()).sum()
    }

    #[test]
    fn the_banks_arithmetic_holds_with_the_sign_turned() {
        let before = signed();
        let rows: i64 = before.rows.iter().map(|row| row.amount_minor).sum();
        let SignedOpening { opening_minor, others_minor, .. } = before.openings[0];
        let bank = opening_minor + rows + others_minor;
        let changes = turn(&before, true).unwrap();
        assert_eq!(after(&changes, Entity::Transaction), -rows);
        assert_eq!(after(&changes, Entity::Line), -rows, "the lines sum to their rows");
        assert_eq!(-bank, after(&changes, Entity::Account) - rows + others_minor);
        assert_eq!(turn(&before, false).unwrap(), [], "it has that sign already");
    }

    #[test]
    fn turned_twice_it_is_what_it_was() {
        let SignedOpening { opening_minor, others_minor, .. } = signed().openings[0];
        let once = after(&turn(&signed(), true).unwrap(), Entity::Account);
        let opening = SignedOpening { opening_minor: once, ..signed().openings[0] };
        let back = turn(&Signed { flips_sign: true, openings: vec![opening], ..signed() }, false).unwrap();
        assert_eq!(after(&back, Entity::Account), opening_minor, "with {others_minor} that are not the bank's");
    }

    #[test]
    fn one_locked_row_keeps_the_sign_of_all() {
        let mut locked = signed();
        locked.rows[0].is_reconciled = true;
        assert_eq!(turn(&locked, true), Err(SignRefused { reconciled: 1, in_locked_period: 0 }));
        locked.rows[0].is_in_books = false;
        assert!(turn(&locked, true).is_ok(), "what is not in the books is not locked");
        locked.locked_through.insert(locked.account, Some(date(2026, 11, 5)));
        assert_eq!(turn(&locked, true), Err(SignRefused { reconciled: 0, in_locked_period: 1 }));
    }
}
