//! The part of the table about what stands in front of an API: domain names and web ACLs.

use super::Operation::{Path, Target};
use super::Quirk;
use super::Whose::Deployers;
use crate::endpoint::quirks::{domains, web_acls};

pub(super) static QUIRKS: &[Quirk] = &[
    Quirk {
        whose: Deployers,
        reason: "a domain name cannot be changed",
        operations: &[Path("apigateway", "PATCH", "domainnames/*")],
        answer: domains::updated,
    },
    Quirk {
        whose: Deployers,
        reason: "a domain name shows the tags of its creation for ever (and others have theirs beside the call)",
        operations: &[Path("apigateway", "PUT", "tags/*"), Path("apigateway", "DELETE", "tags/*")],
        answer: domains::tagged,
    },
    Quirk {
        whose: Deployers,
        reason: "a domain name without mappings cannot be asked for them (by moto)",
        operations: &[Path("apigateway", "GET", "domainnames/*/basepathmappings")],
        answer: domains::mappings,
    },
    Quirk {
        whose: Deployers,
        reason: "a mapping that is there is overwritten",
        operations: &[Path("apigateway", "POST", "domainnames/*/basepathmappings")],
        answer: domains::mapped,
    },
    Quirk {
        whose: Deployers,
        reason: "a mapping cannot be changed",
        operations: &[Path("apigateway", "PATCH", "domainnames/*/basepathmappings/*")],
        answer: domains::remapped,
    },
    Quirk {
        whose: Deployers,
        reason: "the mappings of a domain name outlast it (by moto)",
        operations: &[Path("apigateway", "DELETE", "domainnames/*")],
        answer: domains::deleted,
    },
    Quirk {
        whose: Deployers,
        reason: "an API and a stage that a domain name leads to are deleted",
        operations: &[Path("apigateway", "DELETE", "restapis/*"), Path("apigateway", "DELETE", "restapis/*/stages/*")],
        answer: domains::led_to,
    },
    Quirk {
        whose: Deployers,
        reason: "a stage does not show its web ACL",
        operations: &[
            Path("apigateway", "GET", "restapis/*/stages"),
            Path("apigateway", "GET", "restapis/*/stages/*"),
            Path("apigateway", "PATCH", "restapis/*/stages/*"),
        ],
        answer: web_acls::shown,
    },
    Quirk {
        whose: Deployers,
        reason: "and so which one it is is known from the calls that set it",
        operations: &[Target("AWSWAF_20190729.AssociateWebACL"), Target("AWSWAF_20190729.DisassociateWebACL")],
        answer: web_acls::set,
    },
];
