//! `waypass issuer issue`: a credential for a known holder key, or an offer for the person who brings the code.

use super::many::{self, Job};
use super::refused::failure;
use super::{now, operator};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Members, Readers};
use crate::format::FormatArg;
use crate::unlock::OpenArgs;
use crate::{qr, words};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use waypass_credential::did;

use waypass_credential::data_integrity::Suite;
use waypass_credential::json::{self as strict, Limits, Object, Value};
use waypass_credential::key::Algorithm;
use waypass_issuer::Issuer;
use waypass_issuer::issue::{CardOrder, Issued, Order, Validity};
use waypass_issuer::offer::{Offer, OfferTerms};
use waypass_machine::SystemRng;
use waypass_trust::bundle::ListKind;
use waypass_trust::status::TokenForm;

mod people;

/// Arguments of `issuer issue`.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line and means nothing elsewhere")]
pub(crate) struct Args {
    /// The holder's DID, as `waypass wallet key` prints it
    #[arg(long, value_name = "DID", required_unless_present_any = ["offer", "from", "card"])]
    holder: Option<String>,
    /// Issue to many people: a table (CSV) whose first line names its columns: holder, role, site, zone, valid, label, claim:NAME. Several
    /// roles, sites or zones in a cell are parted by `;`. An empty cell is what the option of that name says. If it is cut off, run the
    /// same again: nobody is issued to twice
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["holder", "offer", "card", "qr", "qr_png", "qr_svg"])]
    from: Option<PathBuf>,
    /// Leave faulty lines of the table out; without this, one of them keeps everything from being issued
    #[arg(long, requires = "from")]
    skip_faulty: bool,
    /// To issue to people of the same table once more: any other name than last time
    #[arg(long, value_name = "NAME", default_value = "", requires = "from")]
    run: String,
    /// Do not ask before the people of a table are issued to
    #[arg(long, requires = "from")]
    yes: bool,
    /// Make an offer for a wallet to pick up instead
    #[arg(long, conflicts_with = "holder")]
    offer: bool,
    /// Ask for six digits at pick-up, given to the holder another way
    #[arg(long, requires = "offer")]
    tx_code: bool,
    /// How long the offer holds
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = words::parse_span, requires = "offer")]
    offer_valid: i64,
    /// Make a card to print, for a person without a wallet; anybody can copy one, so gates check who brings it
    #[arg(long, conflicts_with_all = ["holder", "offer", "claims", "format", "status", "suites"], requires = "name")]
    card: bool,
    /// The name on the card, as on an identity document
    #[arg(long, value_name = "NAME", requires = "card")]
    name: Option<String>,
    /// The number of an identity document; only the last four letters and digits are on the card
    #[arg(long, value_name = "NUMBER", requires = "card")]
    document: Option<String>,
    /// A role, repeatable
    #[arg(long = "role", value_name = "ROLE", required_unless_present = "from")]
    roles: Vec<String>,
    /// A site where it holds, repeatable; `*` is any
    #[arg(long = "site", value_name = "SITE", required_unless_present = "from")]
    sites: Vec<String>,
    /// A zone where it holds, repeatable; `*` is any
    #[arg(long = "zone", value_name = "ZONE")]
    zones: Vec<String>,
    /// How long it is valid: 90d, 12h; or its last day, such as 2027-03-31, in this machine's time zone
    #[arg(long, value_name = "TIME|DATE", default_value = "90d", value_parser = validity)]
    valid: Validity,
    /// A JSON file with personal claims such as given_name; signed, not kept
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// Name for it in lists [default: the name on a card]
    #[arg(long, default_value = "")]
    label: String,
    /// How the credential is made
    #[arg(long, default_value = "sd-jwt")]
    format: FormatArg,
    /// The key to sign with [default: ed25519]
    #[arg(long)]
    algorithm: Option<AlgorithmArg>,
    /// The Data Integrity suite, with --format vc; given twice, the credential has a proof in each, and gates check both [default: the
    /// JCS suite of the key]
    #[arg(long = "suite", value_name = "NAME", value_parser = suite)]
    suites: Vec<Suite>,
    /// Kind of list its status is in [default: the issuer's own, see `issuer init`]
    #[arg(long, value_name = "KIND")]
    status: Option<StatusArg>,
    /// File for the credential or the offer; with --from the folder for the credentials and their list, result.csv
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    codes: qr::ShowArgs,
    /// Person who issues, for the history [default: the user's login name]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

/// A kind of status list on the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum StatusArg {
    /// Token Status List, for every format
    Token,
    /// Bitstring Status Lists, for VCDM documents: one for revocations, one for suspensions
    Bitstring,
}

impl From<StatusArg> for ListKind {
    fn from(name: StatusArg) -> Self {
        match name {
            StatusArg::Token => Self::Token,
            StatusArg::Bitstring => Self::Bitstring,
        }
    }
}

/// How a Token Status List is published, on the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum ListFormArg {
    /// Every reader knows it
    Jwt,
    /// A quarter shorter; gates and wallets of version 0.1.0 do not read it
    Cwt,
}

impl From<ListFormArg> for TokenForm {
    fn from(name: ListFormArg) -> Self {
        match name {
            ListFormArg::Jwt => Self::Jwt,
            ListFormArg::Cwt => Self::Cwt,
        }
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum AlgorithmArg {
    Ed25519,
    P256,
    P384,
}

impl From<AlgorithmArg> for Algorithm {
    fn from(name: AlgorithmArg) -> Self {
        match name {
            AlgorithmArg::Ed25519 => Self::EdDsa,
            AlgorithmArg::P256 => Self::Es256,
            AlgorithmArg::P384 => Self::Es384,
        }
    }
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    if let Some(name) = args.name.as_ref().filter(|_| args.card) {
        return card(run, args, name);
    }
    let order = Order {
        format: args.format.into(),
        algorithm: args.algorithm.map(Into::into),
        suites: args.suites.clone(),
        status: args.status.map(ListKind::from),
        roles: args.roles.clone(),
        sites: args.sites.clone(),
        zones: args.zones.clone(),
        valid_from: None,
        validity: args.valid,
        label: args.label.clone(),
        personal: args.claims.as_deref().map_or_else(|| Ok(Object::new()), |path| claims(run, path))?,
    };
    let operator = operator(args.operator.as_deref());
    if !FormatArg::ASKED_BY_DEFAULT.contains(&args.format) {
        use clap::ValueEnum as _;
        let name = args.format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let by_code = if FormatArg::ASKED_BY_CODE.contains(&args.format) { " by a code, or" } else { "" };
        run.out.warn(&format!("gates ask for sd-jwt and vc; this credential answers only those that ask{by_code} with --format {name}"));
    }
    if let Some(table) = &args.from {
        return from_table(run, args, table, &order, &operator);
    }
    super::with(run, &args.open, |issuer| match &args.holder {
        Some(holder) => issue(run, args, issuer, &order, holder, &operator),
        None => offer(run, args, issuer, &order, &operator),
    })?;
    Ok(Exit::Done)
}

fn from_table(run: &Run, args: &Args, table: &Path, order: &Order, operator: &str) -> Outcome {
    let rows = Rc::new(people::read(run.input, table, order, &args.run)?);
    let job = Job {
        unit: "line",
        column: "line",
        notes: Vec::new(),
        folder: &args.output,
        skip_faulty: args.skip_faulty,
        yes: args.yes,
        operator,
        open: &args.open,
    };
    let report = many::run(run, &job, &|_| Ok(Rc::clone(&rows)), &|_, _| Ok(()))?;
    report.tell(run, &job, "waypass.issued-many/1", "; to issue to the same people once more, name another run: --run NAME")
}

fn issue(run: &Run, args: &Args, issuer: &mut Issuer<'_>, order: &Order, holder: &str, operator: &str) -> Result<(), Failure> {
    let key = did::resolve(holder).map_err(|error| {
        Failure::usage(format!("the holder `{holder}`: {error}"), "ask the holder for the line `waypass wallet key` prints")
    })?;
    let issued = issuer.issue(order, &key, operator, now(), &mut SystemRng).map_err(failure)?;
    hand_out(run, args, issuer, issued)
}

fn card(run: &Run, args: &Args, name: &str) -> Outcome {
    let order = CardOrder {
        name: name.to_owned(),
        document: args.document.clone(),
        algorithm: args.algorithm.map(Into::into),
        roles: args.roles.clone(),
        sites: args.sites.clone(),
        zones: args.zones.clone(),
        validity: args.valid,
        label: if args.label.is_empty() { name.to_owned() } else { args.label.clone() },
    };
    let operator = operator(args.operator.as_deref());
    super::with(run, &args.open, |issuer| {
        let issued = issuer.issue_card(&order, &operator, now(), &mut SystemRng).map_err(failure)?;
        hand_out(run, args, issuer, issued)
    })?;
    Ok(Exit::Done)
}

fn hand_out(run: &Run, args: &Args, issuer: &Issuer<'_>, issued: Issued) -> Result<(), Failure> {
    let Issued { record, credential, suites } = issued;
    many::tell_of_new_lists(run, issuer, [record.list])?;
    let delivered = deliver(run, args, &credential).map_err(|failure| undelivered(&failure, &format!("credential {}", record.id)))?;
    let (roles, sites) = (words::list(&record.roles), words::list(&record.sites));
    let lines = [
        format!("issued {} to {}", record.id, if record.label.is_empty() { "the holder" } else { &record.label }),
        format!("  roles {roles}, sites {sites}, valid until {}", words::when(record.valid_until)),
        format!("  status list {}, entry {}", record.list, record.index),
    ];
    run.out.delivered(&args.output, lines);
    let document = json!({
        "schema": "waypass.issued/1", "id": record.id, "holder": record.holder, "roles": record.roles, "sites": record.sites, "zones": record.zones,
        "valid_from": record.valid_from.unix(), "valid_until": record.valid_until.unix(), "list": record.list, "index": record.index,
        "format": record.format, "suites": suites.iter().map(|suite| suite.name()).collect::<Vec<_>>(),
    });
    run.out.json(&file::with(document, delivered))
}

fn offer(run: &Run, args: &Args, issuer: &mut Issuer<'_>, order: &Order, operator: &str) -> Result<(), Failure> {
    let terms = OfferTerms { valid_seconds: args.offer_valid, tx_code: args.tx_code };
    let Offer { id, uri, tx_code, expires_at } = issuer.offer(order, &terms, operator, now(), &mut SystemRng).map_err(failure)?;
    let delivered = deliver(run, args, format!("{uri}\n").as_bytes()).map_err(|failure| undelivered(&failure, &format!("offer {id}")))?;
    if !run.out.is_json() {
        run.out.note(&format!("offer {id}, open until {}", words::when(expires_at)));
        if let Some(code) = &tx_code {
            run.out.warn(&format!("tell the holder this code another way: {code}"));
        }
    }
    let document = json!({ "schema": "waypass.offer/1", "id": id, "expires_at": expires_at.unix(), "tx_code": tx_code });
    run.out.json(&file::with(document, delivered))
}

pub(super) fn validity(text: &str) -> Result<Validity, String> {
    match words::end_of_day(text) {
        Some(end) => Ok(Validity::Until(end)),
        None => words::parse_span(text).map(Validity::For).map_err(|why| format!("{why}; or a day such as 2027-03-31")),
    }
}

fn suite(name: &str) -> Result<Suite, String> {
    Suite::from_name(name).ok_or_else(|| format!("the suites are {}", Suite::ALL.map(Suite::name).join(", ")))
}

fn deliver(run: &Run, args: &Args, bytes: &[u8]) -> Result<Members, Failure> {
    let mut members = file::deliver(run.out, &args.output, bytes, Readers::Owner)?;
    members.extend(args.codes.show(run.out, waypass_credential::from_file(bytes))?);
    Ok(members)
}

/// An issued credential is on the record, even if its file could not be written.
fn undelivered(failure: &Failure, issued: &str) -> Failure {
    Failure {
        what: format!("{}; {issued} was issued all the same, and its file exists nowhere", failure.what),
        next: format!("{}; then issue again, and revoke the credential that was not delivered: waypass issuer revoke", failure.next),
        exit: failure.exit,
    }
}

pub(super) fn claims(run: &Run, path: &Path) -> Result<Object<'static>, Failure> {
    let bytes = file::read(run.input, path)?;
    let wrong = |why: String| {
        Failure::usage(
            format!("{} is not a JSON object of claims: {why}", path.display()),
            r#"write for example {"given_name": "Ada", "family_name": "Byron"}"#,
        )
    };
    match strict::parse(&bytes, Limits::CREDENTIAL).map_err(|error| wrong(error.to_string()))?.into_owned() {
        Value::Object(claims) => Ok(claims),
        _ => Err(wrong("it is something else".to_owned())),
    }
}
