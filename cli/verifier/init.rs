//! `waypass verifier init`.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::gate::failure;
use crate::home::Role;
use crate::unlock::{self, CreateArgs};
use serde_json::json;
use waypass_credential::did;
use waypass_gate::{About, BadAbout, Gate};

/// Arguments of `verifier init`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The name people know the gate by
    #[arg(long)]
    name: String,
    /// Site it is for
    #[arg(long)]
    site: String,
    /// The zone it opens
    #[arg(long)]
    zone: String,
    #[command(flatten)]
    create: CreateArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let about = About { name: args.name.clone(), site: args.site.clone(), zone: args.zone.clone() };
    about.check().map_err(|why| {
        let flag = match why {
            BadAbout::Name => "--name",
            BadAbout::Site => "--site",
            BadAbout::Zone => "--zone",
        };
        Failure::usage(why, format!("correct {flag}"))
    })?;
    let key = unlock::create(run, Role::Verifier, &args.create, |vault| Gate::set_up(vault, &about).map_err(failure))?;
    let id = did::to_did_key(&key.public_key);
    run.out.json(&json!({ "schema": "waypass.gate/1", "id": id, "name": args.name, "site": args.site, "zone": args.zone }))?;
    run.out.words([format!("{} is ready to be enrolled (site {}, zone {})", args.name, args.site, args.zone), format!("  {id}")]);
    run.out.note("next: waypass verifier enroll -o FILE, and take FILE to the issuer");
    Ok(Exit::Done)
}
