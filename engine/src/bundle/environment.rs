//! The environment variables that cargo gets when it builds a handler's crate.
//!
//! A crate's build script, its macros and those of all that it depends on run as cargo's children. They get what finds and configures
//! compilers and fetches crates, and neither credentials (AWS's, the registries' tokens, GitHub's OIDC) nor what a cargo and a rustup
//! around this process say of their own build: a handler's own `rust-toolchain.toml` counts. Files below HOME are theirs to read.

use std::ffi::{OsStr, OsString};

/// Names that stay; those that end with `*` stand for all that begin so.
const KEPT: [&str; 6] = [
    "PATH HOME USER LOGNAME TMPDIR LANG LANGUAGE LC_* TZ XDG_CACHE_HOME XDG_CONFIG_HOME SOURCE_DATE_EPOCH",
    // Where cargo and rustup are, what they fetch from, and how they build.
    "CARGO_HOME CARGO_TARGET_* CARGO_BUILD_* CARGO_PROFILE_* CARGO_INCREMENTAL CARGO_HTTP_* CARGO_NET_* CARGO_REGISTRY_DEFAULT \
     RUSTFLAGS RUSTUP_HOME RUSTUP_DIST_SERVER RUSTUP_UPDATE_ROOT RUSTUP_AUTO_INSTALL",
    // Whom to trust in the network.
    "SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE GIT_SSL_CAINFO NIX_SSL_CERT_FILE",
    // Compilers and linkers, also by target, as the crates `cc`, `cmake` and `pkg-config` read them.
    "CC CC_* CXX CXX_* AR AR_* LD RANLIB RANLIB_* CFLAGS CFLAGS_* CXXFLAGS CXXFLAGS_* CPPFLAGS LDFLAGS CROSS_COMPILE CMAKE CMAKE_* \
     PKG_CONFIG PKG_CONFIG_* HOST_CC HOST_CXX HOST_AR HOST_CFLAGS HOST_CXXFLAGS TARGET_CC TARGET_CXX TARGET_AR TARGET_CFLAGS \
     TARGET_CXXFLAGS NIX_CC* NIX_CFLAGS_* NIX_LD* NIX_BINTOOLS*",
    // Where headers and libraries are.
    "CPATH C_INCLUDE_PATH LIBRARY_PATH LIBCLANG_PATH OPENSSL_DIR OPENSSL_LIB_DIR OPENSSL_INCLUDE_DIR OPENSSL_STATIC PROTOC \
     PROTOC_INCLUDE",
    "SDKROOT DEVELOPER_DIR MACOSX_DEPLOYMENT_TARGET",
];

/// Ends of the names that say where a registry is, and no more of it.
const OF_A_REGISTRY: [&str; 2] = ["_INDEX", "_PROTOCOL"];

/// Names that programs read in upper and in lower case.
const PROXIES: [&str; 4] = ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/// The variables of this process that stay.
pub fn kept() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| stays(name))
}

fn stays(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let fits = |kept: &str| kept.strip_suffix('*').map_or(kept == name, |start| name.starts_with(start));
    let registry = name.starts_with("CARGO_REGISTRIES_") && OF_A_REGISTRY.iter().any(|end| name.ends_with(end));
    let proxy = PROXIES.contains(&name.to_uppercase().as_str());
    registry || proxy || KEPT.iter().flat_map(|names| names.split(' ')).any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_what_an_outer_cargo_says_are_left_out() {
        let out = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_WEB_IDENTITY_TOKEN_FILE \
                   AWS_CONTAINER_CREDENTIALS_FULL_URI ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL GITHUB_TOKEN \
                   GITHUB_ENV CARGO_REGISTRY_TOKEN CARGO_REGISTRIES_OWN_TOKEN CARGO_REGISTRIES_OWN_CREDENTIAL_PROVIDER \
                   SSH_AUTH_SOCK DB_PASSWORD LD_PRELOAD RUSTUP_TOOLCHAIN CARGO CARGO_MANIFEST_DIR CARGO_PKG_NAME \
                   CARGO_ENCODED_RUSTFLAGS CARGO_TERM_COLOR RUSTC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER OUT_DIR";
        let stay: Vec<&str> = out.split(' ').filter(|name| stays(name.as_ref())).collect();
        assert_eq!(stay, [""; 0]);
    }

    #[test]
    fn what_builds_and_fetches_need_stays() {
        let kept = "PATH HOME LC_ALL CARGO_HOME RUSTUP_HOME https_proxy HTTPS_PROXY no_proxy SSL_CERT_FILE CARGO_HTTP_CAINFO \
                    CARGO_NET_OFFLINE CARGO_REGISTRIES_OWN_INDEX CARGO_TARGET_DIR CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER \
                    RUSTFLAGS CC CC_aarch64-unknown-linux-gnu PKG_CONFIG_PATH";
        let gone: Vec<&str> = kept.split(' ').filter(|name| !stays(name.as_ref())).collect();
        assert_eq!(gone, [""; 0]);
    }
}
