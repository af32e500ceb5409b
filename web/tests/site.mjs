// An office, its wallets and its server: the real program in homes of its own, in a folder that is removed afterwards.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const PROGRAM = resolve(process.env.WAYPASS_BIN ?? "waypass");
/** A program that stays starts within so many milliseconds, and a server gives by then what was published. */
export const START_MS = 30_000;

export class Site {
  /** How many days later than now the commands run. */
  days = 0;

  /** Begins an office that issues the role `staff`, and a wallet with a credential of it. */
  static async begin() {
    const site = new Site();
    site.folder = await mkdtemp(join(tmpdir(), "waypass-web-"));
    site.port = await freePort();
    site.base = `http://127.0.0.1:${site.port}`;
    const office = ["issuer", "init", "--name", "North", "--base-url", site.base, "--role", "staff", "--site", "north"];
    site.root = (await site.run("issuer", ...office, "--recovery-file", "issuer.code")).root;
    site.holder = (await site.run("wallet", "wallet", "init", "--recovery-file", "wallet.code")).did;
    site.credential = await site.issue("credential");
    await site.publish();
    await site.run("wallet", "trust", "pin", "stick", "--digest", site.root);
    await site.run("wallet", "wallet", "add", "credential");
    return site;
  }

  /** The address of the page: the office's, or that of a server in front of it. */
  get url() {
    return `${this.front ?? this.base}/gate/`;
  }

  /** The option that names the folder of the pages, if they do not lie next to the program. */
  get pages() {
    return process.env.WAYPASS_PAGES ? ["--pages", resolve(process.env.WAYPASS_PAGES)] : [];
  }

  path(name) {
    return join(this.folder, name);
  }

  read(name) {
    return readFile(this.path(name));
  }

  /** Runs a command in the home of `actor`. Returns its JSON; a failure throws, with the words of the program. */
  run(actor, ...args) {
    return this.tool(actor, ...args, "--key-file", `${actor}.key`);
  }

  /** Runs a command that opens no vault. */
  async tool(actor, ...args) {
    const command = [PROGRAM, ...args, "--no-input", "--json"];
    if (this.days) command.unshift("faketime", "-f", `+${this.days}d`);
    const [program, ...rest] = command;
    const { stdout } = await run(program, rest, { cwd: this.folder, env: this.environment(actor) });
    return stdout ? JSON.parse(stdout) : {};
  }

  environment(actor) {
    return { PATH: process.env.PATH, HOME: this.folder, WAYPASS_HOME: this.path(actor), TZ: "UTC" };
  }

  /** Issues a credential to the wallet's holder into the file `name`. Returns its id at the office. */
  async issue(name) {
    const subject = ["--holder", this.holder, "--role", "staff", "--site", "north", "--zone", "lab"];
    return (await this.run("issuer", "issuer", "issue", ...subject, "-o", name)).id;
  }

  /** Publishes, and waits until a server that runs gives it. What was published in this second already is not published twice. */
  async publish() {
    const { timestamp } = await this.run("issuer", "issuer", "publish", "-o", "stick", "--yes");
    const end = Date.now() + START_MS;
    while (this.server && (await this.published()) < timestamp) {
      if (Date.now() > end) throw new Error("the server does not give what was published");
      await new Promise((go) => setTimeout(go, 50));
    }
  }

  /** Returns the number of the publication that the server gives. */
  async published() {
    return (await (await fetch(`${this.base}/manifest`)).json()).timestamp;
  }

  /** Enrols the gate of an enrolment file, and lets the wallet learn of it. */
  async enroll(file) {
    await this.run("issuer", "issuer", "enroll", file, "--yes");
    await this.publish();
    await this.run("wallet", "wallet", "sync", "--from", "stick");
  }

  async revoke(id = this.credential) {
    await this.run("issuer", "issuer", "revoke", id, "--reason", "lost", "--yes");
    await this.publish();
  }

  /** The wallet answers the question in the pictures. Returns the file, and the pictures of its codes. */
  async answer(pictures, name) {
    await this.run("wallet", "wallet", "present", "--request", ...pictures, "--yes", "-o", name);
    return { file: this.path(name), pictures: await this.draw(name) };
  }

  /** Draws the file `name` as codes. Returns their pictures. */
  async draw(name) {
    const { pictures } = await this.tool("wallet", "qr", "encode", name, "-o", `${name}.png`);
    return pictures.map((picture) => this.path(picture));
  }

  /** Starts the server with the page, and waits until it answers. */
  async serve() {
    const args = ["issuer", "serve", "--listen", `127.0.0.1:${this.port}`, "--pages", ...this.pages.slice(1), "--key-file", "issuer.key", "--yes"];
    this.server = spawn(PROGRAM, args, { cwd: this.folder, env: this.environment("issuer"), stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    this.server.stderr.on("data", (piece) => (said += piece));
    const end = Date.now() + START_MS;
    while (!(await fetch(this.url).catch(() => undefined))?.ok) {
      if (Date.now() > end || this.server.exitCode !== null) throw new Error(`the server did not start: ${said}`);
      await new Promise((go) => setTimeout(go, 50));
    }
  }

  /** Kills the server, as a cut cable would. */
  async kill() {
    const { server } = this;
    this.server = undefined;
    if (!server || server.exitCode !== null) return;
    const gone = new Promise((go) => server.once("exit", go));
    server.kill("SIGKILL");
    await gone;
  }

  async end() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((go, fail) => {
    const probe = createServer().once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => go(port));
    });
  });
}
