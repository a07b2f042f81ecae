use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;
use crate::aws::mocked::{cx_http, xml};
use crate::aws::policy::allow;

const UUID_OF_ONE: &str = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";

/// Policies under which these functions have network interfaces.
fn of(functions: &[&str]) -> BTreeMap<String, Policy> {
    let deny = |name: &&str| {
        let mut deny = allow("NotByCode", &["ec2:DeleteNetworkInterface"], &["*".to_owned()]);
        deny["Condition"] =
            json!({ "ArnEquals": { "lambda:SourceFunctionArn": format!("arn:aws:lambda:r:1:function:{name}") } });
        deny
    };
    BTreeMap::from([("pipe".to_owned(), Policy::new(functions.iter().map(deny).collect()))])
}

/// An account whose only interface has this description until it has been asked for so often, and whose functions are these.
fn cx(description: &str, until: usize, functions: &serde_json::Value) -> (Cx, Arc<Mutex<usize>>) {
    let asked = Arc::new(Mutex::new(0));
    let (count, functions) = (asked.clone(), functions.to_string());
    let item = format!(
        "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><subnetId>subnet-1</subnetId><description>{description}\
         </description><groupSet><item><groupId>sg-1</groupId></item></groupSet></item></networkInterfaceSet>"
    );
    let cx = cx_http(move |request| {
        if request.uri().contains("/functions") {
            return HttpResponse::new(200.try_into().unwrap(), SdkBody::from(functions.as_str()));
        }
        *count.lock().unwrap() += 1;
        if *count.lock().unwrap() > until { xml("<networkInterfaceSet/>") } else { xml(&item) }
    });
    (cx, asked)
}

fn nobody() -> serde_json::Value {
    json!({ "Functions": [] })
}

async fn release(cx: &Cx) -> Result<()> {
    released(cx, &Name::new("demo-role"), &of(&["f"]), &BTreeMap::new()).await
}

#[tokio::test(start_paused = true)]
async fn the_rights_stay_until_lambda_has_taken_the_interfaces_away() {
    let (cx, asked) = cx(&format!("{OF_LAMBDA}f-{UUID_OF_ONE}"), 3, &nobody());
    release(&cx).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn interfaces_that_are_left_are_named_for_the_next_run() {
    let (cx, _) = cx(&format!("{OF_LAMBDA}f-{UUID_OF_ONE}"), usize::MAX, &nobody());
    let error = release(&cx).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Lambda still needs the rights of the role `demo-role`, to take away network interfaces: `eni-1`"
    );
    assert!(error.hint_text().is_some_and(|hint| hint.contains("run the command again")));
}

/// Another function in the same subnet with the same groups keeps the interface: it may never go.
#[tokio::test(start_paused = true)]
async fn what_others_share_or_have_is_not_waited_for() {
    let sharing = |subnet: &str| json!({ "Functions": [{ "FunctionName": "g", "VpcConfig": { "SubnetIds": [subnet], "SecurityGroupIds": ["sg-1"] } }] });
    let ours = format!("{OF_LAMBDA}f-{UUID_OF_ONE}");
    release(&cx(&ours, usize::MAX, &sharing("subnet-1")).0).await.unwrap();
    release(&cx(&ours, usize::MAX, &sharing("subnet-2")).0).await.unwrap_err();
    release(&cx(&format!("{OF_LAMBDA}f-b-{UUID_OF_ONE}"), usize::MAX, &nobody()).0).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_where_the_rights_stay_or_never_were() {
    let (cx, asked) = cx("", usize::MAX, &nobody());
    let name = Name::new("demo-role");
    released(&cx, &name, &of(&["f"]), &of(&["f"])).await.unwrap();
    released(&cx, &name, &BTreeMap::new(), &of(&["f"])).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), 0);
    assert_eq!((grants(&of(&["f"])).len(), grants(&of(&[])).len()), (1, 0));
}
