//! Printed cards, as other programs see them: a code reader and a printer of PDF that nobody here wrote.

use crate::program::finish;
use crate::site::Site;
use std::fs;
use std::process::Command;
use waypass_qr::{FrameSize, frames};

/// A site whose rules admit cards, and two people who have one.
fn site() -> Site {
    let site = Site::new(&[], "sd-jwt");
    site.ok("issuer", "issuer publish --admit-cards --yes -o stick --key-file KEY");
    for (name, file) in [("Ada\u{a0}Byron", "ada.card"), ("زينب", "zaynab.card")] {
        site.ok(
            "issuer",
            &format!(
                "issuer issue --card --name {name} --document C01X00T478 --role staff --site north --zone lab -o {file} --key-file KEY"
            ),
        );
    }
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.stick();
    site.ok("gate", "verifier sync --from stick --key-file KEY");
    site
}

fn runs(program: &str, args: &[&str]) -> Option<Vec<u8>> {
    Command::new(program).args(args).output().ok().map(|output| output.stdout)
}

/// Reads the codes of a picture with `zbarimg`.
fn zbar(site: &Site, picture: &str) -> Vec<String> {
    let path = site.place.path(picture);
    let printed = runs("zbarimg", &["--quiet", "--raw", &path.to_string_lossy()]).expect("zbarimg runs");
    String::from_utf8(printed).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn other_programs_read_what_is_printed() {
    if runs("zbarimg", &["--version"]).is_none() || runs("pdftoppm", &["-v"]).is_none() {
        println!("SKIP other_programs_read_what_is_printed: zbarimg or pdftoppm is not installed");
        return;
    }
    let site = site();
    site.ok("issuer", "issuer card ada.card --pdf ada.pdf --png ada.png --key-file KEY");
    site.ok("issuer", "issuer card ada.card zaynab.card --sheet --pdf sheet.pdf --png sheet.png --key-file KEY");
    let code = |file: &str| {
        let payload = fs::read(site.place.path(file)).expect("a card");
        frames(&payload, FrameSize::Scan).expect("one code")[0].text().to_owned()
    };
    let (ada, zaynab) = (code("ada.card"), code("zaynab.card"));
    for (pdf, picture) in [("ada.pdf", "printed"), ("sheet.pdf", "printed-sheet")] {
        let (from, to) = (site.place.path(pdf), site.place.path(picture));
        runs("pdftoppm", &["-png", "-r", "300", "-singlefile", &from.to_string_lossy(), &to.to_string_lossy()]).expect("pdftoppm runs");
    }
    for picture in ["ada.png", "printed.png"] {
        assert_eq!(zbar(&site, picture), std::slice::from_ref(&ada), "{picture}");
        let (exit, verdict) = site.verdict(picture);
        assert_eq!((exit, &verdict["level"], &verdict["who"]["claims"]["name"]), (10, &"amber".into(), &"Ada Byron".into()));
    }
    for picture in ["sheet.png", "printed-sheet.png"] {
        let mut read = zbar(&site, picture);
        read.sort_unstable();
        let mut both = [ada.clone(), zaynab.clone()];
        both.sort_unstable();
        assert_eq!(read, both, "{picture}");
    }
}

/// The office names what it cannot print before anything is printed, and prints nothing that gates would refuse.
#[test]
fn what_cannot_be_printed_is_said() {
    let site = site();
    let issue = "issuer issue --card --role staff --site north --zone lab -o other.card --key-file KEY --name";
    for (name, exit) in [("王小明", 0), ("Ada\u{202e}Byron", 2)] {
        assert_eq!(site.run("issuer", &format!("{issue} {name}")).code, exit, "{name}");
    }
    let wrong = [("other.card", "cannot be printed"), ("credential", "this is not a card"), ("stick", "this is not a card")];
    for (file, why) in wrong {
        let ran = site.run("issuer", &format!("issuer card ada.card {file} --pdf out.pdf --key-file KEY"));
        assert!(ran.code == 2 && ran.stderr.contains(why), "{file}: {}", ran.stderr);
        assert!(!site.place.path("out.pdf").exists(), "{file}");
    }
    let plain = Site::new(&[], "sd-jwt");
    let ran = plain.run("issuer", &format!("{issue} Ada"));
    assert!(ran.code == 2 && ran.stderr.contains("--admit-cards"), "{}", ran.stderr);
}

/// A guard who asked a telephone is shown a card: amber, and the telephone can still answer.
#[test]
fn a_card_leaves_the_gates_question_open() {
    let site = site();
    site.ok("ada", "wallet add credential --key-file KEY");
    site.answer("answer");
    let ran = site.run("gate", "verifier verify ada.card --key-file KEY");
    let verdict: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a verdict");
    assert_eq!((ran.code, &verdict["reasons"][0]["code"], &verdict["challenge"]), (10, &"bearer_pass".into(), &serde_json::Value::Null));
    let record = ran.stderr.split("record ").nth(1).and_then(|rest| rest.split(':').next()).expect("the number of its record");
    assert_eq!(site.verdict("answer").0, 0);
    let without_words = site.run("gate", &format!("verifier confirm {record} --by Paul --key-file KEY"));
    assert!(without_words.code == 2 && without_words.stderr.contains("--reason"), "{}", without_words.stderr);
    site.ok("gate", &format!("verifier confirm {record} --by Paul --reason passport --key-file KEY"));
    // A machine never lets a card in.
    assert_eq!(site.run("gate", "verifier verify ada.card --accept-amber bearer_pass --key-file KEY").code, 10);
}

/// A card answers nothing, so nothing about an answer is ticked, whatever the verdict is.
#[test]
fn a_card_ticks_nothing_about_an_answer() {
    let site = site();
    site.ok("issuer", "issuer issue --card --name Eve --document T478 --role visitor --site north -o visitor.card --key-file KEY");
    for (card, exit) in [("ada.card", 10), ("visitor.card", 20)] {
        let ran = finish(site.place.command(&[], "gate", &["verifier", "verify", card, "--key-file", "gate.key"]), "");
        assert!(ran.code == exit && ran.stdout.contains("genuine, and the issuer may say it"), "{card}: {}{}", ran.stdout, ran.stderr);
        for tick in ["presented by the device", "answers this gate's question", "shows what was asked for"] {
            assert!(!ran.stdout.contains(tick), "{card}: {}", ran.stdout);
        }
    }
}
