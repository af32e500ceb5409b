//! Full disks: said in words, nothing acknowledged is lost, a gate shows grey, and everything goes on once there is room.

use super::site::{Actor, GATE, ISSUER, Site, WALLET, advice, number, reasons, said, text};
use crate::program::Ran;
use std::process::{Child, Command, Stdio};

/// What a disk without room is tried with: each command writes in its own way.
struct Story {
    site: Site,
    revoked: String,
    held: Vec<String>,
    records: u64,
}

/// Runs a command of an actor where there is no room.
type Cramped<'c> = &'c dyn Fn(&Site, Actor, &str) -> Ran;

impl Story {
    fn new() -> Self {
        let (site, revoked) = Site::with_credential();
        site.issue("another");
        site.done(ISSUER, "issuer publish -o stick");
        site.ask();
        assert_eq!(site.run(GATE, "verifier verify stick").code, 20, "some record to lose");
        site.ask();
        let (held, records) = (site.held(), site.records());
        Self { site, revoked, held, records }
    }

    /// What each command does without room.
    fn cramped(&self, run: Cramped<'_>) {
        let Self { site, revoked, .. } = self;
        let commands = [
            (WALLET, "wallet add another".to_owned()),
            (WALLET, "wallet present --request request --yes".to_owned()),
            (ISSUER, format!("issuer revoke {revoked} --reason lost")),
            (GATE, "verifier sync --from stick".to_owned()),
            (GATE, "verifier challenge --role staff".to_owned()),
        ];
        for (actor, line) in commands {
            let ran = run(site, actor, &line);
            let (what, next) = advice(&ran);
            assert_eq!(ran.code, 1, "{line}: {}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.stdout, "", "{line}: acknowledged");
            assert!(next.contains("free some space") || next.contains("check the disk"), "{line}: {what}: {next}");
        }
        // Nobody acts on a decision that is not written down.
        let verdict = run(site, GATE, "verifier verify answer");
        let shown = said(&verdict.stdout);
        assert_eq!((verdict.code, text(&shown, "verdict")), (30, "cannot_check"), "{}{}", verdict.stdout, verdict.stderr);
        assert_eq!(reasons(&shown), ["storage_failed"]);
        assert!(!text(&shown, "next_action").is_empty());
        // Reading needs no room.
        let listed = run(site, WALLET, "wallet list");
        assert_eq!(listed.code, 0, "{}", listed.stderr);
        let checked = run(site, GATE, "audit verify");
        assert_eq!((checked.code, number(&said(&checked.stdout), "records")), (0, self.records), "{}", checked.stderr);
    }

    /// There is room again: everything acknowledged is there, and every command works.
    fn relieved(&self, run: Cramped<'_>) {
        let Self { site, revoked, held, records } = self;
        let done = |actor: Actor, line: &str| {
            let ran = run(site, actor, line);
            assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
            said(&ran.stdout)
        };
        // The answer was not used up by a decision that was never kept.
        assert_eq!(text(&done(GATE, "verifier verify answer"), "verdict"), "allow");
        assert_eq!(number(&done(GATE, "audit verify"), "records"), records + 1);
        let list = done(WALLET, "wallet list");
        assert!(held.iter().all(|id| list.to_string().contains(id)), "{list}");
        let added = done(WALLET, "wallet add another");
        assert_eq!(added.get("already"), Some(&serde_json::Value::Bool(false)));
        done(WALLET, "wallet history --verify");
        assert_eq!(text(&done(ISSUER, &format!("issuer revoke {revoked} --reason lost")), "state"), "revoked");
        done(GATE, "verifier sync --from stick");
        done(GATE, "audit verify");
    }
}

#[test]
fn no_file_may_grow() {
    // A limit on the size of files, with its signal ignored: every write fails with EFBIG.
    let wrap = ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"];
    let story = Story::new();
    story.cramped(&|site, actor, line| site.wrapped(&wrap, actor, line));
    story.relieved(&|site, actor, line| site.run(actor, line));
}

/// A small disk of its own in the place's folder `disk`, seen by whoever enters its name space; gone with the process.
struct Disk(Child);

impl Disk {
    /// `None` where the system does not let us mount one.
    fn new(site: &Site) -> Option<Self> {
        let disk = site.place.path("disk");
        std::fs::create_dir(&disk).expect("a folder");
        let script = "mount -t tmpfs -o size=24m tmpfs disk && cp -a issuer wallet gate disk && echo ready && exec sleep 600";
        let mut child = Command::new("unshare")
            .args(["-rm", "sh", "-c", script])
            .current_dir(site.place.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        let said = std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take()?), &mut line);
        let disk = Self(child);
        (said.is_ok() && line == "ready\n" && disk.enter(&["true"])).then_some(disk)
    }

    fn wrap(&self) -> [String; 7] {
        let pid = self.0.id().to_string();
        ["nsenter", "--target", &pid, "--user", "--mount", "--wd", "--preserve-credentials"].map(str::to_owned)
    }

    /// Runs a program where the disk is.
    fn enter(&self, words: &[&str]) -> bool {
        let wrap = self.wrap();
        let mut command = Command::new(&wrap[0]);
        command.args(&wrap[1..]).args(words).stdin(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn the_disk_is_full() {
    let story = Story::new();
    let Some(disk) = Disk::new(&story.site) else {
        println!("SKIP a full disk: this system lets us mount none (unshare -rm)");
        return;
    };
    let fill = story.site.place.path("disk/fill");
    let fill = fill.to_str().expect("a path of ours");
    let run = |site: &Site, actor: Actor, line: &str| {
        let wrap = disk.wrap();
        let wrap: Vec<&str> = wrap.iter().map(String::as_str).collect();
        let home = site.place.path("disk").join(actor);
        site.wrapped(&wrap, actor, &format!("--home {} {line}", home.display()))
    };
    assert!(!disk.enter(&["dd", "if=/dev/zero", &format!("of={fill}"), "bs=4096"]), "the disk has no end");
    story.cramped(&run);
    assert!(disk.enter(&["rm", fill]));
    story.relieved(&run);
}
