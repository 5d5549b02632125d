// The pages that are looked at, and a year of history for one domain.
import { mtasts, labOptions, same, work, writeFileSync, readFileSync, path } from "./world.mjs";
import { createHash } from "node:crypto";

export const domains = { enforced: "good.test", testing: "careful.test", broken: "lapsed.test", blocking: "moved.test", absent: "record-absent.test", unknown: "record-servfail.test" };
export const hostile = ["hostile-record-escape.test", "hostile-policy-escape.test", "hostile-mx-names.test", "hostile-certificate-names.test"];
export const topics = ["", "/modes", "/set-up", "/mistakes", "/limits", "/faq", "/glossary", "/programs", "/about"];

// One of each kind, for what takes long.
export const kinds = () => ["/", ...Object.values(domains).map((d) => `/domain/${d}`), `/domain/${domains.enforced}/history`, "/lint", "/learn", "/learn/faq", "/explain",
  "/explain/match.mx-uncovered", "/fleet"];
export const all = () => [...kinds(), ...hostile.map((d) => `/domain/${d}`), ...topics.slice(1).filter((t) => t !== "/faq").map((t) => `/learn${t}`),
  "/domain/mail.good.test?typed=https%3A%2F%2Fmail.good.test%2Fx", "/domain?domain=a..b", "/no-such-page", "/explain/no.such"];

// Pages that are problems; every other one is 200.
const problems = { "/domain?domain=a..b": 400, "/no-such-page": 404, "/explain/no.such": 404 };

// A page that was refused is small, clean and empty: what is looked at has to be what was asked for.
export async function visit(page, server, target) {
  const answer = await page.goto(server.url + target);
  same(answer.status(), problems[target] ?? 200, `status of ${target}`);
}

const day = 86400000;

// From nothing over testing to enforce, with a certificate and an MX host that changed: made of what a check really saw.
export function year(program, history) {
  const domain = domains.enforced;
  const file = path.join(work, "year.jsonl");
  mtasts(program, "check", "--history", path.join(work, "seed.db"), ...labOptions(), domain);
  const now = JSON.parse(mtasts(program, "history", "--history", path.join(work, "seed.db"), "--export", "-").trim().split("\n").find((line) => line.includes('"type":"observation"')));
  const bodies = new Set();
  const lines = [];
  const add = (daysAgo, change) => {
    const line = structuredClone(now);
    line.result = null;
    line.at = new Date(Date.parse(now.at) - daysAgo * day).toISOString().slice(0, 19) + "Z";
    change?.(line.observation);
    lines.push(JSON.stringify(line));
  };
  const policy = (o, mode, maxAge) => {
    const body = `version: STSv1\nmode: ${mode}\nmx: mx1.${domain}\nmx: mx2.${domain}\nmax_age: ${maxAge}\n`;
    o.policy.sha256 = createHash("sha256").update(body).digest("hex");
    o.policy.mode = mode;
    o.policy.max_age = maxAge;
    bodies.add(body);
    o.verdict = mode === "enforce" ? "enforced" : mode;
  };
  const absent = (o) => {
    o.verdict = "absent";
    o.status = "WARNING";
    o.record = { state: "gone", usable: false, id: null, texts: [] };
    o.policy = { state: "gone", sha256: null, served: false, usable: false, mode: null, max_age: null, mx: [] };
    o.findings = [{ code: "record.absent", severity: "info", subject: `_mta-sts.${domain}`, cause: null }, { code: "rpt.absent", severity: "notice", subject: `_smtp._tls.${domain}`, cause: null }];
    o.tls_rpt = { state: "gone", texts: [] };
  };
  const record = (o, id) => { o.record.id = id; o.record.texts = [`v=STSv1; id=${id};`]; };
  for (const ago of [360, 330, 300]) add(ago, absent);
  for (const ago of [280, 240, 200]) add(ago, (o) => { policy(o, "testing", 86400); record(o, "20260201"); });
  add(160, (o) => { policy(o, "enforce", 604800); record(o, "20260601"); });
  add(120, (o) => {
    policy(o, "enforce", 604800);
    record(o, "20260601");
    o.verdict = "blocking";
    o.mx.hosts = [...o.mx.hosts, { host: `mx9.${domain}`, preference: 20, implicit: false }];
    o.findings = [{ code: "match.mx-uncovered", severity: "error", subject: `mx9.${domain}`, cause: null }];
  });
  add(119, (o) => { policy(o, "enforce", 604800); record(o, "20260601"); });
  const served = [...bodies].map((body) => JSON.stringify({ schema: now.schema, type: "policy", sha256: createHash("sha256").update(body).digest("hex"), body }));
  writeFileSync(file, [...served, ...lines].join("\n") + "\n");
  mtasts(program, "history", "--history", history, "--import", file);
}

// Watched domains, looked at twice, so that faults count.
export function fleet(program, history) {
  const monitor = (...args) => mtasts(program, "monitor", ...args, "--config", path.join(work, "mtasts.conf"), "--history", history);
  writeFileSync(path.join(work, "mtasts.conf"), "");
  monitor("add", "--tag", "mine", "--tag", "production", domains.enforced, domains.blocking);
  monitor("add", "--tag", "customers", domains.testing, domains.broken, domains.absent, "hostile-mx-names.test");
  const now = Date.now();
  for (const later of [0, 3600000]) monitor("run", "--once", ...labOptions(), "--at", new Date(now + later).toISOString().slice(0, 19) + "Z");
  monitor("add", "not-yet.test");
}

export { readFileSync };
