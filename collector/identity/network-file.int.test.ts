/** Real files, put in place as editors and Kubernetes do. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { parseAddress } from '../decode/address.ts';
import { createNetworkFile } from './network-file.ts';
import { noNetworks } from './networks.ts';

let folder = '';
let stopping = new AbortController();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palomar-networks-'));
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await rm(folder, { recursive: true });
});

function open() {
  const path = join(folder, 'networks');
  const counters = createCounters();
  const warnings: unknown[] = [];
  let current = noNetworks;
  const log = { info: () => undefined, warn: (facts: unknown) => void warnings.push(facts) };
  const file = createNetworkFile(path, { log, counters, onNetworks: (next) => void (current = next) }, 10);
  const nameOf = (address: string) => current.find(parseAddress(address) ?? '')?.name;
  return { path, counters, warnings, file, nameOf };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

describe('a file of networks', () => {
  it('is read again when another is put in its place', async () => {
    const { path, file, nameOf } = open();
    await writeFile(path, '10.20.0.0/16 office');
    expect((await file.load()).ok).toBe(true);
    void file.follow(stopping.signal);
    await replace(path, '10.20.0.0/16 depot');
    await expect.poll(() => nameOf('10.20.1.1')).toBe('depot');
  });

  it('with mistakes is refused, and the names before it stay', async () => {
    const { path, file, nameOf, counters, warnings } = open();
    await writeFile(path, '10.20.0.0/16 office');
    await file.load();
    void file.follow(stopping.signal);
    await replace(path, '10.20.0.0/16 depot\n10.20.0.0/33 far');
    await expect.poll(() => counters.read('networks_file_refused')).toBe(1);
    expect(nameOf('10.20.1.1')).toBe('office');
    expect(JSON.stringify(warnings)).toContain('line 2');
    await replace(path, '10.20.0.0/16 depot');
    await expect.poll(() => nameOf('10.20.1.1')).toBe('depot');
  });

  it('that is not there is an error at the start, and missed once when it goes later', async () => {
    const { path, file, nameOf, counters } = open();
    const missing = await file.load();
    expect(missing.ok ? '' : missing.error.join()).toContain('no such file');
    await writeFile(path, '10.20.0.0/16 office');
    await file.load();
    void file.follow(stopping.signal);
    await rm(path);
    await expect.poll(() => counters.read('networks_file_refused')).toBe(1);
    await replace(path, '10.20.0.0/16 depot');
    await expect.poll(() => nameOf('10.20.1.1')).toBe('depot');
    expect(counters.read('networks_file_refused')).toBe(1);
  });
});
