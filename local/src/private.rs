//! Files and folders that nobody but their owner may look into.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// What the owner's group and everybody else may do.
const OTHERS: u32 = 0o077;
/// Of folders that all users share, such as `/tmp`.
const STICKY: u32 = 0o1000;

/// Opens a file with mode 0600, and narrows one that is there with another mode.
///
/// # Errors
/// It cannot be opened, or is another user's.
pub fn file(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.mode(0o600).open(path)?;
    if file.metadata()?.mode() & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Makes a folder with mode 0700, with those above it that are not there, and narrows one that is there with another mode.
///
/// # Errors
/// It cannot be made, is another user's, or is one that users share: anyone who may write in it may replace its content.
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let found = fs::metadata(path)?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    if found.mode() & STICKY != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a folder that users share"));
    }
    if found.mode() & OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn what_is_made_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        super::folder(&inner).unwrap();
        assert_eq!((mode(&folder.path().join("a")), mode(&inner)), (0o700, 0o700));
        let path = inner.join("file");
        file(&path, OpenOptions::new().write(true).create(true)).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn what_is_there_is_narrowed() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, path) = (folder.path().join("a"), folder.path().join("a/file"));
        fs::create_dir(&inner).unwrap();
        fs::write(&path, "text").unwrap();
        fs::set_permissions(&inner, Permissions::from_mode(0o775)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        super::folder(&inner).unwrap();
        file(&path, OpenOptions::new().read(true)).unwrap();
        assert_eq!((mode(&inner), mode(&path)), (0o700, 0o600));
        assert_eq!(fs::read(&path).unwrap(), b"text");
    }

    #[test]
    fn a_shared_folder_is_refused_and_left_as_it_is() {
        let shared = tempfile::tempdir().unwrap();
        fs::set_permissions(shared.path(), Permissions::from_mode(0o1777)).unwrap();
        assert!(folder(shared.path()).unwrap_err().to_string().contains("users share"));
        assert_eq!(mode(shared.path()), 0o1777);
    }

    #[test]
    fn another_users_folder_is_refused() {
        // Only root owns `/proc`, and the tests may run as root.
        if !rustix::process::geteuid().is_root() {
            assert!(folder(Path::new("/usr")).unwrap_err().to_string().contains("another user"));
            return;
        }
        let theirs = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(theirs.path(), Some(12_345), None).unwrap();
        assert!(folder(theirs.path()).unwrap_err().to_string().contains("another user"));
    }
}
