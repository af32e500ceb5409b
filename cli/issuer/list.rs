//! `waypass issuer list` and `show`.

use super::standing::standing;
use super::{now, seat, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::output::Listing;
use crate::unlock::{self, OpenArgs};
use crate::words;
use serde_json::{Value, json};
use waypass_credential::role::Scope;
use waypass_credential::time::{Timestamp, Validity};
use waypass_issuer::store::{CredentialRecord, Filter, State, StatusEvent};

/// Credentials in memory at a time: an office has a million.
const PAGE: u32 = 10_000;

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
    let (holder, role, text) = (args.holder.clone(), args.role.clone(), args.text.clone());
    let filter = Filter { state, ends_after, ended_by, holder, role, text, ..Filter::default() };
    let mut pages = Pages { filter, size: PAGE, left: args.limit.unwrap_or(u32::MAX) };
    let mut listing = Listing::new(run.out, "waypass.issued-list/1", "credentials");
    let mut vault = unlock::keep(run, Role::Issuer, &args.open)?;
    loop {
        let read = |filter: &Filter| seat::seated(run, &vault, |issuer| issuer.credentials(filter).map_err(store_failure));
        let (records, is_last) = pages.next(read)?;
        // Others can use the office while somebody reads.
        if is_last {
            unlock::tell_findings(run, Role::Issuer, &vault);
            drop(vault);
            tell(run, &mut listing, &records, now)?;
            break;
        }
        unlock::aside(run, Role::Issuer, &mut vault, || tell(run, &mut listing, &records, now))??;
    }
    if listing.is_empty() {
        run.out.note("nothing was issued that fits");
    }
    listing.end();
    Ok(Exit::Done)
}

/// Pages of a list, the newest first.
struct Pages {
    filter: Filter,
    size: u32,
    /// How many are still wanted.
    left: u32,
}

impl Pages {
    /// Returns the next page, and true if it is the last.
    fn next<E>(&mut self, read: impl FnOnce(&Filter) -> Result<Vec<CredentialRecord>, E>) -> Result<(Vec<CredentialRecord>, bool), E> {
        let wanted = self.left.min(self.size);
        self.filter.limit = Some(wanted);
        let page = read(&self.filter)?;
        self.left -= wanted;
        self.filter.before = page.last().map(|record| record.id.clone());
        let is_full = u32::try_from(page.len()).is_ok_and(|found| found == wanted);
        Ok((page, !is_full || self.left == 0))
    }
}

/// Prints a page of the list.
fn tell(run: &Run, listing: &mut Listing, records: &[CredentialRecord], now: Timestamp) -> Result<(), Failure> {
    for record in records {
        listing.item(|| document(record, now))?;
        run.out.words(&format!(
            "{:<12} {:<9} until {}  {:<20} {}",
            record.id,
            standing(record, now),
            words::when(record.valid_until),
            record.roles.join(","),
            record.label
        ));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::{Filter, Pages};
    use std::convert::Infallible;
    use waypass_credential::Format;
    use waypass_credential::time::Timestamp;
    use waypass_issuer::store::{CredentialRecord, State};

    fn record(number: u32) -> CredentialRecord {
        let at = Timestamp::from_unix(0).expect("a time");
        CredentialRecord {
            id: number.to_string(),
            format: Format::SdJwtVc,
            holder: String::new(),
            label: String::new(),
            roles: Vec::new(),
            sites: Vec::new(),
            zones: Vec::new(),
            issued_at: at,
            valid_from: at,
            valid_until: at,
            key_id: String::new(),
            list: 1,
            index: number,
            state: State::Valid,
            changed_at: at,
        }
    }

    /// Each credential is on one page, whether the last page is full or not, and no page is larger than it may be.
    #[test]
    fn pages_have_everything_once() {
        for (there, limit, pages) in
            [(0, 9, 1), (3, 9, 1), (4, 9, 2), (7, 9, 2), (9, 9, 3), (20, 9, 3), (20, u32::MAX, 6), (20, 4, 1), (5, 0, 1)]
        {
            let mut list = Pages { filter: Filter::default(), size: 4, left: limit };
            let (mut found, mut count) = (Vec::new(), 0);
            loop {
                let read = |filter: &Filter| -> Result<Vec<CredentialRecord>, Infallible> {
                    let before = filter.before.as_ref().map_or(there, |id| id.parse().expect("a number"));
                    let limit = filter.limit.expect("a page");
                    assert!(limit <= 4);
                    Ok((0..before).rev().take(limit as usize).map(record).collect())
                };
                let (page, is_last) = list.next(read).expect("read");
                found.extend(page.into_iter().map(|record| record.index));
                count += 1;
                if is_last {
                    break;
                }
            }
            let expected: Vec<u32> = (0..there).rev().take(limit as usize).collect();
            assert_eq!((found, count), (expected, pages), "{there} of which {limit} are wanted");
        }
    }
}
