//! Reconfirmation of British consents (fact sheet §4).

use axum::http::Method;
use bankside_sandbox::{Answers, Sandbox};
use serde_json::{Value, json};
use url::Url;

use crate::kit::{Answer, LOCKSIDE, NORDHAFEN, Setup, World};

const PATH: &str = "/agreements/enduser/";

/// A company that may, a consent of Lockside that must, and its sandbox.
struct Confirming {
    world: World,
    sandbox: Sandbox,
    agreement: String,
    account: String,
}

impl Confirming {
    async fn start(setup: &Setup, days: u16) -> Self {
        let sandbox = setup.sandbox().unwrap();
        let mut world = World { router: sandbox.router(), token: String::new() };
        world.sign_in().await;
        let agreement = agreement(&world, days).await.ok();
        assert_eq!(agreement["reconfirmation"], true);
        let agreement = agreement["id"].as_str().unwrap().to_owned();
        let requisition = world.request(LOCKSIDE, json!({ "agreement": agreement, "reference": "mine" })).await;
        world.walk(requisition["link"].as_str().unwrap()).await;
        let path = format!("/requisitions/{}/", requisition["id"].as_str().unwrap());
        let account = world.get(&path).await.ok()["accounts"][0].as_str().unwrap().to_owned();
        Self { world, sandbox, agreement, account }
    }

    async fn ask(&self, method: Method, body: Value) -> Answer {
        self.world.call(method, &format!("{PATH}{}/reconfirm/", self.agreement), Some(&body)).await
    }

    async fn balances(&self) -> u16 {
        self.world.get(&format!("/accounts/{}/balances/", self.account)).await.status.as_u16()
    }

    /// Walks the page; what the person says is in the answers.
    async fn walk(&self, answers: &Answers) -> Result<String, bankside_sandbox::VisitError> {
        let row = self.ask(Method::GET, json!({})).await.ok();
        let url: Url = row["reconfirmation_url"].as_str().unwrap().parse().unwrap();
        self.sandbox.visit(&url, answers).await.map(String::from)
    }
}

fn permitted() -> Setup {
    Setup::with("company_may_reconfirm")
}

async fn agreement(world: &World, days: u16) -> Answer {
    let body = json!({ "institution_id": LOCKSIDE, "access_valid_for_days": days, "reconfirmation": true });
    world.post(PATH, &body).await
}

#[tokio::test]
async fn a_confirmation_in_its_window_keeps_the_data_coming() {
    let mut house = Confirming::start(&permitted(), 180).await;
    let asked = house.ask(Method::POST, json!({ "redirect": "https://client.example/again" })).await;
    assert_eq!(asked.status, 201);
    let row = asked.ok();
    let expected = json!({
        "reconfirmation_url": row["reconfirmation_url"], "created": "2026-11-20T12:00:00.000000Z",
        "url_valid_from": "2027-02-04T12:00:00.000000Z", "url_valid_to": "2027-03-04T12:00:00.000000Z",
        "redirect": "https://client.example/again", "last_accessed": null, "last_submitted": null,
        "accounts": { house.account.as_str(): { "reconfirmed": "", "rejected": "" } },
    });
    assert_eq!(row, expected);
    assert!(house.walk(&Answers::default()).await.is_err(), "the page is not open yet");

    house.world.days_pass(76).await;
    let cancelled = house.walk(&Answers { cancels: true, ..Answers::default() }).await.unwrap();
    assert!(cancelled.contains("error=UserCancelledSession"), "{cancelled}");
    let back = house.walk(&Answers::default()).await.unwrap();
    assert_eq!(back, "https://client.example/again?ref=mine");
    let row = house.ask(Method::GET, json!({})).await.ok();
    let now = "2027-02-04T12:00:00.000000Z";
    assert_eq!((&row["last_accessed"], &row["last_submitted"]), (&json!(now), &json!(now)));
    assert_eq!(row["accounts"][&house.account], json!({ "reconfirmed": now, "rejected": "" }));

    house.world.days_pass(50).await;
    assert_eq!(house.balances().await, 200, "day 126");
    let again = house.ask(Method::POST, json!({})).await;
    assert_eq!((again.status.as_u16(), &again.body["summary"]), (400, &json!("No accounts left to reconfirm.")));
    house.world.days_pass(54).await;
    assert_eq!(house.balances().await, 401, "day 180: the agreement is over");
}

#[tokio::test]
async fn without_a_confirmation_there_is_no_data_until_it_comes_or_comes_too_late() {
    let setup = permitted();
    let mut house = Confirming::start(&setup, 180).await;
    house.ask(Method::POST, json!({})).await.ok();
    setup.real.pass(90 * 86_400 - 1);
    house.world.sign_in().await;
    assert_eq!(house.balances().await, 200);
    setup.real.pass(1);
    let refused = house.world.get(&format!("/accounts/{}/balances/", house.account)).await;
    assert_eq!((refused.status.as_u16(), &refused.body["type"]), (401, &json!("AccessExpiredError")));
    house.world.days_pass(14).await;
    assert_eq!(house.balances().await, 401);
    assert_eq!(house.walk(&Answers::default()).await.unwrap(), "https://client.example/back?ref=mine");
    assert_eq!(house.balances().await, 200, "on the last day it still helps");

    let mut late = Confirming::start(&permitted(), 180).await;
    late.ask(Method::POST, json!({})).await.ok();
    late.world.days_pass(105).await;
    assert!(late.walk(&Answers::default()).await.is_err());
    let refused = late.ask(Method::POST, json!({})).await;
    let detail = format!("For EUA '{}' reconfirmation period was until 2027-03-04 12:00:00.000000.", late.agreement);
    refused.is_error(400, "Reconfirmation requested after acceptance period.", &detail);
}

#[tokio::test]
async fn an_account_that_is_left_out_ends_and_the_next_period_comes() {
    let mut setup = permitted();
    setup.switches.reconfirmation_extends_access = true;
    let mut house = Confirming::start(&setup, 730).await;
    for _ in 0..3 {
        house.world.days_pass(80).await;
        house.ask(Method::POST, json!({})).await.ok();
        house.walk(&Answers::default()).await.unwrap();
        house.world.days_pass(10).await;
        assert_eq!(house.balances().await, 200);
    }
    house.world.days_pass(80).await;
    let row = house.ask(Method::POST, json!({})).await.ok();
    let path = row["reconfirmation_url"].as_str().unwrap().strip_prefix(crate::kit::BASE).unwrap().to_owned();
    house.world.form(&path, &[("step", "reconfirm")]).await;
    let row = house.ask(Method::GET, json!({})).await.ok();
    assert_ne!(row["accounts"][&house.account]["rejected"], "");
    house.world.days_pass(10).await;
    assert_eq!(house.balances().await, 401);
    assert_eq!(house.ask(Method::POST, json!({})).await.body["summary"], "No accounts left to reconfirm.");
}

#[tokio::test]
async fn it_is_for_british_banks_and_permitted_companies() {
    let world = permitted().start().await;
    let body = json!({ "institution_id": NORDHAFEN, "access_valid_for_days": 180, "reconfirmation": true });
    let refused = world.post(PATH, &body).await;
    assert_eq!(refused.body["reconfirmation"]["summary"], "Reconfirmation not supported");
    assert_eq!(agreement(&world, 90).await.body["reconfirmation"]["summary"], "Reconfirmation is not allowed");
    assert_eq!(agreement(&World::new().await, 180).await.status, 403);

    let house = Confirming::start(&permitted(), 180).await;
    assert_eq!(house.ask(Method::GET, json!({})).await.status, 404, "nothing has been asked for");
    let refused = house.ask(Method::POST, json!({ "redirect": "nowhere" })).await;
    let error = json!({ "summary": "Invalid redirect URI", "detail": "Redirect URI must have a valid URI structure" });
    refused.is(400, &json!({ "redirect": [error], "status_code": 400 }));
    house.sandbox.set_switches(Setup::default().switches);
    let detail = "You do not have permission to perform this action.";
    house.ask(Method::GET, json!({})).await.is_error(403, "", detail);
}

#[tokio::test]
async fn it_needs_an_accepted_agreement_with_accounts() {
    let world = permitted().start().await;
    let id = agreement(&world, 180).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("{PATH}{id}/reconfirm/");
    let detail = format!("EUA '{id}' is not accepted.");
    world.post(&path, &json!({})).await.is_error(400, "End user agreement needs to be accepted.", &detail);

    let requisition = world.request(LOCKSIDE, json!({ "agreement": id })).await;
    let link = requisition["link"].as_str().unwrap().strip_prefix(crate::kit::BASE).unwrap();
    world.page(link).await;
    world.form(link, &[("step", "consent")]).await;
    let detail =
        format!("For associated requisition '{}', there are no accounts linked.", requisition["id"].as_str().unwrap());
    world.post(&path, &json!({})).await.is_error(400, "No accounts linked.", &detail);
}

#[tokio::test]
async fn a_lapse_may_read_like_an_expired_agreement() {
    let mut setup = permitted();
    setup.switches.lapsed_reconfirmation_is_access_expired = false;
    let mut house = Confirming::start(&setup, 180).await;
    house.world.days_pass(90).await;
    let refused = house.world.get(&format!("/accounts/{}/balances/", house.account)).await;
    let summary = format!("End User Agreement (EUA) {} has expired", house.agreement);
    assert_eq!((refused.status.as_u16(), &refused.body["summary"]), (401, &json!(summary)));
}
