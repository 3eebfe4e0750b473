/** The picture of the floors in ARCHITECTURE.md, drawn from the rules alone. */

import { allowedImports, FLOORS } from './floors.ts';

const WIDTH = 960;
const LABEL = 136;
const BOX = { width: 96, height: 30, gap: 12 };
const FLOOR = 104;
const MARGIN = 24;

interface Box {
  readonly folder: string;
  readonly x: number;
  readonly y: number;
}

/** SVG of the floors with the folders that are there; an arc is an import within a floor. */
export function drawFloors(there: ReadonlySet<string>): string {
  const parts: string[] = [];
  for (const [index, { name, folders }] of FLOORS.entries()) {
    const y = MARGIN + index * FLOOR;
    const boxes = folders
      .filter((folder) => there.has(folder))
      .map((folder, at) => ({ folder, x: LABEL + at * (BOX.width + BOX.gap), y: y + 36 }));
    parts.push(
      `<rect class="floor" x="8" y="${y}" width="${widthOf(boxes)}" height="${FLOOR - 16}" rx="6"/>`,
      `<text class="name" x="20" y="${y + 56}">${name}</text>`,
      ...boxes.map(draw),
      ...arcsOf(boxes),
    );
    if (index > 0) parts.push(`<path class="down" d="M60 ${y - 30} V${y - 4}"/>`);
  }
  const height = MARGIN + FLOORS.length * FLOOR;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + LABEL + 24} ${height}" role="img">`,
    '<title>The floors of src: imports go down, and to the left where an arc says so</title>',
    STYLE,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function widthOf(boxes: readonly Box[]): number {
  return Math.max(WIDTH + LABEL, LABEL + boxes.length * (BOX.width + BOX.gap));
}

function draw({ folder, x, y }: Box): string {
  const box = `<rect class="folder" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4"/>`;
  return `${box}<text x="${x + BOX.width / 2}" y="${y + 20}">${folder}/</text>`;
}

/** One arc for each import between folders of one floor, above them. */
function arcsOf(boxes: readonly Box[]): string[] {
  return boxes.flatMap((from) =>
    boxes
      .filter(({ folder }) => folder !== from.folder)
      .filter(({ folder }) => allowedImports(from.folder)?.includes(folder) === true)
      .map((to) => {
        const [start, end] = [from.x + BOX.width / 2, to.x + BOX.width / 2];
        const top = from.y - 8 - Math.min(26, Math.abs(start - end) / 24);
        return `<path class="arc" d="M${start} ${from.y} C${start} ${top} ${end} ${top} ${end} ${to.y}"/>`;
      }),
  );
}

const STYLE = `<style>
  text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: #1c2733 }
  .name { text-anchor: start; font-weight: 600 }
  .floor { fill: #f4f6f8; stroke: #cfd8e0 }
  .folder { fill: #fff; stroke: #51697f }
  .arc { fill: none; stroke: #51697f; stroke-width: 1 }
  .down { stroke: #51697f; stroke-width: 2; marker-end: url(#head) }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 L8 4 L0 8 Z" fill="#51697f"/></marker></defs>`;
