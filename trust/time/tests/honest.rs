//! Honest devices meet no doubt but the kinds that unlock.md names: a start without a battery clock, and too many restarts or decisions
//! without signed time.

use super::super::Doubt;
use super::*;

/// A device nobody tampers with: a quartz that is up to 50 ppm wrong, small corrections, sleep, weekends, months in a drawer.
struct Device {
    dice: Dice,
    /// Real time in milliseconds.
    real_ms: i64,
    /// The reading of the wall clock, by the device's own quartz.
    wall_ms: i64,
    boottime_ms: i64,
    boot: u8,
    ppm: i64,
    battery: bool,
    boot_ids: bool,
    /// How much this boot's clock was stepped in all, in milliseconds.
    stepped_ms: i64,
    boots: u32,
    /// True if somebody set the clock, or a battery kept it, since the device was started.
    set: bool,
    state: TimeState,
    seen: Seen,
}

#[derive(Default, Debug)]
struct Seen {
    anchored: u64,
    low: u64,
    suspect: u64,
    lost: u64,
    capped: u64,
    aside: u64,
    answered: u64,
}

const CAPS: Limits = Limits { boots: 8, decisions: 30_000 };

impl Device {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (ppm, battery, boot_ids) = (dice.between(-50, 51), !dice.one_in(4), !dice.one_in(4));
        let real_ms = NOON * 1000;
        let wall_ms = real_ms + dice.between(-30_000, 30_000);
        let boottime_ms = dice.between(5_000, 100_000);
        let (boot, stepped_ms, boots, set) = (1, 0, 0, true);
        let state = TimeState::default();
        Self { dice, real_ms, wall_ms, boottime_ms, boot, ppm, battery, boot_ids, stepped_ms, boots, set, state, seen: Seen::default() }
    }

    fn reading(&self) -> Reading {
        let boot_id = if self.boot_ids { [self.boot; 16] } else { Reading::UNKNOWN_BOOT };
        Reading { wall: time(self.wall_ms / 1000), boottime_ms: self.boottime_ms.unsigned_abs(), boot_id }
    }

    /// By the device's quartz; `real` passes.
    fn quartz(&self, real_ms: i64) -> i64 {
        real_ms + real_ms * self.ppm / 1_000_000
    }

    fn pass(&mut self, seconds: i64) {
        let run = self.quartz(seconds * 1000);
        self.real_ms += seconds * 1000;
        self.wall_ms += run;
        self.boottime_ms += run;
    }

    fn switch_off(&mut self, seconds: i64) {
        self.real_ms += seconds * 1000;
        // The clock behind a battery keeps whole seconds.
        self.wall_ms = if self.battery { (self.wall_ms + self.quartz(seconds * 1000)) / 1000 * 1000 } else { 0 };
        self.boottime_ms = self.dice.between(3_000, 60_000);
        self.wall_ms += self.boottime_ms;
        self.real_ms += self.boottime_ms;
        self.boot = self.boot % 250 + 1;
        self.boots += 1;
        (self.stepped_ms, self.set) = (0, self.battery);
    }

    /// A correction towards the truth; those of one boot sum to under two minutes.
    fn step(&mut self) {
        let error = self.real_ms - self.wall_ms;
        let most = 115_000 - self.stepped_ms;
        if self.set && most > 0 {
            let step = error.clamp(-most, most);
            self.wall_ms += step;
            self.stepped_ms += step.abs();
        }
    }

    /// Somebody sets a clock that was lost by a watch that is a little wrong, as the program asks.
    fn set_clock(&mut self) {
        if !self.set {
            self.wall_ms = self.real_ms + self.dice.between(-50_000, 50_000);
            self.set = true;
        }
    }

    /// A bundle, made up to a day ago; without a battery clock it may have to wait for the clock to be set.
    fn sync(&mut self) -> Option<&'static str> {
        let age = self.dice.pick(&[0, 60, HOUR, 24 * HOUR]);
        let signed = SignedTime { at: time(self.real_ms / 1000 - age), signer: OFFICE };
        let (next, adopted) = self.state.adopt(&signed, &self.reading());
        if self.state.newest_signed().is_none_or(|held| held.at < signed.at) && !matches!(adopted, Adopted::Aside(_)) {
            self.boots = 0;
        }
        self.state = next;
        self.seen.aside += u64::from(matches!(adopted, Adopted::Aside(_)));
        (matches!(adopted, Adopted::Aside(_)) && self.set).then_some("an honest bundle was kept aside")
    }

    /// An answer to this device's own question: afterwards nothing is in doubt that a clock can show.
    fn ask_for_the_time(&mut self) -> Option<&'static str> {
        let asked = self.reading();
        let half = self.dice.pick(&[0, 1, 20]);
        self.pass(half);
        let signed = SignedTime { at: time(self.real_ms / 1000), signer: OFFICE };
        self.pass(half);
        let (next, adopted) = self.state.answered(&signed, &asked, &self.reading());
        self.state = next;
        self.boots = 0;
        self.seen.answered += 1;
        let (moment, _) = TimeGuard::observe(&self.state, &self.reading(), &CAPS);
        match (adopted, moment.confidence()) {
            (Adopted::Aside(_), _) => Some("an honest answer was kept aside"),
            (_, Confidence::Anchored) => None,
            // Without a boot id no reading is known to be of the boot of the answer.
            (_, Confidence::Low) if !self.boot_ids => None,
            (_, Confidence::Doubt(Doubt::BehindSigned)) if !self.boot_ids && !self.set => None,
            (_, Confidence::Suspect) if !self.set => None,
            _ => Some("an honest answer left the clock in doubt"),
        }
    }

    fn act(&mut self) -> Option<&'static str> {
        match self.dice.between(0, 14) {
            0..=4 => {
                let seconds = self.dice.pick(&[1, 60, HOUR, 10 * HOUR, DAY]);
                self.pass(seconds);
            }
            // Asleep over the weekend.
            5 => self.pass(2 * DAY),
            6..=8 => {
                let off = self.dice.pick(&[20, 600, 14 * HOUR, 3 * DAY]);
                self.switch_off(off);
            }
            9 => self.step(),
            10 => self.set_clock(),
            11 => return self.ask_for_the_time(),
            _ => return self.sync(),
        }
        None
    }

    fn decide(&mut self) -> Result<(), Doubt> {
        let (moment, next) = TimeGuard::observe(&self.state, &self.reading(), &CAPS);
        self.state = next.decided();
        match moment.confidence() {
            Confidence::Anchored => self.seen.anchored += 1,
            Confidence::Low => self.seen.low += 1,
            Confidence::Suspect if !self.set => self.seen.suspect += 1,
            Confidence::Doubt(Doubt::BehindSigned | Doubt::BehindSeen) if !self.set => self.seen.lost += 1,
            Confidence::Doubt(Doubt::TooManyBoots) if self.boots >= CAPS.boots => self.seen.capped += 1,
            Confidence::Suspect => return Err(Doubt::EvidenceAhead),
            Confidence::Doubt(doubt) => return Err(doubt),
        }
        // Proven time is true: the bound never passes real time, give or take the clock it was counted by.
        let slack = super::super::SLOW_SECONDS;
        assert!(moment.bound().is_none_or(|bound| bound.unix() <= self.real_ms / 1000 + slack), "bound {:?}", moment.bound());
        Ok(())
    }
}

#[test]
fn an_honest_device_meets_only_the_doubt_that_is_named() {
    let mut total = Seen::default();
    for seed in 1..=traces() {
        let mut device = Device::new(seed);
        assert_eq!(device.sync(), None);
        // Three months in a drawer, once.
        let drawer = device.dice.between(0, 40);
        for step in 0..40 {
            let wrong = if step == drawer {
                device.switch_off(90 * DAY);
                None
            } else {
                device.act()
            };
            assert_eq!(wrong, None, "seed {seed}, step {step}: {:?}", device.state);
            let before = device.reading();
            let decided = device.decide();
            assert_eq!(decided, Ok(()), "seed {seed}, step {step}: {before:?}, really {}, {:?}", device.real_ms, device.state);
        }
        for (sum, one) in [
            (&mut total.anchored, device.seen.anchored),
            (&mut total.low, device.seen.low),
            (&mut total.suspect, device.seen.suspect),
            (&mut total.lost, device.seen.lost),
            (&mut total.capped, device.seen.capped),
            (&mut total.aside, device.seen.aside),
            (&mut total.answered, device.seen.answered),
        ] {
            *sum += one;
        }
    }
    println!("{} honest traces: {total:?}", traces());
    let Seen { anchored, low, suspect, lost, capped, aside, answered } = total;
    for (what, count) in [
        ("anchored", anchored),
        ("low", low),
        ("suspect", suspect),
        ("lost", lost),
        ("capped", capped),
        ("aside", aside),
        ("answered", answered),
    ] {
        assert!(count > traces() / 100, "the traces hardly ever come to {what}: {count}");
    }
}
