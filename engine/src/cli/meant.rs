//! What a command that does not exist was meant for.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::Cli;

/// What other tools call it.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["create", "deploy", "install", "provision", "push", "sync", "up", "update", "upgrade"], "apply"),
    (&["changes", "drift", "plan", "preview"], "diff"),
    (&["delete", "down", "remove", "rm", "teardown", "undeploy", "uninstall"], "destroy"),
    (&["local", "offline", "run", "serve", "start"], "dev"),
    (&["check", "lint", "verify"], "validate"),
    (&["describe", "endpoint", "info", "output", "show", "url"], "outputs"),
    (&["pipelines", "ps"], "list"),
    (&["event", "invoke", "post", "publish", "put"], "send"),
    (&["generate", "new", "scaffold"], "init"),
    (&["iam", "permissions", "policy"], "iam-policy"),
    (&["api", "oas", "swagger"], "openapi"),
];

/// Puts our suggestion into what clap says of a command that does not exist: clap's own go by letters alone, and know hidden ones.
pub fn suggest(told: &mut Error) {
    let Some(ContextValue::String(word)) = told.get(ContextKind::InvalidSubcommand) else { return };
    // What `pipe dlq` does has names of its own.
    let nested = std::env::args().any(|argument| argument == "dlq");
    if told.kind() != ErrorKind::InvalidSubcommand || nested {
        return;
    }
    let meant = meant(word);
    told.remove(ContextKind::SuggestedSubcommand);
    if let Some(command) = meant {
        told.insert(ContextKind::SuggestedSubcommand, ContextValue::String(command));
    }
}

fn meant(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&word.as_str()));
    if let Some((_, command)) = elsewhere {
        return Some((*command).to_owned());
    }
    let commands = Cli::command();
    let known = commands.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let allowed = (word.chars().count() / 3).max(1);
    let near = known.map(|name| (strsim::damerau_levenshtein(&word, name), name));
    near.filter(|(far, _)| *far <= allowed).min().map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_tools_call_it_is_understood() {
        for (word, command) in [("deploy", "apply"), ("Plan", "diff"), ("rm", "destroy")] {
            assert_eq!(meant(word).as_deref(), Some(command), "{word}");
        }
        for (words, command) in ELSEWHERE {
            let known = Cli::command();
            assert!(known.get_subcommands().any(|known| known.get_name() == *command), "{command}");
            assert!(words.iter().all(|word| known.find_subcommand(word).is_none()), "{words:?}");
        }
    }

    #[test]
    fn a_typing_error_is_understood_and_nothing_hidden_is_suggested() {
        for (word, command) in [("aply", "apply"), ("vaildate", "validate"), ("destory", "destroy"), ("sned", "send")] {
            assert_eq!(meant(word).as_deref(), Some(command), "{word}");
        }
        for word in ["supervise", "supervize", "stat", "x", "frobnicate"] {
            assert_eq!(meant(word), None, "{word}");
        }
    }
}
