use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::ledger::{Action, Effect};
use super::stored::{Entry, Row};

/// The change log folded up: what the rows must be.
#[derive(Debug, Default)]
pub(crate) struct History {
    items: BTreeMap<String, Row>,
    end: i64,
    created: usize,
    updated: usize,
    deleted: usize,
}

impl History {
    /// The place of the last entry.
    pub(crate) fn end(&self) -> i64 {
        self.end
    }

    /// Takes entries in; answers what they did. Fails when one of them does
    /// not follow from those before it.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<Vec<Effect>, String> {
        let effects = entries.iter().map(|entry| {
            self.end = entry.sequence;
            let effect = self.apply(entry);
            effect.ok_or_else(|| format!("{entry:?} does not follow"))
        });
        effects.collect()
    }

    fn apply(&mut self, entry: &Entry) -> Option<Effect> {
        let known = self.items.remove(&entry.item);
        if known.as_ref().map(|row| &row.image) != entry.before.as_ref() {
            return None;
        }
        let (action, image) = match (entry.action.as_str(), &entry.before, &entry.after) {
            ("create", None, Some(after)) => (Action::Create, after),
            ("update", Some(_), Some(after)) => (Action::Update, after),
            ("delete", Some(before), None) => (Action::Delete, before),
            _ => return None,
        };
        if image["id"] != entry.item.as_str() {
            return None;
        }
        match action {
            Action::Create => self.created += 1,
            Action::Update => self.updated += 1,
            Action::Delete => self.deleted += 1,
        }
        if action != Action::Delete {
            let row = Row {
                version: known.map_or(0, |row| row.version) + 1,
                image: image.clone(),
            };
            self.items.insert(entry.item.clone(), row);
        }
        let number = |name: &str| image[name].as_i64();
        Some(Effect {
            writer: number("writer")?,
            action,
            serial: number("serial")?,
            value: number("value")?,
        })
    }

    /// Compares with the rows there are.
    pub(crate) fn compare(&self, rows: &BTreeMap<String, Row>) -> Result<(), String> {
        if self.created - self.deleted != rows.len() {
            return Err(format!("{} rows, but of the log {self}", rows.len()));
        }
        for (id, logged) in &self.items {
            match rows.get(id) {
                Some(row) if row == logged => {}
                other => return Err(format!("{other:?} is there, but {logged:?} in the log")),
            }
        }
        Ok(())
    }

    /// The ids of a writer's items, by its own numbers, with their values.
    pub(crate) fn items_of(&self, writer: i64) -> Vec<(String, i64, i64)> {
        let images = self.items.iter().map(|(id, row)| (id, &row.image));
        let own = images.filter(|(_, image)| image["writer"] == writer);
        let number = |image: &Json, name: &str| image[name].as_i64().unwrap();
        own.map(|(id, image)| (id.clone(), number(image, "serial"), number(image, "value")))
            .collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            created,
            updated,
            deleted,
            ..
        } = self;
        write!(f, "{created} created, {updated} updated, {deleted} deleted")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{BTreeMap, Entry, History, Row};

    fn image(value: i64) -> Json {
        json!({"id": "a", "writer": 0, "serial": 1, "value": value})
    }

    fn entry(action: &str, before: Option<i64>, after: Option<i64>) -> Entry {
        Entry {
            sequence: 1,
            item: "a".to_owned(),
            action: action.to_owned(),
            before: before.map(image),
            after: after.map(image),
        }
    }

    fn rows(version: i64, value: i64) -> BTreeMap<String, Row> {
        let image = image(value);
        BTreeMap::from([("a".to_owned(), Row { version, image })])
    }

    #[test]
    fn rows_are_what_the_log_says() {
        let mut history = History::default();
        let create = entry("create", None, Some(1));
        let update = entry("update", Some(1), Some(2));
        assert_eq!(history.append(&[create, update]).unwrap().len(), 2);
        history.compare(&rows(2, 2)).unwrap();
        history.compare(&BTreeMap::new()).unwrap_err();
        history.compare(&rows(2, 1)).unwrap_err();
        history.compare(&rows(1, 2)).unwrap_err();
        let mut more = rows(2, 2);
        more.insert("b".to_owned(), more["a"].clone());
        history.compare(&more).unwrap_err();
        history.append(&[entry("delete", Some(2), None)]).unwrap();
        history.compare(&BTreeMap::new()).unwrap();
        history.compare(&rows(2, 2)).unwrap_err();
    }

    #[test]
    fn an_entry_that_does_not_follow_is_noticed() {
        let create = || entry("create", None, Some(1));
        for entries in [
            vec![entry("update", Some(1), Some(2))],
            vec![entry("delete", Some(1), None)],
            vec![create(), create()],
            vec![create(), entry("update", Some(2), Some(3))],
            vec![create(), entry("delete", Some(2), None)],
            vec![entry("create", None, None)],
        ] {
            History::default().append(&entries).unwrap_err();
        }
    }
}
