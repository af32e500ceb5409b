//! A site with an issuer, a gate and a wallet, each a home of its own, all driven through the program.

use crate::program::{Place, Ran, finish};
use serde_json::Value;
use std::path::PathBuf;

/// The site, set up: the gate is enrolled, everybody pinned the root, and Ada holds a role.
pub(crate) struct Site {
    pub(crate) place: Place,
    /// Put before the program for wallet and gate, such as `unshare -rn`.
    pub(crate) wrap: Vec<&'static str>,
    pub(crate) root: String,
    /// The issuer's name for Ada's credential.
    pub(crate) id: String,
}

const CLAIMS: &str = r#"{"given_name":"Ada","family_name":"Byron","address":{"city":"London","street":"St James's Square"}}"#;

const PLAIN_CLAIMS: &str = r#"{"given_name":"Ada","family_name":"Byron"}"#;

impl Site {
    /// Sets everything up; `format` is `sd-jwt` or `vc`.
    pub(crate) fn new(wrap: &[&'static str], format: &str) -> Self {
        Self::named(wrap, format, "Clinic", "Lab-door")
    }

    /// A site with names of its own for issuer and gate; a no-break space stands for a space within one word.
    pub(crate) fn named(wrap: &[&'static str], format: &str, issuer: &str, gate: &str) -> Self {
        let mut site = Self { place: Place::new(), wrap: wrap.to_vec(), root: String::new(), id: String::new() };
        let made = site.ok(
            "issuer",
            &format!("issuer init --name {issuer} --site north --role staff --role visitor --key-file KEY --recovery-file issuer.recovery"),
        );
        site.root = text(&made, "/root");
        site.ok("gate", &format!("verifier init --name {gate} --site north --zone lab --key-file KEY --recovery-file gate.recovery"));
        site.ok("gate", "verifier enroll -o enrolment --key-file KEY");
        site.ok("issuer", "issuer enroll enrolment --key-file KEY");
        let made = site.ok("ada", "wallet init --key-file KEY --recovery-file ada.recovery");
        site.stick();
        site.pin("gate");
        site.pin("ada");
        site.id = site.issue(&text(&made, "/did"), format, "credential");
        // The status list of a first credential is new to everybody.
        site.stick();
        site.ok("gate", "verifier sync --from stick --key-file KEY");
        site.ok("ada", "wallet sync --from stick");
        site
    }

    /// A folder without homes, for those that are brought.
    pub(crate) fn empty() -> Self {
        Self { place: Place::new(), wrap: Vec::new(), root: String::new(), id: String::new() }
    }

    /// Issues a role to a holder and gives the issuer's name for it.
    pub(crate) fn issue(&self, holder: &str, format: &str, to: &str) -> String {
        // A document may say only what its contexts define; an SD-JWT may nest what it likes.
        self.place.write("claims.json", if format.starts_with("vc") { PLAIN_CLAIMS } else { CLAIMS });
        let line = format!(
            "issuer issue --holder {holder} --role staff --site north --zone lab --format {format} --claims claims.json -o {to} --key-file KEY"
        );
        text(&self.ok("issuer", &line), "/id")
    }

    /// Publishes onto the stick.
    pub(crate) fn stick(&self) {
        self.ok("issuer", "issuer publish -o stick --key-file KEY");
    }

    /// The home trusts the site's root and takes the bundle from the stick.
    pub(crate) fn pin(&self, home: &str) {
        self.ok(home, &format!("trust pin stick --digest {} --key-file KEY", self.root));
    }

    /// The gate asks, the wallet answers into `to`.
    pub(crate) fn answer(&self, to: &str) -> Value {
        self.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
        self.ok("ada", &format!("wallet present --request request --yes -o {to} --key-file KEY"))
    }

    /// The gate's verdict about a file, with its exit code.
    pub(crate) fn verdict(&self, file: &str) -> (i32, Value) {
        let ran = self.run("gate", &format!("verifier verify {file} --key-file KEY"));
        (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", ran.stdout, ran.stderr)))
    }

    /// Runs a line in a home; it must succeed, and its result is JSON.
    pub(crate) fn ok(&self, home: &str, line: &str) -> Value {
        let ran = self.run(home, line);
        assert_eq!(ran.code, 0, "waypass {line} [{home}]\n{}{}", ran.stdout, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap_or(Value::Null)
    }

    /// Runs a line of words in a home. `KEY` is the home's key file.
    pub(crate) fn run(&self, home: &str, line: &str) -> Ran {
        let key = format!("{home}.key");
        let words: Vec<String> =
            line.split(' ').map(|word| if word == "KEY" { key.clone() } else { word.replace('\u{a0}', " ") }).collect();
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        args.extend(["--json", "--no-input"]);
        let wrap: &[&str] = if home == "issuer" { &[] } else { &self.wrap };
        finish(self.place.command(wrap, home, &args), "")
    }

    /// The pictures that begin with `name`, as words of a line.
    pub(crate) fn pictures(&self, name: &str) -> String {
        let entries = std::fs::read_dir(self.place.dir()).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        let names = entries.filter_map(|file| file.into_string().ok());
        let mut pictures: Vec<String> =
            names.filter(|file| file.starts_with(name) && std::path::Path::new(file).extension().is_some_and(|end| end == "png")).collect();
        assert!(!pictures.is_empty(), "no picture {name}");
        pictures.sort();
        pictures.join(" ")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }
}

/// A text in a JSON result.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}")).to_owned()
}

/// The codes of a verdict.
pub(crate) fn codes(verdict: &Value) -> Vec<&str> {
    let reasons = verdict["reasons"].as_array().expect("reasons");
    reasons.iter().map(|reason| reason["code"].as_str().expect("a code")).collect()
}
