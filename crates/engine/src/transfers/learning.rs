//! Reading what was not read when it came: numbers of bank accounts, and what older contents say of their other side.

use bankside_domain::row::MappedRow;
use bankside_domain::{Asker, FeedRowVersionId};
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
            let sides = match self.other_sides(asker, &stamps, &ids).await {
                Err(EngineError::Store(error)) => return Err(error.into()),
                Ok(sides) => sides,
                Err(_) => self.other_sides_one_by_one(asker, &stamps, &ids).await?,
            };
            self.store.keep_other_sides(asker, &sides).await?;
        }
    }

    /// The same of contents one of which cannot be opened: that one says nothing, and the others are read all the same.
    async fn other_sides_one_by_one(
        &self,
        asker: &Asker,
        stamps: &Stamps<'_>,
        ids: &[FeedRowVersionId],
    ) -> Result<Vec<(FeedRowVersionId, OtherSide)>, EngineError> {
        let mut sides = Vec::with_capacity(ids.len());
        for id in ids {
            match self.other_sides(asker, stamps, &[*id]).await {
                Ok(one) => sides.extend(one),
                Err(EngineError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(content = %id, %error, "what a bank sent cannot be opened");
                    sides.push((*id, OtherSide::default()));
                }
            }
        }
        Ok(sides)
    }

    async fn other_sides(
        &self,
        asker: &Asker,
        stamps: &Stamps<'_>,
        ids: &[FeedRowVersionId],
    ) -> Result<Vec<(FeedRowVersionId, OtherSide)>, EngineError> {
        let side = |row: &MappedRow| match row {
            MappedRow::Readable(row) => stamps.other_side(row),
            MappedRow::Unreadable { .. } => OtherSide::default(),
        };
        let opened = self.open_sealed(asker, ids).await?;
        Ok(opened.iter().map(|(id, _, row)| (*id, side(row))).collect())
    }
}
