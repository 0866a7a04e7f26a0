//! Permission rows: what may be written, and what a simulation answers.

use serde_json::{Value as Json, json};
use workeros_core::{ErrorKind, PermissionId, Subject};
use workeros_schema::{PermissionFilter, Query};

use crate::support::{World, worlds};

async fn posts(world: &World) {
    let fields = json!([
        {"name": "title", "type": "text"},
        {"name": "status", "type": "text"},
        {"name": "rank", "type": "integer"},
        {"name": "secret", "type": "text", "private": true},
    ]);
    world
        .define(json!({"slug": "posts", "owner_scoped": true, "fields": fields}))
        .await;
    world
        .plane
        .roles(world.system())
        .create(&json!({"name": "editor"}))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_permission_is_stored_in_canonical_form() {
    let cases = [
        // condition, fields; as shown
        (json!(null), json!(null), json!(null), json!("*")),
        (json!({}), json!("*"), json!(null), json!("*")),
        (
            json!({"status": "live"}),
            json!(["title", "*"]),
            json!({"status": {"_eq": "live"}}),
            json!("*"),
        ),
        (
            json!({"_or": [{"rank": {"_between": [1, 3]}}, {"owner_id": "$user.id"}]}),
            json!(["title", "id", "title"]),
            json!({"$or": [
                {"rank": {"_gte": 1, "_lte": 3}},
                {"owner_id": {"_eq": "$user.id"}},
            ]}),
            json!(["title", "id"]),
        ),
        (json!({"$and": []}), json!([]), json!(null), json!([])),
    ];
    for world in worlds().await {
        posts(&world).await;
        let permissions = world.plane.permissions(world.system());
        for (condition, fields, stored, shown) in &cases {
            let body = json!({
                "role": "editor", "collection": "posts", "action": "read",
                "condition": condition, "fields": fields,
            });
            let made = permissions.create(&body).await.unwrap();
            let json = made.to_json();
            assert_eq!(json["condition"], *stored, "{condition}");
            assert_eq!(json["fields"], *shown, "{fields}");
            assert_eq!(json["collection"], "posts");
            assert_eq!(json["role"], "editor");
            assert_eq!(permissions.get(made.permission.id).await.unwrap(), made);
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_permission_says_where() {
    let base = json!({"role": "editor", "collection": "posts", "action": "read"});
    let cases: Vec<(Json, &str, &str)> = vec![
        (json!({"role": null}), "/role", "required"),
        (json!({"role": "nobody"}), "/role", "unknown_role"),
        (json!({"role": 1}), "/role", "type_mismatch"),
        (json!({"collection": null}), "/collection", "required"),
        (
            json!({"collection": "nothing"}),
            "/collection",
            "unknown_collection",
        ),
        (json!({"action": null}), "/action", "required"),
        (json!({"action": "share"}), "/action", "invalid_value"),
        (json!({"action": "*"}), "/action", "invalid_value"),
        (json!({"condition": []}), "/condition", "invalid_filter"),
        (
            json!({"condition": {"titel": "x"}}),
            "/condition/titel",
            "unknown_field",
        ),
        (
            json!({"condition": {"secret": "x"}}),
            "/condition/secret",
            "unknown_field",
        ),
        (
            json!({"condition": {"tenant_id": "x"}}),
            "/condition/tenant_id",
            "unknown_field",
        ),
        (
            json!({"condition": {"title": {"_like": "x"}}}),
            "/condition/title/_like",
            "unknown_operator",
        ),
        (
            json!({"condition": {"$or": [{"title": "a"}, {}]}}),
            "/condition/$or/1",
            "invalid_filter",
        ),
        (
            json!({"condition": {"rank": {"_eq": "1"}}}),
            "/condition/rank/_eq",
            "type_mismatch",
        ),
        (
            json!({"condition": {"title": "$user.idd"}}),
            "/condition/title",
            "unknown_variable",
        ),
        (json!({"fields": "title"}), "/fields", "type_mismatch"),
        (
            json!({"fields": ["title", "titel"]}),
            "/fields/1",
            "unknown_field",
        ),
        (json!({"fields": ["secret"]}), "/fields/0", "private_field"),
        (json!({"fields": [1]}), "/fields/0", "type_mismatch"),
        (
            json!({"collection": "*", "condition": {"title": "x"}}),
            "/condition",
            "not_allowed",
        ),
        (
            json!({"collection": "*", "fields": ["title"]}),
            "/fields",
            "not_allowed",
        ),
        (json!({"admin": true}), "/admin", "unknown_field"),
    ];
    for world in worlds().await {
        posts(&world).await;
        let permissions = world.plane.permissions(world.system());
        for (change, path, code) in &cases {
            let mut body = base.clone();
            for (key, value) in change.as_object().unwrap() {
                body[key] = value.clone();
            }
            let error = permissions
                .create(&body)
                .await
                .expect_err(&body.to_string());
            assert_eq!(error.kind(), ErrorKind::Validation, "{body}");
            let detail = &error.details()[0];
            assert_eq!(
                (detail.path.as_str(), &*detail.code),
                (*path, *code),
                "{body}"
            );
        }
        let none = permissions
            .list(&PermissionFilter::default())
            .await
            .unwrap();
        assert!(none.is_empty(), "nothing of it was stored");
    }
}

#[tokio::test]
async fn permissions_are_listed_changed_and_deleted() {
    for world in worlds().await {
        posts(&world).await;
        let permissions = world.plane.permissions(world.system());
        let on_posts = json!({"role": "editor", "collection": "posts", "action": "read",
            "condition": {"status": "live"}, "fields": ["title"]});
        let on_all = json!({"role": "public", "collection": "*", "action": "read"});
        let posts = permissions.create(&on_posts).await.unwrap();
        let all = permissions.create(&on_all).await.unwrap();
        assert_eq!(all.to_json()["collection"], "*");

        let filter = PermissionFilter::default;
        for (filter, expected) in [
            (filter(), vec![posts.clone(), all.clone()]),
            (filter().with_role("editor"), vec![posts.clone()]),
            (filter().with_collection("*"), vec![all.clone()]),
            (filter().with_collection("posts"), vec![posts.clone()]),
            (
                filter().with_collection("posts").with_role("public"),
                vec![],
            ),
            (filter().with_role("nobody"), vec![]),
        ] {
            assert_eq!(
                permissions.list(&filter).await.unwrap(),
                expected,
                "{filter:?}"
            );
        }

        let id = posts.permission.id;
        let same = json!({"role": "editor", "collection": "posts", "action": "update"});
        let changed = permissions.update(id, &same).await.unwrap().to_json();
        assert_eq!(changed["action"], "update");
        assert_eq!(
            changed["condition"],
            json!({"status": {"_eq": "live"}}),
            "left as it was"
        );
        let open = json!({"condition": null, "fields": "*"});
        let changed = permissions.update(id, &open).await.unwrap();
        assert_eq!(changed.permission.condition, None);
        assert_eq!(changed.permission.fields, None);
        assert_eq!(permissions.get(id).await.unwrap(), changed);
        for (body, path) in [
            (json!({"role": "public"}), "/role"),
            (json!({"collection": "*"}), "/collection"),
            (json!({"condition": {"x": 1}}), "/condition/x"),
            (json!({"fields": ["secret"]}), "/fields/0"),
        ] {
            let error = permissions.update(id, &body).await.unwrap_err();
            assert_eq!(error.details()[0].path, path);
        }

        permissions.delete(id).await.unwrap();
        for error in [
            permissions.delete(id).await.unwrap_err(),
            permissions.get(id).await.unwrap_err(),
            permissions.update(id, &json!({})).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

#[tokio::test]
async fn a_permission_counts_from_the_next_request_on() {
    for world in worlds().await {
        posts(&world).await;
        world
            .create("posts", json!({"title": "a", "status": "live"}))
            .await;
        world
            .create("posts", json!({"title": "b", "status": "draft"}))
            .await;
        let permissions = world.plane.permissions(world.system());
        let query = Query::new();
        let read = || world.list(world.anonymous(), "posts", &query);
        assert_eq!(read().await.unwrap_err().kind(), ErrorKind::Unauthorized);

        let body = json!({"role": "public", "collection": "posts", "action": "read",
            "condition": {"status": "live"}, "fields": ["title"]});
        let made = permissions.create(&body).await.unwrap();
        let shown = read().await.unwrap();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0]["title"], "a");
        assert_eq!(shown[0].get("status"), None);

        permissions
            .update(made.permission.id, &json!({"condition": null}))
            .await
            .unwrap();
        assert_eq!(read().await.unwrap().len(), 2);
        permissions.delete(made.permission.id).await.unwrap();
        assert_eq!(read().await.unwrap_err().kind(), ErrorKind::Unauthorized);
    }
}

#[tokio::test]
async fn only_an_admin_sees_or_writes_permissions() {
    for world in worlds().await {
        posts(&world).await;
        world.permit("editor", "posts", "read", json!({})).await;
        let filter = PermissionFilter::default();
        let id = world
            .plane
            .permissions(world.system())
            .list(&filter)
            .await
            .unwrap()[0]
            .permission
            .id;
        let subjects = [
            (world.anonymous(), ErrorKind::Unauthorized),
            (world.user("ann", &["editor"]), ErrorKind::Forbidden),
        ];
        for (subject, kind) in subjects {
            let permissions = world.plane.permissions(subject);
            let body = json!({"role": "editor", "collection": "*", "action": "delete"});
            assert_eq!(permissions.list(&filter).await.unwrap_err().kind(), kind);
            assert_eq!(permissions.get(id).await.unwrap_err().kind(), kind);
            assert_eq!(permissions.create(&body).await.unwrap_err().kind(), kind);
            assert_eq!(
                permissions.update(id, &json!({})).await.unwrap_err().kind(),
                kind
            );
            assert_eq!(permissions.delete(id).await.unwrap_err().kind(), kind);
            assert_eq!(permissions.simulate(&body).await.unwrap_err().kind(), kind);
        }
        let ann = world.plane.permissions(world.user("ann", &["admin"]));
        assert_eq!(ann.list(&filter).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_simulation_answers_as_the_items_do() {
    let who = |id: &str| json!({"id": id, "email": "ann@example.com", "roles": ["editor"]});
    for world in worlds().await {
        posts(&world).await;
        world
            .permit(
                "public",
                "posts",
                "read",
                json!({"condition": {"status": "live"}, "fields": ["title"]}),
            )
            .await;
        world
            .permit(
                "editor",
                "posts",
                "read",
                json!({"condition": {"owner_id": "$user.id"}, "fields": ["title", "rank"]}),
            )
            .await;
        let permissions = world.plane.permissions(world.system());
        let cases = [
            // who, about; allowed, fields, results
            (
                json!({"role": "public"}),
                json!({}),
                true,
                json!(["id", "title"]),
                json!([null]),
            ),
            (
                json!({"roles": []}),
                json!({}),
                true,
                json!(["id", "title"]),
                json!([null]),
            ),
            (
                json!({"role": "public"}),
                json!({"item": {"status": "live"}}),
                true,
                json!(["id", "title"]),
                json!([true]),
            ),
            (
                json!({"role": "public"}),
                json!({"item": {"status": "draft"}}),
                false,
                json!([]),
                json!([false]),
            ),
            (
                json!({"role": "public"}),
                json!({"item": {}}),
                false,
                json!([]),
                json!(["unknown"]),
            ),
            (
                json!({"user": who("ann")}),
                json!({"item": {"status": "draft", "owner_id": "ann"}}),
                true,
                json!(["id", "title", "rank"]),
                json!([true, false]),
            ),
            (
                json!({"user": who("bob")}),
                json!({"item": {"status": "live", "owner_id": "ann"}}),
                true,
                json!(["id", "title"]),
                json!([false, true]),
            ),
            // A role is nobody in particular.
            (
                json!({"role": "editor"}),
                json!({"item": {"status": "draft", "owner_id": "ann"}}),
                false,
                json!([]),
                json!(["unknown", false]),
            ),
        ];
        for (who, about, allowed, fields, results) in cases {
            let mut body = json!({"collection": "posts", "action": "read"});
            for part in [&who, &about] {
                for (key, value) in part.as_object().unwrap() {
                    body[key] = value.clone();
                }
            }
            let answer = permissions.simulate(&body).await.unwrap().to_json();
            assert_eq!(answer["allowed"], allowed, "{body}");
            assert_eq!(answer["admin"], false, "{body}");
            assert_eq!(sorted(&answer["fields"]), sorted(&fields), "{body}");
            let said: Vec<Json> = answer["rules"]
                .as_array()
                .unwrap()
                .iter()
                .map(|rule| rule.get("result").cloned().unwrap_or_default())
                .collect();
            assert_eq!(Json::from(said), results, "{body}");
            assert_eq!(answer["broken"], json!([]), "{body}");
        }
        let both = json!({"user": who("ann"), "collection": "posts", "action": "read"});
        let both = permissions.simulate(&both).await.unwrap();
        let expected =
            json!({"$or": [{"owner_id": {"_eq": "$user.id"}}, {"status": {"_eq": "live"}}]});
        assert_eq!(both.condition, Some(expected));

        let none = json!({"user": who("ann"), "collection": "posts", "action": "delete"});
        let none = permissions.simulate(&none).await.unwrap();
        assert_eq!(
            (none.allowed, none.condition, none.fields),
            (false, None, vec![])
        );

        let admin = json!({"role": "admin", "collection": "posts", "action": "delete", "item": {}});
        let admin = permissions.simulate(&admin).await.unwrap();
        assert!(admin.allowed && admin.admin);
        assert_eq!(admin.condition, Some(json!({})));
        assert!(!admin.fields.contains(&"secret".to_owned()));
        assert!(admin.fields.contains(&"status".to_owned()));
    }
}

#[tokio::test]
async fn a_simulation_can_be_about_somebody_in_organizations() {
    for world in worlds().await {
        posts(&world).await;
        for condition in [
            json!({"status": "$org.id"}),
            json!({"status": {"_in": "$user.orgs"}}),
            json!({"status": "$org.role"}),
        ] {
            let row = json!({ "condition": condition });
            world.permit("authenticated", "posts", "read", row).await;
        }
        let permissions = world.plane.permissions(world.system());
        let cases = [
            (json!({}), json!(["unknown", "unknown", "unknown"])),
            (json!({"orgs": []}), json!(["unknown", false, "unknown"])),
            (
                json!({"orgs": ["x", "a"]}),
                json!(["unknown", true, "unknown"]),
            ),
            (
                json!({"orgs": ["b"], "org": {"id": "a", "role": "x"}}),
                json!([true, false, false]),
            ),
            (
                json!({"orgs": [], "org": {"id": "b", "role": "a"}}),
                json!([false, false, true]),
            ),
        ];
        for (organizations, results) in cases {
            let mut user = organizations;
            user["id"] = json!("ann");
            let body = json!({
                "user": user,
                "collection": "posts",
                "action": "read",
                "item": {"status": "a"},
            });
            let answer = permissions.simulate(&body).await.unwrap().to_json();
            let rules = answer["rules"].as_array().unwrap();
            let said: Json = rules.iter().map(|rule| rule["result"].clone()).collect();
            assert_eq!(said, results, "{body}");
        }
    }
}

#[tokio::test]
async fn a_simulation_can_be_about_a_row_that_is_there() {
    for world in worlds().await {
        posts(&world).await;
        world
            .permit(
                "public",
                "posts",
                "read",
                json!({"condition": {"status": "live"}}),
            )
            .await;
        let permissions = world.plane.permissions(world.system());
        for (status, allowed) in [("live", true), ("draft", false)] {
            let item = world.create("posts", json!({"status": status})).await;
            let body = json!({"role": "public", "collection": "posts", "action": "read", "id": item["id"]});
            assert_eq!(
                permissions.simulate(&body).await.unwrap().allowed,
                allowed,
                "{status}"
            );
        }
        let absent = "01890000-0000-7000-8000-000000000000";
        for id in [json!(absent), json!("nonsense"), json!(5)] {
            let body = json!({"role": "public", "collection": "posts", "action": "read", "id": id});
            let error = permissions.simulate(&body).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{id}");
        }
    }
}

#[tokio::test]
async fn a_question_that_is_none_says_where() {
    let base = json!({"role": "editor", "collection": "posts", "action": "read"});
    let cases: Vec<(Json, &str, &str)> = vec![
        (json!({"role": null}), "/role", "required"),
        (json!({"role": "nobody"}), "/role", "unknown_role"),
        (json!({"role": 7}), "/role", "type_mismatch"),
        (
            json!({"role": null, "roles": ["editor", 7]}),
            "/roles/1",
            "type_mismatch",
        ),
        (json!({"roles": ["editor"]}), "/roles", "contradiction"),
        (json!({"user": {"id": "ann"}}), "/user", "contradiction"),
        (json!({"collection": "*"}), "/collection", "invalid_value"),
        (
            json!({"collection": "nothing"}),
            "/collection",
            "unknown_collection",
        ),
        (json!({"action": null}), "/action", "required"),
        (json!({"item": []}), "/item", "type_mismatch"),
        (
            json!({"item": {"titel": 1}}),
            "/item/titel",
            "unknown_field",
        ),
        (
            json!({"item": {"rank": "1"}}),
            "/item/rank",
            "type_mismatch",
        ),
        (json!({"item": {}, "id": "x"}), "/id", "contradiction"),
        (json!({"id": true}), "/id", "type_mismatch"),
        (json!({"extra": 1}), "/extra", "unknown_field"),
    ];
    for world in worlds().await {
        posts(&world).await;
        let permissions = world.plane.permissions(world.system());
        for (change, path, code) in &cases {
            let mut body = base.clone();
            for (key, value) in change.as_object().unwrap() {
                body[key] = value.clone();
            }
            let error = permissions
                .simulate(&body)
                .await
                .expect_err(&body.to_string());
            let detail = &error.details()[0];
            assert_eq!(
                (detail.path.as_str(), &*detail.code),
                (*path, *code),
                "{body}"
            );
        }
        for (user, path) in [
            (json!({}), "/user/id"),
            (json!({"id": "ann", "roles": ["nobody"]}), "/user/roles/0"),
            (json!({"id": "ann", "name": "x"}), "/user/name"),
            (json!({"id": "ann", "orgs": [1]}), "/user/orgs"),
            (json!({"id": "ann", "org": {"id": "x"}}), "/user/org/role"),
            (json!("ann"), "/user"),
        ] {
            let body = json!({"user": user, "collection": "posts", "action": "read"});
            let error = permissions
                .simulate(&body)
                .await
                .expect_err(&body.to_string());
            assert_eq!(error.details()[0].path, path);
        }
    }
}

#[tokio::test]
async fn a_row_that_can_no_longer_be_read_grants_nothing_and_is_named() {
    for world in worlds().await {
        posts(&world).await;
        let permissions = world.plane.permissions(world.system());
        world
            .permit(
                "public",
                "posts",
                "read",
                json!({"condition": {"status": "live"}}),
            )
            .await;
        let id = permissions
            .list(&PermissionFilter::default())
            .await
            .unwrap()[0]
            .permission
            .id;
        world.create("posts", json!({"status": "live"})).await;
        world
            .plane
            .collections(world.system())
            .drop_field("posts", "status")
            .await
            .unwrap();

        let body = json!({"role": "public", "collection": "posts", "action": "read"});
        let answer = permissions.simulate(&body).await.unwrap();
        assert!(!answer.allowed);
        assert_eq!(answer.broken, [id]);
        let refused = world
            .list(world.anonymous(), "posts", &Query::new())
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
        // Such a row can be mended.
        permissions
            .update(id, &json!({"condition": null}))
            .await
            .unwrap();
        assert!(permissions.simulate(&body).await.unwrap().allowed);
    }
}

#[tokio::test]
async fn permissions_of_another_workspace_are_out_of_reach() {
    for world in worlds().await {
        posts(&world).await;
        let other = world.second_workspace().await;
        world.permit("public", "posts", "read", json!({})).await;
        let filter = PermissionFilter::default();
        let id: PermissionId = world
            .plane
            .permissions(world.system())
            .list(&filter)
            .await
            .unwrap()[0]
            .permission
            .id;
        let permissions = world.plane.permissions(Subject::system(other));
        assert!(permissions.list(&filter).await.unwrap().is_empty());
        assert_eq!(
            permissions.get(id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            permissions.delete(id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let update = permissions.update(id, &json!({"action": "delete"})).await;
        assert_eq!(update.unwrap_err().kind(), ErrorKind::NotFound);
        let body = json!({"role": "public", "collection": "posts", "action": "read"});
        let error = permissions.create(&body).await.unwrap_err();
        assert!(
            error
                .details()
                .iter()
                .any(|detail| detail.path == "/collection")
        );
    }
}

fn sorted(names: &Json) -> Vec<&str> {
    let mut names: Vec<&str> = names
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}
