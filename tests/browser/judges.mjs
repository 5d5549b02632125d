// Independent judges: html-validate, axe-core, Lighthouse.
import { execFile } from "node:child_process";
import { AxeBuilder } from "@axe-core/playwright";
import { HtmlValidate } from "html-validate";
import { chrome, expect, flags, labOptions, open, test, within, work, path, readFileSync } from "./world.mjs";
import { all, kinds, domains, visit } from "./pages.mjs";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// ---- html-validate: every page, and that of every finding

const rules = { extends: ["html-validate:recommended", "html-validate:document", "html-validate:a11y"], rules: { "long-title": "off", "require-sri": "off", "void-style": "off" } };

async function validate(server, target, init) {
  const answer = await fetch(server.url + target, { headers: { Accept: "text/html" }, ...init });
  expect(answer.status < 400 || /a\.\.b|\/no-such-page$|\/no\.such$/.test(target), `${target}: ${answer.status}`);
  const report = await new HtmlValidate(rules).validateString(await answer.text(), target);
  expect(report.valid, report.results.flatMap((r) => r.messages.map((m) => `${target}:${m.line}:${m.column} ${m.ruleId}: ${m.message}`)).join("\n"));
}

async function html(server, program) {
  for (const domain of [domains.blocking, "hostile-certificate-names.test"])
    await test(`html-validate: mtasts check --format html ${domain}`, async () => {
      const done = await new Promise((resolve) => {
        execFile(program, ["check", "--no-history", "--format", "html", ...labOptions(), domain], { maxBuffer: 64 << 20 }, (_, stdout) => resolve(stdout));
      });
      const report = await new HtmlValidate(rules).validateString(done, domain);
      expect(done.includes("</html>") && report.valid, report.results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`)).join("\n"));
    });
  const codes = (await (await fetch(`${server.url}/v1/explain`)).json()).map((entry) => entry.code);
  for (const target of all()) await test(`html-validate ${target}`, () => validate(server, target));
  await test(`html-validate: the pages of ${codes.length} findings`, async () => {
    expect(codes.length > 100, `only ${codes.length}`);
    for (const code of codes) await validate(server, `/explain/${code}`);
  });
  await test("html-validate: a lint's result", () =>
    validate(server, "/lint", { method: "POST", body: new URLSearchParams({ kind: "policy", text: "version: STSv1\nmode: <b>\nmx: a..b\n", mx: "x.example.com" }) }));
}

// ---- axe: light and dark, wide and narrow, with scripting and without

async function axe(browser, server, target, options) {
  await within(browser, server, options, async (page) => {
    await visit(page, server, target);
    await page.evaluate(() => { for (const box of document.querySelectorAll("details")) box.open = true; });
    const found = await new AxeBuilder({ page }).withTags(tags).analyze();
    expect(found.violations.length === 0, found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join(" | ")}`).join("\n"));
  });
}

const looks = {
  light: {},
  "dark, narrow": { colorScheme: "dark", viewport: { width: 320, height: 720 } },
};

async function accessible(browser, server) {
  for (const [look, options] of Object.entries(looks))
    for (const target of all()) await test(`axe ${look} ${target}`, () => axe(browser, server, target, options));
  await test("axe: the other tabs, a check under way, a lint's result", async () => {
    const { page, context } = await open(browser, server, {});
    const clean = async (what) => {
      const found = await new AxeBuilder({ page }).withTags(tags).analyze();
      expect(found.violations.length === 0, `${what}: ${found.violations.map((v) => `${v.id} ${v.nodes[0].target}`).join(", ")}`);
    };
    await page.goto(`${server.url}/domain/${domains.enforced}`);
    for (const name of ["TLS reports", "History"]) {
      await page.getByRole("tab", { name }).click();
      await clean(name);
    }
    await page.goto(`${server.url}/`);
    await page.fill("#domain", "hostile-drip-head.test");
    await page.press("#domain", "Enter");
    await page.waitForSelector(".steps li");
    await clean("steps");
    await page.goto(`${server.url}/lint`);
    await page.getByRole("button", { name: "Judge it" }).click();
    await page.waitForSelector(".lint-result");
    await clean("lint");
    await context.close();
  });
  await test("axe: pages as they are without scripting", async () => {
    const { page, context } = await open(browser, server, {});
    await page.route("**/assets/app.js*", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
    for (const target of kinds()) {
      await visit(page, server, target);
      const found = await new AxeBuilder({ page }).withTags(tags).analyze();
      expect(found.violations.length === 0, `${target}: ${found.violations.map((v) => `${v.id} ${v.nodes[0].target}`).join(", ")}`);
    }
    await context.close();
  });
}

// ---- Lighthouse

function lighthouse(url) {
  const out = path.join(work, "lighthouse.json");
  const args = [new URL("node_modules/lighthouse/cli/index.js", import.meta.url).pathname, url, "--quiet", `--chrome-flags=--headless=new ${flags.join(" ")}`,
    "--only-categories=performance,accessibility,best-practices", "--output=json", `--output-path=${out}`, "--max-wait-for-load=30000"];
  return new Promise((resolve, reject) => {
    execFile("node", args, { timeout: 120000, maxBuffer: 64 << 20, env: { ...process.env, CHROME_PATH: chrome, CI: "1" } }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(JSON.parse(readFileSync(out, "utf8")));
    });
  });
}

async function measured(server) {
  for (const target of kinds())
    await test(`Lighthouse ${target}`, async () => {
      await fetch(server.url + target); // kept from here on: the page is measured, not the check
      const { categories, audits } = await lighthouse(server.url + target);
      const low = Object.values(categories).filter((c) => c.score < 0.95);
      const why = Object.values(audits).filter((a) => a.score !== null && a.score < 0.9).map((a) => `${a.id} ${a.displayValue ?? ""}`);
      expect(Object.keys(categories).length === 3 && low.length === 0, `${low.map((c) => `${c.id} ${c.score}`).join(", ")}: ${why.join("; ")}`);
    });
}

export async function judge(browser, server, program) {
  await html(server, program);
  await accessible(browser, server);
  await measured(server);
}
