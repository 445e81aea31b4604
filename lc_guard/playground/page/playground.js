"use strict";
// The page of `lc-guard playground`. Texts become text nodes only: nothing that is pasted is read as HTML.
(() => {
  const $ = (id) => document.getElementById(id);
  const WAIT = 300; // milliseconds of rest before a text is looked at
  const state = { policy: {}, off: new Set(), scanners: new Set(), languages: new Set(), checks: {} };
  let start = null;
  let last = null;
  let asking = null;
  let waiting = 0;
  let links = [];

  // What is shown

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") made.className = value;
      else if (name in made && typeof value !== "string") made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function pieces(segments) {
    return segments.map((part) => {
      if (!part.k) return document.createTextNode(part.t);
      const mark = element("mark", { "data-c": part.c, title: part.k }, part.t);
      if (part.i !== null) mark.dataset.i = part.i;
      return mark;
    });
  }

  const chip = (words, colour) => element("span", { class: "chip", "data-c": colour }, words);

  function turns(told) {
    if (told.blocked) return [element("p", { class: "stopped" }, `Stopped by the check ${told.blocked.check}: the model sees nothing.`)];
    const many = told.turns.length > 1;
    return told.turns.map((turn) => {
      const role = many ? element("span", { class: "role" }, turn.role) : null;
      return element("div", { class: "turn" }, role, ...pieces(turn.hidden));
    });
  }

  function show(told) {
    last = told;
    const backdrop = told.turns.flatMap((turn) => [document.createTextNode(turn.label), ...pieces(turn.original)]);
    $("backdrop").replaceChildren(...backdrop, document.createTextNode("\n"));
    $("backdrop").scrollTop = $("text").scrollTop;
    $("seen").replaceChildren(...turns(told));
    $("turns").textContent = told.turns.length > 1 ? `a conversation of ${told.turns.length} turns` : "";
    showAnswer(told);
    showLegend(told);
    showChecks(told);
    showFindings(told);
    showKinds(told);
    showDetectors(told);
    if (document.activeElement !== $("yaml")) $("yaml").value = told.export.policy;
    $("python").textContent = told.export.python;
    $("policy").textContent = told.export.policy;
    const hidden = told.findings.filter((each) => each.placeholder).reduce((sum, each) => sum + each.count, 0);
    const said = told.blocked
      ? `Stopped: the check ${told.blocked.check} lets nothing go on.`
      : `${hidden} places hidden in ${told.ms.toLocaleString("en", { maximumFractionDigits: 0 })} ms.`;
    tell(said, told.blocked ? "bad" : told.checks.some((check) => check.action === "warn") ? "fair" : "good");
  }

  function showAnswer(told) {
    const back = told.answer;
    $("stand-in").hidden = $("own").checked;
    if (!back) {
      $("says").textContent = "";
      $("back").replaceChildren(element("span", { class: "stopped" }, "The model is not asked."));
      return;
    }
    $("says").textContent = back.said;
    const stopped = element("span", { class: "stopped" }, "Stopped: the answer is not shown.");
    $("back").replaceChildren(...(back.restored ? pieces(back.restored) : [stopped]));
  }

  function showLegend(told) {
    const counts = new Map();
    for (const each of told.findings) {
      const known = counts.get(each.kind) || { c: each.c, n: 0 };
      counts.set(each.kind, { c: each.c, n: known.n + each.count });
    }
    $("legend").replaceChildren(...[...counts].map(([kind, each]) => chip(`${each.n} ${kind}`, each.c)));
  }

  function row(...cells) {
    return element("tr", {}, ...cells);
  }

  function cell(kind, ...children) {
    return element("td", kind ? { class: kind } : {}, ...children);
  }

  function showChecks(told) {
    const rows = told.checks.map((check) => {
      const found = check.error ? [check.error] : check.entities.map((each) => chip(`${each.n} ${each.k}`, each.c));
      const bar = element("progress", { max: 1, value: check.risk, "data-c": check.c, "aria-hidden": "true" });
      const risk = element("span", { class: "risk" }, bar, check.risk.toFixed(2));
      const action = chip(check.valid ? check.action : "block", check.c);
      return row(cell("", check.check), cell("", check.stage), cell("", action), cell("", risk), cell("n", check.ms.toFixed(1)), cell("", element("div", { class: "chips" }, ...found)));
    });
    $("checks").tBodies[0].replaceChildren(...rows);
  }

  // A placeholder may break after its underscores, so that all columns have room.
  const breakable = (text) => text.split(/(?<=_)/).flatMap((part) => [part, element("wbr", {})]);

  function showFindings(told) {
    const rows = told.findings.map((each, number) => {
      const by = each.by.map((one) => element("span", {}, element("b", {}, one.name), ` ${one.kind === each.kind ? "" : one.kind + " "}${one.score.toFixed(2)}`));
      const nobody = element("span", { class: "hint" }, "known from elsewhere, or on your list");
      const made = row(
        cell("value", each.value),
        cell("", chip(each.kind, each.c)),
        cell("", each.placeholder ? element("code", {}, ...breakable(each.placeholder)) : element("span", { class: "hint" }, each.action)),
        cell("n", String(each.count)),
        cell("", element("div", { class: "by" }, ...(by.length ? by : [nobody]))),
        cell("", element("code", {}, `${each.why}: ${each.action}`)),
      );
      made.dataset.i = number;
      return made;
    });
    $("found").tBodies[0].replaceChildren(...rows);
    const values = told.findings.length;
    $("found-count").textContent = values === 1 ? "1 value" : `${values} values`;
  }

  function choose(options, value, label) {
    const made = element("select", { "aria-label": label }, ...options.map((each) => element("option", { value: each }, each)));
    made.value = value;
    return made;
  }

  function showKinds(told) {
    const policy = told.policy;
    const kinds = policy.kinds || {};
    const thresholds = policy.thresholds || {};
    const found = told.findings.map((each) => [each.kind, each.c]);
    const named = Object.keys({ ...kinds, ...thresholds }).map((kind) => [kind, null]);
    const colours = new Map([...named, ...found].filter(([kind]) => kind !== "LITERAL"));
    const before = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : "";
    const rows = [...colours].sort().map(([kind, colour]) => {
      const action = choose(["", ...start.actions], kinds[kind] || "", `Action for ${kind}`);
      action.options[0].textContent = "as default";
      action.dataset.key = `a ${kind}`;
      action.addEventListener("change", () => setTable("kinds", kind, action.value || undefined));
      const least = element("input", { type: "number", min: "0", max: "1", step: "0.05", placeholder: "0", "aria-label": `Least score for ${kind}`, title: "counts from this score" });
      least.dataset.key = `t ${kind}`;
      if (kind in thresholds) least.value = thresholds[kind];
      least.addEventListener("change", () => setTable("thresholds", kind, least.value === "" ? undefined : Number(least.value)));
      return element("div", { class: "row" }, chip(kind, colour || ""), action, least);
    });
    $("kinds").replaceChildren(...rows);
    if (before) {
      const again = [...$("kinds").querySelectorAll("[data-key]")].find((each) => each.dataset.key === before);
      if (again) again.focus();
    }
    $("default").value = policy.default || "anonymize";
    $("on_invalid").value = policy.on_invalid || "block";
  }

  // a file that is being written may be wrong: then the last right one counts
  const policyTable = () => (typeof state.policy === "string" ? (last ? last.policy : {}) : state.policy);

  function setTable(table, key, value) {
    const policy = policyTable();
    const next = { ...(policy[table] || {}) };
    if (value === undefined) delete next[key];
    else next[key] = value;
    state.policy = { ...policy, [table]: next };
    if (!Object.keys(next).length) delete state.policy[table];
    ask();
  }

  function showDetectors(told) {
    for (const each of start.detectors) {
      const cost = told.detectors[each.name];
      each.told.textContent = cost ? `${cost.found} found, ${cost.ms.toFixed(1)} ms` : "";
    }
  }

  function tell(words, colour, busy = false) {
    const status = $("status");
    status.textContent = words;
    status.classList.toggle("busy", busy);
    if (colour) status.dataset.c = colour;
    else delete status.dataset.c;
  }

  function light(number) {
    for (const each of document.querySelectorAll(".lit")) each.classList.remove("lit");
    if (number === undefined) return;
    for (const each of document.querySelectorAll(`[data-i="${number}"]`)) each.classList.add("lit");
  }

  // What is asked

  const words = (id) => $(id).value.split(",").map((each) => each.trim()).filter(Boolean);

  function settings() {
    return {
      text: $("kind").value,
      style: $("style").value,
      languages: [...state.languages],
      off: [...state.off],
      scanners: [...state.scanners],
      allow: words("allow"),
      deny: words("deny"),
      policy: state.policy,
    };
  }

  function size() {
    $("size").textContent = `${$("text").value.length.toLocaleString("en")} characters`;
  }

  function ask(wait = 0) {
    clearTimeout(waiting);
    waiting = setTimeout(run, wait);
  }

  async function run() {
    if (asking) asking.abort();
    const mine = (asking = new AbortController());
    const slow = setTimeout(() => tell("Looking …", "", true), 400);
    const body = { text: $("text").value, answer: $("own").checked ? $("answer").value : null, settings: settings() };
    try {
      const reply = await fetch("/api/check", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: mine.signal,
      });
      const told = await reply.json();
      if (mine !== asking) return;
      clearTimeout(slow);
      if (!reply.ok) return wrong(told);
      $("problems").textContent = "";
      state.policy = told.policy;
      show(told);
    } catch (error) {
      if (error.name === "AbortError") return;
      tell("The playground does not answer: was it ended in the terminal?", "bad");
    } finally {
      clearTimeout(slow);
    }
  }

  function wrong(told) {
    const problems = (told.problems || []).map((each) => (each.line ? `line ${each.line}: ` : "") + each.text);
    $("problems").textContent = problems.join("\n");
    tell(problems.length ? `The policy can’t be taken: ${problems[0]}` : told.error, "bad");
  }

  // What a person does

  function toggles(place, items, chosen, { about = false, invert = false } = {}) {
    const made = items.map((item) => {
      const name = item.name || item;
      const box = element("input", { type: "checkbox", value: name });
      box.checked = invert ? !chosen.has(name) : chosen.has(name);
      box.addEventListener("change", () => {
        if (box.checked === !invert) chosen.add(name);
        else chosen.delete(name);
        ask();
      });
      const told = element("span", { class: "told" });
      if (item.name) item.told = told;
      const more = about ? element("span", { class: "about" }, item.about) : null;
      return element("label", {}, box, element("span", {}, name), item.name ? told : null, more);
    });
    $(place).replaceChildren(...made);
  }

  function fill(id, options, value) {
    $(id).replaceChildren(...options.map((each) => element("option", { value: each }, each.replace("_", " "))));
    $(id).value = value;
  }

  function use(text) {
    $("text").value = text;
    $("text").scrollTop = 0;
    $("example").value = String(start.examples.findIndex((each) => each.text === text));
    size();
    ask();
  }

  function openExport() {
    for (const link of links) URL.revokeObjectURL(link);
    links = ["python", "policy"].map((name) => {
      const link = URL.createObjectURL(new Blob([$(name).textContent], { type: "text/plain" }));
      $(`save-${name}`).href = link;
      return link;
    });
    $("copied").textContent = "";
    $("dialog").showModal();
  }

  function listen() {
    $("text").addEventListener("input", () => {
      $("example").value = "-1";
      size();
      $("backdrop").replaceChildren(); // marks of another text would stand in the wrong places
      ask(WAIT);
    });
    $("text").addEventListener("scroll", () => {
      $("backdrop").scrollTop = $("text").scrollTop;
    });
    $("example").addEventListener("change", () => use(start.examples[Number($("example").value)].text));
    $("own").addEventListener("change", () => {
      $("answer").hidden = !$("own").checked;
      $("says").hidden = $("own").checked;
      if ($("own").checked && last && last.answer) $("answer").value = last.answer.said;
      ask();
    });
    $("answer").addEventListener("input", () => ask(WAIT));
    for (const id of ["kind", "style"]) $(id).addEventListener("change", () => ask());
    for (const id of ["allow", "deny"]) $(id).addEventListener("input", () => ask(WAIT));
    for (const id of ["default", "on_invalid"]) {
      $(id).addEventListener("change", () => {
        state.policy = { ...policyTable(), [id]: $(id).value };
        ask();
      });
    }
    $("yaml").addEventListener("input", () => {
      state.policy = $("yaml").value.trim() ? $("yaml").value : {};
      ask(WAIT);
    });
    for (const id of ["seen", "found"]) {
      $(id).addEventListener("mouseover", (event) => light(event.target.closest("[data-i]")?.dataset.i));
      $(id).addEventListener("mouseleave", () => light());
    }
    $("export").addEventListener("click", openExport);
    $("close").addEventListener("click", () => $("dialog").close());
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        const name = button.dataset.copy;
        try {
          await navigator.clipboard.writeText($(name).textContent);
          $("copied").textContent = "Copied.";
        } catch {
          getSelection().selectAllChildren($(name));
          $("copied").textContent = "Marked: copy it with your keyboard.";
        }
      });
    }
  }

  async function begin() {
    tell("Loading the models …", "", true);
    const reply = await fetch("/api/start");
    start = await reply.json();
    if (!reply.ok) return tell(start.error, "bad");
    fill("kind", start.texts, "any");
    fill("style", start.styles, "llm_guard");
    fill("default", start.actions, "anonymize");
    fill("on_invalid", start.on_invalid, "block");
    start.scanners.forEach((each) => state.scanners.add(each.name));
    toggles("scanners", start.scanners, state.scanners, { about: true });
    toggles("detectors", start.detectors, state.off, { about: true, invert: true });
    toggles("languages", start.languages, state.languages);
    const own = element("option", { value: "-1", hidden: "" }, "Your own");
    $("example").replaceChildren(own, ...start.examples.map((each, at) => element("option", { value: String(at) }, each.name)));
    $("text").maxLength = start.most;
    listen();
    use(start.text);
  }

  begin().catch(() => tell("The playground does not answer: was it ended in the terminal?", "bad"));
})();
