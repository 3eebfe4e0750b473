/** The style of the report of a cutover run, beside that of all reports (style.ts), whose colours it uses. */

/** The style sheet. */
export const CUTOVER_STYLE: string = `
body{overflow-wrap:anywhere}
.about{color:var(--quiet);font-size:.9375rem;margin:.6rem 0 0}
.use{color:var(--quiet);font-weight:400;font-size:.8125rem;display:block}
h3 .use,h3 .badge{display:inline}
h3{margin:1.25rem 0 .5rem}
.tiles .pass,.tiles .warning,.tiles .fail{color:var(--tone)}
.tiles{grid-template-columns:repeat(auto-fit,minmax(10rem,1fr))}
.tiles div{justify-content:flex-end}
.tiles dd{white-space:nowrap}
.tiles dt::first-letter{text-transform:uppercase}
rect.work{fill:var(--link)}
rect.done{fill:var(--tone)}
rect.waits{fill:var(--soft);stroke:var(--quiet);stroke-dasharray:4 3}
rect.held{fill:var(--warn-soft);stroke:var(--warn)}
rect.undo{fill:var(--card);stroke:var(--text);stroke-width:2}
rect.back{fill:var(--text)}
rect.window{fill:var(--link);fill-opacity:.12}
svg line{stroke:var(--line)}
svg text{fill:var(--quiet);font:11px var(--sans);font-variant-numeric:tabular-nums}
.lanes{table-layout:fixed}
.lanes :is(th,td):nth-child(1){width:11.5rem}
.lanes :is(th,td):nth-child(3),.lanes :is(th,td):nth-child(4){width:6.75rem}
.lanes :is(th,td):nth-child(5){width:6rem}
.lanes :is(th,td):nth-child(6){width:9.5rem}
.lanes.days :is(th,td):nth-child(3),.lanes.days :is(th,td):nth-child(4){width:10.5rem}
.lanes .lane svg{display:block;width:100%;overflow:visible}
.lanes .lane p{color:var(--quiet);font-size:.8125rem;margin:.1rem 0}
.lanes .number{color:var(--quiet);font-weight:400;font-variant-numeric:tabular-nums}
.lanes .phase th{background:var(--soft);color:var(--quiet);font-size:.8125rem;width:auto}
.lanes .whole :is(th,td){border-bottom:1px solid var(--line)}
.legend{display:flex;flex-wrap:wrap;gap:.15rem 1rem;margin-top:.35rem}
.legend svg{margin-right:.4em;vertical-align:-.1em}
.attempts{margin:.15rem 0;padding-left:1.25rem;font-size:.8125rem;color:var(--quiet)}
@media (min-width:40.01rem){.stack td{overflow-wrap:break-word;min-width:4.5rem}.stack code{overflow-wrap:anywhere}}
.stack .badge,.lanes .badge,.gate .badge,.chart .badge{white-space:nowrap}
.stack time{white-space:nowrap}
.kept{list-style:none;margin:0;padding:0}
.gate{margin-bottom:.75rem}
.gate h3:first-child,.chart h3{margin:0 0 .25rem}
.gate blockquote{margin:.5rem 0;padding:.25rem 1rem;border-left:4px solid var(--line)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:.75rem}
.chart{margin:0;min-width:0}
.chart>svg{display:block;width:100%;margin:.5rem 0;overflow:visible}
.chart text{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.chart .line{fill:none;stroke:var(--link);stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.chart .range{fill:none;stroke:var(--link);stroke-opacity:.45;stroke-width:3;vector-effect:non-scaling-stroke}
.chart circle.seen{fill:var(--link)}
.chart circle.breach{fill:var(--bad);stroke:var(--card)}
.band.pass{fill:var(--good);fill-opacity:.14}
.band.hold{fill:var(--warn);fill-opacity:.16}
.band.breach{fill:var(--bad);fill-opacity:.18}
.chart line.fired{stroke:var(--bad);stroke-dasharray:2 2}
.chart text.fired{fill:var(--bad);font-weight:700}
.chart dl{display:grid;grid-template-columns:1fr 1fr;gap:.25rem 1rem;margin:0;font-size:.875rem}
.chart dl div{display:flex;gap:.5rem;min-width:0}
.chart dl .bands{grid-column:1/-1}
.chart dt{color:var(--quiet);min-width:3.5rem}
.chart dd{margin:0}
.key.pass::before{background:var(--good);margin-left:0}
.key.hold::before{background:var(--warn);margin-left:0}
.key.breach::before{background:var(--bad);margin-left:0}
.chart .key{margin-right:1em;display:inline-block}
.marks{list-style:none;margin:.5rem 0 0;padding:0;font-size:.875rem}
.marks .mark{color:var(--bad);font-weight:700}
.ids dd{display:block}
@media (max-width:40rem){
.stack td:has(>div:empty){display:none}
.tiles{grid-template-columns:repeat(2,1fr)}
.lanes,.lanes tbody,.lanes caption{display:block}
.lanes thead{position:absolute;left:-99rem}
.lanes tr{display:flex;flex-wrap:wrap;align-items:start;padding:.5rem 0;border-top:1px solid var(--line)}
.lanes tr :is(th,td):nth-child(n),.lanes.days tr :is(th,td):nth-child(n){border:0;padding:.1rem .75rem;width:auto}
.lanes tr th{flex:1 1 55%}
.lanes tr .came{order:1}
.lanes tr .lane{order:2;flex:0 0 100%}
.lanes tr td.n:nth-child(n){order:3;font-size:.8125rem;padding-right:0;white-space:normal}
.lanes td.n::before{content:attr(data-name) " ";color:var(--quiet)}
.lanes tr.phase{padding:0}.lanes tr.phase th:nth-child(n){flex:0 0 100%;padding:.3rem .75rem}
.chart dl{grid-template-columns:1fr}
.ids dt{margin-top:.25rem}.ids dd{margin-bottom:.25rem}
}
@media print{
.chart,.gate{break-inside:avoid}
.lanes .badge,.lanes .phase th{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h3{break-after:avoid}
.charts{grid-template-columns:1fr 1fr}
}
`;
