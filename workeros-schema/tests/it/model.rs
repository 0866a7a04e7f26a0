//! Random runs against a model that is too simple to be wrong. The seed is
//! printed; `WORKEROS_TEST_SEED` runs one again.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use workeros_core::{Action, Subject};
use workeros_schema::{Outcome, Position, Precondition, Query};

use crate::support::{World, worlds};

/// Numbers that follow from a seed alone.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let named = std::env::var("WORKEROS_TEST_SEED").ok();
        let named = named.and_then(|seed| seed.parse().ok());
        let seed = named.unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
        println!("WORKEROS_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len());
        &from[index]
    }
}

const SORTABLE: [&str; 7] = ["t", "n", "r", "b", "at", "u", "created_at"];

fn value(field: &str, dice: &mut Dice) -> Json {
    let texts = [
        "",
        "a",
        "A",
        "b",
        "ä",
        "a\u{308}",
        "z",
        "\u{ff5e}",
        "\u{1f600}",
        "%_\\",
        "\u{7f}",
        "É",
        "e\u{301}",
        "-",
        "ss",
        "ß",
    ];
    let times = [
        "0001-01-01T00:00:00Z",
        "1582-10-10T01:02:03.000001Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01",
        "2024-02-29T12:00:00.5+05:30",
        "9999-12-31T23:59:59.999999Z",
    ];
    let numbers = [
        -0.0,
        0.0,
        5e-324,
        -5e-324,
        0.1,
        0.1 + 0.2,
        -1.5e300,
        1.5e300,
        f64::MAX,
        f64::MIN,
        1.0,
        9_007_199_254_740_993.0,
    ];
    let uuids = [
        "00000000-0000-0000-0000-000000000000",
        "7fffffff-ffff-ffff-ffff-ffffffffffff",
        "80000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    ];
    if dice.one_in(4) {
        return Json::Null;
    }
    match field {
        "t" => json!(dice.pick(&texts)),
        "n" => json!(dice.pick(&[
            i64::MIN,
            i64::MIN + 1,
            -1,
            0,
            1,
            9_007_199_254_740_993,
            i64::MAX
        ])),
        "r" => json!(dice.pick(&numbers)),
        "b" => json!(dice.one_in(2)),
        "at" => json!(dice.pick(&times)),
        _ => json!(dice.pick(&uuids)),
    }
}

/// The order of the language: null first, text by code point, instants and
/// ids by their fixed form, `-0` as `0`.
fn compare(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Null, Json::Null) => Ordering::Equal,
        (Json::Null, _) => Ordering::Less,
        (_, Json::Null) => Ordering::Greater,
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (Json::String(a), Json::String(b)) => a.as_bytes().cmp(b.as_bytes()),
        _ => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a
                .as_f64()
                .unwrap()
                .partial_cmp(&b.as_f64().unwrap())
                .unwrap(),
        },
    }
}

/// A random order, the id last.
fn order(dice: &mut Dice) -> Vec<(&'static str, bool)> {
    let mut keys: Vec<(&str, bool)> = Vec::new();
    for _ in 0..=dice.below(3) {
        let key = *dice.pick(&SORTABLE);
        if keys.iter().all(|(other, _)| *other != key) {
            keys.push((key, dice.one_in(2)));
        }
    }
    if dice.one_in(4) {
        keys.push(("id", dice.one_in(2)));
    }
    keys
}

fn sorted(rows: &[Json], keys: &[(&str, bool)]) -> Vec<String> {
    let mut keys = keys.to_vec();
    if keys.last().unwrap().0 != "id" {
        keys.push(("id", keys.last().unwrap().1));
    }
    let mut rows: Vec<&Json> = rows.iter().collect();
    rows.sort_by(|a, b| {
        keys.iter()
            .fold(Ordering::Equal, |so_far, (key, descending)| {
                let none = Json::Null;
                let of = |row: &Json| row.get(*key).unwrap_or(&none).clone();
                let order = compare(&of(a), &of(b));
                so_far.then(if *descending { order.reverse() } else { order })
            })
    });
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn paged(world: &World, subject: Subject, query: Query) -> Vec<String> {
    let items = world.plane.items(subject, "rows");
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let page = items.list(&query.clone().cursor(cursor)).await.unwrap();
        let rows: Vec<Json> = serde_json::from_slice(&page.json).unwrap();
        ids.extend(
            rows.iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page.has_more, page.next_cursor.is_some());
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return ids,
        }
    }
    panic!("the pages do not end");
}

/// Pages by cursor, put together, are the whole list in the order that was
/// asked for; also for somebody who sees a column on some of the rows only.
#[tokio::test]
async fn pages_by_cursor_are_the_whole_list() {
    let mut dice = Dice::new();
    for world in worlds().await {
        let kinds = [
            ("t", "text"),
            ("n", "integer"),
            ("r", "number"),
            ("b", "boolean"),
            ("at", "timestamp"),
            ("u", "uuid"),
        ];
        let fields: Vec<Json> = kinds
            .iter()
            .map(|(name, kind)| json!({"name": name, "type": kind, "indexed": dice.one_in(2)}))
            .collect();
        world
            .define(json!({"slug": "rows", "fields": fields}))
            .await;
        for _ in 0..45 {
            let body: Map<String, Json> = kinds
                .iter()
                .map(|(name, _)| ((*name).to_owned(), value(name, &mut dice)))
                .collect();
            world.create("rows", body.into()).await;
        }
        let some = json!({"condition": {"b": {"_eq": true}}, "fields": ["t", "n", "created_at"]});
        world.permit("some", "rows", "read", some).await;
        let rest = json!({"fields": ["n", "r", "b", "at", "u"]});
        world.permit("rest", "rows", "read", rest).await;
        let narrow = world.user("ann", &["some", "rest"]);
        for _ in 0..60 {
            let keys = order(&mut dice);
            let subject = if dice.one_in(2) {
                world.system()
            } else {
                narrow.clone()
            };
            let sort: Vec<String> = keys
                .iter()
                .map(|(key, descending)| format!("{}{key}", if *descending { "-" } else { "" }))
                .collect();
            let query = Query::new().sort(sort.join(","));
            let whole = query.clone().limit(200);
            let rows = world.list(subject.clone(), "rows", &whole).await.unwrap();
            let expected = sorted(&rows, &keys);
            let listed: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
            assert_eq!(listed, expected, "{sort:?} {}", world.opened.name);
            let limit = 1 + dice.below(9);
            let pages = paged(&world, subject, query.limit(limit)).await;
            assert_eq!(pages, expected, "{sort:?} by {limit} {}", world.opened.name);
        }
    }
}

/// The whole log. On Postgres an entry shows when no older transaction is open,
/// and whoever else uses the server may hold one for a while.
async fn log(world: &World) -> Vec<workeros_core::Change> {
    let count = world.count("SELECT COUNT(*) FROM workeros_changes").await;
    let (mut changes, mut position) = (Vec::new(), Position::default());
    for _ in 0..12_000 {
        let read = world.plane.changes().read(position, 500).await.unwrap();
        position = read.last().map_or(position, |(position, _)| *position);
        changes.extend(read.into_iter().map(|(_, change)| change));
        if i64::try_from(changes.len()).unwrap() >= count {
            return changes;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the log does not grow to {count} entries");
}

/// What the log makes of the rows of a collection, and how often each was
/// written.
fn fold(log: &[workeros_core::Change], slug: &str) -> BTreeMap<String, (Json, usize)> {
    let image = |image: &Option<String>| -> Option<Json> {
        image
            .as_deref()
            .map(|image| serde_json::from_str(image).unwrap())
    };
    let mut rows: BTreeMap<String, (Json, usize)> = BTreeMap::new();
    for change in log.iter().filter(|change| change.collection == slug) {
        let known = rows.remove(&change.item);
        let (before, count) = known.map_or((None, 0), |(row, count)| (Some(row), count));
        assert_eq!(image(&change.before), before, "{change:?}");
        match (change.action, image(&change.after)) {
            (Action::Create, Some(row)) => assert!(before.is_none(), "{row}"),
            // A managed row says when it was written, so no two are the same.
            (Action::Update, Some(row)) => assert!(slug == "foreign" || before != Some(row)),
            (Action::Delete, None) => assert!(before.is_some()),
            other => panic!("{other:?}"),
        }
        if let Some(row) = image(&change.after) {
            rows.insert(change.item.clone(), (row, count + 1));
        }
    }
    rows
}

async fn compare_log(world: &World, slug: &str) {
    let folded = fold(&log(world).await, slug);
    let items = world.plane.items(world.system(), slug);
    let mut cursor = Some(String::new());
    let mut seen = 0;
    while let Some(next) = cursor {
        let page = items
            .list(&Query::new().limit(200).cursor(next))
            .await
            .unwrap();
        for row in serde_json::from_slice::<Vec<Json>>(&page.json).unwrap() {
            let id = row["id"]
                .as_str()
                .map_or_else(|| row["id"].to_string(), ToOwned::to_owned);
            let (logged, count) = &folded[&id];
            assert_eq!(*logged, row, "{} {slug}", world.opened.name);
            if slug != "foreign" {
                let etag = items.get(&id, &Query::new()).await.unwrap().etag;
                assert_eq!(etag, format!("\"{count}\""), "one entry for each version");
            }
            seen += 1;
        }
        cursor = page.next_cursor;
    }
    assert_eq!(seen, folded.len(), "{} {slug}", world.opened.name);
}

async fn ids(world: &World, slug: &str) -> Vec<String> {
    let query = Query::new().limit(200).fields(["id"]);
    let rows = world.list(world.system(), slug, &query).await.unwrap();
    let id = |row: &Json| {
        row["id"]
            .as_str()
            .map_or_else(|| row["id"].to_string(), ToOwned::to_owned)
    };
    rows.iter().map(id).collect()
}

struct Run<'a> {
    world: &'a World,
    dice: &'a mut Dice,
}

impl Run<'_> {
    /// A body, sometimes one that is refused.
    async fn body(&mut self, slug: &str) -> Json {
        let mut body = json!({"n": self.dice.below(5)});
        if self.dice.one_in(3) {
            body["code"] = json!(format!("c{}", self.dice.below(12)));
        }
        if slug == "foreign" {
            return body;
        }
        for field in ["up", "twin"] {
            if self.dice.one_in(2) {
                body[field] = self.some_id(slug).await.map_or(Json::Null, Json::from);
            }
        }
        if self.dice.one_in(12) {
            body["n"] = json!("seven");
        }
        if self.dice.one_in(15) {
            body["up"] = json!("0190b6f0-0000-7000-8000-000000000001");
        }
        body
    }

    async fn some_id(&mut self, slug: &str) -> Option<String> {
        let ids = ids(self.world, slug).await;
        (!ids.is_empty()).then(|| self.dice.pick(&ids).clone())
    }

    async fn operation(&mut self, slug: &str) -> Json {
        let id = self.some_id(slug).await.unwrap_or_else(|| "7".to_owned());
        match self.dice.below(6) {
            0..=2 => json!({"op": "create", "data": self.body(slug).await}),
            3 | 4 => json!({"op": "update", "id": id, "data": self.body(slug).await}),
            _ => json!({"op": "delete", "id": id}),
        }
    }

    /// One write of any sort. Whether it succeeds is its own business.
    async fn write(&mut self, slug: &str) {
        let items = self.world.plane.items(self.world.system(), slug);
        let body = self.body(slug).await;
        let id = self.some_id(slug).await.unwrap_or_else(|| "7".to_owned());
        match self.dice.below(10) {
            0..=3 => drop(items.create(&body).await),
            4 | 5 => drop(items.update(&id, &body, &Precondition::None).await),
            6 => drop(items.delete(&id, &Precondition::None).await),
            7 => {
                let key = format!("k{}", self.dice.below(20));
                drop(items.create_once(&body, &key).await);
            }
            8 => {
                let mut operations = Vec::new();
                for _ in 0..self.dice.below(6) {
                    operations.push(self.operation(slug).await);
                }
                let atomic = self.dice.one_in(2);
                let body = json!({"operations": operations, "atomic": atomic});
                let outcomes = items.batch(&body).await;
                if let (true, Ok(outcomes)) = (atomic, outcomes) {
                    assert!(
                        !outcomes
                            .iter()
                            .any(|done| matches!(done, Outcome::Failed(_)))
                    );
                }
            }
            _ => {
                let keys = [id, self.some_id(slug).await.unwrap_or_default()];
                drop(
                    items
                        .bulk_update(&json!({"keys": keys, "data": body}))
                        .await,
                );
            }
        }
    }
}

/// The log, folded, is the table: each row that was changed has one entry for
/// each change, and no other.
#[tokio::test]
async fn the_log_folded_is_the_table() {
    let mut dice = Dice::new();
    for world in worlds().await {
        let relation = |name: &str, to: &str, on_delete: &str| json!({"name": name, "type": "relation", "to": to, "on_delete": on_delete});
        let plain = [
            json!({"name": "n", "type": "integer"}),
            json!({"name": "code", "type": "text", "unique": true}),
        ];
        let mut fields = plain.to_vec();
        fields.extend([
            relation("up", "tree", "cascade"),
            relation("twin", "tree", "set_null"),
        ]);
        world
            .define(json!({"slug": "tree", "fields": fields}))
            .await;
        let mut fields = plain.to_vec();
        fields.extend([
            relation("up", "tree", "restrict"),
            relation("twin", "tree", "cascade"),
        ]);
        world
            .define(json!({"slug": "leaves", "fields": fields}))
            .await;
        world
            .run(match world.opened.name {
                "sqlite" => &["CREATE TABLE foreign_rows (id INTEGER PRIMARY KEY, n INTEGER, code TEXT UNIQUE, \
                    made TEXT DEFAULT 'here')"],
                _ => &["CREATE TABLE foreign_rows (id bigserial PRIMARY KEY, n integer, code text UNIQUE, \
                    made text DEFAULT 'here')"],
            })
            .await;
        let body = json!({"slug": "foreign", "table": "foreign_rows"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        let mut run = Run {
            world: &world,
            dice: &mut dice,
        };
        for round in 0..250 {
            let slug = *run.dice.pick(&["tree", "tree", "leaves", "foreign"]);
            run.write(slug).await;
            if round % 50 == 49 {
                for slug in ["tree", "leaves", "foreign"] {
                    compare_log(&world, slug).await;
                }
            }
        }
    }
}

/// A row that points to one that is deleted at the same time either keeps it
/// alive, goes with it, or is refused; nothing dangles and nothing fails
/// otherwise.
#[tokio::test]
async fn a_deletion_meets_what_is_added_meanwhile() {
    for world in worlds().await {
        world
            .define(json!({"slug": "tree", "fields": [
                {"name": "up", "type": "relation", "to": "tree", "on_delete": "cascade"},
            ]}))
            .await;
        for _ in 0..6 {
            let root = world.create("tree", json!({})).await["id"].clone();
            let id = root.as_str().unwrap().to_owned();
            let adding = (0..8).map(|_| {
                let (items, body) = (
                    world.plane.items(world.system(), "tree"),
                    json!({"up": root}),
                );
                tokio::spawn(async move { items.create(&body).await })
            });
            let adding: Vec<_> = adding.collect();
            tokio::task::yield_now().await;
            let items = world.plane.items(world.system(), "tree");
            items.delete(&id, &Precondition::None).await.unwrap();
            for added in adding {
                if let Err(error) = added.await.unwrap() {
                    assert_eq!(error.details()[0].code, "foreign_key", "{error}");
                }
            }
            compare_log(&world, "tree").await;
        }
        assert!(ids(&world, "tree").await.is_empty());
    }
}
