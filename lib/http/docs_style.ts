/**
 * How `/docs` looks: light or dark as the reader has it, from 320 pixels of width on.
 *
 * @module
 */

/** The style sheet. Colors have a contrast of at least 4.5 to 1 on their ground. */
export const DOCS_STYLE = `:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171c);
  --raised: light-dark(#f4f5f7, #1e232b);
  --line: light-dark(#d5d9e0, #3a424f);
  --text: light-dark(#1b1f27, #e4e7ec);
  --quiet: light-dark(#545c69, #a6afbd);
  --link: light-dark(#0b57b7, #82b4ff);
  --mark: light-dark(#7a3e00, #f0b069);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto;
  padding: 1rem;
  max-width: 64rem;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: break-word;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
h1, h2, h3, h4 { line-height: 1.25; }
h2 { margin-top: 3rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2.5rem; }
h4 { margin: 1.5rem 0 0.5rem; }
nav ul { padding-left: 1.25rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.875rem; }
code { overflow-wrap: anywhere; }
th code { overflow-wrap: break-word; }
pre {
  margin: 0.5rem 0;
  padding: 0.75rem;
  overflow-x: auto;
  background: var(--raised);
  border: 1px solid var(--line);
  border-radius: 0.375rem;
}
.method { color: var(--mark); font-weight: 700; text-transform: uppercase; }
.quiet { color: var(--quiet); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.375rem 0.75rem 0.375rem 0; text-align: left; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); }
td p { margin: 0 0 0.25rem; }
@media (max-width: 40rem) {
  table, tbody, tr, td, th { display: block; }
  thead { position: absolute; left: -100rem; }
  tr { padding: 0.5rem 0; }
  th, td { padding: 0.125rem 0; }
}
@media print { nav, .skip { display: none; } }
`;
