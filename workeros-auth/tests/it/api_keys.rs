use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;
use workeros_adapters::DatabaseRateLimiter;
use workeros_auth::{
    ApiKeySecret, Caller, CreatedApiKey, KeyLimits, NewApiKey, SignedIn, UserPatch,
};
use workeros_core::{
    Action, ApiKeyId, Authenticator as _, Credential, ErrorKind, Identity, Result, Scope, TenantId,
};

use crate::race::{race, rounds};
use crate::support::{World, finding, mail_worlds, names, worlds};

const STORED: &str = "SELECT id, name, prefix, last4, token_hash, roles FROM workeros_api_keys";

async fn create(world: &World, owner: &SignedIn, new: NewApiKey) -> CreatedApiKey {
    let owner = world.identity(owner).await;
    world
        .auth
        .create_api_key(&owner, world.tenant, new)
        .await
        .unwrap()
}

async fn act(world: &World, secret: &ApiKeySecret) -> Result<Option<Identity>> {
    let request = Request::builder()
        .header(AUTHORIZATION, format!("Bearer {}", secret.expose()))
        .body(());
    let (parts, ()) = request.unwrap().into_parts();
    let identity = world.auth.authenticate(&parts, Some(world.tenant)).await;
    world.auth.drain().await;
    identity
}

async fn is_dead(world: &World, secret: &ApiKeySecret) -> bool {
    act(world, secret)
        .await
        .is_err_and(|error| error.kind() == ErrorKind::Unauthorized)
}

/// KEY-1: a key is shown once.
#[tokio::test]
async fn key_1_a_key_is_shown_once() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let CreatedApiKey { key, secret, .. } = create(&world, &ann, NewApiKey::new(" ci ")).await;
        let text = secret.expose();
        let (prefix, rest) = text.strip_prefix("pak_").unwrap().split_once('_').unwrap();
        assert!(prefix.len() == 8 && prefix.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(rest.len() == 38 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));

        let identity = world.identity(&ann).await;
        let listed = world
            .auth
            .api_keys(&identity, world.tenant, 50, None)
            .await
            .unwrap()
            .keys;
        assert_eq!(listed, std::slice::from_ref(&key));
        let found = world
            .auth
            .api_key_by_id(&identity, world.tenant, key.id)
            .await
            .unwrap();
        assert_eq!(found, key);
        assert_eq!((key.name.as_str(), key.prefix.as_str()), ("ci", prefix));
        assert_eq!(key.last4, &text[text.len() - 4..]);
        assert_eq!(key.user_id, ann.user.id);

        let rows = world.rows(STORED, vec![]).await;
        let row = rows.first().unwrap();
        assert_eq!(row.bytes(4).unwrap().len(), 32);
        assert!(
            row.values()
                .iter()
                .filter_map(|value| value.as_text())
                .all(|kept| !rest[..34].contains(kept))
        );
    }
}

/// KEY-1: a malformed key is known by its checksum.
#[tokio::test]
async fn key_1_a_malformed_key_is_known_by_its_checksum() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let secret = create(&world, &ann, NewApiKey::new("ci")).await.secret;
        let text = secret.expose();
        assert_eq!(ApiKeySecret::parse(text), Some(secret.clone()));
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] = if other[place] == b'a' { b'b' } else { b'a' };
            assert_eq!(
                ApiKeySecret::parse(&String::from_utf8(other).unwrap()),
                None,
                "{place}"
            );
            assert_eq!(ApiKeySecret::parse(&text[..place]), None);
        }
        for other in [
            "",
            "pak_",
            "pak__",
            "pak_00000000_",
            "pak_ä_ä",
            &format!("{text}a"),
        ] {
            assert_eq!(ApiKeySecret::parse(other), None);
        }
    }
}

/// KEY-1: the right prefix alone opens nothing.
#[tokio::test]
async fn key_1_the_right_prefix_alone_opens_nothing() {
    const STEAL: &str = "UPDATE workeros_api_keys SET prefix = $1 WHERE id = $2";
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let one = create(&world, &ann, NewApiKey::new("one")).await;
        let other = create(&world, &ann, NewApiKey::new("other")).await;
        world
            .auth
            .revoke_api_key(&world.identity(&ann).await, world.tenant, other.key.id)
            .await
            .unwrap();
        world
            .run(STEAL, vec!["moved".into(), other.key.id.into()])
            .await;
        world
            .run(STEAL, vec![other.key.prefix.into(), one.key.id.into()])
            .await;
        assert!(is_dead(&world, &other.secret).await);
        assert!(is_dead(&world, &one.secret).await);
    }
}

/// KEY-2: a key cannot have more than its owner.
#[tokio::test]
async fn key_2_a_key_cannot_have_more_than_its_owner() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        let more = NewApiKey::new("ci").with_roles(Some(names(&["admin"])));
        let error = world
            .auth
            .create_api_key(&identity, world.tenant, more)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        let none = NewApiKey::new("ci").with_roles(Some(names(&["authenticated", "public"])));
        world
            .auth
            .create_api_key(&identity, world.tenant, none)
            .await
            .unwrap();
    }
}

/// KEY-2: a key must be well described.
#[tokio::test]
async fn key_2_a_key_must_be_well_described() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        let long = "x".repeat(101);
        for name in ["", "  ", "two\nlines", &long] {
            let new = NewApiKey::new(name);
            let error = world
                .auth
                .create_api_key(&identity, world.tenant, new)
                .await
                .unwrap_err();
            assert_eq!(finding(&error), ("/name", "invalid_value"));
        }
        let past = NewApiKey::new("ci").with_expires_at(Some(world.runtime.now()));
        let error = world
            .auth
            .create_api_key(&identity, world.tenant, past)
            .await
            .unwrap_err();
        assert_eq!(finding(&error), ("/expires_at", "out_of_range"));
    }
}

/// KEY-3: a key has its owner's roles of the moment.
#[tokio::test]
async fn key_3_a_key_has_its_owners_roles_of_the_moment() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let set = async |roles: &[&str]| {
            world
                .auth
                .set_roles(world.tenant, ann.user.id, &names(roles))
                .await
                .unwrap();
        };
        set(&["editor", "sales"]).await;
        let wide = create(&world, &ann, NewApiKey::new("wide")).await.secret;
        let narrow = NewApiKey::new("narrow").with_roles(Some(names(&["sales"])));
        let narrow = create(&world, &ann, narrow).await;
        let none = NewApiKey::new("none").with_roles(Some(vec![]));
        let none = create(&world, &ann, none).await.secret;

        let roles = async |secret| act(&world, secret).await.unwrap().unwrap().roles;
        assert_eq!(roles(&wide).await, ["editor", "sales"]);
        assert_eq!(roles(&narrow.secret).await, ["sales"]);
        assert_eq!(roles(&none).await, [""; 0]);
        set(&["editor", "support"]).await;
        assert_eq!(roles(&wide).await, ["editor", "support"]);
        assert_eq!(roles(&narrow.secret).await, [""; 0]);

        let identity = act(&world, &narrow.secret).await.unwrap().unwrap();
        assert_eq!(identity.user_id, ann.user.id.to_string());
        assert_eq!(identity.email.as_deref(), Some("ann@example.com"));
        assert_eq!(identity.credential, Credential::ApiKey(narrow.key.id));
    }
}

/// KEY-3: a key is bound to its workspace.
#[tokio::test]
async fn key_3_a_key_is_bound_to_its_workspace() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let secret = create(&world, &ann, NewApiKey::new("ci")).await.secret;
        let other = TenantId::new(world.runtime.ids.next_id());
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {}", secret.expose()))
            .body(())
            .unwrap();
        let (parts, ()) = request.into_parts();
        let identity = world
            .auth
            .authenticate(&parts, Some(other))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(identity.tenant, Some(world.tenant));
        assert_eq!(identity.roles, ["admin"]);
    }
}

/// KEY-3: a key dies with its owner.
#[tokio::test]
async fn key_3_a_key_dies_with_its_owner() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let secret = create(&world, &ann, NewApiKey::new("ci")).await.secret;
        assert!(!is_dead(&world, &secret).await);
        for disabled in [true, false] {
            let patch = UserPatch::new().with_disabled(Some(disabled));
            world
                .auth
                .update_user(world.tenant, ann.user.id, patch)
                .await
                .unwrap();
            assert_eq!(is_dead(&world, &secret).await, disabled);
        }
        world.auth.delete_user(ann.user.id).await.unwrap();
        assert!(is_dead(&world, &secret).await);
        assert!(world.rows(STORED, vec![]).await.rows.is_empty());
    }
}

/// KEY-4: a revoked key is dead at once.
#[tokio::test]
async fn key_4_a_revoked_key_is_dead_at_once() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        let CreatedApiKey { key, secret, .. } = create(&world, &ann, NewApiKey::new("ci")).await;
        assert!(!is_dead(&world, &secret).await);
        world
            .auth
            .revoke_api_key(&identity, world.tenant, key.id)
            .await
            .unwrap();
        assert!(is_dead(&world, &secret).await);
        let page = world
            .auth
            .api_keys(&identity, world.tenant, 50, None)
            .await
            .unwrap();
        assert!(page.keys.is_empty());
        let error = world
            .auth
            .revoke_api_key(&identity, world.tenant, key.id)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

/// LOG-1: whose key an admin has revoked is noted, and not that he had one.
#[tokio::test]
async fn log_1_a_revoked_key_is_noted_of_whose_it_was() {
    for world in worlds().await {
        let (root, ann) = (world.sign_up("root").await, world.sign_up("ann").await);
        let CreatedApiKey { key, .. } = create(&world, &ann, NewApiKey::new("ci")).await;
        let admin = world.identity(&root).await;
        let caller = Caller::new(format!("user:{}", root.user.id));
        let auth = world.auth.for_caller(caller);
        auth.revoke_api_key(&admin, world.tenant, key.id)
            .await
            .unwrap();
        let page = auth.activity(1, None, Some(ann.user.id)).await.unwrap();
        let row = &page.rows[0];
        assert_eq!(row.action, "auth.key_revoked");
        assert_eq!(row.actor, format!("user:{}", root.user.id));
        assert_eq!(row.detail["key_id"], key.id.to_string());
        assert_eq!(row.detail["name"], "ci");
    }
}

/// KEY-4: an expired key is dead.
#[tokio::test]
async fn key_4_an_expired_key_is_dead() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let end = world.runtime.now().saturating_add_micros(3_600_000_000);
        let new = NewApiKey::new("ci").with_expires_at(Some(end));
        let CreatedApiKey { key, secret, .. } = create(&world, &ann, new).await;
        assert_eq!(key.expires_at, Some(end));
        world.wait(Duration::from_secs(3599));
        assert!(!is_dead(&world, &secret).await);
        world.wait(Duration::from_secs(1));
        assert!(is_dead(&world, &secret).await);
    }
}

/// KEY-4: another user's key is not found except by an admin.
#[tokio::test]
async fn key_4_another_users_key_is_not_found_except_by_an_admin() {
    for world in worlds().await {
        let (root, ann) = (world.sign_up("root").await, world.sign_up("ann").await);
        let bob = world.sign_up("bob").await;
        let key = create(&world, &ann, NewApiKey::new("ci")).await.key;
        let (auth, tenant) = (&world.auth, world.tenant);

        let bob = world.identity(&bob).await;
        assert!(
            auth.api_keys(&bob, tenant, 50, None)
                .await
                .unwrap()
                .keys
                .is_empty()
        );
        let random = ApiKeyId::new(world.runtime.ids.next_id());
        for id in [key.id, random] {
            let found = auth.api_key_by_id(&bob, tenant, id).await.unwrap_err();
            let revoked = auth.revoke_api_key(&bob, tenant, id).await.unwrap_err();
            assert_eq!(found.kind(), ErrorKind::NotFound);
            assert_eq!(revoked.kind(), ErrorKind::NotFound);
        }

        let root = world.identity(&root).await;
        let elsewhere = TenantId::new(world.runtime.ids.next_id());
        let error = auth
            .api_key_by_id(&root, elsewhere, key.id)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let listed = auth.api_keys(&root, tenant, 50, None).await.unwrap().keys;
        assert_eq!(listed, std::slice::from_ref(&key));
        auth.revoke_api_key(&root, tenant, key.id).await.unwrap();
    }
}

/// KEY-6: a key does not manage keys.
#[tokio::test]
async fn key_6_a_key_does_not_manage_keys() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let CreatedApiKey { key, secret, .. } = create(&world, &ann, NewApiKey::new("ci")).await;
        let by_key = act(&world, &secret).await.unwrap().unwrap();
        let by_host = Identity::host(ann.user.id.to_string()).with_role("admin");
        let (auth, tenant) = (&world.auth, world.tenant);
        for identity in [by_key, by_host] {
            let errors = [
                auth.create_api_key(&identity, tenant, NewApiKey::new("x"))
                    .await
                    .unwrap_err(),
                auth.api_keys(&identity, tenant, 50, None)
                    .await
                    .unwrap_err(),
                auth.api_key_by_id(&identity, tenant, key.id)
                    .await
                    .unwrap_err(),
                auth.revoke_api_key(&identity, tenant, key.id)
                    .await
                    .unwrap_err(),
            ];
            assert!(
                errors
                    .iter()
                    .all(|error| error.kind() == ErrorKind::Forbidden)
            );
        }
    }
}

/// KEY-1: a key tells when it was last used.
#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        let CreatedApiKey { key, secret, .. } = create(&world, &ann, NewApiKey::new("ci")).await;
        assert_eq!(key.last_used_at, None);
        let mut used = Vec::new();
        for _ in 0..4 {
            act(&world, &secret).await.unwrap();
            let key = world
                .auth
                .api_key_by_id(&identity, world.tenant, key.id)
                .await
                .unwrap();
            let since = key.last_used_at.unwrap().micros() - key.created_at.micros();
            used.push(since / 1_000_000);
            world.wait(Duration::from_secs(31));
        }
        assert_eq!(used, [0, 0, 62, 62]);
    }
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        for name in ["one", "two", "three"] {
            create(&world, &ann, NewApiKey::new(name)).await;
        }
        let page = async |before| {
            let page = world
                .auth
                .api_keys(&identity, world.tenant, 2, before)
                .await
                .unwrap();
            let names: Vec<_> = page.keys.iter().map(|key| key.name.clone()).collect();
            (names, page.has_more, page.keys.last().map(|key| key.id))
        };
        let (first, more, last) = page(None).await;
        assert_eq!((first, more), (names(&["three", "two"]), true));
        let (second, more, _) = page(last).await;
        assert_eq!((second, more), (names(&["one"]), false));
        for limit in [0, 201] {
            let error = world
                .auth
                .api_keys(&identity, world.tenant, limit, None)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
        }
    }
}

/// KEY-3: a key carries what it is narrowed to.
#[tokio::test]
async fn a_key_carries_what_it_is_narrowed_to() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let scope = Scope::default()
            .with_collections(Some(names(&["posts"])))
            .with_read_only(true);
        let new = NewApiKey::new("ci").with_scope(scope.clone());
        let CreatedApiKey { key, secret, .. } = create(&world, &ann, new).await;
        assert_eq!(key.scope, scope);
        let identity = act(&world, &secret).await.unwrap().unwrap();
        assert_eq!(identity.scope, scope);
        for (slug, action, covered) in [
            ("posts", Action::Read, true),
            ("posts", Action::Update, false),
            ("pages", Action::Read, false),
        ] {
            assert_eq!(
                identity.scope.covers(slug, action),
                covered,
                "{slug} {action:?}"
            );
        }
        let whole = create(&world, &ann, NewApiKey::new("all")).await;
        let identity = act(&world, &whole.secret).await.unwrap().unwrap();
        assert_eq!(identity.scope, Scope::FULL);
    }
}

#[tokio::test]
async fn a_key_is_used_as_often_as_it_may() {
    for (world, _) in mail_worlds().await {
        // Who counts comes with the mail.
        let ann = world.sign_up("ann").await;
        for (limits, kind) in [
            (KeyLimits::new(Some(3), None), ErrorKind::RateLimited),
            (KeyLimits::new(None, Some(3)), ErrorKind::QuotaExceeded),
        ] {
            let new = NewApiKey::new("ci").with_limits(limits);
            let CreatedApiKey { key, secret, .. } = create(&world, &ann, new).await;
            assert_eq!(key.limits, limits);
            for _ in 0..3 {
                act(&world, &secret).await.unwrap().unwrap();
            }
            let error = act(&world, &secret).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(
                error
                    .retry_after_seconds()
                    .is_some_and(|seconds| seconds > 0)
            );
            // Another key of the same owner is counted by itself.
            let other = create(&world, &ann, NewApiKey::new("other").with_limits(limits)).await;
            act(&world, &other.secret).await.unwrap().unwrap();
        }
        let none = NewApiKey::new("ci").with_limits(KeyLimits::new(Some(0), None));
        let owner = world.identity(&ann).await;
        let made = world.auth.create_api_key(&owner, world.tenant, none).await;
        assert_eq!(finding(&made.unwrap_err()).0, "/requests_per_minute");
    }
}

/// R19: of 64 uses of a key at once, at two instances, as many count as it may
/// be used.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_uses_of_a_key_at_once_as_many_count_as_may() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let mut instances = Vec::new();
        for _ in 0..2 {
            let (database, clock) = (&world.runtime.database, &world.runtime.clock);
            let limiter = DatabaseRateLimiter::open(Arc::clone(database), Arc::clone(clock));
            let limiter = Arc::new(limiter.await.unwrap());
            instances.push(world.auth_with(|auth| auth.with_rate_limiter(limiter.clone())));
        }
        for _ in 0..rounds() {
            let limits = KeyLimits::new(Some(3), None);
            let key = create(&world, &ann, NewApiKey::new("ci").with_limits(limits)).await;
            let uses = race(|racer| {
                let (auth, tenant) = (instances[racer % 2].clone(), world.tenant);
                let secret = key.secret.clone();
                async move { crate::remembered::act(&auth, tenant, secret.expose()).await }
            })
            .await;
            let mut admitted = 0;
            for used in uses {
                match used {
                    Ok(_) => admitted += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::RateLimited),
                }
            }
            assert_eq!(admitted, 3, "{}", world.name);
        }
    }
}
