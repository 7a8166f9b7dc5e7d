// The list of what is still on this phone: what, when, and why it waits; what another rider left waits sealed; what was lost is said.
import { drop, flush, forgetLost, items, lost, othersCount } from "./outbox.js";

const list = document.querySelector("[data-outbox]");
const person = document.body.dataset.person;
const when = (at) => new Date(at).toLocaleString(document.documentElement.lang, { timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });

function row(item) {
  const line = document.getElementById("outbox-row").content.firstElementChild.cloneNode(true);
  line.querySelector("[data-what]").textContent = list.dataset[item.kind === "checkin" ? "checkin" : "report"];
  line.querySelector("[data-when]").textContent = when(item.madeAt);
  const state = line.querySelector("[data-is]");
  state.textContent = item.refused ?? list.dataset.saved;
  state.classList.toggle("bad", Boolean(item.refused));
  const button = line.querySelector("button");
  button.hidden = !item.refused;
  button.addEventListener("click", async () => { await drop(item.key); show(); });
  return line;
}

async function show() {
  const mine = (await items(person)).sort((a, b) => a.madeAt - b.madeAt);
  list.replaceChildren(...mine.map(row));
  list.hidden = !mine.length;
  document.querySelector("[data-none]").hidden = mine.length > 0;
  document.querySelector("[data-send]").hidden = !mine.some((item) => !item.refused);
  const others = await othersCount(person), sealed = document.querySelector("[data-sealed]");
  sealed.hidden = !others;
  sealed.textContent = sealed.dataset.sealed.replace("{n}", others);
  const gone = await lost(person), box = document.querySelector("[data-gone]");
  box.hidden = !gone.length;
  box.querySelector("p").textContent = box.dataset.gone.replace("{n}", gone.length).replace("{when}", gone.map((note) => when(note.madeAt)).join("，"));
  const safe = await navigator.storage?.persisted?.().catch(() => false);
  document.querySelector("[data-safe]").textContent = document.querySelector("[data-safe]").dataset[safe ? "yes" : "no"];
}

document.querySelector("[data-send]").addEventListener("click", () => flush(person).then(show));
document.querySelector("[data-gone] button").addEventListener("click", () => { forgetLost(person); show(); });
document.addEventListener("outbox-sent", () => location.reload()); // the server has just answered; if it is gone again, the kept page comes
if (person) show();
