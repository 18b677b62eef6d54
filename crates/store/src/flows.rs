//! Flows: walks through the connecting loop, kept so that they survive a restart and a change of browser.

use bankside_domain::{AccountId, Asker, ConnectionId, FlowId, Granted, Id, OrganizationId, PersonId, Right};
use bankside_vault::{Sealed, WrappedKey};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::bank_accounts::{NewBankAccount, SeenBankAccount};
use crate::connections::NewConnection;
use crate::convert::{ids, instant, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// Where a flow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowStage {
    /// It goes on.
    Open,
    /// The connection exists.
    Done,
    /// The person or the bank ended it.
    Cancelled,
    /// A fault ended it.
    Failed,
}

impl FlowStage {
    fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn from_code(code: &str) -> Result<Self, StoreError> {
        match code {
            "open" => Ok(Self::Open),
            "done" => Ok(Self::Done),
            "cancelled" => Ok(Self::Cancelled),
            "failed" => Ok(Self::Failed),
            _ => Err(StoreError::Corrupt(format!("“{code}” is no flow stage"))),
        }
    }
}

/// A walk through the connecting loop.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Which one.
    pub id: FlowId,
    /// Whose.
    pub organization: OrganizationId,
    /// Through which provider.
    pub provider: String,
    /// Who walks.
    pub person: PersonId,
    /// The connection that came of it, or that it renews.
    pub connection: Option<ConnectionId>,
    /// The account that the person wants to link.
    pub account: Option<AccountId>,
    /// The data key that seals the state.
    pub data_key: WrappedKey,
    /// What the connector and the page need to go on, as JSON, sealed.
    pub state: Sealed,
    /// Where it stands.
    pub stage: FlowStage,
    /// Rises with every step, so that two browsers cannot take the same one.
    pub revision: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// After this it cannot go on.
    pub expires_at: Timestamp,
}

/// A flow that is to be looked at.
#[derive(Debug, Clone)]
pub struct DueFlow {
    /// Which one.
    pub flow: Flow,
    /// Until then nobody else looks at it, unless somebody is told of it.
    pub claimed_until: Timestamp,
}

/// A flow to begin.
#[derive(Debug, Clone)]
pub struct NewFlow {
    /// Its id, made before because its state is sealed to it.
    pub id: FlowId,
    /// Through which provider.
    pub provider: String,
    /// The connection that it renews.
    pub renews: Option<ConnectionId>,
    /// The account that the person wants to link.
    pub account: Option<AccountId>,
    /// The digest of the reference under which the provider sends the person back.
    pub reference_digest: Vec<u8>,
    /// The data key that seals the state.
    pub data_key: WrappedKey,
    /// The state, sealed.
    pub state: Sealed,
    /// After this it cannot go on.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    organization_id: Uuid,
    id: Uuid,
    provider: String,
    person_id: Uuid,
    connection_id: Option<Uuid>,
    account_id: Option<Uuid>,
    data_key: Vec<u8>,
    state: Vec<u8>,
    stage: String,
    revision: i64,
    created_at: i64,
    expires_at: i64,
}

impl Row {
    fn into_flow(self) -> Result<Flow, StoreError> {
        Ok(Flow {
            id: self.id.into(),
            organization: self.organization_id.into(),
            provider: self.provider,
            person: self.person_id.into(),
            connection: ids(self.connection_id),
            account: ids(self.account_id),
            data_key: WrappedKey::from_bytes(self.data_key),
            state: Sealed::from_bytes(self.state),
            stage: FlowStage::from_code(&self.stage)?,
            revision: self.revision,
            created_at: instant(self.created_at)?,
            expires_at: instant(self.expires_at)?,
        })
    }
}

impl Store {
    /// Begins a flow of the person who asks.
    pub async fn add_flow(&self, asker: &Asker, new: &NewFlow) -> Result<(), StoreError> {
        let granted = asker.require(Right::ManageBanks)?;
        let person = asker.person().ok_or(StoreError::NotFound("the person"))?;
        let now = micros(self.ambient.now());
        let mut session = self.db.write(granted).await?;
        let text = sql!(
            "INSERT INTO flows (organization_id, id, provider, person_id, account_id, reference_digest, data_key, state,
                stage, revision, created_at, changed_at, expires_at, connection_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', 0, $9, $9, $10, $11)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(new.id.uuid())
                .bind(&new.provider)
                .bind(person.uuid())
                .bind(uuids(new.account))
                .bind(&new.reference_digest)
                .bind(new.data_key.as_bytes())
                .bind(new.state.as_bytes())
                .bind(now)
                .bind(micros(new.expires_at))
                .bind(uuids(new.renews))
        );
        session.commit().await
    }

    /// The flow in which the person who asks is renewing a connection already.
    pub async fn open_renewal(&self, asker: &Asker, connection: ConnectionId) -> Result<Option<FlowId>, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "SELECT id FROM flows WHERE organization_id = $1 AND connection_id = $2 AND person_id = $3
                AND stage = 'open' AND expires_at > $4
             ORDER BY created_at DESC LIMIT 1"
        );
        let found: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .bind(uuids(asker.person()))
            .bind(micros(self.ambient.now()))
            .fetch_optional(c)
            .await?);
        Ok(ids(found))
    }

    /// Flows whose time was over at an instant and that nobody has ended yet, the oldest first.
    pub async fn overdue_flows_as_system(&self, at: Timestamp, limit: i64) -> Result<Vec<Flow>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT organization_id, id, provider, person_id, connection_id, account_id, data_key, state, stage,
                    revision, created_at, expires_at
             FROM flows WHERE stage = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(micros(at))
            .bind(limit)
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_flow).collect()
    }

    /// One flow.
    pub async fn flow(&self, asker: &Asker, id: FlowId) -> Result<Flow, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "SELECT organization_id, id, provider, person_id, connection_id, account_id, data_key, state, stage,
                    revision, created_at, expires_at
             FROM flows WHERE organization_id = $1 AND id = $2"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        row.ok_or(StoreError::NotFound("the connecting flow"))?.into_flow()
    }

    /// The flow that a provider sends somebody back to. Whoever that is has proven nothing yet.
    pub async fn flow_by_reference_as_system(&self, reference_digest: &[u8]) -> Result<Option<Flow>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT organization_id, id, provider, person_id, connection_id, account_id, data_key, state, stage,
                    revision, created_at, expires_at
             FROM flows WHERE reference_digest = $1"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text).bind(reference_digest).fetch_optional(c).await?);
        row.map(Row::into_flow).transpose()
    }

    /// Has the worker look at an open flow at an instant, or sooner where it does so anyway. Answers whether there is such a flow.
    pub async fn wake_flow_as_system(&self, reference_digest: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!(
            "UPDATE flows SET look_at = CASE WHEN look_at < $2 THEN look_at ELSE $2 END
             WHERE reference_digest = $1 AND stage = 'open'"
        );
        let done = run!(session, sqlx::query(text).bind(reference_digest).bind(micros(at)));
        session.commit().await?;
        Ok(done > 0)
    }

    /// The flow that waits longest to be looked at. Should whoever takes it be cut off, it is due again after `again_after`.
    pub async fn claim_flow_as_system(&self, again_after: SignedDuration) -> Result<Option<DueFlow>, StoreError> {
        const TEXT: &str = "UPDATE flows SET look_at = $2
             WHERE stage = 'open' AND look_at <= $1
                AND id = (SELECT f.id FROM flows f WHERE f.stage = 'open' AND f.look_at <= $1
                    ORDER BY f.look_at, f.id LIMIT 1";
        const END: &str =
            ") RETURNING organization_id, id, provider, person_id, connection_id, account_id, data_key, state,
                stage, revision, created_at, expires_at";
        let now = self.ambient.now();
        let claimed_until = now + again_after;
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}{END}", session.skip_locked()));
        let claimed: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(micros(now))
            .bind(micros(claimed_until))
            .fetch_optional(c)
            .await?);
        session.commit().await?;
        claimed.map(|row| Ok(DueFlow { flow: row.into_flow()?, claimed_until })).transpose()
    }

    /// Says when the worker looks at a claimed flow next; `None` is when it is told of it. Who was told of it since it was claimed looks
    /// at it sooner.
    pub async fn look_at_flow(&self, asker: &Asker, due: &DueFlow, at: Option<Timestamp>) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "UPDATE flows SET look_at = $4
             WHERE organization_id = $1 AND id = $2 AND stage = 'open' AND look_at = $3"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(due.flow.id.uuid())
                .bind(micros(due.claimed_until))
                .bind(at.map(micros))
        );
        session.commit().await
    }

    /// Writes the next state of a flow, unless somebody else took the step first ([`StoreError::Stale`]). `expires_at` moves its end
    /// where the next step takes longer, and `look_at` says when the worker looks at it by itself, if it is to.
    pub async fn advance_flow(
        &self,
        asker: &Asker,
        flow: &Flow,
        (state, stage): (&Sealed, FlowStage),
        expires_at: Option<Timestamp>,
        look_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "UPDATE flows SET state = $4, stage = $5, revision = revision + 1, changed_at = $6,
                expires_at = COALESCE($7, expires_at),
                look_at = CASE WHEN look_at < $8 THEN look_at ELSE COALESCE($8, look_at) END
             WHERE organization_id = $1 AND id = $2 AND revision = $3"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(flow.id.uuid())
                .bind(flow.revision)
                .bind(state.as_bytes())
                .bind(stage.code())
                .bind(micros(self.ambient.now()))
                .bind(expires_at.map(micros))
                .bind(look_at.map(micros))
        );
        if done == 0 {
            return Err(StoreError::Stale);
        }
        session.commit().await
    }

    /// Ends a flow with its connection and the bank accounts that came with it, all in one.
    pub async fn finish_flow(
        &self,
        asker: &Asker,
        flow: &Flow,
        state: &Sealed,
        connection: &NewConnection,
        bank_accounts: &[NewBankAccount],
    ) -> Result<Vec<SeenBankAccount>, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        self.end_flow_within(&mut session, asker, flow, state).await?;
        self.add_connection_within(&mut session, asker, connection).await?;
        let mut seen = Vec::with_capacity(bank_accounts.len());
        for bank_account in bank_accounts {
            seen.push(self.see_bank_account(&mut session, asker, connection.id, bank_account).await?);
        }
        let text = sql!("UPDATE flows SET connection_id = $3 WHERE organization_id = $1 AND id = $2");
        run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(flow.id.uuid()).bind(connection.id.uuid())
        );
        session.commit().await?;
        Ok(seen)
    }

    /// Ends a flow well, unless somebody else took the step first ([`StoreError::Stale`]).
    pub(crate) async fn end_flow_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        flow: &Flow,
        state: &Sealed,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE flows SET state = $4, stage = 'done', revision = revision + 1, changed_at = $5
             WHERE organization_id = $1 AND id = $2 AND revision = $3 AND stage = 'open'"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(flow.id.uuid())
                .bind(flow.revision)
                .bind(state.as_bytes())
                .bind(micros(self.ambient.now()))
        );
        if done == 0 { Err(StoreError::Stale) } else { Ok(()) }
    }
}
