//! A passkey makes an account of an anonymous user.

use workeros_auth::{AnonymousUsers, RealmSettings, SignUpPolicy};

use super::*;

async fn guest_worlds(settings: RealmSettings) -> Vec<World> {
    let party = RelyingParty::of_origin(ORIGIN).unwrap();
    let settings = settings.with_anonymous(AnonymousUsers::new());
    let options = |builder: AuthBuilder| {
        let builder = builder.danger_weak_hashing().with_secret(secret());
        let builder = builder.with_settings(settings.clone());
        let builder = builder.with_app_settings(settings.clone());
        builder.with_passkeys(party.clone())
    };
    worlds_with(options).await
}

#[tokio::test]
async fn a_guest_who_makes_a_passkey_can_come_back_and_is_who_he_was() {
    async fn check<P: Plane>(world: &World, auth: &Auth<P>) {
        let guest = auth.sign_in_anonymous(&RequestInfo::new()).await.unwrap();
        let mut device = device();
        let asked = ask_to_register(auth, guest.user.id).await;
        // What a browser shows is no address that is none.
        assert_eq!(asked.options["user"]["name"], "Anonymous");
        let made = device.create(&asked.options);
        register(auth, guest.user.id, &asked, &made).await.unwrap();
        let account = auth.user(world.tenant, guest.user.id).await.unwrap();
        assert!(!account.user.is_anonymous());
        assert_eq!(account.user.address(), None);
        let back = signed_in(sign_in(auth, &mut device).await.unwrap());
        assert_eq!(back.user.id, guest.user.id);
        let refused = auth.delete_anonymous_user(guest.user.id).await.unwrap_err();
        assert_eq!(refused.code(), Some("USER_IS_NOT_ANONYMOUS"));
        // Another one is just another one.
        add(auth, guest.user.id, &mut self::device()).await;
    }
    for world in guest_worlds(RealmSettings::new()).await {
        println!("on {}", world.name);
        check(&world, &world.auth).await;
        check(&world, &world.app().await).await;
    }
}

#[tokio::test]
async fn where_nobody_may_sign_up_a_guest_gets_no_passkey() {
    let closed = RealmSettings::new().with_sign_up(SignUpPolicy::Closed);
    for world in guest_worlds(closed).await {
        let app = world.app().await;
        let request = RequestInfo::new();
        let guest = app.sign_in_anonymous(&request).await.unwrap();
        let browser = app.new_browser_token().unwrap();
        let who = app.require_fresh(guest.session.id).await.unwrap();
        let refused = app
            .begin_passkey_registration(who, None, Some(&browser), &request)
            .await;
        assert_eq!(refused.unwrap_err().code(), Some("SIGN_UP_CLOSED"));
    }
}
