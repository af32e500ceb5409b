//! Compiles the contexts we know into tables, so that nothing is parsed when a program starts. The reader and the compiler are the
//! library's own files.

extern crate alloc;

#[path = "jsonld/compile.rs"]
#[expect(unreachable_pub, reason = "public in the library")]
mod compile;
#[path = "json.rs"]
#[expect(unreachable_pub, dead_code, unused_imports, reason = "the library uses all of it")]
mod json;
#[path = "jsonld/table.rs"]
#[expect(unreachable_pub, dead_code, reason = "the library uses all of it")]
mod table;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};
use table::{Coercion, Context, Layer, Means, Need, Term, Vocab};

/// The document that `waypass_schemas::ROLE_CONTEXT` is.
const ROLE: &str = "../schemas/contexts/role-v1.jsonld";

fn main() {
    for file in ["build.rs", "json.rs", "json/name.rs", "jsonld/compile.rs", "jsonld/table.rs", ROLE] {
        println!("cargo::rerun-if-changed={file}");
    }
    let role = fs::read_to_string(ROLE).expect("our own context");
    let documents = [
        ("CREDENTIALS_V1", ssi_contexts::CREDENTIALS_V1),
        ("CREDENTIALS_V2", ssi_contexts::CREDENTIALS_V2),
        ("EXAMPLES_V2", ssi_contexts::CREDENTIALS_EXAMPLES_V2),
        ("DATA_INTEGRITY_V2", ssi_contexts::W3ID_DATA_INTEGRITY_V2),
        ("VDL_V1", ssi_contexts::VDL_V1),
        ("DID_V1", ssi_contexts::DID_V1),
        ("ROLE_V1", &role),
    ];
    let mut out = String::new();
    for (name, document) in documents {
        let document = json::parse(document.as_bytes(), compile::DOCUMENT).unwrap_or_else(|why| panic!("{name}: {why}"));
        let context = compile::compile(&document).unwrap_or_else(|why| panic!("{name}: {why}"));
        write_context(&mut out, name, &context);
    }
    let folder = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&folder).join("tables.rs"), out).expect("a writable OUT_DIR");
}

fn write_context(out: &mut String, name: &str, context: &Context) {
    let layers: Vec<String> =
        context.layers.iter().enumerate().map(|(at, layer)| write_layer(out, &format!("{name}_{at}"), layer)).collect();
    list(out, &format!("{name}_LAYERS"), "Layer", &layers);
    writeln!(out, "pub(super) static {name}: Context = Context {{ layers: Cow::Borrowed(&{name}_LAYERS) }};").expect("text");
}

/// Each slice becomes a static of its own; returns the layer that names them.
fn write_layer(out: &mut String, name: &str, layer: &Layer) -> String {
    list(out, &format!("{name}_TERMS"), "Term", &layer.terms.iter().map(term).collect::<Vec<_>>());
    list(out, &format!("{name}_SLOTS"), "u32", &layer.slots.iter().copied().map(hex).collect::<Vec<_>>());
    list(out, &format!("{name}_IRIS"), "u32", &layer.iris.iter().copied().map(hex).collect::<Vec<_>>());
    list(out, &format!("{name}_NEEDS"), "Need", &layer.needs.iter().map(need).collect::<Vec<_>>());
    let vocab = match &layer.vocab {
        Vocab::Unchanged => "Vocab::Unchanged".to_owned(),
        Vocab::Cleared => "Vocab::Cleared".to_owned(),
        Vocab::Iri(iri) => format!("Vocab::Iri({})", text(iri)),
    };
    format!(
        "Layer {{ reset: {}, propagate: {:?}, vocab: {vocab}, terms: Cow::Borrowed(&{name}_TERMS), slots: Cow::Borrowed(&{name}_SLOTS), \
         iris: Cow::Borrowed(&{name}_IRIS), needs: Cow::Borrowed(&{name}_NEEDS), alias_lengths: {}, prefixes: {}, clean: {} }}",
        layer.reset, layer.propagate, layer.alias_lengths, layer.prefixes, layer.clean
    )
}

fn list(out: &mut String, name: &str, kind: &str, items: &[String]) {
    writeln!(out, "static {name}: [{kind}; {}] = [{}];", items.len(), items.join(", ")).expect("text");
}

fn term(term: &Term) -> String {
    let coercion = match &term.coercion {
        Coercion::Datatype(iri) => format!("Coercion::Datatype({})", text(iri)),
        other => format!("Coercion::{other:?}"),
    };
    format!(
        "Term {{ name: {}, hash: {}, means: {}, coercion: {coercion}, container: Container::{:?}, prefix: {}, protected: {}, scope: {:?} }}",
        text(&term.name),
        hex(term.hash),
        means(&term.means),
        term.container,
        term.prefix,
        term.protected,
        term.scope
    )
}

fn need(need: &Need) -> String {
    let found = need.found.as_ref().map_or("None".to_owned(), |(found, prefix)| format!("Some(({}, {prefix}))", means(found)));
    format!("Need {{ name: {}, hash: {}, found: {found} }}", text(&need.name), hex(need.hash))
}

fn means(means: &Means) -> String {
    match means {
        Means::Iri(iri) => format!("Means::Iri({})", text(iri)),
        Means::Keyword(keyword) => format!("Means::Keyword(Keyword::{keyword:?})"),
        Means::Nothing => "Means::Nothing".to_owned(),
    }
}

fn hex(number: u32) -> String {
    format!("0x{:04x}_{:04x}", number >> 16, number & 0xffff)
}

fn text(text: &str) -> String {
    format!("Cow::Borrowed({text:?})")
}
