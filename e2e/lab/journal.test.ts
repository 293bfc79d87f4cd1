/** The journal keeps the newest lines, counts the others, and lets a test wait for one. */
import { expect, test } from 'vitest';
import { createJournal } from './journal.ts';

test('a line of JSON with an event is that event, and any other line is text', () => {
  const journal = createJournal({ limit: 10 });
  journal.append('{"event":"query","rows":3}');
  journal.append('database system is ready');
  journal.append('{"no":"event"}');
  expect(journal.entries).toEqual([
    { event: 'query', rows: 3 },
    { event: 'text', text: 'database system is ready' },
    { event: 'text', text: '{"no":"event"}' },
  ]);
});

test('more lines than fit push out the oldest and are counted', () => {
  const journal = createJournal({ limit: 2 });
  for (const n of [1, 2, 3, 4]) journal.append(`line ${n}`);
  expect(journal.entries.map((entry) => entry['text'])).toEqual(['line 3', 'line 4']);
  expect(journal.dropped).toBe(2);
});

test('waiting finds a line that was there before and one that comes later', async () => {
  const journal = createJournal({ limit: 10 });
  journal.append('{"event":"first"}');
  await expect(journal.waitFor('first', (entry) => entry.event === 'first', 1000)).resolves.toEqual({ event: 'first' });
  const later = journal.waitFor('second', (entry) => entry.event === 'second', 1000);
  journal.append('{"event":"other"}');
  journal.append('{"event":"second"}');
  await expect(later).resolves.toEqual({ event: 'second' });
});

test('waiting in vain names what was missed and shows the last lines', async () => {
  const journal = createJournal({ limit: 10 });
  journal.append('what happened instead');
  await expect(journal.waitFor('the ready line', () => false, 5)).rejects.toThrow(
    /the ready line: not seen within 5 ms.*what happened instead/,
  );
});
