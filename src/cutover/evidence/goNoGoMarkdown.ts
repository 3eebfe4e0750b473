/** The go/no-go form of a run as Markdown, with the end of each output in a block of its own. Pure. */

import { byteCount } from '../../outcome/byteCount.ts';
import { decisionOf, formSections, type FormLine, type FormSection } from './goNoGo.ts';
import { codeSpan, escaped, fenced, filled, OPEN, tailOf } from './markdownText.ts';
import type { FoundOutput, RunEvidence } from './runEvidence.ts';
import type { RunCommand } from './stepCommands.ts';
import type { Owner } from './stepOwner.ts';

/** Makes `checklist.md`. */
export function goNoGoMarkdown(evidence: RunEvidence): string {
  const { runbook, run, record, lines, head } = evidence;
  const { isGo, owner, at, notes } = decisionOf(evidence);
  const choice = isGo === null ? '**GO** / **NO-GO**' : isGo ? '**GO**' : '**NO-GO**';
  const rehearsal = record.begun?.isRehearsal === true ? ', a rehearsal' : '';
  return [
    `# ${escaped(runbook.title ?? runbook.name)}`,
    '',
    `Run ${escaped(run)}${rehearsal}, plan ${record.begun?.planHash ?? OPEN}, journal of ${lines.length} lines up to ${head}`,
    ...formSections(evidence).flatMap(sectionLines),
    '',
    '## GO / NO-GO',
    '',
    `- Decision: ${choice}`,
    `- Owner: ${filled(owner)}`,
    `- Timestamp (UTC): ${filled(at)}`,
    `- Notes: ${filled(notes)}`,
    '',
  ].join('\n');
}

function sectionLines({ title, commands, lines, outputs }: FormSection): readonly string[] {
  return [
    '',
    `## ${escaped(title)}`,
    '',
    ...(commands.length === 0 ? [] : ['Commands:', '', ...commands.map(commandLine), '']),
    ...lines.map(boxLine),
    ...(outputs.length === 0 ? [] : ['', 'Outputs:', ...outputs.flatMap(outputLines)]),
  ];
}

function commandLine({ text, isCode }: RunCommand): string {
  return `- ${isCode ? codeSpan(text) : escaped(text)}`;
}

function boxLine({ text, isDone, status, says, owner, at }: FormLine): string {
  const seen =
    status === null ? OPEN : `**${escaped(status)}**${says === '' ? '' : `, ${escaped(says)}`}`;
  const time = at === null ? OPEN : `${escaped(at)} UTC`;
  return `- [${isDone ? 'x' : ' '}] ${escaped(text)}: ${seen} (owner ${ownerText(owner)}, ${time})`;
}

function ownerText({ role, people }: Owner): string {
  if (role === null) return OPEN;
  return people.length === 0 ? escaped(role) : `${escaped(role)}, by ${escaped(people.join(', '))}`;
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
