// A text area with line numbers, some of which are marked.

/** `changed` is called after each change by hand. */
export function editor(area, numbers, changed) {
  let marked = new Set();

  function number() {
    const count = area.value.split("\n").length;
    numbers.replaceChildren(...Array.from({ length: count }, (_, index) => {
      const line = document.createElement("span");
      line.textContent = index + 1;
      line.classList.toggle("marked", marked.has(index + 1));
      return line;
    }));
    numbers.scrollTop = area.scrollTop;
  }

  area.addEventListener("input", () => {
    number();
    changed();
  });
  area.addEventListener("scroll", () => { numbers.scrollTop = area.scrollTop; });
  return {
    text: () => area.value,
    write(text) {
      area.value = text.trimEnd();
      area.rows = Math.min(Math.max(area.value.split("\n").length + 1, 6), 20);
      number();
    },
    mark(lines) {
      marked = new Set(lines);
      area.setAttribute("aria-invalid", marked.size > 0);
      number();
    },
  };
}
