/**
 * The go/no-go checklist of a run as Markdown: each line with what was seen, its output, who answers for it and
 * when in UTC. A line without a result stays an open box, and so does one that did not hold. Pure.
 */

export interface ChecklistItem {
  /** Heading that it stands under, such as the title of its phase. */
  readonly section: string;
  readonly text: string;
  readonly verdict: 'PASS' | 'WARN' | 'FAIL' | 'INCONCLUSIVE' | 'WAIVED' | null;
  /** What was seen, or why it was waived; '' for nothing. */
  readonly says: string;
  /** Person or role; null for none. */
  readonly owner: string | null;
  /** ISO 8601, UTC; null without a result. */
  readonly at: string | null;
  /** Name of its output in the folder of the run; null for none. */
  readonly output: string | null;
}

export interface Decision {
  readonly go: boolean;
  readonly owner: string;
  readonly at: string;
  readonly notes: string;
}

export interface Checklist {
  readonly title: string;
  /** Id of the run. */
  readonly run: string;
  readonly items: readonly ChecklistItem[];
  /** Null until someone has decided. */
  readonly decision: Decision | null;
}

const OPEN = '`__________`';
const HOLDS: ReadonlySet<unknown> = new Set(['PASS', 'WARN', 'WAIVED']);

export function checklistMarkdown({ title, run, items, decision }: Checklist): string {
  const lines = [`# ${escaped(title)}`, '', `Run ${escaped(run)}`];
  let section: string | null = null;
  for (const item of items) {
    if (item.section !== section) lines.push('', `## ${escaped(item.section)}`, '');
    section = item.section;
    lines.push(itemLine(item));
  }
  const choice = decision === null ? '**GO** / **NO-GO**' : decision.go ? '**GO**' : '**NO-GO**';
  lines.push(
    '',
    '## GO / NO-GO',
    '',
    `- Decision: ${choice}`,
    `- Owner: ${filled(decision?.owner)}`,
    `- Timestamp (UTC): ${filled(decision?.at)}`,
    `- Notes: ${filled(decision?.notes)}`,
    '',
  );
  return lines.join('\n');
}

function itemLine({ text, verdict, says, owner, at, output }: ChecklistItem): string {
  const box = HOLDS.has(verdict) ? '[x]' : '[ ]';
  const seen = verdict === null ? OPEN : `**${verdict}**${says === '' ? '' : `, ${escaped(says)}`}`;
  const kept = output === null ? '' : `, output ${escaped(output)}`;
  const who = `owner ${filled(owner)}, ${at === null ? OPEN : `${escaped(at)} UTC`}`;
  return `- ${box} ${escaped(text)}: ${seen}${kept} (${who})`;
}

function filled(text: string | null | undefined): string {
  return text === null || text === undefined || text === '' ? OPEN : escaped(text);
}

/** A text in which nothing is a mark of Markdown or HTML, in one line. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .replaceAll(/[\\`*_[\]<>|#~&]/g, '\\$&');
}
