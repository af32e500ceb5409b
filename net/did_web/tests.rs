use super::{MAX_DOCUMENT, fetch};
use crate::client::{Ask, Client, Link, Reach};
use crate::error::TransportError;
use crate::testing::{Answer, Server, ok};
use reqwest::Url;
use waypass_credential::did::WebDid;

fn ask(client: &Client, url: &str) -> Result<Vec<u8>, TransportError> {
    let ask = Ask { what: "the DID document", limit: MAX_DOCUMENT, body: None, bearer: None, retry: None };
    client.ask(&Url::parse(url).expect("a URL"), ask)
}

/// The name of this machine is nobody's on the Internet, and nobody is asked.
#[test]
fn a_name_that_leads_home_is_not_followed() {
    let server = Server::start(|_| ok("{}"));
    let port = server.base.rsplit(':').next().expect("a port");
    let by_name = format!("http://localhost:{port}/.well-known/did.json");
    let guarded = Client::new(false, Reach::PublicAnd(Vec::new()), &Link::default()).expect("a client");
    assert!(matches!(ask(&guarded, &by_name), Err(TransportError::NotPublic { host }) if host == format!("localhost:{port}")));
    assert_eq!(server.asked(), [""; 0]);
    // Without the guard the same name is reached.
    let open = Client::new(false, Reach::Anywhere, &Link::default()).expect("a client");
    assert_eq!(ask(&open, &by_name).expect("answered"), b"{}");
    let did = format!("did:web:localhost%3A{port}");
    let refused = fetch(&WebDid::parse(&did).expect("a DID"), &Link::default());
    assert!(matches!(refused, Err(TransportError::NotPublic { .. })), "{refused:?}");
}

#[test]
fn documents_are_bounded_and_redirects_are_not_followed() {
    let client = Client::new(false, Reach::Anywhere, &Link::default()).expect("a client");
    let large = Server::start(|_| ok(vec![b' '; MAX_DOCUMENT + 1]));
    assert!(matches!(ask(&client, &format!("{}/did.json", large.base)), Err(TransportError::TooLarge { .. })));
    let target = Server::start(|_| ok("{}"));
    let elsewhere = target.base.clone();
    let moved = Server::start(move |_| Answer::Moved(elsewhere.clone()));
    assert!(matches!(ask(&client, &format!("{}/did.json", moved.base)), Err(TransportError::Refused { .. })));
    assert_eq!(target.asked(), [""; 0]);
}
