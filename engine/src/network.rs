//! Networks in CIDR notation, as the condition key `aws:SourceIp` has them.

use std::fmt;
use std::net::IpAddr;

/// Networks from which no request comes through the internet
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>).
const PRIVATE: [&str; 9] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// An address, and how many of its leading bits all addresses of the network share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// Reads `ADDRESS/LENGTH`; nothing where it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|length| digits && *length <= bits_of(&address))?;
        Some(Self { address, length })
    }

    /// The same without the bits beyond its length, which count for nothing.
    #[must_use]
    pub fn whole(self) -> Self {
        self.with(self.start(), self.length)
    }

    /// One address alone: the network of its length.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { length: bits_of(&self.address), ..self }
    }

    /// Whether it is of IPv6.
    pub fn is_v6(self) -> bool {
        self.address.is_ipv6()
    }

    /// Whether it is all addresses of its family.
    pub fn is_everything(self) -> bool {
        self.length == 0
    }

    /// Whether no request comes from it through the internet.
    pub fn is_private(self) -> bool {
        PRIVATE.into_iter().filter_map(Self::parse).any(|private| private.covers(self))
    }

    /// Whether every address of the other network is in this one.
    pub fn covers(self, other: Self) -> bool {
        let same = self.is_v6() == other.is_v6() && self.length <= other.length;
        same && self.start() == Self { address: other.address, ..self }.start()
    }

    /// Whether every address of it is in one of these networks.
    pub fn is_within(self, networks: &[Self]) -> bool {
        if networks.iter().any(|network| network.covers(self)) {
            return true;
        }
        // Only what some of them lies in can be put together of several.
        let parts: Vec<Self> = networks.iter().copied().filter(|network| self.covers(*network)).collect();
        !parts.is_empty() && self.halves().into_iter().all(|half| half.is_within(&parts))
    }

    /// Its lower and its upper half; itself where it is one address.
    fn halves(self) -> Vec<Self> {
        let length = self.length + 1;
        if length > bits_of(&self.address) {
            return vec![self];
        }
        let upper = self.start() | 1 << (128 - u32::from(length));
        vec![self.with(self.start(), length), self.with(upper, length)]
    }

    /// Another network of the same family.
    fn with(self, start: u128, length: u8) -> Self {
        let address = match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(start >> 96).unwrap_or_default().into()),
            IpAddr::V6(_) => IpAddr::V6(start.into()),
        };
        Self { address, length }
    }

    /// The bits that count, from the left.
    fn start(self) -> u128 {
        let bits = match self.address {
            IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
            IpAddr::V6(address) => address.into(),
        };
        let unused = 128 - u32::from(self.length);
        bits.checked_shr(unused).and_then(|kept| kept.checked_shl(unused)).unwrap_or_default()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

fn bits_of(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Network {
        Network::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn all(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| of(text)).collect()
    }

    #[test]
    fn what_is_a_network_and_what_is_not() {
        for text in ["0.0.0.0/0", "203.0.113.7/32", "::/0", "2001:db8::/32", "2001:db8::1/128"] {
            assert_eq!(of(text).to_string(), text);
        }
        assert_eq!(of("2001:DB8:0:0::/32").to_string(), "2001:db8::/32", "in one spelling");
        for text in [
            "",
            "/",
            "1.2.3.4",
            "1.2.3.4/",
            "1.2.3.4/33",
            "1.2.3/8",
            "01.2.3.4/8",
            "1.2.3.4/+8",
            "::/129",
            "::/-1",
            "a/8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn bits_beyond_the_length_count_for_nothing() {
        for (text, whole) in
            [("203.0.113.7/24", "203.0.113.0/24"), ("1.2.3.4/0", "0.0.0.0/0"), ("2001:db8::1/32", "2001:db8::/32")]
        {
            assert_eq!(of(text).whole().to_string(), whole);
            assert_eq!(of(whole).whole(), of(whole));
        }
        assert_eq!(of("203.0.113.7/24").alone().to_string(), "203.0.113.7/32");
    }

    #[test]
    fn a_network_covers_what_lies_in_it() {
        assert!(of("10.0.0.0/8").covers(of("10.1.0.0/16")) && of("10.0.0.0/8").covers(of("10.0.0.0/8")));
        assert!(!of("10.1.0.0/16").covers(of("10.0.0.0/8")) && !of("10.0.0.0/8").covers(of("11.0.0.0/16")));
        assert!(of("0.0.0.0/0").covers(of("255.0.0.1/32")) && of("::/0").covers(of("2001:db8::/32")));
        assert!(!of("::/0").covers(of("1.2.3.4/32")) && !of("0.0.0.0/0").covers(of("::/0")), "of another family");
    }

    #[test]
    fn several_networks_can_cover_one_together() {
        assert!(of("10.0.0.0/8").is_within(&all(&["10.0.0.0/9", "10.128.0.0/9"])));
        assert!(of("0.0.0.0/0").is_within(&all(&["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"])));
        assert!(!of("10.0.0.0/8").is_within(&all(&["10.0.0.0/9", "10.192.0.0/10"])));
        assert!(!of("2001:db8::/127").is_within(&all(&["2001:db8::/128"])) && !of("1.2.3.4/32").is_within(&[]));
    }

    #[test]
    fn private_networks_are_known() {
        for text in ["10.1.0.0/16", "192.168.0.0/24", "127.0.0.1/32", "100.64.0.0/10", "fd00::/8", "fe80::1/128"] {
            assert!(of(text).is_private(), "{text}");
        }
        for text in ["11.0.0.0/8", "0.0.0.0/0", "172.32.0.0/16", "2001:db8::/32"] {
            assert!(!of(text).is_private(), "{text}");
        }
    }
}
