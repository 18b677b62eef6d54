//! What earlier rows of a payee came to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::inbox::MOST_EARLIER;
use bankside_domain::suggest::Sum;
use bankside_domain::{Asker, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, currency, date};
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, parts_per_statement, push_list, push_sight};
use crate::{Store, StoreError};

/// So many keys are asked for in one statement, or fewer where many accounts are in sight.
const KEYS_PER_STATEMENT: usize = 40;
/// Of one pattern so many payees are looked at, those that were met first last.
const MOST_PAYEES: i64 = 20;

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
        // Each key names the organization, the pattern, the day twice, and the accounts in sight twice.
        let parameters = 2 * sight.accounts().map_or(0, BTreeSet::len) + 4;
        for chunk in keys.chunks(parts_per_statement(KEYS_PER_STATEMENT, parameters)) {
            let rows: Vec<(i64, i64, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("");
                for (number, (pattern, day)) in (0_i64..).zip(chunk) {
                    query.push(if number == 0 { "SELECT * FROM (SELECT CAST(" } else { " UNION ALL SELECT * FROM (SELECT CAST(" });
                    query.push(number);
                    query.push(
                        " AS BIGINT) AS key, r.amount_minor, a.currency FROM (SELECT t.organization_id, t.id, t.dated_on \
                         FROM (SELECT organization_id, id FROM payees WHERE organization_id = ",
                    );
                    query.push_bind(asker.organization.uuid()).push(" AND pattern = ").push_bind(pattern.as_str());
                    query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push(MOST_PAYEES);
                    query.push(
                        ") p CROSS JOIN transactions t WHERE t.organization_id = p.organization_id AND t.payee_id = p.id \
                         AND t.deleted_at IS NULL AND t.dated_on < ",
                    );
                    query.push_bind(date(*day));
                    push_sight(&mut query, "t", sight);
                    // Of each payee only its latest rows are ever sorted: there may be a million of all.
                    query.push(
                        " AND t.dated_on >= (SELECT MIN(u.dated_on) FROM (SELECT u.dated_on FROM transactions u \
                         WHERE u.organization_id = p.organization_id AND u.payee_id = p.id AND u.deleted_at IS NULL \
                         AND u.dated_on < ",
                    );
                    query.push_bind(date(*day));
                    push_sight(&mut query, "u", sight);
                    query.push(" ORDER BY u.dated_on DESC LIMIT ").push(MOST_EARLIER);
                    query.push(") u) ORDER BY t.dated_on DESC LIMIT ").push(MOST_EARLIER);
                    query.push(
                        ") t CROSS JOIN transactions r CROSS JOIN accounts a WHERE r.organization_id = t.organization_id \
                         AND r.id = t.id AND a.organization_id = r.organization_id AND a.id = r.account_id \
                         ORDER BY t.dated_on DESC) x",
                    );
                    query.push(number);
                }
                query.build_query_as().persistent(false).fetch_all(c).await?
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
