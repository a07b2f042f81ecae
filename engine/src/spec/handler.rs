//! What a function runs: a program, or code for one of AWS's runtimes.

use super::function::Function;
use super::model::Existing;
use super::rules::BUNDLED;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a function runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Handler {
    /// A bundled handler, or the path of a program.
    Named(#[schemars(length(min = 1, max = 1024))] String),
    /// Code for one of AWS's runtimes.
    Managed(Managed),
}

/// Code for one of AWS's runtimes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Managed {
    /// Path of the folder with the code and all that it depends on, or of a zip (for Java a jar, too). Of a folder everything is packed but `.git`, `.env` and what Python and editors keep for themselves. Required.
    #[schemars(length(min = 1, max = 1024))]
    pub path: String,
    /// AWS's runtime, as in `python3.14` or `nodejs24.x`; a change updates the function in place. `pipe dev` runs those of Python and Node. Required.
    pub runtime: Runtime,
    /// What the runtime calls: `module.function` in Python (`app.handler` in `app.py`), `file.export` in Node; in folders with `/` (`src/app.handler`). Required.
    #[schemars(
        length(min = 1, max = 128),
        regex(pattern = r"^\S+$"),
        extend("patternErrorMessage" = "a text without spaces, as in `app.handler`")
    )]
    pub entry: String,
}

/// What runs in `pipe dev` in place of a function that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandIn {
    /// Code that runs in `pipe dev`, in the forms that `handler` has. Required.
    pub handler: Handler,
}

/// A runtime of Lambda that new functions may have (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Runtime {
    #[serde(rename = "python3.12")]
    Python312,
    #[serde(rename = "python3.13")]
    Python313,
    #[serde(rename = "python3.14")]
    Python314,
    #[serde(rename = "nodejs20.x")]
    Node20,
    #[serde(rename = "nodejs22.x")]
    Node22,
    #[serde(rename = "nodejs24.x")]
    Node24,
    #[serde(rename = "java17")]
    Java17,
    #[serde(rename = "java21")]
    Java21,
    #[serde(rename = "java25")]
    Java25,
    #[serde(rename = "dotnet8")]
    Dotnet8,
    #[serde(rename = "dotnet10")]
    Dotnet10,
    #[serde(rename = "ruby3.3")]
    Ruby33,
    #[serde(rename = "ruby3.4")]
    Ruby34,
}

/// What the code of a runtime is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    Node,
    /// One whose entry does not tell the file that it is in, and that `pipe dev` does not run.
    Other,
}

impl Function {
    /// Returns whether the handler is one that `pipe` carries, and no path.
    #[must_use]
    pub fn is_bundled(&self) -> bool {
        matches!(&self.handler, Some(Handler::Named(name)) if BUNDLED.contains(&name.as_str()))
    }

    /// Returns the name of the bundled handler, or the path of the user's own; nothing of a function that exists.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.handler.as_ref().map(Handler::path)
    }

    /// Returns what the spec refers to, when the function exists already.
    #[must_use]
    pub fn existing(&self) -> Option<Existing> {
        self.existing.as_deref().map(Existing::of)
    }
}

/// A function needs a handler unless it exists already.
pub(super) fn only_needed_without_existing(schema: &mut Schema) {
    schema.insert("if".to_owned(), json!({ "required": ["existing"] }));
    schema.insert("else".to_owned(), json!({ "required": ["handler"] }));
}

impl Handler {
    /// Returns the name of a bundled handler, or the path.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Managed(managed) => &managed.path,
        }
    }

    /// Returns the code for one of AWS's runtimes, where it is such.
    #[must_use]
    pub fn managed(&self) -> Option<&Managed> {
        match self {
            Self::Named(_) => None,
            Self::Managed(managed) => Some(managed),
        }
    }
}

impl Runtime {
    /// Returns AWS's identifier.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Python312 => "python3.12",
            Self::Python313 => "python3.13",
            Self::Python314 => "python3.14",
            Self::Node20 => "nodejs20.x",
            Self::Node22 => "nodejs22.x",
            Self::Node24 => "nodejs24.x",
            Self::Java17 => "java17",
            Self::Java21 => "java21",
            Self::Java25 => "java25",
            Self::Dotnet8 => "dotnet8",
            Self::Dotnet10 => "dotnet10",
            Self::Ruby33 => "ruby3.3",
            Self::Ruby34 => "ruby3.4",
        }
    }

    /// Returns what its code is written in.
    #[must_use]
    pub fn language(self) -> Language {
        match self {
            Self::Python312 | Self::Python313 | Self::Python314 => Language::Python,
            Self::Node20 | Self::Node22 | Self::Node24 => Language::Node,
            Self::Java17
            | Self::Java21
            | Self::Java25
            | Self::Dotnet8
            | Self::Dotnet10
            | Self::Ruby33
            | Self::Ruby34 => Language::Other,
        }
    }

    /// Returns when AWS ends its support, and what comes after it, where that is before the end of 2026 (the table of the same page).
    #[must_use]
    pub fn ends(self) -> Option<(&'static str, Self)> {
        match self {
            Self::Node20 => Some(("30 April 2026", Self::Node24)),
            Self::Dotnet8 => Some(("10 November 2026", Self::Dotnet10)),
            _ => None,
        }
    }
}

impl Managed {
    /// Returns the files of which the runtime takes one, relative to the folder; none where the entry does not tell, and an error's text
    /// where it can be no entry.
    ///
    /// # Errors
    /// The form that an entry of this language has.
    pub fn files(&self) -> Result<Vec<String>, &'static str> {
        match self.runtime.language() {
            Language::Python => {
                const FORM: &str =
                    "`module.function`, as in `app.handler` for `def handler(event, context)` in `app.py`";
                let (module, function) = self.entry.rsplit_once('.').ok_or(FORM)?;
                let module = module.replace('.', "/");
                let sound = module.split('/').all(|part| !part.is_empty()) && !function.is_empty();
                sound.then(|| vec![format!("{module}.py"), format!("{module}/__init__.py")]).ok_or(FORM)
            }
            Language::Node => {
                const FORM: &str = "`file.export`, as in `index.handler` for `export const handler` in `index.mjs`";
                let (folder, last) =
                    self.entry.rsplit_once('/').map_or(("", self.entry.as_str()), |(folder, last)| (folder, last));
                let (file, export) = last.split_once('.').ok_or(FORM)?;
                let sound = !file.is_empty() && !export.is_empty() && folder.split('/').all(|part| part != "..");
                let whole = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
                sound.then(|| ["js", "mjs", "cjs"].map(|end| format!("{whole}.{end}")).into()).ok_or(FORM)
            }
            Language::Other => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(runtime: Runtime, entry: &str) -> Result<Vec<String>, &'static str> {
        Managed { path: "fn".into(), runtime, entry: entry.into() }.files()
    }

    #[test]
    fn an_entry_tells_the_files_that_it_may_be_in() {
        let python = |entry| files(Runtime::Python313, entry);
        assert_eq!(python("app.handler").unwrap(), ["app.py", "app/__init__.py"]);
        assert_eq!(python("src/app.handler").unwrap(), ["src/app.py", "src/app/__init__.py"]);
        assert_eq!(python("src.app.handler").unwrap()[0], "src/app.py");
        let node = |entry| files(Runtime::Node24, entry);
        assert_eq!(node("index.handler").unwrap(), ["index.js", "index.mjs", "index.cjs"]);
        assert_eq!(node("a/b.exports.handler").unwrap()[1], "a/b.mjs");
        for bad in ["handler", ".handler", "app.", "a//b.handler"] {
            assert!(python(bad).is_err(), "{bad}");
        }
        for bad in ["handler", ".handler", "index.", "../index.handler"] {
            assert!(node(bad).is_err(), "{bad}");
        }
        assert_eq!(files(Runtime::Java21, "example.Handler::handleRequest").unwrap(), [""; 0]);
    }

    #[test]
    fn a_name_is_what_a_spec_writes() {
        for runtime in [Runtime::Python312, Runtime::Node24, Runtime::Java25, Runtime::Dotnet10, Runtime::Ruby34] {
            assert_eq!(serde_json::json!(runtime), runtime.name());
        }
    }
}
