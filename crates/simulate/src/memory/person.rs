//! What a person writes: rows that are typed, changed and deleted (`editing.rs` and `transactions.rs` in the store).

use std::collections::BTreeSet;

use anyhow::Result;
use bankside_domain::batch::{Change, Entity, claim_value};
use bankside_domain::edit::{Circumstances, Refused, Seen, Wanted, WantedLine, plan_edit};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::text::tidy;
use bankside_domain::{BatchId, FeedRowId, Id, LineId, TransactionId};
use jiff::civil::Date;

use super::apply::{comes, goes};
use super::ledger::{Batch, Ledger, Row};
use crate::house::RowChange;

impl Ledger {
    /// A person changes a row. Answers with the batch, if anything changed.
    pub(super) fn change(&mut self, id: TransactionId, change: &RowChange) -> Result<Result<Option<BatchId>, Refused>> {
        self.tick();
        self.row_there(id)?;
        let changes = match change {
            RowChange::Delete => self.deletion(id)?,
            change => self.edit(id, change)?,
        };
        match changes {
            Ok(changes) if changes.is_empty() => Ok(Ok(None)),
            Ok(changes) => self.commit(Batch::of(changes)).map(|batch| Ok(Some(batch))),
            Err(why) => Ok(Err(why)),
        }
    }

    fn edit(&mut self, id: TransactionId, change: &RowChange) -> Result<Result<Vec<Change>, Refused>> {
        let wanted = self.wanted(change);
        let row = self.row_there(id)?;
        if let RowChange::Move(account) = change
            && let Err(why) = row.standing.may_go(self.around(*account))
        {
            return Ok(Err(why));
        }
        let around = self.around(self.place_of(row.standing.account)?);
        Ok(plan_edit(&row.standing, &wanted, &Seen::default(), around))
    }

    pub(super) fn around(&self, account: usize) -> Circumstances {
        Circumstances { now: self.now(), locked_through: self.accounts[account].locked_through, unlocks: false }
    }

    /// What a person wants a row to be.
    fn wanted(&mut self, change: &RowChange) -> Wanted {
        let blank = Wanted::default();
        match change {
            RowChange::Payee(name) => Wanted { payee: Some(tidy(name).and_then(|name| self.payee_of(&name))), ..blank },
            RowChange::Note(note) => Wanted { note: Some(tidy(note)), ..blank },
            RowChange::Day(day) => Wanted { dated_on: Some(*day), ..blank },
            RowChange::Amount { minor, lines } => {
                Wanted { amount_minor: Some(*minor), lines: self.wanted_lines(lines), ..blank }
            }
            RowChange::Lines(lines) => Wanted { lines: self.wanted_lines(lines), ..blank },
            RowChange::Tick(is_cleared) => Wanted { is_cleared: Some(*is_cleared), ..blank },
            RowChange::Move(account) => {
                let account = &self.accounts[*account];
                Wanted { account: Some((account.id, account.currency)), ..blank }
            }
            RowChange::Delete => blank,
        }
    }

    /// Lines that a person says, all of them; none are not said.
    fn wanted_lines(&mut self, lines: &[(i64, String)]) -> Option<Vec<WantedLine>> {
        let line = |(minor, note): &(i64, String)| WantedLine {
            id: self.fresh::<LineId>(),
            amount_minor: *minor,
            category: None,
            note: tidy(note),
            tags: BTreeSet::new(),
        };
        (!lines.is_empty()).then(|| lines.iter().map(line).collect())
    }

    /// The feed rows behind a row that is deleted are dismissed, so no sync brings it back.
    fn deletion(&self, id: TransactionId) -> Result<Result<Vec<Change>, Refused>> {
        let row = self.row_there(id)?;
        if let Err(why) = row.standing.may_go(self.around(self.place_of(row.standing.account)?)) {
            return Ok(Err(why));
        }
        let claims = self.claims_on.get(&id).into_iter().flatten().filter_map(|feed_row| {
            let (state, _) = self.feed_rows[feed_row].claim?;
            let goes = matches!(state, ClaimState::Applied | ClaimState::Superseded);
            goes.then(|| claim_change(*feed_row, id, state, ClaimState::Dismissed))
        });
        Ok(Ok(std::iter::once(goes(id)).chain(claims).collect()))
    }

    /// A person types a row.
    pub(super) fn type_row(
        &mut self,
        account: usize,
        minor: i64,
        day: Date,
        payee: &str,
    ) -> Result<Result<(TransactionId, BatchId), Refused>> {
        self.tick();
        if self.accounts[account].locked_through.is_some_and(|through| day <= through) {
            return Ok(Err(Refused::LockedPeriod));
        }
        let payee = tidy(payee).and_then(|name| self.payee_of(&name));
        let mut row = Row { is_typed: true, ..self.blank_row(account, minor, day, payee) };
        let id = row.standing.id;
        let layer = |field: &str, value: String| ((id.uuid(), field.to_owned()), Some(value));
        row.standing.layers.extend([layer("dated_on", day.to_string())]);
        row.standing.layers.extend(payee.map(|payee| layer("payee_id", payee.to_string())));
        self.rows.insert(id, row);
        let batch = Batch::of(vec![comes(id)]);
        Ok(Ok((id, self.commit(batch)?)))
    }
}

/// The claim of a feed row on a transaction goes from one state to another.
pub(super) fn claim_change(
    feed_row: FeedRowId,
    transaction: TransactionId,
    before: ClaimState,
    after: ClaimState,
) -> Change {
    Change {
        entity: Entity::Claim,
        id: feed_row.uuid(),
        owner: transaction.uuid(),
        field: "claim".to_owned(),
        before: Some(claim_value(before, Some(transaction))),
        after: Some(claim_value(after, Some(transaction))),
    }
}
