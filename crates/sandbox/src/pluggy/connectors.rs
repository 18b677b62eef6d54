//! Connectors: what can be connected (fact sheet §3).

use axum::Json;
use axum::extract::{Extension, State};
use serde_json::{Value, json};

use super::books::Book;
use super::fields::{Fields, PathId, Query};
use super::paging;
use super::problem::Problem;
use super::tokens::Reach;
use crate::Sandbox;

/// The bank of the first ready made item.
pub(super) const AROEIRA: u32 = 700;
/// Where people share their own banks (fact sheet §10).
pub(super) const MEU_PLUGGY: u32 = 200;
/// Fact sheet §9: the tax numbers of the Open Finance sandbox that do not simply get in.
pub(super) const JOINT_CPF: &str = "238.242.640-30";
pub(super) const REJECTED_CPF: &str = "051.177.670-55";

/// What a person goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// User and password.
    Password,
    /// User, password and a code, all at once (“MFA 1-step”).
    TokenAtOnce,
    /// The code is asked for after the login (“MFA 2-step”).
    TokenLater,
    /// One of several ways is asked for after the login.
    Choice,
    /// A picture is to be scanned.
    Qr,
    /// The bank's own consent page.
    OpenFinance,
    /// The page of Meu Pluggy, which knows no end of a consent.
    Shared,
}

/// A connector. All of ours are invented, but for the provider's sandbox ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connector {
    pub(super) id: u32,
    pub(super) name: &'static str,
    kind: &'static str,
    color: &'static str,
    pub(super) flow: Flow,
    pub(super) is_sandbox: bool,
    pub(super) is_offline: bool,
    pub(super) book: Book,
}

const fn sandbox(id: u32, name: &'static str, flow: Flow) -> Connector {
    let kind = "PERSONAL_BANK";
    Connector { id, name, kind, color: "EF294B", flow, is_sandbox: true, is_offline: false, book: Book::Sandbox }
}

const fn bank(id: u32, name: &'static str, kind: &'static str, flow: Flow, book: Book) -> Connector {
    Connector { id, name, kind, color: "2F6B4F", flow, is_sandbox: false, is_offline: false, book }
}

/// Ids 0, 5 and 200 are the provider's; of the other sandbox connectors only what they do is known (fact sheet §9
/// `[?]`).
const ALL: &[Connector] = &[
    sandbox(0, "Pluggy Bank", Flow::Password),
    sandbox(4, "Pluggy Bank MFA 1 step", Flow::TokenAtOnce),
    sandbox(5, "Pluggy Bank MFA 2 steps", Flow::TokenLater),
    sandbox(6, "Pluggy Bank QR", Flow::Qr),
    sandbox(7, "Pluggy Bank MFA select", Flow::Choice),
    sandbox(8, "Pluggy Bank Open Finance", Flow::OpenFinance),
    bank(MEU_PLUGGY, "MeuPluggy", "PERSONAL_BANK", Flow::Shared, Book::Meu),
    bank(AROEIRA, "Banco Aroeira", "PERSONAL_BANK", Flow::OpenFinance, Book::Aroeira),
    Connector {
        is_offline: true,
        ..bank(701, "Banco Jequitibá Empresas", "BUSINESS_BANK", Flow::Password, Book::Sandbox)
    },
];

/// The products that every connector has.
pub(super) const PRODUCTS: [&str; 4] = ["ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "IDENTITY"];

pub(super) fn find(id: u32) -> Option<&'static Connector> {
    ALL.iter().find(|connector| connector.id == id)
}

/// A field that a person fills in.
struct Credential {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    /// What it must look like, as a pattern for clients and as a check for us.
    pattern: &'static str,
    fits: fn(&str) -> bool,
    is_mfa: bool,
}

const USER: Credential = Credential {
    name: "user",
    label: "User",
    kind: "text",
    pattern: "^.{2,50}$",
    fits: |text| (2..=50).contains(&text.chars().count()),
    is_mfa: false,
};
const PASSWORD: Credential = Credential {
    name: "password",
    label: "Password",
    kind: "password",
    pattern: "^.{6,20}$",
    fits: |text| (6..=20).contains(&text.chars().count()),
    is_mfa: false,
};
const TOKEN: Credential = Credential {
    name: "token",
    label: "Token",
    kind: "number",
    pattern: "^\\d{6}$",
    fits: |text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()),
    is_mfa: true,
};
const CPF: Credential = Credential {
    name: "cpf",
    label: "CPF",
    kind: "text",
    pattern: "^\\d{3}\\.?\\d{3}\\.?\\d{3}-?\\d{2}$",
    fits: |text| text.bytes().filter(u8::is_ascii_digit).count() == 11 && text.len() <= 14,
    is_mfa: false,
};

impl Credential {
    fn wire(&self) -> Value {
        json!({
            "label": self.label, "name": self.name, "type": self.kind, "validation": self.pattern,
            "validationMessage": format!("{} is not valid", self.label), "placeholder": "", "optional": false,
            "mfa": self.is_mfa, "assistiveText": null,
        })
    }
}

impl Connector {
    fn credentials(&self) -> &'static [Credential] {
        match self.flow {
            Flow::TokenAtOnce => &[USER, PASSWORD, TOKEN],
            Flow::OpenFinance => &[CPF],
            Flow::Shared => &[],
            Flow::Password | Flow::TokenLater | Flow::Choice | Flow::Qr => &[USER, PASSWORD],
        }
    }

    fn is_open_finance(&self) -> bool {
        self.flow == Flow::OpenFinance
    }

    /// What is wrong with what was typed, parameter by parameter.
    pub(super) fn errors(&self, typed: impl Fn(&str) -> Option<String>) -> Vec<Value> {
        let error = |credential: &Credential| {
            let (code, message) = match typed(credential.name) {
                None => ("001", format!("{} is required", credential.name)),
                Some(text) if !(credential.fits)(&text) => ("002", format!("{} is not valid", credential.label)),
                Some(_) => return None,
            };
            Some(json!({ "code": code, "message": message, "parameter": credential.name }))
        };
        self.credentials().iter().filter_map(error).collect()
    }

    /// The parameter that has to be new at every update, where there is one.
    pub(super) fn renewed_parameter(&self) -> Option<&'static str> {
        self.credentials().iter().find(|credential| credential.is_mfa).map(|credential| credential.name)
    }

    pub(super) fn wire(&self, sandbox: &Sandbox, details: bool) -> Value {
        let oauth = matches!(self.flow, Flow::OpenFinance | Flow::Shared);
        let has_mfa = matches!(self.flow, Flow::TokenAtOnce | Flow::TokenLater | Flow::Choice | Flow::Qr);
        let status = if self.is_offline { "OFFLINE" } else { "ONLINE" };
        let mut health = json!({ "status": status, "stage": null });
        if details {
            let rate = if self.is_offline { 0 } else { 98 };
            health["details"] = json!({ "connectionRateLast6Hours": rate, "connectionsLast6Hours": 120 });
        }
        json!({
            "id": self.id, "name": self.name, "institutionUrl": sandbox.url("/"), "imageUrl": sandbox.url("/mark.svg"),
            "primaryColor": self.color, "type": self.kind, "country": "BR", "hasMFA": has_mfa, "oauth": oauth,
            "oauthUrl": null, "resetPasswordUrl": null, "health": health, "isOpenFinance": self.is_open_finance(),
            "isSandbox": self.is_sandbox, "supportsPaymentInitiation": false, "supportsScheduledPayments": false,
            "supportsSmartTransfers": false, "supportsAutomaticPix": false, "supportsBoletoManagement": false,
            "products": PRODUCTS, "credentials": self.credentials().iter().map(Credential::wire).collect::<Vec<_>>(),
            "createdAt": "2025-01-01T12:00:00.000Z", "updatedAt": "2025-01-01T12:00:00.000Z",
        })
    }
}

/// `GET /connectors`: sandbox connectors only where they are asked for.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let asks_for = |name: &str| query.get(name).map(|text| text == "true");
    let name = query.get("name").map(str::to_lowercase);
    let (types, countries) = (query.all("types"), query.all("countries"));
    let listed = ALL.iter().filter(|connector| {
        (asks_for("sandbox") == Some(true) || !connector.is_sandbox)
            && name.as_ref().is_none_or(|name| connector.name.to_lowercase().contains(name))
            && (types.is_empty() || types.contains(&connector.kind))
            && (countries.is_empty() || countries.contains(&"BR"))
            && asks_for("isOpenFinance").is_none_or(|asked| asked == connector.is_open_finance())
            && asks_for("supportsPaymentInitiation") != Some(true)
    });
    let details = asks_for("healthDetails") == Some(true);
    let all = listed.map(|connector| connector.wire(&sandbox, details)).collect();
    paging::page(&query, all, &sandbox.switches())
}

fn by_path(id: &PathId) -> Result<&'static Connector, Problem> {
    let number = id.0.parse::<u32>().ok();
    number.and_then(find).ok_or_else(|| Problem::not_found("CONNECTOR_NOT_FOUND", "Connector not found"))
}

/// `GET /connectors/{id}`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId, query: Query) -> Result<Json<Value>, Problem> {
    Ok(Json(by_path(&id)?.wire(&sandbox, query.get("healthDetails") == Some("true"))))
}

/// `POST /connectors/{id}/validate`: the body is the credentials, flat.
pub(super) async fn validate(
    Extension(reach): Extension<Reach>,
    id: PathId,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    reach.require_everything()?;
    let errors = by_path(&id)?.errors(|name| fields.text(name).map(str::to_owned));
    Ok(Json(json!({ "parameters": fields.0, "errors": errors })))
}
