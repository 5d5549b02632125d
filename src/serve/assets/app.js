// What scripting adds to pages that work without it: steps as they happen, tabs, copying.
"use strict";
(() => {
	const main = document.getElementById("main");

	function make(tag, properties, ...children) {
		const node = Object.assign(document.createElement(tag), properties);
		node.append(...children);
		return node;
	}

	// ---- copying

	function copyButton(text, label) {
		const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
		button.setAttribute("aria-label", label);
		button.addEventListener("click", async () => {
			try {
				await navigator.clipboard.writeText(text());
				button.textContent = "Copied";
			} catch {
				button.textContent = "Not possible here";
			}
			setTimeout(() => { button.textContent = "Copy"; }, 2000);
		});
		return button;
	}

	function addCopyButtons(root) {
		for (const box of root.querySelectorAll(".paste")) {
			const what = box.querySelector(".label").textContent;
			box.append(copyButton(() => box.querySelector("pre").textContent, `Copy: ${what}`));
		}
		for (const link of root.querySelectorAll("a.share")) {
			link.addEventListener("click", async (event) => {
				if (!navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return;
				event.preventDefault();
				await navigator.clipboard.writeText(link.href).then(() => { link.textContent = "Link copied"; }, () => { location.assign(link.href); });
			});
		}
	}

	// ---- tabs (WAI-ARIA practices: one tab stop, arrows move)

	function select(tabs, chosen, focus) {
		for (const tab of tabs) {
			const is = tab === chosen;
			tab.setAttribute("aria-selected", String(is));
			tab.tabIndex = is ? 0 : -1;
			document.getElementById(tab.getAttribute("aria-controls")).hidden = !is;
		}
		if (focus) chosen.focus();
	}

	function addTabs(root) {
		const box = root.querySelector(".panels");
		if (!box) return;
		const panels = [...box.querySelectorAll(":scope > .panel")];
		const list = make("div", { className: "tabs" });
		list.setAttribute("role", "tablist");
		list.setAttribute("aria-label", "Evidence");
		const tabs = panels.map((panel) => {
			const tab = make("button", { type: "button", id: `tab-${panel.id}`, textContent: panel.querySelector("h2").textContent });
			tab.setAttribute("role", "tab");
			tab.setAttribute("aria-controls", panel.id);
			panel.setAttribute("role", "tabpanel");
			return tab;
		});
		list.append(...tabs);
		box.before(list);
		box.classList.add("tabbed");
		const at = tabs.findIndex((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
		select(tabs, tabs[Math.max(at, 0)], false);
		list.addEventListener("click", (event) => {
			const tab = event.target.closest("[role=tab]");
			if (tab) select(tabs, tab, false);
		});
		list.addEventListener("keydown", (event) => {
			const now = tabs.indexOf(document.activeElement);
			const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
			if (next === undefined || now < 0) return;
			event.preventDefault();
			select(tabs, tabs[(next + tabs.length) % tabs.length], true);
		});
	}

	// ---- a check with its steps

	// Where a stream cannot be had the plain way leads on: it also shows what was wrong. again: the form that asks for a new
	// check, which a kept result does not answer.
	function live(typed, again) {
		const began = performance.now();
		const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
		const title = make("h1", { id: "live-title", tabIndex: -1, textContent: `Checking ${typed}` });
		const status = make("p", { textContent: "Asking …" });
		status.setAttribute("role", "status");
		const bar = make("progress", {});
		bar.setAttribute("aria-label", "The check is under way");
		const steps = make("ol", { className: "steps", tabIndex: 0 });
		steps.setAttribute("aria-label", "Steps");
		const stop = make("button", { type: "button", textContent: "Stop" });
		const box = make("section", { className: "live" }, title, status, bar, steps, stop);
		box.setAttribute("aria-labelledby", "live-title");
		const before = [...main.childNodes];
		let told = 0;

		const source = new EventSource(`/domain/${encodeURIComponent(typed)}/steps${again ? "?fresh=1" : ""}`);
		const plain = () => {
			source.close();
			if (again) {
				box.append(again); // a form that is not in the page is not sent
				again.hidden = true;
				again.submit();
			} else {
				location.assign(`/domain?domain=${encodeURIComponent(typed)}`);
			}
		};
		main.replaceChildren(box);
		title.focus();
		source.addEventListener("step", (event) => {
			const { n, text } = JSON.parse(event.data);
			steps.append(make("li", {}, make("span", { className: "at", textContent: seconds() }), make("span", { textContent: text })));
			steps.scrollTop = steps.scrollHeight;
			// A screen reader is told now and then, not forty times.
			if (performance.now() - told > 2500) {
				told = performance.now();
				status.textContent = `${n} ${n === 1 ? "step" : "steps"} so far; the last: ${text}`;
			}
		});
		source.addEventListener("result", (event) => {
			const { title: text, path, html } = JSON.parse(event.data);
			source.close();
			history.pushState(null, "", path);
			document.title = text;
			main.innerHTML = html;
			enhance(main);
			const heading = main.querySelector("h1");
			heading.tabIndex = -1;
			heading.focus();
		});
		source.addEventListener("failed", plain);
		source.addEventListener("error", plain);
		stop.addEventListener("click", () => {
			source.close();
			main.replaceChildren(...before);
			main.querySelector("#domain")?.focus();
		});
	}

	function addLive(root) {
		for (const form of root.querySelectorAll("form.ask"))
			form.addEventListener("submit", (event) => {
				const typed = form.elements.domain.value.trim();
				if (typed === "") return;
				event.preventDefault();
				live(typed, null);
			});
		for (const form of root.querySelectorAll("form.again"))
			form.addEventListener("submit", (event) => {
				event.preventDefault();
				live(decodeURIComponent(new URL(form.action).pathname.slice("/domain/".length)), form);
			});
	}

	function enhance(root) {
		addCopyButtons(root);
		addTabs(root);
		addLive(root);
	}

	// ---- printing shows what is folded away

	let folded = [];
	addEventListener("beforeprint", () => {
		folded = [...document.querySelectorAll("details:not([open])")];
		for (const box of folded) box.open = true;
	});
	addEventListener("afterprint", () => {
		for (const box of folded) box.open = false;
	});
	addEventListener("popstate", () => location.reload());

	// Not every browser moves the focus to where a link leads.
	document.querySelector(".skip").addEventListener("click", (event) => {
		event.preventDefault();
		main.focus();
		main.scrollIntoView();
	});
	enhance(document);
	document.querySelector("[aria-invalid=true]")?.focus();
})();
