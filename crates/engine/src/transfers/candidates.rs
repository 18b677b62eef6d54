//! Rows that a person may choose as the other side of one.

use std::cmp::Reverse;

use bankside_domain::text::fold;
use bankside_domain::transfer::{Grounds, grounds, may_be_linked};
use bankside_domain::{Asker, Right, TransactionId};
use bankside_store::RegisterRow;
use jiff::ToSpan;

use super::{MOST_ROWS_ON_PAGES, amount, distance};
use crate::{Engine, EngineError};

/// So many are offered.
const MOST_OFFERED: usize = 20;
/// Without a search, rows are offered that are at most so many days away.
const NEAR_DAYS: i32 = 31;
/// Who searches finds rows that are further away.
const FAR_DAYS: i32 = 366;

/// A row that may be the other side.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// As the register shows it.
    pub row: RegisterRow,
    /// What speaks for it, each ground as a sentence; nothing where a person alone can say.
    pub why: Vec<String>,
}

impl Engine {
    /// Rows that may be the other side of one, those for which most speaks first: of other accounts, the other way, and part of no
    /// transfer. With a search, those that say its text in payee, note or the account's name.
    pub async fn transfer_candidates(
        &self,
        asker: &Asker,
        id: TransactionId,
        search: &str,
    ) -> Result<Vec<Candidate>, EngineError> {
        asker.require_within(Right::EditBooks)?;
        let rows = self.store.transfer_rows_of(asker, &[id]).await?;
        let one = rows.first().ok_or(EngineError::NotFound("the transaction"))?;
        let search = fold(search.trim());
        let reach = if search.is_empty() { NEAR_DAYS } else { FAR_DAYS };
        let days = (one.day.saturating_sub(reach.days()), one.day.saturating_add(reach.days()));
        let own = self.store.own_accounts(asker).await?;
        let names = |account| own.0.get(&account).map(|own| &own.names_folded);
        let mut found = Vec::new();
        for other in self.store.transfer_rows(asker, days, MOST_ROWS_ON_PAGES).await? {
            let says = other.text_folded.contains(&search)
                || names(other.account).is_some_and(|names| names.iter().any(|name| name.contains(&search)));
            let Ok((out, into)) = may_be_linked(one, &other) else { continue };
            if says {
                let grounds = grounds(out, into, &own);
                let is_told = grounds.map(|grounds| (grounds.is_strong(), true));
                // Days count for as much as hundredths of the amount do.
                let (days, apart) = distance(one, &other);
                let hundredths = apart.saturating_mul(100) / one.amount.minor.unsigned_abs().max(1);
                let far = hundredths.saturating_add(days.unsigned_abs());
                found.push((Reverse(is_told), far, other.transaction, grounds));
            }
        }
        found.sort_unstable_by_key(|(told, far, id, _)| (*told, *far, *id));
        found.truncate(MOST_OFFERED);
        let ids: Vec<TransactionId> = found.iter().map(|(_, _, other, _)| *other).chain([id]).collect();
        let mut rows = self.store.register_rows_of(asker, &ids).await?;
        let row = rows.remove(&id).ok_or(EngineError::NotFound("the transaction"))?;
        // What has gone meanwhile is not offered.
        let candidate = |(_, _, other, grounds): (_, _, TransactionId, Option<Grounds>)| {
            let other = rows.remove(&other)?;
            let (out, into) = if row.amount_minor < 0 { (&row, &other) } else { (&other, &row) };
            let why = grounds.map(|grounds| grounds.in_words(amount(out), amount(into))).unwrap_or_default();
            Some(Candidate { row: other, why })
        };
        Ok(found.into_iter().filter_map(candidate).collect())
    }
}
