//! `waypass qr encode|decode`, and the picture options of the verbs that show or read a QR code.

mod carousel;
mod files;

use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Members, Readers};
use crate::input::Input;
use crate::output::Out;
use files::TooLarge;
use serde_json::{Value, json};
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use waypass_qr::{
    Frame, FrameError, FrameSize, GatherError, Gatherer, Look, OFFER, Picture, PictureKind, ReadError, columns, draw_terminal, frames,
};

/// Arguments of `qr`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Draw a file as QR codes, on the terminal or as pictures
    Encode {
        /// The file; `-` reads standard input
        file: PathBuf,
        /// Write pictures (NAME.png, or NAME-1of3.png and so on) instead of drawing; NAME.svg makes SVG files
        #[arg(short, long, value_name = "PICTURE")]
        output: Option<PathBuf>,
        /// Show the codes one after another until Enter; a camera may miss some
        #[arg(long, conflicts_with = "output")]
        carousel: bool,
    },
    /// Read the QR codes in pictures
    Decode {
        /// PNG or JPEG files in any order, or `-` for one of them or for the lines that a scanner types
        #[arg(required = true)]
        pictures: Vec<PathBuf>,
        /// File for the content; standard output without it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(crate) fn run(out: Out, input: Input, args: &Args) -> Outcome {
    match &args.verb {
        Verb::Encode { file, carousel: true, .. } => carousel::show(out, &file::read(input, file)?)?,
        Verb::Encode { file, output, .. } => {
            let is_svg = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
            let (qr_svg, qr_png) = (output.as_ref().filter(is_svg), output.as_ref().filter(|path| !is_svg(path)));
            let show = ShowArgs { qr: output.is_none(), qr_png: qr_png.cloned(), qr_svg: qr_svg.cloned() };
            let shown = show.show(out, &file::read(input, file)?)?;
            out.json(&file::with(json!({ "schema": "waypass.qr/1" }), shown))?;
        }
        Verb::Decode { pictures, output } => {
            let Brought::Codes(bytes) = bring(out, input, pictures)? else {
                let neither =
                    Failure::usage("this is neither a picture nor what a scanner types", "give PNG or JPEG pictures of the codes");
                return Err(neither.about_first(pictures));
            };
            let kept = file::deliver(out, output.as_deref().unwrap_or(Path::new("-")), &bytes, Readers::Owner)?;
            out.json(&file::with(json!({ "schema": "waypass.qr-content/1", "bytes": bytes.len() }), kept))?;
        }
    }
    Ok(Exit::Done)
}

/// How a verb shows what it made as QR codes, in addition to writing it, or instead.
#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    /// Draw it as QR codes
    #[arg(long)]
    qr: bool,
    /// Write it as QR codes in PNG files
    #[arg(long, value_name = "PNG")]
    qr_png: Option<PathBuf>,
    /// Write it as QR codes in SVG files, for print and screens of any size
    #[arg(long, value_name = "SVG")]
    qr_svg: Option<PathBuf>,
}

impl ShowArgs {
    /// Returns true if codes are to be drawn on the terminal.
    pub(crate) const fn draws(&self) -> bool {
        self.qr
    }

    /// Writes `payload` as the pictures that are asked for.
    pub(crate) fn pictures(&self, out: Out, payload: &[u8]) -> Result<Vec<Value>, Failure> {
        let mut pictures = Vec::new();
        for (path, picture) in [(&self.qr_png, Picture::Png), (&self.qr_svg, Picture::Svg)] {
            if let Some(path) = path {
                pictures.extend(write_all(out, payload, path, picture)?);
            }
        }
        Ok(pictures)
    }

    /// Returns true if nothing is asked for.
    pub(crate) const fn is_none(&self) -> bool {
        !self.qr && self.qr_png.is_none() && self.qr_svg.is_none()
    }

    /// Shows `payload`: drawn on the terminal, written as pictures, or all of it. The pictures are their owner's, like the file itself.
    /// Returns what the command's document says: the pictures, and with `--json` the text of each code instead of its drawing.
    pub(crate) fn show(&self, out: Out, payload: &[u8]) -> Result<Members, Failure> {
        let mut members = Members::new();
        let pictures = self.pictures(out, payload)?;
        if !pictures.is_empty() {
            members.insert("pictures".to_owned(), Value::Array(pictures));
        }
        if self.qr {
            let frames = frames(payload, FrameSize::Terminal).map_err(|error| too_large(TooLarge::Payload(error)))?;
            if out.is_json() {
                members.insert("codes".to_owned(), frames.iter().map(Frame::text).collect());
            } else {
                draw_all(out, &frames)?;
            }
        }
        Ok(members)
    }
}

/// Writes `payload` as QR codes in PNG files.
pub(crate) fn write_pictures(out: Out, payload: &[u8], to: &Path) -> Result<(), Failure> {
    write_all(out, payload, to, Picture::Png).map(drop)
}

/// Returns how many codes carry `payload`.
pub(crate) fn count(payload: &[u8]) -> usize {
    frames(payload, FrameSize::Scan).map_or(usize::MAX, |frames| frames.len())
}

/// Returns the codes of a payload as this terminal draws them.
pub(crate) fn drawings(out: Out, payload: &[u8]) -> Result<Vec<String>, Failure> {
    let frames = frames(payload, FrameSize::Terminal).map_err(|error| too_large(TooLarge::Payload(error)))?;
    let draw = |frame: &Frame| draw_terminal(frame.text(), look(out)).map_err(|error| too_large(TooLarge::Draw(error)));
    frames.iter().map(draw).collect()
}

/// Writes a payload's pictures, then removes those that an earlier payload of the same name left: `ask-*.png` must not mix two questions.
fn write_all(out: Out, payload: &[u8], to: &Path, picture: Picture) -> Result<Vec<Value>, Failure> {
    let drawings = files::draw(payload, to, picture).map_err(too_large)?;
    for drawing in &drawings {
        file::write_private(out, &drawing.path, &drawing.bytes)?;
        out.note(&format!("wrote {}", drawing.path.display()));
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_new = drawings.iter().any(|drawing| drawing.path.file_name() == Some(&name));
        if is_new || !files::is_numbered(&name, to, picture) {
            continue;
        }
        let old = entry.path();
        std::fs::remove_file(&old).map_err(|error| Failure::file("remove the earlier picture", &old, &error))?;
        out.detail(&format!("removed {}, a picture of what was written there before", old.display()));
    }
    Ok(drawings.iter().map(|drawing| json!(drawing.path.to_string_lossy())).collect())
}

/// The content of files.
enum Brought {
    /// The payload of codes, in pictures or in a scanner's lines.
    Codes(Vec<u8>),
    /// A file or standard input as it is.
    Plain(Vec<u8>),
}

/// Returns what a file, standard input, pictures or a scanner's lines hold; a picture is known by its first bytes, not by its name.
pub(crate) fn read_any(out: Out, input: Input, files: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let (Brought::Codes(bytes) | Brought::Plain(bytes)) = bring(out, input, files)?;
    Ok(bytes)
}

fn bring(out: Out, input: Input, files: &[PathBuf]) -> Result<Brought, Failure> {
    let mut gatherer = Gatherer::new();
    if let [one] = files
        && crate::stdio::is_dash(one)
        && !is_picture(input.stdin().fill_buf().map_err(|error| Failure::file("read", one, &error))?)
    {
        return scan(out, input, one);
    }
    for path in files {
        let bytes = file::read(input, path)?;
        let wrong = |error: GatherError| unreadable(Some(path), &error);
        match PictureKind::of(&bytes) {
            Some(PictureKind::Png | PictureKind::Jpeg) => gatherer.picture(&bytes).map_err(wrong)?,
            Some(PictureKind::Svg) => {
                let svg = Failure::usage("an SVG is for eyes and cameras, and is not read here", "give the PNG files, or the file itself");
                return Err(svg.about(path));
            }
            Some(PictureKind::Other(kind)) => {
                return Err(Failure::usage(
                    format!("{} is a {kind}, and only PNG and JPEG are read", path.display()),
                    "save the picture as JPEG, or give the file itself",
                ));
            }
            None if bytes.is_empty() => return Err(Failure::usage(format!("{} is empty", path.display()), "check the name")),
            None => {
                let mut taken = false;
                for line in bytes.split(|byte| *byte == b'\n') {
                    taken |= gatherer.line(line).map_err(wrong)?.is_some();
                }
                if !taken && files.len() == 1 {
                    return Ok(Brought::Plain(bytes));
                }
                if !taken {
                    return Err(Failure::usage(
                        format!("{} is neither a picture nor what a scanner types", path.display()),
                        "give all pictures of one code set, and only those",
                    ));
                }
            }
        }
    }
    gatherer.finish().map(Brought::Codes).map_err(|error| unreadable(None, &error))
}

/// Reads lines until a transfer is complete: a scanner never ends its output by itself. Input that is not a scanner's is read to its end.
fn scan(out: Out, input: Input, dash: &Path) -> Result<Brought, Failure> {
    let mut input = input.stdin();
    let (mut gatherer, mut bytes) = (Gatherer::new(), Vec::new());
    loop {
        let from = bytes.len();
        if file::read_line(&mut input, dash, &mut bytes)? == 0 {
            break;
        }
        let line = &bytes[from..];
        if line.starts_with(OFFER.as_bytes()) && !gatherer.has_frames() {
            return Ok(Brought::Plain(line.to_vec()));
        }
        let Some(progress) = gatherer.line(line).map_err(|error| unreadable(None, &error))? else { continue };
        if progress.count > 1 {
            out.note(&format!("{} of {} codes", progress.have, progress.count));
        }
        if progress.complete() {
            break;
        }
    }
    if gatherer.has_frames() {
        return gatherer.finish().map(Brought::Codes).map_err(|error| unreadable(None, &error));
    }
    if bytes.is_empty() {
        Err(Failure::usage("nothing came on standard input", "name a file, or pipe one in"))
    } else {
        Ok(Brought::Plain(bytes))
    }
}

fn is_picture(bytes: &[u8]) -> bool {
    PictureKind::of(bytes).is_some()
}

/// The columns and rows of a terminal that nobody made larger.
const USUAL: (usize, usize) = (80, 24);

/// Returns the look of codes on this terminal. Colours make them black on white whatever the theme; without them the usual dark terminal is
/// assumed.
fn look(out: Out) -> Look {
    if out.is_coloured() { Look::Coloured } else { Look::DarkTerminal }
}

fn draw_all(out: Out, frames: &[Frame]) -> Result<(), Failure> {
    let look = look(out);
    let window = out.window().filter(|(columns, rows)| *columns > 0 && *rows > 0);
    let (room, rows) = window.unwrap_or(USUAL);
    if !out.shows_marks() {
        out.warn("this terminal's character set has no blocks to draw codes with: write a picture with --qr-png");
    }
    for frame in frames {
        let picture = draw_terminal(frame.text(), look).map_err(|error| too_large(TooLarge::Draw(error)))?;
        out.bytes(picture.as_bytes())?;
        let (wide, high) = (columns(&picture), picture.lines().count());
        // Only a terminal has a last row; a file and a pipe have none.
        if wide > room || window.is_some() && high >= rows {
            out.warn(&format!(
                "the code is {wide} columns wide and {high} rows high, and the terminal has {room} and {rows}: \
                 make it larger, or write a picture with --qr-png"
            ));
        }
        if frame.count() > 1 {
            out.note(&format!("code {} of {}", frame.number(), frame.count()));
        }
        if frame.number() < frame.count() && out.is_terminal() {
            crate::secret::pause(out, "press Enter for the next code");
        }
    }
    Ok(())
}

fn too_large(error: TooLarge) -> Failure {
    Failure::usage(error, "carry it as a file instead")
}

fn unreadable(path: Option<&Path>, error: &GatherError) -> Failure {
    let next = match error {
        GatherError::Picture(ReadError::LargeFile | ReadError::TooLarge { .. }) => "cut the picture to the code, or make it smaller",
        GatherError::Picture(ReadError::TooSmall { .. }) => "take the picture again, from nearer",
        GatherError::Picture(ReadError::TooComplex) => "save it as an ordinary JPEG or as a PNG",
        GatherError::Picture(ReadError::NotAPicture | ReadError::WrongLength { .. }) => "the file is damaged; take the picture again",
        GatherError::Picture(ReadError::NoCode) => "take the picture again: whole code, sharp, straight",
        GatherError::Picture(ReadError::TooBusy) => "take the picture again, of the code alone",
        GatherError::Several { .. } => "cut the picture to the code that is meant",
        GatherError::Frame(FrameError::Missing { .. }) => "give the pictures of all codes together",
        GatherError::Frame(FrameError::TooFew { .. }) => "give pictures of more codes, whichever they are",
        GatherError::Frame(FrameError::UnknownVersion) => "update waypass on this machine",
        GatherError::Frame(_) => "give all pictures of one code set, and only those",
    };
    match path {
        Some(path) => Failure::usage(format!("{}: {error}", path.display()), next),
        None => Failure::usage(error, next),
    }
}
