// How it looks. As text, for a constructed sheet needs no permission of the page's policy.
//
// A page sets --postbell-… on the element, or styles ::part(bell), badge, panel, header, tab, filter,
// list, item, title, body, image, action, deed, empty, choices, undo, trouble, footer, pushes,
// preferences, toasts and toast. Light or dark is what the page is (color-scheme), unless theme="…" says.

export const style = `
:host {
  --accent: var(--postbell-accent, light-dark(#1d4ed8, #9dbaff));
  --on-accent: var(--postbell-on-accent, light-dark(#fff, #0b0f17));
  --badge: var(--postbell-badge, light-dark(#c81e1e, #ff9b92));
  --on-badge: var(--postbell-on-badge, light-dark(#fff, #2a0907));
  --ground: var(--postbell-ground, light-dark(#fff, #171c27));
  --hover: var(--postbell-hover, light-dark(#f3f4f6, #222938));
  --tint: var(--postbell-tint, light-dark(#eef3fe, #1b2439));
  --line: var(--postbell-line, light-dark(#e2e5ea, #303848));
  --text: var(--postbell-text, light-dark(#1f2937, #e8eaef));
  --quiet: var(--postbell-quiet, light-dark(#525c6b, #a7b0bf));
  --shade: 0 0 0 1px light-dark(rgb(15 23 42 / 6%), #333c4e), 0 16px 40px light-dark(rgb(15 23 42 / 20%), rgb(0 0 0 / 60%));
  --radius: var(--postbell-radius, .875rem);
  display: inline-block;
  font: .9375rem/1.45 var(--postbell-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, p, ul { margin: 0; padding: 0; }
button, select { font: inherit; color: inherit; }
button { border: 0; background: none; cursor: pointer; padding: 0; text-align: start; }
button:disabled { opacity: .5; cursor: default; }
svg { display: block; inline-size: 1.25rem; block-size: 1.25rem; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .375rem; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.bell { position: relative; display: grid; place-items: center; inline-size: 2.75rem; block-size: 2.75rem; border-radius: 50%; transition: background .15s; }
.bell:hover, .bell[aria-expanded="true"] { background: color-mix(in srgb, currentColor 10%, transparent); }
.bell:focus-visible { border-radius: 50%; }
.bell svg { inline-size: 1.5rem; block-size: 1.5rem; }
.badge { position: absolute; inset-block-start: .2rem; inset-inline-start: 55%; min-inline-size: 1.2rem; padding-inline: .3rem; border-radius: 99px; background: var(--badge); color: var(--on-badge); font: 700 .6875rem/1.2rem var(--postbell-font, system-ui, sans-serif); text-align: center; }

dialog { inset: auto; left: var(--left); top: var(--top); bottom: var(--bottom); margin: 0; padding: 0; border: 0; inline-size: min(var(--postbell-width, 26rem), 100vw - 1rem); block-size: min(var(--postbell-height, 38rem), var(--room)); max-block-size: none; border-radius: var(--radius); background: var(--ground); color: var(--text); box-shadow: var(--shade); overflow: hidden; outline: 0; }
dialog:focus-visible { outline: 0; border-radius: var(--radius); }
dialog::backdrop { background: none; }
dialog[open] { display: flex; animation: appear .14s ease-out; }
@keyframes appear { from { opacity: 0; transform: translateY(-.375rem); } }
.sheet { position: relative; display: flex; flex-direction: column; inline-size: 100%; min-block-size: 0; }

.header { display: flex; align-items: center; gap: .25rem; padding-block: .75rem .25rem; padding-inline: 1.125rem .75rem; }
.header > .deed:first-child { margin-inline: -.5rem .25rem; }
.header:dir(rtl) > .deed:first-child svg { transform: scaleX(-1); }
h2 { flex: 1; font-size: 1.125rem; line-height: 1.3; font-weight: 700; }
.deed { display: grid; place-items: center; flex: none; inline-size: 2.25rem; block-size: 2.25rem; border-radius: .5rem; color: var(--quiet); }
.deed:hover:not(:disabled) { background: var(--hover); color: var(--text); }

.bar { display: flex; align-items: center; justify-content: space-between; gap: .5rem; padding: 0 1.125rem; border-block-end: 1px solid var(--line); }
.tabs { display: flex; gap: 1.125rem; }
[role="tab"] { padding: .625rem 0 .5rem; border-block-end: 2px solid transparent; color: var(--quiet); font-weight: 600; white-space: nowrap; }
[role="tab"]:hover { color: var(--text); }
[role="tab"][aria-selected="true"] { color: var(--accent); border-color: var(--accent); }
select { min-inline-size: 0; max-inline-size: 10.5rem; padding: .25rem; border: 0; border-radius: .375rem; background: var(--ground); color: var(--quiet); font-size: .8125rem; text-overflow: ellipsis; cursor: pointer; }
select:hover { background: var(--hover); color: var(--text); }

.trouble { display: flex; align-items: center; justify-content: space-between; gap: .75rem; padding: .5rem 1.125rem; border-block-start: 1px solid var(--line); background: var(--hover); color: var(--text); font-size: .8125rem; }
.items { overflow-y: auto; overscroll-behavior: contain; flex: 1; min-block-size: 8rem; scrollbar-width: thin; }
.items:focus-visible { outline-offset: -2px; }
ul { list-style: none; }
.item { position: relative; display: flex; align-items: flex-start; gap: .75rem; padding-block: .75rem; padding-inline: 1.25rem 1rem; border-block-end: 1px solid var(--line); }
.item:hover { background: var(--hover); }
.item.unread { background: var(--tint); }
.item.unread::before { content: ""; position: absolute; inset-inline-start: .4375rem; inset-block-start: 1.2rem; inline-size: .4375rem; block-size: .4375rem; border-radius: 50%; background: var(--accent); }
.item img { flex: none; inline-size: 2.75rem; block-size: 2.75rem; margin-block-start: .125rem; border-radius: .5rem; object-fit: cover; background: var(--line); }
.text { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
.line { display: flex; align-items: baseline; justify-content: space-between; gap: .75rem; }
.title { flex: 1; color: inherit; font-weight: 500; text-decoration: none; text-align: start; }
.clamped, .text p { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.unread .title { font-weight: 650; }
.item .title::after { content: ""; position: absolute; inset: 0; }
.item .title:focus-visible { outline: 0; }
.item .title:focus-visible::after { outline: 2px solid var(--accent); outline-offset: -2px; }
.when { flex: none; display: flex; align-items: center; gap: .25rem; color: var(--quiet); font-size: .75rem; white-space: nowrap; }
.when svg { inline-size: .875rem; block-size: .875rem; fill: currentColor; }
.text p { margin-block-start: .125rem; color: var(--quiet); font-size: .875rem; -webkit-line-clamp: 3; }
.foot { display: flex; flex-wrap: wrap; gap: .5rem; }
.action, .deeds { position: relative; }
.action { margin-block-start: .5rem; padding: .3125rem .75rem; border: 1px solid color-mix(in srgb, var(--accent) 45%, transparent); border-radius: .5rem; color: var(--accent); font-size: .8125rem; font-weight: 600; text-decoration: none; }
.action:hover { background: var(--accent); color: var(--on-accent); }
.deeds { display: flex; flex: none; margin-block: .25rem -.375rem; margin-inline-start: auto; }
.deeds svg { inline-size: 1.125rem; block-size: 1.125rem; }
.deeds .deed:hover { background: color-mix(in srgb, currentColor 12%, transparent); }
@media (hover: hover) {
  .deeds { position: absolute; inset-block-start: .5rem; inset-inline-end: .625rem; margin: 0; border-radius: .5rem; background: var(--ground); box-shadow: 0 0 0 1px var(--line); opacity: 0; }
  .deeds .deed { inline-size: 2rem; block-size: 2rem; }
  .item:hover .deeds, .item:focus-within .deeds { opacity: 1; }
}
.empty { padding: 9rem 1.5rem 0; color: var(--quiet); text-align: center; }
.more { display: block; inline-size: 100%; padding: .875rem; color: var(--accent); font-weight: 600; text-align: center; }
.more:hover { background: var(--hover); }
.choices { flex: 1; overflow: auto; padding: .25rem 1.125rem 1rem; font-size: .875rem; }
table { inline-size: 100%; border-collapse: collapse; }
th, td { padding: 0 .25rem; border-block-end: 1px solid var(--line); font-weight: 500; text-align: center; }
thead th { padding-block: .5rem; color: var(--quiet); font-size: .75rem; vertical-align: bottom; }
th[scope="row"] { padding-inline-start: 0; text-align: start; }
label { display: block; padding-block: .625rem; cursor: pointer; }
.choices p { margin-block: .25rem .75rem; color: var(--quiet); }
.choices p:dir(rtl) { text-align: right; }
.choices p, .empty, .trouble span, .undo span { unicode-bidi: plaintext; }
input { inline-size: 1.125rem; block-size: 1.125rem; margin: 0; accent-color: var(--accent); vertical-align: middle; cursor: pointer; }
input:disabled { cursor: default; }
.footer { position: relative; display: flex; align-items: center; justify-content: space-between; flex-wrap: wrap; gap: .25rem 1rem; padding: .625rem 1.125rem; border-block-start: 1px solid var(--line); font-size: .8125rem; }
.undo { position: absolute; inset-inline: .75rem; inset-block-end: calc(100% + .75rem); display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: .5rem 1rem; border-radius: .5rem; background: var(--text); color: var(--ground); animation: arrive .15s ease-out; }
.undo .plain { color: inherit; text-decoration: underline; text-underline-offset: .2em; }
.plain { padding-block: .25rem; color: var(--accent); font-weight: 600; text-decoration: none; }
.plain:hover:not(:disabled) { text-decoration: underline; text-underline-offset: .2em; }
.plain:disabled { opacity: 1; color: var(--quiet); font-weight: 400; }
.footer > [part="preferences"] { margin-inline-start: auto; }

.toasts { position: fixed; inset: auto; inset-block-end: 1rem; inset-inline-end: 1rem; display: flex; flex-direction: column; gap: .625rem; inline-size: min(22rem, 100vw - 2rem); margin: 0; padding: 0; border: 0; background: none; color: var(--text); overflow: visible; pointer-events: none; z-index: 2147483000; }
.toast { display: flex; align-items: flex-start; gap: .5rem; padding-block: .75rem; padding-inline: 1rem .5rem; border-radius: var(--radius); border-inline-start: .25rem solid var(--accent); background: var(--ground); box-shadow: var(--shade); pointer-events: auto; animation: arrive .25s ease-out; }
.toast .title { display: block; font-weight: 650; }
.toast .deed { inline-size: 2rem; block-size: 2rem; margin-block-start: -.25rem; }
@keyframes arrive { from { opacity: 0; transform: translateY(.75rem); } }

@media (max-width: 30rem) {
  dialog, dialog:focus-visible { inset: 0; inline-size: 100%; max-inline-size: none; block-size: 100dvh; border-radius: 0; }
  .footer { padding-block-end: max(.625rem, env(safe-area-inset-bottom)); }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .badge, .item.unread::before { forced-color-adjust: none; } dialog, .toast { border: 1px solid; } }
`;
