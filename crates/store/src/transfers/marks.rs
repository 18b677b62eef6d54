//! What the register says of transfers: whether a row is one side of one, and which.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::account::OpeningSource;
use bankside_domain::amount::CurrencyCode;
use bankside_domain::row::RowStatus;
use bankside_domain::transfer::{Link, Transit, transit_of};
use bankside_domain::{AccountId, Asker, BatchId, Code as _, Id, Right, TransactionId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::linking::read_grounds;
use crate::convert::{SqlDate, code, currency, instant};
use crate::db::{Session, on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::register::RegisterRow;
use crate::{Store, StoreError};

/// The other row of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRow {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// That account's name.
    pub account_name: String,
}

/// What a row is of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferMark {
    /// It is linked with another row; `None` where that is out of sight.
    Linked(Option<OtherRow>),
    /// Its bank names an account of the organization as its other side, and no row of that is linked with it.
    InTransit {
        /// Which account.
        account: AccountId,
        /// That account's name.
        account_name: String,
        /// Whether the other row may still come.
        transit: Transit,
    },
}

/// A transfer, as it is stored.
#[derive(Debug, Clone)]
pub struct StoredTransfer {
    /// The other row, who has linked them, and why.
    pub link: Link,
    /// The batch that did.
    pub batch: BatchId,
    /// When.
    pub linked_at: Timestamp,
    /// The name of the person who did, where one did.
    pub person: Option<String>,
}

#[derive(sqlx::FromRow)]
struct SideRow {
    other_id: Uuid,
    linked_by: String,
    grounds: Option<String>,
    batch_id: Uuid,
    made_at: i64,
    person: Option<String>,
}

#[derive(sqlx::FromRow)]
struct TransitRow {
    transaction_id: Uuid,
    account_id: Uuid,
    name: String,
    currency: String,
    opening_on: Option<SqlDate>,
    opening_source: String,
}

/// An account whose number a row names.
struct Named {
    account: AccountId,
    name: String,
    currency: CurrencyCode,
    history_from: Option<Date>,
}

impl Store {
    /// The transfer that a transaction is part of, if it is part of one that is in sight as a whole.
    pub async fn transfer_of(&self, asker: &Asker, id: TransactionId) -> Result<Option<StoredTransfer>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT s.other_id, s.linked_by, s.grounds, s.batch_id, b.made_at, p.name AS person FROM transfer_sides s
             JOIN batches b ON b.organization_id = s.organization_id AND b.id = s.batch_id
             LEFT JOIN people p ON p.id = b.person_id
             WHERE s.organization_id = $1 AND s.transaction_id = $2"
        );
        let row: Option<SideRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        let Some(row) = row else { return Ok(None) };
        let other = TransactionId::from(row.other_id);
        let accounts = self.others(&mut session, asker, &[other]).await?;
        if !accounts.contains_key(&other.uuid()) {
            return Ok(None);
        }
        let link = Link { other, by: code(&row.linked_by)?, grounds: read_grounds(row.grounds.as_deref())? };
        let linked_at = instant(row.made_at)?;
        Ok(Some(StoredTransfer { link, batch: row.batch_id.into(), linked_at, person: row.person }))
    }

    /// Says of rows of the register what they are of transfers.
    pub(crate) async fn mark_transfers(
        &self,
        session: &mut Session,
        asker: &Asker,
        rows: &mut [RegisterRow],
    ) -> Result<(), StoreError> {
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let sides = self.sides_of(session, asker, &ids).await?;
        let others: Vec<TransactionId> = sides.values().map(|link| link.other).collect();
        let mut others = self.others(session, asker, &others).await?;
        let has_moved = |row: &&RegisterRow| matches!(row.status, RowStatus::Booked | RowStatus::Pending);
        let unlinked =
            rows.iter().filter(has_moved).filter(|row| row.is_from_bank && !sides.contains_key(&row.id.uuid()));
        let unlinked: Vec<Uuid> = unlinked.map(|row| row.id.uuid()).collect();
        let mut named = self.named_accounts(session, asker, &unlinked).await?;
        let today = self.ambient.now().to_zoned(TimeZone::UTC).date();
        for row in rows {
            row.transfer = match sides.get(&row.id.uuid()) {
                Some(link) => Some(TransferMark::Linked(others.remove(&link.other.uuid()))),
                None => named.remove(&row.id.uuid()).and_then(|named| in_transit(row, named, today)),
            };
        }
        Ok(())
    }

    /// Rows of the books that are in sight, with their accounts.
    async fn others(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<BTreeMap<Uuid, OtherRow>, StoreError> {
        let mut others = BTreeMap::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, Uuid, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, t.account_id, a.name FROM transactions t \
                     JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                     WHERE t.deleted_at IS NULL AND t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            let in_sight = rows.into_iter().filter(|(_, account, _)| asker.sees((*account).into()));
            others.extend(in_sight.map(|(id, account, account_name)| {
                (id, OtherRow { transaction: id.into(), account: account.into(), account_name })
            }));
        }
        Ok(others)
    }

    /// The accounts whose numbers the feed rows behind some transactions name.
    async fn named_accounts(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<Named>>, StoreError> {
        let mut named: HashMap<Uuid, Vec<Named>> = HashMap::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<TransitRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT k.transaction_id, a.id AS account_id, a.name, a.currency, a.opening_on, a.opening_source \
                     FROM claims k \
                     JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id \
                     JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id \
                     JOIN account_numbers n ON n.organization_id = v.organization_id AND n.digest = v.counterparty_digest \
                     JOIN feeds f ON f.organization_id = n.organization_id AND f.bank_account_id = n.bank_account_id \
                      AND NOT f.is_shadow \
                      AND NOT EXISTS (SELECT 1 FROM feeds y WHERE y.organization_id = f.organization_id \
                       AND y.bank_account_id = f.bank_account_id AND NOT y.is_shadow \
                       AND (y.from_at > f.from_at OR (y.from_at = f.from_at AND y.id > f.id))) \
                     JOIN accounts a ON a.organization_id = f.organization_id AND a.id = f.account_id \
                     WHERE k.state = 'applied' AND k.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND k.transaction_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY k.transaction_id, a.position, a.id");
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                named.entry(row.transaction_id).or_default().push(Named {
                    account: row.account_id.into(),
                    name: row.name,
                    currency: currency(&row.currency)?,
                    history_from: row
                        .opening_on
                        .map(SqlDate::to_jiff)
                        .filter(|_| row.opening_source == OpeningSource::Bank.code()),
                });
            }
        }
        for accounts in named.values_mut() {
            // Whoever cannot see the other account is not told of it.
            accounts.retain(|one| asker.sees(one.account));
        }
        Ok(named)
    }
}

/// What a row is whose bank names accounts by one number: of several, that in its own currency comes first. The number of its own
/// account says nothing.
fn in_transit(row: &RegisterRow, named: Vec<Named>, today: Date) -> Option<TransferMark> {
    let own: BTreeSet<AccountId> = named.iter().map(|one| one.account).collect();
    if own.contains(&row.account) {
        return None;
    }
    let one = named.into_iter().min_by_key(|one| one.currency != row.currency.code)?;
    let transit = transit_of(row.dated_on, one.history_from, today);
    Some(TransferMark::InTransit { account: one.account, account_name: one.name, transit })
}
