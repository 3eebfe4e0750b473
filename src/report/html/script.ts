/**
 * The script of the HTML report: opens groups of findings, filters them, follows links between
 * them, and copies ids. The page is complete without it. Data is only inserted as text
 * (`textContent`), never as markup.
 */

/** Source of the script, which runs at the end of the page; the policy allows it by its hash. */
export const SCRIPT: string = `
'use strict';
{
  const root = document.documentElement;
  root.classList.add('js');
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const NAMES = ['Where', 'Field', 'Record', 'Why', 'Finding'];
  const STEP = 200;
  const status = document.getElementById('found');
  const search = document.getElementById('search');
  const groups = all('details[data-group]').map((details) => ({
    details,
    data: document.getElementById(details.dataset.group),
    body: details.querySelector('tbody'),
    more: details.querySelector('.more'),
    number: details.querySelector('summary .n'),
    total: Number(details.dataset.count),
    severity: details.dataset.severity,
    rows: null,
    shown: 0,
    matching: null,
  }));
  const format = (number) => number.toLocaleString('en-US');

  // A row is [place, field, record, reason, id, because]; numbers point to the list of texts.
  const rowsOf = (group) => {
    if (group.rows === null) {
      const { texts, rows } = JSON.parse(group.data.textContent);
      group.rows = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? texts[cell] : cell)));
    }
    return group.rows;
  };
  const matchingOf = (group) => group.matching ?? rowsOf(group);

  const cell = (name, text) => {
    const td = document.createElement('td');
    td.dataset.name = name;
    td.textContent = text;
    return td;
  };
  const link = (id, text) => {
    const a = document.createElement('a');
    a.href = '#f-' + id;
    a.textContent = text;
    return a;
  };
  const rowOf = ([place, field, record, reason, id, because]) => {
    const tr = document.createElement('tr');
    tr.id = 'f-' + id;
    tr.tabIndex = -1;
    const last = cell(NAMES[4], '');
    const code = document.createElement('code');
    code.textContent = id;
    const box = document.createElement('div');
    box.append(code);
    if (because !== '') box.append(document.createElement('br'), link(because, 'follows from ' + because));
    last.append(box);
    const cells = [place, field, record, reason].map((text, at) => cell(NAMES[at], text));
    tr.append(...cells, last);
    return tr;
  };

  const draw = (group, upTo) => {
    const rows = matchingOf(group);
    if (group.shown === 0) group.body.replaceChildren();
    const end = Math.min(rows.length, upTo);
    const part = document.createDocumentFragment();
    for (let at = group.shown; at < end; at += 1) part.append(rowOf(rows[at]));
    group.body.append(part);
    group.shown = Math.max(group.shown, end);
    const left = rows.length - group.shown;
    const missing = group.total - rowsOf(group).length;
    group.more.replaceChildren();
    if (left > 0) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = 'Show ' + format(Math.min(STEP, left)) + ' more';
      button.addEventListener('click', () => {
        const next = group.shown;
        draw(group, group.shown + STEP);
        group.body.rows[next]?.focus();
      });
      group.more.append(button);
    }
    const said = document.createElement('span');
    said.textContent = format(group.shown) + ' of ' + format(rows.length) + ' shown' +
      (group.matching === null ? '' : ' that match') +
      (missing > 0 ? '; ' + format(missing) + ' more are in findings.ndjson' : '');
    if (left > 0 || missing > 0 || group.matching !== null) group.more.append(said);
  };
  const redraw = (group) => {
    group.shown = 0;
    if (group.details.open) draw(group, STEP);
  };
  for (const group of groups) {
    group.details.addEventListener('toggle', () => {
      if (group.details.open && group.shown === 0) draw(group, STEP);
    });
  }

  const toggles = all('button[data-severity]');
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const off = new Set(toggles.filter((one) => one.getAttribute('aria-pressed') === 'false').map((one) => one.dataset.severity));
    let count = 0;
    for (const group of groups) {
      const named = (group.details.dataset.module + ' ' + group.details.dataset.rule).toLowerCase();
      const before = group.matching;
      group.matching = wanted === '' || named.includes(wanted)
        ? null
        : rowsOf(group).filter((row) => row.some((text) => text.toLowerCase().includes(wanted)));
      const size = group.matching === null ? group.total : group.matching.length;
      group.details.hidden = off.has(group.severity) || size === 0;
      group.number.textContent = group.matching === null ? format(group.total) : format(size) + ' of ' + format(group.total);
      if (!group.details.hidden) count += size;
      if (before !== group.matching) redraw(group);
    }
    for (const rule of all('.rule')) rule.hidden = all('details', rule).every((one) => one.hidden);
    const filtered = wanted !== '' || off.size > 0;
    status.textContent = filtered ? format(count) + (count === 1 ? ' finding matches' : ' findings match') : '';
  };
  let waiting = 0;
  search?.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  for (const button of toggles) {
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') === 'false'));
      apply();
    });
  }

  const follow = () => {
    const id = /^#f-(.+)$/.exec(location.hash)?.[1];
    if (id === undefined) return;
    for (const group of groups) {
      const at = rowsOf(group).findIndex((row) => row[4] === id);
      if (at < 0) continue;
      if (search.value !== '' || toggles.some((one) => one.getAttribute('aria-pressed') === 'false')) {
        search.value = '';
        for (const one of toggles) one.setAttribute('aria-pressed', 'true');
        apply();
      }
      group.details.open = true;
      draw(group, at + 1 > group.shown ? at + STEP : group.shown);
      for (const row of all('tr.found')) row.classList.remove('found');
      const row = group.body.rows[at];
      row.classList.add('found');
      row.scrollIntoView({ block: 'center' });
      row.focus({ preventScroll: true });
      return;
    }
    if (status !== null) status.textContent = 'Finding ' + id + ' is not on this page: look for it in findings.ndjson';
  };
  addEventListener('hashchange', follow);
  if (groups.length > 0) follow();

  for (const button of all('button[data-copy]')) {
    button.addEventListener('click', async () => {
      const label = button.textContent;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(button.parentElement.querySelector('code'));
        button.textContent = 'Selected';
      }
      setTimeout(() => {
        button.textContent = label;
      }, 1500);
    });
  }

  let closed = [];
  addEventListener('beforeprint', () => {
    closed = groups.filter((group) => !group.details.open);
    for (const group of closed) group.details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const group of closed) group.details.open = false;
  });
}
`;
