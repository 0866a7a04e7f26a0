//! Who was invited, and comes from a provider.

use serde_json::json;
use workeros_auth::{AuthBuilder, NewInvitation, RealmSettings, SettingsPatch, SignUpPolicy};
use workeros_core::{ErrorKind, Expect, Statement, Step};

use super::provider::{Provider, Script};
use super::site::{Site, refused, with_providers};
use crate::both_planes::Planes;
use crate::mail::link;
use crate::support::{email, names};

/// OA-6: an invitation is for who has shown that the address is his.
#[tokio::test]
async fn oa_6_who_was_invited_comes_from_a_provider_that_is_believed() {
    let provider = Provider::new(Script::default());
    let connect = with_providers(&provider);
    let settings = RealmSettings::new().with_sign_up(SignUpPolicy::Invited);
    let options = |builder| connect(builder).with_app_settings(settings.clone());
    for planes in Planes::all(options).await {
        let site = Site {
            auth: planes.app.clone(),
            provider: provider.clone(),
        };
        let tenant = planes.world.tenant;
        let new = NewInvitation::new(email("ann")).with_roles(names(&["editor"]));
        let invited = planes.app.invite(tenant, new, "Acme", link).await.unwrap();
        for (from, subject, address) in [
            ("staff", "eve", "eve@example.com"),
            ("partner", "ann", "ann@example.com"),
        ] {
            let error = refused(site.sign_in_as(from, subject, address).await);
            assert_eq!(error.code(), Some("SIGN_UP_CLOSED"), "{from}");
        }
        assert_eq!(planes.app.invitations(tenant).await.unwrap(), [invited]);

        let ann = site.sign_in_as("staff", "ann", "ann@example.com").await;
        let ann = ann.unwrap().user;
        assert!(ann.email_verified);
        let account = planes.app.user(tenant, ann.id).await.unwrap();
        assert_eq!(account.roles, ["editor"]);
        assert!(planes.app.invitations(tenant).await.unwrap().is_empty());
        let again = site.sign_in_as("staff", "ann", "ann@example.com").await;
        assert_eq!(again.unwrap().user.id, ann.id);
    }
}

/// A role that was deleted meanwhile is said, and nobody comes in without it.
#[tokio::test]
async fn az_10_an_invitation_that_gives_a_role_no_more_lets_nobody_in() {
    let provider = Provider::new(Script::default());
    let connect = with_providers(&provider);
    let settings = RealmSettings::new().with_sign_up(SignUpPolicy::Invited);
    // Each role is there until something is set.
    let options = |builder: AuthBuilder| {
        let builder = connect(builder).with_app_settings(settings.clone());
        builder.with_role_guard(|tenant, _| {
            let sql = "SELECT realm_id FROM app_settings WHERE realm_id = $1";
            let statement = Statement::new(sql, vec![tenant.into()]);
            Step::new(statement).expect(Expect::None, ErrorKind::Validation, "no such role")
        })
    };
    for planes in Planes::all(options).await {
        let tenant = planes.world.tenant;
        let new = NewInvitation::new(email("ann")).with_roles(names(&["editor"]));
        planes.app.invite(tenant, new, "Acme", link).await.unwrap();
        let patch = SettingsPatch::new(json!({"sign_up": "open"}));
        planes.app.change_settings(&patch).await.unwrap();
        let site = Site {
            auth: planes.app.clone(),
            provider: provider.clone(),
        };
        let error = refused(site.sign_in_as("staff", "ann", "ann@example.com").await);
        assert_eq!(error.code(), Some("INVITATION_OUTDATED"));
        let users = planes.app.users(tenant, 10, None).await.unwrap();
        assert!(users.accounts.is_empty());
    }
}
