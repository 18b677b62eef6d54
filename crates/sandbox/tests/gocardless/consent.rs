//! The consent pages (fact sheet §5, §13.3).

use axum::http::StatusCode;
use serde_json::json;

use crate::kit::{BASE, KANALBANK, LOCKSIDE, NORDHAFEN, SANDBOX_FINANCE, Setup, World, hidden_step};

/// A requisition's path and id.
async fn begin(world: &World, institution: &str, more: serde_json::Value) -> (String, String) {
    let row = world.request(institution, more).await;
    let link = row["link"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    (link, row["id"].as_str().unwrap().to_owned())
}

async fn status(world: &World, id: &str) -> String {
    world.get(&format!("/requisitions/{id}/")).await.ok()["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_walk_goes_through_every_status() {
    let world = World::new().await;
    let (path, id) = begin(&world, KANALBANK, json!({ "account_selection": true, "reference": "r 1" })).await;
    assert_eq!(status(&world, &id).await, "CR");
    let steps = [
        ("consent", "GC", vec![("action", "agree")]),
        ("sign_in", "UA", vec![("user_id", "me"), ("code", "1"), ("action", "continue")]),
        ("choose", "SA", vec![("account", "yen"), ("action", "continue")]),
    ];
    for (step, at, mut fields) in steps {
        let page = world.page(&path).await;
        assert_eq!((page.status, hidden_step(&page.text).as_str()), (StatusCode::OK, step));
        assert!(page.text.contains(&format!("<form method=\"post\" action=\"{path}\"")));
        assert_eq!(page.text.matches("type=\"hidden\"").count(), 1);
        assert_eq!(status(&world, &id).await, at);
        fields.push(("step", step));
        let answer = world.form(&path, &fields).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
    }
    let page = world.page(&path).await;
    assert!(page.text.contains("Access granted") && page.text.contains("1 account"));
    let requisition = world.get(&format!("/requisitions/{id}/")).await.ok();
    assert_eq!((&requisition["status"], &requisition["accounts"]), (&json!("GA"), &json!([])));
    let end = world.form(&path, &[("step", "granted")]).await;
    assert_eq!((end.status.as_u16(), end.header("location")), (302, "https://client.example/back?ref=r+1"));
    let requisition = world.get(&format!("/requisitions/{id}/")).await.ok();
    assert_eq!((&requisition["status"], requisition["accounts"].as_array().unwrap().len()), (&json!("LN"), 1));
    let account = requisition["accounts"][0].as_str().unwrap();
    assert_eq!(world.get(&format!("/accounts/{account}/")).await.ok()["name"], "Yenrekening");
}

#[tokio::test]
async fn the_agreement_is_accepted_with_the_consent() {
    let world = World::new().await;
    let row = world.request(NORDHAFEN, json!({})).await;
    let agreement = format!("/agreements/enduser/{}/", row["agreement"].as_str().unwrap());
    let path = row["link"].as_str().unwrap().strip_prefix(BASE).unwrap();
    world.page(path).await;
    assert_eq!(world.get(&agreement).await.ok()["accepted"], json!(null));
    world.form(path, &[("step", "consent"), ("action", "agree")]).await;
    assert_eq!(world.get(&agreement).await.ok()["accepted"], "2026-11-20T12:00:00.000000Z");
}

#[tokio::test]
async fn a_used_link_goes_back_at_once() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let path = linked.link.strip_prefix(BASE).unwrap();
    let reused = format!(
        "https://client.example/back?ref={}&error=RequisitionLinkReused&\
         details=This+link+has+already+been+used+for+authorization+and+is+no+longer+valid.",
        linked.requisition
    );
    for answer in [world.page(path).await, world.form(path, &[("step", "granted")]).await] {
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, reused.as_str()));
    }
    assert_eq!(status(&world, &linked.requisition).await, "LN");
}

#[tokio::test]
async fn a_cancelled_walk_can_be_taken_up_again() {
    let world = World::new().await;
    let (path, id) = begin(&world, NORDHAFEN, json!({ "reference": "c" })).await;
    world.page(&path).await;
    for step in ["consent", "sign_in"] {
        let answer = world.form(&path, &[("step", step), ("action", "cancel")]).await;
        let expected =
            "https://client.example/back?ref=c&error=UserCancelledSession&details=User+cancelled+the+session.";
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, expected));
        world.form(&path, &[("step", "consent"), ("action", "agree")]).await;
    }
    assert_eq!(status(&world, &id).await, "UA");
    assert_eq!(world.walk(&format!("{BASE}{path}")).await.header("location"), "https://client.example/back?ref=c");
}

#[tokio::test]
async fn a_refused_user_ends_the_walk() {
    let world = World::new().await;
    let (path, id) = begin(&world, NORDHAFEN, json!({ "reference": "r" })).await;
    world.form(&path, &[("step", "consent")]).await;
    let answer = world.form(&path, &[("step", "sign_in"), ("user_id", "reject"), ("code", "1")]).await;
    let expected = "https://client.example/back?ref=r&error=UserSessionRejected&\
                    details=User+session+rejected+due+to+incorrect+credentials+or+a+business+exception.";
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, expected));
    assert_eq!(status(&world, &id).await, "RJ");
    assert!(world.page(&path).await.header("location").contains("RequisitionLinkReused"));
}

#[tokio::test]
async fn a_failing_bank_can_be_tried_again() {
    let world = World::new().await;
    let (path, id) = begin(&world, NORDHAFEN, json!({ "reference": "d" })).await;
    world.form(&path, &[("step", "consent")]).await;
    let answer = world.form(&path, &[("step", "sign_in"), ("user_id", "down"), ("code", "1")]).await;
    assert!(
        answer.header("location").starts_with("https://client.example/back?ref=d&error=InstitutionTechnicalError&")
    );
    assert_eq!(status(&world, &id).await, "UA");
    world.walk(&format!("{BASE}{path}")).await;
    assert_eq!(status(&world, &id).await, "LN");
}

#[tokio::test]
async fn banks_of_the_lists_are_down() {
    let world = World::new().await;
    let (path, _) = begin(&world, "FAROL_FAROPTPL", json!({ "reference": "f" })).await;
    assert!(world.page(&path).await.text.contains("cannot be reached"));
    let end = world.walk(&format!("{BASE}{path}")).await;
    let expected = "https://client.example/back?ref=f&error=InstitutionTechnicalError&details=A+technical+error+occurred+\
                    while+trying+to+connect+to+the+institution%2C+please+try+again.";
    assert_eq!(end.header("location"), expected);
}

#[tokio::test]
async fn forms_are_checked() {
    let world = World::new().await;
    let (path, id) = begin(&world, KANALBANK, json!({ "account_selection": true })).await;
    let stale = world.form(&path, &[("step", "granted")]).await;
    assert_eq!((stale.status, status(&world, &id).await.as_str()), (StatusCode::SEE_OTHER, "CR"));
    world.form(&path, &[("step", "consent")]).await;
    for (user, code, text) in [("", "1", "Type a user ID"), (" ", "1", "Type a user ID"), ("me", "", "Type a code")] {
        let page = world.form(&path, &[("step", "sign_in"), ("user_id", user), ("code", code)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains(text) && page.text.contains("aria-invalid=\"true\""));
    }
    world.form(&path, &[("step", "sign_in"), ("user_id", "me"), ("code", "1")]).await;
    for fields in [vec![("step", "choose")], vec![("step", "choose"), ("account", "gold")]] {
        let page = world.form(&path, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("Choose at least one account"));
    }
    assert_eq!(status(&world, &id).await, "SA");
}

#[tokio::test]
async fn links_that_lead_nowhere_say_so() {
    let world = World::new().await;
    let (path, _) = begin(&world, NORDHAFEN, json!({})).await;
    let elsewhere = path.replace(NORDHAFEN, LOCKSIDE);
    let unknown = format!("/gocardless/ob-psd2/start/3fa85f64-5717-4562-b3fc-2c963f66afa6/{NORDHAFEN}");
    for path in [elsewhere, unknown, "/gocardless/ob-psd2/start/x/y".to_owned(), path.replace("NORD", "%FF")] {
        let page = world.page(&path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text.contains("This link is not known"));
    }
}

#[tokio::test]
async fn a_redirects_own_query_is_kept() {
    for (switch, joint) in [(None, "&"), (Some("ref_joins_query_with_ampersand"), "?")] {
        let world = switch.map_or_else(Setup::default, Setup::with).start().await;
        let more = json!({ "redirect": "https://client.example/back?tab=2", "reference": "q" });
        let (path, _) = begin(&world, SANDBOX_FINANCE, more).await;
        let end = world.walk(&format!("{BASE}{path}")).await;
        assert_eq!(end.header("location"), format!("https://client.example/back?tab=2{joint}ref=q"));
    }
}

#[tokio::test]
async fn pages_need_no_script_and_take_no_frame() {
    let world = World::new().await;
    let (path, _) = begin(&world, NORDHAFEN, json!({ "redirect": "https://client.example/<script>alert(1)" })).await;
    for page in [world.page("/").await, world.page(&path).await] {
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action *; base-uri 'none'; \
                      frame-ancestors 'none'";
        assert_eq!(page.header("content-security-policy"), policy);
        assert!(!page.text.contains("<script") && !page.text.contains("style="));
        assert!(page.text.contains("lang=\"en\"") && page.text.contains("<title>") && page.text.contains("<h1>"));
        assert!(page.text.contains("no real bank"));
    }
    let css = world.page("/sandbox.css").await;
    assert_eq!((css.status, css.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
}

#[tokio::test]
async fn a_walk_may_end_in_every_documented_way() {
    let world = World::new().await;
    let ends = [
        ("ssn", "SSNVerificationFailed", "RJ"),
        ("limit", "CompanyRequisitionLimitReached", "UA"),
        ("broken", "GoCardlessTechnicalError", "UA"),
        ("unknown", "UnknownError", "UA"),
    ];
    for (user, error, left) in ends {
        let (path, id) = begin(&world, NORDHAFEN, json!({})).await;
        world.page(&path).await;
        world.form(&path, &[("step", "consent")]).await;
        let end = world.form(&path, &[("step", "sign_in"), ("user_id", user), ("code", "1")]).await;
        assert_eq!(end.status, StatusCode::FOUND);
        let expected = format!("https://client.example/back?ref={id}&error={error}&details=");
        assert!(end.header("location").starts_with(&expected), "{}", end.header("location"));
        assert_eq!(status(&world, &id).await, left);
    }
}

#[tokio::test]
async fn who_wants_to_go_straight_back_is_linked_a_moment_later() {
    let world = World::new().await;
    let (path, id) = begin(&world, NORDHAFEN, json!({ "redirect_immediate": true })).await;
    world.page(&path).await;
    world.form(&path, &[("step", "consent")]).await;
    let end = world.form(&path, &[("step", "sign_in"), ("user_id", "me"), ("code", "1")]).await;
    assert_eq!(end.header("location"), format!("https://client.example/back?ref={id}"));
    assert!(world.page(&path).await.header("location").contains("RequisitionLinkReused"));
    let first = world.get(&format!("/requisitions/{id}/")).await.ok();
    assert_eq!((&first["status"], first["accounts"].as_array().unwrap().len()), (&json!("GA"), 2));
    assert_eq!(status(&world, &id).await, "LN");
    let account = first["accounts"][0].as_str().unwrap();
    assert_eq!(world.get(&format!("/accounts/{account}/balances/")).await.status, 409);
    assert_eq!(world.get(&format!("/accounts/{account}/")).await.ok()["status"], "PROCESSING");
    world.get(&format!("/accounts/{account}/balances/")).await.ok();

    let (path, _) = begin(&world, KANALBANK, json!({ "redirect_immediate": true, "account_selection": true })).await;
    for fields in [vec![("step", "consent")], vec![("step", "sign_in"), ("user_id", "me"), ("code", "1")]] {
        world.form(&path, &fields).await;
    }
    let end = world.form(&path, &[("step", "choose"), ("account", "yen")]).await;
    assert_eq!(end.status, StatusCode::FOUND);
}
