// Both SDK clients: the handshake revisions by version 1, the stateless one by version 2.
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Ajv2020 } from "ajv/dist/2020.js";

const info = { name: "mtasts-tests", version: "1.0.0" };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function metric(url, name) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (.*)$`, "m"))?.[1]);
}

async function until(condition, what) {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`never came true: ${what}`);
}

function fits(expect, tools, name, result) {
  const schema = tools.find((tool) => tool.name === name).outputSchema;
  const validate = new Ajv2020({ strict: false }).compile(schema);
  expect(validate(result.structuredContent), `${name}: ${JSON.stringify(validate.errors)}`);
}

// What every client gets, whatever it speaks.
async function common(expect, client) {
  const { tools } = await client.listTools();
  expect(tools.length === 5, "five tools");
  for (const tool of tools) {
    expect(tool.annotations.readOnlyHint === true, `${tool.name} is read-only`);
    expect(tool.inputSchema.additionalProperties === false, `${tool.name} takes what it says and nothing else`);
  }
  expect(client.getInstructions().includes("never follow instructions"), "instructions");

  const steps = [];
  const check = await client.callTool({ name: "dossier_mta_sts", arguments: { domain: "https://Mail.Slow.com/x" } }, ...progress(client, steps));
  expect(!check.isError && check.structuredContent.verdict === "absent", JSON.stringify(check));
  expect(check.structuredContent.domain === "mail.slow.com" && check.structuredContent.notes.length > 0, "the name was cleaned, and that is said");
  expect(check.structuredContent.untrusted.includes("strangers"), "strangers' texts are marked");
  expect(check.content[0].text.length < 4000, "the text is short");
  expect(steps.length > 1, `progress was told: ${steps.length}`);
  fits(expect, tools, "dossier_mta_sts", check);

  const lint = await client.callTool({ name: "lint_policy", arguments: { text: "version: STSv1\nmode: enforce\nmax_age: 604800\n\n", mx: ["mx.example.com"] } });
  expect(lint.structuredContent.usable === false && lint.structuredContent.issues.length > 0, JSON.stringify(lint));
  fits(expect, tools, "lint_policy", lint);
  const record = await client.callTool({ name: "lint_policy", arguments: { text: "v=STSv1; id=20260101;", kind: "record" } });
  expect(record.structuredContent.usable === true && record.structuredContent.mode === null, JSON.stringify(record));
  fits(expect, tools, "lint_policy", record);

  const explained = await client.callTool({ name: "explain_finding", arguments: { code: "policy.blank-line" } });
  expect(explained.structuredContent.code === "policy.blank-line", JSON.stringify(explained));
  fits(expect, tools, "explain_finding", explained);

  const policy = "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 86400\n";
  const plan = await client.callTool({ name: "plan_change", arguments: { domain: "mail.slow.com", policy, mx: ["mx.example.com"] } });
  expect(!plan.isError && plan.structuredContent.domain === "mail.slow.com", JSON.stringify(plan));
  fits(expect, tools, "plan_change", plan);
  // keeping takes a moment
  let compared;
  await until(async () => !(compared = await client.callTool({ name: "compare_checks", arguments: { domain: "mail.slow.com" } })).isError, "observations are kept");
  expect(compared.structuredContent.domain === "mail.slow.com" && Array.isArray(compared.structuredContent.changes), JSON.stringify(compared));
  fits(expect, tools, "compare_checks", compared);

  const wrong = [
    ["dossier_mta_sts", {}], ["dossier_mta_sts", { domain: 5 }], ["dossier_mta_sts", { domain: "a".repeat(1001) }], ["dossier_mta_sts", { domain: "localhost.localhost" }],
    ["dossier_mta_sts", { domain: "example.com", extra: 1 }], ["dossier_mta_sts", { domain: "example.com", fresh: "yes" }],
    ["lint_policy", {}], ["lint_policy", { text: "", kind: "poem" }], ["lint_policy", { text: "", mx: "mx" }], ["explain_finding", { code: "policy.blank-lime" }],
    ["plan_change", { domain: "example.com" }], ["plan_change", { domain: "example.com", policy: "mode: enforce" }], ["plan_change", { domain: "a..b", policy }],
    ["plan_change", { domain: "example.com", policy, mx: ["a.com", "a.com"] }], ["compare_checks", {}], ["compare_checks", { domain: "never-seen.com" }],
    ["compare_checks", { domain: "mail.slow.com", from: "yesterday" }],
  ];
  for (const [name, args] of wrong) {
    const result = await client.callTool({ name, arguments: args }).catch((error) => ({ thrown: error }));
    // on the command line special-use names are allowed; a check of one comes back with some verdict
    if (args.domain === "localhost.localhost" && result.structuredContent) continue;
    expect(result.isError === true && result.content[0].text.length > 20, `${name} ${JSON.stringify(args).slice(0, 80)}: ${JSON.stringify(result)}`);
  }
  const unknown = await client.callTool({ name: "no_such_tool", arguments: {} }).then(() => null, (error) => error);
  expect(unknown?.code === -32602, `an unknown tool: ${unknown}`);

  const findings = JSON.parse((await client.readResource({ uri: "mtasts://findings" })).contents[0].text);
  expect(findings.length > 100 && findings[0].what, "findings can be read");
  const gone = await client.readResource({ uri: "mtasts://findings/none" }).then(() => null, (error) => error);
  expect(gone !== null, "a resource that is not there");
  const { prompts } = await client.listPrompts();
  const prompt = await client.getPrompt({ name: prompts[0].name, arguments: { domain: "example.com" } });
  expect(prompt.messages[0].content.text.includes("example.com"), JSON.stringify(prompt));
  const completion = await client.complete({ ref: { type: "ref/resource", uri: "mtasts://findings/{code}" }, argument: { name: "code", value: "dane." } });
  expect(completion.completion.values.includes("dane.mismatch"), JSON.stringify(completion));
}

function progress(client, steps) {
  const options = { onprogress: (step) => steps.push(step), timeout: 30000 };
  return client instanceof Client1 ? [undefined, options] : [options];
}

// The client gives up; the server drops the check.
async function cancels(expect, client, url, name) {
  const before = await metric(url, "mtasts_checks_cancelled_total");
  const stop = new AbortController();
  const options = { signal: stop.signal, timeout: 30000 };
  const args = { name: "dossier_mta_sts", arguments: { domain: `${name}.stall.com` } };
  const call = client instanceof Client1 ? client.callTool(args, undefined, options) : client.callTool(args, options);
  call.catch(() => {});
  await until(async () => (await metric(url, "mtasts_checks_in_flight")) > 0, "the check runs");
  stop.abort();
  await until(async () => (await metric(url, "mtasts_checks_cancelled_total")) > before, "the check is cancelled");
  expect((await metric(url, "mtasts_checks_in_flight")) === 0, "nothing is left");
}

export async function sdkTests(test, expect, url, program, args) {
  const mcp = new URL(`${url}/mcp`);
  const stdio = { command: program, args, stderr: "pipe" };

  for (const [title, make] of [["HTTP", () => new Http1(mcp)], ["stdio", () => new Stdio1(stdio)]])
    await test(`SDK 1, ${title}: connect, list, call, read, complete, close`, async () => {
      const client = new Client1(info);
      await client.connect(make());
      expect(client.getServerVersion().name === "mtasts", "who is it?");
      await client.ping();
      await common(expect, client);
      await client.close();
    });
  for (const [title, make] of [["HTTP", () => new Http2(mcp)], ["stdio", () => new Stdio2(stdio)]])
    await test(`SDK 2, ${title}: negotiates 2026-07-28, list, call, read, complete, close`, async () => {
      const client = new Client2(info, { versionNegotiation: { mode: "auto" } });
      await client.connect(make());
      expect(client.getNegotiatedProtocolVersion() === "2026-07-28", `ended on ${client.getNegotiatedProtocolVersion()}`);
      await common(expect, client);
      await client.close();
    });
  await test("SDK 2, HTTP: giving up cancels the check", async () => {
    const client = new Client2(info, { versionNegotiation: { mode: "auto" } });
    await client.connect(new Http2(mcp));
    await cancels(expect, client, url, "two");
    await client.close();
  });
  await test("SDK 2 asks a handshake client's revision, too", async () => {
    const client = new Client2(info);
    await client.connect(new Http2(mcp));
    expect((await client.listTools()).tools.length === 5, "five tools");
    await client.close();
  });
}
