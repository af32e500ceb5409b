//! The container image of the office's service, as an OCI archive (OCI image layout 1.0). It is written here, without a registry, a base
//! image or a daemon: the program, the shared libraries that it names, and an empty home.

use super::Packing;
use crate::steps::{copy, empty, printed, read, sha256, write};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The user and group of the program: it is nobody on the host.
const USER: u32 = 65_532;
const HOME: &str = "var/lib/waypass";

pub(super) fn pack(packing: &Packing, out: &Path) -> Result<(), String> {
    let work = packing.built.join("package/image");
    empty(&work)?;
    let layout = work.join("layout");
    let libraries = work.join("libraries");
    for library in needed(&packing.tree.join("usr/bin/waypass"))? {
        copy(&library, &libraries.join(library.strip_prefix("/").unwrap_or(&library)))?;
    }
    for package in ["libc6", "libgcc-s1"] {
        let file = Path::new("usr/share/doc").join(package).join("copyright");
        if Path::new("/").join(&file).is_file() {
            copy(&Path::new("/").join(&file), &libraries.join(file))?;
        }
    }
    // The home alone belongs to the program's user; the folders above it come with the libraries.
    let above = libraries.join(HOME);
    fs::create_dir_all(above.parent().unwrap_or(&above)).map_err(|error| format!("cannot make {}: {error}", above.display()))?;
    let home = work.join("home");
    empty(&home)?;
    let owner = [format!("--owner={USER}").into(), format!("--group={USER}").into(), format!("--transform=s,^\\.,{HOME},").into()];
    let layers = [
        Blob::layer(packing, &layout, &libraries, &[])?,
        Blob::layer(packing, &layout, &packing.tree, &[])?,
        Blob::layer(packing, &layout, &home, &owner)?,
    ];
    let config = Blob::json(&layout, "application/vnd.oci.image.config.v1+json", &config(packing, &layers))?;
    let layers: Vec<Value> = layers.iter().map(Blob::descriptor).collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.descriptor(),
        "layers": layers,
    });
    let manifest = Blob::json(&layout, "application/vnd.oci.image.manifest.v1+json", &manifest)?;
    let mut named = manifest.descriptor();
    named["annotations"] = json!({ "org.opencontainers.image.ref.name": packing.version });
    named["platform"] = json!({ "architecture": packing.arch, "os": "linux" });
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [named] });
    write(&layout.join("index.json"), index.to_string())?;
    write(&layout.join("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }).to_string())?;
    packing.tar(&layout, &out.join(format!("{}.oci.tar", packing.name())), &[])
}

fn config(packing: &Packing, layers: &[Blob]) -> Value {
    let sums: Vec<String> = layers.iter().map(Blob::digest).collect();
    json!({
        "architecture": packing.arch,
        "os": "linux",
        "created": super::sbom::utc(packing.epoch),
        "config": {
            "User": format!("{USER}:{USER}"),
            "Entrypoint": ["/usr/bin/waypass"],
            "Cmd": ["help"],
            "Env": [format!("WAYPASS_HOME=/{HOME}"), "PATH=/usr/bin"],
            "Volumes": { format!("/{HOME}"): {} },
            "WorkingDir": format!("/{HOME}"),
            "ExposedPorts": { "8240/tcp": {} },
        },
        "rootfs": { "type": "layers", "diff_ids": sums },
    })
}

/// Returns the shared libraries that the program loads, and the program that loads them.
fn needed(program: &Path) -> Result<Vec<PathBuf>, String> {
    let mut ldd = Command::new("ldd");
    ldd.arg(program);
    let said = String::from_utf8_lossy(&printed(ldd, "the libraries of the program are not known")?).into_owned();
    Ok(libraries(&said))
}

/// Reads what ldd says: `NAME => PATH (ADDRESS)`, or `PATH (ADDRESS)` for the loader. What the kernel brings has no path.
fn libraries(said: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = said.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect();
    found.sort();
    found
}

/// A part of the layout, which is named by its SHA-256.
struct Blob {
    media: &'static str,
    sha256: String,
    bytes: usize,
}

impl Blob {
    fn layer(packing: &Packing, layout: &Path, folder: &Path, owner: &[std::ffi::OsString]) -> Result<Self, String> {
        let file = layout.with_file_name("layer.tar");
        packing.tar(folder, &file, owner)?;
        Self::put(layout, "application/vnd.oci.image.layer.v1.tar", &read(&file)?)
    }

    fn json(layout: &Path, media: &'static str, content: &Value) -> Result<Self, String> {
        Self::put(layout, media, content.to_string().as_bytes())
    }

    fn put(layout: &Path, media: &'static str, content: &[u8]) -> Result<Self, String> {
        let sha256 = sha256(content);
        write(&layout.join("blobs/sha256").join(&sha256), content)?;
        Ok(Self { media, sha256, bytes: content.len() })
    }

    fn digest(&self) -> String {
        format!("sha256:{}", self.sha256)
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media, "digest": self.digest(), "size": self.bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::libraries;
    use std::path::Path;

    #[test]
    fn libraries_and_their_loader_are_read_from_ldd() {
        let said = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x2)\n\t/lib64/ld-linux.so.2 (0x3)\n";
        assert_eq!(libraries(said), [Path::new("/lib/x/libc.so.6"), Path::new("/lib64/ld-linux.so.2")]);
    }
}
