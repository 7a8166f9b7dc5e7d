// What was typed and came back unsent, because the session or the signal was gone: put in again on the page of the form. It is kept
// in this tab alone, for the person who typed it, until that page or any other is seen; where it was sent, nothing is put in.
const NAME = "fengxing-typed", person = document.body.dataset.person;
const between = /^\/(sign-in|offline|first-steps|I\/)/.test(location.pathname);

/** Remember what a form holds at the moment it is sent. */
export function remember(form) {
  if (!person || !form.querySelector("textarea")) return;
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && form.elements.namedItem(name)?.type !== "hidden");
  try { sessionStorage.setItem(NAME, JSON.stringify({ person, action: form.getAttribute("action"), fields })); } catch { /* full: as without */ }
}

export const forgetTyped = () => sessionStorage.removeItem(NAME);

function putIn({ action, fields }) {
  const form = [...document.forms].find((each) => each.getAttribute("action") === action);
  for (const [name, value] of form ? fields : []) {
    const field = form.elements.namedItem(name);
    if (field && field.type !== "checkbox" && !field.value) field.value = value; // agreeing is done anew
  }
  form?.closest("details")?.setAttribute("open", "");
}

try {
  const typed = JSON.parse(sessionStorage.getItem(NAME));
  if (typed && between) sessionStorage.setItem(NAME, JSON.stringify({ ...typed, unsent: true }));
  else if (typed) {
    forgetTyped();
    if (typed.unsent && typed.person === person) putIn(typed);
  }
} catch { /* no such storage */ }
