// Pictures of the pages, to be looked at by people: shots(browser, server, folder).
import { open, path } from "./world.mjs";
import { domains, hostile } from "./pages.mjs";

const looks = {
  light: {},
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

async function shot(page, folder, name) {
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

export async function shots(browser, server, folder, paths) {
  for (const [look, options] of Object.entries(looks)) {
    const { page, context } = await open(browser, server, options);
    for (const [name, target] of Object.entries(paths)) {
      await page.goto(server.url + target);
      await shot(page, folder, `${name}-${look}`);
    }
    await page.goto(`${server.url}/`);
    await page.fill("#domain", "hostile-drip-head.test");
    await page.press("#domain", "Enter");
    await page.waitForTimeout(2500);
    await shot(page, folder, `steps-${look}`);
    await page.goto(`${server.url}/lint`);
    await page.fill("#text", "version: STSv1\nmode: enforced\nmx: *.mail..example.com\nmx: mx1.example.com\nmax_age: 86400\nmax_age: 1\n");
    await page.fill("#mx", "mx1.example.com mx2.example.com");
    await page.press("#mx", "Enter");
    await page.waitForSelector(".lint-result");
    await shot(page, folder, `lint-result-${look}`);
    await context.close();
  }
  const { page, context } = await open(browser, server, {});
  await page.goto(`${server.url}/domain/${domains.blocking}`);
  await page.pdf({ path: path.join(folder, "blocking.pdf"), format: "A4" });
  await page.goto(`${server.url}/domain/${domains.enforced}`);
  for (const tab of ["TLS reports", "History"]) {
    await page.getByRole("tab", { name: tab }).click();
    await shot(page, folder, `enforced-${tab.replace(" ", "-").toLowerCase()}`);
  }
  await page.pdf({ path: path.join(folder, "enforced.pdf"), format: "A4" });
  await context.close();
}

export const shown = () => ({ start: "/", enforced: `/domain/${domains.enforced}`, testing: `/domain/${domains.testing}`, broken: `/domain/${domains.broken}`,
  blocking: `/domain/${domains.blocking}`, absent: `/domain/${domains.absent}`, unknown: `/domain/${domains.unknown}`, history: `/domain/${domains.enforced}/history`,
  learn: "/learn", modes: "/learn/modes", explain: "/explain", finding: "/explain/match.mx-uncovered", lint: "/lint", fleet: "/fleet", mistakes: "/learn/mistakes", hostile: `/domain/${hostile[0]}`, error: "/domain?domain=a..b" });
