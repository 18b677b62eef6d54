//! Each switch makes a difference that a client sees.

use std::collections::BTreeSet;

use bankside_sandbox::Switches;
use serde_json::{Value, json};

use crate::kit::*;

/// What a client sees of one open fact.
async fn seen(world: &World, switch: &str) -> Value {
    let own = world.user_id.clone();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let account = world.accounts(&login).await.remove(0);
    let id = text(&account["AccountID"]);
    let nobody = "00000000-0000-4000-8000-000000000000";
    match switch {
        "sophtron_captcha_alias_exists" => {
            let body = json!({ "JobID": nobody, "CaptchaInput": "x" });
            world.post("/Job/UpdateJobCaptcha", body).await.status.as_u16().into()
        }
        "sophtron_rest_keys_are_camel_case" => {
            let customer = world.get("/v2/customers").await.ok()[0].clone();
            json!([customer["customerID"], customer["memberIDs"][0], account["AccountID"]])
        }
        "sophtron_month_is_limited" => {
            world.control("sophtron/events", json!({ "event": "spend", "requests": 10_000 })).await.ok();
            world.get("/v2/customers").await.status.as_u16().into()
        }
        "sophtron_bar_may_be_signed_raw" => {
            let path = format!("/v2/customers/{own}/members/{login}/aggregate%7Chistory");
            world.raw("POST", &path, Some(&world.sign("POST", "/aggregate|history")), "").await.status.as_u16().into()
        }
        "sophtron_signed_path_is_checked" => {
            let stripped = world.sign("GET", "/customers");
            world.raw("GET", "/v2/customers?uniqueID=x", Some(&stripped), "").await.status.as_u16().into()
        }
        "sophtron_delete_says_a_number" => {
            let body = json!({ "UserInstitutionID": login });
            let once = world.post("/UserInstitution/DeleteUserInstitution", body.clone()).await;
            let twice = world.post("/UserInstitution/DeleteUserInstitution", body).await;
            json!([once.text, twice.status.as_u16()])
        }
        "sophtron_health_check_says_ok" => world.get("/Institution/HealthCheckAuth").await.text.into(),
        "sophtron_plain_create_reads_rows" | "sophtron_refresh_has_full_history" => {
            let is_plain = switch == "sophtron_plain_create_reads_rows";
            let call = if is_plain { "CreateUserInstitution" } else { "CreateUserInstitutionWithRefresh" };
            let body = json!({ "UserID": own, "InstitutionID": bank_id(NO_MFA), "UserName": "me", "Password": "x" });
            let made = world.post(&format!("/UserInstitution/{call}"), body).await.ok();
            world.finish(&text(&made["JobID"])).await;
            let account = world.accounts(&text(&made["UserInstitutionID"])).await.remove(0);
            world.rows(&account, "2021-01-01", "2021-02-28").await.is_empty().into()
        }
        "sophtron_rows_are_newest_first" => world.rows(&account, "2026-10-01", "2026-10-31").await[0].clone(),
        "sophtron_unknown_ids_are_null" => {
            world.post("/Job/GetJobInformationByID", json!({ "JobID": nobody })).await.text.into()
        }
        "sophtron_new_customer_is_shown" => {
            world.post("/v2/customers", json!({ "UniqueID": "new" })).await.text.is_empty().into()
        }
        "sophtron_rest_dates_are_required" => {
            let path = format!("/v2/customers/{own}/accounts/{id}/transactions?startDate=2026-11-01");
            world.get(&path).await.status.as_u16().into()
        }
        "sophtron_account_status_is_a_number" => account["Status"].clone(),
        "sophtron_transaction_ids_survive_posting" => {
            let card = world.accounts(&login).await.remove(2);
            world.days_pass(1).await;
            world.refresh(&login).await;
            world.rows(&card, "2026-11-15", "2026-12-31").await.iter().map(|row| row["TransactionID"].clone()).collect()
        }
        "sophtron_errors_are_json" => world.raw("GET", "/v2/customers", None, "").await.header("content-type").into(),
        other => seen_of_jobs(world, other).await,
    }
}

/// The same for those that only a job shows.
async fn seen_of_jobs(world: &World, switch: &str) -> Value {
    match switch {
        "sophtron_flag_comes_after_completed" => {
            let (_, job) = world.add(NO_MFA, "me").await;
            for _ in 0..3 {
                world.poll(&job).await;
            }
            let (last, end) = (world.poll(&job).await, world.poll(&job).await);
            assert_eq!((&last["LastStatus"], &end["SuccessFlag"]), (&json!("Completed"), &json!(true)));
            last["SuccessFlag"].clone()
        }
        "sophtron_prompts_stay_until_processed" | "sophtron_processed_prompts_stay" => {
            let (_, job) = world.add(SOPHTRON, "me").await;
            world.poll(&job).await;
            world.poll(&job).await;
            world.post("/Job/UpdateJobCaptchaInput", json!({ "JobID": job, "CaptchaInput": "x" })).await.ok();
            let shown = [world.poll(&job).await, world.poll(&job).await];
            shown
                .map(|job| [job["CaptchaImage"].is_string(), job["SecurityQuestion"].is_string()])
                .iter()
                .map(|one| json!(one))
                .collect()
        }
        "sophtron_refused_jobs_say_completed" => {
            let (_, job) = world.add(NO_MFA, "wrong").await;
            world.finish(&job).await.1["LastStatus"].clone()
        }
        other => panic!("nothing is known of {other}"),
    }
}

#[tokio::test]
async fn every_switch_is_noticed() {
    let names = Switches::NAMES.iter().filter(|name| name.starts_with("sophtron_"));
    let mut differing = BTreeSet::new();
    for name in names.clone() {
        let (first, turned) = (seen(&World::new(), name).await, seen(&World::with(name), name).await);
        if first != turned {
            differing.insert(*name);
        }
    }
    assert_eq!(differing, names.copied().collect());
}
