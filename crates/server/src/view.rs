//! What templates are given: everything is text here, said the way people read it.

pub(crate) mod asked;
pub(crate) mod cashflow;
pub(crate) mod chart;
pub(crate) mod countries;
pub(crate) mod csv;
pub(crate) mod day;
pub(crate) mod fault;
pub(crate) mod finding;
pub(crate) mod merchant;
pub(crate) mod money;
pub(crate) mod picker;
pub(crate) mod shell;
pub(crate) mod side;
pub(crate) mod status;
pub(crate) mod transfer;
pub(crate) mod tree;

use std::fmt;

/// An icon of the sprite, drawn with the text's colour and hidden from screen readers: a word always stands beside it.
pub(crate) struct Icon(pub(crate) &'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spin = if self.0 == "ring" { " spin" } else { "" };
        write!(
            f,
            r##"<svg class="icon{spin}" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-{}"/></svg>"##,
            self.0
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}

/// An icon for a template: `{{ icon("check") }}`.
pub(crate) const fn icon(name: &'static str) -> Icon {
    Icon(name)
}

/// A small count with its noun: `1 day`, `12 days`. What may pass a thousand is told by [`day::Today`], in the person's format.
pub(crate) fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// One field of a form, with what was typed and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldView {
    /// What was typed; never the text of a secret.
    pub(crate) value: String,
    /// What is wrong, as a sentence.
    pub(crate) error: Option<String>,
}

impl FieldView {
    pub(crate) fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }
}
