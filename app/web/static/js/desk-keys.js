// The case desk by keyboard: J/K and Enter in the list; 1–9, Enter, M, G, R and Esc on a case. Nothing here works without its button.
const hint = document.querySelector("[data-keys]");
const typing = (target) => target.closest("input:not([type=radio]), textarea, select, [contenteditable]");

if (hint && matchMedia("(hover: hover)").matches) hint.hidden = false;

function step(by) {
  const links = [...document.querySelectorAll("main .cells a")];
  const next = links.indexOf(document.activeElement) + by;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}

function open(id) {
  const question = document.getElementById(id);
  if (!question) return;
  question.open = true;
  question.querySelector("input:not([type=hidden]), textarea, select")?.focus();
}

const accept = document.querySelector("form[action$='/accept']");
const LIST = { j: () => step(1), k: () => step(-1) };
const CASE = {
  m: () => open("merge"),
  g: () => open("reassign"),
  r: () => open("reject"),
  Escape: () => document.querySelector("header.top > a").click(),
  Enter: () => accept?.requestSubmit(),
};

addEventListener("keydown", (event) => {
  if (!hint || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const grade = /^[1-9]$/.test(event.key) && accept?.querySelectorAll("[name=grade]")[event.key - 1];
  const act = grade ? () => { grade.checked = true; grade.focus(); } : (hint.dataset.keys === "list" ? LIST : CASE)[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
