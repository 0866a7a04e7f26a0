//! Signing in with an account somewhere else.

mod apple;
mod github;
mod hostile;
mod openid;
mod provider;
mod remembering;
mod setting_up;
