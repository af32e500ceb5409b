//! `GET /metrics`: what the service does, as numbers, in the Prometheus text format 0.0.4. No person, credential, gate or address
//! is in it.

use super::answer::answer;
use super::counts::Answered;
use super::service::Service;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use core::fmt::Write as _;

const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(State(service): State<Service>) -> Response<Body> {
    answer(StatusCode::OK, KIND, "no-store", text(&service))
}

fn text(service: &Service) -> String {
    let mut text = String::new();
    let mut one = |name: &str, kind: &str, help: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP waypass_{name} {help}\n# TYPE waypass_{name} {kind}\nwaypass_{name} {value}");
    };
    let connections = service.connections.counts();
    if let Some(published) = service.board.read() {
        one("published_timestamp_seconds", "gauge", "Time of the publication that is shown.", published.at.unix().to_string());
        one("published_version", "gauge", "Version of its timestamp.", published.timestamp.to_string());
    }
    one("connections", "gauge", "Open connections.", connections.open.to_string());
    one("peers", "gauge", "Hosts with an open connection.", connections.peers.to_string());
    one("connections_evicted_total", "counter", "Connections ended because another host needed a place.", connections.evicted.to_string());
    one("connections_refused_total", "counter", "Connections refused because every place was taken.", connections.refused.to_string());
    one("body_bytes", "gauge", "Request bodies in memory, in bytes.", service.buffers.held().to_string());
    let all = service.metrics.all();
    let mut of_each = |name: &str, help: &str, value: &dyn Fn(&Answered) -> String| {
        let _ = writeln!(text, "# HELP waypass_{name} {help}\n# TYPE waypass_{name} counter");
        for ((route, status), answered) in &all {
            let _ = writeln!(text, "waypass_{name}{{route=\"{route}\",status=\"{status}\"}} {}", value(answered));
        }
    };
    of_each("requests_total", "Requests answered.", &|answered| answered.times.to_string());
    of_each("request_seconds_total", "Time taken by them, in seconds.", &|answered| answered.took.as_secs_f64().to_string());
    text
}
