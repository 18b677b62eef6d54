//! The fields that a batch can change, as the change log has them: what they hold, and writing them (`fields.rs` in the store).

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use bankside_domain::account::{OpeningSource, PendingPolicy};
use bankside_domain::batch::{Change, EXISTS, Entity, FieldKey, claim_of, claim_value};
use bankside_domain::edit::{LAYER, Line, layer_value, lines_value};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::row::RowStatus;
use bankside_domain::sign::FLIPS_SIGN;
use bankside_domain::{BatchId, Code, FeedRowId, TransactionId};
use jiff::civil::Date;

use super::{Account, Batch, Ledger, Row};

fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn parsed<T: FromStr>(value: Option<&str>) -> Result<Option<T>> {
    value.map(|text| text.parse().ok().with_context(|| format!("a changed value: {text}"))).transpose()
}

fn needed<T: FromStr>(value: Option<&str>) -> Result<T> {
    parsed(value)?.context("a changed value is blank")
}

impl Row {
    fn field(&self, name: &str) -> Option<String> {
        let row = &self.standing;
        match name {
            EXISTS => self.is_there.then(|| "1".to_owned()),
            "status" => Some(row.status.code().to_owned()),
            "amount_minor" => text(Some(row.amount_minor)),
            "account_id" => text(Some(row.account)),
            "dated_on" => text(Some(row.dated_on)),
            "payee_id" => text(row.payee),
            "booked_on" => text(self.booked_on),
            "value_on" => text(self.value_on),
            "provider_dated_on" => text(row.provider_dated_on),
            "provider_payee_id" => text(row.provider_payee),
            "cleared_at" => text(row.cleared_at),
            "reconciled_at" => text(row.reconciled_at),
            "reviewed_at" => text(row.reviewed_at),
            "lines" => Some(lines_value(&row.lines)),
            _ => None,
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        let row = &mut self.standing;
        match name {
            EXISTS => self.is_there = value.is_some(),
            "status" => row.status = RowStatus::from_code(value.unwrap_or_default())?,
            "amount_minor" => row.amount_minor = needed(value)?,
            "account_id" => row.account = needed(value)?,
            "dated_on" => row.dated_on = needed(value)?,
            "payee_id" => row.payee = parsed(value)?,
            "booked_on" => self.booked_on = parsed(value)?,
            "value_on" => self.value_on = parsed(value)?,
            "provider_dated_on" => row.provider_dated_on = parsed(value)?,
            "provider_payee_id" => row.provider_payee = parsed(value)?,
            "cleared_at" => row.cleared_at = parsed(value)?,
            "reconciled_at" => row.reconciled_at = parsed(value)?,
            "reviewed_at" => row.reviewed_at = parsed(value)?,
            "lines" => self.set_lines(value)?,
            _ => bail!("no way back for the field {name}"),
        }
        Ok(())
    }

    /// What the bank wrote stays with the first line (`write_lines` in the store).
    fn set_lines(&mut self, value: Option<&str>) -> Result<()> {
        let mut lines: Vec<Line> = serde_json::from_str(value.unwrap_or("[]"))?;
        let first = lines.first_mut().context("a transaction has at least one line")?;
        first.provider_note = self.standing.lines[0].provider_note.take();
        self.standing.lines = lines;
        Ok(())
    }

    fn line_field(&self, change: &Change, name: &str) -> Option<String> {
        let line = self.standing.lines.iter().find(|line| line.id == change.id.into())?;
        match name {
            "amount_minor" => text(Some(line.amount_minor)),
            "note" => line.note.clone(),
            "provider_note" => line.provider_note.clone(),
            _ => None,
        }
    }

    fn set_line(&mut self, change: &Change) -> Result<()> {
        let line = self.standing.lines.iter_mut().find(|line| line.id == change.id.into());
        // As an update that finds nothing: the line is gone, and its layers with it.
        let Some(line) = line else { return Ok(()) };
        match change.field.as_str() {
            "amount_minor" => line.amount_minor = needed(change.after.as_deref())?,
            "note" => line.note.clone_from(&change.after),
            "provider_note" => line.provider_note.clone_from(&change.after),
            name => bail!("no way back for the field {name}"),
        }
        Ok(())
    }

    fn set_layer(&mut self, change: &Change, field: &str) -> Result<()> {
        let key = (change.id, field.to_owned());
        match change.after.as_deref() {
            None => _ = self.standing.layers.remove(&key),
            Some(value) => {
                let value = value.strip_prefix('=').context("the value of a layer")?;
                self.standing.layers.insert(key, Some(value.to_owned()).filter(|value| !value.is_empty()));
            }
        }
        Ok(())
    }
}

impl Account {
    fn field(&self, name: &str) -> Option<String> {
        match name {
            "opening_minor" => text(Some(self.opening_minor)),
            "opening_on" => text(self.opening_on),
            "opening_source" => Some(self.opening_source.code().to_owned()),
            "locked_through" => text(self.locked_through),
            "pending_policy" => Some(self.pending_policy.code().to_owned()),
            FLIPS_SIGN => Some(self.flips_sign.to_string()),
            _ => None,
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        match name {
            "opening_minor" => self.opening_minor = parsed(value)?.unwrap_or_default(),
            "opening_on" => self.opening_on = parsed::<Date>(value)?,
            "opening_source" => {
                self.opening_source = value.map_or(Ok(OpeningSource::Unknown), OpeningSource::from_code)?;
            }
            "locked_through" => self.locked_through = parsed(value)?,
            "pending_policy" => self.pending_policy = PendingPolicy::from_code(value.unwrap_or_default())?,
            FLIPS_SIGN => self.flips_sign = needed(value)?,
            _ => bail!("no way back for the field {name}"),
        }
        Ok(())
    }
}

impl Ledger {
    /// What a field holds now of the row that a change is about.
    fn field(&self, change: &Change, name: &str) -> Option<String> {
        let row = || self.rows.get(&change.owner.into());
        if let Some(layered) = name.strip_prefix(LAYER) {
            let value = row()?.standing.layers.get(&(change.id, layered.to_owned()))?;
            return Some(layer_value(value.as_deref()));
        }
        match change.entity {
            Entity::Transaction => row()?.field(name),
            Entity::Line => row()?.line_field(change, name),
            Entity::Claim => {
                let (state, transaction) = self.feed_rows.get(&change.id.into())?.claim?;
                Some(claim_value(state, transaction))
            }
            // What is said of a bank account belongs to the account that it feeds.
            Entity::Account | Entity::BankAccount => {
                self.accounts.iter().find(|account| account.id == change.owner.into())?.field(name)
            }
        }
    }

    /// The values that the fields of some changes hold now, and what the bank says beside them.
    pub(in super::super) fn values_now(&self, changes: &[Change]) -> BTreeMap<FieldKey, Option<String>> {
        let mut now = BTreeMap::new();
        for change in changes {
            let provider: &[&str] = match change.entity {
                Entity::Transaction => &["provider_dated_on", "provider_payee_id"],
                Entity::Line => &["provider_note"],
                Entity::Claim | Entity::Account | Entity::BankAccount => &[],
            };
            for name in provider.iter().copied().chain([change.field.as_str()]) {
                now.insert((change.entity, change.id, name.to_owned()), self.field(change, name));
            }
        }
        now
    }

    /// Writes what a field holds after a change.
    pub(in super::super) fn write(&mut self, change: &Change) -> Result<()> {
        let value = change.after.as_deref();
        match change.entity {
            Entity::Claim => {
                let claim = value.map(|value| claim_of(value).context("the value of a claim")).transpose()?;
                self.write_claim(change.id.into(), claim)
            }
            Entity::Account | Entity::BankAccount => {
                let account = self.accounts.iter_mut().find(|account| account.id == change.owner.into());
                account.context("there is no such account")?.set(&change.field, value)
            }
            Entity::Transaction | Entity::Line => {
                let now = self.now;
                let row = self.rows.get_mut(&change.owner.into()).context("there is no such row")?;
                if change.field == EXISTS {
                    row.left_at = value.is_none().then_some(now);
                }
                match change.field.strip_prefix(LAYER) {
                    Some(layered) => row.set_layer(change, layered),
                    None if change.entity == Entity::Transaction => row.set(&change.field, value),
                    None => row.set_line(change),
                }
            }
        }
    }

    /// A row that had vanished has vanished again; one that only waits for its next decision never had (`write_claim_back` in the
    /// store).
    fn write_claim(&mut self, id: FeedRowId, claim: Option<(ClaimState, Option<TransactionId>)>) -> Result<()> {
        let batches = self.batches.len();
        let row = self.feed_rows.get_mut(&id).context("there is no such feed row")?;
        let transaction_of = |claim: Option<(ClaimState, Option<TransactionId>)>| claim.and_then(|claim| claim.1);
        let (before, after) = (transaction_of(row.claim), transaction_of(claim));
        row.claim = claim;
        if before != after {
            row.since = batches;
        }
        if let Some((state, _)) = claim
            && row.status == RowStatus::Pending
        {
            row.is_vanished = state == ClaimState::Superseded;
        }
        if let Some(before) = before {
            self.claims_on.entry(before).or_default().remove(&id);
        }
        if let Some(after) = after {
            self.claims_on.entry(after).or_default().insert(id);
        }
        Ok(())
    }

    /// Writes changes and records them as a batch.
    pub(in super::super) fn commit(&mut self, batch: Batch) -> Result<BatchId> {
        for change in &batch.changes {
            self.write(change)?;
        }
        Ok(self.record(batch))
    }

    /// Records changes that are written already.
    pub(in super::super) fn record(&mut self, batch: Batch) -> BatchId {
        let id = self.fresh();
        self.batches.insert(id, Batch { made_at: self.now, ..batch });
        id
    }
}
