pub(crate) mod read;

use super::{Position, Unwritable, write_label, write_rest, write_subject};
use crate::canon::rdf::{Dataset, Literal, Node, Quad, Term};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use proptest::prelude::*;
use read::read;

/// The whole statement; `blank` appends the label of a blank node.
pub(in crate::canon) fn write_quad(
    quad: &Quad<'_>,
    out: &mut Vec<u8>,
    mut blank: impl FnMut(Position, u32, &mut Vec<u8>),
) -> Result<(), Unwritable> {
    write_subject(&quad.subject, out, |number, out| blank(Position::Subject, number, out))?;
    write_rest(quad, out, blank)
}

fn write(dataset: &Dataset<'_>) -> Result<String, Unwritable> {
    let mut out = Vec::new();
    for quad in dataset {
        write_quad(quad, &mut out, |_, number, out| write_label(b"n", number, out))?;
    }
    Ok(String::from_utf8(out).expect("UTF-8"))
}

fn says(object: Term<'_>) -> Dataset<'_> {
    let mut dataset = Dataset::new();
    dataset.push(Quad { subject: Node::Iri("s:s".into()), predicate: "p:p".into(), object, graph: None });
    dataset
}

fn written(literal: Literal<'_>) -> Result<String, Unwritable> {
    let line = write(&says(Term::Literal(literal)))?;
    let object = line.strip_prefix("<s:s> <p:p> ").and_then(|rest| rest.strip_suffix(" .\n")).expect("one line");
    Ok(object.into())
}

#[test]
fn every_escape_is_the_canonical_one() {
    let controls: String = (0..=0x20_u8).map(char::from).collect();
    assert_eq!(
        written(Literal::plain(controls)).as_deref(),
        Ok("\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000B\\f\\r\\u000E\\u000F\
            \\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001A\\u001B\\u001C\\u001D\\u001E\\u001F \"")
    );
    assert_eq!(written(Literal::plain("\"\\'\x7f/\u{80}")).as_deref(), Ok("\"\\\"\\\\'\\u007F/\u{80}\""));
    let border = "\u{d7ff}\u{e000}\u{efff}\u{f000}\u{fffd}\u{fffe}\u{ffff}\u{10000}\u{1fffe}\u{10ffff}";
    let expected = "\"\u{d7ff}\u{e000}\u{efff}\u{f000}\u{fffd}\\uFFFE\\uFFFF\u{10000}\u{1fffe}\u{10ffff}\"";
    assert_eq!(written(Literal::plain(border)).as_deref(), Ok(expected));
}

#[test]
fn an_escape_is_found_wherever_it_stands() {
    for length in 1..70 {
        for at in 0..length {
            for special in ["\"", "\\", "\n", "\x7f", "\u{ffff}"] {
                let text = format!("{}{special}{}", "a".repeat(at), "b".repeat(length - at - 1));
                let object = written(Literal::plain(text.as_str())).expect("written");
                assert_eq!(
                    object.len(),
                    text.len() + 2 + (6 - special.len()).min(if special.len() == 1 && special != "\x7f" { 1 } else { 6 })
                );
            }
        }
    }
}

#[test]
fn datatypes_and_languages() {
    assert_eq!(written(Literal::plain("a")).as_deref(), Ok("\"a\""));
    assert_eq!(written(Literal::typed("1", "d:t")).as_deref(), Ok("\"1\"^^<d:t>"));
    assert_eq!(written(Literal::tagged("a", "de-CH-1996")).as_deref(), Ok("\"a\"@de-CH-1996"));
    for tag in ["", "-", "de-", "-de", "de--CH", "1a", "de_CH", "en . <a:b>", "dé"] {
        assert_eq!(written(Literal::tagged("a", tag)), Err(Unwritable), "{tag}");
    }
}

#[test]
fn no_iri_ends_itself() {
    for forbidden in (0..=0x20_u8).chain(*b"<>\"{}|^`\\").map(char::from) {
        for (before, after) in [(0, 0), (3, 3), (15, 0), (15, 1), (16, 0), (0, 16), (20, 20)] {
            let iri = || Cow::Owned(format!("a:{}{forbidden}{}", "b".repeat(before), "c".repeat(after)));
            let quad = |at: usize| Quad {
                subject: Node::Iri(if at == 0 { iri() } else { "s:s".into() }),
                predicate: if at == 1 { iri() } else { "p:p".into() },
                object: match at {
                    2 => Term::Iri(iri()),
                    3 => Term::Literal(Literal::typed("v", iri())),
                    _ => Term::Iri("o:o".into()),
                },
                graph: (at == 4).then(|| Node::Iri(iri())),
            };
            for at in 0..5 {
                assert_eq!(write_quad(&quad(at), &mut vec![], |_, _, _| ()), Err(Unwritable), "{forbidden:?} as part {at}");
            }
            assert_eq!(write_quad(&quad(5), &mut vec![], |_, _, _| ()), Ok(()));
        }
    }
    assert!(write(&says(Term::Iri("a:!#$%&'()*+,-./09:;=?@AZ[]_az~\u{7f}é".into()))).is_ok());
}

#[test]
fn the_reader_is_strict() {
    for good in [
        "",
        "\n\r\n # nothing\n",
        "<a:b> <c:d> <e:f> .",
        "<a:b><c:d>_:e.<g:h>.",
        "_:a <c:d> \"\\u00e9\\U0001F600\\t\\'\"@en-GB _:b . # why\n",
        "<a:b> <c:d> \"x\"^^<e:f> .\r\n<a:\\u00e9> <c:d> <e:f> .",
    ] {
        // A blank node's label takes the dot that stands inside it.
        let read = read(good);
        assert_eq!(read.is_ok(), !good.contains("_:e.<"), "{good}: {read:?}");
    }
    for bad in [
        "<a:b> <c:d> <e:f>",
        "<a:b> <c:d> <e:f> . <a:b> <c:d> <e:f> .",
        "<a:b> <c:d> .",
        "<a> <c:d> <e:f> .",
        "<a: b> <c:d> <e:f> .",
        "<a:\\u003E> <c:d> <e:f> .",
        "<a:\\t> <c:d> <e:f> .",
        "\"a\" <c:d> <e:f> .",
        "<a:b> _:c <e:f> .",
        "<a:b> <c:d> \"e\" \"f\" .",
        "<a:b> <c:d> \"e\n\" .",
        "<a:b> <c:d> \"\\x\" .",
        "<a:b> <c:d> \"\\uD800\" .",
        "<a:b> <c:d> \"\\u+123\" .",
        "<a:b> <c:d> \"e\"@ .",
        "<a:b> <c:d> \"e\"@en- .",
        "<a:b> <c:d> \"e\"^^_:f .",
        "_:-a <c:d> <e:f> .",
        "<a:b> <c:d> \"e .",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

pub(in crate::canon) fn quads(blanks: u32) -> impl Strategy<Value = Vec<Quad<'static>>> {
    let iri = || "[a-c]:[a-zé#/]{0,3}".prop_map(Cow::<'static, str>::Owned);
    let node = move || prop_oneof![iri().prop_map(Node::Iri), (0..blanks).prop_map(Node::Blank)];
    let literal = prop_oneof![
        any::<String>().prop_map(Literal::plain),
        ("\\PC{0,3}", iri()).prop_map(|(value, datatype)| Literal::typed(value, datatype)),
        ("[a-z]{0,3}", "[a-z]{1,3}(-[a-z0-9]{1,3}){0,2}").prop_map(|(value, tag)| Literal::tagged(value, tag)),
    ];
    let object = prop_oneof![node().prop_map(Term::from), literal.prop_map(Term::Literal)];
    let quad = (node(), iri(), object, proptest::option::of(node())).prop_map(|(subject, predicate, object, graph)| Quad {
        subject,
        predicate,
        object,
        graph,
    });
    proptest::collection::vec(quad, 0..12)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(quads in quads(5)) {
        let mut dataset = Dataset::new();
        quads.iter().cloned().for_each(|quad| dataset.push(quad));
        let text = write(&dataset).expect("written");
        let (read, labels) = read(&text).expect("our own text");
        // The reader numbers blank nodes as they come.
        let number = |blank: u32| labels[blank as usize][1..].parse().expect("a number");
        let node = |node: &Node<'_>| match node {
            Node::Blank(blank) => Node::Blank(number(*blank)),
            Node::Iri(iri) => Node::Iri(Cow::Owned(iri.clone().into_owned())),
        };
        for (read, quad) in read.iter().zip(&quads) {
            let object = match &read.object {
                Term::Blank(blank) => Term::Blank(number(*blank)),
                other => other.clone(),
            };
            let graph = read.graph.as_ref().map(node);
            prop_assert_eq!(&Quad { subject: node(&read.subject), predicate: read.predicate.clone(), object, graph }, quad);
        }
        prop_assert_eq!(read.len(), quads.len());
        prop_assert_eq!(text.lines().count(), quads.len());
    }

    #[test]
    fn any_text_is_answered(text: String) {
        let _ = read(&text);
    }

    #[test]
    fn any_nearly_right_text_is_answered(text in "([<>\"_:.@^\\\\u #a-c0\n]|<a:b> ){0,40}") {
        let _ = read(&text);
    }

    #[test]
    fn any_terms_are_answered(subject: String, predicate: String, value: String, datatype: String, language: Option<String>) {
        let object = Term::Literal(Literal { value: value.into(), datatype: datatype.into(), language: language.map(Cow::Owned) });
        let mut dataset = Dataset::new();
        dataset.push(Quad { subject: Node::Iri(subject.into()), predicate: predicate.into(), object, graph: None });
        if let Ok(text) = write(&dataset) {
            prop_assert_eq!(text.matches('\n').count(), 1);
        }
    }
}
