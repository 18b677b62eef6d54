//! Logins: made in all their variants, changed, deleted (fact sheet §3).

use serde_json::{Value, json};

use crate::kit::*;

async fn create(world: &World, variant: &str) -> Value {
    let body = json!({ "UserID": world.user_id, "InstitutionID": bank_id(NO_MFA), "UserName": "me", "Password": "x", "CompanyID": "7" });
    world.post(&format!("/UserInstitution/CreateUserInstitution{variant}"), body).await.ok()
}

#[tokio::test]
async fn each_way_of_making_a_login_fetches_what_its_name_says() {
    let world = World::new();
    for (variant, has_rows, has_number, has_profile) in [
        ("", false, false, false),
        ("WithRefresh", true, false, false),
        ("WithFullHistory", true, false, false),
        ("WithProfileInfo", false, false, true),
        ("WithFullAccountNumbers", false, true, false),
        ("WithAll", true, true, false),
        ("WithAllPlusProfile", true, true, true),
    ] {
        let made = create(&world, variant).await;
        assert_eq!(world.finish(&text(&made["JobID"])).await.1["SuccessFlag"], true);
        let login = text(&made["UserInstitutionID"]);
        let account = world.accounts(&login).await.remove(0);
        let rows = world.rows(&account, "2021-01-01", "2022-01-01").await;
        assert_eq!(!rows.is_empty(), has_rows, "{variant}");
        assert_eq!(account["FullAccountNumber"].is_string(), has_number, "{variant}");
        let body = json!({ "UserInstitutionID": login });
        let shown = world.post("/UserInstitution/GetUserInstitutionByID", body).await.ok();
        assert_eq!(shown["OwnerName"].is_string(), has_profile, "{variant}");
        assert_eq!((&shown["UserName"], &shown["CompanyID"]), (&json!("me"), &json!("7")));
    }
    let made = create(&world, "WOJob").await;
    assert_eq!(made["JobID"], "00000000-0000-0000-0000-000000000000");
    let login = text(&made["UserInstitutionID"]);
    assert!(world.accounts(&login).await.is_empty());
    assert_eq!(world.refresh(&login).await.1["SuccessFlag"], true);
    assert_eq!(world.accounts(&login).await.len(), 2);
}

#[tokio::test]
async fn the_same_bank_twice_makes_duplicates() {
    let world = World::new();
    let (first, second) = (world.linked(NO_MFA).await, world.linked(NO_MFA).await);
    let (first, second) = (world.accounts(&first).await.remove(0), world.accounts(&second).await.remove(0));
    assert_ne!(first["AccountID"], second["AccountID"]);
    assert_eq!(first["AccountNumber"], second["AccountNumber"]);
    assert_eq!((&first["AccountName"], &first["AccountNumber"]), (&json!("Primary Checking"), &json!("xxx1234")));
}

#[tokio::test]
async fn deleting_takes_accounts_and_rows_along_and_works_once() {
    let world = World::new();
    let login = world.linked(NO_MFA).await;
    let account = world.accounts(&login).await.remove(0);
    let job = text(
        &world.post("/UserInstitution/RefreshUserInstitution", json!({ "UserInstitutionID": login })).await.ok()["JobID"],
    );
    for answer in [0, -1] {
        let gone =
            world.post("/UserInstitution/DeleteUserInstitution", json!({ "UserInstitutionID": login })).await.ok();
        assert_eq!(gone, answer);
    }
    let body = json!({ "AccountID": account["AccountID"], "StartDate": "2026-01-01", "EndDate": "2026-02-01" });
    assert_eq!(world.post("/Transaction/GetTransactionsByTransactionDate", body).await.status, 404);
    let body = json!({ "AccountID": account["AccountID"] });
    assert_eq!(world.post("/UserInstitutionAccount/RefreshUserInstitutionAccount", body).await.status, 404);
    let body = json!({ "UserInstitutionID": login });
    assert_eq!(world.post("/UserInstitution/RefreshUserInstitution", body).await.status, 404);
    assert_eq!(world.poll(&job).await["SuccessFlag"], false, "its jobs fail");
    assert_eq!(world.logins().await.len(), 2);
}

#[tokio::test]
async fn profile_and_number_can_be_fetched_later() {
    let world = World::new();
    let login = world.linked(NO_MFA).await;
    let body = json!({ "UserInstitutionID": login });
    let started = world.post("/UserInstitution/GetUserInstitutionProfileInfor", body.clone()).await.ok();
    let job = text(&started["JobID"]);
    let account = world.accounts(&login).await.remove(0);
    let number = json!({ "AccountID": account["AccountID"], "JobID": job });
    let number = async || {
        world.post("/UserInstitutionAccount/GetFullAccountNumberWithinJob", number.clone()).await.ok();
        world.accounts(&login).await.remove(0)["FullAccountNumber"].clone()
    };
    assert!(number().await.is_null(), "not before the job is signed in");
    world.poll(&job).await;
    assert_eq!(world.poll(&job).await["LastStatus"], "AccountsReady");
    assert_eq!(number().await, "000000021234");
    world.finish(&job).await;
    let shown = world.post("/UserInstitution/GetUserInstitutionByID", body).await.ok();
    let phones: Vec<String> = serde_json::from_str(&text(&shown["Phone"])).unwrap();
    assert_eq!(phones, ["555-0100"], "a list as text");
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_at_once() {
    let world = World::new();
    let path = "/UserInstitution/CreateUserInstitutionWithRefresh";
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (user, bank, name, status) in [
        (nobody, bank_id(NO_MFA), "me", 403),
        (&world.user_id, nobody.to_owned(), "me", 404),
        (&world.user_id, bank_id(NO_MFA), "", 400),
    ] {
        let body = json!({ "UserID": user, "InstitutionID": bank, "UserName": name, "Password": "x" });
        assert_eq!(world.post(path, body).await.status, status);
    }
    let key = world.post("/User/GetUserIntegrationKey", json!({ "Id": world.user_id })).await.ok();
    assert!(key["IntegrationKey"].is_string());
    assert_eq!(world.post("/User/GetUserIntegrationKey", json!({ "Id": nobody })).await.status, 403);
}
