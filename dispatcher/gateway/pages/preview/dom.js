// Elements of the preview: those of the inbox, with lists for children.

import { make } from "../inbox/dom.js";

/** An element; children that are nothing are left out. */
export const h = (tag, attributes = {}, ...children) => make(tag, attributes, ...children.flat().filter(Boolean));

/** Puts `children` in place of what is there. */
export const place = (container, ...children) => container.replaceChildren(...children.flat().filter(Boolean));

/** Calls `act` when nothing has been asked for `pause` milliseconds. */
export function settled(act, pause = 250) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}
