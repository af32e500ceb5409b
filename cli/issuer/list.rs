//! `waypass issuer list` and `show`.

use super::standing::standing;
use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::{Value, json};
use waypass_credential::role::Scope;
use waypass_credential::time::{Timestamp, Validity};
use waypass_issuer::store::{CredentialRecord, Filter, State, StatusEvent};

/// Arguments of `issuer list`.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only this state
    #[arg(long)]
    state: Option<StateArg>,
    /// Only those in force that end within this time, such as 30d
    #[arg(long, value_name = "TIME", value_parser = words::parse_span, conflicts_with = "state")]
    ends_within: Option<i64>,
    /// Only this holder
    #[arg(long, value_name = "DID")]
    holder: Option<String>,
    /// Only this role
    #[arg(long)]
    role: Option<String>,
    /// At most this many, newest first
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Only those whose id begins so, or whose label contains it
    text: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `issuer show`.
#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    /// The credential's id, or how it begins; without it the issuer itself
    #[arg(conflicts_with = "policy")]
    id: Option<String>,
    /// Print the rules that gates decide by, as `publish --policy` takes them
    #[arg(long)]
    policy: bool,
    #[command(flatten)]
    open: OpenArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum StateArg {
    /// In force: not withdrawn, and not past its end
    Valid,
    Suspended,
    Revoked,
    /// Past its end, and never withdrawn
    Ended,
}

pub(crate) fn list(run: &Run, args: &ListArgs) -> Outcome {
    let now = now();
    let (state, ends_after, ended_by) = match args.state {
        None if args.ends_within.is_some() => (Some(State::Valid), Some(now), args.ends_within.map(|seconds| now.plus(seconds))),
        None => (None, None, None),
        Some(StateArg::Valid) => (Some(State::Valid), Some(now), None),
        Some(StateArg::Ended) => (Some(State::Valid), None, Some(now)),
        Some(StateArg::Suspended) => (Some(State::Suspended), None, None),
        Some(StateArg::Revoked) => (Some(State::Revoked), None, None),
    };
    let (holder, role, text, limit) = (args.holder.clone(), args.role.clone(), args.text.clone(), args.limit);
    let filter = Filter { state, ends_after, ended_by, holder, role, text, limit, ..Filter::default() };
    let records = super::with(run, &args.open, |issuer| issuer.credentials(&filter).map_err(store_failure))?;
    let items: Vec<Value> = records.iter().map(|record| document(record, now)).collect();
    run.out.list("waypass.issued-list/1", "credentials", &items, || {
        for record in &records {
            run.out.words(&format!(
                "{:<12} {:<9} until {}  {:<20} {}",
                record.id,
                standing(record, now),
                words::when(record.valid_until),
                record.roles.join(","),
                record.label
            ));
        }
        if records.is_empty() {
            run.out.note("nothing was issued that fits");
        }
    })?;
    Ok(Exit::Done)
}

pub(crate) fn show(run: &Run, args: &ShowArgs) -> Outcome {
    if args.policy {
        let policy = super::with(run, &args.open, |issuer| issuer.policy().map_err(store_failure))?;
        run.out.json(&json!({ "schema": "waypass.rules/1", "rules": policy }))?;
        if run.out.is_json() {
            return Ok(Exit::Done);
        }
        let text = serde_json::to_string_pretty(&policy).map_err(|error| Failure::internal(error, "run `waypass doctor`"))?;
        run.out.bytes(format!("{text}\n").as_bytes())?;
        return Ok(Exit::Done);
    }
    let Some(id) = &args.id else { return about(run, &args.open) };
    let (record, history) = super::with(run, &args.open, |issuer| {
        let record = issuer.find(id).map_err(super::change::failure)?;
        let history = issuer.history(&record.id).map_err(store_failure)?;
        Ok((record, history))
    })?;
    let now = now();
    let mut found = document(&record, now);
    if let Some(members) = found.as_object_mut() {
        members.insert("schema".to_owned(), json!("waypass.issued/1"));
        members.insert("history".to_owned(), history.iter().map(event).collect());
    }
    run.out.json(&found)?;
    let (roles, sites, zones) = (words::list(&record.roles), words::list(&record.sites), words::list(&record.zones));
    run.out.words([
        format!("{} {} ({})", record.id, standing(&record, now), record.format),
        format!("  holder {}", record.holder),
        format!("  roles {roles}, sites {sites}, zones {zones}"),
        format!("  valid {} to {}", words::when(record.valid_from), words::when(record.valid_until)),
        format!("  status list {}, entry {}", record.list, record.index),
    ]);
    for event in &history {
        let (at, to) = (words::when(event.at), event.to.as_str());
        let line = format!("  {at}  {to} by {}: {} {}", event.operator, event.cause, event.note);
        run.out.words(line.trim_end());
    }
    Ok(Exit::Done)
}

fn about(run: &Run, open: &OpenArgs) -> Outcome {
    let (settings, root, gates, acts) = super::with(run, open, |issuer| {
        let acts = issuer.acts().map_err(store_failure)?;
        Ok((issuer.settings().clone(), super::publish::root(issuer)?, issuer.gates().map_err(store_failure)?, acts))
    })?;
    let ids: Vec<&String> = gates.iter().map(|gate| &gate.id).collect();
    let about = json!({ "schema": "waypass.issuer/1", "settings": settings, "root": root.digest, "gates": ids, "history": acts });
    run.out.json(&about)?;
    let sites = if Scope::is_everywhere(&settings.sites) { "every site".to_owned() } else { words::list(&settings.sites) };
    let mut lines = vec![
        settings.name.clone(),
        format!("  published under {}", settings.base_url),
        format!("  may issue {} for {sites}", words::list(&settings.roles)),
        format!("  longest validity {}", words::span(settings.max_validity_seconds)),
    ];
    let mut enrolled = gates.iter().filter(|gate| gate.revoked.is_none()).peekable();
    if enrolled.peek().is_none() {
        lines.push("  no gate yet".to_owned());
    }
    for gate in enrolled {
        lines.push(format!("  gate {} (site {}, zone {})", gate.name, gate.site, gate.zone));
        lines.push(format!("    {}", gate.id));
    }
    lines.push(format!("  root of trust {}", root.digest));
    for act in &acts {
        let at = Timestamp::from_unix(act.at).map_or_else(String::new, words::when);
        lines.extend(super::settings::told(act).into_iter().map(|what| format!("  {at}  by {}: {what}", act.operator)));
    }
    run.out.words(lines);
    Ok(Exit::Done)
}

fn document(record: &CredentialRecord, now: Timestamp) -> Value {
    json!({
        "id": record.id, "state": record.state.as_str(), "ended": Validity::ending(record.valid_until).is_over(now), "format": record.format, "holder": record.holder, "label": record.label,
        "roles": record.roles, "sites": record.sites, "zones": record.zones, "issued_at": record.issued_at.unix(),
        "valid_from": record.valid_from.unix(), "valid_until": record.valid_until.unix(), "list": record.list, "index": record.index,
        "changed_at": record.changed_at.unix(),
    })
}

fn event(event: &StatusEvent) -> Value {
    json!({ "at": event.at.unix(), "to": event.to.as_str(), "cause": event.cause.as_str(), "note": event.note, "operator": event.operator })
}
