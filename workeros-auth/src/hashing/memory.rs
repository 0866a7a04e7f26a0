use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Block;

/// The memory passwords are hashed in, used again and again: as many pieces as
/// there were calls at once, each of the size of one of our hashes.
///
/// Left to the allocator, pieces of this size stay in the arena of each thread
/// that ever hashed, hundreds of megabytes in all.
#[derive(Debug)]
pub(crate) struct Memory {
    blocks: usize,
    free: Mutex<Vec<Vec<Block>>>,
}

impl Memory {
    /// Pieces of that many blocks of 1 KiB.
    pub(crate) fn new(blocks: usize) -> Self {
        Self {
            blocks,
            free: Mutex::default(),
        }
    }

    /// Works in that many blocks. They are wiped afterwards: what stands in them
    /// lets one try passwords at next to no cost.
    pub(crate) fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut piece = self.free().pop().unwrap_or_default();
        piece.resize(blocks, Block::new());
        let worked = work(&mut piece);
        piece.fill(Block::new());
        // A hash that was made elsewhere may take more.
        piece.truncate(self.blocks);
        piece.shrink_to(self.blocks);
        self.free().push(piece);
        worked
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scribble(piece: &mut [Block]) {
        for block in piece {
            block.as_mut().fill(7);
        }
    }

    #[test]
    fn there_are_as_many_pieces_as_were_lent_at_once() {
        let memory = Memory::new(8);
        memory.lend(8, |_| memory.lend(8, scribble));
        for _ in 0..10 {
            memory.lend(8, scribble);
        }
        assert_eq!(memory.free().len(), 2);
    }

    #[test]
    fn a_piece_comes_back_wiped_and_of_its_size() {
        let memory = Memory::new(8);
        for blocks in [8, 64, 4, 8] {
            memory.lend(blocks, |piece| {
                assert_eq!(piece.len(), blocks);
                assert!(
                    piece
                        .iter()
                        .all(|block| block.as_ref().iter().all(|word| *word == 0))
                );
                scribble(piece);
            });
            assert!(
                memory.free()[0].capacity() <= 16,
                "{}",
                memory.free()[0].capacity()
            );
        }
    }
}
