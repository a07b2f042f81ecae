//! Environment variables that decide about a function over its code's head: where its calls go, whom it trusts, as whom it acts, and
//! what else runs in it. They are read by AWS's SDKs (<https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>), by
//! Lambda (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html>), by the loader, and by the runtimes of languages.

use std::collections::BTreeMap;

/// Names, and what they decide; those that end with `*` stand for all that begin so.
const STEER: [(&str, &str); 4] = [
    ("AWS_USE_* AWS_XRAY_DAEMON_ADDRESS HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_HOST_CONF", "where its calls go"),
    (
        "AWS_CA_BUNDLE SSL_CERT_* SSLKEYLOGFILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED \
         PYTHONHTTPSVERIFY GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        "whom it trusts in the network",
    ),
    (
        "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_CREDENTIAL_FILE AWS_ROLE_ARN \
         AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_* AWS_SDK_LOAD_CONFIG BOTO_CONFIG",
        "as whom it calls AWS",
    ),
    (
        "LD_* GCONV_PATH GLIBC_TUNABLES AWS_LAMBDA_EXEC_WRAPPER PATH BASH_ENV SHELLOPTS PS4 NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONHOME \
         PYTHONSTARTUP PYTHONUSERBASE PYTHONPLATLIBDIR PYTHONWARNINGS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS CLASSPATH RUBYOPT RUBYLIB \
         GEM_HOME GEM_PATH BUNDLE_GEMFILE PERL5OPT PERL5LIB PERL5DB PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_PATH LUA_CPATH \
         DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS DOTNET_SHARED_STORE CORECLR_* OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES",
        "what code runs in it",
    ),
];

/// Proxies' names are read in any case.
const PROXIES: [&str; 9] = ["ALL", "FTP", "GRPC", "HTTP", "HTTPS", "NO", "SOCKS", "WS", "WSS"];

/// What a variable of this name decides, if it is one of these.
pub fn steers(name: &str) -> Option<&'static str> {
    let proxy = name.to_ascii_uppercase();
    let proxy = proxy.strip_suffix("_PROXY").is_some_and(|what| PROXIES.contains(&what));
    // AWS_ENDPOINT_URL, the same of one service, AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_STS_REGIONAL_ENDPOINTS, ...
    if proxy || name.starts_with("AWS_") && name.contains("ENDPOINT") {
        return Some(STEER[0].1);
    }
    let fits = |known: &str| known.strip_suffix('*').map_or(known == name, |start| name.starts_with(start));
    STEER.iter().find(|(names, _)| names.split(' ').any(fits)).map(|(_, what)| *what)
}

/// Says which of them are new or have another value, and which are gone that kept calls from going elsewhere. Values are not
/// shown.
pub fn changed(desired: &BTreeMap<String, String>, live: &BTreeMap<String, String>) -> Vec<String> {
    let set = desired.iter().filter(|(name, value)| live.get(*name) != Some(value)).map(|(name, _)| (name, "decides"));
    let gone = live
        .keys()
        .filter(|name| !desired.contains_key(*name) && shields(name))
        .map(|name| (name, "no longer decides"));
    set.chain(gone).filter_map(|(name, verb)| Some(format!("`{name}` {verb} {}", steers(name)?))).collect()
}

fn shields(name: &str) -> bool {
    name.eq_ignore_ascii_case("NO_PROXY") || name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_known_and_what_is_like_it_is_not() {
        for (name, what) in [
            ("AWS_ENDPOINT_URL_DYNAMODB", "where its calls go"),
            ("AWS_USE_FIPS_ENDPOINT", "where its calls go"),
            ("https_proxy", "where its calls go"),
            ("No_Proxy", "where its calls go"),
            ("SSL_CERT_FILE", "whom it trusts in the network"),
            ("AWS_CONFIG_FILE", "as whom it calls AWS"),
            ("LD_PRELOAD", "what code runs in it"),
            ("AWS_LAMBDA_EXEC_WRAPPER", "what code runs in it"),
            ("PYTHONPATH", "what code runs in it"),
        ] {
            assert_eq!(steers(name), Some(what), "{name}");
        }
        for name in [
            "RUST_LOG",
            "MODE",
            "ENV",
            "AWS_MAX_ATTEMPTS",
            "SECRET_ARN",
            "MY_PROXY",
            "TABLE_ENDPOINT",
            "PYTHONUNBUFFERED",
        ] {
            assert_eq!(steers(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_set_is_told_and_what_is_taken_away_where_it_kept_calls_in() {
        let of =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let live: BTreeMap<String, String> = of(&[("LD_PRELOAD", "a"), ("MODE", "a"), ("no_proxy", "b")]);
        assert_eq!(changed(&live, &live), [""; 0]);
        assert_eq!(changed(&of(&[("MODE", "b"), ("no_proxy", "b")]), &live), [""; 0]);
        let desired = of(&[("LD_PRELOAD", "hunter2"), ("AWS_ENDPOINT_URL", "hunter2")]);
        assert_eq!(
            changed(&desired, &live),
            [
                "`AWS_ENDPOINT_URL` decides where its calls go",
                "`LD_PRELOAD` decides what code runs in it",
                "`no_proxy` no longer decides where its calls go"
            ]
        );
    }
}
