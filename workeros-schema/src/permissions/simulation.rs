//! What would somebody be allowed, and by which rows?

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workeros_core::input::{Object, escape};
use workeros_core::{
    Action, ActiveOrganization, Detail, Error, FieldSet, Grant, Identity, PermissionId, Result,
    Rule, Subject, Value, role,
};
use workeros_dsl::{Row, Truth, Variables};

use super::Permissions;
use crate::collection::Collection;
use crate::field::System;
use crate::snapshot::{Permission, Snapshot};

/// What a subject would be allowed to do with a collection, and why.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Simulation {
    /// Whether the item is allowed or, when none was given, whether any could
    /// be.
    pub allowed: bool,
    /// Whether a role of the subject may do everything; no row is asked then.
    pub admin: bool,
    /// Which rows, as one condition in canonical form; `None` for none.
    pub condition: Option<Json>,
    /// The fields the subject may see or write: on the item, or, when none was
    /// given, on some row.
    pub fields: Vec<String>,
    /// The permission rows that apply.
    pub rules: Vec<AppliedRule>,
    /// Permission rows that would apply but cannot be read against the
    /// collection as it is, and so grant nothing.
    pub broken: Vec<PermissionId>,
}

/// One permission row and what it says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AppliedRule {
    /// The permission row.
    pub permission: PermissionId,
    /// The role it is for.
    pub role: String,
    /// On which rows, in canonical form; `{}` for all.
    pub condition: Json,
    /// Which fields; `None` for all.
    pub fields: Option<Vec<String>>,
    /// What it says of the item, if one was given.
    pub result: Option<Truth>,
}

impl Permissions {
    /// Answers what somebody would be allowed to do, without doing it.
    ///
    /// `role`, `roles` or `user` (`id`, `email`, `roles`, `orgs`,
    /// `org` with `id` and `role`) says who: a role
    /// stands for somebody signed in who has it, `public` alone for somebody
    /// who is not signed in. `collection` and `action` say what. The answer is
    /// about one item when `item` (the values of its fields) or `id` (a row
    /// that is there) is given.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) with a pointer
    /// into the body; [`NotFound`](workeros_core::ErrorKind::NotFound) when
    /// there is no row `id`.
    pub async fn simulate(&self, body: &Json) -> Result<Simulation> {
        let snapshot = self.plane.admin_snapshot(&self.subject).await?;
        let question = self.question(&snapshot, body)?;
        let Question {
            collection,
            who,
            variables,
            item,
            ..
        } = &question;
        let loaded;
        let row: Option<&dyn Row> = match item {
            Subjected::Any => None,
            Subjected::Given(values) => Some(values),
            Subjected::Stored(id) => {
                let items = self.plane.items(who.clone(), collection.slug.as_str());
                loaded = items
                    .load(collection, id)
                    .await?
                    .ok_or_else(Error::not_found)?;
                Some(&loaded)
            }
        };
        Ok(answer(
            &snapshot,
            &question,
            row.map(|row| (row, variables)),
        ))
    }

    fn question(&self, snapshot: &Snapshot, body: &Json) -> Result<Question> {
        let mut object = Object::read(body, "")?;
        let collection = super::read_collection(&mut object, snapshot);
        if matches!(collection, Some(None)) {
            object.complain("collection", "invalid_value", "name one collection");
        }
        object.require("action");
        let action = super::read_action(&mut object);
        let who = self.read_who(&mut object, snapshot);
        let item = object.json("item");
        let id = read_id(&mut object);
        if item.is_some() && id.is_some() {
            object.complain("id", "contradiction", "give either `item` or `id`");
        }
        let collection = collection.flatten();
        let item = match (item, id, &collection) {
            (Some(item), _, Some(collection)) => {
                let values = read_item(&item, collection, &object.pointer("item"));
                object.keep(values).map(Subjected::Given)
            }
            (None, Some(id), _) => Some(Subjected::Stored(id)),
            (_, _, _) => Some(Subjected::Any),
        };
        object.finish()?;
        match (collection, action, who, item) {
            (Some(collection), Some(action), Some((who, variables)), Some(item)) => Ok(Question {
                collection,
                action,
                who,
                variables,
                item,
            }),
            _ => Err(Error::validation("", "invalid_value", "is not a question")),
        }
    }

    /// Who is asked about, and what the variables stand for.
    fn read_who(&self, object: &mut Object, snapshot: &Snapshot) -> Option<(Subject, Variables)> {
        let now = self.plane.runtime().now();
        let tenant = self.subject.tenant();
        let mut given = ["role", "roles", "user"].into_iter().filter_map(|key| {
            let json = object.json(key)?;
            Some((key, json))
        });
        let (first, second) = (given.next(), given.next());
        if let Some((key, _)) = second {
            let why = "give one of `role`, `roles` and `user`";
            object.complain(key, "contradiction", why);
        }
        let Some((key, json)) = first else {
            object.complain("role", "required", "give `role`, `roles` or `user`");
            return None;
        };
        let pointer = object.pointer(key);
        if key == "user" {
            let identity = read_user(&json, &pointer, snapshot);
            let subject = Subject::identified(tenant, object.keep(identity)?);
            let variables = subject.variables(now);
            return Some((subject, variables));
        }
        let roles = match (key, json) {
            ("roles", Json::Array(roles)) => {
                let roles = roles.into_iter().enumerate();
                roles
                    .map(|(index, role)| (format!("{pointer}/{index}"), role))
                    .collect()
            }
            (_, role) => vec![(pointer, role)],
        };
        let known = known_roles(&roles, snapshot);
        let roles = object.keep(known)?;
        let subject = if roles.iter().all(|name| name == role::PUBLIC) {
            Subject::anonymous(tenant)
        } else {
            let nobody = Identity::host("");
            Subject::identified(tenant, roles.into_iter().fold(nobody, Identity::with_role))
        };
        // Nobody in particular: what depends on who it is stays unknown.
        let variables = subject
            .variables(now)
            .with_user_id(None)
            .with_user_email(None);
        Some((subject, variables))
    }
}

impl Simulation {
    /// The answer as a client is shown it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "allowed": self.allowed,
            "admin": self.admin,
            "condition": self.condition,
            "fields": self.fields,
            "rules": self.rules.iter().map(AppliedRule::to_json).collect::<Vec<Json>>(),
            "broken": self.broken.iter().map(ToString::to_string).collect::<Vec<String>>(),
        })
    }
}

impl AppliedRule {
    fn to_json(&self) -> Json {
        let mut object = Map::new();
        object.insert("permission".to_owned(), json!(self.permission.to_string()));
        object.insert("role".to_owned(), json!(self.role));
        object.insert("condition".to_owned(), self.condition.clone());
        let fields = self
            .fields
            .as_ref()
            .map_or_else(|| json!(super::ALL), |fields| json!(fields));
        object.insert("fields".to_owned(), fields);
        if let Some(result) = self.result {
            let word = match result {
                Truth::True => json!(true),
                Truth::False => json!(false),
                Truth::Unknown => json!("unknown"),
            };
            object.insert("result".to_owned(), word);
        }
        Json::Object(object)
    }
}

/// A body, read.
struct Question {
    collection: Arc<Collection>,
    action: Action,
    who: Subject,
    variables: Variables,
    item: Subjected,
}

/// What the question is about.
enum Subjected {
    /// Any row of the collection.
    Any,
    /// A row with these values.
    Given(BTreeMap<String, Value>),
    /// The row with this id.
    Stored(String),
}

fn answer(
    snapshot: &Snapshot,
    question: &Question,
    item: Option<(&dyn Row, &Variables)>,
) -> Simulation {
    let Question {
        collection,
        action,
        who,
        ..
    } = question;
    let admin = snapshot.is_admin(who);
    let grant = snapshot.grant(who, collection, *action);
    let visible = grant.as_ref().and_then(|grant| match item {
        Some((row, variables)) => grant.fields_on(row, variables).map(Visible::On),
        None => Some(Visible::Somewhere(grant)),
    });
    let mut rules = Vec::new();
    let mut broken = Vec::new();
    if !admin {
        for (permission, rule) in snapshot.applying(who, collection, *action) {
            match rule {
                Some(rule) => rules.push(applied(permission, rule, item)),
                None => broken.push(permission.id),
            }
        }
    }
    Simulation {
        allowed: visible.is_some(),
        admin,
        condition: grant.as_ref().map(|grant| grant.condition().to_json()),
        fields: visible
            .map(|visible| visible.names(collection))
            .unwrap_or_default(),
        rules,
        broken,
    }
}

/// Which fields are within reach.
enum Visible<'a> {
    On(FieldSet),
    Somewhere(&'a Grant),
}

impl Visible<'_> {
    /// Their names; the id is always among them.
    fn names(&self, collection: &Collection) -> Vec<String> {
        let within = |name: &str| match self {
            Self::On(fields) => fields.contains(name),
            Self::Somewhere(grant) => grant.names(name),
        };
        let fields = collection.fields.iter().filter(|field| !field.private);
        fields
            .filter(|field| field.system == Some(System::Id) || within(&field.name))
            .map(|field| field.name.clone())
            .collect()
    }
}

fn applied(
    permission: &Permission,
    rule: &Rule,
    item: Option<(&dyn Row, &Variables)>,
) -> AppliedRule {
    AppliedRule {
        permission: permission.id,
        role: permission.role.clone(),
        condition: rule.condition.to_json(),
        fields: permission.fields.clone(),
        result: item.map(|(row, variables)| rule.condition.evaluate(row, variables)),
    }
}

fn read_user(user: &Json, pointer: &str, snapshot: &Snapshot) -> Result<Identity> {
    let mut object = Object::read(user, pointer)?;
    let id = object.required_string("id");
    let email = object.string("email");
    let pointer = object.pointer("roles");
    let roles = object
        .array("roles")
        .unwrap_or_default()
        .into_iter()
        .enumerate();
    let roles: Vec<(String, Json)> = roles
        .map(|(index, role)| (format!("{pointer}/{index}"), role))
        .collect();
    let roles = known_roles(&roles, snapshot);
    let roles = object.keep(roles).unwrap_or_default();
    let orgs = object.strings("orgs");
    let pointer = object.pointer("org");
    let org = object.json("org").map(|org| read_org(&org, &pointer));
    let org = org.and_then(|org| object.keep(org));
    object.finish()?;
    let identity = roles
        .into_iter()
        .fold(Identity::host(id), Identity::with_role);
    let identity = email.into_iter().fold(identity, Identity::with_email);
    let identity = orgs
        .into_iter()
        .fold(identity, Identity::with_organizations);
    Ok(org.into_iter().fold(identity, Identity::with_organization))
}

/// Reads `{id, role}`: for which organization the user acts, and as what.
fn read_org(org: &Json, pointer: &str) -> Result<ActiveOrganization> {
    let mut object = Object::read(org, pointer)?;
    let (id, role) = (object.required_string("id"), object.required_string("role"));
    object.finish()?;
    Ok(ActiveOrganization::new(id, role))
}

/// The names of roles, each with where it stood, if they are that.
fn known_roles(roles: &[(String, Json)], snapshot: &Snapshot) -> Result<Vec<String>> {
    let mut names = Vec::with_capacity(roles.len());
    let mut details: Vec<Detail> = Vec::new();
    for (path, role) in roles {
        let (code, message) = match role {
            Json::String(name) if snapshot.role(name).is_some() => {
                names.push(name.clone());
                continue;
            }
            Json::String(name) => ("unknown_role", format!("there is no role `{name}`")),
            _ => ("type_mismatch", "must be the name of a role".to_owned()),
        };
        details.push(Detail {
            path: path.clone(),
            code: code.into(),
            message,
        });
    }
    if details.is_empty() {
        Ok(names)
    } else {
        Err(Error::invalid(details))
    }
}

/// An id as the API shows it: a string, or the integer of an adopted table.
fn read_id(object: &mut Object) -> Option<String> {
    match object.json("id")? {
        Json::String(id) => Some(id),
        Json::Number(id) if id.is_i64() => Some(id.to_string()),
        _ => {
            object.complain("id", "type_mismatch", "must be the id of an item");
            None
        }
    }
}

/// The values of a row that need not be there. What is not named is null.
fn read_item(
    item: &Json,
    collection: &Collection,
    pointer: &str,
) -> Result<BTreeMap<String, Value>> {
    let Json::Object(members) = item else {
        return Err(Error::validation(
            pointer,
            "type_mismatch",
            "must be an object",
        ));
    };
    let mut values = BTreeMap::new();
    let mut details: Vec<Detail> = Vec::new();
    for (name, json) in members {
        match read_value(
            name,
            json,
            collection,
            &format!("{pointer}/{}", escape(name)),
        ) {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(error) => details.extend_from_slice(error.details()),
        }
    }
    if details.is_empty() {
        Ok(values)
    } else {
        Err(Error::invalid(details))
    }
}

fn read_value(name: &str, json: &Json, collection: &Collection, path: &str) -> Result<Value> {
    let field = collection.field(name).ok_or_else(|| {
        let why = format!("`{}` has no field `{name}`", collection.slug);
        Error::validation(path, "unknown_field", why)
    })?;
    let read = field.ty.value_from_json(json);
    read.map_err(|error| Error::validation(path, error.code().as_str(), error.to_string()))
}
