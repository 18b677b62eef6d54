//! Reading bodies, queries and path ids, leniently where the provider is lenient and strictly where it is strict.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::problem::{FieldErrors, Problem};
use crate::Sandbox;

/// The fields of a body: JSON, or a form, which the spec offers as well.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Refuses fields that the resource does not know (fact sheet §1).
    pub(super) fn refuse_unknown(&self, sandbox: &Sandbox, known: &[&str]) -> Result<(), Problem> {
        let place = if sandbox.switches().unknown_fields_are_in_payload { "payload" } else { "request body" };
        refuse_unknown(self.0.keys().map(String::as_str), known, place)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, errors: &mut FieldErrors, name: &str) -> Option<String> {
        if self.get(name).is_none() {
            errors.text(name, "This field is required.");
            return None;
        }
        self.text(errors, name, usize::MAX)
    }

    /// A text of at most so many characters; absent is fine, blank and null are not.
    pub(super) fn text(&self, errors: &mut FieldErrors, name: &str, longest: usize) -> Option<String> {
        let message = match self.get(name)? {
            Value::String(text) if text.is_empty() => "This field may not be blank.".to_owned(),
            Value::String(text) if text.chars().count() > longest => {
                format!("Ensure this field has no more than {longest} characters.")
            }
            Value::String(text) => return Some(text.clone()),
            Value::Number(number) => return Some(number.to_string()),
            Value::Null => "This field may not be null.".to_owned(),
            _ => "Not a valid string.".to_owned(),
        };
        errors.text(name, &message);
        None
    }

    /// A whole number; numbers in quotes are numbers too (fact sheet §1).
    pub(super) fn number(&self, errors: &mut FieldErrors, name: &str) -> Option<i64> {
        let value = self.get(name)?;
        let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        if number.is_none() {
            errors.text(name, "A valid integer is required.");
        }
        number
    }

    /// A yes or no; absent is no.
    pub(super) fn flag(&self, errors: &mut FieldErrors, name: &str) -> bool {
        match self.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => true,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => false,
            Some(_) => {
                errors.text(name, "Must be a valid boolean.");
                false
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|text| text.split(';').next()).unwrap_or("application/json").trim().to_owned();
        let body = Bytes::from_request(request, state).await.map_err(|rejection| too_large(&rejection))?;
        match kind.to_ascii_lowercase().as_str() {
            "application/json" => from_json(&body).map(Self),
            "application/x-www-form-urlencoded" => Ok(Self(from_form(&body))),
            _ => {
                let text = format!("Unsupported media type \"{kind}\" in request.");
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text, &text))
            }
        }
    }
}

fn too_large(rejection: &BytesRejection) -> Problem {
    let status = rejection.status();
    Problem::new(status, status.canonical_reason().unwrap_or("Bad request"), &rejection.body_text())
}

fn from_json(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let body = if body.trim_ascii().is_empty() { b"{}".as_slice() } else { body };
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => {
            let message = "Invalid data. Expected a dictionary.";
            Err(Problem::with_body(StatusCode::BAD_REQUEST, json!({ "non_field_errors": [message] })))
        }
        // The parser's message ends with line and column.
        Err(error) => Err(Problem::bad_request("JSON parse error", &format!("JSON parse error - {error}"))),
    }
}

/// A form's fields; one that comes several times is a list.
fn from_form(body: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let value = Value::from(value.into_owned());
        match fields.get_mut(name.as_ref()) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => _ = fields.insert(name.into_owned(), value),
        }
    }
    fields
}

/// The fields of a query.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Refuses fields that the resource does not know (fact sheet §1).
    pub(super) fn refuse_unknown(&self, sandbox: &Sandbox, known: &[&str]) -> Result<(), Problem> {
        let place = if sandbox.switches().unknown_fields_are_in_payload { "query" } else { "query parameters" };
        refuse_unknown(self.iter().map(|(name, _)| name), known, place)
    }

    /// The last value of this name; blank is absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().filter(|(key, value)| *key == name && !value.is_empty()).last().map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let fields = form_urlencoded::parse(query.as_bytes());
        Ok(Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
    }
}

fn refuse_unknown<'a>(given: impl Iterator<Item = &'a str>, known: &[&str], place: &str) -> Result<(), Problem> {
    let unknown: Vec<_> = given.filter(|name| !known.contains(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let detail = format!("Unknown fields {{{}}} in {{{place}}}", unknown.join(", "));
    Err(Problem::bad_request("Unknown fields", &detail))
}

/// The id in a path, as it was sent.
#[derive(Debug)]
pub(super) struct PathId(pub(super) String);

impl PathId {
    /// The id as a UUID, or the answer to a malformed one. Only the form with hyphens is one, as in the provider's links.
    pub(super) fn uuid(&self) -> Result<Uuid, Problem> {
        self.parse().ok_or_else(|| {
            // Fact sheet §4, §5.
            Problem::bad_request("Invalid ID", &format!("{} is not a valid UUID.", self.0))
        })
    }

    pub(super) fn parse(&self) -> Option<Uuid> {
        parse_uuid(&self.0)
    }
}

/// Whether a text is a URI, with nothing in it that would have to be encoded.
pub(super) fn is_uri(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(text).is_ok()
}

/// A UUID with or without hyphens, nothing else that the library would read.
pub(super) fn parse_uuid(text: &str) -> Option<Uuid> {
    if matches!(text.len(), 32 | 36) { Uuid::try_parse(text).ok() } else { None }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What is not UTF-8 after decoding cannot be an id.
        Path::from_request_parts(parts, state).await.map(|Path(id)| Self(id)).map_err(|_| Problem::not_found())
    }
}
