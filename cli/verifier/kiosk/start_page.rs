//! The file that leads a browser to the page. It holds the token, which is on no command line and in no log then.

use super::token::Token;
use crate::exit::Failure;
use crate::file;
use crate::output::Out;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const NAME: &str = "start.html";

/// The file of one start, which only its owner may read.
pub(super) struct StartPage(PathBuf);

impl StartPage {
    pub(super) fn write(out: Out, folder: &Path, address: SocketAddr, token: &Token) -> Result<Self, Failure> {
        // A browser gets the name as an address, which has no place to be relative to.
        let path = std::path::absolute(folder).map_err(|why| Failure::file("find", folder, &why))?.join(NAME);
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><title>Waypass</title>\n\
             <meta http-equiv=\"refresh\" content=\"0;url=http://{address}/#kiosk={}\">\n",
            token.text()
        );
        file::write_private(out, &path, page.as_bytes())?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for StartPage {
    /// Its token ends with the program.
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}
