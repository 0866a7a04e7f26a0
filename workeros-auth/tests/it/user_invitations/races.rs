//! Many who follow one invitation at once.

use super::*;

/// R19: of 64 who sign up as the end user who was invited one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_sign_up_as_who_was_invited_one_does() {
    for planes in all().await {
        for round in 0..rounds() {
            let name = format!("ann{round}");
            let (_, link) = invite(&planes, to(&name, &["editor"])).await;
            let refusals = [INVALID, "INVITATION_NOT_FOUND", "USER_ALREADY_EXISTS"];
            let ann = winner(&refusals, |_| {
                let (app, link, name) = (planes.app.clone(), link.clone(), name.clone());
                async move { come(&app, &name, Some(&link)).await }
            });
            let tenant = planes.world.tenant;
            let account = planes.app.user(tenant, ann.await).await.unwrap();
            assert_eq!(account.roles, ["editor"]);
            assert!(open(&planes).await.is_empty());
        }
    }
}

/// R19: of those who come by the link of an invitation and by one to sign in at
/// once one becomes the user, and has its roles.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_who_was_invited_comes_by_one_door() {
    for planes in all().await {
        for round in 0..rounds() {
            let name = format!("ann{round}");
            let (made, invited) = invite(&planes, to(&name, &["editor"])).await;
            ask(&planes.app, &name).await;
            let magic = mailed(&planes).await.pop().unwrap();
            let tenant = planes.world.tenant;
            let came = crate::race::race(|racer| {
                let (app, name) = (planes.app.clone(), name.clone());
                let (invited, magic) = (invited.clone(), magic.clone());
                async move {
                    match racer % 4 {
                        0 => come(&app, &name, Some(&invited)).await.map(Some),
                        1 => app.revoke_invitation(tenant, made.id).await.map(|()| None),
                        _ => {
                            let request = RequestInfo::new();
                            let arrival = app.sign_in_magic_link(&magic, &request).await?;
                            Ok(arrival.is_new.then(|| signed_in(arrival.entered).user.id))
                        }
                    }
                }
            });
            let came = came.await;
            let new: Vec<UserId> = came.iter().filter_map(|one| *one.as_ref().ok()?).collect();
            let revoked = came.iter().filter(|one| matches!(one, Ok(None))).count();
            assert!(open(&planes).await.is_empty());
            match new[..] {
                [ann] => {
                    let account = planes.app.user(tenant, ann).await.unwrap();
                    assert_eq!(account.roles, ["editor"]);
                }
                [] => assert!(revoked > 0, "{came:?}"),
                _ => panic!("several came: {came:?}"),
            }
        }
    }
}
