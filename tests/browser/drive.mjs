// People at the pages: with scripting and without, on a phone, in the dark, by keyboard, on paper.
import { expect, same, serve, test, within } from "./world.mjs";
import { all, domains, hostile, kinds, visit } from "./pages.mjs";

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

async function check(page, server, domain) {
  await page.goto(`${server.url}/`);
  await page.fill("#domain", domain);
  await page.press("#domain", "Enter");
}

async function withSteps(browser, server) {
  await test("a check with live steps, then the result in the same page", () => within(browser, server, {}, async (page) => {
    await page.goto(`${server.url}/`);
    await page.evaluate(() => {
      window.steps = 0;
      new MutationObserver(() => { window.steps = Math.max(window.steps, document.querySelectorAll(".steps li").length); }).observe(document.body, { childList: true, subtree: true });
    });
    await page.fill("#domain", domains.enforced);
    await page.press("#domain", "Enter");
    await page.waitForSelector(".verdict.enforced");
    expect((await page.evaluate(() => window.steps)) >= 5, "steps were shown");
    same(new URL(page.url()).pathname, `/domain/${domains.enforced}`, "address");
    expect((await page.title()).includes("enforced"), "the title names the verdict");
    same(await page.evaluate(() => document.activeElement.tagName), "H1", "focus");
    await page.reload();
    await page.waitForSelector(".verdict.enforced");
  }));
  await test("steps come one by one while a host drips, and Stop goes back", () => within(browser, server, {}, async (page) => {
    await check(page, server, "hostile-drip-head.test");
    await page.waitForSelector(".steps li");
    expect(await page.getByRole("progressbar").isVisible(), "progress");
    await page.waitForTimeout(1000);
    expect(await page.locator(".verdict").count() === 0, "still under way");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.waitForSelector("#domain");
    same(await page.inputValue("#domain"), "hostile-drip-head.test", "what was typed is still there");
  }));
  await test("back from a result leads to the form, forward to the result", () => within(browser, server, {}, async (page) => {
    await check(page, server, domains.testing);
    await page.waitForSelector(".verdict.testing");
    await page.goBack();
    await page.waitForSelector(".hero");
    await page.goForward();
    await page.waitForSelector(".verdict.testing");
  }));
  await test("a broken domain: the fault, the lines to paste, what it means", () => within(browser, server, { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    await check(page, server, domains.broken);
    await page.waitForSelector(".verdict.broken");
    const finding = page.locator(".finding.error").first();
    expect(await finding.isVisible(), "an error");
    await page.locator(".finding .where a").first().click();
    await page.waitForSelector(".finding-page h1");
    await page.goto(`${server.url}/domain/${domains.blocking}`);
    const snippet = await page.locator(".paste pre").first().textContent();
    await page.getByRole("button", { name: "Copy: Policy file" }).first().click();
    same(await page.evaluate(() => navigator.clipboard.readText()), snippet, "clipboard");
    expect((await page.locator(".senders").first().textContent()).includes("refuses"), "what senders do");
    expect(await page.locator(".senders .decision.bad").count() > 0, "refusals stand out");
  }));
  await test("check again makes a new check", () => within(browser, server, {}, async (page) => {
    await page.goto(`${server.url}/domain/${domains.enforced}`);
    const before = await page.locator(".seen time").getAttribute("datetime");
    await page.waitForTimeout(1100);
    await page.getByRole("button", { name: "Check again" }).click();
    await page.waitForFunction((old) => document.querySelector(".seen time") && document.querySelector(".seen time").dateTime !== old, before);
  }));
  await test("what is no domain is said at the field, which has the focus", () => within(browser, server, {}, async (page) => {
    await check(page, server, "192.0.2.1");
    await page.waitForSelector("#domain-error");
    same(await page.evaluate(() => document.activeElement.id), "domain", "focus");
    same(await page.getAttribute("#domain", "aria-invalid"), "true", "aria-invalid");
  }));
  await test("a pasted address is taken, and what was stripped is said", () => within(browser, server, {}, async (page) => {
    await check(page, server, `https://${domains.enforced}/path`);
    await page.waitForSelector(".verdict.enforced .note");
  }));
}

// A server of its own: each domain may be checked once.
async function refused(browser, program) {
  await test("check again that is refused says so, and shows no old result as new", async () => {
    const server = await serve(program, "--no-history", "--rate-domain", "1");
    try {
      await within(browser, server, {}, async (page) => {
        await visit(page, server, `/domain/${domains.enforced}`);
        const answer = page.waitForResponse((r) => r.request().method() === "POST");
        await page.getByRole("button", { name: "Check again" }).click();
        same((await answer).status(), 429, "status");
        await page.waitForSelector("text=Status 429");
        same(await page.locator(".verdict").count(), 0, "results");
      });
    } finally {
      await server.stop();
    }
  });
}

async function withoutScripts(browser, server) {
  const options = { javaScriptEnabled: false };
  await test("without scripting: form, result, check again, everything on one page", () => within(browser, server, options, async (page) => {
    await check(page, server, `someone@${domains.blocking}`);
    await page.waitForSelector(".verdict.blocking");
    same(new URL(page.url()).pathname, `/domain/${domains.blocking}`, "address");
    expect(await page.locator(".note").count() > 0, "what was stripped is said");
    for (const id of ["#evidence", "#tls-reports", "#history"]) expect(await page.locator(id).isVisible(), `${id} is there without tabs`);
    const before = await page.locator(".seen time").getAttribute("datetime");
    await page.waitForTimeout(1100);
    await page.getByRole("button", { name: "Check again" }).click();
    await page.waitForSelector(".verdict.blocking");
    expect((await page.locator(".seen time").getAttribute("datetime")) !== before, "a new check");
  }));
  await test("without scripting: what is no domain", () => within(browser, server, options, async (page) => {
    await check(page, server, "a..b");
    expect((await page.textContent("#domain-error")).includes("empty label"), "why");
    same(await page.inputValue("#domain"), "a..b", "what was typed");
  }));
  await test("without scripting: lint", () => within(browser, server, options, async (page) => {
    await page.goto(`${server.url}/lint`);
    await page.fill("#text", "version: STSv1\nmode: enforced\nmx: mx.example.com\nmax_age: 86400\n");
    await page.fill("#mx", "mx.example.com, other.example.com");
    await page.getByRole("button", { name: "Judge it" }).click();
    await page.waitForSelector(".lint-result");
    const text = await page.textContent(".lint-result");
    expect(text.includes("not usable") && text.includes("policy.mode-invalid") && text.includes("matches no mx pattern"), text);
    same(await page.locator(".lines li.error").count(), 1, "the line at fault is marked");
    same(await page.inputValue("#text"), "version: STSv1\nmode: enforced\nmx: mx.example.com\nmax_age: 86400\n", "the text stays");
  }));
}

async function looks(browser, server) {
  await test("360 pixels: nothing sticks out", () => within(browser, server, phone, async (page) => {
    for (const target of all()) {
      await visit(page, server, target);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide <= 360, `${target} is ${wide} pixels wide`);
    }
  }));
  await test("targets of touch are at least 24 pixels", () => within(browser, server, phone, async (page) => {
    for (const target of kinds()) {
      await visit(page, server, target);
      const small = await page.evaluate(() => [...document.querySelectorAll("button, input:not([type=hidden]), summary, nav a, .actions a")]
        .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24 && !e.closest("label")).map((e) => e.outerHTML.slice(0, 80)));
      same(small.join(), "", target);
    }
  }));
  await test("dark mode is dark, light is light", async () => {
    for (const [colorScheme, dark] of [["dark", true], ["light", false]])
      await within(browser, server, { colorScheme }, async (page) => {
        await page.goto(`${server.url}/domain/${domains.enforced}`);
        const [r, g, b] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
        same((r + g + b) / 3 < 80, dark, colorScheme);
      });
  });
  await test("on paper: no navigation, and everything unfolded", () => within(browser, server, {}, async (page) => {
    await page.goto(`${server.url}/domain/${domains.blocking}`);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    expect(!(await page.locator("header.site").isVisible()) && !(await page.locator(".ask").first().isVisible()), "navigation and form stay away");
    for (const id of ["#evidence", "#tls-reports", "#history"]) expect(await page.locator(id).isVisible(), `${id} is printed`);
    same(await page.locator("details:not([open])").count(), 0, "folded away");
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.length > 20000, "a document");
  }));
}

async function byKeyboard(browser, server) {
  await test("by keyboard alone: skip link, form, tabs, details", () => within(browser, server, {}, async (page) => {
    const at = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);
    await page.goto(`${server.url}/`);
    await page.keyboard.press("Tab");
    same(await at(), "Skip to the content", "first stop");
    await page.keyboard.press("Enter");
    same(await page.evaluate(() => document.activeElement.id), "main", "the skip link leads");
    await page.keyboard.press("Tab");
    same(await at(), "domain", "behind the skip link");
    await page.keyboard.type(domains.enforced);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".verdict.enforced");
    for (let i = 0; i < 60 && (await page.evaluate(() => document.activeElement.getAttribute("role"))) !== "tab"; i++) await page.keyboard.press("Tab");
    same(await at(), "What was seen", "the tabs have one stop");
    await page.keyboard.press("ArrowRight");
    same(await at(), "TLS reports", "arrows move between tabs");
    expect(await page.locator("#tls-reports").isVisible() && !(await page.locator("#evidence").isVisible()), "the panel follows");
    await page.keyboard.press("End");
    same(await at(), "History", "End leads to the last tab");
    await page.keyboard.press("Home");
    await page.keyboard.press("Tab");
    for (let i = 0; i < 10 && (await page.evaluate(() => document.activeElement.tagName)) !== "SUMMARY"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement.parentElement.open), "details open");
    expect(await page.evaluate(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; }), "the focus can be seen");
  }));
}

async function history(browser, server) {
  await test("history: drawn, and told change by change", () => within(browser, server, {}, async (page) => {
    await page.goto(`${server.url}/domain/${domains.enforced}`);
    await page.getByRole("tab", { name: "History" }).click();
    expect(await page.locator("svg.timeline").isVisible(), "the drawing");
    const verdicts = await page.locator("svg.timeline .bar").evaluateAll((bars) => bars.map((bar) => bar.classList[1]));
    for (const v of ["v-absent", "v-testing", "v-enforced", "v-blocking"]) expect(verdicts.includes(v), `${v} in ${verdicts}`);
    const text = await page.textContent(".changes");
    for (const word of ["mode: testing", "mode: enforce", "mx9.good.test", "match.mx-uncovered"]) expect(text.includes(word), word);
    expect(await page.locator(".diff ins").count() > 0 && await page.locator(".diff del").count() > 0, "differences");
    await page.goto(`${server.url}/domain/${domains.enforced}/history`);
    expect(await page.locator("svg.timeline").isVisible(), "on its own page");
    const box = await page.locator("svg.timeline").boundingBox();
    expect(box.width > 500, "wide enough to read");
  }));
}

async function fleet(browser, server) {
  await test("fleet: by state, by cause, by tag, as CSV", () => within(browser, server, {}, async (page) => {
    await page.goto(`${server.url}/`);
    await page.getByRole("navigation", { name: "Site" }).getByRole("link", { name: "Fleet" }).click();
    const tiles = (await page.locator(".tiles li").allTextContents()).map((t) => t.replace(/\s+/g, " "));
    for (const tile of ["2blocking", "1broken", "1testing", "1not looked at"]) expect(tiles.some((t) => t.includes(tile)), `${tile} in ${tiles}`);
    const causes = await page.locator(".finding").allTextContents();
    expect(causes.some((c) => c.includes("match.mx-uncovered") && c.includes(domains.blocking)), `a cause with its domain in ${causes}`);
    expect(causes.some((c) => c.includes("host.cert.expired") && c.includes(domains.broken)), `another in ${causes}`);
    same(await page.locator("tbody tr").count(), 7, "domains");
    expect((await page.locator("tbody tr").first().textContent()).includes("blocking"), "what needs somebody comes first");
    await page.getByRole("navigation", { name: "Tags" }).getByRole("link", { name: "mine" }).click();
    same((await page.locator("tbody tr th").allTextContents()).join(), `${domains.blocking},${domains.enforced}`, "domains of a tag");
    expect(!(await page.textContent("main")).includes("host.cert.expired"), "causes of other tags stay away");
    await page.locator(".tiles a", { hasText: "enforced" }).click();
    same((await page.locator("tbody tr th").allTextContents()).join(), domains.enforced, "domains of a tag and a state");
    const csv = await (await fetch(`${server.url}/fleet.csv?tag=mine`)).text();
    const lines = csv.trim().split("\r\n");
    same(lines.length, 3, "lines of the CSV");
    expect(lines[0].startsWith("domain,verdict,status,") && lines[1].includes("moved.test") && lines[1].includes("blocking"), csv);
    same((await fetch(`${server.url}/fleet?state=%3Cb%3E`)).status, 400, "a state that is none");
  }));
}

async function strangers(browser, server) {
  for (const domain of hostile)
    await test(`strangers' text stays text: ${domain}`, () => within(browser, server, {}, async (page) => {
      await page.goto(`${server.url}/domain/${domain}`);
      await page.waitForSelector(".verdict");
      same(await page.locator("main script, main iframe, main img, main style, main [onclick], main [onerror], main [style]").count(), 0, "markup of a stranger");
      const text = await page.evaluate(() => document.body.innerText);
      expect(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(text), "no control or reordering character");
    }));
}

export async function drive(browser, server, program) {
  await withSteps(browser, server);
  await refused(browser, program);
  await withoutScripts(browser, server);
  await looks(browser, server);
  await byKeyboard(browser, server);
  await history(browser, server);
  await fleet(browser, server);
  await strangers(browser, server);
}
