use futures::future::join_all;
use workeros_auth::{Auth, AuthBuilder, NewUser, Password, RequestInfo, SignIn, SignUp, UserPatch};
use workeros_core::{Error, ErrorKind, Result, Workspace};

use crate::support::{
    PASSWORD, World, display_name, email, finding, password, sign_in, sign_up, worlds, worlds_with,
};

const HASH: &str = "SELECT password_hash FROM workeros_users WHERE email = 'ann@example.com'";
const SET_HASH: &str =
    "UPDATE workeros_users SET password_hash = $1 WHERE email = 'ann@example.com'";

async fn stored_hash(world: &World) -> String {
    world
        .rows(HASH, vec![])
        .await
        .first()
        .unwrap()
        .text(0)
        .unwrap()
        .to_owned()
}

async fn sign_up_by(auth: &Auth, name: &str, text: &str) -> Result<()> {
    let sign_up = SignUp::new(email(name), Password::parse(text)?, display_name(""));
    auth.sign_up_email(sign_up, &RequestInfo::new())
        .await
        .map(drop)
}

async fn refusal(auth: &Auth, name: &str, text: &str) -> Error {
    sign_up_by(auth, name, text).await.unwrap_err()
}

/// PW-1: a password has 8 characters to 256 bytes.
#[tokio::test]
async fn pw_1_a_password_has_8_characters_to_256_bytes() {
    for world in worlds().await {
        for (text, code) in [
            ("", "PASSWORD_TOO_SHORT"),
            ("1f9Kx_z", "PASSWORD_TOO_SHORT"),
            // Seven characters, though 28 bytes.
            ("🐎🔋📎🐎🔋📎🐎", "PASSWORD_TOO_SHORT"),
            (&"long".repeat(65)[..257], "PASSWORD_TOO_LONG"),
        ] {
            let error = refusal(&world.auth, "ann", text).await;
            assert_eq!(error.kind(), ErrorKind::Validation);
            assert_eq!(finding(&error), ("/password", code));
            assert_eq!(error.code(), Some(code));
        }
        let passphrase = "a 64 character passphrase with spaces, and emoji 🐎🔋📎, is fine";
        for (name, text) in [
            ("ann", "1f9Kx_z8"),
            ("bob", passphrase),
            ("eve", &"long".repeat(64)),
            ("joe", &"x7".repeat(65)),
        ] {
            sign_up_by(&world.auth, name, text).await.unwrap();
            let again = SignIn::new(email(name), password(text));
            world
                .auth
                .sign_in_email(again, &RequestInfo::new())
                .await
                .unwrap();
        }
    }
}

/// PW-1: the least length can be raised.
#[tokio::test]
async fn pw_1_the_least_length_can_be_raised() {
    let fifteen = |builder: AuthBuilder| builder.danger_weak_hashing().with_min_password_length(15);
    for world in worlds_with(fifteen).await {
        let error = refusal(&world.auth, "ann", "14 characters!").await;
        assert_eq!(finding(&error), ("/password", "PASSWORD_TOO_SHORT"));
        sign_up_by(&world.auth, "ann", "15 characters!!")
            .await
            .unwrap();
    }
}

/// PW-2: all bytes of a password count.
#[tokio::test]
async fn pw_2_all_bytes_of_a_password_count() {
    for world in worlds().await {
        let start = "the same seventy-two bytes, ".repeat(3);
        sign_up_by(&world.auth, "ann", &format!("{start} one"))
            .await
            .unwrap();
        let other = sign_in("ann", &format!("{start} two"));
        let error = world
            .auth
            .sign_in_email(other, &RequestInfo::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
    }
}

/// PW-3: a common password is refused.
#[tokio::test]
async fn pw_3_a_common_password_is_refused() {
    let blocking = |builder: AuthBuilder| {
        builder
            .danger_weak_hashing()
            .with_blocked_passwords(["Acme-Corp"])
    };
    for world in worlds_with(blocking).await {
        for text in [
            "password",
            "PassWord",
            "12345678",
            "trustno1",
            "annabella.lee@example.com",
            "Annabella.Lee",
            "acme-corp",
        ] {
            let error = refusal(&world.auth, "annabella.lee", text).await;
            assert_eq!(error.kind(), ErrorKind::Validation, "{text}");
            assert_eq!(finding(&error), ("/password", "PASSWORD_COMMON"));
        }
    }
}

/// PW-3: nor is the name of the workspace a password of its end users.
#[tokio::test]
async fn pw_3_the_name_of_the_workspace_is_no_password() {
    for world in worlds().await {
        let auth = world.auth_with(|builder| {
            builder
                .danger_weak_hashing()
                .with_secret(crate::support::secret())
        });
        let acme = Workspace::new(world.tenant, "acme-tours");
        let app = auth.app(acme).await.unwrap();
        for (text, code) in [
            ("acme-tours", Some("PASSWORD_COMMON")),
            ("Acme-Tours", Some("PASSWORD_COMMON")),
            ("acme-tours-ann", None),
        ] {
            let new = SignUp::new(email("ann"), password(text), display_name(""));
            let signed_up = app.sign_up_email(new, &RequestInfo::new()).await;
            let refused = signed_up.err();
            assert_eq!(
                refused.as_ref().and_then(|error| error.code()),
                code,
                "{text}"
            );
        }
    }
}

/// PW-4: a hash is argon2id at full cost.
#[tokio::test]
async fn pw_4_a_hash_is_argon2id_at_full_cost() {
    for world in worlds_with(|builder| builder).await {
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        assert_ne!(ann.user.id, bob.user.id);
        let rows = world
            .rows("SELECT password_hash FROM workeros_users", vec![])
            .await;
        for row in &rows {
            let hash = row.text(0).unwrap();
            assert!(
                hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{hash}"
            );
        }
        // Each with a salt of its own.
        assert_ne!(rows.rows[0].text(0).unwrap(), rows.rows[1].text(0).unwrap());
    }
}

/// PW-4: an older cost is renewed in the background.
#[tokio::test]
async fn pw_4_an_older_cost_is_renewed_in_the_background() {
    for world in worlds().await {
        world.sign_up("ann").await;
        let weak = stored_hash(&world).await;
        let auth = world.auth_with(|builder| builder);
        let request = RequestInfo::new();
        auth.sign_in_email(sign_in("ann", "not her password"), &request)
            .await
            .unwrap_err();
        auth.drain().await;
        assert_eq!(stored_hash(&world).await, weak);

        auth.sign_in_email(sign_in("ann", PASSWORD), &request)
            .await
            .unwrap();
        auth.drain().await;
        let renewed = stored_hash(&world).await;
        assert!(
            renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{renewed}"
        );
        auth.sign_in_email(sign_in("ann", PASSWORD), &request)
            .await
            .unwrap();
        auth.drain().await;
        assert_eq!(stored_hash(&world).await, renewed);
    }
}

/// PW-4: a corrupt hash is a wrong password.
#[tokio::test]
async fn pw_4_a_corrupt_hash_is_a_wrong_password() {
    for world in worlds().await {
        world.sign_up("ann").await;
        let good = stored_hash(&world).await;
        for corrupt in [
            String::new(),
            "$".to_owned(),
            "plain text".to_owned(),
            "$argon2id$v=19$m=19456,t=2,p=1$".to_owned(),
            "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA"
                .to_owned(),
            "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA"
                .to_owned(),
            "$argon2id$v=7$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
            good[..good.len() - 8].to_owned(),
            good.replace("argon2id", "argon2x"),
            good.replace("$m=8", "$m=0"),
        ] {
            assert_ne!(corrupt, good);
            world.run(SET_HASH, vec![corrupt.as_str().into()]).await;
            let error = world.sign_in("ann").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized, "{corrupt}");
            assert_eq!(error.code(), Some("INVALID_EMAIL_OR_PASSWORD"));
        }
        world.run(SET_HASH, vec![good.into()]).await;
        world.sign_in("ann").await.unwrap();
    }
}

/// PW-5: all failed sign-ins answer alike.
#[tokio::test]
async fn pw_5_all_failed_sign_ins_answer_alike() {
    for world in worlds().await {
        world.sign_up("ann").await;
        let bob = world.sign_up("bob").await;
        let disable = UserPatch::new().with_disabled(Some(true));
        world
            .auth
            .update_user(world.tenant, bob.user.id, disable)
            .await
            .unwrap();
        let guest = NewUser::new(email("guest"), display_name("has no password"));
        world.auth.create_user(world.tenant, guest).await.unwrap();
        for sign_in in [
            sign_in("ann", "not her password"),
            sign_in("ann", "short"),
            sign_in("nobody", PASSWORD),
            sign_in("bob", PASSWORD),
            sign_in("guest", PASSWORD),
        ] {
            let error = world
                .auth
                .sign_in_email(sign_in, &RequestInfo::new())
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            assert_eq!(error.code(), Some("INVALID_EMAIL_OR_PASSWORD"));
            assert_eq!(error.message(), "invalid e-mail or password");
            assert!(error.details().is_empty());
        }
    }
}

/// PW-5: a taken address says so.
#[tokio::test]
async fn pw_5_a_taken_address_says_so() {
    for world in worlds().await {
        world.sign_up("ann").await;
        let again = SignUp::new(
            workeros_auth::EmailAddress::parse("ANN@Example.com").unwrap(),
            password(PASSWORD),
            display_name(""),
        );
        let error = world
            .auth
            .sign_up_email(again, &RequestInfo::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert_eq!(error.code(), Some("USER_ALREADY_EXISTS"));
        assert_eq!(finding(&error), ("/email", "USER_ALREADY_EXISTS"));
    }
}

/// PW-5: one address signed up in parallel makes one user.
#[tokio::test(flavor = "multi_thread")]
async fn pw_5_one_address_signed_up_in_parallel_makes_one_user() {
    for world in worlds().await {
        let sign_ups = (0..8).map(|_| {
            let auth = world.auth.clone();
            tokio::spawn(async move {
                auth.sign_up_email(sign_up("ann"), &RequestInfo::new())
                    .await
            })
        });
        let results = join_all(sign_ups).await;
        let made = results
            .iter()
            .filter(|result| result.as_ref().unwrap().is_ok());
        assert_eq!(made.count(), 1);
        let codes = results
            .iter()
            .filter_map(|result| result.as_ref().unwrap().as_ref().err());
        assert!(
            codes
                .into_iter()
                .all(|error| error.code() == Some("USER_ALREADY_EXISTS"))
        );
    }
}

#[tokio::test]
async fn the_same_letters_typed_on_two_systems_are_one_password() {
    for world in worlds().await {
        sign_up_by(&world.auth, "ann", "cafe\u{301} au lait")
            .await
            .unwrap();
        let composed = sign_in("ann", "caf\u{e9} au lait");
        world
            .auth
            .sign_in_email(composed, &RequestInfo::new())
            .await
            .unwrap();
    }
}
