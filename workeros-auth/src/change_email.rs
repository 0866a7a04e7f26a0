//! Another address for a user: who reads mail at the one he has agrees to it,
//! and then who reads mail at the one to come.

use serde_json::{Value as Json, json};
use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Row, Statement, Step, UserId, Value,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::door::Door;
use crate::flow::{FlowKey, Purpose};
use crate::plane::{PlaneSql, planes};
use crate::refusal::{INVALID_TOKEN, invalid_token, used_up};
use crate::session::later;
use crate::template::{Contents, Template};
use crate::{Auth, EmailAddress, FreshSession, LinkToken, Plane, RequestInfo};

/// A change of address whose link was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailChange {
    /// The address the user has.
    pub from: EmailAddress,
    /// The one to come.
    pub to: EmailAddress,
    /// What following the link is for.
    pub stage: EmailChangeStage,
}

/// How far a change of address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailChangeStage {
    /// Who reads mail at the address there is has to agree.
    Approval,
    /// Who reads mail at the address to come has to confirm that it is his.
    Confirmation,
}

/// Only while nobody has the address to come. If somebody has, it is as much
/// work.
const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, address, data, secret_hash, attempts, created_at, expires_at) \
    SELECT $1, u.realm_id, $2, u.id, $3, $4, $5, 0, $6, $7 FROM " p "_users u \
    WHERE u.realm_id = $8 AND u.id = $9 AND u.email = $10 AND NOT u.disabled \
    AND NOT EXISTS (SELECT 1 FROM " p "_users o WHERE o.realm_id = $8 AND o.email = $11) \
    ON CONFLICT (realm_id, purpose, address) DO UPDATE SET id = excluded.id, \
    user_id = excluded.user_id, data = excluded.data, secret_hash = excluded.secret_hash, \
    attempts = 0, created_at = excluded.created_at, expires_at = excluded.expires_at"
);
const FIND: PlaneSql = planes!(
    "SELECT f.id, f.data, u.id, u.email FROM " p "_auth_flows f \
    JOIN " p "_users u ON u.id = f.user_id \
    WHERE f.secret_hash = $1 AND f.realm_id = $2 AND f.purpose = $3 AND f.expires_at > $4 \
    AND NOT u.disabled"
);
const SET: PlaneSql = planes!(
    "UPDATE " p "_users SET email = $1, email_verified = $2, updated_at = $3 \
    WHERE realm_id = $4 AND id = $5 AND email = $6 AND NOT disabled"
);
/// Whatever was mailed to the address before opens nothing any more.
const END: PlaneSql = planes!("DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND user_id = $2");

impl EmailChangeStage {
    const ALL: [Self; 2] = [Self::Approval, Self::Confirmation];

    const fn purpose(self) -> Purpose {
        match self {
            Self::Approval => Purpose::ApproveNewEmail,
            Self::Confirmation => Purpose::ConfirmNewEmail,
        }
    }
}

impl EmailChange {
    /// Where the link of its stage is mailed to.
    fn mailbox(&self) -> &EmailAddress {
        match self.stage {
            EmailChangeStage::Approval => &self.from,
            EmailChangeStage::Confirmation => &self.to,
        }
    }

    fn write(&self) -> Json {
        json!({"from": self.from.as_str(), "to": self.to.as_str()})
    }

    fn read(stage: EmailChangeStage, data: &str) -> Result<Self> {
        let data: Json = serde_json::from_str(data).map_err(Error::internal)?;
        let address = |name: &str| {
            let text = data.get(name).and_then(Json::as_str);
            EmailAddress::stored(text.unwrap_or_default())
        };
        Ok(Self {
            from: address("from")?,
            to: address("to")?,
            stage,
        })
    }
}

/// A change with the flow that was found by its link.
struct Found {
    change: EmailChange,
    user: UserId,
    key: FlowKey,
}

impl<P: Plane> Auth<P> {
    /// Mails a link to the address of a user, by which he agrees that it becomes
    /// another; to the other one at once where nobody has shown to read mail at
    /// the address there is. If somebody has the address to come nothing is
    /// sent, which is not told.
    ///
    /// # Errors
    ///
    /// * [`Validation`](ErrorKind::Validation) with code `EMAIL_IS_THE_SAME` at
    ///   `/newEmail`.
    /// * [`Unsupported`](ErrorKind::Unsupported) without
    ///   [mail](crate::AuthBuilder::with_mailer).
    pub async fn request_email_change(
        &self,
        who: FreshSession,
        new: &EmailAddress,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        let user = who.user();
        let known = self.find_user(user).await?;
        known.require_account()?;
        let from = EmailAddress::stored(&known.email)?;
        if from == *new {
            let same = "is the address there is";
            return Err(Error::validation("/newEmail", "EMAIL_IS_THE_SAME", same)
                .with_code("EMAIL_IS_THE_SAME"));
        }
        let stage = if known.email_verified {
            EmailChangeStage::Approval
        } else {
            EmailChangeStage::Confirmation
        };
        let to = new.clone();
        let change = EmailChange { from, to, stage };
        let purpose = stage.purpose();
        let passed = self.pass(Door::Session, request).await?;
        if self
            .admits_mail(purpose, change.mailbox(), request, passed)
            .await?
        {
            let batch = self.open_change(Batch::new(), user, &change, link)?;
            self.apply_and_mail(batch).await?;
        }
        Ok(())
    }

    /// The change a link is of, for who follows it to see.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when the
    /// link does not hold, or no longer.
    pub async fn check_email_change(&self, token: &LinkToken) -> Result<EmailChange> {
        self.find_change(token).await.map(|found| found.change)
    }

    /// Takes a change of address one stage further by a link, once: mails a link
    /// to the address to come, or makes it the user's. Then other links that
    /// were mailed to him do not hold any more.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when
    ///   the link does not hold, or no longer, or somebody has the address by
    ///   now.
    /// * [`RateLimited`](ErrorKind::RateLimited) when too much is sent to the
    ///   address to come.
    pub async fn follow_email_change(
        &self,
        token: &LinkToken,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<EmailChange> {
        let found = self.find_change(token).await?;
        let followed = match found.change.stage {
            EmailChangeStage::Approval => self.approve_change(&found, request, link).await,
            EmailChangeStage::Confirmation => self.confirm_change(&found).await,
        };
        followed.map_err(used_up)?;
        Ok(found.change)
    }

    async fn approve_change(
        &self,
        found: &Found,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        let next = EmailChange {
            stage: EmailChangeStage::Confirmation,
            ..found.change.clone()
        };
        let purpose = next.stage.purpose();
        let passed = self.pass(Door::Proof, request).await?;
        if !self.admits_mail(purpose, &next.to, request, passed).await? {
            let message = "too much is sent to the new address; follow the link again later";
            return Err(Error::new(ErrorKind::RateLimited, message));
        }
        let consumed = Batch::new().step(found.key.consume::<P>(self.now()));
        let batch = self.open_change(consumed, found.user, &next, link)?;
        self.apply_and_mail(batch).await
    }

    async fn confirm_change(&self, found: &Found) -> Result<()> {
        let (now, user, change) = (self.now(), found.user, &found.change);
        let params = vec![
            change.to.as_str().into(),
            true.into(),
            now.into(),
            self.realm.into(),
            user.into(),
            change.from.as_str().into(),
        ];
        let set = Step::new(Statement::new(SET.of::<P>(), params));
        let end = Statement::new(END.of::<P>(), vec![self.realm.into(), user.into()]);
        let changed = NewActivity::new(ActivityKind::EmailChanged)
            .about(user)
            .with("from", change.from.as_str())
            .with("to", change.to.as_str());
        let batch = Batch::new()
            .step(found.key.consume::<P>(now))
            .step(set.expect(Expect::One, ErrorKind::Gone, INVALID_TOKEN))
            .step(Step::new(end))
            .step(self.note_activity(changed));
        self.apply(&[Affected::User(user)], batch)
            .await
            .map_err(|error| match error.violation() {
                Some(_) => invalid_token(),
                None => error,
            })
    }

    /// Adds the steps that open a flow for the next stage, and mail its link.
    fn open_change(
        &self,
        batch: Batch,
        user: UserId,
        change: &EmailChange,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<Batch> {
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let (now, purpose, flow) = (self.now(), change.stage.purpose(), self.inner.ids.next_id());
        let (url, address) = (link(&token), change.to.as_str());
        let contents = Contents::NewAddress { url: &url, address };
        let mail = self.compose_mail(Template::of(purpose)?, contents)?;
        let params = vec![
            flow.into(),
            purpose.name().into(),
            change.mailbox().as_str().into(),
            change.write().to_string().into(),
            Value::Bytes(token.hash().to_vec()),
            now.into(),
            later(now, purpose.lifetime()).into(),
            self.realm.into(),
            user.into(),
            change.from.as_str().into(),
            change.to.as_str().into(),
        ];
        let open = Step::new(Statement::new(OPEN.of::<P>(), params));
        Ok(batch.step(open).step(self.queue_mail(mail, flow)))
    }

    async fn find_change(&self, token: &LinkToken) -> Result<Found> {
        for stage in EmailChangeStage::ALL {
            let params = vec![
                Value::Bytes(token.hash().to_vec()),
                self.realm.into(),
                stage.purpose().name().into(),
                self.now().into(),
            ];
            let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
            let rows = self.fetch(statement).await?;
            if let Some(row) = rows.first() {
                return self.read_change(stage, token, row);
            }
        }
        Err(invalid_token())
    }

    /// Only while the address is the user's.
    fn read_change(&self, stage: EmailChangeStage, token: &LinkToken, row: &Row) -> Result<Found> {
        let change = EmailChange::read(stage, row.text(1)?)?;
        if change.from.as_str() != row.text(3)? {
            return Err(invalid_token());
        }
        Ok(Found {
            change,
            user: UserId::new(row.uuid(2)?),
            key: FlowKey::new(self.realm, stage.purpose(), row.uuid(0)?, token.hash()),
        })
    }
}
