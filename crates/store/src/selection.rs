//! Which transactions a person means: these, or all that a register shows. And reading them for an edit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::edit::{Line, Standing};
use bankside_domain::{AccountId, Asker, CategoryId, Id, LineId, PayeeId, TagId, TransactionId};
use uuid::Uuid;

use crate::convert::{SqlDate, code, currency};
use crate::db::{Session, on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::register::RegisterQuery;
use crate::vanished::{GONE, IN_BOOKS};
use crate::{Store, StoreError};

/// More rows than this are not changed at once.
pub const MAX_SELECTED: usize = 20_000;

/// Which transactions a person means.
#[derive(Debug, Clone)]
pub enum Selection {
    /// Exactly these.
    These(Vec<TransactionId>),
    /// All that fit; where it begins, how many it shows and in which order does not count.
    Matching(Box<RegisterQuery>),
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    currency: String,
    status: String,
    amount_minor: i64,
    dated_on: SqlDate,
    payee_id: Option<Uuid>,
    payee_name: Option<String>,
    provider_dated_on: Option<SqlDate>,
    provider_payee_id: Option<Uuid>,
    cleared_at: Option<i64>,
    reconciled_at: Option<i64>,
    reviewed_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    transaction_id: Uuid,
    amount_minor: i64,
    category_id: Option<Uuid>,
    note: Option<String>,
    provider_note: Option<String>,
}

impl Store {
    /// The transactions that a selection means, of those that are in the books. Ids that are none are not found.
    pub(crate) async fn selected(
        &self,
        session: &mut Session,
        asker: &Asker,
        selection: &Selection,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let ids: Vec<TransactionId> = match selection {
            Selection::These(ids) => {
                let unique: BTreeSet<TransactionId> = ids.iter().copied().collect();
                unique.into_iter().collect()
            }
            Selection::Matching(query) => self.matching(session, asker, query, MAX_SELECTED + 1).await?,
        };
        if ids.len() > MAX_SELECTED {
            return Err(StoreError::Conflict("at most 20,000 transactions are changed at once; choose fewer"));
        }
        Ok(ids)
    }

    /// Locks the accounts of some transactions, each of which must be in the books, and answers with those accounts.
    pub(crate) async fn lock_accounts_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
        others: impl IntoIterator<Item = AccountId>,
    ) -> Result<BTreeMap<AccountId, crate::accounts::LockedAccount>, StoreError> {
        let mut accounts: BTreeSet<AccountId> = others.into_iter().collect();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let found: Vec<Uuid> = on!(session, c => {
                let mut query =
                    sqlx::QueryBuilder::new("SELECT DISTINCT account_id FROM transactions WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_scalar().fetch_all(c).await?
            });
            accounts.extend(found.into_iter().map(AccountId::from));
        }
        // In the order of their ids, so that two who edit at once never wait for each other.
        let mut locked = BTreeMap::new();
        for account in accounts {
            locked.insert(account, self.lock_account(session, asker, account).await?);
        }
        Ok(locked)
    }

    /// Refuses a transaction that is in an account out of sight, whether it is in the books or was taken out of them.
    pub(crate) async fn check_transaction_in_sight(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: TransactionId,
    ) -> Result<(), StoreError> {
        let text = sql!("SELECT account_id FROM transactions WHERE organization_id = $1 AND id = $2");
        let account: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        match account.map(AccountId::from) {
            Some(account) if !asker.sees(account) => Err(StoreError::NotFound("the transaction")),
            _ => Ok(()),
        }
    }

    /// Transactions as they stand, with their lines, tags and layers. One that is not in the books is not found.
    pub(crate) async fn stand(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<Vec<Standing>, StoreError> {
        let standing = self.stand_if_there(session, asker, ids).await?;
        if standing.len() < ids.len() { Err(StoreError::NotFound("the transaction")) } else { Ok(standing) }
    }

    /// The same of those that are in the books and in sight.
    pub(crate) async fn stand_if_there(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<Vec<Standing>, StoreError> {
        self.stand_where(session, asker, ids, IN_BOOKS).await
    }

    /// Pending rows that have left the books because their bank stopped showing them, as they stood then.
    pub(crate) async fn stand_gone(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<Vec<Standing>, StoreError> {
        self.stand_where(session, asker, ids, GONE).await
    }

    async fn stand_where(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
        condition: &'static str,
    ) -> Result<Vec<Standing>, StoreError> {
        let mut standing = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let uuids: Vec<Uuid> = chunk.iter().map(|id| id.uuid()).collect();
            let rows: Vec<Row> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, t.account_id, a.currency, t.status, t.amount_minor, t.dated_on, t.payee_id, \
                     p.name AS payee_name, t.provider_dated_on, t.provider_payee_id, t.cleared_at, t.reconciled_at, \
                     t.reviewed_at \
                     FROM transactions t \
                     JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                     LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id WHERE ",
                );
                query.push(condition).push(" AND t.organization_id = ").push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, uuids.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            let is_in_sight = |row: &Row| asker.sees(row.account_id.into());
            let rows: Vec<Row> = rows.into_iter().filter(is_in_sight).collect();
            let mut lines = self.lines_of(session, asker, &uuids).await?;
            let line_ids = lines.values().flatten().map(|line| line.id.uuid());
            let layered: Vec<Uuid> = uuids.iter().copied().chain(line_ids).collect();
            let (mut layers, mut rule_layers) = (Layers::new(), BTreeMap::new());
            for part in layered.chunks(VALUES_PER_LIST) {
                for layer in self.layers_of_rows(session, asker, part.iter().copied()).await? {
                    match layer.rule_value() {
                        Some(value) => rule_layers.insert((layer.id, layer.field), value).map_or((), drop),
                        None => layers.insert((layer.id, layer.field), layer.value).map_or((), drop),
                    }
                }
            }
            for row in rows {
                let lines = lines.remove(&row.id).unwrap_or_default();
                if lines.is_empty() {
                    return Err(StoreError::Corrupt(format!("the transaction {} has no line", row.id)));
                }
                let own: Vec<Uuid> = std::iter::once(row.id).chain(lines.iter().map(|line| line.id.uuid())).collect();
                let by_person = own.iter().flat_map(|id| layers_of(&layers, *id)).collect();
                let by_rule = own.iter().flat_map(|id| layers_of(&rule_layers, *id)).collect();
                standing.push(row.into_standing(lines, by_person, by_rule)?);
            }
        }
        Ok(standing)
    }

    /// The lines of some transactions in their order, with their tags.
    pub(crate) async fn lines_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        transactions: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<Line>>, StoreError> {
        let mut lines: HashMap<Uuid, Vec<Line>> = HashMap::with_capacity(transactions.len());
        for chunk in transactions.chunks(VALUES_PER_LIST) {
            let rows: Vec<LineRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT id, transaction_id, amount_minor, category_id, note, provider_note FROM transaction_lines \
                     WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND transaction_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY transaction_id, position");
                query.build_query_as().fetch_all(c).await?
            });
            let tags: Vec<(Uuid, Uuid)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT g.line_id, g.tag_id FROM line_tags g JOIN transaction_lines l \
                     ON l.organization_id = g.organization_id AND l.id = g.line_id WHERE l.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND l.transaction_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            let mut tags_of: HashMap<Uuid, BTreeSet<TagId>> = HashMap::new();
            for (line, tag) in tags {
                tags_of.entry(line).or_default().insert(tag.into());
            }
            for row in rows {
                let tags = tags_of.remove(&row.id).unwrap_or_default();
                lines.entry(row.transaction_id).or_default().push(Line {
                    id: LineId::from(row.id),
                    amount_minor: row.amount_minor,
                    category: row.category_id.map(CategoryId::from),
                    note: row.note,
                    provider_note: row.provider_note,
                    tags,
                });
            }
        }
        Ok(lines)
    }
}

type Layers = BTreeMap<(Uuid, String), Option<String>>;

/// The layers of one row or line.
fn layers_of<V: Clone>(layers: &BTreeMap<(Uuid, String), V>, id: Uuid) -> Vec<((Uuid, String), V)> {
    let from_here = layers.range((id, String::new())..).take_while(|((other, _), _)| *other == id);
    from_here.map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl Row {
    fn into_standing(
        self,
        lines: Vec<Line>,
        layers: Layers,
        rule_layers: BTreeMap<(Uuid, String), String>,
    ) -> Result<Standing, StoreError> {
        Ok(Standing {
            id: self.id.into(),
            account: self.account_id.into(),
            currency: currency(&self.currency)?,
            status: code(&self.status)?,
            amount_minor: self.amount_minor,
            dated_on: self.dated_on.to_jiff(),
            payee: self.payee_id.map(PayeeId::from),
            payee_name: self.payee_name,
            provider_dated_on: self.provider_dated_on.map(SqlDate::to_jiff),
            provider_payee: self.provider_payee_id.map(PayeeId::from),
            cleared_at: self.cleared_at,
            reconciled_at: self.reconciled_at,
            reviewed_at: self.reviewed_at,
            lines,
            layers,
            rule_layers,
        })
    }
}
