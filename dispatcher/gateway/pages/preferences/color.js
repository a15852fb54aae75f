// The tenant's colour, where it can be read: made darker or lighter until it stands out enough.

const CONTRAST = 4.5;

const channels = color => [1, 3, 5].map(at => parseInt(color.slice(at, at + 2), 16));

// Relative luminance and contrast, WCAG 2.2.
function luminance(rgb) {
  const [red, green, blue] = rgb.map(value => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function standingOut(rgb, ground) {
  const end = luminance(ground) > 0.5 ? 0 : 255;
  let shade = rgb;
  for (let step = 0; step < 20 && contrast(shade, ground) < CONTRAST; step += 1) {
    shade = shade.map(value => value + (end - value) * 0.12);
  }
  return shade;
}

/** Wears `color` (#rrggbb or null) instead of ours, in light and in dark. */
export function wearColor(color) {
  if (!color) return;
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const wear = () => {
    const strong = standingOut(channels(color), isDark.matches ? [22, 27, 38] : [243, 244, 246]);
    const onStrong = contrast(strong, [255, 255, 255]) >= CONTRAST ? "#fff" : "#0b0f17";
    const style = document.documentElement.style;
    style.setProperty("--strong", `rgb(${strong.map(Math.round).join(" ")})`);
    style.setProperty("--on-strong", onStrong);
  };
  isDark.addEventListener("change", wear);
  wear();
}
