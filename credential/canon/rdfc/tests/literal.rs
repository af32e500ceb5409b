//! RDFC-1.0 as it is written down: strings, maps and every permutation, nothing left out. Slow, for comparison.

use super::HashAlgorithm;
use crate::canon::nquads::{Position, tests::write_quad};
use crate::canon::rdf::{Dataset, Quad};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::Write as _;
use sha2::{Digest as _, Sha256, Sha384};

#[derive(Clone)]
struct Issuer {
    prefix: &'static str,
    issued: Vec<(u32, String)>,
}

impl Issuer {
    fn new(prefix: &'static str) -> Self {
        Self { prefix, issued: vec![] }
    }

    fn known(&self, blank: u32) -> Option<&str> {
        self.issued.iter().find(|(other, _)| *other == blank).map(|(_, name)| name.as_str())
    }

    fn issue(&mut self, blank: u32) -> String {
        if self.known(blank).is_none() {
            self.issued.push((blank, format!("{}{}", self.prefix, self.issued.len())));
        }
        self.known(blank).expect("issued").into()
    }
}

struct State<'d> {
    quads: BTreeMap<u32, Vec<&'d Quad<'d>>>,
    canonical: Issuer,
    algorithm: HashAlgorithm,
}

fn blanks(quad: &Quad<'_>) -> Vec<(char, u32)> {
    let mut found = vec![];
    write_quad(quad, &mut vec![], |position, blank, _| {
        let letter = match position {
            Position::Subject => 's',
            Position::Object => 'o',
            Position::Graph => 'g',
        };
        found.push((letter, blank));
    })
    .expect("written");
    found
}

fn line(quad: &Quad<'_>, name: impl Fn(u32) -> String) -> String {
    let mut out = vec![];
    write_quad(quad, &mut out, |_, blank, out| out.extend_from_slice(format!("_:{}", name(blank)).as_bytes())).expect("written");
    String::from_utf8(out).expect("UTF-8")
}

/// The canonical N-Quads of `dataset`.
pub(super) fn canonical(dataset: &Dataset<'_>, algorithm: HashAlgorithm) -> String {
    let mut quads: Vec<&Quad<'_>> = vec![];
    for quad in dataset {
        if !quads.contains(&quad) {
            quads.push(quad);
        }
    }
    let mut state = State { quads: BTreeMap::new(), canonical: Issuer::new("c14n"), algorithm };
    for quad in &quads {
        for blank in blanks(quad).into_iter().map(|(_, blank)| blank).collect::<BTreeSet<_>>() {
            state.quads.entry(blank).or_default().push(quad);
        }
    }
    let mut by_hash: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for blank in state.quads.keys() {
        by_hash.entry(state.first_degree(*blank)).or_default().push(*blank);
    }
    for list in by_hash.values().filter(|list| list.len() == 1) {
        state.canonical.issue(list[0]);
    }
    for list in by_hash.values().filter(|list| list.len() > 1) {
        let mut results: Vec<(String, Issuer)> = vec![];
        for blank in list {
            if state.canonical.known(*blank).is_none() {
                let mut temporary = Issuer::new("b");
                temporary.issue(*blank);
                results.push(state.n_degree(*blank, temporary));
            }
        }
        results.sort_by(|a, b| a.0.cmp(&b.0));
        for (blank, _) in results.into_iter().flat_map(|(_, issuer)| issuer.issued) {
            state.canonical.issue(blank);
        }
    }
    let lines = quads.iter().map(|quad| line(quad, |blank| state.canonical.known(blank).expect("issued").into()));
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines.concat()
}

impl State<'_> {
    fn hash(&self, data: &str) -> String {
        let digest = match self.algorithm {
            HashAlgorithm::Sha256 => Sha256::digest(data).to_vec(),
            HashAlgorithm::Sha384 => Sha384::digest(data).to_vec(),
        };
        digest.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes all");
            hex
        })
    }

    fn first_degree(&self, reference: u32) -> String {
        let name = |blank| if blank == reference { "a".into() } else { "z".into() };
        let mut lines: Vec<_> = self.quads[&reference].iter().map(|quad| line(quad, name)).collect();
        lines.sort();
        self.hash(&lines.concat())
    }

    fn related(&self, related: u32, quad: &Quad<'_>, issuer: &Issuer, position: char) -> String {
        let mut input = String::from(position);
        if position != 'g' {
            write!(input, "<{}>", quad.predicate).expect("a string takes all");
        }
        match self.canonical.known(related).or_else(|| issuer.known(related)) {
            Some(name) => write!(input, "_:{name}").expect("a string takes all"),
            None => input += &self.first_degree(related),
        }
        self.hash(&input)
    }

    fn n_degree(&self, identifier: u32, mut issuer: Issuer) -> (String, Issuer) {
        let mut by_hash: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for quad in &self.quads[&identifier] {
            for (position, related) in blanks(quad).into_iter().filter(|(_, related)| *related != identifier) {
                by_hash.entry(self.related(related, quad, &issuer, position)).or_default().push(related);
            }
        }
        let mut data = String::new();
        for (hash, list) in by_hash {
            data += &hash;
            let mut chosen: Option<(String, Issuer)> = None;
            for permutation in permutations(&list) {
                let (path, copy) = self.path(&permutation, issuer.clone());
                if chosen.as_ref().is_none_or(|(least, _)| path < *least) {
                    chosen = Some((path, copy));
                }
            }
            let (path, copy) = chosen.expect("a list has an order");
            data += &path;
            issuer = copy;
        }
        (self.hash(&data), issuer)
    }

    fn path(&self, permutation: &[u32], mut issuer: Issuer) -> (String, Issuer) {
        let (mut path, mut recursion) = (String::new(), vec![]);
        for related in permutation {
            if let Some(name) = self.canonical.known(*related) {
                write!(path, "_:{name}").expect("a string takes all");
            } else {
                if issuer.known(*related).is_none() {
                    recursion.push(*related);
                }
                write!(path, "_:{}", issuer.issue(*related)).expect("a string takes all");
            }
        }
        for related in recursion {
            let (hash, returned) = self.n_degree(related, issuer.clone());
            write!(path, "_:{}<{hash}>", issuer.issue(related)).expect("a string takes all");
            issuer = returned;
        }
        (path, issuer)
    }
}

fn permutations(items: &[u32]) -> Vec<Vec<u32>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    let mut all = vec![];
    for first in 0..items.len() {
        let mut rest = items.to_vec();
        let item = rest.remove(first);
        all.extend(permutations(&rest).into_iter().map(|rest| [vec![item], rest].concat()));
    }
    all
}
