//! Rules as texts: `tcp 443 self`, `all 0.0.0.0/0`, `udp 1000-2000 sg-1234`.

use crate::aws::ec2::{Answered, Input};

/// The group itself, as a rule's other side.
pub const SELF: &str = "self";

/// All protocols and ports, as EC2 and as a rule say it.
const ALL: (&str, &str) = ("-1", "all");

/// The rule for HTTPS with this other side.
pub fn https(peer: &str) -> String {
    format!("tcp 443 {peer}")
}

/// The rule for all that there is on this other side.
pub fn everything(peer: &str) -> String {
    format!("{} {peer}", ALL.1)
}

/// The rules that one entry of EC2's answer holds for the group of this id.
pub(super) fn of_answer(permission: &Answered, id: &str) -> Vec<String> {
    let (protocol, from, to) = (permission.text("ipProtocol"), permission.text("fromPort"), permission.text("toPort"));
    let ports = if from == to { from.to_owned() } else { format!("{from}-{to}") };
    let what = match protocol {
        protocol if protocol == ALL.0 => ALL.1.to_owned(),
        protocol if ports.is_empty() => protocol.to_owned(),
        protocol => format!("{protocol} {ports}"),
    };
    let peers =
        [("groups", "groupId"), ("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6"), ("prefixListIds", "prefixListId")];
    let named = peers.iter().flat_map(|(list, member)| permission.items(list).map(|peer| peer.text(member)));
    named.map(|peer| format!("{what} {}", if peer == id { SELF } else { peer })).collect()
}

/// The request for one rule of the group of this id.
pub(super) fn to_request(rule: &str, id: &str) -> Input {
    let parts: Vec<&str> = rule.split(' ').collect();
    let (protocol, ports, peer) = match parts[..] {
        [protocol, ports, peer] => (protocol, ports, peer),
        [protocol, peer] => (protocol, "", peer),
        _ => (rule, "", ""),
    };
    let at = |member: &str| format!("IpPermissions.1.{member}");
    let protocol = if protocol == ALL.1 { ALL.0 } else { protocol };
    let mut input = Input::default().with("GroupId", id).with(at("IpProtocol"), protocol);
    if !ports.is_empty() {
        // ICMP writes -1 for all of its types.
        let (from, to) = ports.get(1..).and_then(|rest| rest.find('-')).map_or((ports, ports), |dash| {
            let (from, to) = ports.split_at(dash + 1);
            (from, to.trim_start_matches('-'))
        });
        input = input.with(at("FromPort"), from).with(at("ToPort"), to);
    }
    let member = match peer {
        SELF => return input.with(at("Groups.1.GroupId"), id),
        peer if peer.starts_with("sg-") => "Groups.1.GroupId",
        peer if peer.starts_with("pl-") => "PrefixListIds.1.PrefixListId",
        peer if peer.contains(':') => "Ipv6Ranges.1.CidrIpv6",
        _ => "IpRanges.1.CidrIp",
    };
    input.with(at(member), peer)
}
