use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;

/// As the tests' own build script leaves them.
fn bundled(name: &str) -> Code {
    carried::read(name, Path::new(pipe_test_support::HANDLERS)).unwrap()
}

fn load(handler: &str, root: &Path, architecture: Option<&str>) -> Result<Code> {
    super::load(handler, root, architecture, Use::RunHere)
}

fn bytes_of(handler: &str) -> Vec<u8> {
    let code = bundled(handler);
    archive::bootstrap(&code.zip, handler).unwrap()
}

fn zip_of(entry: &str, mode: u32, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(entry, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

/// A folder with one file in it.
fn folder(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

fn refusal(result: Result<Code>) -> (String, String) {
    let error = result.unwrap_err();
    (error.message().to_owned(), error.hint_text().unwrap_or_default().to_owned())
}

/// An empty program for another machine than this one: an ELF header alone.
fn program_for(machine: u16) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    header[16..18].copy_from_slice(&3_u16.to_le_bytes());
    header[18..20].copy_from_slice(&machine.to_le_bytes());
    header[20] = 1;
    header[52] = 64;
    header
}

#[test]
fn the_same_program_gives_the_same_zip() {
    // From one release of `pipe` to the next, and from one machine to another: else every function is deployed again.
    assert_eq!(
        pack::sha256(&pack::pack(b"#!/bin/sh\necho hello\n").unwrap()),
        "nFd59DP89mNlTSAbotF2G0AiI+dUA7Fk+Z4w2IFPy0E="
    );
}

#[test]
fn a_zip_holds_an_executable_bootstrap_and_no_time() {
    let mut archive = ZipArchive::new(Cursor::new(pack::pack(b"#!/bin/sh\n").unwrap())).unwrap();
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).unwrap();
    assert_eq!((file.name().unwrap().as_ref(), file.unix_mode()), ("bootstrap", Some(0o100_755)));
    assert_eq!(file.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "#!/bin/sh\n");
}

#[test]
fn the_bundled_handlers_run_on_amazon_linux_2023_and_are_small() {
    for name in HANDLERS {
        let code = bundled(name);
        let program = elf::inspect(&bytes_of(name)).unwrap();
        assert_eq!(program, elf::Program { architecture: ARCHITECTURE, unfit: None }, "{name}");
        assert!(code.zip.len() <= 3_000_000, "{name} has {} bytes", code.zip.len());
        assert_eq!(code.sha256, pack::sha256(&code.zip), "{name}");
    }
}

/// The unit tests are a debug build: they embed nothing.
#[test]
fn a_debug_build_makes_the_handlers_that_a_release_embeds() {
    assert_eq!(carried::code("authorizer", Use::Deploy).unwrap(), bundled("authorizer"));
}

#[test]
fn a_bundled_handler_is_for_one_architecture_only() {
    let other = if ARCHITECTURE == "arm64" { "x86_64" } else { "arm64" };
    let (message, hint) = refusal(load("stream-to-table", Path::new("/"), Some(other)));
    assert!(message.contains(other) && hint.contains(ARCHITECTURE), "{message}: {hint}");
    assert!(load("stream-to-table", Path::new("/"), Some(ARCHITECTURE)).is_ok());
}

#[test]
fn a_folder_with_a_bootstrap_is_zipped_as_the_bundled_ones_are() {
    let folder = folder("bootstrap", &bytes_of("stream-to-table"));
    assert_eq!(load(".", folder.path(), None).unwrap(), bundled("stream-to-table"));
}

#[test]
fn a_zip_is_taken_as_it_is() {
    let zip = zip_of("bootstrap", 0o755, &bytes_of("authorizer"));
    let folder = folder("code.zip", &zip);
    let code = load("code.zip", folder.path(), Some(ARCHITECTURE)).unwrap();
    assert_eq!((code.zip == zip, code.architecture.as_str()), (true, ARCHITECTURE));
    assert_eq!(code.sha256, pack::sha256(&zip));
}

#[test]
fn zips_that_lambda_cannot_start_are_refused() {
    let message = |zip: &[u8]| refusal(load("code.zip", folder("code.zip", zip).path(), None)).0;
    assert!(message(b"PK").contains("is not a readable zip"));
    assert!(message(&zip_of("code/bootstrap", 0o755, b"#!/bin/sh")).contains("no `bootstrap` at its root"));
    assert!(message(&zip_of("bootstrap", 0o644, b"#!/bin/sh")).contains("not executable"));
    assert!(message(&zip_of("bootstrap", 0o755, b"hello")).contains("not a Linux program"));
}

#[test]
fn a_script_has_the_architecture_that_was_asked_for() {
    let folder = folder("bootstrap", b"#!/bin/sh\n");
    assert_eq!(load(".", folder.path(), Some("arm64")).unwrap().architecture, "arm64");
    assert_eq!(load(".", folder.path(), None).unwrap().architecture, ARCHITECTURE);
}

#[test]
fn the_architecture_is_that_of_the_program() {
    let arm = folder("bootstrap", &program_for(183));
    assert_eq!(load(".", arm.path(), None).unwrap().architecture, "arm64");
    let (message, hint) = refusal(load(".", arm.path(), Some("x86_64")));
    assert!(message.contains("is for `arm64`") && hint.contains("architecture: arm64"), "{message}: {hint}");
    let (message, _) = refusal(load(".", folder("bootstrap", &program_for(243)).path(), None));
    assert!(message.contains("neither x86_64 nor arm64"), "{message}");
}

#[test]
fn an_unknown_handler_is_told_what_there_is() {
    let nowhere = tempfile::tempdir().unwrap();
    let (message, hint) = refusal(load("stream_to_table", nowhere.path(), None));
    assert!(message.contains("/stream_to_table` does not exist"), "{message}");
    assert!(hint.contains("`authorizer`, `jwt-authorizer`, `stream-to-table`"), "{hint}");
    let (message, _) = refusal(load("text", folder("text", b"").path(), None));
    assert!(message.contains("neither a zip nor a folder"), "{message}");
}

#[test]
fn what_a_link_leads_out_to_is_not_deployed() {
    let (outside, inside) = (folder("bootstrap", b"#!/bin/sh\n"), folder("pipeline.yaml", b""));
    let bootstrap = outside.path().join("bootstrap");
    std::fs::create_dir(inside.path().join("own")).unwrap();
    std::os::unix::fs::symlink(&bootstrap, inside.path().join("own/bootstrap")).unwrap();
    std::os::unix::fs::symlink(outside.path(), inside.path().join("folder")).unwrap();
    std::os::unix::fs::symlink(&bootstrap, inside.path().join("code.zip")).unwrap();
    for handler in ["own", "./own/", "folder", "code.zip"] {
        let (message, _) = refusal(load(handler, inside.path(), None));
        assert!(message.contains("is outside of the spec's folder"), "{handler}: {message}");
    }
}

/// Writes a crate with these sources and loads it.
fn crate_of(manifest: &str, sources: &[(&str, &str)]) -> Result<Code> {
    let folder = tempfile::tempdir().unwrap();
    write_crate(folder.path(), manifest, sources);
    load(".", folder.path(), None)
}

fn write_crate(folder: &Path, manifest: &str, sources: &[(&str, &str)]) {
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let package = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    std::fs::write(folder.join("Cargo.toml"), format!("{package}{manifest}")).unwrap();
    for (name, text) in sources {
        std::fs::write(folder.join("src").join(name), text).unwrap();
    }
}

/// Cargo itself takes the second for the first, which it has just built, and gives its program.
#[test]
fn two_crates_of_one_name_in_a_shared_target_folder_are_two() {
    let both = folder("config", b"");
    std::fs::create_dir(both.path().join(".cargo")).unwrap();
    std::fs::write(both.path().join(".cargo/config.toml"), "[build]\ntarget-dir = \"shared\"\n").unwrap();
    let (good, bad) = (both.path().join("good"), both.path().join("bad"));
    write_crate(&bad, "", &[("main.rs", "fn main() { wrong }")]);
    write_crate(&good, "", &[("main.rs", "fn main() {}")]);
    load(".", &good, None).unwrap();
    assert!(refusal(load(".", &bad, None)).0.contains("does not build"));
}

#[test]
fn a_crate_is_built() {
    let code = crate_of("", &[("main.rs", "fn main() { print!(\"built\") }")]).unwrap();
    let program = folder("bootstrap", &archive::bootstrap(&code.zip, "own").unwrap());
    let (written, path) = (program.path().join("bootstrap"), program.path().join("copy"));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&written, mode).unwrap();
    // By another process: what this one has written may still be open in a child that another test is about to start.
    assert!(std::process::Command::new("cp").arg("-p").args([&written, &path]).status().unwrap().success());
    assert_eq!(std::process::Command::new(path).output().unwrap().stdout, b"built");
}

#[test]
fn a_crate_that_does_not_build_says_why() {
    let (message, _) = refusal(crate_of("", &[("main.rs", "fn main() { wrong }")]));
    assert!(message.contains("cannot find value `wrong`") && message.contains("src/main.rs:1:13"), "{message}");
}

#[test]
fn a_crate_must_have_one_binary() {
    let (message, hint) = refusal(crate_of("", &[("lib.rs", "")]));
    assert!(message.contains("has no binary"), "{message}: {hint}");
    let two = "[[bin]]\nname = \"one\"\npath = \"src/a.rs\"\n[[bin]]\nname = \"two\"\npath = \"src/a.rs\"\n";
    let (message, hint) = refusal(crate_of(two, &[("a.rs", "fn main() {}")]));
    assert!(message.contains("`one`, `two`") && hint.contains("default-run"), "{message}: {hint}");
}

/// What is edited beside a crate and changes what it is built to.
#[test]
fn sources_are_all_packages_that_are_folders_and_the_workspaces_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let package = |path: &str, more: &str| {
        let name = path.rsplit('/').next().unwrap();
        write(&format!("{path}/Cargo.toml"), &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n{more}"));
        write(&format!("{path}/src/lib.rs"), "");
    };
    let inherited =
        "[workspace]\nresolver = \"2\"\nmembers = [\"a/*\"]\n[workspace.dependencies]\nnear = { path = \"a/near\" }\n";
    write("ws/Cargo.toml", inherited);
    write("ws/.cargo/config.toml", "");
    package("ws/a/own", "[dependencies]\nnear.workspace = true\n");
    package("ws/a/near", "[dependencies]\nfar = { path = \"../../../far\" }\n");
    package("ws/a/beside", "");
    package("far", "");
    let paths = sources(&root.join("ws/a/own")).paths;
    let missing: Vec<&str> =
        ["ws/a/own", "ws/a/near", "far", "ws/Cargo.toml", "ws/Cargo.lock", "ws/.cargo/config.toml"]
            .into_iter()
            .filter(|path| !paths.contains(&root.join(path)))
            .collect();
    assert_eq!(missing, [""; 0], "{paths:?}");
    assert!(!paths.contains(&root.join("ws/a/beside")) && !root.join("ws/Cargo.lock").exists(), "{paths:?}");
}
