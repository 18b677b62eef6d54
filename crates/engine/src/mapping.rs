//! Mapping rows to categories: what is left to map and what is mapped, of an asset or of all, with suggestions and their evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::category::CategoryRefused;
use bankside_domain::edit::Line;
use bankside_domain::suggest::{Basis, Decision, Likeness, Suggestion, Sum, suggest};
use bankside_domain::{AccountId, Amount, Asker, AssetId, CategoryId, LineId, Right, TransactionId};
use bankside_store::{
    Direction, Edited, Filter, LikenessKey, Likenesses, LineTarget, ProviderCategoryTarget, RegisterQuery, RegisterRow,
    RegisterSum, SeenProviderCategory, Sort, UnmappedLines,
};

use crate::unfinished::MOST_COUNTED;
use crate::{Engine, EngineError};

/// More lines than this are not shown at once.
pub const MOST_MAPPED_AT_ONCE: i64 = 100;
/// Rows that are alike are counted up to here beside each of a page; all of them are counted where they are mapped.
pub const MOST_ALIKE: i64 = 99;
/// So many decisions of a kind make a strong suggestion, if all fit.
const ENOUGH_DECISIONS: usize = 8;
/// So many of the rows that are alike are shown before they are mapped.
const SAMPLE: i64 = 10;

/// Which lines are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingTab {
    /// Those that want a category and have none.
    Unmapped,
    /// Those with one.
    Mapped,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct MappingQuery {
    /// Of the accounts of this asset; `None` is of all accounts in sight.
    pub asset: Option<AssetId>,
    /// With or without a category.
    pub tab: MappingTab,
    /// What else must be true of the rows, and which part of them is shown.
    pub rows: RegisterQuery,
}

/// A line to be mapped, or one that is.
#[derive(Debug, Clone)]
pub struct MappingLine {
    /// Which one.
    pub line: LineId,
    /// The transaction that it belongs to.
    pub row: RegisterRow,
    /// Minor units.
    pub minor: i64,
    /// What it was for, in somebody's words or the bank's.
    pub note: Option<String>,
    /// Its category with that category's path.
    pub category: Option<(CategoryId, String)>,
    /// Whether the transaction has other lines, too.
    pub is_part: bool,
    /// What it may be for, the strongest first; nothing for a line that has a category.
    pub suggestions: Vec<SuggestedCategory>,
    /// How many transactions like it are left to map, itself among them; counted to [`MOST_ALIKE`] and one more. 0 where that is
    /// not known.
    pub alike: i64,
}

/// A category that is suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedCategory {
    /// Which one, and why.
    pub suggestion: Suggestion,
    /// Its path.
    pub path: String,
    /// What the provider files the row under, where the suggestion comes from that.
    pub provider_says: Option<SeenProviderCategory>,
}

/// A page of lines.
#[derive(Debug, Clone)]
pub struct MappingPage {
    /// The lines, those of the latest rows first.
    pub lines: Vec<MappingLine>,
    /// How many transactions there are left to map, counted to [`MOST_COUNTED`] and one more.
    pub unmapped: i64,
    /// Whether there are more behind these.
    pub has_more: bool,
}

/// Every line that is left to map and of a row like another one.
#[derive(Debug, Clone)]
pub struct Alike {
    /// The line that they are like.
    pub line: MappingLine,
    /// How many lines there are to map.
    pub lines: usize,
    /// Of how many transactions.
    pub transactions: usize,
    /// The latest of the lines.
    pub sample: Vec<MappingLine>,
    /// What the lines come to, by currency.
    pub sums: Vec<Amount>,
}

/// What suggestions are made from.
pub(crate) struct Grounds<'a> {
    likenesses: HashMap<TransactionId, Likenesses>,
    decisions: HashMap<LikenessKey, Vec<Decision>>,
    filed: HashMap<String, SeenProviderCategory>,
    paths: &'a Paths,
}

/// The paths of the categories that are there.
pub(crate) type Paths = HashMap<CategoryId, String>;

impl Engine {
    /// A page of lines with or without a category.
    pub async fn mapping(&self, asker: &Asker, query: &MappingQuery) -> Result<MappingPage, EngineError> {
        let accounts = self.accounts_of_asset(asker, query.asset).await?;
        let limit = query.rows.limit.clamp(1, MOST_MAPPED_AT_ONCE);
        let mut request = within(query.rows.clone(), accounts.as_ref());
        request.limit = limit + 1;
        request.leaves_totals = true;
        request.sort = Sort::Date;
        match query.tab {
            MappingTab::Unmapped => request.filter.category = Some(None),
            MappingTab::Mapped => request.filter.is_mapped = true,
        }
        // All are counted while the few are read.
        let (unmapped, (lines, has_more)) = tokio::try_join!(
            async { Ok(self.store.count_unmapped(asker, accounts.as_ref(), MOST_COUNTED + 1).await?) },
            Box::pin(self.mapping_lines(asker, query.tab, &request, accounts.as_ref())),
        )?;
        Ok(MappingPage { lines, unmapped, has_more })
    }

    /// The lines of the rows that are asked for, one row of which is only to show that there are more.
    async fn mapping_lines(
        &self,
        asker: &Asker,
        tab: MappingTab,
        request: &RegisterQuery,
        accounts: Option<&BTreeSet<AccountId>>,
    ) -> Result<(Vec<MappingLine>, bool), EngineError> {
        let mut rows = self.store.register(asker, request).await?.rows;
        let limit = usize::try_from(request.limit - 1).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let paths = self.paths(asker).await?;
        let lines = match tab {
            MappingTab::Unmapped => {
                let mut lines = self.lines_to_map(asker, rows, &paths).await?;
                self.suggest_for(asker, accounts, &paths, &mut lines).await?;
                lines
            }
            MappingTab::Mapped => self.lines_of_rows(asker, rows, &paths, |line| line.category.is_some()).await?,
        };
        Ok((lines, has_more))
    }

    /// The accounts of an asset itself, or `None` where all are meant.
    async fn accounts_of_asset(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
    ) -> Result<Option<BTreeSet<AccountId>>, EngineError> {
        let Some(asset) = asset else { return Ok(None) };
        self.tree(asker).await?.get(asset).ok_or(EngineError::NotFound("the asset"))?;
        let accounts = self.store.accounts(asker).await?;
        Ok(Some(
            accounts.into_iter().filter(|account| account.asset == Some(asset)).map(|account| account.id).collect(),
        ))
    }

    /// The lines of rows that are meant, with names.
    pub(crate) async fn lines_of_rows(
        &self,
        asker: &Asker,
        rows: Vec<RegisterRow>,
        paths: &Paths,
        is_meant: impl Fn(&Line) -> bool,
    ) -> Result<Vec<MappingLine>, EngineError> {
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let mut lines = self.store.lines(asker, &ids).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let own = lines.remove(&row.id).unwrap_or_default();
            let is_part = own.len() > 1;
            for line in own.into_iter().filter(|line| is_meant(line)) {
                found.push(MappingLine {
                    line: line.id,
                    row: row.clone(),
                    minor: line.amount_minor,
                    note: line.note,
                    category: line.category.map(|id| (id, paths.get(&id).cloned().unwrap_or_default())),
                    is_part,
                    suggestions: Vec::new(),
                    alike: 0,
                });
            }
        }
        Ok(found)
    }

    /// The lines of rows that want a category and have none.
    async fn lines_to_map(
        &self,
        asker: &Asker,
        rows: Vec<RegisterRow>,
        paths: &Paths,
    ) -> Result<Vec<MappingLine>, EngineError> {
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let wanted = self.store.lines_to_map(asker, &ids).await?;
        self.lines_of_rows(asker, rows, paths, |line| wanted.contains(&line.id)).await
    }

    pub(crate) async fn paths(&self, asker: &Asker) -> Result<Paths, EngineError> {
        Ok(self.store.categories(asker).await?.into_iter().map(|category| (category.id, category.path)).collect())
    }

    /// Says of lines what they may be for, and how many rows are like each.
    async fn suggest_for(
        &self,
        asker: &Asker,
        accounts: Option<&BTreeSet<AccountId>>,
        paths: &Paths,
        lines: &mut [MappingLine],
    ) -> Result<(), EngineError> {
        let ids: BTreeSet<TransactionId> = lines.iter().map(|line| line.row.id).collect();
        let ids: Vec<TransactionId> = ids.into_iter().collect();
        let likenesses = self.store.likenesses(asker, &ids).await?;
        let keys: BTreeSet<(String, bool)> =
            lines.iter().filter_map(|line| alike_key(&likenesses, &line.row)).collect();
        let (grounds, counts) = tokio::try_join!(self.grounds_of(asker, likenesses, paths), async {
            Ok(self.store.count_alike(asker, accounts, &keys, MOST_ALIKE + 1).await?)
        })?;
        for line in lines {
            line.suggestions = grounds.suggest(line);
            let key = alike_key(&grounds.likenesses, &line.row);
            line.alike = key.and_then(|key| counts.get(&key).copied()).unwrap_or_default();
        }
        Ok(())
    }

    pub(crate) async fn grounds<'a>(
        &self,
        asker: &Asker,
        ids: &BTreeSet<TransactionId>,
        paths: &'a Paths,
    ) -> Result<Grounds<'a>, EngineError> {
        let ids: Vec<TransactionId> = ids.iter().copied().collect();
        let likenesses = self.store.likenesses(asker, &ids).await?;
        self.grounds_of(asker, likenesses, paths).await
    }

    async fn grounds_of<'a>(
        &self,
        asker: &Asker,
        likenesses: HashMap<TransactionId, Likenesses>,
        paths: &'a Paths,
    ) -> Result<Grounds<'a>, EngineError> {
        let (patterns, keys): (BTreeSet<LikenessKey>, _) =
            likenesses.values().flat_map(|one| &one.keys).cloned().partition(LikenessKey::is_pattern);
        let mut decisions = self.store.decisions(asker, &keys).await?;
        // Whoever has been decided about often enough speaks for themselves; looking for those like them takes longest.
        let is_little_known = |one: &&Likenesses| {
            let known = |key: &LikenessKey| decisions.get(key).map_or(0, Vec::len);
            one.keys.iter().map(known).max().unwrap_or_default() < ENOUGH_DECISIONS
        };
        let wanted = likenesses.values().filter(is_little_known).flat_map(|one| &one.keys);
        let wanted = wanted.filter(|key| patterns.contains(*key)).cloned().collect();
        let of_patterns = self.store.decisions(asker, &wanted).await?;
        decisions.extend(of_patterns);
        let filed = if likenesses.values().any(|one| one.provider_category.is_some()) {
            let seen = self.store.provider_categories(asker).await?;
            seen.into_iter().map(|seen| (seen.code.clone(), seen)).collect()
        } else {
            HashMap::new()
        };
        Ok(Grounds { likenesses, decisions, filed, paths })
    }

    /// Gives lines their categories, or takes them away, as one batch that can be undone.
    pub async fn map_lines(&self, asker: &Asker, targets: &[LineTarget]) -> Result<Edited, EngineError> {
        let edited = self.store.map_lines(asker, targets).await?;
        self.report_progress();
        Ok(edited)
    }

    /// Every row that is left to map and like that of a line: with a payee like its own, and money going the same way.
    pub async fn alike(&self, asker: &Asker, asset: Option<AssetId>, line: LineId) -> Result<Alike, EngineError> {
        let (query, row) = self.alike_query(asker, asset, line).await?;
        let paths = self.paths(asker).await?;
        let grounds = self.grounds(asker, &BTreeSet::from([row.id]), &paths).await?;
        let mut own = self.lines_of_rows(asker, vec![row], &paths, |other| other.id == line).await?;
        let mut line = own.pop().ok_or(EngineError::NotFound("the line"))?;
        line.suggestions = grounds.suggest(&line);
        let UnmappedLines { transactions, lines } = self.store.unmapped_lines(asker, &query).await?;
        line.alike = i64::try_from(transactions).unwrap_or(i64::MAX);
        let page = self.store.register(asker, &RegisterQuery { limit: SAMPLE, ..query }).await?;
        let sample = self.lines_to_map(asker, page.rows, &paths).await?;
        // Of a row that is split only the lines without a category are meant.
        let sum = |sum: RegisterSum| Amount { minor: sum.lines_minor.unwrap_or(sum.minor), currency: sum.currency };
        let sums = page.sums.into_iter().map(sum).collect();
        Ok(Alike { line, lines: lines.len(), transactions, sample, sums })
    }

    /// Maps every row that is left to map and like that of a line. `expected` is how many lines the person was told, where they were.
    pub async fn map_alike(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
        line: LineId,
        category: CategoryId,
        expected: Option<usize>,
    ) -> Result<Edited, EngineError> {
        asker.require_within(Right::EditBooks)?;
        let (query, _) = self.alike_query(asker, asset, line).await?;
        let UnmappedLines { transactions, lines } = self.store.unmapped_lines(asker, &query).await?;
        if expected.is_some_and(|expected| expected != lines.len()) {
            let transactions = i64::try_from(transactions).unwrap_or(i64::MAX);
            return Err(EngineError::CategoryRefused(CategoryRefused::OtherCount { transactions }));
        }
        let targets: Vec<LineTarget> =
            lines.into_iter().map(|line| LineTarget { line, category: Some(category) }).collect();
        self.map_lines(asker, &targets).await
    }

    /// The rows that are like that of a line, and that row.
    async fn alike_query(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
        line: LineId,
    ) -> Result<(RegisterQuery, RegisterRow), EngineError> {
        let accounts = self.accounts_of_asset(asker, asset).await?;
        let id = self.store.transaction_of_line(asker, line).await?;
        let row = self.store.register_row(asker, id).await?;
        if accounts.as_ref().is_some_and(|accounts| !accounts.contains(&row.account)) {
            return Err(EngineError::NotFound("the line"));
        }
        let likenesses = self.store.likenesses(asker, &[id]).await?;
        let pattern = likenesses.get(&id).and_then(Likenesses::pattern);
        let pattern =
            pattern.ok_or(EngineError::Conflict("nothing says which other rows are like this one"))?.to_owned();
        let direction = if row.amount_minor < 0 { Direction::Out } else { Direction::In };
        let filter =
            Filter { category: Some(None), pattern: Some(pattern), direction: Some(direction), ..Filter::default() };
        Ok((within(RegisterQuery { filter, ..RegisterQuery::default() }, accounts.as_ref()), row))
    }

    /// What providers have filed rows under, and to which category each is mapped.
    pub async fn provider_categories(&self, asker: &Asker) -> Result<Vec<SeenProviderCategory>, EngineError> {
        Ok(self.store.provider_categories(asker).await?)
    }

    /// Maps what providers file rows under to categories, or to none: all of it or, where something is not what the person saw, nothing.
    pub async fn map_provider_categories(
        &self,
        asker: &Asker,
        targets: &[ProviderCategoryTarget],
    ) -> Result<(), EngineError> {
        Ok(self.store.map_provider_categories(asker, targets).await?)
    }
}

impl Grounds<'_> {
    /// What is suggested for a line.
    pub(crate) fn suggest(&self, line: &MappingLine) -> Vec<SuggestedCategory> {
        let Some(likenesses) = self.likenesses.get(&line.row.id) else { return Vec::new() };
        // Categories that are there no more are not suggested.
        let known = |decision: &Decision| self.paths.contains_key(&decision.category);
        let mut history: BTreeMap<Likeness, Vec<Decision>> = BTreeMap::new();
        for key in &likenesses.keys {
            let decisions = self.decisions.get(key).into_iter().flatten().copied().filter(known);
            history.entry(key.likeness()).or_default().extend(decisions);
        }
        let history: Vec<(Likeness, &[Decision])> =
            history.iter().map(|(likeness, decisions)| (*likeness, decisions.as_slice())).collect();
        let filed = likenesses.provider_category.as_ref().and_then(|code| self.filed.get(code));
        let sum = Sum { minor: line.minor, currency: line.row.currency.code };
        let suggestions = suggest(sum, &history, filed.and_then(|filed| filed.category));
        let named = |suggestion: Suggestion| {
            Some(SuggestedCategory {
                suggestion,
                path: self.paths.get(&suggestion.category)?.clone(),
                provider_says: filed.filter(|_| suggestion.basis == Basis::Provider).cloned(),
            })
        };
        suggestions.into_iter().filter_map(named).collect()
    }
}

/// What the rows that are like one have in common; `true` is money out.
fn alike_key(likenesses: &HashMap<TransactionId, Likenesses>, row: &RegisterRow) -> Option<(String, bool)> {
    let pattern = likenesses.get(&row.id)?.pattern()?;
    Some((pattern.to_owned(), row.amount_minor < 0))
}

/// The same of these accounts only. Of one account the register knows best which index has its rows.
pub(crate) fn within(query: RegisterQuery, accounts: Option<&BTreeSet<AccountId>>) -> RegisterQuery {
    let Some(accounts) = accounts else { return query };
    match query.account {
        Some(account) if accounts.contains(&account) => query,
        None if accounts.len() == 1 => RegisterQuery { account: accounts.first().copied(), ..query },
        // Of an account that is none of them there is nothing.
        _ => {
            let accounts = if query.account.is_some() { BTreeSet::new() } else { accounts.clone() };
            RegisterQuery { filter: Filter { accounts: Some(accounts), ..query.filter }, ..query }
        }
    }
}
