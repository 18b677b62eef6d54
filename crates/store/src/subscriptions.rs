//! Subscriptions to bank syncing: until when each organization has one, and what was told of it.

use bankside_domain::subscription::{Subscription, SubscriptionNotice, ToldOfSubscription};
use bankside_domain::{Asker, Granted, Id as _, Right};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::convert::{SqlDate, code, currency, date, micros};
use crate::db::{on, run, sql};
use crate::mails::MailReason;
use crate::notices::NoticeMail;
use crate::organizations::Organization;
use crate::{Store, StoreError};

/// An organization with the last day of its subscription.
#[derive(Debug, Clone)]
pub struct Subscribed {
    /// The organization.
    pub organization: Organization,
    /// The last day; `None` where there has never been a subscription.
    pub through: Option<Date>,
    /// What was told of it.
    pub told: ToldOfSubscription,
}

impl Subscribed {
    /// How it stands at a moment.
    pub fn standing(&self, now: Timestamp) -> Subscription {
        Subscription::on(self.through, self.day_there(now))
    }

    /// The day where the organization is.
    pub fn day_there(&self, now: Timestamp) -> Date {
        let zone = TimeZone::get(&self.organization.time_zone).unwrap_or(TimeZone::UTC);
        now.to_zoned(zone).date()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    kind: String,
    currency: String,
    time_zone: String,
    through_on: Option<SqlDate>,
    told_soon: Option<SqlDate>,
    told_ended: Option<SqlDate>,
}

impl Row {
    fn into_subscribed(self) -> Result<Subscribed, StoreError> {
        Ok(Subscribed {
            organization: Organization {
                id: self.id.into(),
                name: self.name,
                kind: code(&self.kind)?,
                currency: currency(&self.currency)?,
                time_zone: self.time_zone,
            },
            through: self.through_on.map(SqlDate::to_jiff),
            told: ToldOfSubscription {
                ends_soon: self.told_soon.map(SqlDate::to_jiff),
                ended: self.told_ended.map(SqlDate::to_jiff),
            },
        })
    }
}

impl Store {
    /// Every organization with its subscription, by name.
    pub async fn subscriptions_as_system(&self) -> Result<Vec<Subscribed>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT o.id, o.name, o.kind, o.currency, o.time_zone, s.through_on, s.told_soon, s.told_ended
             FROM organizations o LEFT JOIN subscriptions s ON s.organization_id = o.id ORDER BY o.name, o.id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
        rows.into_iter().map(Row::into_subscribed).collect()
    }

    /// The subscription of the organization that is asked about.
    pub async fn subscription(&self, asker: &Asker) -> Result<Subscribed, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT o.id, o.name, o.kind, o.currency, o.time_zone, s.through_on, s.told_soon, s.told_ended
             FROM organizations o LEFT JOIN subscriptions s ON s.organization_id = o.id WHERE o.id = $1"
        );
        let row: Option<Row> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_optional(c).await?);
        row.ok_or(StoreError::NotFound("the organization"))?.into_subscribed()
    }

    /// Sets the last day of an organization's subscription.
    pub async fn set_subscription(&self, asker: &Asker, through: Date) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::Work)?).await?;
        let text = sql!(
            "INSERT INTO subscriptions (organization_id, through_on, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (organization_id) DO UPDATE SET through_on = excluded.through_on, changed_at = excluded.changed_at"
        );
        run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(date(through)).bind(micros(self.ambient.now()))
        );
        let id = asker.organization.to_string();
        self.audit_within(&mut session, asker, "subscription.set", &id, &format!("through {through}")).await?;
        session.commit().await
    }

    /// Puts mails about a subscription on their way and writes down of which last day they tell, both or neither. Answers whether it
    /// did: not where somebody else has told it since, because several machines look.
    pub async fn tell_of_subscription(
        &self,
        asker: &Asker,
        notice: SubscriptionNotice,
        through: Date,
        mails: &[NoticeMail],
    ) -> Result<bool, StoreError> {
        let mut session = self.db.write(asker.require(Right::Work)?).await?;
        self.lock_members(&mut session, asker).await?;
        let text = match notice {
            SubscriptionNotice::EndsSoon => sql!(
                "UPDATE subscriptions SET told_soon = $2
                 WHERE organization_id = $1 AND through_on = $2 AND (told_soon IS NULL OR told_soon <> $2)"
            ),
            SubscriptionNotice::Ended => sql!(
                "UPDATE subscriptions SET told_ended = $2
                 WHERE organization_id = $1 AND through_on = $2 AND (told_ended IS NULL OR told_ended <> $2)"
            ),
        };
        let done = run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(date(through)));
        if done == 0 {
            return Ok(false);
        }
        for NoticeMail { to, mail } in mails {
            self.enqueue_mail(&mut session, asker, MailReason::Notices(to.person), &to.email, mail).await?;
        }
        session.commit().await?;
        Ok(true)
    }
}
