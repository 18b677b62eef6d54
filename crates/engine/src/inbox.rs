//! The inbox: what waits in it, why each row wants a look or needs none, and what people do with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::inbox::{Facts, Flag, InboxState, Purpose, flags, is_strong};
use bankside_domain::suggest::{Strength, Sum};
use bankside_domain::text::tidy;
use bankside_domain::transfer::Transit;
use bankside_domain::{AccountId, Asker, AssetId, LineId, PersonId, Right, TransactionId};
use bankside_store::{
    AcceptTarget, Account, Filter, InboxCount, InboxFlag, InboxRows, InboxSwitches, RegisterQuery, RegisterRow,
    Reviewed, Sort, StoreError, TransferMark,
};
use jiff::civil::Date;

use crate::mapping::{MappingLine, SuggestedCategory, within};
use crate::unfinished::MOST_COUNTED;
use crate::{Engine, EngineError};

/// More rows than this are not shown at once.
pub const MOST_IN_INBOX_AT_ONCE: i64 = 100;
/// A question to a colleague has at most so many characters.
const MOST_IN_NOTE: usize = 300;

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxShown {
    /// Those that wait.
    Waiting,
    /// Those that were hidden.
    Hidden,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct InboxQuery {
    /// Of the accounts of this asset and of what lies below it; `None` is of all in sight.
    pub asset: Option<AssetId>,
    /// Which rows.
    pub shown: InboxShown,
    /// What else must be true of them, and which part of them is shown.
    pub rows: RegisterQuery,
}

/// A row in the inbox.
#[derive(Debug, Clone)]
pub struct InboxRow {
    /// As the register shows it.
    pub row: RegisterRow,
    /// Its lines, each with what it may be for.
    pub lines: Vec<MappingLine>,
    /// What is remarkable about it.
    pub flags: Vec<FlagView>,
    /// What somebody asks about it.
    pub asked: Option<InboxFlag>,
    /// Whether it may be accepted together with others.
    pub is_strong: bool,
    /// Whether it was compared with all rows near it, of which one may be its twin or the other side of a transfer: not where it is old, or
    /// where there are too many.
    pub is_compared: bool,
    /// Whether the books are locked for its day: it may be reviewed, and nothing of it changes.
    pub is_locked: bool,
}

impl InboxRow {
    /// What accepting takes for the only line, where nobody says otherwise: the first suggestion, unless it is hardly more than a guess.
    pub fn takes(&self) -> Option<(LineId, &SuggestedCategory)> {
        let [line] = self.lines.as_slice() else { return None };
        let first = line.suggestions.first().filter(|one| one.suggestion.strength() >= Strength::Fair)?;
        Some((line.line, first))
    }
}

/// A flag with what it speaks of.
#[derive(Debug, Clone)]
pub struct FlagView {
    /// The flag.
    pub flag: Flag,
    /// The row that it names.
    pub other: Option<RegisterRow>,
    /// The name of the account that it names.
    pub account: Option<String>,
}

/// A page of the inbox.
#[derive(Debug, Clone)]
pub struct InboxPage {
    /// Rows about which the one who asks is asked, the latest first. They stand before all others, on as many pages as they take.
    pub asked: Vec<InboxRow>,
    /// The others, the latest first.
    pub rows: Vec<InboxRow>,
    /// Whether there are more behind these.
    pub has_more: bool,
}

impl Engine {
    /// A page of the inbox, of which [`Engine::count_inbox`] has just said how much waits.
    pub async fn inbox(&self, asker: &Asker, query: &InboxQuery, count: InboxCount) -> Result<InboxPage, EngineError> {
        let accounts = self.accounts_of_filter(asker, query.asset).await?;
        let limit = query.rows.limit.clamp(1, MOST_IN_INBOX_AT_ONCE);
        let mut request = within(query.rows.clone(), accounts.as_ref());
        request.limit = limit + 1;
        request.leaves_totals = true;
        request.sort = Sort::Date;
        let of = |rows: InboxRows| RegisterQuery {
            filter: Filter { inbox: Some(rows), ..request.filter.clone() },
            ..request.clone()
        };
        let person = asker.person().filter(|_| query.shown == InboxShown::Waiting);
        // Those that somebody is asked about are counted under the filter: the others begin behind them, on whichever page that is.
        let (mut rows, before) = match person.filter(|_| count.asked > 0) {
            Some(person) => {
                let counted = RegisterQuery { leaves_totals: false, ..of(InboxRows::AskedOf(person)) };
                let page = self.store.register(asker, &counted).await?;
                (page.rows, page.total)
            }
            None => (Vec::new(), 0),
        };
        let first: BTreeSet<TransactionId> = rows.iter().map(|row| row.id).collect();
        let others = match (query.shown, person) {
            (InboxShown::Hidden, _) => InboxRows::Hidden,
            (InboxShown::Waiting, Some(person)) => InboxRows::NotAskedOf(person),
            (InboxShown::Waiting, None) => InboxRows::Waiting,
        };
        let room = request.limit - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if room > 0 {
            let offset = (request.offset - before).max(0);
            let behind = RegisterQuery { offset, limit: room, ..of(others) };
            rows.extend(self.store.register(asker, &behind).await?.rows);
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let views = self.inbox_rows(asker, rows).await?;
        let (asked, rows) = views.into_iter().partition(|view| first.contains(&view.row.id));
        Ok(InboxPage { asked, rows, has_more })
    }

    /// One row that waits, and what somebody asks about it.
    pub async fn waiting_row(
        &self,
        asker: &Asker,
        id: TransactionId,
    ) -> Result<(RegisterRow, Option<InboxFlag>), EngineError> {
        let filter = Filter { only: Some(id), inbox: Some(InboxRows::Waiting), ..Filter::default() };
        let page = self.store.register(asker, &RegisterQuery { filter, limit: 1, ..RegisterQuery::default() }).await?;
        let row = page.rows.into_iter().next().ok_or(EngineError::NotFound("the row in the inbox"))?;
        Ok((row, self.store.inbox_flags(asker, &[id]).await?.remove(&id)))
    }

    /// The accounts of an asset and of what lies below it, or `None` where all are meant.
    async fn accounts_of_filter(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
    ) -> Result<Option<BTreeSet<AccountId>>, EngineError> {
        let Some(top) = asset else { return Ok(None) };
        let tree = self.tree(asker).await?;
        tree.get(top).ok_or(EngineError::NotFound("the asset"))?;
        let accounts = self.store.accounts(asker).await?.into_iter();
        let below = accounts.filter(|account| account.asset.is_some_and(|asset| tree.is_within(asset, top)));
        Ok(Some(below.map(|account| account.id).collect()))
    }

    /// Says of rows what there is to say.
    async fn inbox_rows(&self, asker: &Asker, rows: Vec<RegisterRow>) -> Result<Vec<InboxRow>, EngineError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let paths = self.paths(asker).await?;
        let wanted: BTreeSet<TransactionId> = ids.iter().copied().collect();
        let evidence = Box::pin(async {
            let accounts = self.store.accounts(asker).await?;
            let evidence = self.evidence(asker, &ids, &accounts).await?;
            Ok((accounts, evidence))
        });
        let (grounds, (accounts, evidence)) =
            tokio::try_join!(Box::pin(self.grounds(asker, &wanted, &paths)), evidence)?;
        let mut lines: HashMap<TransactionId, Vec<MappingLine>> = HashMap::new();
        for line in self.lines_of_rows(asker, rows.clone(), &paths, |_| true).await? {
            lines.entry(line.row.id).or_default().push(line);
        }
        let locked: BTreeMap<_, _> =
            accounts.iter().filter_map(|account| Some((account.id, account.locked_through?))).collect();
        let mut asked = self.store.inbox_flags(asker, &ids).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let is_locked = locked.get(&row.account).is_some_and(|through| row.dated_on <= *through);
            let mut lines = lines.remove(&row.id).unwrap_or_default();
            let needs_category = !is_locked && !matches!(row.transfer, Some(TransferMark::Linked(_)));
            for line in lines.iter_mut().filter(|line| needs_category && line.category.is_none()) {
                line.suggestions = grounds.suggest(line);
            }
            let flags = evidence.flags(&row);
            let asked = asked.remove(&row.id);
            let bare: Vec<Flag> = flags.iter().map(|view| view.flag).collect();
            let purposes: Vec<Purpose> = lines.iter().map(|line| purpose(&row, line)).collect();
            let is_compared = row.dated_on >= evidence.compared_since;
            let is_strong = is_compared && is_strong(&bare, asked.is_some(), &purposes);
            views.push(InboxRow { row, lines, flags, asked, is_strong, is_compared, is_locked });
        }
        Ok(views)
    }

    async fn evidence(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
        accounts: &[Account],
    ) -> Result<Evidence, EngineError> {
        let wanted: BTreeSet<TransactionId> = ids.iter().copied().collect();
        let doubts = self.doubts(asker, accounts.iter()).await?;
        // Of several the first holds: the latest pair, and the best transfer.
        let named = |pairs: &mut dyn Iterator<Item = (TransactionId, TransactionId)>| {
            let mut named = BTreeMap::new();
            for (id, other) in pairs.flat_map(|(a, b)| [(a, b), (b, a)]).filter(|(id, _)| wanted.contains(id)) {
                named.entry(id).or_insert(other);
            }
            named
        };
        let twins = named(&mut doubts.pairs.iter().map(|pair| (pair.first, pair.second)));
        let proposed = named(&mut doubts.transfers.iter().map(|found| (found.out, found.into)));
        let others: Vec<TransactionId> = twins.values().chain(proposed.values()).copied().collect();
        Ok(Evidence {
            earlier: self.store.earlier_of_payee(asker, ids).await?,
            others: self.store.register_rows_of(asker, &others).await?,
            compared_since: doubts.since,
            twins,
            proposed,
        })
    }

    /// How much waits, each counted to [`MOST_COUNTED`] and one more.
    pub async fn count_inbox(&self, asker: &Asker) -> Result<InboxCount, EngineError> {
        Ok(self.store.count_inbox(asker, MOST_COUNTED + 1).await?)
    }

    /// Whether the organization has an inbox, and whether the one who asks wants it beside the other pages.
    pub async fn inbox_switches(&self, asker: &Asker) -> Result<InboxSwitches, EngineError> {
        Ok(self.store.inbox_switches(asker).await?)
    }

    /// Has rows that come wait in an inbox from now on, or not any more.
    pub async fn switch_inbox(&self, asker: &Asker, is_on: bool) -> Result<(), EngineError> {
        Ok(self.store.switch_inbox(asker, is_on).await?)
    }

    /// Whether the one who asks wants the inbox beside the other pages.
    pub async fn want_inbox(&self, asker: &Asker, wants: bool) -> Result<(), EngineError> {
        Ok(self.store.want_inbox(asker, wants).await?)
    }

    /// Accepts rows that wait, with categories for their lines, as one batch that can be undone.
    pub async fn accept(&self, asker: &Asker, targets: &[AcceptTarget]) -> Result<Reviewed, EngineError> {
        let reviewed = self.store.accept(asker, targets).await?;
        self.report_progress();
        Ok(reviewed)
    }

    /// Hides rows that wait, or has hidden ones wait again, as one batch that can be undone.
    pub async fn place_in_inbox(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
        to: InboxState,
    ) -> Result<Reviewed, EngineError> {
        let reviewed = self.store.place_in_inbox(asker, ids, to).await?;
        self.report_progress();
        Ok(reviewed)
    }

    /// Those whom the one who asks can ask about a row, by name: whoever may review rows, too. Who sees only part of an organization knows of
    /// nobody else in it.
    pub async fn colleagues(&self, asker: &Asker) -> Result<Vec<(PersonId, String)>, EngineError> {
        if !asker.may(Right::EditBooks) || asker.is_restricted() {
            return Ok(Vec::new());
        }
        let members = self.store.members(asker).await?.into_iter();
        let others =
            members.filter(|member| member.role.may(Right::EditBooks) && asker.person() != Some(member.person));
        let mut colleagues: Vec<(PersonId, String)> = others.map(|member| (member.person, member.name)).collect();
        colleagues.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(colleagues)
    }

    /// Asks a colleague about a row that waits.
    pub async fn flag_for(
        &self,
        asker: &Asker,
        id: TransactionId,
        to: PersonId,
        note: &str,
    ) -> Result<(), EngineError> {
        asker.require(Right::EditBooks)?;
        let note = tidy(note).unwrap_or_default();
        if note.chars().count() > MOST_IN_NOTE {
            return Err(EngineError::invalid("note", format!("At most {MOST_IN_NOTE} characters.")));
        }
        let row = self.store.register_row(asker, id).await?;
        let colleague = self.store.membership_as_system(to, asker.organization).await;
        let colleague = colleague.map_err(|error| match error {
            StoreError::NotFound(_) => EngineError::NotFound("the member"),
            error => error.into(),
        })?;
        let colleague = colleague.asker;
        if !colleague.may(Right::EditBooks) || !colleague.sees(row.account) {
            return Err(EngineError::invalid("to", "This member cannot review rows of this account."));
        }
        self.store.flag_for(asker, id, to, &note).await?;
        self.report_progress();
        Ok(())
    }

    /// Takes back what is asked about a row.
    pub async fn take_flag_off(&self, asker: &Asker, id: TransactionId) -> Result<(), EngineError> {
        self.store.take_flag_off(asker, id).await?;
        self.report_progress();
        Ok(())
    }
}

/// What flags of rows are derived from.
struct Evidence {
    earlier: HashMap<TransactionId, Vec<Sum>>,
    twins: BTreeMap<TransactionId, TransactionId>,
    proposed: BTreeMap<TransactionId, TransactionId>,
    /// The rows that are named.
    others: HashMap<TransactionId, RegisterRow>,
    /// Rows of earlier days were not compared with all others.
    compared_since: Date,
}

impl Evidence {
    fn flags(&self, row: &RegisterRow) -> Vec<FlagView> {
        let (in_transit, account) = match &row.transfer {
            // What left before the books of the other account begin has no other side that could be missing.
            Some(TransferMark::InTransit { transit: Transit::BeforeTheBooks, .. } | TransferMark::Linked(_)) | None => {
                (None, None)
            }
            Some(TransferMark::InTransit { account, account_name, .. }) => (Some(*account), Some(account_name)),
        };
        let is_linked = matches!(row.transfer, Some(TransferMark::Linked(_)));
        let facts = Facts {
            sum: Sum { minor: row.amount_minor, currency: row.currency.code },
            // The other side of a transfer is no payee.
            earlier: self.earlier.get(&row.id).filter(|_| !is_linked).map(Vec::as_slice),
            twin: self.twins.get(&row.id).copied(),
            proposed: self.proposed.get(&row.id).copied(),
            in_transit,
        };
        let view = |flag: Flag| {
            let other = match flag {
                Flag::PossibleTwin(other) | Flag::ProposedTransfer(other) => self.others.get(&other).cloned(),
                Flag::NewPayee | Flag::UnusualAmount(_) | Flag::InTransit(_) => None,
            };
            let account = account.filter(|_| matches!(flag, Flag::InTransit(_))).cloned();
            FlagView { flag, other, account }
        };
        flags(&facts).into_iter().map(view).collect()
    }
}

/// What there is to say of what a line is for. Accepting takes no suggestions for the lines of a row that is split, so that they say nothing.
fn purpose(row: &RegisterRow, line: &MappingLine) -> Purpose {
    if line.category.is_some() || matches!(row.transfer, Some(TransferMark::Linked(_))) {
        return Purpose::Known;
    }
    let first = line.suggestions.first().filter(|_| !line.is_part).map(|one| one.suggestion.strength());
    first.map_or(Purpose::Unknown, Purpose::Suggested)
}
