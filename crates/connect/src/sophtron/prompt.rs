//! Prompts: the form that puts one to the person, and the call that carries the answer. Source: sections 3 and 6 of the fact
//! sheet.

use std::collections::BTreeMap;

use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;
use bankside_domain::text::tidy;
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::Client;
use super::job::Prompt;
use super::problem;
use crate::entities::decoded;
use crate::fault::Fault;
use crate::step::{Answered, Form, FormField, FormPicture};

const CHOICE: &str = "choice";
const CODE: &str = "code";
const PICTURE: &str = "picture";
/// No captcha is larger, as base64.
const MAX_PICTURE_CHARS: usize = 350_000;
/// How a PNG begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The form of a prompt. `again` says that it was answered before and what was answered was not taken.
pub(super) fn form(
    prompt: &Prompt,
    picture: Option<&str>,
    bank: &str,
    again: bool,
    expires_at: Timestamp,
) -> Result<Form, Fault> {
    let (title, message, fields) = match prompt {
        Prompt::Questions(questions) => (
            format!("{bank} asks"),
            "Answer as you told the bank when you chose the questions.".to_owned(),
            questions.iter().enumerate().map(|(at, text)| question(at, text)).collect(),
        ),
        Prompt::Method(methods) => (
            "How should the code reach you?".to_owned(),
            format!("{bank} sends a code before it lets anybody in."),
            vec![field(CHOICE, "Send it", Answered::OneOf(methods.iter().map(|text| plain(text)).collect()))],
        ),
        Prompt::Token(name) => (
            format!("Code of {bank}"),
            "Type the code that the bank has sent you.".to_owned(),
            vec![field(CODE, name.as_deref().and_then(tidy).as_deref().unwrap_or("Code"), Answered::Code)],
        ),
        Prompt::Read(_) => (
            "Confirm at your other device".to_owned(),
            format!("Give this to {bank} where it asks for it, on your phone or in its app, and then go on."),
            Vec::new(),
        ),
        Prompt::Captcha => (
            "What does the picture say?".to_owned(),
            format!("{bank} wants to know whether a person signs in."),
            vec![field(PICTURE, "Characters in the picture", Answered::Text)],
        ),
    };
    let error = "The bank asks this again: what was answered before was not taken, or one more is wanted.";
    let shown = match prompt {
        Prompt::Read(number) => Some(plain(number)),
        _ => None,
    };
    let submit = if shown.is_some() { "I have confirmed it" } else { "Go on" }.to_owned();
    Ok(Form {
        title,
        message,
        is_from_bank: true,
        error: again.then(|| error.to_owned()),
        picture: picture.map(png).transpose()?,
        shown,
        fields,
        submit,
        expires_at: Some(expires_at),
    })
}

fn question(at: usize, text: &str) -> FormField {
    field(&question_key(at), &plain(text), Answered::Secret)
}

fn question_key(at: usize) -> String {
    format!("answer_{}", at + 1)
}

fn field(key: &str, label: &str, answered: Answered) -> FormField {
    FormField { key: key.to_owned(), label: label.to_owned(), hint: String::new(), answered, is_optional: false }
}

/// A text of the bank on one line, its entities read.
fn plain(text: &str) -> String {
    tidy(&decoded(text)).unwrap_or_default()
}

fn png(picture: &str) -> Result<FormPicture, Fault> {
    let base64: String = picture.rsplit(',').next().unwrap_or_default().split_whitespace().collect();
    let is_png = BASE64.decode(base64.as_bytes()).is_ok_and(|bytes| bytes.starts_with(PNG));
    if !is_png || base64.len() > MAX_PICTURE_CHARS {
        let message = "The bank asks with a picture that cannot be shown here.";
        return Err(Fault::new(FaultClass::Unsupported, "sophtron.picture", message));
    }
    Ok(FormPicture { says: "A picture with characters to type".to_owned(), png_base64: base64 })
}

/// Hands an answer on; answers with whether it was taken. What was typed goes nowhere else.
pub(super) async fn answer(
    client: &Client<'_>,
    job: &str,
    prompt: &Prompt,
    answers: &BTreeMap<String, Secret>,
) -> Result<bool, Fault> {
    let text = |key: &str| answers.get(key).map(Secret::expose).unwrap_or_default();
    match prompt {
        Prompt::Questions(questions) => {
            let list: Vec<&str> = (0..questions.len()).map(|at| text(&question_key(at))).collect();
            let body = json!({ "JobID": job, "SecurityAnswer": json!(list).to_string() });
            client.did("Job/UpdateJobSecurityAnswer", &body).await
        }
        Prompt::Method(methods) => {
            let chosen = methods.iter().find(|method| plain(method) == text(CHOICE));
            let Some(chosen) = chosen else { return Ok(false) };
            client.did(TOKEN, &token(job, Some(chosen), None, None)).await
        }
        Prompt::Token(_) => client.did(TOKEN, &token(job, None, Some(text(CODE)), None)).await,
        Prompt::Read(_) => client.did(TOKEN, &token(job, None, None, Some(true))).await,
        Prompt::Captcha => {
            let body = json!({ "JobID": job, "CaptchaInput": text(PICTURE) });
            match client.did("Job/UpdateJobCaptchaInput", &body).await {
                // The help names it so; Sophtron's own programs call it otherwise.
                Err(fault) if fault.code() == problem::NOT_FOUND => client.did("Job/UpdateJobCaptcha", &body).await,
                result => result,
            }
        }
    }
}

const TOKEN: &str = "Job/UpdateJobTokenInput";

/// One of these is set, the others are null.
fn token(job: &str, choice: Option<&str>, input: Option<&str>, is_confirmed: Option<bool>) -> Value {
    json!({ "JobID": job, "TokenChoice": choice, "TokenInput": input, "VerifyPhoneFlag": is_confirmed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(prompt: &Prompt, picture: Option<&str>) -> Form {
        form(prompt, picture, "Prairie Credit Union", false, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn each_kind_is_a_page_of_its_own() {
        let png = BASE64.encode(PNG);
        let forms = [
            asked(&Prompt::Questions(vec!["First pet&#39;s name?".into(), "First car?".into()]), None),
            asked(&Prompt::Method(vec!["Text  xxx-xxx-1234".into(), "Email s*****@example.org".into()]), None),
            asked(&Prompt::Token(Some("PIN".into())), None),
            asked(&Prompt::Token(None), None),
            asked(&Prompt::Read("4711".into()), None),
            asked(&Prompt::Captcha, Some(&png)),
        ];
        insta::assert_json_snapshot!(forms);
    }

    #[test]
    fn a_picture_must_be_one() {
        let data = format!("data:image/png;base64,{}", BASE64.encode(PNG));
        assert_eq!(asked(&Prompt::Captcha, Some(&data)).picture.unwrap().png_base64, BASE64.encode(PNG));
        for odd in ["", "<svg/>", "R0lGODlh"] {
            let fault = form(&Prompt::Captcha, Some(odd), "B", false, Timestamp::UNIX_EPOCH).unwrap_err();
            assert_eq!(fault.code(), "sophtron.picture", "{odd}");
        }
    }
}
