import { timelineCss } from '../timeline/style.ts';

const light = `color-scheme:light;--bg:#f6f7f9;--card:#fff;--text:#1d2433;--soft:#586275;--edge:#dde2ea;--focus:#2563eb;
--ok:#12713a;--ok-bg:#dcf3e4;--bad:#b3121f;--bad-bg:#fde2e4;--maybe:#8a5200;--maybe-bg:#fcecc9;--none:#586275;--none-bg:#eceff4`;
const dark = `color-scheme:dark;--bg:#0b0e14;--card:#12161f;--text:#e6eaf2;--soft:#9aa6ba;--edge:#2a3140;--focus:#7aa7ff;
--ok:#6ee79b;--ok-bg:#10351f;--bad:#ff8f98;--bad-bg:#47141a;--maybe:#ffcf70;--maybe-bg:#40300c;--none:#9aa6ba;--none-bg:#1d2430`;

/** The look of the report: dark and light, wide and narrow. */
export const pageCss = `:root{${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
:root[data-theme=light]{${light}}
:root[data-theme=dark]{${dark}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main,.top{max-width:1500px;margin:0 auto;padding:0 24px}
.top{padding-top:28px;display:flex;gap:16px;justify-content:space-between;align-items:flex-start}
h1{font-size:26px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:19px;margin:32px 0 10px}h3{font-size:15px;margin:24px 0 8px}
.soft{color:var(--soft)}p{margin:4px 0}code{font:13px ui-monospace,monospace}
.gate{display:inline-block;padding:4px 12px;border-radius:8px;font-weight:600}
.facts{display:flex;flex-wrap:wrap;gap:2px 30px;margin:12px 0 0;font-size:14px}.facts div{display:flex;gap:9px;min-width:0}
.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.counts{display:flex;flex-wrap:wrap;gap:8px;margin:20px 0 0;padding:0;list-style:none}
.counts label{display:flex;gap:8px;align-items:center;padding:8px 14px;border-radius:10px;cursor:pointer;font-weight:600;border:1px solid transparent}
.counts b{font-size:18px;font-variant-numeric:tabular-nums}
.counts input{accent-color:currentColor;margin:0}
.passed{color:var(--ok);background:var(--ok-bg)}.failed{color:var(--bad);background:var(--bad-bg)}
.unknown{color:var(--maybe);background:var(--maybe-bg)}.absent{color:var(--none);background:var(--none-bg)}
.filters{display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin:16px 0 10px}
.filters input,.filters select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:7px 11px;min-height:38px}
.filters input[type=search]{flex:1 1 220px;min-width:0}
button{cursor:pointer}button:hover{border-color:var(--soft)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.sheet{width:fit-content;max-width:100%;background:var(--card);border:1px solid var(--edge);border-radius:12px;overflow:auto;max-height:min(76vh,900px);overscroll-behavior:contain}
.overview{display:flex;gap:20px;align-items:flex-start}.overview .sheet{flex:0 1 auto}
#problems{flex:1 1 340px;min-width:0}#problems ul{list-style:none;margin:0;padding:0;display:grid;gap:10px}
#problems button{display:block;width:100%;text-align:left;border-color:transparent;margin:0;padding:10px 14px;border-radius:10px}
#problems button:hover{border-color:currentColor}#problems span{font-size:13px}#problems .reason{display:block;color:var(--text);overflow-wrap:anywhere}
#matrix{border-collapse:separate;border-spacing:0;font-size:14px;padding:0 8px 8px 0}
#matrix thead th{position:sticky;top:0;z-index:2;background:var(--card);vertical-align:bottom;padding:10px 3px;border-bottom:1px solid var(--edge);font-weight:400}
.tilt{writing-mode:vertical-rl;transform:rotate(180deg);max-height:190px;margin:0 auto;padding:2px 0;line-height:1.25;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.tilt span{display:block;color:var(--soft);font-size:12px}
#matrix tbody th{position:sticky;left:0;z-index:1;background:var(--card);text-align:left;font-weight:500;padding:3px 16px;white-space:nowrap}
#matrix thead .corner{left:0;z-index:3;text-align:left;padding:10px 16px;color:var(--soft)}
#matrix .group th{padding:14px 16px 4px;font-size:12px;font-weight:700;letter-spacing:.06em;text-transform:uppercase;color:var(--soft)}
#matrix td{min-width:46px;height:34px;text-align:center;padding:0;border:2px solid var(--card);border-radius:9px;font-weight:700;cursor:pointer}
#matrix td.none{cursor:default}#matrix td.cell:hover{filter:brightness(1.08) saturate(1.3)}
#matrix td:focus-visible{outline-offset:-3px;position:relative;z-index:1}
#matrix .peer{border-left:14px solid var(--card);border-top-left-radius:22px 9px;border-bottom-left-radius:22px 9px}#matrix thead th.peer{border-left:0;border-radius:0;padding-left:17px}
#matrix td.flaky::after{content:"↻";font-size:10px;vertical-align:super;margin-left:2px}
#matrix tbody tr:hover th{color:var(--focus)}
.badge{display:inline-block;padding:1px 10px;border-radius:999px;font-weight:600;font-size:13px}
.scroll{overflow-x:auto}.plain{border-collapse:collapse;width:100%;font-size:14px}
.plain th,.plain td{text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--edge);vertical-align:top}
.plain th{color:var(--soft);font-weight:500}
@media (min-width:900px){#mutants td:nth-child(odd):not(:last-child){white-space:nowrap}#mutants td:nth-child(2){min-width:40ch}#mutants td:last-child{overflow-wrap:anywhere}}
.card{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:4px 20px 18px;margin:22px 0}
.card h2{margin:14px 0 8px}
.bar{position:relative;background:var(--bad-bg);border-radius:6px;height:20px;min-width:120px;overflow:hidden}
.bar i{position:absolute;inset:0 auto 0 0;background:var(--ok-bg);border-right:2px solid var(--ok)}
.bar span{position:relative;padding-left:8px;font-size:12px;font-weight:600;line-height:20px}
dialog{width:min(1120px,calc(100vw - 32px));max-height:calc(100vh - 48px);border:1px solid var(--edge);border-radius:14px;padding:0;background:var(--card);color:var(--text)}
dialog::backdrop{background:rgb(5 8 14/.55)}
.inside{padding:22px 28px 30px}
.inside>header{display:flex;justify-content:space-between;gap:12px}
.inside h2{margin:8px 0 0;overflow-wrap:anywhere}.close{font-size:20px;line-height:1;width:40px;height:40px;padding:0;flex:none}
.why{padding:8px 12px;border-radius:8px;margin:14px 0;overflow-wrap:anywhere}
.inside dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:16px 0 0}
.inside dt{color:var(--soft)}.inside dd{margin:0;overflow-wrap:anywhere}
.inside .columns-3 td:first-child{overflow-wrap:anywhere}.inside .columns-3 :is(th,td):not(:first-child){text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.inside .columns-3 :is(th,td):last-child{padding-right:2px}
.timeline{border:1px solid var(--edge);border-radius:10px;overflow:hidden}
.picture{cursor:grab;touch-action:pan-y}.picture:active{cursor:grabbing}.picture svg{display:block}
.picture:focus-visible{outline-offset:-3px}
.tools{display:flex;gap:6px;padding:8px;border-bottom:1px solid var(--edge)}.tools button{min-width:40px}
.tip{padding:7px 12px;border-top:1px solid var(--edge);font-size:13px;color:var(--soft);min-height:34px}
.check{border-bottom:1px solid var(--edge);padding:7px 0}.check summary{cursor:pointer;overflow-wrap:anywhere}
.mark{display:inline-block;width:22px;height:22px;line-height:22px;border-radius:6px;text-align:center;font-weight:700;margin-right:8px}
.idle{color:var(--soft)}
pre{background:var(--bg);border:1px solid var(--edge);border-radius:8px;padding:10px 12px;overflow-x:auto;font:12px/1.55 ui-monospace,monospace;margin:8px 0}
.files{display:flex;flex-wrap:wrap;gap:6px 16px;padding:0;margin:0;list-style:none}a{color:var(--focus)}
footer{color:var(--soft);font-size:13px;padding:20px 24px 40px;max-width:1500px;margin:0 auto}
@media (max-width:1000px){.overview{flex-direction:column-reverse;align-items:stretch}#problems{flex:none}}
@media (max-width:640px){
/* What has a sentence in it reads as a list; tables of numbers stay tables and scroll. */
.card .plain:not(.columns-6) thead{display:none}.card .plain:not(.columns-6) :is(tbody,tr,td){display:block}
.card .plain:not(.columns-6) tr{border-bottom:1px solid var(--edge);padding:8px 0}.card .plain:not(.columns-6) td{border:0;padding:1px 0;overflow-wrap:anywhere}
.card .plain:not(.columns-6) td:first-child{font-weight:600}
main,.top{padding-left:14px;padding-right:14px}.top{padding-top:18px}h1{font-size:21px}
.facts{gap:2px 18px}
.counts label{padding:7px 10px;flex:1 1 40%}
#matrix tbody th{white-space:normal;min-width:118px;max-width:132px;padding:3px 8px 3px 12px;line-height:1.25;overflow-wrap:anywhere}
#matrix .group th{max-width:none}#matrix thead .corner{padding:10px 12px}
#matrix td{height:42px}
.card{padding:2px 14px 14px}
dialog{width:100vw;max-width:100vw;max-height:100dvh;height:100dvh;border:0;border-radius:0;margin:0}
.inside{padding:14px 14px 28px}.inside dl{grid-template-columns:1fr;gap:0}.inside dd{margin-bottom:8px}
}
@media (prefers-reduced-motion:no-preference){#matrix td,button{transition:filter .12s,border-color .12s}}
@media print{.filters,#theme,.tools{display:none}.sheet{width:fit-content;max-width:100%;max-height:none;overflow:visible}}
${timelineCss}`;
