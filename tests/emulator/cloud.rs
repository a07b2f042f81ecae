//! What a user sees who looks into their account with other tools than `pipe`, and what they do there by hand.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use pipe::aws::{Aws, Place};
use pipe_test_support::Account;
use tokio::runtime::{Builder, Runtime};

/// Clients for one region of an account. Their calls pass the test endpoint, and are recorded there.
pub struct Cloud {
    pub aws: Aws,
    runtime: Runtime,
}

impl Cloud {
    pub fn of(account: &Account) -> Self {
        Self::in_region(account, "eu-central-1")
    }

    pub fn in_region(account: &Account, region: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let environment = account.environment();
        let (_, url) = environment.iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").unwrap();
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(Credentials::new(account.id(), "test", None, None, "test"))
            .endpoint_url(url);
        let place = Place { partition: "aws".into(), account: account.id().into(), region: region.into() };
        let aws = Aws::new(&runtime.block_on(loader.load()), place);
        Self { aws, runtime }
    }

    /// Waits for a call.
    pub fn run<T>(&self, call: impl IntoFuture<Output = T>) -> T {
        self.runtime.block_on(async { call.await })
    }

    /// Everything that a pipeline could have made here, one line each, in alphabetical order.
    pub fn inventory(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut add = |kind: &str, names: Vec<String>| all.extend(names.iter().map(|name| format!("{kind} {name}")));
        add("api key", self.api_keys());
        add("function", self.functions());
        add("log group", self.log_groups());
        add("mapping", self.mappings().into_iter().map(|(name, _)| name).collect());
        add("queue", self.queues());
        add("rest api", self.apis().into_iter().map(|(name, _)| name).collect());
        add("role", self.roles());
        add("secret", self.secrets());
        add("stream", self.run(self.aws.kinesis.list_streams().send()).unwrap().stream_names);
        add("table", self.run(self.aws.dynamodb.list_tables().send()).unwrap().table_names.unwrap());
        add("usage plan", self.usage_plans());
        add("topic", self.topics());
        add("subscription", self.subscriptions());
        add("bus", self.buses());
        add("rule", self.rules());
        add("schedule group", self.schedule_groups());
        all.sort();
        all
    }

    fn api_keys(&self) -> Vec<String> {
        let listed = self.run(self.aws.apigateway.get_api_keys().send()).unwrap();
        listed.items().iter().map(|one| one.name().unwrap().to_owned()).collect()
    }

    fn usage_plans(&self) -> Vec<String> {
        let listed = self.run(self.aws.apigateway.get_usage_plans().send()).unwrap();
        listed.items().iter().map(|one| one.name().unwrap().to_owned()).collect()
    }

    fn topics(&self) -> Vec<String> {
        let listed = self.run(self.aws.sns.list_topics().send()).unwrap();
        listed.topics().iter().map(|one| one.topic_arn().unwrap().to_owned()).collect()
    }

    pub fn subscriptions(&self) -> Vec<String> {
        let listed = self.run(self.aws.sns.list_subscriptions().send()).unwrap();
        listed.subscriptions().iter().map(|one| one.endpoint().unwrap().to_owned()).collect()
    }

    /// All but the account's own.
    fn buses(&self) -> Vec<String> {
        let listed = self.run(self.aws.events.list_event_buses().send()).unwrap();
        let names = listed.event_buses().iter().map(|one| one.name().unwrap().to_owned());
        names.filter(|name| name != "default").collect()
    }

    /// Those of the account's own bus.
    fn rules(&self) -> Vec<String> {
        let listed = self.run(self.aws.events.list_rules().send()).unwrap();
        listed.rules().iter().map(|one| one.name().unwrap().to_owned()).collect()
    }

    fn schedule_groups(&self) -> Vec<String> {
        let listed = self.run(self.aws.scheduler.list_schedule_groups().send()).unwrap();
        let names = listed.schedule_groups().iter().map(|one| one.name().unwrap().to_owned());
        names.filter(|name| name != "default").collect()
    }

    fn functions(&self) -> Vec<String> {
        let listed = self.run(self.aws.lambda.list_functions().send()).unwrap();
        listed.functions().iter().map(|one| one.function_name().unwrap().to_owned()).collect()
    }

    fn log_groups(&self) -> Vec<String> {
        let listed = self.run(self.aws.logs.describe_log_groups().log_group_name_prefix("/aws/").send()).unwrap();
        listed.log_groups().iter().map(|one| one.log_group_name().unwrap().to_owned()).collect()
    }

    /// `<function>/<source>` and UUID of every mapping.
    pub fn mappings(&self) -> Vec<(String, String)> {
        let last = |arn: Option<&str>| arn.unwrap().rsplit([':', '/']).next().unwrap().to_owned();
        let listed = self.run(self.aws.lambda.list_event_source_mappings().send()).unwrap();
        let all = listed.event_source_mappings().iter();
        all.map(|one| {
            (format!("{}/{}", last(one.function_arn()), last(one.event_source_arn())), one.uuid().unwrap().to_owned())
        })
        .collect()
    }

    fn queues(&self) -> Vec<String> {
        let listed = self.run(self.aws.sqs.list_queues().send()).unwrap();
        listed.queue_urls().iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// Name and id of every REST API.
    pub fn apis(&self) -> Vec<(String, String)> {
        let listed = self.run(self.aws.apigateway.get_rest_apis().send()).unwrap();
        let text = |value: Option<&str>| value.unwrap().to_owned();
        listed.items().iter().map(|one| (text(one.name()), text(one.id()))).collect()
    }

    /// The id of the only REST API.
    pub fn api(&self) -> String {
        let [(_, id)] = self.apis().try_into().unwrap();
        id
    }

    fn roles(&self) -> Vec<String> {
        let listed = self.run(self.aws.iam.list_roles().path_prefix("/pipe/").send()).unwrap();
        listed.roles().iter().map(|one| one.role_name().to_owned()).collect()
    }

    /// Secrets that are not in their recovery window.
    fn secrets(&self) -> Vec<String> {
        let listed = self.run(self.aws.secrets.list_secrets().send()).unwrap();
        let kept = listed.secret_list().iter().filter(|one| one.deleted_date().is_none());
        kept.map(|one| one.name().unwrap().to_owned()).collect()
    }
}
