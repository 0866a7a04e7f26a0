//! Mails that a hook sends in place of the mailer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use workeros_auth::{MailHandling, NewInvitation, RequestInfo};
use workeros_core::{Error, ErrorKind};

use super::planes;
use crate::mail::link;
use crate::support::{email, sign_up};

#[tokio::test]
async fn a_hook_sends_a_mail_in_place_of_the_mailer() {
    for (planes, told) in planes().await {
        let (app, request) = (&planes.app, RequestInfo::new());
        app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        told.on_mail(move |mail| {
            keep.lock().unwrap().push(mail.clone());
            Ok(MailHandling::Sent)
        });
        app.request_password_reset(&email("ann"), &request, link)
            .await
            .unwrap();
        assert_eq!(planes.team.deliver_mail().await.unwrap(), 1);
        assert!(planes.mailer.take().is_empty());
        let sent = seen.lock().unwrap().pop().unwrap();
        assert_eq!(sent.template, "reset-password");
        assert_eq!(sent.email.to(), "ann@example.com");
        assert!(sent.email.text().contains("https://example.com/link/"));
        assert_eq!(sent.workspace.unwrap().slug, "default");
        // What it leaves goes by the mailer.
        told.on_mail(|_| Ok(MailHandling::Mailer));
        app.send_verification_email(&email("ann"), &request, link)
            .await
            .unwrap();
        planes.team.deliver_mail().await.unwrap();
        assert_eq!(planes.mailer.take().len(), 1);
    }
}

#[tokio::test]
async fn what_a_hook_could_not_send_is_tried_again_by_the_same_id() {
    for (planes, told) in planes().await {
        let (app, request) = (&planes.app, RequestInfo::new());
        app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let ids = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&ids);
        told.on_mail(move |mail| {
            let mut ids = keep.lock().unwrap_or_else(PoisonError::into_inner);
            ids.push(mail.id);
            match ids.len() {
                1 => Err(Error::new(ErrorKind::Validation, "a fault of the hook")),
                2 => panic!("a hook that panics"),
                _ => Ok(MailHandling::Sent),
            }
        });
        app.send_verification_email(&email("ann"), &request, link)
            .await
            .unwrap();
        for sent in [0, 0, 1] {
            assert_eq!(planes.team.deliver_mail().await.unwrap(), sent);
            planes.world.wait(Duration::from_secs(120));
        }
        let ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(ids.len(), 3);
        assert!(ids.iter().all(|id| *id == ids[0]));
        assert!(
            planes.mailer.take().is_empty(),
            "the mailer does not step in"
        );
    }
}

/// An invitation to a workspace makes users of the instance: it is none of the
/// workspace's mails.
#[tokio::test]
async fn an_invitation_to_the_team_is_a_mail_of_the_instance() {
    for (planes, told) in planes().await {
        let team = &planes.team;
        team.sign_up_email(sign_up("root"), &RequestInfo::new())
            .await
            .unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        told.on_mail(move |mail| {
            keep.lock().unwrap().push(mail.clone());
            Ok(MailHandling::Sent)
        });
        let new = NewInvitation::new(email("bob"));
        team.invite(planes.world.tenant, new, "Acme", link)
            .await
            .unwrap();
        team.deliver_mail().await.unwrap();
        let sent = seen.lock().unwrap().pop().unwrap();
        assert_eq!(
            (sent.template.as_str(), sent.workspace),
            ("invitation", None)
        );
    }
}
