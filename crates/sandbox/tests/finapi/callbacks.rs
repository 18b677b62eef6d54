//! Callbacks: what is posted, when, how often, and that it may lie.

use bankside_sandbox::Answers;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::kit::*;
use crate::spec::Shapes;

/// Somewhere to post to.
struct PostBox(TcpListener);

impl PostBox {
    async fn open() -> Self {
        Self(TcpListener::bind(("127.0.0.1", 0)).await.unwrap())
    }

    /// Addresses of this box under each name, with the name in the path.
    fn callbacks(&self) -> Value {
        let port = self.0.local_addr().unwrap().port();
        let at = |name: &str| format!("http://127.0.0.1:{port}/{name}?state=x7");
        json!({ "finalised": at("finalised"), "webFormRequired": at("webFormRequired") })
    }

    /// What is posted next: where to, and what.
    async fn next(&self) -> (String, Value) {
        let (mut stream, _) = self.0.accept().await.unwrap();
        let mut text = Vec::new();
        loop {
            let mut part = [0; 1024];
            let read = stream.read(&mut part).await.unwrap();
            text.extend(&part[..read]);
            let whole = String::from_utf8(text.clone()).unwrap();
            let (head, body) = whole.split_once("\r\n\r\n").unwrap_or_default();
            if let Ok(body) = serde_json::from_str::<Value>(body) {
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                assert!(head.contains("Content-Type: application/json"), "{head}");
                return (head.lines().next().unwrap_or_default().to_owned(), body);
            }
            assert!(read > 0, "{whole}");
        }
    }
}

const FINALISED: &str = "POST /finalised?state=x7 HTTP/1.1";

async fn filled_in(world: &World, post_box: &PostBox, user: &str) -> Value {
    let form = world.form(&json!({ "callbacks": post_box.callbacks() })).await;
    let answers = Answers { user_id: user.to_owned(), ..Answers::default() };
    world.walk(form["url"].as_str().unwrap(), &answers).await;
    form
}

fn told(form: &Value, status: &str) -> (String, Value) {
    let body = json!({ "webFormId": form["id"], "status": status });
    assert_eq!(Shapes::read().misses("WebForm.WebFormCompletedCallback", &body), None);
    (FINALISED.to_owned(), body)
}

#[tokio::test]
async fn the_end_of_a_form_is_told_once_or_as_often_as_is_wanted() {
    let (world, post_box) = (World::new().await, PostBox::open().await);
    let form = filled_in(&world, &post_box, "one").await;
    assert_eq!(post_box.next().await, told(&form, "COMPLETED"));
    world.look(&form).await;
    world.happen(json!({ "event": "callbacks", "delivery": "never" }));
    filled_in(&world, &post_box, "two").await;
    world.happen(json!({ "event": "callbacks", "delivery": "twice" }));
    let third = filled_in(&world, &post_box, "three").await;
    // The next that comes is the third one's: nothing was told twice before, and of the second nothing at all.
    assert_eq!(post_box.next().await, told(&third, "COMPLETED"));
    assert_eq!(post_box.next().await, told(&third, "COMPLETED"));
}

#[tokio::test]
async fn who_cancels_and_who_never_comes_is_told_of_too() {
    let (mut world, post_box) = (World::new().await, PostBox::open().await);
    let form = world.form(&json!({ "callbacks": post_box.callbacks() })).await;
    world.walk(form["url"].as_str().unwrap(), &Answers { cancels: true, ..Answers::default() }).await;
    assert_eq!(post_box.next().await, told(&form, "ABORTED"));
    let form = world.form(&json!({ "callbacks": post_box.callbacks() })).await;
    world.pass(31 * 60).await;
    assert_eq!(post_box.next().await, told(&form, "EXPIRED"));
}

#[tokio::test]
async fn a_lie_says_that_all_is_completed_at_once() {
    let (world, post_box) = (World::new().await, PostBox::open().await);
    world.happen(json!({ "event": "callbacks", "delivery": "lying" }));
    let form = world.form(&json!({ "callbacks": post_box.callbacks() })).await;
    assert_eq!(post_box.next().await, told(&form, "COMPLETED"));
    assert_eq!(world.look(&form).await["status"], "NOT_YET_OPENED");
}

#[tokio::test]
async fn an_update_tells_that_it_wants_the_person_and_that_it_is_over() {
    let (world, post_box) = (World::new().await, PostBox::open().await);
    let connection = world.connect("Nordhafen").await;
    let wish = |body: Value| {
        let mut body = body;
        body["bankConnectionIds"] = json!([connection]);
        body["callbacks"] = post_box.callbacks();
        body
    };
    let task = world.update(wish(json!({}))).await;
    let mut shapes = Shapes::read();
    let over = json!({ "taskId": task["id"], "status": "COMPLETED" });
    assert_eq!(post_box.next().await, (FINALISED.to_owned(), over.clone()));
    let task = world.update(wish(json!({ "manageSavedSettings": ["CREDENTIALS"] }))).await;
    let wanted = json!({ "taskId": task["id"], "status": "WEB_FORM_REQUIRED", "webForm": task["payload"]["webForm"] });
    assert_eq!(post_box.next().await, ("POST /webFormRequired?state=x7 HTTP/1.1".to_owned(), wanted.clone()));
    for body in [&over, &wanted] {
        assert_eq!(shapes.misses("WebForm.TaskCallback", body), None);
    }
    world.walk(task["payload"]["webForm"]["url"].as_str().unwrap(), &Answers::default()).await;
    let (path, body) = post_box.next().await;
    assert_eq!((path.as_str(), &body["taskId"], &body["status"]), (FINALISED, &task["id"], &json!("COMPLETED")));
}
