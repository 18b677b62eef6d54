//! The log of calls: what clients have asked and how it was answered, for tests that go through every call of a sync.

use std::collections::VecDeque;

use serde::Serialize;

use crate::Sandbox;

/// The oldest calls are forgotten beyond this.
const KEPT_CALLS: usize = 10_000;

/// One call of a provider's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Which endpoint, in the words that faults are armed with: `accounts/transactions`.
    pub label: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The account in the path, where there is one.
    pub account: Option<String>,
    /// What stood behind the question mark.
    pub query: Option<String>,
    /// The status of the answer; `None` where none was sent.
    pub status: Option<u16>,
    /// The kind of the armed fault that it met.
    pub fault: Option<&'static str>,
}

/// The calls since the start or since they were last forgotten, the oldest first. Memory only.
#[derive(Debug, Default)]
pub(crate) struct Calls(VecDeque<Call>);

impl Calls {
    pub(crate) fn note(&mut self, call: Call) {
        if self.0.len() == KEPT_CALLS {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// A call that is noted when it is over, even when the client has not waited for that.
pub(crate) struct Noted<'a> {
    /// Where.
    pub(crate) sandbox: &'a Sandbox,
    /// The call, as far as it has come.
    pub(crate) call: Call,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.sandbox.note(self.call.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_forgets_its_oldest_calls() {
        let mut calls = Calls::default();
        for number in 0..=KEPT_CALLS {
            let status = u16::try_from(number % 1000).unwrap();
            let method = "GET".to_owned();
            calls.note(Call { label: "x", method, account: None, query: None, status: Some(status), fault: None });
        }
        let all = calls.all();
        assert_eq!((all.len(), all[0].status), (KEPT_CALLS, Some(1)));
        calls.forget();
        assert!(calls.all().is_empty());
    }
}
