// Drives the pages: see run.
import path from "node:path";
import { mkdirSync } from "node:fs";
import { browse, leave, serve, tally, work } from "./world.mjs";
import { fleet, year } from "./pages.mjs";
import { shots, shown } from "./shots.mjs";

const [build, ...rest] = process.argv.slice(2);
const option = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : null);
const program = path.join(build, "mtasts");
tally.only = option("--only") && new RegExp(option("--only"));
const history = path.join(work, "history.db");
year(program, history);
fleet(program, history);
const server = await serve(program, "--history", history);
const browser = await browse();
try {
  if (option("--shots")) {
    mkdirSync(option("--shots"), { recursive: true });
    await shots(browser, server, option("--shots"), shown());
  } else {
    await (await import("./drive.mjs")).drive(browser, server, program);
    await (await import("./judges.mjs")).judge(browser, server, program);
  }
} finally {
  await browser.close();
  await server.stop();
  leave();
}
if (!option("--shots")) console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
