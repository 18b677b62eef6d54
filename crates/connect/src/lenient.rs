//! Lenient reading: what every provider's wire has in common. Money is read as its literal text, and a field of another shape
//! than expected loses itself alone.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Decimal text, whether it was sent as a string or as a number: never a float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match serde_json::from_str::<String>(raw.get()) {
            Ok(text) => Ok(Self(text)),
            Err(_) => Ok(Self(raw.get().to_owned())),
        }
    }
}

/// A number that is sent as a number or as a string.
pub(crate) fn lenient_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Decimal>::deserialize(deserializer)?.and_then(|number| number.0.trim().parse().ok()))
}

/// A value that is read where it has the expected shape, and skipped where it has not.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    // Through the literal text, so that even a number that nothing can hold loses its field alone.
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()))
}

/// Lines of text: those of a list that are text, or the one text that stands in its place.
pub(crate) fn lenient_lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    let Some(raw) = raw else { return Ok(None) };
    if let Ok(line) = serde_json::from_str::<String>(raw.get()) {
        return Ok(Some(vec![line]));
    }
    let Ok(list) = serde_json::from_str::<Vec<Box<RawValue>>>(raw.get()) else { return Ok(None) };
    Ok(Some(list.iter().filter_map(|line| serde_json::from_str(line.get()).ok()).collect()))
}

/// The members of a list that have the expected shape; one that has not is left out, and what is no list is empty.
pub(crate) fn lenient_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let members = lenient::<D, Vec<Box<RawValue>>>(deserializer)?.unwrap_or_default();
    Ok(members.iter().filter_map(|member| serde_json::from_str(member.get()).ok()).collect())
}
