use super::{Listed, MOST, Pages, PagesError, hex};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;

/// Names and contents.
pub(crate) const FILES: [(&str, &[u8]); 4] =
    [("app.js", b"start();"), ("app.js.br", b"\x0b\x03\x80compressed"), ("index.html", b"<!doctype html>"), ("icon-192.png", b"\x89PNG")];

fn numbers() -> Vec<String> {
    FILES.iter().map(|(_, bytes)| hex(&Sha256::digest(bytes))).collect()
}

fn list(numbers: &[String]) -> Vec<Listed<'_>> {
    FILES.iter().zip(numbers).map(|((name, _), sha256)| Listed { sha256, name }).collect()
}

/// A folder with these files, and what reading it gives after `change`.
fn read_after(change: impl FnOnce(&Path)) -> Result<Pages, PagesError> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in FILES {
        fs::write(folder.path().join(name), bytes).expect("written");
    }
    change(folder.path());
    Pages::read(&list(&numbers()), folder.path())
}

/// The pages of these files.
pub(crate) fn pages() -> Pages {
    read_after(|_| ()).expect("the pages")
}

fn refusal(change: impl FnOnce(&Path)) -> String {
    read_after(change).expect_err("refused").to_string()
}

#[test]
fn a_changed_file_is_refused() {
    for name in ["app.js", "app.js.br", "index.html"] {
        let said = refusal(|folder| {
            let mut bytes = fs::read(folder.join(name)).expect("read");
            bytes[0] ^= 1;
            fs::write(folder.join(name), bytes).expect("written");
        });
        assert_eq!(said, format!("{name} is not the file that this program was built with"));
    }
}

#[test]
fn a_missing_file_is_refused() {
    for name in ["app.js", "app.js.br"] {
        let said = refusal(|folder| fs::remove_file(folder.join(name)).expect("removed"));
        assert_eq!(said, format!("{name} is missing among the pages"));
    }
}

#[test]
fn what_is_not_listed_is_refused() {
    assert_eq!(
        refusal(|folder| fs::write(folder.join("more.js"), "spy();").expect("written")),
        "\"more.js\" does not belong to the pages of this program"
    );
    let folder_in_it = refusal(|folder| fs::create_dir(folder.join("sub")).expect("made"));
    assert_eq!(folder_in_it, "\"sub\" does not belong to the pages of this program");
}

#[test]
fn a_file_that_is_too_large_is_not_read_whole() {
    let said = refusal(|folder| {
        let file = fs::OpenOptions::new().write(true).open(folder.join("app.js")).expect("opened");
        file.set_len(MOST + 1).expect("longer");
    });
    assert_eq!(said, "app.js is larger than 32 MiB, as no file of the pages is");
}

/// A pipe in the place of a file would be waited for.
#[test]
fn only_files_are_read() {
    let said = refusal(|folder| {
        fs::remove_file(folder.join("app.js")).expect("removed");
        let made = std::process::Command::new("mkfifo").arg(folder.join("app.js")).status();
        assert!(made.is_ok_and(|made| made.success()), "mkfifo");
    });
    assert_eq!(said, "app.js is not the file that this program was built with");
}

#[test]
fn a_folder_that_is_not_there_and_a_kind_that_is_not_known_are_named() {
    let numbers = numbers();
    let nowhere = Pages::read(&list(&numbers), Path::new("/nowhere/pages")).expect_err("refused");
    assert_eq!(nowhere.to_string(), "there is no folder /nowhere/pages with the pages of this program");
    let folder = tempfile::tempdir().expect("a folder");
    let foreign = Pages::read(&[Listed { sha256: &numbers[0], name: "app.exe" }], folder.path()).expect_err("refused");
    assert_eq!(foreign.to_string(), "app.exe is a kind of file that the pages do not have");
    let alone = Pages::read(&[Listed { sha256: &numbers[0], name: "app.js.br" }], folder.path()).expect_err("refused");
    assert_eq!(alone.to_string(), "app.js.br is a kind of file that the pages do not have");
}
