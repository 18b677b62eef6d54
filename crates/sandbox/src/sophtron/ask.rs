//! What a client asks: the parts of the path, the query and the body. Keys are found in any casing (fact sheet §3).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value};
use url::form_urlencoded;
use uuid::Uuid;

use super::problem::Problem;

/// Fields by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, Value>);

/// A call that was let through.
#[derive(Debug, Default)]
pub(super) struct Ask {
    /// What stood where the route has braces, in order.
    pub(super) params: Vec<String>,
    pub(super) query: Fields,
    pub(super) body: Fields,
}

impl Fields {
    /// Reads a query.
    pub(super) fn of_query(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self(pairs.map(|(name, value)| (name.to_lowercase(), Value::from(value.into_owned()))).collect())
    }

    /// Reads a body: an object, or nothing at all.
    pub(super) fn of_body(body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Problem::bad_request())?;
        Ok(Self(fields.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect()))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// A text that is there.
    pub(super) fn text(&self, name: &str) -> Result<&str, Problem> {
        self.text_or_none(name).ok_or_else(|| Problem::missing(name))
    }

    /// A text, if it is there and is one.
    pub(super) fn text_or_none(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Whether a field says yes, as a boolean or as text.
    pub(super) fn says_yes(&self, name: &str) -> bool {
        let value = self.get(name);
        value.is_some_and(|value| {
            value == &Value::Bool(true) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
        })
    }

    /// An id that is there.
    pub(super) fn id(&self, name: &str) -> Result<Uuid, Problem> {
        self.text(name)?.trim().parse().map_err(|_| Problem::missing(name))
    }

    /// An account's id, for the log of calls.
    pub(super) fn account(&self) -> Option<String> {
        self.text_or_none("AccountID").map(str::to_owned)
    }

    /// A calendar date: `2018/10/01`, `2018-10-01`, or the first ten characters of an instant (fact sheet §3).
    pub(super) fn date(&self, name: &str) -> Result<Date, Problem> {
        let text = self.text(name)?.replace('/', "-");
        text.get(..10).and_then(|day| day.parse().ok()).ok_or_else(|| Problem::missing(name))
    }

    /// The same where it may lack.
    pub(super) fn date_or_none(&self, name: &str) -> Result<Option<Date>, Problem> {
        self.get(name).map(|_| self.date(name)).transpose()
    }
}

impl Ask {
    /// A part of the path.
    pub(super) fn param(&self, index: usize) -> &str {
        self.params.get(index).map(String::as_str).unwrap_or_default()
    }

    /// A part of the path that is an id; what is none does not exist.
    pub(super) fn param_id(&self, index: usize) -> Result<Uuid, Problem> {
        self.param(index).parse().map_err(|_| Problem::not_found())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_have_any_casing_and_dates_three_forms() {
        let body =
            json!({ "accountID": "x", "StartDate": "2018/10/01", "endDATE": "2018-10-02T23:00:00-07:00", "No": null });
        let fields = Fields::of_body(body.to_string().as_bytes()).unwrap();
        assert_eq!(fields.text("AccountID").unwrap(), "x");
        assert_eq!(fields.date("startdate").unwrap(), date(2018, 10, 1));
        assert_eq!(fields.date("EndDate").unwrap(), date(2018, 10, 2));
        assert!(fields.text("no").is_err() && fields.date("AccountID").is_err() && fields.id("AccountID").is_err());
        assert!(Fields::of_body(b"[1]").is_err() && Fields::of_body(b"{").is_err());
        assert!(Fields::of_query("Extensive=True").says_yes("extensive"));
    }
}
