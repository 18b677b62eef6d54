//! Who is there in a browser while something is asked for: banks that are told so do not count what is read for them.
//!
//! It is kept in memory only, for as long as somebody may be said to be there; another process that carries the sync out does not know
//! of them, and then nobody is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bankside_connect::Visitor;
use bankside_domain::RunId;
use jiff::{SignedDuration, Timestamp};

use crate::Engine;

/// For how long after they asked a person is there.
const THERE_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Who asked for which run, and when.
#[derive(Default)]
pub(crate) struct Visitors(Mutex<HashMap<RunId, (Timestamp, Visitor)>>);

impl Engine {
    /// The same engine, asked by somebody who is there in a browser.
    pub fn visited_by(&self, visitor: Visitor) -> Self {
        Self { visitor: Some(visitor), ..self.clone() }
    }

    /// Remembers who asked for a run.
    pub(crate) fn attend(&self, run: RunId) {
        let Some(visitor) = &self.visitor else { return };
        let now = self.ambient.now();
        let mut visitors = self.visitors.0.lock().unwrap_or_else(PoisonError::into_inner);
        visitors.retain(|_, (since, _)| *since + THERE_FOR > now);
        visitors.insert(run, (now, visitor.clone()));
    }

    /// Who asked for a run, while they are still there.
    pub(crate) fn visitor_of(&self, run: RunId) -> Option<Visitor> {
        let now = self.ambient.now();
        let visitors = self.visitors.0.lock().unwrap_or_else(PoisonError::into_inner);
        visitors.get(&run).filter(|(since, _)| *since + THERE_FOR > now).map(|(_, visitor)| visitor.clone())
    }
}
