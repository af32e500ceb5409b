/** The checkpoint page. */

import { render } from "preact";
import { prepareSound } from "./effects.ts";
import { openEngine } from "./engine.ts";
import { Session } from "./session.ts";
import { App } from "./view/app.tsx";

const isKiosk = location.hash.includes("kiosk=");
const session = new Session(openEngine(location.hash), isKiosk);
const root = document.getElementById("page");
if (root) render(<App session={session} />, root);
prepareSound();
void session.start();
