// Elements from values. Text goes in as text: nothing here ever parses markup.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "vars") {
      // Through the CSSOM, which `style-src 'self'` permits; a style attribute it would not.
      for (const [key, number] of Object.entries(value)) element.style.setProperty(key, String(number));
    } else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// A badge says its tone three ways: by shape, by colour and by its words.
export function badge({ text, tone }, extra) {
  return h("span", { class: `badge ${extra ?? ""}`, "data-tone": tone }, h("i", { class: "shape", "aria-hidden": "true" }), text);
}

export function awaited(text) {
  return h("p", { class: "awaited" }, text);
}

export function fields(list, extra) {
  return h("dl", { class: `fields ${extra ?? ""}` }, list.map(({ name, value }) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export function bar(permille, tone, label) {
  return h("span", { class: "bar", "data-tone": tone, vars: { "--length": permille }, role: label ? "img" : null, "aria-label": label });
}

// What was open stays open over a redraw: the key names it.
const open = new Map();
export function fold(key, summary, content, isOpenAtFirst) {
  const details = h("details", { open: open.get(key) ?? isOpenAtFirst }, h("summary", {}, summary), content);
  details.addEventListener("toggle", () => open.set(key, details.open));
  return details;
}

// Redraws a section only when what it shows has changed, and keeps the focus where it was.
const shown = new Map();
export function redraw(id, value, draw) {
  const text = JSON.stringify(value);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  const place = document.getElementById(id);
  const focus = place.contains(document.activeElement) ? document.activeElement : null;
  const focusable = "a[href], button, summary, select, [tabindex]";
  const at = focus ? [...place.querySelectorAll(focusable)].indexOf(focus) : -1;
  place.replaceChildren(...[draw(value)].flat());
  if (at >= 0) place.querySelectorAll(focusable)[at]?.focus({ preventScroll: true });
}
