//! Forms: what a person types is handed on once and forgotten, and nothing is tried again without them.

use bankside_connect::{FlowState, Form, Input, Step};
use bankside_domain::fault::FaultClass;
use jiff::SignedDuration;

use super::connecting::{ids, login_keys};
use super::faults::fit_to_be_shown;
use super::{Miss, checks, demand, fail, without};
use crate::simulator::{Call, Scene, Trouble, Walk};
use crate::stand::{Ended, Stand};

checks! { "Forms":
    "who answers what is asked is connected" => answered, each;
    "an answer is sent once: one whose receipt was lost is not sent again by itself" => sent_once;
    "a sign-in whose receipt was lost makes one login, and the person decides about the next try" => signed_in_once;
    "wrong PIN once: no automatic second try" => no_second_try, each;
    "a sync whose sign-in the bank refuses tries it no more than once, and says so" => refused_in_a_fetch;
    "a form whose time is over ends in words, whether it is looked at again or answered late" => time_is_over;
    "who leaves a form has changed nothing" => left;
}

/// Longer than any bank waits.
const LATE: SignedDuration = SignedDuration::from_mins(16);
/// A page that is left open looks at least so often.
const LOOKS: usize = 8;

/// How often a bank has been tried: with a sign-in, with an answer, or with what the provider has of them.
fn tries(stand: &Stand) -> usize {
    [Call::SignIn, Call::Answer, Call::Reading].map(|call| stand.simulator.calls_of(call)).iter().sum()
}

async fn answered(stand: &Stand) -> Result<(), Miss> {
    let step = stand.meet(Scene::Asked).await?;
    let connected = stand.done(step).await?;
    demand(!stand.flows.typed().is_empty(), || "nothing was asked".to_owned())?;
    match stand.fetch(&connected).await.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("fetching with it: {fault}"))),
    }
}

/// Fills in a form as the simulator's person does.
async fn fill_in(stand: &Stand, form: &Form, state: &FlowState) -> Result<Step, Miss> {
    let answers = stand.typed(form, Walk::Consents).ok_or_else(|| fail("the person leaves the form"))?;
    stand.resume(state, Input::Answers(answers)).await
}

async fn sent_once(stand: &Stand) -> Result<(), Miss> {
    let mut step = stand.meet(Scene::Asked).await?;
    without(stand.simulator.arm(Trouble::Line("answer_lost"), Call::Answer, None, Some(1)))?;
    // Sign-ins may come before the bank's first question.
    while stand.simulator.calls_of(Call::Answer) == 0 {
        let Step::Ask(form, state) = step else { return Err(fail(format!("the bank asks nothing: {step:?}"))) };
        step = match fill_in(stand, &form, &state).await {
            Err(Miss::Fault(fault)) => {
                demand(fault.class() == FaultClass::RetryLater, || fault.to_string())?;
                fit_to_be_shown(&fault)?;
                stand.resume(&state, Input::Poll).await?
            }
            step => step?,
        };
    }
    let sent = stand.simulator.calls_of(Call::Answer);
    demand(sent == 1, || format!("it was sent {sent} times"))?;
    stand.done(step).await.map(|_| ())
}

async fn signed_in_once(stand: &Stand) -> Result<(), Miss> {
    without(stand.simulator.arm(Trouble::Line("answer_lost"), Call::SignIn, None, Some(1)))?;
    let before = login_keys(stand).await?;
    let step = stand.meet(Scene::Made).await?;
    let Step::Ask(form, state) = step else { return Err(fail(format!("there is no sign-in: {step:?}"))) };
    let mut step = match fill_in(stand, &form, &state).await {
        Err(Miss::Fault(fault)) => {
            demand(fault.class() == FaultClass::RetryLater, || fault.to_string())?;
            stand.resume(&state, Input::Poll).await?
        }
        step => step?,
    };
    for _ in 0..LOOKS {
        let Step::Ask(form, state) = step else { return Err(fail(format!("it goes on by itself: {step:?}"))) };
        demand(form.error.is_some(), || "the person is not told".to_owned())?;
        stand.simulator.clock().advance(SignedDuration::from_mins(1));
        step = stand.resume(&state, Input::Poll).await?;
    }
    let sent = stand.simulator.calls_of(Call::SignIn);
    demand(sent == 1, || format!("it was sent {sent} times before the person signed in again"))?;
    let connected = stand.done(step).await?;
    let made: Vec<String> = login_keys(stand).await?.difference(&before).cloned().collect();
    demand(made.len() == 1, || format!("{} logins were made", made.len()))?;
    let own = stand.connector.login_of(&connected.remote);
    demand(own.as_ref() == made.first(), || format!("the connection uses {own:?} and not {made:?}"))
}

/// What the person is told once the bank has refused what they typed, and with what the flow goes on if it does.
async fn refused(stand: &Stand) -> Result<(String, Option<FlowState>), Miss> {
    let mut step = stand.meet(Scene::Asked).await?;
    let mut typed = 0;
    loop {
        match step {
            Step::Ask(form, state) => match stand.typed(&form, Walk::Mistypes) {
                Some(answers) => {
                    let before = tries(stand);
                    step = stand.resume(&state, Input::Answers(answers)).await?;
                    let tried = tries(stand) - before;
                    demand(tried == 1, || format!("what was typed once was tried {tried} times"))?;
                    typed += 1;
                }
                None if typed > 0 => return Ok((form.error.unwrap_or(form.message), Some(state))),
                None => return Err(fail("the person types nothing")),
            },
            Step::Failed(fault) if typed > 0 => {
                fit_to_be_shown(&fault)?;
                return Ok((fault.record().message.clone(), None));
            }
            other => return Err(fail(format!("what is wrong ends in {other:?}"))),
        }
    }
}

async fn no_second_try(stand: &Stand) -> Result<(), Miss> {
    let (said, state) = refused(stand).await?;
    demand(!said.trim().is_empty(), || "the person is not told".to_owned())?;
    let before = tries(stand);
    let Some(mut state) = state else { return Ok(()) };
    for _ in 0..LOOKS {
        stand.simulator.clock().advance(SignedDuration::from_mins(1));
        match stand.resume(&state, Input::Poll).await? {
            Step::Ask(_, next) => state = next,
            other => return Err(fail(format!("while it is only looked at, it goes on to {other:?}"))),
        }
        demand(tries(stand) == before, || "it is tried again while it is only looked at".to_owned())?;
    }
    stand.connector.abandon(&stand.cx(), &state).await?;
    demand(tries(stand) == before, || "it is tried again when it is called off".to_owned())
}

async fn refused_in_a_fetch(stand: &Stand) -> Result<(), Miss> {
    stand.scene(Scene::Asked).await?;
    let connected = stand.connect().await?;
    without(stand.simulator.arm(Trouble::Withdrawn, Call::Rows, None, None))?;
    let before = tries(stand);
    let fetched = stand.fetch(&connected).await;
    let fault = fetched.any_fault().ok_or_else(|| fail("it is not told"))?;
    demand(fault.class() == FaultClass::NeedsUser, || fault.to_string())?;
    let tried = tries(stand) - before;
    demand(tried <= 1, || format!("it is tried {tried} times"))
}

/// Goes on to the first form whose time is limited.
async fn timed(stand: &Stand) -> Result<(Box<Form>, FlowState), Miss> {
    let mut step = stand.meet(Scene::Asked).await?;
    loop {
        match step {
            Step::Ask(form, state) if form.expires_at.is_some() => return Ok((form, state)),
            Step::Ask(form, state) => step = fill_in(stand, &form, &state).await?,
            _ => return Err(Miss::NotApplicable("no form says how long it is open".to_owned())),
        }
    }
}

async fn time_is_over(stand: &Stand) -> Result<(), Miss> {
    for is_answered in [false, true] {
        let (form, state) = timed(stand).await?;
        stand.simulator.clock().advance(LATE);
        let input = match stand.typed(&form, Walk::Consents) {
            Some(answers) if is_answered => Input::Answers(answers),
            _ => Input::Poll,
        };
        match stand.resume(&state, input).await {
            Ok(Step::Failed(fault)) | Err(Miss::Fault(fault)) => fit_to_be_shown(&fault)?,
            Ok(Step::Ask(next, state)) => {
                let is_told = next.error.is_some() || next.title != form.title;
                demand(is_told, || format!("“{}” is asked as if nothing were", form.title))?;
                stand.connector.abandon(&stand.cx(), &state).await?;
            }
            other => return Err(fail(format!("answered late {is_answered}: it goes on to {other:?}"))),
        }
    }
    Ok(())
}

async fn left(stand: &Stand) -> Result<(), Miss> {
    let before = stand.connect().await?;
    let logins = login_keys(stand).await?;
    let step = stand.meet(Scene::Asked).await?;
    match stand.go_on(step, Walk::Cancels).await? {
        Ended::Left => {}
        other => return Err(fail(format!("leaving it ends in {other:?}"))),
    }
    demand(login_keys(stand).await? == logins, || "the logins at the provider are others".to_owned())?;
    let fetched = stand.fetch(&before).await;
    demand(fetched.any_fault().is_none(), || format!("another connection: {:?}", fetched.any_fault()))?;
    demand(fetched.accounts.len() == ids(&before).len(), || "another connection lacks an account".to_owned())
}
