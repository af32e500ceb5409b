/**
 * The service worker: keeps the files of one build, so that the page opens without a link.
 *
 * The list of files with their SHA-256 is part of this script. A new build is a new script, and the browser installs it next to the old one.
 * It waits there until the page says so.
 */

const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const PREFIX = "waypass-pages-";
const CACHE = `${PREFIX}${BUILD}`;

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
scope.addEventListener("message", (event) => {
  if (event.data === "take over") void scope.skipWaiting();
});
scope.addEventListener("fetch", (event) => {
  const name = known(event.request);
  if (name) event.respondWith(answer(name, event.request));
});

/** Takes all files or none. One that is not of this build ends the installation, and the page stays as it is. */
async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.entries(FILES).map(async ([name, expected]) => {
      const response = await fetch(address(name), { cache: "no-cache", redirect: "error" });
      const bytes = await response.clone().arrayBuffer();
      if (!response.ok || (await sha256(bytes)) !== expected) throw new Error(`${name} is not of this build`);
      await cache.put(address(name), response);
    }),
  );
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** Returns the file that a request asks for. All others, the ones to the office too, go their way. */
function known(request: Request): string | undefined {
  const url = new URL(request.url);
  const folder = new URL(scope.registration.scope);
  if (request.method !== "GET" || url.origin !== folder.origin || !url.pathname.startsWith(folder.pathname)) return undefined;
  const name = url.pathname.slice(folder.pathname.length) || "index.html";
  return Object.hasOwn(FILES, name) ? name : undefined;
}

async function answer(name: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(address(name))) ?? fetch(request);
}

/** A server may send `index.html` elsewhere, to its folder. */
function address(name: string): string {
  return new URL(name === "index.html" ? "./" : name, scope.registration.scope).href;
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
