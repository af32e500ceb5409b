//! Opening a vault with what the person or the service shows, and the words for every way that can end.

use crate::Run;
use crate::exit::{Exit, Failure};
use crate::factors::{self, Combination, Shown, choose_password, choose_pin, password, together};
use crate::home::{Role, is_made};
use crate::output::Out;
use crate::secret::{self, SecretArgs};
use crate::vault::{
    FOREIGN, after_looking, create_failure, exposed_failure, factor_failure, finding_words, is_refused, key_file_failure, open_failure,
    resume_failure, storage_failure, unlock_failure,
};
use crate::{belief, gate, qr, report, seal, words};
use std::path::{Path, PathBuf};
use std::time::Duration;
use waypass_credential::key::Algorithm;
use waypass_machine::{
    CALIBRATED, CreateError, GuestRows, LockHolder, OpenError, ResumeError, SystemRng, Unfinished, Wait, clock, close_home, key_file,
};
use waypass_trust::audit::Event;
use waypass_vault::escrow::{Released, Request};
use waypass_vault::{
    Belief, Factor, FactorKind, Factors, KeyFile, KeyPurpose, NewSlot, Parked, Pin, Plan, RecoveryCode, Rules, SecretRules, SlotInfo,
    Suite, Unlocked, Vault, VaultStatus,
};

/// How long a command waits for another process that holds the vault.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How a vault is opened.
#[derive(clap::Args, Clone, Default, Debug)]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    secret: SecretArgs,
    /// The secret is the printed recovery code
    #[arg(long)]
    recovery: bool,
    /// Show this key file: alone, it opens without a person; where it needs a secret with it, that is asked for; repeatable
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
}

impl OpenArgs {
    /// Opens with a key file and without a person.
    pub(crate) fn key_file(path: &Path) -> Self {
        Self { key_file: vec![path.to_owned()], ..Self::default() }
    }

    /// Returns how a gate that is opened by a key file alone opens itself again, from wherever.
    pub(crate) fn again(&self, role: Role) -> Result<Option<Self>, Failure> {
        let [path] = &self.key_file[..] else { return Ok(None) };
        if role != Role::Verifier || self.secret.is_given() || self.recovery {
            return Ok(None);
        }
        let path = std::path::absolute(path).map_err(|error| Failure::file("use the key file", path, &error))?;
        Ok(Some(Self::key_file(&path)))
    }

    fn key_files(&self) -> Result<Vec<KeyFile>, Failure> {
        self.key_file.iter().map(|path| key_file::read(path).map_err(|error| key_file_failure(&error))).collect()
    }

    /// Returns true if a factor is named. Commands that need none open the vault when they are given one.
    pub(crate) const fn is_given(&self) -> bool {
        self.recovery || !self.key_file.is_empty() || self.secret.is_given()
    }
}

/// How a new vault will be opened.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    secret: SecretArgs,
    /// What must be shown together to open it, and nothing less ever will: passphrase, pin, key-file, joined by + [default: a pass
    /// phrase, or the key file that --key-file makes]
    #[arg(long, value_name = "FACTORS")]
    require: Option<Combination>,
    /// Make FILE a key file. Alone it opens without a person, and protects nothing from who has the file
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Read the PIN from FILE instead of asking on the terminal
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// What the recovery code needs with it to open this [default: nothing, or the key file where --require names one with something]
    #[arg(long, value_name = "WAY")]
    recovery_code: Option<Recovery>,
    /// Write the recovery code to FILE instead of showing it once
    #[arg(long, value_name = "FILE")]
    recovery_file: Option<PathBuf>,
    /// The primitives: those that suit this computer, or those that FIPS 140 approves
    #[arg(long, value_name = "SUITE")]
    primitives: Option<Primitives>,
}

/// What a recovery code needs with it.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum, Debug)]
enum Recovery {
    /// It opens alone
    Alone,
    /// It opens together with the key file
    WithKeyFile,
    /// No recovery code is made: what is lost stays lost
    None,
}

/// The primitives of a vault.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum, Debug)]
pub(crate) enum Primitives {
    /// XChaCha20-Poly1305 and Argon2id
    Chacha,
    /// AES-256-GCM and Argon2id
    Aes,
    /// AES-256-GCM and PBKDF2-HMAC-SHA256
    Fips,
}

impl Primitives {
    pub(crate) const fn suite(self) -> Suite {
        match self {
            Self::Chacha => Suite::ChaCha,
            Self::Aes => Suite::Aes,
            Self::Fips => Suite::Fips,
        }
    }
}

/// Opens the vault of `role` and does `work` with it; it is locked again afterwards, whatever happens.
pub(crate) fn with<T>(
    run: &Run,
    role: Role,
    args: &OpenArgs,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let unlocked = keep(run, role, args)?;
    let done = work(&unlocked);
    tell_findings(run, role, &unlocked);
    done
}

/// Says what was found before, and what this command came upon.
pub(crate) fn tell_findings(run: &Run, role: Role, vault: &Unlocked<'_>) {
    let findings = vault.findings();
    for finding in &findings {
        run.out.warn(&finding_words(finding));
    }
    if !findings.is_empty() {
        run.out.note(&after_looking(role));
    }
    tell_traces(run.out, vault);
}

/// Says that something was erased and is still in the files.
pub(crate) fn tell_traces(out: Out, vault: &Unlocked<'_>) {
    if vault.has_traces() {
        out.warn("there is no room to write the vault's files anew; until then they hold, sealed, what was replaced or erased in it");
        out.note("free some space on that disk; the next command that opens the vault does it");
    }
}

/// Opens the vault for a caller that keeps it open, and closes it by dropping it.
pub(crate) fn keep(run: &Run, role: Role, args: &OpenArgs) -> Result<Unlocked<'static>, Failure> {
    keep_shown(run, role, args).map(|(vault, _)| vault)
}

/// Like [`keep`]; returns what was shown too, which is nothing where a session lends its keys.
pub(crate) fn keep_shown(run: &Run, role: Role, args: &OpenArgs) -> Result<(Unlocked<'static>, Shown), Failure> {
    if let Some(held) = run.held.filter(|held| held.role() == role && !args.is_given()) {
        let lent = held.lend(open(run, role)?).ok_or_else(|| locked_meanwhile(role))?;
        return Ok((lent.map_err(|error| resume_failure(&error, role))?, Shown::new()));
    }
    keep_showing(run, role, args)
}

/// Opens the vault by what is shown, whether a session is open or not.
pub(crate) fn keep_showing(run: &Run, role: Role, args: &OpenArgs) -> Result<(Unlocked<'static>, Shown), Failure> {
    let looked = report::before(run, role)?;
    // No vault, or one that is damaged, is said before a secret is asked for. The lock is not held while a person types.
    let slots = open(run, role)?.status(&clock::read()).map_err(|error| storage_failure(&error))?.slots;
    let shown = shown(run, role, args, args.key_files()?, &slots)?;
    keep_with(run, role, args, (shown, looked))
}

/// Opens the vault with what is shown, on a device that was looked at.
fn keep_with(
    run: &Run,
    role: Role,
    args: &OpenArgs,
    (shown, looked): (Shown, report::Looked),
) -> Result<(Unlocked<'static>, Shown), Failure> {
    let vault = open(run, role)?;
    let logs = (role != Role::Issuer).then(|| vault.status(&clock::read())).transpose();
    let before = logs.map_err(|error| storage_failure(&error))?;
    let opened = vault.into_unlocked(&together(&shown), &clock::read());
    let alone = args.key_file.first().filter(|_| shown.len() == args.key_file.len());
    let unlocked = match opened {
        Ok(unlocked) => unlocked,
        Err((vault, error)) => {
            erase_after_tries(run, role, *vault)?;
            return Err(unlock_failure(error, alone.map(PathBuf::as_path), role));
        }
    };
    upgrade(run, role, &unlocked)?;
    report::after(run, role, &unlocked, looked)?;
    if let Some(before) = before {
        pardoned(run, role, &before, &unlocked)?;
        tried(run, role, &together(&shown).kinds(), &before, &unlocked)?;
    }
    Ok((unlocked, shown))
}

/// For so long a request to officers can be answered, and a session that their codes opened is open.
pub(crate) const OFFICERS_HAVE: Duration = Duration::from_mins(15);

/// Opens the vault with the codes of two officers of its site, who are asked by a file or a picture. Returns whose codes they were, too.
pub(crate) fn keep_by_officers(
    run: &Run,
    role: Role,
    args: &OpenArgs,
    (to, reason): (&Path, &str),
) -> Result<(Unlocked<'static>, Shown, [String; 2]), Failure> {
    let looked = report::before(run, role)?;
    let mut shown: Shown = args.key_files()?.into_iter().map(|file| Box::new(file) as Box<dyn Factor>).collect();
    let released = released(run, role, &together(&shown).kinds(), (to, reason))?;
    let by = released.by().clone();
    shown.push(Box::new(released));
    match keep_with(run, role, args, (shown, looked)) {
        Ok((vault, shown)) => Ok((vault, shown, by)),
        Err(failure) if failure.exit == Exit::WrongSecret => {
            let what = "these codes do not answer this request, or the key file is another one; nothing was counted";
            Err(Failure::new(Exit::WrongSecret, what, "ask the officers once more"))
        }
        Err(failure) => Err(failure),
    }
}

/// Asks officers, and returns what they release. The masks of their codes are gone afterwards.
fn released(run: &Run, role: Role, in_hand: &[FactorKind], (to, reason): (&Path, &str)) -> Result<Released, Failure> {
    let asked = open(run, role)?
        .ask_officers(in_hand, &run.home.whose(role), reason, clock::read().wall)
        .map_err(|error| storage_failure(&error))?
        .ok_or_else(|| {
            let what = match in_hand {
                [] => format!("no officers can open this {} by themselves", role.folder()),
                shown => format!("no officers can open this {} together with {}", role.folder(), factors::kinds(shown)),
            };
            Failure::new(Exit::Locked, what, format!("see what opens it: waypass {} slot list", role.folder()))
        })?;
    let ends = clock::read().boottime_ms.saturating_add(u64::try_from(OFFICERS_HAVE.as_millis()).unwrap_or(u64::MAX));
    deliver_request(run, asked.request(), to)?;
    loop {
        let code = |which: &str| {
            let left = Duration::from_millis(ends.saturating_sub(clock::read().boottime_ms));
            secret::ask_openly(run.input, &format!("code of the {which} officer: "), left)
        };
        let (first, second) = (code("first")?, code("second")?);
        match asked.with_codes([secret::text(&first)?, secret::text(&second)?]) {
            Ok(released) => return Ok(released),
            Err(why) => run.out.warn(&format!("{why}; both once more")),
        }
    }
}

/// Writes a request to officers, as pictures if that is what the file's name says.
fn deliver_request(run: &Run, request: &Request, to: &Path) -> Result<(), Failure> {
    if to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
        qr::write_pictures(run.out, request.as_bytes(), to)?;
    } else {
        crate::file::write_private(run.out, to, request.as_bytes())?;
    }
    let names: Vec<&str> = request.officers().collect();
    let two = if names.len() > 2 { "two of " } else { "" };
    run.out.warn(&format!("send {} to {two}{}; it can be answered for 15 minutes", to.display(), words::list(&names)));
    run.out.warn(&format!("the number of this request, which they compare: {}", request.number()));
    Ok(())
}

fn locked_meanwhile(role: Role) -> Failure {
    Failure::new(Exit::Locked, format!("the session of this {} has just locked itself", role.folder()), "run the command again")
}

/// Erases a wallet whose tries are used up, if its site wants that. A command that was killed before it got here leaves it to the next.
fn erase_after_tries(run: &Run, role: Role, vault: Vault) -> Result<(), Failure> {
    let status = vault.status(&clock::read()).map_err(|error| storage_failure(&error))?;
    drop(vault);
    if role != Role::Wallet || !status.erased_after_tries || status.attempts_left > 0 {
        return Ok(());
    }
    let dir = run.home.vault(role);
    waypass_machine::erase(&dir, Wait::new(PATIENCE, &mut waiting(run))).map_err(|error| open_failure(&error, role))?;
    let what = format!("{} is erased: the site wants that after {} wrong tries in a row", run.home.whose(role), status.wrong_tries);
    Err(Failure::new(Exit::Locked, what, "ask the office for a new start; a backup that was made can be restored"))
}

/// Tells the owner that administrators gave tries back, once.
fn pardoned(run: &Run, role: Role, before: &VaultStatus, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let Some(pardons) = before.pardons.as_ref().filter(|_| role == Role::Wallet) else { return Ok(()) };
    let times = if pardons.times == 1 { "once".to_owned() } else { format!("{} times", pardons.times) };
    let by: Vec<&str> = pardons.by.iter().map(String::as_str).collect();
    let what = format!("tries were given back {times} by {}", words::list(&by));
    run.out.warn(&format!("since you were here last, {what}"));
    crate::holder::note(run, vault, Event::FactorsChanged, &what);
    vault.noted_pardons().map_err(|error| storage_failure(&error))
}

/// Lets a gate or a wallet write down the wrong tries that this opening has cleared.
fn tried(run: &Run, role: Role, shown: &[FactorKind], before: &VaultStatus, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let (wrong, is_locked_out) = match shown {
        _ if shown.iter().all(|kind| *kind == FactorKind::KeyFile) => return Ok(()),
        _ if shown.iter().any(|kind| matches!(kind, FactorKind::Recovery | FactorKind::Officers)) => {
            (before.wrong_tries + before.wrong_recovery_tries, before.attempts_left == 0)
        }
        _ => (before.wrong_tries, false),
    };
    if wrong == 0 {
        return Ok(());
    }
    if role == Role::Wallet {
        let event = if is_locked_out { Event::LockedOut } else { Event::WrongTries };
        crate::holder::note(run, vault, event, &format!("{wrong} wrong tries came before it was opened"));
        return Ok(());
    }
    let gate = gate::opened(run, vault)?;
    gate.tried(wrong, is_locked_out, &clock::read(), &mut SystemRng).map_err(gate::failure)
}

/// Returns the factors that the person shows: the key files, and the secret that the slots want with them.
fn shown(run: &Run, role: Role, args: &OpenArgs, key_files: Vec<KeyFile>, slots: &[SlotInfo]) -> Result<Shown, Failure> {
    let in_hand: Vec<FactorKind> = key_files.iter().map(|_| FactorKind::KeyFile).collect();
    let mut shown: Shown = key_files.into_iter().map(|file| Box::new(file) as Box<dyn Factor>).collect();
    let opens_with = |more: &[FactorKind]| {
        let kinds = [&in_hand[..], more].concat();
        slots.iter().map(Combination::from).filter(|slot| slot.is_covered_by(&kinds)).collect::<Vec<_>>()
    };
    if args.recovery {
        if opens_with(&[FactorKind::Recovery]).is_empty() && !slots.is_empty() {
            return Err(not_with(role, &[&[FactorKind::Recovery], &in_hand[..]].concat(), slots));
        }
        let secret = args.secret.read(run.out, run.input, &format!("recovery code of {}: ", run.home.whose(role)))?;
        shown.push(Box::new(RecoveryCode::parse(secret::text(&secret)?).map_err(|error| factor_failure(&error))?));
        return Ok(shown);
    }
    if !args.secret.is_given() && !shown.is_empty() && !opens_with(&[]).is_empty() {
        return Ok(shown);
    }
    let typed = opens_with(&[FactorKind::Password, FactorKind::Pin]);
    if typed.is_empty() && !slots.is_empty() {
        let typed = if args.secret.is_given() || shown.is_empty() { &[FactorKind::Password][..] } else { &[] };
        return Err(not_with(role, &[typed, &in_hand[..]].concat(), slots));
    }
    let takes = |kind: FactorKind| typed.iter().any(|slot| slot.has(kind));
    let name = match (takes(FactorKind::Password), takes(FactorKind::Pin)) {
        (true, true) => "pass phrase or PIN",
        (false, true) => "PIN",
        _ => "pass phrase",
    };
    let secret = args.secret.read(run.out, run.input, &format!("{name} of {}: ", run.home.whose(role)))?;
    if takes(FactorKind::Pin)
        && let Ok(pin) = Pin::parse(secret::text(&secret)?)
    {
        shown.push(Box::new(pin));
    }
    if takes(FactorKind::Password) || !takes(FactorKind::Pin) {
        shown.push(password(&secret)?);
    }
    Ok(shown)
}

/// Nothing that is shown opens it, whatever the secret is: said before one is asked for.
fn not_with(role: Role, kinds: &[FactorKind], slots: &[SlotInfo]) -> Failure {
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    let (what, ways) = (factors::kinds(&kinds), factors::ways(slots));
    let next = if slots.iter().any(|slot| slot.factors.contains(&FactorKind::KeyFile)) && !kinds.contains(&FactorKind::KeyFile) {
        "name the key file with --key-file FILE".to_owned()
    } else {
        format!("see what opens it: waypass {} slot list", role.folder())
    };
    Failure::new(Exit::Locked, format!("this {} does not open with {what}; it opens with {ways}", role.folder()), next)
}

/// How every vault of a home that believes something is opened, one after the other.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct OpenAllArgs {
    /// Read a secret from the first line of FILE instead of asking on the terminal; repeatable, one for each vault
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
    /// The secrets are the printed recovery codes
    #[arg(long)]
    recovery: bool,
    /// Open with this key file, without a person; repeatable, one for each vault
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
}

/// Opens the wallet and the gate of this home, whichever there are: what they believe is changed for all of them or for none.
pub(crate) fn all(run: &Run, args: &OpenAllArgs) -> Result<Vec<(Role, Unlocked<'static>)>, Failure> {
    // What a person believes changes nobody else's belief.
    let all = if run.home.person().is_some() { &[Role::Wallet][..] } else { &[Role::Wallet, Role::Verifier] };
    let roles: Vec<Role> = all.iter().copied().filter(|role| is_made(&run.home.vault(*role))).collect();
    if roles.is_empty() {
        return Err(Failure::usage(
            "there is no wallet and no gate here, so nothing could keep what is trusted",
            "make one first: waypass wallet init, or waypass verifier init; the wallet of a person is named with --user NAME",
        ));
    }
    let mut secrets = args.secret_file.iter();
    // One waits, parked, while the secret of the next is typed.
    let parked = roles.into_iter().map(|role| {
        let slots = open(run, role)?.status(&clock::read()).map_err(|error| storage_failure(&error))?.slots;
        let mut open = OpenArgs { key_file: args.key_file.clone(), ..OpenArgs::default() };
        let shown: Vec<FactorKind> = args.key_file.iter().map(|_| FactorKind::KeyFile).collect();
        if slots.iter().any(|slot| Combination::from(slot).is_covered_by(&shown)) {
            match keep(run, role, &open) {
                Ok(vault) => return Ok((role, vault.park())),
                // The key files of other vaults: no try is counted for one.
                Err(failure) if failure.exit == Exit::WrongSecret => open.key_file.clear(),
                Err(failure) => return Err(failure),
            }
        }
        open.secret = SecretArgs { secret_file: secrets.next().cloned(), secret_fd: None };
        open.recovery = args.recovery;
        keep(run, role, &open).map(|vault| (role, vault.park()))
    });
    let parked = parked.collect::<Result<Vec<_>, Failure>>()?;
    parked.into_iter().map(|(role, parked)| Ok((role, resume(run, role, parked)?))).collect()
}

/// Brings a vault of 0.1.0 to the format of today, and says so.
fn upgrade(run: &Run, role: Role, vault: &Unlocked<'_>) -> Result<(), Failure> {
    let upgraded = match role {
        _ if !vault.needs_upgrade() => false,
        Role::Verifier => {
            let gate = gate::opened(run, vault)?;
            gate.upgrade(&clock::read(), &mut SystemRng).map_err(gate::failure)?
        }
        Role::Wallet => waypass_wallet::upgrade(vault, belief::store(run)).map_err(belief::belief_failure)?,
        Role::Issuer => {
            vault.upgrade(|_| seal::Kept::begin(vault, true).map(drop))?;
            true
        }
    };
    if upgraded {
        run.out.note(&format!("upgraded this {} from 0.1.0: what it decides by lies under its seal from now on", role.folder()));
    }
    Ok(())
}

/// Does `work` with the vault parked: a person's answer and a server's may take long, and others need the vault meanwhile.
pub(crate) fn aside<T>(run: &Run, role: Role, vault: &mut Unlocked<'_>, work: impl FnOnce() -> T) -> Result<T, Failure> {
    let done = match guests(run, role) {
        Some(rows) => vault.aside(work, || Ok(rows.open(PATIENCE)?)),
        None => waypass_machine::aside(vault, &run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run)), work),
    };
    done.map_err(|error: ResumeError| resume_failure(&error, role))
}

/// Does `work` with a vault that is parked otherwise: while a gate waits for the next person, other commands can use it.
pub(crate) fn briefly<T>(
    run: &Run,
    role: Role,
    parked: &mut Parked<'static>,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = waypass_machine::briefly(parked, &run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run)), work);
    done.map_err(|error| resume_failure(&error, role))?
}

/// Opens a parked vault again.
pub(crate) fn resume(run: &Run, role: Role, parked: Parked<'static>) -> Result<Unlocked<'static>, Failure> {
    let resumed = waypass_machine::resume(parked, &run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run)));
    resumed.map_err(|error| resume_failure(&error, role))
}

/// Returns the rows of a guest's wallet, if that is what the session of this command has.
fn guests<'r>(run: &Run<'r>, role: Role) -> Option<&'r GuestRows> {
    run.held.filter(|held| held.role() == role)?.guest()
}

/// Makes the wallet of a guest: in memory, opened by a key that is nowhere else, with a holder's key. It believes what this device believes.
pub(crate) fn guest(run: &Run) -> Result<(GuestRows, Unlocked<'static>), Failure> {
    let looked = report::before(run, Role::Wallet)?;
    let (rows, key) = (GuestRows::default(), KeyFile::generate(&mut SystemRng));
    let plan = Plan {
        suite: waypass_machine::suite(),
        cost: CALIBRATED,
        rules: Rules::default(),
        slots: vec![NewSlot::of(Factors::one(&key))],
        at: Some(clock::read().wall),
    };
    let vault = rows.create(Role::Wallet.folder(), &plan).map_err(create_failure)?.into_unlocked(&Factors::one(&key), &clock::read());
    drop(plan);
    let vault = vault.map_err(|(_, error)| unlock_failure(error, None, Role::Wallet))?;
    report::after(run, Role::Wallet, &vault, looked)?;
    vault.generate_key(Algorithm::EdDsa, KeyPurpose::Holder)?;
    let store = belief::store(run);
    if let Some(root) = store.root().map_err(belief::store_failure)? {
        Belief::new(&vault, store, None).pin(&root).map_err(belief::belief_failure)?;
    }
    Ok((rows, vault))
}

/// Returns the locked vault. Modes and links that let other users in are put right, and said.
pub(crate) fn open(run: &Run, role: Role) -> Result<Vault, Failure> {
    if let Some(rows) = guests(run, role) {
        return rows.open(PATIENCE).map_err(|error| open_failure(&error, role));
    }
    let dir = run.home.vault(role);
    match std::fs::metadata(&dir) {
        Ok(_) => close_homes(run)?,
        // A vault that cannot be looked into may be there all the same.
        Err(error) if is_refused(&error) => {
            return Err(Failure::usage(format!("cannot look into {}: {}", dir.display(), crate::exit::plain(&error)), FOREIGN));
        }
        Err(_) => {}
    }
    let opened = waypass_machine::open_waiting(&dir, Wait::new(PATIENCE, &mut waiting(run)));
    let opened = opened.map_err(|error| open_failure(&error, role))?;
    opened.repairs.iter().for_each(|repair| run.out.warn(&repair.to_string()));
    let mut vault = opened.vault;
    // A memory that cannot be read is told, and set aside, where the clock is judged.
    if let Some(latest) = run.home.device_time().read().ok().and_then(|time| time.latest()) {
        vault.device_saw(latest);
    }
    Ok(vault)
}

/// Returns the process that has the vault, and keeps it for longer than a command waits.
pub(crate) fn holder(run: &Run, role: Role) -> Option<LockHolder> {
    match waypass_machine::open_waiting(&run.home.vault(role), Wait::new(PATIENCE, &mut waiting(run))) {
        Err(OpenError::Busy(holder)) => Some(holder),
        // Any other error comes again when the vault is opened to be used.
        Err(_) => None,
        Ok(opened) => {
            opened.repairs.iter().for_each(|repair| run.out.warn(&repair.to_string()));
            None
        }
    }
}

fn close_homes(run: &Run) -> Result<(), Failure> {
    for home in run.home.folders() {
        if let Some(repair) = close_home(home).map_err(|error| exposed_failure(&error))? {
            run.out.warn(&repair.to_string());
        }
    }
    Ok(())
}

fn waiting(run: &Run) -> impl FnMut(&LockHolder) {
    let out = run.out;
    move |holder| out.note(&format!("waiting for {holder}"))
}

/// Makes the vault of `role` and does the first `work` in it. Key file and recovery code are on the disk, or were shown, and `work` is
/// done before the vault counts as made: until then the same command can be run again.
pub(crate) fn create<T>(
    run: &Run,
    role: Role,
    args: &CreateArgs,
    work: impl FnOnce(&Unlocked<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let dir = run.home.vault(role);
    match waypass_machine::open(&dir) {
        Ok(_) => return Err(create_failure(CreateError::Exists(dir))),
        Err(OpenError::NotFound(_)) => {}
        Err(OpenError::Unfinished(_)) => {
            forget_key_file(&dir, args.key_file.as_deref(), role)?;
            run.out.note("the last try was cut short and is begun anew; a recovery code that it showed opens nothing");
        }
        Err(other) => return Err(open_failure(&other, role)),
    }
    let wanted = args.wanted()?;
    let key = match args.key_file.as_ref().filter(|_| wanted.has(FactorKind::KeyFile)) {
        None => None,
        Some(path) => {
            check_place(run, path, args.require.is_some() && wanted.kinds().len() > 1)?;
            key_file::make_room(path).map_err(|error| key_file_failure(&error))?;
            Some((path, KeyFile::generate(&mut SystemRng)))
        }
    };
    // It trusts no site yet.
    let asked = SecretRules::default();
    let mut typed: Shown = Vec::new();
    if wanted.has(FactorKind::Password) {
        typed.push(choose_password(run, &args.secret, run.input, "choose a pass phrase", &asked)?);
    }
    if wanted.has(FactorKind::Pin) {
        typed.push(choose_pin(run, args.pin_file.clone(), run.input, &asked)?);
    }
    let code = RecoveryCode::generate(&mut SystemRng);
    let key_file = key.as_ref().map(|(_, key)| key as &dyn Factor);
    let primary: Factors<'_> = typed.iter().map(|factor| &**factor).chain(key_file).collect();
    let recovery = args.recovery(&wanted);
    let spare = match recovery {
        Recovery::Alone => Some(Factors::one(&code)),
        Recovery::WithKeyFile => Some(std::iter::once(&code as &dyn Factor).chain(key_file).collect()),
        Recovery::None => None,
    };
    let slots: Vec<NewSlot<'_>> = [Some(primary.clone()), spare].into_iter().flatten().map(NewSlot::of).collect();
    let rules = match &args.require {
        Some(_) => Rules::only(slots.iter().map(|slot| slot.factors.kinds())),
        None => Rules::default(),
    };
    if let Some(parent) = dir.parent() {
        crate::home::private_folder(parent)?;
    }
    close_homes(run)?;
    let suite = args.primitives.map_or_else(waypass_machine::suite, Primitives::suite);
    let plan = Plan { suite, cost: CALIBRATED, rules, slots, at: Some(clock::read().wall) };
    let mut unfinished = Unfinished::begin(&dir, role.folder(), &plan).map_err(create_failure)?;
    if let Some((path, key)) = &key {
        key_file::write(path, key).map_err(|error| key_file_failure(&error))?;
    }
    match (&args.recovery_file, recovery) {
        (_, Recovery::None) => run.out.warn("there is no recovery code: who loses what opens this has only a backup"),
        (Some(path), _) => write_recovery_code(run, path, &code)?,
        (None, _) => show_recovery_code(run, &code, recovery == Recovery::WithKeyFile),
    }
    let unlocked = unfinished.vault().unlock(&primary, &clock::read()).map_err(|error| unlock_failure(error, None, role))?;
    let done = work(&unlocked)?;
    drop(unlocked);
    unfinished.finish().map_err(|error| storage_failure(&error))?;
    Ok(done)
}

impl CreateArgs {
    /// Returns what opens the new vault.
    fn wanted(&self) -> Result<Combination, Failure> {
        let wanted = match (&self.require, &self.key_file) {
            (Some(wanted), _) => wanted.clone(),
            (None, Some(_)) if !self.secret.is_given() => Combination::of(vec![FactorKind::KeyFile]),
            (None, _) => Combination::of(vec![FactorKind::Password]),
        };
        let told = [
            (FactorKind::KeyFile, self.key_file.is_some(), "a key file", "--key-file"),
            (FactorKind::Password, self.secret.is_given(), "a pass phrase", "--secret-file"),
            (FactorKind::Pin, self.pin_file.is_some(), "a PIN", "--pin-file"),
        ];
        if let Some((.., what, option)) = told.iter().find(|(kind, is_given, ..)| *is_given && !wanted.has(*kind)) {
            let next = "name all of them: --require passphrase+key-file";
            return Err(Failure::usage(format!("{option} gives {what}, and {} is to open it", factors::kinds(wanted.kinds())), next));
        }
        if wanted.has(FactorKind::KeyFile) && self.key_file.is_none() {
            return Err(Failure::usage("a key file is to open it, and nobody said where to make it", "say so: --key-file FILE"));
        }
        if wanted.has(FactorKind::Recovery) {
            return Err(Failure::usage("the recovery code is for the drawer, not for every day", "see --recovery-code"));
        }
        if wanted.has(FactorKind::Officers) {
            return Err(Failure::usage(
                "officers are named by a site, and this trusts none yet",
                "trust one, then: slot add --new-officers",
            ));
        }
        if self.recovery_code == Some(Recovery::WithKeyFile) && !wanted.has(FactorKind::KeyFile) {
            return Err(Failure::usage(
                "the recovery code cannot need a key file: none is to open it",
                "add --require passphrase+key-file",
            ));
        }
        Ok(wanted)
    }

    fn recovery(&self, wanted: &Combination) -> Recovery {
        let with = wanted.kinds().len() > 1 && wanted.has(FactorKind::KeyFile);
        self.recovery_code.unwrap_or(if with { Recovery::WithKeyFile } else { Recovery::Alone })
    }
}

/// Says that a key file in the home of what it opens is stolen with it. Where two factors are demanded it would be none, and is refused.
pub(crate) fn check_place(run: &Run, path: &Path, needs_two: bool) -> Result<(), Failure> {
    // Neither need be there yet.
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    let folder = std::path::absolute(path).ok().and_then(|path| real(path.parent()?));
    let is_inside = |home: &Path| folder.as_ref().zip(real(home)).is_some_and(|(folder, home)| folder.starts_with(home));
    if !run.home.folders().any(is_inside) {
        return Ok(());
    }
    let what = format!("the key file {} lies in the home of what it opens", path.display());
    if needs_two {
        return Err(Failure::usage(format!("{what}: a thief of one has the other"), "name a file on other storage, such as a stick"));
    }
    run.out.warn(&format!("{what}; keep it on other storage"));
    Ok(())
}

/// Shows a code once.
pub(crate) fn show_recovery_code(run: &Run, code: &RecoveryCode, needs_key_file: bool) {
    let with = if needs_key_file { "it opens this together with the key file" } else { "it opens this alone" };
    let line = format!("write this recovery code down now, it is shown only once; {with}:");
    run.out.warn([&*line, "", &format!("    {}", &*code.printed()), ""]);
}

/// Removes the key file of a creation that was cut short. It opens that vault and no other: it was made for it.
fn forget_key_file(dir: &Path, key_file: Option<&Path>, role: Role) -> Result<(), Failure> {
    let Some(path) = key_file else { return Ok(()) };
    let Ok(key) = key_file::read(path) else { return Ok(()) };
    let left = Unfinished::left_in(dir).map_err(|error| open_failure(&error, role))?;
    if left.is_some_and(|mut left| left.vault().unlock(&Factors::one(&key), &clock::read()).is_ok()) {
        std::fs::remove_file(path).map_err(|error| Failure::file("remove", path, &error))?;
    }
    Ok(())
}

/// Writes the code so that also a power cut leaves it.
pub(crate) fn write_recovery_code(run: &Run, path: &Path, code: &RecoveryCode) -> Result<(), Failure> {
    crate::file::write_private(run.out, path, format!("{}\n", &*code.printed()).as_bytes())?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flushed = std::fs::File::open(parent).and_then(|folder| folder.sync_all());
    flushed.map_err(|error| Failure::file("flush", parent, &error))
}
