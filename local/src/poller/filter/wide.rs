//! Operators that patterns of buses and topics have beside those of mappings
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>).

use std::net::IpAddr;

/// Text in which `*` stands for any text, and `\*` and `\\` for themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Wildcard(Vec<Option<char>>);

impl Wildcard {
    /// # Errors
    /// Two `*` in a row, or a `\` before something else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut letters) = (Vec::new(), text.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '*' if parts.last() == Some(&None) => return Err("`wildcard` has two `*` in a row".to_owned()),
                '*' => parts.push(None),
                '\\' => match letters.next() {
                    Some(meant @ ('*' | '\\')) => parts.push(Some(meant)),
                    _ => return Err("a `\\` in a `wildcard` stands before `*` or `\\`".to_owned()),
                },
                letter => parts.push(Some(letter)),
            }
        }
        Ok(Self(parts))
    }

    /// Whether the whole of a text is like this.
    pub fn fits(&self, text: &str) -> bool {
        // The ends of the beginnings of the text that fit the parts so far.
        let text: Vec<char> = text.chars().collect();
        let mut ends = vec![false; text.len() + 1];
        ends[0] = true;
        for part in &self.0 {
            let before = std::mem::replace(&mut ends, vec![false; text.len() + 1]);
            for at in 0..=text.len() {
                ends[at] = match part {
                    None => before[at] || at > 0 && ends[at - 1],
                    Some(letter) => at > 0 && before[at - 1] && text[at - 1] == *letter,
                };
            }
        }
        ends[text.len()]
    }
}

/// Addresses that begin alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// # Errors
    /// It is not written as in `10.0.0.0/24`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no network as in `10.0.0.0/24`, which `cidr` needs");
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let (address, bits): (IpAddr, u8) = (address.parse().map_err(|_| wrong())?, bits.parse().map_err(|_| wrong())?);
        if bits <= if address.is_ipv4() { 32 } else { 128 } { Ok(Self { address, bits }) } else { Err(wrong()) }
    }

    /// Whether a text is an address in it.
    pub fn has(&self, text: &str) -> bool {
        // Both at the high end of 128 bits.
        let number = |address: &IpAddr| match address {
            IpAddr::V4(four) => u128::from(four.to_bits()) << 96,
            IpAddr::V6(six) => six.to_bits(),
        };
        text.parse::<IpAddr>().is_ok_and(|address| {
            let differ = number(&address) ^ number(&self.address);
            address.is_ipv4() == self.address.is_ipv4() && differ.leading_zeros() >= u32::from(self.bits)
        })
    }
}
