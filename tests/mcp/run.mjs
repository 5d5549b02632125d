// Conformance suite, Inspector and both SDK clients against the program and the fixture server.
import { spawn, execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fakeDns } from "./fake-dns.mjs";
import { sdkTests } from "./sdk.mjs";

const build = process.argv[2];
const program = path.join(build, "mtasts");
const work = mkdtempSync(path.join(tmpdir(), "mtasts-mcp-"));
let passed = 0;
let failed = 0;

export async function test(name, body) {
  try {
    await body();
    passed++;
    console.log(`PASS ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n  ${String(error?.message ?? error).split("\n").slice(-30).join("\n  ")}`);
  }
}

function start(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    let log = "";
    child.stderr.on("data", (data) => {
      log += data;
      const at = log.match(/listening on ([^ \n]+)/);
      if (at)
        resolve({
          url: `http://${at[1]}`,
          stop: () =>
            new Promise((done) => {
              child.once("exit", (code) => done({ code, log }));
              child.kill("SIGTERM");
            }),
        });
    });
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}: ${log}`)));
  });
}

// Resolves with what it printed; rejects unless it ends with the status wanted.
function run(command, args, { want = 0, seconds = 120 } = {}) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: seconds * 1000, maxBuffer: 64 << 20, cwd: work }, (error, stdout, stderr) => {
      const status = error ? error.code : 0;
      if (status === want) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")}: status ${status}\n${stdout}\n${stderr}`));
    });
  });
}

function expect(holds, what) {
  if (!holds) throw new Error(what);
}

// ---- the suite --------------------------------------------------------------------------------------------------------

async function conformance(url, revision, extra) {
  await run("conformance", ["server", "--url", `${url}/mcp`, "--requirements", revision, "-o", path.join(work, "out"), ...extra], { seconds: 300 });
}

async function scenarios(url, revision, names) {
  for (const name of names)
    await test(`product, ${revision}: ${name}`, () =>
      run("conformance", ["server", "--url", `${url}/mcp`, "--spec-version", revision, "--scenario", name, "-o", path.join(work, "out")]));
}

// Scenarios that want no fixtures: the product passes them as it is.
const bare = {
  "2026-07-28": ["tools-list", "resources-list", "prompts-list", "completion-complete", "sep-2164-resource-not-found", "dns-rebinding-protection", "caching",
    "http-header-validation", "server-sse-multiple-streams", "input-required-result-unsupported-methods"],
  "2025-11-25": ["server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "completion-complete", "dns-rebinding-protection",
    "server-session-lifecycle", "server-sse-polling"],
};

// ---- the Inspector -----------------------------------------------------------------------------------------------------

async function inspector(title, target) {
  for (const era of ["modern", "legacy"]) {
    const cli = (...args) => ["--cli", ...target, "--protocol-era", era, ...args];
    await test(`Inspector, ${title}, ${era}: tools/list --strict`, async () => {
      const out = await run("mcp-inspector", cli("--method", "tools/list", "--strict"));
      for (const tool of ["dossier_mta_sts", "lint_policy", "explain_finding", "plan_change", "compare_checks"]) expect(out.includes(tool), `${tool} is missing: ${out}`);
    });
    await test(`Inspector, ${title}, ${era}: a check`, async () => {
      const out = await run("mcp-inspector", cli("--method", "tools/call", "--tool-name", "dossier_mta_sts", "--tool-arg", "domain=no-such-name.com"));
      expect(out.includes("not_applicable"), out);
    });
    await test(`Inspector, ${title}, ${era}: no domain is a tool error`, async () => {
      const out = await run("mcp-inspector", cli("--method", "tools/call", "--tool-name", "dossier_mta_sts", "--tool-arg", "domain=192.0.2.1"), { want: 5 });
      expect(out.includes("IPv4"), out);
    });
    await test(`Inspector, ${title}, ${era}: prompts, resources`, async () => {
      expect((await run("mcp-inspector", cli("--method", "prompts/list"))).includes("check_domain"), "no prompt");
      expect((await run("mcp-inspector", cli("--method", "resources/list"))).includes("mtasts://findings"), "no resource");
    });
  }
}

// ---- all of it ----------------------------------------------------------------------------------------------------------

const dns = await fakeDns();
const options = ["--resolver", dns.address, "--timeout", "20", "--history", path.join(work, "history.db")];
writeFileSync(path.join(work, "mtasts.conf"), "");
const fixture = await start(path.join(build, "tests/mcp/mcp-fixture"), ["127.0.0.1:0"]);
const product = await start(program, ["serve", "--config", path.join(work, "mtasts.conf"), "--listen", "127.0.0.1:0", "--rate-requests", "0", "--rate-checks", "0",
  "--rate-domain", "0", "--cache", "0", ...options]);
try {
  await test("conformance, 2026-07-28, with fixtures: all of it", () => conformance(fixture.url, "2026-07-28", []));
  await test("conformance, 2025-11-25, with fixtures: all but what is justified", () =>
    conformance(fixture.url, "2025-11-25", ["--expected-failures", new URL("expected-2025-11-25.yml", import.meta.url).pathname]));
  for (const revision of Object.keys(bare)) await scenarios(product.url, revision, bare[revision]);
  await inspector("HTTP", [`${product.url}/mcp`, "--transport", "http"]);
  await inspector("stdio", [program, "mcp", ...options]);
  await sdkTests(test, expect, product.url, program, ["mcp", ...options]);
} finally {
  for (const server of [fixture, product])
    await test("the server ends in peace", async () => {
      const { code, log } = await server.stop();
      expect(code === 0 && !log.includes("ERROR"), `status ${code}\n${log}`);
    });
  dns.close();
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
