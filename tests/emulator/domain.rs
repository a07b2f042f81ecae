//! What stands in front of an API: its own domain and a web ACL, edited property by property on MiniStack and on moto; and what somebody
//! else has there, which is never taken, lost or removed.

use pipe::aws::{Repeat, Service};
use pipe_test_support::{Account, Emulator, Endpoint, Kind, Sandbox};
use serde_json::{Value, json};

use crate::cloud::Cloud;

const SPEC: &str = "name: front
source:
  api:
    domain: { name: api.example.com, certificate: 'arn:aws:acm:eu-central-1:ACCOUNT:certificate/one' }
    waf: 'FIRST'
    routes:
      - { get: /items, auth: none, to: { table: scan } }
sink: { table: { partition_key: id } }
";

/// An edit, on top of those before; then domain and stage of the mapping, and the number of the web ACL.
type Edit = (&'static str, &'static str, (&'static str, &'static str), Option<usize>);

/// The stage's new name leads the domain on before the old stage goes, and takes the web ACL along.
const EDITS: &[Edit] = &[
    ("certificate/one", "certificate/two", ("api.example.com", "prod"), Some(0)),
    ("name: api.example.com", "name: items.example.com", ("items.example.com", "prod"), Some(0)),
    ("    routes:", "    stage: live\n    routes:", ("items.example.com", "live"), Some(0)),
    ("name: front\n", "name: front\ntags: { team: a }\n", ("items.example.com", "live"), Some(0)),
    ("tags: { team: a }\n", "", ("items.example.com", "live"), Some(0)),
    ("FIRST", "SECOND", ("items.example.com", "live"), Some(1)),
    ("    waf: 'SECOND'\n", "", ("items.example.com", "live"), None),
    (DOMAIN, "    waf: 'FIRST'\n", ("", ""), Some(0)),
];
const DOMAIN: &str =
    "    domain: { name: items.example.com, certificate: 'arn:aws:acm:eu-central-1:ACCOUNT:certificate/two' }\n";
/// moto does not change the security policy of an API.
const TLS: &[Edit] = &[
    ("    routes:", "    minimum_tls: tls_1_0\n    routes:", ("api.example.com", "prod"), Some(0)),
    ("    minimum_tls: tls_1_0\n", "", ("api.example.com", "prod"), Some(0)),
];

struct Front {
    _endpoint: Endpoint,
    sandbox: Sandbox,
    cloud: Cloud,
    acls: [String; 2],
}

impl Front {
    fn new(kind: Kind) -> Self {
        let endpoint = Endpoint::start(Emulator::shared(kind));
        let account = endpoint.account();
        let cloud = Cloud::of(&account);
        let acls = ["first", "second"].map(|name| web_acl(&cloud, name));
        let front = |account: Account| {
            let spec = filled(SPEC, account.id(), &acls);
            Sandbox::new(env!("CARGO_BIN_EXE_pipe"), account, &spec)
        };
        Self { sandbox: front(account), _endpoint: endpoint, cloud, acls }
    }

    fn edit(&self, (from, to): (&str, &str)) {
        let filled = |text| filled(text, self.sandbox.account.id(), &self.acls);
        self.sandbox.edit(&filled(from), &filled(to));
    }

    /// Name and mapped stage of each domain.
    fn domains(&self) -> Vec<(String, Option<String>)> {
        let api = &self.cloud.aws.apigateway;
        let found = self.cloud.run(api.get_domain_names().send()).unwrap();
        let names = found.items().iter().map(|one| one.domain_name().unwrap().to_owned());
        let stage = |name: &str| {
            let mapping = api.get_base_path_mapping().domain_name(name).base_path("(none)").send();
            self.cloud.run(mapping).ok().and_then(|mapping| mapping.stage)
        };
        names.map(|name| (name.clone(), stage(&name))).collect()
    }

    /// The web ACL of the API's only stage.
    fn filter(&self) -> Option<String> {
        let api = self.cloud.api();
        let stages = self.cloud.run(self.cloud.aws.apigateway.get_stages().rest_api_id(&api).send()).unwrap();
        let [stage] = stages.item() else { panic!("{stages:?}") };
        stage.web_acl_arn.clone()
    }

    fn arn(&self, stage: &str) -> String {
        format!("arn:aws:apigateway:eu-central-1::/restapis/{}/stages/{stage}", self.cloud.api())
    }

    fn down(&self) {
        self.sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
        assert!(self.sandbox.pipe(&["list"]).contains("no pipelines"));
    }
}

fn filled(text: &str, account: &str, acls: &[String; 2]) -> String {
    text.replace("ACCOUNT", account).replace("FIRST", &acls[0]).replace("SECOND", &acls[1])
}

/// A call of AWS WAF; null where it is refused.
fn waf(cloud: &Cloud, operation: &'static str, input: &Value) -> Value {
    const WAF: Service = Service { name: "wafv2", target: "AWSWAF_20190729" };
    cloud.run(cloud.aws.operations.call(&WAF, operation, input, Repeat::Never)).unwrap_or_default()
}

fn web_acl(cloud: &Cloud, name: &str) -> String {
    let seen = json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": false, "MetricName": name });
    let input = json!({ "Name": name, "Scope": "REGIONAL", "DefaultAction": { "Allow": {} }, "Rules": [], "VisibilityConfig": seen });
    waf(cloud, "CreateWebACL", &input)["Summary"]["ARN"].as_str().unwrap().to_owned()
}

fn up_edited_and_down(kind: Kind) {
    let front = Front::new(kind);
    front.sandbox.converge();
    let shown = front.sandbox.pipe(&["outputs"]);
    assert!(shown.contains("domain.api.url = https://api.example.com\n"), "{shown}");
    assert!(shown.contains("domain.api.target = ") && shown.contains("domain.api.hosted_zone_id = "), "{shown}");
    assert_eq!(front.filter().as_ref(), Some(&front.acls[0]));
    let tls = if kind == Kind::MiniStack { TLS } else { &[] };
    for (from, to, (domain, stage), acl) in tls.iter().chain(EDITS) {
        front.edit((*from, *to));
        front.sandbox.converge();
        let led: Vec<_> = Some(((*domain).to_owned(), Some((*stage).to_owned()))).into_iter().collect();
        assert_eq!(front.domains(), if domain.is_empty() { Vec::new() } else { led }, "{to}");
        assert_eq!(front.filter(), acl.map(|acl| front.acls[acl].clone()), "{to}");
    }
    front.down();
}

#[test]
fn ministack() {
    up_edited_and_down(Kind::MiniStack);
}

#[test]
fn moto() {
    up_edited_and_down(Kind::Moto);
}

#[test]
fn a_web_acl_that_somebody_else_set_stays_until_the_spec_names_one() {
    let front = Front::new(Kind::MiniStack);
    front.edit(("    waf: 'FIRST'\n", ""));
    front.sandbox.converge();
    let by_hand = json!({ "WebACLArn": front.acls[1], "ResourceArn": front.arn("prod") });
    waf(&front.cloud, "AssociateWebACL", &by_hand);
    front.sandbox.converge();
    front.edit(("get: /items", "get: /things"));
    front.sandbox.converge();
    assert_eq!(front.filter().as_ref(), Some(&front.acls[1]), "an edit of something else leaves it");
    front.edit(("    routes:", "    waf: 'FIRST'\n    routes:"));
    let refused = front.sandbox.run(&["apply", "--yes"]);
    assert_eq!(refused.code, Some(3), "another filter needs consent: {}{}", refused.out, refused.err);
    front.sandbox.converge();
    front.edit(("    waf: 'FIRST'\n", ""));
    front.sandbox.converge();
    assert_eq!(front.filter(), None, "the pipeline's own goes with its line");
    front.down();
}

#[test]
fn what_somebody_else_leads_elsewhere_is_neither_taken_nor_lost() {
    let front = Front::new(Kind::MiniStack);
    let api = &front.cloud.aws.apigateway;
    let theirs = front.cloud.run(api.create_rest_api().name("theirs").send()).unwrap().id.unwrap();
    front.cloud.run(api.create_domain_name().domain_name("api.example.com").send()).unwrap();
    let map = |path: &str| {
        let call = api.create_base_path_mapping().domain_name("api.example.com").base_path(path);
        front.cloud.run(call.rest_api_id(&theirs).stage("x").send()).unwrap();
    };
    let unmap = |path: &str| {
        let call = api.delete_base_path_mapping().domain_name("api.example.com").base_path(path);
        front.cloud.run(call.send()).unwrap();
    };
    map("(none)");
    let refused = front.sandbox.run(&["apply", "--yes"]);
    assert!(refused.code == Some(1) && refused.err.contains("no pipeline owns it"), "{}", refused.err);
    let refused = front.sandbox.run(&["apply", "--yes", "--adopt", "--allow-widening"]);
    assert!(
        refused.code == Some(1) && refused.err.contains(&format!("leads to the API `{theirs}`")),
        "{}",
        refused.err
    );
    assert_eq!(front.domains(), [("api.example.com".to_owned(), Some("x".to_owned()))]);
    // One that leads nowhere may be adopted; what somebody leads elsewhere later stays, and with it the domain.
    unmap("(none)");
    front.sandbox.pipe(&["apply", "--yes", "--adopt"]);
    map("v2");
    front.sandbox.converge();
    front.edit(("certificate/one", "certificate/two"));
    front.sandbox.converge();
    let refused = front.sandbox.run(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(refused.code == Some(1) && refused.err.contains("leads elsewhere below `v2`"), "{}", refused.err);
    unmap("v2");
    front.down();
}
