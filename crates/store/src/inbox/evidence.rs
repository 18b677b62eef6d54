//! What earlier rows of a payee came to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::inbox::MOST_EARLIER;
use bankside_domain::suggest::Sum;
use bankside_domain::{Asker, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, currency, date};
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, push_list, push_sight};
use crate::likeness::push_latest_of_pattern;
use crate::{Store, StoreError};

/// A payee's pattern, and the day before which rows are looked for.
type Key = (String, Date);

impl Store {
    /// The latest rows in sight before the day of each of some transactions that have a payee of the same pattern
    /// ([`bankside_domain::suggest::pattern`]). A transaction without a payee is left out.
    pub async fn earlier_of_payee(
        &self,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<HashMap<TransactionId, Vec<Sum>>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let own = self.payees_and_days(&mut session, asker, transactions).await?;
        let keys: Vec<&Key> = own.values().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found: BTreeMap<&Key, Vec<Sum>> = BTreeMap::new();
        let per_key = session.per_key();
        let (pattern, day) = (per_key.of_key("pattern"), per_key.of_key("day"));
        for chunk in keys.chunks(per_key.most_keys) {
            let rows: Vec<(i64, i64, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("WITH keys (key, pattern, day) AS (");
                query.push_values((0_i64..).zip(chunk), |mut row, (number, (pattern, day))| {
                    row.push_bind(number).push_bind(pattern.as_str()).push_bind(date(*day));
                });
                query.push(") SELECT k.key, x.amount_minor, x.currency FROM keys k CROSS JOIN ").push(per_key.lateral);
                query.push(
                    "(SELECT t.amount_minor, t.dated_on, a.currency FROM (SELECT t.organization_id, t.account_id, t.amount_minor, \
                     t.dated_on",
                );
                let organization = asker.organization.uuid();
                push_latest_of_pattern(&mut query, organization, &pattern, Some(&day), MOST_EARLIER, sight);
                query.push(" AND t.deleted_at IS NULL AND t.dated_on < ").push(&day);
                push_sight(&mut query, "t", sight);
                query.push(" ORDER BY t.dated_on DESC LIMIT ").push(MOST_EARLIER);
                query.push(
                    ") t CROSS JOIN accounts a WHERE a.organization_id = t.organization_id AND a.id = t.account_id \
                     ORDER BY t.dated_on DESC) x",
                );
                query.build_query_as().persistent(per_key.is_kept).fetch_all(c).await?
            });
            for (number, minor, code) in rows {
                let Some(key) = usize::try_from(number).ok().and_then(|number| chunk.get(number)) else { continue };
                found.entry(key).or_default().push(Sum { minor, currency: currency(&code)? });
            }
        }
        let earlier = |key: &Key| found.get(key).cloned().unwrap_or_default();
        Ok(own.iter().map(|(id, key)| (*id, earlier(key))).collect())
    }

    async fn payees_and_days(
        &self,
        session: &mut Session,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<HashMap<TransactionId, Key>, StoreError> {
        let mut own = HashMap::new();
        for chunk in transactions.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, Uuid, SqlDate, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, t.account_id, t.dated_on, p.pattern FROM transactions t JOIN payees p \
                     ON p.organization_id = t.organization_id AND p.id = t.payee_id \
                     WHERE p.pattern IS NOT NULL AND t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            let seen = rows.into_iter().filter(|(_, account, ..)| asker.sees((*account).into()));
            own.extend(seen.map(|(id, _, day, pattern)| (id.into(), (pattern, day.to_jiff()))));
        }
        Ok(own)
    }
}
