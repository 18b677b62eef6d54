//! Reading rows of statement files again, from their sealed bytes.

use bankside_connect::RawRow;
use bankside_domain::row::{MappedRow, RowStatus};
use bankside_domain::{AccountId, Asker, Currency, FeedRowVersionId, SourceId};
use bankside_statements::csv::{self, Profile};
use bankside_store::StatementAccount;
use bankside_vault::{DataKey, Place, Sealed};

use crate::{Engine, EngineError};

/// Opens and reads the rows of one statement file.
pub(crate) struct FileReader {
    /// The file's name.
    pub(crate) name: String,
    key: DataKey,
    currency: Currency,
    profile: Profile,
}

impl FileReader {
    /// What is stored of a row, opened and read. What is damaged is no row; it keeps no other from being one.
    pub(crate) fn open(&self, asker: &Asker, id: FeedRowVersionId, raw: &Sealed) -> (Option<RawRow>, MappedRow) {
        match self.key.open(Place::of(asker.organization, id, "raw"), raw) {
            Ok(bytes) => {
                let bytes = bytes.to_vec();
                let row = match csv::read_row(&bytes, &self.profile, self.currency) {
                    Ok(row) => MappedRow::Readable(Box::new(row)),
                    Err(refusal) => MappedRow::Unreadable { why: refusal.problem.in_words() },
                };
                (Some(RawRow { status: RowStatus::Booked, bytes }), row)
            }
            Err(error) => {
                (None, MappedRow::Unreadable { why: format!("what is stored of it cannot be opened: {error}") })
            }
        }
    }

    /// The text of a row's bytes.
    pub(crate) fn text(&self, bytes: &[u8]) -> String {
        csv::text_of(bytes, &self.profile)
    }
}

impl Engine {
    /// What reads the rows of a file again.
    pub(crate) async fn file_reader(&self, asker: &Asker, source: SourceId) -> Result<FileReader, EngineError> {
        let reading = self.store.file_reading(asker, source).await?;
        let place = Place::of(asker.organization, reading.bank_account, "bank-account");
        let currencies = self.store.currencies().await?;
        let currency = currencies.get(&reading.currency).copied().ok_or(EngineError::NotFound("the currency"))?;
        Ok(FileReader {
            name: reading.name,
            key: self.vault.data_key(&reading.data_key, place)?,
            currency,
            profile: serde_json::from_str(&reading.profile)?,
        })
    }

    /// The bank account that stands for the files of an account.
    pub(super) async fn statement_account(
        &self,
        asker: &Asker,
        account: AccountId,
    ) -> Result<StatementAccount, EngineError> {
        let made = self.store.statement_account(asker, account, |id| {
            let place = Place::of(asker.organization, id, "bank-account");
            let (key, wrapped) = self.vault.new_data_key(place, &self.ambient);
            (wrapped, key.seal(place, b"{}", &self.ambient))
        });
        Ok(made.await?)
    }
}
