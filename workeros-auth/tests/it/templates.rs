//! What mails say, in which language, and who hears of what.

mod languages;
mod news;
mod stored;
mod words;
