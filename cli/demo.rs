//! `waypass demo`: the main job with real processes. The issuer's service is really stopped, wallet and gate have no
//! network where the system allows that, and what came true is counted.

use crate::exit::{Exit, Failure, Outcome};
use crate::output::Out;
use crate::words;
use actor::{Actor, Ran, Service, World, free_port};
use serde_json::Value;
use stage::Stage;
use std::time::Duration;

mod actor;
mod attack;
mod stage;

/// The pass phrase of the demo's wallet; the folder it lives in goes with the demo.
const PASS: &str = "tulip anchor seven\n";
const PERSONAL: &str = r#"{"given_name":"Ada","family_name":"Byron","birthdate":"1990-12-10","staff_id":"N-4711"}"#;

pub(crate) fn run(out: Out) -> Outcome {
    let world = World::new()?;
    let mut play =
        Play { stage: Stage::new(out.own()), base: format!("http://127.0.0.1:{}", free_port()), world: &world, facts: Facts::default() };
    play.opening();
    let service = play.issue()?;
    play.hold()?;
    play.provision()?;
    play.cut(service)?;
    play.pass()?;
    play.attacks()?;
    let service = play.revoke()?;
    play.still_green()?;
    play.sync()?;
    play.red()?;
    service.stop()?;
    let all = play.end();
    out.json(&play.stage.document())?;
    Ok(match (all, play.stage.is_whole()) {
        (false, _) => Exit::Internal,
        (true, false) => Exit::Skipped,
        (true, true) => Exit::Done,
    })
}

/// The lines that the summary repeats.
#[derive(Default)]
struct Facts {
    root: String,
    did: String,
    id: String,
    issued: String,
    tries: String,
    shown: String,
    ages: String,
    audit: String,
    synced: String,
    decided: Vec<String>,
}

struct Play<'w> {
    stage: Stage,
    world: &'w World,
    base: String,
    facts: Facts,
}

impl<'w> Play<'w> {
    fn issuer(&self) -> Actor<'w> {
        self.world.actor("issuer", ["--key-file", "issuer.key"])
    }

    fn wallet(&self) -> Actor<'w> {
        self.world.actor("ada", ["--secret-file", "pass"]).offline()
    }

    fn gate(&self) -> Actor<'w> {
        self.world.actor("gate", ["--key-file", "gate.key"]).offline()
    }

    /// Host and port of the issuer's service.
    fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    fn opening(&mut self) {
        self.stage.say("Waypass: an issuer, a wallet and a gate, each a process of its own. The story takes about 15 seconds.");
        let network = if self.world.can_cut_network {
            "The wallet and the gate run without any network (unshare -rn)."
        } else {
            "This system does not let a process be cut off from the network (unshare -rn), so wallet and gate simply do not use it."
        };
        self.stage.say(network);
    }

    fn issue(&mut self) -> Result<Service, Failure> {
        self.stage.act("issue", "a site gives Ada a role, with an end and a status entry");
        let made = self
            .issuer()
            .run(&format!("issuer init --name Clinic-North --base-url {} --role staff --role visitor --site north", self.base))?;
        self.must(&made, "the issuer is made, its keys sealed")?;
        made.text("root").clone_into(&mut self.facts.root);
        let service = self.issuer().start(&format!("issuer serve --listen {}", self.address()))?;
        self.stage.say(&format!("the issuer's service runs as a process on {}", self.base));

        self.world.secret("short", "tulip\n")?;
        self.stage.command("wallet", "waypass wallet init        (a pass phrase of five letters)");
        let short = self.wallet().opening(["--secret-file", "short"]).run("wallet init --recovery-file recovery")?;
        let what = short.error("what");
        self.stage.expect(&format!("refused: {what}"), short.code == 2 && what.contains("characters"), &short.told());
        self.world.secret("pass", PASS)?;
        let wallet = self.wallet().run("wallet init --recovery-file recovery")?;
        self.must(&wallet, "Ada's wallet is made on her device")?;
        let key = self.wallet().run("wallet key")?;
        key.text("did").clone_into(&mut self.facts.did);

        self.world.write("claims.json", PERSONAL.as_bytes())?;
        self.stage.command(
            "issuer",
            "waypass issuer issue --holder did:key:z6Mk.. --role staff --site north --zone lab --valid 90d --claims claims.json",
        );
        let line = format!(
            "issuer issue --holder {} --role staff --site north --zone lab --valid 90d --claims claims.json --label Ada -o credential",
            self.facts.did
        );
        let issued = self.issuer().run(&line)?;
        issued.text("id").clone_into(&mut self.facts.id);
        let until = issued.json.get("valid_until").and_then(Value::as_i64).unwrap_or(0);
        let entry = issued.json.get("index").and_then(Value::as_u64);
        self.facts.issued = format!("role staff at site north until {}, status entry {}", day(until), entry.unwrap_or(0));
        self.stage.expect(&format!("issued: {}", self.facts.issued), issued.code == 0 && entry.is_some() && until > 0, &issued.told());
        Ok(service)
    }

    fn hold(&mut self) -> Result<(), Failure> {
        self.stage.act("hold", "Ada's wallet checks the credential, then seals it");
        let pinned = self.trust(self.wallet())?;
        self.must(&pinned, "the wallet pinned the site's root of trust")?;
        self.stage.command("wallet", "waypass wallet add credential");
        let held = self.wallet().run("wallet add credential")?;
        self.stage.expect("held, after the issuer's signature and its right to issue were checked", held.code == 0, &held.told());
        self.world.secret("wrong", "tulip anchor eight\n")?;
        self.stage.command("wallet", "waypass wallet list        (a wrong pass phrase)");
        let wrong = self.wallet().opening(["--secret-file", "wrong"]).run("wallet list")?;
        let what = wrong.error("what");
        what.split("; ").nth(1).unwrap_or_default().clone_into(&mut self.facts.tries);
        self.stage.expect(&format!("refused with exit 41: {what}"), wrong.code == 41 && what.contains("left"), &wrong.told());
        Ok(())
    }

    fn provision(&mut self) -> Result<(), Failure> {
        self.stage.act("provision", "a gate is enrolled and given the signed trust bundle");
        for (actor, name, zone) in [(self.gate(), "Lab-door", "lab"), (self.shed(), "Shed-door", "lab")] {
            let made = actor.run(&format!("verifier init --name {name} --site north --zone {zone}"))?;
            self.must(&made, &format!("the gate {name} is made"))?;
            let enrolment = actor.run("verifier enroll -o enrolment")?;
            self.must(&enrolment, "its enrolment is signed by its own key")?;
            let enrolled = self.issuer().run("issuer enroll enrolment")?;
            self.must(&enrolled, "the issuer put it into the bundle")?;
        }
        let published = self.issuer().run("issuer publish -o stick")?;
        self.must(&published, "the bundle is published")?;
        let pinned = self.trust(self.gate())?;
        self.stage.expect("the gate checked the bundle against the pinned root and keeps it", pinned.code == 0, &pinned.told());
        // Wallets learn of the new gate the same way.
        let wallet = self.wallet().look("wallet sync --from stick")?;
        self.must(&wallet, "the wallet learned which gates the site has")?;
        let status = self.gate().run("verifier status")?;
        let horizon = status
            .number("works_offline_until")
            .and_then(waypass_credential::time::Timestamp::from_unix)
            .map(words::when)
            .unwrap_or_default();
        self.stage.say(&format!("the gate works offline until {horizon}; what ends then: {}", status.text("binding")));
        Ok(())
    }

    fn cut(&mut self, service: Service) -> Result<(), Failure> {
        self.stage.act("cut", "the issuer's process is stopped; from here on there is no link");
        service.stop()?;
        self.stage.command("gate", &format!("waypass verifier sync --from {}", self.base));
        let refused = self.world.actor("gate", ["--key-file", "gate.key"]).run(&format!("verifier sync --from {}", self.base))?;
        self.stage.expect(&format!("exit 50: {}", refused.error("what")), refused.code == 50, &refused.told());
        Ok(())
    }

    /// Challenge, consent, presentation: what is at the path afterwards answers the gate's newest challenge.
    fn present(gate: Actor<'w>, wallet: Actor<'w>, to: &str) -> Result<Ran, Failure> {
        let challenge = gate.run("verifier challenge --role staff --purpose Entry -o request")?;
        if challenge.code != 0 {
            return Ok(challenge);
        }
        wallet.run(&format!("wallet present --request request --yes -o {to}"))
    }

    fn pass(&mut self) -> Result<(), Failure> {
        self.stage.act("present", "the gate asks, Ada's wallet shows as little as it can");
        self.stage.command("gate", "waypass verifier challenge --role staff --qr-png request.png");
        let challenge = self.gate().run("verifier challenge --role staff --purpose Entry -o request --qr-png request.png")?;
        self.must(&challenge, "the gate drew a challenge as QR codes")?;
        let pictures = self.world.pictures("request")?;
        self.stage.command("wallet", &format!("waypass wallet present --request {} --yes -o answer", pictures.join(" ")));
        let shown = self.wallet().run(&format!("wallet present --request {} --yes -o answer", pictures.join(" ")))?;
        self.must(&shown, "the wallet read the pictures and answered")?;
        let consent = shown.note();
        self.stage.say("Before anything leaves her device, Ada sees this and is asked whether to show it (the demo answers with --yes):");
        self.stage.screen(&consent);
        self.stage.expect(
            "she is told who asks, what they would see and what stays private",
            ["Lab-door", "would see", "stays private: "].iter().all(|said| consent.contains(said)),
            &shown.told(),
        );
        let (shared, withheld) = (shown.texts("shared"), shown.texts("withheld"));
        self.facts.shown = format!("showed {}; kept back {}", words::list(&shared), words::list(&withheld));
        let answer = self.world.read("answer")?;
        let leaked = ["Ada", "Byron", "1990"].iter().any(|word| attack::disclosures(&answer).contains(word));
        self.stage.expect(&self.facts.shown.clone(), shown.code == 0 && !withheld.is_empty() && !leaked, &shown.told());

        self.stage.act("verify", "the gate decides alone, and says how old its knowledge is");
        self.stage.command("gate", "waypass verifier verify answer && open-gate");
        let verdict = self.gate().run("verifier verify answer")?;
        self.facts.ages = ages(&verdict);
        self.verdict("Ada with her own wallet", &verdict, "allow", &["ok"]);
        self.stage.say(&self.facts.ages.clone());
        Ok(())
    }

    fn attacks(&mut self) -> Result<(), Failure> {
        self.stage.act("attack", "what a gate must not fall for");
        let replayed = self.gate().run("verifier verify answer")?;
        self.verdict("the same answer a second time", &replayed, "deny", &["replayed"]);

        let answer = Self::present(self.gate(), self.wallet(), "honest")?;
        self.must(&answer, "Ada answers a new challenge")?;
        self.world.write("edited", attack::edit_role(&self.world.read("honest")?, "staff", "admin").as_bytes())?;
        let edited = self.gate().run("verifier verify edited")?;
        self.verdict("staff edited to admin: the issuer signed no such claim", &edited, "deny", &["malformed"]);

        self.mallory()?;
        self.clocks()
    }

    /// Another person with a credential of his own who got hold of Ada's.
    fn mallory(&mut self) -> Result<(), Failure> {
        let mallory = self.world.actor("mallory", ["--key-file", "mallory.key"]).offline();
        let made = mallory.run("wallet init --recovery-file recovery-2")?;
        self.must(&made, "another wallet is made")?;
        let pinned = self.trust(mallory)?;
        self.must(&pinned, "it pinned the root too")?;
        let key = mallory.run("wallet key")?;
        let issued = self
            .issuer()
            .run(&format!("issuer issue --holder {} --role staff --site north --zone lab -o credential-2", key.text("did")))?;
        self.must(&issued, "it has a credential of its own")?;
        let stolen = mallory.run("wallet add credential")?;
        self.stage.expect("another wallet does not take Ada's credential: it is bound to her key", stolen.code != 0, &stolen.told());
        let held = mallory.run("wallet add credential-2")?;
        self.must(&held, "it holds its own")?;
        let challenge = self.gate().run("verifier challenge --role staff --purpose Entry -o request")?;
        self.must(&challenge, "the gate asks")?;
        let own = mallory.run("wallet present --request request --yes -o own")?;
        self.must(&own, "the other wallet answers")?;
        let spliced = attack::splice(&self.world.read("honest")?, &self.world.read("own")?);
        self.world.write("spliced", spliced.as_bytes())?;
        let verdict = self.gate().run("verifier verify spliced")?;
        self.verdict("Ada's credential, answered by another wallet's key", &verdict, "deny", &["holder_binding_failed"]);
        Ok(())
    }

    fn clocks(&mut self) -> Result<(), Failure> {
        if !self.world.can_move_clock {
            let why = "faketime is not installed and the program has no switch for time";
            self.stage.leave_out("a clock set back", why);
            self.stage.leave_out("a list four days old", why);
            return Ok(());
        }
        let answer = Self::present(self.gate(), self.wallet(), "answer")?;
        self.must(&answer, "Ada answers a new challenge")?;
        let back = self.gate().at("-3d").run("verifier verify answer")?;
        self.stage.expect(
            &format!("the gate's clock set back three days: {} ({})", word(&back), reasons(&back)),
            back.code != 0 && !reasons(&back).is_empty(),
            &back.told(),
        );

        // A gate that was fed from a stick four days ago: all its processes and the wallet live four days later.
        let (shed, later) = (self.shed().at("+4d"), self.wallet().at("+4d"));
        let pinned = self.trust(shed)?;
        self.must(&pinned, "the other gate was fed from a stick")?;
        let answer = Self::present(shed, later, "late")?;
        self.must(&answer, "Ada answers it four days later")?;
        let stale = shed.run("verifier verify late")?;
        self.verdict("a gate whose list is four days old", &stale, "caution", &["stale_revocations"]);
        self.stage.say(&format!("the guard is told: {}", stale.text("next_action")));
        Ok(())
    }

    fn shed(&self) -> Actor<'w> {
        self.world.actor("shed", ["--key-file", "shed.key"]).offline()
    }

    fn revoke(&mut self) -> Result<Service, Failure> {
        self.stage.act("revoke", "the issuer is started again and withdraws Ada's credential");
        let service = self.issuer().start(&format!("issuer serve --listen {}", self.address()))?;
        self.stage.command("issuer", &format!("waypass issuer revoke {} --reason lost", self.facts.id));
        // Times are whole seconds, and an admission in the second of the withdrawal counts as after it: Ada's came before.
        std::thread::sleep(Duration::from_secs(1));
        let revoked = self.issuer().run(&format!("issuer revoke {} --reason lost", self.facts.id))?;
        self.stage.expect(
            "withdrawn, with a reason, and published",
            revoked.code == 0 && revoked.text("state") == "revoked",
            &revoked.told(),
        );
        let version = revoked.json.get("timestamp").and_then(Value::as_u64).unwrap_or(u64::MAX);
        self.stage.expect("the service serves it", Service::serves(self.address(), version), "it serves the publication before");
        Ok(service)
    }

    fn still_green(&mut self) -> Result<(), Failure> {
        self.stage.act("still", "the gate has no link yet: it cannot know");
        let answer = Self::present(self.gate(), self.wallet(), "answer")?;
        self.must(&answer, "Ada presents again")?;
        let verdict = self.gate().run("verifier verify answer")?;
        self.verdict("Ada's withdrawn credential at a gate that has not synced", &verdict, "allow", &["ok"]);
        self.stage.say(&ages(&verdict));
        self.stage.say("No offline verifier can do better. It can say how old its knowledge is, and find out afterwards who got in:");
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Failure> {
        self.stage.act("sync", "the gate meets its issuer: log up, lists down");
        self.stage.command("gate", &format!("waypass verifier sync --from {}", self.base));
        let online = self.world.actor("gate", ["--key-file", "gate.key"]);
        let synced = online.run(&format!("verifier sync --from {}", self.base))?;
        let steps = synced.texts("steps");
        self.facts.synced =
            format!("{}; {} receipt(s)", words::list(&steps), synced.json.get("receipts").and_then(Value::as_u64).unwrap_or(0));
        self.stage.expect(&format!("done in order: {}", self.facts.synced), synced.code == 0 && steps.len() >= 2, &synced.told());
        let flagged = synced.json.get("flagged").and_then(Value::as_array).map_or(0, Vec::len);
        self.stage.expect(
            &format!("{flagged} admission(s) after the revocation flagged, by the record's number"),
            flagged == 1,
            &synced.told(),
        );

        self.stage.act("audit", "the gate's log is a chain: nothing can be changed unnoticed");
        let audit = self.gate().run("audit verify")?;
        let records = audit.json.get("records").and_then(Value::as_u64).unwrap_or(0);
        self.facts.audit = format!("{records} records, chain whole; {flagged} admission(s) after the revocation flagged");
        self.stage.expect(
            &format!("{records} records, the chain is whole and the issuer holds a copy"),
            audit.code == 0 && records > 0,
            &audit.told(),
        );
        Ok(())
    }

    fn red(&mut self) -> Result<(), Failure> {
        self.stage.act("decide", "the same credential, after the sync");
        let answer = Self::present(self.gate(), self.wallet(), "answer")?;
        self.must(&answer, "Ada presents once more")?;
        let verdict = self.gate().run("verifier verify answer")?;
        self.verdict("Ada's withdrawn credential", &verdict, "deny", &["revoked"]);
        self.stage.say(&format!("the guard is told: {}", verdict.text("next_action")));
        Ok(())
    }

    fn end(&self) -> bool {
        let facts = &self.facts;
        self.stage.end(&[
            ("issue", facts.issued.clone()),
            ("hold", format!("sealed on Ada's device; a wrong pass phrase was refused, {}", facts.tries)),
            ("present", facts.shown.clone()),
            ("verify", format!("offline; {}", facts.ages)),
            ("decide", facts.decided.join("; ")),
            ("audit", facts.audit.clone()),
            ("sync", facts.synced.clone()),
            ("next", "do it by hand: README.md, \"A credential for yourself\"; then docs/src/tutorial".to_owned()),
        ])
    }

    /// Pins the root by the number the operator read out, and loads the bundle that came on a stick.
    fn trust(&self, actor: Actor<'w>) -> Result<Ran, Failure> {
        let published = self.issuer().run("issuer publish -o stick")?;
        if published.code != 0 {
            return Ok(published);
        }
        actor.run(&format!("trust pin stick --digest {}", self.facts.root))
    }

    /// Takes a step the story rests on: it is an expectation only when it fails.
    fn must(&mut self, ran: &Ran, what: &str) -> Result<(), Failure> {
        if ran.code == 0 {
            return Ok(());
        }
        self.stage.expect(what, false, &ran.told());
        Err(Failure::internal(format!("the demo cannot go on: {what}: {}", ran.told()), "run `waypass doctor`, and report the lines above"))
    }

    /// Checks that a verdict is what was expected: its word, its exit code, one of the reasons.
    fn verdict(&mut self, about: &str, ran: &Ran, word_expected: &str, codes: &[&str]) {
        let exit = match word_expected {
            "allow" => 0,
            "caution" => 10,
            "deny" => 20,
            _ => 30,
        };
        let found = reasons(ran);
        let met = ran.code == exit
            && ran.text("verdict") == word_expected
            && codes.iter().any(|code| found.split(", ").any(|found| found == *code));
        self.stage.expect(&format!("{}  {about} ({found})", word(ran)), met, &ran.told());
        self.facts.decided.push(format!("{} {found}", word(ran)));
    }
}

fn day(unix: i64) -> String {
    waypass_credential::time::Timestamp::from_unix(unix)
        .map(words::when)
        .unwrap_or_default()
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn word(ran: &Ran) -> &'static str {
    match ran.text("verdict") {
        "allow" => "ALLOW",
        "caution" => "CAUTION",
        "deny" => "DENY",
        "cannot_check" => "CANNOT CHECK",
        _ => "no verdict",
    }
}

fn reasons(ran: &Ran) -> String {
    let reasons = ran.json.get("reasons").and_then(Value::as_array);
    let codes: Vec<&str> = reasons.into_iter().flatten().filter_map(|reason| reason.get("code").and_then(Value::as_str)).collect();
    codes.join(", ")
}

fn ages(ran: &Ran) -> String {
    let age = |name: &str| {
        let seconds = ran.json.pointer(&format!("/evidence/{name}/age_seconds")).and_then(Value::as_i64);
        seconds.map_or_else(|| "unknown".to_owned(), |seconds| format!("{} old", words::span(seconds)))
    };
    format!("revocation list {}, trust bundle {}, rules {}", age("revocation"), age("trust"), age("policy"))
}
