//! Serves a sandbox: `cargo run -p bankside-sandbox --example serve -- 127.0.0.1:5007 [state.json]`.

use std::error::Error;
use std::sync::Arc;

use bankside_domain::{Ambient, Clock, Entropy};
use bankside_sandbox::{ClockMode, Sandbox, SandboxConfig};

struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this example is its own composition root")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

impl Entropy for System {
    #[expect(clippy::disallowed_methods, reason = "this example is its own composition root")]
    #[expect(clippy::expect_used, reason = "without randomness there is nothing to serve")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the system has a random source");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:5007".to_owned());
    let config = SandboxConfig {
        public_url: format!("http://{address}").parse()?,
        state_file: arguments.next().map(Into::into),
        clock: ClockMode::Running,
        daily_limit_everywhere: true,
    };
    let sandbox = Sandbox::open(config, Ambient::new(Arc::new(System), Arc::new(System)))?;
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{address}/");
    axum::serve(listener, sandbox.router()).await?;
    Ok(())
}
