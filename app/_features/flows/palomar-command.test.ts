import { expect, test } from 'vitest';

import { aFlow } from '../../../model/flow.fixture.ts';
import { palomarCommand } from './palomar-command.ts';

test('the command asks the server of this page for the connection, a second around the row', () => {
  const flow = aFlow({ connectionId: '42', time: '2026-11-23T12:00:00.500000001Z' });
  expect(palomarCommand(flow, 'http://127.0.0.1:3000')).toBe(
    'npm run --silent palomar -- flows --from 2026-11-23T11:59:59.500Z --to 2026-11-23T12:00:01.500Z ' +
      '--filter conn:42 --output jsonl --url http://127.0.0.1:3000',
  );
});
