//! What clients answer to prompts (fact sheet §6): it must fit the prompt that is open.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::banks::{Habit, Prompt};
use super::super::records::Login;
use super::{Job, Stage};

/// Answers beyond this are refused.
const LONGEST_ANSWER_CHARS: usize = 256;
/// What our own banks do not take as an answer.
const WRONG: &str = "wrong";

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A JSON array as text, one text for each question.
    Questions(String),
    /// One of the ways, as it was offered.
    Method(String),
    Token(String),
    /// The number was confirmed on the phone.
    Read,
    Captcha(String),
    /// The account to verify.
    Account(Uuid),
}

impl Job {
    /// Takes an answer; `false` when nothing like it is asked now, and then nothing changes.
    pub(crate) fn answer(&mut self, login: &mut Login, answer: Answer, now: Timestamp) -> bool {
        if let Answer::Account(id) = answer {
            return self.choose(login, id, now);
        }
        let Stage::Asking(index) = self.stage else { return false };
        let Some(prompt) = self.prompts(login).get(index) else { return false };
        let texts = match read(prompt, &answer) {
            Some(texts) if texts.iter().all(|text| text.chars().count() <= LONGEST_ANSWER_CHARS) => texts,
            _ => return false,
        };
        let takes_anything = login.bank().is_some_and(|bank| bank.habit == Habit::AnythingGoes);
        self.is_answered_wrongly |= !takes_anything && texts.iter().any(|text| text == WRONG);
        match answer {
            Answer::Questions(text) => self.echo.security_answer = Some(text),
            Answer::Method(text) => self.echo.token_choice = Some(text),
            Answer::Token(text) => self.echo.token_input = Some(text),
            Answer::Read => self.echo.verify_phone_flag = Some(true),
            Answer::Captcha(text) => self.echo.captcha_input = Some(text),
            Answer::Account(_) => {}
        }
        self.go(Stage::Answered(index), now);
        true
    }

    fn choose(&mut self, login: &mut Login, id: Uuid, now: Timestamp) -> bool {
        let waits = self.wants.choice && matches!(self.stage, Stage::AccountsReady | Stage::Choosing);
        let Some(account) = login.accounts.get_mut(&id).filter(|_| waits) else { return false };
        account.has_full_number = true;
        self.step(Stage::Loading, "TransactionTable", now);
        true
    }
}

/// The single texts of an answer; `None` when it is not one to this prompt.
fn read(prompt: &Prompt, answer: &Answer) -> Option<Vec<String>> {
    match (prompt, answer) {
        (Prompt::Questions(questions) | Prompt::QuotedQuestions(questions), Answer::Questions(text)) => {
            let texts: Vec<String> = serde_json::from_str(text).ok()?;
            (texts.len() == questions.len()).then_some(texts)
        }
        (Prompt::Methods(methods), Answer::Method(text)) => {
            methods.contains(&text.as_str()).then(|| vec![text.clone()])
        }
        (Prompt::Token(_), Answer::Token(text)) | (Prompt::Captcha, Answer::Captcha(text)) => {
            (!text.is_empty()).then(|| vec![text.clone()])
        }
        (Prompt::Read(_), Answer::Read) => Some(Vec::new()),
        _ => None,
    }
}
