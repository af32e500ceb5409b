// A server in front of the office's, which can give out another build of the page, as an office does that was upgraded.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

export class Front {
  /** Begins to pass on to the office at `base`. */
  static async begin(base) {
    const front = new Front();
    front.base = base;
    /** Files that are given in place of the office's, by their name. */
    front.changed = new Map();
    front.server = createServer((request, response) => void front.pass(request, response));
    await new Promise((go) => front.server.listen(0, "127.0.0.1", go));
    front.url = `http://127.0.0.1:${front.server.address().port}`;
    return front;
  }

  /** Gives out a page of a newer build from now on: its `index.html` names the build. `isWhole: false` forgets to change the file itself. */
  async renew(build, { isWhole = true } = {}) {
    const [page, worker] = await Promise.all(["", "sw.js"].map(async (name) => (await fetch(`${this.base}/gate/${name}`)).text()));
    const newer = page.replace("</title>", `</title><meta name="build" content="${build}">`);
    const before = sha256(page);
    if (!worker.includes(before)) throw new Error("the service worker does not name the page");
    // Both the list and the name of the build change, as a build does it. The name is the one sum that is no file's.
    const files = new Set([...worker.matchAll(/"[\w.-]+":\s*"([0-9a-f]{64})"/g)].map(([, sum]) => sum));
    const [name] = worker.match(/[0-9a-f]{64}/g).filter((sum) => !files.has(sum));
    this.changed.set("sw.js", worker.replaceAll(before, sha256(newer)).replaceAll(name, sha256(build)));
    if (isWhole) for (const name of ["", "index.html"]) this.changed.set(name, newer);
  }

  async pass(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = pieces.length > 0 ? Buffer.concat(pieces) : undefined;
    const kept = ["content-type", "if-none-match"].filter((name) => request.headers[name]);
    const headers = Object.fromEntries(kept.map((name) => [name, request.headers[name]]));
    try {
      const answer = await fetch(this.base + request.url, { method: request.method, headers, body });
      const file = this.changed.get(request.url.replace("/gate/", ""));
      for (const [name, value] of answer.headers) {
        if (!["content-encoding", "content-length", "transfer-encoding", "etag", "connection"].includes(name)) response.setHeader(name, value);
      }
      response.writeHead(answer.status === 304 && file ? 200 : answer.status);
      response.end(file ?? Buffer.from(await answer.arrayBuffer()));
    } catch {
      response.destroy();
    }
  }

  async end() {
    this.server.closeAllConnections();
    await new Promise((go) => this.server.close(go));
  }
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}
