/** The checkpoint page. */

import { render } from "preact";
import { prepareSound } from "./effects.ts";
import { openEngine } from "./engine.ts";
import { Session } from "./session.ts";
import { App } from "./view/app.tsx";

const session = new Session(openEngine(location.hash));
const root = document.getElementById("page");
if (root) render(<App session={session} />, root);
prepareSound();
void session.start();
