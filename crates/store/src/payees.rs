//! Payees: found by their folded name, made when they are new.

use std::collections::HashMap;

use bankside_domain::text::fold;
use bankside_domain::{Asker, Id, PayeeId};
use uuid::Uuid;

use crate::convert::micros;
use crate::db::{Session, on};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

impl Store {
    /// The payees of these names, by folded name; those that are missing are made.
    pub(crate) async fn payees_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        names: impl IntoIterator<Item = &str>,
    ) -> Result<HashMap<String, PayeeId>, StoreError> {
        let mut wanted: HashMap<String, &str> = HashMap::new();
        for name in names {
            let folded = fold(name);
            if !folded.is_empty() {
                wanted.entry(folded).or_insert(name);
            }
        }
        let mut folded: Vec<&str> = wanted.keys().map(String::as_str).collect();
        folded.sort_unstable();
        let mut found = self.payees_by_folded_name(session, asker, &folded).await?;
        folded.retain(|name| !found.contains_key(*name));
        if !folded.is_empty() {
            self.add_payees(session, asker, &folded, &wanted).await?;
            // Read again rather than trusted: another run may have been first with one of them.
            found.extend(self.payees_by_folded_name(session, asker, &folded).await?);
        }
        Ok(found)
    }

    async fn payees_by_folded_name(
        &self,
        session: &mut Session,
        asker: &Asker,
        folded: &[&str],
    ) -> Result<HashMap<String, PayeeId>, StoreError> {
        let mut found = HashMap::with_capacity(folded.len());
        for chunk in folded.chunks(VALUES_PER_LIST) {
            let rows: Vec<(String, Uuid)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("SELECT name_folded, id FROM payees WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND name_folded IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            found.extend(rows.into_iter().map(|(folded, id)| (folded, PayeeId::from(id))));
        }
        Ok(found)
    }

    async fn add_payees(
        &self,
        session: &mut Session,
        asker: &Asker,
        folded: &[&str],
        names: &HashMap<String, &str>,
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        for chunk in folded.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO payees (organization_id, id, name, name_folded, created_at) ",
                );
                insert.push_values(chunk, |mut row, folded| {
                    let id: PayeeId = self.ambient.id();
                    row.push_bind(asker.organization.uuid())
                        .push_bind(id.uuid())
                        .push_bind(names.get(*folded).copied().unwrap_or(folded))
                        .push_bind(*folded)
                        .push_bind(now);
                });
                insert.push(" ON CONFLICT (organization_id, name_folded) DO NOTHING");
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }
}
