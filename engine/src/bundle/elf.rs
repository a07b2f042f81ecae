//! What a program needs of the machine it runs on. A part of the crate and, by `#[path]`, of `build.rs`.

use object::Endianness;
use object::elf::{EM_AARCH64, EM_X86_64};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};

/// The glibc of Amazon Linux 2023, on which `provided.al2023` runs.
const GLIBC: (u32, u32) = (2, 34);

/// The loaders that Amazon Linux 2023 has: glibc's, where the distributions of this architecture have it.
const LOADERS: &[&str] = &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/// A Linux program for one of Lambda's architectures.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// As Lambda calls it: `x86_64` or `arm64`.
    pub architecture: &'static str,
    /// Why it does not run on Amazon Linux 2023; nothing where it does.
    pub unfit: Option<String>,
}

/// Reads architecture, loader and symbol versions from a program's headers.
///
/// # Errors
/// It is not a 64-bit Linux program for x86_64 or arm64; the text fits "it is ...".
pub fn inspect(program: &[u8]) -> Result<Program, String> {
    match program {
        [0x7f, b'E', b'L', b'F', 2, ..] => {}
        [0x7f, b'E', b'L', b'F', 1, ..] => return Err("a 32-bit program".to_owned()),
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => return Err("a program for macOS".to_owned()),
        [b'M', b'Z', ..] => return Err("a program for Windows".to_owned()),
        _ => return Err("not a Linux program".to_owned()),
    }
    read(program).map_err(|error| format!("a damaged Linux program ({error})"))?
}

fn read(program: &[u8]) -> object::Result<Result<Program, String>> {
    let file: ElfFile64<'_, Endianness> = ElfFile64::parse(program)?;
    let endian = file.endian();
    let architecture = match file.elf_header().e_machine(endian) {
        EM_X86_64 => "x86_64",
        EM_AARCH64 => "arm64",
        _ => return Ok(Err("a program for neither x86_64 nor arm64".to_owned())),
    };
    let mut unfit = None;
    for header in file.elf_program_headers() {
        let loader = header.interpreter(endian, program)?.map(String::from_utf8_lossy);
        if let Some(loader) = loader.filter(|loader| !LOADERS.contains(&loader.as_ref())) {
            unfit = Some(format!("needs the loader `{loader}`, which Amazon Linux 2023 does not have"));
        }
    }
    if let Some(version) = too_new(&symbol_versions(&file, program)?) {
        unfit = Some(format!("needs {version}, and Amazon Linux 2023 has glibc {}.{}", GLIBC.0, GLIBC.1));
    }
    Ok(Ok(Program { architecture, unfit }))
}

/// The versions of symbols that the program asks of its libraries: `GLIBC_2.17`, `GCC_3.0`. None where it is static.
fn symbol_versions(file: &ElfFile64<'_, Endianness>, program: &[u8]) -> object::Result<Vec<String>> {
    let (endian, sections) = (file.endian(), file.elf_section_table());
    let mut versions = Vec::new();
    let Some((libraries, strings)) = sections.gnu_verneed(endian, program)? else {
        return Ok(versions);
    };
    let strings = sections.strings(endian, program, strings)?;
    for library in libraries {
        let (_, needs) = library?;
        for need in needs {
            versions.push(String::from_utf8_lossy(need?.name(endian, strings)?).into_owned());
        }
    }
    Ok(versions)
}

/// The highest version that is beyond Amazon Linux 2023's glibc.
fn too_new(versions: &[String]) -> Option<&String> {
    versions.iter().filter(|name| rank(name) > GLIBC).max_by_key(|name| rank(name))
}

/// `GLIBC_2.38` is (2, 38). The marks of the ABI (`GLIBC_ABI_DT_RELR`, since 2.36) are all newer than 2.34; what is not
/// glibc's ranks lowest.
fn rank(name: &str) -> (u32, u32) {
    let Some(version) = name.strip_prefix("GLIBC_") else {
        return (0, 0);
    };
    if version.starts_with("ABI_") {
        return (u32::MAX, 0);
    }
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_newer_than_amazon_linux_is_told() {
        let needs = |names: &[&str]| too_new(&names.iter().map(ToString::to_string).collect::<Vec<_>>()).cloned();
        assert_eq!(needs(&["GLIBC_2.2.5", "GLIBC_2.34", "GCC_4.2.0", "GLIBC_PRIVATE"]), None);
        assert_eq!(needs(&["GLIBC_2.35", "GLIBC_2.4", "GLIBC_2.38"]).as_deref(), Some("GLIBC_2.38"));
        assert_eq!(needs(&["GLIBC_2.17", "GLIBC_ABI_DT_RELR"]).as_deref(), Some("GLIBC_ABI_DT_RELR"));
    }

    #[test]
    fn what_is_no_linux_program_is_named() {
        assert_eq!(inspect(b"hello"), Err("not a Linux program".to_owned()));
        assert_eq!(inspect(b"").unwrap_err(), "not a Linux program");
        assert_eq!(inspect(b"\xcf\xfa\xed\xfe\x0c\0\0\x01").unwrap_err(), "a program for macOS");
        assert!(inspect(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0").unwrap_err().starts_with("a damaged Linux program"));
    }

    /// A program for x86_64 that asks for this loader: a header and one segment.
    fn program_with(loader: &str) -> Vec<u8> {
        let mut program = vec![0; 120];
        program[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        for (offset, value) in [(16, 3), (18, 62), (20, 1), (32, 64), (52, 64), (54, 56), (56, 1), (64, 3), (72, 120)] {
            program[offset] = value;
        }
        program[96] = u8::try_from(loader.len()).unwrap() + 1;
        program.extend(loader.bytes());
        program.push(0);
        program
    }

    #[test]
    fn a_loader_that_amazon_linux_lacks_is_told() {
        assert_eq!(inspect(&program_with(LOADERS[0])).unwrap(), Program { architecture: "x86_64", unfit: None });
        let musl = inspect(&program_with("/lib/ld-musl-x86_64.so.1")).unwrap();
        assert!(musl.unfit.is_some_and(|unfit| unfit.contains("`/lib/ld-musl-x86_64.so.1`")));
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn this_test_is_a_program_for_the_architecture_and_libraries_it_was_built_for() {
        let myself = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(inspect(&myself).unwrap().architecture, super::super::ARCHITECTURE);
        let versions = symbol_versions(&ElfFile64::parse(myself.as_slice()).unwrap(), &myself).unwrap();
        assert!(versions.iter().any(|name| rank(name) > (2, 0)), "{versions:?}");
    }
}
