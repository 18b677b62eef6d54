//! The report: each check with its outcome, for people as a table and for programs as JSON.

use std::fmt;

use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed(String),
    /// The provider has no occasion for it.
    NotApplicable(String),
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub topic: &'static str,
    /// What is checked, as a sentence.
    pub check: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// All checks of one connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The connector's id.
    pub connector: &'static str,
    /// The checks, in their order.
    pub lines: Vec<Line>,
}

impl Report {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| matches!(line.outcome, Outcome::Failed(_)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Conformance of {}", self.connector)?;
        let mut topic = "";
        for line in &self.lines {
            if line.topic != topic {
                topic = line.topic;
                writeln!(f, "\n  {topic}")?;
            }
            match &line.outcome {
                Outcome::Passed => writeln!(f, "    passed          {}", line.check)?,
                Outcome::Failed(why) => writeln!(f, "    FAILED          {}\n                    {why}", line.check)?,
                Outcome::NotApplicable(why) => writeln!(f, "    not applicable  {} ({why})", line.check)?,
            }
        }
        let count = |wanted: fn(&Outcome) -> bool| self.lines.iter().filter(|line| wanted(&line.outcome)).count();
        let passed = count(|outcome| matches!(outcome, Outcome::Passed));
        let beside = count(|outcome| matches!(outcome, Outcome::NotApplicable(_)));
        writeln!(f, "\n{passed} passed, {} failed, {beside} not applicable", self.failed().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_by_people_and_by_programs() {
        let line = |check: &str, outcome| Line { topic: "Keys", check: check.to_owned(), outcome };
        let report = Report {
            connector: "one",
            lines: vec![
                line("a", Outcome::Passed),
                line("b", Outcome::Failed("it did not".to_owned())),
                line("c", Outcome::NotApplicable("it has none".to_owned())),
            ],
        };
        assert_eq!(report.failed().count(), 1);
        let text = report.to_string();
        assert!(text.ends_with("1 passed, 1 failed, 1 not applicable\n"), "{text}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["lines"][1]["outcome"], "failed");
        assert_eq!(json["lines"][1]["why"], "it did not");
    }
}
