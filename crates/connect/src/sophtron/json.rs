//! JSON whose keys are written in more ways than one: `TransactionID`, `TransactionId`, `transactionId`.
//!
//! An object is taken apart once, its keys in lower case, and read from there; numbers stay the literal text that came.
//! Source: sections 0 (8) and 5 of the fact sheet.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// An object by its keys in lower case. Where one key comes in two spellings, the one that begins with a capital counts, as
/// Sophtron documents it.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// Takes an object apart; `None` is what is no object.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let members: BTreeMap<String, &'a RawValue> = serde_json::from_slice(bytes).ok()?;
        let mut folded = BTreeMap::new();
        for (key, value) in members {
            folded.entry(key.to_lowercase()).or_insert(value);
        }
        Some(Self(folded))
    }

    /// The same of a part of something.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        Self::read(raw.get().as_bytes())
    }

    /// A member, as it came.
    pub(super) fn raw(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied()
    }

    /// A text that says something, or the literal text of a number.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let raw = self.raw(key)?.get();
        let text = match raw.as_bytes().first()? {
            b'"' => serde_json::from_str::<String>(raw).ok()?.trim().to_owned(),
            b'-' | b'0'..=b'9' => raw.to_owned(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// Whether a member says nothing: it is not there, null or a blank text.
    pub(super) fn is_blank(&self, key: &str) -> bool {
        match self.raw(key).map(RawValue::get) {
            None | Some("null") => true,
            Some(raw) => raw.starts_with('"') && self.text(key).is_none(),
        }
    }

    /// The first of these members that says something.
    pub(super) fn first_text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// An id: a text that is neither blank nor the id of nothing.
    pub(super) fn id(&self, keys: &[&str]) -> Option<String> {
        let says = |text: &String| text.chars().any(|c| !matches!(c, '0' | '-'));
        keys.iter().filter_map(|key| self.text(key)).find(says)
    }

    /// Yes or no, whether it was sent as such or as a text.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.raw(key)?.get().trim_matches('"').to_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// An object within.
    pub(super) fn object(&self, key: &str) -> Option<Self> {
        Self::of(self.raw(key)?)
    }

    /// The objects of a list within; what is no list has none.
    pub(super) fn objects(&self, key: &str) -> Vec<Self> {
        let members = self.raw(key).and_then(|raw| serde_json::from_str::<Vec<&'a RawValue>>(raw.get()).ok());
        members.unwrap_or_default().into_iter().filter_map(Self::of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_however_they_are_written() {
        let object = Object::read(
            br#"{"TransactionId":"a","AMOUNT":-12.340,"amountText":"5","isOn":"True","Off":false,
                "inner":{"Name":" N "},"List":[1,{"A":"b"}]}"#,
        )
        .unwrap();
        assert_eq!(object.text("transactionid").as_deref(), Some("a"));
        assert_eq!(object.text("amount").as_deref(), Some("-12.340"), "as it came");
        assert_eq!((object.flag("ison"), object.flag("off"), object.flag("none")), (Some(true), Some(false), None));
        assert_eq!(object.object("inner").unwrap().text("name").as_deref(), Some("N"));
        assert_eq!(object.objects("list").len(), 1);
        assert!(object.object("list").is_none() && object.objects("inner").is_empty());
    }

    #[test]
    fn a_key_in_two_spellings_is_read_as_documented() {
        let object = Object::read(br#"{"amount":"1","Amount":"2"}"#).unwrap();
        assert_eq!(object.text("amount").as_deref(), Some("2"));
    }

    #[test]
    fn the_id_of_nothing_is_none() {
        let object =
            Object::read(br#"{"JobID":"00000000-0000-0000-0000-000000000000","ID":"  ","Other":"0a"}"#).unwrap();
        assert_eq!(object.id(&["jobid", "id"]), None);
        assert_eq!(object.id(&["jobid", "other"]).as_deref(), Some("0a"));
    }
}
