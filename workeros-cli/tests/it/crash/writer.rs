use hyper::Method;
use serde_json::{Value as Json, json};

use super::ledger::{Action, Effect, Ledger};
use super::random::Random;
use crate::support::Client;

/// The collection that is written to.
pub(crate) const SLUG: &str = "writes";

/// About how many items a writer keeps.
const ITEMS: usize = 40;

pub(crate) fn path() -> String {
    format!("/api/items/{SLUG}")
}

/// A client that writes one thing after the other to items of its own.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) index: i64,
    pub(crate) ledger: Ledger,
    /// Its items: id, serial, value.
    pub(crate) items: Vec<(String, i64, i64)>,
    /// How to repeat the write that is in doubt, if that is safe.
    pub(crate) retry: Option<Retry>,
    last: i64,
    random: Random,
}

/// A create that can be sent again.
#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) key: String,
    pub(crate) body: Json,
    pub(crate) effect: Effect,
}

/// A write, ready to be sent.
struct Write {
    method: Method,
    path: String,
    body: Option<Json>,
    effects: Vec<Effect>,
    key: Option<String>,
}

impl Writer {
    pub(crate) fn new(index: i64, random: Random) -> Self {
        Self {
            index,
            ledger: Ledger::default(),
            items: Vec::new(),
            retry: None,
            last: 0,
            random,
        }
    }

    /// Writes until the connection breaks. What is sent then is in doubt.
    pub(crate) async fn write_until_it_breaks(&mut self, mut client: Client) {
        loop {
            let write = self.next();
            self.ledger.send(write.effects.clone());
            let (key, body) = (write.key.as_deref(), write.body.as_ref());
            let answer = client.send(write.method, &write.path, key, body).await;
            let Ok(answer) = answer else {
                self.retry = write.key.map(|key| Retry {
                    key,
                    body: write.body.unwrap_or_default(),
                    effect: write.effects[0].clone(),
                });
                return;
            };
            let (status, body) = (answer.status, &answer.body);
            assert!(status.is_success(), "{:?}: {answer:?}", write.effects);
            self.ledger.answered();
            self.take_in(&write.effects, body);
        }
    }

    fn next(&mut self) -> Write {
        let most = if self.items.len() < ITEMS { 100 } else { 60 };
        match self.random.below(most) {
            0..20 => self.update(),
            20..40 => self.delete(),
            40..50 => self.batch(),
            _ => self.create(),
        }
    }

    fn create(&mut self) -> Write {
        let (effect, data) = self.created();
        let key = format!("\"{}-{}\"", self.index, effect.serial);
        Write {
            method: Method::POST,
            path: path(),
            body: Some(data),
            effects: vec![effect],
            key: Some(key),
        }
    }

    fn update(&mut self) -> Write {
        let Some((id, serial, _)) = self.pick() else {
            return self.create();
        };
        let (effect, data) = self.updated(serial);
        Write {
            method: Method::PATCH,
            path: format!("{}/{id}", path()),
            body: Some(data),
            effects: vec![effect],
            key: None,
        }
    }

    fn delete(&mut self) -> Write {
        let Some((id, serial, value)) = self.pick() else {
            return self.create();
        };
        Write {
            method: Method::DELETE,
            path: format!("{}/{id}", path()),
            body: None,
            effects: vec![self.effect(Action::Delete, serial, value)],
            key: None,
        }
    }

    /// Some of everything, all or nothing.
    fn batch(&mut self) -> Write {
        let mut effects = Vec::new();
        let mut operations = Vec::new();
        for _ in 0..2 + self.random.below(2) {
            let (effect, data) = self.created();
            effects.push(effect);
            operations.push(json!({"op": "create", "data": data}));
        }
        if let Some((id, serial, _)) = self.pick() {
            let (effect, data) = self.updated(serial);
            effects.push(effect);
            operations.push(json!({"op": "update", "id": id, "data": data}));
        }
        for _ in 0..self.random.below(4) {
            let Some((id, serial, value)) = self.pick() else {
                break;
            };
            effects.push(self.effect(Action::Delete, serial, value));
            operations.push(json!({"op": "delete", "id": id}));
        }
        Write {
            method: Method::POST,
            path: format!("{}/batch", path()),
            body: Some(json!({"atomic": true, "operations": operations})),
            effects,
            key: None,
        }
    }

    /// Takes an item out: until the answer is there, nothing is known of it.
    fn pick(&mut self) -> Option<(String, i64, i64)> {
        let count = self.items.len();
        let at = self.random.below(count.max(1) as u64);
        (count > 0).then(|| self.items.swap_remove(at as usize))
    }

    fn created(&mut self) -> (Effect, Json) {
        let (serial, value) = (self.number(), self.number());
        let data = json!({"writer": self.index, "serial": serial, "value": value});
        (self.effect(Action::Create, serial, value), data)
    }

    fn updated(&mut self, serial: i64) -> (Effect, Json) {
        let value = self.number();
        let effect = self.effect(Action::Update, serial, value);
        (effect, json!({"value": value}))
    }

    fn effect(&self, action: Action, serial: i64, value: i64) -> Effect {
        Effect {
            writer: self.index,
            action,
            serial,
            value,
        }
    }

    fn number(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Notes the items an answer tells of: one, or one of each operation.
    fn take_in(&mut self, effects: &[Effect], body: &Json) {
        let outcomes = body["data"].as_array();
        for (at, effect) in effects.iter().enumerate() {
            let item = outcomes.map_or(&body["data"], |outcomes| &outcomes[at]["data"]);
            if effect.action != Action::Delete {
                let id = item["id"].as_str().expect("an id").to_owned();
                self.items.push((id, effect.serial, effect.value));
            }
        }
    }
}
