/**
 * The style of the picture of a rollout, beside that of all reports (style.ts), whose colours it uses. A band is told
 * by its shape, too; so are the times of a soak.
 */

/** The style sheet. */
export const ROLLOUT_STYLE: string = `
.rollout .standing{font-size:1.05rem;margin:0 0 .75rem}
.rollout .standing b{color:var(--tone);font-size:1.2rem}
.rollout .stages{list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.5rem;margin:0 0 1rem;padding:0}
.rollout .stages li{border:1px solid var(--line);border-left:5px solid var(--tone);border-radius:8px;padding:.4rem .75rem}
.rollout .stages b{font-size:1.1rem}
.rollout .stages .use{margin-top:.1rem}
.picture{position:relative}
.picture>svg,.picture .metric>svg{display:block;width:100%;overflow:visible}
.picture .through{position:absolute;inset:0;height:100%}
.picture .stairs,.picture .metric,.picture .axis{position:relative}
.picture .metric{padding-top:.6rem;margin-top:.5rem;border-top:1px solid var(--line)}
.picture .metric.decides{outline:3px solid var(--bad);outline-offset:4px;border-radius:4px;border-top-color:transparent}
.picture .head{margin:0 0 .25rem;font-size:.875rem}
.picture .head>*{background:var(--card)}
.picture .head .badge{background:var(--tone-soft)}
.picture .head .use{display:inline}
.picture text{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.picture .area{fill:var(--link);fill-opacity:.1}
.picture .level{fill:none;stroke:var(--link);stroke-width:2;vector-effect:non-scaling-stroke}
.picture text.step{font-size:13px;font-weight:700;fill:var(--tone)}
.picture line.ahead{stroke:var(--line);stroke-dasharray:1 5;stroke-width:2}
.soak.counted{fill:var(--good)}
.soak.lost{fill:var(--card);stroke:var(--good);stroke-dasharray:3 2}
.soak.open{fill:var(--card);stroke:var(--link)}
svg line.hatch{stroke-width:10;stroke-dasharray:2 3}
svg line.hatch.missed{stroke:var(--warn)}
svg line.hatch.failed{stroke:var(--bad);stroke-dasharray:5 2}
svg line.check{stroke:var(--card);stroke-width:2}
.through line.tick{stroke-opacity:.6}
.through line.moment{stroke-width:1.5;stroke:var(--quiet);stroke-dasharray:1 4}
.through line.on{stroke:var(--link);stroke-dasharray:none;stroke-width:1.5}
.through line.slow{stroke:var(--warn);stroke-dasharray:6 3;stroke-width:2}
.through line.stop{stroke:var(--bad);stroke-dasharray:none;stroke-width:3}
svg text.restart{fill:var(--warn);font-size:14px;font-weight:700}
svg text.number{font-weight:700;fill:var(--quiet)}
svg text.number.on{fill:var(--link)}
svg text.number.slow{fill:var(--warn)}
svg text.number.stop{fill:var(--bad);font-size:14px}
.ribbon.pass{fill:var(--good);fill-opacity:.22}
.ribbon.hold{fill:var(--warn);fill-opacity:.1}
.ribbon.fail{fill:var(--bad);fill-opacity:.22}
.ribbon.rollback{fill:var(--bad);fill-opacity:.5}
.edge{fill:none;stroke-width:1.25;vector-effect:non-scaling-stroke}
.edge.pass{stroke:var(--good);stroke-opacity:.6}
.edge.hold{stroke:var(--warn);stroke-dasharray:4 3}
.edge.fail{stroke:var(--bad)}
.edge.rollback{stroke:var(--bad);stroke-width:3}
.edge.one{stroke-width:4;stroke-opacity:.5}
.picture .guess{fill:none;stroke:var(--text);stroke-width:1.5;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.shapes{position:absolute}
.shape{stroke:var(--card);stroke-width:1}
.shape.dot{fill:var(--text);stroke:none}
.shape.pass{fill:var(--good)}
.shape.hold{fill:var(--card);stroke:var(--warn);stroke-width:2}
.shape.unknown{fill:none;stroke:var(--quiet);stroke-width:2.5}
.shape.fail{fill:var(--bad)}
.shape.rollback{fill:var(--bad);stroke-width:1.5}
.strip.pass{fill:var(--good)}
.strip.hold{fill:var(--card);stroke:var(--warn);stroke-width:1.5}
.strip.unknown{fill:none;stroke:var(--quiet);stroke-dasharray:2 2}
.strip.fail,.strip.rollback{fill:var(--bad)}
svg line.limit.pass{stroke:var(--good);stroke-width:1.5}
svg line.limit.rollback{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:7 3}
svg line.limit.middle{stroke:var(--link);stroke-dasharray:2 4}
svg text.limit.pass{fill:var(--good)}
svg text.limit.rollback{fill:var(--bad)}
.rollout .legend{margin:.75rem 0 0;font-size:.8125rem;color:var(--quiet)}
.decisions{margin:0;padding-left:2rem;font-size:.9375rem}
.decisions li{margin:.2rem 0}
.decisions time{color:var(--quiet);font-variant-numeric:tabular-nums;margin-right:.5em}
.decisions .stop{color:var(--bad);font-weight:650}
.decisions .slow{color:var(--warn)}
.rollout .numbers{margin:1rem -1.25rem -1rem}
.rollout .numbers .stack td{min-width:0}
.rollout .numbers h3{margin:.75rem 1.25rem .5rem}
@media (max-width:40rem){
.rollout{padding:.75rem}
.rollout .stages{grid-template-columns:1fr 1fr}
.rollout .stages li{padding:.3rem .5rem}
.rollout .numbers{margin:1rem -.75rem -.75rem}
}
@media print{
.rollout,.rollout .picture{break-inside:auto}
.picture .metric,.rollout .stages li{break-inside:avoid}
.picture svg,.rollout .legend svg,.rollout .badge{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
