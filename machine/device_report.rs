//! What this device says of itself, before a vault opens on it: read from the kernel and the system's files. Who rules the system can make them
//! say anything; this finds what was forgotten, and not who hides.

use crate::clock;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use waypass_trust::bundle::{DeviceFinding, DeviceRules, Digest};

/// For how many days a system may go without looking for updates, if a site does not say.
const PACKAGES_DAYS: u32 = 30;
const DAY: Duration = Duration::from_hours(24);
/// Most bytes read of a file of the system.
const MOST: u64 = 1 << 20;
/// A disk on a disk on a disk: more layers than anybody builds.
const MOST_LAYERS: usize = 16;

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It is as it should be.
    Good,
    /// It is not, and why, in words for a person.
    Bad(String),
    /// It cannot be told, and why.
    Unknown(String),
}

/// A device, and the folder on it that matters.
#[derive(Clone, Debug)]
pub struct Device {
    /// `/`, except in tests.
    root: PathBuf,
    home: PathBuf,
}

impl Device {
    /// Returns this device, with the folder where the vaults are.
    pub fn with(home: impl Into<PathBuf>) -> Self {
        Self { root: PathBuf::from("/"), home: home.into() }
    }

    /// Looks at one thing.
    pub fn look(&self, at: DeviceFinding, rules: &DeviceRules) -> Seen {
        match at {
            DeviceFinding::Program => self.program(&rules.programs),
            DeviceFinding::Root if rustix::process::geteuid().is_root() => bad("the program runs as root"),
            DeviceFinding::Root => Seen::Good,
            DeviceFinding::Debugger => self.debugger(),
            DeviceFinding::SecureBoot => self.secure_boot(),
            DeviceFinding::Lockdown => self.lockdown(),
            DeviceFinding::Disk => self.disk(),
            DeviceFinding::ScreenLock => self.screen_lock(),
            DeviceFinding::Packages => {
                let wall = clock::read().wall.unix().max(0).unsigned_abs();
                self.packages(rules.packages_days.unwrap_or(PACKAGES_DAYS), SystemTime::UNIX_EPOCH + Duration::from_secs(wall))
            }
            DeviceFinding::Clock => self.clock(),
        }
    }

    fn program(&self, known: &[Digest]) -> Seen {
        match digest(&self.root.join("proc/self/exe")) {
            Ok(digest) if known.contains(&digest) => Seen::Good,
            Ok(digest) => bad(format!("the site does not trust the program with SHA-256 {digest}")),
            Err(why) => unknown(format!("the program cannot be read: {why}")),
        }
    }

    fn debugger(&self) -> Seen {
        let status = self.text("proc/self/status");
        match status.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("TracerPid:"))).map(str::trim) {
            Some("0") => Seen::Good,
            Some(tracer) => bad(format!("process {tracer} traces this program")),
            None => unknown("the system does not say whether another program traces this one"),
        }
    }

    /// The variable of the UEFI specification: four bytes of attributes and one of value.
    fn secure_boot(&self) -> Seen {
        let variable = self.root.join("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
        match fs::read(variable).as_deref() {
            Ok([_, _, _, _, 1]) => Seen::Good,
            Ok(_) => bad("secure boot is switched off"),
            Err(_) => unknown("this machine does not say whether it was started by secure boot"),
        }
    }

    fn lockdown(&self) -> Seen {
        match self.text("sys/kernel/security/lockdown") {
            Some(modes) if modes.contains("[integrity]") || modes.contains("[confidentiality]") => Seen::Good,
            Some(_) => bad("the kernel is not locked down, so root can change it while it runs"),
            None => unknown("the kernel does not say whether it is locked down"),
        }
    }

    fn disk(&self) -> Seen {
        let Some(mount) = self.mount() else { return unknown("the disk under the home cannot be told") };
        if mount.kind == "tmpfs" || mount.kind == "ramfs" {
            return Seen::Good;
        }
        let Some(disk) = self.block_device(&mount) else {
            return unknown(format!("{} does not say on which disk it lies", mount.kind));
        };
        if self.is_encrypted(&disk) { Seen::Good } else { bad("the disk under the home is not encrypted") }
    }

    fn mount(&self) -> Option<Mount> {
        // A home that is not made yet will be on the disk of the folder above it.
        let home = self.home.ancestors().find_map(|folder| fs::canonicalize(folder).ok())?;
        let table = self.text("proc/self/mountinfo")?;
        let mounts = table.lines().filter_map(Mount::read).filter(|mount| home.starts_with(&mount.at));
        // Of mounts at one place the last one is on top.
        mounts.reduce(|best, next| if next.at.components().count() >= best.at.components().count() { next } else { best })
    }

    /// Returns the entry of `/sys` about the disk of a mount.
    fn block_device(&self, mount: &Mount) -> Option<PathBuf> {
        let numbered = self.root.join("sys/dev/block").join(&mount.number);
        if numbered.exists() {
            return Some(numbered);
        }
        // Some file systems have a number of their own, and name the disk.
        let source = mount.source.strip_prefix("/dev/")?;
        let device = fs::canonicalize(self.root.join("dev").join(source)).ok()?;
        let named = self.root.join("sys/class/block").join(device.file_name()?);
        named.exists().then_some(named)
    }

    /// A device of dm-crypt says so in its id. What lies on several disks is encrypted if all of them are.
    fn is_encrypted(&self, disk: &Path) -> bool {
        let (mut left, mut seen) = (vec![(disk.to_owned(), 0)], BTreeSet::new());
        let mut is_any = false;
        while let Some((disk, depth)) = left.pop() {
            let is_crypt = fs::read_to_string(disk.join("dm/uuid")).is_ok_and(|id| id.starts_with("CRYPT-"));
            if is_crypt {
                is_any = true;
                continue;
            }
            let below = fs::read_dir(disk.join("slaves")).into_iter().flatten().flatten();
            let below: Vec<PathBuf> = below.map(|entry| self.root.join("sys/class/block").join(entry.file_name())).collect();
            if below.is_empty() || depth >= MOST_LAYERS {
                return false;
            }
            left.extend(below.into_iter().filter(|disk| seen.insert(disk.clone())).map(|disk| (disk, depth + 1)));
        }
        is_any
    }

    /// Known are the settings of KDE, and of systemd for a seat without a desktop. Other desktops keep theirs where only they can read it.
    fn screen_lock(&self) -> Seen {
        let kde = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let kde = kde.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
        let kde = kde.and_then(|config| read_text(&config.join("kscreenlockerrc")));
        let seat = self.text("etc/systemd/logind.conf");
        let setting = |text: &str, name: &str| {
            let lines = text.lines().filter_map(|line| line.trim().split_once('='));
            lines.rev().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_ascii_lowercase())
        };
        match (kde.map(|text| setting(&text, "Autolock")), seat.and_then(|text| setting(&text, "IdleAction"))) {
            (Some(Some(off)), _) if off == "false" => bad("the screen does not lock by itself"),
            (Some(_), _) => Seen::Good,
            (None, Some(action)) if action == "lock" => Seen::Good,
            (None, _) => unknown("this system does not say whether its screen locks by itself"),
        }
    }

    fn packages(&self, days: u32, now: SystemTime) -> Seen {
        let places =
            ["var/lib/apt/periodic/update-success-stamp", "var/lib/apt/lists", "var/lib/dnf", "var/cache/dnf", "var/lib/pacman/sync"];
        let changed = places.iter().filter_map(|place| fs::metadata(self.root.join(place)).ok()?.modified().ok());
        let Some(last) = changed.max() else { return unknown("this system does not say when it looked for updates") };
        let ago = now.duration_since(last).unwrap_or_default().as_secs() / DAY.as_secs();
        if ago > u64::from(days) { bad(format!("this system has not looked for updates for {ago} days")) } else { Seen::Good }
    }

    fn clock(&self) -> Seen {
        let is_set = self.root.join("run/systemd/timesync/synchronized").exists();
        if is_set || clock::runs_while_off() { Seen::Good } else { bad("the clock has no battery, and no time server has set it") }
    }

    fn text(&self, path: &str) -> Option<String> {
        read_text(&self.root.join(path))
    }
}

/// A line of `/proc/self/mountinfo` (proc(5)).
struct Mount {
    number: String,
    at: PathBuf,
    kind: String,
    source: String,
}

impl Mount {
    fn read(line: &str) -> Option<Self> {
        let (mount, about) = line.split_once(" - ")?;
        let (mut mount, mut about) = (mount.split(' ').skip(2), about.split(' '));
        let number = mount.next()?.to_owned();
        // A space in a path is written as \040.
        let at = PathBuf::from(mount.nth(1)?.replace("\\040", " "));
        Some(Self { number, at, kind: about.next()?.to_owned(), source: about.next()?.to_owned() })
    }
}

fn bad(why: impl Into<String>) -> Seen {
    Seen::Bad(why.into())
}

fn unknown(why: impl Into<String>) -> Seen {
    Seen::Unknown(why.into())
}

fn read_text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MOST).read_to_string(&mut text).ok()?;
    Some(text)
}

fn digest(path: &Path) -> io::Result<Digest> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut part = vec![0; 1 << 16];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(Digest(hash.finalize().into())),
            read => hash.update(part.get(..read).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, Device, Digest, Seen};
    use std::fs;
    use std::time::SystemTime;

    /// A device whose files say what a test wants.
    struct Made(tempfile::TempDir);

    impl Made {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("temporary folder"))
        }

        fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, content).expect("written");
            self
        }

        fn device(&self) -> Device {
            Device { root: self.0.path().to_owned(), home: self.0.path().join("home/not made yet") }
        }

        fn at_home(&self, number: &str, kind: &str, source: &str) -> &Self {
            let home = fs::canonicalize(self.0.path()).expect("there").display().to_string().replace(' ', "\\040");
            let lines = format!(
                "1 1 9:9 / / rw - ext4 /dev/other rw\n2 1 {number} / {home} rw,noatime shared:1 - {kind} {source} rw\n3 1 8:8 / {home}x rw - ext4 /dev/x rw\n"
            );
            self.file("proc/self/mountinfo", lines)
        }
    }

    fn is_bad(seen: &Seen) -> bool {
        matches!(seen, Seen::Bad(_))
    }

    fn is_unknown(seen: &Seen) -> bool {
        matches!(seen, Seen::Unknown(_))
    }

    #[test]
    fn a_tracer_and_another_program_are_found() {
        let made = Made::new();
        assert!(is_unknown(&made.device().debugger()) && is_unknown(&made.device().program(&[])));
        made.file("proc/self/status", "Name:\twaypass\nTracerPid:\t0\n").file("proc/self/exe", "the program");
        assert_eq!(made.device().debugger(), Seen::Good);
        made.file("proc/self/status", "Name:\twaypass\nTracerPid:\t4711\n");
        assert_eq!(made.device().debugger(), Seen::Bad("process 4711 traces this program".into()));
        let known = [Digest::of(b"an older one"), Digest::of(b"the program")];
        assert_eq!(made.device().program(&known), Seen::Good);
        assert!(is_bad(&made.device().program(&known[..1])));
    }

    #[test]
    fn secure_boot_and_lockdown_are_read_from_the_kernel() {
        let made = Made::new();
        assert!(is_unknown(&made.device().secure_boot()) && is_unknown(&made.device().lockdown()));
        let variable = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
        made.file(variable, [6, 0, 0, 0, 1]).file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        assert_eq!((made.device().secure_boot(), made.device().lockdown()), (Seen::Good, Seen::Good));
        made.file(variable, [6, 0, 0, 0, 0]).file("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        assert!(is_bad(&made.device().secure_boot()) && is_bad(&made.device().lockdown()));
    }

    #[test]
    fn a_disk_is_encrypted_if_all_that_is_below_it_is() {
        let made = Made::new();
        assert!(is_unknown(&made.device().disk()));
        assert_eq!(made.at_home("0:40", "tmpfs", "tmpfs").device().disk(), Seen::Good);
        assert!(is_unknown(&made.at_home("0:41", "overlay", "overlay").device().disk()));
        // Plain, then dm-crypt, then a volume on dm-crypt.
        made.file("sys/dev/block/8:1/size", "1");
        assert!(is_bad(&made.at_home("8:1", "ext4", "/dev/sda1").device().disk()));
        made.file("sys/dev/block/254:0/dm/uuid", "CRYPT-LUKS2-0123-root\n");
        assert_eq!(made.at_home("254:0", "ext4", "/dev/mapper/root").device().disk(), Seen::Good);
        made.file("sys/dev/block/254:1/dm/uuid", "LVM-abc")
            .file("sys/dev/block/254:1/slaves/dm-0", "")
            .file("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-x");
        assert_eq!(made.at_home("254:1", "ext4", "/dev/mapper/vg").device().disk(), Seen::Good);
        made.file("sys/dev/block/254:1/slaves/sdb1", "").file("sys/class/block/sdb1/size", "1");
        assert!(is_bad(&made.at_home("254:1", "ext4", "/dev/mapper/vg").device().disk()), "half of it is not");
        // A file system with a number of its own names its disk.
        made.file("dev/dm-0", "");
        assert_eq!(made.at_home("0:42", "btrfs", "/dev/dm-0").device().disk(), Seen::Good);
    }

    #[test]
    fn the_age_of_the_packages_is_that_of_the_last_look() {
        let made = Made::new();
        assert!(is_unknown(&made.device().packages(30, SystemTime::UNIX_EPOCH)));
        made.file("var/lib/apt/lists/lock", "");
        let now = fs::metadata(made.0.path().join("var/lib/apt/lists")).and_then(|about| about.modified()).expect("a time");
        assert_eq!(made.device().packages(30, now + DAY * 30), Seen::Good);
        let late = made.device().packages(30, now + DAY * 32);
        assert!(matches!(&late, Seen::Bad(why) if why.contains("31 days") || why.contains("32 days")), "{late:?}");
    }

    #[test]
    fn a_seat_that_locks_says_so() {
        let made = Made::new();
        let has_kde = std::env::var_os("HOME").is_some_and(|home| std::path::Path::new(&home).join(".config/kscreenlockerrc").exists());
        if !has_kde {
            assert!(is_unknown(&made.device().screen_lock()));
            assert_eq!(
                made.file("etc/systemd/logind.conf", "[Login]\n#IdleAction=ignore\nIdleAction = lock\n").device().screen_lock(),
                Seen::Good
            );
        }
    }
}
