//! An attacker who owns the clock, the sticks and perhaps the timestamp key finds no wrong green.
//!
//! Wrong green: evidence counts as fresh although the device itself was switched on for longer than the limit since it learned the
//! evidence. Switched on is what the guard can see: a boot counts up to its last reading. The device reads its clocks with every
//! command and every minute of a running process; what passes in a boot that reads nothing is like time switched off.

use super::*;

/// The world, as it really is.
struct World {
    dice: Dice,
    /// Real time, and what the wall clock adds to it, in seconds.
    real: i64,
    off_by: i64,
    boot: u8,
    boottime_ms: u64,
    /// The boot clock at the last reading of this boot.
    read_ms: u64,
    /// How long the device was on, as far as its readings saw it.
    on_ms: u64,
    state: TimeState,
    signer: TimeSigner,
    /// When the bundles were signed that a courier may still deliver, and whose keys signed them.
    sticks: alloc::vec::Vec<(i64, TimeSigner)>,
    /// The bundle, which the timestamp key dates, and a status list, which it does not.
    evidence: [Option<Evidence>; 2],
    highest_wall: i64,
    seen: Seen,
}

const BUNDLE: usize = 0;
const LIST: usize = 1;

/// The state that the gate decides by.
#[derive(Clone, Copy)]
struct Evidence {
    as_of: i64,
    learned_ms: u64,
}

/// Counts of events, so that a simulation in which nothing happens is noticed.
#[derive(Default, Debug)]
struct Seen {
    fresh: u64,
    stale: u64,
    doubted: u64,
    suspect: u64,
    aside: u64,
    known: u64,
    forgotten: u64,
    answered: u64,
    /// Fresh with a clock that was more than an hour wrong: what detection cannot prevent.
    deceived: u64,
}

const LIMITS_OF_ROLES: [i64; 4] = [HOUR, 24 * HOUR, 72 * HOUR, 7 * DAY];
const NO_CAPS: Limits = Limits { boots: u32::MAX, decisions: u32::MAX };

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let boottime_ms = dice.between(1, 100_000).unsigned_abs();
        let mut world = Self {
            dice,
            real: NOON,
            off_by: 0,
            boot: 1,
            boottime_ms,
            read_ms: 0,
            on_ms: 0,
            state: TimeState::default(),
            signer: OFFICE,
            sticks: alloc::vec![(NOON, OFFICE)],
            evidence: [None; 2],
            highest_wall: NOON,
            seen: Seen::default(),
        };
        world.deliver(NOON, OFFICE);
        world.bring_list(NOON);
        world
    }

    fn wall(&self) -> i64 {
        (self.real + self.off_by).clamp(0, 200_000 * DAY)
    }

    /// Reads the clocks, which is what counts the time that the device was on.
    fn reading(&mut self) -> Reading {
        self.on_ms += self.boottime_ms - self.read_ms;
        self.read_ms = self.boottime_ms;
        let wall = self.wall();
        self.highest_wall = self.highest_wall.max(wall);
        Reading { wall: time(wall), boottime_ms: self.boottime_ms, boot_id: [self.boot; 16] }
    }

    fn pass(&mut self, seconds: i64) {
        self.real += seconds;
        self.boottime_ms += seconds.unsigned_abs() * 1000 + self.dice.roll() % 1000;
    }

    fn reboot(&mut self, off: i64) {
        self.real += off;
        self.boot = self.boot % 250 + 1;
        (self.boottime_ms, self.read_ms) = (self.dice.roll() % 30_000, 0);
    }

    /// A bundle arrives: the guard takes it, or it is not installed.
    fn deliver(&mut self, at: i64, signer: TimeSigner) {
        let newer = self.evidence[BUNDLE].is_none_or(|held| held.as_of < at);
        // Versions never decrease, and a root that is gone signs nothing.
        if signer != self.signer || !newer {
            return;
        }
        let reading = self.reading();
        let before = self.state.newest_signed().map(|signed| signed.signer);
        match adopt(&mut self.state, at, signer, reading) {
            Adopted::Aside(_) => return self.seen.aside += 1,
            Adopted::Known => self.seen.known += 1,
            Adopted::Newer => self.seen.forgotten += u64::from(before.is_some_and(|before| before != signer)),
        }
        self.evidence[BUNDLE] = Some(Evidence { as_of: at, learned_ms: self.on_ms });
    }

    /// A status list arrives, which the thief of the timestamp key cannot sign. One that is dated after the bundle is not taken.
    fn bring_list(&mut self, at: i64) {
        let reached = self.evidence[BUNDLE].is_some_and(|bundle| at - bundle.as_of <= TOLERANCE_SECONDS);
        if reached && self.evidence[LIST].is_none_or(|held| held.as_of < at) {
            let reading = self.reading();
            self.state = TimeGuard::observe(&self.state, &reading, &NO_CAPS).1;
            self.evidence[LIST] = Some(Evidence { as_of: at, learned_ms: self.on_ms });
        }
    }

    /// The gate asks for the time: the office answers, and somebody may keep the answer for a while. Or the thief answers.
    fn ask_for_the_time(&mut self) {
        let asked = self.reading();
        let early = self.dice.between(0, 30);
        self.pass(early);
        let mut at = self.real;
        let late = self.dice.pick(&[0, 1, 29, 61, DAY]);
        self.pass(late);
        if self.dice.one_in(2) {
            let bound = self.state.bound().map_or(NOON, Timestamp::unix);
            let give = self.dice.pick(&[0, 1, 60, -60, 121, -121, HOUR, -HOUR, 3 * DAY]);
            at = (self.dice.pick(&[bound, self.wall(), self.real]) + give).max(0);
        }
        let reading = self.reading();
        let signed = SignedTime { at: time(at), signer: self.signer };
        let (next, adopted) = self.state.answered(&signed, &asked, &reading);
        self.seen.answered += u64::from(adopted == Adopted::Newer);
        self.state = next;
    }

    /// Sets the clock where it helps most: to something the device knows, give or take what it tolerates.
    fn set_clock(&mut self) {
        let bound = self.state.bound().map_or(NOON, Timestamp::unix);
        let as_of = self.evidence[LIST].map_or(NOON, |evidence| evidence.as_of);
        let targets = [
            bound,
            as_of,
            self.highest_wall,
            bound + i64::try_from(self.boottime_ms / 1000).expect("small"),
            self.real,
            self.real + self.dice.between(-400 * DAY, 400 * DAY),
        ];
        let give = self.dice.pick(&[0, 0, 119, 121, 599, 601, -119, -121, -599, -601, HOUR, -HOUR, DAY, -DAY]);
        self.off_by = self.dice.pick(&targets) + give - self.real;
    }

    fn act(&mut self) {
        match self.dice.between(0, 18) {
            0..=3 => self.set_clock(),
            4..=6 => {
                let seconds = self.dice.pick(&[1, 60, HOUR, 20 * HOUR, 25 * HOUR, 3 * DAY]);
                self.pass(seconds);
            }
            // Asleep: the boot clock runs.
            7 => {
                let asleep = self.dice.between(1, 10 * DAY);
                self.pass(asleep);
            }
            8..=10 => {
                let off = self.dice.pick(&[1, 60, HOUR, DAY, 30 * DAY]);
                self.reboot(off);
                // The clock of a device that is off is as easily set as any.
                if self.dice.one_in(2) {
                    let up = self.dice.pick(&[0, 60, HOUR, 23 * HOUR, 6 * DAY]);
                    self.pass(up);
                    self.set_clock();
                }
            }
            11 => self.sticks.push((self.real, self.signer)),
            12 | 13 => {
                let (at, signer) = self.dice.pick(&self.sticks);
                self.deliver(at, signer);
                self.bring_list(at);
            }
            // The thief of the timestamp key signs what he likes.
            14 => {
                let at = self.wall() + self.dice.between(-3 * DAY, 3 * DAY);
                let far = self.real + self.dice.between(-100 * DAY, 400 * DAY);
                let at = self.dice.pick(&[at, far]).max(0);
                self.deliver(at, self.signer);
            }
            15 => self.ask_for_the_time(),
            _ if self.dice.one_in(20) => {
                self.signer = if self.signer == OFFICE { ROTATED } else { OFFICE };
                self.evidence = [None; 2];
                self.deliver(self.real, self.signer);
                self.bring_list(self.real);
            }
            _ => {}
        }
    }

    /// Returns what a decision would say now, and if that is wrong.
    fn decide(&mut self) -> Option<alloc::string::String> {
        let (on_ms, read_ms) = (self.on_ms, self.read_ms);
        let reading = self.reading();
        let (moment, next) = TimeGuard::observe(&self.state, &reading, &NO_CAPS);
        let sank = self.state.bound() > next.bound();
        let wrong = if sank { Some("the bound sank".into()) } else { [BUNDLE, LIST].iter().find_map(|at| self.judge(*at, &moment)) };
        // A commit that fails stores nothing: this reading has not been, and nothing was shown.
        if self.dice.one_in(10) {
            (self.on_ms, self.read_ms) = (on_ms, read_ms);
        } else {
            self.state = next.decided();
        }
        wrong
    }

    fn judge(&mut self, of: usize, moment: &Moment) -> Option<alloc::string::String> {
        // Without a bundle there is nothing to decide by.
        let Evidence { as_of, learned_ms } = self.evidence[of].filter(|_| self.evidence[BUNDLE].is_some())?;
        let on_ms = self.on_ms - learned_ms;
        let considered = moment.considering(time(as_of));
        if considered.doubt().is_some() {
            self.seen.doubted += 1;
            return None;
        }
        let age = moment.at().unix() - as_of;
        for limit in LIMITS_OF_ROLES {
            if age > limit {
                self.seen.stale += 1;
                continue;
            }
            self.seen.fresh += 1;
            self.seen.suspect += u64::from(moment.confidence() == Confidence::Suspect);
            self.seen.deceived += u64::from(self.real - as_of > limit + HOUR);
            // Counted at 99.9 %, and in whole seconds. A list may be a little newer than the bundle.
            let give = if of == LIST { TOLERANCE_SECONDS } else { 0 };
            if on_ms / 1000 * 999 / 1000 > (limit + give).unsigned_abs() + 1 {
                return Some(alloc::format!("{age} s old for {limit} s, and on for {} s", on_ms / 1000));
            }
        }
        None
    }
}

#[test]
fn an_adversary_finds_no_wrong_green() {
    let mut total = Seen::default();
    for seed in 1..=traces() {
        let mut world = World::new(seed);
        for step in 0..40 {
            world.act();
            if let Some(wrong) = world.decide() {
                panic!("seed {seed}, step {step}: {wrong}; {:?}", world.state);
            }
        }
        for (sum, one) in [
            (&mut total.fresh, world.seen.fresh),
            (&mut total.stale, world.seen.stale),
            (&mut total.doubted, world.seen.doubted),
            (&mut total.suspect, world.seen.suspect),
            (&mut total.aside, world.seen.aside),
            (&mut total.known, world.seen.known),
            (&mut total.forgotten, world.seen.forgotten),
            (&mut total.answered, world.seen.answered),
            (&mut total.deceived, world.seen.deceived),
        ] {
            *sum += one;
        }
    }
    println!("{} adversarial traces: {total:?}", traces());
    let Seen { fresh, stale, doubted, suspect, aside, known, forgotten, answered, deceived } = total;
    for (what, count) in [
        ("fresh", fresh),
        ("stale", stale),
        ("doubted", doubted),
        ("suspect", suspect),
        ("aside", aside),
        ("known", known),
        ("forgotten", forgotten),
        ("answered", answered),
        ("deceived", deceived),
    ] {
        assert!(count > traces() / 100, "the traces hardly ever come to {what}: {count}");
    }
}
