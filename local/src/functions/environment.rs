//! The environment that a function's process gets: Lambda's, and the endpoint.
//!
//! From "Using Lambda environment variables" of the developer guide. `AWS_EXECUTION_ENV` is absent for OS-only runtimes; that and the
//! paths of modules are with the program of a language.

use std::path::Path;

use aws_credential_types::Credentials;

use super::Settings;
use super::definition::Definition;

/// All variables, later ones above earlier ones of the same name.
///
/// First come the variables that Lambda lets a function set itself, then the function's own, then those that Lambda reserves.
pub(super) fn variables(
    settings: &Settings,
    definition: &Definition,
    credentials: &Credentials,
    folder: &Path,
    api: &str,
    stream: &str,
) -> Vec<(String, String)> {
    let root = folder.to_string_lossy().into_owned();
    let mut all = vec![
        ("LANG".to_owned(), "en_US.UTF-8".to_owned()),
        ("TZ".to_owned(), ":UTC".to_owned()),
        ("PATH".to_owned(), "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        // Lambda's own folders stay out: this machine's libraries are found without being named.
        ("LD_LIBRARY_PATH".to_owned(), format!("{root}:{root}/lib")),
        ("AWS_XRAY_CONTEXT_MISSING".to_owned(), "LOG_ERROR".to_owned()),
    ];
    all.extend(definition.variables.clone());
    let mut reserve = |name: &str, value: &str| all.push((name.to_owned(), value.to_owned()));
    reserve("_HANDLER", &definition.handler);
    reserve("LAMBDA_TASK_ROOT", &root);
    reserve("LAMBDA_RUNTIME_DIR", "/var/runtime");
    reserve("AWS_LAMBDA_RUNTIME_API", api);
    reserve("AWS_LAMBDA_FUNCTION_NAME", &definition.name);
    reserve("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    reserve("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &definition.memory_mb.to_string());
    reserve("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    reserve("AWS_LAMBDA_LOG_GROUP_NAME", &definition.log_group);
    reserve("AWS_LAMBDA_LOG_STREAM_NAME", stream);
    reserve("AWS_LAMBDA_LOG_FORMAT", if definition.log_json { "JSON" } else { "Text" });
    if let Some(level) = definition.application_log_level.as_deref().filter(|_| definition.log_json) {
        reserve("AWS_LAMBDA_LOG_LEVEL", level);
    }
    reserve("AWS_REGION", &settings.region);
    reserve("AWS_DEFAULT_REGION", &settings.region);
    reserve("AWS_ACCESS_KEY_ID", credentials.access_key_id());
    reserve("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    if let Some(token) = credentials.session_token() {
        reserve("AWS_SESSION_TOKEN", token);
    }
    // The one thing that is not as on Lambda.
    reserve("AWS_ENDPOINT_URL", &settings.endpoint_url);
    all
}
