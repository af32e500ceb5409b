//! `bindgen INPUT.wasm OUTDIR`: writes the module that a page loads, and the JavaScript around it.
//!
//! The output is what wasm-bindgen calls `--target web`: an ES module that is given the WebAssembly or fetches it. There is no TypeScript:
//! the pages have declarations of their own, which say more.

use std::path::Path;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, out] = &args[..] else {
        eprintln!("usage: bindgen INPUT.wasm OUTDIR");
        return ExitCode::from(2);
    };
    match write(Path::new(input), Path::new(out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bindgen: {input}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `NAME.js` and `NAME_bg.wasm` for `NAME.wasm`, without the names of functions and the sections that only tools read.
fn write(input: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).web(true)?.typescript(false).remove_name_section(true).remove_producers_section(true);
    bindgen.generate(out)?;
    Ok(())
}
