import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFindings, examine, exitCodeOf, parseDoctorOptions, type Doctor, type Finding } from './doctor.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palomar-doctor-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A probe that prints these rows and exits as it would. */
async function probe(rows: readonly object[], code = 0): Promise<string> {
  const path = join(folder, 'probe');
  await writeFile(path, `#!/bin/sh\necho '${JSON.stringify(rows)}'\nexit ${code}\n`);
  await chmod(path, 0o755);
  return path;
}
const row = (fields: object): object => ({
  feature: 'flows',
  kernel: '6.6',
  needs: 'CAP_BPF',
  works: true,
  optional: false,
  error: '',
  instead: 'nothing',
  mend: 'a newer kernel',
  ...fields,
});
const doctor = (fields: Partial<Doctor>): Doctor => ({
  probePath: '/nowhere/probe',
  storeUrl: null,
  nodeVersion: 'v20.19.0',
  fetch: () => Promise.resolve(new Response('Ok.')),
  ...fields,
});
const named = (findings: readonly Finding[], feature: string): Finding | undefined =>
  findings.find((finding) => finding.feature === feature);

describe('the doctor', () => {
  it('believes the probe, also when that ends with 1', async () => {
    const probePath = await probe([row({ works: false, error: 'EPERM' }), row({ feature: 'drops' })], 1);
    const findings = await examine(doctor({ probePath }));
    expect(named(findings, 'flows')).toMatchObject({ works: false, found: 'EPERM', needs: 'Linux 6.6; CAP_BPF' });
    expect(named(findings, 'drops')).toMatchObject({ works: true, found: 'tried' });
  });

  it('says when there is no probe', async () => {
    expect(named(await examine(doctor({})), 'the probe')).toMatchObject({ works: false, required: true });
  });

  it.each([
    ['v20.19.0', true],
    ['v22.1.0', true],
    ['v20.18.9', false],
    ['v18.20.0', false],
  ])('judges Node.js %s', async (nodeVersion, works) => {
    expect(named(await examine(doctor({ nodeVersion })), 'Node.js')).toMatchObject({ works });
  });

  it('asks the store, and never shows its password', async () => {
    const storeUrl = 'http://user:secret@store:8123/palomar';
    const refusing = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const up = named(await examine(doctor({ storeUrl })), 'the store');
    const down = named(await examine(doctor({ storeUrl, fetch: refusing })), 'the store');
    expect(up).toMatchObject({ works: true, found: 'store:8123 answers' });
    expect(down).toMatchObject({ works: false, found: 'connect ECONNREFUSED' });
    expect(JSON.stringify([up, down])).not.toContain('secret');
  });
});

describe('its answer', () => {
  const finding: Finding = {
    feature: 'flows',
    needs: 'Linux 6.6',
    works: true,
    required: true,
    found: 'tried',
    instead: 'nothing',
    mend: 'a newer kernel',
  };

  it('is a failure only when something required fails', () => {
    expect(exitCodeOf([finding, { ...finding, required: false, works: false }])).toBe(0);
    expect(exitCodeOf([finding, { ...finding, works: false }])).toBe(1);
  });

  it('tells what mends it, and has no colours in a pipe', () => {
    const text = describeFindings([finding, { ...finding, feature: 'drops', works: false, found: 'EPERM' }], false);
    expect(text).toBe(
      'works  flows  tried\nfails  drops  EPERM\n       needs: Linux 6.6\n       instead: nothing\n       mended by: a newer kernel\n',
    );
    expect(describeFindings([finding], true)).toContain('\u001b[32m');
  });
});

describe('its flags', () => {
  it('choose how it prints', () => {
    expect(parseDoctorOptions([])).toEqual({ ok: true, value: { json: false, help: false } });
    expect(parseDoctorOptions(['--output', 'json'])).toEqual({ ok: true, value: { json: true, help: false } });
  });

  it.each([
    [['--output', 'yaml'], "--output is json or table, not 'yaml'"],
    [['--verbose'], '--verbose'],
  ])('%j are refused with what is wrong', (flags, why) => {
    expect(parseDoctorOptions(flags)).toMatchObject({ ok: false, error: expect.stringContaining(why) });
  });
});
