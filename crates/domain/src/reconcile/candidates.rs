//! What goes through the passes: the rows that came, and the known ones that they may be.

use foldhash::HashSet;
use jiff::civil::Date;

use super::{Arrived, Digest, IdDigest, Known, Reason};
use crate::id::FeedRowId;
use crate::row::{Row, RowIdKind, RowStatus};

/// A readable arrived row on its way through the passes.
pub(super) struct Candidate<'a> {
    pub(super) arrived: &'a Arrived,
    pub(super) row: &'a Row,
    pub(super) day: Date,
    /// The known row that it turned out to be, and how that was recognised.
    pub(super) same: Option<(&'a Known, Reason)>,
    /// The kind of id that it shares with rows of other content, and these, by their indices.
    pub(super) clash: Option<(RowIdKind, Vec<usize>)>,
}

/// The known rows that these candidates can have to do with, each of which may be used once.
pub(super) struct KnownRows<'a> {
    pub(super) rows: Vec<&'a Known>,
    used: Vec<bool>,
}

impl<'a> KnownRows<'a> {
    /// A window has many rows that share neither id nor content with anything that came. They are looked at here, once, and no pass meets
    /// them; what is not booked may vanish, and what another connection told may be known by its money alone. Rows that came back byte for
    /// byte are used up by themselves.
    pub(super) fn new(rows: &'a [Known], candidates: &[Candidate<'a>]) -> Self {
        let arrived = || candidates.iter().map(|candidate| candidate.arrived);
        let ids: HashSet<&IdDigest> = arrived().flat_map(|arrived| &arrived.ids).collect();
        let contents: HashSet<Digest> = arrived().map(|arrived| arrived.fingerprint).collect();
        let returned: HashSet<FeedRowId> = arrived().filter_map(|arrived| arrived.known_as).collect();
        let concerns = |known: &&Known| {
            known.seen
                || known.is_from_elsewhere
                || known.status != RowStatus::Booked
                || known.ids.iter().any(|id| ids.contains(id))
                || contents.contains(&known.fingerprint)
                || returned.contains(&known.feed_row)
        };
        let rows: Vec<&Known> = rows.iter().filter(concerns).collect();
        let used = rows.iter().map(|known| known.seen).collect();
        Self { rows, used }
    }

    pub(super) fn is_free(&self, index: usize) -> bool {
        !self.used[index]
    }

    pub(super) fn take(&mut self, index: usize) -> &'a Known {
        self.used[index] = true;
        self.rows[index]
    }

    pub(super) fn free(&self) -> impl Iterator<Item = (usize, &'a Known)> + '_ {
        self.rows.iter().copied().enumerate().filter(|(index, _)| self.is_free(*index))
    }
}
