//! Files of this machine that are there after a power cut: a file's content, and the name that a folder has for it, are
//! written to the disk when they are asked to be.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder and those it is in.
pub(super) fn create_folder(folder: &str) -> io::Result<()> {
    let folder = Path::new(folder);
    if folder.is_dir() {
        return Ok(());
    }
    // Each folder that is new is a name in another, which has to be on the disk as well.
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.is_dir()).collect();
    fs::create_dir_all(folder)?;
    missing.into_iter().try_for_each(keep_name)
}

/// Moves a file to the place of another, or where none is.
pub(super) fn rename(from: &str, to: &str) -> io::Result<()> {
    // Windows takes a handle that may write.
    OpenOptions::new().write(true).open(from)?.sync_all()?;
    // Only now: a name on the disk without its content would be half a file after a power cut.
    fs::rename(from, to)?;
    keep_name(Path::new(to))
}

/// Writes to the disk that a folder has this in it. Windows does so by itself.
fn keep_name(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Ok(()),
    };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems have no such thing, and a folder may be one to write to and not to read.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}
