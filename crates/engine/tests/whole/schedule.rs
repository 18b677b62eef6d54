//! Syncs that run by themselves.

use bankside_domain::run::{RunOutcome, Trigger};
use bankside_domain::schedule::{DailyImport, NextImport};
use bankside_engine::EngineError;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::house::{LOCKSIDE, NORDHAFEN, on_both};

/// A third bank.
const CARD: &str = "AMERICAN_EXPRESS_AESUDEF1";

on_both! {
    a_sync_runs_by_itself_once_a_day_and_what_was_missed_is_caught_up_with_once(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 0, "it has only just synced");
        house.clock.advance_days(3);
        // Two machines look at the same time.
        let (one, other) = tokio::join!(house.engine.enqueue_due_imports(), house.engine.enqueue_due_imports());
        assert!((1..=2).contains(&(one.unwrap() + other.unwrap())));
        assert!(house.engine.work_once().await.unwrap());
        assert!(!house.engine.work_once().await.unwrap(), "one run, whoever asked");
        let run = house.latest_run().await.run;
        assert_eq!((run.trigger, run.outcome), (Trigger::Schedule, Some(RunOutcome::Done)));
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 0);
        let next = house.engine.next_imports(&house.asker).await.unwrap()[&connection];
        let NextImport::At(next) = next else { panic!("{next:?}") };
        let ahead = next.duration_since(house.engine.ambient().now());
        assert!(ahead.is_positive() && ahead.as_hours() <= 24, "{ahead:?}");
    }

    syncs_of_one_organization_do_not_ask_all_at_once(house) {
        house.type_keys().await;
        for bank in [NORDHAFEN, LOCKSIDE, CARD] {
            let connection = house.connect(bank).await;
            house.link_all(connection).await;
            assert!(house.engine.work_once().await.unwrap());
        }
        let hour = DailyImport { is_on: true, hour: 6 };
        house.engine.set_daily_import(&house.asker, hour).await.unwrap();
        let planned = house.engine.next_imports(&house.asker).await.unwrap();
        let mut minutes: Vec<i8> = Vec::new();
        // From five in the morning on, at the organization's own place.
        let now = house.engine.ambient().now().to_zoned(TimeZone::get("Europe/Berlin").unwrap());
        let five = now.date().tomorrow().unwrap().at(5, 0, 0, 0).to_zoned(now.time_zone().clone()).unwrap();
        house.clock.advance(five.timestamp().duration_since(now.timestamp()));
        for minute in 0..120 {
            for _ in 0..house.engine.enqueue_due_imports().await.unwrap() {
                assert!(minute >= 60, "before the hour");
                minutes.push(minute - 60);
            }
            house.clock.advance(SignedDuration::from_mins(1));
        }
        assert_eq!(minutes.len(), 3, "{minutes:?}");
        assert!(minutes.iter().any(|minute| *minute != minutes[0]), "all ask in minute {}", minutes[0]);
        let mut said: Vec<i8> = planned
            .values()
            .map(|next| match next {
                NextImport::At(at) => at.to_zoned(now.time_zone().clone()).minute(),
                other => panic!("{other:?}"),
            })
            .collect();
        said.sort_unstable();
        let are_close = minutes.iter().zip(&said).all(|(begun, said)| (0..=1).contains(&(begun - said)));
        assert!(are_close, "they begin when it was said: {minutes:?}, {said:?}");
    }

    an_organization_chooses_the_hour_or_none(house) {
        house.with_bank(NORDHAFEN).await;
        house.clock.advance_days(2);
        let off = DailyImport { is_on: false, hour: 6 };
        house.engine.set_daily_import(&house.asker, off).await.unwrap();
        assert_eq!(house.engine.daily_import(&house.asker).await.unwrap(), Some(off));
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 0);
        let wrong = house.engine.set_daily_import(&house.asker, DailyImport { is_on: true, hour: 24 }).await;
        assert!(matches!(wrong, Err(EngineError::Invalid { field: "hour", .. })), "{wrong:?}");
        house.engine.set_daily_import(&house.asker, DailyImport { is_on: true, hour: 23 }).await.unwrap();
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 1, "yesterday's was missed");

        let owner = house.owner().await;
        house.engine.switch_feature(&owner, "daily_import", false).await.unwrap();
        assert_eq!(house.engine.daily_import(&house.asker).await.unwrap(), None, "this server runs none by itself");
    }

    what_needs_the_person_is_not_asked_by_itself(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        house.clock.advance_days(200);
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 0, "access has ended");
        let next = house.engine.next_imports(&house.asker).await.unwrap()[&connection];
        assert_eq!(next, NextImport::NeedsPerson);
    }
}
