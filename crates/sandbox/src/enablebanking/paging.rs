//! Queries and pages (fact sheet §5).

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use uuid::Uuid;

use super::banks::Bank;
use super::problem::Problem;

/// What stood behind the question mark.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads it; a name that is not known is refused.
    pub(super) fn read(text: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let fields: Vec<_> = form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect();
        match fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Problem::wrong(&format!("{name} is not known"))),
            None => Ok(Self(fields)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Everything but the key, which has to be the same on every page.
    fn rest(&self) -> String {
        let rest = self.0.iter().filter(|(name, _)| name != "continuation_key");
        let mut rest: Vec<String> = rest.map(|(name, value)| format!("{name}={value}")).collect();
        rest.sort();
        rest.join("&")
    }
}

/// A page of the rows of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page(usize);

impl Page {
    /// The page that a query asks for. A key holds for the account of one session and for the same other parameters.
    pub(super) fn asked(query: &Query, uid: Uuid) -> Result<Self, Problem> {
        let Some(key) = query.get("continuation_key") else { return Ok(Self(0)) };
        let wrong = || {
            Problem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "WRONG_CONTINUATION_KEY",
                "Wrong continuation key provided",
            )
        };
        let text = BASE64URL_NOPAD.decode(key.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(wrong)?;
        let (number, seal) = text.split_once('.').ok_or_else(wrong)?;
        let page = Self(number.parse().map_err(|_| wrong())?);
        if seal == page.seal(query, uid) { Ok(page) } else { Err(wrong()) }
    }

    /// Whether it is the first one.
    pub(super) fn is_first(&self) -> bool {
        self.0 == 0
    }

    fn seal(&self, query: &Query, uid: Uuid) -> String {
        HEXLOWER.encode(&Sha256::digest(format!("{uid}\n{}\n{}", self.0, query.rest()))[..8])
    }

    fn key(&self, query: &Query, uid: Uuid) -> String {
        BASE64URL_NOPAD.encode(format!("{}.{}", self.0, self.seal(query, uid)).as_bytes())
    }

    /// The rows of this page, and the key of the next.
    pub(super) fn cut(&self, bank: &Bank, rows: Vec<Value>, query: &Query, uid: Uuid) -> (Vec<Value>, Option<String>) {
        // The second page of some banks has nothing, and more follow all the same.
        let before = if bank.has_empty_page && self.0 > 0 { self.0 - 1 } else { self.0 };
        let (first, total) = (before * bank.page_rows, rows.len());
        let is_empty = bank.has_empty_page && self.0 == 1;
        let taken = if is_empty { 0 } else { bank.page_rows };
        let first = if is_empty { bank.page_rows } else { first };
        let next = Self(self.0 + 1);
        let key = (first + taken < total).then(|| next.key(query, uid));
        (rows.into_iter().skip(first).take(taken).collect(), key)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::banks;
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(Some(text), &["date_from", "continuation_key"]).unwrap()
    }

    #[test]
    fn pages_have_every_row_once_and_the_second_may_be_empty() {
        for (id, counts) in [("NORDHAFEN_NHBKDE22", vec![40, 0, 40, 20]), ("LOCKSIDE_LKSDGB21", vec![100])] {
            let bank = banks::by_id(id).unwrap();
            let rows: Vec<Value> = (0..100).map(|number| json!(number)).collect();
            let (mut seen, mut sizes, mut key) = (Vec::new(), Vec::new(), None);
            loop {
                let asked = key.map_or_else(String::new, |key| format!("&continuation_key={key}"));
                let query = query(&format!("date_from=2026-01-01{asked}"));
                let page = Page::asked(&query, Uuid::nil()).unwrap();
                let (cut, next) = page.cut(bank, rows.clone(), &query, Uuid::nil());
                sizes.push(cut.len());
                seen.extend(cut);
                key = next;
                if key.is_none() {
                    break;
                }
            }
            assert_eq!((seen, sizes), (rows, counts), "{id}");
        }
    }

    #[test]
    fn a_key_holds_for_the_same_question_only() {
        let asked = query("date_from=2026-01-01");
        let key = Page(1).key(&asked, Uuid::nil());
        let again = |text: &str, uid| Page::asked(&query(&format!("{text}continuation_key={key}")), uid).is_ok();
        assert!(again("date_from=2026-01-01&", Uuid::nil()));
        assert!(!again("date_from=2026-01-02&", Uuid::nil()));
        assert!(!again("", Uuid::nil()));
        assert!(!again("date_from=2026-01-01&", Uuid::from_u128(1)));
        assert!(Page::asked(&query("continuation_key=nonsense"), Uuid::nil()).is_err());
    }
}
