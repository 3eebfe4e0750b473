/**
 * The style of the HTML report: light and dark, for phones and print. Colours have a contrast of at
 * least 4.5 to their background (WCAG 2.2 AA), which a test computes.
 */

/** Name → [light, dark]; the names are the CSS variables of {@link STYLE}. */
export const COLORS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  page: ['#f6f7f9', '#0f1318'],
  card: ['#ffffff', '#181e26'],
  soft: ['#eef1f5', '#212934'],
  line: ['#d5dbe3', '#323d4b'],
  text: ['#17202b', '#e8edf3'],
  quiet: ['#52606f', '#a3b0be'],
  link: ['#0b57c4', '#82b4ff'],
  good: ['#0d6b3c', '#5fd39a'],
  'good-soft': ['#e2f5ea', '#12301f'],
  warn: ['#7d4b00', '#f0bf62'],
  'warn-soft': ['#fdf1da', '#35290f'],
  bad: ['#b3211c', '#ff9a92'],
  'bad-soft': ['#fdeae8', '#3c1a19'],
};

function variables(mode: 0 | 1): string {
  return Object.entries(COLORS)
    .map(([name, pair]) => `--${name}:${pair[mode]};`)
    .join('');
}

/** The whole style sheet. */
export const STYLE: string = `
:root{color-scheme:light dark;${variables(0)}
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){:root{${variables(1)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 var(--sans)}
main,.top,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
.top{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;
padding-top:1.25rem;color:var(--quiet);font-size:.875rem}
.top strong{color:var(--text)}
footer{padding-top:1.5rem;padding-bottom:3rem;color:var(--quiet);font-size:.875rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:2}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
h1,h2,h3{line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2rem 0 .75rem}
h3{font-size:1rem}
p{margin:.25rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem}
.verdict{margin-top:1rem;border-left:8px solid var(--tone);background:var(--tone-soft);
display:grid;grid-template-columns:auto 1fr;gap:0 1.25rem;align-items:center;padding:1.25rem}
.verdict .mark{font-size:2.75rem;line-height:1;color:var(--tone)}
.verdict h1{font-size:1.6rem;color:var(--tone)}
.verdict p{font-size:1.05rem;overflow-wrap:anywhere}
.pass{--tone:var(--good);--tone-soft:var(--good-soft)}
.warning{--tone:var(--warn);--tone-soft:var(--warn-soft)}
.fail{--tone:var(--bad);--tone-soft:var(--bad-soft)}
.info{--tone:var(--quiet);--tone-soft:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;
margin:.75rem 0 0;padding:0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:.6rem 1rem;display:flex;flex-direction:column-reverse}
.tiles dt{color:var(--quiet);font-size:.875rem}
.tiles dd{margin:0;font-size:1.35rem;font-weight:650;font-variant-numeric:tabular-nums}
.next{padding-left:2.5rem;margin:0}
.next li{margin:.35rem 0;overflow-wrap:anywhere}
.next li:only-child{list-style:none;margin-left:-1.25rem}
.next li::marker{color:var(--quiet);font-weight:650}
.ids{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:.5rem 1.25rem}
.ids dt{color:var(--quiet)}
.ids dd{margin:0;display:flex;gap:.5rem;align-items:start;justify-content:space-between}
code{font:.875em/1.5 var(--mono);overflow-wrap:anywhere}
.ids code{user-select:all}
button{font:inherit;font-size:.8125rem;color:var(--text);background:var(--soft);cursor:pointer;
border:1px solid var(--line);border-radius:6px;padding:.15rem .6rem;min-height:1.75rem;flex:none}
button:hover{border-color:var(--quiet)}
button[aria-pressed=false]{color:var(--quiet);background:none;text-decoration:line-through}
html:not(.js) .scripted{display:none}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;color:var(--quiet);padding:.5rem .75rem;font-size:.875rem}
th,td{text-align:left;padding:.4rem .75rem;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--quiet);font-weight:600;white-space:nowrap}
caption+thead th{border-top:1px solid var(--line)}
tbody th{font-weight:600}
tfoot th,tfoot td{font-weight:650;border-top:2px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.no1 :is(th,td):nth-child(1),.no2 :is(th,td):nth-child(2),.no3 :is(th,td):nth-child(3){display:none}
tr:target td,tr.found td{background:var(--warn-soft)}
.rule{margin:0 0 1rem;padding:0;overflow:hidden}
.rule>header{padding:.9rem 1.25rem;border-left:6px solid var(--tone)}
.rule>header p{color:var(--quiet);font-size:.9375rem}
.badge{display:inline-block;color:var(--tone);background:var(--tone-soft);border-radius:5px;
padding:.05rem .45rem;font-size:.75rem;font-weight:700;letter-spacing:.02em;vertical-align:.1em}
details{border-top:1px solid var(--line)}
summary{cursor:pointer;padding:.5rem 1.25rem;display:flex;gap:.75rem;align-items:baseline}
summary::before{content:"▸";color:var(--quiet)}
details[open]>summary::before{content:"▾"}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--soft)}
summary b{overflow-wrap:anywhere;font-weight:600}
summary .n{margin-left:auto;font-variant-numeric:tabular-nums;white-space:nowrap}
details :is(th,td):first-child{padding-left:1.25rem}
.more:empty{display:none}
details .scroll{border-width:1px 0 0;border-radius:0}
.more{padding:.5rem 1.25rem;border-top:1px solid var(--line);color:var(--quiet);
font-size:.875rem;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}
.bar{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-bottom:.75rem}
.bar input{font:inherit;flex:1 1 14rem;min-width:0;padding:.35rem .7rem;color:var(--text);
background:var(--card);border:1px solid var(--quiet);border-radius:6px}
.bar label{color:var(--quiet);font-size:.875rem}
.bar output{flex-basis:100%;color:var(--quiet);font-size:.875rem}
.bar output:empty{display:none}
.time svg{display:block;width:100%;min-width:8rem;height:.6rem;margin:.4rem 0}
.time td:last-child{width:45%}
.time rect{fill:var(--link)}
td:has(.said){width:40%}
.strips svg{display:block;width:100%;min-width:10rem;height:1.1rem;margin:.2rem 0}
.strips rect.good{fill:var(--good)}
.strips rect.bad{fill:var(--bad)}
.strips rect.open{fill:var(--quiet)}
.places>svg{height:1.6rem;margin:0;padding:.6rem .75rem 0;box-sizing:content-box;width:calc(100% - 1.5rem)}
.places .key::before{margin-left:0}
.said{color:var(--tone);font-size:.8125rem;white-space:nowrap}
.key::before{content:"";display:inline-block;width:1.5em;height:.5em;margin:0 .4em .1em .75em}
.key.good::before{background:var(--good)}
.key.bad::before{background:var(--bad);height:.8em;margin-bottom:-.05em}
.key.open::before{background:var(--quiet);height:.3em;margin-bottom:.2em}
.queries dd{display:block}
.notes{margin:0;padding-left:2.25rem}
.notes li{overflow-wrap:anywhere}
.privacy h3{margin:1.5rem 0 .5rem}
.privacy .about{margin-top:.75rem}
.privacy td{min-width:5rem;overflow-wrap:break-word}
.privacy .day{white-space:nowrap}
.privacy .none{color:var(--quiet)}
.privacy .bad{color:var(--bad);font-weight:650}
.privacy .odd{color:var(--warn)}
.sign dl{display:grid;grid-template-columns:1fr 1fr;gap:1.25rem 2rem;margin:1rem 0 .25rem}
.sign dl div{display:flex;flex-direction:column-reverse}
.sign dd{margin:0;height:2.75rem;border-bottom:1px solid var(--text)}
.sign dt{color:var(--quiet);font-size:.875rem}
[hidden]{display:none!important}
@media (max-width:40rem){
main,.top,footer{padding-left:.75rem;padding-right:.75rem}
.verdict{padding:1rem;gap:0 .9rem}.verdict .mark{font-size:2rem}.verdict h1{font-size:1.3rem}
.tiles{grid-template-columns:repeat(2,1fr)}
.ids{grid-template-columns:1fr;gap:0}.ids dd{margin-bottom:.75rem}
.wide{display:none}
.stack td:first-child{padding-left:.75rem}
.stack thead{position:absolute;left:-99rem}
.stack,.stack caption,.stack tbody,.stack tr,.stack td{display:block}
.stack tr{border-top:1px solid var(--line);padding:.4rem 0}
.stack tr:first-child{border-top:0}
.stack td{border:0;padding:.1rem .75rem;display:grid;grid-template-columns:5rem 1fr;gap:.5rem;
overflow-wrap:anywhere}
.stack td::before{content:attr(data-name);color:var(--quiet)}
.stack td:empty{display:none}
}
@media print{
:root{color-scheme:light;${variables(0)}--page:#fff}
@page{margin:15mm}
body{font-size:10pt}
main,.top,footer{max-width:none;padding:0}
.scripted,.skip{display:none!important}
.card,.scroll,.tiles div,.verdict{break-inside:avoid}
.rule,.scroll{break-inside:auto}.rule>header{break-after:avoid}
tr,summary{break-inside:avoid}h2,summary{break-after:avoid}
.scroll{overflow:visible}
table{font-size:8.5pt}thead{display:table-header-group}
.verdict,.badge{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.privacy{break-before:page;break-after:page}.privacy :is(td,th){overflow-wrap:anywhere}.privacy h3{break-after:avoid}
.sign{break-inside:avoid}
details::details-content{content-visibility:visible;display:block;block-size:auto}
}
`;
