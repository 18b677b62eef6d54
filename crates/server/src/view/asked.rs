//! What a bank or a provider asks of a person, whatever it is: a sign-in, questions, a code, a picture to read, a nod elsewhere.

use askama::Template;
use bankside_engine::{Answered, Form, FormField};

use super::day::Today;

/// What the names of a form's fields begin with.
pub(crate) const ANSWER: &str = "answer-";

/// A form as it stands on a page.
#[derive(Template, Hash)]
#[template(path = "asked.html")]
pub(crate) struct AskedHtml {
    bank: String,
    provider_name: &'static str,
    answer_url: String,
    cancel_url: String,
    title: String,
    message: String,
    is_from_bank: bool,
    error: Option<String>,
    /// What the picture is, and its bytes in base64.
    picture: Option<(String, String)>,
    shown: Option<String>,
    fields: Vec<AskedField>,
    submit: String,
    /// Whether anything is typed, and not only chosen.
    is_typed: bool,
    /// When the bank does not wait any longer, as an instant for the script and in words.
    until: Option<(String, String)>,
}

#[derive(Hash)]
struct AskedField {
    /// Its name in the form; a bank's own names have no business among ours.
    name: String,
    label: String,
    hint: String,
    kind: Answering,
    is_first: bool,
    is_optional: bool,
}

/// How a field is shown.
#[derive(Hash)]
enum Answering {
    Typed { attrs: &'static str },
    Chosen { options: Vec<String> },
}

impl AskedHtml {
    /// A form of a bank through a provider, with where the answers go and where it is called off.
    pub(crate) fn of(
        form: &Form,
        (bank, provider_name): (&str, &'static str),
        (answer_url, cancel_url): (String, String),
        today: &Today,
    ) -> Self {
        let field = |(index, field): (usize, &FormField)| AskedField {
            name: format!("{ANSWER}{}", field.key),
            label: field.label.clone(),
            hint: field.hint.clone(),
            kind: match &field.answered {
                Answered::Text => {
                    Answering::Typed { attrs: "class=input type=text spellcheck=false autocapitalize=none" }
                }
                Answered::Secret => Answering::Typed { attrs: "class=input type=password" },
                Answered::Code => {
                    Answering::Typed { attrs: "class=\"input input-big\" inputmode=text spellcheck=false" }
                }
                Answered::OneOf(options) => Answering::Chosen { options: options.clone() },
            },
            is_first: index == 0,
            is_optional: field.is_optional,
        };
        Self {
            bank: bank.to_owned(),
            provider_name,
            answer_url,
            cancel_url,
            title: form.title.clone(),
            message: form.message.clone(),
            is_from_bank: form.is_from_bank,
            error: form.error.clone(),
            picture: form.picture.as_ref().map(|picture| (picture.says.clone(), picture.png_base64.clone())),
            shown: form.shown.clone(),
            fields: form.fields.iter().enumerate().map(field).collect(),
            submit: form.submit.clone(),
            is_typed: form.fields.iter().any(|field| !matches!(field.answered, Answered::OneOf(_))),
            until: form.expires_at.map(|end| (end.to_string(), today.until(end))),
        }
    }

    /// The same among others on one page: none of its fields takes the focus.
    pub(crate) fn among_others(mut self) -> Self {
        self.fields.iter_mut().for_each(|field| field.is_first = false);
        self
    }
}
