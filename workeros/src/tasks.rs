use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use workeros_auth::Auth;
use workeros_core::Result;
use workeros_schema::{DataPlane, Reaction};

/// How long a change made by another instance may go unseen.
const REFRESH: Duration = Duration::from_millis(500);

/// How often what is over is swept out: answers kept for repeated requests,
/// links nobody followed.
const SWEEP: Duration = Duration::from_secs(600);

/// How long a reaction sleeps when nothing wakes it: what another instance
/// wrote is seen after this.
const IDLE: Duration = Duration::from_secs(1);

/// How long the mail sleeps when nothing wakes it: what another instance left,
/// and what is to be tried again, is seen after this.
const MAIL_IDLE: Duration = Duration::from_secs(5);

/// How often what is left of deleted workspaces is looked for when nothing wakes
/// it: what another instance has begun.
const REMOVAL_IDLE: Duration = Duration::from_secs(60);

/// The longest pause after a reaction failed.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// The background work of one instance. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    pub(crate) async fn start(plane: &DataPlane, auth: Option<&Auth>) -> Result<Self> {
        let mut tasks = JoinSet::new();
        tasks.spawn(refresh(plane.clone()));
        tasks.spawn(sweep(plane.clone()));
        tasks.spawn(remove_workspaces(plane.clone(), auth.cloned()));
        if let Some(auth) = auth {
            tasks.spawn(refresh_auth(auth.clone()));
            tasks.spawn(sweep_auth(auth.clone()));
            tasks.spawn(deliver_mail(auth.clone()));
        }
        for reaction in plane.reactions() {
            reaction.start().await?;
            tasks.spawn(react(plane.clone(), reaction));
        }
        Ok(Self(Mutex::new(tasks)))
    }

    /// Ends everything. A reaction that is cut off starts again from where it
    /// was.
    pub(crate) async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }
}

async fn refresh(plane: DataPlane) {
    loop {
        tokio::time::sleep(REFRESH).await;
        if let Err(error) = plane.refresh().await {
            tracing::warn!(%error, "what other instances changed could not be read");
        }
    }
}

/// Begins at once: until then nothing is remembered of sessions.
async fn refresh_auth(auth: Auth) {
    loop {
        if let Err(error) = auth.refresh().await {
            tracing::warn!(%error, "what other instances changed of sessions and users could not be read");
        }
        tokio::time::sleep(REFRESH).await;
    }
}

async fn sweep(plane: DataPlane) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = plane.sweep().await {
            tracing::warn!(%error, "old answers could not be swept out");
        }
    }
}

/// Begins at once, with what an instance before left.
async fn remove_workspaces(plane: DataPlane, auth: Option<Auth>) {
    let others = |tenant| {
        let auth = auth.as_ref();
        async move {
            match auth {
                Some(auth) => auth.remove_workspace(tenant).await,
                None => Ok(()),
            }
        }
    };
    loop {
        if let Err(error) = plane.remove_deleted_workspaces(others).await {
            tracing::warn!(%error, "a deleted workspace could not be removed, and is tried again");
        }
        let woken = tokio::time::timeout(REMOVAL_IDLE, plane.workspace_deleted());
        // Woken or not, the database is what says whether there is more.
        drop(woken.await);
    }
}

async fn sweep_auth(auth: Auth) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = auth.drop_expired().await {
            tracing::warn!(%error, "old links and mails could not be swept out");
        }
    }
}

/// Begins at once, with what an instance before left.
async fn deliver_mail(auth: Auth) {
    loop {
        if let Err(error) = auth.deliver_mail().await {
            tracing::warn!(%error, "mails could not be read or noted as sent");
            tokio::time::sleep(MAIL_IDLE).await;
        }
        let woken = tokio::time::timeout(MAIL_IDLE, auth.mail_queued());
        // Woken or not, the queue is what says whether there is more.
        drop(woken.await);
    }
}

async fn react(plane: DataPlane, reaction: Reaction) {
    let mut backoff = IDLE;
    loop {
        match reaction.run_once().await {
            Ok(0) => {
                backoff = IDLE;
                let woken = tokio::time::timeout(IDLE, plane.committed());
                // Woken or not, the log is what says whether there is more.
                drop(woken.await);
            }
            Ok(_) => backoff = IDLE,
            Err(error) => {
                tracing::warn!(reaction = reaction.name(), %error, "a reaction failed and is tried again");
                tokio::time::sleep(backoff).await;
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}
