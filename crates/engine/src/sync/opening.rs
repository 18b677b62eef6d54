//! Opening stored rows: each is read as the connection that brought it tells its rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bankside_connect::{RawRow, RowAccount};
use bankside_domain::reconcile::Arrived;
use bankside_domain::row::{MappedRow, RowStatus};
use bankside_domain::{Asker, ConnectionId, Currency, CurrencyCode, FeedRowVersionId};
use bankside_store::{BankAccount, Connection, StoredSnapshot};
use bankside_vault::{DataKey, Place, Sealed};

use super::ingest::{Stamps, row_account};
use crate::{Engine, EngineError};

/// Opens the stored rows of one bank account.
struct Opener<'a> {
    engine: &'a Engine,
    asker: &'a Asker,
    key: DataKey,
    account: RowAccount,
    currencies: HashMap<CurrencyCode, Currency>,
    /// Whatever no connection brought is read as this one would tell it.
    present: &'a Connection,
    others: HashMap<ConnectionId, Connection>,
    flips_sign: bool,
}

impl<'a> Opener<'a> {
    /// `brought_by` names all connections whose rows are to be opened.
    async fn new(
        engine: &'a Engine,
        asker: &'a Asker,
        (present, bank_account): (&'a Connection, &BankAccount),
        brought_by: impl Iterator<Item = ConnectionId>,
    ) -> Result<Self, EngineError> {
        let mut others = HashMap::new();
        for id in brought_by.filter(|id| *id != present.id) {
            if let Entry::Vacant(vacant) = others.entry(id) {
                vacant.insert(engine.store.connection(asker, id).await?);
            }
        }
        Ok(Self {
            engine,
            asker,
            key: engine.raw_row_key(asker, bank_account)?,
            account: row_account(bank_account),
            currencies: engine.store.currencies().await?,
            present,
            others,
            flips_sign: false,
        })
    }

    fn open(
        &self,
        id: FeedRowVersionId,
        status: RowStatus,
        raw: &Sealed,
        brought_by: Option<ConnectionId>,
    ) -> Result<(Option<RawRow>, MappedRow), EngineError> {
        let told_by = brought_by.and_then(|id| self.others.get(&id)).unwrap_or(self.present);
        let connectors = &self.engine.connectors;
        let connector = connectors.get(&told_by.provider).ok_or(EngineError::NotFound("the provider"))?;
        let reader = self.engine.reader(connector.as_ref(), told_by, self.account, &self.currencies);
        let place = Place::of(self.asker.organization, id, "raw");
        Ok(reader.flipped(self.flips_sign).open(&self.key, place, status, raw))
    }
}

impl Engine {
    /// Opens the rows that a plan has to decide about, with their signs as the owner sees them.
    pub(crate) async fn open_versions(
        &self,
        asker: &Asker,
        connection: &Connection,
        bank_account: &BankAccount,
        stored: &StoredSnapshot,
    ) -> Result<Vec<Arrived>, EngineError> {
        let brought_by = stored.versions.iter().filter_map(|version| version.connection);
        let opener = Opener::new(self, asker, (connection, bank_account), brought_by).await?;
        let opener = Opener { flips_sign: stored.state.flips_sign, ..opener };
        let arrived = stored.versions.iter().map(|version| {
            let (_, row) = opener.open(version.id, version.status, &version.raw, version.connection)?;
            Ok(Arrived {
                version: version.id,
                known_as: version.known_as,
                is_left_over: version.is_left_over,
                row,
                ids: version.ids.clone(),
                fingerprint: version.fingerprint,
            })
        });
        arrived.collect()
    }

    /// Makes the fingerprints anew that a plan would compare and that are of an older normal form than ours. Answers whether there
    /// were any: what was read is stale then.
    ///
    /// They are the bank's content, so its signs are left as they came. One that cannot be opened any more is only like itself.
    pub(crate) async fn renew_fingerprints(&self, asker: &Asker, stored: &StoredSnapshot) -> Result<bool, EngineError> {
        if stored.outdated.is_empty() {
            return Ok(false);
        }
        let stamps = Stamps::new(self, asker.clone());
        let opened = self.open_sealed(asker, &stored.outdated).await?;
        let fingerprints: Vec<_> =
            opened.iter().map(|(id, raw, row)| (*id, stamps.fingerprint_again(*id, raw.as_ref(), row))).collect();
        tracing::info!(renewed = fingerprints.len(), "fingerprints of an older form");
        self.store.renew_fingerprints(asker, &fingerprints).await?;
        Ok(true)
    }

    /// Opens stored contents and reads them again, with the bank's signs. One that cannot be opened any more has no bytes.
    pub(crate) async fn open_sealed(
        &self,
        asker: &Asker,
        ids: &[FeedRowVersionId],
    ) -> Result<Vec<(FeedRowVersionId, Option<RawRow>, MappedRow)>, EngineError> {
        let versions = self.store.sealed_versions(asker, ids).await?;
        let currencies = self.store.currencies().await?;
        let (mut connections, mut files) = (HashMap::new(), HashMap::new());
        let mut opened = Vec::with_capacity(versions.len());
        for version in &versions {
            let (raw, row) = if let Some(id) = version.connection {
                let told_by = match connections.entry(id) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(vacant) => vacant.insert(self.store.connection(asker, id).await?),
                };
                let connector = self.connectors.get(&told_by.provider).ok_or(EngineError::NotFound("the provider"))?;
                let account = RowAccount { kind: version.account_kind, currency: version.account_currency };
                let place = Place::of(asker.organization, version.bank_account, "bank-account");
                let key = self.vault.data_key(&version.data_key, place)?;
                let reader = self.reader(connector.as_ref(), told_by, account, &currencies);
                reader.open(&key, Place::of(asker.organization, version.id, "raw"), version.status, &version.raw)
            } else {
                let reader = match files.entry(version.source) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(vacant) => vacant.insert(self.file_reader(asker, version.source).await?),
                };
                reader.open(asker, version.id, &version.raw)
            };
            opened.push((version.id, raw, row));
        }
        Ok(opened)
    }
}
