//! Institutions: searched by name, found by id or routing number, asked for where they lack (fact sheet §3).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::ask::Ask;
use super::super::banks::{self, Bank};
use super::super::gate::{Answered, Reply};
use super::super::problem::Problem;
use super::super::records::Wish;
use super::super::wire;
use super::logins::own_user;
use crate::Sandbox;

const SHORTEST_SEARCH_CHARS: usize = 2;
const LONGEST_NAME_CHARS: usize = 200;

/// What is searched for.
pub(in crate::sophtron) struct Search<'a> {
    pub(in crate::sophtron) words: &'a str,
    /// Anywhere in the name, not only where a word begins.
    pub(in crate::sophtron) is_extensive: bool,
    /// A number or a word of fact sheet §4, if there is one.
    pub(in crate::sophtron) sort: Option<&'a str>,
}

impl Search<'_> {
    fn finds(&self, name: &str) -> bool {
        let (name, words) = (name.to_lowercase(), self.words.trim().to_lowercase());
        name.starts_with(&words) || name.contains(&format!(" {words}")) || (self.is_extensive && name.contains(&words))
    }

    /// Every institution that fits, by name.
    pub(in crate::sophtron) fn answer(&self, sandbox: &Sandbox) -> Answered {
        if self.words.trim().chars().count() < SHORTEST_SEARCH_CHARS {
            return Err(Problem::missing("InstitutionName"));
        }
        let is_sort = |bank: &&Bank| {
            let (number, word) = bank.sort.codes();
            let all = |sort: &str| sort == "0" || sort.eq_ignore_ascii_case("all");
            self.sort.is_none_or(|sort| all(sort) || sort == number || sort.eq_ignore_ascii_case(word))
        };
        let fitting = banks::ALL.iter().filter(|bank| self.finds(bank.name)).filter(is_sort);
        let mut found: Vec<Value> = fitting.map(wire::institution).collect();
        sandbox.read(|state, _| {
            let wishes = state.sophtron.wished_for.iter().filter(|(_, wish)| self.finds(&wish.name));
            found.extend(wishes.map(|(id, wish)| wire::wish(*id, wish)));
        });
        found.sort_by_key(|one| one["InstitutionName"].as_str().map(str::to_owned));
        Ok(Reply::Json(found.into()))
    }
}

/// `Institution/GetInstitutionByName`
pub(super) fn by_name(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let search = Search {
        words: ask.body.text("InstitutionName")?,
        is_extensive: ask.body.says_yes("Extensive"),
        sort: ask.body.text_or_none("InstitutionType"),
    };
    search.answer(sandbox)
}

/// `Institution/GetInstitutionByID`
pub(super) fn by_id(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("InstitutionID")?;
    let wished = || sandbox.read(|state, _| state.sophtron.wished_for.get(&id).map(|wish| wire::wish(id, wish)));
    super::logins::found(sandbox, Bank::find(id).map(wire::institution).or_else(wished))
}

/// `Institution/GetInstitutionByRoutingNumber`
pub(super) fn by_routing_number(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let number = ask.body.text("RoutingNumber")?.trim();
    let bank = banks::ALL.iter().find(|bank| bank.routing_numbers.contains(&number));
    super::logins::found(sandbox, bank.map(wire::institution))
}

/// `Institution/GetInstitutionsByUser`: those at which there is a login.
pub(super) fn by_user(sandbox: &Sandbox, ask: &Ask) -> Answered {
    own_user(ask, "UserID")?;
    let ids: BTreeSet<Uuid> =
        sandbox.read(|state, _| state.sophtron.logins.values().map(|login| login.institution).collect());
    Ok(Reply::Json(ids.into_iter().filter_map(Bank::find).map(wire::institution).collect()))
}

/// `Institution/AddInstitution`: the id of what was asked for; the empty one where that is nothing.
pub(super) fn add(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let name = ask.body.text_or_none("InstitutionName").unwrap_or_default().trim();
    let url = ask.body.text_or_none("URL").unwrap_or_default().trim();
    if name.is_empty() || url.is_empty() || name.chars().count() > LONGEST_NAME_CHARS {
        return Ok(Reply::Json(json!(Uuid::nil())));
    }
    let id = sandbox.uuid();
    sandbox.change(|state, _| {
        state.sophtron.wished_for.insert(id, Wish { name: name.to_owned(), url: url.to_owned() });
        Ok(Reply::Json(json!(id)))
    })
}
