import { expect, it } from 'vitest';
import type { SeveritySetting } from '../../src/mapping/model.ts';
import { severityOf } from '../../src/mapping/severity.ts';

it("is the rule's own where the project says nothing", () => {
  expect(severityOf({}, 'type', 'dogs', 'name')).toBe('BLOCKER');
  expect(severityOf({ severities: [] }, 'format', 'dogs')).toBe('WARNING');
});

it('is that of the last setting that fits', () => {
  const severities: SeveritySetting[] = [
    { rule: 'type', severity: 'WARNING' },
    { rule: 'type', module: 'dogs', severity: 'INFO' },
    { rule: 'type', module: 'dogs', field: 'name', severity: 'BLOCKER' },
    { rule: 'enum', field: 'kind', severity: 'INFO' },
  ];
  const project = { severities };
  expect(severityOf(project, 'type', 'cats', 'name')).toBe('WARNING');
  expect(severityOf(project, 'type', 'dogs', 'age')).toBe('INFO');
  expect(severityOf(project, 'type', 'dogs')).toBe('INFO');
  expect(severityOf(project, 'type', 'dogs', 'name')).toBe('BLOCKER');
  expect(severityOf(project, 'enum', 'cats', 'kind')).toBe('INFO');
  expect(severityOf(project, 'enum', 'cats', 'age')).toBe('BLOCKER');
  expect(severityOf(project, 'scale', 'dogs', 'name')).toBe('BLOCKER');
});

it('of what is about several fields is that of a setting about any of them', () => {
  const severities: SeveritySetting[] = [
    { rule: 'unique', field: 'code', severity: 'WARNING' },
    { rule: 'unique', module: 'dogs', field: 'year', severity: 'INFO' },
  ];
  expect(severityOf({ severities }, 'unique', 'cats', ['code', 'year'])).toBe('WARNING');
  expect(severityOf({ severities }, 'unique', 'dogs', ['year', 'code'])).toBe('INFO');
  expect(severityOf({ severities }, 'unique', 'dogs', ['name'])).toBe('BLOCKER');
  expect(severityOf({ severities }, 'unique', 'dogs', [])).toBe('BLOCKER');
  expect(severityOf({ severities }, 'unique', 'dogs', ['code+year'])).toBe('BLOCKER');
});
