//! What the simulator of `pluggy` keeps.

use std::collections::BTreeMap;

use bankside_domain::Ambient;
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::books::Book;
use super::execution::Pace;
use super::item::{Consent, Item, Stretch};
use super::problem::Problem;
use super::{BANK_ITEM, MEU_ITEM, connectors};
use crate::Switches;

/// How old the ready made items are at the first start: their last synchronisation was five hours ago.
const READY_MADE_HOURS: i64 = 24 * 40 + 5;
/// How long a consent of Open Finance lasts (fact sheet §7: no longer than twelve months).
pub(super) const CONSENT_DAYS: i64 = 365;
/// Sandbox items that nobody has updated for so long are deleted (fact sheet §4).
const SWEPT_AFTER: SignedDuration = SignedDuration::from_hours(24 * 30);
const UPDATES_EVERY_HOURS: u32 = 1;

/// What the client has subscribed to (fact sheet §0.8, §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Items can be made and updated.
    #[default]
    Paid,
    /// Only sandbox items can be made and updated.
    Trial,
    /// No items can be made by API; only sandbox items can be updated.
    Free,
}

/// A webhook as it was asked for. Nothing is sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(super) serial: u64,
    pub(super) event: String,
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) disabled: Option<Timestamp>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Records {
    /// Signs keys; 64 hex digits. Empty until the first start.
    pub(super) signing_key: String,
    serial: u64,
    pub(super) plan: Plan,
    pub(super) pace: Pace,
    /// How many hours lie between two updates that a client asks for.
    pub(super) update_hours: u32,
    /// How many items the client may have; `None` for any number.
    pub(super) items_limit: Option<usize>,
    /// Whether the client's keys are switched off.
    pub(super) is_disabled: bool,
    pub(super) items: BTreeMap<Uuid, Item>,
    pub(super) webhooks: BTreeMap<Uuid, Webhook>,
    /// Categories that the client has given to transactions.
    pub(super) categories: BTreeMap<Uuid, String>,
}

impl Records {
    /// Makes the first start of new records, and of a state that was written before there were any.
    pub(crate) fn start(&mut self, ambient: &Ambient, now: Timestamp) {
        if !self.signing_key.is_empty() {
            return;
        }
        self.signing_key = HEXLOWER.encode(&ambient.random::<32>());
        self.update_hours = UPDATES_EVERY_HOURS;
        let made = now.checked_sub(SignedDuration::from_hours(READY_MADE_HOURS)).unwrap_or(now);
        for (id, connector, book) in
            [(BANK_ITEM, connectors::AROEIRA, Book::Aroeira), (MEU_ITEM, connectors::MEU_PLUGGY, Book::Meu)]
        {
            let mut item = Item::new(self.next_serial(), connector, book, made);
            item.syncs.push(Stretch { from: made, until: None });
            "SUCCESS".clone_into(&mut item.execution);
            if book == Book::Aroeira {
                item.consent = Some(Consent::granted(made, CONSENT_DAYS));
                item.parameters.insert("cpf".to_owned(), book.style().tax_number.to_owned());
            }
            self.items.insert(id, item);
        }
    }

    /// Orders what was created at the same instant.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Brings every item up to this instant: executions that go by the clock, consents that end, items that are swept.
    pub(super) fn settle(&mut self, now: Timestamp, switches: &Switches) {
        if switches.pluggy_untouched_sandbox_items_are_deleted {
            self.items.retain(|_, item| {
                let is_sandbox = connectors::find(item.connector).is_some_and(|connector| connector.is_sandbox);
                !is_sandbox || now.duration_since(item.touched) <= SWEPT_AFTER
            });
        }
        for item in self.items.values_mut() {
            item.settle(now, switches);
        }
    }

    /// An item of this client (fact sheet §1, §4). What is another client's answers as if it were not there `[?]`.
    pub(super) fn item(&self, id: Uuid, switches: &Switches) -> Result<&Item, Problem> {
        let item = self.items.get(&id).ok_or_else(Problem::item_not_found)?;
        match item.is_foreign {
            false => Ok(item),
            true if switches.pluggy_foreign_item_is_forbidden => Err(Problem::forbidden()),
            true => Err(Problem::item_not_found()),
        }
    }

    /// The same, to be changed.
    pub(super) fn item_mut(&mut self, id: Uuid, switches: &Switches) -> Result<&mut Item, Problem> {
        self.item(id, switches)?;
        self.items.get_mut(&id).ok_or_else(Problem::item_not_found)
    }

    /// The client's own items, the oldest first.
    pub(super) fn own_items(&self) -> Vec<(Uuid, &Item)> {
        let mut items: Vec<_> =
            self.items.iter().filter(|(_, item)| !item.is_foreign).map(|(id, item)| (*id, item)).collect();
        items.sort_by_key(|(_, item)| item.serial);
        items
    }
}
