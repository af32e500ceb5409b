//! `waypass qr encode|decode`, and the picture options of the verbs that show or read a QR code.

use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::file;
use crate::output::Out;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use waypass_net::qr::{self, FileError, FrameSize, Look, Picture};

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
    },
    /// Read the QR codes in PNG files
    Decode {
        /// The pictures, in any order
        #[arg(required = true)]
        pictures: Vec<PathBuf>,
        /// Where the content goes; standard output without it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    match &args.verb {
        Verb::Encode { file, output } => {
            let is_svg = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
            let (qr_svg, qr_png) = (output.as_ref().filter(is_svg), output.as_ref().filter(|path| !is_svg(path)));
            ShowArgs { qr: output.is_none(), qr_png: qr_png.cloned(), qr_svg: qr_svg.cloned() }.show(session, &file::read(file)?)?;
        }
        Verb::Decode { pictures, output } => {
            let bytes = qr::read_png_files(pictures).map_err(|error| unreadable(&error))?;
            file::write(session.out, output.as_deref().unwrap_or(Path::new("-")), &bytes)?;
        }
    }
    Ok(Exit::Done)
}

/// How a verb shows what it made as QR codes, beside or instead of writing it.
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
    /// Whether nothing is asked for.
    pub(crate) const fn is_none(&self) -> bool {
        !self.qr && self.qr_png.is_none() && self.qr_svg.is_none()
    }

    /// Shows `payload`: drawn on the terminal, written as pictures, or all of it.
    pub(crate) fn show(&self, session: &Session, payload: &[u8]) -> Result<(), Failure> {
        for (path, picture) in [(&self.qr_png, Picture::Png), (&self.qr_svg, Picture::Svg)] {
            let Some(path) = path else { continue };
            for path in qr::write_files(payload, path, picture).map_err(|error| unreadable(&error))? {
                session.out.note(&format!("wrote {}", path.display()));
            }
        }
        if self.qr { draw_all(session.out, payload) } else { Ok(()) }
    }
}

/// What a file, standard input or PNG pictures hold; a picture is known by its first bytes, not by its name.
pub(crate) fn read_any(files: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let [one] = files else { return qr::read_png_files(files).map_err(|error| unreadable(&error)) };
    let bytes = file::read(one)?;
    if bytes.starts_with(SVG) {
        return Err(Failure::usage("an SVG is for eyes and cameras, and is not read here", "give the PNG files, or the file itself"));
    }
    if !bytes.starts_with(PNG) {
        return Ok(bytes);
    }
    let text = qr::read_png(&bytes).map_err(|source| unreadable(&FileError::Picture { path: one.clone(), source }))?;
    let mut collector = qr::Collector::new();
    match collector.add(&text) {
        Ok(_) => collector.finish().map_err(|source| unreadable(&FileError::Frame { path: None, source })),
        Err(qr::FrameError::NotAFrame) => Ok(text.into_bytes()),
        Err(source) => Err(unreadable(&FileError::Frame { path: Some(one.clone()), source })),
    }
}

/// How the SVGs that we write begin.
const SVG: &[u8] = b"<svg";
/// PNG specification §5.2.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn draw_all(out: Out, payload: &[u8]) -> Result<(), Failure> {
    let frames = qr::frames(payload, FrameSize::Scan).map_err(|error| Failure::usage(error, "carry it as a file instead"))?;
    // Colours make the code black on white whatever the theme; without them the usual dark terminal is assumed.
    let coloured = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    let look = if coloured { Look::Coloured } else { Look::DarkTerminal };
    for frame in &frames {
        let picture = qr::draw_terminal(frame.text(), look).map_err(|error| Failure::usage(error, "carry it as a file instead"))?;
        out.bytes(picture.as_bytes());
        if frame.count() > 1 {
            out.note(&format!("code {} of {}", frame.number(), frame.count()));
        }
        if frame.number() < frame.count() && std::io::stdout().is_terminal() {
            crate::secret::pause("press Enter for the next code");
        }
    }
    Ok(())
}

fn unreadable(error: &FileError) -> Failure {
    let next = match error {
        FileError::Io { path, source } => return Failure::file("use", path, source),
        FileError::Payload(_) | FileError::Draw(_) => "carry it as a file instead",
        FileError::Picture { .. } => "take the picture again: whole code, sharp, straight",
        FileError::Frame { .. } => "give all pictures of one code set, and only those",
    };
    Failure::usage(error, next)
}
