use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::amount::{Amount, Currency};

mod scenarios;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An organization with two accounts of one name.
fn names() -> Names {
    Names {
        accounts: vec![
            (id(1).into(), "Joint".to_owned()),
            (id(2).into(), "Savings".to_owned()),
            (id(3).into(), "Card".to_owned()),
            (id(4).into(), "card".to_owned()),
        ],
        assets: vec![(id(11).into(), "Germany".to_owned()), (id(12).into(), "Germany ▸ Fund C".to_owned())],
        categories: vec![
            (id(21).into(), "Food ▸ Groceries".to_owned()),
            (id(22).into(), "Food ▸ Out".to_owned()),
            (id(23).into(), "Moved".to_owned()),
        ],
    }
}

/// Joint and Savings hang on Germany, the cards below it on Fund C.
fn places() -> Places {
    let (germany, fund) = (id(11).into(), id(12).into());
    let on = |account: u128, way: Vec<AssetId>| (AccountId::from(id(account)), way);
    Places(BTreeMap::from([on(1, vec![germany]), on(3, vec![fund, germany]), on(4, vec![fund, germany])]))
}

fn rules(text: &str) -> Vec<Rule> {
    let read = read(text, &names()).unwrap_or_else(|wrong| panic!("{text}\n{wrong:?}"));
    let rule = |(number, read): (usize, Read)| Rule {
        id: id(1000 + number as u128).into(),
        name: read.name,
        stage: read.stage,
        is_on: read.is_on,
        says: read.says,
    };
    read.into_iter().enumerate().map(rule).collect()
}

fn wrong(text: &str) -> (usize, usize, String) {
    let wrong = read(text, &names()).unwrap_err();
    (wrong[0].line, wrong[0].column, wrong[0].says.clone())
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        ("rule Groceries", 1, 6, "The name of the rule in quotes was expected here."),
        ("\nrule \"A\"\nif payee has \"x\"\nthen set note \"y\"", 3, 10, "After payee comes one of these"),
        ("rule \"A\"\nif account is \"Card\"\nthen set note \"y\"", 2, 15, "There are 2 of this name"),
        ("rule \"A\"\nif account is \"Cash\"\nthen set note \"y\"", 2, 15, "There is no account called “Cash”."),
        ("rule \"A\"\nif amount is below x\nthen set note \"y\"", 2, 20, "“x” is no amount"),
        ("rule \"A\"\nif note is \"a\nthen set note \"y\"", 2, 12, "This quote is not closed."),
        (
            "rule \"A\"\nif note is empty\nand payee is empty\nor tag is empty\nthen set note \"y\"",
            4,
            1,
            "A rule joins",
        ),
        ("rule \"A\"\nif payee matches \"(\"\nthen set note \"y\"", 2, 18, "“(” is no pattern: unclosed group."),
        (
            "rule \"A\"\nif anything\nthen replace in note \"[\" with \"y\"\nthen set note \"y\"",
            3,
            22,
            "“[” is no pattern: unclosed character class.",
        ),
        ("rule \"A\"\nif tag is \" \"\nthen set note \"y\"", 2, 11, "A text is missing."),
        ("rule \"A\"\nif anything\nthen add tag \"\"\nthen set note \"y\"", 3, 14, "A text is missing."),
        ("\nrule \" \"\nif anything\nthen set note \"y\"", 2, 6, "Give the rule a name"),
        ("rule \"A\"\nif anything", 2, 1, "Say what follows from the rule."),
        ("rule \"A\"\nthen set note \"y\"", 2, 1, "Before what follows stands when"),
        ("rule \"A\" in stage third\nif anything\nthen set note \"y\"", 1, 19, "The stage of a rule is"),
        ("rule \"A\"\nif anything\nthen set note \"y\" \"z\"", 3, 19, "Nothing was expected here."),
        (
            "rule \"A\"\nif anything\nthen set note \"y\"\n\nrule \"a\"\nif anything\nthen set note \"y\"",
            5,
            6,
            "There are two rules called “a” in this text.",
        ),
    ];
    for (text, line, column, says) in cases {
        let (at_line, at_column, told) = wrong(text);
        assert_eq!((at_line, at_column), (line, column), "{text}: {told}");
        assert!(told.starts_with(says), "{text}: {told}");
    }
}

#[test]
fn several_rules_that_are_wrong_are_told_at_once() {
    let text = "rule \"A\"\nif x\n\nrule \"B\"\nif anything\nthen set note \"y\"\n\nrule \"C\"\nif y";
    let lines: Vec<usize> = read(text, &names()).unwrap_err().iter().map(|wrong| wrong.line).collect();
    assert_eq!(lines, [2, 9]);
}

#[test]
fn a_name_that_is_not_alone_is_written_with_its_id_and_a_renamed_one_by_its_new_name() {
    let text = format!("rule \"A\"\nif account is \"Card\" [{}]\nthen set category \"Food ▸ Out\"\n", id(4));
    let read = rules(&text);
    assert_eq!(read[0].says.accounts(), BTreeSet::from([id(4).into()]));
    assert_eq!(write(&read, &names()), text.replace("\"Card\"", "\"card\""));
    let mut renamed = names();
    renamed.accounts[3].1 = "Travel card".to_owned();
    renamed.categories[1].1 = "Food ▸ Restaurants".to_owned();
    let told = "rule \"A\"\nif account is \"Travel card\"\nthen set category \"Food ▸ Restaurants\"\n";
    assert_eq!(write(&read, &renamed), told);
}

#[test]
fn patterns_that_would_take_long_are_refused_or_quick() {
    let huge = "rule \"A\"\nif payee matches \"(a{1000}){1000}\"\nthen set note \"y\"";
    assert!(wrong(huge).2.ends_with("it is too large."), "{:?}", wrong(huge));
    // What takes other engines for ever takes time that grows with the text alone.
    let evil = rules("rule \"A\"\nif bank text matches \"(a+)+$\"\nthen set note \"y\"");
    let prepared = Prepared::new(evil, Places::default()).unwrap();
    let facts =
        prepared.facts(row(1, "-1"), Layered { bank_payee: Some("a".repeat(5_000) + "!"), ..Layered::default() });
    assert!(prepared.decide(&facts).matched.is_empty());
    // What people write is small enough.
    for usual in [
        r"^sumup *\*(?P<name>[^0-9]+?) *\d*$",
        r"\b\w+ \d{2}\.\d{2}\.\d{4}\b",
        r"^(.*?)[ /]*(ref|kd)[^a-z]*[a-z0-9]{4,12}$",
    ] {
        assert!(refused::pattern(usual).is_ok(), "{usual}");
    }
    // Each of a thousand places takes three hundred times the whole: it stops long before that, and the note stays.
    let swelling = format!("rule \"A\"\nif anything\nthen replace in note \"y\" with \"{}\"", "$0x".repeat(100));
    let prepared = Prepared::new(rules(&swelling), Places::default()).unwrap();
    let note = Some("y".repeat(1_000));
    let now = Values { note: note.clone(), ..Values::default() };
    let facts = prepared.facts(row(1, "-1"), Layered { now, bank_note: note, ..Layered::default() });
    assert_eq!(prepared.decide(&facts).writes, []);
}

#[test]
fn a_rule_that_others_build_on_changes_the_row_and_one_that_they_write_over_does_not() {
    let text = "rule \"Clean\"\nif anything\nthen replace in payee \" .*$\" with \"\"\n\nrule \"More\"\nif payee is \"Rewe\"\nthen replace in \
                payee \"$\" with \" market\"";
    let all = rules(text);
    let payee = Some("Rewe 0815".to_owned());
    let now = Values { payee: payee.clone(), ..Values::default() };
    let layered = Layered { now, bank_payee: payee, ..Layered::default() };
    let decide = |rules: Vec<Rule>| {
        let prepared = Prepared::new(rules, places()).unwrap();
        prepared.decide(&prepared.facts(row(1, "-1"), layered.clone()))
    };
    let outcome = decide(all.clone());
    assert_eq!((outcome.writes[0].rule, outcome.after.payee.as_deref()), (all[1].id, Some("Rewe market")));
    assert!(outcome.is_changed_by(all[0].id) && outcome.is_changed_by(all[1].id));
    let over = format!("{text}\n\nrule \"Over\" in stage last\nif anything\nthen set payee \"Shop\"");
    let all = rules(&over);
    let outcome = decide(all.clone());
    assert_eq!(all.iter().map(|rule| outcome.is_changed_by(rule.id)).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn a_category_that_is_merged_is_the_other_one_from_then_on() {
    let text = "rule \"A\"\nif category is one of \"Food ▸ Out\", \"Moved\"\nthen set category \"Moved\"";
    let moved = rules(text)[0].says.clone().with_category_moved(id(23).into(), id(22).into());
    assert_eq!(moved.categories(), BTreeSet::from([id(22).into()]));
    assert_eq!(moved.conditions[0].test, Test::Category(vec![id(22).into()]));
}

#[test]
fn a_rules_layer_is_read_as_it_is_written() {
    let rule = RuleId::from(id(7));
    for value in [None, Some("a=b"), Some("x")] {
        assert_eq!(rule_layer_of(&rule_layer_value(rule, value)), Some((rule, value)));
    }
    assert_eq!(rule_layer_of("=x"), None);
}

fn row(account: u128, amount: &str) -> Row {
    let amount = Amount::parse(amount, Currency::iso("EUR").unwrap()).unwrap();
    Row { transaction: id(500).into(), account: id(account).into(), amount, is_transfer: false, is_split: false }
}

/// The fields in which a rule's word may stand that nobody asks any more.
fn layered_fields() -> Vec<Field> {
    Field::ALL.into_iter().filter(|field| field.is_layered()).collect()
}

fn words() -> impl Strategy<Value = String> {
    // Signs that mean something in a text of rules are among them.
    proptest::collection::vec(
        prop::sample::select(vec!["a", "Ä", "\"", "[", "]", ";", ",", "#", "\\", "7", "if ", "x"]),
        1..6,
    )
    .prop_map(|parts| parts.concat().trim().to_owned())
    .prop_filter("a text has something in it", |text| !text.is_empty())
}

fn figures() -> impl Strategy<Value = Figure> {
    (-99_999i32..99_999, 0u32..4)
        .prop_map(|(minor, scale)| rust_decimal::Decimal::new(i64::from(minor), scale).to_string().parse().unwrap())
}

fn tests() -> impl Strategy<Value = Test> {
    let of = prop::sample::select(vec![TextOf::Payee, TextOf::Note, TextOf::Bank]);
    let some = |from: u128, to: u128| proptest::collection::btree_set(from..=to, 1..3);
    let text = prop_oneof![
        proptest::collection::vec(words(), 1..3).prop_map(TextTest::Is),
        words().prop_map(TextTest::Contains),
        words().prop_map(TextTest::Starts),
        words().prop_map(TextTest::Ends),
        prop::sample::select(vec!["^a+$", r"\d \(x\)", "\"", "(?P<n>a)[;,]"])
            .prop_map(|one| TextTest::Matches(one.into())),
        Just(TextTest::Empty),
    ];
    let amount = prop_oneof![
        figures().prop_map(AmountTest::Is),
        figures().prop_map(AmountTest::Below),
        figures().prop_map(AmountTest::Above),
        (figures(), figures()).prop_map(|(from, to)| AmountTest::Between(from, to)),
    ];
    let which = prop::sample::select(vec![AmountOf::Amount, AmountOf::Size]);
    prop_oneof![
        (of, text).prop_map(|(of, test)| Test::Text(of, test)),
        (which, amount).prop_map(|(of, test)| Test::Amount(of, test)),
        Just(Test::Currency(vec!["EUR".parse().unwrap(), "USD".parse().unwrap()])),
        some(1, 4).prop_map(|ids| Test::Account(ids.into_iter().map(|one| id(one).into()).collect())),
        some(11, 12).prop_map(|ids| Test::Asset(ids.into_iter().map(|one| id(one).into()).collect())),
        some(11, 12).prop_map(|ids| Test::Within(ids.into_iter().map(|one| id(one).into()).collect())),
        proptest::collection::btree_set(21u128..=23, 0..3)
            .prop_map(|ids| Test::Category(ids.into_iter().map(|one| id(one).into()).collect())),
        proptest::collection::vec(words(), 0..3).prop_map(Test::Tag),
        Just(Test::Transfer),
    ]
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        words().prop_map(Action::SetPayee),
        words().prop_map(|with| Action::ReplaceInPayee("^(.*?) [0-9]+$".to_owned(), with)),
        (21u128..=23).prop_map(|one| Action::SetCategory(id(one).into())),
        words().prop_map(Action::SetNote),
        words().prop_map(Action::AppendNote),
        Just(Action::ReplaceInNote("a+".to_owned(), String::new())),
        words().prop_map(Action::AddTag),
        words().prop_map(Action::RemoveTag),
        Just(Action::Review),
    ]
}

fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    let condition = (any::<bool>(), tests()).prop_map(|(is_not, test)| Condition { is_not, test });
    let says = (any::<bool>(), proptest::collection::vec(condition, 0..4), proptest::collection::vec(actions(), 1..4));
    let rule = (words(), prop::sample::select(Stage::ALL.to_vec()), any::<bool>(), says);
    proptest::collection::vec(rule, 1..4).prop_map(|rules| {
        let rule = |(number, (name, stage, is_on, (is_any, conditions, actions))): (usize, _)| {
            let conditions: Vec<Condition> = conditions;
            // Of a single condition it is the same whether one is enough.
            let combine = if is_any && conditions.len() > 1 { Combine::Any } else { Combine::All };
            Rule {
                id: id(1000 + number as u128).into(),
                name: format!("{name}{number}"),
                stage,
                is_on,
                says: Definition { combine, conditions, actions },
            }
        };
        rules.into_iter().enumerate().map(rule).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rules_are_read_exactly_as_they_are_written(all in any_rules()) {
        let text = write(&all, &names());
        let back = read(&text, &names()).unwrap_or_else(|wrong| panic!("{text}\n{wrong:?}"));
        prop_assert_eq!(back.len(), all.len());
        for (read, rule) in back.into_iter().zip(&all) {
            prop_assert_eq!(&read.says, &rule.says, "{}", text);
            prop_assert_eq!((&read.name, read.stage, read.is_on), (&rule.name, rule.stage, rule.is_on));
        }
    }

    #[test]
    fn a_condition_is_read_from_a_form_as_it_was_put_there(test in tests(), is_not: bool) {
        let condition = Condition { is_not, test };
        let text = condition_words(&condition, &names());
        let (subject, rest) = text::words::SUBJECTS
            .iter()
            .find_map(|(words, _)| Some((*words, text.strip_prefix(words)?.trim_start())))
            .unwrap();
        let how = text::words::HOWS.iter().map(|(words, ..)| *words).find(|words| rest.starts_with(words)).unwrap();
        let value = write_values(&condition, &names());
        let form = FormCondition { subject, how, value: &value };
        prop_assert_eq!(read_condition(form, &names()), Ok(condition), "{} from {:?}", text, form);
    }

    #[test]
    fn definitions_are_kept_as_json_and_come_back(all in any_rules()) {
        for rule in all {
            let json = serde_json::to_string(&rule.says).unwrap();
            prop_assert_eq!(serde_json::from_str::<Definition>(&json).unwrap(), rule.says);
        }
    }

    /// Whatever rules have written, also some that are not there any more, asking them again changes nothing, and no field of a person's is
    /// ever written.
    #[test]
    fn rules_that_are_asked_again_change_nothing(
        all in any_rules(),
        (payee, note) in (words(), words()),
        by_hand: bool,
        others in proptest::collection::btree_set(prop::sample::select(layered_fields()), 0..4),
        (was_reviewed, is_kept) in any::<(bool, bool)>(),
        (category, tag) in (21u128..=23, words()),
    ) {
        let prepared = Prepared::new(all, places()).unwrap();
        let hands = [(by_hand, Field::Payee), (is_kept, Field::Reviewed)];
        let by_person: BTreeSet<Field> = hands.into_iter().filter_map(|(is, field)| is.then_some(field)).collect();
        let bank = Values { payee: Some(payee.clone()), note: Some(note.clone()), ..Values::default() };
        let theirs = Values {
            payee: Some(note.clone()),
            note: Some(payee.clone()),
            category: Some(id(category).into()),
            tags: BTreeSet::from([tag]),
            ..Values::default()
        };
        let mut now = Values { is_reviewed: was_reviewed, ..bank.clone() };
        for field in &others {
            now.take(&theirs, *field);
        }
        let by_rule = others.into_iter().map(|field| (field, Some(id(7).into()))).collect();
        let layered = Layered { now, bank_payee: bank.payee, bank_note: bank.note, by_person: by_person.clone(), by_rule };
        let facts = prepared.facts(row(3, "-12.50"), layered.clone());
        let first = prepared.decide(&facts);
        prop_assert!(first.writes.iter().all(|write| !by_person.contains(&write.field)));
        prop_assert!(first.after.is_reviewed || !was_reviewed, "no rule has a row wait again");
        let mut after = layered;
        for write in &first.writes {
            after.now.take(&first.after, write.field);
            if write.field.is_layered() {
                after.by_rule.insert(write.field, Some(write.rule));
            }
        }
        let again = prepared.decide(&prepared.facts(row(3, "-12.50"), after));
        prop_assert_eq!(again.writes, vec![]);
        prop_assert_eq!(again.matched, first.matched);
    }
}
