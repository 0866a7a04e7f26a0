//! Signing in with an account somewhere else.

mod anonymous;
mod apple;
mod claimed;
mod end_users;
mod github;
mod hostile;
mod invited;
mod linking;
mod native;
mod news;
mod of_workspace;
mod openid;
mod own_accounts;
mod provider;
mod remembering;
mod second_factor;
mod setting_up;
mod signing_up;
mod site;
mod state;
mod tickets;
