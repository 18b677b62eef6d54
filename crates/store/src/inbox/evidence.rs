//! What earlier rows of a payee came to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::inbox::MOST_EARLIER;
use bankside_domain::suggest::Sum;
use bankside_domain::{Asker, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, currency, date};
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, parts_per_statement, push_list};
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
        // Each key names the organization twice, the pattern, the day, and the accounts.
        let parameters = sight.accounts().map_or(0, BTreeSet::len) + 4;
        for chunk in keys.chunks(parts_per_statement(KEYS_PER_STATEMENT, parameters)) {
            let rows: Vec<(i64, i64, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("");
                for (number, (pattern, day)) in (0_i64..).zip(chunk) {
                    query.push(if number == 0 { "SELECT * FROM (SELECT CAST(" } else { " UNION ALL SELECT * FROM (SELECT CAST(" });
                    query.push(number);
                    query.push(
                        " AS BIGINT) AS key, t.amount_minor, a.currency FROM transactions t \
                         JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                         WHERE t.organization_id = ",
                    );
                    query.push_bind(asker.organization.uuid()).push(" AND t.deleted_at IS NULL");
                    query.push(" AND t.payee_id IN (SELECT p.id FROM payees p WHERE p.organization_id = ");
                    query.push_bind(asker.organization.uuid()).push(" AND p.pattern = ").push_bind(pattern.as_str());
                    query.push(" ORDER BY p.created_at DESC, p.id DESC LIMIT ").push(MOST_PAYEES);
                    query.push(") AND t.dated_on < ").push_bind(date(*day));
                    if let Some(accounts) = sight.accounts() {
                        query.push(" AND t.account_id IN ");
                        push_list(&mut query, accounts.iter().map(|account| account.uuid()));
                    }
                    query.push(" ORDER BY t.dated_on DESC LIMIT ").push(MOST_EARLIER).push(") x").push(number);
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
