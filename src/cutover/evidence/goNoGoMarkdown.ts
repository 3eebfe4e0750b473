/** The go/no-go form of a run as Markdown, with the end of each output in a block of its own. Pure. */

import { byteCount } from '../../outcome/byteCount.ts';
import type { RecordedDecision } from './approvalRecord.ts';
import { decisionOf, type Decision } from './goNoGoDecision.ts';
import { formSections, placesIn, type FormLine, type FormSection } from './goNoGo.ts';
import { codeSpan, escaped, fenced, filled, OPEN, tailOf } from './markdownText.ts';
import { textIn, type FoundOutput, type RunEvidence } from './runEvidence.ts';
import type { RunCommand } from './stepCommands.ts';

/** Makes `checklist.md`. */
export function goNoGoMarkdown(evidence: RunEvidence): string {
  const { runbook, run, record, lines, head } = evidence;
  const rehearsal = record.begun?.isRehearsal === true ? ', a rehearsal' : '';
  return [
    `# ${escaped(runbook.title ?? runbook.name)}`,
    '',
    `Run ${escaped(run)}${rehearsal}, plan ${record.begun?.planHash ?? OPEN}, journal of ${lines.length} lines up to ${head}`,
    '',
    ...aboutLines(evidence),
    ...formSections(evidence).flatMap(sectionLines),
    ...decisionLines(decisionOf(evidence)),
    '',
  ].join('\n');
}

/** When and where the run is: of databases and applications the names of the inputs, as addresses may be secret. */
function aboutLines({ runbook, lines }: RunEvidence): readonly string[] {
  const begun = lines.find(({ event }) => event === 'run-begun');
  const by = begun === undefined ? null : textIn(begun, 'who');
  const places = placesIn(runbook);
  return [
    `- Begun: ${begun?.at ?? OPEN}${by === null ? '' : ` by ${escaped(by)}`}`,
    `- Target: ${runbook.target === null ? 'the runbook names none' : escaped(runbook.target)}`,
    `- Databases and applications, by input: ${places.length === 0 ? 'none' : escaped(places.join(', '))}`,
  ];
}

function decisionLines({
  isGo,
  owner,
  at,
  notes,
  decisions,
  outcome,
}: Decision): readonly string[] {
  const choice = isGo === null ? '**GO** / **NO-GO**' : isGo ? '**GO**' : '**NO-GO**';
  return [
    '',
    '## GO / NO-GO',
    '',
    ...(decisions.length === 0 ? [] : ['Decisions:', '', ...decisions.map(saidLine), '']),
    `- Decision: ${choice}`,
    `- Owner: ${filled(owner)}`,
    `- Timestamp (UTC): ${filled(at)}`,
    `- Notes: ${filled(notes)}`,
    '',
    `Outcome: ${escaped(outcome)}`,
  ];
}

function saidLine(one: RecordedDecision): string {
  const { step, kind, reviewer, signer, time, recorded, counted } = one;
  const said = kind === 'approval' ? 'approved by' : 'stated by';
  const key = signer === null ? 'no key' : `key ${escaped(signer)}`;
  const judged = counted === true ? '' : counted === null ? ', not counted yet' : ', not counted';
  return `- ${codeSpan(step)} ${said} ${escaped(reviewer)}, signed ${time ?? 'at no time that is known'}, recorded ${recorded}, ${key}${judged}`;
}

function sectionLines({ title, commands, lines, outputs }: FormSection): readonly string[] {
  return [
    '',
    `## ${escaped(title)}`,
    '',
    ...(commands.length === 0 ? [] : ['Commands:', '', ...commands.flatMap(commandLines), '']),
    ...lines.map(boxLine),
    ...(outputs.length === 0 ? [] : ['', 'Outputs:', ...outputs.flatMap(outputLines)]),
  ];
}

/** A command is one line; a query of several lines is a block in its item. */
function commandLines({ words, code }: RunCommand): readonly string[] {
  const about = words === null ? '' : escaped(words);
  if (code === null) return [`- ${about}`];
  const between = about === '' ? '' : ': ';
  if (!code.includes('\n')) return [`- ${about}${between}${codeSpan(code)}`];
  return [`- ${about}:`, '', ...fenced(code).map((line) => `  ${line}`), ''];
}

function boxLine(line: FormLine): string {
  const { text, isPointOfNoReturn, isDone, before, undone } = line;
  const point = isPointOfNoReturn ? ' (point of no return)' : '';
  return [
    `- [${isDone ? 'x' : ' '}] ${escaped(text)}${point}: ${resultText(line)} (${ownerText(line)})`,
    ...before.map(({ verdict, says, at, who }) => {
      const words = says === '' ? '' : ` (${escaped(says)})`;
      return `before **${verdict}**${words} ${at} UTC${byText(who)}`;
    }),
    ...undone.map(({ succeeded, at, who, says }) => {
      const words = succeeded || says === '' ? '' : `, ${escaped(says)}`;
      return `${succeeded ? 'undone' : '**UNDO_FAILED**'} ${at} UTC${byText(who)}${words}`;
    }),
  ].join('; ');
}

function byText(who: string | null): string {
  return who === null ? '' : ` by ${escaped(who)}`;
}

function resultText({ end, waiver, before, isOver }: FormLine): string {
  if (end === null) return isOver ? (before.length === 0 ? 'not reached' : 'not done again') : OPEN;
  const said = end.says === '' ? '' : escaped(end.says);
  if (waiver !== null) {
    const words = said === '' ? `it was ${end.verdict}` : `it said: ${said}`;
    return `**WAIVED** by ${escaped(waiver.who)}: ${filled(waiver.why)} (${words})`;
  }
  return `**${escaped(end.verdict)}**${said === '' ? '' : `, ${said}`}`;
}

function ownerText({ owner: { role, people }, isOver }: FormLine): string {
  const named = people.map(({ name, at, signer }) => {
    const key =
      signer === undefined ? '' : signer === null ? ', no key' : `, key ${escaped(signer)}`;
    return `${name === null ? '' : `by ${escaped(name)}, `}${at} UTC${key}`;
  });
  const open = isOver ? [] : [OPEN];
  return [`owner ${escaped(role)}`, ...(named.length === 0 ? open : [named.join(' and ')])].join(
    ', ',
  );
}

/** Lines about an output: its name and digest, and its end where it is what the journal says. */
export function outputLines({
  name,
  bytes,
  sha256,
  found,
  content,
}: FoundOutput): readonly string[] {
  const about = `${codeSpan(name)}, ${byteCount(bytes)}, SHA-256 ${sha256}`;
  if (content === null) {
    const why =
      found === 'missing' ? 'it is not there' : 'it was changed since, so that it is not shown';
    return ['', `${about}: ${why}`];
  }
  const { text, left } = tailOf(content);
  const cut = left === 0 ? [] : [`The first ${byteCount(left)} of it are left out:`, ''];
  return ['', `${about}:`, '', ...cut, ...fenced(text)];
}
