use std::fmt;
use std::sync::Arc;

/// The field a condition names: one of the row itself (`title`) or one behind
/// relations (`author.name`). Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    key: Arc<str>,
    /// Byte lengths of all segments but the last.
    hops: Vec<usize>,
}

impl Path {
    pub(crate) fn new(segments: &[&str]) -> Self {
        let hops = segments.split_last().map_or(&[][..], |(_, hops)| hops);
        Self {
            key: segments.join(".").into(),
            hops: hops.iter().map(|segment| segment.len()).collect(),
        }
    }

    /// The path as it is written in a filter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// The names on the way, the field itself last. A field whose own name
    /// has a dot is one segment.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.as_str();
        let mut hops = self.hops.iter();
        let mut ended = false;
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            match hops
                .next()
                .and_then(|length| rest.split_at_checked(*length))
            {
                Some((segment, tail)) => {
                    rest = tail.strip_prefix('.').unwrap_or(tail);
                    Some(segment)
                }
                None => {
                    ended = true;
                    Some(rest)
                }
            }
        })
    }

    /// Whether the path crosses a relation.
    #[must_use]
    pub fn is_relation(&self) -> bool {
        !self.hops.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}
