//! Which features of the installation somebody has switched, and the audit of what concerns all of it.

use std::collections::BTreeMap;

use bankside_domain::{Granted, Id, PersonId};
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::convert::{ids, instant, micros};
use crate::db::{on, run, sql};
use crate::{Store, StoreError};

/// Before a feature's key in the table of settings.
const PREFIX: &str = "feature.";

impl Store {
    /// The features that somebody has switched, by key. What is not here is as it was at first.
    pub async fn features_as_system(&self) -> Result<BTreeMap<String, bool>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT name, value FROM settings WHERE name LIKE 'feature.%'");
        let rows: Vec<(String, String)> = on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
        rows.into_iter()
            .map(|(name, value)| {
                let is_on = match value.as_str() {
                    "on" => true,
                    "off" => false,
                    _ => return Err(StoreError::Corrupt(format!("the setting {name}"))),
                };
                Ok((name.trim_start_matches(PREFIX).to_owned(), is_on))
            })
            .collect()
    }

    /// Switches a feature for every organization, with its line in the audit of the installation.
    pub async fn switch_feature_as_system(&self, person: PersonId, key: &str, is_on: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let (name, value) = (format!("{PREFIX}{key}"), if is_on { "on" } else { "off" });
        self.set_setting_within(&mut session, &name, value).await?;
        let text = sql!(
            "INSERT INTO audit (id, organization_id, at, person_id, action, subject, detail)
             VALUES ($1, NULL, $2, $3, 'feature.switched', $4, $5)"
        );
        let id: bankside_domain::AuditId = self.ambient.id();
        run!(
            session,
            sqlx::query(text)
                .bind(id.uuid())
                .bind(micros(self.ambient.now()))
                .bind(person.uuid())
                .bind(key)
                .bind(value)
        );
        session.commit().await
    }

    /// The latest lines about the installation itself, newest first, at most 500.
    pub async fn installation_audit_as_system(&self) -> Result<Vec<AuditEntry>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT at, person_id, action, subject, detail FROM audit
             WHERE organization_id IS NULL ORDER BY at DESC, id DESC LIMIT 500"
        );
        let rows: Vec<(i64, Option<Uuid>, String, String, String)> =
            on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
        rows.into_iter()
            .map(|(at, person, action, subject, detail)| {
                Ok(AuditEntry { at: instant(at)?, person: ids(person), action, subject, detail })
            })
            .collect()
    }

    /// The names of those who run the installation.
    pub async fn operators_as_system(&self) -> Result<Vec<String>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT name FROM people WHERE is_operator ORDER BY name_folded");
        Ok(on!(session, c => sqlx::query_scalar(text).fetch_all(c).await?))
    }
}
