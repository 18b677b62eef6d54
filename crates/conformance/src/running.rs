//! A sandbox that serves on loopback, with a clock that stands still until it is turned: what every provider's simulator here
//! is made of.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use bankside_connect::{Answered, Form, FormField};
use bankside_domain::{Ambient, Secret};
use bankside_sandbox::{ArmedFault, ClockMode, Sandbox, SandboxConfig, Switches};
use bankside_testkit::TestClock;
use url::Url;

use crate::simulator::Walk;

/// A running sandbox.
pub(crate) struct Running {
    pub(crate) sandbox: Sandbox,
    pub(crate) switches: Switches,
    pub(crate) ambient: Ambient,
    pub(crate) clock: Arc<TestClock>,
    /// Where the provider's API begins.
    pub(crate) base_url: Url,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Running {
    /// Starts one whose provider's API begins at `path`, with one of the switches turned if one is named.
    pub(crate) async fn start(path: &str, turned: Option<&str>) -> Result<Self, Box<dyn Error>> {
        Self::start_behind(path, turned, |router| router).await
    }

    /// The same with something before it that sees each request.
    pub(crate) async fn start_behind(
        path: &str,
        turned: Option<&str>,
        before: impl FnOnce(Router) -> Router,
    ) -> Result<Self, Box<dyn Error>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (ambient, clock) = bankside_testkit::ambient();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let public_url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let base_url = public_url.join(path)?;
        let switches = match turned {
            Some(name) => Switches::default().turned(name).ok_or(format!("there is no switch {name}"))?,
            None => Switches::default(),
        };
        let config =
            SandboxConfig { public_url, state_file: None, clock: ClockMode::Running, daily_limit_everywhere: true };
        let sandbox = Sandbox::open_with(config, ambient.clone(), switches.clone())?;
        let router = before(sandbox.router());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { sandbox, switches, ambient, clock, base_url, server })
    }

    /// The keys that the sandbox tells everybody for a provider, by our names: pairs of ours and the sandbox's.
    pub(crate) fn keys(&self, provider: &str, names: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        let index = self.sandbox.index();
        let providers = index["providers"].as_array().into_iter().flatten();
        let credentials = providers.filter(|one| one["id"] == provider).map(|one| &one["credentials"]);
        let key = |credentials: &serde_json::Value| {
            let read =
                |(ours, theirs): &(&str, &str)| Some(((*ours).to_owned(), Secret::new(credentials[*theirs].as_str()?)));
            names.iter().filter_map(read).collect::<Vec<_>>()
        };
        credentials.flat_map(key).collect()
    }

    /// Arms a fault at calls with this label, by a method and about an account where one is named.
    pub(crate) fn arm(&self, (on, method): (&str, Option<&str>), kind: &str, account: Option<&str>, how: How) {
        // Nobody waits for what never comes.
        let seconds = if kind == "never_answers" { Some(0) } else { how.seconds };
        let fault = ArmedFault {
            method: method.map(str::to_owned),
            account: account.map(str::to_owned),
            times: how.times,
            seconds,
            ..ArmedFault::new(on, kind)
        };
        let armed = self.sandbox.arm(fault);
        assert!(armed.is_ok(), "{armed:?}");
    }

    /// How many calls had one of these labels, by the method if one is named.
    pub(crate) fn calls_of(&self, labels: &[(&str, Option<&str>)]) -> usize {
        let is_meant = |call: &bankside_sandbox::Call| {
            labels.iter().any(|(label, method)| *label == call.label && method.is_none_or(|only| only == call.method))
        };
        self.sandbox.calls().iter().filter(|call| is_meant(call)).count()
    }
}

/// How often an armed fault fires, and how long a limit says to wait.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    pub(crate) times: Option<u32>,
    pub(crate) seconds: Option<u32>,
}

/// What can go wrong on the line at a provider's calls, with what else is written there and not by the provider.
pub(crate) fn line_troubles(provider: &str, more: &[&'static str]) -> Vec<&'static str> {
    let kinds = Sandbox::fault_kinds_of(provider).into_iter().filter(|kind| kind.source == "the line");
    kinds.map(|kind| kind.name).chain(more.iter().copied()).collect()
}

/// A form as a person fills it in: the first of each choice, and a text for everything else. Who mistypes does so once.
pub(crate) fn fill_in(
    form: &Form,
    walk: Walk,
    text: impl Fn(&FormField) -> String,
) -> Option<BTreeMap<String, Secret>> {
    if walk == Walk::Cancels || (walk == Walk::Mistypes && form.error.is_some()) {
        return None;
    }
    let answer = |field: &FormField| match &field.answered {
        Answered::OneOf(choices) => choices.first().cloned().unwrap_or_default(),
        Answered::Text | Answered::Secret | Answered::Code => text(field),
    };
    Some(form.fields.iter().map(|field| (field.key.clone(), Secret::new(answer(field)))).collect())
}
