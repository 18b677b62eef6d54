//! Tables as CSV, for spreadsheets: UTF-8 with its mark, commas, line ends as RFC 4180 has them.

/// A table in the making.
#[derive(Debug, Default)]
pub(crate) struct CsvTable {
    text: String,
}

/// A value of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CsvCell<'a> {
    /// Words, which no spreadsheet takes for a formula.
    Text(&'a str),
    /// An exact decimal number.
    Number(&'a str),
}

impl CsvTable {
    /// Adds a line.
    pub(crate) fn line<'a>(&mut self, cells: impl IntoIterator<Item = CsvCell<'a>>) {
        if self.text.is_empty() {
            self.text.push('\u{feff}');
        }
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            match cell {
                CsvCell::Number(number) => self.text.push_str(number),
                CsvCell::Text(text) => self.push_text(text),
            }
        }
        self.text.push_str("\r\n");
    }

    /// A name that begins like a formula would be carried out by a spreadsheet; with an apostrophe in front it is a text.
    fn push_text(&mut self, text: &str) {
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let is_quoted = is_formula || text.contains([',', '"', '\n', '\r', ';']);
        if is_quoted {
            self.text.push('"');
        }
        if is_formula {
            self.text.push('\'');
        }
        for c in text.chars() {
            if c == '"' {
                self.text.push('"');
            }
            self.text.push(c);
        }
        if is_quoted {
            self.text.push('"');
        }
    }

    /// The whole of it.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::CsvCell::{Number, Text};
    use super::*;

    #[test]
    fn names_are_texts_whatever_they_begin_with_and_numbers_are_numbers() {
        let mut table = CsvTable::default();
        table.line([Text("=1+1"), Text("a, \"b\""), Number("-12.40")]);
        table.line([Text("@x"), Text("Taxes"), Number("0")]);
        assert_eq!(table.into_text(), "\u{feff}\"'=1+1\",\"a, \"\"b\"\"\",-12.40\r\n\"'@x\",Taxes,0\r\n");
    }
}
