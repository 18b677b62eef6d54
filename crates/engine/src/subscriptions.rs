//! Subscriptions to bank syncing, where the installation asks for one: without it nothing is begun and nothing is fetched, and all that is
//! there stays. The operator says who has one, on the command line.

use std::collections::HashSet;

use bankside_connect::Fault;
use bankside_domain::fault::FaultClass;
use bankside_domain::subscription::{Subscription, SubscriptionNotice};
use bankside_domain::{Asker, Formats, OrganizationId};
use bankside_store::{NoticeMail, Organization, Subscribed};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::{Engine, EngineError};

impl Engine {
    /// Whether this installation asks organizations for a subscription.
    pub fn requires_subscription(&self) -> bool {
        self.settings.requires_subscription
    }

    /// The organization's subscription; `None` where the installation asks for none.
    pub async fn subscription(&self, asker: &Asker) -> Result<Option<Subscription>, EngineError> {
        if !self.requires_subscription() {
            return Ok(None);
        }
        let kept = self.store.subscription(asker).await?;
        Ok(Some(kept.standing(self.ambient.now())))
    }

    /// Refuses where the organization lacks a subscription that the installation asks for.
    pub async fn require_subscription(&self, asker: &Asker) -> Result<(), EngineError> {
        match self.unsubscribed(asker).await? {
            Some(fault) => Err(EngineError::Outside(Box::new(fault.into_record()))),
            None => Ok(()),
        }
    }

    /// Why nothing is fetched for an organization that lacks a subscription; `None` where it may.
    pub(crate) async fn unsubscribed(&self, asker: &Asker) -> Result<Option<Fault>, EngineError> {
        Ok(match self.subscription(asker).await? {
            None | Some(Subscription::Active { .. }) => None,
            Some(Subscription::None) => {
                let message = "Syncing with banks takes a subscription on this server, and this organization has none.";
                Some(Fault::new(FaultClass::NeedsOperator, "subscription.none", message))
            }
            Some(Subscription::Ended { through }) => {
                let message = format!(
                    "The subscription of this organization to syncing with banks ended with {through}. Syncs are paused."
                );
                Some(Fault::new(FaultClass::NeedsOperator, "subscription.ended", message))
            }
        })
    }

    /// The organizations for which nothing is fetched for want of a subscription.
    pub(crate) async fn unsubscribed_organizations(&self) -> Result<HashSet<OrganizationId>, EngineError> {
        if !self.requires_subscription() {
            return Ok(HashSet::new());
        }
        let all = self.subscriptions().await?.into_iter();
        Ok(all.filter(|(_, one)| !one.is_active()).map(|(organization, _)| organization.id).collect())
    }

    /// Every organization with its subscription, by name, for whoever runs the server.
    pub async fn subscriptions(&self) -> Result<Vec<(Organization, Subscription)>, EngineError> {
        let kept = self.store.subscriptions_as_system().await?;
        Ok(kept.into_iter().map(|one| (one.organization.clone(), one.standing(self.ambient.now()))).collect())
    }

    /// Lets an organization use bank syncing up to and including a day.
    pub async fn subscribe(&self, organization: OrganizationId, through: Date) -> Result<(), EngineError> {
        self.store.set_subscription(&Asker::system(organization), through).await?;
        self.report_progress();
        Ok(())
    }

    /// Ends an organization's subscription: its last day is the one that has just passed.
    pub async fn end_subscription(&self, organization: OrganizationId) -> Result<(), EngineError> {
        let asker = Asker::system(organization);
        let kept = self.store.subscription(&asker).await?;
        if !kept.standing(self.ambient.now()).is_active() {
            return Err(EngineError::Conflict("this organization has no subscription that could end"));
        }
        let yesterday = kept.day_there(self.ambient.now()).saturating_sub(1.day());
        self.subscribe(organization, yesterday).await
    }

    /// Tells those who manage banks by mail that a subscription ends soon, or has ended; answers how many mails.
    pub(crate) async fn send_subscription_notices(&self) -> Result<usize, EngineError> {
        if !self.requires_subscription() || !self.sends_mail() {
            return Ok(0);
        }
        let mut sent = 0;
        for kept in self.store.subscriptions_as_system().await? {
            // What is wrong with one organization keeps no other from being told.
            match self.tell_of(&kept).await {
                Ok(mails) => sent += mails,
                Err(error) => {
                    let organization = kept.organization.id;
                    tracing::warn!(%error, %organization, "what is due of a subscription could not be told by mail");
                }
            }
        }
        Ok(sent)
    }

    async fn tell_of(&self, kept: &Subscribed) -> Result<usize, EngineError> {
        let Some((notice, through)) =
            kept.standing(self.ambient.now()).notice(kept.told, kept.day_there(self.ambient.now()))
        else {
            return Ok(0);
        };
        let asker = Asker::system(kept.organization.id);
        let recipients = self.store.notice_recipients(&asker).await?;
        if recipients.is_empty() {
            return Ok(0);
        }
        let banks = self.page_of(&asker, "banks")?;
        let name = &kept.organization.name;
        let mut mails = Vec::new();
        for to in recipients {
            let day = Formats {
                numbers: to.formats.numbers.unwrap_or_default(),
                dates: to.formats.dates.unwrap_or_default(),
            }
            .dates
            .long(through);
            let (subject, what) = match notice {
                SubscriptionNotice::EndsSoon => (
                    format!("Bank syncing of {name} ends on {day}"),
                    format!(
                        "The subscription of {name} to syncing with banks ends with {day}. After that syncs pause."
                    ),
                ),
                SubscriptionNotice::Ended => (
                    format!("Bank syncing of {name} is paused"),
                    format!("The subscription of {name} to syncing with banks ended with {day}. Syncs are paused."),
                ),
            };
            let text = format!(
                "{what}\n\nAccounts, rows and links stay as they are. Whoever runs this server can say how to go on.\n\n{banks}\n"
            );
            mails.extend(self.new_mail(&asker, subject, &text).map(|mail| NoticeMail { to, mail }));
        }
        let is_told = self.store.tell_of_subscription(&asker, notice, through, &mails).await?;
        Ok(if is_told { mails.len() } else { 0 })
    }
}
