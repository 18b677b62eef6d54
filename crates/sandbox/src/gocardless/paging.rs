//! Pages of agreements and requisitions (fact sheet §1).

use serde::Serialize;

use super::fields::Query;
use crate::Sandbox;

const DEFAULT_LIMIT: usize = 100;
/// The provider names no greatest page; this one keeps answers small.
const GREATEST_LIMIT: usize = 1000;

/// What a list takes in its query.
pub(super) const FIELDS: [&str; 2] = ["limit", "offset"];

/// A page of a list.
#[derive(Serialize)]
pub(super) struct Page<T> {
    count: usize,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

impl<T> Page<T> {
    /// The page that a query asks for. What is no number counts as absent.
    pub(super) fn of(sandbox: &Sandbox, path: &str, query: &Query, all: Vec<T>) -> Self {
        let number = |name| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let limit = number("limit").filter(|limit| *limit >= 1).unwrap_or(DEFAULT_LIMIT).min(GREATEST_LIMIT);
        let offset = number("offset").unwrap_or(0);
        let count = all.len();
        let url = |offset: Option<usize>| {
            let offset = offset.map(|offset| format!("&offset={offset}")).unwrap_or_default();
            sandbox.url(&format!("{path}?limit={limit}{offset}"))
        };
        let after = offset.saturating_add(limit);
        Self {
            count,
            next: (after < count).then(|| url(Some(after))),
            previous: (offset > 0).then(|| url(offset.checked_sub(limit).filter(|before| *before > 0))),
            results: all.into_iter().skip(offset).take(limit).collect(),
        }
    }
}
