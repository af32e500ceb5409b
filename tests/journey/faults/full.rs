//! Full disks: said in words, nothing acknowledged is lost, a gate shows grey, and everything goes on once there is room.

use super::site::{Actor, GATE, ISSUER, Site, WALLET, advice, number, reasons, said, text};
use crate::program::Ran;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The commands for a disk without room: each command writes in its own way.
struct Story {
    site: Site,
    revoked: String,
    held: Vec<String>,
    records: u64,
}

/// Runs a command of an actor where there is no room.
type Cramped<'c> = &'c dyn Fn(&Site, Actor, &str) -> Ran;

/// A challenge is open for a minute. An attempt that took longer, on a machine that is busy, says nothing and is made again.
const IN_TIME: Duration = Duration::from_secs(55);
const ATTEMPTS: usize = 8;

impl Story {
    fn new() -> Self {
        let (site, revoked) = Site::with_credential();
        site.issue("another");
        site.done(ISSUER, "issuer publish -o stick");
        site.ask();
        assert_eq!(site.run(GATE, "verifier verify stick").code, 20, "some record to lose");
        let (held, records) = (site.held(), site.records());
        Self { site, revoked, held, records }
    }

    /// The behaviour of each command without room; `words` say what has come to its end, and what to do.
    fn cramped(&self, run: Cramped<'_>, words: [&str; 2]) {
        let Self { site, revoked, .. } = self;
        let commands = [
            (WALLET, "wallet add another".to_owned()),
            (ISSUER, format!("issuer revoke {revoked} --reason lost")),
            (GATE, "verifier sync --from stick".to_owned()),
            (GATE, "verifier challenge --role staff".to_owned()),
        ];
        for (actor, line) in commands {
            refused_for_room(&run(site, actor, &line), &line, words);
        }
        // Reading needs no room.
        let listed = run(site, WALLET, "wallet list");
        assert_eq!(listed.code, 0, "{}", listed.stderr);
        let checked = run(site, GATE, "audit verify");
        assert_eq!((checked.code, number(&said(&checked.stdout), "records")), (0, self.records), "{}", checked.stderr);
    }

    /// Nobody acts on a decision that is not written down, and an answer is not used up by one. `room` says whether there is some.
    fn undecided(&mut self, run: Cramped<'_>, roomy: Cramped<'_>, room: &dyn Fn(bool), words: [&str; 2]) {
        let site = &self.site;
        for _ in 0..ATTEMPTS {
            let before = number(&said(&roomy(site, GATE, "audit verify").stdout), "records");
            let begun = Instant::now();
            let asked = roomy(site, GATE, "verifier challenge --role staff -o request");
            let answered = roomy(site, WALLET, "wallet present --request request --yes -o answer");
            room(false);
            let shown = run(site, WALLET, "wallet present --request request --yes");
            let verdict = run(site, GATE, "verifier verify answer");
            room(true);
            let again = roomy(site, GATE, "verifier verify answer");
            if begun.elapsed() > IN_TIME {
                self.records = number(&said(&roomy(site, GATE, "audit verify").stdout), "records");
                continue;
            }
            assert_eq!((asked.code, answered.code), (0, 0), "{}{}", asked.stderr, answered.stderr);
            refused_for_room(&shown, "wallet present", words);
            let decided = said(&verdict.stdout);
            assert_eq!((verdict.code, text(&decided, "verdict")), (30, "cannot_check"), "{}{}", verdict.stdout, verdict.stderr);
            assert_eq!(reasons(&decided), ["storage_failed"]);
            assert!(verdict.stdout.contains(words[0]), "{}", verdict.stdout);
            assert!(!text(&decided, "next_action").is_empty());
            assert_eq!((again.code, text(&said(&again.stdout), "verdict")), (0, "allow"), "{}{}", again.stdout, again.stderr);
            let records = number(&said(&roomy(site, GATE, "audit verify").stdout), "records");
            assert_eq!(records, before + 1);
            self.records = records;
            return;
        }
        panic!("no attempt of {ATTEMPTS} was through within {IN_TIME:?}");
    }

    /// There is room again: everything acknowledged is there, and every command works.
    fn relieved(&self, run: Cramped<'_>) {
        let Self { site, revoked, held, records } = self;
        let done = |actor: Actor, line: &str| {
            let ran = run(site, actor, line);
            assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
            said(&ran.stdout)
        };
        assert_eq!(number(&done(GATE, "audit verify"), "records"), *records);
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

/// Nothing was acknowledged, and the words are the right ones.
fn refused_for_room(ran: &Ran, line: &str, [missing, remedy]: [&str; 2]) {
    let (what, next) = advice(ran);
    assert_eq!(ran.code, 1, "{line}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout, "", "{line}: acknowledged");
    assert!(what.contains(missing) && next.contains(remedy), "{line}: {what}: {next}");
}

#[test]
fn no_file_may_grow() {
    // A limit on the size of files, with its signal ignored: every write fails with EFBIG.
    let wrap = ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"];
    let words = ["limit on the size of files", "ulimit -f"];
    let cramped: Cramped<'_> = &|site, actor, line| site.wrapped(&wrap, actor, line);
    let roomy: Cramped<'_> = &|site, actor, line| site.run(actor, line);
    let mut story = Story::new();
    story.undecided(cramped, roomy, &|_| (), words);
    story.cramped(cramped, words);
    story.relieved(roomy);
}

/// An erasure counts though its files cannot be written anew, and a later command does that.
#[test]
fn an_erasure_without_room_for_new_files_is_finished_later() {
    let Story { site, .. } = Story::new();
    let warning = "no room to write the vault's files anew";
    let file = site.place.path(WALLET).join("wallet/vault.db");
    let size = std::fs::metadata(file).expect("there").len();
    // The file may be as long as it is, and its log too. That takes what an erasure commits, but not all rows once more.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", size / 512);
    let ran = site.wrapped(&["sh", "-c", &script, "sh"], WALLET, "wallet history --forget 0");
    assert_eq!(number(&said(&ran.stdout), "seq"), 0, "{}", ran.stderr);
    assert!(ran.code == 0 && ran.stderr.contains(warning) && ran.stderr.contains("free some space"), "{}", ran.stderr);
    for _ in 0..2 {
        let ran = site.run(WALLET, "wallet history --verify");
        assert!(ran.code == 0 && !ran.stderr.contains(warning), "{}", ran.stderr);
    }
}

/// A creation that finds no room leaves nothing in the way of the next.
#[test]
fn a_creation_without_room_is_made_anew() {
    let site = Site::new();
    for blocks in 0..4 {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        for line in
            ["wallet init --recovery-file spare.code", "verifier init --name Spare --site north --zone lab --recovery-file spare.code"]
        {
            let ran = site.wrapped(&["sh", "-c", &script, "sh"], "spare", line);
            refused_for_room(&ran, line, ["size of files", "ulimit -f"]);
            assert!(!site.place.path("spare.key").exists() || blocks > 0, "{line}: an unfinished key file is left");
            // The rest of a key file after a power cut is written anew; a whole one is never overwritten.
            if !site.place.path("spare.key").exists() {
                site.place.write("spare.key", "waypass-key-file-1 AAAA");
                site.done("spare", line);
                drop(std::fs::remove_dir_all(site.place.path("spare")));
            }
            let ran = site.run("spare", line);
            let (what, next) = advice(&ran);
            assert_eq!(ran.code, 2, "{}", ran.stderr);
            assert!(what.contains("spare.key is there already") && next.contains("choose another name"), "{what}: {next}");
            std::fs::remove_file(site.place.path("spare.key")).expect("removed");
            drop(std::fs::remove_dir_all(site.place.path("spare")));
        }
    }
}

/// A small disk of its own in the place's folder `disk`, seen by processes in its name space; gone with the process.
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
    let mut story = Story::new();
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
    let words = ["full", "free some space"];
    let room = |room: bool| {
        if room {
            assert!(disk.enter(&["rm", fill]));
        } else {
            assert!(!disk.enter(&["dd", "if=/dev/zero", &format!("of={fill}"), "bs=4096"]), "the disk has no end");
        }
    };
    story.undecided(&run, &run, &room, words);
    room(false);
    story.cramped(&run, words);
    room(true);
    story.relieved(&run);
}
