//! `waypass verifier challenge`.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Members, Readers};
use crate::format::FormatArg;
use crate::gate::failure;
use crate::unlock::OpenArgs;
use crate::{qr, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::ClaimPath;
use waypass_credential::Format;
use waypass_credential::request::Query;
use waypass_gate::{Asked, Carrier, Gate};
use waypass_machine::{SystemRng, clock};

/// The content of a question, and why it is asked.
#[derive(clap::Args)]
pub(super) struct QuestionArgs {
    /// A role that would do, repeatable [default: any]
    #[arg(long = "role", value_name = "ROLE", conflicts_with = "query")]
    roles: Vec<String>,
    /// A personal claim to ask for too, such as given_name; ask for as little as you can
    #[arg(long = "claim", value_name = "NAME", conflicts_with = "query")]
    claims: Vec<String>,
    /// A format that would do, repeatable; each makes the question longer [default: sd-jwt and vc, and sd-cwt in a code]
    #[arg(long = "format", value_name = "FORMAT", conflicts_with = "query")]
    formats: Vec<FormatArg>,
    /// A file with the whole question as a DCQL query
    #[arg(long, value_name = "FILE")]
    query: Option<PathBuf>,
    /// Why, in words for the person
    #[arg(long, value_name = "TEXT", default_value = "Entry")]
    pub(super) purpose: String,
}

/// Arguments of `verifier challenge`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    question: QuestionArgs,
    /// File for the challenge
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    codes: qr::ShowArgs,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let carrier = if args.codes.is_none() { Carrier::File } else { Carrier::Code };
    let query = args.question.query(run, carrier)?;
    let ask = |gate: &Gate<'_>| gate.ask(query, &args.question.purpose, carrier, &clock::read(), &mut SystemRng).map_err(failure);
    let Asked { bytes, request } = super::with(run, &args.open, ask)?;
    let nowhere = args.output.is_none() && args.codes.is_none();
    let mut shown = Members::new();
    if let Some(path) = args.output.clone().or_else(|| nowhere.then(|| PathBuf::from("-"))) {
        shown.extend(file::deliver(run.out, &path, &bytes, Readers::All)?);
    }
    shown.extend(args.codes.show(run.out, &bytes)?);
    let document = json!({
        "schema": "waypass.challenge/1", "gate": request.client_id, "nonce": request.nonce.to_text(), "purpose": request.purpose,
        "expires_at": request.expires_at.unix(),
    });
    run.out.json(&file::with(document, shown))?;
    run.out.note(&format!("answer within {}", words::span(request.expires_at.since(request.issued_at))));
    Ok(Exit::Done)
}

impl QuestionArgs {
    /// Returns the query of a question that is carried so.
    pub(super) fn query(&self, run: &Run, carrier: Carrier) -> Result<Query, Failure> {
        let wrong = |error| Failure::usage(error, "see OpenID4VP 1.0, section 6, or ask with --role and --claim");
        if let Some(path) = &self.query {
            return Query::parse(&file::read(run.input, path)?).map_err(|error| wrong(error).about(path));
        }
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        let claims: Vec<ClaimPath> = self.claims.iter().map(|name| ClaimPath::names(name.split('.'))).collect();
        let asked = match carrier {
            _ if !self.formats.is_empty() => self.formats.as_slice(),
            Carrier::File => &FormatArg::ASKED_BY_DEFAULT,
            Carrier::Code => &FormatArg::ASKED_BY_CODE,
        };
        let formats: Vec<Format> = asked.iter().copied().map(Format::from).collect();
        Query::for_role(&formats, &roles, &claims).map_err(wrong)
    }
}
