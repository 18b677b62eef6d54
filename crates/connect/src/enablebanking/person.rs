//! What a bank is told of a person who is there. Source: section 5 of the fact sheet.

use crate::connector::Visitor;
use crate::guard::is_public;

const ADDRESS: &str = "Psu-Ip-Address";
const USER_AGENT: &str = "Psu-User-Agent";

/// The headers about a person, with their values; none where the person's address is not a public one, or the bank wants to know what
/// nobody here does: half of what it wants it refuses.
pub(super) fn headers(visitor: &Visitor, wanted: &[String]) -> Vec<(&'static str, String)> {
    let agent = visitor.user_agent.trim();
    let is_known = |name: &String| {
        name.eq_ignore_ascii_case(ADDRESS) || (name.eq_ignore_ascii_case(USER_AGENT) && !agent.is_empty())
    };
    if !is_public(visitor.address) || !wanted.iter().all(is_known) {
        return Vec::new();
    }
    let mut headers = vec![(ADDRESS, visitor.address.to_string())];
    // What is no plain text is no value of a header.
    if !agent.is_empty() && agent.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        headers.push((USER_AGENT, agent.to_owned()));
    } else if wanted.iter().any(|name| name.eq_ignore_ascii_case(USER_AGENT)) {
        return Vec::new();
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(address: &str, agent: &str, wanted: &[&str]) -> Vec<&'static str> {
        let visitor = Visitor { address: address.parse().unwrap(), user_agent: agent.to_owned() };
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        headers(&visitor, &wanted).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn all_that_a_bank_wants_or_nothing() {
        let public = "9.9.9.9";
        assert_eq!(told(public, "Browser/1", &[]), [ADDRESS, USER_AGENT]);
        assert_eq!(told(public, "Browser/1", &["PSU-IP-Address", "psu-user-agent"]), [ADDRESS, USER_AGENT]);
        assert_eq!(told(public, " ", &[]), [ADDRESS]);
        let nothing: [&str; 0] = [];
        assert_eq!(told(public, "", &["Psu-User-Agent"]), nothing);
        assert_eq!(told(public, "Bröwser", &["Psu-User-Agent"]), nothing);
        assert_eq!(told(public, "Browser/1", &["Psu-Geo-Location"]), nothing);
        assert_eq!(told("192.168.1.4", "Browser/1", &[]), nothing, "an address of the house tells the bank nothing");
        assert_eq!(told("127.0.0.1", "Browser/1", &[]), nothing);
    }
}
