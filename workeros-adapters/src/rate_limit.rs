mod database;
mod memory;
mod window;

pub use database::DatabaseRateLimiter;
pub use memory::MemoryRateLimiter;
