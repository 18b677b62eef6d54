//! The worker: claims what is due and carries it out, a few at a time: runs, what a move of a feed asks of a bank,
//! statement files, and a look at flows that nobody has open.

use std::sync::Arc;
use std::time::Duration;

use bankside_store::{DueFile, DueFlow, DueMove, DueRun, StoreError};
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::connecting::LOOK_AFTER;
use crate::{Engine, EngineError};

/// A worker that is silent for so long has lost its run: after a crash it goes on this much later.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(20);
const PROLONG_EVERY: Duration = Duration::from_secs(5);
/// Polling is always correct; being woken is only sooner.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often flows, moves and files are looked at whose time is over.
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// How often the tables are measured.
const MEASURE_EVERY: Duration = Duration::from_hours(1);
/// How often the schedule is looked at.
const LOOK_AT_SCHEDULE_EVERY: Duration = Duration::from_secs(30);
const RUNS_AT_ONCE: usize = 4;
/// A run that has brought down this many workers is given up.
pub(crate) const MAX_ATTEMPTS: i64 = 5;

/// What a worker has claimed.
enum Due {
    Run(DueRun),
    Move(DueMove),
    File(DueFile),
    Flow(Box<DueFlow>),
}

impl Engine {
    /// Works until it is told to stop; then finishes what it has begun.
    pub async fn work(&self, stop: CancellationToken) {
        tokio::join!(
            self.carry_out_all(&stop),
            Box::pin(self.tidy(&stop)),
            self.measure_tables(&stop),
            self.keep_schedule(&stop),
            Box::pin(self.carry_mail(&stop))
        );
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Ends flows, moves and files whose time is over, and asks rules about what waits for them, now and then.
    async fn tidy(&self, stop: &CancellationToken) {
        let mut every = tokio::time::interval(TIDY_EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            if let Err(error) = self.tidy_flows().await {
                tracing::warn!(%error, "flows whose time is over could not be ended");
            }
            if let Err(error) = self.tidy_moves().await {
                tracing::warn!(%error, "moves that nobody goes on with could not be ended");
            }
            if let Err(error) = Box::pin(self.ask_about_what_waits()).await {
                tracing::warn!(%error, "rules and transfers could not be asked about rows that wait for it");
            }
            if let Err(error) = self.tidy_files().await {
                tracing::warn!(%error, "files that nobody goes on with could not be let go");
            }
        }
    }

    /// Has the database measure its tables, now and then: books that were empty when it began may be long an hour later.
    async fn measure_tables(&self, stop: &CancellationToken) {
        let mut every = tokio::time::interval(MEASURE_EVERY);
        // They were measured when the store was opened.
        every.tick().await;
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            if let Err(error) = self.store.measure_tables_as_system().await {
                tracing::warn!(%error, "the tables could not be measured");
            }
        }
    }

    /// Asks for the syncs that are due by themselves, and sends the notices that are, now and then. What was due while nothing ran is
    /// asked for at the first look.
    async fn keep_schedule(&self, stop: &CancellationToken) {
        let mut every = tokio::time::interval(LOOK_AT_SCHEDULE_EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            if let Err(error) = self.enqueue_due_imports().await {
                tracing::warn!(%error, "the schedule of imports could not be looked at");
            }
            if let Err(error) = Box::pin(self.send_due_notices()).await {
                tracing::warn!(%error, "what is due to be told by mail could not be looked at");
            }
        }
    }

    async fn carry_out_all(&self, stop: &CancellationToken) {
        let owner = format!("{:016x}", u64::from_be_bytes(self.ambient.random()));
        let places = Arc::new(Semaphore::new(RUNS_AT_ONCE));
        let running = tokio_util::task::TaskTracker::new();
        while !stop.is_cancelled() {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            match self.claim_due(&owner).await {
                Ok(Some(due)) => {
                    let engine = self.clone();
                    running.spawn(async move {
                        engine.carry_out_due(&due).await;
                        drop(place);
                    });
                }
                Ok(None) => {
                    drop(place);
                    self.forget_opened_whole().await;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = self.due.notified() => {}
                        () = tokio::time::sleep(LOOK_EVERY) => {}
                    }
                }
                Err(error) => {
                    drop(place);
                    tracing::error!(%error, "the queue of runs cannot be read");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
        running.close();
        running.wait().await;
    }

    /// Claims what is due: flows, which take a moment, before runs, and those before moves and files, for which a person waits on a page.
    async fn claim_due(&self, owner: &str) -> Result<Option<Due>, StoreError> {
        if let Some(flow) = self.store.claim_flow_as_system(LOOK_AFTER).await? {
            return Ok(Some(Due::Flow(Box::new(flow))));
        }
        if let Some(run) = self.store.claim_run_as_system(owner, LEASE).await? {
            return Ok(Some(Due::Run(run)));
        }
        if let Some(of) = self.store.claim_move_as_system(LEASE).await? {
            return Ok(Some(Due::Move(of)));
        }
        Ok(self.store.claim_statement_file_as_system(LEASE).await?.map(Due::File))
    }

    async fn carry_out_due(&self, due: &Due) {
        match due {
            Due::Flow(flow) => Box::pin(self.look_at_claimed_flow(flow)).await,
            Due::Run(due) => Box::pin(self.carry_out(due)).await,
            Due::Move(due) => Box::pin(self.carry_out_move(due)).await,
            Due::File(due) => Box::pin(self.carry_out_file(due)).await,
        }
    }

    /// Claims the run that is due longest, for whoever carries it out phase by phase.
    pub async fn claim(&self) -> Result<Option<DueRun>, EngineError> {
        Ok(self.store.claim_run_as_system("once", LEASE).await?)
    }

    /// Claims and carries out what is due longest. Answers whether there was anything.
    pub async fn work_once(&self) -> Result<bool, EngineError> {
        match self.claim_due("once").await? {
            Some(due) => {
                self.carry_out_due(&due).await;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Carries out a claimed run while its lease is kept alive.
    pub(crate) async fn carry_out(&self, due: &DueRun) {
        let span = tracing::info_span!("run", run = %due.lease.run, attempt = due.lease.attempt);
        let work = async {
            if due.lease.attempt > MAX_ATTEMPTS {
                return self.give_up(due).await;
            }
            let fault = self.fetch_phase(due).await?;
            self.books_phase(due).await?;
            self.end_phase(due, fault).await
        };
        let asker = bankside_domain::Asker::system(due.organization);
        let both = while_held(work, || self.store.prolong_lease(&asker, &due.lease, LEASE));
        let result = Box::pin(tracing::Instrument::instrument(both, span)).await;
        match result {
            Ok(()) => {}
            Err(EngineError::Store(StoreError::LeaseLost)) => tracing::info!("another worker has taken the run over"),
            Err(error) => tracing::error!(%error, "a run ended in an error; another attempt will follow"),
        }
        self.report_progress();
    }
}

/// Works while a lease is kept alive. Whoever loses it stops.
pub(crate) async fn while_held<P: Future<Output = Result<(), StoreError>>>(
    work: impl Future<Output = Result<(), EngineError>>,
    prolong: impl Fn() -> P,
) -> Result<(), EngineError> {
    let hold = async {
        loop {
            tokio::time::sleep(PROLONG_EVERY).await;
            match prolong().await {
                Ok(()) => {}
                Err(StoreError::LeaseLost) => return Err(StoreError::LeaseLost.into()),
                Err(error) => tracing::warn!(%error, "the lease cannot be prolonged"),
            }
        }
    };
    tokio::select! {
        result = work => result,
        result = hold => result,
    }
}
