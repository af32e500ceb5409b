// The modules that build.mjs makes of the wasm-bindgen output. Each call of `fresh` returns the glue with a state of its own, so that an
// instance that trapped is replaced by a new one.

declare module "glue:engine" {
  export class Engine {
    constructor(handles: FileSystemSyncAccessHandle[]);
    call(request: string, bytes?: Uint8Array): { json: string; bytes?: Uint8Array };
  }
  export function fresh(): { default(options: { module_or_path: WebAssembly.Module }): Promise<unknown>; Engine: typeof Engine };
}

declare module "glue:scan" {
  export interface Scan {
    default(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
    read_frame(width: number, height: number, rgba: Uint8Array): string[];
    read_picture(bytes: Uint8Array): string[];
  }
  export function fresh(): Scan;
}

/** Texts that are said when there is no engine to ask, by language and message id. */
declare const BOOT_WORDS: { [tag: string]: { [id: string]: string } };
/** A name for this build: the SHA-256 of the list of its files. */
declare const BUILD: string;
/** The built files with their SHA-256 in hexadecimal digits. */
declare const FILES: { [name: string]: string };
