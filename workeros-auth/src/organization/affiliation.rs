use workeros_core::{ActiveOrganization, Error, Identity, OrganizationId, Result};

use super::OrganizationRole;

/// That somebody is in an organization, as it is known of his session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Affiliation {
    /// The organization.
    pub organization: OrganizationId,
    /// What he is there.
    pub role: OrganizationRole,
}

impl Affiliation {
    /// Reads `<id> <role>,…`, as the statement that reads a session gives it:
    /// neither a space nor a comma is in a role.
    pub(crate) fn read_all(text: Option<&str>) -> Result<Vec<Self>> {
        let texts = text.into_iter().flat_map(|text| text.split(','));
        let mut all = texts.map(Self::read).collect::<Result<Vec<_>>>()?;
        all.sort_unstable_by_key(|one| one.organization);
        Ok(all)
    }

    fn read(text: &str) -> Result<Self> {
        let (id, role) = text
            .split_once(' ')
            .ok_or_else(|| Error::internal("an affiliation without a role"))?;
        Ok(Self {
            organization: id.parse().map_err(Error::internal)?,
            role: OrganizationRole::stored(role),
        })
    }
}

/// Says of an end user in which organizations he is, and for which he acts.
pub(crate) fn affiliate(
    identity: Identity,
    all: &[Affiliation],
    active: Option<OrganizationId>,
) -> Identity {
    let ids = all.iter().map(|one| one.organization.to_string());
    let identity = identity.with_organizations(ids.collect());
    let active = all.iter().find(|one| Some(one.organization) == active);
    active.into_iter().fold(identity, |identity, one| {
        let organization = ActiveOrganization::new(one.organization.to_string(), one.role.as_str());
        identity.with_organization(organization)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affiliations_are_read_as_they_are_written() {
        assert_eq!(Affiliation::read_all(None).unwrap(), []);
        let text = "0190b6f0-0000-7000-8000-0000000000a2 chief-of_staff,\
            0190b6f0-0000-7000-8000-0000000000a1 owner";
        let all = Affiliation::read_all(Some(text)).unwrap();
        let roles: Vec<&str> = all.iter().map(|one| one.role.as_str()).collect();
        assert_eq!(roles, ["owner", "chief-of_staff"]);
        for broken in ["", "x owner", "0190b6f0-0000-7000-8000-0000000000a1"] {
            assert!(Affiliation::read_all(Some(broken)).is_err(), "{broken}");
        }
    }
}
