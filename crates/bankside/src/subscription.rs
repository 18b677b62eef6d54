//! `bankside subscription`: which organizations may sync with banks, and until when.

use std::process::ExitCode;

use bankside_domain::subscription::Subscription;

use crate::cli::{SubscriptionCommand, SubscriptionOptions};
use crate::compose;

/// A subscription in a few words.
pub(crate) fn in_words(subscription: Subscription) -> String {
    match subscription {
        Subscription::None => "none".to_owned(),
        Subscription::Active { through } => format!("through {through}"),
        Subscription::Ended { through } => format!("ended with {through}"),
    }
}

pub(crate) async fn run(options: &SubscriptionOptions) -> anyhow::Result<ExitCode> {
    let (engine, store) = compose::engine_for_a_command(&options.serve).await?;
    match &options.what {
        SubscriptionCommand::List => {
            for (organization, subscription) in engine.subscriptions().await? {
                println!("{} ({}): {}", organization.name, organization.id, in_words(subscription));
            }
        }
        SubscriptionCommand::Set { organization, through } => {
            let organization = compose::organization(&engine, Some(organization)).await?;
            engine.subscribe(organization.id, *through).await?;
            let all = engine.subscriptions().await?;
            let standing = all.into_iter().find(|(one, _)| one.id == organization.id).map(|(_, standing)| standing);
            match standing {
                Some(Subscription::Ended { through }) => {
                    println!("The subscription of {} ended with {through}. Its syncs are paused.", organization.name);
                }
                _ => println!("{} may sync with banks through {through}.", organization.name),
            }
        }
        SubscriptionCommand::End { organization } => {
            let organization = compose::organization(&engine, Some(organization)).await?;
            engine.end_subscription(organization.id).await?;
            println!("The subscription of {} has ended. Its syncs pause; what is there stays.", organization.name);
        }
    }
    if !engine.requires_subscription() {
        eprintln!(
            "The configuration asks for no subscription ([subscription] required = true), so every organization may sync."
        );
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
