//! Lists by page (fact sheet §1). Lists by cursor are with the transactions.

use axum::Json;
use serde_json::{Value, json};

use super::fields::Query;
use super::problem::Problem;
use crate::Switches;

const DEFAULT_SIZE: usize = 20;
const GREATEST_SIZE: usize = 500;

/// The page of a list that a query asks for.
pub(super) fn page(query: &Query, all: Vec<Value>, switches: &Switches) -> Result<Json<Value>, Problem> {
    let number = |name: &str, default: usize, greatest: usize| match query.get(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if (1..=greatest).contains(&number) => Ok(number),
        Some(_) => Err(Problem::parameter(
            name,
            "INVALID_PARAMETER",
            &format!("{name} must be a whole number from 1 to {greatest}"),
        )),
    };
    let (page, size) = (number("page", 1, usize::MAX)?, number("pageSize", DEFAULT_SIZE, GREATEST_SIZE)?);
    let total = all.len();
    // Fact sheet §1 `[?]`: an empty list has been seen with no pages and with one.
    let fewest = usize::from(!switches.pluggy_empty_lists_have_no_pages);
    let pages = total.div_ceil(size).max(fewest);
    let results: Vec<Value> = all.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
    Ok(Json(json!({ "results": results, "page": page, "total": total, "totalPages": pages })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_from_one_and_have_bounds() {
        let all = || (0..45).map(Value::from).collect::<Vec<_>>();
        let page_of =
            |text: &str| page(&Query::read(text), all(), &Switches::default()).map(|Json(body)| body).unwrap();
        let first = page_of("");
        assert_eq!((&first["page"], &first["total"], &first["totalPages"]), (&json!(1), &json!(45), &json!(3)));
        assert_eq!(page_of("page=3")["results"], json!([40, 41, 42, 43, 44]));
        assert_eq!(page_of("page=4")["results"], json!([]));
        assert_eq!(page_of("pageSize=500")["totalPages"], 1);
        for wrong in ["page=0", "pageSize=501", "page=x"] {
            assert!(page(&Query::read(wrong), all(), &Switches::default()).is_err(), "{wrong}");
        }
        assert_eq!(page(&Query::read(""), Vec::new(), &Switches::default()).unwrap().0["totalPages"], 0);
    }
}
