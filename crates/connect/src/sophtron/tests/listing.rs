use bankside_domain::fault::FaultClass;
use serde_json::json;

use super::scripted::{BANK, Scripted, asked, done, institution};
use crate::connector::{Connector, Intent};
use crate::sophtron::Sophtron;
use crate::step::{BankQuery, Login};

#[tokio::test]
async fn a_login_that_is_there_is_taken_up_and_left_there() {
    let sophtron = Scripted::new(&[(
        "GetUserInstitutionsByUser",
        json!([{"UserInstitutionID": "login-5", "InstitutionID": "0c5f-11", "LastModified": "2026-11-01T08:00:00"},
            {"userInstitutionId": "login-6", "institutionId": null}]),
    )]);
    let logins = Sophtron.logins(&sophtron.cx()).await.unwrap();
    let shown: Vec<_> = logins.iter().map(|one| (one.key.as_str(), one.name.as_deref(), one.state.as_str())).collect();
    assert_eq!(
        shown,
        [("login-5", Some("Prairie Credit Union"), "A login at Sophtron"), ("login-6", None, "A login at Sophtron"),]
    );
    let connected = done(sophtron.begin(Intent::Adopt { login: "login-5" }).await.unwrap());
    assert_eq!(Sophtron.login_of(&connected.remote).as_deref(), Some("login-5"));
    assert_eq!((connected.accounts.len(), connected.consent.given_at), (2, None));
    sophtron.called();
    Sophtron.revoke(&sophtron.cx(), &connected.remote).await.unwrap();
    assert_eq!(sophtron.called(), [] as [String; 0]);
    let nowhere = sophtron.begin(Intent::Adopt { login: "login-6" }).await.unwrap_err();
    assert_eq!(nowhere.code(), "sophtron.no_institution");
    sophtron.answers_each("GetInstitutionByID", &[(404, String::new())]);
    let (_, state) = asked(sophtron.begin(Intent::Adopt { login: "login-5" }).await.unwrap());
    let connected = done(sophtron.answer(&state, &[("currency", "US dollars (USD)")]).await);
    assert_eq!(connected.institution.name, "A bank at Sophtron", "its login can be used all the same");
    let gone = sophtron.begin(Intent::Adopt { login: "login-8" }).await.unwrap_err();
    assert_eq!((gone.class(), gone.code()), (FaultClass::Gone, "sophtron.login_gone"));
}

#[tokio::test]
async fn logins_that_version_2_has_made_are_listed_too() {
    let member = |id: &str| json!({"MemberID": id, "InstitutionID": "0c5f-11", "CustomerID": "c-2"});
    let sophtron = Scripted::new(&[
        ("GetUserInstitutionsByUser", json!([{"UserInstitutionID": "login-5", "InstitutionID": "0c5f-11"}])),
        (
            "customers",
            json!([{"CustomerID": "c-1", "MemberIDs": ["LOGIN-5"]}, {"CustomerID": "c-2", "MemberIDs": ["login-5", "m-7"]},
                {"CustomerID": "c-3", "MemberIDs": []}]),
        ),
        ("members", json!([member("login-5"), member("m-7")])),
    ]);
    let keys = |logins: Vec<Login>| logins.into_iter().map(|one| one.key).collect::<Vec<_>>();
    assert_eq!(keys(Sophtron.logins(&sophtron.cx()).await.unwrap()), ["login-5", "m-7"]);
    let asked = sophtron.called().into_iter().filter(|endpoint| endpoint == "members").count();
    assert_eq!(asked, 1, "only of the customer whose members are not all listed");
    let connected = done(sophtron.begin(Intent::Adopt { login: "m-7" }).await.unwrap());
    assert_eq!(Sophtron.login_of(&connected.remote).as_deref(), Some("m-7"));
    sophtron.answers_each("customers", &[(500, String::new())]);
    assert_eq!(keys(Sophtron.logins(&sophtron.cx()).await.unwrap()), ["login-5"], "without it there are the others");
}

#[tokio::test]
async fn banks_are_found_by_at_least_two_letters() {
    let mut biller = institution("US");
    biller["InstitutionID"] = json!("77");
    biller["IsFinancial"] = json!(false);
    let list = json!([biller, institution("US"), 7, institution("CA")]);
    let sophtron = Scripted::new(&[("GetInstitutionByName", list)]);
    for query in [BankQuery::Name(" p. "), BankQuery::Country("US")] {
        assert_eq!(Sophtron.institutions(&sophtron.cx(), query).await.unwrap(), []);
    }
    assert_eq!(sophtron.debits(), 0);
    let found = Sophtron.institutions(&sophtron.cx(), BankQuery::Name("pr")).await.unwrap();
    assert_eq!(found.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), [BANK, "CA_0c5f-11", "US_77"]);
    for (answer, code) in [("", "sophtron.empty"), ("<html>", "sophtron.intercepted"), ("[7]", "sophtron.unreadable")] {
        sophtron.answers_each("GetInstitutionByName", &[(200, answer.to_owned())]);
        let fault = Sophtron.institutions(&sophtron.cx(), BankQuery::Name("pr")).await.unwrap_err();
        assert_eq!(fault.code(), code);
    }
}

#[tokio::test]
async fn keys_are_checked_with_a_call_that_may_say_nothing() {
    let sophtron = Scripted::new(&[]);
    for body in ["", "OK", "\"OK\""] {
        sophtron.answers_each("HealthCheckAuth", &[(200, body.to_owned())]);
        Sophtron.check(&sophtron.cx()).await.unwrap();
    }
    sophtron.answers_each("HealthCheckAuth", &[(401, "<html>".to_owned())]);
    let fault = Sophtron.check(&sophtron.cx()).await.unwrap_err();
    assert_eq!((fault.class(), fault.code()), (FaultClass::NeedsOperator, "sophtron.keys_refused"));
    assert_eq!(sophtron.called().len(), 4);
    assert_eq!(sophtron.debits(), 4, "each call is counted");
}
