//! Transactions as programs read and write them.

use bankside_domain::batch::BatchActor;
use bankside_domain::edit::SeenLine;
use bankside_domain::{Amount, Code, Currency};
use bankside_engine::{
    BankRowView, EditInput, EngineError, FieldChange, Happening, LineInput, LineView, RegisterRow, RowState, SeenInput,
    TransactionView,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::query::{day, identified};
use crate::api::bills::OnBillBody;
use crate::api::transfers::{TransferBody, TransferMarkBody};

/// A transaction as the register shows it. Note, category and tags are those of its first line.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionBody {
    id: String,
    account: String,
    account_name: String,
    /// A civil date.
    date: String,
    payee: Option<String>,
    note: Option<String>,
    /// The category's path, such as `House ▸ Repairs`.
    category: Option<String>,
    category_id: Option<String>,
    tags: Vec<String>,
    /// Exact decimal text; out is negative.
    amount: String,
    /// Whole minor units.
    amount_minor: i64,
    /// What the account came to with it, in minor units; only where all of one account is shown by its days.
    balance_minor: Option<i64>,
    /// A currency's code.
    currency: String,
    /// How many digits after the point that currency has.
    scale: u8,
    /// `booked`, `pending`, `scheduled` or `declined`.
    status: &'static str,
    is_from_bank: bool,
    /// Nobody has looked at it.
    is_new: bool,
    /// A person has written over what the bank says.
    is_edited: bool,
    /// The bank has booked it, or a person has ticked it.
    is_cleared: bool,
    /// It was compared with a statement and locked.
    is_reconciled: bool,
    /// How many lines it has; of one transaction in full, the lines.
    lines: LinesBody,
    /// What it is of a transfer between own accounts; `null` where it is part of none.
    transfer: Option<TransferMarkBody>,
}

/// The lines of a transaction.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LinesBody {
    /// How many.
    Count(i64),
    /// All of them.
    All(Vec<LineBody>),
}

impl TransactionBody {
    pub(crate) fn of(row: RegisterRow) -> Self {
        let state = row.state();
        Self {
            id: row.id.to_string(),
            account: row.account.to_string(),
            account_name: row.account_name,
            date: row.dated_on.to_string(),
            payee: row.payee,
            note: row.note,
            category: row.category_path,
            category_id: row.category.map(|id| id.to_string()),
            tags: row.tags,
            amount: decimal(row.amount_minor, row.currency),
            amount_minor: row.amount_minor,
            balance_minor: row.balance_minor,
            currency: row.currency.code.to_string(),
            scale: row.currency.scale,
            status: row.status.code(),
            is_from_bank: row.is_from_bank,
            is_new: row.is_new,
            is_edited: row.is_edited,
            is_cleared: matches!(state, RowState::Cleared | RowState::Reconciled),
            is_reconciled: state == RowState::Reconciled,
            lines: LinesBody::Count(row.lines),
            transfer: row.transfer.as_ref().map(TransferMarkBody::of),
        }
    }
}

/// A line.
#[derive(Serialize, ToSchema)]
pub(crate) struct LineBody {
    id: String,
    /// Exact decimal text; out is negative.
    amount: String,
    amount_minor: i64,
    note: Option<String>,
    category: Option<String>,
    category_id: Option<String>,
    tags: Vec<String>,
}

impl LineBody {
    fn of(line: &LineView, currency: Currency) -> Self {
        let (category_id, category) = line.category.clone().unzip();
        Self {
            id: line.id.to_string(),
            amount: decimal(line.amount_minor, currency),
            amount_minor: line.amount_minor,
            note: line.note.clone(),
            category,
            category_id: category_id.map(|id| id.to_string()),
            tags: line.tags.clone(),
        }
    }
}

/// Where a field comes from.
#[derive(Serialize, ToSchema)]
pub(crate) struct OriginBody {
    /// `date`, `payee`, `note`, `category` or `tags`.
    field: &'static str,
    /// Whose value holds: `bank`, `rule`, `person`, or `none` where nobody has said anything.
    layer: &'static str,
    /// The name of the rule, where that is whose value holds and it is known.
    rule: Option<String>,
    /// What the bank says, where a bank says anything of this field.
    bank: Option<String>,
    /// Whether that is what holds.
    bank_shown: bool,
}

/// What a bank sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct BankRowBody {
    id: String,
    bank_account: String,
    bank: Option<String>,
    provider: Option<String>,
    /// When it first came (RFC 3339).
    received_at: String,
    status: &'static str,
    counterparty: Option<String>,
    text: Option<String>,
    /// Which part of a purchase in parts it is, such as `3/12`.
    instalment: Option<String>,
    /// The bill of the card that it stands on.
    bill: Option<OnBillBody>,
    /// What was paid in the currency of the purchase, where that is another one: exact decimal text and the currency.
    original_amount: Option<String>,
    /// Why it cannot be read, where it cannot.
    unreadable: Option<String>,
    /// The bytes as received.
    raw: String,
    /// Why it was treated as it was, as a sentence.
    why: Option<String>,
}

impl BankRowBody {
    pub(crate) fn of(row: &BankRowView) -> Self {
        let read = row.read.as_ref().ok();
        Self {
            id: row.version.to_string(),
            bank_account: row.bank_account.clone(),
            bank: row.bank.as_ref().map(|(bank, _)| bank.clone()),
            provider: row.bank.as_ref().map(|(_, provider)| provider.clone()),
            received_at: row.received_at.to_string(),
            status: row.status.code(),
            counterparty: read.and_then(|row| row.counterparty.name.clone()),
            text: read.and_then(|row| row.remittance.clone()),
            instalment: read.and_then(|row| row.instalment).map(|part| part.to_string()),
            bill: row.bill.as_ref().map(OnBillBody::of),
            original_amount: read
                .and_then(|row| row.original_amount)
                .map(|paid| format!("{} {}", paid.to_decimal_text(), paid.currency.code)),
            unreadable: row.read.as_ref().err().cloned(),
            raw: row.raw.clone(),
            why: row.reason.as_ref().map(bankside_domain::reconcile::Reason::in_words),
        }
    }
}

/// One thing that was done to a transaction.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoryBody {
    batch: String,
    /// When (RFC 3339).
    at: String,
    /// `sync`, `import`, `you`, `person`, `rule` or `system`.
    actor: &'static str,
    who: Option<String>,
    summary: String,
    is_undone: bool,
    is_undoing: bool,
    changes: Vec<ChangeBody>,
}

/// A field before and after.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeBody {
    field: &'static str,
    before: Option<String>,
    after: Option<String>,
}

impl StoryBody {
    fn of(happening: &Happening) -> Self {
        let entry = &happening.entry;
        let actor = match entry.actor {
            BatchActor::Run => "sync",
            BatchActor::Person if entry.is_own => "you",
            other => other.code(),
        };
        Self {
            batch: entry.batch.to_string(),
            at: entry.made_at.to_string(),
            actor,
            // A rule is told by what the batch says of it, whoever had it applied.
            who: entry.person.clone().filter(|_| entry.actor != BatchActor::Rule),
            summary: entry.summary.clone(),
            is_undone: entry.is_undone,
            is_undoing: entry.is_undoing,
            changes: happening.changes.iter().map(ChangeBody::of).collect(),
        }
    }
}

impl ChangeBody {
    fn of(change: &FieldChange) -> Self {
        Self { field: change.field, before: change.before.clone(), after: change.after.clone() }
    }
}

/// One transaction in full.
#[derive(Serialize, ToSchema)]
pub(crate) struct DetailBody {
    #[serde(flatten)]
    row: TransactionBody,
    /// The day on which the bank booked it.
    booked_on: Option<String>,
    /// The day from which it counts.
    value_on: Option<String>,
    origins: Vec<OriginBody>,
    bank_rows: Vec<BankRowBody>,
    /// What was done to it, newest first.
    history: Vec<StoryBody>,
    /// The transfer that it is part of, where that is in sight as a whole.
    linked: Option<TransferBody>,
}

impl DetailBody {
    pub(crate) fn of(view: TransactionView) -> Self {
        let currency = view.row.currency;
        let lines = view.lines.iter().map(|line| LineBody::of(line, currency)).collect();
        Self {
            booked_on: view.details.booked_on.map(|day| day.to_string()),
            value_on: view.details.value_on.map(|day| day.to_string()),
            origins: origins(&view),
            bank_rows: view.bank_rows.iter().map(BankRowBody::of).collect(),
            history: view.story.iter().map(StoryBody::of).collect(),
            linked: view.transfer.map(TransferBody::of),
            row: TransactionBody { lines: LinesBody::All(lines), ..TransactionBody::of(view.row) },
        }
    }
}

fn origins(view: &TransactionView) -> Vec<OriginBody> {
    let standing = &view.details.standing;
    let is_from_bank = standing.is_from_bank();
    let first = standing.lines.first();
    let note = first.and_then(|line| line.provider_note.clone());
    let fields = [
        ("date", "dated_on", Some(standing.provider_dated_on.map(|day| day.to_string())), true),
        ("payee", "payee_id", Some(view.details.provider_payee.clone()), view.row.payee.is_some()),
        ("note", "note", Some(note), view.row.note.is_some()),
        ("category", "category_id", None, view.row.category.is_some()),
        ("tags", "tags", None, !view.row.tags.is_empty()),
    ];
    let origin = |(field, column, bank, has_value): (&'static str, &str, Option<Option<String>>, bool)| {
        let by_person = view.by_person(column).is_some();
        let layer = match bank {
            _ if by_person => "person",
            _ if view.by_rule(column).is_some() => "rule",
            Some(_) if is_from_bank => "bank",
            _ if has_value => "person",
            _ => "none",
        };
        let rule = (layer == "rule").then(|| view.by_rule(column).and_then(|name| name.map(str::to_owned))).flatten();
        OriginBody { field, layer, rule, bank: bank.flatten(), bank_shown: layer == "bank" }
    };
    fields.into_iter().map(origin).collect()
}

/// A line to write.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewLineBody {
    /// Which of the transaction's lines; absent is a new one.
    id: Option<String>,
    /// Exact decimal text; absent is the whole of an only line.
    #[serde(default)]
    amount: String,
    note: Option<String>,
    category_id: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

impl NewLineBody {
    pub(crate) fn input(self) -> Result<LineInput, EngineError> {
        Ok(LineInput {
            id: identified("lines", self.id.as_deref())?,
            amount: self.amount,
            note: self.note.unwrap_or_default(),
            category: identified("category_id", self.category_id.as_deref())?,
            tags: self.tags,
        })
    }
}

/// What transactions are to be. Absent leaves a field alone, `null` blanks it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct SetBody {
    /// A civil date.
    date: Option<String>,
    #[serde(default, deserialize_with = "present")]
    payee: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    category_id: Option<Option<String>>,
    /// All tags by name.
    #[serde(default, deserialize_with = "present")]
    tags: Option<Option<Vec<String>>>,
    /// Tags to add; those that are there stay.
    #[serde(default)]
    add_tags: Vec<String>,
    /// Tags to take away.
    #[serde(default)]
    remove_tags: Vec<String>,
    /// Exact decimal text; only of rows that no bank has confirmed.
    amount: Option<String>,
    /// Another account of the same currency.
    account: Option<String>,
    /// Ticked; only of rows that no bank has confirmed.
    is_cleared: Option<bool>,
    /// Looked at.
    is_reviewed: Option<bool>,
    /// All lines; they sum to the amount.
    lines: Option<Vec<NewLineBody>>,
}

impl SetBody {
    pub(crate) fn input(self, unlocks: bool) -> Result<EditInput, EngineError> {
        let lines = self.lines.map(|lines| lines.into_iter().map(NewLineBody::input).collect::<Result<_, _>>());
        Ok(EditInput {
            dated_on: day("date", self.date.as_deref())?,
            payee: self.payee.map(Option::unwrap_or_default),
            note: self.note.map(Option::unwrap_or_default),
            category: category(self.category_id)?,
            tags: self.tags.map(Option::unwrap_or_default),
            add_tags: self.add_tags,
            remove_tags: self.remove_tags,
            amount: self.amount,
            account: identified("account", self.account.as_deref())?,
            is_cleared: self.is_cleared,
            is_reviewed: self.is_reviewed,
            lines: lines.transpose()?,
            unlocks,
        })
    }
}

/// What was seen before: where it is not so any more, nothing is changed.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct SeenBody {
    date: Option<String>,
    #[serde(default, deserialize_with = "present")]
    payee: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    category_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    tags: Option<Option<Vec<String>>>,
    amount: Option<String>,
    /// All lines, as they stood.
    lines: Option<Vec<SeenLineBody>>,
}

/// A line as it was seen.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SeenLineBody {
    id: String,
    /// Minor units.
    amount_minor: i64,
    category_id: Option<String>,
    note: Option<String>,
}

impl SeenLineBody {
    fn input(self) -> Result<SeenLine, EngineError> {
        Ok(SeenLine {
            id: identified("seen", Some(&self.id))?.ok_or_else(|| EngineError::invalid("seen", "A line has an id."))?,
            amount_minor: self.amount_minor,
            category: identified("seen", self.category_id.as_deref())?,
            note: self.note,
        })
    }
}

impl SeenBody {
    pub(crate) fn input(self) -> Result<SeenInput, EngineError> {
        Ok(SeenInput {
            dated_on: day("seen", self.date.as_deref())?,
            payee: self.payee.map(Option::unwrap_or_default),
            note: self.note.map(Option::unwrap_or_default),
            category: category(self.category_id)?,
            tags: self.tags.map(Option::unwrap_or_default),
            amount: self.amount,
            lines: self.lines.map(|lines| lines.into_iter().map(SeenLineBody::input).collect()).transpose()?,
        })
    }
}

fn category(text: Option<Option<String>>) -> Result<Option<Option<bankside_domain::CategoryId>>, EngineError> {
    text.map(|text| identified("category_id", text.as_deref())).transpose()
}

/// Tells a field that is `null` from one that is absent.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Minor units as exact decimal text.
pub(crate) fn decimal(minor: i64, currency: Currency) -> String {
    Amount::new(minor, currency).to_decimal_text()
}
