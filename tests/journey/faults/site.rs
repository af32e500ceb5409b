//! An issuer, a wallet and a gate, each in a home of its own, without a network.

use crate::program::{Place, Ran, finish};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Whose home a command runs in; the name of the home and of the key file.
pub(super) type Actor = &'static str;
pub(super) const ISSUER: Actor = "issuer";
pub(super) const WALLET: Actor = "wallet";
pub(super) const GATE: Actor = "gate";

/// The words of the program when it stops where it must never stop.
const FAULT: &str = "fault in the program";

pub(super) struct Site {
    pub(super) place: Place,
    /// The holder's DID.
    pub(super) holder: String,
}

impl Site {
    /// Everything set up: the gate enrolled, wallet and gate with the newest bundle.
    pub(super) fn new() -> Self {
        let mut site = Self { place: Place::new(), holder: String::new() };
        let issuer = site.done(ISSUER, "issuer init --name North --role staff --site north --recovery-file issuer.code");
        let wallet = site.done(WALLET, "wallet init --recovery-file wallet.code");
        text(&wallet, "did").clone_into(&mut site.holder);
        site.done(GATE, "verifier init --name Door --site north --zone lab --recovery-file gate.code");
        site.done(GATE, "verifier enroll -o enrolment");
        site.done(ISSUER, "issuer enroll enrolment");
        // The first credential begins a status list, which everybody learns of by the bundle.
        site.issue("first");
        site.done(ISSUER, "issuer publish -o stick");
        for actor in [WALLET, GATE] {
            let pinned = site.run(actor, &format!("trust pin stick --digest {}", text(&issuer, "root")));
            assert_eq!(pinned.code, 0, "{}", pinned.stderr);
        }
        site
    }

    /// Like the above, with a credential in the wallet; its id at the issuer.
    pub(super) fn with_credential() -> (Self, String) {
        let site = Self::new();
        let id = site.issue("credential");
        site.done(WALLET, "wallet add credential");
        (site, id)
    }

    /// Issues a credential to the holder into the file `name`; its id.
    pub(super) fn issue(&self, name: &str) -> String {
        let line = format!("issuer issue --holder {} --role staff --site north --zone lab -o {name}", self.holder);
        text(&self.done(ISSUER, &line), "id").to_owned()
    }

    /// The gate asks and the wallet answers: the answer is in `answer`.
    pub(super) fn ask(&self) {
        self.done(GATE, "verifier challenge --role staff -o request");
        self.done(WALLET, "wallet present --request request --yes -o answer");
    }

    /// `line` is words without spaces; the vault is opened by its key file.
    pub(super) fn command(&self, wrap: &[&str], actor: Actor, line: &str) -> Command {
        let key = format!("{actor}.key");
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["--key-file", &key, "--no-input", "--json"]);
        let mut command = self.place.command(wrap, actor, &args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(super) fn run(&self, actor: Actor, line: &str) -> Ran {
        self.wrapped(&[], actor, line)
    }

    /// Through another program, such as a shell that sets limits first.
    pub(super) fn wrapped(&self, wrap: &[&str], actor: Actor, line: &str) -> Ran {
        calm(finish(self.command(wrap, actor, line), ""), line)
    }

    /// A command that opens no vault.
    pub(super) fn look(&self, actor: Actor, line: &str) -> Ran {
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["--no-input", "--json"]);
        calm(finish(self.place.command(&[], actor, &args), ""), line)
    }

    /// A command that must succeed; what it says.
    pub(super) fn done(&self, actor: Actor, line: &str) -> Value {
        let ran = self.run(actor, line);
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
        said(&ran.stdout)
    }

    /// The file in which the vault of `actor` is.
    pub(super) fn vault(&self, actor: Actor) -> PathBuf {
        let role = if actor == GATE { "verifier" } else { actor };
        self.place.path(actor).join(role).join("vault.db")
    }

    /// Records in the gate's log, which must be whole.
    pub(super) fn records(&self) -> u64 {
        let checked = self.done(GATE, "audit verify");
        assert_eq!(checked.get("whole"), Some(&Value::Bool(true)));
        number(&checked, "records")
    }

    /// The ids of what the wallet holds.
    pub(super) fn held(&self) -> Vec<String> {
        items(&self.done(WALLET, "wallet list"), "credentials").iter().map(|card| text(card, "id").to_owned()).collect()
    }
}

/// No command may end by a panic or by a signal that nobody sent.
pub(super) fn calm(ran: Ran, line: &str) -> Ran {
    assert!((0..128).contains(&ran.code), "{line} ended by a signal: {} {}", ran.code, ran.stderr);
    assert!(!ran.stderr.contains(FAULT), "{line}: {}", ran.stderr);
    assert!(ran.code == 0 || ran.code > 1 || !ran.stderr.is_empty(), "{line} failed without a word");
    ran
}

/// A result as JSON; null where the command said nothing.
pub(super) fn said(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap_or(Value::Null)
}

/// Returns what a failed command says happened, and what to do next.
pub(super) fn advice(ran: &Ran) -> (String, String) {
    let error = ran.stderr.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok()).unwrap_or(Value::Null);
    (text(&error, "what").to_owned(), text(&error, "next").to_owned())
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

pub(super) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The codes of a verdict's reasons.
pub(super) fn reasons(verdict: &Value) -> Vec<&str> {
    items(verdict, "reasons").iter().map(|reason| text(reason, "code")).collect()
}
