//! Two ends that speak to each other, and ends that do not behave.

use super::channel::{Broken, Channel};
use super::door::{Door, NotOpened, NotReached, reach};
use super::frames::{Frames, MAX_MESSAGE, framed};
use super::message::*;
use proptest::prelude::*;
use rustix::fd::AsFd as _;
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

const SOON: Duration = Duration::from_secs(5);

fn call() -> Call {
    Call {
        words: vec![b"wallet".to_vec(), b"list".to_vec(), vec![0xff, 0]],
        language: "fr".to_owned(),
        server: Some("https://office.example".to_owned()),
        terminal: Terminal { output: Some((80, 24)), messages: None, coloured: true, marks: false },
        mounts: 4_026_531_841,
    }
}

fn pair() -> (Channel, Channel) {
    let (one, other) = UnixStream::pair().expect("a pair");
    (Channel::new(one).expect("an end"), Channel::new(other).expect("an end"))
}

/// A folder that only its owner may enter.
fn private() -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("closed");
    dir
}

proptest! {
    #[test]
    fn messages_come_whole_however_they_are_cut(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..5),
        cuts in proptest::collection::vec(1_usize..200, 1..50),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| framed(message).expect("short").to_vec()).collect();
        let (mut frames, mut found, mut left, mut cuts) = (Frames::default(), Vec::new(), &bytes[..], cuts.iter().cycle());
        while !left.is_empty() {
            let (piece, rest) = left.split_at((*cuts.next().expect("without end")).min(left.len()));
            left = rest;
            frames.push(piece);
            while let Some(message) = frames.next().expect("short") {
                found.push(message.to_vec());
            }
        }
        prop_assert_eq!(found, messages);
        prop_assert!(!frames.is_in_one());
    }

    #[test]
    fn a_length_that_is_too_large_is_refused_before_anything_is_kept(length in (MAX_MESSAGE as u64 + 1)..u64::from(u32::MAX)) {
        let mut frames = Frames::default();
        frames.push(&u32::try_from(length).expect("four bytes").to_be_bytes());
        prop_assert!(frames.next().is_err());
    }

    #[test]
    fn what_is_read_is_what_would_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(request) = Request::parse(&bytes) {
            prop_assert_eq!(request.to_bytes().to_vec(), bytes.clone());
        }
        if let Ok(response) = Response::parse(&bytes) {
            prop_assert_eq!(response.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn a_call_comes_as_it_was_sent(words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let sent = Request::Run(Call { words, ..call() });
        prop_assert_eq!(Request::parse(&sent.to_bytes()).expect("our own"), sent);
    }
}

#[test]
fn every_message_is_read_as_it_was_written() {
    let reasons = [Unanswered::NoTerminal, Unanswered::Interrupted, Unanswered::Ended, Unanswered::TimedOut];
    let mut requests = vec![Request::Run(call()), Request::Answer(Zeroizing::new(b"tulip".to_vec())), Request::Lock, Request::Status];
    requests.extend(reasons.map(Request::NoAnswer));
    let no_link = NoLink { exit: 50, what: "nobody answers".to_owned(), next: "try again".to_owned() };
    requests.extend([Request::Piece(vec![1, 2]), Request::Fetched(404), Request::NoLink(no_link)]);
    for request in requests {
        assert_eq!(Request::parse(&request.to_bytes()).expect("our own"), request);
        assert!(Request::parse(&[&request.to_bytes()[..], &[0]].concat()).is_err(), "{request:?} with more");
    }
    let question = Question { prompt: "Show this?".to_owned(), is_secret: true, limit: Some(SOON) };
    let standing = Standing {
        scopes: vec!["read".to_owned()],
        is_open: true,
        idle_seconds: 300,
        whole_seconds: 43_200,
        opens_itself: false,
        user: None,
    };
    let mut responses = vec![
        Response::Ask(question.clone()),
        Response::Ask(Question { limit: None, ..question }),
        Response::Say("once more".to_owned()),
        Response::Piece(vec![1, 2]),
        Response::Fetch(Errand { base: "http://office".to_owned(), path: "time".to_owned(), has_body: true, limit: 9 }),
        Response::Ended(130),
        Response::Locked("the machine slept".to_owned()),
        Response::Standing(Standing { user: Some("Ada".to_owned()), ..standing.clone() }),
        Response::Standing(standing),
    ];
    responses.extend([Stream::Output, Stream::Words, Stream::Messages].map(|stream| Response::Write(stream, vec![0, 1])));
    for response in responses {
        assert_eq!(Response::parse(&response.to_bytes()).expect("our own"), response);
    }
}

#[test]
fn descriptors_come_with_their_message() {
    let (client, mut session) = pair();
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(b"content").expect("written");
    file.rewind().expect("at its start");
    client.send(&Request::Run(call()), &[file.as_fd(), file.as_fd()], SOON).expect("sent");
    let (request, descriptors) = session.receive::<Request>(Some(SOON)).expect("came");
    assert_eq!(request, Request::Run(call()));
    let mut content = String::new();
    File::from(descriptors.into_iter().next().expect("two")).read_to_string(&mut content).expect("read");
    assert_eq!(content, "content");
}

#[test]
fn an_end_that_does_not_behave_costs_a_bounded_time_and_room() {
    let within = Some(Duration::from_millis(200));
    let raw = || {
        let (one, other) = UnixStream::pair().expect("a pair");
        (one, Channel::new(other).expect("an end"))
    };
    // It says nothing, it goes away, it stops in the middle, it announces a GiB, it speaks another language.
    let (_silent, mut session) = raw();
    assert!(matches!(session.receive::<Request>(within), Err(Broken::TooSlow)));
    let (client, mut session) = raw();
    drop(client);
    assert!(matches!(session.receive::<Request>(within), Err(Broken::Gone)));
    for bytes in [&[0, 0, 0, 9, 1][..], &[0x40, 0, 0, 0, 1], b"GET / HTTP/1.1\r\n\r\n", &[0, 0, 0, 1, 0x80]] {
        let (mut client, mut session) = raw();
        client.write_all(bytes).expect("sent");
        drop(client);
        assert!(matches!(session.receive::<Request>(within), Err(Broken::Malformed)), "{bytes:?}");
    }
    // It never reads.
    let (_client, session) = raw();
    let piece = Response::Write(Stream::Output, vec![0; 32 * 1024]);
    let sent = (0..1000).map(|_| session.send(&piece, &[], Duration::from_millis(50))).find(Result::is_err);
    assert!(matches!(sent, Some(Err(Broken::TooSlow))), "{sent:?}");
}

#[test]
fn more_descriptors_than_a_message_has_are_refused() {
    let (client, mut session) = pair();
    let file = tempfile::tempfile().expect("a file");
    for _ in 0..3 {
        // Each piece may bring some; the message never comes to its end.
        let _refused = rustix::net::sendmsg(
            &client,
            &[std::io::IoSlice::new(&[0])],
            &mut along(&mut [std::mem::MaybeUninit::uninit(); 64], &[file.as_fd()]),
            rustix::net::SendFlags::empty(),
        );
    }
    assert!(matches!(session.receive::<Request>(Some(SOON)), Err(Broken::Malformed)));
}

fn along<'a>(
    space: &'a mut [std::mem::MaybeUninit<u8>],
    descriptors: &'a [rustix::fd::BorrowedFd<'a>],
) -> rustix::net::SendAncillaryBuffer<'a, 'a, 'a> {
    let mut along = rustix::net::SendAncillaryBuffer::new(space);
    assert!(along.push(rustix::net::SendAncillaryMessage::ScmRights(descriptors)));
    along
}

#[test]
fn one_session_has_the_door_and_commands_find_it() {
    let dir = private();
    assert!(reach(dir.path()).expect("looked").is_none());
    let door = Door::open(dir.path()).expect("opened");
    assert!(matches!(Door::open(dir.path()), Err(NotOpened::Open)));
    let socket = fs::symlink_metadata(dir.path().join("session")).expect("there");
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    let client = reach(dir.path()).expect("looked").expect("open");
    let mut taken = door.accept(SOON).expect("accepted").expect("one");
    client.send(&Request::Status, &[], SOON).expect("sent");
    assert_eq!(taken.receive::<Request>(Some(SOON)).expect("came").0, Request::Status);
    assert!(door.accept(Duration::ZERO).expect("nobody").is_none());
    drop(door);
    assert!(!dir.path().join("session").exists() && reach(dir.path()).expect("looked").is_none());
}

#[test]
fn a_socket_that_a_crash_left_is_replaced() {
    let dir = private();
    drop(UnixListener::bind(dir.path().join("session")).expect("bound"));
    fs::set_permissions(dir.path().join("session"), Permissions::from_mode(0o600)).expect("closed");
    assert!(reach(dir.path()).expect("looked").is_none(), "nobody listens");
    let _door = Door::open(dir.path()).expect("opened");
    assert!(reach(dir.path()).expect("looked").is_some());
}

#[test]
fn what_others_may_change_is_not_trusted() {
    let dir = private();
    let door = Door::open(dir.path()).expect("opened");
    for mode in [0o770, 0o777, 0o755] {
        fs::set_permissions(dir.path(), Permissions::from_mode(mode)).expect("opened for others");
        assert!(matches!(reach(dir.path()), Err(NotReached::Foreign)), "{mode:o}");
        assert!(matches!(Door::open(dir.path()), Err(NotOpened::Foreign)), "{mode:o}");
    }
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("closed");
    fs::set_permissions(dir.path().join("session"), Permissions::from_mode(0o666)).expect("opened for others");
    assert!(matches!(reach(dir.path()), Err(NotReached::Foreign)));
    drop(door);
    fs::write(dir.path().join("session"), "not a socket").expect("written");
    assert!(matches!(Door::open(dir.path()), Err(NotOpened::Foreign)));
    assert!(matches!(reach(dir.path()), Err(NotReached::Foreign)));
}

/// The variable that tells the process of another user the socket.
const SOCKET: &str = "WAYPASS_TEST_SOCKET";

/// Speaks to a session as the user that this process runs as. Only the test below starts it so.
#[test]
fn another_user_speaks() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let mut stream = UnixStream::connect(socket).expect("the door is open to all");
    stream.set_read_timeout(Some(SOON)).expect("set");
    let status = framed(&Request::Status.to_bytes()).expect("short");
    drop(stream.write_all(&status));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(answer.is_empty(), "a session answers another user");
}

#[test]
fn a_process_of_another_user_is_sent_away_without_a_word() {
    use std::os::unix::process::CommandExt as _;
    if !rustix::process::geteuid().is_root() {
        println!("SKIP another user: only the superuser can start a process of one");
        return;
    }
    let dir = private();
    let door = Door::open(dir.path()).expect("opened");
    // Somebody has undone what keeps others out.
    for (path, mode) in [(dir.path().to_owned(), 0o777), (dir.path().join("session"), 0o666)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("opened for others");
    }
    // A place from which any user may start it.
    let program = std::env::temp_dir().join(format!("waypass-test-{}", std::process::id()));
    fs::copy(std::env::current_exe().expect("this program"), &program).expect("copied");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("for all");
    let mut other = std::process::Command::new(&program);
    other.args(["--exact", "session::tests::another_user_speaks"]).env(SOCKET, dir.path().join("session"));
    let mut other = other.uid(65_534).gid(65_534).current_dir("/").stdout(std::process::Stdio::null()).spawn().expect("started");
    let taken = door.accept(SOON).expect("accepted");
    assert!(taken.is_none(), "another user was let in");
    assert!(other.wait().expect("ended").success(), "it was answered, or never came");
    fs::remove_file(program).expect("removed");
}
