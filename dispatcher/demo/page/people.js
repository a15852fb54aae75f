// Who can be who, and who is chosen.

import { ask, byId, chosen, make } from "./dom.js";

const names = new Map();
let known = "";

export const nameOf = (house, id) => names.get(`${house}/${id}`)?.name ?? id ?? "nobody";

/** The list anew, if it has changed. The choice stays, or is the address's. */
export async function lookAtPeople() {
  const houses = await ask("/api/houses");
  if (JSON.stringify(houses) === known) return;
  known = JSON.stringify(houses);
  const before = chosen() || decodeURIComponent(location.hash.slice(1));
  byId("person").replaceChildren(...houses.map((house) =>
    make("optgroup", { label: house.name }, ...house.people.map((person) => {
      names.set(`${house.id}/${person.id}`, person);
      return make("option", { value: `${house.id}/${person.id}` }, person.name);
    }))));
  if (names.has(before)) byId("person").value = before;
  become();
}

/** What on the page is for the chosen person. */
export function become() {
  const person = encodeURIComponent(chosen());
  byId("habit").textContent = names.get(chosen())?.habit ?? "";
  byId("preferences").href = `/go/preferences?person=${person}`;
  const bell = make("postbell-inbox", {
    "token-url": `/api/token?person=${person}`, "preferences-url": `/go/preferences?person=${person}`, "title-badge": "",
  });
  byId("bell").replaceChildren(bell);
}
