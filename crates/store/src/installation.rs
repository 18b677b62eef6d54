//! What belongs to the installation itself: its keys' record, its settings, the currencies.

use std::collections::HashMap;

use bankside_domain::{Currency, CurrencyCode, Granted};
use bankside_vault::{KeyRecord, WrappedKey};

use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::dialect::ROWS_PER_STATEMENT;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct KeyRow {
    key_id: Vec<u8>,
    key_check: Vec<u8>,
    identity_key: Vec<u8>,
    passphrase_salt: Option<Vec<u8>>,
}

impl Store {
    /// What the database keeps about its keys; `None` before the first start.
    pub async fn key_record(&self) -> Result<Option<KeyRecord>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT key_id, key_check, identity_key, passphrase_salt FROM installation");
        let row: Option<KeyRow> = on!(session, c => sqlx::query_as(text).fetch_optional(c).await?);
        Ok(row.map(|row| KeyRecord {
            key_id: row.key_id,
            check: row.key_check,
            identity: WrappedKey::from_bytes(row.identity_key),
            passphrase_salt: row.passphrase_salt,
        }))
    }

    /// Keeps the key record of a new database. Fails with [`StoreError::Conflict`] when another process was first.
    pub async fn keep_key_record(&self, record: &KeyRecord) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!(
            "INSERT INTO installation (id, key_id, key_check, identity_key, passphrase_salt, created_at)
             VALUES (1, $1, $2, $3, $4, $5)"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(&record.key_id)
            .bind(&record.check)
            .bind(record.identity.as_bytes())
            .bind(&record.passphrase_salt)
            .bind(micros(self.ambient.now()))
            .execute(c)
            .await
            .map(|_| ()));
        crate::error::or_conflict(result, "this database has its keys already")?;
        session.commit().await
    }

    /// The value of a setting.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT value FROM settings WHERE name = $1");
        Ok(on!(session, c => sqlx::query_scalar(text).bind(name).fetch_optional(c).await?))
    }

    /// Sets a setting.
    pub async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        self.set_setting_within(&mut session, name, value).await?;
        session.commit().await
    }

    /// Sets a setting in the transaction of what else is written with it.
    pub(crate) async fn set_setting_within(
        &self,
        session: &mut Session,
        name: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO settings (name, value, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at"
        );
        run!(session, sqlx::query(text).bind(name).bind(value).bind(micros(self.ambient.now())));
        Ok(())
    }

    /// The currencies that amounts may be in, by code.
    pub async fn currencies(&self) -> Result<HashMap<CurrencyCode, Currency>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT code, scale FROM currencies");
        let rows: Vec<(String, i64)> = on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
        rows.into_iter()
            .map(|(code, scale)| {
                let code = crate::convert::currency(&code)?;
                let scale = u8::try_from(scale).map_err(|_| StoreError::Corrupt(format!("the scale of {code}")))?;
                Ok((code, Currency { code, scale }))
            })
            .collect()
    }

    /// Adds what ISO 4217 knows and the table does not; a scale that is there stays as it is.
    pub(crate) async fn seed_currencies(&self) -> Result<(), StoreError> {
        let known = self.currencies().await?;
        let missing: Vec<(CurrencyCode, u8)> = iso_codes()
            .filter(|code| !known.contains_key(code))
            .filter_map(|code| code.iso_scale().map(|scale| (code, scale)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut session = self.db.write(Granted::as_system()).await?;
        for chunk in missing.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new("INSERT INTO currencies (code, scale, is_custom) ");
                insert.push_values(chunk, |mut row, (code, scale)| {
                    row.push_bind(code.as_str()).push_bind(i64::from(*scale)).push_bind(false);
                });
                insert.push(" ON CONFLICT (code) DO NOTHING");
                insert.build().execute(c).await?;
            });
        }
        session.commit().await
    }
}

fn iso_codes() -> impl Iterator<Item = CurrencyCode> {
    use iso_currency::IntoEnumIterator;
    iso_currency::Currency::iter().filter_map(|currency| currency.code().parse().ok())
}
