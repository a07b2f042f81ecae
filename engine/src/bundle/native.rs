//! Compiled modules among code in Python: whether AWS's runtime can import them. Those of a laptop are often for another machine.

use std::collections::BTreeMap;
use std::path::Path;

use super::elf;
use super::folder::Folder;
use crate::error::Error;
use crate::spec::{Language, Managed};

/// Why a compiled module of the folder cannot be imported on AWS; the first one.
///
/// Of a module that is there for several machines, one has to fit. What is not named as a module of Python is data to it.
pub fn unfit(folder: &Folder, managed: &Managed, architecture: &str) -> Option<Error> {
    if managed.runtime.language() != Language::Python {
        return None;
    }
    let version = managed.runtime.name().trim_start_matches("python");
    let mut modules: BTreeMap<&str, Vec<(&str, &Path)>> = BTreeMap::new();
    for (name, path) in folder.files() {
        if let Some((module, tag)) = module(name) {
            modules.entry(module).or_default().push((tag, path));
        }
    }
    let (module, why) = modules.into_iter().find_map(|(module, files)| {
        let all: Option<Vec<String>> =
            files.iter().map(|(tag, path)| wrong(tag, path, version, architecture)).collect();
        Some((module, all?.into_iter().next()?))
    })?;
    let message = format!("the module `{}/{module}` cannot be imported on AWS: it {why}", managed.path);
    let machine = if architecture == "arm64" { "aarch64" } else { "x86_64" };
    Some(Error::fatal(message).hint(format!(
        "install packages for AWS's machine: `pip install --platform manylinux2014_{machine} --python-version {version} --only-binary :all: \
         -t {} ...`",
        managed.path
    )))
}

/// A module's name without its ending, and what the ending says: `cpython-313-x86_64-linux-gnu`, `abi3`.
fn module(name: &str) -> Option<(&str, &str)> {
    let start = name.rfind('/').map_or(0, |at| at + 1);
    let (_, ending) = name[start..].split_once('.')?;
    let tag = ending.strip_suffix(".so")?;
    let module = &name[..name.len() - ending.len() - 1];
    (tag.starts_with("cpython-") || tag == "abi3").then_some((module, tag))
}

/// Why this file is not for the runtime; a fragment whose subject is the module.
fn wrong(tag: &str, path: &Path, version: &str, architecture: &str) -> Option<String> {
    let made_for = tag.strip_prefix("cpython-").and_then(|rest| rest.split('-').next());
    if let Some(digits) = made_for.filter(|digits| *digits != version.replace('.', "")) {
        let (major, minor) = digits.split_at(1.min(digits.len()));
        return Some(format!("is for Python {major}.{minor}, and the function has {version}"));
    }
    // A file that cannot be read becomes an error when the folder is packed.
    let bytes = std::fs::read(path).ok()?;
    match elf::inspect(&bytes) {
        Err(what) => Some(format!("is {what}")),
        Ok(program) if program.architecture != architecture => {
            Some(format!("is for `{}`, and the function for `{architecture}`", program.architecture))
        }
        Ok(program) => program.unfit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Runtime;

    /// An empty library for this machine: an ELF header alone.
    fn library(machine: u8) -> Vec<u8> {
        let mut header = vec![0; 64];
        header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        for (offset, value) in [(16, 3), (18, machine), (20, 1), (52, 64)] {
            header[offset] = value;
        }
        header
    }

    fn told(files: &[(&str, &[u8])], architecture: &str) -> Option<String> {
        let root = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let file = root.path().join("fn").join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        let managed = Managed { path: "fn".into(), runtime: Runtime::Python313, entry: "app.handler".into() };
        let folder = Folder::of("fn", root.path()).unwrap();
        unfit(&folder, &managed, architecture).map(|error| error.message().to_owned())
    }

    #[test]
    fn a_module_for_another_machine_or_python_is_found() {
        let (x86, arm) = (library(62), library(183));
        let fits = ("a/m.cpython-313-x86_64-linux-gnu.so", &x86[..]);
        assert_eq!(told(&[fits, ("a/data.so", b"anything"), ("b.abi3.so", &x86)], "x86_64"), None);
        let why = "the module `fn/a/m` cannot be imported on AWS: it is for `x86_64`, and the function for `arm64`";
        assert_eq!(told(&[fits], "arm64").as_deref(), Some(why));
        assert_eq!(told(&[fits, ("a/m.cpython-313-aarch64-linux-gnu.so", &arm)], "arm64"), None);
        let old = told(&[("m.cpython-311-x86_64-linux-gnu.so", &x86)], "x86_64").unwrap();
        assert!(old.ends_with("it is for Python 3.11, and the function has 3.13"), "{old}");
        let mac = told(&[("m.cpython-313-darwin.so", b"\xcf\xfa\xed\xfe....")], "arm64").unwrap();
        assert!(mac.ends_with("it is a program for macOS"), "{mac}");
    }
}
