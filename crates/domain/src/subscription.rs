//! Subscriptions: whether an organization may use bank syncing, where an installation asks for one.

use jiff::civil::Date;
use jiff::{Span, Unit};

/// So many days before its end those who manage banks are told.
pub const TOLD_AHEAD_DAYS: i32 = 13;

/// Where an organization stands with its subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscription {
    /// There has never been one.
    None,
    /// It holds.
    Active {
        /// Its last day.
        through: Date,
    },
    /// It has ended.
    Ended {
        /// Its last day.
        through: Date,
    },
}

/// Something to be told of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionNotice {
    /// It ends soon.
    EndsSoon,
    /// It has ended.
    Ended,
}

/// What was told of it, by the last day that it had then: with another last day it is told anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToldOfSubscription {
    /// That it ends soon.
    pub ends_soon: Option<Date>,
    /// That it has ended.
    pub ended: Option<Date>,
}

impl Subscription {
    /// The subscription with this last day, on a day of the organization's.
    pub fn on(through: Option<Date>, today: Date) -> Self {
        match through {
            None => Self::None,
            Some(through) if through < today => Self::Ended { through },
            Some(through) => Self::Active { through },
        }
    }

    /// Whether it holds.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Active { .. })
    }

    /// What is due to be told of it.
    pub fn notice(self, told: ToldOfSubscription, today: Date) -> Option<(SubscriptionNotice, Date)> {
        match self {
            Self::None => None,
            Self::Active { through } => {
                let left = today.until((Unit::Day, through)).map_or(i32::MAX, |left: Span| left.get_days());
                let is_due = left <= TOLD_AHEAD_DAYS && told.ends_soon != Some(through);
                is_due.then_some((SubscriptionNotice::EndsSoon, through))
            }
            Self::Ended { through } => (told.ended != Some(through)).then_some((SubscriptionNotice::Ended, through)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const LAST: Date = date(2026, 12, 31);

    #[test]
    fn the_last_day_belongs_to_it() {
        assert_eq!(Subscription::on(None, LAST), Subscription::None);
        assert_eq!(Subscription::on(Some(LAST), LAST), Subscription::Active { through: LAST });
        let after = Subscription::on(Some(LAST), date(2027, 1, 1));
        assert_eq!(after, Subscription::Ended { through: LAST });
        assert!(!after.is_active() && !Subscription::None.is_active());
    }

    #[test]
    fn it_is_told_once_before_its_end_and_once_after() {
        let due = |told, today| Subscription::on(Some(LAST), today).notice(told, today).map(|(notice, _)| notice);
        let nothing = ToldOfSubscription::default();
        assert_eq!(due(nothing, date(2026, 12, 17)), None);
        assert_eq!(due(nothing, date(2026, 12, 18)), Some(SubscriptionNotice::EndsSoon));
        let soon = ToldOfSubscription { ends_soon: Some(LAST), ended: None };
        assert_eq!(due(soon, LAST), None);
        assert_eq!(due(soon, date(2027, 1, 1)), Some(SubscriptionNotice::Ended));
        let all = ToldOfSubscription { ended: Some(LAST), ..soon };
        assert_eq!(due(all, date(2027, 3, 1)), None);
        // With another last day it begins anew.
        let longer = Subscription::on(Some(date(2027, 12, 31)), date(2027, 12, 30));
        assert_eq!(
            longer.notice(all, date(2027, 12, 30)).map(|(notice, _)| notice),
            Some(SubscriptionNotice::EndsSoon)
        );
        assert_eq!(Subscription::None.notice(nothing, LAST), None);
    }
}
