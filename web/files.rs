//! The files of the pages in memory, and how they come there.

use core::fmt;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of the pages that the program was built with.
pub(crate) struct Listed<'l> {
    pub(crate) sha256: &'l str,
    pub(crate) name: &'l str,
}

/// The pages of this build; `None` where it was built without any.
const LIST: Option<&[Listed<'static>]> = include!(concat!(env!("OUT_DIR"), "/list.rs"));

/// The folder of the pages, as seen from the folder above the program's own: `target/share/..` next to `target/ci/waypass`,
/// `/usr/share/..` next to `/usr/bin/waypass`.
const FOLDER: &str = "share/waypass/pages";
/// The largest file. The gate in WebAssembly has 4 MiB, and three times that when it is built for tests.
pub(crate) const MOST: u64 = 32 * 1024 * 1024;
/// The ending of a file that is compressed already (RFC 7932).
const BROTLI: &str = ".br";

/// The built pages, all of them and unchanged.
#[derive(Clone)]
pub struct Pages(Arc<BTreeMap<String, Page>>);

/// One file and the forms in which it is given out.
pub(crate) struct Page {
    pub(crate) media_type: &'static str,
    pub(crate) plain: Form,
    pub(crate) brotli: Option<Form>,
}

/// Bytes with their entity tag (RFC 9110 §8.8.3).
pub(crate) struct Form {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) tag: String,
}

/// The obstacle to giving out the pages.
#[derive(Debug)]
pub enum PagesError {
    /// The program was built without pages.
    NotBuilt,
    /// There is no such folder.
    NoFolder {
        /// The folder that was looked for.
        folder: PathBuf,
    },
    /// A file of the list is not there.
    Missing {
        /// Its name.
        name: String,
    },
    /// A file is not the one that the program was built with.
    Changed {
        /// Its name.
        name: String,
    },
    /// The folder has something that is not in the list.
    NotListed {
        /// Its name.
        name: String,
    },
    /// A file is larger than any file of the pages.
    TooLarge {
        /// Its name.
        name: String,
        /// The most bytes that are read.
        most: u64,
    },
    /// A file of the list has no media type: the list was made by another version.
    UnknownKind {
        /// Its name.
        name: String,
    },
    /// The folder or a file could not be read.
    Unreadable {
        /// The file, or the folder.
        path: PathBuf,
        /// The operating system's reason.
        why: io::Error,
    },
}

impl Pages {
    /// Reads the pages from the folder that the caller names, or from the one next to the program `exe`. Fails unless the folder has
    /// exactly the files that this program was built with.
    pub fn find(explicit: Option<&Path>, exe: &Path) -> Result<Self, PagesError> {
        if let Some(folder) = explicit.filter(|folder| !folder.is_dir()) {
            return Err(PagesError::NoFolder { folder: folder.to_owned() });
        }
        let list = LIST.ok_or(PagesError::NotBuilt)?;
        let next_to = || exe.parent().and_then(Path::parent).unwrap_or(Path::new("/")).join(FOLDER);
        Self::read(list, &explicit.map_or_else(next_to, Path::to_path_buf))
    }

    /// Reads the files of `list` from `folder`.
    pub(crate) fn read(list: &[Listed<'_>], folder: &Path) -> Result<Self, PagesError> {
        refuse_others(list, folder)?;
        let mut pages = BTreeMap::new();
        for Listed { name, .. } in list {
            if name.strip_suffix(BROTLI).is_some_and(|plain| listed(list, plain).is_some()) {
                continue;
            }
            let media_type = media_type(name).ok_or_else(|| PagesError::UnknownKind { name: (*name).to_owned() })?;
            let form = |name: &str| listed(list, name).map(|listed| verified(listed, folder)).transpose();
            let Some(plain) = form(name)? else { continue };
            let brotli = form(&format!("{name}{BROTLI}"))?;
            pages.insert((*name).to_owned(), Page { media_type, plain, brotli });
        }
        Ok(Self(Arc::new(pages)))
    }

    /// Returns the file with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Page> {
        self.0.get(name)
    }
}

fn listed<'f>(list: &'f [Listed<'f>], name: &str) -> Option<&'f Listed<'f>> {
    list.iter().find(|listed| listed.name == name)
}

/// Fails at the first thing in `folder` that `list` does not name.
fn refuse_others(list: &[Listed<'_>], folder: &Path) -> Result<(), PagesError> {
    let unreadable = |why: io::Error| match why.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => PagesError::NoFolder { folder: folder.to_owned() },
        _ => PagesError::Unreadable { path: folder.to_owned(), why },
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if listed(list, &name).is_none() {
            return Err(PagesError::NotListed { name });
        }
    }
    Ok(())
}

/// Reads a file whole. Returns it if it is the one of the list.
fn verified(Listed { sha256, name }: &Listed<'_>, folder: &Path) -> Result<Form, PagesError> {
    let path = folder.join(name);
    let name = || (*name).to_owned();
    let unreadable = |why: io::Error| match why.kind() {
        io::ErrorKind::NotFound => PagesError::Missing { name: name() },
        _ => PagesError::Unreadable { path: path.clone(), why },
    };
    // A pipe would be waited for without end.
    if !fs::metadata(&path).map_err(unreadable)?.is_file() {
        return Err(PagesError::Changed { name: name() });
    }
    let mut bytes = Vec::new();
    File::open(&path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MOST {
        return Err(PagesError::TooLarge { name: name(), most: MOST });
    }
    let found = hex(&Sha256::digest(&bytes));
    if found != *sha256 {
        return Err(PagesError::Changed { name: name() });
    }
    Ok(Form { bytes: bytes.into(), tag: format!("\"{found}\"") })
}

/// Returns the digits of a digest, as the list has them.
pub(crate) fn hex(digest: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Returns the media type of a file of the pages, by the ending of its name.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => return None,
    })
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Display for PagesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt => f.write_str("this program was built without its pages"),
            Self::NoFolder { folder } => write!(f, "there is no folder {} with the pages of this program", folder.display()),
            Self::Missing { name } => write!(f, "{name} is missing among the pages"),
            Self::Changed { name } => write!(f, "{name} is not the file that this program was built with"),
            Self::NotListed { name } => write!(f, "{name:?} does not belong to the pages of this program"),
            Self::TooLarge { name, most } => write!(f, "{name} is larger than {} MiB, as no file of the pages is", most >> 20),
            Self::UnknownKind { name } => write!(f, "{name} is a kind of file that the pages do not have"),
            Self::Unreadable { path, .. } => write!(f, "cannot read {}", path.display()),
        }
    }
}

impl core::error::Error for PagesError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unreadable { why, .. } => Some(why),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
