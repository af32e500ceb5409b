/** Script addresses. The content security policy takes them from this policy only, and the policy has a fixed list. */

const SCRIPTS = ["engine.js", "scan.js", "sw.js"] as const;
export type Script = (typeof SCRIPTS)[number];

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(name: string): string }): { createScriptURL(name: string): unknown };
}

const rules = {
  createScriptURL(name: string): string {
    if (!SCRIPTS.some((known) => known === name)) throw new TypeError("not a script of this page");
    return new URL(name, document.baseURI).href;
  },
};

const policy = (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy("waypass", rules) ?? rules;

/** Returns the address of a script of this page. Under trusted types it is an object that the browser takes for one. */
export function script(name: Script): URL {
  return policy.createScriptURL(name) as URL;
}
