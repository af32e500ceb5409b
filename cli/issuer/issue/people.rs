//! A table of people: a line for each, whose columns have the names of the options of `issuer issue`.

use super::validity;
use crate::exit::Failure;
use crate::input::Input;
use crate::issuer::many::{MOST, Row};
use crate::sheet::{Line, Sheet};
use std::collections::HashMap;
use std::path::Path;
use waypass_credential::did;
use waypass_credential::json::{Object, Value};
use waypass_credential::key::PublicKey;
use waypass_issuer::issue::{Occasion, Order, Person};

/// The content of a column.
#[derive(Clone, PartialEq, Eq)]
enum Column {
    Holder,
    Role,
    Site,
    Zone,
    Valid,
    Label,
    /// A personal claim, by its path.
    Claim(String),
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "holder" => Self::Holder,
            "role" => Self::Role,
            "site" => Self::Site,
            "zone" => Self::Zone,
            "valid" => Self::Valid,
            "label" => Self::Label,
            name => Self::Claim(name.strip_prefix("claim:").filter(|claim| !claim.is_empty())?.to_owned()),
        })
    }
}

/// Reads a table. What a line does not say, `order` says: the options on the command line.
pub(super) fn read(input: Input, path: &Path, order: &Order, run: &str) -> Result<Vec<Row>, Failure> {
    let mut sheet = Sheet::open(input, path)?;
    let columns = columns(&sheet, path, order)?;
    let (mut rows, mut seen) = (Vec::new(), HashMap::new());
    while let Some(line) = sheet.next()? {
        if rows.len() == MOST {
            return Err(Failure::usage(
                format!("{} has more than {MOST} people", path.display()),
                "split it; each part can be issued by itself, and nothing was issued",
            ));
        }
        let person = person(&columns, &line, order, run).and_then(|person| match seen.insert(person.holder.to_multikey(), line.number) {
            Some(first) => Err(format!("the same holder as in line {first}")),
            None => Ok(person),
        });
        let label = columns.iter().zip(&line.cells).find(|(column, _)| **column == Column::Label).map_or("", |(_, cell)| cell);
        rows.push(Row { name: line.number.to_string(), label: label.to_owned(), person });
    }
    if rows.is_empty() {
        return Err(Failure::usage(
            format!("there are no people in {}", path.display()),
            "the first line names the columns, each other one is a person",
        ));
    }
    Ok(rows)
}

fn columns(sheet: &Sheet, path: &Path, order: &Order) -> Result<Vec<Column>, Failure> {
    const THERE_ARE: &str = "the columns are holder, role, site, zone, valid, label and claim:NAME, in any order, named in the first line";
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()), THERE_ARE);
    let mut columns = Vec::new();
    for name in &sheet.columns {
        let column = Column::of(name).ok_or_else(|| {
            wrong(if name.is_empty() { "a column has no name".to_owned() } else { format!("there is no column `{name}`") })
        })?;
        if columns.contains(&column) {
            return Err(wrong(format!("the column `{name}` is there twice")));
        }
        columns.push(column);
    }
    let needed = [
        ("holder", Column::Holder, false),
        ("role", Column::Role, !order.roles.is_empty()),
        ("site", Column::Site, !order.sites.is_empty()),
    ];
    match needed.into_iter().find(|(_, column, is_given)| !is_given && !columns.contains(column)) {
        Some(("holder", ..)) => Err(wrong("the column `holder` is missing".to_owned())),
        Some((name, ..)) => Err(wrong(format!("the column `{name}` is missing, and there is no --{name} for all of them"))),
        None => Ok(columns),
    }
}

fn person(columns: &[Column], line: &Line, order: &Order, run: &str) -> Result<Person, String> {
    if line.cells.len() != columns.len() {
        return Err(format!("it has {} cells, and the first line {} (is a quotation mark missing?)", line.cells.len(), columns.len()));
    }
    let (mut order, mut holder): (Order, Option<PublicKey>) = (order.clone(), None);
    for (column, cell) in columns.iter().zip(&line.cells).filter(|(_, cell)| !cell.is_empty()) {
        match column {
            Column::Holder => holder = Some(did::resolve(cell).map_err(|why| format!("the holder: {why}"))?),
            Column::Role => order.roles = names(cell),
            Column::Site => order.sites = names(cell),
            Column::Zone => order.zones = names(cell),
            Column::Valid => order.validity = validity(cell).map_err(|why| format!("valid: {why}"))?,
            Column::Label => order.label = text(cell)?,
            Column::Claim(path) => set(&mut order.personal, path, text(cell)?),
        }
    }
    let holder = holder.ok_or("the holder is missing")?;
    Ok(Person { occasion: Occasion::Run(run.to_owned()), order, holder })
}

/// Returns the names in a cell. No name has a blank or one of these signs in it.
fn names(cell: &str) -> Vec<String> {
    cell.split(|c: char| c.is_whitespace() || [';', ',', '|'].contains(&c)).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Refuses what a spreadsheet wrote in the place of somebody's words: a formula, or that one failed. It would be signed.
fn text(cell: &str) -> Result<String, String> {
    const FAILED: [&str; 7] = ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"];
    if cell.starts_with('=') || FAILED.contains(&cell) {
        return Err(format!("`{cell}` is a formula, or what became of one: write the text itself"));
    }
    Ok(cell.to_owned())
}

/// Sets a claim; a dot in its path leads into an object.
fn set(claims: &mut Object<'static>, path: &str, value: String) {
    match path.split_once('.') {
        None => claims.set(path.to_owned(), value),
        Some((first, rest)) => {
            let mut inner = match claims.remove(first) {
                Some(Value::Object(inner)) => inner,
                _ => Object::new(),
            };
            set(&mut inner, rest, value);
            claims.set(first.to_owned(), Value::Object(inner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, names, read};
    use crate::exit::Failure;
    use crate::input::{Asks, Input};
    use waypass_credential::json::{self, Object};
    use waypass_issuer::issue::{Format, Order, Validity};

    const ADA: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    const BEN: &str = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH";

    fn order() -> Order {
        Order {
            format: Format::SdJwtVc,
            algorithm: None,
            suites: Vec::new(),
            status: None,
            roles: Vec::new(),
            sites: vec!["north".into()],
            zones: Vec::new(),
            valid_from: None,
            validity: Validity::For(90 * 86_400),
            label: String::new(),
            personal: Object::new().with("given_name", "nobody"),
        }
    }

    fn rows(text: &str) -> Result<Vec<Row>, Failure> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        read(Input::new(Asks::Never, None), file.path(), &order(), "")
    }

    fn whys(text: &str) -> Vec<(String, String)> {
        let faulty = |row: Row| row.person.err().map(|why| (row.name, why));
        rows(text).expect("a table").into_iter().filter_map(faulty).collect()
    }

    #[test]
    fn a_line_says_what_the_options_say() {
        let text = format!(
            "Label;Holder;role;claim:given_name;claim:address.city;claim:address.street;valid;zone\n\
             Ada, ward 3;{ADA};nurse;Ada;Basel;Rheingasse 1;2d;\"ward-1;ward-2\"\n;{BEN};porter, cook;;;;;*\n"
        );
        let rows = rows(&text).expect("a table");
        let [ada, ben] = [0, 1].map(|at| rows[at].person.clone().expect("a person").order);
        assert_eq!((&*ada.label, ada.validity, &*ada.sites), ("Ada, ward 3", Validity::For(2 * 86_400), &["north".to_owned()][..]));
        assert_eq!((ada.roles, ada.zones), (vec!["nurse".to_owned()], vec!["ward-1".to_owned(), "ward-2".to_owned()]));
        let claims = json::to_string(&json::Value::Object(ada.personal));
        assert_eq!(claims, r#"{"given_name":"Ada","address":{"city":"Basel","street":"Rheingasse 1"}}"#);
        assert_eq!((&*ben.roles, &*ben.zones), (&["porter".to_owned(), "cook".to_owned()][..], &["*".to_owned()][..]));
        assert_eq!(json::to_string(&json::Value::Object(ben.personal)), r#"{"given_name":"nobody"}"#);
        assert_eq!(names(" a;b,, c|d\n"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn each_faulty_line_is_named_with_its_reason() {
        let text = format!(
            "holder,role,label,valid\n{ADA},nurse,Ada,\nme,nurse,,\n{ADA},porter,Ada again,\n,nurse,,\n{BEN},nurse,=1+1,\n{BEN},nurse,#REF!,\n\
             {BEN},nurse\n{BEN},nurse,-Ben,soon\n"
        );
        let whys = whys(&text);
        assert_eq!(whys.iter().map(|(line, _)| &**line).collect::<Vec<_>>(), ["3", "4", "5", "6", "7", "8", "9"]);
        for ((_, why), part) in whys.iter().zip(["the holder: ", "line 2", "holder is missing", "formula", "formula", "2 cells", "valid: "])
        {
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn columns_that_are_not_understood_are_named() {
        let refused = |text: &str| rows(text).err().map(|why| why.what).unwrap_or_default();
        for (first, part) in [
            ("holder,roles", "no column `roles`"),
            ("holder,role,role", "`role` is there twice"),
            ("role", "`holder` is missing"),
            ("holder", "`role` is missing, and there is no --role"),
            ("holder,role,", "has no name"),
            ("holder,role,claim:", "no column `claim:`"),
            ("", "no column `x`"),
        ] {
            assert!(refused(&format!("{first}\nx,y,z\n")).contains(part), "{first}: {}", refused(&format!("{first}\nx,y,z\n")));
        }
        assert!(refused("holder,role\n").contains("no people"));
    }

    #[test]
    fn more_people_than_a_site_has_are_refused_before_all_are_read() {
        let text = format!("holder,role\n{}", "x,y\n".repeat(100_001));
        assert!(rows(&text).is_err_and(|why| why.what.contains("more than 100000 people")));
    }
}
