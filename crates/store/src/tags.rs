//! Tags: words that people put on lines, found by their folded name, made when they are new.

use std::collections::HashMap;

use bankside_domain::text::{fold, tidy};
use bankside_domain::{Asker, Id, Right, Sight, TagId};
use sqlx::SqlStr;
use uuid::Uuid;

use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Which one.
    pub id: TagId,
    /// Its word, without the mark in front.
    pub name: String,
}

/// A tag's word without the mark that people may put in front.
fn bare(name: &str) -> &str {
    name.trim_start().trim_start_matches('#')
}

/// By what a tag is found.
pub(crate) fn key(name: &str) -> String {
    fold(bare(name))
}

impl Store {
    /// The tags of an organization, by name.
    pub async fn tags(&self, asker: &Asker) -> Result<Vec<Tag>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = match sight {
            Sight::Whole => SqlStr::from_static(sql!(
                "SELECT id, name FROM tags WHERE organization_id = $1 ORDER BY name_folded, id"
            )),
            // A tag may say much about the rows that carry it.
            Sight::Below(_) => session.in_sight(
                sql!(
                    "SELECT w.id, w.name FROM tags w WHERE w.organization_id = $1 AND EXISTS (SELECT 1 FROM line_tags g
                        JOIN transaction_lines l ON l.organization_id = g.organization_id AND l.id = g.line_id
                        JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
                        WHERE g.organization_id = w.organization_id AND g.tag_id = w.id AND t.deleted_at IS NULL
                            /* in sight: t.account_id */)
                     ORDER BY w.name_folded, w.id"
                ),
                sight,
            ),
        };
        let rows: Vec<(Uuid, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(rows.into_iter().map(|(id, name)| Tag { id: id.into(), name }).collect())
    }

    /// The tags of these names, by folded name; those that are missing are made.
    pub(crate) async fn tags_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        names: &[&str],
    ) -> Result<HashMap<String, TagId>, StoreError> {
        let organization = asker.organization.uuid();
        let mut found = HashMap::new();
        for name in names {
            let (name, folded) = (bare(name), key(name));
            let Some(name) = tidy(name).filter(|_| !folded.is_empty() && !found.contains_key(&folded)) else {
                continue;
            };
            let id: TagId = self.ambient.id();
            let text = sql!(
                "INSERT INTO tags (organization_id, id, name, name_folded) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (organization_id, name_folded) DO NOTHING"
            );
            run!(session, sqlx::query(text).bind(organization).bind(id.uuid()).bind(name).bind(&folded));
            let text = sql!("SELECT id FROM tags WHERE organization_id = $1 AND name_folded = $2");
            let id: Uuid =
                on!(session, c => sqlx::query_scalar(text).bind(organization).bind(&folded).fetch_one(c).await?);
            found.insert(folded, id.into());
        }
        Ok(found)
    }
}
