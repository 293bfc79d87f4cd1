/** The ways to the API server, each against the stand-in with TLS. Loopback only. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clusterNameFrom } from '../../collector/identity/cluster-name.ts';
import { configuredAccess, readBody, type KubernetesFetch } from '../../collector/identity/kubernetes-access.ts';
import { makeCertificates, type Certificates } from './kubernetes-certificates.ts';
import { labObjects } from './kubernetes-objects.ts';
import { createKubernetesStandIn, type KubernetesStandIn } from './kubernetes-stand-in.ts';

const node = { name: 'node-1', address: '192.0.2.1', createdAt: '2026-01-01T00:00:00.000Z' };

let folder = '';
let certificates: Certificates;
let standIn: KubernetesStandIn;
let url = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palomar-access-'));
  certificates = await makeCertificates(folder, '127.0.0.1');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  const { server, ca } = certificates;
  standIn = createKubernetesStandIn({ host: '127.0.0.1', port: 0, tls: { ...server, clientCa: ca } });
  for (const object of labObjects(node)) standIn.put(object);
  url = await standIn.start();
});
afterEach(() => standIn.stop());

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function kubeconfig(user: object, cluster: object = {}): Promise<string> {
  const path = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me' } }],
    clusters: [
      { name: 'lab', cluster: { server: url, 'certificate-authority-data': base64(certificates.ca), ...cluster } },
    ],
    users: [{ name: 'me', user }],
  };
  // JSON is YAML, too.
  await writeFile(path, JSON.stringify(config));
  return path;
}

async function statusOf(get: KubernetesFetch): Promise<number> {
  const answer = await get('/api/v1/nodes', AbortSignal.timeout(5000));
  await readBody(answer);
  return answer.status;
}

/** Prints the credential that a file beside it holds. */
async function execPlugin(): Promise<{ user: object; setToken(token: string): Promise<void> }> {
  const program = join(folder, 'plugin.sh');
  const credential = join(folder, 'credential.json');
  await writeFile(program, `#!/bin/sh\ncat ${credential}\n`);
  await chmod(program, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: program, args: [], interactiveMode: 'Never' };
  return {
    user: { exec },
    async setToken(token) {
      const status = { token, expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString() };
      await writeFile(credential, JSON.stringify({ ...exec, kind: 'ExecCredential', status }));
    },
  };
}

describe('access to the API server', () => {
  it('works with the client certificate of a kubeconfig, in the file or beside it', async () => {
    const { key, cert } = certificates.client;
    const inside = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
    expect(await statusOf(await configuredAccess(await kubeconfig(inside)))).toBe(200);
    const beside = { 'client-certificate': join(folder, 'client.crt'), 'client-key': join(folder, 'client.key') };
    expect(await statusOf(await configuredAccess(await kubeconfig(beside)))).toBe(200);
  });

  it('is refused without credentials', async () => {
    expect(await statusOf(await configuredAccess(await kubeconfig({})))).toBe(401);
  });

  it('does not trust a server of another authority', async () => {
    const other = { 'certificate-authority-data': undefined };
    await expect(statusOf(await configuredAccess(await kubeconfig({ token: 'one' }, other)))).rejects.toThrow(
      /certificate/,
    );
  });

  it('works with a token, and with another one when it was replaced', async () => {
    standIn.acceptTokens(['one']);
    const get = await configuredAccess(await kubeconfig({ token: 'one' }));
    expect(await statusOf(get)).toBe(200);
    standIn.acceptTokens(['two']);
    expect(await statusOf(get)).toBe(401);
    await kubeconfig({ token: 'two' });
    expect(await statusOf(get)).toBe(200);
  });

  it('works with an exec plugin, which is asked again when its token is refused before its time', async () => {
    const plugin = await execPlugin();
    await plugin.setToken('one');
    standIn.acceptTokens(['one']);
    const get = await configuredAccess(await kubeconfig(plugin.user));
    expect(await statusOf(get)).toBe(200);
    standIn.acceptTokens(['two']);
    await plugin.setToken('two');
    expect(await statusOf(get)).toBe(200);
  });

  it('works with the service account of a pod, whose token is replaced', async () => {
    const account = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(account, { recursive: true });
    await writeFile(join(account, 'ca.crt'), certificates.ca);
    await writeFile(join(account, 'token'), 'one');
    const { hostname, port } = new URL(url);
    const before = { ...process.env };
    process.env['KUBERNETES_SERVICE_HOST'] = hostname;
    process.env['KUBERNETES_SERVICE_PORT'] = port;
    try {
      standIn.acceptTokens(['one']);
      const get = await configuredAccess(undefined, folder);
      expect(await statusOf(get)).toBe(200);
      standIn.acceptTokens(['two']);
      await writeFile(join(account, 'token'), 'two');
      expect(await statusOf(get)).toBe(200);
    } finally {
      process.env = before;
    }
  });

  it('tells at once what cannot be read', async () => {
    await expect(configuredAccess(join(folder, 'nothing'))).rejects.toThrow(/no such file/);
    const missing = { 'client-certificate': join(folder, 'gone.crt'), 'client-key': join(folder, 'gone.key') };
    await expect(configuredAccess(await kubeconfig(missing))).rejects.toThrow(/gone\.crt/);
  });
});

describe('the name of the cluster', () => {
  const signal = AbortSignal.timeout(10_000);
  const config = (name: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cilium-config', namespace: 'kube-system' },
    data: { 'cluster-name': name },
  });

  it("is what Cilium was told, else the beginning of its system namespace's id", async () => {
    standIn.acceptTokens(['one']);
    const get = await configuredAccess(await kubeconfig({ token: 'one' }));
    expect(await clusterNameFrom(get, signal)).toMatch(/^k8s-[\da-f]{8}$/);
    standIn.put(config('default'));
    expect(await clusterNameFrom(get, signal)).toMatch(/^k8s-[\da-f]{8}$/);
    standIn.put(config('east-1'));
    expect(await clusterNameFrom(get, signal)).toBe('east-1');
  });

  it('is not told when nothing may be read', async () => {
    const get = await configuredAccess(await kubeconfig({}));
    expect(await clusterNameFrom(get, signal)).toBeUndefined();
  });
});
