//! Several lanes at one gate: question and verdict are processes of their own, and answers come in any order.

use super::site::{GATE, Site, WALLET, reasons, said, text};
use std::time::{Duration, Instant};

/// A challenge is open for a minute; an attempt that took longer on a busy machine says nothing.
const IN_TIME: Duration = Duration::from_secs(50);

/// Returns what a gate says about a file.
fn verdict(site: &Site, file: &str) -> (String, Vec<String>) {
    let shown = said(&site.run(GATE, &format!("verifier verify {file}")).stdout);
    (text(&shown, "verdict").to_owned(), reasons(&shown).into_iter().map(str::to_owned).collect())
}

fn is(found: &(String, Vec<String>), verdict: &str, reason: &str) {
    assert_eq!((found.0.as_str(), &found.1[..]), (verdict, &[reason.to_owned()][..]));
}

#[test]
fn each_answer_finds_its_own_question_once() {
    let (site, _) = Site::with_credential();
    for _ in 0..8 {
        site.place.write("junk", "not an answer");
        let begun = Instant::now();
        for lane in 1..=3 {
            site.done(GATE, &format!("verifier challenge --role staff -o request{lane}"));
        }
        for lane in 1..=3 {
            site.run(WALLET, &format!("wallet present --request request{lane} --yes -o answer{lane}"));
        }
        // Out of order; what answers nothing uses nobody's question up.
        let found: Vec<_> = ["answer1", "junk", "answer3", "answer1", "answer2", "answer3"].map(|file| verdict(&site, file)).into();
        if begun.elapsed() > IN_TIME {
            continue;
        }
        for (at, reason) in [(0, "ok"), (2, "ok"), (4, "ok")] {
            is(&found[at], "allow", reason);
        }
        is(&found[1], "deny", "malformed");
        for at in [3, 5] {
            is(&found[at], "deny", "replayed");
        }
        site.records();
        return;
    }
    panic!("no attempt was through within {IN_TIME:?}");
}
