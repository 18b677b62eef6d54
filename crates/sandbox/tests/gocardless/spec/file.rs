//! The file: its operations, the schemas of their answers and the examples of their errors.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/specs/gocardless-bad-v2-swagger.json");
const BASE: &str = "/api/v2";
const URL: &str = "http://spec.invalid/file.json";

/// An error that the file shows.
pub(super) struct Example {
    pub(super) name: String,
    pub(super) body: Value,
}

/// What the file says about one operation's answer of one status.
pub(super) struct Documented {
    pub(super) schema: SchemaIndex,
    pub(super) examples: Vec<Example>,
}

/// The file, by operation (`GET /accounts/{id}/`) and status.
pub(super) struct Spec {
    pub(super) schemas: Schemas,
    pub(super) operations: BTreeMap<String, BTreeMap<u16, Documented>>,
}

impl Spec {
    pub(super) fn beside_the_project() -> Option<Self> {
        if !Path::new(FILE).exists() {
            // Straight to the console, because the output of a test that passes is not shown.
            let _ = writeln!(std::io::stderr(), "skipped: {FILE} is not there, so answers are not checked against it");
            return None;
        }
        let document: Value = serde_json::from_slice(&std::fs::read(FILE).unwrap()).unwrap();
        Some(Self::read(document))
    }

    fn read(mut document: Value) -> Self {
        nulls(&mut document);
        let mut answers = Map::new();
        let mut found = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = format!("{} {}", method.to_uppercase(), path.strip_prefix(BASE).unwrap());
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let content = &response["content"]["application/json"];
                    let key = answers.len().to_string();
                    answers.insert(key.clone(), content["schema"].clone());
                    let examples = content["examples"].as_object().into_iter().flatten();
                    let examples = examples
                        .map(|(name, example)| Example { name: name.clone(), body: example["value"].clone() })
                        .collect::<Vec<_>>();
                    found.push((name.clone(), status.parse::<u16>().unwrap(), key, examples));
                }
            }
        }
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V4);
        compiler.add_resource(URL, json!({ "components": document["components"], "answers": answers })).unwrap();
        let mut schemas = Schemas::new();
        let mut operations: BTreeMap<String, BTreeMap<u16, Documented>> = BTreeMap::new();
        for (name, status, key, examples) in found {
            let schema = compiler.compile(&format!("{URL}#/answers/{key}"), &mut schemas).unwrap();
            operations.entry(name).or_default().insert(status, Documented { schema, examples });
        }
        Self { schemas, operations }
    }
}

/// `nullable` is a word of OpenAPI; the language of schemas says it with a type.
fn nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        if fields.remove("nullable") == Some(json!(true)) {
            let kind = fields["type"].take();
            fields.insert("type".to_owned(), json!([kind, "null"]));
        }
        fields.values_mut().for_each(nulls);
    } else if let Value::Array(items) = value {
        items.iter_mut().for_each(nulls);
    }
}
