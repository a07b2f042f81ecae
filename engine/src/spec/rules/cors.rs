//! Rules of `cors`: origins that no browser would match, and what `*` cannot be together with.

use super::{At, Cx};
use crate::spec::{ANY_ORIGIN, Api, Method, Problem, To};
use std::collections::BTreeSet;

/// Every origin can be matched, once, and `*` stands alone.
pub(super) fn origins(_: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let Some(cors) = &api.it.cors else { return Vec::new() };
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, origin) in cors.origins.iter().enumerate() {
        let at = api.at(&format!("cors/origins/{index}"));
        if !seen.insert(origin) {
            problems.push(Problem::error(at, format!("`{origin}` is there already")).hint("take one of the two out"));
        } else if let Some(bare) = without_default_port(origin) {
            let message = format!("browsers send `{bare}`, without the port that `{origin}` has by default");
            problems.push(Problem::error(at, message).hint(format!("write `{bare}`")));
        } else if origin == ANY_ORIGIN && cors.origins.len() > 1 {
            let problem = Problem::error(at, "`*` lets every page in: the other origins say nothing");
            problems.push(problem.hint("take `*` out, or the others"));
        } else if origin == ANY_ORIGIN && cors.credentials {
            let message = "browsers take no `*` from an API that lets pages use the browser's credentials";
            problems.push(Problem::error(at, message).hint("name the origins, or take `credentials: true` out"));
        }
    }
    problems
}

fn without_default_port(origin: &str) -> Option<&str> {
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(port).filter(|bare| bare.starts_with("http"))
}

/// What `cors` means for a route of every method, and for refusals.
pub(super) fn notes(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(api) = cx.api() else { return Vec::new() };
    let Some(cors) = &api.it.cors else { return Vec::new() };
    let any = api.it.routes.iter().enumerate().filter(|(_, route)| route.method() == Method::Any);
    let mut problems: Vec<Problem> = any
        .map(|(index, _)| {
            let message = "OPTIONS requests to this path are answered by `cors`, not by this route";
            Problem::note(api.at(&format!("routes/{index}/any")), message).on_key()
        })
        .collect();
    if let Some(index) = api.it.routes.iter().position(|route| matches!(route.to, Some(To::Function))) {
        let message =
            "pages can read the function's answers where it gives the header `Access-Control-Allow-Origin` itself";
        problems.push(Problem::note(api.at(&format!("routes/{index}/to")), message).on_key());
    }
    if cors.credentials && cors.origins.len() > 1 {
        let message = format!(
            "a refusal (401, 403, 429 and so on) names one origin only, `{}`: pages of the others cannot read its status",
            cors.origins[0]
        );
        problems.push(Problem::note(api.at("cors/origins"), message).on_key());
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::spec::Severity;

    /// The notes of a spec that say something of `cors`, and where.
    fn notes(cors: &str) -> Vec<(String, String)> {
        let text = format!(
            "name: demo\nsource:\n  api:\n    cors: {cors}\n    routes: [{{ post: /a, auth: none }}, {{ any: /b, auth: none }}]\n\
             stream: {{ kinesis: {{}} }}\n"
        );
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
        let notes = loaded.notes.problems.into_iter().filter(|problem| problem.severity == Severity::Note);
        let told = notes.map(|problem| (problem.path, problem.message));
        told.filter(|(path, _)| path.contains("/cors/") || path.contains("/routes/")).collect()
    }

    #[test]
    fn a_route_of_every_method_and_refusals_of_several_origins_are_noted() {
        let any = "OPTIONS requests to this path are answered by `cors`, not by this route";
        let any = ("/source/api/routes/1/any".to_owned(), any.to_owned());
        let (one, two) = ("origins: ['https://a.example']", "origins: ['https://a.example', 'https://b.example']");
        assert_eq!(notes(&format!("{{ {one}, credentials: true }}")), std::slice::from_ref(&any));
        assert_eq!(notes(&format!("{{ {two} }}")), std::slice::from_ref(&any));
        let told = notes(&format!("{{ {two}, credentials: true }}"));
        let first = told.iter().find(|(path, _)| path == "/source/api/cors/origins").unwrap();
        assert!(told.contains(&any) && first.1.contains("one origin only, `https://a.example`"), "{told:?}");
    }
}
