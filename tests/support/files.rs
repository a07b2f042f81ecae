//! Files that a test brings along.

use std::path::Path;

/// Copies the files of a folder into a new one; folders below it stay behind.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("the new folder is not there yet");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            std::fs::copy(&path, to.join(name)).expect("the file can be copied");
        }
    }
}
