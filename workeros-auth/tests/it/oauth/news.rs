//! Whoever an account belongs to hears of what opens it.

use std::sync::Arc;

use workeros_adapters::MemoryMailer;
use workeros_core::Value;

use super::provider::{Provider, Script};
use super::site::{Site, with_providers};
use crate::support::worlds;

/// LOG: an account at a provider that is added or taken away, also by signing in.
#[tokio::test]
async fn an_account_that_opens_another_is_told() {
    for mut world in worlds().await {
        let provider = Provider::new(Script::default());
        let mailer = MemoryMailer::default();
        let set_up = with_providers(&provider);
        world.auth =
            world.auth_with(|builder| set_up(builder).with_mailer(Arc::new(mailer.clone())));
        let site = Site {
            auth: world.auth.clone(),
            provider,
        };
        let told = async || {
            world.auth.deliver_mail().await.unwrap();
            let mails = mailer.take();
            let told = mails.iter().map(|mail| {
                let is_named = mail.text().contains("an account at ");
                (mail.to().to_owned(), mail.subject().to_owned(), is_named)
            });
            told.collect::<Vec<_>>()
        };
        let news = |subject: &str| vec![("ann@example.com".to_owned(), subject.to_owned(), true)];
        let ann = world.sign_up("ann").await;
        let params = vec![Value::from(true), ann.user.id.into()];
        let sql = "UPDATE workeros_users SET email_verified = $1 WHERE id = $2";
        world.run(sql, params).await;

        site.link(&ann, "partner").await.unwrap();
        assert_eq!(told().await, news("A way to sign in was added"));
        site.sign_in_as("staff", "ann-there", "ann@example.com")
            .await
            .unwrap();
        assert_eq!(told().await, news("A way to sign in was added"));
        // By the same account it is no news, nor is it with somebody new.
        site.sign_in_as("staff", "ann-there", "ann@example.com")
            .await
            .unwrap();
        site.sign_in_as("staff", "bob-there", "bob@example.com")
            .await
            .unwrap();
        assert!(told().await.is_empty());

        let methods = site.auth.sign_in_methods(ann.user.id).await.unwrap();
        let account = methods.accounts[0].id;
        let who = site.fresh(&ann).await;
        site.auth.unlink_account(who, account).await.unwrap();
        assert_eq!(told().await, news("A way to sign in was removed"));
        site.auth.unlink_account(who, account).await.unwrap_err();
        assert!(told().await.is_empty());
    }
}
