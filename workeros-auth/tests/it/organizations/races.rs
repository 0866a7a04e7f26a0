//! Many at once.

use workeros_auth::{InvitationName, Organizer};
use workeros_core::{OrganizationId, OrganizationMemberId, UserId};

use super::{GONE, LAST_OWNER, Site, role, sites};
use crate::race::{race, rounds, winner};

/// R19: an invitation lets one in, however many accept it at once.
#[tokio::test]
async fn r19_an_invitation_is_accepted_once() {
    for site in sites().await {
        let owner = site.user("owner").await;
        let ann = site.user("ann").await;
        let acme = site.found(owner, "acme").await;
        for _ in 0..rounds() {
            let invited = site.invite(acme, Organizer::User(owner), "ann", "member");
            let (_, link) = invited.await.unwrap();
            let link = InvitationName::Link(link);
            let member = winner(&[GONE], |_| {
                let (app, link) = (site.app.clone(), link.clone());
                async move { app.accept_organization_invitation(ann, &link, None).await }
            });
            assert_eq!(member.await.1.user_id, ann);
            assert_eq!(site.roles(acme).await, ["owner", "member"]);
            site.app.leave_organization(acme, ann).await.unwrap();
        }
    }
}

/// Two owners demote each other, or both leave: one of them stays an owner.
#[tokio::test]
async fn an_owner_is_left() {
    for site in sites().await {
        let owners = [site.user("ann").await, site.user("bob").await];
        for round in 0..rounds() {
            let acme = with_owners(&site, owners).await;
            if round % 2 == 0 {
                demote_each_other(&site, acme, owners).await;
            } else {
                leave_both(&site, acme, owners).await;
            }
            let roles = site.roles(acme).await;
            let left = roles.iter().filter(|role| *role == "owner").count();
            assert_eq!(left, 1, "{roles:?}");
            let host = Organizer::Host;
            site.app.delete_organization(acme, host).await.unwrap();
        }
    }
}

async fn with_owners(site: &Site, [ann, bob]: [UserId; 2]) -> OrganizationId {
    let acme = site.found(ann, "acme").await;
    let sql = "INSERT INTO app_organization_members \
        (id, organization_id, user_id, role, created_at) VALUES ($1, $2, $3, 'owner', $4)";
    let id = OrganizationMemberId::new(site.world.runtime.ids.next_id());
    let params = vec![id.into(), acme.into(), bob.into(), site.world.now().into()];
    site.world.run(sql, params).await;
    acme
}

async fn demote_each_other(site: &Site, acme: OrganizationId, owners: [UserId; 2]) {
    let refusals = [
        LAST_OWNER,
        "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER",
        "ORGANIZATION_CHANGED",
    ];
    let of = [
        site.named(acme, owners[0]).await,
        site.named(acme, owners[1]).await,
    ];
    let results = race(|racer| {
        let app = site.app.clone();
        let (by, other) = (owners[racer % 2], of[(racer + 1) % 2].clone());
        async move {
            let by = Organizer::User(by);
            app.set_organization_role(acme, by, &other, &role("member"))
                .await
        }
    });
    let mut done = 0;
    for result in results.await {
        match result {
            Ok(_) => done += 1,
            Err(error) => assert!(refusals.contains(&error.code().unwrap_or("")), "{error:?}"),
        }
    }
    assert!(done > 0);
}

async fn leave_both(site: &Site, acme: OrganizationId, owners: [UserId; 2]) {
    let refusals = [
        LAST_OWNER,
        "ORGANIZATION_NOT_FOUND",
        "MEMBER_NOT_FOUND",
        "ORGANIZATION_CHANGED",
    ];
    let left = winner(&refusals, |racer| {
        let (app, user) = (site.app.clone(), owners[racer % 2]);
        async move { app.leave_organization(acme, user).await }
    });
    assert!(owners.contains(&left.await.user_id));
}
