//! A requisition before it exists: every field of the body is checked before any is refused. Whether a field's error is an
//! object or a list of objects is as documented for that field (fact sheet §5).

use axum::http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::super::agreements;
use super::super::fields::{Fields, is_uri, parse_uuid};
use super::super::problem::{FieldErrors, Problem};
use super::super::records::Records;
use crate::Sandbox;
use crate::banks::Institution;

pub(super) const FIELDS: [&str; 8] = [
    "redirect",
    "institution_id",
    "agreement",
    "reference",
    "user_language",
    "ssn",
    "account_selection",
    "redirect_immediate",
];

const LONGEST_REDIRECT: usize = 1024;
const LONGEST_REFERENCE: usize = 256;
const LONGEST_LANGUAGE: usize = 5;
const LONGEST_SSN: usize = 64;

/// Languages of consent pages: ISO 639-1, as spoken in the countries on offer. A recording refuses `AB`.
const LANGUAGES: &str = "bg ca cs cy da de el en es et eu fi fr ga gl hr hu is it lb lt lv mk mt nb nl nn no pl pt ro ru sk \
                         sl sq sr sv tr uk";

/// What a valid body asks for.
pub(super) struct Draft {
    pub(super) redirect: Option<String>,
    pub(super) institution: &'static Institution,
    pub(super) agreement: Option<Uuid>,
    pub(super) reference: Option<String>,
    pub(super) user_language: Option<String>,
    pub(super) ssn: Option<String>,
    pub(super) account_selection: bool,
    pub(super) redirect_immediate: bool,
}

impl Draft {
    pub(super) fn default_agreement(&self) -> agreements::Draft {
        agreements::Draft::default_of(self.institution)
    }
}

/// Reads a body.
pub(super) fn read(sandbox: &Sandbox, records: &Records, fields: &Fields) -> Result<Draft, Problem> {
    let reader = Reader { sandbox, records, fields };
    let mut errors = FieldErrors::default();
    let institution = agreements::read_institution(fields, &mut errors);
    let agreement = reader.agreement(&mut errors, institution)?;
    let redirect = reader.redirect(&mut errors);
    let reference = reader.reference(&mut errors);
    let user_language = reader.user_language(&mut errors);
    let ssn = reader.ssn(&mut errors, institution);
    let account_selection = reader.account_selection(&mut errors, institution);
    let redirect_immediate = fields.flag(&mut errors, "redirect_immediate");
    errors.check()?;
    // Without an institution there was an error.
    let institution = institution.ok_or_else(Problem::not_found)?;
    Ok(Draft { redirect, institution, agreement, reference, user_language, ssn, account_selection, redirect_immediate })
}

struct Reader<'a> {
    sandbox: &'a Sandbox,
    records: &'a Records,
    fields: &'a Fields,
}

impl Reader<'_> {
    /// An unused agreement of the same institution; an unknown one is a 404 keyed by field.
    fn agreement(&self, errors: &mut FieldErrors, institution: Option<&Institution>) -> Result<Option<Uuid>, Problem> {
        if self.fields.get("agreement").is_none_or(Value::is_null) {
            return Ok(None);
        }
        let Some(text) = self.fields.text(errors, "agreement", usize::MAX) else { return Ok(None) };
        let Some(id) = parse_uuid(&text) else {
            let detail = format!(
                "{text} is not a valid EndUserAgreement UUID.  \
                 Please specify valid agreement from /api/agreements/enduser/ or create a new one"
            );
            errors.add("agreement", "Invalid EndUserAgreement ID", &detail);
            return Ok(None);
        };
        let Some(agreement) = self.records.agreements.get(&id) else {
            let mut missing = FieldErrors::default();
            let detail = "Please check whether you specified a valid ID";
            missing.object("agreement", &format!("ID {id} not found"), detail);
            return missing.check_as(StatusCode::NOT_FOUND).map(|()| None);
        };
        let user = self.records.requisitions.iter().find(|(_, requisition)| requisition.agreement == id);
        let asked = institution.map_or("", |institution| institution.id);
        let agreed = &agreement.institution_id;
        if let Some((user, _)) = user {
            let detail = format!(
                "The agreement is already associated with requisition {user}. \
                 Please provide a valid agreement or use a different requisition."
            );
            errors.add("agreement", &format!("Agreement {id} is already associated"), &detail);
        } else if asked != agreed {
            let detail = format!(
                "Provided Institution ID: '{asked}' for requisition does not match EUA institution ID '{agreed}'. \
                 Please provide correct institution ID: '{agreed}'"
            );
            errors.object("agreement", &format!("Incorrect Institution ID {asked}"), &detail);
        }
        Ok(Some(id))
    }

    /// Required; null is allowed by the schema and refused by the service.
    fn redirect(&self, errors: &mut FieldErrors) -> Option<String> {
        match self.fields.get("redirect") {
            None => errors.text("redirect", "This field is required."),
            Some(Value::Null) if self.sandbox.switches().redirect_may_be_null => {}
            Some(Value::Null) => {
                let detail = "Where an end user will be redirected after finishing authentication in the Institution";
                errors.add("redirect", "Redirect URL is required", detail);
            }
            Some(_) => {
                let text = self.fields.text(errors, "redirect", LONGEST_REDIRECT)?;
                if is_uri(&text) {
                    return Some(text);
                }
                let detail = "Redirect URI must have a valid URI structure";
                errors.add("redirect", "Invalid redirect URI", detail);
            }
        }
        None
    }

    fn reference(&self, errors: &mut FieldErrors) -> Option<String> {
        let reference = self.fields.text(errors, "reference", LONGEST_REFERENCE)?;
        if self.records.requisitions.values().any(|requisition| requisition.reference == reference) {
            let detail = format!("Client reference: {reference} already exists");
            errors.object("reference", "Client reference must be unique", &detail);
        }
        Some(reference)
    }

    /// Echoed in upper case (recorded).
    fn user_language(&self, errors: &mut FieldErrors) -> Option<String> {
        let text = self.fields.text(errors, "user_language", LONGEST_LANGUAGE)?;
        let code = text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        if !LANGUAGES.split(' ').any(|language| language == code) {
            let detail = format!("'{text}' is an invalid or unsupported language");
            errors.object("user_language", "Provided user_language is invalid or not supported", &detail);
        }
        Some(text.to_ascii_uppercase())
    }

    fn ssn(&self, errors: &mut FieldErrors, institution: Option<&Institution>) -> Option<String> {
        if self.fields.get("ssn").is_none_or(|value| value.is_null() || *value == "") {
            return None;
        }
        let ssn = self.fields.text(errors, "ssn", LONGEST_SSN)?;
        if let Some(detail) = lacks(institution, "ssn_verification", NO_SSN) {
            errors.add("ssn", NO_SSN, &detail);
        }
        Some(ssn)
    }

    fn account_selection(&self, errors: &mut FieldErrors, institution: Option<&Institution>) -> bool {
        let wanted = self.fields.flag(errors, "account_selection");
        if let Some(detail) = lacks(institution, "account_selection", NO_SELECTION).filter(|_| wanted) {
            errors.object("account_selection", NO_SELECTION, &detail);
        }
        wanted
    }
}

const NO_SSN: &str = "SSN verification not supported";
const NO_SELECTION: &str = "Account selection not supported";

/// What to say where an institution lacks a feature.
fn lacks(institution: Option<&Institution>, feature: &str, summary: &str) -> Option<String> {
    let has = institution.is_some_and(|institution| institution.has(feature));
    (!has).then(|| format!("{summary} for {}", institution.map_or("", |institution| institution.id)))
}
