//! The guard against requests to places inside: addresses that a provider or a person supplies may only be public ones.
//!
//! Names are checked where they are resolved, so that a name cannot be public when it is checked and private when it is used.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not `https`.
    #[error("only https addresses are fetched")]
    Scheme,
    /// It names a user or a password.
    #[error("the address holds a user name")]
    UserInfo,
    /// It leads to a private or special place.
    #[error("the address leads to a private network")]
    Private,
    /// It has no host.
    #[error("the address has no host")]
    NoHost,
}

/// Checks an address as far as that goes without resolving it.
pub fn check(url: &Url) -> Result<(), Refused> {
    if url.scheme() != "https" {
        return Err(Refused::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::UserInfo);
    }
    match url.host() {
        Some(Host::Ipv4(address)) => check_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => check_address(IpAddr::V6(address)),
        Some(Host::Domain(_)) => Ok(()),
        None => Err(Refused::NoHost),
    }
}

fn check_address(address: IpAddr) -> Result<(), Refused> {
    if is_public(address) { Ok(()) } else { Err(Refused::Private) }
}

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let protocol = a == 192 && b == 0 && c == 0;
            let benchmark = a == 198 && (b == 18 || b == 19);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || shared
                || protocol
                || benchmark)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let head = v6.segments()[0];
            // Only 2000::/3 is global; of it, tunnels and documentation lead elsewhere.
            (head & 0xe000) == 0x2000 && head != 0x2002 && !(head == 0x2001 && matches!(v6.segments()[1], 0 | 0x0db8))
        }
    }
}

/// Resolves names to public addresses only.
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Refused::Private.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_places_are_refused_however_they_are_written() {
        for address in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://10.1.2.3/",
            "https://192.168.1.1/",
            "https://172.16.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://0.0.0.0/",
            "https://[2002:7f00:1::]/",
        ] {
            assert_eq!(check(&Url::parse(address).unwrap()), Err(Refused::Private), "{address}");
        }
        assert_eq!(check(&Url::parse("http://example.org/").unwrap()), Err(Refused::Scheme));
        assert_eq!(check(&Url::parse("file:///etc/passwd").unwrap()), Err(Refused::Scheme));
        assert_eq!(check(&Url::parse("https://a:b@example.org/").unwrap()), Err(Refused::UserInfo));
        assert_eq!(check(&Url::parse("https://example.org/logo.png").unwrap()), Ok(()));
        assert_eq!(check(&Url::parse("https://8.8.8.8/").unwrap()), Ok(()));
    }
}
