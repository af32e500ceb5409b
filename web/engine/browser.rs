//! The doors between the Worker's JavaScript and the engine.

mod clock;
mod entropy;
mod file;
mod home;

use home::Browser;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::FileSystemSyncAccessHandle;

/// The gate of a page, in one instance of the program.
#[wasm_bindgen]
pub struct Engine(waypass_lane::Engine<Browser>);

/// The answer to one request.
#[wasm_bindgen]
pub struct Answer(waypass_lane::Answer);

#[wasm_bindgen]
impl Engine {
    /// Starts over five files that this Worker alone has open: two of the vault, two of the trust files, and one for the clock.
    #[wasm_bindgen(constructor)]
    pub fn new(files: Vec<FileSystemSyncAccessHandle>) -> Result<Self, JsError> {
        let browser = Browser::open(files).map_err(|why| JsError::new(&why))?;
        Ok(Self(waypass_lane::Engine::new(browser)))
    }

    /// Does what a request asks, which is JSON, with the file that it brings.
    pub fn call(&mut self, request: &str, bytes: Option<Vec<u8>>) -> Answer {
        Answer(self.0.call(request, &bytes.unwrap_or_default()))
    }
}

#[wasm_bindgen]
impl Answer {
    /// Returns the reply, as JSON.
    #[wasm_bindgen(getter)]
    pub fn json(&self) -> String {
        self.0.json.clone()
    }

    /// Returns the file, or the body of what is to be fetched.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        self.0.bytes.clone()
    }
}
