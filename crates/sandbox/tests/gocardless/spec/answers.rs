//! One answer after the other against the file, and what is left at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use boon::ValidationError;
use regex::Regex;
use serde_json::Value;

use super::EVERY;
use super::file::{Documented, Spec};
use crate::kit::Answer;

/// A complaint: operation, status, and the place in the body, `status` when the file does not know the status.
type Complaint = (String, u16, String);

/// What has been seen.
pub(super) struct Checker {
    spec: Spec,
    /// With one answer each.
    complaints: BTreeMap<Complaint, String>,
    /// Operation, status and name of the examples that an answer was like.
    met: BTreeSet<(String, u16, String)>,
    /// Operations that succeeded.
    succeeded: BTreeSet<String>,
}

impl Checker {
    pub(super) fn new(spec: Spec) -> Self {
        Self { spec, complaints: BTreeMap::new(), met: BTreeSet::new(), succeeded: BTreeSet::new() }
    }

    pub(super) fn check(&mut self, method: &str, path: &str, answer: &Answer) {
        let operation = format!("{method} {}", template(path));
        let status = answer.status.as_u16();
        let places = match self.spec.operations.get(&operation).and_then(|statuses| statuses.get(&status)) {
            None => vec!["status".to_owned()],
            Some(documented) if status < 300 => {
                self.succeeded.insert(operation.clone());
                places(&self.spec, documented, &answer.body)
            }
            Some(documented) => {
                let like = like(documented, &answer.body);
                let is_shown = !like.is_empty();
                self.met.extend(like.into_iter().map(|name| (operation.clone(), status, name)));
                // An error that the file does not show has at least the shape of errors.
                let is_canonical = self.spec.schemas.validate(&answer.body, documented.schema).is_ok();
                if is_shown || is_canonical { Vec::new() } else { vec![String::new()] }
            }
        };
        for place in places {
            self.complaints.entry((operation.clone(), status, place)).or_insert_with(|| answer.text.clone());
        }
    }

    /// Nothing is left to complain about, nothing was excused for nothing, and nothing of the file was left out.
    pub(super) fn done(&self, deviations: &[(&str, u16, &str, &str)], not_sent: &[(&str, u16, &str, &str)]) {
        let excuses = |(operation, status, place): &Complaint, excuse: &(&str, u16, &str, &str)| {
            (excuse.0 == operation || excuse.0 == EVERY) && excuse.1 == *status && fits(excuse.2, place)
        };
        let mut wrong = Vec::new();
        for (complaint, text) in &self.complaints {
            if !deviations.iter().any(|excuse| excuses(complaint, excuse)) {
                let text: String = text.chars().take(400).collect();
                wrong.push(format!("{complaint:?}: {text}"));
            }
        }
        for excuse in deviations {
            if !self.complaints.keys().any(|complaint| excuses(complaint, excuse)) {
                wrong.push(format!("nothing needs the deviation {excuse:?}"));
            }
        }
        for (operation, statuses) in &self.spec.operations {
            // Nobody but the provider's own form may accept (fact sheet §4).
            if !self.succeeded.contains(operation) && operation != "PUT /agreements/enduser/{id}/accept/" {
                wrong.push(format!("{operation} never succeeded"));
            }
            for (status, documented) in statuses.iter().filter(|(status, _)| **status >= 300) {
                for example in &documented.examples {
                    let met = self.met.contains(&(operation.clone(), *status, example.name.clone()));
                    let excused =
                        not_sent.iter().any(|one| one.0 == operation && one.1 == *status && one.2 == example.name);
                    if met == excused {
                        let words = if met { "was sent after all" } else { "was never sent" };
                        wrong.push(format!("{operation} {status} {} {words}", example.name));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// `/accounts/<id>/balances/?x` is `/accounts/{id}/balances/`.
fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    for resource in ["/accounts/", "/requisitions/", "/agreements/enduser/", "/institutions/"] {
        if let Some((_, rest)) = path.strip_prefix(resource).and_then(|rest| rest.split_once('/')) {
            return format!("{resource}{{id}}/{rest}");
        }
    }
    path.to_owned()
}

/// The places in a body that are not as the schema has them; list indexes and keys of free objects become stars.
fn places(spec: &Spec, documented: &Documented, body: &Value) -> Vec<String> {
    let Err(error) = spec.schemas.validate(body, documented.schema) else { return Vec::new() };
    let mut places = BTreeSet::new();
    leaves(&error, &mut places);
    places.into_iter().collect()
}

fn leaves(error: &ValidationError<'_, '_>, places: &mut BTreeSet<String>) {
    if error.causes.is_empty() {
        let place = error.instance_location.to_string();
        places.insert(
            place
                .split('/')
                .map(|part| if part.parse::<usize>().is_ok() { "*" } else { part })
                .collect::<Vec<_>>()
                .join("/"),
        );
    }
    for cause in &error.causes {
        leaves(cause, places);
    }
}

/// Whether a place is the excused one, whose stars stand for anything.
fn fits(pattern: &str, place: &str) -> bool {
    let (pattern, place): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), place.split('/').collect());
    pattern.len() == place.len() && pattern.iter().zip(place).all(|(one, other)| *one == "*" || *one == other)
}

/// The names of the examples that a body is like. A body with several fields is like one example per field.
fn like(documented: &Documented, body: &Value) -> Vec<String> {
    let whole: Vec<_> = documented.examples.iter().filter(|example| is_like(&example.body, body)).collect();
    if !whole.is_empty() {
        return whole.iter().map(|example| example.name.clone()).collect();
    }
    let fields = body.as_object().into_iter().flatten().filter(|(name, _)| *name != "status_code");
    let mut names = Vec::new();
    for (name, value) in fields {
        let shows = |example: &&super::file::Example| example.body.get(name).is_some_and(|shown| is_like(shown, value));
        match documented.examples.iter().find(shows) {
            // Summaries and details belong together.
            Some(example) if !value.is_string() => names.push(example.name.clone()),
            _ => return Vec::new(),
        }
    }
    names
}

/// The same keys, numbers, and texts up to what stands for something; each item of a list is like one of the example's.
fn is_like(example: &Value, body: &Value) -> bool {
    match (example, body) {
        (Value::Object(example), Value::Object(body)) => {
            example.len() == body.len()
                && example.iter().all(|(name, value)| body.get(name).is_some_and(|other| is_like(value, other)))
        }
        (Value::Array(example), Value::Array(body)) => {
            !body.is_empty() && body.iter().all(|item| example.iter().any(|shown| is_like(shown, item)))
        }
        (Value::String(example), Value::String(body)) => pattern(example).is_match(body),
        _ => example == body,
    }
}

static STANDS_FOR_SOMETHING: LazyLock<Regex> = LazyLock::new(|| {
    let all = [
        r"\$\{?[A-Z_]+\}?",            // $NAME and ${NAME}
        r"<[a-z_]+>",                  // <name>, not the <id> of a path
        r"[0-9a-f]{8}-[0-9a-f-]{20,}", // ids, whole and cut
        r"\d{4}-\d\d-\d\d(?:[ T][\d:.+]+Z?)?",
        r"\b[A-Z0-9]+_[A-Z0-9]+\b", // institutions
        r"\[[^\]]*\]",
        r"\bGBA\b",
        r"\bstring\b",
        r"\d+",
    ];
    Regex::new(&all.join("|")).unwrap()
});

fn pattern(example: &str) -> Regex {
    let mut pattern = String::from("(?s)^");
    let mut from = 0;
    for found in STANDS_FOR_SOMETHING.find_iter(example) {
        pattern.push_str(&regex::escape(&example[from..found.start()]));
        pattern.push_str(".+?");
        from = found.end();
    }
    pattern.push_str(&regex::escape(&example[from..]));
    pattern.push('$');
    Regex::new(&pattern).unwrap()
}
