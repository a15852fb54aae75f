// What a change would do, told before it is made.

import { foresee } from "./api.js";
import { settled } from "./dom.js";
import { exampleOf, say } from "./said.js";

/** A function that tells in `element` what changes would do, once they are asked for no more. */
export function foreseeing(element) {
  let last;
  return settled(async changes => {
    const mine = last = {};
    const said = await foresee(changes).then(effect => say("would", { example: exampleOf(effect) }), error => error.message);
    // An answer that was overtaken is of no use.
    if (mine === last) element.textContent = said;
  });
}
