use std::sync::{Arc, Mutex};

use super::*;
use crate::aws::mocked::{cx_answered, refusal, success};
use crate::owner::PIPELINE;

fn body(label: &str) -> Value {
    json!({ "widgets": [
        { "type": "metric", "x": 0, "y": 2, "width": 6, "height": 6, "properties": { "metrics": [["AWS/SQS", "NumberOfMessagesSent"]] } },
        { "type": "text", "properties": { "markdown": labelled(label, "# demo\nMade by pipe.") } },
    ] })
}

fn name() -> Name {
    Name::new("demo-eu-central-1")
}

async fn read(text: String) -> Live<Dashboard> {
    let cx = cx_answered(move |operation, input| {
        assert_eq!((operation, &input["DashboardName"]), ("GetDashboard", &json!("demo-eu-central-1")));
        success(&json!({ "DashboardName": "demo-eu-central-1", "DashboardBody": text }))
    });
    Dashboard::read(&cx, &name()).await.unwrap().remove(0)
}

/// AWS keeps the text as it was given, spaces and order too; it is compared as JSON.
#[tokio::test]
async fn a_label_in_a_text_says_whose_it_is() {
    let ours = read(format!("{:#}", body("pipe-demo-dashboard"))).await;
    assert_eq!(ours.tags.get(PIPELINE).map(String::as_str), Some("demo"));
    assert_eq!(ours.props.body, body("pipe-demo-dashboard"));
    for other in ["pipe-demo-eu-dashboard", "pipe-dem-dashboard", "demo"] {
        assert!(read(body(other).to_string()).await.tags.is_empty(), "{other}");
    }
    let torn = read("no JSON".to_owned()).await;
    assert_eq!((torn.tags.is_empty(), torn.props.body), (true, Value::Null));
}

/// `ResourceNotFound` is what the older protocol says.
#[tokio::test]
async fn absent_is_nothing_to_read_and_nothing_to_delete() {
    for code in ["DashboardNotFoundError", "ResourceNotFound"] {
        let cx = cx_answered(move |_, _| refusal(code, "Dashboard demo does not exist"));
        assert!(Dashboard::read(&cx, &name()).await.unwrap().is_empty());
        Dashboard::delete(&cx, &name(), &Handle::new("demo")).await.unwrap();
    }
}

#[tokio::test]
async fn it_is_written_where_it_differs() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let kept = calls.clone();
    let cx = cx_answered(move |operation, input| {
        kept.lock().unwrap().push((operation.to_owned(), input["DashboardBody"].clone()));
        success(&json!({ "DashboardValidationMessages": [] }))
    });
    let desired = Dashboard { body: body("pipe-demo-dashboard") };
    let mut live = read(desired.body.to_string()).await;
    desired.reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert!(calls.lock().unwrap().is_empty());
    live.props.body["widgets"][0]["width"] = json!(12);
    desired.reconcile(&cx, &name(), Some(&live)).await.unwrap();
    desired.reconcile(&cx, &name(), None).await.unwrap();
    let written = json!(desired.body.to_string());
    assert_eq!(
        *calls.lock().unwrap(),
        [("PutDashboard".to_owned(), written.clone()), ("PutDashboard".to_owned(), written)]
    );
}
