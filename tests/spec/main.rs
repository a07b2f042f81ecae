//! The spec: what is accepted, what people see for what is not, and the committed schema.
//!
//! Each file below `specs/bad` has a snapshot of what is printed for it. `UPDATE=1 cargo test -p pipe --test offline spec`
//! writes the schema again; `INSTA_UPDATE=always` the snapshots.

mod hostile;
mod schema;

use pipe::spec::{self, Capacity, Loaded, Report, Severity, Start};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn parse(text: &str) -> Result<Loaded, Report> {
    spec::parse("pipeline.yaml", text.as_bytes(), &root().join("tests/specs/good"))
}

fn messages(report: &Report, severity: Severity) -> Vec<&str> {
    report
        .problems
        .iter()
        .filter(|problem| problem.severity == severity)
        .map(|problem| problem.message.as_str())
        .collect()
}

#[test]
fn the_main_file_has_no_warning_and_says_what_the_page_says() {
    let loaded = spec::load(&root().join("pipeline.yaml")).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(messages(&loaded.notes, Severity::Warning), Vec::<&str>::new(), "{}", loaded.notes);
    assert_eq!(messages(&loaded.notes, Severity::Note).len(), 4, "{}", loaded.notes);
    insta::with_settings!({ snapshot_path => "../snapshots/spec", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("notes", loaded.notes.render(false).replace(&loaded.notes.file, "pipeline.yaml"));
    });
    let spec = loaded.spec;
    assert_eq!(
        (spec.api_name(), spec.secret_name()),
        ("gateway-events-api".to_owned(), "gateway/credentials".to_owned())
    );
    assert_eq!((spec.stream_name(), spec.table_name()), ("GatewayEventsStream".to_owned(), "EventTable".to_owned()));
    assert_eq!(spec.queue_name(), "LambdaDeadLetterQueue");
    let function = spec.function().unwrap();
    assert_eq!((function.memory_mb, function.log_days, spec.batch_size()), (128, 30, 10));
    assert!(function.failures.partial && function.failures.bisect && function.enabled);
    let table = spec.table().unwrap().own().unwrap();
    assert!(matches!(table.capacity, Capacity::Provisioned(units) if (units.read, units.write) == (5, 10)));
    let route = &spec.api().unwrap().routes[0];
    assert!(spec.is_guarded(route));
}

#[test]
fn what_is_absent_has_its_default() {
    let text = "name: small\nsource: { api: { routes: [ { post: /x, auth: none } ] } }\nstream: { kinesis: {} }\n\
                consumer: { function: { handler: stream-to-table, batch: { start: { at: '2026-01-31T12:00:00+01:00' } } } }\n\
                sink: { table: { partition_key: { name: id, type: number } } }\ndlq: { queue: {} }\n";
    let loaded = parse(text).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(messages(&loaded.notes, Severity::Warning), Vec::<&str>::new(), "{}", loaded.notes);
    insta::with_settings!({ snapshot_path => "../snapshots/spec", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("defaults", serde_json::to_string_pretty(&loaded.spec).unwrap());
    });
    let start = &loaded.spec.function().unwrap().batch.start;
    assert!(matches!(start, Start::At(_)));
    assert_eq!(start.at().unwrap().secs(), 1_769_857_200);
    assert_eq!(loaded.spec.consumer_name(), "small-consumer");
    assert_eq!(loaded.spec.stream_name(), "small-stream");
}

#[test]
fn the_stage_takes_what_the_shards_take_unless_the_file_says_otherwise() {
    let limit = |api: &str, stream: &str| {
        let routes = "routes: [ { post: /x, auth: none } ]";
        let text =
            format!("name: small\nsource: {{ api: {{ {api} {routes} }} }}\nstream: {{ kinesis: {{ {stream} }} }}\n");
        let loaded = parse(&text).unwrap_or_else(|report| panic!("{report}"));
        let warned =
            messages(&loaded.notes, Severity::Warning).iter().any(|message| message.contains("nothing bounds"));
        (loaded.spec.throttle().map(|limit| (limit.rate_per_second, limit.burst)), warned)
    };
    assert_eq!(limit("", ""), (Some((1000.0, 2000)), false));
    assert_eq!(limit("", "shards: 2"), (Some((2000.0, 4000)), false));
    assert_eq!(limit("", "shards: 10"), (Some((10_000.0, 5000)), false));
    // No limit of the stage may refuse what the stream would take.
    assert_eq!(limit("", "shards: 11"), (None, true));
    assert_eq!(limit("", "on_demand: true"), (None, true));
    assert_eq!(limit("", "existing: orders"), (None, true));
    assert_eq!(limit("throttle: off,", ""), (None, false));
    assert_eq!(limit("throttle: off,", "on_demand: true"), (None, false));
    assert_eq!(limit("throttle: { rate_per_second: 0.5, burst: 1 },", "shards: 2"), (Some((0.5, 1)), false));
}

#[test]
fn only_of_a_queue_what_no_filter_matches_is_deleted() {
    let told = |file: &str| {
        let loaded =
            spec::load(&root().join("tests/specs/good").join(file)).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(messages(&loaded.notes, Severity::Warning), Vec::<&str>::new(), "{}", loaded.notes);
        messages(&loaded.notes, Severity::Note).iter().any(|note| note.contains("is deleted from the queue"))
    };
    assert!(told("filters.yaml") && !told("filters_changes.yaml"));
}

#[test]
fn good_files_and_examples_have_no_errors() {
    let mut seen = 0;
    for file in files("tests/specs/good").into_iter().chain(files("examples")) {
        let loaded = spec::load(&file).unwrap_or_else(|report| panic!("{report}"));
        assert!(!loaded.notes.has_errors());
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} files");
}

#[test]
fn examples_name_the_schema_and_have_no_warnings() {
    for file in files("examples").into_iter().chain([root().join("pipeline.yaml")]) {
        let first = fs::read_to_string(&file).unwrap().lines().next().unwrap_or_default().to_owned();
        let named = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{}: {first}", file.display()));
        assert!(file.parent().unwrap().join(named).is_file(), "{}: no {named}", file.display());
        let loaded = spec::load(&file).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(messages(&loaded.notes, Severity::Warning), Vec::<&str>::new(), "{}", loaded.notes);
    }
}

#[test]
fn bad_files_say_what_is_wrong() {
    let bad = files("tests/specs/bad");
    assert!(bad.len() >= 25, "only {} files", bad.len());
    for file in bad {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&file).unwrap();
        let shown = match spec::parse(&format!("{name}.yaml"), &bytes, file.parent().unwrap()) {
            Ok(loaded) => {
                assert!(name.starts_with("warning_"), "{name} has no error");
                assert!(!messages(&loaded.notes, Severity::Warning).is_empty(), "{name} has no warning");
                loaded.notes.without_notes()
            }
            Err(report) => {
                assert!(report.has_errors() && !name.starts_with("warning_"), "{name}\n{report}");
                report
            }
        };
        insta::with_settings!({ snapshot_path => "../snapshots/spec", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name.clone(), shown.render(false));
        });
        let again = shown.render(true);
        assert!(again.contains("\u{1b}["), "{name} has no colour");
    }
}

#[test]
fn problems_are_json_too() {
    let report = parse("name: größe\nstream: { kinesis: { shards: 0 } } # ü\n").unwrap_err();
    insta::with_settings!({ snapshot_path => "../snapshots/spec", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("json", serde_json::to_string_pretty(&serde_json::json!(report.located())).unwrap());
    });
}

#[test]
fn places_are_right_after_other_letters_and_line_ends() {
    for (text, line, column) in [
        ("name: small\ntags: { 'größe日': 'ü', \"日本\": \"語\" }\nstream: { kinesis: { shards: 0 } }\n", 3, 30),
        ("\u{feff}name: small\r\ntags: { a: '語語' }\r\nstream:\r\n  kinesis:\r\n    shards: 0\r\n", 5, 13),
        ("name: small\nstream: { kinesis: { on_destroy: delete, name: 'ok', shards: 0 } }\n", 2, 62),
        ("name: small\ntags: { größe: 'é' }\nstream: { kinesis: { name: 'ok', shards: 0 } } # ✓\n", 3, 42),
    ] {
        let report = parse(text).unwrap_err();
        let json = serde_json::json!(report.located());
        assert_eq!((&json[0]["line"], &json[0]["column"]), (&line.into(), &column.into()), "{report}");
        assert_eq!(json.as_array().unwrap().len(), 1, "{report}");
        let span = report.problems[0].span.clone().unwrap();
        assert_eq!(&text.trim_start_matches('\u{feff}')[span], "0");
    }
}

#[test]
fn the_number_of_api_resources_is_bounded() {
    let api = |count: usize| {
        let routes =
            (0..count).fold(String::new(), |text, n| format!("{text}        - {{ post: /r{n}, auth: none }}\n"));
        format!("name: small\nstream: {{ kinesis: {{}} }}\nsource:\n  api:\n      routes:\n{routes}")
    };
    assert!(parse(&api(299)).is_ok());
    let report = parse(&api(300)).unwrap_err();
    assert!(report.render(false).contains("make 301 API resources"), "{report}");
}

#[test]
fn an_index_says_which_records_it_refuses() {
    let consumer = "stream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n";
    let notes = |rest: &str| {
        let loaded = parse(&format!("name: demo\n{rest}")).unwrap_or_else(|report| panic!("{report}"));
        let all = messages(&loaded.notes, Severity::Note).join("\n");
        all.lines().find(|note| note.contains("key of an index")).map(str::to_owned)
    };
    let sink =
        "sink: { table: { partition_key: id, indexes: { by-day: { partition_key: { name: day, type: number } } } } }\n";
    let told = notes(&format!("{consumer}dlq: {{ queue: {{}} }}\n{sink}")).unwrap();
    assert!(told.contains("`day` (a number); its record goes to the dlq"), "{told}");
    assert!(notes(&format!("{consumer}{sink}")).unwrap().contains("its record is dropped"));
    let keys = "sink: { table: { partition_key: id, indexes: { by-id: { partition_key: id, project: keys } } } }\n";
    assert_eq!(notes(&format!("{consumer}{keys}")), None, "the table's own key is there anyway");
}
