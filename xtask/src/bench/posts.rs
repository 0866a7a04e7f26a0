use serde_json::{Value as Json, json};

/// How many posts each contender holds.
pub(crate) const POSTS: usize = 10_000;

/// A post of about 500 bytes. Seven in ten are published.
pub(crate) fn post(n: usize) -> Json {
    json!({
        "title": format!("Post number {n}"),
        "body": "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(5),
        "status": if n % 10 < 7 { "published" } else { "draft" },
        "views": (n * 7919) % 10_000,
        "score": f64::from(u32::try_from(n % 1000).unwrap_or_default()) / 7.0,
        "featured": n.is_multiple_of(10),
        "published_at": "2024-06-01T12:00:00Z",
        "data": {"tags": ["a", "b"], "n": n},
    })
}
