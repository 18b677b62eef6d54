//! By what transactions are alike, what people decided about those that are like one, and what providers file rows under.

use std::collections::{BTreeSet, HashMap};

use bankside_domain::reconcile::Digest;
use bankside_domain::suggest::{Decision, Likeness, MOST_DECISIONS, Sum};
use bankside_domain::{Asker, CategoryId, Id, PayeeId, Right, Sight, TransactionId};
use uuid::Uuid;

use crate::convert::{currency, digest, ids, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, push_list, push_sight};
use crate::{Store, StoreError};

/// Of one pattern so many payees are looked at, those that were met first last.
const MOST_PAYEES: i64 = 20;

/// Among so many of the latest rows that have something in common decisions are looked for. A shop that nothing was ever decided about may
/// have tens of thousands.
const MOST_LOOKED_AT: i64 = 200;

/// Of each payee of a pattern so many of the latest rows are among them, and all others of the day of the first: a chain has many shops, and
/// what is known of one that somebody goes to daily does not hide the others.
const MOST_OF_ONE_PAYEE: i64 = 100;

/// By what a transaction is like others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Likenesses {
    /// What others may have in common with it, as far as it is known.
    pub keys: Vec<LikenessKey>,
    /// The code of what its provider files it under.
    pub provider_category: Option<String>,
}

impl Likenesses {
    /// The pattern of its payee.
    pub fn pattern(&self) -> Option<&str> {
        self.keys.iter().find_map(|key| match key {
            LikenessKey::Pattern(pattern) => Some(pattern.as_str()),
            _ => None,
        })
    }
}

/// What rows have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LikenessKey {
    /// The digest of a creditor or mandate.
    Creditor(Digest),
    /// The digest of the account on the other side.
    Account(Digest),
    /// The payee.
    Payee(PayeeId),
    /// The pattern of the payee's name.
    Pattern(String),
}

impl LikenessKey {
    /// Whether it is the pattern of a name.
    pub fn is_pattern(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }

    /// By what rows with this in common are alike.
    pub fn likeness(&self) -> Likeness {
        match self {
            Self::Creditor(_) => Likeness::Creditor,
            Self::Account(_) => Likeness::Account,
            Self::Payee(_) => Likeness::Payee,
            Self::Pattern(_) => Likeness::Pattern,
        }
    }
}

/// What providers file rows under, and to which category that is mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenProviderCategory {
    /// Its code, with the scheme or the provider in front: `mcc:5411`.
    pub code: String,
    /// What it was called when it was first seen.
    pub name: String,
    /// The category that it is mapped to.
    pub category: Option<CategoryId>,
}

/// To which category something is to be mapped that providers file rows under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCategoryTarget {
    /// Its code.
    pub code: String,
    /// To which it was mapped when the person decided; `None` where nobody looked.
    pub seen: Option<Option<CategoryId>>,
    /// To which it is to be mapped; `None` takes the mapping away.
    pub category: Option<CategoryId>,
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    key: i64,
    category_id: Uuid,
    amount_minor: i64,
    currency: String,
}

/// What a content says of a transaction.
#[derive(sqlx::FromRow)]
struct ContentRow {
    id: Uuid,
    creditor_digest: Option<Vec<u8>>,
    counterparty_digest: Option<Vec<u8>>,
    provider_category: Option<String>,
}

impl ContentRow {
    fn keys(&self) -> Result<Vec<LikenessKey>, StoreError> {
        let creditor = self.creditor_digest.as_deref().map(|bytes| digest(bytes).map(LikenessKey::Creditor));
        let account = self.counterparty_digest.as_deref().map(|bytes| digest(bytes).map(LikenessKey::Account));
        creditor.into_iter().chain(account).collect()
    }
}

/// That a person has given the line `l` its category: a rule may have written one, but a person's word lies above it.
const BY_PERSON: &str = " AND (NOT EXISTS (SELECT 1 FROM field_layers y WHERE y.organization_id = l.organization_id \
     AND y.entity_id = l.id AND y.field = 'category_id' AND y.layer = 'rule') \
     OR EXISTS (SELECT 1 FROM field_layers y WHERE y.organization_id = l.organization_id \
     AND y.entity_id = l.id AND y.field = 'category_id' AND y.layer = 'person'))";

/// The rows of the books behind a content `v`.
const BEHIND: &str = " FROM feed_row_versions v \
     JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id AND r.current_version_id = v.id \
     JOIN claims c ON c.organization_id = r.organization_id AND c.feed_row_id = r.id AND c.state = 'applied' \
     JOIN transactions t ON t.organization_id = c.organization_id AND t.id = c.transaction_id";

/// Appends ` FROM … WHERE …` that finds rows `t` of the payees of a pattern: of each payee so many of its latest in sight, before a day where
/// one is given, and all others of the day of the first of them. Which of these are meant is for the caller to say.
///
/// The payees come first: by day there may be a million rows of others in between. And of each only the latest are ever sorted.
pub(crate) fn push_latest_of_pattern<DB>(
    query: &mut sqlx::QueryBuilder<DB>,
    organization: Uuid,
    pattern: &str,
    before: Option<&str>,
    most: i64,
    sight: &Sight,
) where
    DB: sqlx::Database,
    Uuid: for<'args> sqlx::Encode<'args, DB> + sqlx::Type<DB>,
{
    query.push(" FROM (SELECT organization_id, id FROM payees WHERE organization_id = ").push_bind(organization);
    query.push(" AND pattern = ").push(pattern).push(" ORDER BY created_at DESC, id DESC LIMIT ").push(MOST_PAYEES);
    query.push(
        ") p CROSS JOIN transactions t WHERE t.organization_id = p.organization_id AND t.payee_id = p.id \
         AND t.dated_on >= (SELECT MIN(u.dated_on) FROM (SELECT u.dated_on FROM transactions u \
         WHERE u.organization_id = p.organization_id AND u.payee_id = p.id AND u.deleted_at IS NULL",
    );
    if let Some(day) = before {
        query.push(" AND u.dated_on < ").push(day);
    }
    push_sight(query, "u", sight);
    query.push(" ORDER BY u.dated_on DESC LIMIT ").push(most).push(") u)");
}

impl Store {
    /// By what each of some transactions in sight is like others.
    pub async fn likenesses(
        &self,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<HashMap<TransactionId, Likenesses>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let mut found: HashMap<TransactionId, Likenesses> = HashMap::new();
        for chunk in transactions.chunks(VALUES_PER_LIST) {
            let of_banks: Vec<ContentRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, v.creditor_digest, v.counterparty_digest, v.provider_category FROM claims c \
                     JOIN transactions t ON t.organization_id = c.organization_id AND t.id = c.transaction_id \
                     JOIN feed_rows r ON r.organization_id = c.organization_id AND r.id = c.feed_row_id \
                     JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id \
                     WHERE c.state = 'applied' AND c.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND c.transaction_id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                push_sight(&mut query, "t", sight);
                query.push(" ORDER BY v.received_at, v.id");
                query.build_query_as().fetch_all(c).await?
            });
            for row in of_banks {
                let likenesses = found.entry(row.id.into()).or_default();
                for key in row.keys()? {
                    if !likenesses.keys.contains(&key) {
                        likenesses.keys.push(key);
                    }
                }
                // The latest content speaks.
                likenesses.provider_category = row.provider_category.or(likenesses.provider_category.take());
            }
            let of_books: Vec<(Uuid, Uuid, Option<String>)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, p.id, p.pattern FROM transactions t \
                     JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id WHERE t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                push_sight(&mut query, "t", sight);
                query.build_query_as().fetch_all(c).await?
            });
            for (id, payee, pattern) in of_books {
                let keys = &mut found.entry(id.into()).or_default().keys;
                keys.push(LikenessKey::Payee(payee.into()));
                keys.extend(pattern.map(LikenessKey::Pattern));
            }
        }
        Ok(found)
    }

    /// The latest decisions of people about rows in sight that have each of these in common, at most [`MOST_DECISIONS`] for each, among
    /// the latest 200 such rows; of a pattern, among about the latest 100 of each of its 20 newest payees.
    pub async fn decisions(
        &self,
        asker: &Asker,
        keys: &BTreeSet<LikenessKey>,
    ) -> Result<HashMap<LikenessKey, Vec<Decision>>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let organization = asker.organization.uuid();
        let per_key = session.per_key();
        let value = per_key.of_key("value");
        let mut decisions: HashMap<LikenessKey, Vec<Decision>> = HashMap::new();
        // The keys stand in the order of their kinds.
        let keys: Vec<&LikenessKey> = keys.iter().collect();
        for chunk in keys
            .chunk_by(|one, other| one.likeness() == other.likeness())
            .flat_map(|of_kind| of_kind.chunks(per_key.most_keys))
        {
            let Some(likeness) = chunk.first().map(|key| key.likeness()) else { continue };
            let rows: Vec<DecisionRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("WITH keys (key, value) AS (");
                query.push_values((0_i64..).zip(chunk), |mut row, (number, key)| {
                    row.push_bind(number);
                    match key {
                        LikenessKey::Creditor(digest) | LikenessKey::Account(digest) => row.push_bind(digest.0.to_vec()),
                        LikenessKey::Payee(payee) => row.push_bind(payee.uuid()),
                        LikenessKey::Pattern(pattern) => row.push_bind(pattern.as_str()),
                    };
                });
                query.push(") SELECT k.key, x.category_id, x.amount_minor, x.currency FROM keys k CROSS JOIN ").push(per_key.lateral);
                query.push(
                    "(SELECT l.category_id, l.amount_minor, a.currency, t.dated_on, t.position, t.id FROM (SELECT ",
                );
                // A row for which several contents stand was decided once.
                query.push(if matches!(likeness, Likeness::Creditor | Likeness::Account) { "DISTINCT " } else { "" });
                query.push("t.organization_id, t.id, t.account_id, t.dated_on, t.position");
                match likeness {
                    Likeness::Creditor | Likeness::Account => {
                        query.push(BEHIND).push(" WHERE v.organization_id = ").push_bind(organization).push(" AND v.");
                        query.push(if likeness == Likeness::Creditor { "creditor_digest = " } else { "counterparty_digest = " });
                        query.push(&value);
                    }
                    Likeness::Payee => {
                        query.push(" FROM transactions t WHERE t.organization_id = ").push_bind(organization);
                        query.push(" AND t.payee_id = ").push(&value);
                    }
                    Likeness::Pattern => {
                        push_latest_of_pattern(&mut query, organization, &value, None, MOST_OF_ONE_PAYEE, sight);
                    }
                }
                query.push(" AND t.deleted_at IS NULL");
                push_sight(&mut query, "t", sight);
                query.push(" ORDER BY t.dated_on DESC, t.position DESC, t.id DESC LIMIT ").push(MOST_LOOKED_AT);
                query.push(
                    ") t CROSS JOIN transaction_lines l CROSS JOIN accounts a \
                     WHERE l.organization_id = t.organization_id AND l.transaction_id = t.id \
                     AND a.organization_id = t.organization_id AND a.id = t.account_id AND l.category_id IS NOT NULL",
                );
                query.push(BY_PERSON);
                query.push(" ORDER BY t.dated_on DESC, t.position DESC, t.id DESC LIMIT ").push(MOST_DECISIONS).push(") x");
                query.build_query_as().persistent(per_key.is_kept).fetch_all(c).await?
            });
            for row in rows {
                let Some(key) = usize::try_from(row.key).ok().and_then(|number| chunk.get(number)) else { continue };
                let sum = Sum { minor: row.amount_minor, currency: currency(&row.currency)? };
                let decision = Decision { category: row.category_id.into(), sum };
                decisions.entry((*key).clone()).or_default().push(decision);
            }
        }
        Ok(decisions)
    }

    /// Keeps what providers file rows under, as it is first seen.
    pub(crate) async fn see_provider_categories(
        &self,
        session: &mut Session,
        asker: &Asker,
        seen: &BTreeSet<(&str, &str)>,
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        let seen: Vec<&(&str, &str)> = seen.iter().collect();
        for chunk in seen.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO provider_categories (organization_id, code, name, first_seen_at) ",
                );
                insert.push_values(chunk, |mut row, (code, name)| {
                    row.push_bind(asker.organization.uuid()).push_bind(*code).push_bind(*name).push_bind(now);
                });
                insert.push(" ON CONFLICT (organization_id, code) DO NOTHING");
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// What providers have filed rows of the organization under, by name.
    pub async fn provider_categories(&self, asker: &Asker) -> Result<Vec<SeenProviderCategory>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.provider_categories_within(&mut session, asker).await
    }

    async fn provider_categories_within(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<Vec<SeenProviderCategory>, StoreError> {
        let text = sql!(
            "SELECT code, name, category_id FROM provider_categories WHERE organization_id = $1 ORDER BY name, code"
        );
        let rows: Vec<(String, String, Option<Uuid>)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let seen = |(code, name, category)| SeenProviderCategory { code, name, category: ids(category) };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// Maps what providers file rows under to categories, or to none: all of it or, where something is not what the person saw, nothing.
    pub async fn map_provider_categories(
        &self,
        asker: &Asker,
        targets: &[ProviderCategoryTarget],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let categories: BTreeSet<CategoryId> = targets.iter().filter_map(|target| target.category).collect();
        self.check_categories(&mut session, asker, &categories).await?;
        let seen = self.provider_categories_within(&mut session, asker).await?;
        let now: HashMap<&str, Option<CategoryId>> =
            seen.iter().map(|seen| (seen.code.as_str(), seen.category)).collect();
        let text = sql!("UPDATE provider_categories SET category_id = $3 WHERE organization_id = $1 AND code = $2");
        for ProviderCategoryTarget { code, seen, category } in targets {
            let now = now.get(code.as_str()).ok_or(StoreError::NotFound("the provider's category"))?;
            if now == category {
                continue;
            }
            if seen.is_some_and(|seen| seen != *now) {
                return Err(StoreError::Conflict(
                    "somebody else has mapped one of these categories of providers meanwhile: look again",
                ));
            }
            let organization = asker.organization.uuid();
            run!(session, sqlx::query(text).bind(organization).bind(code.as_str()).bind(uuids(*category)));
        }
        session.commit().await
    }
}
