//! The sign-in form: what an institution's own page asks for, and how it goes into a request. What is typed goes to Sophtron
//! and is not kept. Source: section 5 of the fact sheet.

use std::collections::BTreeMap;

use bankside_domain::Secret;
use bankside_domain::text::tidy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::wire::{SignInDetail, SignInRow};
use crate::entities::decoded;
use crate::step::{Answered, Form, FormField};

/// What stands for the password at a bank that has none.
const NO_PASSWORD: &str = "None";

/// A part of a request that carries something typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    UserName,
    Password,
    #[serde(rename = "PIN")]
    Pin,
    #[serde(rename = "CompanyID")]
    CompanyId,
}

impl Part {
    const ALL: [Self; 4] = [Self::UserName, Self::Password, Self::Pin, Self::CompanyId];

    /// Its name in a request, and in the form.
    fn name(self) -> &'static str {
        match self {
            Self::UserName => "UserName",
            Self::Password => "Password",
            Self::Pin => "PIN",
            Self::CompanyId => "CompanyID",
        }
    }

    fn usual_label(self) -> &'static str {
        match self {
            Self::UserName => "User name",
            Self::Password => "Password",
            Self::Pin => "PIN",
            Self::CompanyId => "Company ID",
        }
    }

    fn answered(self) -> Answered {
        match self {
            Self::UserName | Self::CompanyId => Answered::Text,
            Self::Password | Self::Pin => Answered::Secret,
        }
    }
}

/// A field of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SignInField {
    part: Part,
    label: String,
    is_optional: bool,
}

/// What an institution asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SignIn {
    fields: Vec<SignInField>,
}

impl SignIn {
    /// The fields that are listed, and user name and password wherever nothing says that there are none.
    pub(super) fn of(detail: &SignInDetail) -> Self {
        let mut fields: Vec<SignInField> = Vec::new();
        for row in &detail.fields {
            match Part::ALL.into_iter().find(|part| part.name().eq_ignore_ascii_case(&row.mapped)) {
                Some(part) if fields.iter().all(|field| field.part != part) => fields.push(listed(part, row)),
                Some(_) => {}
                None => tracing::warn!("an institution's sign-in has a field that no request can carry"),
            }
        }
        if detail.has_no_password {
            fields.retain(|field| field.part != Part::Password);
        }
        let has = |part: Part, fields: &[SignInField]| fields.iter().any(|field| field.part == part);
        if !has(Part::UserName, &fields) {
            fields.insert(0, plain(Part::UserName, detail.user_name.as_deref()));
        }
        if !has(Part::Password, &fields) && !detail.has_no_password {
            let after = fields.iter().position(|field| field.part == Part::UserName).map_or(0, |at| at + 1);
            fields.insert(after, plain(Part::Password, detail.password.as_deref()));
        }
        Self { fields }
    }

    /// The form. Where `may_be_empty`, all its fields may stay so.
    pub(super) fn form(&self, bank: &str, error: Option<String>, may_be_empty: bool) -> Form {
        let again = if may_be_empty { " Leave everything empty to try again with what was typed before." } else { "" };
        let field = |field: &SignInField| FormField {
            key: field.part.name().to_owned(),
            label: field.label.clone(),
            hint: String::new(),
            answered: field.part.answered(),
            is_optional: may_be_empty || field.is_optional,
        };
        Form {
            title: format!("Sign in to {bank}"),
            message: format!("Type what {bank} asks for on its own page. Sophtron signs in there.{again}"),
            is_from_bank: true,
            error,
            picture: None,
            shown: None,
            fields: self.fields.iter().map(field).collect(),
            submit: if may_be_empty { "Try again" } else { "Sign in" }.to_owned(),
            expires_at: None,
        }
    }

    /// The label of a field that is needed and was not filled in.
    pub(super) fn missing(&self, answers: &BTreeMap<String, Secret>) -> Option<&str> {
        let is_missing = |field: &&SignInField| {
            !field.is_optional && answers.get(field.part.name()).is_none_or(|answer| answer.expose().trim().is_empty())
        };
        self.fields.iter().find(is_missing).map(|field| field.label.as_str())
    }

    /// Puts what was typed into a request.
    pub(super) fn fill(&self, request: &mut Map<String, Value>, answers: &BTreeMap<String, Secret>) {
        request.insert(Part::Password.name().to_owned(), NO_PASSWORD.into());
        for field in &self.fields {
            let name = field.part.name();
            if let Some(answer) = answers.get(name) {
                request.insert(name.to_owned(), answer.expose().into());
            }
        }
    }
}

fn listed(part: Part, row: &SignInRow) -> SignInField {
    SignInField { is_optional: row.is_optional, ..plain(part, row.label.as_deref()) }
}

fn plain(part: Part, label: Option<&str>) -> SignInField {
    let label = label.and_then(|label| tidy(&decoded(label))).unwrap_or_else(|| part.usual_label().to_owned());
    SignInField { part, label, is_optional: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sophtron::json::Object;
    use crate::sophtron::wire::InstitutionRow;

    fn sign_in(detail: &Value) -> SignIn {
        let text = json!({"InstitutionID": "a1", "InstitutionName": "B", "InstitutionDetail": detail}).to_string();
        SignIn::of(&InstitutionRow::read(&Object::read(text.as_bytes()).unwrap()).unwrap().sign_in)
    }

    fn shape(sign_in: &SignIn) -> Vec<(String, String, Answered, bool)> {
        let fields = sign_in.form("B", None, false).fields.into_iter();
        fields.map(|field| (field.key, field.label, field.answered, field.is_optional)).collect()
    }

    fn field(key: &str, label: &str, answered: Answered, is_optional: bool) -> (String, String, Answered, bool) {
        (key.to_owned(), label.to_owned(), answered, is_optional)
    }

    #[test]
    fn the_form_is_the_institutions_own() {
        use Answered::{Secret as Hidden, Text};
        let user = |label| field("UserName", label, Text, false);
        let password = |label| field("Password", label, Hidden, false);
        for (detail, expected) in [
            (json!(null), vec![user("User name"), password("Password")]),
            (
                json!({"LoginFormUserName": "User ID", "LoginFormPassword": "Pass&#39;word"}),
                vec![user("User ID"), password("Pass'word")],
            ),
            (json!({"LoginFormUserName": "Card number", "LoginFormPassword": "None"}), vec![user("Card number")]),
            (
                json!({"LoginFormPassword": "Password", "LoginFormFields": [
                    {"MappedField": "CompanyID", "DisplayText": "Company", "Optional": false},
                    {"MappedField": "UserName", "DisplayText": "User ID"},
                    {"MappedField": "PIN", "DisplayText": "Security PIN", "Optional": true},
                    {"MappedField": "Branch", "DisplayText": "Branch", "Optional": true},
                    {"MappedField": "username", "DisplayText": "twice"}]}),
                vec![
                    field("CompanyID", "Company", Text, false),
                    user("User ID"),
                    password("Password"),
                    field("PIN", "Security PIN", Hidden, true),
                ],
            ),
        ] {
            assert_eq!(shape(&sign_in(&detail)), expected, "{detail}");
        }
    }

    #[test]
    fn what_is_typed_goes_into_the_request_and_nowhere_else() {
        let sign_in = sign_in(&json!({"LoginFormPassword": "None"}));
        let answers = BTreeMap::from([("UserName".to_owned(), Secret::new("canary"))]);
        let mut request = Map::new();
        sign_in.fill(&mut request, &answers);
        assert_eq!(Value::from(request), json!({"UserName": "canary", "Password": "None"}));
        assert!(!serde_json::to_string(&sign_in).unwrap().contains("canary"));
        assert_eq!(sign_in.missing(&answers), None);
        assert_eq!(sign_in.missing(&BTreeMap::new()), Some("User name"));
        assert!(sign_in.form("B", None, true).fields.iter().all(|field| field.is_optional));
    }
}
