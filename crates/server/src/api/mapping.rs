//! Mapping rows to categories, with suggestions and their evidence; and what providers file rows under.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::suggest::{Basis, Likeness, Strength};
use bankside_engine::{
    EngineError, LineTarget, MappingLine, MappingQuery, MappingTab, ProviderCategoryTarget, RegisterQuery, RegisterRow,
    SeenProviderCategory,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::transactions::{EditedBody, FilterBody, TransactionBody, decimal, present};

/// Which lines are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinesQuery {
    /// Of the accounts of this asset; absent is of all.
    asset: Option<String>,
    /// `unmapped` or `mapped`; absent is `unmapped`.
    tab: Option<String>,
    /// How many transactions to skip.
    offset: Option<i64>,
    /// How many transactions to show, at most 100; absent is 50.
    limit: Option<i64>,
}

/// Of which asset.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfAsset {
    /// Of the accounts of this asset; absent is of all.
    asset: Option<String>,
}

/// A category that is suggested.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestionBody {
    category_id: String,
    /// Its path.
    category: String,
    /// `history` or `provider`.
    basis: &'static str,
    /// `strong`, `fair` or `weak`.
    strength: &'static str,
    /// `creditor`, `account`, `payee` or `pattern`: by what the rows are alike that were looked at. Of a history only.
    likeness: Option<&'static str>,
    /// Whether only rows of about the same amount were looked at.
    is_of_amount: bool,
    /// How many of the decisions are for this category.
    fits: Option<u32>,
    /// How many decisions there are.
    of: Option<u32>,
    /// What the provider files it under, where the suggestion comes from that.
    provider_says: Option<String>,
}

/// A line to map, or one that is mapped.
#[derive(Serialize, ToSchema)]
pub(crate) struct MappingLineBody {
    /// Which line.
    line: String,
    /// Decimal text, in the currency of the transaction.
    amount: String,
    note: Option<String>,
    category_id: Option<String>,
    /// The category's path.
    category: Option<String>,
    /// Whether the transaction has other lines, too.
    is_part: bool,
    /// The strongest first; empty for a line that has a category.
    suggestions: Vec<SuggestionBody>,
    /// How many transactions like it are left to map, itself among them; counted up to 100. 0 where that is not known.
    alike: i64,
    transaction: TransactionBody,
}

/// A page of lines.
#[derive(Serialize, ToSchema)]
pub(crate) struct MappingPageBody {
    lines: Vec<MappingLineBody>,
    /// How many transactions there are left to map, counted up to 1000.
    unmapped: i64,
    /// Whether there are more behind these.
    has_more: bool,
}

fn likeness(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Creditor => "creditor",
        Likeness::Account => "account",
        Likeness::Payee => "payee",
        Likeness::Pattern => "pattern",
    }
}

pub(crate) fn line_body(line: MappingLine) -> MappingLineBody {
    let currency = line.row.currency;
    let suggestion = |one: bankside_engine::SuggestedCategory| {
        let (basis, evidence) = match one.suggestion.basis {
            Basis::History(evidence) => ("history", Some(evidence)),
            Basis::Provider => ("provider", None),
        };
        SuggestionBody {
            category_id: one.suggestion.category.to_string(),
            category: one.path,
            basis,
            strength: match one.suggestion.strength() {
                Strength::Strong => "strong",
                Strength::Fair => "fair",
                Strength::Weak => "weak",
            },
            likeness: evidence.map(|evidence| likeness(evidence.likeness)),
            is_of_amount: evidence.is_some_and(|evidence| evidence.is_of_amount),
            fits: evidence.map(|evidence| evidence.fits),
            of: evidence.map(|evidence| evidence.of),
            provider_says: one.provider_says.map(|filed| filed.name),
        }
    };
    let (category_id, category) = line.category.unzip();
    MappingLineBody {
        line: line.line.to_string(),
        amount: decimal(line.minor, currency),
        note: line.note,
        category_id: category_id.map(|id| id.to_string()),
        category,
        is_part: line.is_part,
        suggestions: line.suggestions.into_iter().map(suggestion).collect(),
        alike: line.alike,
        transaction: TransactionBody::of(line.row),
    }
}

/// Lines without or with a category, those of the latest rows first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/mapping",
    params(("organization" = String, Path), LinesQuery, FilterBody),
    responses((status = OK, body = MappingPageBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn mapping(
    State(app): State<App>,
    member: ApiMember,
    Asked(lines): Asked<LinesQuery>,
    Asked(filter): Asked<FilterBody>,
) -> Result<Json<MappingPageBody>, Problem> {
    let tab = match lines.tab.as_deref() {
        None | Some("" | "unmapped") => MappingTab::Unmapped,
        Some("mapped") => MappingTab::Mapped,
        Some(other) => {
            return Err(EngineError::invalid("tab", format!("“{other}” is neither unmapped nor mapped.")).into());
        }
    };
    let rows = RegisterQuery {
        offset: lines.offset.unwrap_or_default(),
        limit: lines.limit.unwrap_or(50),
        ..filter.query(&app, &member).await?
    };
    let asset = lines.asset.as_deref().map(id).transpose()?;
    let page = app.engine.mapping(member.asker(), &MappingQuery { asset, tab, rows }).await?;
    Ok(Json(MappingPageBody {
        lines: page.lines.into_iter().map(line_body).collect(),
        unmapped: page.unmapped,
        has_more: page.has_more,
    }))
}

/// A line and the category that it is to have.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LineTargetBody {
    line: String,
    /// `null` takes its category away.
    #[serde(default, deserialize_with = "present")]
    category_id: Option<Option<String>>,
}

/// Gives lines their categories, or takes them away, as one change that can be undone.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/mapping",
    params(("organization" = String, Path)), request_body = [LineTargetBody],
    responses((status = OK, body = EditedBody), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn map_lines(
    State(app): State<App>,
    member: ApiMember,
    Body(lines): Body<Vec<LineTargetBody>>,
) -> Result<Json<EditedBody>, Problem> {
    let target = |body: &LineTargetBody| -> Result<LineTarget, Problem> {
        let category = body
            .category_id
            .as_ref()
            .ok_or_else(|| EngineError::invalid("category_id", "Say which category, or null to take it away."))?;
        Ok(LineTarget { line: id(&body.line)?, category: category.as_deref().map(id).transpose()? })
    };
    let targets = lines.iter().map(target).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(EditedBody::of(&app.engine.map_lines(member.asker(), &targets).await?)))
}

/// What is left to map and like a line.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlikeBody {
    /// How many lines.
    lines: usize,
    /// The latest transactions of them.
    sample: Vec<TransactionBody>,
}

/// Every row that is left to map and like that of a line: with a payee like its own, and money going the same way.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/mapping/{line}/alike",
    params(("organization" = String, Path), ("line" = String, Path), OfAsset),
    responses((status = OK, body = AlikeBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn alike(
    State(app): State<App>,
    member: ApiMember,
    Path((_, line)): Path<(String, String)>,
    Asked(of): Asked<OfAsset>,
) -> Result<Json<AlikeBody>, Problem> {
    let asset = of.asset.as_deref().map(id).transpose()?;
    let alike = app.engine.alike(member.asker(), asset, id(&line)?).await?;
    // Lines of one transaction come one after the other.
    let mut sample: Vec<RegisterRow> = alike.sample.into_iter().map(|line| line.row).collect();
    sample.dedup_by_key(|row| row.id);
    Ok(Json(AlikeBody { lines: alike.lines, sample: sample.into_iter().map(TransactionBody::of).collect() }))
}

/// To what all that are alike are mapped.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MapAlikeBody {
    category_id: String,
    /// How many lines were told to whoever decides. If there are others by now, nothing changes.
    lines: Option<usize>,
}

/// Maps every row that is left to map and like that of a line, as one change that can be undone.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/mapping/{line}/alike",
    params(("organization" = String, Path), ("line" = String, Path), OfAsset), request_body = MapAlikeBody,
    responses((status = OK, body = EditedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn map_alike(
    State(app): State<App>,
    member: ApiMember,
    Path((_, line)): Path<(String, String)>,
    Asked(of): Asked<OfAsset>,
    Body(body): Body<MapAlikeBody>,
) -> Result<Json<EditedBody>, Problem> {
    let asset = of.asset.as_deref().map(id).transpose()?;
    let (line, category) = (id(&line)?, id(&body.category_id)?);
    let edited = app.engine.map_alike(member.asker(), asset, line, category, body.lines).await?;
    Ok(Json(EditedBody::of(&edited)))
}

/// What providers file rows under.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderCategoryBody {
    /// Its code, with the provider or the scheme in front: `mcc:5411`.
    code: String,
    name: String,
    /// The category that it is mapped to.
    category_id: Option<String>,
}

/// What providers have filed rows under, by name, and to which category each is mapped.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/provider-categories",
    params(("organization" = String, Path)), responses((status = OK, body = [ProviderCategoryBody])))]
pub(crate) async fn provider_categories(
    State(app): State<App>,
    member: ApiMember,
) -> Result<Json<Vec<ProviderCategoryBody>>, Problem> {
    let body = |seen: SeenProviderCategory| ProviderCategoryBody {
        code: seen.code,
        name: seen.name,
        category_id: seen.category.map(|id| id.to_string()),
    };
    Ok(Json(app.engine.provider_categories(member.asker()).await?.into_iter().map(body).collect()))
}

/// To which category something is mapped that providers file rows under.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ProviderMappingBody {
    code: String,
    /// Absent or `null` takes the mapping away.
    category_id: Option<String>,
    /// To which it was mapped when it was looked at, `null` for none. If it is mapped to another one by now, nothing changes.
    #[serde(default, deserialize_with = "present")]
    seen: Option<Option<String>>,
}

/// Maps what a provider files rows under to a category, or to none.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/provider-categories",
    params(("organization" = String, Path)), request_body = ProviderMappingBody,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn map_provider_category(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<ProviderMappingBody>,
) -> Result<StatusCode, Problem> {
    let category = body.category_id.as_deref().map(id).transpose()?;
    let seen = match body.seen {
        Some(seen) => Some(seen.as_deref().map(id).transpose()?),
        None => None,
    };
    let target = ProviderCategoryTarget { code: body.code, seen, category };
    app.engine.map_provider_categories(member.asker(), &[target]).await?;
    Ok(StatusCode::NO_CONTENT)
}
