//! Jobs in version 2 (fact sheet §4): one path for all answers, whose text means what the path says.

use super::super::ask::Ask;
use super::super::gate::{Answered, Reply};
use super::super::jobs::Answer;
use super::super::problem::Problem;
use super::super::{logins, v1};
use crate::Sandbox;

/// `GET /v2/job/{jobId}`
pub(super) fn retrieve(sandbox: &Sandbox, ask: &Ask) -> Answered {
    v1::poll(sandbox, ask.param_id(0)?)
}

/// `PUT /v2/job/{jobId}/challenge/{type} {AnswerText}`: 0 or -1, as in version 1.
pub(super) fn answer(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let text = || ask.body.text("AnswerText").map(str::to_owned);
    let answer = match ask.param(1).to_lowercase().as_str() {
        "securityquestion" => Answer::Questions(text()?),
        "tokenmethod" => Answer::Method(text()?),
        "tokeninput" | "tokensentflag" => Answer::Token(text()?),
        "tokenread" if ask.body.says_yes("AnswerText") => Answer::Read,
        "tokenread" => return Ok(Reply::Json((-1).into())),
        "captchaimage" => Answer::Captcha(text()?),
        "single_account_select" => Answer::Account(ask.body.id("AnswerText")?),
        _ => return Err(Problem::bad_request()),
    };
    let has_worked = logins::answer(sandbox, ask.param_id(0)?, answer)?;
    Ok(v1::done(has_worked))
}
