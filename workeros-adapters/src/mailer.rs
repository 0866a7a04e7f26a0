mod console;
mod memory;

pub use console::ConsoleMailer;
pub use memory::MemoryMailer;
