//! OTP-3: what becomes of an account at a provider that was there before the
//! owner of the address showed himself.

use std::sync::Arc;

use workeros_adapters::MemoryMailer;
use workeros_auth::{DisplayName, Plane, RequestInfo};

use super::provider::{Provider, Script};
use super::site::{Site, refused, with_providers};
use crate::mail::{link, token};
use crate::support::{World, email, signed_in, worlds};

async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, site: &Site<P>) {
    let mallory = site.sign_in_as("partner", "mallory", "victim@example.com");
    let mallory = mallory.await.unwrap();
    assert!(!mallory.user.email_verified, "nobody believes the partner");
    let (request, name) = (RequestInfo::new(), DisplayName::parse("").unwrap());
    let victim = email("victim");
    let sent = site.auth.send_magic_link(&victim, &name, &request, link);
    sent.await.unwrap();
    world.auth.deliver_mail().await.unwrap();
    let followed = token(&mailer.take()[0]);
    let arrival = site.auth.sign_in_magic_link(&followed, &request).await;
    let owner = signed_in(arrival.unwrap().entered).user;
    assert_eq!(owner.id, mallory.user.id, "the address is the owner's");
    let methods = site.auth.sign_in_methods(owner.id).await.unwrap();
    assert!(methods.accounts.is_empty(), "{methods:?}");
    let back = site.sign_in_as("partner", "mallory", "victim@example.com");
    assert_eq!(refused(back.await).code(), Some("ACCOUNT_EXISTS"));
}

/// OTP-3: the account of whoever took the address is gone.
#[tokio::test]
async fn otp_3_the_account_of_whoever_took_the_address_is_gone() {
    for mut world in worlds().await {
        let (provider, mailer) = (Provider::new(Script::default()), MemoryMailer::default());
        let providers = with_providers(&provider);
        let sink = Arc::new(mailer.clone());
        world.auth = world.auth_with(|auth| providers(auth).with_mailer(Arc::clone(&sink) as _));
        let platform = Site {
            auth: world.auth.clone(),
            provider: provider.clone(),
        };
        check(&world, &mailer, &platform).await;
        let app = Site {
            auth: world.app().await,
            provider,
        };
        check(&world, &mailer, &app).await;
    }
}
