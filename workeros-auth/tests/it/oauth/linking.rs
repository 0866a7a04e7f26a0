//! OA-5 and OA-6: whose account it is.

use serde_json::Value as Json;
use workeros_auth::{NewUser, Plane, RequestInfo, UserPatch};
use workeros_core::{ErrorKind, UserId};

use super::site::{Site, refused, sites};
use crate::support::{World, display_name, email, password, sign_in, signed_in};

/// Who has the address here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Local {
    Nobody,
    Unverified,
    Verified,
}

/// What becomes of who comes.
#[derive(Debug, PartialEq)]
enum Outcome {
    New { verified: bool },
    Linked,
    Exists,
}

async fn make<P: Plane>(world: &World, site: &Site<P>, name: &str, local: Local) -> Option<UserId> {
    if local == Local::Nobody {
        return None;
    }
    let new = NewUser::new(email(name), display_name("local"))
        .with_password(Some(password(crate::support::PASSWORD)));
    let user = site.auth.create_user(world.tenant, new).await.unwrap();
    if local == Local::Verified {
        for table in [
            "UPDATE workeros_users SET email_verified = $1 WHERE id = $2",
            "UPDATE app_users SET email_verified = $1 WHERE id = $2",
        ] {
            let params = vec![true.into(), user.user.id.into()];
            world.run(table, params).await;
        }
    }
    Some(user.user.id)
}

async fn matrix<P: Plane>(world: &World, site: &Site<P>) {
    let mut count = 0;
    for local in [Local::Nobody, Local::Unverified, Local::Verified] {
        for claim in [Json::Bool(true), Json::Bool(false), Json::Null] {
            for (provider, trusted) in [("staff", true), ("partner", false)] {
                count += 1;
                let what = format!("{local:?} {claim} {provider}");
                let name = format!("user-{count}");
                let there = make(world, site, &name, local).await;
                site.provider.tell(|script| {
                    script.claims["sub"] = name.clone().into();
                    script.claims["email"] = format!("{name}@example.com").into();
                    script.claims["email_verified"] = claim.clone();
                });
                let proven = trusted && claim == true;
                let expect = match local {
                    Local::Nobody => Outcome::New { verified: proven },
                    Local::Verified if proven => Outcome::Linked,
                    _ => Outcome::Exists,
                };
                let outcome = match site.sign_in(provider).await {
                    Ok(arrival) => {
                        let user = signed_in(arrival.entered).user;
                        assert_eq!(arrival.is_new, there != Some(user.id), "{what}");
                        match arrival.is_new {
                            true => Outcome::New {
                                verified: user.email_verified,
                            },
                            false => Outcome::Linked,
                        }
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Conflict, "{what}: {error:?}");
                        assert_eq!(error.code(), Some("ACCOUNT_EXISTS"), "{what}");
                        Outcome::Exists
                    }
                };
                assert_eq!(outcome, expect, "{what}");
                if let Some(user) = there {
                    let accounts = site.auth.sign_in_methods(user).await.unwrap().accounts;
                    assert_eq!(
                        accounts.len(),
                        usize::from(expect == Outcome::Linked),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// OA-6: who comes with an address is its user where both have verified it.
#[tokio::test]
async fn oa_6_who_comes_with_an_address_is_its_user_where_both_have_verified_it() {
    for (world, platform, app) in sites().await {
        matrix(&world, &platform).await;
        matrix(&world, &app).await;
    }
}

async fn stays_his<P: Plane>(world: &World, site: &Site<P>) {
    let first = site
        .sign_in_as("staff", "ann", "ann@example.com")
        .await
        .unwrap();
    let user = make(world, site, "bob", Local::Verified).await.unwrap();
    let again = site
        .sign_in_as("staff", "ann", "bob@example.com")
        .await
        .unwrap();
    assert_eq!(again.user.id, first.user.id, "the account has not moved");
    assert_ne!(again.user.id, user);
    assert_eq!(
        again.user.email, "ann@example.com",
        "and nor has the address"
    );
    assert_ne!(again.session.id, first.session.id);
}

/// OA-5: another address at the provider moves no account.
#[tokio::test]
async fn oa_5_another_address_at_the_provider_moves_no_account() {
    for (world, platform, app) in sites().await {
        stays_his(&world, &platform).await;
        stays_his(&world, &app).await;
    }
}

/// OA-5: the same subject elsewhere is somebody else.
#[tokio::test]
async fn oa_5_the_same_subject_elsewhere_is_somebody_else() {
    for (world, platform, app) in sites().await {
        let staff = platform
            .sign_in_as("staff", "u-7", "a@example.com")
            .await
            .unwrap();
        let partner = platform
            .sign_in_as("partner", "u-7", "b@example.com")
            .await
            .unwrap();
        assert_ne!(staff.user.id, partner.user.id, "another provider");
        let there = app
            .sign_in_as("staff", "u-7", "a@example.com")
            .await
            .unwrap();
        assert_ne!(there.user.id, staff.user.id, "another realm");

        let moved = "UPDATE workeros_accounts SET issuer = $1 WHERE user_id = $2";
        let params = vec!["https://old.example.com".into(), staff.user.id.into()];
        world.run(moved, params).await;
        let new = platform
            .sign_in_as("staff", "u-7", "c@example.com")
            .await
            .unwrap();
        assert_ne!(new.user.id, staff.user.id, "another issuer");
    }
}

/// SES-5: who is disabled stays out, whoever vouches for him.
#[tokio::test]
async fn who_is_disabled_stays_out() {
    for (world, platform, _) in sites().await {
        platform
            .sign_in_as("staff", "admin", "admin@example.com")
            .await
            .unwrap();
        let ann = platform
            .sign_in_as("staff", "ann", "ann@example.com")
            .await
            .unwrap();
        let patch = UserPatch::new().with_disabled(Some(true));
        platform
            .auth
            .update_user(world.tenant, ann.user.id, patch)
            .await
            .unwrap();
        let error = refused(platform.sign_in_as("staff", "ann", "ann@example.com").await);
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.code(), Some("USER_DISABLED"));
    }
}

/// OA-6: an account that somebody has prepared with the address of another is
/// not shared with him.
#[tokio::test]
async fn oa_6_a_password_of_somebody_else_does_not_open_a_linked_account() {
    for (_, platform, _) in sites().await {
        let request = RequestInfo::new();
        let mallory = crate::support::sign_up("victim");
        platform
            .auth
            .sign_up_email(mallory, &request)
            .await
            .unwrap();
        let error = refused(
            platform
                .sign_in_as("staff", "v", "victim@example.com")
                .await,
        );
        assert_eq!(error.code(), Some("ACCOUNT_EXISTS"));
        let form = sign_in("victim", crate::support::PASSWORD);
        platform.auth.sign_in_email(form, &request).await.unwrap();
    }
}
