//! Who is in which workspace, and that he acts in no other.

use http::Request;
use http::header::AUTHORIZATION;
use workeros_auth::{Auth, AuthBuilder, NewApiKey, SignedIn};
use workeros_core::{Authenticator as _, ErrorKind, Identity, Result, TenantId, UserId};

use crate::support::{World, names, worlds};

/// Who acts by a token or a key, where the request names a workspace or none.
pub(crate) async fn act_in(auth: &Auth, named: Option<TenantId>, secret: &str) -> Result<Identity> {
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {secret}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let identity = auth.authenticate(&parts, named).await;
    identity.map(|identity| identity.expect("credentials were sent"))
}

/// Where somebody acts and with which roles; why not, if he does not.
async fn place(
    auth: &Auth,
    named: Option<TenantId>,
    secret: &str,
) -> Result<(TenantId, Vec<String>), ErrorKind> {
    match act_in(auth, named, secret).await {
        Ok(identity) => Ok((identity.tenant.unwrap(), identity.roles)),
        Err(error) => Err(error.kind()),
    }
}

pub(crate) fn workspace(world: &World) -> TenantId {
    TenantId::new(world.runtime.ids.next_id())
}

/// Makes somebody a member.
pub(crate) async fn add(world: &World, tenant: TenantId, user: UserId, roles: &[&str]) {
    let added = world.auth.add_member(tenant, user, &names(roles)).await;
    added.unwrap();
}

/// Ann is in a workspace; the operator is another.
struct Acme {
    root: SignedIn,
    ann: SignedIn,
    tenant: TenantId,
}

impl Acme {
    async fn new(world: &World, roles: &[&str]) -> Self {
        let (root, ann) = (world.sign_up("root").await, world.sign_up("ann").await);
        let tenant = workspace(world);
        add(world, tenant, ann.user.id, roles).await;
        Self { root, ann, tenant }
    }
}

#[tokio::test]
async fn a_session_acts_where_the_request_says_else_where_it_was_switched_to() {
    for world in worlds().await {
        let Acme { ann, tenant, .. } = Acme::new(&world, &["editor"]).await;
        let (auth, home, user) = (&world.auth, world.tenant, ann.user.id);
        let foreign = workspace(&world);
        let at_home = Ok((home, vec![]));
        let there = Ok((tenant, names(&["editor"])));
        let switch = async |to| auth.switch_workspace(user, ann.session.id, to).await;
        let check = async |named, expected: &Result<_, _>| {
            // Once as it is read, once as it is remembered.
            auth.refresh().await.unwrap();
            for _ in 0..2 {
                assert_eq!(place(auth, named, ann.token.expose()).await, *expected);
            }
        };
        check(None, &at_home).await;
        check(Some(home), &at_home).await;
        check(Some(tenant), &there).await;
        check(Some(foreign), &Err(ErrorKind::NotFound)).await;

        switch(tenant).await.unwrap();
        check(None, &there).await;
        check(Some(home), &at_home).await;
        check(Some(foreign), &Err(ErrorKind::NotFound)).await;
        let active = auth.session(&ann.token).await.unwrap().unwrap();
        assert_eq!(active.session.active_tenant, Some(tenant));
        assert_eq!((active.tenant, active.roles), there.clone().unwrap());

        let refused = switch(foreign).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        check(None, &there).await;
        switch(home).await.unwrap();
        check(None, &at_home).await;
    }
}

#[tokio::test]
async fn nobody_switches_a_session_of_somebody_else() {
    for world in worlds().await {
        let Acme { root, ann, tenant } = Acme::new(&world, &[]).await;
        let auth = &world.auth;
        add(&world, tenant, root.user.id, &[]).await;
        let foreign = auth.switch_workspace(root.user.id, ann.session.id, tenant);
        assert_eq!(foreign.await.unwrap_err().kind(), ErrorKind::NotFound);
        let active = auth.session(&ann.token).await.unwrap().unwrap();
        assert_eq!(active.tenant, world.tenant);
    }
}

/// SES-5: who is removed acts there no more.
#[tokio::test]
async fn ses_5_who_is_removed_acts_there_no_more() {
    for world in worlds().await {
        let Acme { ann, tenant, .. } = Acme::new(&world, &["editor"]).await;
        let (auth, user) = (&world.auth, ann.user.id);
        auth.switch_workspace(user, ann.session.id, tenant)
            .await
            .unwrap();
        let owner = act_in(auth, Some(tenant), ann.token.expose())
            .await
            .unwrap();
        let key = auth.create_api_key(&owner, tenant, NewApiKey::new("ci"));
        let key = key.await.unwrap().secret;
        let at_home = auth.create_api_key(&owner, world.tenant, NewApiKey::new("home"));
        let at_home = at_home.await.unwrap().secret;
        let other = world.auth_with(AuthBuilder::danger_weak_hashing);
        for instance in [auth, &other] {
            instance.refresh().await.unwrap();
            for secret in [ann.token.expose(), key.expose()] {
                let there = Ok((tenant, names(&["editor"])));
                assert_eq!(place(instance, None, secret).await, there);
            }
        }

        auth.remove_member(tenant, user).await.unwrap();
        other.refresh().await.unwrap();
        let gone = auth.remove_member(tenant, user).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        let (named, token, dead) = (Some(tenant), ann.token.expose(), ErrorKind::Unauthorized);
        for instance in [auth, &other] {
            assert_eq!(
                place(instance, named, token).await,
                Err(ErrorKind::NotFound)
            );
            assert_eq!(
                place(instance, None, token).await,
                Ok((world.tenant, vec![]))
            );
            assert_eq!(place(instance, None, key.expose()).await, Err(dead));
            let kept = place(instance, None, at_home.expose()).await;
            assert_eq!(kept, Ok((world.tenant, vec![])));
        }
        assert!(auth.roles_of(tenant, user).await.unwrap().is_empty());

        // Who comes back finds nothing of what he had.
        auth.add_member(tenant, user, &[]).await.unwrap();
        assert_eq!(place(auth, named, token).await, Ok((tenant, vec![])));
        assert_eq!(place(auth, None, token).await, Ok((world.tenant, vec![])));
        assert_eq!(place(auth, None, key.expose()).await, Err(dead));
    }
}

/// KEY-3: a key dies with the membership however that ends.
#[tokio::test]
async fn key_3_a_key_dies_with_the_membership_however_that_ends() {
    const TAKE: &str = "DELETE FROM workeros_user_roles WHERE role = 'authenticated'";
    for world in worlds().await {
        let Acme { ann, tenant, .. } = Acme::new(&world, &["editor"]).await;
        let owner = act_in(&world.auth, Some(tenant), ann.token.expose());
        let owner = owner.await.unwrap();
        let key = world
            .auth
            .create_api_key(&owner, tenant, NewApiKey::new("ci"));
        let key = key.await.unwrap().secret;
        world.run(TAKE, vec![]).await;
        let acts = place(&world.auth, None, key.expose()).await;
        assert_eq!(acts, Err(ErrorKind::Unauthorized));
        let elsewhere = world
            .auth
            .create_api_key(&owner, tenant, NewApiKey::new("ci"));
        assert_eq!(elsewhere.await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn roles_of_members_are_set_and_that_of_a_member_is_never_shown() {
    for world in worlds().await {
        let Acme { ann, tenant, .. } = Acme::new(&world, &["editor", "authenticated"]).await;
        let (auth, user) = (&world.auth, ann.user.id);
        for roles in [&["sales"][..], &["authenticated", "editor", "public"], &[]] {
            auth.set_roles(tenant, user, &names(roles)).await.unwrap();
            let shown: Vec<String> = names(roles)
                .into_iter()
                .filter(|role| !["authenticated", "public"].contains(&role.as_str()))
                .collect();
            let there = Ok((tenant, shown.clone()));
            assert_eq!(place(auth, Some(tenant), ann.token.expose()).await, there);
            assert_eq!(auth.roles_of(tenant, user).await.unwrap(), shown);
            assert_eq!(auth.member(tenant, user).await.unwrap().roles, shown);
            let page = auth.members(tenant, 10, None).await.unwrap();
            assert_eq!(page.accounts[0].roles, shown);
        }
        // That role cannot be taken by its name either.
        let nothing = async |_| Ok(());
        let remove = auth.remove_role_everywhere(tenant, "authenticated", nothing);
        remove.await.unwrap();
        assert!(auth.member(tenant, user).await.is_ok());
    }
}

/// FIRST-4: the last admin of a workspace stays.
#[tokio::test]
async fn the_last_admin_of_a_workspace_stays() {
    for world in worlds().await {
        let Acme { root, ann, tenant } = Acme::new(&world, &["admin"]).await;
        let (auth, user, home) = (&world.auth, ann.user.id, world.tenant);
        let kind = |result: Result<()>| result.err().map(|error| error.kind());
        let conflict = Some(ErrorKind::Conflict);
        // That the other one is admin elsewhere does not count.
        assert_eq!(kind(auth.remove_member(tenant, user).await), conflict);
        assert_eq!(kind(auth.set_roles(tenant, user, &[]).await), conflict);
        assert_eq!(kind(auth.add_member(tenant, user, &[]).await), conflict);
        assert_eq!(kind(auth.delete_user(user).await), conflict);
        assert_eq!(kind(auth.remove_member(home, user).await), conflict);
        add(&world, tenant, root.user.id, &["admin"]).await;
        auth.remove_member(tenant, user).await.unwrap();
        let last = auth.remove_member(tenant, root.user.id).await;
        assert_eq!(kind(last), conflict);
    }
}

/// FIRST-4: of two admins who remove each other one stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_admins_who_remove_each_other_one_stays() {
    for world in worlds().await {
        let Acme { root, ann, tenant } = Acme::new(&world, &["admin"]).await;
        for _ in 0..20 {
            for user in [root.user.id, ann.user.id] {
                add(&world, tenant, user, &["admin"]).await;
            }
            let removals = [root.user.id, ann.user.id].map(|user| {
                let auth = world.auth.clone();
                tokio::spawn(async move { auth.remove_member(tenant, user).await.is_ok() })
            });
            let removed = futures::future::join_all(removals).await;
            let removed = removed.into_iter().filter(|one| *one.as_ref().unwrap());
            assert_eq!(removed.count(), 1, "{}", world.name);
        }
    }
}

#[tokio::test]
async fn a_list_of_members_has_nobody_else() {
    for world in worlds().await {
        let Acme { tenant, .. } = Acme::new(&world, &[]).await;
        let mut added = vec!["ann@example.com".to_owned()];
        for name in ["bob", "cid", "dan"] {
            let user = world.sign_up(name).await.user;
            add(&world, tenant, user.id, &["editor"]).await;
            added.insert(0, user.email);
        }
        let stranger = world.sign_up("eve").await.user.id;
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = world.auth.members(tenant, 3, before).await.unwrap();
            before = page.accounts.last().map(|account| account.user.id);
            seen.extend(page.accounts.into_iter().map(|account| account.user.email));
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, added);
        let found = world.auth.member(tenant, stranger).await.unwrap_err();
        assert_eq!(found.kind(), ErrorKind::NotFound);
        let limit = world.auth.members(tenant, 0, None).await.unwrap_err();
        assert_eq!(limit.kind(), ErrorKind::Validation);
        // Everybody is in the default one.
        let all = world.auth.members(world.tenant, 200, None).await.unwrap();
        assert_eq!(all.accounts.len(), 6);
    }
}

#[tokio::test]
async fn somebody_finds_the_workspaces_he_is_in() {
    for world in worlds().await {
        let Acme { root, ann, tenant } = Acme::new(&world, &["editor"]).await;
        let auth = &world.auth;
        let of = async |user| {
            let all = auth.workspaces_of(user).await.unwrap().into_iter();
            all.map(|one| (one.tenant, one.roles)).collect::<Vec<_>>()
        };
        let home = world.tenant;
        assert_eq!(of(root.user.id).await, [(home, names(&["admin"]))]);
        let expected = [(home, vec![]), (tenant, names(&["editor"]))];
        assert_eq!(of(ann.user.id).await, expected);
        auth.remove_member(tenant, ann.user.id).await.unwrap();
        assert_eq!(of(ann.user.id).await, [(home, vec![])]);
    }
}

#[tokio::test]
async fn who_founds_a_workspace_is_its_admin() {
    for world in worlds().await {
        let root = world.sign_up("root").await;
        let tenant = workspace(&world);
        let mut batch = workeros_core::Batch::new();
        batch.extend(world.auth.founder_steps(tenant, root.user.id));
        world.runtime.database.apply(batch).await.unwrap();
        let there = place(&world.auth, Some(tenant), root.token.expose()).await;
        assert_eq!(there, Ok((tenant, names(&["admin"]))));
    }
}

/// FIRST-1: an admin of another workspace does not set up the instance.
#[tokio::test]
async fn first_1_an_admin_of_another_workspace_does_not_set_up_the_instance() {
    for world in worlds().await {
        let new = workeros_auth::NewUser::new(
            crate::support::email("ann"),
            crate::support::display_name("Ann"),
        );
        let ann = world.auth.create_user(world.tenant, new).await.unwrap();
        add(&world, workspace(&world), ann.user.id, &["admin"]).await;
        let first = world.sign_up("root").await;
        assert_eq!(world.roles(&first).await, ["admin"]);
    }
}
