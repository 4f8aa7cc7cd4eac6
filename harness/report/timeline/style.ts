const light = `--paper:#ffffff;--ink:#1d2433;--soft:#5b6577;--line:#e3e7ee;--blue:#2563eb;--green:#15803d;
--amber:#b45309;--violet:#7c3aed;--red:#d11a2a;--bar:#bfe3dc;--on-bar:#11463d;--bytes:#94a3b8`;
const dark = `--paper:#12161f;--ink:#e6eaf2;--soft:#9aa6ba;--line:#2a3140;--blue:#7aa7ff;--green:#4ade80;
--amber:#fbbf24;--violet:#c4a1ff;--red:#ff6b76;--bar:#1f4e48;--on-bar:#bff0e5;--bytes:#64748b`;

/** Colours and shapes of a timeline, for a picture of its own and for the report. Both follow the system's theme. */
export const timelineCss = `.tl{${light};font:11px system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){.tl{${dark}}}
[data-theme=light] .tl{${light}}
[data-theme=dark] .tl{${dark}}
.tl .paper{fill:var(--paper)}.tl text{fill:var(--ink)}
.tl .grid{stroke:var(--line)}.tl .rule{stroke:var(--line)}
.tl .axis{fill:var(--soft);text-anchor:middle}.tl .label{font-weight:600}.tl .legend{fill:var(--soft)}
.tl .shade{fill:var(--red);opacity:.09}.tl .fault{fill:var(--red)}.tl text.on-fault{fill:var(--paper)}
.tl .connection{fill:var(--bar)}.tl text.on-connection{fill:var(--on-bar)}.tl text.on-lane{fill:var(--soft)}
.tl .produced,.tl .request{fill:var(--blue)}.tl .bytes{fill:var(--bytes)}.tl .processed{fill:var(--green)}
.tl .heartbeat{fill:var(--soft)}.tl .glyph{text-anchor:middle;font-size:12px;font-weight:700}
.tl .glyph.sentinel{fill:var(--blue)}.tl .glyph.fin,.tl .glyph.retry{fill:var(--soft)}
.tl .glyph.rst,.tl .glyph.liveness,.tl .glyph.give-up,.tl .glyph.dead-letter{fill:var(--red)}
.tl .glyph.deduped,.tl .glyph.redelivery,.tl .glyph.late{fill:var(--amber)}
.tl .glyph.announced{fill:var(--violet)}
.tl .offence{fill:none;stroke:var(--red);stroke-width:2}`;
