//! Fetching what a new feed shows: kept sealed beside the move, as received, and no row of any feed.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bankside_connect::connector::FetchEnd;
use bankside_connect::{AccountRequest, Fault, FetchEvent, FetchPlan, RawRow, Sink, SinkClosed};
use bankside_domain::balance::StatedBalance;
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::quota::Presence;
use bankside_domain::row::RowStatus;
use bankside_domain::{Asker, CurrencyCode};
use bankside_store::{DueMove, FeedMove, KeptBalance, MoveLease, StoreError};
use bankside_vault::{DataKey, Place};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::connecting::kept_balance;
use crate::linking::shown_balance;
use crate::provider::Provider;
use crate::sync::worker::{LEASE, MAX_ATTEMPTS, while_held};
use crate::{Engine, EngineError};

/// What a new feed showed; sealed where it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    rows: Vec<AnswerRow>,
    balances: Vec<AnswerBalance>,
    pub(super) booked_complete: bool,
    pub(super) pending_complete: bool,
}

/// A row exactly as received.
#[derive(Debug, Serialize, Deserialize)]
struct AnswerRow {
    status: RowStatus,
    /// Its bytes, in base 64.
    bytes: String,
}

/// A balance with the bank's own sign.
#[derive(Debug, Serialize, Deserialize)]
struct AnswerBalance {
    stated: StatedBalance,
    provider_kind: String,
    currency: CurrencyCode,
}

impl Answer {
    pub(super) fn rows(&self) -> Result<Vec<RawRow>, EngineError> {
        let read = |row: &AnswerRow| {
            let bytes = BASE64.decode(row.bytes.as_bytes()).map_err(|error| EngineError::Inside(error.to_string()))?;
            Ok(RawRow { status: row.status, bytes })
        };
        self.rows.iter().map(read).collect()
    }

    /// The balance that people are shown, as it would be booked.
    pub(super) fn balance(&self, currency: CurrencyCode, flips_sign: bool) -> Option<KeptBalance> {
        let balances = self.balances.iter().filter(|balance| balance.currency == currency).map(|balance| {
            let minor = if flips_sign { balance.stated.minor.saturating_neg() } else { balance.stated.minor };
            let stated = StatedBalance { minor, ..balance.stated };
            KeptBalance { stated, provider_kind: balance.provider_kind.clone(), currency }
        });
        shown_balance(&balances.collect::<Vec<_>>())
    }
}

/// Keeps what comes in memory until all of it is here.
struct Gathering<'a> {
    engine: &'a Engine,
    asker: &'a Asker,
    lease: MoveLease,
    answer: Answer,
    /// How many rows have come, for whoever prolongs the lease meanwhile.
    rows: &'a AtomicI64,
    rows_ended: bool,
    fault: Option<Fault>,
    trouble: Option<StoreError>,
}

impl Gathering<'_> {
    fn take(&mut self, event: FetchEvent) {
        match event {
            // The first sync after the move asks for the bills again.
            FetchEvent::Step(_) | FetchEvent::Bills(_) => {}
            FetchEvent::Rows(rows) => {
                self.rows.fetch_add(i64::try_from(rows.len()).unwrap_or(i64::MAX), Ordering::Relaxed);
                let kept = |row: RawRow| AnswerRow { status: row.status, bytes: BASE64.encode(&row.bytes) };
                self.answer.rows.extend(rows.into_iter().map(kept));
            }
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                self.rows_ended = true;
                self.answer.booked_complete = booked_complete;
                self.answer.pending_complete = pending_complete;
            }
            FetchEvent::Balances(balances) => {
                let seen_at = self.engine.ambient.now();
                self.answer.balances.extend(balances.iter().map(|balance| {
                    let KeptBalance { stated, provider_kind, currency } = kept_balance(balance, seen_at);
                    AnswerBalance { stated, provider_kind, currency }
                }));
            }
            FetchEvent::Fault(fault) => {
                tracing::warn!(code = fault.code(), status = fault.http_status(), "a new feed could not be read");
                self.fault.get_or_insert(fault);
            }
        }
    }
}

#[async_trait]
impl Sink for Gathering<'_> {
    async fn accept(&mut self, _provider_account_id: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        let brings_rows = matches!(event, FetchEvent::Rows(_));
        self.take(event);
        if brings_rows {
            let rows = self.rows.load(Ordering::Relaxed);
            if let Err(error) = self.engine.store.prolong_move(self.asker, self.lease, LEASE, rows).await {
                self.trouble = Some(error);
                return Err(SinkClosed);
            }
            self.engine.report_progress();
        }
        Ok(())
    }
}

impl Engine {
    /// What a move has fetched.
    pub(super) fn answer_of(&self, asker: &Asker, of: &FeedMove) -> Result<Answer, EngineError> {
        let sealed = of.answer.as_ref().ok_or(EngineError::NotFound("the comparison"))?;
        let (key, place) = self.move_key(asker, of)?;
        Ok(serde_json::from_slice(&key.open(place, sealed)?)?)
    }

    fn move_key(&self, asker: &Asker, of: &FeedMove) -> Result<(DataKey, Place), EngineError> {
        let place = Place::of(asker.organization, of.id, "move");
        Ok((self.vault.data_key(&of.data_key, place)?, place))
    }

    /// Fetches for a move that was claimed, while its lease is kept alive.
    pub(crate) async fn carry_out_move(&self, due: &DueMove) {
        let span = tracing::info_span!("move", id = %due.lease.id, attempt = due.lease.attempt);
        let (asker, rows) = (Asker::system(due.organization), AtomicI64::new(0));
        let prolong = || self.store.prolong_move(&asker, due.lease, LEASE, rows.load(Ordering::Relaxed));
        let both = while_held(self.fetch_move(&asker, due, &rows), prolong);
        match Box::pin(tracing::Instrument::instrument(both, span)).await {
            Ok(()) => {}
            Err(EngineError::Store(StoreError::LeaseLost)) => tracing::info!("the move was given up, or taken over"),
            Err(error) => tracing::error!(%error, "a move could not be fetched; another attempt will follow"),
        }
        self.report_progress();
    }

    async fn fetch_move(&self, asker: &Asker, due: &DueMove, rows: &AtomicI64) -> Result<(), EngineError> {
        let of = self.store.open_move(asker, due.account).await?.filter(|of| of.id == due.lease.id);
        let of = of.ok_or(StoreError::LeaseLost)?;
        if due.lease.attempt > MAX_ATTEMPTS {
            let fault = given_up().into_record();
            return Ok(self.store.end_move_fetch(asker, due.lease, Err(&fault), 0).await?);
        }
        let (result, calls) = self.gather(asker, due.lease, &of, rows).await?;
        match result {
            Ok(answer) => {
                let (key, place) = self.move_key(asker, &of)?;
                let sealed = key.seal_compressed(place, &serde_json::to_vec(&answer)?, &self.ambient);
                let rows = i64::try_from(answer.rows.len()).unwrap_or(i64::MAX);
                Ok(self.store.end_move_fetch(asker, due.lease, Ok((&sealed, rows)), calls).await?)
            }
            Err(fault) => Ok(self.store.end_move_fetch(asker, due.lease, Err(&fault), calls).await?),
        }
    }

    /// Asks the bank. What it says that it cannot do is an answer, too; beside it stands how many calls were spent.
    async fn gather(
        &self,
        asker: &Asker,
        lease: MoveLease,
        of: &FeedMove,
        rows: &AtomicI64,
    ) -> Result<(Result<Answer, FaultRecord>, i64), EngineError> {
        let connection = self.store.connection(asker, of.connection).await?;
        let shown = self.store.bank_accounts(asker, connection.id).await?;
        let Some(bank_account) = shown.into_iter().find(|one| one.id == of.bank_account && one.is_shown) else {
            return Ok((Err(crate::status::not_shown(&connection).into_record()), 0));
        };
        let provider: Provider = match self.provider(asker, &connection.provider, Presence::PersonPresent).await {
            Ok(provider) => provider,
            Err(EngineError::Outside(fault)) => return Ok((Err(*fault), 0)),
            Err(error) => return Err(error),
        };
        let remote = self.remote(asker, &connection)?;
        let failures_before = self.store.failures_in_a_row(asker, bank_account.id).await?;
        let provider_account_id = bank_account.provider_account_id.clone();
        let plan = FetchPlan {
            institution_key: connection.institution_key.clone(),
            accounts: vec![AccountRequest { provider_account_id, from: of.asked_from, failures_before }],
            presence: Presence::PersonPresent,
        };
        let answer = Answer::default();
        let mut gathering =
            Gathering { engine: self, asker, lease, answer, rows, rows_ended: false, fault: None, trouble: None };
        let end = provider.connector.fetch(&provider.cx(), &remote, &plan, &mut gathering).await;
        if let Some(trouble) = gathering.trouble {
            return Err(trouble.into());
        }
        let result = match (end, gathering.fault) {
            (Err(FetchEnd::Closed(_)), _) => return Err(StoreError::LeaseLost.into()),
            // A balance that cannot be had keeps nobody from comparing rows.
            (Ok(()), _) if gathering.rows_ended => Ok(gathering.answer),
            (Err(FetchEnd::Fault(fault)), _) | (Ok(()), Some(fault)) => Err(fault.into_record()),
            (Ok(()), None) => Err(nothing_came().into_record()),
        };
        Ok((result, provider.calls()))
    }
}

fn given_up() -> Fault {
    let message = "Fetching what the new feed shows was interrupted again and again. Nothing has changed.";
    Fault::new(FaultClass::Bug, "move.given_up", message)
}

fn nothing_came() -> Fault {
    Fault::new(
        FaultClass::Bug,
        "move.nothing_came",
        "The bank's answer had no rows for this account, and no reason why.",
    )
}
