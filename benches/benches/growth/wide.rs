use serde_json::{Value as Json, json};
use workeros::Query;

use crate::Scale;
use crate::host::{Host, directory, runtime};
use crate::measure::median;
use crate::report::Row;

const CONDITIONS: usize = 256;
const FIELDS: usize = 200;
const ROWS: usize = 10_000;
const WIDE_ROWS: usize = 1000;

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let times = scale.of(100, 20);
    runtime().block_on(async {
        let directory = directory();
        let host = Host::open(directory.path()).await;
        let mut rows = conditions(&host, times).await;
        rows.extend(fields(&host, times).await);
        rows
    })
}

/// A filter of as many conditions as one may have, against one of a single
/// condition, on rows of which none matches before the last condition.
async fn conditions(host: &Host, times: usize) -> Vec<Row> {
    host.define(&definition("narrow", 2)).await;
    let item = |n: usize| json!({"field_0": format!("Value {n}"), "field_1": n});
    host.fill("narrow", ROWS, item).await;
    let any: Vec<Json> = (0..CONDITIONS)
        .map(|n| json!({"field_1": {"_eq": ROWS + n}}))
        .collect();
    let list = async |filter: Json| {
        let query = Query::new().filter(filter).limit(50);
        let call = async |_| {
            let items = host.workeros.items("narrow").as_system();
            items.list(&query).await.unwrap()
        };
        median(times, call).await
    };
    let many = list(json!({"$or": any})).await;
    let one = list(json!({"field_1": {"_eq": ROWS}})).await;
    // Each time another filter, so that none is known already.
    let fresh = async |n: usize| {
        let any: Vec<Json> = (0..CONDITIONS)
            .map(|m| json!({"field_1": {"_lt": n * CONDITIONS + m}}))
            .collect();
        let query = Query::new().filter(json!({"$or": any})).limit(50);
        let items = host.workeros.items("narrow").as_system();
        items.list(&query).await.unwrap()
    };
    let fresh = median(times, fresh).await;
    let what = "a filter of 256 conditions, 10 000 rows, none matches; against one condition";
    vec![
        Row::compared(what, many, one),
        Row::new(
            "such a filter for the first time, 50 rows match",
            crate::report::time(fresh),
        ),
    ]
}

/// A collection of as many fields as one may have, against one of ten.
async fn fields(host: &Host, times: usize) -> Vec<Row> {
    let mut medians = Vec::new();
    for (slug, fields) in [("wide", FIELDS), ("slim", 10)] {
        host.define(&definition(slug, fields)).await;
        let item = |n| wide_item(fields, n);
        host.fill(slug, WIDE_ROWS, item).await;
        let list = format!("/api/items/{slug}?limit=50");
        let path = format!("/api/items/{slug}");
        let here = format!("/api/collections/{slug}");
        let label = async |n: usize| {
            let field = json!({"name": "field_0", "label": format!("Label {n}")});
            host.patch(&here, &json!({"fields": [field]})).await
        };
        medians.push([
            median(times, async |_| host.get(&list).await).await,
            median(times, async |n| host.post(&path, &item(n)).await).await,
            median(times, label).await,
        ]);
    }
    let what = ["list 50", "create", "a label changed"];
    what.into_iter()
        .zip(medians[0].into_iter().zip(medians[1]))
        .map(|(what, (wide, slim))| {
            Row::compared(format!("{what}, 200 fields; against ten"), wide, slim)
        })
        .collect()
}

fn definition(slug: &str, fields: usize) -> Json {
    let fields: Vec<Json> = (0..fields)
        .map(|n| json!({"name": format!("field_{n}"), "type": kind(n)}))
        .collect();
    json!({"slug": slug, "fields": fields})
}

fn kind(n: usize) -> &'static str {
    if n.is_multiple_of(2) {
        "text"
    } else {
        "integer"
    }
}

fn wide_item(fields: usize, n: usize) -> Json {
    let members = (0..fields).map(|field| {
        let value = if field.is_multiple_of(2) {
            json!(format!("Value {n}"))
        } else {
            json!(n)
        };
        (format!("field_{field}"), value)
    });
    Json::Object(members.collect())
}
