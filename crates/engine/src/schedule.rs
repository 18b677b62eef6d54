//! The daily import: syncs that run by themselves, once a day and again after what passes.

use std::collections::{HashMap, HashSet};

use bankside_domain::schedule::{DailyImport, NextImport, next_import};
use bankside_domain::{Asker, ConnectionId, Right};
use bankside_store::ScheduledSync;
use jiff::tz::TimeZone;

use crate::features::{ACCOUNT_SYNCING, DAILY_IMPORT};
use crate::{Engine, EngineError};

impl Engine {
    /// Asks for every sync that is due by itself; answers how many.
    pub async fn enqueue_due_imports(&self) -> Result<usize, EngineError> {
        if !self.imports_by_itself().await? {
            return Ok(0);
        }
        let now = self.ambient.now();
        let unsubscribed = self.unsubscribed_organizations().await?;
        let mut asked = 0;
        for sync in self.store.scheduled_as_system(None).await? {
            if unsubscribed.contains(&sync.organization)
                || !matches!(self.next_of(&sync), NextImport::At(at) if at <= now)
            {
                continue;
            }
            let begun = sync.facts.last_begun_at;
            if self.store.enqueue_scheduled_as_system(sync.organization, sync.connection, begun).await? {
                asked += 1;
            }
        }
        if asked > 0 {
            self.due.notify_one();
        }
        Ok(asked)
    }

    /// When each of the syncs in sight runs next by itself; those that nothing of is linked are not there.
    pub async fn next_imports(&self, asker: &Asker) -> Result<HashMap<ConnectionId, NextImport>, EngineError> {
        asker.require_within(Right::SeeBooks)?;
        let in_sight: Option<HashSet<ConnectionId>> = if asker.is_restricted() {
            Some(self.store.connections(asker).await?.into_iter().map(|connection| connection.id).collect())
        } else {
            None
        };
        let is_on = self.imports_by_itself().await?;
        let is_paused = self.unsubscribed(asker).await?.is_some();
        let syncs = self.store.scheduled_as_system(Some(asker.organization)).await?;
        let next = |sync: &ScheduledSync| match (is_paused, is_on) {
            (_, false) => NextImport::Off,
            (true, true) => NextImport::NeedsPerson,
            (false, true) => self.next_of(sync),
        };
        let is_seen = |sync: &&ScheduledSync| in_sight.as_ref().is_none_or(|ids| ids.contains(&sync.connection));
        Ok(syncs.iter().filter(is_seen).map(|sync| (sync.connection, next(sync))).collect())
    }

    /// When the organization's syncs run by themselves; `None` where this server runs none.
    pub async fn daily_import(&self, asker: &Asker) -> Result<Option<DailyImport>, EngineError> {
        let daily = self.store.daily_import(asker).await?;
        Ok(self.imports_by_itself().await?.then_some(daily))
    }

    /// Sets when the organization's syncs run by themselves.
    pub async fn set_daily_import(&self, asker: &Asker, daily: DailyImport) -> Result<(), EngineError> {
        if !(0..=23).contains(&daily.hour) {
            return Err(EngineError::invalid("hour", "An hour is a number from 0 to 23."));
        }
        self.require_on(&ACCOUNT_SYNCING).await?;
        self.require_on(&DAILY_IMPORT).await?;
        self.store.set_daily_import(asker, daily).await?;
        self.report_progress();
        Ok(())
    }

    async fn imports_by_itself(&self) -> Result<bool, EngineError> {
        Ok(self.is_on(&ACCOUNT_SYNCING).await? && self.is_on(&DAILY_IMPORT).await?)
    }

    fn next_of(&self, sync: &ScheduledSync) -> NextImport {
        let zone = TimeZone::get(&sync.time_zone).unwrap_or(TimeZone::UTC);
        next_import(sync.daily, &zone, &sync.facts, self.ambient.now())
    }
}
