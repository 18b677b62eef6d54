//! Reading what was not read when it came: numbers of bank accounts, and what older contents say of their other side.

use bankside_domain::Asker;
use bankside_domain::row::MappedRow;
use bankside_store::{OtherSide, UnreadNumber};
use bankside_vault::Place;
use serde::Deserialize;

use crate::sync::ingest::Stamps;
use crate::{Engine, EngineError};

/// Contents are read again in parts of so many.
const CONTENTS_AT_ONCE: i64 = 500;

/// What is kept sealed of a bank account.
#[derive(Deserialize)]
struct Details {
    number: Option<String>,
}

impl Engine {
    /// Looks at the numbers of bank accounts that have come since somebody looked last.
    pub(crate) async fn learn_numbers(&self, asker: &Asker) -> Result<(), EngineError> {
        let unread = self.store.unread_numbers(asker).await?;
        if unread.is_empty() {
            return Ok(());
        }
        let stamps = Stamps::new(self, asker.clone());
        let digest = |unread: &UnreadNumber| {
            let number = self.number_of(asker, unread);
            (unread.bank_account, number.and_then(|number| stamps.number_digest(&number)))
        };
        let numbers: Vec<_> = unread.iter().map(digest).collect();
        Ok(self.store.keep_numbers(asker, &numbers).await?)
    }

    /// The number of a bank account, where it has one that can be read.
    fn number_of(&self, asker: &Asker, unread: &UnreadNumber) -> Option<String> {
        let place = Place::of(asker.organization, unread.bank_account, "bank-account");
        let key = self.vault.data_key(&unread.data_key, place).ok()?;
        let details = key.open(place, &unread.details).ok()?;
        serde_json::from_slice::<Details>(&details).ok()?.number
    }

    /// Reads what contents say of their other side that were stored before that was kept.
    pub(super) async fn learn_other_sides(&self, asker: &Asker) -> Result<(), EngineError> {
        let stamps = Stamps::new(self, asker.clone());
        loop {
            let ids = self.store.without_other_side(asker, CONTENTS_AT_ONCE).await?;
            if ids.is_empty() {
                return Ok(());
            }
            let opened = self.open_sealed(asker, &ids).await?;
            let side = |row: &MappedRow| match row {
                MappedRow::Readable(row) => stamps.other_side(row),
                MappedRow::Unreadable { .. } => OtherSide::default(),
            };
            let sides: Vec<_> = opened.iter().map(|(id, _, row)| (*id, side(row))).collect();
            self.store.keep_other_sides(asker, &sides).await?;
        }
    }
}
