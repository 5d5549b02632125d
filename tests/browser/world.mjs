// The server under test, a browser, and counting.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

export const work = mkdtempSync(path.join(tmpdir(), "mtasts-browser-"));
const lab = (name) => {
  const value = process.env[`MTASTS_LAB_${name}`];
  if (!value) throw new Error(`not inside the lab: MTASTS_LAB_${name} is missing`);
  return value;
};
export const labOptions = () => ["--resolver", lab("RESOLVER"), "--trust-anchor", lab("TRUST_ANCHOR"), "--ca-file", lab("CA_FILE")];

export const tally = { passed: 0, failed: 0, only: null };

export async function test(name, body) {
  if (tally.only && !tally.only.test(name)) return;
  try {
    await body();
    tally.passed++;
    console.log(`PASS ${name}`);
  } catch (error) {
    tally.failed++;
    console.log(`FAIL ${name}\n  ${String(error?.message ?? error).split("\n").slice(0, 40).join("\n  ")}`);
  }
}

export function expect(holds, what) {
  if (!holds) throw new Error(what);
}

export function same(got, want, what) {
  if (got !== want) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

export function mtasts(program, ...args) {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 64 << 20 });
}

export function serve(program, ...options) {
  const config = path.join(work, "mtasts.conf");
  writeFileSync(config, "");
  const child = spawn(program, ["serve", "--config", config, "--listen", "127.0.0.1:0", "--timeout", "8", "--allow-private", "--rate-requests", "0",
    "--rate-checks", "0", "--rate-domain", "0", ...labOptions(), ...options], { stdio: ["ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    let log = "";
    let url = null;
    child.stderr.on("data", (data) => {
      log += data;
      const at = log.match(/listening on ([^ \n]+)/);
      if (at && !url) {
        url = `http://${at[1]}`;
        resolve({ url, log: () => log, stop: () => new Promise((done) => { child.once("exit", (code) => done({ code, log })); child.kill("SIGTERM"); }) });
      }
    });
    child.once("exit", (code) => reject(new Error(`mtasts serve ended with ${code}: ${log}`)));
  });
}

export const chrome = "/usr/bin/chromium";
export const flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"];

export async function browse() {
  return chromium.launch({ executablePath: chrome, args: flags });
}

// A page in a context of its own that notes whatever must not happen: dialogs, errors (breaches of the CSP among them), requests elsewhere.
export async function open(browser, server, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) wrong.push(`console: ${message.text()}`); });
  page.on("request", (request) => { if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) wrong.push(`request to ${request.url()}`); });
  return { page, context, wrong };
}

export async function within(browser, server, options, body) {
  const { page, context, wrong } = await open(browser, server, options);
  try {
    await body(page, context);
    same(wrong.join("; "), "", "what must not happen");
  } finally {
    await context.close();
  }
}

export function leave() {
  rmSync(work, { recursive: true, force: true });
}

export { readFileSync, writeFileSync, path };
