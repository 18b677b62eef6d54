//! Turning the sign of a bank account (`sign.rs` in the store, which says why each thing is as it is).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use bankside_domain::account::OpeningSource;
use bankside_domain::batch::{Change, Entity, UndoPlan};
use bankside_domain::row::RowStatus;
use bankside_domain::sign::{Signed, SignedOpening, SignedRow, turn};
use bankside_domain::{AccountId, BatchId, Id, TransactionId};

use super::ledger::{Batch, Ledger, Row};
use crate::house::End;

impl Ledger {
    /// Gives a bank account this sign: the one that feeds this account.
    pub(super) fn turn_sign(&mut self, account: usize, flips_sign: bool) -> Result<End<Option<BatchId>>> {
        self.tick();
        match turn(&self.signed(account), flips_sign) {
            Err(refused) => Ok(End::Refused(refused.in_words().to_owned())),
            Ok(changes) if changes.is_empty() => Ok(End::Done(None)),
            Ok(changes) => self.commit(Batch::of(changes)).map(|batch| End::Done(Some(batch))),
        }
    }

    /// What undoing a batch does that turned a sign: it is turned again over every row as it stands now. `None` for any other batch.
    pub(super) fn undo_of_turning(&self, changes: &[Change]) -> Result<Option<UndoPlan>> {
        let Some(sign) = changes.iter().find(|change| change.entity == Entity::BankAccount) else { return Ok(None) };
        let before = sign.before.as_deref() == Some("true");
        let place = self.place_of(sign.owner.into())?;
        match turn(&self.signed(place), before) {
            Ok(write) => Ok(Some(UndoPlan { write, ..UndoPlan::default() })),
            Err(refused) => bail!(refused.in_words()),
        }
    }

    fn signed(&self, place: usize) -> Signed {
        let sent = self.sent_by(place);
        let rows: Vec<&Row> =
            sent.iter().filter_map(|id| self.rows.get(id)).filter(|row| row.standing.is_from_bank()).collect();
        let account = self.accounts[place].id;
        let touched: BTreeSet<AccountId> = rows.iter().map(|row| row.standing.account).chain([account]).collect();
        let lock_of = |account: &AccountId| self.accounts.iter().find(|one| one.id == *account)?.locked_through;
        Signed {
            bank_account: self.accounts[place].fed_by,
            account,
            flips_sign: self.accounts[place].flips_sign,
            rows: rows.into_iter().map(signed_row).collect(),
            openings: self.signed_opening(place, &sent).into_iter().collect(),
            locked_through: touched.iter().map(|account| (*account, lock_of(account))).collect::<BTreeMap<_, _>>(),
        }
    }

    /// The rows that a bank account has ever stood for.
    fn sent_by(&self, place: usize) -> BTreeSet<TransactionId> {
        let is_of_it = |change: &&Change| {
            let feed_row = self.feed_rows.get(&change.id.into());
            change.entity == Entity::Claim && feed_row.is_some_and(|row| row.account == place)
        };
        let claims = self.batches.values().flat_map(|batch| &batch.changes).filter(is_of_it);
        claims.map(|change| TransactionId::from(change.owner)).collect()
    }

    /// The opening balance that was worked out from what the bank stated: each account has been fed by one bank account only.
    fn signed_opening(&self, place: usize, sent: &BTreeSet<TransactionId>) -> Option<SignedOpening> {
        let ours = &self.accounts[place];
        let is_opening = |change: &Change| change.id == ours.id.uuid() && change.field == "opening_minor";
        let turns = |batch: &&Batch| batch.changes.iter().any(|change| change.entity == Entity::BankAccount);
        let of_opening = self.batches.values().filter(|batch| batch.changes.iter().any(is_opening));
        let made_at = of_opening.filter(|batch| !turns(batch)).map(|batch| batch.made_at).max()?;
        let stood_then = |row: &&Row| row.created_at <= made_at && row.left_at.is_none_or(|left_at| left_at > made_at);
        let is_other = |row: &&Row| !row.standing.is_from_bank() || !sent.contains(&row.standing.id);
        let is_booked = |row: &&Row| row.standing.account == ours.id && row.standing.status == RowStatus::Booked;
        let others = self.rows.values().filter(is_booked).filter(stood_then).filter(is_other);
        (ours.opening_source == OpeningSource::Bank).then(|| SignedOpening {
            account: ours.id,
            opening_minor: ours.opening_minor,
            others_minor: others.map(|row| row.standing.amount_minor).sum(),
        })
    }
}

fn signed_row(row: &Row) -> SignedRow {
    let standing = &row.standing;
    SignedRow {
        id: standing.id,
        account: standing.account,
        dated_on: standing.dated_on,
        amount_minor: standing.amount_minor,
        lines: standing.lines.iter().map(|line| (line.id, line.amount_minor)).collect(),
        is_in_books: row.is_there,
        is_reconciled: standing.reconciled_at.is_some(),
    }
}
