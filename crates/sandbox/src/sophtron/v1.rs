//! Version 1: remote calls, all of them `POST` with JSON but the two that look after the line (fact sheet §3).

use axum::http::Method;

use super::ask::Ask;
use super::gate::{Answered, Reply, Route};
use crate::Sandbox;

mod accounts;
mod institutions;
mod jobs;
mod logins;

pub(super) use institutions::Search;
pub(super) use jobs::poll;

const fn rpc(label: &'static str, path: &'static str, serve: fn(&Sandbox, &Ask) -> Answered) -> Route {
    Route::new(label, Method::POST, path, serve)
}

/// The calls of §3, in its order.
pub(super) const ROUTES: &[Route] = &[
    Route::new("sophtron/HealthCheckAuth", Method::GET, "/institution/healthcheckauth", health),
    Route {
        label: "sophtron/Ping",
        method: Method::GET,
        path: "/userinstitution/ping",
        is_open: true,
        serve: |_, _| Ok(Reply::Text("OK")),
    },
    rpc("sophtron/GetUserIntegrationKey", "/user/getuserintegrationkey", logins::integration_key),
    rpc("sophtron/GetInstitutionByName", "/institution/getinstitutionbyname", institutions::by_name),
    rpc("sophtron/GetInstitutionByID", "/institution/getinstitutionbyid", institutions::by_id),
    rpc(
        "sophtron/GetInstitutionByRoutingNumber",
        "/institution/getinstitutionbyroutingnumber",
        institutions::by_routing_number,
    ),
    rpc("sophtron/GetInstitutionsByUser", "/institution/getinstitutionsbyuser", institutions::by_user),
    rpc("sophtron/AddInstitution", "/institution/addinstitution", institutions::add),
    rpc("sophtron/CreateUserInstitution", "/userinstitution/createuserinstitution", logins::create),
    rpc(
        "sophtron/CreateUserInstitutionWithRefresh",
        "/userinstitution/createuserinstitutionwithrefresh",
        logins::create_with_refresh,
    ),
    rpc(
        "sophtron/CreateUserInstitutionWithFullHistory",
        "/userinstitution/createuserinstitutionwithfullhistory",
        logins::create_with_full_history,
    ),
    rpc(
        "sophtron/CreateUserInstitutionWithProfileInfo",
        "/userinstitution/createuserinstitutionwithprofileinfo",
        logins::create_with_profile,
    ),
    rpc(
        "sophtron/CreateUserInstitutionWithFullAccountNumbers",
        "/userinstitution/createuserinstitutionwithfullaccountnumbers",
        logins::create_with_numbers,
    ),
    rpc(
        "sophtron/CreateUserInstitutionWithAll",
        "/userinstitution/createuserinstitutionwithall",
        logins::create_with_all,
    ),
    rpc(
        "sophtron/CreateUserInstitutionWithAllPlusProfile",
        "/userinstitution/createuserinstitutionwithallplusprofile",
        logins::create_with_everything,
    ),
    rpc("sophtron/CreateUserInstitutionWOJob", "/userinstitution/createuserinstitutionwojob", logins::create_only),
    rpc("sophtron/UpdateUserInstitution", "/userinstitution/updateuserinstitution", logins::update),
    rpc("sophtron/RetryAddingUserInstitution", "/userinstitution/retryaddinguserinstitution", logins::retry),
    rpc("sophtron/DeleteUserInstitution", "/userinstitution/deleteuserinstitution", logins::delete),
    rpc("sophtron/GetUserInstitutionsByUser", "/userinstitution/getuserinstitutionsbyuser", logins::by_user),
    rpc("sophtron/GetUserInstitutionByID", "/userinstitution/getuserinstitutionbyid", logins::by_id),
    rpc("sophtron/GetUserInstitutionProfileInfor", "/userinstitution/getuserinstitutionprofileinfor", logins::profile),
    rpc("sophtron/GetUserInstitutionAccounts", "/userinstitution/getuserinstitutionaccounts", accounts::of_login),
    rpc("sophtron/RefreshUserInstitution", "/userinstitution/refreshuserinstitution", logins::refresh),
    rpc(
        "sophtron/GetUserInstitutionAccountByID",
        "/userinstitutionaccount/getuserinstitutionaccountbyid",
        accounts::by_id,
    ),
    rpc(
        "sophtron/RefreshUserInstitutionAccount",
        "/userinstitutionaccount/refreshuserinstitutionaccount",
        accounts::refresh,
    ),
    rpc(
        "sophtron/GetFullAccountNumberWithinJob",
        "/userinstitutionaccount/getfullaccountnumberwithinjob",
        accounts::full_number,
    ),
    rpc(
        "sophtron/GetTransactionsByTransactionDate",
        "/transaction/gettransactionsbytransactiondate",
        accounts::transactions,
    ),
    rpc("sophtron/GetJobInformationByID", "/job/getjobinformationbyid", jobs::by_id),
    rpc("sophtron/UpdateJobSecurityAnswer", "/job/updatejobsecurityanswer", jobs::security_answer),
    rpc("sophtron/UpdateJobTokenInput", "/job/updatejobtokeninput", jobs::token_input),
    rpc("sophtron/UpdateJobCaptchaInput", "/job/updatejobcaptchainput", jobs::captcha_input),
    // The samples call it so (§0.10).
    rpc("sophtron/UpdateJobCaptcha", "/job/updatejobcaptcha", jobs::captcha_alias),
];

/// `Institution/HealthCheckAuth`: plain text or nothing, never JSON (fact sheet §2).
#[expect(clippy::unnecessary_wraps, reason = "every call is answered so")]
fn health(sandbox: &Sandbox, _: &Ask) -> Answered {
    Ok(if sandbox.switches().sophtron_health_check_says_ok { Reply::Text("OK") } else { Reply::Empty })
}

/// What calls say that change something and have nothing to tell: 0 when it worked, -1 when it did not.
pub(super) fn done(has_worked: bool) -> Reply {
    Reply::Json(if has_worked { 0.into() } else { (-1).into() })
}
