//! Faults of the line, over a real connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bankside_sandbox::{ArmedFault, Switches};
use serde_json::json;
use tokio::net::TcpListener;

use crate::kit::*;

/// What a client without manners gets from a sandbox that listens.
fn raw(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_line_breaks_as_armed() {
    let sandbox = open(None, Switches::default());
    let world = World::of(sandbox.clone());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = sandbox.router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let body = json!({ "UniqueID": "a" }).to_string();
    let post = format!(
        "POST {API}/v2/customers HTTP/1.1\r\nhost: {address}\r\nauthorization: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        world.sign("POST", "/customers"),
        body.len(),
    );
    let strike = async |kind: &str| {
        sandbox.arm(ArmedFault { seconds: Some(0), ..ArmedFault::new("sophtron/v2/customers", kind) }).unwrap();
        let post = post.clone();
        let answer = tokio::task::spawn_blocking(move || raw(address, &post)).await.unwrap();
        let call = sandbox.calls().pop().unwrap();
        assert_eq!(call.fault, Some(kind));
        (answer, call.status)
    };
    let customers = async || world.get("/v2/customers").await.ok().as_array().unwrap().len();
    for kind in ["connection_closed", "never_answers"] {
        assert_eq!(strike(kind).await, (String::new(), None), "{kind}");
        assert_eq!(customers().await, 1, "{kind}: nothing was done");
    }
    assert_eq!(strike("answer_lost").await, (String::new(), None));
    assert_eq!(customers().await, 2, "it was done");
    let (cut, status) = strike("body_cut").await;
    assert!(cut.starts_with("HTTP/1.1 200") && cut.contains("\"CustomerID\"") && !cut.contains("UniqueID"), "{cut}");
    assert_eq!(status, Some(200));
    let (labelled, _) = strike("wrong_content_type").await;
    assert!(labelled.contains("content-type: text/plain") && labelled.ends_with('}'), "{labelled}");
    server.abort();
}
