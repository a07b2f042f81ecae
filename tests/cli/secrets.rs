//! Invariant 6: the secret's value is shown only to those who ask for it.

use pipe_test_support::Run;

use crate::site::{MAIN, Site};

/// The password, by AWS's own client.
fn password(site: &Site) -> String {
    let secrets = aws_sdk_secretsmanager::Client::new(&site.sdk);
    let value = site.wait(secrets.get_secret_value().secret_id("gateway/credentials").send()).unwrap();
    let value: serde_json::Value = serde_json::from_str(value.secret_string().unwrap()).unwrap();
    value["password"].as_str().unwrap().to_owned()
}

/// Runs a command with all that it can say about itself.
fn talkative(site: &Site, arguments: &[&str], json: bool) -> Run {
    let mut arguments = arguments.to_vec();
    arguments.push("-vv");
    if json {
        arguments.push("--json");
    }
    site.user.run(&arguments)
}

#[test]
fn no_command_says_the_password() {
    for json in [false, true] {
        let site = Site::new(MAIN);
        let mut said: Vec<(String, Run)> = Vec::new();
        let mut say = |arguments: &[&str]| said.push((arguments.join(" "), talkative(&site, arguments, json)));
        say(&["apply", "--yes"]);
        let password = password(&site);
        assert_eq!(password.len(), 32);
        for command in [&["apply"][..], &["diff"], &["outputs"], &["list"], &["iam-policy"], &["graph"], &["validate"]]
        {
            say(command);
        }
        say(&["outputs", "--field", "credentials"]);
        say(&["destroy"]);
        say(&["destroy", "--yes", "--allow-data-loss", "all"]);
        // Back from its recovery window.
        say(&["apply", "--yes"]);
        let basic = base64(&format!("gateway-events:{password}"));
        for (command, run) in &said {
            let text = format!("{}{}", run.out, run.err);
            assert!(!text.contains(&password) && !text.contains(&basic), "`pipe {command}` says the password");
        }
        for line in said.iter().filter(|_| json).flat_map(|(_, run)| run.out.lines()) {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok_and(|value| value.is_object()), "{line}");
        }
        let calls = said.iter().filter(|(_, run)| run.err.contains("secretsmanager")).count();
        assert!(calls >= 5, "the traces were to show calls");
        assert_eq!(self::password(&site), password, "it is the same secret again");
        let run = site.user.run(&["outputs", "--field", "credentials"]);
        assert!(
            run.code == Some(1) && run.err.contains("is a secret") && run.err.contains("add --reveal"),
            "{}",
            run.err
        );
        let field = ["outputs", "--reveal", "--field", "credentials"];
        assert_eq!(site.user.pipe(&field), format!("gateway-events:{password}\n"));
        assert!(site.user.pipe(&["outputs", "--reveal"]).contains(&password));
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn a_value_that_is_no_credentials_is_in_no_error() {
    let site = Site::applied();
    let secrets = aws_sdk_secretsmanager::Client::new(&site.sdk);
    let put = secrets.put_secret_value().secret_id("gateway/credentials").secret_string("{\"token\": \"sesame-open\"}");
    site.wait(put.send()).unwrap();
    let run = talkative(&site, &["outputs", "--reveal"], false);
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(run.err.contains("does not hold the credentials that were expected"), "{}", run.err);
    assert!(!run.err.contains("sesame") && !run.out.contains("sesame"), "{}{}", run.out, run.err);
}
