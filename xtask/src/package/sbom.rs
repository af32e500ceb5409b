//! The parts of the program, as CycloneDX 1.5: every crate that is linked or compiles it, and every package of the pages.
//!
//! `cargo tree` says which crates, by the features of the program alone; Cargo.lock has their checksums.

use crate::steps::{printed, read};
use crate::workspace;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A crate by name and version.
type Named = (String, String);

/// Returns the document.
pub(super) fn text(version: &str, epoch: u64) -> Result<String, String> {
    let sums = checksums(&String::from_utf8_lossy(&read(&workspace::root().join("Cargo.lock"))?))?;
    let mut components: Vec<Value> = crates()?.iter().map(|(named, licence)| component(named, licence, sums.get(named))).collect();
    let lock = read(&workspace::root().join("web/pages/package-lock.json"))?;
    components.extend(pages(&serde_json::from_slice(&lock).map_err(|error| format!("package-lock.json: {error}"))?));
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": utc(epoch),
            "component": { "type": "application", "bom-ref": purl(&("waypass".into(), version.into())), "name": "waypass", "version": version },
        },
        "components": components,
    });
    serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(|error| error.to_string())
}

fn purl((name, version): &Named) -> String {
    // `+` in a version begins the build's name, and is written as the purl specification wants it.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// A crate of the workspace has no checksum: it has none in Cargo.lock.
fn component(named: &Named, licence: &str, sum: Option<&String>) -> Value {
    let hashes: Vec<Value> = sum.iter().map(|sum| json!({ "alg": "SHA-256", "content": sum })).collect();
    json!({
        "type": "library",
        "bom-ref": purl(named),
        "name": named.0,
        "version": named.1,
        "purl": purl(named),
        "hashes": hashes,
        "licenses": [{ "expression": licence.replace('/', " OR ") }],
    })
}

/// Returns the packages whose code is in the pages. Tools that only build them are not.
fn pages(lock: &Value) -> Vec<Value> {
    let packages = lock["packages"].as_object().into_iter().flatten();
    let shipped = packages.filter(|(path, package)| !path.is_empty() && package["dev"] != json!(true));
    shipped
        .map(|(path, package)| {
            let name = path.rsplit("node_modules/").next().unwrap_or(path);
            let version = package["version"].as_str().unwrap_or_default();
            let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
            json!({
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "purl": purl,
                "properties": [{ "name": "npm:integrity", "value": package["integrity"] }],
                "licenses": [{ "expression": package["license"] }],
            })
        })
        .collect()
}

/// Returns the crates of the program and of its build scripts, with their licences.
fn crates() -> Result<BTreeMap<Named, String>, String> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--locked", "--package", "waypass", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"]);
    let said = printed(tree, "cargo does not list the crates")?;
    String::from_utf8_lossy(&said).lines().filter(|line| !line.trim().is_empty()).map(of_line).collect()
}

/// Reads `NAME vVERSION (PATH)|LICENCE`, perhaps with ` (*)` for a line that was there before.
fn of_line(line: &str) -> Result<(Named, String), String> {
    let read = line.split_once('|').and_then(|(package, licence)| {
        let mut words = package.split_whitespace();
        let named = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
        Some((named, licence.trim_end_matches("(*)").trim().to_owned()))
    });
    match read {
        Some((named, licence)) if !licence.is_empty() => Ok((named, licence)),
        _ => Err(format!("a crate without a version or a licence: {line}")),
    }
}

fn checksums(lock: &str) -> Result<BTreeMap<Named, String>, String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let lock: Lock = toml::from_str(lock).map_err(|error| format!("Cargo.lock: {error}"))?;
    Ok(lock.package.into_iter().filter_map(|Package { name, version, checksum }| Some(((name, version), checksum?))).collect())
}

/// Returns the notices that the licences of the crates ask to be passed on: each text once, after the crates that have it.
pub(super) fn notices() -> Result<String, String> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        manifest_path: PathBuf,
        source: Option<String>,
    }
    let mut metadata = workspace::cargo();
    metadata.args(["metadata", "--locked", "--format-version", "1"]);
    let metadata: Metadata = serde_json::from_slice(&printed(metadata, "cargo does not describe the crates")?)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let used = crates()?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Package { name, version, manifest_path, source } in metadata.packages {
        let label = format!("{name} {version}");
        if source.is_none() || !used.contains_key(&(name, version)) {
            continue;
        }
        for text in licences(manifest_path.parent().unwrap_or(Path::new("/")))? {
            texts.entry(text).or_default().insert(label.clone());
        }
    }
    let title = "Licences and notices of the libraries in waypass. sbom.cdx.json says which licence each is under.\n";
    let parts = texts.into_iter().map(|(text, crates)| {
        let crates: Vec<String> = crates.into_iter().collect();
        format!("\n{}\n{}\n\n{}\n", "-".repeat(78), crates.join("\n"), text.trim_end())
    });
    Ok(std::iter::once(title.to_owned()).chain(parts).collect::<Vec<_>>().concat())
}

/// Returns the texts of the licence files in a crate's folder.
fn licences(folder: &Path) -> Result<Vec<String>, String> {
    let names = super::names(folder)?;
    let is_licence = |name: &&PathBuf| {
        let name = name.to_string_lossy().to_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE"].iter().any(|start| name.starts_with(start))
    };
    let files = names.iter().filter(is_licence).map(|name| folder.join(name)).filter(|path| path.is_file());
    files
        .map(|path| {
            fs::read(&path).map(|text| String::from_utf8_lossy(&text).into_owned()).map_err(|error| format!("{}: {error}", path.display()))
        })
        .collect()
}

/// Returns seconds since 1970 in the form of RFC 3339 (days from civil, as in the calendar of the Gregorian cycle of 400 years).
pub(super) fn utc(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::{crates, of_line, pages, text, utc};
    use serde_json::{Value, json};

    #[test]
    fn every_crate_has_version_purl_licence_and_checksum() {
        let document = text("1.2.3", 1_796_000_000).expect("a document");
        assert_eq!(document, text("1.2.3", 1_796_000_000).expect("again"));
        let document: Value = serde_json::from_str(&document).expect("JSON");
        let components = document["components"].as_array().expect("components");
        let cargo: Vec<&Value> =
            components.iter().filter(|one| one["purl"].as_str().is_some_and(|purl| purl.starts_with("pkg:cargo/"))).collect();
        assert_eq!(cargo.len(), crates().expect("crates").len());
        assert!(cargo.len() > 200, "only {} crates", cargo.len());
        for one in &cargo {
            let name = one["name"].as_str().expect("a name");
            assert!(one["version"].is_string() && one["licenses"][0]["expression"].is_string(), "{one}");
            let sum = one["hashes"][0]["content"].as_str().map(str::len);
            assert_eq!(sum, if name.starts_with("waypass") { None } else { Some(64) }, "the checksum of {name}");
        }
        assert!(cargo.iter().any(|one| one["name"] == "rusqlite") && !cargo.iter().any(|one| one["name"] == "proptest"));
        assert!(components.iter().any(|one| one["name"] == "preact") && !components.iter().any(|one| one["name"] == "esbuild"));
    }

    #[test]
    fn a_crate_without_a_licence_is_named() {
        let read = of_line("a-b v1.2.3 (/a/b)|MIT OR Apache-2.0 (*)").expect("read");
        assert_eq!(read, (("a-b".to_owned(), "1.2.3".to_owned()), "MIT OR Apache-2.0".to_owned()));
        assert!(of_line("a-b v1.2.3|").is_err_and(|why| why.contains("a-b")));
    }

    #[test]
    fn tools_that_build_the_pages_are_not_in_them() {
        let lock = json!({ "packages": { "": {}, "node_modules/@a/b": { "version": "1.0.0", "license": "MIT" }, "node_modules/c": { "dev": true } } });
        let found = pages(&lock);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["purl"], "pkg:npm/%40a/b@1.0.0");
    }

    #[test]
    fn times_are_written_as_dates() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_826_154), "2000-02-29T12:09:14Z");
        assert_eq!(utc(1_796_040_000), "2026-11-30T12:00:00Z");
    }
}
