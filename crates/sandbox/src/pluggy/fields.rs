//! Reading bodies, queries and ids. Bodies are lenient about what they do not know; queries of version 2 are not (§1).

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};
use url::form_urlencoded;
use uuid::Uuid;

use super::problem::Problem;

/// The fields of a JSON body; none where there is no body.
#[derive(Debug)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A list of texts; `None` when it is absent or something else.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.0.get(name)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Problem::plain(rejection.status(), &rejection.body_text()))?;
        if body.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::bad_request("The body must be an object")),
            Err(error) => Err(Problem::bad_request(&format!("Invalid JSON: {error}"))),
        }
    }
}

/// The fields of a query.
#[derive(Debug, Clone)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(text: &str) -> Self {
        let fields = form_urlencoded::parse(text.as_bytes());
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The last value of this name; blank is absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().rev().filter(|(key, value)| key == name && !value.is_empty());
        values.next().map(|(_, value)| value.as_str())
    }

    /// Every value of a name, with lists taken apart: `types=A,B`, `types=A&types=B` and `types[]=A` are the same.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let of_name = |key: &str| key == name || key.strip_suffix("[]") == Some(name);
        let values = self.0.iter().filter(|(key, _)| of_name(key));
        values.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    /// Refuses what the call does not know (fact sheet §1).
    pub(super) fn refuse_unknown(&self, known: &[&str]) -> Result<(), Problem> {
        let stranger = self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name));
        stranger.map_or(Ok(()), |name| {
            Err(Problem::parameter(name, "UNKNOWN_PARAMETER", &format!("property {name} should not exist")))
        })
    }

    /// An id that must be there and be a UUID.
    pub(super) fn uuid(&self, name: &str) -> Result<Uuid, Problem> {
        let id = self.get(name).and_then(parse_uuid);
        id.ok_or_else(|| Problem::parameter(name, "INVALID_PARAMETER", &format!("{name} must be a UUID")))
    }

    /// The first instant that a day or an instant means, or the last with `end`.
    pub(super) fn instant(&self, name: &str, edge: Edge) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let message =
            || Problem::parameter(name, "INVALID_PARAMETER", &format!("{name} must be a valid ISO 8601 date string"));
        read_instant(text, edge).map(Some).ok_or_else(message)
    }
}

/// Which instant of a day is meant where only the day is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

fn read_instant(text: &str, edge: Edge) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let day: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let day = if edge == Edge::End { day.tomorrow().ok()? } else { day };
    let start = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
    if edge == Edge::End { Timestamp::from_microsecond(start.as_microsecond() - 1).ok() } else { Some(start) }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

/// The id in a path.
#[derive(Debug)]
pub(super) struct PathId(pub(super) String);

impl PathId {
    /// The id as a UUID, or the answer to one that is none.
    pub(super) fn uuid(&self) -> Result<Uuid, Problem> {
        parse_uuid(&self.0).ok_or_else(|| Problem::parameter("id", "INVALID_PARAMETER", "id must be a UUID"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What is not UTF-8 after decoding cannot be an id.
        let id = Path::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| Problem::plain(StatusCode::NOT_FOUND, "Not Found"))
    }
}

/// A UUID with hyphens, nothing else that the library would read.
pub(super) fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_all_of_its_instants_in_utc() {
        let query = Query::read("a=2026-10-14&b=2026-10-14T03:00:00.000Z&c=soon");
        let of = |name, edge| query.instant(name, edge).ok().flatten().map(|instant| instant.to_string());
        assert_eq!(of("a", Edge::Start).as_deref(), Some("2026-10-14T00:00:00Z"));
        assert_eq!(of("a", Edge::End).as_deref(), Some("2026-10-14T23:59:59.999999Z"));
        assert_eq!(of("b", Edge::End).as_deref(), Some("2026-10-14T03:00:00Z"));
        assert!(query.instant("c", Edge::Start).is_err());
        assert_eq!(query.instant("d", Edge::Start), Ok(None));
    }
}
