//! What merchant category codes mean (ISO 18245), as far as they are common in the books of households and small companies.

const NAMES: [(&str, &str); 36] = [
    ("4111", "Local and commuter transport"),
    ("4112", "Railways"),
    ("4121", "Taxis"),
    ("4511", "Airlines"),
    ("4722", "Travel agencies"),
    ("4784", "Tolls"),
    ("4814", "Telephone services"),
    ("4816", "Network services"),
    ("4899", "Television and streaming"),
    ("4900", "Electricity, gas, water"),
    ("5200", "Building supplies"),
    ("5251", "Hardware shops"),
    ("5311", "Department stores"),
    ("5399", "General shops"),
    ("5411", "Supermarkets"),
    ("5462", "Bakeries"),
    ("5499", "Food shops"),
    ("5541", "Petrol stations"),
    ("5542", "Petrol pumps"),
    ("5651", "Clothes"),
    ("5661", "Shoes"),
    ("5712", "Furniture"),
    ("5732", "Electronics"),
    ("5812", "Restaurants"),
    ("5813", "Bars"),
    ("5814", "Fast food"),
    ("5912", "Pharmacies"),
    ("5941", "Sporting goods"),
    ("5942", "Book shops"),
    ("5999", "Speciality shops"),
    ("6011", "Cash from machines"),
    ("7011", "Hotels"),
    ("7230", "Hairdressers"),
    ("7523", "Parking"),
    ("7997", "Sports clubs"),
    ("8011", "Doctors"),
];

/// What a provider's category is called: the name that came with it, or what its merchant category code means.
pub(crate) fn name_of(code: &str, name: &str) -> String {
    let meaning = code.strip_prefix("mcc:").and_then(|code| {
        let at = NAMES.binary_search_by_key(&code, |(known, _)| known).ok()?;
        Some(format!("{} ({code})", NAMES[at].1))
    });
    meaning.unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_by_what_they_mean() {
        assert!(NAMES.is_sorted_by_key(|(code, _)| code));
        assert_eq!(name_of("mcc:5411", "Merchant category 5411"), "Supermarkets (5411)");
        assert_eq!(name_of("mcc:1234", "Merchant category 1234"), "Merchant category 1234");
        assert_eq!(name_of("pluggy:07010000", "Supermarket"), "Supermarket");
    }
}
