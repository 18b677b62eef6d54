//! One transaction in full: where each field comes from, what the bank sent, and what was done to it.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::{RawRow, RowAccount};
use bankside_domain::reconcile::Reason;
use bankside_domain::row::{MappedRow, Row, RowStatus};
use bankside_domain::rules::rule_layer_of;
use bankside_domain::{Asker, CategoryId, FeedRowVersionId, Id, LineId, RuleId, TransactionId};
use bankside_store::{BillDays, ClaimedRow, RegisterRow, StoreError, TransactionDetails};
use bankside_vault::Place;
use jiff::Timestamp;

use crate::sync::ingest::Stamps;
use crate::transfers::TransferView;
use crate::{Engine, EngineError};

mod told;

pub use told::{FieldChange, Happening};

/// One transaction in full.
#[derive(Debug, Clone)]
pub struct TransactionView {
    /// As the register shows it.
    pub row: RegisterRow,
    /// Everything that is stored of it.
    pub details: TransactionDetails,
    /// Its lines, with names.
    pub lines: Vec<LineView>,
    /// What the bank sent, the latest first.
    pub bank_rows: Vec<BankRowView>,
    /// What was done to it, newest first.
    pub story: Vec<Happening>,
    /// The transfer that it is part of, where that is in sight as a whole.
    pub transfer: Option<TransferView>,
    /// What the rules are called that have written to it, as far as the person sees rules.
    pub rules: BTreeMap<RuleId, String>,
}

/// A line with names.
#[derive(Debug, Clone)]
pub struct LineView {
    /// Which one.
    pub id: LineId,
    /// Minor units.
    pub amount_minor: i64,
    /// What it was for.
    pub note: Option<String>,
    /// Its category and that category's path.
    pub category: Option<(CategoryId, String)>,
    /// Its tags by name.
    pub tags: Vec<String>,
}

/// What a bank sent.
#[derive(Debug, Clone)]
pub struct BankRowView {
    /// Which content.
    pub version: FeedRowVersionId,
    /// The bank account's name.
    pub bank_account: String,
    /// The bank, and the provider's name, where a connection brought it; the file's name where one did.
    pub bank: Option<(String, String)>,
    /// When it first came.
    pub received_at: Timestamp,
    /// How far the bank had got.
    pub status: RowStatus,
    /// The row, read anew; or why it cannot be read.
    pub read: Result<Box<Row>, String>,
    /// The bill that it stands on, where the bank has stated that one.
    pub bill: Option<BillDays>,
    /// The bytes as received, as far as they are text.
    pub raw: String,
    /// Why it was treated as it was.
    pub reason: Option<Reason>,
}

impl TransactionView {
    /// What a person's layer holds of a field of the transaction or its first line: nothing, or a value that may be blank.
    pub fn by_person(&self, field: &str) -> Option<&Option<String>> {
        let standing = &self.details.standing;
        let own = [Some(standing.id.uuid()), standing.lines.first().map(|line| line.id.uuid())];
        let layer = standing.layers.iter().find(|((id, name), _)| name == field && own.contains(&Some(*id)));
        layer.map(|(_, value)| value)
    }

    /// Whether a rule's layer holds something of a field of the transaction or its first line, and what the rule is called where that
    /// is known.
    pub fn by_rule(&self, field: &str) -> Option<Option<&str>> {
        let standing = &self.details.standing;
        let own = [Some(standing.id.uuid()), standing.lines.first().map(|line| line.id.uuid())];
        let mut layers = standing.rule_layers.iter();
        let (_, layer) = layers.find(|((id, name), _)| name == field && own.contains(&Some(*id)))?;
        Some(rule_layer_of(layer).and_then(|(rule, _)| self.rules.get(&rule)).map(String::as_str))
    }
}

impl Engine {
    /// One transaction in full.
    pub async fn transaction(&self, asker: &Asker, id: TransactionId) -> Result<TransactionView, EngineError> {
        let details = self.store.transaction(asker, id).await?;
        let row = self.store.register_row(asker, id).await?;
        let categories = self.store.category_paths(asker).await?;
        let tags = self.store.tags(asker).await?;
        let lines = details.standing.lines.iter().map(|line| LineView {
            id: line.id,
            amount_minor: line.amount_minor,
            note: line.note.clone(),
            category: line.category.and_then(|id| Some((id, categories.get(&id)?.join(" ▸ ")))),
            tags: tags.iter().filter(|tag| line.tags.contains(&tag.id)).map(|tag| tag.name.clone()).collect(),
        });
        let lines = lines.collect();
        let mut bank_rows = Vec::with_capacity(details.feed_rows.len());
        for claimed in &details.feed_rows {
            bank_rows.push(self.bank_row(asker, claimed).await?);
        }
        let story = self.tell(asker, self.store.story(asker, id).await?, &categories, &tags).await?;
        let transfer = self.transfer_view(asker, &row).await?;
        let rules: BTreeSet<RuleId> =
            details.standing.rule_layers.values().filter_map(|layer| Some(rule_layer_of(layer)?.0)).collect();
        // What rules are called may say what lies out of sight.
        let rules = if asker.is_restricted() {
            BTreeMap::new()
        } else {
            self.store.rule_names(asker, &rules.into_iter().collect::<Vec<_>>()).await?
        };
        Ok(TransactionView { row, details, lines, bank_rows, story, transfer, rules })
    }

    /// Opens what a bank sent and reads it anew.
    pub(crate) async fn bank_row(&self, asker: &Asker, claimed: &ClaimedRow) -> Result<BankRowView, EngineError> {
        let place = Place::of(asker.organization, claimed.bank_account, "bank-account");
        let key = self.vault.data_key(&claimed.data_key, place)?;
        let connection = match claimed.connection {
            Some(id) => match self.store.connection(asker, id).await {
                // Somebody has moved this row to where the asker may see it, and its bank is still out of their sight.
                Err(StoreError::NotFound(_)) if asker.is_restricted() => None,
                connection => Some(connection?),
            },
            None => None,
        };
        let connector = connection.as_ref().and_then(|connection| self.connectors.get(&connection.provider));
        let mut file = None;
        let (raw, read) = match (connector, &connection) {
            (Some(connector), Some(connection)) => {
                let currencies = self.store.currencies().await?;
                let account = RowAccount { kind: claimed.account_kind, currency: claimed.account_currency };
                let reader =
                    self.reader(connector.as_ref(), connection, account, &currencies).flipped(claimed.flips_sign);
                let place = Place::of(asker.organization, claimed.version, "raw");
                reader.open(&key, place, claimed.status, &claimed.raw)
            }
            // Whoever does not see the bank does not see what it sent.
            _ if claimed.connection.is_some() => {
                (None, MappedRow::Unreadable { why: "nothing here can read it".to_owned() })
            }
            _ => match self.file_reader(asker, claimed.source).await {
                // It was brought for an account that is out of their sight.
                Err(EngineError::NotFound(_)) if asker.is_restricted() => {
                    (None, MappedRow::Unreadable { why: "nothing here can read it".to_owned() })
                }
                reader => {
                    let reader = reader?;
                    let opened = reader.open(asker, claimed.version, &claimed.raw);
                    file = Some(reader);
                    opened
                }
            },
        };
        let read = match read {
            MappedRow::Readable(row) => Ok(row),
            MappedRow::Unreadable { why } => Err(why),
        };
        let text = |raw: RawRow| match &file {
            Some(file) => file.text(&raw.bytes),
            None => String::from_utf8_lossy(&raw.bytes).into_owned(),
        };
        let raw = raw.map(text).unwrap_or_default();
        let bill = match read.as_ref().ok().and_then(|row| row.bill.as_deref()) {
            Some(bill) => {
                let digest = Stamps::new(self, asker.clone()).bill_digest(bill);
                self.store.bill_named(asker, claimed.bank_account, digest).await?
            }
            None => None,
        };
        Ok(BankRowView {
            bill,
            version: claimed.version,
            bank_account: claimed.bank_account_name.clone(),
            bank: connection
                .map(|connection| {
                    let provider =
                        self.descriptor(&connection.provider).map_or(connection.provider, |one| one.name.to_owned());
                    (connection.institution_name, provider)
                })
                .or_else(|| file.map(|file| (file.name, "statement file".to_owned()))),
            received_at: claimed.received_at,
            status: claimed.status,
            read,
            raw,
            reason: claimed.reason.clone(),
        })
    }
}
