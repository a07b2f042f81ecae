//! EC2's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &[
        "InvalidGroup.NotFound",
        "InvalidGroupId.NotFound",
        "InvalidRouteTableID.NotFound",
        "InvalidSecurityGroupID.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidVpcEndpoint.NotFound",
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcID.NotFound",
    ],
    exists: &["InvalidGroup.Duplicate"],
    busy_codes: &["IncorrectState"],
    ..Words::NONE
};
