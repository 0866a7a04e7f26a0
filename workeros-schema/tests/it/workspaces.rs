//! Workspaces: who may make them, and that they are apart.

use serde_json::json;
use workeros_core::{Credential, ErrorKind, Identity, SessionId, Subject, Workspaces as _, role};
use workeros_schema::{Precondition, Query};

use crate::support::worlds;

#[tokio::test]
async fn a_workspace_has_its_roles_and_collections_to_itself() {
    for world in worlds().await {
        let workspaces = world.plane.workspaces(world.system());
        let body = json!({"slug": "acme", "name": "Acme, Inc."});
        let acme = workspaces.create(&body, |_| Vec::new()).await.unwrap();
        assert_eq!(acme.workspace.slug, "acme");
        let found = world.plane.by_slug("acme").await.unwrap().unwrap();
        assert_eq!(found, acme.workspace);
        assert_eq!(
            world.plane.by_id(found.id).await.unwrap(),
            Some(found.clone())
        );

        let there = Subject::system(found.id);
        let roles = world.plane.roles(there.clone()).list().await.unwrap();
        let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, [role::ADMIN, role::AUTHENTICATED, role::PUBLIC]);
        let notes = json!({"slug": "notes", "fields": [{"name": "text", "type": "text"}]});
        for subject in [world.system(), there.clone()] {
            let collections = world.plane.collections(subject.clone());
            collections.create(&notes).await.unwrap();
            let note = json!({"text": subject.tenant().to_string()});
            let items = world.plane.items(subject, "notes");
            items.create(&note).await.unwrap();
        }
        for subject in [world.system(), there] {
            let items = world.plane.items(subject.clone(), "notes");
            let page = items.list(&Query::new()).await.unwrap();
            let rows: serde_json::Value = serde_json::from_slice(&page.json).unwrap();
            assert_eq!(rows.as_array().unwrap().len(), 1);
            assert_eq!(rows[0]["text"], subject.tenant().to_string());
        }
    }
}

#[tokio::test]
async fn only_who_runs_the_instance_makes_workspaces() {
    for world in worlds().await {
        let workspaces = world.plane.workspaces(world.system());
        let body = json!({"slug": "acme", "name": "Acme"});
        let acme = workspaces.create(&body, |_| Vec::new()).await.unwrap();
        let admin = Identity::host("ann").with_role(role::ADMIN);
        let of_acme = Subject::identified(acme.workspace.id, admin.clone());
        let of_default = Subject::identified(world.plane.default_tenant(), admin);
        let body = json!({"slug": "other", "name": "Other"});
        for (subject, expected) in [
            (of_acme, Some(ErrorKind::Forbidden)),
            (world.user("bob", &[]), Some(ErrorKind::Forbidden)),
            (world.anonymous(), Some(ErrorKind::Unauthorized)),
            (of_default, None),
        ] {
            let made = world.plane.workspaces(subject);
            let made = made.create(&body, |_| Vec::new()).await;
            assert_eq!(made.err().map(|error| error.kind()), expected);
        }
        let slugs = workspaces.list().await.unwrap().into_iter();
        let slugs: Vec<String> = slugs.map(|details| details.workspace.slug).collect();
        assert_eq!(slugs, ["acme", "default", "other"]);
    }
}

/// FIRST-4: not even by a role that everybody else who has it is admin by.
#[tokio::test]
async fn an_end_user_is_no_admin_by_whatever_role() {
    for world in worlds().await {
        let roles = world.plane.roles(world.system());
        let boss = json!({"name": "boss", "admin": true});
        roles.create(&boss).await.unwrap();
        let boss = || {
            Identity::host("uma")
                .with_role("boss")
                .with_role(role::ADMIN)
        };
        let session = SessionId::new(uuid::Uuid::from_u128(7));
        for (credential, admitted) in [
            (Credential::Session(session), true),
            (Credential::AppSession(session), false),
        ] {
            let identity = boss().with_credential(credential);
            let subject = Subject::identified(world.plane.default_tenant(), identity);
            let made = world.plane.require_admin(&subject).await;
            assert_eq!(made.is_ok(), admitted, "{credential:?}");
            let listed = world.plane.roles(subject).list().await;
            assert_eq!(listed.is_ok(), admitted, "{credential:?}");
        }
    }
}

#[tokio::test]
async fn a_slug_is_checked_and_nobody_elses() {
    for world in worlds().await {
        let workspaces = world.plane.workspaces(world.system());
        for (slug, kind) in [
            ("default", ErrorKind::Conflict),
            ("a", ErrorKind::Validation),
            ("Acme", ErrorKind::Validation),
            ("9to5", ErrorKind::Validation),
            ("acme-", ErrorKind::Validation),
            ("a/b", ErrorKind::Validation),
            (&"a".repeat(41), ErrorKind::Validation),
        ] {
            let body = json!({"slug": slug, "name": "A name"});
            let error = workspaces.create(&body, |_| Vec::new()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{slug}");
        }
        assert_eq!(workspaces.list().await.unwrap().len(), 1);
        let id = world.plane.default_tenant();
        let named = workspaces.rename(id, &json!({"name": " Home "})).await;
        assert_eq!(named.unwrap().name, "Home");
        let error = workspaces
            .rename(id, &json!({"name": ""}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
    }
}

/// SES-5: nothing of it is there from then on, and what it left goes, also tables
/// that point to each other.
#[tokio::test]
async fn ses_5_a_deleted_workspace_is_not_there_and_leaves_no_table() {
    for world in worlds().await {
        let workspaces = world.plane.workspaces(world.system());
        let body = json!({"slug": "acme", "name": "Acme"});
        let acme = workspaces.create(&body, |_| Vec::new()).await.unwrap();
        let there = Subject::system(acme.workspace.id);
        let collections = world.plane.collections(there.clone());
        for slug in ["a", "b", "c"] {
            let text = json!([{"name": "text", "type": "text"}]);
            let body = json!({"slug": slug, "fields": text});
            collections.create(&body).await.unwrap();
        }
        for (slug, to) in [("a", "b"), ("b", "a"), ("b", "b"), ("c", "a")] {
            let field = json!({"name": format!("to_{to}"), "type": "relation", "to": to});
            let patch = json!({"fields": [field]});
            collections.update(slug, &patch).await.unwrap();
        }
        let create = async |slug: &str, body| {
            let item = world.plane.items(there.clone(), slug).create(&body).await;
            let item: serde_json::Value = serde_json::from_slice(&item.unwrap().json).unwrap();
            item["id"].clone()
        };
        let b = create("b", json!({})).await;
        let a = create("a", json!({"to_b": b})).await;
        create("c", json!({"to_a": a})).await;
        let items = world.plane.items(there.clone(), "b");
        let both = json!({"to_a": a, "to_b": b});
        let updated = items.update(b.as_str().unwrap(), &both, &Precondition::None);
        updated.await.unwrap();

        let id = acme.workspace.id;
        for (slug, expected) in [
            ("default", ErrorKind::Validation),
            ("", ErrorKind::Validation),
        ] {
            let refused = workspaces.delete(id, &json!({"slug": slug}), vec![]).await;
            assert_eq!(refused.unwrap_err().kind(), expected);
        }
        let default = world.plane.default_tenant();
        let named = json!({"slug": "default"});
        let kept = workspaces.delete(default, &named, vec![]).await;
        assert_eq!(kept.unwrap_err().kind(), ErrorKind::Conflict);
        let bob = world.plane.workspaces(world.user("bob", &[]));
        let named = json!({"slug": "acme"});
        let refused = bob.delete(id, &named, vec![]).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);

        workspaces.delete(id, &named, vec![]).await.unwrap();
        let gone = workspaces.delete(id, &named, vec![]).await;
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(world.plane.by_id(id).await.unwrap(), None);
        assert_eq!(world.plane.by_slug("acme").await.unwrap(), None);
        let list = world
            .plane
            .items(there.clone(), "a")
            .list(&Query::new())
            .await;
        assert_eq!(list.unwrap_err().kind(), ErrorKind::NotFound);
        let body = json!({"slug": "late", "fields": []});
        let late = collections.create(&body).await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::NotFound);

        let nothing_else = |_| async { Ok(()) };
        for _ in 0..2 {
            let removed = world.plane.remove_deleted_workspaces(nothing_else);
            removed.await.unwrap();
        }
        let left = match world.opened.name {
            "sqlite" => "SELECT count(*) FROM sqlite_master WHERE name LIKE 'c\\_%' ESCAPE '\\'",
            _ => {
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() \
                 AND tablename LIKE 'c\\_%'"
            }
        };
        assert_eq!(world.count(left).await, 0);
        let left = "SELECT count(*) FROM workeros_collections";
        assert_eq!(world.count(left).await, 0);
    }
}
