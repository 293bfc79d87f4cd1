/** Runs the fixture server by hand, bundled: `--port 4000 --services 50 --capture live|recording|off|first-run --dir out`. */
import { parseArgs } from 'node:util';

import { startFixtureServer } from './fixture-server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    services: { type: 'string', default: '5' },
    capture: { type: 'string', default: 'live' },
    dir: { type: 'string', default: 'out' },
  },
});
const captures = ['live', 'recording', 'off', 'first-run'] as const;
const { url } = await startFixtureServer({
  directory: values.dir,
  services: Number(values.services),
  capture: captures.find((capture) => capture === values.capture) ?? 'live',
  port: Number(values.port),
});
console.log(url);
