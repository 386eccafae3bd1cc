"use strict";
// The trial page: two chats over long polls. The server keeps all of it; a reload shows the same again.
const words = document.getElementById("words").dataset;
const timeZone = words.zone;
const clock = new Intl.DateTimeFormat("id", { hour: "2-digit", minute: "2-digit", timeZone });
const date = new Intl.DateTimeFormat("id", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone });
const dayOf = (at) => new Intl.DateTimeFormat("sv", { timeZone }).format(at);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
const make = (tag, name, ...inside) => { const e = document.createElement(tag); if (name) e.className = name; e.append(...inside); return e; };
const icon = (name) => { const s = document.createElementNS("http://www.w3.org/2000/svg", "svg"), u = document.createElementNS(s.namespaceURI, "use"); u.setAttribute("href", "#" + name); s.append(u); return s; };

// Only b, i, code and a (to http) survive, whatever a message holds.
function formatted(html) {
  const clean = (from, to) => from.childNodes.forEach((node) => {
    if (node.nodeType === Node.TEXT_NODE) return to.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const tag = node.localName;
    if (!["b", "i", "code", "a"].includes(tag)) return clean(node, to);
    const kept = to.appendChild(document.createElement(tag));
    if (tag === "a" && /^https?:/.test(node.getAttribute("href") || "")) Object.assign(kept, { href: node.getAttribute("href"), target: "_blank", rel: "noopener noreferrer" });
    clean(node, kept);
  });
  const out = make("div", "words");
  clean(new DOMParser().parseFromString(html, "text/html").body, out);
  return out;
}

class Chat {
  constructor(root, tab, officer = () => "") {
    Object.assign(this, { root, tab, officer, list: root.querySelector(".chat"), mood: root.querySelector(".mood"), hello: root.querySelector(".hello"), box: root.querySelector("textarea") });
    root.querySelector("form").addEventListener("submit", (e) => { e.preventDefault(); this.sendText(); });
    this.box.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); this.sendText(); }
    });
    this.box.addEventListener("input", () => this.grow());
    root.addEventListener("click", (e) => {
      const b = e.target.closest("[data-say]"), code = e.target.closest(".words code");
      if (b) this.say({ text: b.dataset.say });
      else if (code?.textContent.startsWith("/")) this.draft(code.textContent);
    });
    root.querySelectorAll("input[type=file]").forEach((i) => i.addEventListener("change", () => { this.upload([...i.files]); i.value = ""; }));
    if (root.querySelector("input[type=file]")) {
      root.addEventListener("dragover", (e) => e.preventDefault());
      root.addEventListener("drop", (e) => { e.preventDefault(); this.upload([...e.dataTransfer.files]); });
      root.addEventListener("paste", (e) => { if (e.clipboardData.files.length) { e.preventDefault(); this.upload([...e.clipboardData.files]); } });
    }
    this.begin();
  }

  begin() {
    this.turn?.abort();
    this.turn = new AbortController();
    Object.assign(this, { after: "", shown: new Map(), labels: new Map(), day: "", first: true });
    this.list.replaceChildren();
    this.typing(false);
    this.follow(this.turn.signal);
  }

  get query() { return this.officer() ? "sebagai=" + encodeURIComponent(this.officer()) : ""; }

  async follow(signal) {
    while (!signal.aborted) {
      try {
        // The first look returns at once with what there is; an empty chat says hello meanwhile.
        if (this.first) setTimeout(() => this.greet(), 400);
        const answer = await fetch(`/coba/pesan?after=${this.after}&${this.query}`, { signal, cache: "no-store" });
        if (answer.status === 403 || answer.status === 404) return location.reload();
        if (!answer.ok) throw new Error(answer.status);
        const { lines, after } = await answer.json();
        if (signal.aborted) return;
        this.after = after;
        this.online(true);
        const seen = new Set(this.shown.keys());
        lines.forEach((line) => this.show(line));
        if (lines.length) { this.greet(); this.settle(lines.find((line) => !line.mine && !seen.has(line.id))); this.first = false; }
      } catch (error) {
        if (signal.aborted) return;
        this.online(false);
        await wait(1500);
      }
    }
  }

  greet() { this.hello.hidden = this.list.childElementCount > 0; }
  online(yes) { this.lost = !yes; this.feel(); }
  feel() { this.mood.textContent = this.lost ? this.mood.dataset.lost : this.dots ? this.mood.dataset.busy : this.mood.dataset.rest; }

  typing(yes) {
    this.dots?.remove();
    this.dots = null;
    clearTimeout(this.patience);
    if (yes) {
      this.dots = this.list.appendChild(make("li", "typing", make("i"), make("i"), make("i")));
      this.patience = setTimeout(() => this.typing(false), 20000);
    }
    this.feel();
  }

  // --- showing -------------------------------------------------------------------------------------

  show(line) {
    const known = this.shown.get(line.id);
    if (known) { if (line.mine) this.mark(known, "done"); return; }
    if (!line.mine) this.typing(false);
    const li = line.mine ? this.mine(line) : this.theirs(line);
    this.shown.set(line.id, li);
    this.place(li, line.at);
    if (line.mine) this.mark(li, "done");
    else if (!this.first && getComputedStyle(this.root).display === "none") this.tab.querySelector("i").hidden = false;
  }

  place(li, at) {
    const day = dayOf(at);
    if (day !== this.day) {
      this.day = day;
      const now = Date.now();
      this.list.append(make("li", "day", day === dayOf(now) ? words.today : day === dayOf(now - 864e5) ? words.yesterday : date.format(at)));
    }
    li.querySelector("time").textContent = clock.format(at);
    this.list.append(li);
    if (this.dots) this.list.append(this.dots);
    this.hello.hidden = true;
  }

  mine(line) {
    const foot = make("div", "foot", make("time"), make("span", "tick"));
    const bubble = make("div", "bubble");
    if (line.file) bubble.append(this.sent(line));
    const text = line.choice ? this.chose(line.choice) : line.text;
    if (text) bubble.append(make("div", "words", text));
    bubble.append(foot);
    return make("li", "line me", bubble);
  }

  sent({ id, file, url }) {
    const link = make("a", file.kind === "photo" ? "picture" : "paper");
    Object.assign(link, { href: url || "/coba/unggahan/" + id, target: "_blank", rel: "noopener" });
    if (file.kind !== "photo") { link.append(icon("paper"), make("span", "", file.name || words.file)); return link; }
    const image = Object.assign(document.createElement("img"), { src: link.href, alt: words.photo, loading: "lazy" });
    image.addEventListener("error", () => { link.className = "paper"; link.replaceChildren(icon("camera"), make("span", "", file.name || words.photo)); });
    image.addEventListener("load", () => this.scroll());
    link.append(image);
    return link;
  }

  theirs(line) {
    const bubble = make("div", "bubble");
    line.files.forEach((file, n) => bubble.append(this.attached(file, `/coba/berkas/${line.row}/${n}?${this.query}`)));
    if (line.html) bubble.append(formatted(line.html));
    if (line.table) bubble.append(this.table(line.table));
    if (line.after) bubble.append(formatted(line.after));
    bubble.append(make("div", "foot", make("time")));
    const li = make("li", "line", bubble);
    if (line.buttons.length) {
      this.list.querySelectorAll(".line.asks").forEach((e) => e.classList.add("old"));
      li.classList.add("asks");
      li.append(make("div", line.buttons.length > 6 ? "buttons many" : "buttons", ...line.buttons.map(([choice, label]) => this.button(choice, label))));
    }
    return li;
  }

  button(choice, label) {
    this.labels.set(choice, label);
    const b = make("button", "", label);
    b.type = "button";
    b.dataset.choice = choice;
    b.addEventListener("click", () => this.say({ choice }));
    return b;
  }

  chose(choice) {
    const all = this.list.querySelectorAll(`[data-choice="${CSS.escape(choice)}"]`);
    all.forEach((b) => b.classList.add("chosen"));
    return this.labels.get(choice) || choice.replace(/^cmd:\/?/, "/");
  }

  attached(file, url) {
    const link = Object.assign(make("a", "picture " + file.kind), { href: url, target: "_blank", rel: "noopener" });
    const paper = () => {
      link.className = "paper";
      link.replaceChildren(icon("paper"), make("span", "", make("b", "", file.name || words.file), make("small", "", words.open)));
    };
    if (file.kind === "letter") { paper(); return link; }
    // A document may be a photo or a PDF: what does not load as a picture is shown as a paper.
    const image = Object.assign(document.createElement("img"), { src: url, alt: file.name || words.file });
    image.addEventListener("load", () => this.scroll());
    image.addEventListener("error", paper);
    link.append(image);
    return link;
  }

  // A row that begins with a request's number opens that request.
  table({ keys, columns, rows }) {
    const head = make("tr", "", ...columns.map((c) => make("th", "", c)));
    const body = rows.map((row) => make("tr", "", ...row.map((cell) => make("td", "", String(cell)))));
    if (keys[0] === "number") body.forEach((tr, n) => { tr.dataset.say = "/lihat " + rows[n][0]; });
    return make("div", "table", make("table", "", make("thead", "", head), make("tbody", "", ...body)));
  }

  // What is taller than the window is read from its beginning.
  settle(newest) {
    const li = newest && this.shown.get(newest.id);
    if (this.first || !li || !this.officer() || this.list.scrollHeight - li.offsetTop < this.list.clientHeight) return this.scroll(this.first);
    this.list.scrollTo({ top: li.offsetTop - 10, behavior: "smooth" });
  }

  scroll(jump) {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    if (jump || scrollHeight - scrollTop - clientHeight < 900) this.list.scrollTo({ top: scrollHeight, behavior: jump ? "auto" : "smooth" });
  }

  // A command in an answer can be tapped: it is written into the box, its blanks are left to fill in.
  draft(text) {
    const blank = text.search(/\s\p{Lu}{2,}(\s|$)/u);
    this.box.value = blank < 0 ? text : text.slice(0, blank + 1);
    this.box.focus();
    this.grow();
  }

  // --- saying --------------------------------------------------------------------------------------

  grow() { this.box.style.height = "auto"; this.box.style.height = Math.min(this.box.scrollHeight + 2, 132) + "px"; }

  sendText() {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.grow();
    this.box.focus();
    this.say({ text });
  }

  say(said) {
    const id = fresh();
    const body = JSON.stringify({ id, ...said, sebagai: this.officer() });
    this.hand({ id, mine: true, ...said }, () => fetch("/coba/kirim", { method: "POST", headers: { "Content-Type": "application/json" }, body }));
  }

  async upload(files) {
    const album = files.length > 1 ? fresh() : "";
    for (const file of files) {
      const id = fresh(), kind = file.type.startsWith("image/") ? "photo" : "file";
      const headers = { "Content-Type": file.type || "application/octet-stream", "X-Id": id, "X-Name": encodeURIComponent(file.name), "X-Album": album };
      await this.hand({ id, mine: true, file: { kind, name: file.name }, url: URL.createObjectURL(file) }, () => fetch("/coba/unggah", { method: "POST", headers, body: file }));
    }
  }

  async hand(line, post) {
    const li = this.mine(line);
    this.shown.set(line.id, li);
    this.place(li, Date.now());
    if (!this.officer()) this.list.querySelectorAll(".asks").forEach((e) => e.classList.add("old"));
    this.typing(true);
    this.scroll(true);
    const attempt = async () => {
      li.classList.remove("bad");
      li.querySelector(".note")?.remove();
      try {
        const answer = await post();
        if (!answer.ok) throw answer;
        this.mark(li, "kept");
      } catch (error) {
        this.typing(false);
        li.classList.add("bad");
        li.append(make("div", "note", error.status === 413 ? words.refused : words.failed));
        if (error.status !== 413) li.querySelector(".bubble").addEventListener("click", attempt, { once: true });
      }
    };
    await attempt();
  }

  mark(li, how) {
    const tick = li.querySelector(".tick");
    if (how === "done" || !tick.classList.contains("done")) tick.className = "tick " + how;
  }
}

const tabs = [...document.querySelectorAll("[data-tab]")];
const choose = (name) => {
  document.body.dataset.show = name;
  tabs.forEach((t) => { t.setAttribute("aria-selected", t.dataset.tab === name); if (t.dataset.tab === name) t.querySelector("i").hidden = true; });
  chats[name].scroll(true);
};
const acting = () => document.querySelector("input[name=officer]:checked").value;
const remembered = [...document.querySelectorAll("input[name=officer]")].find((i) => i.value === sessionStorage.getItem("petugas"));
if (remembered) remembered.checked = true;
const chats = {
  warga: new Chat(document.getElementById("warga"), tabs[0]),
  petugas: new Chat(document.getElementById("petugas"), tabs[1], acting),
};
tabs.forEach((t) => t.addEventListener("click", () => choose(t.dataset.tab)));
document.querySelectorAll("input[name=officer]").forEach((i) => i.addEventListener("change", () => { sessionStorage.setItem("petugas", acting()); chats.petugas.begin(); }));
document.querySelector("[data-fresh]").addEventListener("click", async () => {
  if (confirm(words.fresh)) { await fetch("/coba/baru", { method: "POST" }); location.reload(); }
});
