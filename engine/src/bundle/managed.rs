//! Code for AWS's own runtimes: a folder, which is zipped, or a zip as it is.

use std::path::Path;

use super::folder::Folder;
use super::{Code, ZIPPED, archive, bytes, native, pack};
use crate::error::{Error, Result};
use crate::spec::{Managed, contained};

/// What a function runs on where the spec does not say; AWS's own default.
const ARCHITECTURE: &str = "x86_64";

/// Packs the code, or takes the zip byte for byte. A folder with a module that AWS could not import is returned, as unfit.
///
/// # Errors
/// Nothing there, or outside of the repository; more than Lambda takes; a zip without the file that the entry names.
pub fn load(managed: &Managed, root: &Path, architecture: Option<&str>) -> Result<Code> {
    let architecture = architecture.unwrap_or(ARCHITECTURE);
    let (zip, unfit) = match file(managed, root)? {
        Some(zip) => (zip, None),
        None => {
            let folder = Folder::of(&managed.path, root)?;
            (folder.zip()?, native::unfit(&folder, managed, architecture))
        }
    };
    if zip.len() > ZIPPED {
        let message =
            format!("the zip of `{}` has {} bytes, and Lambda takes {ZIPPED} at most", managed.path, zip.len());
        let hint =
            "leave out what the function does not need, and what AWS's runtime brings (boto3, the SDK for JavaScript)";
        return Err(Error::fatal(message).hint(hint));
    }
    Ok(Code {
        sha256: pack::sha256(&zip),
        zip: zip.into(),
        architecture: architecture.to_owned(),
        runtime: managed.runtime.name().to_owned(),
        entry: managed.entry.clone(),
        unfit,
    })
}

/// Why it cannot be deployed, as far as that shows without packing it.
pub fn refused(managed: &Managed, root: &Path, architecture: Option<&str>) -> Option<Error> {
    match file(managed, root).and_then(|zip| zip.is_none().then(|| Folder::of(&managed.path, root)).transpose()) {
        Ok(folder) => native::unfit(&folder?, managed, architecture.unwrap_or(ARCHITECTURE)),
        Err(error) => Some(error),
    }
}

/// The zip that the spec names; nothing where it names a folder.
fn file(managed: &Managed, root: &Path) -> Result<Option<Vec<u8>>> {
    let path =
        contained(root, &managed.path).map_err(|error| Error::fatal(error).hint("bring it into the repository"))?;
    if path.is_dir() {
        return Ok(None);
    }
    let zip = bytes(&path)?;
    let archive = archive::opened(&zip, &managed.path)?;
    let files = managed.files().unwrap_or_default();
    if files.is_empty() || files.iter().any(|file| archive.index_for_name(file).is_some()) {
        return Ok(Some(zip));
    }
    Err(Error::fatal(format!("`{}` has no `{}` for the entry `{}`", managed.path, files[0], managed.entry))
        .hint("zip what is in the folder, and not the folder itself"))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;
    use zip::{ZipArchive, ZipWriter};

    use super::*;
    use crate::spec::Runtime;

    fn managed(path: &str) -> Managed {
        Managed { path: path.to_owned(), runtime: Runtime::Python313, entry: "app.handler".to_owned() }
    }

    #[test]
    fn a_folder_is_packed_for_its_runtime_and_the_usual_machine() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("fn")).unwrap();
        std::fs::write(root.path().join("fn/app.py"), "def handler(event, context): pass\n").unwrap();
        let code = load(&managed("fn"), root.path(), None).unwrap();
        assert_eq!((code.runtime.as_str(), code.entry.as_str()), ("python3.13", "app.handler"));
        assert_eq!((code.architecture.as_str(), code.sha256.clone()), ("x86_64", pack::sha256(&code.zip)));
        let mut archive = ZipArchive::new(Cursor::new(&code.zip[..])).unwrap();
        let file = archive.by_name("app.py").unwrap();
        assert_eq!(file.unix_mode(), Some(0o100_644));
        assert_eq!(file.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
        drop(file);
        assert_eq!(load(&managed("fn"), root.path(), Some("arm64")).unwrap().architecture, "arm64");
        assert!(refused(&managed("fn"), root.path(), None).is_none());
    }

    #[test]
    fn a_zip_is_taken_as_it_is_where_the_entry_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let zip = |name: &str| {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(b"x = 1\n").unwrap();
            let bytes = zip.finish().unwrap().into_inner();
            std::fs::write(root.path().join("fn.zip"), &bytes).unwrap();
            bytes
        };
        let bytes = zip("app.py");
        assert_eq!(load(&managed("fn.zip"), root.path(), None).unwrap().zip, bytes);
        zip("fn/app.py");
        let refused = refused(&managed("fn.zip"), root.path(), None).unwrap();
        assert!(refused.message().contains("has no `app.py`"), "{refused}");
    }
}
