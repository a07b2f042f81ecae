//! Bad input: each a clear error, exit code 1, and nothing changed.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use pipe_test_support::{Rule, Run};

use crate::site::{MAIN, Site};

const SMALL: &str = "name: small\nstream: { kinesis: { name: Small } }\n";

/// Runs `diff` with other variables; an empty value takes the variable away.
fn diff_with(site: &Site, variables: &[(&str, &str)]) -> Run {
    let mut command = site.user.command(&["diff"]);
    for (name, value) in variables {
        match value.is_empty() {
            true => command.env_remove(name),
            false => command.env(name, value),
        };
    }
    Run::of(command.output().unwrap())
}

/// Asserts exit code 1, these texts in standard error, and that nothing was written.
fn refused(site: &Site, run: &Run, texts: &[&str]) {
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    for text in texts {
        assert!(run.err.contains(text), "no `{text}` in: {}", run.err);
    }
    assert_eq!(site.written(), Vec::<String>::new(), "something was changed");
}

/// A mistyped id is reported, and so is a pipeline that is not there.
#[test]
fn what_is_not_there() {
    let site = Site::new(SMALL);
    let run = site.user.run(&["outputs"]);
    assert!(run.code == Some(0) && run.err.contains("nothing of `small` exists yet"), "{}", run.err);
    refused(&site, &site.user.run(&["outputs", "--field", "stream.arn"]), &["there is no output `stream.arn`"]);
    let run = site.user.run(&["destroy", "--name", "typo", "--yes"]);
    assert!(run.code == Some(0) && run.err.contains("there is no pipeline `typo` in"), "{run:?}");
    let run = site.user.run(&["apply", "--yes", "--allow-data-loss", "steam"]);
    assert!(run.code == Some(0) && run.err.contains("--allow-data-loss steam: no resource has this id"), "{}", run.err);
}

#[test]
fn without_a_region() {
    let site = Site::new(MAIN);
    let run = diff_with(&site, &[("AWS_REGION", "")]);
    refused(&site, &run, &["error: no AWS region", "hint: pass --region, set AWS_REGION"]);
    assert_eq!(site.user.account.calls().len(), 0);
}

#[test]
fn without_credentials() {
    let site = Site::new(MAIN);
    let run = diff_with(&site, &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]);
    refused(&site, &run, &["error: no AWS credentials were found", "AWS_PROFILE"]);
    assert_eq!(site.user.account.calls().len(), 0);
}

#[test]
fn with_a_profile_that_is_not_there() {
    let site = Site::new(MAIN);
    let run = site.user.run(&["diff", "--profile", "nowhere"]);
    // The variables name working credentials: of an account that nobody asked for.
    let texts =
        ["error: there is no profile `nowhere` in AWS's configuration files", "hint: `aws configure list-profiles`"];
    refused(&site, &run, &texts);
    let without =
        [("AWS_REGION", ""), ("AWS_PROFILE", "nowhere"), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    refused(&site, &diff_with(&site, &without), &texts);
    std::fs::write(site.user.path().join("config"), "[profile here]\nregion = eu-west-1\n").unwrap();
    refused(&site, &diff_with(&site, &[&without[..], &[("AWS_CONFIG_FILE", "config")]].concat()), &texts);
    assert_eq!(site.user.account.calls().len(), 0);
}

#[test]
fn a_profile_that_is_asked_for_comes_before_the_environment() {
    let site = Site::new(SMALL);
    let folder = site.user.path().join(".aws");
    std::fs::create_dir(&folder).unwrap();
    let profile = "[profile other]\naws_access_key_id = 999988887777\naws_secret_access_key = test\n";
    std::fs::write(folder.join("config"), profile).unwrap();
    let out = site.user.pipe(&["diff", "--profile", "other"]);
    assert!(out.starts_with("small in eu-central-1 (999988887777)"), "{out}");
}

#[test]
fn with_wrong_credentials() {
    let codes = [
        ("InvalidClientTokenId", "The security token included in the request is invalid."),
        ("UnrecognizedClientException", "The security token included in the request is invalid."),
        ("ExpiredToken", "The security token included in the request is expired"),
    ];
    for (code, message) in codes {
        let site = Site::new(MAIN);
        site.user.account.set(Rule::on("sts", "GetCallerIdentity").fail(403, code, message));
        let run = site.user.run(&["apply", "--yes"]);
        refused(&site, &run, &["sts:GetCallerIdentity", code, message, "check the AWS credentials in use"]);
        assert_eq!(site.user.account.calls().len(), 1, "wrong credentials are not tried again");
    }
}

#[test]
fn with_nothing_at_the_endpoint() {
    let site = Site::new(MAIN);
    let url = "http://127.0.0.1:1";
    let start = Instant::now();
    for run in [diff_with(&site, &[("AWS_ENDPOINT_URL", url)]), site.user.run(&["diff", "--endpoint-url", url])] {
        refused(&site, &run, &[&format!("`{url}` cannot be reached: Connection refused"), "the endpoint running?"]);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "two runs took {:?}", start.elapsed());
}

#[test]
fn with_something_else_at_the_endpoint() {
    let site = Site::new(MAIN);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 8192];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<html");
        }
    });
    let run = site.user.run(&["diff", "--endpoint-url", &url]);
    refused(&site, &run, &[&format!("`{url}` is not an AWS endpoint: it answered 404"), "is the URL right"]);
    let run = site.user.run(&["diff", "--endpoint-url", "localhost:4566"]);
    refused(&site, &run, &["`localhost:4566` cannot be reached: endpoint must contain scheme", "is the URL right"]);
}

/// Names in the spec are found without it; for what left the spec there are other ways, and the plan says what it may miss.
#[test]
fn without_a_permission_for_the_tagging_query() {
    let site = Site::applied();
    let text = "User: arn:aws:iam::1:user/x is not authorized to perform: tag:GetResources";
    site.user.account.set(Rule::on("tagging", "GetResources").fail(400, "AccessDeniedException", text));
    let run = site.user.run(&["diff", "--exit-code"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let note = "note: resources under a name that left the spec may be missed: tag:GetResources: AccessDeniedException";
    assert!(run.out.contains(note), "{}", run.out);
}

#[test]
fn without_a_permission() {
    let site = Site::new(MAIN);
    let user = format!("User: arn:aws:iam::{}:user/deployer is not authorized to perform:", site.user.account.id());
    let stream = format!("arn:aws:kinesis:eu-central-1:{}:stream/GatewayEventsStream", site.user.account.id());
    let why = "because no identity-based policy allows the";
    let create = format!("{user} kinesis:CreateStream on resource: {stream} {why} kinesis:CreateStream action");
    let rule = Rule::on("kinesis", "CreateStream").fail(400, "AccessDeniedException", &create);
    let rule = site.user.account.set(rule);
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let texts =
        ["`stream`: error: kinesis:CreateStream: AccessDeniedException", &stream, "allow `kinesis:CreateStream`"];
    for text in texts.into_iter().chain(["`pipe iam-policy`", "left to do: mapping;"]) {
        assert!(run.err.contains(text), "no `{text}` in: {}", run.err);
    }
    assert_eq!(site.user.account.fired(rule), 1, "a missing permission is not asked for again");
    site.user.account.clear_rules();
    site.user.converge();
}

#[test]
fn without_a_permission_to_read() {
    let site = Site::new(MAIN);
    let text = "User: arn:aws:iam::1:user/x is not authorized to perform: apigateway:GET on resource: arn:aws:apigateway:eu-central-1::/restapis";
    site.user.account.set(Rule::on("apigateway", "GetRestApis").fail(403, "AccessDeniedException", text));
    let run = site.user.run(&["apply", "--yes"]);
    refused(&site, &run, &["apigateway:GetRestApis", "::/restapis", "allow `apigateway:GET`", "`pipe iam-policy`"]);
}

#[test]
fn with_a_name_that_somebody_else_has() {
    let site = Site::new(SMALL);
    let kinesis = aws_sdk_kinesis::Client::new(&site.sdk);
    site.wait(kinesis.create_stream().stream_name("Small").shard_count(1).send()).unwrap();
    site.user.account.clear();
    let run = site.user.run(&["apply", "--yes"]);
    refused(&site, &run, &["kinesis:Stream `Small` exists, and no pipeline owns it", "take it over with --adopt"]);
    refused(&site, &site.user.run(&["diff"]), &["no pipeline owns it"]);
    let out = site.user.pipe(&["apply", "--yes", "--adopt"]);
    assert!(out.contains("adopted"), "{out}");
    assert!(!site.written().contains(&"CreateStream".to_owned()));
    site.user.converge();
    let other = site.user.in_region("eu-central-1", &SMALL.replace("name: small", "name: other"));
    site.user.account.clear();
    let run = other.run(&["apply", "--yes", "--adopt"]);
    refused(
        &site,
        &run,
        &["kinesis:Stream `Small` belongs to the pipeline `small`", "choose another name for `stream`"],
    );
}

#[test]
fn with_a_stream_beyond_the_shard_limit() {
    let site = Site::new(SMALL);
    let text = "This request would exceed the shard limit for the account 1 in eu-central-1. Current shard count for the account: 500. Limit: 500.";
    let rule = Rule::on("kinesis", "CreateStream").fail(400, "LimitExceededException", text);
    let rule = site.user.account.set(rule);
    let start = Instant::now();
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    for text in ["kinesis:CreateStream: LimitExceededException", "exceed the shard limit", "lower `shards`"] {
        assert!(run.err.contains(text), "no `{text}` in: {}", run.err);
    }
    // The SDK takes the code for a throttle, and repeats the call; nothing repeats it beyond that.
    assert!(site.user.account.fired(rule) <= 8 && start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    site.user.account.clear_rules();
    site.user.converge();
}

#[test]
fn with_a_file_that_is_no_spec() {
    let site = Site::new("");
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))
    });
    let large = format!("name: small\n# {}\n", "x".repeat(1024 * 1024));
    let texts: [(&[u8], &str); 5] = [
        (large.as_bytes(), "at most 1 MiB"),
        (bomb.as_bytes(), "written out"),
        (b"name: a\nb: \xff\xfe", "not UTF-8: line 2"),
        (b"", "empty"),
        (b"name: [", "pipeline.yaml:1"),
    ];
    for (text, what) in texts {
        std::fs::write(site.user.path().join("pipeline.yaml"), text).unwrap();
        for command in [&["validate"][..], &["diff"], &["apply", "--yes"], &["destroy", "--yes"]] {
            let start = Instant::now();
            refused(&site, &site.user.run(command), &["error: ", what]);
            assert!(start.elapsed() < Duration::from_secs(60), "{command:?} took {:?}", start.elapsed());
        }
    }
    refused(
        &site,
        &site.user.run(&["apply", "--yes", "nothing.yaml"]),
        &["failed to read `nothing.yaml`", "No such file"],
    );
    assert_eq!(site.user.account.calls().len(), 0, "the spec is read before anything is asked of AWS");
}

#[test]
fn with_an_existing_that_does_not_exist() {
    let site = Site::new(
        &MAIN
            .replace("name: GatewayEventsStream", "existing: Elsewhere")
            .replace("    shards: 1\n    retention_hours: 24\n", ""),
    );
    let run = site.user.run(&["apply", "--yes"]);
    refused(&site, &run, &["kinesis:Stream `Elsewhere` does not exist", "hint: `stream` is used and not made"]);
}

#[test]
fn with_deletion_protection_on() {
    let site = Site::new(&MAIN.replace("    point_in_time_recovery: true\n", "    deletion_protection: true\n"));
    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    let texts = [
        "`table` (dynamodb:Table `EventTable`) is protected by `deletion_protection`",
        "set `deletion_protection: false` and apply that first",
    ];
    refused(&site, &site.user.run(&["destroy", "--yes", "--allow-data-loss", "all"]), &texts);
    site.user.edit("partition_key: eventId", "partition_key: eventId\n    sort_key: at");
    refused(&site, &site.user.run(&["apply", "--yes", "--allow-data-loss", "all"]), &texts);
    site.user.edit("deletion_protection: true", "deletion_protection: false");
    refused(&site, &site.user.run(&["apply", "--yes", "--allow-data-loss", "all"]), &texts);
    site.user.edit("\n    sort_key: at", "");
    site.user.converge();
    site.user.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
}

#[test]
fn with_no_queue_and_nothing_to_send_to() {
    let site = Site::new(MAIN);
    refused(&site, &site.user.run(&["dlq", "ls"]), &["there is no sqs:Queue `LambdaDeadLetterQueue`"]);
    site.user.write("name: demo\nstream: { kinesis: {} }\n");
    refused(&site, &site.user.run(&["dlq", "ls"]), &["the pipeline `demo` has no dead-letter queue"]);
    refused(&site, &site.user.run(&["send", "--route", "/a"]), &["--route is of an API, and the spec has none"]);
    refused(&site, &site.user.run(&["send", "--group", "g"]), &["--group is of a queue"]);
    site.user.write("name: demo\n");
    refused(&site, &site.user.run(&["send"]), &["the pipeline `demo` has nothing to send to"]);
}
