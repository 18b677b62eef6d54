//! What a fetch brought, and the sink that keeps it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bankside_connect::{Fault, FetchEvent, FetchedBalance, RawRow, Sink, SinkClosed};

use crate::suite::{Miss, fail};

/// What a fetch brought for one account.
#[derive(Default)]
pub(crate) struct Brought {
    pub(crate) rows: Vec<RawRow>,
    /// Whether booked and pending rows were said to be complete.
    pub(crate) ended: Option<(bool, bool)>,
    pub(crate) balances: Vec<FetchedBalance>,
    pub(crate) fault: Option<Fault>,
    /// Whether rows came after it was said that none follow.
    pub(crate) rows_after_end: bool,
}

/// What a fetch brought.
#[derive(Default)]
pub(crate) struct Fetched {
    pub(crate) accounts: BTreeMap<String, Brought>,
    /// The fault that ended it.
    pub(crate) fault: Option<Fault>,
    pub(crate) was_closed: bool,
}

impl Fetched {
    pub(crate) fn of(&self, account: &str) -> Result<&Brought, Miss> {
        self.accounts.get(account).ok_or_else(|| fail("nothing was told of an account that was asked for"))
    }

    /// The fault of an account, or of all.
    pub(crate) fn fault_of(&self, account: &str) -> Option<&Fault> {
        self.accounts.get(account).and_then(|brought| brought.fault.as_ref()).or(self.fault.as_ref())
    }

    /// The first fault of anything.
    pub(crate) fn any_fault(&self) -> Option<&Fault> {
        self.fault.as_ref().or_else(|| self.accounts.values().find_map(|brought| brought.fault.as_ref()))
    }
}

/// Keeps everything.
pub(super) struct Keeping<'a> {
    pub(super) fetched: &'a mut Fetched,
    /// After so many events nothing more is taken.
    pub(super) takes: usize,
}

#[async_trait]
impl Sink for Keeping<'_> {
    async fn accept(&mut self, account: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        self.takes = self.takes.checked_sub(1).ok_or(SinkClosed)?;
        let brought = self.fetched.accounts.entry(account.to_owned()).or_default();
        match event {
            FetchEvent::Step(_) | FetchEvent::Bills(_) => {}
            FetchEvent::Rows(rows) => {
                brought.rows_after_end |= brought.ended.is_some();
                brought.rows.extend(rows);
            }
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                brought.ended = Some((booked_complete, pending_complete));
            }
            FetchEvent::Balances(balances) => brought.balances.extend(balances),
            FetchEvent::Fault(fault) => brought.fault = brought.fault.take().or(Some(fault)),
        }
        Ok(())
    }
}
