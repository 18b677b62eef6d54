//! What each address needs, with a body that it would take.

use crate::house::Who;

/// What somebody needs for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Anybody,
    /// To be signed in.
    Person,
    /// To own the installation.
    Operator,
    /// To belong to the organization, whatever they see of it.
    Belong,
    /// To see the books, in their sight.
    See,
    /// To see all of the organization.
    SeeAll,
    /// To change the books, in their sight.
    Edit,
    /// To change the books of the whole organization.
    EditAll,
    /// To manage banks, assets, categories or people.
    Manage,
}

impl Need {
    pub(crate) fn is_met_by(self, who: Who) -> bool {
        use Who::{Admin, Member, Owner, RestrictedMember, RestrictedViewer, Viewer};
        match self {
            Self::Anybody | Self::Person => true,
            Self::Operator => who == Owner,
            Self::Belong | Self::See => {
                matches!(who, Owner | Admin | Member | Viewer | RestrictedMember | RestrictedViewer)
            }
            Self::SeeAll => matches!(who, Owner | Admin | Member | Viewer),
            Self::Edit => matches!(who, Owner | Admin | Member | RestrictedMember),
            Self::EditAll => matches!(who, Owner | Admin | Member),
            Self::Manage => matches!(who, Owner | Admin),
        }
    }

    /// Whether it has nothing to do with an organization.
    pub(crate) fn is_of_nobody_in_particular(self) -> bool {
        matches!(self, Self::Anybody | Self::Person)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Person => "person",
            Self::Operator => "operator",
            Self::Belong => "belong",
            Self::See => "see",
            Self::SeeAll => "see all",
            Self::Edit => "edit",
            Self::EditAll => "edit all",
            Self::Manage => "manage",
        }
    }
}

/// An address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) need: Need,
    pub(crate) body: &'static str,
    /// Whether what the ids name is really there, so that whoever may look must find it.
    pub(crate) is_there: bool,
    /// Whether ids that lead nowhere may be refused in another way than by 404.
    pub(crate) may_refuse_otherwise: bool,
}

impl Route {
    /// Whether it names anything beside the organization that one may see and another not.
    pub(crate) fn is_about_ids(&self) -> bool {
        const IDS: [&str; 15] = [
            "{account}",
            "{connection}",
            "{run}",
            "{batch}",
            "{transaction}",
            "{flow}",
            "{suspicion}",
            "{verdict}",
            "{person}",
            "{invitation}",
            "{group}",
            "{asset}",
            "{bank_account}",
            "{category}",
            "{line}",
        ];
        IDS.iter().any(|id| self.path.contains(id) || self.body.contains(id))
    }

    const fn absent(self) -> Self {
        Self { is_there: false, ..self }
    }

    const fn lax(self) -> Self {
        Self { is_there: false, may_refuse_otherwise: true, ..self }
    }
}

const fn get(need: Need, path: &'static str) -> Route {
    Route { method: "GET", path, need, body: "", is_there: true, may_refuse_otherwise: false }
}

const fn write(method: &'static str, need: Need, path: &'static str, body: &'static str) -> Route {
    Route { method, path, need, body, is_there: true, may_refuse_otherwise: false }
}

const fn post(need: Need, path: &'static str, body: &'static str) -> Route {
    write("POST", need, path, body)
}

use Need::{Anybody, Belong, Edit, EditAll, Manage, Operator, Person, See, SeeAll};

/// Every address.
pub(crate) const NEEDS: &[Route] = &[
    get(Anybody, "/"),
    get(Anybody, "/setup"),
    post(Anybody, "/setup", ""),
    get(Anybody, "/sign-in"),
    post(Anybody, "/sign-in", "login=x&password=x"),
    post(Person, "/sign-out", ""),
    get(Anybody, "/invitations/{token}"),
    post(Person, "/invitations/{token}/join", ""),
    post(Anybody, "/invitations/{token}/account", "name=x&password=long+enough"),
    get(Anybody, "/address/{token}"),
    post(Anybody, "/address/{token}", ""),
    get(Person, "/organizations/new"),
    post(Person, "/organizations/new", "organization=x&kind=company&currency=EUR&time_zone=UTC"),
    get(Anybody, "/healthz"),
    get(Anybody, "/favicon.svg"),
    get(Anybody, "/assets/{version}/{name}"),
    get(Anybody, "/design"),
    get(Anybody, "/connect/callback"),
    post(Anybody, "/notices/{provider}/{organization}/{token}", "{}"),
    // Pages of syncing.
    get(Manage, "/o/{organization}/accounts/{account}/link"),
    get(Manage, "/o/{organization}/accounts/{account}/move").lax(),
    post(Manage, "/o/{organization}/accounts/{account}/move", "target="),
    get(Manage, "/o/{organization}/accounts/{account}/move/look?seen=0").lax(),
    post(Manage, "/o/{organization}/accounts/{account}/move/commit", "id={flow}&day=2026-01-01&revision=1").lax(),
    get(Manage, "/o/{organization}/connect-bank"),
    get(Manage, "/o/{organization}/providers/{provider}/keys"),
    post(Manage, "/o/{organization}/providers/{provider}/keys", "secret_id=x&secret_key=y"),
    get(Manage, "/o/{organization}/providers/{provider}/sync").absent(),
    post(Manage, "/o/{organization}/providers/{provider}/sync", "name=x").absent(),
    get(Manage, "/o/{organization}/providers/{provider}/accounts").absent(),
    post(Manage, "/o/{organization}/providers/{provider}/accounts", "").absent(),
    post(Manage, "/o/{organization}/providers/{provider}/logins", "login=x").absent(),
    get(Manage, "/o/{organization}/providers/{provider}/banks"),
    post(Manage, "/o/{organization}/providers/{provider}/banks", "institution=x"),
    get(Manage, "/o/{organization}/providers/{provider}/banks/{country}/{institution}/logo").absent(),
    get(Manage, "/o/{organization}/flows/{flow}").absent(),
    get(Manage, "/o/{organization}/flows/{flow}/look").absent(),
    post(Manage, "/o/{organization}/flows/{flow}/confirm", ""),
    post(Manage, "/o/{organization}/flows/{flow}/answers", "a=b"),
    post(Manage, "/o/{organization}/flows/{flow}/returned", "address=http://127.0.0.1/"),
    get(Manage, "/o/{organization}/connections/{connection}/link"),
    post(Manage, "/o/{organization}/connections/{connection}/link", "x=y").lax(),
    get(Manage, "/o/{organization}/connections/{connection}/bank-accounts/{bank_account}/asset"),
    post(
        Manage,
        "/o/{organization}/connections/{connection}/bank-accounts/{bank_account}/asset",
        "asset={asset}&target=new&name=x&from=2026-01-01",
    ),
    post(EditAll, "/o/{organization}/connections/{connection}/sync", ""),
    post(Manage, "/o/{organization}/connections/{connection}/renew", ""),
    post(Manage, "/o/{organization}/connections/{connection}/accounts", ""),
    post(EditAll, "/o/{organization}/sync", ""),
    // Every other page.
    get(See, "/o/{organization}/overview"),
    get(See, "/o/{organization}/sidebar"),
    get(See, "/o/{organization}/transactions"),
    get(See, "/o/{organization}/accounts/{account}"),
    get(Manage, "/o/{organization}/accounts/{account}/asset"),
    post(Manage, "/o/{organization}/accounts/{account}/asset", "asset={asset}&from=2026-01-01"),
    get(Edit, "/o/{organization}/accounts/{account}/transactions/new"),
    post(Edit, "/o/{organization}/accounts/{account}/transactions/new", "dated_on=2026-11-01&amount=1"),
    post(Manage, "/o/{organization}/accounts/{account}/unlink", ""),
    get(See, "/o/{organization}/accounts/{account}/balance"),
    post(Edit, "/o/{organization}/accounts/{account}/balance/verdicts", "verdict=accepted&by_minor=1"),
    post(Edit, "/o/{organization}/accounts/{account}/balance/verdicts/{verdict}/back", ""),
    get(See, "/o/{organization}/accounts/{account}/bills"),
    get(SeeAll, "/o/{organization}/accounts/{account}/feed"),
    post(Manage, "/o/{organization}/accounts/{account}/feed/pending", "pending=shown"),
    post(Manage, "/o/{organization}/accounts/{account}/feed/sign", "flips_sign=true"),
    get(Edit, "/o/{organization}/accounts/{account}/files"),
    post(Edit, "/o/{organization}/accounts/{account}/files", ""),
    get(Edit, "/o/{organization}/accounts/{account}/files/{file}").absent(),
    get(Edit, "/o/{organization}/accounts/{account}/files/{file}/look?seen=0").absent(),
    post(Edit, "/o/{organization}/accounts/{account}/files/{file}/columns", "dates=day_first"),
    post(Edit, "/o/{organization}/accounts/{account}/files/{file}/import", ""),
    post(Edit, "/o/{organization}/accounts/{account}/files/{file}/discard", ""),
    get(See, "/o/{organization}/accounts/{account}/lock"),
    post(Edit, "/o/{organization}/accounts/{account}/lock", "through=2026-01-01"),
    post(Manage, "/o/{organization}/accounts/{account}/move/abandon", "").lax(),
    post(Edit, "/o/{organization}/accounts/{account}/opening", ""),
    get(See, "/o/{organization}/add-account"),
    get(Edit, "/o/{organization}/add-account/without-bank"),
    post(Edit, "/o/{organization}/add-account/without-bank", "name=x&kind=cash&currency=EUR"),
    get(Manage, "/o/{organization}/providers/{provider}/reset"),
    post(Manage, "/o/{organization}/providers/{provider}/reset", ""),
    post(Manage, "/o/{organization}/flows/{flow}/cancel", ""),
    get(Manage, "/o/{organization}/connections/{connection}/unsync"),
    post(Manage, "/o/{organization}/connections/{connection}/unsync", ""),
    get(SeeAll, "/o/{organization}/runs"),
    get(SeeAll, "/o/{organization}/runs/events"),
    get(SeeAll, "/o/{organization}/runs/{run}"),
    get(SeeAll, "/o/{organization}/runs/{run}/events"),
    get(SeeAll, "/o/{organization}/runs/{run}/rows"),
    get(See, "/o/{organization}/suspicions"),
    post(Edit, "/o/{organization}/suspicions/{suspicion}", "choice=leave_out").lax(),
    post(EditAll, "/o/{organization}/transfers/find", ""),
    get(Edit, "/o/{organization}/batches/{batch}/undo"),
    post(Edit, "/o/{organization}/batches/{batch}/undo", "later=bring_in").lax(),
    get(See, "/o/{organization}/cashflow"),
    get(See, "/o/{organization}/cashflow/figures.csv"),
    get(See, "/o/{organization}/cashflow/plan"),
    post(EditAll, "/o/{organization}/cashflow/plan/file", ""),
    post(EditAll, "/o/{organization}/cashflow/plan/act", "act=end&plan={plan}"),
    get(See, "/o/{organization}/cashflow/rates"),
    post(EditAll, "/o/{organization}/cashflow/rates", "currency=USD&month=2026-10&rate=1&date=2026-10-31&source=x"),
    post(EditAll, "/o/{organization}/cashflow/rates/file", ""),
    get(See, "/o/{organization}/assets/{asset}/cashflow"),
    get(See, "/o/{organization}/assets/{asset}/cashflow/plan"),
    post(Edit, "/o/{organization}/assets/{asset}/cashflow/plan/file", ""),
    post(Edit, "/o/{organization}/assets/{asset}/cashflow/plan/act", "act=end&plan={plan}"),
    get(See, "/o/{organization}/assets/{asset}/cashflow/figures.csv"),
    get(See, "/o/{organization}/assets"),
    get(Manage, "/o/{organization}/assets/new?under={asset}"),
    post(Manage, "/o/{organization}/assets/new?under={asset}", "name=x&kind=structuring&stage=active"),
    get(See, "/o/{organization}/assets/{asset}"),
    get(Manage, "/o/{organization}/assets/{asset}/edit"),
    post(Manage, "/o/{organization}/assets/{asset}/edit", "name=x&kind=production&stage=active"),
    get(Manage, "/o/{organization}/assets/{asset}/move"),
    post(Manage, "/o/{organization}/assets/{asset}/move", "asset=&from=2026-01-01"),
    post(Manage, "/o/{organization}/assets/{asset}/shift", "to=up"),
    get(Manage, "/o/{organization}/assets/{asset}/close"),
    post(Manage, "/o/{organization}/assets/{asset}/close", "from=2026-01-01"),
    post(Manage, "/o/{organization}/assets/{asset}/reopen", ""),
    post(Manage, "/o/{organization}/bank-accounts/{bank_account}/ignore", ""),
    post(Manage, "/o/{organization}/bank-accounts/{bank_account}/take-up", ""),
    get(SeeAll, "/o/{organization}/banks"),
    get(SeeAll, "/o/{organization}/banks/events"),
    post(Manage, "/o/{organization}/banks/daily-import", "hour=3"),
    post(Belong, "/o/{organization}/begin-here", ""),
    get(SeeAll, "/o/{organization}/people"),
    post(Manage, "/o/{organization}/people/invitations", "emails=x%40example.org&group=viewer"),
    post(Manage, "/o/{organization}/people/invitations/{invitation}/take-back", ""),
    post(Manage, "/o/{organization}/people/members/{person}/place", "group=viewer"),
    get(Manage, "/o/{organization}/people/members/{person}/sees"),
    post(Manage, "/o/{organization}/people/members/{person}/sees", "asset={asset}"),
    get(Manage, "/o/{organization}/people/members/{person}/remove"),
    post(Manage, "/o/{organization}/people/members/{person}/remove", ""),
    get(Belong, "/o/{organization}/people/leave"),
    post(Belong, "/o/{organization}/people/leave", ""),
    post(Manage, "/o/{organization}/people/hand-over", "to={person}").lax(),
    post(Manage, "/o/{organization}/people/groups", "name=x&role=viewer"),
    post(Manage, "/o/{organization}/people/groups/{group}", "name=x&role=viewer"),
    post(Manage, "/o/{organization}/people/groups/{group}/remove", ""),
    get(Manage, "/o/{organization}/people/groups/{group}/sees"),
    post(Manage, "/o/{organization}/people/groups/{group}/sees", "asset={asset}"),
    get(See, "/o/{organization}/cashflow/unmapped"),
    post(Edit, "/o/{organization}/cashflow/unmapped", "line={line}&to=&act=unmap").lax(),
    get(Edit, "/o/{organization}/cashflow/unmapped/alike?line={line}"),
    post(Edit, "/o/{organization}/cashflow/unmapped/alike", "line={line}&to={category}&count=1"),
    get(See, "/o/{organization}/cashflow/mapped"),
    post(Edit, "/o/{organization}/cashflow/mapped", "line={line}&act=unmap").lax(),
    get(See, "/o/{organization}/assets/{asset}/cashflow/unmapped"),
    post(Edit, "/o/{organization}/assets/{asset}/cashflow/unmapped", "line={line}&act=unmap").lax(),
    get(Edit, "/o/{organization}/assets/{asset}/cashflow/unmapped/alike?line={line}"),
    post(Edit, "/o/{organization}/assets/{asset}/cashflow/unmapped/alike", "line={line}&to={category}&count=1"),
    get(See, "/o/{organization}/assets/{asset}/cashflow/mapped"),
    post(Edit, "/o/{organization}/assets/{asset}/cashflow/mapped", "line={line}&act=unmap").lax(),
    get(See, "/o/{organization}/categories"),
    post(Manage, "/o/{organization}/categories", "name=x&parent={category}"),
    post(Manage, "/o/{organization}/categories/providers", ""),
    post(Manage, "/o/{organization}/categories/usual", ""),
    get(Manage, "/o/{organization}/categories/{category}"),
    post(Manage, "/o/{organization}/categories/{category}", "name=x&parent=&seen=x"),
    get(Manage, "/o/{organization}/categories/{category}/merge?into={category}"),
    post(Manage, "/o/{organization}/categories/{category}/merge", "into={category}&count=0"),
    post(Manage, "/o/{organization}/categories/{category}/delete", ""),
    get(See, "/o/{organization}/palette"),
    get(Belong, "/o/{organization}/settings"),
    post(Belong, "/o/{organization}/settings/formats", "numbers=&dates="),
    post(Manage, "/o/{organization}/settings/kind", "kind=household"),
    post(Manage, "/o/{organization}/settings/mails", "to=on"),
    post(Manage, "/o/{organization}/settings/organization", "name=x&time_zone=UTC"),
    get(Belong, "/o/{organization}/settings/own"),
    post(Belong, "/o/{organization}/settings/own/address", "email=x&address_password=x"),
    post(Belong, "/o/{organization}/settings/own/password", "current=x&password=x"),
    post(Belong, "/o/{organization}/settings/shown", "shown=nothing"),
    post(Operator, "/o/{organization}/settings/features/{feature}", "to=off"),
    // The API.
    get(Anybody, "/api/v1/version"),
    get(Person, "/api/v1/features"),
    write("PUT", Person, "/api/v1/features/{feature}", r#"{"is_on":true}"#),
    get(Person, "/api/v1/me/formats"),
    write("PUT", Person, "/api/v1/me/formats", "{}"),
    get(Person, "/api/v1/organizations"),
    post(Person, "/api/v1/organizations", r#"{"name":"x","kind":"company","currency":"EUR","time_zone":"UTC"}"#),
    get(Belong, "/api/v1/organizations/{organization}"),
    write("PATCH", Manage, "/api/v1/organizations/{organization}", r#"{"name":"x"}"#),
    write("PUT", Manage, "/api/v1/organizations/{organization}/kind", r#"{"kind":"household"}"#),
    write("DELETE", Belong, "/api/v1/organizations/{organization}/membership", ""),
    post(Manage, "/api/v1/organizations/{organization}/hand-over", r#"{"to":"{person}"}"#).lax(),
    get(SeeAll, "/api/v1/organizations/{organization}/members"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/members/{person}/place", r#"{"role":"viewer"}"#),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/members/{person}", ""),
    get(SeeAll, "/api/v1/organizations/{organization}/groups"),
    post(Manage, "/api/v1/organizations/{organization}/groups", r#"{"name":"x","role":"viewer"}"#),
    write("PUT", Manage, "/api/v1/organizations/{organization}/groups/{group}", r#"{"name":"x","role":"viewer"}"#),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/groups/{group}", ""),
    get(Manage, "/api/v1/organizations/{organization}/invitations"),
    post(Manage, "/api/v1/organizations/{organization}/invitations", r#"{"emails":["x@example.org"],"role":"viewer"}"#),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/invitations/{invitation}", ""),
    get(Anybody, "/api/v1/invitations/{token}"),
    post(Person, "/api/v1/invitations/{token}/accept", ""),
    get(See, "/api/v1/organizations/{organization}/subscription"),
    get(See, "/api/v1/organizations/{organization}/accounts"),
    post(Edit, "/api/v1/organizations/{organization}/accounts", r#"{"name":"x","kind":"cash","currency":"EUR"}"#),
    get(See, "/api/v1/organizations/{organization}/accounts/{account}/asset"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/accounts/{account}/asset", r#"{"asset":"{asset}"}"#),
    get(See, "/api/v1/organizations/{organization}/accounts/{account}/balance"),
    post(
        Edit,
        "/api/v1/organizations/{organization}/accounts/{account}/balance/verdicts",
        r#"{"verdict":"accepted","by_minor":1}"#,
    ),
    write("DELETE", Edit, "/api/v1/organizations/{organization}/accounts/{account}/balance/verdicts/{verdict}", ""),
    get(See, "/api/v1/organizations/{organization}/accounts/{account}/bills"),
    get(SeeAll, "/api/v1/organizations/{organization}/accounts/{account}/feed"),
    write(
        "PATCH",
        Manage,
        "/api/v1/organizations/{organization}/accounts/{account}/feed",
        r#"{"pending_policy":"shown"}"#,
    ),
    post(
        Manage,
        "/api/v1/organizations/{organization}/accounts/{account}/feed/preview",
        r#"{"pending_policy":"shown"}"#,
    ),
    get(Edit, "/api/v1/organizations/{organization}/accounts/{account}/files"),
    post(Edit, "/api/v1/organizations/{organization}/accounts/{account}/files?name=x.csv", "x"),
    get(Edit, "/api/v1/organizations/{organization}/accounts/{account}/files/{file}").absent(),
    write("PUT", Edit, "/api/v1/organizations/{organization}/accounts/{account}/files/{file}", "{}"),
    write("DELETE", Edit, "/api/v1/organizations/{organization}/accounts/{account}/files/{file}", ""),
    post(Edit, "/api/v1/organizations/{organization}/accounts/{account}/files/{file}/import", "{}"),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/accounts/{account}/link", ""),
    write("PUT", Edit, "/api/v1/organizations/{organization}/accounts/{account}/lock", r#"{"through":"2026-01-01"}"#),
    get(Manage, "/api/v1/organizations/{organization}/accounts/{account}/move").absent(),
    post(
        Manage,
        "/api/v1/organizations/{organization}/accounts/{account}/move",
        r#"{"bank_account":"{flow}","connection":"{connection}"}"#,
    ),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/accounts/{account}/move", "").lax(),
    get(Manage, "/api/v1/organizations/{organization}/accounts/{account}/move/candidates"),
    post(
        Manage,
        "/api/v1/organizations/{organization}/accounts/{account}/move/commit",
        r#"{"id":"{flow}","cut_over":"2026-01-01","revision":1}"#,
    ),
    post(Edit, "/api/v1/organizations/{organization}/accounts/{account}/opening", ""),
    get(See, "/api/v1/organizations/{organization}/accounts/{account}/reconciliation?through=2026-11-30"),
    post(
        Edit,
        "/api/v1/organizations/{organization}/accounts/{account}/reconciliation",
        r#"{"through":"2026-01-01","balance":"1"}"#,
    ),
    get(See, "/api/v1/organizations/{organization}/assets"),
    post(Manage, "/api/v1/organizations/{organization}/assets", r#"{"name":"x","under":"{asset}"}"#),
    get(See, "/api/v1/organizations/{organization}/assets/{asset}"),
    write("PATCH", Manage, "/api/v1/organizations/{organization}/assets/{asset}", r#"{"name":"x"}"#),
    write("PUT", Manage, "/api/v1/organizations/{organization}/assets/{asset}/closed", "{}"),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/assets/{asset}/closed", ""),
    write("PUT", Manage, "/api/v1/organizations/{organization}/assets/{asset}/order", "{}"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/assets/{asset}/place", "{}"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/bank-accounts/{bank_account}/ignored", ""),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/bank-accounts/{bank_account}/ignored", ""),
    get(Edit, "/api/v1/organizations/{organization}/batches/{batch}/undo"),
    post(Edit, "/api/v1/organizations/{organization}/batches/{batch}/undo", ""),
    get(See, "/api/v1/organizations/{organization}/categories"),
    post(Manage, "/api/v1/organizations/{organization}/categories", r#"{"name":"x","parent":"{category}"}"#),
    post(Manage, "/api/v1/organizations/{organization}/categories/usual", ""),
    write("PATCH", Manage, "/api/v1/organizations/{organization}/categories/{category}", r#"{"name":"x"}"#),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/categories/{category}", ""),
    post(Manage, "/api/v1/organizations/{organization}/categories/{category}/merge", r#"{"into":"{category}"}"#),
    get(See, "/api/v1/organizations/{organization}/mapping?asset={asset}"),
    post(Edit, "/api/v1/organizations/{organization}/mapping", r#"[{"line":"{line}","category_id":null}]"#),
    get(See, "/api/v1/organizations/{organization}/mapping/{line}/alike"),
    post(
        Edit,
        "/api/v1/organizations/{organization}/mapping/{line}/alike",
        r#"{"category_id":"{category}","lines":1}"#,
    ),
    get(See, "/api/v1/organizations/{organization}/provider-categories"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/provider-categories", r#"{"code":"x"}"#),
    get(SeeAll, "/api/v1/organizations/{organization}/connections"),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/connections/{connection}", ""),
    get(Manage, "/api/v1/organizations/{organization}/connections/{connection}/link"),
    post(Manage, "/api/v1/organizations/{organization}/connections/{connection}/link", "[]").lax(),
    post(Manage, "/api/v1/organizations/{organization}/connections/{connection}/renewals", ""),
    post(Manage, "/api/v1/organizations/{organization}/connections/{connection}/accounts", ""),
    post(EditAll, "/api/v1/organizations/{organization}/connections/{connection}/sync", ""),
    get(SeeAll, "/api/v1/organizations/{organization}/daily-import"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/daily-import", r#"{"is_on":true,"hour":3}"#),
    get(See, "/api/v1/organizations/{organization}/events"),
    post(Manage, "/api/v1/organizations/{organization}/flows", r#"{"provider":"gocardless","institution":"x"}"#),
    get(Manage, "/api/v1/organizations/{organization}/flows/{flow}").absent(),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/flows/{flow}", ""),
    post(Manage, "/api/v1/organizations/{organization}/flows/{flow}/answers", "{}"),
    post(Manage, "/api/v1/organizations/{organization}/flows/{flow}/confirm", ""),
    get(Edit, "/api/v1/organizations/{organization}/history/mine"),
    get(Manage, "/api/v1/organizations/{organization}/notice-mails"),
    write("PUT", Manage, "/api/v1/organizations/{organization}/notice-mails", r#"{"are_wanted":true}"#),
    get(See, "/api/v1/organizations/{organization}/overview"),
    get(See, "/api/v1/organizations/{organization}/cashflow?from=2026-08&to=2026-11"),
    get(See, "/api/v1/organizations/{organization}/cashflow?from=2026-08&to=2026-11&asset={asset}"),
    get(See, "/api/v1/organizations/{organization}/cashflow/rates/{currency}"),
    post(
        EditAll,
        "/api/v1/organizations/{organization}/cashflow/rates/{currency}",
        r#"{"month":"2026-10","currency":"USD","rate":"1","date":"2026-10-31","source":"x"}"#,
    ),
    write("PUT", EditAll, "/api/v1/organizations/{organization}/cashflow/rates/{currency}/file", "x"),
    get(SeeAll, "/api/v1/organizations/{organization}/cashflow/plans"),
    get(See, "/api/v1/organizations/{organization}/cashflow/plans?asset={asset}"),
    post(EditAll, "/api/v1/organizations/{organization}/cashflow/plans", "x"),
    post(Edit, "/api/v1/organizations/{organization}/cashflow/plans?asset={asset}", "x"),
    get(See, "/api/v1/organizations/{organization}/cashflow/plans/{plan}?asset={asset}").absent(),
    post(Edit, "/api/v1/organizations/{organization}/cashflow/plans/{plan}/hold?asset={asset}", "").absent(),
    post(EditAll, "/api/v1/organizations/{organization}/cashflow/plans/{plan}/end", ""),
    post(Edit, "/api/v1/organizations/{organization}/cashflow/plans/{plan}/end?asset={asset}", "").lax(),
    write("DELETE", EditAll, "/api/v1/organizations/{organization}/cashflow/plans/{plan}", ""),
    write("DELETE", Edit, "/api/v1/organizations/{organization}/cashflow/plans/{plan}?asset={asset}", "").lax(),
    get(See, "/api/v1/organizations/{organization}/payees"),
    get(SeeAll, "/api/v1/organizations/{organization}/providers"),
    get(Manage, "/api/v1/organizations/{organization}/providers/{provider}/institutions?country=DE").absent(),
    write(
        "PUT",
        Manage,
        "/api/v1/organizations/{organization}/providers/{provider}/keys",
        r#"{"secret_id":"x","secret_key":"y"}"#,
    ),
    write("DELETE", Manage, "/api/v1/organizations/{organization}/providers/{provider}/keys", ""),
    get(Manage, "/api/v1/organizations/{organization}/providers/{provider}/logins").absent(),
    post(Edit, "/api/v1/organizations/{organization}/redo", "").absent(),
    get(SeeAll, "/api/v1/organizations/{organization}/runs"),
    get(SeeAll, "/api/v1/organizations/{organization}/runs/{run}"),
    get(SeeAll, "/api/v1/organizations/{organization}/runs/{run}/rows"),
    get(See, "/api/v1/organizations/{organization}/suspicions"),
    post(Edit, "/api/v1/organizations/{organization}/suspicions/{suspicion}/decide", r#"{"choice":"leave_out"}"#).lax(),
    post(EditAll, "/api/v1/organizations/{organization}/sync", ""),
    get(See, "/api/v1/organizations/{organization}/tags"),
    get(See, "/api/v1/organizations/{organization}/transactions"),
    post(
        Edit,
        "/api/v1/organizations/{organization}/transactions",
        r#"{"account":"{account}","amount":"1","date":"2026-11-01"}"#,
    ),
    post(Edit, "/api/v1/organizations/{organization}/transactions/delete", r#"{"ids":["{transaction}"]}"#),
    post(Edit, "/api/v1/organizations/{organization}/transactions/duplicate", r#"{"ids":["{transaction}"]}"#),
    post(
        Edit,
        "/api/v1/organizations/{organization}/transactions/edit",
        r#"{"ids":["{transaction}"],"set":{"note":"x"}}"#,
    ),
    get(See, "/api/v1/organizations/{organization}/transactions/unfinished"),
    get(See, "/api/v1/organizations/{organization}/transactions/{transaction}"),
    write("DELETE", Edit, "/api/v1/organizations/{organization}/transactions/{transaction}", ""),
    write("PATCH", Edit, "/api/v1/organizations/{organization}/transactions/{transaction}", r#"{"note":"x"}"#),
    get(Edit, "/api/v1/organizations/{organization}/transactions/{transaction}/transfer/candidates"),
    // None of these is part of a transfer.
    post(
        Edit,
        "/api/v1/organizations/{organization}/transactions/{transaction}/transfer",
        r#"{"other":"{transaction}"}"#,
    )
    .lax(),
    write("DELETE", Edit, "/api/v1/organizations/{organization}/transactions/{transaction}/transfer", "").lax(),
    post(EditAll, "/api/v1/organizations/{organization}/transfers/find", ""),
    post(Edit, "/api/v1/organizations/{organization}/undo", "").absent(),
];
