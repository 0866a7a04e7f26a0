//! Organizations as clients of better-auth read them.

use serde_json::{Value as Json, json};
use workeros_auth::{Organization, OrganizationInvitation, OrganizationMember};

use crate::routes::auth::wire::write_instant;

pub(super) fn write_organization(organization: &Organization) -> Json {
    json!({
        "id": organization.id.to_string(),
        "name": organization.name,
        "slug": organization.slug,
        "logo": organization.logo,
        "metadata": organization.metadata,
        "createdAt": write_instant(organization.created_at),
    })
}

pub(super) fn write_member(member: &OrganizationMember) -> Json {
    let user = member.user_id.to_string();
    json!({
        "id": member.id.to_string(),
        "organizationId": member.organization.to_string(),
        "userId": user,
        "role": member.role.as_str(),
        "createdAt": write_instant(member.created_at),
        "user": {
            "id": user, "name": member.name, "email": member.email, "image": member.image,
        },
    })
}

/// One that can still be answered: there are no others.
pub(super) fn write_invitation(invitation: &OrganizationInvitation) -> Json {
    write_answered(invitation, "pending")
}

pub(super) fn write_answered(invitation: &OrganizationInvitation, status: &str) -> Json {
    json!({
        "id": invitation.id.to_string(),
        "email": invitation.email,
        "role": invitation.role.as_str(),
        "organizationId": invitation.organization.to_string(),
        "organizationName": invitation.organization_name,
        "organizationSlug": invitation.organization_slug,
        "inviterId": invitation.invited_by.map(|user| user.to_string()),
        "inviterEmail": invitation.inviter_email,
        "status": status,
        "createdAt": write_instant(invitation.created_at),
        "expiresAt": write_instant(invitation.expires_at),
    })
}
