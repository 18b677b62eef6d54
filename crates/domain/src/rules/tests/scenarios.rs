//! Scenarios as text: rules, rows, and what the rules come to.

use super::*;
use crate::Code as _;

const SCENARIOS: &str = include_str!("scenarios.txt");

/// What a cell such as `payee=Rewe 12; note=; person=payee; rule=payee 1` says of a row.
fn layered(cells: &str, title: &str) -> (Layered, bool, bool) {
    let mut layered = Layered::default();
    let (mut is_split, mut is_transfer) = (false, false);
    for word in cells.split(';').map(str::trim).filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let text = Some(value.to_owned()).filter(|value| !value.is_empty());
        match key {
            "bank payee" => layered.bank_payee.clone_from(&text),
            "bank note" => layered.bank_note.clone_from(&text),
            "payee" => layered.now.payee = text,
            "note" => layered.now.note = text,
            "category" => {
                layered.now.category = names().categories.iter().find(|(_, name)| name == value).map(|(id, _)| *id);
            }
            "tags" => layered.now.tags = value.split(' ').map(str::to_owned).collect(),
            "reviewed" => layered.now.is_reviewed = true,
            "person" => {
                layered.by_person.insert(Field::from_code(value).unwrap());
            }
            "rule" => {
                let (field, number) = value.split_once(' ').unwrap();
                let number: u128 = number.parse().unwrap();
                layered.by_rule.insert(Field::from_code(field).unwrap(), Some(id(999 + number).into()));
            }
            "split" => is_split = true,
            "transfer" => is_transfer = true,
            _ => panic!("{title}: {word}"),
        }
    }
    // What no layer lies over is what the bank says.
    layered.now.payee = layered.now.payee.or_else(|| layered.bank_payee.clone());
    layered.now.note = layered.now.note.or_else(|| layered.bank_note.clone());
    (layered, is_split, is_transfer)
}

fn told(prepared: &Prepared, outcome: &Outcome) -> String {
    let name = |rule: RuleId| prepared.rules().find(|known| known.id == rule).map_or("?", |known| &known.name);
    let value = |field: Field| match field {
        Field::Payee => outcome.after.payee.clone().unwrap_or_default(),
        Field::Note => outcome.after.note.clone().unwrap_or_default(),
        Field::Category => outcome.after.category.map_or(String::new(), |category| {
            names().categories.iter().find(|(id, _)| *id == category).unwrap().1.clone()
        }),
        Field::Tags => outcome.after.tags.iter().cloned().collect::<Vec<_>>().join(" "),
        Field::Reviewed => outcome.after.is_reviewed.to_string(),
    };
    let mut told: Vec<String> = outcome
        .writes
        .iter()
        .map(|write| {
            let how = if write.gives_back { "given back" } else { name(write.rule) };
            format!("{}={} by {how}", write.field.code(), value(write.field))
        })
        .collect();
    told.extend(outcome.conflicts.iter().map(|conflict| {
        format!("{} of {} wins over {}", conflict.field.code(), name(conflict.winner), name(conflict.loser))
    }));
    told.extend(outcome.kept.iter().map(|(rule, field)| format!("{} kept from {}", field.code(), name(*rule))));
    told.extend(outcome.split.iter().map(|rule| format!("split kept from {}", name(*rule))));
    if told.is_empty() { "nothing".to_owned() } else { told.join("; ") }
}

#[test]
fn every_scenario_comes_to_what_it_says() {
    let (mut text, mut title, mut count) = (String::new(), "", 0);
    for line in SCENARIOS.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if let Some(next) = line.strip_prefix("== ") {
            title = next;
            text.clear();
        } else if let Some(line) = line.strip_prefix("| ") {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [account, amount, cells, expected] = cells.as_slice() else { panic!("{title}: {line}") };
            let prepared = Prepared::new(rules(&text), places()).unwrap();
            let account = names().accounts.iter().find(|(_, name)| name == account).unwrap().0;
            let (layered, is_split, is_transfer) = layered(cells, title);
            let row = Row { account, is_transfer, is_split, ..row(1, amount) };
            let outcome = prepared.decide(&prepared.facts(row, layered));
            assert_eq!(told(&prepared, &outcome), *expected, "{title}: {line}");
            count += 1;
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(count > 40, "{count}");
}
