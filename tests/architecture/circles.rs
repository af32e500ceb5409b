//! No circle between modules. At each level of a crate's tree of modules, siblings do not import each other in a circle, each taken with
//! all that is below it.
//!
//! An import of an ancestor or of a descendant does not count, nor does a test. A name that a module passes on counts as the module that
//! defines it.

mod source;

use super::{ROOMS, root, walk};
use source::{Crate, Module};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The imports between siblings: from, to, and the places that make it so.
type Level = BTreeMap<String, BTreeMap<String, Vec<String>>>;

struct Found {
    imports: usize,
    circles: Vec<String>,
}

#[test]
fn modules_import_each_other_in_no_circle() {
    let (mut files, mut imports, mut circles) = (0, 0, Vec::new());
    for room in ROOMS {
        let (read, all) = sources(room);
        let found = look(&all);
        files += read;
        imports += found.imports;
        circles.extend(found.circles.iter().map(|circle| format!("{room}: {circle}")));
    }
    println!("{files} files with {imports} imports inside their crates");
    assert!(files > 400 && imports > 2500, "only {files} files with {imports} imports were looked at");
    assert!(circles.is_empty(), "{files} files, {imports} imports, {} circle(s):\n{}", circles.len(), circles.join("\n"));
}

/// Reads the modules of a room, without its tests.
fn sources(room: &str) -> (usize, Crate) {
    let mut paths = Vec::new();
    walk(&root().join(room), &mut paths);
    let mut all = Crate::default();
    let mut files = 0;
    for path in paths {
        let inside = path.strip_prefix(root().join(room)).expect("inside").with_extension("");
        let Some(module) = module_of(&inside) else { continue };
        all.add(module, &fs::read_to_string(&path).expect("source"));
        files += 1;
    }
    (files, all)
}

/// The module that a file holds; `None` for a test and for a build script.
fn module_of(file: &Path) -> Option<Module> {
    let names: Module = file.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.iter().any(|name| name == "tests" || name.starts_with("testing")) || names == ["build"] {
        return None;
    }
    Some(if names == ["lib"] || names == ["main"] { Module::new() } else { names })
}

fn look(all: &Crate) -> Found {
    let mut imports = 0;
    let mut levels: BTreeMap<Module, Level> = BTreeMap::new();
    for (from, named) in &all.modules {
        for path in &named.paths {
            let Some(to) = all.resolve(from, path) else { continue };
            imports += 1;
            let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
            if let (Some(sibling), Some(other)) = (from.get(common), to.get(common)) {
                let level = levels.entry(from[..common].to_vec()).or_default();
                let places = level.entry(sibling.clone()).or_default().entry(other.clone()).or_default();
                places.push(format!("{} uses {}", from.join("/"), path.join("::")));
            }
        }
    }
    let circles = levels.iter().flat_map(|(level, siblings)| circles_of(level, siblings)).collect();
    Found { imports, circles }
}

/// Describes the circles of one level: who is in each, and the imports between them.
fn circles_of(level: &Module, siblings: &Level) -> Vec<String> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = siblings.keys().map(|from| (from, reach(from, siblings))).collect();
    let is_in_circle = |a: &String, b: &String| reached[a].contains(b) && reached.get(b).is_some_and(|back| back.contains(a));
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for first in siblings.keys().filter(|name| is_in_circle(name, name)) {
        if told.contains(first) {
            continue;
        }
        let members: Vec<&String> = siblings.keys().filter(|name| is_in_circle(first, name)).collect();
        let name = if level.is_empty() { "at the root".to_owned() } else { format!("in {}", level.join("/")) };
        let mut lines = vec![format!("a circle {name}: {}", members.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "))];
        for from in &members {
            for (to, places) in siblings[*from].iter().filter(|(to, _)| members.contains(to)) {
                lines.push(format!("  {from} imports {to}: {}", places.join(", ")));
            }
        }
        told.extend(members);
        circles.push(lines.join("\n"));
    }
    circles
}

fn reach<'s>(from: &String, siblings: &'s Level) -> BTreeSet<&'s String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = siblings.get(from).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(siblings.get(next).into_iter().flat_map(BTreeMap::keys));
        }
    }
    seen
}

/// Looks at a crate that is made up of these files.
fn planted(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = Crate::default();
    for (file, text) in files {
        if let Some(module) = module_of(Path::new(file)) {
            all.add(module, text);
        }
    }
    look(&all).circles
}

#[test]
fn a_planted_circle_is_named_with_the_imports_that_close_it() {
    let found = planted(&[
        ("lib", "mod a; mod b; mod c;"),
        ("a", "use crate::b::{self, Deep as Other, deep::{Deeper}};\nfn f() {}"),
        ("b", "mod deep;\npub use deep::Deep;"),
        ("b/deep", "fn f() -> crate::c::Kind { super::super::c::make() }"),
        ("c", "use super::a::f;"),
    ]);
    let [circle] = found.as_slice() else { panic!("{found:?}") };
    assert!(circle.starts_with("a circle at the root: a, b, c\n"), "{circle}");
    for line in [
        "a imports b: a uses crate::b, a uses crate::b::Deep",
        "b imports c: b/deep uses crate::c::Kind",
        "c imports a: c uses super::a::f",
    ] {
        assert!(circle.contains(line), "{line}\n{circle}");
    }
}

/// Each way in which two modules can name each other: between files, through their parent, inside one file, by the name of a child.
#[test]
fn every_way_to_name_a_module_is_seen() {
    let back = ("x/b", "use super::a::A;");
    for (parent, import) in [
        ("mod a; mod b; pub use b::B;", "use super::B;"),
        ("mod a; mod b; pub(crate) use b::{B as C};", "fn f(c: super::C) {}"),
        ("mod a; mod b; use self::b::B;", "use crate::x::B;"),
        ("mod a; mod b;", "fn f() { super::b::B::new(\"quoted \\\" //\", '\"', 'x'); }"),
        ("mod a; mod b; use b as other;", "use super::other::B;"),
        ("mod a; mod b;", "use crate::x::b::*;"),
        ("mod a; mod b;", "mod inner { use super::super::b::B; }"),
    ] {
        let found = planted(&[("lib", "mod x;"), ("x", parent), ("x/a", import), back]);
        assert_eq!(found.len(), 1, "{parent} with {import}: {found:?}");
        assert!(found[0].starts_with("a circle in x: a, b\n"), "{found:?}");
    }
    assert_eq!(planted(&[("lib", "mod a { use super::b::B; }\nmod b { use crate::a::A; }")]).len(), 1);
}

/// Some paths do not count.
#[test]
fn parents_children_tests_and_comments_close_no_circle() {
    for (a, b) in [
        ("use super::b::B;", "use super::Shared;"),
        ("use super::b::B;", "// use super::a::A;\n/* super::a::A */ const TEXT: &str = \"super::a::A\";"),
        ("use super::b::B;", "const RAW: &str = r#\"use super::a::A; \"#; fn f<'super>() {}"),
        ("use super::b::B;", "fn f() {}\n#[cfg(test)]\n#[expect(lint)]\nmod tests { use super::super::a::A; }"),
        ("use super::b::B;", "#[cfg(test)]\nuse super::a::{A, C};"),
        ("use super::b::B;", "use elsewhere::a::A; use std::a;"),
        ("mod below; use super::b::B;", "fn f() {}"),
    ] {
        let found = planted(&[
            ("main", "mod x;"),
            ("x", "mod a; mod b; pub struct Shared; use a::A;"),
            ("x/a", a),
            ("x/b", b),
            ("x/a/below", "use super::A; use crate::x::a::A;"),
            ("x/b/tests", "use crate::x::a::A;"),
            ("x/b/testing", "use crate::x::a::A;"),
        ]);
        assert!(found.is_empty(), "{a} with {b}: {found:?}");
    }
}
