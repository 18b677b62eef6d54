//! Connecting on the stand: the loop of steps, with the simulator's person at the pages and forms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use bankside_connect::connector::{Intent, Return};
use bankside_connect::{Answered, Connected, Fault, FlowState, Form, Input, Step};
use bankside_domain::Secret;
use url::Url;

use super::{Stand, held};
use crate::simulator::{Beginning, Scene, Walk};
use crate::suite::{Miss, demand, fail};

/// A flow that is not over after so many looks never is.
const MAX_LOOKS: usize = 60;
/// Nor is one that wants more of the person.
const MAX_STEPS: usize = 12;

/// What went through the flows of a stand.
#[derive(Default)]
pub(crate) struct Flows {
    /// What people typed that nobody else should know: everything but choices that they were given.
    typed: Mutex<BTreeSet<String>>,
    /// Everything that a flow has to keep, as it is kept.
    kept: Mutex<Vec<String>>,
}

impl Flows {
    pub(crate) fn typed(&self) -> Vec<String> {
        held(&self.typed).iter().cloned().collect()
    }

    pub(crate) fn kept(&self) -> String {
        held(&self.kept).join("\n")
    }
}

/// How a flow ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Connected.
    Done(Box<Connected>),
    /// It was called off at the bank.
    Cancelled { message: String },
    /// It was called off here: the page was left, and the flow abandoned.
    Left,
    /// The bank or the provider ended it.
    Failed(Fault),
}

impl Stand {
    /// Begins with an intent, and waits for what the person has to do first.
    pub(crate) async fn begin(&self, intent: Intent<'_>) -> Result<Step, Miss> {
        let read = |url: &str| Url::parse(url).map_err(|error| fail(error.to_string()));
        let url = read("http://127.0.0.1:5006/connect/callback")?;
        let reference = format!("{:032x}", u128::from_be_bytes(self.simulator.ambient().random()));
        let notice = Some(read(&format!("https://money.example/connect/notice?state={reference}"))?);
        let step = self.connector.begin(&self.cx(), intent, &Return { url, reference, notice }).await?;
        self.settled(step).await
    }

    /// Begins a connection.
    pub(crate) async fn begin_at(&self, beginning: &Beginning) -> Result<Step, Miss> {
        match beginning {
            Beginning::New(institution_key) => self.begin(Intent::New { institution_key }).await,
            Beginning::Hosted(name) => self.begin(Intent::Hosted { name }).await,
            Beginning::Adopt(login) => self.begin(Intent::Adopt { login }).await,
        }
    }

    /// Begins to renew a connection.
    pub(crate) async fn begin_renewal(&self, connected: &Connected) -> Result<Step, Miss> {
        let institution_key = &connected.institution.key;
        self.begin(Intent::Renew { institution_key, remote: &connected.remote }).await
    }

    /// How to meet something; no occasion where the simulator says so.
    pub(crate) async fn scene(&self, scene: Scene) -> Result<Beginning, Miss> {
        self.simulator.scene(scene).await.map_err(|why| Miss::NotApplicable(why.to_owned()))
    }

    /// Goes to a scene: the first step there that is the person's.
    pub(crate) async fn meet(&self, scene: Scene) -> Result<Step, Miss> {
        let beginning = self.scene(scene).await?;
        self.begin_at(&beginning).await
    }

    /// Looks until there is something for the person to do, or the flow is over. What a flow knows is kept between two steps.
    pub(crate) async fn settled(&self, mut step: Step) -> Result<Step, Miss> {
        for _ in 0..MAX_LOOKS {
            match step {
                Step::Wait { state, poll_after_secs, message } => {
                    demand(poll_after_secs > 0, || "it is looked at without a pause".to_owned())?;
                    demand(!message.trim().is_empty(), || "nobody is told what is waited for".to_owned())?;
                    self.simulator.clock().advance(jiff::SignedDuration::from_secs(poll_after_secs.into()));
                    step = self.connector.resume(&self.cx(), &self.kept(&state)?, Input::Poll).await?;
                }
                Step::Ask(form, state) => {
                    self.fit_to_be_filled_in(&form)?;
                    return Ok(Step::Ask(form, self.kept(&state)?));
                }
                Step::Open(browser, state) => {
                    let is_open = browser.expires_at > self.now();
                    demand(is_open, || "the page to open is over before it is opened".to_owned())?;
                    return Ok(Step::Open(browser, self.kept(&state)?));
                }
                Step::Done(connected) => {
                    let kept = serde_json::to_string(&connected.remote).map_err(|error| fail(error.to_string()))?;
                    held(&self.flows.kept).push(kept);
                    return Ok(Step::Done(connected));
                }
                Step::Cancelled { .. } | Step::Failed(_) => return Ok(step),
            }
        }
        Err(fail("the flow never ends"))
    }

    /// What the person does makes the flow go on, and it is waited for what comes then.
    pub(crate) async fn resume(&self, state: &FlowState, input: Input) -> Result<Step, Miss> {
        let step = self.connector.resume(&self.cx(), state, input).await?;
        self.settled(step).await
    }

    /// Goes on until the flow is over.
    pub(crate) async fn go_on(&self, mut step: Step, walk: Walk) -> Result<Ended, Miss> {
        for _ in 0..MAX_STEPS {
            step = match step {
                Step::Ask(form, state) => {
                    let Some(answers) = self.typed(&form, walk) else {
                        self.connector.abandon(&self.cx(), &state).await?;
                        return Ok(Ended::Left);
                    };
                    self.resume(&state, Input::Answers(answers)).await?
                }
                Step::Open(browser, state) => {
                    let back = self.simulator.walk(&link(&browser.url)?, walk).await.map_err(fail)?;
                    self.resume(&state, Input::Callback(back)).await?
                }
                Step::Done(connected) => return Ok(Ended::Done(connected)),
                Step::Cancelled { message } => return Ok(Ended::Cancelled { message }),
                Step::Failed(fault) => return Ok(Ended::Failed(fault)),
                Step::Wait { .. } => self.settled(step).await?,
            };
        }
        Err(fail("the flow wants ever more of the person"))
    }

    /// Goes on as somebody does who wants the connection.
    pub(crate) async fn done(&self, step: Step) -> Result<Connected, Miss> {
        match self.go_on(step, Walk::Consents).await? {
            Ended::Done(connected) => Ok(*connected),
            other => Err(fail(format!("a consent that was given ends in {other:?}"))),
        }
    }

    /// Connects at a scene.
    pub(crate) async fn connect_at(&self, scene: Scene) -> Result<Connected, Miss> {
        let beginning = self.scene(scene).await?;
        self.done(self.begin_at(&beginning).await?).await
    }

    /// Connects in the usual way.
    pub(crate) async fn connect(&self) -> Result<Connected, Miss> {
        self.connect_at(Scene::Usual).await
    }

    /// Renews a connection.
    pub(crate) async fn renew(&self, connected: &Connected) -> Result<Connected, Miss> {
        self.done(self.begin_renewal(connected).await?).await
    }

    /// What the simulator's person types into a form; `None` where they leave it.
    pub(crate) fn typed(&self, form: &Form, walk: Walk) -> Option<BTreeMap<String, Secret>> {
        let answers = self.simulator.answer(form, walk)?;
        for field in form.fields.iter().filter(|field| !matches!(field.answered, Answered::OneOf(_))) {
            held(&self.flows.typed).extend(answers.get(&field.key).map(|answer| answer.expose().to_owned()));
        }
        Some(answers)
    }

    /// What a flow knows is kept between two steps, over a restart too.
    fn kept(&self, state: &FlowState) -> Result<FlowState, Miss> {
        let unkept = |error: serde_json::Error| fail(format!("the state of a flow cannot be kept: {error}"));
        let text = serde_json::to_string(state).map_err(unkept)?;
        let read: FlowState = serde_json::from_str(&text).map_err(unkept)?;
        held(&self.flows.kept).push(text);
        if read == *state { Ok(read) } else { Err(fail("the state of a flow is another once it has been kept")) }
    }

    /// Whether a person can do anything with a form.
    fn fit_to_be_filled_in(&self, form: &Form) -> Result<(), Miss> {
        let of = &form.title;
        let texts = [&form.title, &form.message, &form.submit];
        demand(texts.iter().all(|text| !text.trim().is_empty()), || format!("“{of}” lacks a text"))?;
        demand(form.error.as_ref().is_none_or(|error| !error.trim().is_empty()), || {
            format!("“{of}” has a blank error")
        })?;
        let keys: BTreeSet<&str> = form.fields.iter().map(|field| field.key.as_str()).collect();
        demand(keys.len() == form.fields.len(), || format!("“{of}” has two fields of one key"))?;
        for field in &form.fields {
            let has_label = !field.label.trim().is_empty();
            let can_be_answered = !matches!(&field.answered, Answered::OneOf(choices) if choices.is_empty());
            demand(has_label && can_be_answered, || format!("“{of}” has a field that nobody can answer"))?;
        }
        let picture = form.picture.as_ref();
        let is_seen = picture.is_none_or(|picture| !picture.says.is_empty() && !picture.png_base64.is_empty());
        demand(is_seen, || format!("“{of}” has a picture that shows or says nothing"))?;
        let is_open = form.expires_at.is_none_or(|at| at > self.now());
        demand(is_open, || format!("the time of “{of}” is over when it is shown"))
    }
}

/// The address of a page.
pub(crate) fn link(url: &str) -> Result<Url, Miss> {
    url.parse().map_err(|error| fail(format!("the page to open: {error}")))
}
