// Bars of days, drawn as SVG; what they show is in the table below them too.

import { countOf, say } from "./said.js";

const SVG = "http://www.w3.org/2000/svg";
/** From the ground up. */
const PARTS = ["reached", "pending", "skipped", "failed"];
const WIDTH = 320, HEIGHT = 120, LEFT = 34, BOTTOM = 18, TOP = 8;

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An even number that is easily read and no less than `most`. */
function roundUp(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(most, 10)));
  return [0.2, 0.4, 0.6, 1, 2, 3, 4, 6, 8, 10].map(step => step * size).find(step => step >= most);
}

/** `days` are {label, parts}; parts is missing where nothing happened. `said` is the chart in a sentence. */
export function bars(days, said) {
  const total = parts => PARTS.reduce((sum, part) => sum + (parts?.[part] ?? 0), 0);
  const most = roundUp(Math.max(...days.map(day => total(day.parts)), 1));
  const wide = (WIDTH - LEFT) / days.length;
  const high = HEIGHT - BOTTOM - TOP;
  const chart = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said });
  for (const share of [0, 0.5, 1]) {
    const y = TOP + high * (1 - share);
    chart.append(draw("line", { class: "rule", x1: LEFT, x2: WIDTH, y1: y, y2: y }),
      draw("text", { class: "scale", x: LEFT - 5, y: y + 3.5, "text-anchor": "end" }, countOf(most * share)));
  }
  days.forEach((day, at) => {
    let y = TOP + high;
    const bar = draw("g", {}, draw("title", {}, [day.label, ...PARTS.filter(part => day.parts?.[part]).map(part => `${say(`part.${part}`)}: ${countOf(day.parts[part])}`)].join("\n")),
      draw("rect", { class: "day", x: LEFT + at * wide, y: TOP, width: wide, height: high }));
    for (const part of PARTS) {
      const height = high * (day.parts?.[part] ?? 0) / most;
      if (!height) continue;
      y -= height;
      bar.append(draw("rect", { class: part, x: LEFT + at * wide + wide * 0.12, y, width: wide * 0.76, height }));
    }
    chart.append(bar);
  });
  for (const at of new Set([0, Math.floor((days.length - 1) / 2), days.length - 1])) {
    const anchor = at === 0 ? "start" : at === days.length - 1 ? "end" : "middle";
    const x = LEFT + (at === 0 ? 0 : at === days.length - 1 ? days.length : at + 0.5) * wide;
    chart.append(draw("text", { class: "scale", x, y: HEIGHT - 4, "text-anchor": anchor }, days[at].label));
  }
  return chart;
}
