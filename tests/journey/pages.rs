//! The office serves the page of a gate: the built files, unchanged, or none at all.

use crate::link::{Service, error};
use crate::program::{WAYPASS, copy};
use crate::site::Site;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// An answer: the head in lower case, and the body.
struct Got {
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn status(&self) -> &str {
        self.head.split(' ').nth(1).expect("a status")
    }
}

fn get(service: &Service, path: &str, headers: &str) -> Got {
    let mut stream = TcpStream::connect(&service.address).expect("connected");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: office\r\nConnection: close\r\n{headers}\r\n").expect("sent");
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).expect("answered");
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    Got { head: String::from_utf8_lossy(&whole[..end]).to_lowercase(), body: whole.split_off(end + 4) }
}

/// The folder of the pages that this program was built with. `None`, with the reason said, if it was built without.
fn built(site: &Site) -> Option<PathBuf> {
    let own = Path::new(WAYPASS).parent().and_then(Path::parent).expect("a target folder").join("share/waypass/pages");
    let ran = site.run("issuer", "issuer serve --listen 127.0.0.1:0 --pages --key-file none.key");
    let (what, next) = error(&ran);
    assert_eq!(ran.code, 2, "{what}");
    if what != "this program was built without its pages" && own.is_dir() {
        return Some(own);
    }
    let is_said = what == "this program was built without its pages" || what.starts_with("there is no folder");
    assert!(is_said && next.contains("cargo xtask web"), "{what}; {next}");
    println!("SKIP the built pages: {what}; cargo xtask web builds them");
    None
}

#[test]
fn the_office_serves_the_page_of_a_gate() {
    let site = Site::new(&[], "sd-jwt");
    let Some(folder) = built(&site) else { return };
    let service = Service::with(&[], &site, &["--pages"]);
    let index = get(&service, "/gate/", "");
    assert_eq!((index.status(), index.header("content-type")), ("200", Some("text/html; charset=utf-8")), "{}", index.head);
    assert_eq!(index.body, fs::read(folder.join("index.html")).expect("read"));
    assert!(index.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'; ")));
    let bare = get(&service, "/gate", "");
    assert_eq!((bare.status(), bare.header("location")), ("308", Some("gate/")));

    let plain = get(&service, "/gate/engine.wasm", "");
    assert_eq!((plain.header("content-type"), plain.header("content-encoding")), (Some("application/wasm"), None));
    assert_eq!(plain.body, fs::read(folder.join("engine.wasm")).expect("read"));
    let brotli = get(&service, "/gate/engine.wasm", "Accept-Encoding: gzip, br\r\n");
    assert_eq!((brotli.status(), brotli.header("content-encoding")), ("200", Some("br")));
    assert_eq!(brotli.body, fs::read(folder.join("engine.wasm.br")).expect("read"));
    let held = format!("If-None-Match: {}\r\n", plain.header("etag").expect("a tag"));
    let again = get(&service, "/gate/engine.wasm", &held);
    assert_eq!((again.status(), again.body.len()), ("304", 0));
    for path in ["/gate/engine.wasm.br", "/gate/..%2fgate%2findex.html", "/gate/%69ndex.html", "/gate/a/index.html", "/gate/more.js"] {
        assert_eq!(get(&service, path, "").status(), "404", "{path}");
    }
    // What the page fetches is next to it.
    assert_eq!(get(&service, "/gate/../manifest", "").status(), "404", "a browser resolves the dots itself");
    assert_eq!(get(&service, "/manifest", "").status(), "200");
    drop(service);

    let without = Service::with(&[], &site, &[]);
    assert_eq!(get(&without, "/gate/", "").status(), "404");
}

#[test]
fn pages_that_somebody_changed_are_not_served() {
    let site = Site::new(&[], "sd-jwt");
    let Some(folder) = built(&site) else { return };
    let own = site.path("pages");
    let refused = |change: &dyn Fn(&Path)| {
        copy(&folder, &own);
        change(&own);
        let ran = site.run("issuer", "issuer serve --listen 127.0.0.1:0 --pages pages --key-file KEY");
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        let (what, next) = error(&ran);
        assert!(next.contains("take the pages that were built with this program"), "{next}");
        what
    };
    let changed = refused(&|own| {
        let script = fs::read_to_string(own.join("app.js")).expect("read");
        fs::write(own.join("app.js"), format!("spy();{script}")).expect("written");
    });
    assert_eq!(changed, "app.js is not the file that this program was built with");
    let missing = refused(&|own| fs::remove_file(own.join("style.css")).expect("removed"));
    assert_eq!(missing, "style.css is missing among the pages");
    let more = refused(&|own| fs::write(own.join("more.js"), "spy();").expect("written"));
    assert_eq!(more, "\"more.js\" does not belong to the pages of this program");
    copy(&folder, &own);
    let named = Service::with(&[], &site, &["--pages", "pages"]);
    assert_eq!(get(&named, "/gate/index.html", "").status(), "200");
}
