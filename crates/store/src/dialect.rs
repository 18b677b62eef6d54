//! The few things that the two engines say differently.

use bankside_domain::{Id, Sight};
use sqlx::{Database, QueryBuilder};
use uuid::Uuid;

/// How many rows go into one statement: few enough for the limits on parameters of both engines.
pub(crate) const ROWS_PER_STATEMENT: usize = 250;

/// How many values go into one `IN` list.
pub(crate) const VALUES_PER_LIST: usize = 500;

/// So many parameters a statement may have, with some to spare: `SQLite` takes 32,766.
pub(crate) const PARAMETERS: usize = 30_000;

/// Appends `($1, $2, …)`, or a list that holds nothing when there are no values.
pub(crate) fn push_list<'args, DB, T>(query: &mut QueryBuilder<DB>, values: impl IntoIterator<Item = T>)
where
    DB: Database,
    T: 'args + sqlx::Encode<'args, DB> + sqlx::Type<DB>,
{
    query.push("(");
    let mut list = query.separated(", ");
    let mut is_empty = true;
    for value in values {
        list.push_bind(value);
        is_empty = false;
    }
    if is_empty {
        query.push("NULL");
    }
    query.push(")");
}

/// Adds that the row of this name is of an account in sight.
pub(crate) fn push_sight<DB>(query: &mut QueryBuilder<DB>, row: &str, sight: &Sight)
where
    DB: Database,
    Uuid: for<'args> sqlx::Encode<'args, DB> + sqlx::Type<DB>,
{
    if let Some(accounts) = sight.accounts() {
        query.push(" AND ").push(row).push(".account_id IN ");
        push_list(query, accounts.iter().map(|account| account.uuid()));
    }
}

/// A pattern for `LIKE … ESCAPE '\'` that finds the folded text anywhere.
pub(crate) fn containing(folded: &str) -> String {
    let mut pattern = String::with_capacity(folded.len() + 2);
    pattern.push('%');
    for c in folded.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_their_own_marks() {
        assert_eq!(containing("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
