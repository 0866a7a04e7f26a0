//! Users, sessions and API keys of workeros.
