use aws_sdk_lambda::types::builders::FunctionConfigurationBuilder;
use aws_sdk_lambda::types::{
    ApplicationLogLevel, FunctionConfiguration, LastUpdateStatus, LogFormat, LoggingConfig, Runtime, State as Lambda,
    SystemLogLevel,
};

use aws_smithy_mocks::RuleMode;

use super::*;
use crate::aws::mocked::{self, place};

mod calls;

fn desired() -> Function {
    Function {
        role: "arn:aws:iam::111122223333:role/pipe/demo/r".into(),
        runtime: "provided.al2023".into(),
        handler: "bootstrap".into(),
        architecture: "x86_64".into(),
        memory_mb: 128,
        timeout_seconds: 30,
        environment: BTreeMap::new(),
        tracing: false,
        log_group: "/aws/lambda/f".into(),
        log_level: "info".into(),
        reserved_concurrency: None,
        asynchronous: None,
        allows_recursion: false,
        code_sha256: "new".into(),
        description: String::new(),
        vpc: None,
    }
}

/// What AWS answers for [`desired`] (recorded answers of `lambda:GetFunction`).
fn answer() -> FunctionConfigurationBuilder {
    let logging = LoggingConfig::builder()
        .log_format(LogFormat::Json)
        .application_log_level(ApplicationLogLevel::Info)
        .system_log_level(SystemLogLevel::Info)
        .log_group("/aws/lambda/f");
    FunctionConfiguration::builder()
        .function_name("f")
        .role("arn:aws:iam::111122223333:role/pipe/demo/r")
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .memory_size(128)
        .timeout(30)
        .description("")
        .code_sha256("new")
        .state(Lambda::Active)
        .last_update_status(LastUpdateStatus::Successful)
        .logging_config(logging.build())
}

fn props(answer: FunctionConfigurationBuilder) -> Function {
    read::props(&answer.build(), None, &Name::new("f"))
}

#[test]
fn what_aws_answers_is_equal_to_what_was_asked() {
    assert_eq!(props(answer()), desired());
}

#[test]
fn text_logs_and_other_levels_of_lambda_are_differences() {
    let text = LoggingConfig::builder().log_format(LogFormat::Text).log_group("/aws/lambda/f").build();
    assert_eq!(props(answer().logging_config(text)).log_level, "text");
    let quiet = LoggingConfig::builder().log_format(LogFormat::Json).system_log_level(SystemLogLevel::Warn).build();
    assert_eq!(props(answer().logging_config(quiet)).log_level, "info (system: warn)");
    assert_eq!(props(answer().set_logging_config(None)).log_level, "text");
}

#[test]
fn a_failed_update_is_a_difference_in_code() {
    let failed = answer().last_update_status(LastUpdateStatus::Failed);
    assert_eq!(props(failed), Function { code_sha256: String::new(), ..desired() });
}

#[test]
fn pending_and_in_progress_are_waited_for_and_failures_told() {
    let (f, reason) = (Name::new("f"), "The image is gone");
    let ready = |state, update| {
        let answer = answer().state(state).set_last_update_status(update).state_reason(reason);
        read::ready(&answer.last_update_status_reason(reason).build(), &f)
    };
    assert_eq!(ready(Lambda::Pending, None), Ok(None));
    assert_eq!(ready(Lambda::Active, Some(LastUpdateStatus::InProgress)), Ok(None));
    assert_eq!(ready(Lambda::Active, Some(LastUpdateStatus::Successful)), Ok(Some(())));
    assert_eq!(ready(Lambda::Inactive, Some(LastUpdateStatus::Successful)), Ok(Some(())));
    for (state, update) in [(Lambda::Failed, None), (Lambda::Active, Some(LastUpdateStatus::Failed))] {
        assert!(ready(state, update).unwrap_err().message().contains(reason));
    }
}

#[test]
fn too_large_a_zip_comes_with_what_to_do() {
    let error = Error::fatal("Zipped size must be smaller than 52428800 bytes");
    let call = crate::error::Call { code: "RequestEntityTooLargeException".into(), ..Default::default() };
    assert!(write::told(error.call(call)).hint_text().is_some_and(|hint| hint.contains("50 MB")));
}

#[test]
fn a_name_comes_from_the_arn_of_a_function_and_not_of_a_version() {
    assert_eq!(Function::name_of(&arn(&place(), &Name::new("f"))), Some(Name::new("f")));
    assert_eq!(Function::name_of("arn:aws:lambda:eu-central-1:1:function:f:7"), None);
    assert_eq!(Function::name_of("arn:aws:lambda:eu-central-1:1:event-source-mapping:1"), None);
}

/// One line of the spec could send every event elsewhere.
#[test]
fn a_variable_that_steers_widens_and_another_does_not() {
    let with = |name: &str| Function { environment: BTreeMap::from([(name.to_owned(), "x".to_owned())]), ..desired() };
    let told = with("AWS_ENDPOINT_URL_DYNAMODB").widens(&desired());
    assert_eq!(told, ["`AWS_ENDPOINT_URL_DYNAMODB` decides where its calls go"]);
    assert_eq!(with("MODE").widens(&desired()), [""; 0]);
}

#[test]
fn no_concurrency_at_all_leaves_records_waiting() {
    let with = |reserved_concurrency| Function { reserved_concurrency, ..desired() };
    let told = |now, then| with(now).means(&with(then));
    for then in [None, Some(5)] {
        assert!(told(Some(0), then)[0].starts_with("it is no longer invoked: records wait"));
    }
    for (now, then) in [(Some(0), Some(0)), (Some(1), Some(5)), (None, Some(0))] {
        assert_eq!(told(now, then), [""; 0], "{then:?} to {now:?}");
    }
    assert_eq!(
        with(None).widens(&with(Some(0))),
        ["it is stopped now (`reserved_concurrency: 0`), and runs again after this"]
    );
    assert_eq!(with(Some(2)).widens(&with(Some(5))), [""; 0]);
}

#[tokio::test]
async fn a_log_group_and_a_mapping_name_their_function() {
    let cx = mocked::cx(RuleMode::MatchAny, &[]);
    let name = |text: &str| Name::new(text);
    let of_group = Function::children(&cx, "logs:LogGroup", &name("/aws/lambda/my-own")).await.unwrap();
    assert_eq!(of_group, [name("my-own")]);
    assert!(Function::children(&cx, "logs:LogGroup", &name("/aws/apigateway/api")).await.unwrap().is_empty());
    assert!(Function::children(&cx, "sqs:Queue", &name("/aws/lambda/queue")).await.unwrap().is_empty());
    let of_mapping =
        Function::leads(&cx, "lambda:EventSourceMapping", &name("my-own/stream"), &Value::Null).await.unwrap();
    assert_eq!(of_mapping, [name("my-own")]);
}
