//! A job as clients see it (fact sheet §5, §6).

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Job, Login, Stage};
use crate::Switches;
use crate::sophtron::banks::Prompt;
use crate::sophtron::captcha;

/// The job. What the bank asks is only known while there is a login.
pub(crate) fn job(id: Uuid, job: &Job, login: Option<&Login>, switches: &Switches) -> Value {
    let (success, status) = outcome(job.stage, switches);
    let mut shown = json!({
        "JobID": id, "JobType": job.word, "UserInstitutionID": job.login, "AccountID": job.account.unwrap_or_default(),
        "SuccessFlag": success, "LastStep": job.last_step, "LastStatus": status,
        "SecurityQuestion": null, "SecurityAnswer": job.echo.security_answer, "TokenMethod": null,
        "TokenChoice": job.echo.token_choice, "TokenSentFlag": null, "TokenInputName": null,
        "TokenInput": job.echo.token_input, "TokenRead": null, "VerifyPhoneFlag": job.echo.verify_phone_flag,
        "CaptchaImage": null, "CaptchaInput": job.echo.captcha_input,
    });
    let prompts = login.map(|login| job.prompts(login)).unwrap_or_default();
    for (index, prompt) in prompts.iter().enumerate() {
        let is_open = job.stage.prompt() == Some(index);
        let is_past = job.stage.prompt().map_or(job.stage.is_past_prompts(), |open| index < open);
        if is_open || (is_past && switches.sophtron_processed_prompts_stay) {
            show(&mut shown, prompt, id);
        }
    }
    shown
}

/// `SuccessFlag` and `LastStatus`. Which word a refused job has is not documented.
fn outcome(stage: Stage, switches: &Switches) -> (Option<bool>, &'static str) {
    match stage {
        Stage::AccountsReady | Stage::Choosing | Stage::Loading => (None, "AccountsReady"),
        Stage::Completed => (None, "Completed"),
        Stage::Done => (Some(true), "Completed"),
        Stage::Refused if switches.sophtron_refused_jobs_say_completed => (Some(false), "Completed"),
        Stage::Refused => (Some(false), "Failed"),
        Stage::TimedOut => (Some(false), "Timeout"),
        _ => (None, "Started"),
    }
}

fn show(shown: &mut Value, prompt: &Prompt, id: Uuid) {
    match prompt {
        Prompt::Captcha => shown["CaptchaImage"] = captcha::picture(id.as_u128()).into(),
        Prompt::Questions(texts) => shown["SecurityQuestion"] = json!(texts).to_string().into(),
        Prompt::QuotedQuestions(texts) => {
            let quoted: Vec<_> = texts.iter().map(|text| format!("'{text}'")).collect();
            shown["SecurityQuestion"] = format!("[{}]", quoted.join(",")).into();
        }
        Prompt::Methods(ways) => shown["TokenMethod"] = json!(ways).to_string().into(),
        Prompt::Token(name) => {
            shown["TokenSentFlag"] = true.into();
            shown["TokenInputName"] = (*name).into();
        }
        Prompt::Read(number) => shown["TokenRead"] = (*number).into(),
    }
}
