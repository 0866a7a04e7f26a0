//! Who may make which roles, and what becomes of them.

use serde_json::{Value as Json, json};
use workeros_core::{ErrorKind, Expect, Statement, Step};

use crate::support::{World, worlds};

fn names(roles: &[workeros_schema::Role]) -> Vec<&str> {
    roles.iter().map(|role| role.name.as_str()).collect()
}

#[tokio::test]
async fn a_role_is_made_changed_and_deleted() {
    for world in worlds().await {
        let roles = world.plane.roles(world.system());
        let made = roles
            .create(&json!({"name": "editor", "description": "Writes"}))
            .await
            .unwrap();
        assert_eq!((made.admin, made.system), (false, false));
        assert_eq!(made.to_json()["description"], "Writes");
        let listed = roles.list().await.unwrap();
        assert_eq!(
            names(&listed),
            ["admin", "authenticated", "editor", "public"]
        );
        assert!(listed.contains(&made), "what is answered is what is stored");

        let changed = roles
            .update("editor", &json!({"admin": true}))
            .await
            .unwrap();
        assert!(changed.admin);
        assert_eq!(
            changed.description.as_deref(),
            Some("Writes"),
            "left as it was"
        );
        let changed = roles
            .update("editor", &json!({"description": null}))
            .await
            .unwrap();
        assert_eq!(changed.description, None);
        assert!(roles.list().await.unwrap().contains(&changed));

        roles.delete("editor", vec![]).await.unwrap();
        assert_eq!(
            names(&roles.list().await.unwrap()),
            ["admin", "authenticated", "public"]
        );
        let again = roles.delete("editor", vec![]).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::NotFound);
        let gone = roles.update("editor", &json!({})).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_body_that_is_no_role_says_where() {
    let long = "x".repeat(64);
    let cases: Vec<(Json, &str, &str)> = vec![
        (json!([]), "", "type_mismatch"),
        (json!({}), "/name", "required"),
        (json!({"name": null}), "/name", "required"),
        (json!({"name": 7}), "/name", "type_mismatch"),
        (json!({"name": ""}), "/name", "invalid_name"),
        (json!({"name": "Editor"}), "/name", "invalid_name"),
        (json!({"name": "1st"}), "/name", "invalid_name"),
        (json!({"name": "a b"}), "/name", "invalid_name"),
        (json!({"name": "é"}), "/name", "invalid_name"),
        (json!({"name": long}), "/name", "invalid_name"),
        (
            json!({"name": "ok", "admin": "yes"}),
            "/admin",
            "type_mismatch",
        ),
        (
            json!({"name": "ok", "description": 1}),
            "/description",
            "type_mismatch",
        ),
        (
            json!({"name": "ok", "system": true}),
            "/system",
            "unknown_field",
        ),
    ];
    for world in worlds().await {
        let roles = world.plane.roles(world.system());
        for (body, path, code) in &cases {
            let error = roles.create(body).await.expect_err(&body.to_string());
            assert_eq!(error.kind(), ErrorKind::Validation, "{body}");
            let detail = &error.details()[0];
            assert_eq!(
                (detail.path.as_str(), &*detail.code),
                (*path, *code),
                "{body}"
            );
        }
        for good in ["a", "a-b_c9", &"x".repeat(63)] {
            roles.create(&json!({"name": good})).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_name_is_taken_once() {
    for world in worlds().await {
        let roles = world.plane.roles(world.system());
        let body = json!({"name": "editor"});
        let (a, b) = tokio::join!(roles.create(&body), roles.create(&body));
        let errors: Vec<_> = [a, b].into_iter().filter_map(Result::err).collect();
        assert_eq!(errors.len(), 1, "exactly one of two wins");
        assert_eq!(errors[0].kind(), ErrorKind::Conflict);
        let error = roles.create(&json!({"name": "admin"})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.message().contains("admin"));
    }
}

#[tokio::test]
async fn roles_of_the_system_stay() {
    for world in worlds().await {
        let roles = world.plane.roles(world.system());
        for name in ["admin", "authenticated", "public"] {
            let error = roles.delete(name, vec![]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{name}");
            let current = roles.list().await.unwrap();
            let admin = current.iter().find(|role| role.name == name).unwrap().admin;
            let error = roles
                .update(name, &json!({"admin": !admin}))
                .await
                .unwrap_err();
            assert_eq!(error.details()[0].path, "/admin", "{name}");
            // To say what is so already is no change.
            roles
                .update(name, &json!({"admin": admin, "description": "mine"}))
                .await
                .unwrap();
        }
        let error = roles
            .update("public", &json!({"name": "open"}))
            .await
            .unwrap_err();
        assert_eq!(error.details()[0].code, "immutable");
    }
}

#[tokio::test]
async fn only_an_admin_sees_or_writes_roles() {
    for world in worlds().await {
        world
            .plane
            .roles(world.system())
            .create(&json!({"name": "chief"}))
            .await
            .unwrap();
        let cases = [
            (world.anonymous(), ErrorKind::Unauthorized),
            (world.user("ann", &[]), ErrorKind::Forbidden),
            (world.user("ann", &["chief"]), ErrorKind::Forbidden),
        ];
        for (subject, kind) in cases {
            let roles = world.plane.roles(subject);
            let body = json!({"name": "mine", "admin": true});
            assert_eq!(roles.list().await.unwrap_err().kind(), kind);
            assert_eq!(roles.create(&body).await.unwrap_err().kind(), kind);
            let update = roles.update("chief", &json!({"admin": true})).await;
            assert_eq!(update.unwrap_err().kind(), kind);
            assert_eq!(
                roles.delete("chief", vec![]).await.unwrap_err().kind(),
                kind
            );
        }
        // The change of a role is seen by the next request.
        let ann = world.plane.roles(world.user("ann", &["chief"]));
        let roles = world.plane.roles(world.system());
        roles
            .update("chief", &json!({"admin": true}))
            .await
            .unwrap();
        ann.list().await.unwrap();
        roles
            .update("chief", &json!({"admin": false}))
            .await
            .unwrap();
        assert_eq!(ann.list().await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
}

#[tokio::test]
async fn a_role_goes_with_its_permissions_and_whoever_had_it() {
    for world in worlds().await {
        world.define(json!({"slug": "posts"})).await;
        let roles = world.plane.roles(world.system());
        roles.create(&json!({"name": "editor"})).await.unwrap();
        world.permit("editor", "posts", "read", json!({})).await;
        world.permit("public", "posts", "create", json!({})).await;

        // A step of the caller's that fails takes the deletion along.
        let failing = Step::new(Statement::new("SELECT 1", vec![]));
        let failing = failing.expect(Expect::None, ErrorKind::Conflict, "still in use");
        let error = roles.delete("editor", vec![failing]).await.unwrap_err();
        assert_eq!(error.message(), "still in use");
        assert_eq!(permissions(&world).await, 2);
        assert!(names(&roles.list().await.unwrap()).contains(&"editor"));

        let extra = "UPDATE workeros_roles SET description = 'ran' WHERE name = 'public'";
        let extra = Step::new(Statement::new(extra, vec![]));
        roles.delete("editor", vec![extra]).await.unwrap();
        assert_eq!(permissions(&world).await, 1);
        let listed = roles.list().await.unwrap();
        let public = listed.iter().find(|role| role.name == "public").unwrap();
        assert_eq!(public.description.as_deref(), Some("ran"));
    }
}

async fn permissions(world: &World) -> i64 {
    world
        .count("SELECT count(*) FROM workeros_permissions")
        .await
}
