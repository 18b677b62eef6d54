//! Editing the books: adding, changing, deleting, copying and reconciling transactions, and the names that people choose from.

use std::collections::BTreeSet;

use bankside_domain::edit::{Seen, SeenLine};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{AccountId, Amount, Asker, BatchId, CategoryId, Currency, LineId, TagId, TransactionId};
use bankside_store::{
    Edit, Edited, NewTransaction, Payee, Reconciled, Reconciliation, RegisterPage, RegisterQuery, Selection, Tag,
    TypedLine,
};
use jiff::civil::Date;

use crate::people::required;
use crate::{Engine, EngineError};

const MAX_NOTE_CHARS: usize = 1000;
const MAX_TAG_CHARS: usize = 60;
const MAX_TAGS: usize = 20;
const MAX_LINES: usize = 100;

/// A transaction, as a person types it.
#[derive(Debug, Clone)]
pub struct NewTransactionInput {
    /// Its day.
    pub dated_on: Date,
    /// The amount, as decimal text; out is negative.
    pub amount: String,
    /// Whom it was with.
    pub payee: String,
    /// Whether it is ticked as cleared.
    pub is_cleared: bool,
    /// What it was for, in one or more lines. The amounts of more than one sum to the whole.
    pub lines: Vec<LineInput>,
}

/// A line, as a person types it.
#[derive(Debug, Clone, Default)]
pub struct LineInput {
    /// Which of the transaction's lines; `None` is a new one.
    pub id: Option<LineId>,
    /// The amount, as decimal text; of an only line blank is the whole.
    pub amount: String,
    /// What it was for.
    pub note: String,
    /// Its category.
    pub category: Option<CategoryId>,
    /// Its tags by name.
    pub tags: Vec<String>,
}

/// What a person wants transactions to be. `None` leaves a field alone, blank text blanks it.
#[derive(Debug, Clone, Default)]
pub struct EditInput {
    /// The day.
    pub dated_on: Option<Date>,
    /// The payee.
    pub payee: Option<String>,
    /// The note.
    pub note: Option<String>,
    /// The category.
    pub category: Option<Option<CategoryId>>,
    /// All tags by name.
    pub tags: Option<Vec<String>>,
    /// Tags to add.
    pub add_tags: Vec<String>,
    /// Tags to take away.
    pub remove_tags: Vec<String>,
    /// The amount, as decimal text.
    pub amount: Option<String>,
    /// Another account.
    pub account: Option<AccountId>,
    /// Whether it is ticked as cleared.
    pub is_cleared: Option<bool>,
    /// Whether somebody has looked at it.
    pub is_reviewed: Option<bool>,
    /// All lines.
    pub lines: Option<Vec<LineInput>>,
    /// Whether the lock of a reconciliation may be taken off.
    pub unlocks: bool,
}

/// What a person saw before they changed it.
#[derive(Debug, Clone, Default)]
pub struct SeenInput {
    /// The day.
    pub dated_on: Option<Date>,
    /// The payee; blank text is none.
    pub payee: Option<String>,
    /// The note; blank text is none.
    pub note: Option<String>,
    /// The category.
    pub category: Option<Option<CategoryId>>,
    /// All tags by name.
    pub tags: Option<Vec<String>>,
    /// The amount, as decimal text.
    pub amount: Option<String>,
    /// All lines.
    pub lines: Option<Vec<SeenLine>>,
}

impl Engine {
    /// A page of the register.
    pub async fn register(&self, asker: &Asker, query: &RegisterQuery) -> Result<RegisterPage, EngineError> {
        Ok(self.store.register(asker, query).await?)
    }

    /// Adds a transaction that somebody typed.
    pub async fn add_transaction(
        &self,
        asker: &Asker,
        account: AccountId,
        input: &NewTransactionInput,
    ) -> Result<(TransactionId, BatchId), EngineError> {
        let currency = self.store.account(asker, account).await?.currency;
        let amount_minor = minor("amount", &input.amount, currency)?;
        let lines = typed_lines(&input.lines, amount_minor, currency)?;
        let sum = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor));
        if !lines.is_empty() && sum != Some(amount_minor) {
            return Err(EngineError::invalid("lines", "The lines do not sum to the amount."));
        }
        let payee = blank_or_name("payee", &input.payee)?;
        let new = NewTransaction { dated_on: input.dated_on, amount_minor, payee, is_cleared: input.is_cleared, lines };
        let done = self.store.add_transaction(asker, account, &new).await?;
        self.rows_came(asker.organization, &[done.1]).await;
        self.report_progress();
        Ok(done)
    }

    /// Changes one transaction. Answers with the batch, `None` where nothing differed.
    pub async fn edit_transaction(
        &self,
        asker: &Asker,
        id: TransactionId,
        input: &EditInput,
        seen: &SeenInput,
    ) -> Result<Option<BatchId>, EngineError> {
        let account = self.store.account_of(asker, id).await?;
        let currency = self.store.account(asker, account).await?.currency;
        let mut edit = edit_of(input)?;
        edit.amount_minor = input.amount.as_deref().map(|text| minor("amount", text, currency)).transpose()?;
        if let Some(lines) = &input.lines {
            if lines.is_empty() {
                return Err(EngineError::invalid("lines", "A transaction has at least one line."));
            }
            // Blank is the whole of an only line; what the whole is, the store knows best, so it is asked for where it matters.
            let whole = match edit.amount_minor {
                Some(amount_minor) => amount_minor,
                None => self.store.transaction(asker, id).await?.standing.amount_minor,
            };
            edit.lines = Some(typed_lines(lines, whole, currency)?);
        }
        let seen = Seen {
            dated_on: seen.dated_on,
            payee: seen.payee.as_deref().map(tidy),
            note: seen.note.as_deref().map(tidy),
            category: seen.category,
            tags: match &seen.tags {
                Some(names) => Some(self.tags_named(asker, names).await?),
                None => None,
            },
            amount_minor: seen.amount.as_deref().map(|text| minor("seen", text, currency)).transpose()?,
            lines: seen.lines.clone(),
        };
        let edited = self.store.edit_transactions(asker, &Selection::These(vec![id]), &edit, &seen).await?;
        self.report_progress();
        match edited.left.first() {
            Some((_, why)) => Err(EngineError::Refused(*why)),
            None => Ok(edited.batch),
        }
    }

    /// The tags of some names that there are.
    async fn tags_named(&self, asker: &Asker, names: &[String]) -> Result<BTreeSet<TagId>, EngineError> {
        let tags = self.store.tags(asker).await?;
        let names: BTreeSet<String> = names.iter().map(|name| fold(name.trim_start_matches('#'))).collect();
        Ok(tags.iter().filter(|tag| names.contains(&fold(&tag.name))).map(|tag| tag.id).collect())
    }

    /// Changes many transactions alike, as one batch.
    pub async fn edit_transactions(
        &self,
        asker: &Asker,
        selection: &Selection,
        input: &EditInput,
    ) -> Result<Edited, EngineError> {
        if input.amount.is_some() || input.lines.is_some() {
            let field = if input.amount.is_some() { "amount" } else { "lines" };
            return Err(EngineError::invalid(field, "Amounts and lines are changed one transaction at a time."));
        }
        let done = self.store.edit_transactions(asker, selection, &edit_of(input)?, &Seen::default()).await?;
        self.report_progress();
        Ok(done)
    }

    /// Takes transactions out of the books for good: no sync brings them back.
    pub async fn delete_transactions(
        &self,
        asker: &Asker,
        selection: &Selection,
        unlocks: bool,
    ) -> Result<Edited, EngineError> {
        let done = self.store.delete_transactions(asker, selection, unlocks).await?;
        self.report_progress();
        Ok(done)
    }

    /// Takes one transaction out of the books for good.
    pub async fn delete_transaction(&self, asker: &Asker, id: TransactionId) -> Result<(), EngineError> {
        let deleted = self.store.delete_transactions(asker, &Selection::These(vec![id]), false).await?;
        self.report_progress();
        deleted.left.first().map_or(Ok(()), |(_, why)| Err(EngineError::Refused(*why)))
    }

    /// Copies transactions as typed rows.
    pub async fn duplicate_transactions(
        &self,
        asker: &Asker,
        selection: &Selection,
    ) -> Result<(BatchId, Vec<TransactionId>), EngineError> {
        let done = self.store.duplicate_transactions(asker, selection).await?;
        self.report_progress();
        Ok(done)
    }

    /// How an account stands against a statement that ends on a day.
    pub async fn reconciliation(
        &self,
        asker: &Asker,
        account: AccountId,
        through: Date,
    ) -> Result<Reconciliation, EngineError> {
        Ok(self.store.reconciliation(asker, account, through).await?)
    }

    /// Locks what a statement confirms. `balance` is the statement's, as decimal text.
    pub async fn reconcile(
        &self,
        asker: &Asker,
        account: AccountId,
        through: Date,
        balance: &str,
    ) -> Result<Reconciled, EngineError> {
        let currency = self.store.account(asker, account).await?.currency;
        let stated = minor("balance", balance, currency)?;
        let done = self.store.reconcile(asker, account, through, stated).await?;
        self.report_progress();
        Ok(done)
    }

    /// Payees with this text in their names, those met last first.
    pub async fn payees(&self, asker: &Asker, search: &str, limit: i64) -> Result<Vec<Payee>, EngineError> {
        Ok(self.store.payees(asker, search, limit).await?)
    }

    /// The tags of an organization.
    pub async fn tags(&self, asker: &Asker) -> Result<Vec<Tag>, EngineError> {
        Ok(self.store.tags(asker).await?)
    }
}

/// Everything of an edit that needs no currency.
fn edit_of(input: &EditInput) -> Result<Edit, EngineError> {
    check_tags(input.tags.iter().flatten().chain(&input.add_tags).chain(&input.remove_tags))?;
    Ok(Edit {
        dated_on: input.dated_on,
        payee: input.payee.as_deref().map(|payee| blank_or_name("payee", payee)).transpose()?,
        note: input.note.as_deref().map(|text| note("note", text)).transpose()?,
        category: input.category,
        tags: input.tags.clone(),
        add_tags: input.add_tags.clone(),
        remove_tags: input.remove_tags.clone(),
        amount_minor: None,
        account: input.account,
        is_cleared: input.is_cleared,
        is_reviewed: input.is_reviewed,
        lines: None,
        unlocks: input.unlocks,
    })
}

fn typed_lines(lines: &[LineInput], whole: i64, currency: Currency) -> Result<Vec<TypedLine>, EngineError> {
    if lines.len() > MAX_LINES {
        return Err(EngineError::invalid("lines", format!("Use at most {MAX_LINES} lines.")));
    }
    let is_only = lines.len() == 1;
    let line = |line: &LineInput| {
        check_tags(line.tags.iter())?;
        let is_whole = is_only && line.amount.trim().is_empty();
        Ok(TypedLine {
            id: line.id,
            amount_minor: if is_whole { whole } else { minor("lines", &line.amount, currency)? },
            category: line.category,
            note: note("lines", &line.note)?,
            tags: line.tags.clone(),
        })
    };
    lines.iter().map(line).collect()
}

fn minor(field: &'static str, text: &str, currency: Currency) -> Result<i64, EngineError> {
    let amount = Amount::parse(text, currency).map_err(|error| EngineError::invalid(field, format!("{error}.")))?;
    Ok(amount.minor)
}

fn note(field: &'static str, text: &str) -> Result<Option<String>, EngineError> {
    let note = tidy(text);
    if note.as_deref().is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS) {
        return Err(EngineError::invalid(field, format!("Use at most {MAX_NOTE_CHARS} characters.")));
    }
    Ok(note)
}

fn blank_or_name(field: &'static str, text: &str) -> Result<Option<String>, EngineError> {
    tidy(text).map(|name| required(field, &name, "")).transpose()
}

fn check_tags<'a>(tags: impl Iterator<Item = &'a String>) -> Result<(), EngineError> {
    let mut count = 0;
    for tag in tags {
        count += 1;
        if tag.chars().count() > MAX_TAG_CHARS {
            return Err(EngineError::invalid("tags", format!("Use at most {MAX_TAG_CHARS} characters for a tag.")));
        }
    }
    if count > MAX_TAGS { Err(EngineError::invalid("tags", format!("Use at most {MAX_TAGS} tags."))) } else { Ok(()) }
}

/// What an amount that a person types as a bound is in currencies with 0, 1, 2, 3 and 4 digits after the point: the smallest
/// that is not below it, or the greatest that is not above it. Its sign does not count.
pub fn amount_bounds(field: &'static str, text: &str, is_lower: bool) -> Result<[i64; 5], EngineError> {
    let bad = || EngineError::invalid(field, format!("“{text}” is no amount, such as 12.40."));
    let digits = |part: &str| part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.trim().trim_start_matches(['-', '+', '\u{2212}']);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return Err(bad());
    }
    let mut bounds = [0_i64; 5];
    for (scale, bound) in bounds.iter_mut().enumerate() {
        let kept = &part[..part.len().min(scale)];
        let cut = &part[kept.len()..];
        let minor: i64 = format!("{whole}{kept:0<scale$}").parse().map_err(|_| bad())?;
        *bound = minor.saturating_add(i64::from(is_lower && cut.bytes().any(|digit| digit != b'0')));
    }
    Ok(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_every_scale() {
        assert_eq!(amount_bounds("min", "12.345", true).unwrap(), [13, 124, 1235, 12_345, 123_450]);
        assert_eq!(amount_bounds("max", "-12.345", false).unwrap(), [12, 123, 1234, 12_345, 123_450]);
        assert_eq!(amount_bounds("min", "7", true).unwrap(), [7, 70, 700, 7_000, 70_000]);
        for text in ["", ".5", "1,5", "1.2.3", "12a", "9999999999999999999"] {
            assert!(amount_bounds("min", text, true).is_err(), "{text}");
        }
    }
}
