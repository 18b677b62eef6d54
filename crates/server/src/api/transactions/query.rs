//! What a register can be asked, as a query or in a body.

use bankside_domain::AccountId;
use bankside_domain::cashflow::{Extent, Reach};
use bankside_engine::{Direction, EngineError, Filter, RegisterQuery, RowState, Sort, amount_bounds};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::cashflow_rates::currency;
use crate::api::problem::{ApiMember, Problem, id};

/// Which transactions are meant. What is absent asks nothing.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterBody {
    /// Of this account; absent is of all.
    pub(crate) account: Option<String>,
    /// Only this one, by its id.
    only: Option<String>,
    /// With this text in payee, notes, category or tags, or with this amount.
    search: Option<String>,
    /// On this day or later.
    from: Option<String>,
    /// On this day or earlier.
    to: Option<String>,
    /// At least this much, in or out: decimal text.
    min: Option<String>,
    /// At most this much, in or out: decimal text.
    max: Option<String>,
    /// `in` or `out`.
    direction: Option<String>,
    /// With a line of this category; `none` is with a line that has none and wants one: not what a transfer has moved, and not what is
    /// scheduled or declined. With `cashflow` it is with a line that has none.
    category: Option<String>,
    /// With a line of this category or of one below it.
    main_category: Option<String>,
    /// What the cashflow of this asset counts, or with `organization` that of the organization: `direction` asks lines then.
    cashflow: Option<String>,
    /// `alone`: of that cashflow only the node itself, without what is below it.
    reach: Option<String>,
    /// In this currency, by its code.
    currency: Option<String>,
    /// With this payee.
    payee: Option<String>,
    /// With this tag.
    tag: Option<String>,
    /// On this bill of a card.
    bill: Option<String>,
    /// `pending`, `scheduled`, `declined`, `typed`, `cleared` or `reconciled`.
    state: Option<String>,
    /// `true`: nobody has looked at it.
    new: Option<bool>,
    /// `true`: a person has written over what the bank says.
    edited: Option<bool>,
}

/// One account, or all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountQuery {
    /// Of this account; absent is of all.
    account: Option<String>,
}

impl AccountQuery {
    /// The account, which must be there.
    pub(super) async fn account(&self, app: &App, member: &ApiMember) -> Result<Option<AccountId>, Problem> {
        known(app, member, self.account.as_deref()).await
    }
}

/// In which order, and which part.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `date`, `account`, `payee`, `note`, `category`, `amount` or `state`; absent is `date`.
    sort: Option<String>,
    /// `asc` or `desc`; absent is `desc`.
    order: Option<String>,
    /// How many to skip.
    offset: Option<i64>,
    /// How many to show, at most 500; absent is 100.
    limit: Option<i64>,
    /// `false`: the page does not wait until all that fit are counted.
    totals: Option<bool>,
}

impl FilterBody {
    /// The query that it means; an account must be there.
    pub(crate) async fn query(&self, app: &App, member: &ApiMember) -> Result<RegisterQuery, Problem> {
        let account = known(app, member, self.account.as_deref()).await?;
        Ok(RegisterQuery { account, ..self.of_all()? })
    }

    /// The query that it means, of all accounts.
    pub(crate) fn of_all(&self) -> Result<RegisterQuery, EngineError> {
        let filter = Filter {
            only: identified("only", given(self.only.as_deref()))?,
            from: day("from", self.from.as_deref())?,
            to: day("to", self.to.as_deref())?,
            min: given(self.min.as_deref()).map(|text| amount_bounds("min", text, true)).transpose()?,
            max: given(self.max.as_deref()).map(|text| amount_bounds("max", text, false)).transpose()?,
            direction: word("direction", self.direction.as_deref(), |word| match word {
                "in" => Some(Direction::In),
                "out" => Some(Direction::Out),
                _ => None,
            })?,
            category: match given(self.category.as_deref()) {
                Some("none") => Some(None),
                other => identified("category", other)?.map(Some),
            },
            main_category: identified("main_category", given(self.main_category.as_deref()))?,
            cashflow: self.reach()?,
            currency: given(self.currency.as_deref()).map(currency).transpose()?,
            payee: identified("payee", given(self.payee.as_deref()))?,
            tag: identified("tag", given(self.tag.as_deref()))?,
            bill: identified("bill", given(self.bill.as_deref()))?,
            state: word("state", self.state.as_deref(), state)?,
            is_new: self.new.unwrap_or_default(),
            is_edited: self.edited.unwrap_or_default(),
            ..Filter::default()
        };
        Ok(RegisterQuery { search: self.search.clone(), filter, ..RegisterQuery::default() })
    }

    /// The cashflow whose rows are meant.
    fn reach(&self) -> Result<Option<Reach>, EngineError> {
        let asset = match given(self.cashflow.as_deref()) {
            None => return Ok(None),
            Some("organization") => None,
            Some(asset) => identified("cashflow", Some(asset))?,
        };
        let extent = word("reach", self.reach.as_deref(), extent)?.unwrap_or_default();
        Ok(Some(Reach { asset, extent }))
    }
}

/// How far a cashflow reaches, by its word.
pub(crate) fn extent(word: &str) -> Option<Extent> {
    match word {
        "alone" => Some(Extent::Alone),
        "below" => Some(Extent::WithBelow),
        _ => None,
    }
}

impl PageQuery {
    /// Puts order and part into a query.
    pub(crate) fn onto(&self, query: RegisterQuery) -> Result<RegisterQuery, EngineError> {
        let sort = word("sort", self.sort.as_deref(), |word| match word {
            "date" => Some(Sort::Date),
            "account" => Some(Sort::Account),
            "payee" => Some(Sort::Payee),
            "note" => Some(Sort::Note),
            "category" => Some(Sort::Category),
            "amount" => Some(Sort::Amount),
            "state" => Some(Sort::State),
            _ => None,
        })?;
        let is_ascending = word("order", self.order.as_deref(), |word| match word {
            "asc" => Some(true),
            "desc" => Some(false),
            _ => None,
        })?;
        Ok(RegisterQuery {
            sort: sort.unwrap_or_default(),
            is_ascending: is_ascending.unwrap_or_default(),
            offset: self.offset.unwrap_or_default(),
            limit: self.limit.unwrap_or(100),
            leaves_totals: self.totals == Some(false),
            ..query
        })
    }
}

async fn known(app: &App, member: &ApiMember, account: Option<&str>) -> Result<Option<AccountId>, Problem> {
    let Some(account) = account else { return Ok(None) };
    Ok(Some(app.engine.account(member.asker(), id(account)?).await?.account.id))
}

fn state(word: &str) -> Option<RowState> {
    match word {
        "pending" => Some(RowState::Pending),
        "scheduled" => Some(RowState::Scheduled),
        "declined" => Some(RowState::Declined),
        "typed" | "uncleared" => Some(RowState::Typed),
        "cleared" => Some(RowState::Cleared),
        "reconciled" => Some(RowState::Reconciled),
        _ => None,
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn word<T>(
    field: &'static str,
    text: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, EngineError> {
    let known = |text| read(text).ok_or_else(|| EngineError::invalid(field, format!("“{text}” is none of its words.")));
    given(text).map(known).transpose()
}

/// A civil date, or none.
pub(super) fn day(field: &'static str, text: Option<&str>) -> Result<Option<jiff::civil::Date>, EngineError> {
    let read =
        |text: &str| text.parse().map_err(|_| EngineError::invalid(field, "A day is needed, such as 2026-11-20."));
    given(text).map(read).transpose()
}

/// An id, or none.
pub(super) fn identified<I: std::str::FromStr>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<I>, EngineError> {
    text.map(|text| text.parse().map_err(|_| EngineError::invalid(field, format!("“{text}” is no id.")))).transpose()
}
