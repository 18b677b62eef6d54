//! The words, quoted texts, ids and commas of one line.

use super::TextError;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word or a number.
    Word(String),
    /// What stood in quotes.
    Quoted(String),
    /// What stood in brackets.
    Id(String),
    /// Between two of a list.
    Comma,
}

/// The parts of a line with their columns, read from the front.
#[derive(Debug)]
pub(super) struct Line {
    number: usize,
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

impl Line {
    pub(super) fn of(number: usize, text: &str) -> Result<Self, TextError> {
        let chars: Vec<char> = text.chars().collect();
        let wrong = |at: usize, says: &str| TextError { line: number, column: at + 1, says: says.to_owned() };
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            let start = at;
            match chars[at] {
                c if c.is_whitespace() => at += 1,
                ',' | ';' => {
                    tokens.push((start, Token::Comma));
                    at += 1;
                }
                '"' => {
                    let mut quoted = String::new();
                    at += 1;
                    loop {
                        match (chars.get(at), chars.get(at + 1)) {
                            (None, _) => return Err(wrong(start, "This quote is not closed.")),
                            (Some('"'), Some('"')) => {
                                quoted.push('"');
                                at += 2;
                            }
                            (Some('"'), _) => break,
                            (Some(c), _) => {
                                quoted.push(*c);
                                at += 1;
                            }
                        }
                    }
                    at += 1;
                    tokens.push((start, Token::Quoted(quoted)));
                }
                '[' => {
                    let end = chars[at..].iter().position(|c| *c == ']');
                    let end = at + end.ok_or_else(|| wrong(start, "This bracket is not closed."))?;
                    tokens.push((start, Token::Id(chars[at + 1..end].iter().collect())));
                    at = end + 1;
                }
                _ => {
                    while chars.get(at).is_some_and(|c| !c.is_whitespace() && !matches!(c, ',' | ';' | '"' | '[')) {
                        at += 1;
                    }
                    tokens.push((start, Token::Word(chars[start..at].iter().collect())));
                }
            }
        }
        Ok(Self { number, tokens, next: 0, end: chars.len() })
    }

    /// What is wrong at the next part.
    pub(super) fn wrong(&self, says: impl Into<String>) -> TextError {
        self.wrong_at(self.next, says)
    }

    /// What is wrong at the part that was read last.
    pub(super) fn wrong_before(&self, says: impl Into<String>) -> TextError {
        self.wrong_at(self.next.saturating_sub(1), says)
    }

    fn wrong_at(&self, place: usize, says: impl Into<String>) -> TextError {
        let column = self.tokens.get(place).map_or(self.end, |(start, _)| *start) + 1;
        TextError { line: self.number, column, says: says.into() }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    pub(super) fn is_over(&self) -> bool {
        self.peek().is_none()
    }

    pub(super) fn over(&self) -> Result<(), TextError> {
        if self.is_over() { Ok(()) } else { Err(self.wrong("Nothing was expected here.")) }
    }

    /// Takes these words if they come next.
    pub(super) fn takes(&mut self, words: &str) -> bool {
        let mut at = self.next;
        for word in words.split(' ') {
            match self.tokens.get(at) {
                Some((_, Token::Word(next))) if next == word => at += 1,
                _ => return false,
            }
        }
        self.next = at;
        true
    }

    pub(super) fn takes_comma(&mut self) -> bool {
        let is_comma = self.peek() == Some(&Token::Comma);
        self.next += usize::from(is_comma);
        is_comma
    }

    pub(super) fn quoted(&mut self, what: &str) -> Result<String, TextError> {
        match self.peek() {
            Some(Token::Quoted(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.wrong(format!("{what} in quotes was expected here."))),
        }
    }

    pub(super) fn id(&mut self) -> Option<String> {
        let Some(Token::Id(id)) = self.peek() else { return None };
        let id = id.clone();
        self.next += 1;
        Some(id)
    }

    pub(super) fn word(&mut self, what: &str) -> Result<String, TextError> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.wrong(format!("{what} was expected here."))),
        }
    }
}

/// A text as it stands in a line.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
