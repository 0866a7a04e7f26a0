mod fs;
mod key;
mod memory;

pub use fs::FsStorage;
pub use memory::MemoryStorage;
