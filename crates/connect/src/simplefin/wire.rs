//! The wire: what SimpleFIN sends in either version, in our types. Source: section 3 of the fact sheet.
//!
//! Everything but an account's id may be absent, and what has another shape than expected loses itself alone.

use bankside_domain::row::ProviderCategory;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::problem;
use crate::fault::Fault;
use crate::lenient::{Decimal, lenient, lenient_lines, lenient_list, lenient_number};

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    /// Errors, from the list of version 2, or else from the texts of version 1.
    pub(super) errors: Vec<Error>,
    pub(super) connections: Vec<Connection>,
    pub(super) accounts: Vec<Account<'a>>,
    /// How many accounts could not be read.
    pub(super) unread: usize,
}

#[derive(Deserialize)]
struct AnswerWire<'a> {
    #[serde(default, deserialize_with = "lenient_list")]
    errlist: Vec<Error>,
    #[serde(default, deserialize_with = "lenient_lines")]
    errors: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient_list")]
    connections: Vec<Connection>,
    #[serde(borrow)]
    accounts: Vec<&'a RawValue>,
}

/// Something that did not work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Error {
    /// Its code; errors of version 1 have none.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) code: Option<String>,
    #[serde(default, alias = "message", deserialize_with = "lenient")]
    pub(super) msg: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) conn_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_id: Option<String>,
}

/// A bank as it is connected at SimpleFIN.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Connection {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) conn_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) org_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) org_name: Option<String>,
}

/// A bank as version 1 has it, beside each account.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Organization {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) domain: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
}

/// An account.
#[derive(Debug, Deserialize)]
pub(super) struct Account<'a> {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) conn_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) conn_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) org: Option<Organization>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) balance: Option<Decimal>,
    #[serde(default, rename = "available-balance")]
    pub(super) available_balance: Option<Decimal>,
    /// Rows as they came; `None` where there is no list of them.
    #[serde(default, borrow)]
    pub(super) transactions: Option<Vec<&'a RawValue>>,
}

/// A transaction.
#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    /// Seconds; 0 for what is pending.
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) posted: Option<i64>,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) transacted_at: Option<i64>,
    #[serde(default)]
    pub(super) amount: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) payee: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) memo: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) pending: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) mcc: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) extra: Option<Extra>,
}

/// What a server says beside the protocol.
#[derive(Debug, Deserialize)]
pub(super) struct Extra {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) category: Option<String>,
}

impl Transaction {
    /// What it is filed under: the code of the protocol, or else a word of the server's own.
    pub(super) fn filed_under(&self) -> Option<ProviderCategory> {
        let own = || ProviderCategory::of_provider("simplefin", self.extra.as_ref()?.category.as_deref()?, None);
        self.mcc.as_deref().and_then(ProviderCategory::merchant).or_else(own)
    }

    /// Whether the bank has not got so far yet: it says so, or it has no day of posting.
    pub(super) fn is_pending(&self) -> bool {
        self.pending == Some(true) || self.posted == Some(0)
    }
}

impl<'a> Answer<'a> {
    /// Reads an answer.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Fault> {
        let wire: AnswerWire<'a> = serde_json::from_slice(body).map_err(|_| problem::unread(body))?;
        let errors = if wire.errlist.is_empty() {
            let texts = wire.errors.unwrap_or_default().into_iter();
            texts.map(|text| Error { msg: Some(text), ..Error::default() }).collect()
        } else {
            // The texts beside it are the same ones.
            wire.errlist
        };
        let listed = wire.accounts.len();
        let accounts: Vec<Account<'a>> =
            wire.accounts.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect();
        let unread = listed - accounts.len();
        if unread > 0 {
            tracing::warn!(unread, "accounts of an answer cannot be read");
        }
        Ok(Self { errors, connections: wire.connections, accounts, unread })
    }

    /// An account by what we call it: its id, which is enough unless several have the same.
    pub(super) fn account(&self, key: &str) -> Option<&Account<'a>> {
        let mut named = self.accounts.iter().filter(|account| account.full_key() == key);
        if let (Some(one), None) = (named.next(), named.next()) {
            return Some(one);
        }
        let mut by_id = self.accounts.iter().filter(|account| account.id == key);
        by_id.next().filter(|_| by_id.next().is_none())
    }

    /// What we call an account.
    pub(super) fn key_of(&self, account: &Account<'_>) -> String {
        let is_only = self.accounts.iter().filter(|other| other.id == account.id).count() == 1;
        if is_only { account.id.clone() } else { account.full_key() }
    }

    /// The connection that an account hangs on, in version 2.
    pub(super) fn connection_of(&self, account: &Account<'_>) -> Option<&Connection> {
        let id = account.conn_id.as_ref()?;
        self.connections.iter().find(|connection| connection.conn_id.as_ref() == Some(id))
    }
}

impl Account<'_> {
    /// An id is unique within its connection, or its organization, only.
    fn full_key(&self) -> String {
        let org = self.org.as_ref().and_then(|org| org.id.as_deref().or(org.domain.as_deref()).or(org.name.as_deref()));
        format!("{}/{}", self.conn_id.as_deref().or(org).unwrap_or_default(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read_and_odd_parts_lose_themselves_alone() {
        let two = br#"{"errlist":[{"code":"con.auth","msg":"a","conn_id":"C1"},{"code":"act.failed","message":"b"},7],
            "errors":["a","b"],"connections":[{"conn_id":"C1","name":"One","org_id":"one.example"},"x"],
            "accounts":[{"id":"A1","conn_id":"C1","currency":"USD","balance":12.5,"name":7},{"name":"without an id"}]}"#;
        let answer = Answer::read(two).unwrap();
        let errors: Vec<_> = answer.errors.iter().map(|error| error.msg.as_deref()).collect();
        assert_eq!(errors, [Some("a"), Some("b")]);
        assert_eq!((answer.accounts.len(), answer.unread), (1, 1));
        assert_eq!(answer.accounts[0].balance.as_ref().unwrap().0, "12.5");
        assert_eq!(answer.connection_of(&answer.accounts[0]).unwrap().name.as_deref(), Some("One"));
        let one = br#"{"errors":["You must reauthenticate."],"accounts":[{"id":"A1","org":{"domain":"one.example"},
            "balance":"-1.00","transactions":[]}]}"#;
        let answer = Answer::read(one).unwrap();
        assert_eq!(answer.errors[0].msg.as_deref(), Some("You must reauthenticate."));
        assert!(answer.accounts[0].transactions.as_ref().unwrap().is_empty());
        for body in ["", "{}", "[]", r#"{"accounts":{}}"#, "<html>"] {
            assert!(Answer::read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn accounts_with_one_id_at_two_banks_are_two() {
        let body = br#"{"accounts":[{"id":"1","conn_id":"A"},{"id":"1","conn_id":"B"},{"id":"2","conn_id":"A"}]}"#;
        let answer = Answer::read(body).unwrap();
        let keys: Vec<_> = answer.accounts.iter().map(|account| answer.key_of(account)).collect();
        assert_eq!(keys, ["A/1", "B/1", "2"]);
        for (key, account) in keys.iter().zip(&answer.accounts) {
            assert!(std::ptr::eq(answer.account(key).unwrap(), account), "{key}");
        }
        assert!(answer.account("1").is_none(), "which of the two is not known");
        assert!(answer.account("A/2").is_some(), "one that was ambiguous once");
    }
}
