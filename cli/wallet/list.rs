//! `waypass wallet list` and `show`.

use super::{failure, short};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::scope::Scope as Work;
use crate::text::Text;
use crate::tone::Tone;
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::{Value, json};
use std::path::PathBuf;
use waypass_credential::json as strict;
use waypass_credential::role::Scope;
use waypass_machine::SystemRng;
use waypass_wallet::{Card, Filter, Standing};

/// Arguments of `wallet list`.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only those with this role
    #[arg(long)]
    role: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `wallet show`.
#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    /// The credential's id, or its beginning
    id: String,
    /// Write the credential itself to FILE; it shows everything in it to any reader
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
}

impl ShowArgs {
    /// A credential that is written out is used elsewhere.
    pub(crate) const fn scope(&self) -> Work {
        if self.export.is_some() { Work::Records } else { Work::Read }
    }
}

pub(crate) fn list(run: &Run, args: &ListArgs) -> Outcome {
    let open = super::open(run, &args.open)?;
    let filter = args.role.as_deref().map_or(Filter::All, Filter::Role);
    let listing = open.wallet.list(filter, open.bundle.as_ref(), &open.at).map_err(failure)?;
    let items: Vec<Value> = listing.cards.iter().map(document).collect();
    run.out.list("waypass.wallet/1", "credentials", &items, || {
        for card in &listing.cards {
            run.out.words(line(card, open.at.at()));
        }
        if listing.cards.is_empty() {
            run.out.note("nothing is held yet: waypass wallet add FILE");
        }
    })?;
    for id in &listing.unreadable {
        run.out.warn(&format!("credential {} is damaged and was set aside; ask its issuer for it again", short(id)));
    }
    for card in &listing.cards {
        warn_of_lost_key(run, card);
    }
    super::aside::tell(run, &open)?;
    Ok(Exit::Done)
}

/// A key that was here and is not any more is damage, which a word in a list must not hide.
fn warn_of_lost_key(run: &Run, card: &Card) {
    let what = match card.standing {
        Standing::KeyLost => "was damaged or removed on this device, so it can no longer be shown",
        Standing::KeyAltered => "may have been changed from outside on this device, so nothing is shown with it any more",
        _ => return,
    };
    run.out.warn(&format!(
        "the key of credential {} {what}; ask {} for a new one, with the line `waypass wallet key` prints",
        short(&card.id),
        card.issuer_name
    ));
}

pub(crate) fn show(run: &Run, args: &ShowArgs) -> Outcome {
    let open = super::open(run, &args.open)?;
    let id = open.wallet.find_id(&args.id).map_err(failure)?;
    let card = open.wallet.show(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    let what = if args.export.is_some() { "written to a file" } else { "shown to the person at the device" };
    if let Err(why) = open.wallet.note_read((id, &card.issuer_name), what, &open.at, &mut SystemRng) {
        // Reading needs no room.
        run.out.warn(&format!("the history does not have it that this credential was {what}: {why}"));
    }
    if let Some(path) = &args.export {
        let delivered = file::deliver(run.out, path, &open.wallet.export(id).map_err(failure)?, Readers::Owner)?;
        run.out.json(&file::with(json!({ "schema": "waypass.exported/1", "id": id.to_string() }), delivered))?;
        return Ok(Exit::Done);
    }
    let mut found = document(&card);
    if let Some(members) = found.as_object_mut() {
        members.insert("schema".to_owned(), json!("waypass.card/1"));
        let personal = strict::to_string(&strict::Value::Object(card.role.personal.clone()));
        let personal = serde_json::from_str(&personal).map_err(|error| Failure::internal(error, "run `waypass doctor`"))?;
        members.insert("personal".to_owned(), personal);
        members.insert("not_acted_on".to_owned(), json!(card.not_acted_on));
    }
    run.out.json(&found)?;
    warn_of_lost_key(run, &card);
    let out = run.out;
    out.words(line(&card, open.at.at()));
    out.words(&format!("  id           {}", card.id));
    out.words(&format!("  where        {}", places(&card)));
    for (name, value) in card.role.personal.iter() {
        let value = value.as_str().map_or_else(|| strict::to_string(value), str::to_owned);
        out.words(&format!("  {name:<12} {value}"));
    }
    if let Some(line) = words::not_acted_on(&card.not_acted_on) {
        out.words(&line);
    }
    out.words(&format!("  valid        {} to {}", words::when(card.role.valid_from), words::when(card.role.valid_until)));
    out.words(&format!("  held since   {}, as {}", words::when(card.held_at), card.format));
    let fresh = match card.ages.revocation {
        Some(seconds) => format!("as of a list {} old", words::span(seconds)),
        None => "no list about it is known".to_owned(),
    };
    out.words(&format!("  status       {} ({fresh})", standing(&card)));
    for note in &card.notes {
        out.words(&format!("  note         {} [{}]", note.code.meaning(), note.code));
    }
    Ok(Exit::Done)
}

fn line(card: &Card, now: waypass_credential::time::Timestamp) -> Text {
    let tone = match card.standing {
        Standing::InForce => Tone::Green,
        Standing::Withdrawn
        | Standing::NotTrusted(_)
        | Standing::Expired
        | Standing::Suspended
        | Standing::KeyLost
        | Standing::KeyAltered => Tone::Red,
        Standing::StatusUnknown | Standing::NotYet | Standing::NoBundle | Standing::Reissue => Tone::Amber,
    };
    let ends = words::relative(card.role.valid_until, now);
    Text::from(format!("{}  ", short(&card.id))).then_in(tone, standing(card)).then(format!(
        "  {} from {}, ends {ends}",
        words::list(&card.role.roles),
        card.issuer_name
    ))
}

fn standing(card: &Card) -> String {
    card.standing.words(&card.issuer_name)
}

fn places(card: &Card) -> String {
    let all: Vec<String> = card
        .role
        .sites
        .iter()
        .chain(&card.role.zones)
        .map(|place| if Scope::of(place) == Scope::Any { "everywhere".to_owned() } else { place.clone() })
        .collect();
    words::list(&all)
}

fn document(card: &Card) -> Value {
    json!({
        "id": card.id.to_string(), "format": card.format.as_str(), "issuer": card.issuer_name, "roles": card.role.roles, "sites": card.role.sites,
        "zones": card.role.zones, "standing": card.standing.as_str(), "valid_from": card.role.valid_from.unix(),
        "valid_until": card.role.valid_until.unix(), "held_at": card.held_at.unix(), "status_age_seconds": card.ages.revocation,
        "notes": card.notes.iter().map(|note| note.code.as_str()).collect::<Vec<_>>(),
    })
}
