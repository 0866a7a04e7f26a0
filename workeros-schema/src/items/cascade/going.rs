use std::collections::HashMap;
use std::sync::Arc;

use workeros_core::CollectionId;

use crate::field::Field;
use crate::items::row::ItemRow;

/// The rows that are to go together, and which of them point to which.
#[derive(Debug)]
pub(super) struct Going {
    rows: Vec<ItemRow>,
    places: HashMap<(CollectionId, String), usize>,
    looked_at: usize,
    /// Relations between rows, of which the one pointed to goes.
    relations: Vec<Relation>,
}

#[derive(Debug)]
struct Relation {
    from: ItemRow,
    to: usize,
    field: Arc<Field>,
}

/// One step of the parting, in an order that breaks no relation.
#[derive(Debug)]
pub(super) enum Parting {
    /// The relation of a row that goes later is made null.
    Unlink(ItemRow, Arc<Field>),
    /// The row goes.
    Delete(ItemRow),
}

impl Going {
    /// This row goes.
    pub(super) fn new(row: ItemRow) -> Self {
        let places = HashMap::from([(key(&row), 0)]);
        Self {
            rows: vec![row],
            places,
            looked_at: 0,
            relations: Vec::new(),
        }
    }

    /// The next row that was not looked at yet.
    pub(super) fn next(&mut self) -> Option<(usize, ItemRow)> {
        let index = self.looked_at;
        let row = self.rows.get(index)?.clone();
        self.looked_at += 1;
        Some((index, row))
    }

    /// How many rows go.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the row goes.
    pub(super) fn contains(&self, row: &ItemRow) -> bool {
        self.places.contains_key(&key(row))
    }

    /// A row goes because it points to one that goes.
    pub(super) fn add(&mut self, row: ItemRow, to: usize, field: &Arc<Field>) {
        if !self.contains(&row) {
            self.places.insert(key(&row), self.rows.len());
            self.rows.push(row.clone());
        }
        self.point(row, to, field);
    }

    /// A row, which may or may not go, points to one that goes.
    pub(super) fn point(&mut self, from: ItemRow, to: usize, field: &Arc<Field>) {
        let field = Arc::clone(field);
        self.relations.push(Relation { from, to, field });
    }

    /// A row that stays although it points to one that goes, and that one.
    pub(super) fn held_up(&self) -> Option<(&ItemRow, &ItemRow)> {
        let mut staying = self.relations.iter();
        let relation = staying.find(|relation| !self.contains(&relation.from))?;
        Some((&relation.from, self.rows.get(relation.to)?))
    }

    /// Each row after those that point to it. Where they point in a circle,
    /// relations are made null first.
    pub(super) fn into_order(self) -> Vec<Parting> {
        let mut order = Order::of(self);
        while let Some(next) = order.free.pop().or_else(|| order.break_circle()) {
            order.delete(next);
        }
        order.done
    }
}

/// An order in the making.
struct Order {
    left: Vec<Option<ItemRow>>,
    /// For each row, from which others it is pointed to.
    relations: Vec<Vec<(usize, Relation)>>,
    /// For each row, to which others it points.
    targets: Vec<Vec<usize>>,
    /// How many of those that point to a row are left.
    counts: Vec<usize>,
    /// Rows that nothing points to.
    free: Vec<usize>,
    done: Vec<Parting>,
}

impl Order {
    fn of(going: Going) -> Self {
        let places = going.places;
        let left: Vec<Option<ItemRow>> = going.rows.into_iter().map(Some).collect();
        let mut relations: Vec<Vec<(usize, Relation)>> = Vec::new();
        relations.resize_with(left.len(), Vec::new);
        let mut targets = vec![Vec::new(); left.len()];
        for relation in going.relations {
            let to = relation.to;
            let from = places.get(&key(&relation.from)).copied();
            let Some(from) = from.filter(|from| *from != to) else {
                continue;
            };
            if let (Some(pointing), Some(pointed)) = (targets.get_mut(from), relations.get_mut(to))
            {
                pointing.push(to);
                pointed.push((from, relation));
            }
        }
        let counts: Vec<usize> = relations.iter().map(Vec::len).collect();
        let nothing = counts.iter().enumerate().filter(|(_, count)| **count == 0);
        let free = nothing.map(|(index, _)| index).collect();
        Self {
            left,
            relations,
            targets,
            counts,
            free,
            done: Vec::new(),
        }
    }

    fn is_left(&self, index: usize) -> bool {
        self.left.get(index).is_some_and(Option::is_some)
    }

    fn delete(&mut self, index: usize) {
        let Some(row) = self.left.get_mut(index).and_then(Option::take) else {
            return;
        };
        self.done.push(Parting::Delete(row));
        for target in self.targets.get(index).into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(*target) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.free.push(*target);
                }
            }
        }
    }

    /// Makes null what points to one of the rows that are left, and answers
    /// which. If none has only relations that can be null, the database will
    /// refuse, whichever goes first.
    fn break_circle(&mut self) -> Option<usize> {
        let mut left = (0..self.left.len()).filter(|index| self.is_left(*index));
        let first = left.clone().next()?;
        let next = left
            .find(|index| self.can_be_unlinked(*index))
            .unwrap_or(first);
        let relations = self.relations.get_mut(next).map(std::mem::take);
        for (from, relation) in relations.into_iter().flatten() {
            if self.is_left(from) && relation.field.nullable {
                self.done
                    .push(Parting::Unlink(relation.from, relation.field));
            }
        }
        Some(next)
    }

    fn can_be_unlinked(&self, index: usize) -> bool {
        let mut relations = self.relations.get(index).into_iter().flatten();
        relations.all(|(from, relation)| relation.field.nullable || !self.is_left(*from))
    }
}

fn key(row: &ItemRow) -> (CollectionId, String) {
    (row.collection.id, row.id_text())
}
