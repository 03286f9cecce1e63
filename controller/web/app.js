// SPDX-License-Identifier: Apache-2.0
//
// The status page. State is what the server said last and what the address says; `render` makes a tree of it, `morph` puts
// the tree into the document and leaves alone what is the same, so that focus, scroll and selection stay.
// Everything foreign goes into text nodes and attributes, never into markup.
"use strict";

const POLL_MS = 2000, SLOW_POLL_MS = 10000, SEARCH_MS = 200;
const STATES = ["inSync", "accepted", "creating", "missing", "differs", "unread", "conflict", "invalid", "ignored"];
const WORDS = {inSync: "in sync", accepted: "accepted", missing: "missing", creating: "creating", differs: "differs", unread: "unread",
  conflict: "conflict", invalid: "invalid", ignored: "ignored", extra: "only there", vanished: "vanished", system: "system", excluded: "excluded"};
const KINDS = {topics: "Topic", groups: "ConsumerGroup"};
const TABS = [["cutover", "Cut-over"], ["topics", "Topics"], ["groups", "Groups"], ["changes", "Created"]];
const SIZES = [50, 100, 200, 500];

let status = null, rows = null, changes = null, problem = null, skewMs = 0, route = null;
let asked = "", poll = 0, typing = 0, typed = null;
const open = new Set();

// --- small things

const number = new Intl.NumberFormat("en");
const count = value => number.format(value || 0);
const sum = (summary, pick) => Object.values(summary || {}).reduce((total, kind) => total + (pick(kind) || 0), 0);
const now = () => Date.now() + skewMs;
const plural = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;

function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 600 && seconds % 60 < 1) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

function when(text) {
  if (!text) return "never";
  const seconds = (now() - Date.parse(text)) / 1000;
  const word = Math.abs(seconds) < 2 ? "now" : seconds < 0 ? `in ${duration(-seconds)}` : `${duration(seconds)} ago`;
  return h("time", {datetime: text, title: new Date(text).toLocaleString()}, word);
}

const shown = value => value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);

// --- the document

const SVG = new Set(["svg", "rect"]);

function h(tag, attributes, ...children) {
  const node = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  for (const child of children.flat(Infinity))
    if (child !== undefined && child !== null && child !== false) node.append(child);
  return node;
}

function morph(old, fresh) {
  for (const {name} of [...old.attributes || []]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const {name, value} of [...fresh.attributes || []]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.tagName === "INPUT" && old !== document.activeElement) old.value = fresh.getAttribute("value") || "";
  if (old.tagName === "SELECT" && old !== document.activeElement) queueMicrotask(() => { old.value = fresh.value; });
  const keyed = new Map([...old.childNodes].filter(node => node.dataset && node.dataset.key).map(node => [node.dataset.key, node]));
  const wanted = [...fresh.childNodes]; // those that are put in leave `fresh`
  wanted.forEach((next, index) => {
    let here = old.childNodes[index];
    const key = next.dataset && next.dataset.key;
    if (key && keyed.has(key) && here !== keyed.get(key)) old.insertBefore(keyed.get(key), here || null), here = keyed.get(key);
    if (!here) old.append(next);
    else if (here.nodeName !== next.nodeName || (here.dataset && here.dataset.key) !== key) old.replaceChild(next, here);
    else if (here.nodeType === Node.TEXT_NODE) { if (here.data !== next.data) here.data = next.data; }
    else morph(here, next);
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

// --- what a sync comes to

function numbers(sync) {
  const states = {};
  for (const state of STATES) states[state] = sum(sync.summary, kind => kind.states[state]);
  const declared = sum(sync.summary, kind => kind.declared), progress = sync.progress;
  // While creates go out, the newest plan is older than what has been done since. In sync is only what was read back.
  if (progress && progress.toCreate > 0) {
    const missing = Math.min(states.missing, Math.max(0, progress.toCreate - progress.answered)), gone = states.missing - missing;
    const creating = Math.min(gone, progress.inDoubt);
    states.missing = missing;
    states.creating += creating;
    states.inSync += gone - creating;
  }
  const failed = Math.max(sum(sync.summary, kind => kind.results.failed), states.conflict + states.invalid);
  const fine = states.inSync + states.accepted + states.ignored;
  return {declared, states, failed, fine, extra: sum(sync.summary, kind => kind.extra), share: declared ? (fine + states.creating) / declared : 0};
}

function health(sync) {
  if (sync.error) return ["bad", "failing"];
  if (sync.parity) return ["good", "at parity"];
  if (sync.progress && sync.progress.toCreate > 0) return ["warn", "creating"];
  if (!sync.lastPass) return ["plain", sync.progress ? "first pass under way" : "waiting"];
  return ["warn", "not at parity"];
}

const pill = ([tone, word]) => h("span", {class: `pill ${tone}`}, word);

function bar(parts, total, label) {
  let x = 0;
  const rects = parts.filter(([, value]) => value > 0).map(([name, value]) => {
    const width = value / Math.max(total, 1) * 1000, rect = h("rect", {x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 10, class: `f-${name}`});
    x += width;
    return rect;
  });
  return h("svg", {class: "bar", viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": label}, rects);
}

function stateBar(sync) {
  const {states, declared} = numbers(sync);
  const parts = STATES.map(state => [state, states[state]]);
  return bar(parts, declared, parts.filter(([, value]) => value).map(([state, value]) => `${count(value)} ${WORDS[state]}`).join(", ") || "nothing is declared");
}

function legend(sync) {
  const {states} = numbers(sync);
  return h("p", {class: "legend"}, STATES.filter(state => states[state]).map(state =>
    h("span", {}, h("span", {class: `state s-${state}`}, WORDS[state]), " ", h("span", {class: "num"}, count(states[state])))));
}

function failure(error, tone) {
  return h("div", {class: `why ${tone || ""}`},
    h("p", {}, h("strong", {}, error.cause), error.message ? ` · ${error.message}` : ""),
    error.hint && error.hint !== "–" && h("p", {}, `What to do: ${error.hint}`),
    (error.providerCode || error.requestId) && h("p", {class: "dim"}, error.providerCode && h("span", {}, "code ", h("code", {}, error.providerCode), " "),
      error.providerMessage && `${error.providerMessage} `, error.requestId && h("span", {}, "request id ", h("code", {}, error.requestId))),
    error.mistakes && h("ul", {}, error.mistakes.map(one => h("li", {}, h("code", {}, `${one.path}:${one.line}:${one.column}`), ` ${one.text}`)),
      error.mistakeCount > error.mistakes.length && h("li", {class: "dim"}, `and ${count(error.mistakeCount - error.mistakes.length)} more`)));
}

// --- overview

function card(sync) {
  const [tone] = health(sync), {declared, fine} = numbers(sync), progress = sync.progress;
  return h("li", {class: `card sync ${tone}`, "data-key": sync.name},
    h("div", {class: "row between"}, h("h2", {class: "wrap"}, h("a", {href: link(sync.name, "cutover")}, sync.name)), pill(health(sync))),
    h("dl", {class: "route"}, h("dt", {}, "from"), h("dd", {class: "mono"}, sync.source.join(", ")), h("dt", {}, "to"), h("dd", {class: "mono"}, sync.destination.address)),
    sync.summary ? stateBar(sync) : h("p", {class: "dim"}, "nothing was compared yet"),
    sync.summary && h("p", {class: "row between"}, h("span", {class: "num"}, `${count(fine)} of ${count(declared)} in place`), h("span", {class: "tag"}, sync.mode)),
    sync.summary && legend(sync),
    progress && progress.toCreate > 0 && h("p", {class: "pulse s-creating"}, speed(progress)),
    sync.error && failure(sync.error),
    h("p", {class: "dim"}, "last pass ", when(sync.lastPass && sync.lastPass.endedAt), sync.nextPassAt ? [" · next ", when(sync.nextPassAt)] : ""));
}

function overview() {
  const {syncs, configuration} = status;
  const order = {bad: 0, warn: 1, plain: 2, good: 3};
  const sorted = [...syncs].sort((a, b) => order[health(a)[0]] - order[health(b)[0]] || a.name.localeCompare(b.name));
  return [h("h1", {}, syncs.length === 1 ? "One sync" : `${syncs.length} syncs`),
    configuration.error && h("section", {class: "card"}, h("h2", {}, "The configuration on disk is not in force"),
      h("p", {class: "dim"}, "read ", when(configuration.loadedAt), "; what was loaded before goes on"), failure(configuration.error)),
    h("ul", {class: "cards"}, sorted.map(card))];
}

// --- one sync

function speed(progress) {
  const left = progress.secondsLeft !== undefined && progress.perSecond > 0 ? `, about ${duration(progress.secondsLeft)} left` : "";
  return `${count(progress.answered)} of ${count(progress.toCreate)} created, ${progress.perSecond} a second${left}`;
}

function tile(label, value, state, href) {
  return h(href ? "a" : "div", {class: "card tile", href}, h("span", {class: `value ${value && state ? `s-${state}` : ""}`}, count(value)), h("span", {class: "label"}, label));
}

function tiles(sync) {
  const {declared, states, failed, extra} = numbers(sync), kind = sum({one: sync.summary.Topic}, one => one.declared) ? "topics" : "groups";
  const to = query => link(sync.name, kind, query);
  return h("div", {class: "tiles"},
    tile("declared", declared, "", to({})), tile("in sync", states.inSync + states.accepted, "inSync", to({state: "inSync,accepted"})),
    tile("missing", states.missing, "missing", to({state: "missing"})), states.creating > 0 && tile("being created", states.creating, "creating", to({state: "missing,creating"})), tile("differ", states.differs, "differs", to({state: "differs"})),
    tile("failed", failed, "failed", to(sum(sync.summary, one => one.results.failed) ? {result: "failed"} : {state: "conflict,invalid"})),
    tile("only there", extra, "extra", to({state: "extra"})));
}

function cutover(sync) {
  if (!sync.summary) return [h("p", {class: "card empty"}, sync.error ? "Nothing could be compared yet." : "The first pass is under way."), sync.error && failure(sync.error)];
  const {share, declared, fine} = numbers(sync), progress = sync.progress, last = sync.lastPass || {};
  const percent = share === 1 ? "100" : (Math.floor(share * 1000) / 10).toFixed(1);
  return [sync.error && failure(sync.error), last.sourceShrunk && h("div", {class: "why warn"}, h("p", {}, h("strong", {}, "source-shrunk"),
      " · the source lost more than maxShrinkPercent allows: no parity is claimed until guard.acceptShrink names ", h("code", {}, sync.declaredDigest))),
    tiles(sync),
    h("div", {class: "big"}, h("div", {class: "stack"},
      h("section", {class: "card", "aria-labelledby": "how-far"}, h("h2", {id: "how-far"}, "How far it is"),
        h("p", {class: "percent"}, `${percent} %`), stateBar(sync), legend(sync),
        h("p", {class: "dim num"}, `${count(fine)} of ${count(declared)} declared are there as declared`),
        progress && progress.toCreate > 0 && h("div", {},
          bar([["done", progress.answered]], progress.toCreate, `${count(progress.answered)} of ${count(progress.toCreate)} created`),
          h("p", {class: "s-creating num"}, speed(progress)),
          progress.inDoubt > 0 && h("p", {class: "dim"}, `${count(progress.inDoubt)} still to be read back`))), latest(sync)),
      h("section", {class: "card", "aria-labelledby": "facts"}, h("h2", {id: "facts"}, "What it knows"), h("dl", {class: "facts"}, facts(sync))))];
}

const newest = () => { const one = changes && changes.changes.find(change => change.event === "created"); return one && one.time; };

function latest(sync) {
  const lines = changes ? changes.changes.slice(0, 8) : [];
  return lines.length > 0 && h("section", {class: "card", "aria-labelledby": "latest"},
    h("div", {class: "row between"}, h("h2", {id: "latest"}, "What was created last"), h("a", {href: link(sync.name, "changes")}, "all")),
    h("ul", {class: "latest"}, lines.map(one => h("li", {}, h("span", {class: "dim num"}, when(one.time)), h("span", {class: "wrap"}, one.name),
      h("span", {class: one.event === "failed" ? "state s-failed" : "state s-inSync"}, one.event)))));
}

function facts(sync) {
  const identity = Object.entries(sync.destination.identity || {}), last = sync.lastPass, progress = sync.progress;
  const pairs = [
    ["now", progress ? `${progress.phase} …` : ["waiting; next pass ", when(sync.nextPassAt)]],
    ["last pass", last ? [when(last.endedAt), `, took ${last.seconds < 10 ? `${last.seconds} s` : duration(last.seconds)}, ${last.outcome}`] : "none yet"],
    ["last at parity", when(sync.lastParityAt)], ["last created", when(sync.lastCreatedAt || newest())], ["source changed", when(sync.sourceChangedAt)],
    ["interval", duration(sync.intervalSeconds)], sync.paceLimit !== undefined && ["pace", `${sync.paceLimit.toFixed(1)} creates a second`],
    ["from", sync.source.map(one => h("div", {class: "mono"}, one))], ["to", h("span", {class: "mono"}, sync.destination.address)],
    sync.destination.status && ["its status", sync.destination.status],
    ...identity.map(([key, value]) => [key, value]),
    ["declared digest", h("code", {class: "wrap"}, sync.declaredDigest || "–")]];
  return pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

// --- topics, groups

const SUMMARY_FIELDS = {Topic: ["messageType", "readQueueNums", "writeQueueNums", "perm", "maxSendTps", "remark"],
  ConsumerGroup: ["deliveryOrderType", "groupType", "maxReceiveTps", "retryQueueNums", "remark"]};

function flat(settings, before = "") {
  return Object.entries(settings || {}).flatMap(([key, value]) =>
    value && typeof value === "object" && !Array.isArray(value) ? flat(value, `${before}${key}.`) : [[before + key, value]]);
}

function settingTags(row) {
  const settings = new Map(flat(row.observed || row.settings));
  return SUMMARY_FIELDS[row.kind].filter(name => settings.has(name) && settings.get(name) !== "").map(name => {
    const value = shown(settings.get(name));
    return h("span", {class: "tag"}, name === "messageType" || name === "deliveryOrderType" || name === "groupType" ? value : `${name} ${value}`);
  });
}

function sideBySide(row) {
  const differing = new Map((row.differences || []).map(one => [one.field, one]));
  const there = new Map(flat(row.observed)), wanted = new Map(flat(row.declared || row.settings));
  const fields = [...new Set([...differing.keys(), ...wanted.keys(), ...there.keys()])];
  if (!fields.length) return null;
  const line = field => {
    const one = differing.get(field);
    const declared = one ? one.declared : wanted.get(field), observed = one ? one.observed : there.get(field);
    return h("tr", {}, h("th", {scope: "row", class: "mono"}, field), h("td", {class: one ? "was" : ""}, row.state === "extra" ? "–" : shown(declared)),
      h("td", {class: one ? "is" : ""}, one && one.notHeld ? "cannot be held" : row.state === "extra" ? shown(wanted.get(field)) : shown(observed)),
      h("td", {class: "dim"}, one ? one.accepted ? `accepted${one.reason ? `: ${one.reason}` : ""}` : "differs" : ""));
  };
  return h("table", {class: "pairs"}, h("thead", {}, h("tr", {}, ["setting", "declared", "there", ""].map(name => h("th", {scope: "col"}, name || h("span", {class: "visually-hidden"}, "note"))))),
    h("tbody", {}, fields.map(line)));
}

function detail(row, columns) {
  const says = [row.sourceName && row.sourceName !== row.name && ["name at the source", row.sourceName], row.declaredAt && ["declared at", h("code", {}, row.declaredAt)],
    row.result && ["result", row.attempts ? `${row.result} after ${plural(row.attempts, "attempt")}` : row.result],
    row.missingOn && ["missing on", row.missingOn.join(", ")], row.notHeld && ["cannot be held there", row.notHeld.join(", ")],
    row.estimated && ["estimated", row.estimated.join(", ")], row.field && ["setting", row.field]].filter(Boolean);
  return h("tr", {class: "detail", "data-key": `detail ${row.kind} ${row.name}`}, h("td", {colspan: columns}, h("div", {class: "inner"},
    row.cause && failure(row), says.length > 0 && h("dl", {class: "facts"}, says.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])), sideBySide(row))));
}

function rowLines(row) {
  const key = `${row.kind} ${row.name}`, isOpen = open.has(key);
  const line = h("tr", {"data-key": key},
    h("th", {scope: "row"}, h("button", {class: "open", type: "button", "data-open": key, "aria-expanded": String(isOpen)}, row.name)),
    h("td", {}, h("span", {class: `state s-${row.state}`}, WORDS[row.state] || row.state), row.result && !["existed", "skipped"].includes(row.result) ? h("div", {class: "dim"}, row.result) : ""),
    h("td", {}, settingTags(row)),
    h("td", {class: "wrap"}, row.cause ? h("span", {}, h("strong", {}, row.cause), row.message ? ` · ${row.message}` : "") :
      row.differences ? row.differences.map(one => h("span", {class: "tag"}, one.field)) : ""));
  return isOpen ? [line, detail(row, 4)] : [line];
}

function chips(sync, kind) {
  const states = ((sync.summary || {})[kind] || {states: {}}).states, extra = ((sync.summary || {})[kind] || {}).extra;
  const chosen = new Set((route.query.state || "").split(",").filter(Boolean));
  const chip = (state, value) => h("button", {class: "chip", type: "button", "data-state": state, "aria-pressed": String(chosen.has(state))}, WORDS[state], h("span", {class: "num"}, count(value)));
  return h("div", {class: "chips", role: "group", "aria-label": "Only these states"},
    STATES.filter(state => states[state] || chosen.has(state)).map(state => chip(state, states[state])), states.vanished || chosen.has("vanished") ? chip("vanished", states.vanished) : null, extra || chosen.has("extra") ? chip("extra", extra) : null,
    route.query.result && h("button", {class: "chip", type: "button", "data-result": "", "aria-pressed": "true"}, `result ${route.query.result}`));
}

function sorter(name, label) {
  const sort = route.query.sort || "name", is = sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none";
  return h("th", {scope: "col", "aria-sort": is}, h("button", {type: "button", "data-sort": is === "ascending" ? `-${name}` : name}, label, is === "ascending" ? " ↑" : is === "descending" ? " ↓" : ""));
}

function pager() {
  const size = Number(route.query.size || 100), page = rows ? rows.page : 1, pages = rows ? Math.max(1, Math.ceil(rows.total / size)) : 1;
  const button = (label, to, off) => h("button", {type: "button", "data-page": to, disabled: off}, label);
  return h("nav", {class: "pager", "aria-label": "Pages"},
    h("p", {class: "dim num", role: "status"}, rows ? rows.total ? `${count((page - 1) * size + 1)}–${count(Math.min(page * size, rows.total))} of ${count(rows.total)}` : "nothing matches" : "loading …"),
    h("div", {class: "row"}, button("First", 1, page <= 1), button("Previous", page - 1, page <= 1), h("span", {class: "num"}, `${count(page)} / ${count(pages)}`),
      button("Next", page + 1, page >= pages), button("Last", pages, page >= pages),
      h("label", {}, h("span", {class: "visually-hidden"}, "Rows of a page"), h("select", {id: "size"}, SIZES.map(value => h("option", {value, selected: value === size}, `${value} rows`))))));
}

function list(sync, kind) {
  const lines = rows ? rows.resources.flatMap(rowLines) : [];
  return [h("div", {class: "filter"},
      h("input", {type: "search", id: "q", value: route.query.q || "", placeholder: kind === "Topic" ? "Search topics" : "Search groups", "aria-label": kind === "Topic" ? "Search topics" : "Search groups", autocomplete: "off", spellcheck: "false"}),
      chips(sync, kind)),
    h("div", {class: "card tablewrap", tabindex: "0", role: "region", "aria-label": kind === "Topic" ? "Topics" : "Consumer groups"},
      h("table", {class: "list"}, h("thead", {}, h("tr", {}, sorter("name", "Name"), sorter("state", "State"), h("th", {scope: "col"}, "Settings"), h("th", {scope: "col"}, "Why"))),
        h("tbody", {}, lines.length ? lines : h("tr", {"data-key": "none"}, h("td", {colspan: 4, class: "empty"}, rows ? "Nothing matches." : "Loading …"))))),
    pager()];
}

function created() {
  const lines = changes ? changes.changes : [];
  return [h("p", {class: "dim"}, "The newest entries of this destination's journal, newest first. ", h("code", {}, "mqferry journal"), " has them all."),
    h("div", {class: "card tablewrap", tabindex: "0", role: "region", "aria-label": "Created"},
      h("table", {class: "list"}, h("thead", {}, h("tr", {}, ["When", "What", "Name", "Outcome", "By"].map(name => h("th", {scope: "col"}, name)))),
        h("tbody", {}, lines.length ? lines.map(one => h("tr", {}, h("td", {class: "num"}, when(one.time)), h("td", {}, one.kind === "Topic" ? "topic" : "group"), h("th", {scope: "row"}, one.name),
          h("td", {}, h("span", {class: one.event === "failed" ? "state s-failed" : "state s-inSync"}, one.event), one.cause ? ` ${one.cause}` : "", one.requestId ? h("div", {class: "dim mono wrap"}, one.requestId) : ""),
          h("td", {class: "dim"}, one.sync || "a command"))) : h("tr", {}, h("td", {colspan: 5, class: "empty"}, changes ? "Nothing was created yet." : "Loading …")))))];
}

function syncPage(sync) {
  const kind = KINDS[route.tab];
  const counts = {topics: ((sync.summary || {}).Topic || {}).declared, groups: ((sync.summary || {}).ConsumerGroup || {}).declared};
  return [h("p", {class: "crumb"}, h("a", {href: "#/"}, "All syncs")),
    h("div", {class: "row between"}, h("h1", {class: "wrap"}, sync.name), pill(health(sync))),
    h("nav", {class: "tabs", "aria-label": "Views of this sync"}, TABS.map(([tab, label]) =>
      h("a", {href: link(sync.name, tab), "aria-current": tab === route.tab ? "page" : null}, label, counts[tab] !== undefined ? h("span", {class: "num dim"}, ` ${count(counts[tab])}`) : ""))),
    kind ? list(sync, kind) : route.tab === "changes" ? created() : cutover(sync)];
}

// --- all of it

function titles() {
  const bad = status.syncs.filter(sync => sync.error).length, at = status.syncs.filter(sync => sync.parity).length, all = status.syncs.length;
  const word = bad ? `${bad} of ${all} failing` : at === all ? all === 1 ? "at parity" : `all ${all} at parity` : `${at} of ${all} at parity`;
  const tone = bad || status.configuration.error ? "bad" : at === all ? "good" : "warn";
  const overall = document.getElementById("overall");
  if (overall.textContent !== word || overall.firstChild.className !== `pill ${tone}`) overall.replaceChildren(pill([tone, word]));
  document.title = `${route.sync ? `${route.sync} · ` : ""}${word} · mqferry`;
  document.getElementById("program").textContent = `mqferry ${status.program}, up ${duration((now() - Date.parse(status.startedAt)) / 1000)}`;
}

function render() {
  const offline = document.getElementById("offline");
  offline.hidden = !problem;
  if (problem && offline.textContent !== problem) offline.textContent = problem;
  if (!status) return;
  titles();
  const sync = route.sync && status.syncs.find(one => one.name === route.sync);
  const content = !route.sync ? overview() : sync ? syncPage(sync) : [h("p", {class: "crumb"}, h("a", {href: "#/"}, "All syncs")), h("p", {class: "empty"}, `There is no sync named ${route.sync} (any more).`)];
  morph(document.getElementById("main"), h("main", {id: "main", tabindex: "-1"}, content));
}

function link(sync, tab, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `#/${encodeURIComponent(sync)}/${tab}${text ? `?${text}` : ""}`;
}

function readRoute() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [sync, tab] = path.split("/").map(part => { try { return decodeURIComponent(part); } catch { return part; } });
  return {sync: sync || "", tab: TABS.some(([name]) => name === tab) ? tab : "cutover", query: Object.fromEntries(new URLSearchParams(query || ""))};
}

// What was typed a moment ago counts, whatever else is changed.
function change(query) {
  clearTimeout(typing);
  const merged = {...route.query, page: "", ...(typed === null ? {} : {q: typed}), ...query};
  typed = null;
  for (const key of Object.keys(merged)) if (!merged[key]) delete merged[key];
  history.replaceState(null, "", link(route.sync, route.tab, merged));
  navigate();
}

function navigate() {
  const before = route;
  route = readRoute();
  if (before && (before.sync !== route.sync || before.tab !== route.tab)) {
    rows = typed = null;
    if (before.sync !== route.sync) changes = null;
    open.clear();
    scrollTo(0, 0);
    document.getElementById("main").focus({preventScroll: true});
  }
  render();
  refresh();
}

// --- the server

async function fetchJson(path) {
  const answer = await fetch(path, {cache: "no-cache", headers: {Accept: "application/json"}});
  const date = Date.parse(answer.headers.get("Date"));
  if (date && Math.abs(date - Date.now()) > 1500) skewMs = date - Date.now();
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ? body.error.message : `the answer is ${answer.status}`);
  return body;
}

function rowsPath() {
  const query = new URLSearchParams({kind: KINDS[route.tab]});
  for (const name of ["state", "result", "q", "sort", "page", "size"]) if (route.query[name]) query.set(name, route.query[name]);
  return `/v1/syncs/${encodeURIComponent(route.sync)}?${query}`;
}

async function refresh() {
  clearTimeout(poll);
  const path = !route.sync ? "" : KINDS[route.tab] ? rowsPath() : `/v1/syncs/${encodeURIComponent(route.sync)}/changes`;
  const mine = asked = path + " " + Math.random();
  try {
    const [fresh, more] = await Promise.all([fetchJson("/v1/status"), path && fetchJson(path).catch(error => ({error}))]);
    if (mine !== asked) return;
    status = fresh;
    problem = null;
    if (KINDS[route.tab] && more && more.resources) rows = more;
    if (more && more.changes) changes = more;
    if (more && more.error && status.syncs.some(one => one.name === route.sync)) problem = more.error.message;
    document.getElementById("fresh").textContent = "live";
  } catch (error) {
    if (mine !== asked) return;
    problem = `The daemon does not answer (${error.message}). What is shown is what it said last.`;
    document.getElementById("fresh").textContent = "";
  }
  render();
  document.documentElement.dataset.loaded = "true";
  poll = setTimeout(refresh, document.hidden ? SLOW_POLL_MS : POLL_MS);
}

// --- people

document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if (data.open !== undefined) {
    open.has(data.open) ? open.delete(data.open) : open.add(data.open);
    render();
  } else if (data.state) {
    const chosen = new Set((route.query.state || "").split(",").filter(Boolean));
    chosen.has(data.state) ? chosen.delete(data.state) : chosen.add(data.state);
    change({state: [...chosen].join(",")});
  } else if (data.result !== undefined) change({result: ""});
  else if (data.sort) change({sort: data.sort === "name" ? "" : data.sort});
  else if (data.page) change({page: data.page === "1" ? "" : data.page});
  else if (button.id === "theme") setTheme({auto: "light", light: "dark", dark: "auto"}[theme()]);
});
document.addEventListener("input", event => {
  if (event.target.id !== "q") return;
  clearTimeout(typing);
  typed = event.target.value;
  typing = setTimeout(() => change({}), SEARCH_MS);
});
document.addEventListener("change", event => { if (event.target.id === "size") change({size: event.target.value === "100" ? "" : event.target.value}); });
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
  const search = document.getElementById("q");
  if (search) { event.preventDefault(); search.focus(); }
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
addEventListener("hashchange", navigate);

const theme = () => document.documentElement.dataset.theme || "auto";

function setTheme(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  document.getElementById("theme").textContent = `Theme: ${name}`;
  try { localStorage.setItem("theme", name); } catch { /* not kept then */ }
}

try { setTheme(["light", "dark"].includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto"); } catch { setTheme("auto"); }
navigate();
