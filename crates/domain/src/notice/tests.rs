use super::*;

const END: &str = "2026-12-20T15:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn ending(end: &str) -> NoticeFacts {
    let consent = Consent { given_at: Some(at("2026-06-20T15:00:00Z")), valid_until: Some(at(end)) };
    NoticeFacts { consent, failing: None, sent: Vec::new() }
}

fn failing(class: FaultClass, since: &str, latest: &str) -> NoticeFacts {
    let action = (class == FaultClass::NeedsUser).then_some(UserAction::Renew);
    let fault = FaultRecord {
        class,
        code: "x".into(),
        message: "It failed.".into(),
        action,
        retry_at: None,
        reference: None,
        http_status: None,
    };
    let failing = Some(Failing { since: at(since), latest_at: at(latest), fault });
    NoticeFacts { consent: Consent { given_at: None, valid_until: None }, failing, sent: Vec::new() }
}

/// What one connection is told at a moment, if it is not told anything else that day.
fn told(facts: &NoticeFacts, now: &str) -> Option<DueNotice> {
    due_now([((), facts)], None, &berlin(), at(now)).into_iter().next().map(|((), due)| due)
}

/// Turns a clock from one moment to another, a quarter of an hour at a time, and keeps what is sent; answers with when and what.
fn year(facts: &mut [NoticeFacts], from: &str, to: &str) -> Vec<(Timestamp, usize, DueNotice)> {
    let (mut now, mut last_at, mut sent) = (at(from), None, Vec::new());
    while now < at(to) {
        let due = due_now(facts.iter().enumerate(), last_at, &berlin(), now);
        for (number, due) in due {
            facts[number].sent.push(SentNotice { notice: due.notice, about_at: due.about_at, sent_at: now });
            sent.push((now, number, due));
            last_at = Some(now);
        }
        now += SignedDuration::from_mins(15);
    }
    sent
}

#[test]
fn an_end_is_told_of_a_fortnight_a_week_and_a_day_before_and_when_it_has_come() {
    let mut facts = [ending(END)];
    let sent = year(&mut facts, "2026-11-01T00:00:00Z", "2027-03-01T00:00:00Z");
    let sent: Vec<_> = sent.iter().map(|(when, _, due)| (when.to_string(), due.notice, due.days_left)).collect();
    let expected = [
        ("2026-12-06T15:00:00Z", Notice::EndsWithin14, Some(14)),
        ("2026-12-13T15:00:00Z", Notice::EndsWithin7, Some(7)),
        ("2026-12-19T15:00:00Z", Notice::EndsWithin1, Some(1)),
        ("2026-12-20T15:00:00Z", Notice::Ended, None),
    ];
    assert_eq!(sent, expected.map(|(when, notice, left)| (when.to_owned(), notice, left)));
}

#[test]
fn what_is_told_is_what_the_status_shows_at_that_moment() {
    let facts = ending(END);
    assert_eq!(told(&facts, "2026-12-06T14:59:59Z"), None);
    let due = told(&facts, "2026-12-06T15:00:00Z").unwrap();
    assert_eq!(facts.consent.standing(at("2026-12-06T15:00:00Z")), ConsentStanding::EndsIn(due.days_left.unwrap()));
}

#[test]
fn after_a_while_in_which_nothing_ran_only_the_nearest_is_told() {
    let facts = ending(END);
    let stage = |now| told(&facts, now).map(|due| (due.notice, due.days_left));
    assert_eq!(stage("2026-12-15T12:00:00Z"), Some((Notice::EndsWithin7, Some(6))));
    assert_eq!(stage("2026-12-20T14:00:00Z"), Some((Notice::EndsWithin1, Some(1))));
    assert_eq!(stage("2027-02-01T12:00:00Z"), Some((Notice::Ended, None)));
    // What was skipped is not told later.
    let mut facts = [facts];
    let sent = year(&mut facts, "2026-12-15T12:00:00Z", "2027-03-01T00:00:00Z");
    let stages: Vec<Notice> = sent.iter().map(|(_, _, due)| due.notice).collect();
    assert_eq!(stages, [Notice::EndsWithin7, Notice::EndsWithin1, Notice::Ended]);
}

#[test]
fn a_renewal_begins_anew() {
    let mut facts = [ending(END)];
    assert_eq!(year(&mut facts, "2026-12-01T00:00:00Z", "2026-12-14T00:00:00Z").len(), 2);
    facts[0].consent =
        Consent { given_at: Some(at("2026-12-14T09:00:00Z")), valid_until: Some(at("2027-06-12T09:00:00Z")) };
    let sent = year(&mut facts, "2026-12-14T09:00:00Z", "2027-07-01T00:00:00Z");
    assert_eq!(
        sent.iter().map(|(_, _, due)| due.notice).collect::<Vec<_>>(),
        [Notice::EndsWithin14, Notice::EndsWithin7, Notice::EndsWithin1, Notice::Ended]
    );
    assert!(sent.iter().all(|(_, _, due)| due.about_at == at("2027-06-12T09:00:00Z")));
}

#[test]
fn whoever_agrees_to_a_few_days_is_not_told_at_once_that_they_are_few() {
    let mut facts = [ending(END)];
    facts[0].consent.given_at = Some(at("2026-12-15T15:00:00Z"));
    let sent = year(&mut facts, "2026-12-15T15:00:00Z", "2027-01-01T00:00:00Z");
    assert_eq!(sent.iter().map(|(_, _, due)| due.notice).collect::<Vec<_>>(), [Notice::EndsWithin1, Notice::Ended]);
}

#[test]
fn without_an_end_no_end_is_told_of() {
    let facts = NoticeFacts { consent: Consent { given_at: None, valid_until: None }, failing: None, sent: Vec::new() };
    assert_eq!(told(&facts, "2026-12-20T15:00:00Z"), None);
}

#[test]
fn what_is_due_on_one_day_is_told_at_once_and_nothing_more_that_day() {
    // In Berlin, the third becomes due after midnight.
    let mut facts = [ending(END), ending("2026-12-20T22:30:00Z"), ending("2026-12-20T23:30:00Z")];
    let sent = year(&mut facts, "2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z");
    let sent: Vec<_> = sent.iter().map(|(when, number, due)| (when.to_string(), *number, due.days_left)).collect();
    let expected = [
        ("2026-12-06T15:00:00Z", 0, Some(14)),
        ("2026-12-06T15:00:00Z", 1, Some(14)),
        ("2026-12-06T23:30:00Z", 2, Some(14)),
    ];
    assert_eq!(sent, expected.map(|(when, number, left)| (when.to_owned(), number, left)));
}

#[test]
fn what_has_come_up_after_the_mail_of_a_day_waits_for_the_next_day() {
    let gone = failing(FaultClass::NeedsUser, "2026-12-06T18:00:00Z", "2026-12-06T18:00:00Z");
    let at_night = |now| due_now([((), &gone)], Some(at("2026-12-06T15:00:00Z")), &berlin(), at(now)).len();
    assert_eq!(at_night("2026-12-06T22:59:00Z"), 0);
    assert_eq!(at_night("2026-12-06T23:00:00Z"), 1, "the day is the organization's");
}

#[test]
fn what_needs_somebody_is_told_at_once_and_what_may_pass_after_a_day() {
    let since = "2026-12-06T05:12:00Z";
    for class in [FaultClass::NeedsUser, FaultClass::NeedsOperator, FaultClass::Gone] {
        let notice = told(&failing(class, since, since), since).map(|due| due.notice);
        assert_eq!(notice, Some(Notice::Stuck), "{class:?}");
    }
    for class in [FaultClass::RetryLater, FaultClass::RateLimited, FaultClass::Busy, FaultClass::Bug] {
        let tried = |latest| told(&failing(class, since, latest), "2026-12-09T12:00:00Z").map(|due| due.notice);
        assert_eq!(tried("2026-12-07T05:11:00Z"), None, "{class:?}");
        assert_eq!(tried("2026-12-07T05:12:00Z"), Some(Notice::Failing), "{class:?}");
    }
}

#[test]
fn what_failed_before_the_server_was_off_is_tried_again_before_it_is_told_of() {
    let once = failing(FaultClass::RetryLater, "2026-12-06T05:12:00Z", "2026-12-06T05:12:00Z");
    assert_eq!(told(&once, "2026-12-20T12:00:00Z"), None);
}

#[test]
fn a_failing_is_told_of_once_until_it_has_healed() {
    let mut facts = [failing(FaultClass::NeedsUser, "2026-12-06T05:12:00Z", "2026-12-06T05:12:00Z")];
    assert_eq!(year(&mut facts, "2026-12-06T06:00:00Z", "2026-12-20T00:00:00Z").len(), 1);
    facts[0].failing = None;
    assert_eq!(year(&mut facts, "2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z").len(), 0);
    facts[0].failing = failing(FaultClass::Gone, "2026-12-21T05:12:00Z", "2026-12-21T05:12:00Z").failing;
    assert_eq!(year(&mut facts, "2026-12-21T06:00:00Z", "2027-01-20T00:00:00Z").len(), 1);
}

#[test]
fn whoever_was_told_that_it_may_pass_is_told_when_it_does_not() {
    let since = "2026-12-06T05:12:00Z";
    let mut facts = [failing(FaultClass::RetryLater, since, "2026-12-07T05:12:00Z")];
    let sent = year(&mut facts, "2026-12-07T06:00:00Z", "2026-12-09T00:00:00Z");
    assert_eq!(sent.iter().map(|(_, _, due)| due.notice).collect::<Vec<_>>(), [Notice::Failing]);
    for class in [FaultClass::Gone, FaultClass::RetryLater, FaultClass::Gone] {
        facts[0].failing = failing(class, since, "2026-12-09T05:12:00Z").failing;
        year(&mut facts, "2026-12-09T06:00:00Z", "2026-12-12T00:00:00Z");
    }
    assert_eq!(facts[0].sent.iter().map(|sent| sent.notice).collect::<Vec<_>>(), [Notice::Failing, Notice::Stuck]);
}

#[test]
fn access_that_ended_before_its_time_is_told_of_instead_of_its_end_coming() {
    let since = "2026-12-01T05:12:00Z";
    let mut facts = [NoticeFacts { failing: failing(FaultClass::NeedsUser, since, since).failing, ..ending(END) }];
    let sent = year(&mut facts, "2026-12-01T06:00:00Z", "2027-01-20T00:00:00Z");
    assert_eq!(sent.iter().map(|(_, _, due)| due.notice).collect::<Vec<_>>(), [Notice::Stuck, Notice::Ended]);
    // What is wrong in another way keeps no end from being told of, and never comes beside it.
    let keys = failing(FaultClass::NeedsOperator, "2026-12-06T05:12:00Z", "2026-12-06T05:12:00Z").failing;
    let mut facts = [NoticeFacts { failing: keys, ..ending(END) }];
    let sent = year(&mut facts, "2026-12-06T15:00:00Z", "2026-12-12T00:00:00Z");
    assert_eq!(sent.iter().map(|(_, _, due)| due.notice).collect::<Vec<_>>(), [Notice::EndsWithin14, Notice::Stuck]);
    assert!(sent[0].0.to_zoned(berlin()).date() < sent[1].0.to_zoned(berlin()).date());
}

#[test]
fn each_notice_is_found_again_by_its_code() {
    use crate::code::Code;
    for notice in [STAGES[0], STAGES[1], STAGES[2], Notice::Ended, Notice::Failing, Notice::Stuck] {
        assert_eq!(Notice::from_code(notice.code()), Ok(notice));
    }
}
