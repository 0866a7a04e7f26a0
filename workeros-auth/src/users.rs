use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Row, Rows, Statement, Step, TenantId, Timestamp,
    UserId, Value,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::anonymous::Newcomer;
use crate::changes::{Affected, NOBODY};
use crate::hooks::UserOrigin;
use crate::invitation::end_of_address;
use crate::page::Page;
use crate::plane::{PlaneSql, planes};
use crate::refusal::taken_email;
use crate::roles::expect_user;
use crate::session::end_all;
use crate::user::read_roles;
use crate::{
    Account, Auth, DisplayName, EmailAddress, ImageUrl, Locale, Password, Plane, Realm,
    RequestInfo, User, flow, organization,
};

/// A user that an admin makes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewUser {
    /// Its address.
    pub email: EmailAddress,
    /// The name it goes by.
    pub name: DisplayName,
    /// Its password; without one it cannot sign in by password.
    pub password: Option<Password>,
    /// Its picture.
    pub image: Option<ImageUrl>,
    /// The language of mails to it.
    pub locale: Option<Locale>,
    /// Whether whoever makes it knows that it reads mail at its address.
    pub email_verified: bool,
    /// Names of its roles.
    pub roles: Vec<String>,
}

impl NewUser {
    /// A user without a password and roles.
    #[must_use]
    pub fn new(email: EmailAddress, name: DisplayName) -> Self {
        Self {
            email,
            name,
            password: None,
            image: None,
            locale: None,
            email_verified: false,
            roles: Vec::new(),
        }
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: Option<Password>) -> Self {
        self.password = password;
        self
    }

    /// Sets the picture.
    #[must_use]
    pub fn with_image(mut self, image: Option<ImageUrl>) -> Self {
        self.image = image;
        self
    }

    /// Sets the language of mails.
    #[must_use]
    pub fn with_locale(mut self, locale: Option<Locale>) -> Self {
        self.locale = locale;
        self
    }

    /// Sets whether its address counts as verified.
    #[must_use]
    pub fn with_email_verified(mut self, is_verified: bool) -> Self {
        self.email_verified = is_verified;
        self
    }

    /// Sets the roles.
    #[must_use]
    pub fn with_roles(mut self, roles: Vec<String>) -> Self {
        self.roles = roles;
        self
    }
}

/// What to change of a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct UserPatch {
    /// The name it goes by.
    pub name: Option<DisplayName>,
    /// The language of mails to it: another one, or none any more.
    pub locale: Option<Option<Locale>>,
    /// Its address, unverified from then on if it is another one.
    pub email: Option<EmailAddress>,
    /// Whether the address it has then counts as verified.
    pub email_verified: Option<bool>,
    /// Whether it is kept from signing in. Disabling ends its sessions, and the
    /// invitations it made.
    pub disabled: Option<bool>,
    /// Its picture: another one, or none any more.
    pub image: Option<Option<ImageUrl>>,
}

impl UserPatch {
    /// Changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: Option<DisplayName>) -> Self {
        self.name = name;
        self
    }

    /// Sets the language of mails, or leaves it to what requests accept.
    #[must_use]
    pub fn with_locale(mut self, locale: Option<Option<Locale>>) -> Self {
        self.locale = locale;
        self
    }

    /// Sets the address.
    #[must_use]
    pub fn with_email(mut self, email: Option<EmailAddress>) -> Self {
        self.email = email;
        self
    }

    /// Sets the picture, or takes it away.
    #[must_use]
    pub fn with_image(mut self, image: Option<Option<ImageUrl>>) -> Self {
        self.image = image;
        self
    }

    /// Sets whether the address counts as verified.
    #[must_use]
    pub fn with_email_verified(mut self, is_verified: Option<bool>) -> Self {
        self.email_verified = is_verified;
        self
    }

    /// Sets whether it is kept from signing in.
    #[must_use]
    pub fn with_disabled(mut self, disabled: Option<bool>) -> Self {
        self.disabled = disabled;
        self
    }
}

/// A part of the list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserPage {
    /// The users, newest first, with their roles in the workspace.
    pub accounts: Vec<Account>,
    /// Whether there are older ones: ask for those before the last one here.
    pub has_more: bool,
}

const LIST: PlaneSql = planes!(
    "SELECT " user ", r.role FROM (\
    SELECT " user " FROM " p "_users u \
    WHERE u.realm_id = $4 AND u.id < $1 ORDER BY u.id DESC LIMIT $2) u \
    LEFT JOIN " p "_user_roles r ON r.tenant_id = $3 AND r.user_id = u.id \
    ORDER BY u.id DESC, r.role"
);
const FIND: PlaneSql = planes!(
    "SELECT " user ", r.role FROM " p "_users u \
    LEFT JOIN " p "_user_roles r ON r.tenant_id = $1 AND r.user_id = u.id \
    WHERE u.id = $2 AND u.realm_id = $3"
);
const SET_IMAGE: PlaneSql = planes!(
    "UPDATE " p "_users SET image = $1, updated_at = $2 WHERE id = $3 AND realm_id = $4"
);
const SET_NAME: PlaneSql =
    planes!("UPDATE " p "_users SET name = $1, updated_at = $2 WHERE id = $3 AND realm_id = $4");
const SET_LOCALE: PlaneSql = planes!(
    "UPDATE " p "_users SET locale = $1, updated_at = $2 WHERE id = $3 AND realm_id = $4"
);
const SET_EMAIL: PlaneSql = planes!(
    "UPDATE " p "_users SET email = $1, email_verified = $2, updated_at = $3 \
    WHERE id = $4 AND realm_id = $5 AND email <> $1"
);
/// What stands in the place of an address is nobody's.
const SET_VERIFIED: PlaneSql = planes!(
    "UPDATE " p "_users SET email_verified = $1, updated_at = $2 \
    WHERE id = $3 AND realm_id = $4 AND email NOT LIKE '%.invalid'"
);
const SET_DISABLED: PlaneSql = planes!(
    "UPDATE " p "_users SET disabled = $1, updated_at = $2 WHERE id = $3 AND realm_id = $4"
);
const DELETE: PlaneSql = planes!("DELETE FROM " p "_users WHERE id = $1 AND realm_id = $2");

impl<P: Plane> Auth<P> {
    /// Lists users, newest first: at most `limit` (1 to 200) of those made
    /// before the one named. With their roles in the workspace.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) when the limit is out of range.
    pub async fn users(
        &self,
        tenant: TenantId,
        limit: u32,
        before: Option<UserId>,
    ) -> Result<UserPage> {
        let page = Page::new(limit, before.map(UserId::uuid))?;
        let (before, read_limit) = (page.before(), page.read_limit());
        let params = vec![before, read_limit, tenant.into(), self.realm.into()];
        let rows = self.fetch(Statement::new(LIST.of::<P>(), params)).await?;
        UserPage::read(&rows, page)
    }

    /// The user with its roles in the workspace.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) without such a user.
    pub async fn user(&self, tenant: TenantId, user: UserId) -> Result<Account> {
        let params = vec![tenant.into(), user.into(), self.realm.into()];
        let statement = Statement::new(FIND.of::<P>(), params);
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        Account::read(&rows.rows)
    }

    /// Makes a user with roles in the workspace, whatever is said of who may sign
    /// up. An invitation to the workspace that was mailed to its address ends. For
    /// those who may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// As [`sign_up_email`](Self::sign_up_email) and
    /// [`set_roles`](Self::set_roles).
    pub async fn create_user(&self, tenant: TenantId, new: NewUser) -> Result<Account> {
        let roles = Self::roles_to_give(&new.roles)?;
        if let Some(password) = &new.password {
            self.check_new_password(password, &new.email)?;
        }
        let mut newcomer = Newcomer::from(self.new_user(&new.email, &new.name));
        newcomer.user.image = new.image.map(String::from);
        newcomer.user.email_verified = new.email_verified;
        newcomer.user.locale = new.locale;
        let (origin, request) = (UserOrigin::Admin, RequestInfo::new());
        let admitted = self.admit_newcomer(newcomer, origin, &request).await?;
        let password_hash = match &new.password {
            Some(password) => Some(self.inner.hasher.hash(password).await?),
            None => None,
        };
        let mut batch =
            Batch::new().step(admitted.insert::<P>(self.realm, password_hash.as_deref()));
        let user = admitted.into_user();
        batch.push(end_of_address::<P>(tenant, &user.email));
        batch.extend(self.add_roles(tenant, user.id, &roles));
        let activity = NewActivity::new(ActivityKind::UserCreated).about(user.id);
        batch.push(self.note_activity(activity));
        self.apply(&NOBODY, batch).await.map_err(taken_email)?;
        let roles = roles.into_iter().map(ToOwned::to_owned).collect();
        Ok(Account { user, roles })
    }

    /// Changes a user. For those who may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](ErrorKind::NotFound) without such a user.
    /// * [`Validation`](ErrorKind::Validation) with code `USER_ALREADY_EXISTS`
    ///   at `/email` when the address is taken.
    /// * [`Conflict`](ErrorKind::Conflict) when a workspace would lose its
    ///   last admin.
    pub async fn update_user(
        &self,
        tenant: TenantId,
        user: UserId,
        patch: UserPatch,
    ) -> Result<Account> {
        let activity = NewActivity::new(ActivityKind::UserChanged)
            .about(user)
            .with("members", patch.members());
        let mut batch = patch.batch::<P>(self.realm, user, self.now());
        batch.push(self.note_activity(activity));
        self.apply(&[Affected::User(user)], batch)
            .await
            .map_err(taken_email)?;
        self.user(tenant, user).await
    }

    /// Deletes a user with its sessions, API keys and roles. For those who
    /// may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](ErrorKind::NotFound) without such a user.
    /// * [`Conflict`](ErrorKind::Conflict) when a workspace would lose its
    ///   last admin, or an organization that others are in its last owner.
    pub async fn delete_user(&self, user: UserId) -> Result<()> {
        let delete = Statement::new(DELETE.of::<P>(), vec![user.into(), self.realm.into()]);
        let mut batch = Batch::new();
        batch.extend(P::lock());
        batch.push(expect_user::<P>(self.realm, user));
        batch.extend(P::spare_the_last_admin(user));
        batch.extend(P::leave_behind(user));
        batch.push(Step::new(delete).expect(Expect::One, ErrorKind::NotFound, "not found"));
        batch.push(self.note_activity(NewActivity::new(ActivityKind::UserDeleted).about(user)));
        let deleted = self.apply(&[Affected::User(user)], batch).await;
        deleted.map_err(organization::coded)
    }
}

impl UserPatch {
    /// The names of what it changes.
    fn members(&self) -> Vec<&'static str> {
        [
            ("name", self.name.is_some()),
            ("locale", self.locale.is_some()),
            ("email", self.email.is_some()),
            ("email_verified", self.email_verified.is_some()),
            ("disabled", self.disabled.is_some()),
            ("image", self.image.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_changed)| is_changed.then_some(name))
        .collect()
    }

    fn batch<P: Plane>(self, realm: Realm, user: UserId, now: Timestamp) -> Batch {
        let mut batch = Batch::new();
        if self.disabled == Some(true) {
            batch.extend(P::lock());
        }
        batch.push(expect_user::<P>(realm, user));
        let whose = || [user.into(), realm.into()];
        if let Some(name) = self.name {
            batch.push(update::<P>(
                &SET_NAME,
                vec![name.into(), now.into()],
                whose(),
            ));
        }
        if let Some(locale) = self.locale {
            let locale = locale.as_ref().map(Locale::as_str).into();
            let params = vec![locale, now.into()];
            batch.push(update::<P>(&SET_LOCALE, params, whose()));
        }
        if let Some(image) = self.image {
            let image = image.map_or(Value::Null, Value::from);
            batch.push(update::<P>(&SET_IMAGE, vec![image, now.into()], whose()));
        }
        if let Some(email) = self.email {
            let params = vec![email.into(), false.into(), now.into()];
            batch.push(update::<P>(&SET_EMAIL, params, whose()));
        }
        if let Some(verified) = self.email_verified {
            let params = vec![verified.into(), now.into()];
            batch.push(update::<P>(&SET_VERIFIED, params, whose()));
        }
        if let Some(disabled) = self.disabled {
            if disabled {
                batch.extend(P::spare_the_last_admin(user));
                batch.push(end_all::<P>(user));
                batch.push(flow::end_all::<P>(user));
            }
            let params = vec![disabled.into(), now.into()];
            batch.push(update::<P>(&SET_DISABLED, params, whose()));
        }
        batch
    }
}

impl UserPage {
    /// Reads the rows of users, one for each role.
    pub(crate) fn read(rows: &Rows, page: Page) -> Result<Self> {
        let mut accounts = rows
            .rows
            .chunk_by(|one, next| one.value(0).ok() == next.value(0).ok())
            .map(Account::read)
            .collect::<Result<Vec<_>>>()?;
        let has_more = page.cut(&mut accounts);
        Ok(Self { accounts, has_more })
    }
}

impl Account {
    /// Reads the rows of one user, one for each role.
    pub(crate) fn read(rows: &[Row]) -> Result<Self> {
        let first = rows.first().ok_or_else(Error::not_found)?;
        Ok(Self {
            user: User::read(first, 0)?,
            roles: read_roles(rows, User::COLUMNS)?,
        })
    }
}

fn update<P: Plane>(sql: &PlaneSql, mut params: Vec<Value>, whose: [Value; 2]) -> Step {
    params.extend(whose);
    Step::new(Statement::new(sql.of::<P>(), params))
}
