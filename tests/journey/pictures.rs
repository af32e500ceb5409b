//! The output of cameras and scanners, and a guard's mistakes: read, or refused without a word about a person.

use crate::program::{Place, Ran, WAYPASS, finish};
use crate::site::Site;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use waypass_qr::{Carousel, FrameSize, Gatherer, Look, Progress, draw_terminal, frames};

fn words(place: &Place, home: &str, line: &str, stdin: &str) -> Ran {
    let args: Vec<&str> = line.split(' ').collect();
    finish(place.command(&[], home, &args), stdin)
}

fn mode(place: &Place, name: &str) -> u32 {
    fs::metadata(place.path(name)).unwrap_or_else(|why| panic!("{name}: {why}")).permissions().mode() & 0o777
}

/// The lines a scanner types for a payload, each with the spaces that some add.
fn scanned(payload: &[u8]) -> String {
    let frames = frames(payload, FrameSize::Scan).expect("fits");
    frames.iter().flat_map(|frame| [frame.text(), "  \r\n"]).collect()
}

/// A site whose wallet holds a credential.
fn site() -> Site {
    let site = Site::new(&[], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    site
}

fn log_length(site: &Site) -> usize {
    site.ok("gate", "audit list --key-file KEY")["records"].as_array().expect("records").len()
}

#[test]
fn what_a_guard_takes_by_mistake_is_no_verdict() {
    let site = site();
    let place = &site.place;
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    site.ok("ada", "wallet present --request request --yes --qr-png answer.png --key-file KEY");
    let pictures = site.pictures("answer-");
    let (first, rest) = pictures.split_once(' ').expect("several codes");
    fs::create_dir(place.path("folder")).expect("made");
    place.write("nothing", "");
    place.write("blank", " \n");
    place.write("large", vec![b'a'; 70_000]);
    place.write("huge", vec![b'a'; 25 << 20]);
    place.write("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let before = log_length(&site);
    let mistakes = [
        ("folder", "is a directory"),
        ("nothing", "nothing is empty"),
        ("blank", "it is empty"),
        ("large", "70000 bytes are more than the 65536 that an answer has"),
        ("huge", "huge is larger than 24 MiB"),
        ("photo.heic", "photo.heic is a HEIC, and only PNG and JPEG are read"),
        ("request", "this is a gate's question, and not an answer to one"),
        (first, "frames 2, 3 of 3 missing"),
        ("missing", "no such file or directory"),
    ];
    for (file, said) in mistakes {
        let ran = words(place, "gate", &format!("verifier verify {file} --key-file gate.key"), "");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{file}: {}", ran.stderr);
    }
    assert_eq!(log_length(&site), before, "a mistake is in the log");
    // The same question is still open, and answered by all the pictures.
    let (code, verdict) = site.verdict(&format!("{rest} {first}"));
    assert_eq!((code, verdict["verdict"].as_str()), (0, Some("allow")), "{verdict}");
    assert_eq!(log_length(&site), before + 1);
}

#[test]
fn a_scanners_lines_are_read_wherever_a_picture_is() {
    let site = site();
    let place = &site.place;
    site.ok("gate", "verifier challenge --role staff -o request --key-file KEY");
    let question = scanned(&fs::read(place.path("request")).expect("the question"));
    let presented = words(place, "ada", "wallet present --request - --yes -o answer --key-file ada.key", &question);
    assert_eq!(presented.code, 0, "{}", presented.stderr);
    let answer = fs::read(place.path("answer")).expect("the answer");
    place.write("lines", scanned(&answer));

    // A scanner does not end its output: the gate decides when the last code has come.
    let mut command = place.command(&[], "gate", &["verifier", "verify", "-", "--key-file", "gate.key"]);
    let mut gate = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut pipe = gate.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut pipe, format!("4006381333931\n{}", scanned(&answer)).as_bytes()).expect("written");
    let decided = crate::program::ended(gate);
    drop(pipe);
    assert_eq!(decided.code, 0, "{}{}", decided.stdout, decided.stderr);

    let (code, verdict) = site.verdict("lines");
    assert_eq!((code, verdict["reasons"][0]["code"].as_str()), (20, Some("replayed")), "read from a file as well: {verdict}");
    assert_eq!(words(place, "ada", "qr decode lines", "").stdout.as_bytes(), answer);
}

#[test]
fn pictures_are_their_owners_and_follow_no_link() {
    let site = site();
    let place = &site.place;
    place.write("victim", "untouched");
    std::os::unix::fs::symlink(place.path("victim"), place.path("answer-1of3.png")).expect("a link");
    site.ok("gate", "verifier challenge --role staff --claim given_name -o request --key-file KEY");
    site.ok("ada", "wallet present --request request --yes -o answer --qr-png answer.png --qr-svg answer.svg --key-file KEY");
    assert_eq!(fs::read_to_string(place.path("victim")).expect("there"), "untouched");
    assert_eq!(mode(place, "answer"), 0o600, "a presentation");
    let offer = "issuer issue --offer --role staff --site north -o offer --qr-png offer.png --qr-svg offer.svg --key-file KEY";
    site.ok("issuer", offer);
    let names: Vec<String> =
        fs::read_dir(place.dir()).expect("the folder").map(|e| e.expect("an entry").file_name().into_string().expect("text")).collect();
    let pictures: Vec<&String> = names.iter().filter(|name| [".png", ".svg"].iter().any(|ending| name.ends_with(ending))).collect();
    assert!(pictures.len() >= 6, "{pictures:?}");
    for name in pictures {
        assert_eq!(mode(place, name), 0o600, "{name}");
    }
    // Every wallet can scan an offer: one code, and nothing of ours around the URL.
    assert!(names.iter().any(|name| name == "offer.png"));
    let decoded = words(place, "ada", "qr decode offer.png", "").stdout;
    assert!(decoded.starts_with("openid-credential-offer://?"), "{decoded}");
    assert_eq!(decoded, fs::read_to_string(place.path("offer")).expect("the offer").trim_end());
}

#[test]
fn pictures_of_an_earlier_question_go_when_new_ones_come() {
    let place = Place::new();
    let noise = |length: u32| (0..length).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect::<Vec<u8>>();
    for name in ["ask-1of2.svg", "task-1of2.png", "ask-notes.png"] {
        place.write(name, "somebody else's");
    }
    let pictures = || {
        let mut names: Vec<String> =
            fs::read_dir(place.dir()).expect("the folder").map(|e| e.expect("an entry").file_name().into_string().expect("text")).collect();
        names.retain(|name| name.contains("ask"));
        names.sort();
        names
    };
    for (length, count) in [(1500, 3), (600, 2), (1500, 3), (100, 1)] {
        place.write("payload", noise(length));
        let ran = words(&place, "home", "qr encode payload -o ask.png", "");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let new = (1..=count).map(|n| if count == 1 { "ask.png".to_owned() } else { format!("ask-{n}of{count}.png") });
        let mut expected: Vec<String> = new.chain(["ask-1of2.svg", "task-1of2.png", "ask-notes.png"].map(str::to_owned)).collect();
        expected.sort();
        assert_eq!(pictures(), expected);
    }
}

#[test]
fn a_code_on_the_terminal_fits_eighty_columns_or_says_that_it_does_not() {
    let place = Place::new();
    place.write("answer", vec![0xa5; 1700]);
    let ran = words(&place, "home", "--no-color qr encode answer", "");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "too wide");
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    place.write("offer", format!("openid-credential-offer://?credential_offer={}", "%7B".repeat(200)));
    let ran = words(&place, "home", "--no-color qr encode offer", "");
    assert!(ran.stderr.contains("and the terminal has 80 and 24: make it larger, or write a picture with --qr-png"), "{}", ran.stderr);
}

/// A carousel on a real terminal, which `script` makes: codes in turn until Enter, of which any suffice.
#[test]
fn a_carousel_turns_until_enter_and_any_of_its_codes_suffice() {
    let place = Place::new();
    let payload: Vec<u8> = (0..1500_u32).map(|n| u8::try_from(n * 31 % 256).expect("a byte")).collect();
    place.write("payload", &payload);
    let line = format!("{WAYPASS} --no-color qr encode payload --carousel");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]).current_dir(place.dir());
    script.env("WAYPASS_HOME", place.path("home")).env("LC_ALL", "C.UTF-8").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = script.spawn().expect("script is part of Debian");
    let mut screen = running.stdout.take().expect("its screen");
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("code 9, of at least") {
        let length = screen.read(&mut part).expect("the screen");
        assert_ne!(length, 0, "it ended by itself: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..length]);
    }
    running.stdin.take().expect("its keyboard").write_all(b"\n").expect("Enter");
    assert!(running.wait().expect("it ends").success());

    // A camera that missed the first four codes would read the others.
    let carousel = Carousel::new(&payload, FrameSize::Terminal).expect("fits");
    let screen = String::from_utf8_lossy(&seen).replace('\r', "");
    let mut gatherer = Gatherer::new();
    for (number, turned) in (0..).zip(screen.split("\u{1b}[H").skip(1)).skip(4) {
        let code = carousel.code(number);
        assert!(turned.starts_with(&draw_terminal(&code, Look::DarkTerminal).expect("drawn")), "code {number}: {turned}");
        if gatherer.line(code.as_bytes()).expect("a code of the carousel").is_some_and(Progress::complete) {
            break;
        }
    }
    assert_eq!(gatherer.finish(), Ok(payload));
    let refused = words(&place, "home", "qr encode payload --carousel", "");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("needs a terminal"), "{}", refused.stderr);
}
