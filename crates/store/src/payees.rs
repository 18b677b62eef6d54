//! Payees: found by their folded name, made when they are new, offered to whoever types.

use std::collections::HashMap;

use bankside_domain::suggest::pattern;
use bankside_domain::text::fold;
use bankside_domain::{Asker, CategoryId, Granted, Id, PayeeId, Right};
use uuid::Uuid;

use crate::categories::path;
use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, containing, push_list};
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct PayeeRow {
    id: Uuid,
    name: String,
    category_id: Option<Uuid>,
    category: Option<String>,
    main_category: Option<String>,
}

/// A payee as people choose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    /// Which one.
    pub id: PayeeId,
    /// Its name.
    pub name: String,
    /// The category that its latest categorised transaction has, and that category's path.
    pub last_category: Option<(CategoryId, String)>,
}

impl Store {
    /// Payees with this text in their names, those first whose latest transaction is the latest.
    pub async fn payees(&self, asker: &Asker, search: &str, limit: i64) -> Result<Vec<Payee>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT x.id, x.name, k.id AS category_id, k.name AS category, m.name AS main_category
             FROM (SELECT p.id, p.name, p.name_folded, p.organization_id,
                    (SELECT MAX(t.dated_on) FROM transactions t WHERE t.organization_id = p.organization_id
                        AND t.payee_id = p.id AND t.deleted_at IS NULL /* in sight: t.account_id */) AS last_on,
                    (SELECT l.category_id FROM transactions t JOIN transaction_lines l
                        ON l.organization_id = t.organization_id AND l.transaction_id = t.id AND l.position = 0
                        WHERE t.organization_id = p.organization_id AND t.payee_id = p.id AND t.deleted_at IS NULL
                            AND l.category_id IS NOT NULL /* in sight: t.account_id */
                        ORDER BY t.dated_on DESC LIMIT 1) AS category_id
                 FROM payees p WHERE p.organization_id = $1 AND p.name_folded LIKE $2 ESCAPE '\\') x
             LEFT JOIN categories k ON k.organization_id = x.organization_id AND k.id = x.category_id
             LEFT JOIN categories m ON m.organization_id = k.organization_id AND m.id = k.parent_id
             WHERE x.last_on IS NOT NULL ORDER BY x.last_on DESC, x.name_folded LIMIT $3"
            ),
            sight,
        );
        let rows: Vec<PayeeRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(containing(&fold(search)))
            .bind(limit.clamp(1, 100))
            .fetch_all(c)
            .await?);
        let payee = |row: PayeeRow| Payee {
            id: row.id.into(),
            name: row.name,
            last_category: row
                .category_id
                .zip(row.category)
                .map(|(id, name)| (id.into(), path(&name, row.main_category.as_deref()))),
        };
        Ok(rows.into_iter().map(payee).collect())
    }

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

    /// What these payees are called, as far as they have a transaction in sight.
    pub async fn payee_names(&self, asker: &Asker, ids: &[PayeeId]) -> Result<HashMap<PayeeId, String>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let mut names = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("SELECT id, name FROM payees WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                if let Some(accounts) = sight.accounts() {
                    query.push(
                        " AND EXISTS (SELECT 1 FROM transactions t WHERE t.organization_id = payees.organization_id \
                         AND t.payee_id = payees.id AND t.account_id IN ",
                    );
                    push_list(&mut query, accounts.iter().map(|account| account.uuid()));
                    query.push(")");
                }
                query.build_query_as().fetch_all(c).await?
            });
            names.extend(rows.into_iter().map(|(id, name)| (PayeeId::from(id), name)));
        }
        Ok(names)
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
                    "INSERT INTO payees (organization_id, id, name, name_folded, pattern, created_at) ",
                );
                insert.push_values(chunk, |mut row, folded| {
                    let id: PayeeId = self.ambient.id();
                    row.push_bind(asker.organization.uuid())
                        .push_bind(id.uuid())
                        .push_bind(names.get(*folded).copied().unwrap_or(folded))
                        .push_bind(*folded)
                        .push_bind(pattern(folded))
                        .push_bind(now);
                });
                insert.push(" ON CONFLICT (organization_id, name_folded) DO NOTHING");
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Works out the patterns of payees that came before there were any.
    pub(crate) async fn complete_patterns(&self) -> Result<(), StoreError> {
        loop {
            let mut session = self.db.write(Granted::as_system()).await?;
            let text = sql!("SELECT organization_id, id, name_folded FROM payees WHERE pattern IS NULL LIMIT 1000");
            let payees: Vec<(Uuid, Uuid, String)> = on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
            if payees.is_empty() {
                return Ok(());
            }
            let text = sql!("UPDATE payees SET pattern = $3 WHERE organization_id = $1 AND id = $2");
            for (organization, id, folded) in payees {
                run!(session, sqlx::query(text).bind(organization).bind(id).bind(pattern(&folded)));
            }
            session.commit().await?;
        }
    }
}
