//! `config.json`: provider keys as guides of other tools write them. What else stands in it is reported and left alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// The file by its usual name.
const NAME: &str = "config.json";

/// A file that was read.
pub(super) struct JsonFile {
    pub(super) path: PathBuf,
    sections: Map<String, Value>,
}

impl JsonFile {
    /// The file that was named, or else the usual one in the working folder, or else in the data folder.
    pub(super) fn find(named: Option<&Path>, data_folder: &Path) -> anyhow::Result<Option<Self>> {
        let usual = [PathBuf::from(NAME), data_folder.join(NAME)];
        match named {
            Some(path) => Ok(Some(Self::read(path)?)),
            None => usual.iter().find(|path| path.exists()).map(|path| Self::read(path)).transpose(),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let path = super::absolute(path);
        let shown = path.display();
        let text = std::fs::read_to_string(&path).with_context(|| format!("the file {shown}"))?;
        // An error of the syntax names no value, so nothing secret is told.
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let said = error.to_string();
            let what = said.split(" at line ").next().unwrap_or_default();
            anyhow::anyhow!("the file {shown}, line {}, column {}: {what}", error.line(), error.column())
        })?;
        let Value::Object(sections) = value else {
            bail!("the file {shown}: an object is needed, such as {{\"nordigen\": {{…}}}}");
        };
        Ok(Self { path, sections })
    }

    /// The text of a field in a section, where both are there.
    pub(super) fn text(&self, section: &str, field: &str) -> anyhow::Result<Option<&str>> {
        let shown = self.path.display();
        let Some(value) = self.sections.get(section) else { return Ok(None) };
        let Value::Object(fields) = value else {
            bail!("the file {shown}: {section} must be an object with the keys in it");
        };
        match fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => bail!("the file {shown}: {section}.{field} must be a text in quotes"),
        }
    }

    /// Everything in it that none of these sections and fields names.
    pub(super) fn unknown(&self, known: &[(&str, &[&str])]) -> Vec<String> {
        let mut unknown = Vec::new();
        for (section, value) in &self.sections {
            let Some((_, fields)) = known.iter().find(|(name, _)| name == section) else {
                unknown.push(section.clone());
                continue;
            };
            let inside = value.as_object().into_iter().flat_map(Map::keys);
            unknown
                .extend(inside.filter(|name| !fields.contains(&name.as_str())).map(|name| format!("{section}.{name}")));
        }
        unknown
    }
}
