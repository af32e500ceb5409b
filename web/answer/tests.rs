use super::{Answer, names_tag};
use crate::files::tests::{FILES, pages};

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut found = answer.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| &**value);
    let first = found.next();
    assert_eq!(found.next(), None, "{name} is there twice");
    first
}

#[test]
fn each_file_has_its_type_and_the_headers_that_keep_a_page_safe() {
    let pages = pages();
    let types = [
        ("", "text/html; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("icon-192.png", "image/png"),
    ];
    for (path, media_type) in types {
        let answer = pages.answer(path, None, None);
        assert_eq!((answer.status, header(&answer, "content-type")), (200, Some(media_type)), "{path}");
        assert_eq!(header(&answer, "content-encoding"), None);
        let policy = header(&answer, "content-security-policy").expect("a policy");
        let says = |part: &str| policy.split("; ").any(|said| said == part);
        assert!(says("default-src 'none'") && says("script-src 'self' 'wasm-unsafe-eval'") && says("trusted-types waypass"), "{policy}");
        for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-cache")] {
            assert_eq!(header(&answer, name), Some(value));
        }
    }
    assert_eq!(&*pages.answer("", None, None).body, FILES[2].1);
}

/// Only names are answered. What looks like a way out of the folder, or like a name written in another way, is not found.
#[test]
fn nothing_but_a_name_is_answered() {
    let pages = pages();
    let others = ["/", "/app.js", "./app.js", "../pages/app.js", "%2e%2e/app.js", "%61pp.js", "APP.JS", "app.js.br", "app.js/", "more.js"];
    for path in others {
        let answer = pages.answer(path, Some("br"), Some("*"));
        assert_eq!((answer.status, &*answer.body), (404, &b"not found\n"[..]), "{path}");
        assert!(header(&answer, "content-security-policy").is_some());
    }
}

#[test]
fn brotli_goes_to_those_who_accept_it() {
    let pages = pages();
    for accepted in ["br", "gzip, deflate, br", "gzip;q=1.0, BR ; q=0.5", "br;q=0.001"] {
        let answer = pages.answer("app.js", Some(accepted), None);
        assert_eq!((header(&answer, "content-encoding"), &*answer.body), (Some("br"), FILES[1].1), "{accepted}");
        assert_eq!(header(&answer, "content-type"), Some("text/javascript; charset=utf-8"));
    }
    for accepted in [None, Some(""), Some("gzip"), Some("br;q=0"), Some("gzip, br; q=0.000"), Some("brown"), Some("br;q=x")] {
        let answer = pages.answer("app.js", accepted, None);
        assert_eq!((header(&answer, "content-encoding"), &*answer.body), (None, FILES[0].1), "{accepted:?}");
        assert_eq!(header(&answer, "vary"), Some("accept-encoding"));
    }
    let picture = pages.answer("icon-192.png", Some("br"), None);
    assert_eq!((header(&picture, "content-encoding"), header(&picture, "vary")), (None, None));
}

#[test]
fn what_a_browser_has_is_not_sent_again() {
    let pages = pages();
    let tag = |accepted| header(&pages.answer("app.js", accepted, None), "etag").expect("a tag").to_owned();
    let (plain, brotli) = (tag(None), tag(Some("br")));
    assert_ne!(plain, brotli, "two forms of one file");
    for held in [plain.clone(), format!("W/{plain}"), format!("\"other\", {plain}"), "*".to_owned()] {
        let answer = pages.answer("app.js", None, Some(&held));
        assert_eq!((answer.status, answer.body.len(), header(&answer, "etag")), (304, 0, Some(plain.as_str())), "{held}");
    }
    assert_eq!(pages.answer("app.js", None, Some(&brotli)).status, 200);
    assert!(!names_tag("", &plain) && !names_tag("plain", &plain));
}
