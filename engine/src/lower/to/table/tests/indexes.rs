//! Queries and scans of an index.

use serde_json::json;

use super::*;

/// The templates of an action that reads the index `by-town` of the table `People`: its key is `town` and the table's sort key.
fn by_town(action: &str) -> Made {
    let call: TableAction = serde_json::from_value(json!({ action: { "index": "by-town" } })).unwrap();
    let (partition, sort) = (key("ID", "S"), key("Age", "N"));
    let index = Index { name: "by-town".to_owned(), partition: key("town", "S"), sort: Some(key("Age", "N")) };
    made(&Call { table: "People", partition: &partition, sort: Some(&sort), index: Some(&index) }, &call, None).unwrap()
}

fn in_path(town: &str) -> Params {
    let town = percent_encoding::utf8_percent_encode(town, percent_encoding::NON_ALPHANUMERIC).to_string();
    Params { path: vec![("town".to_owned(), town)], ..Params::default() }
}

#[test]
fn an_index_is_queried_by_its_own_key() {
    let call = text(&by_town("query").request, "", &in_path("Ulm"));
    assert_eq!((&call["TableName"], &call["IndexName"]), (&json!("People"), &json!("by-town")));
    assert_eq!(call["ExpressionAttributeNames"], json!({ "#k": "town" }));
    assert_eq!(call["ExpressionAttributeValues"], json!({ ":k": { "S": "Ulm" } }));
    assert_eq!(call.get("ConsistentRead"), None, "DynamoDB refuses it on an index");
    assert_eq!(text(&by_town("scan").request, "", &Params::default())["IndexName"], "by-town");
    assert_eq!(text(&people("scan", None).request, "", &Params::default()).get("IndexName"), None);
}

proptest! {
    /// A place in an index has the key of the index and of the table, each attribute once, whatever their values are.
    #[test]
    fn a_page_of_an_index_goes_on_where_it_ended(town in hostile(), id in hostile(), age in any::<i64>()) {
        prop_assume!(!town.is_empty() && !id.is_empty(), "no key of DynamoDB's is empty");
        let last = json!({ "town": { "S": town }, "Age": { "N": age.to_string() }, "ID": { "S": id } });
        for action in ["query", "scan"] {
            let (_, page) = answered(&by_town(action).success, &json!({ "Items": [], "LastEvaluatedKey": last }));
            let next = page["next"].as_str().unwrap().to_owned();
            prop_assert_eq!(next.matches('.').count(), 2);
            let params = Params { querystring: vec![("next".to_owned(), next)], ..in_path("Ulm") };
            let call = text(&by_town(action).request, "", &params);
            prop_assert_eq!((&call["ExclusiveStartKey"], &call["Limit"]), (&last, &json!(100)));
        }
    }
}

/// A token of the table has other parts than one of an index.
#[test]
fn a_token_of_another_shape_is_refused() {
    let last = json!({ "ID": { "S": "a" }, "Age": { "N": "7" } });
    let (_, page) = answered(&people("scan", None).success, &json!({ "Items": [], "LastEvaluatedKey": last }));
    let params = Params {
        querystring: vec![("next".to_owned(), page["next"].as_str().unwrap().to_owned())],
        ..Params::default()
    };
    let call = text(&by_town("scan").request, "", &params);
    assert_eq!((call.get("ExclusiveStartKey"), &call["Limit"]), (None, &json!(0)), "which DynamoDB refuses: 400");
}
