//! Categories (fact sheet §6): ids of eight digits, two for each level. Only some of the provider's are here.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::fields::{PathId, Query};
use super::paging;
use super::problem::Problem;
use crate::Sandbox;

/// A category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Category {
    pub(super) id: &'static str,
    pub(super) description: &'static str,
    translated: &'static str,
}

const fn category(id: &'static str, description: &'static str, translated: &'static str) -> Category {
    Category { id, description, translated }
}

const ALL: &[Category] = &[
    category("01000000", "Income", "Renda"),
    category("01010000", "Salary", "Salário"),
    category("03000000", "Investments", "Investimentos"),
    category("03060000", "Proceeds interests and dividends", "Rendimentos de juros e dividendos"),
    category("05000000", "Transfers", "Transferências"),
    category("05070000", "Transfer - PIX", "Transferência - PIX"),
    category("05080000", "Transfer - TED", "Transferência - TED"),
    category("05100000", "Credit card payment", "Pagamento de cartão de crédito"),
    category("07000000", "Groceries", "Compras"),
    category("07010000", "Supermarket", "Supermercado"),
    category("08000000", "Shopping", "Lojas"),
    category("11000000", "Food and drinks", "Alimentos e bebidas"),
    category("17000000", "Housing", "Moradia"),
    category("17010000", "Rent", "Aluguel"),
    category("17020000", "Utilities", "Serviços de utilidade pública"),
    category("18000000", "Healthcare", "Saúde"),
    category("19000000", "Transportation", "Transporte"),
];

/// The category with this id.
pub(super) fn find(id: &str) -> Option<Category> {
    ALL.iter().find(|category| category.id == id).copied()
}

impl Category {
    fn parent(self) -> Option<Self> {
        find(&format!("{}000000", &self.id[..2])).filter(|parent| *parent != self)
    }

    fn wire(self) -> Value {
        let parent = self.parent();
        json!({
            "id": self.id, "description": self.description, "descriptionTranslated": self.translated,
            "parentId": parent.map(|parent| parent.id), "parentDescription": parent.map(|parent| parent.description),
        })
    }
}

/// `GET /categories`: all of them at once, in the shape of a page.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let parent = query.get("parentId");
    let asked = |category: &&Category| parent.is_none_or(|id| category.parent().is_some_and(|parent| parent.id == id));
    let all = ALL.iter().filter(asked).map(|category| category.wire()).collect();
    paging::page(&Query::read("pageSize=500"), all, &sandbox.switches())
}

/// `GET /categories/{id}`
pub(super) async fn retrieve(id: PathId) -> Result<Json<Value>, Problem> {
    let category = find(&id.0).ok_or_else(|| Problem::not_found("CATEGORY_NOT_FOUND", "Category not found"))?;
    Ok(Json(category.wire()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_but_the_highest_has_a_parent() {
        for category in ALL {
            assert_eq!((category.id.len(), category.parent().is_none()), (8, category.id.ends_with("000000")));
        }
    }
}
