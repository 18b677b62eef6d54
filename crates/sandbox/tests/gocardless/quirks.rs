//! Banks with habits of their own (fact sheet §12): each writes the shape that it has been seen with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::{World, minor};

/// What a bank's first account looks like.
struct Seen {
    details: Value,
    metadata: Value,
    balances: Vec<Value>,
    booked: Vec<Value>,
    pending: Vec<Value>,
}

impl Seen {
    async fn at(bank: &str) -> Self {
        let world = World::new().await;
        let account = world.link(bank).await.accounts.remove(0);
        Self::of(&world, &account).await
    }

    async fn of(world: &World, account: &str) -> Self {
        let get = async |what: &str| world.get(&format!("/accounts/{account}/{what}")).await.ok();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let transactions = get("transactions/").await["transactions"].clone();
        Self {
            details: get("details/").await["account"].clone(),
            metadata: get("").await,
            balances: list(&get("balances/").await["balances"]),
            booked: list(&transactions["booked"]),
            pending: list(&transactions["pending"]),
        }
    }

    fn cards(&self) -> impl Iterator<Item = &Value> {
        self.booked.iter().filter(|row| row["bankTransactionCode"] == "PMNT-CCRD-POSD")
    }

    fn others(&self) -> impl Iterator<Item = &Value> {
        self.booked.iter().filter(|row| row["bankTransactionCode"] != "PMNT-CCRD-POSD")
    }

    /// Both kinds, and that there are some.
    fn each(&self, card: impl Fn(&Value) -> bool, other: impl Fn(&Value) -> bool) {
        assert!(self.cards().count() > 20 && self.others().count() > 5);
        for row in self.cards() {
            assert!(card(row), "{row}");
        }
        for row in self.others() {
            assert!(other(row), "{row}");
        }
    }
}

fn text(row: &Value) -> &str {
    row["remittanceInformationUnstructured"].as_str().unwrap_or_default()
}

fn lines(row: &Value) -> Vec<&str> {
    let lines = row["remittanceInformationUnstructuredArray"].as_array();
    lines.into_iter().flatten().map(|line| line.as_str().unwrap()).collect()
}

fn has(row: &Value, name: &str) -> bool {
    row.get(name).is_some()
}

fn has_name(row: &Value) -> bool {
    has(row, "creditorName") || has(row, "debtorName")
}

fn has_text(row: &Value) -> bool {
    has(row, "remittanceInformationUnstructured")
}

#[tokio::test]
async fn ids_repeat_are_none_or_change() {
    let repeated = Seen::at("BELFIUS_GKCCBEBB").await;
    let ids: BTreeSet<_> = repeated.booked.iter().map(|row| row["transactionId"].as_str().unwrap()).collect();
    let own: BTreeSet<_> = repeated.booked.iter().map(|row| row["internalTransactionId"].as_str().unwrap()).collect();
    assert!(ids.len() < 9 && own.len() == repeated.booked.len());

    let none = Seen::at("ING_INGBROBU").await;
    assert!(none.booked.iter().chain(&none.pending).all(|row| row["transactionId"] == "NOTPROVIDED"));
    none.each(
        |row| text(row).contains("card no:") && !has_name(row),
        |row| text(row).is_empty() && has(row, "proprietaryBankTransactionCode"),
    );
    assert!(none.pending.iter().all(|row| text(row).starts_with("xxxx")));

    let world = World::new().await;
    let account = world.link("NATIONWIDE_NAIAGB21").await.accounts.remove(0);
    let (first, second) = (Seen::of(&world, &account).await, Seen::of(&world, &account).await);
    assert!(first.cards().zip(second.cards()).all(|(a, b)| a["transactionId"] != b["transactionId"]));
    assert!(first.others().zip(second.others()).all(|(a, b)| a["transactionId"] == b["transactionId"]));
    first.each(
        |row| row["transactionId"].as_str().unwrap().starts_with("00DEBIT"),
        |row| row["transactionId"].as_str().unwrap().len() == 32,
    );
    assert!(first.pending.iter().all(|row| row["bookingDate"] == "2026-11-23"), "in the future");
}

#[tokio::test]
async fn signs_are_turned_and_balances_with_them() {
    let card = Seen::at("SEB_CARD_ESSESESS").await;
    assert!(card.cards().all(|row| minor(&row["transactionAmount"]) > 0));
    assert!(card.booked.iter().all(|row| has(row, "additionalInformation") && !has_text(row) && !has_name(row)));
    let balance = |kind: &str| {
        let row = card.balances.iter().find(|row| row["balanceType"] == kind).unwrap();
        minor(&row["balanceAmount"])
    };
    let pending: i64 = card.pending.iter().map(|row| minor(&row["transactionAmount"])).sum();
    assert!(balance("expected") > 0);
    assert_eq!(balance("nonInvoiced"), pending);
    assert_eq!((&card.details["iban"], &card.details["maskedPan"]), (&Value::Null, &json!("123456******9901")));
    assert_eq!(card.metadata["iban"], Value::Null);

    let turned = Seen::at("NBG_ETHNGRAAXXX").await;
    turned.each(
        |row| minor(&row["transactionAmount"]) > 0 && text(row).starts_with("ΑΓΟΡΑ ") && !has(row, "transactionId"),
        |row| has(row, "transactionId"),
    );

    let charged = Seen::at("ENTERCARD_SWEDNOKK").await;
    charged.each(
        |row| row["transactionAmount"]["currency"] == "EUR" && text(row).starts_with("billingAmount: -"),
        |row| row["transactionAmount"]["currency"] == "SEK",
    );
}

#[tokio::test]
async fn texts_stand_elsewhere() {
    let till = Seen::at("ABNAMRO_ABNANL2A").await;
    till.each(
        |row| lines(row)[1].ends_with(",PAS042") && !has_name(row) && !has_text(row),
        |row| lines(row).len() > 2 && has_name(row),
    );
    assert!(till.booked.iter().all(|row| has(row, "valueDateTime") && has(row, "balanceAfterTransaction")));
    let beside = Seen::at("SPARNORD_SPNODK22").await;
    assert!(beside.booked.iter().chain(&beside.pending).all(|row| has(row, "additionalInformation") && !has_text(row)));
    let keys = Seen::at("BNP_BE_GEBABEBB").await;
    keys.each(
        |row| row["additionalInformation"].as_str().unwrap().starts_with("atmPosName: '"),
        |row| row["additionalInformation"].as_str().unwrap().starts_with("narrative: ['"),
    );
    let structured = Seen::at("BERLINER_SPARKASSE_BELADEBEXXX").await;
    structured.each(
        |row| has(row, "ultimateCreditor") && row["remittanceInformationStructuredArray"].is_array(),
        |row| !has(row, "ultimateCreditor") && !has_text(row),
    );
    let labelled = Seen::at("ING_INGDDEFF").await;
    assert!(labelled.booked.iter().all(|row| text(row).contains("remittanceinformation:")));
    assert!(labelled.booked.iter().any(|row| text(row).starts_with("mandatereference:M-")));
    let broken = Seen::at("COMMERZBANK_COBADEFF").await;
    assert!(broken.booked.iter().flat_map(lines).all(|line| line.chars().count() <= 27));
    let whole = broken.booked.iter().map(|row| lines(row).concat()).find(|text| text.contains("SEPA-BASIS")).unwrap();
    assert!(whole.contains("Gläubiger-ID: DE98ZZZ09999999999"), "{whole}");
    let commas = Seen::at("VIRGIN_NRNBGB22").await;
    commas.each(|row| text(row).starts_with("Card 54, "), |row| text(row).starts_with("FPS, ") && !has_name(row));
    let escapes = Seen::at("HYPE_HYEEIT22").await;
    assert!(escapes.booked.iter().any(|row| text(row).contains(r"\Ud83c")));
    escapes.each(|row| row["proprietaryBankTransactionCode"] == "crd", |row| text(row).contains(" - "));
    let day = Seen::at("SWEDBANK_HABALV22").await;
    day.each(|row| text(row).starts_with("PIRKUMS "), |row| !text(row).starts_with("PIRKUMS "));
    let place = Seen::at("LHV_LHVBEE22").await;
    place.each(|row| text(row).starts_with("(..5454) ") && text(row).contains('\\'), has_name);
}

#[tokio::test]
async fn the_rest_of_the_list_has_forms_of_its_own() {
    let world = World::new().await;
    // What the text or the first line of a card payment, and of another row, begins with; and whether anyone is named.
    let forms = [
        ("ABANCA_CAGLESMM", "Card payment ", "", false),
        ("BANCSABADELL_BSABESBB", "COMPRA TARJ. ", "TRANSFERENCIA", false),
        ("BANK_OF_IRELAND_B365_BOFIIE2D", "POSC", "", false),
        ("BANKINTER_BKBKESMM", "/Txt/D|", "", true),
        ("FORTUNEO_FTNOFRP1XXX", "CARTE ", "", false),
        ("KBC_KREDBEBB", "", "", false),
        ("DANSKEBANK_DABANO22", "Card payment ", "", true),
        ("DIREKT_HELADEF1822", "Card payment ", "", true),
        ("SSK_DUSSELDORF_DUSSDEDDXXX", "", "", true),
        ("EASYBANK_BAWAATWW", "POS 5454 K002 ", "", true),
        ("RAIFFEISEN_AT_RZBAATWW", "", "", true),
        ("ISYBANK_ITBBITMM", "Card payment ", "", true),
        ("BPER_RETAIL_BPMOIT22", "PAGAMENTO SU POS CIRCUITO MASTERCARD ", "", false),
        ("ALIOR_ALBPPLPW", "Transakcja kartą debetową 5454, ", "", true),
        ("COOPERATIVE_CPBKGB22", "CustRef: ", "CustRef: ", false),
    ];
    for (bank, card, other, named) in forms {
        let account = world.link(bank).await.accounts.remove(0);
        let seen = Seen::of(&world, &account).await;
        let begins = |row: &Value| {
            let structured = row["remittanceInformationStructured"].as_str().unwrap_or_default();
            [text(row), structured, lines(row).first().copied().unwrap_or_default()].concat()
        };
        seen.each(|row| begins(row).starts_with(card), |row| begins(row).starts_with(other) && has_name(row) == named);
        world.turn(json!({ "advance_seconds": 60 })).await.ok();
    }
    let structured = |row: &Value| row["remittanceInformationStructured"].as_str().unwrap_or_default().to_owned();
    let loose = Seen::at("BOURSORAMA_BOUSFRPP").await;
    let places: BTreeSet<_> =
        loose.cards().map(|row| lines(row).iter().position(|line| line.starts_with("CARTE "))).collect();
    assert_eq!(places, BTreeSet::from([Some(0), Some(1)]), "in no certain order");
    let kbc = Seen::at("KBC_KREDBEBB").await;
    kbc.each(|row| text(row).contains(" Betaling met "), |row| !text(row).contains(" Betaling met "));
    assert!(kbc.booked.iter().any(|row| text(row).contains("Domiciliëring")));
    let danske = Seen::at("DANSKEBANK_DABANO22").await;
    assert!(danske.booked.iter().all(|row| text(row).ends_with("\nEndToEndID: NOTPROVIDED")));
    let easybank = Seen::at("EASYBANK_BAWAATWW").await;
    easybank.each(|row| structured(row).contains("\\\\WIEN\\"), |row| !has_text(row));
    let twelve = Seen::at("RAIFFEISEN_AT_RZBAATWW").await;
    twelve.each(|row| structured(row)[12..].starts_with(" 5454 "), |row| has(row, "endToEndId"));
    let late = Seen::at("ISYBANK_ITBBITMM").await;
    late.each(
        |row| row["valueDate"].as_str() < row["bookingDate"].as_str(),
        |row| row["valueDate"] == row["bookingDate"],
    );
    let turned = Seen::at("CETELEM_CETMPTP1XXX").await;
    assert!(turned.cards().all(|row| minor(&row["transactionAmount"]) > 0));
}

#[tokio::test]
async fn days_are_missing_swapped_or_still_to_come() {
    let undated = Seen::at("NORWEGIAN_NO_NORWNOK1").await;
    assert!(!undated.pending.is_empty());
    for row in &undated.pending {
        assert!(!["bookingDate", "valueDate", "bookingDateTime", "valueDateTime"].iter().any(|day| has(row, day)));
    }
    assert!(undated.pending.iter().any(|row| has(row, "remittanceInformationStructured")));
    let kinds: Vec<_> = undated.balances.iter().map(|row| &row["balanceType"]).collect();
    assert_eq!(kinds, ["expected"]);

    let swapped = Seen::at("MBANK_RETAIL_BREXPLPW").await;
    swapped.each(
        |row| row["bookingDate"].as_str() < row["valueDate"].as_str(),
        |row| row["bookingDate"] == row["valueDate"],
    );
    assert!(swapped.booked.iter().all(|row| row["transactionId"].as_str().unwrap().parse::<u64>().is_ok()));
}

#[tokio::test]
async fn accounts_share_a_number_have_none_or_are_many() {
    let world = World::new().await;
    let pockets = world.link("REVOLUT_REVOLT21").await;
    let mut numbers = BTreeSet::new();
    let mut currencies = BTreeSet::new();
    for account in &pockets.accounts {
        let seen = Seen::of(&world, account).await;
        numbers.insert(seen.details["iban"].as_str().unwrap().to_owned());
        currencies.insert(seen.details["currency"].as_str().unwrap().to_owned());
        assert_eq!(seen.balances[0]["balanceType"], "InterimBooked");
        seen.each(|row| row["currencyExchange"].is_object() && !has_text(row), |row| !lines(row).is_empty());
        assert!(seen.booked.iter().any(|row| lines(row)[0].starts_with("Bizum payment ")));
    }
    assert_eq!((pockets.accounts.len(), numbers.len(), currencies.len()), (3, 1, 3));

    let spaces = world.link("N26_NTSBDEB1").await;
    assert_eq!(spaces.accounts.iter().collect::<BTreeSet<_>>().len(), 20);
    assert_ne!(Seen::of(&world, &spaces.accounts[0]).await.booked, Seen::of(&world, &spaces.accounts[19]).await.booked);

    let masked = Seen::at("AMERICAN_EXPRESS_AESUDEF1").await;
    assert_eq!(
        (&masked.details["iban"], &masked.metadata["iban"]),
        (&json!("XXXX-XXXXXX-91004"), &json!("XXXX-XXXXXX-91004"))
    );
    assert!(has(&masked.details, "details") && !has(&masked.details, "name"));
    assert_eq!((masked.balances.len(), &masked.balances[0]["balanceType"]), (1, &json!("information")));
}

#[tokio::test]
async fn forints_long_texts_and_a_deposit_without_a_balance() {
    let world = World::new().await;
    let linked = world.link("DUNAHID_DNHDHUHB").await;
    let account = Seen::of(&world, &linked.accounts[0]).await;
    assert!(account.booked.iter().all(|row| text(row).chars().count() > 600 && row["endToEndId"] == "NOTPROVIDED"));
    assert!(account.booked.iter().all(|row| !row["transactionAmount"]["amount"].as_str().unwrap().contains('.')));
    let answer = world.get(&format!("/accounts/{}/balances/", linked.accounts[1])).await;
    let body = json!({
        "summary": "Couldn't update account balances", "type": "AccountResourceUnavailable", "status_code": 403,
        "detail": "The requested resource is unavailable for this account. \
                   Certain resources may be restricted or unsupported for specific accounts.",
    });
    answer.is(403, &body);
    world.get(&format!("/accounts/{}/transactions/", linked.accounts[1])).await.ok();
    assert_eq!(world.get(&format!("/accounts/{}/", linked.accounts[1])).await.ok()["status"], "READY");
}

#[tokio::test]
async fn selkie_is_different_in_every_row() {
    let seen = Seen::at("SELKIE_SLKEIE2D").await;
    let ids = ["transactionId", "entryReference", "internalTransactionId"];
    assert!(seen.booked.iter().all(|row| ids.iter().all(|id| !has(row, id))));
    let some = |test: &dyn Fn(&Value) -> bool| assert!(seen.booked.iter().any(test));
    some(&|row| row["balanceAfterTransaction"]["balanceAmount"].is_object());
    some(&|row| row["balanceAfterTransaction"]["amount"].is_string());
    some(&|row| row["balanceAfterTransaction"].is_string());
    some(&|row| !has(row, "balanceAfterTransaction"));
    some(&|row| row["currencyExchange"].is_array());
    some(&|row| row["currencyExchange"].is_object());
    some(&|row| !has(row, "valueDate"));
    some(&|row| !has(row, "bookingDate") && has(row, "bookingDateTime"));
    assert!(seen.balances.iter().all(|row| row["balanceType"].as_str().unwrap().starts_with('I')));
    assert!(seen.pending.iter().all(|row| !has(row, "valueDate")));

    let mut world = World::new().await;
    world.turn(json!({ "set": "2026-11-30T12:00:00Z" })).await.ok();
    world.sign_in().await;
    let account = world.link("SELKIE_SLKEIE2D").await.accounts.remove(0);
    let seen = Seen::of(&world, &account).await;
    assert!(seen.booked.iter().any(|row| row["bookingDate"] == "2026-12-01"), "dated tomorrow");
}
