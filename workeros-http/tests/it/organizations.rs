//! Organizations of end users: what `$org.id` and `$user.orgs` let them see, and
//! how soon they see it no more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_http::testkit::{Client, TestApp};

use crate::support::{World, free_worlds};

const AUTH: &str = "/api/t/default/auth";

/// An end user who has just signed up.
async fn sign_up(app: &TestApp, name: &str) -> Client {
    let email = format!("{name}@users.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let signed_up = app.anonymous().post(format!("{AUTH}/sign-up/email"));
    let answer = signed_up.json(&body).await.expect(200).json();
    app.with_token(answer["accessToken"].as_str().unwrap())
}

async fn post(client: &Client, path: &str, body: Json) -> Json {
    let request = client.post(format!("{AUTH}/organization/{path}"));
    request.json(&body).await.expect(200).json()
}

async fn found(client: &Client, slug: &str) -> String {
    let made = post(client, "create", json!({"name": slug, "slug": slug})).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Makes a user a member of an organization, who acts for it from then on.
async fn bring_in(
    (world, mailer): &(World, MemoryMailer),
    owner: &Client,
    organization: &str,
    member: &Client,
    name: &str,
    role: &str,
) {
    let email = format!("{name}@users.example");
    let body = json!({"email": email, "role": role, "organizationId": organization});
    post(owner, "invite-member", body).await;
    let auth = world.app.backend().auth().unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let text = mails.last().unwrap().text();
    let (_, behind) = text.split_once("?token=").unwrap();
    let token: String = behind
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    post(member, "accept-invitation", json!({"invitationId": token})).await;
}

/// `tasks` are for who acts for their organization, `notes` for who is in it,
/// `orders` for its owners and `drafts` for who makes them there.
async fn define(world: &World) {
    let admin = world.app.admin().await;
    let own = json!({"org_id": "$org.id"});
    let rules = [
        ("tasks", own.clone()),
        ("notes", json!({"org_id": {"_in": "$user.orgs"}})),
        ("orders", json!({"$and": [own, {"for_role": "$org.role"}]})),
    ];
    for (slug, condition) in rules {
        let fields = json!([
            {"name": "title", "type": "text"},
            {"name": "org_id", "type": "uuid"},
            {"name": "for_role", "type": "text"},
        ]);
        let body = json!({"slug": slug, "fields": fields});
        admin.post("/api/collections").json(&body).await.expect(201);
        for action in ["read", "create", "update"] {
            let row = json!({
                "role": "authenticated",
                "collection": slug,
                "action": action,
                "condition": condition,
            });
            let made = admin.post("/api/permissions").json(&row).await.expect(201);
            assert_ne!(made.data()["condition"], Json::Null);
        }
    }
}

async fn fill(world: &World, organizations: &[&str]) {
    let admin = world.app.admin().await;
    for (index, id) in organizations.iter().enumerate() {
        for slug in ["tasks", "notes", "orders"] {
            for role in ["owner", "member"] {
                let title = format!("{index} {role}");
                let row = json!({"title": title, "org_id": id, "for_role": role});
                let path = format!("/api/items/{slug}");
                admin.post(path).json(&row).await.expect(201);
            }
        }
    }
}

/// The titles somebody sees.
async fn seen(client: &Client, slug: &str) -> BTreeSet<String> {
    let list = client.get(format!("/api/items/{slug}")).await.expect(200);
    let data = list.data();
    let titles = data.as_array().unwrap().iter().map(|row| &row["title"]);
    titles
        .map(|title| title.as_str().unwrap().to_owned())
        .collect()
}

fn titles(titles: &[&str]) -> BTreeSet<String> {
    titles.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_one_sees_follows_the_organization_one_acts_for() {
    for site in free_worlds().await {
        let world = &site.0;
        define(world).await;
        let (uma, una) = (
            sign_up(&world.app, "uma").await,
            sign_up(&world.app, "una").await,
        );
        let first = found(&uma, "first").await;
        let second = found(&una, "second").await;
        fill(world, &[&first, &second]).await;
        bring_in(&site, &una, &second, &uma, "uma", "member").await;

        // She acts for the one she has joined.
        assert_eq!(seen(&uma, "tasks").await, titles(&["1 owner", "1 member"]));
        let all = titles(&["0 owner", "0 member", "1 owner", "1 member"]);
        assert_eq!(seen(&uma, "notes").await, all);
        assert_eq!(seen(&uma, "orders").await, titles(&["1 member"]));
        assert_eq!(seen(&una, "notes").await, titles(&["1 owner", "1 member"]));
        assert_eq!(seen(&una, "orders").await, titles(&["1 owner"]));

        post(&uma, "set-active", json!({"organizationSlug": "first"})).await;
        assert_eq!(seen(&uma, "tasks").await, titles(&["0 owner", "0 member"]));
        assert_eq!(seen(&uma, "notes").await, all);
        assert_eq!(seen(&uma, "orders").await, titles(&["0 owner"]));
        let session = uma.get(format!("{AUTH}/get-session")).await.json();
        assert_eq!(session["session"]["activeOrganizationId"], json!(first));

        post(&uma, "set-active", json!({"organizationId": null})).await;
        assert_eq!(seen(&uma, "tasks").await, titles(&[]));
        assert_eq!(seen(&uma, "notes").await, all);

        // In a filter of one's own, and in what one writes.
        let filter = "%7B%22org_id%22%3A%7B%22_nin%22%3A%22%24user.orgs%22%7D%7D";
        let none = una.get(format!("/api/items/notes?filter={filter}")).await;
        assert_eq!(none.expect(200).data(), json!([]));
        let note = |id: &str| json!({"title": "new", "org_id": id});
        let path = "/api/items/notes";
        una.post(path).json(&note(&second)).await.expect(201);
        una.post(path).json(&note(&first)).await.expect(403);
        uma.post("/api/items/tasks")
            .json(&note(&first))
            .await
            .expect(403);

        // Nobody of the team is in an organization, nor is who is not signed in.
        let bob = world.app.user("bob").await;
        for slug in ["tasks", "notes", "orders"] {
            assert_eq!(seen(&bob, slug).await, titles(&[]), "{slug}");
            let list = world.app.anonymous().get(format!("/api/items/{slug}"));
            list.await.expect(401);
        }
    }
}

#[tokio::test]
async fn what_is_said_of_a_member_counts_at_his_next_request() {
    for site in free_worlds().await {
        let world = &site.0;
        define(world).await;
        let (uma, una) = (
            sign_up(&world.app, "uma").await,
            sign_up(&world.app, "una").await,
        );
        let acme = found(&una, "acme").await;
        fill(world, &[&acme]).await;
        bring_in(&site, &una, &acme, &uma, "uma", "member").await;
        assert_eq!(seen(&uma, "orders").await, titles(&["0 member"]));
        let members = una.get(format!("{AUTH}/organization/list-members"));
        let members = members.await.expect(200).json();
        let id = members["members"][1]["id"].clone();
        let body = json!({"memberId": id, "role": "owner", "organizationId": acme});
        post(&una, "update-member-role", body).await;
        assert_eq!(seen(&uma, "orders").await, titles(&["0 owner"]));
        post(&uma, "delete", json!({"organizationId": acme})).await;
        for client in [&uma, &una] {
            for slug in ["tasks", "notes", "orders"] {
                assert_eq!(seen(client, slug).await, titles(&[]), "{slug}");
            }
        }
    }
}

/// SES-5: no item is served to a request that began after somebody was removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_removed_sees_nothing_more() {
    const READERS: usize = 8;
    const ROUNDS: usize = 5;
    for site in free_worlds().await {
        let world = &site.0;
        define(world).await;
        let (uma, una) = (
            sign_up(&world.app, "uma").await,
            sign_up(&world.app, "una").await,
        );
        let acme = found(&una, "acme").await;
        fill(world, &[&acme]).await;
        for _ in 0..ROUNDS {
            bring_in(&site, &una, &acme, &uma, "uma", "member").await;
            let removed = Arc::new(AtomicBool::new(false));
            let readers: Vec<_> = (0..READERS)
                .map(|reader| {
                    let slug = ["tasks", "notes"][reader % 2];
                    tokio::spawn(read_until_gone(uma.clone(), slug, Arc::clone(&removed)))
                })
                .collect();
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            let body = json!({"memberIdOrEmail": "uma@users.example", "organizationId": acme});
            post(&una, "remove-member", body).await;
            removed.store(true, Ordering::SeqCst);
            let mut served = 0;
            for reader in readers {
                served += reader.await.unwrap();
            }
            assert!(served > 0, "nobody read before");
        }
    }
}

/// How often something was served before. After, nothing may be.
async fn read_until_gone(client: Client, slug: &'static str, removed: Arc<AtomicBool>) -> usize {
    let mut served = 0;
    loop {
        let is_removed = removed.load(Ordering::SeqCst);
        let rows = seen(&client, slug).await;
        if is_removed {
            assert_eq!(rows, titles(&[]), "{slug}");
            return served;
        }
        served += usize::from(!rows.is_empty());
    }
}

#[tokio::test]
async fn members_are_sorted_and_filtered_as_clients_of_better_auth_ask() {
    for site in free_worlds().await {
        let app = &site.0.app;
        let (una, uma) = (sign_up(app, "una").await, sign_up(app, "uma").await);
        let acme = found(&una, "acme").await;
        bring_in(&site, &una, &acme, &uma, "uma", "admin").await;
        let list = async |query: &str| {
            let path = format!("{AUTH}/organization/list-members?{query}");
            una.get(path).await
        };
        for (query, roles, total) in [
            ("", vec!["owner", "admin"], 2),
            ("sortBy=role&sortDirection=asc", vec!["admin", "owner"], 2),
            ("sortDirection=desc&limit=1", vec!["admin"], 2),
            ("filterField=role&filterValue=admin", vec!["admin"], 1),
            (
                "filterField=role&filterOperator=in&filterValue=admin&filterValue=x",
                vec!["admin"],
                1,
            ),
            (
                "filterField=role&filterOperator=ne&filterValue=admin",
                vec!["owner"],
                1,
            ),
        ] {
            let answer = list(query).await.expect(200).json();
            let listed = answer["members"].as_array().unwrap().iter();
            let listed: Vec<_> = listed.map(|one| one["role"].as_str().unwrap()).collect();
            assert_eq!(listed, roles, "{query}");
            assert_eq!(answer["total"], total, "{query}");
        }
        for query in [
            "sortBy=email",
            "sortBy=role&sortBy=id",
            "sortDirection=down",
            "filterField=password_hash&filterValue=x",
            "filterField=role",
            "filterField=role&filterValue=a&filterValue=b",
            "filterField=role&filterOperator=lt&filterValue=a",
            "filterField=createdAt&filterValue=now",
            "limit=0",
        ] {
            assert_eq!(list(query).await.status, 422, "{query}");
        }
    }
}
