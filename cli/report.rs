//! What this device says of itself before a vault opens on it, and what its site wants to follow from that.

use crate::exit::{Exit, Failure};
use crate::home::{Home, Role};
use crate::{Run, belief, gate, holder};
use waypass_machine::{Device, Seen, SystemRng, clock};
use waypass_trust::audit::Event;
use waypass_trust::bundle::{Consequence, DeviceFinding, DeviceRules, TrustBundle};
use waypass_vault::Unlocked;
use waypass_wallet::DEVICE_TABLE;

/// What was found by which rules.
#[derive(Default)]
pub(crate) struct Looked {
    rules: Option<DeviceRules>,
    pub(crate) found: Vec<Found>,
}

/// Something that is not as the site asks.
pub(crate) struct Found {
    pub(crate) finding: DeviceFinding,
    pub(crate) consequence: Consequence,
    pub(crate) what: String,
}

impl Looked {
    fn by(run: &Run, rules: Option<DeviceRules>) -> Self {
        let found = rules.as_ref().map(|rules| look(&run.home, rules)).unwrap_or_default();
        Self { rules, found }
    }

    fn refuses(&self, role: Role) -> Result<(), Failure> {
        match self.found.iter().find(|found| found.consequence == Consequence::Refuse) {
            Some(found) => Err(found.refused(role)),
            None => Ok(()),
        }
    }
}

impl Found {
    fn refused(&self, role: Role) -> Failure {
        let what = format!("on this device the site lets no {} open: {}", role.folder(), self.what);
        Failure::new(Exit::Locked, what, self.next())
    }

    /// Returns what a person can do about it.
    pub(crate) const fn next(&self) -> &'static str {
        match self.finding {
            DeviceFinding::Program => "install the version that the site trusts, or ask its office to name this one",
            DeviceFinding::Root => "run it as a user of its own",
            DeviceFinding::Debugger => "end the program that traces this one; if nobody knows of it, give the device to the office",
            DeviceFinding::SecureBoot => "switch secure boot on in the firmware, or ask the office to ask for less",
            DeviceFinding::Lockdown => "start the kernel with lockdown=integrity, or ask the office to ask for less",
            DeviceFinding::Disk => "give the device back to the office: its disk must be encrypted",
            DeviceFinding::ScreenLock => "switch on that the screen locks by itself",
            DeviceFinding::Packages => "let the system look for updates",
            DeviceFinding::Clock => "let the system ask a time server, or ask the office for a device with a clock",
        }
    }
}

/// Looks at everything that rules name.
fn look(home: &Home, rules: &DeviceRules) -> Vec<Found> {
    let folder = home.folders().next().map(std::path::Path::to_path_buf).unwrap_or_default();
    let device = Device::with(folder);
    let seen = rules.findings.iter().filter_map(|(finding, consequence)| match device.look(*finding, rules) {
        Seen::Good => None,
        Seen::Bad(what) | Seen::Unknown(what) => Some(Found { finding: *finding, consequence: *consequence, what }),
    });
    seen.collect()
}

/// Looks by the rules in the trust files, which are not compared with any vault.
pub(crate) fn by_files(run: &Run, role: Role) -> Looked {
    // Files that cannot be read are told by the command that works with them.
    let bundle = if role == Role::Issuer { None } else { belief::bundle(run).ok().flatten() };
    Looked::by(run, bundle.as_ref().and_then(|bundle| rules_of(bundle, role)))
}

/// Looks before a secret is asked for.
pub(crate) fn before(run: &Run, role: Role) -> Result<Looked, Failure> {
    let looked = by_files(run, role);
    looked.refuses(role)?;
    Ok(looked)
}

/// Returns what the rules of a bundle ask of the device for one role.
fn rules_of(bundle: &TrustBundle, role: Role) -> Option<DeviceRules> {
    let unlocking = bundle.policy().unlocking.as_ref()?;
    let rules = match role {
        Role::Issuer => None,
        Role::Wallet => unlocking.wallets.as_ref(),
        Role::Verifier => unlocking.gates.as_ref(),
    };
    rules?.device.clone()
}

/// Keeps to the rules under the seal of the open vault. They may ask for more than the trust files, which anybody can put back.
pub(crate) fn after(run: &Run, role: Role, vault: &Unlocked<'_>, looked: Looked) -> Result<(), Failure> {
    let sealed = vault.site_rules().and_then(|site| site.device);
    let looked = if sealed.is_some() && sealed != looked.rules { Looked::by(run, sealed) } else { looked };
    looked.refuses(role)?;
    for found in looked.found.iter().filter(|found| found.consequence == Consequence::Warn) {
        run.out.warn(&found.what);
        run.out.note(found.next());
    }
    write_down(run, role, vault, &looked)
}

const REPORT: &[u8] = b"report";

/// The log has what was found, once.
fn write_down(run: &Run, role: Role, vault: &Unlocked<'_>, looked: &Looked) -> Result<(), Failure> {
    let found = looked.found.iter().map(|found| found.what.as_str()).collect::<Vec<_>>().join("; ");
    let before = vault.get(DEVICE_TABLE, REPORT)?;
    if before.as_ref().map_or(&b""[..], |before| before.as_slice()) == found.as_bytes() {
        return Ok(());
    }
    let what = if found.is_empty() { "the device is as the site asks".to_owned() } else { format!("the device: {found}") };
    match role {
        Role::Wallet => holder::note(run, vault, Event::Found, &what),
        Role::Verifier => {
            let gate = gate::opened(run, vault)?;
            gate.device_found(&what, &clock::read(), &mut SystemRng).map_err(gate::failure)?;
        }
        Role::Issuer => {}
    }
    Ok(vault.put(DEVICE_TABLE, REPORT, found.as_bytes(), &[])?)
}
