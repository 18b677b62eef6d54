//! `bankside rules` and `bankside inbox`: rules are tried and applied, what they review leaves the inbox, and the rest is accepted.

use bankside_domain::rules::{Names, read};
use bankside_store::NewRule;
use serde_json::Value;

use crate::import::{home, in_store, json};
use crate::program::Home;

const FEES: &str = "rule \"Fees\"\nif bank text contains \"fee of\"\nthen mark as reviewed\n";

/// A home where three rows wait in the inbox.
fn with_inbox() -> Home {
    let home = home();
    in_store(&home, async |store, asker| store.switch_inbox(asker, true).await.unwrap());
    home.write("old.csv", "Date,Description,Amount\n2020-10-01,History,-1.00\n");
    home.write(
        "new.csv",
        "Date,Description,Amount\n2020-11-17,Fee of the bank,-1.50\n2020-11-16,Fee of the card,-2.50\n2020-11-15,Bakery,-3.50\n",
    );
    for file in ["old.csv", "new.csv"] {
        let done = home.run(&["import", file, "--account", "Girokonto"]);
        assert_eq!(done.status.code(), Some(0), "{} {}", done.stdout, done.stderr);
    }
    home
}

fn waiting(home: &Home) -> Vec<Value> {
    let told = json(&home.run(&["inbox", "list", "--json"]));
    assert_eq!(told["is_on"], Value::Bool(true));
    told["rows"].as_array().unwrap().clone()
}

#[test]
fn rules_are_tried_applied_and_told_and_what_is_left_is_accepted() {
    let home = with_inbox();
    let rows = waiting(&home);
    assert_eq!(rows.len(), 3, "{rows:?}");

    // Before there is a rule: it is tried as a text.
    home.write("rules.txt", FEES);
    let tried = home.run(&["rules", "test", "--file", "rules.txt"]);
    assert_eq!((tried.status.code(), tried.stderr.as_str()), (Some(0), ""), "{}", tried.stdout);
    assert!(tried.stdout.starts_with("Fees: holds for 2 of "), "{}", tried.stdout);
    assert!(tried.stdout.contains("-1.50 EUR · reviewed no → yes\n"), "{}", tried.stdout);
    home.write("wrong.txt", "rule \"Fees\"\nif payee has \"x\"\nthen mark as reviewed\n");
    let wrong = home.run(&["rules", "test", "--file", "wrong.txt"]);
    assert_eq!((wrong.status.code(), wrong.stdout.as_str()), (Some(1), ""));
    assert!(wrong.stderr.contains("line 2, column 10: After payee comes one of these"), "{}", wrong.stderr);
    assert_eq!(home.run(&["rules", "test"]).status.code(), Some(2), "which rule has to be said");
    let nobody = home.run(&["rules", "apply", "Nobody's"]);
    assert_eq!((nobody.status.code(), nobody.stderr.as_str()), (Some(1), "bankside: there is no rule “Nobody's”\n"));

    let new: NewRule = read(FEES, &Names::default()).unwrap().remove(0).into();
    in_store(&home, async |store, asker| store.add_rule(asker, &new).await.unwrap());
    assert_eq!(home.run(&["rules", "list"]).stdout, FEES);
    let tried = &json(&home.run(&["rules", "test", "fees", "--json"]))["rules"][0];
    assert_eq!((tried["changed"].as_i64(), &tried["is_new"]), (Some(2), &Value::Bool(false)));
    assert_eq!(tried["rows"][0]["changes"][0]["field"], "reviewed");
    let all = home.run(&["rules", "test", "--all"]).stdout;
    assert!(all.starts_with("All rules: hold for 2 of "), "{all}");
    assert!(all.contains(" rows and would change 2\n  Fees: holds for 2 and would change 2\n"), "{all}");
    assert!(all.contains("\n  to apply just that: bankside rules apply --all --seen 2-"), "{all}");
    let all = json(&home.run(&["rules", "test", "--all", "--json"]));
    assert_eq!((all["changed"].as_i64(), &all["rules"][0]["name"]), (Some(2), &Value::from("Fees")));
    assert_eq!(all["rows"][0]["changes"][0]["by"][0], "Fees");
    let seen = all["seen"].as_str().unwrap();
    assert_eq!(home.run(&["rules", "test", "--all", "fees"]).status.code(), Some(2), "one or all");
    let other = home.run(&["rules", "apply", "--all", "--seen", "2-other"]);
    assert_eq!((other.status.code(), other.stdout.as_str()), (Some(1), ""));
    assert!(
        other.stderr.contains("Since you looked, something else has come to change: 2 rows by now. Look again."),
        "{}",
        other.stderr
    );
    assert_eq!(waiting(&home).len(), 3, "trying changes nothing");

    let applied = home.run(&["rules", "apply", "FEES"]);
    assert_eq!(
        (applied.status.code(), applied.stdout.as_str()),
        (Some(0), "Fees: 2 rows changed\n"),
        "{}",
        applied.stderr
    );
    let late = home.run(&["rules", "apply", "--all", "--seen", seen]);
    assert_eq!(late.status.code(), Some(1), "{}", late.stdout);
    let again = json(&home.run(&["rules", "apply", "--all", "--json"]));
    assert_eq!((again["changed"].as_i64(), &again["batch"]), (Some(0), &Value::Null));
    let history = json(&home.run(&["rules", "history", "--json"]));
    let hits = history["history"].as_array().unwrap();
    assert_eq!((hits.len(), hits[0]["matched"].as_i64(), hits[0]["changed"].as_i64()), (1, Some(2), Some(2)));
    let told = home.run(&["rules", "history", "fees"]).stdout;
    assert!(told.ends_with(" · Fees · on the command line · held for 2, changed 2\n"), "{told}");
    assert_eq!(json(&home.run(&["rules", "list", "--json"]))["rules"][0]["changed_rows"].as_i64(), Some(2));

    // What is left is accepted with a category; of what a rule has reviewed it is said that it was one.
    let left = waiting(&home);
    assert_eq!(left.len(), 1);
    let (bakery, fee) = (left[0]["transaction"].as_str().unwrap(), rows[0]["transaction"].as_str().unwrap());
    let listed = home.run(&["inbox", "list"]).stdout;
    assert!(listed.starts_with(&format!("{bakery} · 2020-11-15 · Girokonto · ")), "{listed}");
    let none = home.run(&["inbox", "accept", bakery, "--category", "No such thing"]);
    assert_eq!(
        (none.status.code(), none.stderr.as_str()),
        (Some(1), "bankside: there is no category “No such thing”\n")
    );
    let done = home.run(&["inbox", "accept", bakery, fee, "--category", "food > supermarket"]);
    assert_eq!((done.status.code(), done.stdout.as_str()), (Some(3), "1 row accepted.\n"), "{}", done.stderr);
    assert_eq!(done.stderr, format!("bankside: {fee} was reviewed or hidden by a rule already\n"));
    let late = home.run(&["inbox", "accept", bakery, "--json"]);
    assert_eq!((late.status.code(), json(&late)["changed"].as_i64()), (Some(1), Some(0)));
    let strong = home.run(&["inbox", "accept", "--strong"]);
    assert_eq!((strong.status.code(), strong.stdout.as_str()), (Some(0), "0 rows accepted.\n"), "{}", strong.stderr);
    assert_eq!(home.run(&["inbox", "list"]).stdout, "Nothing waits.\n");
}
