//! `bankside import`: a file comes into the books, or says with line and column why not.

use bankside_domain::asset::{AssetKind, AssetStage};
use bankside_domain::statement::FileStage;
use bankside_domain::{AccountId, Asker, AssetId, OrganizationId, SourceId};
use bankside_store::{NewAsset, NewStatementFile, Store};
use bankside_vault::{Sealed, WrappedKey};
use serde_json::Value;

use crate::program::{Ended, Home};

const NOVEMBER: &str =
    "Date,Description,Amount\n2020-11-17,Coffee,-1.50\n2020-11-16,Tea,-2.50\n2020-11-31,Never,-9.00\n";
const CLEAN: &str = "Date,Description,Amount\n2020-11-17,Coffee,-1.50\n2020-11-16,Tea,-2.50\n";

/// A home with the demo's two accounts, read from its folder by every later command.
pub(crate) fn home() -> Home {
    let home = Home::new();
    let made = home.run(&["demo", "--once", "--data-folder", "data"]);
    assert!(made.status.success(), "{}", made.stderr);
    home.write("config.toml", "data_folder = \"data\"\n[vault]\nkey_file = \"config/bankside/demo.key\"\n");
    home
}

pub(crate) fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", ended.stdout, ended.stderr))
}

/// Does something to the books of the demo behind the command's back.
pub(crate) fn in_store<T>(home: &Home, work: impl AsyncFnOnce(&Store, &Asker) -> T) -> T {
    let listed = home.run(&["subscription", "list"]).stdout;
    let organization: OrganizationId = listed.rsplit('(').next().unwrap().split(')').next().unwrap().parse().unwrap();
    let url = format!("sqlite://{}", home.path().join("data/bankside.sqlite").display());
    let work = async {
        let (ambient, _) = bankside_testkit::ambient();
        let store = Store::open(&url, ambient).await.unwrap();
        let done = work(&store, &Asker::system(organization)).await;
        store.close().await;
        done
    };
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

async fn account(store: &Store, asker: &Asker, name: &str) -> AccountId {
    let accounts = store.accounts(asker).await.unwrap();
    accounts.into_iter().find(|account| account.name == name).unwrap().id
}

/// Begins with a file of an account, as somebody does on its page.
fn with_begun_file(home: &Home, name: &str) -> SourceId {
    in_store(home, async |store, asker| {
        let (ambient, _) = bankside_testkit::ambient();
        let new = NewStatementFile {
            id: ambient.id(),
            account: account(store, asker, name).await,
            name: "begun.csv".to_owned(),
            stage: FileStage::Open,
            data_key: WrappedKey::from_bytes(vec![1]),
            content: Some(Sealed::from_bytes(vec![1])),
            guess: Sealed::from_bytes(vec![1]),
            profile: "{}".to_owned(),
        };
        store.add_statement_file(asker, &new).await.unwrap();
        new.id
    })
}

fn begun_file(home: &Home, name: &str) -> Option<SourceId> {
    in_store(home, async |store, asker| {
        store.open_statement_file(asker, account(store, asker, name).await).await.unwrap()
    })
}

/// Puts both accounts of the demo at an asset.
fn with_asset(home: &Home) {
    in_store(home, async |store, asker| {
        let new = NewAsset {
            name: "Harbour".to_owned(),
            kind: AssetKind::Structuring,
            stage: AssetStage::Active,
            under: None,
        };
        let asset: AssetId = store.add_asset(asker, &new).await.unwrap();
        let accounts: Vec<AccountId> =
            store.accounts(asker).await.unwrap().into_iter().map(|account| account.id).collect();
        for account in accounts {
            store.move_account(asker, account, Some(asset), None).await.unwrap();
        }
    });
}

#[test]
fn a_file_is_looked_at_imported_and_known_the_next_time() {
    let home = home();
    home.write("clean.csv", CLEAN);
    home.write("november.csv", NOVEMBER);
    let look = home.run(&["import", "clean.csv", "--account", "girokonto", "--dry-run"]);
    assert_eq!((look.status.code(), look.stderr.as_str()), (Some(0), ""));
    assert_eq!(look.stdout, "Girokonto: would be: 2 new (-4.00 EUR)\n");

    let dirty = home.run(&["import", "november.csv", "--account", "Girokonto"]);
    assert_eq!(dirty.status.code(), Some(1), "{}", dirty.stdout);
    assert!(
        dirty.stderr.starts_with("Line 4, Date: “2020-11-31” – this is no date in the chosen order.\n"),
        "{}",
        dirty.stderr
    );
    assert!(dirty.stderr.contains("nothing is imported"), "{}", dirty.stderr);

    let partial = home.run(&["import", "november.csv", "--account", "Girokonto", "--leave-out-unreadable", "--json"]);
    assert_eq!(partial.status.code(), Some(3), "{}", partial.stderr);
    let told = json(&partial);
    assert_eq!((&told["imported"], &told["dry_run"]), (&Value::Bool(true), &Value::Bool(false)));
    let account = &told["accounts"][0];
    assert_eq!((account["counts"]["added"].as_i64(), account["counts"]["unreadable"].as_i64()), (Some(2), Some(1)));
    assert_eq!(
        (account["unreadable"][0]["line"].as_i64(), account["unreadable"][0]["column"].as_str()),
        (Some(4), Some("Date"))
    );
    assert!(account["batch"].is_string());

    let again = home.run(&["import", "clean.csv", "--account", "Girokonto"]);
    assert_eq!((again.status.code(), again.stderr.as_str()), (Some(0), ""));
    assert!(again.stdout.ends_with("2 there already\nNothing to import.\n"), "{}", again.stdout);
}

#[test]
fn what_has_to_be_said_is_asked_for_by_its_option() {
    let home = home();
    home.write("card.csv", "Date,Description,Amount\n05/11/2020,Coffee,1.50\n06/11/2020,Tea,2.50\n");
    let asked = home.run(&["import", "card.csv", "--account", "Girokonto"]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(asked.stderr.contains("(--dates)") && asked.stderr.contains("Date: booked_on"), "{}", asked.stderr);
    let said = ["import", "card.csv", "--account", "Girokonto", "--dates", "day_first", "--turn-signs", "--json"];
    let told = json(&home.run(&said));
    assert_eq!(told["accounts"][0]["added_amount"], "-4.00");
    assert_eq!(told["accounts"][0]["from"], "2020-11-05");
    let nobody = home.run(&["import", "card.csv", "--account", "Nobody's", "--json"]);
    assert_eq!(
        (nobody.status.code(), json(&nobody)["problem"].as_str()),
        (Some(1), Some("there is no account “Nobody's”"))
    );
    assert_eq!(home.run(&["import", "gone.csv", "--account", "Girokonto"]).status.code(), Some(1));
}

#[test]
fn what_is_said_holds_for_other_letters_too() {
    let home = home();
    with_asset(&home);
    home.write("card.csv", "Date,Description,Amount\n2020-11-17,Coffee,1.50\n2020-11-16,Tea,2.50\n");
    let letters = ["--encoding", "windows1252", "--turn-signs", "--json"];
    let single = [&["import", "card.csv", "--account", "Girokonto"][..], &letters].concat();
    let told = json(&home.run(&single));
    assert_eq!((told["imported"].as_bool(), told["accounts"][0]["added_amount"].as_str()), (Some(true), Some("-4.00")));
    home.write("all.csv", "Auftragskonto;Buchungstag;Verwendungszweck;Betrag\nTagesgeld;2020-11-17;Fee;1,50\n");
    let several = [&["import", "all.csv", "--asset", "Harbour"][..], &letters].concat();
    let told = json(&home.run(&several));
    assert_eq!((told["imported"].as_bool(), told["accounts"][0]["added_amount"].as_str()), (Some(true), Some("-1.50")));
}

#[test]
fn what_somebody_else_has_begun_is_left_alone() {
    let home = home();
    with_asset(&home);
    let begun = with_begun_file(&home, "Tagesgeld");
    home.write("all.csv", "Auftragskonto;Buchungstag;Verwendungszweck;Betrag\nTagesgeld;2020-11-17;Fee;1,50\n");
    let look = home.run(&["import", "all.csv", "--asset", "Harbour", "--dry-run"]);
    assert_eq!(look.status.code(), Some(1), "{}", look.stdout);
    assert!(look.stderr.contains("somebody has begun with another file of Tagesgeld"), "{}", look.stderr);
    assert_eq!(begun_file(&home, "Tagesgeld"), Some(begun));
}

#[test]
fn a_file_of_several_accounts_comes_in_at_an_asset() {
    let home = home();
    with_asset(&home);
    let lines = "Girokonto;2020-11-17;Coffee;-1,50\nMine;2020-11-17;Interest;2,00\n4711;2020-11-17;Whose?;-1,00\n";
    home.write("all.csv", &format!("Auftragskonto;Buchungstag;Verwendungszweck;Betrag\n{lines}"));
    let asked = home.run(&["import", "all.csv", "--asset", "Harbour"]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(asked.stderr.contains("“Mine” (1 lines), “4711” (1 lines)"), "{}", asked.stderr);
    let said = ["import", "all.csv", "--asset", "Harbour", "--map", "Mine=Tagesgeld", "--leave-out", "4711"];
    let done = home.run(&said);
    assert_eq!((done.status.code(), done.stderr.as_str()), (Some(0), ""), "{}", done.stdout);
    let told: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(told.len(), 3, "{}", done.stdout);
    assert!(told.contains(&"Girokonto: imported: 1 new (-1.50 EUR)"), "{}", done.stdout);
    assert!(told.contains(&"Tagesgeld: imported: 1 new (2.00 EUR)"), "{}", done.stdout);
    assert_eq!(told[2], "1 lines of other accounts left out");
    // What was said is remembered.
    let again = json(&home.run(&["import", "all.csv", "--asset", "Harbour", "--json"]));
    assert_eq!((again["imported"].as_bool(), again["left_out_lines"].as_i64()), (Some(false), Some(1)));
}
