use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use bytes::Bytes;
use workeros_core::{
    Error, ErrorKind, IdGenerator, ObjectMeta, Result, Storage, SystemIds, Timestamp,
};

use super::key;

/// The folder for files that are being written. No key may start with it.
const UNFINISHED: &str = ".unfinished";

/// Keeps objects as files below a directory, one file per key.
///
/// A file is written aside, synced and moved to its place, so it is whole or
/// not there, also after a power failure. Nothing is read or written through
/// symbolic links below the directory. A key cannot be a file and a folder at
/// once: with `a/b` stored, `a` is a [`Conflict`](ErrorKind::Conflict).
///
/// File work runs on tokio's threads for blocking work, so it needs a tokio
/// runtime.
#[derive(Debug, Clone)]
pub struct FsStorage {
    root: PathBuf,
}

impl FsStorage {
    /// A store below `directory`, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](ErrorKind::Unavailable) when it cannot be made.
    pub fn new(directory: impl AsRef<Path>) -> Result<Self> {
        let open = || {
            fs::create_dir_all(directory.as_ref().join(UNFINISHED))?;
            directory.as_ref().canonicalize()
        };
        Ok(Self {
            root: open().map_err(unavailable)?,
        })
    }

    /// Runs file work away from the async workers.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = self.root.clone();
        let task = tokio::task::spawn_blocking(move || work(&root));
        task.await
            .unwrap_or_else(|error| Err(Error::internal(error)))
    }
}

#[async_trait]
impl Storage for FsStorage {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let key = checked(key)?;
        self.blocking(move |root| put(root, &key, &bytes)).await
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        let key = checked(key)?;
        self.blocking(move |root| {
            let (path, _) = find(root, &key)?;
            fs::read(path)
                .map(Bytes::from)
                .map_err(missing_or_unavailable)
        })
        .await
    }

    async fn head(&self, key: &str) -> Result<ObjectMeta> {
        let key = checked(key)?;
        self.blocking(move |root| {
            let (_, metadata) = find(root, &key)?;
            meta(key, &metadata)
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let key = checked(key)?;
        self.blocking(move |root| {
            let removed = find(root, &key).and_then(|(path, _)| {
                fs::remove_file(&path).map_err(missing_or_unavailable)?;
                sync_parent(&path).map_err(unavailable)
            });
            removed.or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        })
        .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        key::check_prefix(prefix)?;
        let prefix = prefix.to_owned();
        self.blocking(move |root| {
            let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
            let mut objects = Vec::new();
            if let Some(path) = folder_path(root, folder)? {
                walk(&path, folder, &prefix, &mut objects)?;
            }
            objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            Ok(objects)
        })
        .await
    }
}

fn checked(key: &str) -> Result<String> {
    key::check(key)?;
    if key.split('/').next() == Some(UNFINISHED) {
        return Err(Error::validation(
            "key",
            "invalid_key",
            "is kept for files being written",
        ));
    }
    Ok(key.to_owned())
}

fn put(root: &Path, key: &str, bytes: &[u8]) -> Result<()> {
    let target = prepare(root, key)?;
    let unfinished = root.join(UNFINISHED).join(SystemIds.next_id().to_string());
    let moved = write_synced(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, &target));
    if let Err(error) = moved {
        // What is left is only waste, and the error above is the one to tell.
        drop(fs::remove_file(&unfinished));
        return Err(if target.is_dir() {
            occupied()
        } else {
            unavailable(error)
        });
    }
    sync_parent(&target).map_err(unavailable)
}

/// Makes the folders of a key, each durable, and gives the path of its file.
fn prepare(root: &Path, key: &str) -> Result<PathBuf> {
    let mut path = root.to_owned();
    let mut segments = key.split('/').peekable();
    while let Some(segment) = segments.next() {
        path.push(segment);
        if segments.peek().is_some() {
            make_folder(&path)?;
        }
    }
    Ok(path)
}

fn make_folder(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => sync_parent(path).map_err(unavailable),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let metadata = fs::symlink_metadata(path).map_err(unavailable)?;
            if metadata.is_dir() {
                Ok(())
            } else {
                Err(occupied())
            }
        }
        Err(error) => Err(unavailable(error)),
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the name of a file durable, not only what is in it.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        // Other systems do not open directories as files.
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// The file of a key, reached without following a link.
fn find(root: &Path, key: &str) -> Result<(PathBuf, Metadata)> {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    let path = folder_path(root, folder)?
        .ok_or_else(Error::not_found)?
        .join(name);
    let metadata = fs::symlink_metadata(&path).map_err(missing_or_unavailable)?;
    if metadata.is_file() {
        Ok((path, metadata))
    } else {
        Err(Error::not_found())
    }
}

/// The path of a folder, if each part of it is a real one.
fn folder_path(root: &Path, folder: &str) -> Result<Option<PathBuf>> {
    let mut path = root.to_owned();
    for segment in folder.split('/').filter(|segment| !segment.is_empty()) {
        path.push(segment);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        }
    }
    Ok(Some(path))
}

/// Collects the objects below a folder whose keys start with the prefix.
fn walk(path: &Path, folder: &str, prefix: &str, found: &mut Vec<ObjectMeta>) -> Result<()> {
    for entry in fs::read_dir(path).map_err(unavailable)? {
        let entry = entry.map_err(unavailable)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let key = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        // Neither links nor what was not put there by a key.
        if checked(&key).is_err() {
            continue;
        }
        let kind = entry.file_type().map_err(unavailable)?;
        if kind.is_dir() && key.starts_with(prefix) {
            walk(&entry.path(), &key, prefix, found)?;
        } else if kind.is_file() && key.starts_with(prefix) {
            match entry.metadata() {
                Ok(metadata) => found.push(meta(key, &metadata)?),
                // Deleted meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
    }
    Ok(())
}

fn meta(key: String, metadata: &Metadata) -> Result<ObjectMeta> {
    let modified = metadata.modified().map_err(unavailable)?;
    let micros = modified
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let modified = i64::try_from(micros).ok().and_then(Timestamp::from_micros);
    Ok(ObjectMeta::new(
        key,
        metadata.len(),
        modified.unwrap_or(Timestamp::MAX),
    ))
}

fn missing_or_unavailable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::not_found(),
        _ => unavailable(error),
    }
}

fn unavailable(error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the file store is not available").with_source(error)
}

fn occupied() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "something else lies where the object belongs",
    )
}
