//! The rights to write a role, which must not be the way to all rights.

use crate::resource::Grant;

/// What writes the rights of a role, and who may act as it.
///
/// With a boundary it is allowed only while the role has that very one, which bounds everybody who acts as the role, and nobody
/// may take it away. All of these actions have the condition key
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>); for
/// CreateRole and PutRolePermissionsBoundary it is the boundary that the request names. So a role of before the boundary can be
/// given it, and then the rest. Without a boundary, a user who may do this may do everything.
pub fn writing(role: String, boundary: Option<&str>) -> Grant {
    const BOUND: &[&str] = &[
        "iam:CreateRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ];
    const UNBOUND: &[&str] = &[
        "iam:CreateRole",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ];
    within(Grant::new(if boundary.is_some() { BOUND } else { UNBOUND }, role), boundary)
}

/// The grant, only for roles that the boundary bounds.
pub fn within(grant: Grant, boundary: Option<&str>) -> Grant {
    match boundary {
        Some(boundary) => grant.when("iam:PermissionsBoundary", boundary),
        None => grant,
    }
}
