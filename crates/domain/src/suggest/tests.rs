use proptest::prelude::*;

use super::*;

fn category(number: u8) -> CategoryId {
    CategoryId::from(uuid::Uuid::from_u128(u128::from(number) + 1))
}

fn euro(minor: i64) -> Sum {
    Sum { minor, currency: "EUR".parse().unwrap() }
}

fn decided(number: u8, minor: i64) -> Decision {
    Decision { category: category(number), sum: euro(minor) }
}

fn times(count: usize, number: u8, minor: i64) -> Vec<Decision> {
    vec![decided(number, minor); count]
}

/// What is suggested, as `category: fits of of`.
fn told(suggestions: &[Suggestion]) -> Vec<String> {
    let tell = |one: &Suggestion| {
        let number = (0..20).find(|number| category(*number) == one.category).unwrap();
        match one.basis {
            Basis::History(evidence) => {
                let band = if evidence.is_of_amount { " of this amount" } else { "" };
                format!("{number}: {} of {}{band}, {:?}", evidence.fits, evidence.of, one.strength())
            }
            Basis::Provider => format!("{number}: provider"),
        }
    };
    suggestions.iter().map(tell).collect()
}

#[test]
fn evidence_is_told_as_it_is() {
    let history = [times(17, 1, -4_000), times(1, 2, -90_000)].concat();
    let suggestions = suggest(euro(-2_500), &[(Likeness::Payee, &history)], None);
    assert_eq!(told(&suggestions), ["1: 17 of 18, Strong", "2: 1 of 18, Weak"]);
    assert_eq!(suggest(euro(-2_500), &[], None), []);
}

#[test]
fn money_in_says_nothing_of_money_out() {
    let history = [times(9, 1, -4_000), times(2, 3, 4_000)].concat();
    let suggestions = suggest(euro(100), &[(Likeness::Payee, &history)], None);
    assert_eq!(told(&suggestions), ["3: 2 of 2, Fair"]);
}

#[test]
fn an_amount_tells_apart_what_a_payee_does_not() {
    let history = [times(10, 1, -1_299), times(10, 2, -50_000)].concat();
    let suggestions = suggest(euro(-1_350), &[(Likeness::Payee, &history)], None);
    assert_eq!(told(&suggestions), ["1: 10 of 10 of this amount, Strong"]);
    let other = suggest(euro(-9_000), &[(Likeness::Payee, &history)], None);
    assert_eq!(told(&other), ["1: 10 of 20, Weak", "2: 10 of 20, Weak"]);
    // Another currency is no amount of the same band.
    let krona = Sum { currency: "SEK".parse().unwrap(), ..euro(-1_350) };
    assert_eq!(told(&suggest(krona, &[(Likeness::Payee, &history)], None)), ["1: 10 of 20, Weak", "2: 10 of 20, Weak"]);
}

#[test]
fn the_strongest_likeness_speaks_and_of_equals_the_more_telling() {
    let (one, many) = (times(1, 1, -100), times(18, 2, -100));
    let likenesses: [(Likeness, &[Decision]); 2] = [(Likeness::Creditor, &one), (Likeness::Pattern, &many)];
    assert_eq!(told(&suggest(euro(-500), &likenesses, None)), ["2: 18 of 18, Strong"]);
    let equals: [(Likeness, &[Decision]); 2] = [(Likeness::Account, &many), (Likeness::Pattern, &many)];
    let Basis::History(evidence) = suggest(euro(-500), &equals, None)[0].basis else { panic!("no history") };
    assert_eq!(evidence.likeness, Likeness::Account);
}

#[test]
fn a_provider_is_heard_last_and_says_so() {
    let history = times(3, 1, -100);
    let payee: [(Likeness, &[Decision]); 1] = [(Likeness::Payee, &history)];
    assert_eq!(told(&suggest(euro(-100), &payee, Some(category(5)))), ["1: 3 of 3, Fair", "5: provider"]);
    assert_eq!(told(&suggest(euro(-100), &payee, Some(category(1)))), ["1: 3 of 3, Fair"]);
    assert_eq!(told(&suggest(euro(-100), &[], Some(category(5)))), ["5: provider"]);
}

#[test]
fn strength_comes_from_counts() {
    let strength =
        |fits, of| Evidence { likeness: Likeness::Payee, is_of_amount: false, fits, of, is_latest: false }.strength();
    assert_eq!(
        [strength(1, 1), strength(2, 2), strength(7, 7), strength(8, 8)],
        [Strength::Fair, Strength::Fair, Strength::Fair, Strength::Strong]
    );
    assert_eq!(
        [strength(17, 18), strength(16, 18), strength(1, 2)],
        [Strength::Strong, Strength::Fair, Strength::Weak]
    );
}

#[test]
fn what_changes_from_row_to_row_is_no_part_of_a_pattern() {
    for (folded, wanted) in [
        ("rewe sagt danke 43021345", "rewe sagt danke"),
        ("rewe sagt danke. 9981", "rewe sagt danke"),
        ("amzn mktp de*2k7pl1", "amzn mktp de"),
        ("paypal *spotify", "paypal spotify"),
        ("cafe am kai", "cafe am kai"),
        ("0815", "0815"),
        ("7-eleven", "eleven"),
    ] {
        assert_eq!(pattern(folded), wanted, "{folded}");
        assert_eq!(pattern(&pattern(folded)), wanted);
    }
}

fn decisions() -> impl Strategy<Value = Vec<Decision>> {
    let one =
        (0..4_u8, prop_oneof![-5_000..5_000_i64, Just(-1_000)]).prop_map(|(number, minor)| decided(number, minor));
    proptest::collection::vec(one, 0..60)
}

proptest! {
    /// Whatever was decided: the evidence says truly how often, counted anew from all of it.
    #[test]
    fn evidence_says_truly_how_often(creditor in decisions(), payee in decisions(), minor in -5_000..5_000_i64) {
        let likenesses: [(Likeness, &[Decision]); 2] = [(Likeness::Creditor, &creditor), (Likeness::Payee, &payee)];
        let sum = euro(minor);
        let suggestions = suggest(sum, &likenesses, None);
        prop_assert!(suggestions.len() <= MOST_SUGGESTIONS);
        prop_assert!(suggestions.windows(2).all(|two| two[0].strength() >= two[1].strength()));
        for one in &suggestions {
            let Basis::History(evidence) = one.basis else { panic!("no provider was asked") };
            let pool = if evidence.likeness == Likeness::Creditor { &creditor } else { &payee };
            let distance = |decision: &Decision| (decision.sum.minor - minor).abs() * 10;
            let is_meant = |decision: &&Decision| {
                (decision.sum.minor < 0) == (minor < 0)
                    && (!evidence.is_of_amount || distance(decision) <= decision.sum.minor.abs().max(minor.abs()))
            };
            let of = pool.iter().filter(is_meant).count();
            let fits = pool.iter().filter(is_meant).filter(|decision| decision.category == one.category).count();
            prop_assert_eq!((evidence.fits as usize, evidence.of as usize), (fits, of));
            prop_assert_eq!(evidence.is_latest, pool.len() >= 50);
        }
        if creditor.iter().chain(&payee).any(|decision| (decision.sum.minor < 0) == (minor < 0)) {
            prop_assert!(!suggestions.is_empty());
        }
    }
}

/// Payees with habits, some firm and some not: what is suggested before each decision is held against the decision.
#[test]
fn strength_is_borne_out_by_what_people_decide_next() {
    // A plain generator, so that the same stream is drawn everywhere.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    // In how many of a hundred rows a payee is for its first category.
    let firmness = [100, 98, 95, 90, 80, 60, 50];
    let mut history: Vec<Vec<Decision>> = vec![Vec::new(); 70];
    let mut borne_out: HashMap<Strength, (u32, u32)> = HashMap::new();
    for _ in 0..20_000 {
        let payee = usize::try_from(draw(70)).unwrap();
        let is_first = draw(100) < firmness[payee % firmness.len()];
        let actual = decided(
            if is_first { 0 } else { 1 + u8::try_from(draw(3)).unwrap() },
            -1_000 - 7 * i64::try_from(draw(900)).unwrap(),
        );
        let latest = &history[payee][history[payee].len().saturating_sub(50)..];
        if let Some(first) = suggest(actual.sum, &[(Likeness::Payee, latest)], None).first() {
            let (right, all) = borne_out.entry(first.strength()).or_default();
            *all += 1;
            *right += u32::from(first.category == actual.category);
        }
        history[payee].push(actual);
    }
    let share = |strength: Strength| {
        let (right, all) = borne_out[&strength];
        assert!(all > 500, "{strength:?} was said only {all} times");
        f64::from(right) / f64::from(all)
    };
    let shares = [share(Strength::Strong), share(Strength::Fair), share(Strength::Weak)];
    println!("right: strong {:.3}, fair {:.3}, weak {:.3}", shares[0], shares[1], shares[2]);
    assert!(shares[0] >= 0.90, "{shares:?}");
    assert!(shares[1] >= 0.60 && shares[1] < shares[0], "{shares:?}");
    assert!(shares[2] < shares[1], "{shares:?}");
}
