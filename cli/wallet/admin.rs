//! `waypass wallet admin`: what administrators of a site do on a device that people share. They read nothing and open nothing.

use crate::exit::{Exit, Failure, Outcome};
use crate::format::FormatArg;
use crate::home::{Role, is_made};
use crate::user::quoted;
use crate::vault::{open_failure, storage_failure};
use crate::{Run, belief, file, qr, secret, session, unlock, words};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_credential::key::{Algorithm, Signer as _};
use waypass_credential::recipient::RecipientSecret;
use waypass_credential::request::{Request, SignedCode};
use waypass_credential::{Format, did};
use waypass_machine::{SystemRng, UserName, Wait, clock};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::policy::RolePolicy;
use waypass_vault::{KeySigner, ephemeral_signer};
use waypass_verifier::{Administrators, Challenge, Checkpoint, DeviceState, GateIdentity, Shown};

/// The work of administrators.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Let somebody try again whose tries are used up, or who must wait; it opens nothing
    LetIn(Args),
    /// Erase somebody's wallet from this device for good
    Erase(EraseArgs),
    /// Make room for a new person, who then makes a wallet
    Enrol(EnrolArgs),
}

/// How administrators are asked.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Write the question to FILE, as a picture if it ends in .png; each administrator answers one of their own
    #[arg(long, value_name = "FILE")]
    ask: PathBuf,
}

/// Arguments of `wallet admin erase`.
#[derive(clap::Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    how: Args,
    /// Do not ask the person at the terminal: it shall be erased
    #[arg(long)]
    yes: bool,
}

/// Arguments of `wallet admin enrol`.
#[derive(clap::Args)]
pub(super) struct EnrolArgs {
    /// The name by which the person will be called on this device
    name: String,
    #[command(flatten)]
    how: Args,
}

impl Verb {
    /// Returns true if it works with the wallet of a person who is named.
    pub(super) const fn is_about_a_wallet(&self) -> bool {
        !matches!(self, Self::Enrol(_))
    }
}

/// For so long an answer is taken.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn run(run: &Run, verb: &Verb) -> Outcome {
    match verb {
        Verb::LetIn(how) => let_in(run, how),
        Verb::Erase(args) => erase(run, args),
        Verb::Enrol(args) => enrol(run, args),
    }
}

fn let_in(run: &Run, how: &Args) -> Outcome {
    let whose = run.home.whose(Role::Wallet);
    // No wallet is said before anybody is asked.
    drop(unlock::open(run, Role::Wallet)?);
    let by = agreed(run, how, &format!("let the owner of {whose} try again"))?;
    unlock::open(run, Role::Wallet)?.pardon(&by).map_err(|error| storage_failure(&error))?;
    done(run, "let-in", &by, &format!("the owner of {whose} can try again, and will be told who agreed"))
}

fn erase(run: &Run, args: &EraseArgs) -> Outcome {
    let whose = run.home.whose(Role::Wallet);
    let folder = run.home.vault(Role::Wallet);
    if !is_made(&folder) {
        // Said in the words of every command. One that is there and cannot be opened is erased like any other.
        drop(unlock::open(run, Role::Wallet)?);
    }
    run.out.warn(&format!("{whose} and everything in it will be gone from this device, also for its owner; a backup is not touched"));
    if !args.yes && !secret::confirm(run.input, "Erase it?", "--yes")? {
        return Err(secret::declined("nothing was erased"));
    }
    let by = agreed(run, &args.how, &format!("erase {whose}"))?;
    session::closed(&folder)?;
    let mut waiting = |holder: &_| run.out.note(&format!("waiting for {holder}"));
    waypass_machine::erase(&folder, Wait::new(unlock::PATIENCE, &mut waiting)).map_err(|error| open_failure(&error, Role::Wallet))?;
    if let Some(person) = run.home.person() {
        person.user.remove().map_err(|error| Failure::file("remove", person.user.folder(), &error))?;
    }
    done(run, "erase", &by, &format!("{whose} is erased from this device; copies that were made of it are not"))
}

fn enrol(run: &Run, args: &EnrolArgs) -> Outcome {
    let name = UserName::new(&args.name)
        .ok_or_else(|| Failure::usage(format!("`{}` is not a name for a person", args.name), "use one line of at most 64 characters"))?;
    let failed = |error| Failure::file("write in", Path::new("users"), &error);
    let by = agreed(run, &args.how, &format!("make room for a wallet of {name}"))?;
    let user = run.home.users().make(&name).map_err(failed)?;
    user.permit().map_err(|error| Failure::file("write in", user.folder(), &error))?;
    done(run, "enrol", &by, &format!("{name} can make a wallet now: waypass wallet init --user {}", quoted(&name)))
}

fn done(run: &Run, what: &str, by: &[String], said: &str) -> Outcome {
    run.out.json(&json!({ "schema": "waypass.admin/1", "done": what, "by": by }))?;
    run.out.words(said);
    Ok(Exit::Done)
}

/// Refuses a new wallet of a person for whom no administrator has made room, where the site names administrators.
pub(super) fn refuse_unpermitted(run: &Run) -> Result<(), Failure> {
    let Some(person) = run.home.person() else { return Ok(()) };
    let bundle = belief::bundle(run)?;
    if role_of(bundle.as_ref()).is_none() || person.user.is_permitted() {
        return Ok(());
    }
    let name = person.name.as_ref().map(quoted).unwrap_or_default();
    Err(Failure::new(
        Exit::Locked,
        "on this device administrators of the site make room for a new person",
        format!("ask one: waypass wallet admin enrol {name} --ask FILE"),
    ))
}

fn role_of(bundle: Option<&TrustBundle>) -> Option<&str> {
    bundle?.policy().unlocking.as_ref()?.wallets.as_ref()?.administrators.as_deref()
}

/// Asks administrators until as many have agreed as it takes. Returns the DIDs of those who did.
fn agreed(run: &Run, how: &Args, purpose: &str) -> Result<Vec<String>, Failure> {
    let bundle = belief::bundle(run)?;
    let none = || {
        Failure::usage(
            "no administrators are named in the rules of this site",
            "see what it asks: waypass issuer show --policy, at the office",
        )
    };
    let role = role_of(bundle.as_ref()).ok_or_else(none)?;
    let bundle = bundle.as_ref().ok_or_else(none)?;
    let policy = RolePolicy::compile(bundle.policy()).map_err(|error| belief::policy_failure(&error))?;
    // The device is nobody's, so it has no key of its own to ask with: this one signs these questions and is gone.
    let signer = ephemeral_signer(Algorithm::EdDsa, &mut SystemRng);
    let id = did::to_did_key(signer.public_key());
    let mut state = DeviceState::new(&id);
    state.time = run.home.device_time().read().unwrap_or_default();
    let _known = state.learn_time(bundle, &clock::read());
    let device = GateIdentity { id, name: "this device".to_owned(), site: String::new(), zone: String::new() };
    let mut administrators = Administrators::new(Checkpoint::new(device, bundle, &policy, state), role);
    loop {
        let (asked, presented) = answer(run, how, &mut administrators, purpose, &signer)?;
        let said = match administrators.answered(&presented, asked, &clock::read(), &mut SystemRng) {
            Shown::Enough(by) => return Ok(by),
            Shown::OneMore => {
                "one has agreed; what is known from the office is older than ten minutes, so another must agree too".to_owned()
            }
            Shown::Again => "this person has agreed already; another must agree".to_owned(),
            Shown::Card => "a card does not count: nobody signs for it".to_owned(),
            Shown::Refused(reasons) => {
                let why: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
                format!("that is not accepted: {}", why.join(", "))
            }
        };
        run.out.warn(&said);
    }
}

/// Asks one person, and returns what they presented.
fn answer(
    run: &Run,
    how: &Args,
    administrators: &mut Administrators<'_>,
    purpose: &str,
    signer: &KeySigner<'_>,
) -> Result<(Challenge, Vec<u8>), Failure> {
    let is_picture = how.ask.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    let formats = if is_picture { &FormatArg::ASKED_BY_CODE } else { &FormatArg::ASKED_BY_DEFAULT[..] };
    let formats: Vec<Format> = formats.iter().copied().map(Format::from).collect();
    let asked = administrators.ask(&formats, purpose, &clock::read(), &mut SystemRng);
    let (mut challenge, request) = asked.map_err(|error| Failure::internal(error, "run the command again"))?;
    if is_picture {
        let (bytes, secret, digest) = as_code(&request, signer)?;
        challenge = challenge.asked_by_code(digest, secret);
        qr::write_pictures(run.out, &bytes, &how.ask)?;
    } else {
        let text = request.sign(signer).map_err(|error| Failure::internal(error, "run the command again"))?;
        file::write(run.out, &how.ask, text.as_bytes())?;
    }
    let whole = words::span(i64::try_from(PATIENCE.as_secs()).unwrap_or_default());
    run.out.warn(&format!("show {} to an administrator; it can be answered for {whole}", how.ask.display()));
    let line = secret::ask_openly(run.input, "the answer (a file, or what a scanner types): ", PATIENCE)?;
    let presented = match std::str::from_utf8(&line).map(|text| PathBuf::from(text.trim())) {
        Ok(path) if path.is_file() => qr::read_any(run.out, run.input, &[path])?,
        _ => line.to_vec(),
    };
    Ok((challenge, presented))
}

fn as_code(request: &Request, signer: &KeySigner<'_>) -> Result<(Vec<u8>, RecipientSecret, [u8; 32]), Failure> {
    let secret = RecipientSecret::random(&mut SystemRng);
    let signed = request.sign_code(secret.recipient(), signer);
    let SignedCode { bytes, code } = signed.map_err(|error| Failure::internal(error, "run the command again"))?;
    Ok((bytes, secret, code.digest))
}
