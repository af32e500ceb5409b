//! Tables as spreadsheets write and read them: CSV (RFC 4180), with commas, semicolons or tabs, in UTF-8.

use crate::exit::Failure;
use crate::input::Input;
use crate::stdio::is_dash;
use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use std::io::{BufRead, BufReader, Chain, Read, Take};
use std::path::{Path, PathBuf};

/// The largest file: 100,000 people with several hundred letters each.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The part of a file in which the first line must end.
const HEAD: usize = 64 * 1024;

/// A file up to [`MAX_BYTES`], and an end of line.
type Bounded<'c> = Chain<Take<Box<dyn BufRead + 'c>>, &'static [u8]>;

/// A table that is being read, line by line.
pub(crate) struct Sheet<'c> {
    path: PathBuf,
    reader: Reader<Bounded<'c>>,
    /// The names in the first line, in lower case.
    pub(crate) columns: Vec<String>,
}

/// A line with something in it.
pub(crate) struct Line {
    /// Its number in the file, from 1.
    pub(crate) number: u64,
    /// Its cells, without blanks around them.
    pub(crate) cells: Vec<String>,
}

impl<'c> Sheet<'c> {
    /// Opens a file, or standard input with `-`.
    pub(crate) fn open(input: Input<'c>, path: &Path) -> Result<Self, Failure> {
        if is_dash(path) {
            return Self::of(input.stdin(), path);
        }
        let file = std::fs::File::open(path).map_err(|error| Failure::file("read", path, &error))?;
        Self::of(Box::new(file), path)
    }

    /// Begins to read a table; `path` is named in failures.
    pub(crate) fn of(from: Box<dyn Read + 'c>, path: &Path) -> Result<Self, Failure> {
        let mut from: Box<dyn BufRead + 'c> = Box::new(BufReader::with_capacity(HEAD, from));
        let unread = |error| Failure::file("read", path, &error);
        let head = from.fill_buf().map_err(unread)?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(encoding(path, 1));
        }
        let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let delimiter = delimiter(&head[mark..]);
        from.consume(mark);
        // With an end of line after the last, each line counts alike.
        let whole = from.take(MAX_BYTES).chain(&b"\n"[..]);
        let mut builder = ReaderBuilder::new();
        // A carriage return before it is a blank at the end of the last cell.
        builder.has_headers(false).flexible(true).delimiter(delimiter).terminator(Terminator::Any(b'\n'));
        let reader = builder.from_reader(whole);
        let mut sheet = Self { path: path.to_owned(), reader, columns: Vec::new() };
        if let Some(first) = sheet.next()? {
            sheet.columns = first.cells.iter().map(|name| name.to_lowercase()).collect();
        }
        Ok(sheet)
    }

    /// Returns the next line that has something in it.
    pub(crate) fn next(&mut self) -> Result<Option<Line>, Failure> {
        let mut record = ByteRecord::new();
        loop {
            let before = self.reader.position().line();
            let more = self.reader.read_byte_record(&mut record).map_err(|error| self.unread(error))?;
            if self.reader.get_ref().get_ref().0.limit() == 0 {
                return Err(Failure::usage(
                    format!("{} is larger than {} MiB", self.path.display(), MAX_BYTES >> 20),
                    "split it; nothing was changed",
                ));
            }
            if !more {
                return Ok(None);
            }
            // It ends before the line that comes next, and cells may have ends of lines in them. One whose quotation mark is missing has
            // the last of them too.
            let inner = record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
            let number = self.reader.position().line().saturating_sub(inner + 1).max(before);
            let mut cells = Vec::with_capacity(record.len());
            for cell in &record {
                let text = std::str::from_utf8(cell).ok().filter(|text| !text.contains('\0'));
                cells.push(text.ok_or_else(|| encoding(&self.path, number))?.trim().to_owned());
            }
            if cells.iter().any(|cell| !cell.is_empty()) {
                return Ok(Some(Line { number, cells }));
            }
        }
    }

    fn unread(&self, error: csv::Error) -> Failure {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::file("read", &self.path, &error),
            other => Failure::usage(format!("{} is not a table: {other:?}", self.path.display()), "save it as CSV UTF-8"),
        }
    }
}

/// Returns the sign between the cells of the first line.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| line.split(|byte| *byte == sign).count();
    // Of equals the last counts: without any of them it is the comma.
    [b'\t', b';', b','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

fn encoding(path: &Path, line: u64) -> Failure {
    Failure::usage(
        format!("line {line} of {} is not UTF-8 text", path.display()),
        "save the table as `CSV UTF-8`: other encodings would change people's names",
    )
}

/// Writes a line of a table. A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(crate) fn line(cells: &[String]) -> String {
    cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",")
}

fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::{Sheet, line};
    use crate::exit::Failure;
    use std::path::Path;

    fn read(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, Failure> {
        let mut sheet = Sheet::of(Box::new(std::io::Cursor::new(bytes.to_vec())), Path::new("people.csv"))?;
        let mut lines = vec![(0, sheet.columns.clone())];
        while let Some(line) = sheet.next()? {
            lines.push((line.number, line.cells));
        }
        Ok(lines)
    }

    fn failure(bytes: &[u8]) -> String {
        read(bytes).expect_err("refused").what
    }

    #[test]
    fn tables_of_every_spreadsheet_are_read_alike() {
        let expected = [(0, vec!["name".to_owned(), "role".to_owned()]), (2, vec!["Ada, B.".to_owned(), "a;b".to_owned()])];
        for text in ["name,role\n\"Ada, B.\",a;b\n", "\u{feff}Name;Role\r\n\"Ada, B.\";\"a;b\"\r\n", "NAME\trole\nAda, B. \t a;b"] {
            assert_eq!(read(text.as_bytes()).expect("read"), expected, "{text:?}");
        }
        // Empty lines, and lines of empty cells, count as lines and are no people. A cell may have lines of its own.
        let lines = read(b"a,b\n\n,,\n1,\"x\ny\"\n2,z\n").expect("read");
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 4, 6]);
        // A quotation mark that nobody closed takes the rest of the file with it.
        let lines = read(b"a,b\r\n1,2\r\n3,\"4\r\n5,6\r\n").expect("read");
        assert_eq!(lines.iter().map(|(number, cells)| (*number, cells.len())).collect::<Vec<_>>(), [(0, 2), (2, 2), (3, 2)]);
    }

    #[test]
    fn another_encoding_is_named_with_its_line() {
        assert_eq!(failure(b"name\nAda\nJ\xf6rg\n"), "line 3 of people.csv is not UTF-8 text");
        assert_eq!(failure(b"\xff\xfen\0a\0"), "line 1 of people.csv is not UTF-8 text");
        assert_eq!(failure(b"n\0a\0m\0e\0\n\0"), "line 1 of people.csv is not UTF-8 text");
    }

    #[test]
    fn a_file_without_end_is_not_read_without_end() {
        let mut sheet = Sheet::of(Box::new(std::io::repeat(b'x')), Path::new("people.csv"));
        assert_eq!(sheet.as_mut().err().map(|why| why.what.clone()).as_deref(), Some("people.csv is larger than 64 MiB"));
    }

    #[test]
    fn formulas_come_out_as_text() {
        let cells = ["=1+1", "@x", "-5", "a,b", "say \"no\"", "plain"].map(str::to_owned);
        assert_eq!(line(&cells), "'=1+1,'@x,'-5,\"a,b\",\"say \"\"no\"\"\",plain");
    }
}
