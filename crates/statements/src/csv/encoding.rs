//! What the bytes of a file stand for.

use std::ops::Range;

use encoding_rs::{ISO_8859_15, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

use super::problem::FileProblem;

/// The encodings that banks write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// Windows-1252, the Western European one.
    Windows1252,
    /// ISO 8859-15, which differs from it in the euro sign.
    Iso885915,
}

impl Encoding {
    /// Each, with UTF-8 first.
    pub const ALL: [Self; 5] = [Self::Utf8, Self::Windows1252, Self::Iso885915, Self::Utf16Le, Self::Utf16Be];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little endian)",
            Self::Utf16Be => "UTF-16 (big endian)",
            Self::Windows1252 => "Windows-1252",
            Self::Iso885915 => "ISO 8859-15",
        }
    }

    fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            Self::Windows1252 | Self::Iso885915 => b"",
        }
    }

    fn of(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
            Self::Iso885915 => ISO_8859_15,
        }
    }

    /// How many bytes a piece of text takes in it.
    fn width(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16Le | Self::Utf16Be => text.encode_utf16().count() * 2,
            Self::Windows1252 | Self::Iso885915 => text.chars().count(),
        }
    }

    /// What the bytes of a file most likely stand for.
    pub(super) fn guess(bytes: &[u8]) -> Self {
        for marked in [Self::Utf8, Self::Utf16Le, Self::Utf16Be] {
            if bytes.starts_with(marked.mark()) {
                return marked;
            }
        }
        // Of text in European letters nearly every other byte is zero then.
        let start = &bytes[..bytes.len().min(4096)];
        let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        if odd * 3 > start.len() {
            Self::Utf16Le
        } else if even * 3 > start.len() {
            Self::Utf16Be
        } else if std::str::from_utf8(bytes).is_ok() {
            Self::Utf8
        // Only Windows has letters here, and only the other one has the euro sign there.
        } else if !bytes.iter().any(|byte| (0x80..0xA0).contains(byte)) && bytes.contains(&0xA4) {
            Self::Iso885915
        } else {
            Self::Windows1252
        }
    }

    /// The text of a whole file.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Text<'_>, FileProblem> {
        let start = if bytes.starts_with(self.mark()) { self.mark().len() } else { 0 };
        let body = &bytes[start..];
        let not_text = |upto: &str| {
            let line = upto.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
            FileProblem::NotText { line, encoding: self.name() }
        };
        let text = match self.of().decode_without_bom_handling_and_without_replacement(body) {
            Some(text) if self.width(&text) == body.len() => text.into_owned(),
            _ => {
                let (replaced, _) = self.of().decode_without_bom_handling(body);
                return Err(not_text(replaced.split('\u{fffd}').next().unwrap_or_default()));
            }
        };
        if let Some(zero) = text.find('\0') {
            return Err(not_text(&text[..zero]));
        }
        Ok(Text { content: text, encoding: self, bytes, start })
    }

    /// The text of one line's bytes. What is damaged is replaced.
    pub(super) fn decode_line(self, bytes: &[u8]) -> String {
        self.of().decode_without_bom_handling(bytes).0.into_owned()
    }
}

/// What a file is by its first bytes, where that is no text.
pub(super) fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a spreadsheet or an archive"),
        (b"\xD0\xCF\x11\xE0", "an old spreadsheet"),
        (b"%PDF", "a PDF"),
        (b"\x1F\x8B", "a compressed file"),
        (b"<?xml", "an XML file"),
        (b"OFXHEADER", "an OFX file"),
    ];
    KINDS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, name)| *name)
}

/// A file's text, and where its bytes are.
pub(super) struct Text<'a> {
    pub(super) content: String,
    encoding: Encoding,
    bytes: &'a [u8],
    /// Where its text begins, after the byte order mark.
    start: usize,
}

impl<'a> Text<'a> {
    /// Finds the bytes of pieces of the text that are asked for in their order.
    pub(super) fn pieces(&self) -> Pieces<'_, 'a> {
        Pieces { of: self, text_at: 0, byte_at: self.start }
    }
}

/// Walks through the text and its bytes side by side.
pub(super) struct Pieces<'t, 'a> {
    of: &'t Text<'a>,
    text_at: usize,
    byte_at: usize,
}

impl<'a> Pieces<'_, 'a> {
    /// The bytes of the next piece, exactly as they stand in the file.
    pub(super) fn next(&mut self, range: &Range<usize>) -> &'a [u8] {
        let (text, encoding) = (&self.of.content, self.of.encoding);
        let from = self.byte_at + encoding.width(&text[self.text_at..range.start]);
        let to = from + encoding.width(&text[range.clone()]);
        (self.text_at, self.byte_at) = (range.end, to);
        &self.of.bytes[from..to]
    }
}
