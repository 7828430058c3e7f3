//! Where webhooks may go. Weir runs inside a network that callers cannot reach, so an address that they choose must not lead to
//! anything that is reachable only from inside (server-side request forgery).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Maximum length of an address in characters.
const LONGEST: usize = 1_000;

/// The address of a webhook: `https` and the name of a host; in a local environment also `http` to the same machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(Uri);

impl WebhookUrl {
    /// Reads an address. `loopback` also allows `http://127.0.0.1`, `http://localhost` and `http://[::1]`, with a port.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn parse(text: &str, loopback: bool) -> Result<Self, String> {
        let bad = |detail: &str| Err(detail.to_owned());
        if text.len() > LONGEST {
            return Err(format!("has more than {LONGEST} characters"));
        }
        let Ok(uri) = text.parse::<Uri>() else { return bad("is no address such as https://example.org/hook") };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return bad("must be a whole address such as https://example.org/hook");
        };
        if authority.as_str().contains('@') {
            return bad("must not name a user or a password");
        }
        if authority.as_str() != authority.host() && authority.port_u16().is_none() {
            return bad("must not have such a port");
        }
        if text.contains('#') {
            return bad("must not have a fragment");
        }
        let host = authority.host();
        let own = loopback && ["127.0.0.1", "localhost", "[::1]"].contains(&host);
        match scheme {
            "http" if own => Ok(Self(uri)),
            "https" if is_name(host) => Ok(Self(uri)),
            "https" => bad("must name its host by a name of the public DNS, such as example.org"),
            _ => bad("must begin with https://"),
        }
    }

    /// The address.
    pub fn uri(&self) -> &Uri {
        &self.0
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whether a host is a name of the public DNS: two labels at the least, of which the last is a word. `127.1`, `0x7f.1` and
/// `2130706433` are numbers that some resolvers read as addresses; `[::1]` is an address.
fn is_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let mut labels = host.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let word = last.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let inside =
        ["localhost", "local", "internal", "arpa", "home", "lan", "corp"].contains(&last.to_ascii_lowercase().as_str());
    host.len() <= 253 && word && !inside && label(last) && labels.clone().next().is_some() && labels.all(label)
}

/// Whether an address is one of the public internet: not loopback, private, link-local (which includes
/// cloud metadata) or reserved, nor such an address embedded in an IPv6 one (IANA's special-purpose registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || first == 0
        || first >= 240
        // Carriers' networks (RFC 6598), which AWS uses for its own services too.
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && (18..20).contains(&second));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is assigned; mapped IPv4 addresses, ::1, fc00::/7, fe80::/10 and NAT64 (64:ff9b::/96) are outside of it.
    let global = (0x2000..0x4000).contains(&first);
    // Tunnels hold an IPv4 address: Teredo and 6to4. 2001:db8::/32 and 3fff::/20 are documentation; 2001::/23 are protocols.
    let special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8)) || first == 0x2002 || first == 0x3fff;
    global && !special
}
