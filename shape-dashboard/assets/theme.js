// Light or dark: as the system says, or as chosen here and remembered.

const KEY = "shape-theme";
const CHOICES = ["system", "light", "dark"];
const listeners = [];

function read() {
  try {
    const choice = localStorage.getItem(KEY);
    return CHOICES.includes(choice) ? choice : "system";
  } catch {
    return "system";
  }
}

function show(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  const button = document.getElementById("theme");
  if (button) {
    button.textContent = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" }[choice];
  }
  for (const listener of listeners) listener();
}

export function onTheme(listener) {
  listeners.push(listener);
}

show(read());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(read()));
document.getElementById("theme").addEventListener("click", () => {
  const next = CHOICES[(CHOICES.indexOf(read()) + 1) % CHOICES.length];
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that stores nothing still switches.
  }
  show(next);
});
