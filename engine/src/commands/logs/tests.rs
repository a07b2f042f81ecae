use super::*;

fn parts() -> Vec<Part> {
    let part = |id: &str, writer| Part { id: id.into(), group: format!("/aws/{id}"), writer };
    vec![part("api", Writer::Api), part("consumer", Writer::Function)]
}

#[test]
fn a_part_is_chosen_by_its_id() {
    let ids = |asked: &[&str]| {
        let asked: Vec<String> = asked.iter().map(|text| (*text).to_owned()).collect();
        chosen(parts(), &asked).map(|parts| parts.into_iter().map(|part| part.id).collect::<Vec<_>>())
    };
    assert_eq!(ids(&[]).unwrap(), ["api", "consumer"]);
    assert_eq!(ids(&["consumer"]).unwrap(), ["consumer"]);
    let error = ids(&["consumer", "x"]).unwrap_err();
    assert_eq!(error.message(), "no part `x` of this pipeline has a log");
    assert!(error.hint_text().unwrap().starts_with("these have one: `api`, `consumer`"), "{error:?}");
    assert_eq!(chosen(Vec::new(), &[]).unwrap_err().message(), "nothing of this pipeline has a log");
}
