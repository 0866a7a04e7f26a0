//! An anonymous user who gets an account, or has one.

use super::*;
use crate::passwordless::code_in;

/// Who keeps the user id a guest had, with an address of his own.
async fn assert_promoted<P: Presented>(auth: &Auth<P>, was: &SignedIn<P>, is: &SignedIn<P>) {
    assert_eq!(is.user.id, was.user.id);
    assert_eq!(is.user.created_at, was.user.created_at);
    assert!(!is.user.is_anonymous(), "{is:?}");
    // SES-2: the session is another one.
    let old = P::key(auth, was).await;
    assert!(auth.session_by_key(&old).await.unwrap().is_none());
    let new = P::key(auth, is).await;
    let active = auth.session_by_key(&new).await.unwrap().unwrap();
    assert!(!active.user.is_anonymous());
    let [noted] = &noted(auth, "auth.sign_up").await[..] else {
        panic!("not noted once");
    };
    assert_eq!(noted.user_id, Some(is.user.id));
    assert_eq!(noted.detail["was_anonymous"], true);
}

/// SES-2: a password makes an account of him, and another session.
#[tokio::test]
async fn ses_2_a_guest_who_signs_up_by_password_stays_who_he_is() {
    async fn check<P: Presented>(auth: &Auth<P>) {
        let was = guest(auth).await;
        let request = from(auth, &was).await;
        let is = auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
        assert_promoted(auth, &was, &is).await;
        assert_eq!(is.user.email, "ann@example.com");
        let later = RequestInfo::new();
        let back = auth.sign_in_email(sign_in("ann", PASSWORD), &later).await;
        assert_eq!(signed_in(back.unwrap()).user.id, was.user.id);
    }
    for planes in planes().await {
        check(&planes.team).await;
        check(&planes.app).await;
    }
}

#[tokio::test]
async fn a_guest_who_signs_up_by_a_code_stays_who_he_is() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>) {
        let was = guest(auth).await;
        let patch = UserPatch::new().with_name(Some(display_name("Annie")));
        auth.update_user(planes.world.tenant, was.user.id, patch)
            .await
            .unwrap();
        let request = RequestInfo::new();
        auth.send_code(CodePurpose::SignIn, &email("ann"), "example.com", &request)
            .await
            .unwrap();
        planes.team.deliver_mail().await.unwrap();
        let code = code_in(&planes.mailer.take());
        let mailed = MailedCode::new(email("ann"), code.unwrap());
        let request = from(auth, &was).await;
        let arrival = auth.sign_in_code(&mailed, None, &request).await.unwrap();
        assert!(arrival.is_new);
        let is = signed_in(arrival.entered);
        assert_promoted(auth, &was, &is).await;
        assert!(is.user.email_verified);
        assert_eq!(is.user.name, "Annie");
    }
    for planes in planes().await {
        check(&planes, &planes.team).await;
        check(&planes, &planes.app).await;
    }
}

#[tokio::test]
async fn where_nobody_may_sign_up_a_guest_stays_one() {
    let closed = settings().with_sign_up(SignUpPolicy::Closed);
    let options = |builder: AuthBuilder| builder.with_app_settings(closed.clone());
    for planes in Planes::all(options).await {
        let was = guest(&planes.app).await;
        let request = from(&planes.app, &was).await;
        let refused = planes.app.sign_up_email(sign_up("ann"), &request).await;
        assert_eq!(refused.unwrap_err().code(), Some("SIGN_UP_CLOSED"));
        let user = planes.app.user(planes.world.tenant, was.user.id).await;
        assert!(user.unwrap().user.is_anonymous());
    }
}

/// PW-5: that an address is taken is not told by what becomes of a guest.
#[tokio::test]
async fn pw_5_where_addresses_are_verified_a_guest_stays_one_until_he_shows_his() {
    let verified = settings().with_required_verification(true);
    let options = |builder: AuthBuilder| builder.with_app_settings(verified.clone());
    for planes in Planes::all(options).await {
        let app = &planes.app;
        let was = guest(app).await;
        let request = from(app, &was).await;
        let key = workeros_auth::App::key(app, &was).await;
        for _ in 0..2 {
            app.sign_up_to_verify(sign_up("ann"), &request, "https://example.com", link)
                .await
                .unwrap();
            let active = app.session_by_key(&key).await.unwrap().unwrap();
            assert!(active.user.is_anonymous());
        }
    }
}

/// Whoever turns out to have an account is that user; nothing is merged.
#[tokio::test]
async fn a_guest_who_has_an_account_is_that_user_and_the_other_one_goes() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, told: &Told) {
        let ann = new_user(auth, sign_up("ann")).await;
        let was = guest(auth).await;
        let request = from(auth, &was).await;
        let taken = auth.sign_up_email(sign_up("ann"), &request).await;
        assert_eq!(taken.unwrap_err().code(), Some("USER_ALREADY_EXISTS"));
        assert!(is_there(&planes.world, auth, was.user.id).await);
        assert!(told.lock().unwrap().is_empty());

        let wrong = auth.sign_in_email(sign_in("ann", "battery horse staple"), &request);
        wrong.await.unwrap_err();
        assert!(is_there(&planes.world, auth, was.user.id).await);

        let back = auth.sign_in_email(sign_in("ann", PASSWORD), &request).await;
        assert_eq!(signed_in(back.unwrap()).user.id, ann.user.id);
        assert!(!is_there(&planes.world, auth, was.user.id).await);
        let links = std::mem::take(&mut *told.lock().unwrap());
        let [link] = links[..] else {
            panic!("not told once: {links:?}")
        };
        assert_eq!((link.anonymous, link.user), (was.user.id, ann.user.id));
        assert_eq!(link.realm, auth.realm());
        let [noted] = &noted(auth, "auth.anonymous_linked").await[..] else {
            panic!("not noted once");
        };
        assert_eq!(noted.user_id, Some(ann.user.id));
        assert_eq!(noted.detail["anonymous_user_id"], was.user.id.to_string());
    }
    type Told = Arc<Mutex<Vec<AnonymousLink>>>;
    let told = Told::default();
    let options = |builder: AuthBuilder| {
        let told = Arc::clone(&told);
        open(builder).with_anonymous_link(move |link| {
            told.lock().unwrap().push(link);
            async { Err(workeros_core::Error::internal("it keeps nobody out")) }
        })
    };
    for planes in Planes::all(options).await {
        check(&planes, &planes.team, &told).await;
        check(&planes, &planes.app, &told).await;
    }
}

/// TOK-2: a guest of one realm is nobody in another.
#[tokio::test]
async fn tok_2_a_guest_gets_no_account_in_another_realm() {
    for planes in planes().await {
        let of_app = guest(&planes.app).await;
        let of_team = guest(&planes.team).await;
        let keys = [
            workeros_auth::App::key(&planes.app, &of_app).await,
            workeros_auth::Platform::key(&planes.team, &of_team).await,
        ];
        for (n, key) in keys.into_iter().enumerate() {
            let request = RequestInfo::new().with_replaced(Some(key));
            let name = format!("ann{n}");
            let elsewhere = planes.other_app.sign_up_email(sign_up(&name), &request);
            let elsewhere = elsewhere.await.unwrap();
            assert_ne!(elsewhere.user.id, of_app.user.id);
            assert_ne!(elsewhere.user.id, of_team.user.id);
        }
        assert!(is_there(&planes.world, &planes.app, of_app.user.id).await);
        assert!(is_there(&planes.world, &planes.team, of_team.user.id).await);
    }
}

#[tokio::test]
async fn a_guest_is_public_and_a_user_authenticated() {
    let subject = |guest| {
        let identity = Identity::host("1").with_guest(guest);
        workeros_core::Subject::identified(
            workeros_core::TenantId::new(uuid::Uuid::nil()),
            identity,
        )
    };
    assert_eq!(subject(true).roles(), [role::GUEST, role::PUBLIC]);
    assert_eq!(subject(false).roles(), [role::AUTHENTICATED, role::PUBLIC]);
    assert!(!subject(true).is_anonymous(), "somebody is signed in");
}
