//! Organizations of end users: who may do what with them, and who gets in.

use std::time::Duration;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    App, Auth, InvitationName, LinkToken, MemberField, MemberFilter, MemberName, MemberQuery,
    NewOrganization, NewOrganizationInvitation, OrganizationCreation, OrganizationInvitation,
    OrganizationMember, OrganizationPatch, OrganizationRole, OrganizationRules, OrganizationSlug,
    Organizer, RealmSettings, RequestInfo, SignUpPolicy, SignedIn,
};
use workeros_core::{Error, ErrorKind, OrganizationId, OrganizationMemberId, Result, UserId};

use crate::mail::{link, token};
use crate::remembered::act;
use crate::support::{World, display_name, email, mail_worlds, secret, sign_up, watched_worlds};

mod instances;
mod races;

/// The end users of a workspace, and the mails it sends.
struct Site {
    world: World,
    mailer: MemoryMailer,
    app: Auth<App>,
}

async fn sites() -> Vec<Site> {
    sites_with(RealmSettings::new()).await
}

/// Where nobody is held back, and these are the rules.
async fn sites_with(settings: RealmSettings) -> Vec<Site> {
    let mut sites = Vec::new();
    for (mut world, mailer) in mail_worlds().await {
        println!("on {}", world.name);
        let settings = settings.clone();
        world.auth = world.mailing_with(&mailer, |auth| auth.with_app_settings(settings.clone()));
        let app = world.app().await;
        sites.push(Site { world, mailer, app });
    }
    sites
}

fn new(slug: &str) -> NewOrganization {
    NewOrganization::new(
        display_name("Acme & Co"),
        OrganizationSlug::parse(slug).unwrap(),
    )
}

fn role(text: &str) -> OrganizationRole {
    OrganizationRole::parse(text).unwrap()
}

fn rules() -> OrganizationRules {
    OrganizationRules::new()
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error: Error = result.unwrap_err();
    let kind = format!("{:?}", error.kind());
    error.code().map_or(kind, ToOwned::to_owned)
}

/// All that an answer tells.
fn told<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    let error = result.unwrap_err();
    (
        error.code().unwrap_or_default().to_owned(),
        error.to_string(),
    )
}

const GONE: &str = "INVITATION_NOT_FOUND";
const ALREADY_MEMBER: &str = "USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION";
const LAST_OWNER: &str = "YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER";

impl Site {
    async fn sign_up(&self, name: &str) -> SignedIn<App> {
        let request = RequestInfo::new();
        self.app
            .sign_up_email(sign_up(name), &request)
            .await
            .unwrap()
    }

    async fn user(&self, name: &str) -> UserId {
        self.sign_up(name).await.user.id
    }

    async fn verify(&self, user: UserId) {
        let sql = "UPDATE app_users SET email_verified = $1 WHERE id = $2";
        self.world.run(sql, vec![true.into(), user.into()]).await;
    }

    async fn is_verified(&self, user: UserId) -> bool {
        let account = self.app.user(self.world.tenant, user).await.unwrap();
        account.user.email_verified
    }

    async fn found(&self, owner: UserId, slug: &str) -> OrganizationId {
        self.app
            .found_organization(owner, new(slug))
            .await
            .unwrap()
            .id
    }

    /// Invites somebody and takes the link out of his mail.
    async fn invite(
        &self,
        organization: OrganizationId,
        by: Organizer,
        name: &str,
        as_what: &str,
    ) -> Result<(OrganizationInvitation, LinkToken)> {
        let new = NewOrganizationInvitation::new(email(name), role(as_what));
        let made = self
            .app
            .invite_to_organization(organization, by, new, link)
            .await?;
        self.world.auth.deliver_mail().await.unwrap();
        let mails = self.mailer.take();
        let [mail] = mails.as_slice() else {
            panic!("not one mail: {mails:?}")
        };
        assert_eq!(mail.to(), made.email);
        assert!(mail.subject().contains("Acme & Co"), "{}", mail.subject());
        Ok((made, token(mail)))
    }

    /// Makes a new user a member.
    async fn join(&self, organization: OrganizationId, name: &str, as_what: &str) -> UserId {
        let user = self.user(name).await;
        self.bring_in(organization, user, name, as_what).await;
        user
    }

    async fn bring_in(
        &self,
        organization: OrganizationId,
        user: UserId,
        name: &str,
        as_what: &str,
    ) {
        let invited = self.invite(organization, Organizer::Host, name, as_what);
        let (_, link) = invited.await.unwrap();
        self.accept(user, &InvitationName::Link(link))
            .await
            .unwrap();
    }

    async fn accept(&self, user: UserId, name: &InvitationName) -> Result<OrganizationMember> {
        let accepted = self
            .app
            .accept_organization_invitation(user, name, None)
            .await;
        accepted.map(|(_, member)| member)
    }

    async fn member(&self, organization: OrganizationId, user: UserId) -> OrganizationMember {
        let member = self
            .app
            .organization_member(organization, Organizer::Host, user);
        member.await.unwrap()
    }

    async fn named(&self, organization: OrganizationId, user: UserId) -> MemberName {
        MemberName::Id(self.member(organization, user).await.id)
    }

    async fn set(
        &self,
        organization: OrganizationId,
        by: Organizer,
        member: &MemberName,
        becomes: &str,
    ) -> Result<OrganizationMember> {
        let becomes = role(becomes);
        let set = self
            .app
            .set_organization_role(organization, by, member, &becomes);
        set.await
    }

    async fn roles(&self, organization: OrganizationId) -> Vec<String> {
        let page = self
            .app
            .organization_members(organization, Organizer::Host, &MemberQuery::new())
            .await
            .unwrap();
        assert_eq!(page.total, page.members.len() as u64);
        let roles = page
            .members
            .into_iter()
            .map(|member| member.role.to_string());
        roles.collect()
    }
}

#[tokio::test]
async fn a_role_says_what_its_members_may_do() {
    for site in sites().await {
        let app = &site.app;
        let owner = site.user("owner").await;
        let acme = site.found(owner, "acme").await;
        let admin = site.join(acme, "admin", "admin").await;
        let member = site.join(acme, "member", "member").await;
        let other = site.join(acme, "other", "billing").await;
        let (ann, bob) = (Organizer::User(admin), Organizer::User(member));
        let of_owner = site.named(acme, owner).await;
        let of_other = site.named(acme, other).await;

        let patch = || OrganizationPatch::new().with_name(Some(display_name("Ltd")));
        assert_eq!(
            refusal(app.update_organization(acme, bob, patch()).await),
            "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_ORGANIZATION"
        );
        let patched = app.update_organization(acme, ann, patch()).await.unwrap();
        assert_eq!(
            (patched.name.as_str(), patched.slug.as_str()),
            ("Ltd", "acme")
        );
        let back = OrganizationPatch::new().with_name(Some(display_name("Acme & Co")));
        app.update_organization(acme, ann, back).await.unwrap();

        let to_delete = "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_ORGANIZATION";
        for by in [ann, bob] {
            assert_eq!(refusal(app.delete_organization(acme, by).await), to_delete);
        }

        assert_eq!(
            refusal(site.invite(acme, bob, "new", "member").await),
            "YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION"
        );
        assert_eq!(
            refusal(site.invite(acme, ann, "new", "owner").await),
            "YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE"
        );
        site.invite(acme, ann, "new", "admin").await.unwrap();
        assert_eq!(
            refusal(app.organization_invitations(acme, bob).await),
            "YOU_ARE_NOT_ALLOWED_TO_LIST_INVITATIONS"
        );

        let to_change = "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER";
        for (by, name, becomes) in [
            (bob, &of_other, "member"),
            (bob, &site.named(acme, member).await, "admin"),
            (ann, &of_other, "owner"),
            (ann, &of_owner, "member"),
        ] {
            let set = site.set(acme, by, name, becomes);
            assert_eq!(refusal(set.await), to_change, "{by:?} {becomes}");
        }
        let set = site.set(acme, ann, &of_other, "admin");
        assert_eq!(set.await.unwrap().role, role("admin"));

        let to_remove = "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_MEMBER";
        for (by, name) in [(bob, &of_other), (ann, &of_owner)] {
            let remove = app.remove_organization_member(acme, by, name);
            assert_eq!(refusal(remove.await), to_remove);
        }
        let name = MemberName::Email(email("other"));
        let gone = app.remove_organization_member(acme, ann, &name).await;
        assert_eq!(gone.unwrap().user_id, other);
        let page = app
            .organization_members(acme, bob, &MemberQuery::new())
            .await
            .unwrap();
        assert_eq!(page.total, 3);
        let query = MemberQuery::new().with_limit(1).with_offset(1);
        let slice = app.organization_members(acme, bob, &query).await.unwrap();
        assert_eq!(slice.members, page.members[1..2]);

        let by_owner = Organizer::User(owner);
        app.delete_organization(acme, by_owner).await.unwrap();
        assert_eq!(app.organizations_of(member).await.unwrap(), []);
        assert!(
            app.is_organization_slug_free(&OrganizationSlug::parse("acme").unwrap())
                .await
                .unwrap()
        );
    }
}

/// What a query gives, by the names in the addresses.
async fn listed(site: &Site, organization: OrganizationId, query: &MemberQuery) -> Vec<String> {
    let page = site
        .app
        .organization_members(organization, Organizer::Host, query)
        .await
        .unwrap();
    let names = page.members.iter().map(|member| {
        let (name, _) = member.email.split_once('@').unwrap();
        name.to_owned()
    });
    names.collect()
}

#[tokio::test]
async fn members_are_sorted_and_chosen() {
    use MemberField::{CreatedAt, Id, Role, UserId as User};
    for site in sites().await {
        let owner = site.user("ann").await;
        let acme = site.found(owner, "acme").await;
        let mut ids = vec![owner.to_string()];
        for (name, role) in [("bob", "member"), ("cid", "admin"), ("dan", "member")] {
            site.world.wait(Duration::from_secs(60));
            ids.push(site.join(acme, name, role).await.to_string());
        }
        let since = site.member(acme, owner).await.created_at;
        let minute = |n: i64| since.saturating_add_micros(n * 60_000_000).to_string();

        for (field, is_descending, expected) in [
            (Id, false, ["ann", "bob", "cid", "dan"]),
            (Id, true, ["dan", "cid", "bob", "ann"]),
            (CreatedAt, true, ["dan", "cid", "bob", "ann"]),
            (Role, false, ["cid", "bob", "dan", "ann"]),
            (Role, true, ["ann", "dan", "bob", "cid"]),
            (User, true, ["dan", "cid", "bob", "ann"]),
        ] {
            let query = MemberQuery::new().sorted_by(field);
            let query = query.with_descending(is_descending);
            assert_eq!(listed(&site, acme, &query).await, expected, "{field:?}");
            let part = query.with_limit(2).with_offset(1);
            assert_eq!(listed(&site, acme, &part).await, expected[1..3]);
        }

        let filter = |field, operator: &str, values: &[&str]| {
            let filter = MemberFilter::parse(field, operator, values).unwrap();
            MemberQuery::new().with_filter(Some(filter))
        };
        let (first, second) = (minute(1), minute(2));
        for (query, expected) in [
            (filter(Role, "eq", &["member"]), "bob dan"),
            (filter(Role, "ne", &["member"]), "ann cid"),
            (filter(Role, "in", &["owner", "admin"]), "ann cid"),
            (filter(Role, "in", &["own", "er"]), ""),
            (filter(Role, "not_in", &["owner", "admin"]), "bob dan"),
            (filter(Role, "contains", &["m"]), "bob cid dan"),
            (filter(Role, "contains", &["%"]), ""),
            (filter(Role, "starts_with", &["ad"]), "cid"),
            (filter(Role, "ends_with", &["er"]), "ann bob dan"),
            (filter(Role, "ends_with", &["a longer one than any"]), ""),
            (filter(User, "in", &[&ids[3], &ids[1]]), "bob dan"),
            (filter(User, "eq", &[&ids[2]]), "cid"),
            (filter(CreatedAt, "eq", &[&first]), "bob"),
            (filter(CreatedAt, "ne", &[&first]), "ann cid dan"),
            (filter(CreatedAt, "lt", &[&second]), "ann bob"),
            (filter(CreatedAt, "lte", &[&second]), "ann bob cid"),
            (filter(CreatedAt, "gt", &[&first]), "cid dan"),
            (filter(CreatedAt, "gte", &[&first]), "bob cid dan"),
        ] {
            let names = listed(&site, acme, &query).await.join(" ");
            assert_eq!(names, expected, "{query:?}");
            let by = Organizer::User(owner);
            let one = query.clone().with_limit(1);
            let page = site.app.organization_members(acme, by, &one).await.unwrap();
            assert_eq!(page.total as usize, expected.split_whitespace().count());
        }
        for (field, operator, values) in [
            (Role, "lt", vec!["member"]),
            (Role, "eq", vec![]),
            (Role, "eq", vec!["a", "b"]),
            (Role, "in", vec![]),
            (Role, "in", vec!["a,b"]),
            (Role, "eq", vec![""]),
            (CreatedAt, "contains", vec![first.as_str()]),
            (CreatedAt, "eq", vec!["yesterday"]),
            (Id, "'; --", vec!["x"]),
        ] {
            let error = MemberFilter::parse(field, operator, &values).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation, "{operator} {values:?}");
        }
    }
}

#[tokio::test]
async fn the_host_makes_members_who_are_not_asked() {
    let settings = RealmSettings::new().with_organizations(rules().with_max_members(3));
    for site in sites_with(settings).await {
        let (app, ann) = (&site.app, site.user("ann").await);
        let acme = site.found(ann, "acme").await;
        let bob = site.user("bob").await;
        let add = |user, role: &'static str| async move {
            let role = self::role(role);
            app.add_organization_member(acme, user, &role).await
        };
        let made = add(bob, "admin").await.unwrap();
        assert_eq!((made.user_id, made.role.as_str()), (bob, "admin"));
        assert_eq!(refusal(add(bob, "member").await), ALREADY_MEMBER);
        let (cid, dan) = (site.user("cid").await, site.user("dan").await);
        add(cid, "member").await.unwrap();
        let full = add(dan, "member").await.unwrap_err();
        assert_eq!(full.kind(), ErrorKind::Forbidden);
        let nobody = UserId::new(uuid::Uuid::nil());
        assert_eq!(refusal(add(nobody, "member").await), "NotFound");
        let nowhere = OrganizationId::new(uuid::Uuid::nil());
        let member = role("member");
        let added = app.add_organization_member(nowhere, cid, &member);
        assert_eq!(refusal(added.await), "ORGANIZATION_NOT_FOUND");
        let noted = app.activity(1, None, Some(bob)).await.unwrap();
        assert_eq!(noted.rows[0].action, "auth.organization_member_added");
    }
}

/// AZ-2: an organization of another workspace, and one somebody is not in, is
/// answered for as one that is not there.
#[tokio::test]
async fn az_2_a_foreign_organization_is_not_there() {
    for site in sites().await {
        let elsewhere = site.world.other_app().await;
        let request = RequestInfo::new();
        let eve = elsewhere.sign_up_email(sign_up("eve"), &request).await;
        let eve = eve.unwrap().user.id;
        let theirs = elsewhere
            .found_organization(eve, new("theirs"))
            .await
            .unwrap();
        let ann = site.user("ann").await;
        let not_hers = site.found(site.user("bob").await, "bobs").await;
        let nowhere = OrganizationId::new(site.world.runtime.ids.next_id());
        let app = &site.app;
        let (ann_asks, host) = (Organizer::User(ann), Organizer::Host);
        let eves = elsewhere.organization_member(theirs.id, host, eve).await;
        let eves = MemberName::Id(eves.unwrap().id);

        let mut asked = vec![
            (theirs.id, ann_asks),
            (theirs.id, host),
            (not_hers, ann_asks),
        ];
        asked.push((nowhere, ann_asks));
        for (id, by) in asked {
            let new = NewOrganizationInvitation::new(email("x"), role("member"));
            let patch = OrganizationPatch::new();
            let answers = [
                told(app.organization(id, by).await),
                told(app.update_organization(id, by, patch).await),
                told(app.delete_organization(id, by).await),
                told(app.organization_members(id, by, &MemberQuery::new()).await),
                told(app.organization_member(id, by, ann).await),
                told(site.set(id, by, &eves, "member").await),
                told(app.remove_organization_member(id, by, &eves).await),
                told(app.invite_to_organization(id, by, new, link).await),
                told(app.organization_invitations(id, by).await),
                told(app.leave_organization(id, ann).await),
            ];
            let not_there = ("ORGANIZATION_NOT_FOUND", "there is no such organization");
            for (code, message) in answers {
                assert_eq!(code, not_there.0, "{id} {by:?}");
                assert!(message.contains(not_there.1), "{message}");
            }
        }
        assert_eq!(
            told(app.organization_by_slug("theirs").await),
            told(app.organization(nowhere, host).await)
        );
        // A member of another organization is none of this one.
        let hers = site.found(ann, "hers").await;
        let set = site.set(hers, ann_asks, &eves, "member");
        let nobody = MemberName::Id(OrganizationMemberId::new(nowhere.uuid()));
        let random = site.set(hers, ann_asks, &nobody, "member");
        assert_eq!(told(set.await), told(random.await));
    }
}

#[tokio::test]
async fn the_last_owner_stays() {
    for site in sites().await {
        let app = &site.app;
        let ann = site.user("ann").await;
        let acme = site.found(ann, "acme").await;
        let bob = site.join(acme, "bob", "admin").await;
        let of_ann = site.named(acme, ann).await;
        let of_bob = site.named(acme, bob).await;
        let (by_ann, by_host) = (Organizer::User(ann), Organizer::Host);
        for by in [by_ann, by_host] {
            let set = site.set(acme, by, &of_ann, "admin");
            assert_eq!(refusal(set.await), LAST_OWNER);
            let remove = app.remove_organization_member(acme, by, &of_ann);
            assert_eq!(refusal(remove.await), LAST_OWNER);
        }
        assert_eq!(refusal(app.leave_organization(acme, ann).await), LAST_OWNER);
        assert_eq!(refusal(app.delete_user(ann).await), LAST_OWNER);

        let set = site.set(acme, by_ann, &of_bob, "owner");
        set.await.unwrap();
        // Who cannot sign in is no owner to rely on.
        let patch = workeros_auth::UserPatch::new().with_disabled(Some(true));
        let tenant = site.world.tenant;
        app.update_user(tenant, bob, patch).await.unwrap();
        assert_eq!(refusal(app.leave_organization(acme, ann).await), LAST_OWNER);
        let patch = workeros_auth::UserPatch::new().with_disabled(Some(false));
        app.update_user(tenant, bob, patch).await.unwrap();
        app.leave_organization(acme, ann).await.unwrap();
        assert_eq!(site.roles(acme).await, ["owner"]);
    }
}

#[tokio::test]
async fn a_link_lets_its_recipient_in_once_and_verifies_his_address() {
    for site in sites().await {
        let owner = site.user("owner").await;
        let acme = site.found(owner, "acme").await;
        let by = Organizer::User(owner);
        let ann = site.sign_up("ann").await;
        let (first, old) = site.invite(acme, by, "ann", "member").await.unwrap();
        let (made, link) = site.invite(acme, by, "ann", "admin").await.unwrap();
        assert_ne!(first.id, made.id);
        let pending = site.app.organization_invitations(acme, by).await.unwrap();
        assert_eq!(pending, std::slice::from_ref(&made), "the newest holds");

        let (old, link) = (InvitationName::Link(old), InvitationName::Link(link));
        assert_eq!(refusal(site.accept(ann.user.id, &old).await), GONE);
        let bob = site.user("bob").await;
        assert_eq!(
            refusal(site.accept(bob, &link).await),
            "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION"
        );
        let elsewhere = site.world.other_app().await;
        let request = RequestInfo::new();
        let away = elsewhere
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        let there = elsewhere.accept_organization_invitation(away.user.id, &link, None);
        assert_eq!(refusal(there.await), GONE, "in another workspace");

        assert!(!site.is_verified(ann.user.id).await);
        let session = Some(ann.session.id);
        let accepted = site
            .app
            .accept_organization_invitation(ann.user.id, &link, session);
        let (accepted, member) = accepted.await.unwrap();
        assert_eq!(accepted, made);
        assert_eq!((member.user_id, member.role), (ann.user.id, role("admin")));
        assert!(site.is_verified(ann.user.id).await);
        let sessions = site.app.sessions(ann.user.id).await.unwrap();
        assert_eq!(sessions[0].active_organization, Some(acme));
        assert_eq!(refusal(site.accept(ann.user.id, &link).await), GONE);
        assert_eq!(
            refusal(site.invite(acme, by, "ann", "member").await),
            "USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION"
        );
    }
}

#[tokio::test]
async fn an_id_is_good_for_who_has_shown_that_the_address_is_his() {
    for site in sites().await {
        let owner = site.user("owner").await;
        let (acme, other) = (
            site.found(owner, "acme").await,
            site.found(owner, "b").await,
        );
        let (ann, bob) = (site.user("ann").await, site.user("bob").await);
        let by = Organizer::User(owner);
        let (made, _) = site.invite(acme, by, "ann", "member").await.unwrap();
        let (of_other, _) = site.invite(other, by, "ann", "member").await.unwrap();
        let name = InvitationName::Id(made.id);
        let unverified = "EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION";
        assert_eq!(refusal(site.accept(ann, &name).await), unverified);
        let list = || site.app.organization_invitations_of(ann);
        assert_eq!(refusal(list().await), unverified);
        site.verify(bob).await;
        assert_eq!(refusal(site.accept(bob, &name).await), GONE, "not his");
        assert_eq!(site.app.organization_invitations_of(bob).await.unwrap(), []);

        site.verify(ann).await;
        assert_eq!(list().await.unwrap(), [of_other.clone(), made.clone()]);
        let seen = site.app.organization_invitation(ann, &name).await.unwrap();
        assert_eq!(seen, made);
        assert_eq!(seen.inviter_email.as_deref(), Some("owner@example.com"));
        site.accept(ann, &name).await.unwrap();
        let of_other = InvitationName::Id(of_other.id);
        let rejected = site.app.reject_organization_invitation(ann, &of_other);
        assert_eq!(rejected.await.unwrap().organization, other);
        assert_eq!(refusal(site.accept(ann, &of_other).await), GONE);
        assert_eq!(list().await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_invitation_ends() {
    for site in sites().await {
        let owner = site.user("owner").await;
        let acme = site.found(owner, "acme").await;
        let admin = site.join(acme, "admin", "admin").await;
        let ann = site.user("ann").await;
        let (by_owner, by_admin) = (Organizer::User(owner), Organizer::User(admin));

        // Taken back, by who may.
        let (made, link) = site.invite(acme, by_admin, "ann", "member").await.unwrap();
        let cancel = |by| site.app.cancel_organization_invitation(by, made.id);
        assert_eq!(
            refusal(cancel(Organizer::User(ann)).await),
            GONE,
            "not in it"
        );
        cancel(by_owner).await.unwrap();
        assert_eq!(refusal(cancel(by_owner).await), GONE);
        let link = InvitationName::Link(link);
        assert_eq!(refusal(site.accept(ann, &link).await), GONE);

        // With who made it, when he may make none any more.
        let (_, link) = site.invite(acme, by_admin, "ann", "member").await.unwrap();
        let of_admin = site.named(acme, admin).await;
        let set = |to| site.set(acme, by_owner, &of_admin, to);
        set("member").await.unwrap();
        let link = InvitationName::Link(link);
        assert_eq!(refusal(site.accept(ann, &link).await), GONE);
        set("admin").await.unwrap();
        let (_, link) = site.invite(acme, by_admin, "ann", "member").await.unwrap();
        site.app.leave_organization(acme, admin).await.unwrap();
        let link = InvitationName::Link(link);
        assert_eq!(refusal(site.accept(ann, &link).await), GONE);

        // With its time.
        let (_, link) = site.invite(acme, by_owner, "ann", "member").await.unwrap();
        site.world.wait(Duration::from_hours(7 * 24));
        let link = InvitationName::Link(link);
        assert_eq!(refusal(site.accept(ann, &link).await), GONE);

        // With the organization.
        let (_, link) = site.invite(acme, by_owner, "ann", "member").await.unwrap();
        site.app.delete_organization(acme, by_owner).await.unwrap();
        assert!(site.app.check_organization_invitation(&link).await.is_err());
        let flows = site.world.rows(
            "SELECT id FROM app_auth_flows WHERE purpose = 'organization-invite'",
            vec![],
        );
        assert!(flows.await.first().is_none());
    }
}

#[tokio::test]
async fn owners_invitations_are_shown_to_owners() {
    for site in sites().await {
        let owner = site.user("owner").await;
        let acme = site.found(owner, "acme").await;
        let admin = site.join(acme, "admin", "admin").await;
        let by_owner = Organizer::User(owner);
        site.invite(acme, by_owner, "boss", "owner").await.unwrap();
        let list = |by| site.app.organization_invitations(acme, by);
        assert_eq!(list(by_owner).await.unwrap().len(), 1);
        assert_eq!(list(Organizer::User(admin)).await.unwrap(), []);
    }
}

#[tokio::test]
async fn there_is_no_more_room_than_the_rules_say() {
    let settings =
        RealmSettings::new().with_organizations(rules().with_max_members(2).with_max_per_user(2));
    for site in sites_with(settings).await {
        let owner = site.user("owner").await;
        let acme = site.found(owner, "acme").await;
        site.join(acme, "ann", "member").await;
        let bob = site.user("bob").await;
        let (_, link) = site
            .invite(acme, Organizer::Host, "bob", "member")
            .await
            .unwrap();
        let link = InvitationName::Link(link);
        assert_eq!(
            refusal(site.accept(bob, &link).await),
            "ORGANIZATION_MEMBERSHIP_LIMIT_REACHED"
        );
        let ann = MemberName::Email(email("ann"));
        let removed = site
            .app
            .remove_organization_member(acme, Organizer::Host, &ann);
        removed.await.unwrap();
        site.accept(bob, &link).await.unwrap();

        let create = |slug| site.app.create_organization(bob, new(slug), None);
        create("second").await.unwrap();
        let too_many = "YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS";
        assert_eq!(refusal(create("third").await), too_many);
        let third = site.found(owner, "third").await;
        let (_, link) = site
            .invite(third, Organizer::Host, "bob", "member")
            .await
            .unwrap();
        let link = InvitationName::Link(link);
        assert_eq!(refusal(site.accept(bob, &link).await), too_many);
    }
}

#[tokio::test]
async fn the_rules_say_who_makes_organizations() {
    let nobody = rules().with_creation(OrganizationCreation::Nobody);
    let settings = RealmSettings::new().with_organizations(nobody);
    for site in sites_with(settings).await {
        let ann = site.user("ann").await;
        assert_eq!(
            refusal(site.app.create_organization(ann, new("acme"), None).await),
            "YOU_ARE_NOT_ALLOWED_TO_CREATE_A_NEW_ORGANIZATION"
        );
        site.found(ann, "acme").await;
        let taken = site.app.found_organization(ann, new("acme")).await;
        assert_eq!(refusal(taken), "ORGANIZATION_SLUG_ALREADY_TAKEN");
        let other = site.found(ann, "other").await;
        let slug = OrganizationSlug::parse("acme").unwrap();
        let patch = OrganizationPatch::new().with_slug(Some(slug));
        let patched = site.app.update_organization(other, Organizer::Host, patch);
        assert_eq!(refusal(patched.await), "ORGANIZATION_SLUG_ALREADY_TAKEN");
        // Another workspace has slugs of its own.
        let elsewhere = site.world.other_app().await;
        let request = RequestInfo::new();
        let eve = elsewhere
            .sign_up_email(sign_up("eve"), &request)
            .await
            .unwrap();
        elsewhere
            .found_organization(eve.user.id, new("acme"))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn whoever_was_invited_may_sign_up_where_others_may_not() {
    let settings = RealmSettings::new().with_sign_up(SignUpPolicy::Invited);
    for site in sites_with(settings).await {
        let request = RequestInfo::new();
        let alone = site.app.sign_up_email(sign_up("ann"), &request).await;
        assert_eq!(refusal(alone), "SIGN_UP_CLOSED");
        let tenant = site.world.tenant;
        let root = workeros_auth::NewUser::new(email("root"), display_name("Root"));
        let root = site.app.create_user(tenant, root).await.unwrap().user.id;
        let acme = site.found(root, "acme").await;
        let (_, link) = site
            .invite(acme, Organizer::User(root), "ann", "member")
            .await
            .unwrap();
        let not_his = sign_up("bob").with_invitation(Some(link.clone()));
        let not_his = site.app.sign_up_email(not_his, &request).await;
        assert_eq!(
            refusal(not_his),
            "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION"
        );
        let invited = sign_up("ann").with_invitation(Some(link.clone()));
        let ann = site.app.sign_up_email(invited, &request).await.unwrap();
        assert!(ann.user.email_verified);
        assert_eq!(site.roles(acme).await, ["owner", "member"]);
        let again = InvitationName::Link(link);
        assert_eq!(refusal(site.accept(ann.user.id, &again).await), GONE);
    }
}

#[tokio::test]
async fn a_user_who_goes_takes_along_what_is_his_alone() {
    for site in sites().await {
        let (ann, bob) = (site.user("ann").await, site.user("bob").await);
        let alone = site.found(ann, "alone").await;
        let shared = site.found(bob, "shared").await;
        site.bring_in(shared, ann, "ann", "member").await;
        site.app.delete_user(ann).await.unwrap();
        assert_eq!(site.roles(shared).await, ["owner"]);
        let gone = site.app.organization(alone, Organizer::Host).await;
        assert_eq!(refusal(gone), "ORGANIZATION_NOT_FOUND");
    }
}

#[tokio::test]
async fn what_is_done_is_noted() {
    for site in sites().await {
        let owner = site.user("owner").await;
        let by = Organizer::User(owner);
        let made = site.app.create_organization(owner, new("acme"), None).await;
        let acme = made.unwrap().0.id;
        let ann = site.join(acme, "ann", "member").await;
        let (made, _) = site.invite(acme, by, "bob", "member").await.unwrap();
        site.app
            .cancel_organization_invitation(by, made.id)
            .await
            .unwrap();
        let cid = site.user("cid").await;
        let (_, link) = site.invite(acme, by, "cid", "member").await.unwrap();
        let link = InvitationName::Link(link);
        site.app
            .reject_organization_invitation(cid, &link)
            .await
            .unwrap();
        let of_ann = site.named(acme, ann).await;
        let set = site.set(acme, by, &of_ann, "admin");
        set.await.unwrap();
        site.app.leave_organization(acme, ann).await.unwrap();
        let patch = OrganizationPatch::new().with_logo(Some(Some("x".to_owned())));
        site.app.update_organization(acme, by, patch).await.unwrap();
        site.app.delete_organization(acme, by).await.unwrap();
        let rows = site.app.activity(200, None, None).await.unwrap().rows;
        let noted: Vec<&str> = rows
            .iter()
            .rev()
            .filter(|row| row.detail.get("organization") == Some(&acme.to_string().into()))
            .filter_map(|row| row.action.strip_prefix("auth.organization_"))
            .collect();
        assert_eq!(
            noted,
            [
                "created",
                "invited",
                "invitation_accepted",
                "invited",
                "invitation_canceled",
                "invited",
                "invitation_rejected",
                "role_changed",
                "member_removed",
                "changed",
                "deleted",
            ]
        );
    }
}

/// LIM-5: who makes many organizations invites by all of them no more than by one.
#[tokio::test]
async fn lim_5_a_user_invites_so_many_whatever_he_makes() {
    for (world, _) in mail_worlds().await {
        let app = world.app().await;
        let request = RequestInfo::new();
        let ann = app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let ann = ann.user.id;
        let mut made = Vec::new();
        for slug in ["one", "two"] {
            made.push(app.found_organization(ann, new(slug)).await.unwrap().id);
        }
        let invite = async |n: usize, by| {
            let to = email(&format!("guest{n}"));
            let new = NewOrganizationInvitation::new(to, role("member"));
            let made = app.invite_to_organization(made[n % 2], by, new, link);
            made.await.map(drop)
        };
        for n in 0..100 {
            invite(n, Organizer::User(ann)).await.unwrap();
        }
        let more = invite(100, Organizer::User(ann)).await.unwrap_err();
        assert_eq!(more.kind(), ErrorKind::RateLimited);
        invite(100, Organizer::Host).await.unwrap();
    }
}

/// Who makes and deletes organizations does not have everything read anew that is
/// remembered of others.
#[tokio::test]
async fn who_deletes_an_organization_is_no_matter_of_others() {
    for (mut world, database) in watched_worlds().await {
        world.auth = world.auth_with(|auth| auth.danger_weak_hashing().with_secret(secret()));
        let root = world.sign_up("root").await;
        let app = world.app().await;
        let request = RequestInfo::new();
        let uma = app.sign_up_email(sign_up("uma"), &request).await.unwrap();
        let acme = app.found_organization(uma.user.id, new("acme"));
        let acme = acme.await.unwrap().id;
        world.auth.refresh().await.unwrap();
        let token = root.token.expose();
        act(&world.auth, world.tenant, token).await.unwrap();

        let by = Organizer::User(uma.user.id);
        app.delete_organization(acme, by).await.unwrap();
        let before = database.reads();
        act(&world.auth, world.tenant, token).await.unwrap();
        assert_eq!(database.reads(), before);
    }
}
