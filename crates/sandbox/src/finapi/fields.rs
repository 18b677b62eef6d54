//! Reading queries and bodies.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use jiff::civil::Date;
use serde_json::{Map, Value};
use url::form_urlencoded;
use uuid::Uuid;

use super::problem::Problem;

/// The most rows of a page (fact sheet §4, §9).
const MOST_PER_PAGE: usize = 500;
const USUAL_PER_PAGE: usize = 20;

/// The fields of a query or of a form.
#[derive(Debug, Clone)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The last value of a name; blank is absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().rev().find(|(key, value)| key == name && !value.trim().is_empty());
        value.map(|(_, value)| value.trim())
    }

    /// Every number of a name, with lists taken apart; `None` where the name is absent.
    pub(super) fn numbers(&self, name: &str) -> Result<Option<Vec<u64>>, Problem> {
        let Some(_) = self.get(name) else { return Ok(None) };
        let values = self.0.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        let numbers =
            values.map(|value| value.trim().parse().map_err(|_| Problem::bad_value(format!("{name} is wrong"))));
        numbers.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn date(&self, name: &str) -> Result<Option<Date>, Problem> {
        let read = |text: &str| text.parse().map_err(|_| Problem::bad_value(format!("{name} must be YYYY-MM-DD")));
        self.get(name).map(read).transpose()
    }

    /// Page and size of a page.
    pub(super) fn page(&self) -> Result<(usize, usize), Problem> {
        let number = |name: &str, usual: usize, most: usize| {
            let text = self.get(name).map_or(Ok(usual), str::parse);
            text.ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| {
                let status = axum::http::StatusCode::BAD_REQUEST;
                Problem::access(status, "ILLEGAL_PAGE_SIZE", format!("{name} must be between 1 and {most}"))
            })
        };
        Ok((number("page", 1, usize::MAX)?, number("perPage", USUAL_PER_PAGE, MOST_PER_PAGE)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::read(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

/// The id in a path, as a number.
pub(super) struct PathNumber(pub(super) u64);

impl<S: Send + Sync> FromRequestParts<S> for PathNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.map(|Path(text)| text).unwrap_or_default();
        text.parse().map(Self).map_err(|_| Problem::bad_value("id must be a number"))
    }
}

/// The id in a path of the web form.
pub(super) struct PathUuid(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathUuid {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.map(|Path(text)| text).unwrap_or_default();
        let id = Some(text).filter(|text| text.len() == 36).and_then(|text| Uuid::try_parse(&text).ok());
        id.map(Self).ok_or_else(Problem::form_not_found)
    }
}

/// The fields of a body; none where there is no body. What cannot be read is told by `wrong`.
pub(super) fn body(bytes: &Bytes, wrong: fn(&str) -> Problem) -> Result<Map<String, Value>, Problem> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(wrong("The body must be an object")),
    }
}

/// Which rows stand on a page, and how it says so.
pub(super) fn paged<T>(all: Vec<T>, (page, per_page): (usize, usize)) -> (Vec<T>, Value) {
    let total = all.len();
    let pages = total.div_ceil(per_page);
    let rows = all.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    (rows, serde_json::json!({ "page": page, "perPage": per_page, "pageCount": pages, "totalCount": total }))
}
