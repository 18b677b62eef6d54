//! Jobs in version 1: asked about, which moves them on, and answered (fact sheet §3, §6).

use uuid::Uuid;

use super::super::ask::Ask;
use super::super::gate::Answered;
use super::super::jobs::Answer;
use super::super::problem::Problem;
use super::super::{logins, wire};
use super::done;
use super::logins::found;
use crate::Sandbox;

/// `Job/GetJobInformationByID`
pub(super) fn by_id(sandbox: &Sandbox, ask: &Ask) -> Answered {
    poll(sandbox, ask.body.id("JobID")?)
}

/// One step on, and what it looks like then.
pub(in crate::sophtron) fn poll(sandbox: &Sandbox, id: Uuid) -> Answered {
    let shown = logins::poll(sandbox, id, |job, login, switches| wire::job(id, job, login, switches))?;
    found(sandbox, shown)
}

/// What it looks like, without a step.
pub(super) fn show(sandbox: &Sandbox, id: Uuid) -> Answered {
    let switches = sandbox.switches();
    let shown = sandbox.read(|state, _| {
        let job = state.sophtron.jobs.get(&id)?;
        Some(wire::job(id, job, state.sophtron.logins.get(&job.login), &switches))
    });
    found(sandbox, shown)
}

fn give(sandbox: &Sandbox, ask: &Ask, answer: Answer) -> Answered {
    Ok(done(logins::answer(sandbox, ask.body.id("JobID")?, answer)?))
}

/// `Job/UpdateJobSecurityAnswer`
pub(super) fn security_answer(sandbox: &Sandbox, ask: &Ask) -> Answered {
    give(sandbox, ask, Answer::Questions(ask.body.text("SecurityAnswer")?.to_owned()))
}

/// `Job/UpdateJobTokenInput`: one of the three is set.
pub(super) fn token_input(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let choice = ask.body.text_or_none("TokenChoice").filter(|text| !text.is_empty());
    let input = ask.body.text_or_none("TokenInput").filter(|text| !text.is_empty());
    let answer = match (choice, input, ask.body.says_yes("VerifyPhoneFlag")) {
        (Some(choice), None, false) => Answer::Method(choice.to_owned()),
        (None, Some(input), false) => Answer::Token(input.to_owned()),
        (None, None, true) => Answer::Read,
        _ => return Ok(done(false)),
    };
    give(sandbox, ask, answer)
}

/// `Job/UpdateJobCaptchaInput`
pub(super) fn captcha_input(sandbox: &Sandbox, ask: &Ask) -> Answered {
    give(sandbox, ask, Answer::Captcha(ask.body.text("CaptchaInput")?.to_owned()))
}

/// `Job/UpdateJobCaptcha`, which only the samples know (§0.10 `[?]`).
pub(super) fn captcha_alias(sandbox: &Sandbox, ask: &Ask) -> Answered {
    if sandbox.switches().sophtron_captcha_alias_exists {
        return captcha_input(sandbox, ask);
    }
    Err(Problem::no_such_call())
}
