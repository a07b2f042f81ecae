//! The REST API.
//!
//! IAM: apigateway:GET.

use crate::aws::Cx;
use crate::commands::status::figures::Stat::{P99, Sum};
use crate::commands::status::figures::{Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::{Count, Milliseconds};

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>
const FIGURES: &Table = &[
    ("requests", "Count", Sum, Count),
    ("5xx", "5XXError", Sum, Count),
    ("4xx", "4XXError", Sum, Count),
    ("p99", "Latency", P99, Milliseconds),
];

pub fn at<'a>(cx: &'a Cx, id: &str, name: String, stage: &str) -> Station<'a> {
    let figures = asks("AWS/ApiGateway", &[("ApiName", name.as_str()), ("Stage", stage)], FIGURES);
    let said = |_: Option<()>, figures: &Figures, part: &mut Part| judge(figures, part);
    station((id, &name.clone()), figures, look(cx, name), said)
}

async fn look(cx: &Cx, name: String) -> Result<Option<()>> {
    let mut pages = cx.aws.apigateway.get_rest_apis().limit(500).into_paginator().send();
    while let Some(page) = pages.next().await {
        if page?.items().iter().any(|api| api.name() == Some(&name)) {
            return Ok(Some(()));
        }
    }
    Ok(None)
}

fn judge(figures: &Figures, part: &mut Part) {
    let (failed, all) = (figures.value("5xx"), figures.value("requests"));
    if failed > 0.0 {
        let message = format!("{failed} of {all} requests were answered with 5xx: the API failed to hand them on");
        part.needs_person(message, "the access log says why: `pipe logs --part api`");
    }
    let refused = figures.value("4xx");
    if refused > 0.0 && refused * 2.0 > all {
        part.note("more than half of all requests were refused with 4xx: credentials, bodies, or a limit");
    }
}
