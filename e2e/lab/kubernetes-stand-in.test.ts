/** The stand-in against the real client: list, pages, watch, bookmarks, and 410 Gone. Loopback only. */
import { CoreV1Api, DiscoveryV1Api, AppsV1Api, KubeConfig, makeInformer, Watch } from '@kubernetes/client-node';
import type { V1Pod } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KubernetesObject, labObjects } from './kubernetes-objects.ts';
import { createKubernetesStandIn, type KubernetesStandIn } from './kubernetes-stand-in.ts';

const node = { name: 'node-1', address: '192.0.2.1', createdAt: '2026-01-01T00:00:00.000Z' };

let standIn: KubernetesStandIn;
let config: KubeConfig;

beforeEach(async () => {
  standIn = createKubernetesStandIn({ host: '127.0.0.1', port: 0, history: 50, bookmarkEveryMs: 20 });
  for (const object of labObjects(node)) standIn.put(object);
  config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'lab', server: await standIn.start(), skipTLSVerify: true }, { name: 'test' });
});

afterEach(() => standIn.stop());

function pod(name: string, ip = '10.77.1.99'): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'production', labels: { app: 'extra' } },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

/** Collects a watch's events until it is stopped. */
async function watchPods(query: Record<string, string | boolean>) {
  const events: { type: string; name: string | undefined; code: number | undefined }[] = [];
  let ended = false;
  const controller = await new Watch(config).watch(
    '/api/v1/pods',
    query,
    (type: string, object: { metadata?: { name?: string }; code?: number }) =>
      events.push({ type, name: object.metadata?.name, code: object.code }),
    () => (ended = true),
  );
  return { events, hasEnded: () => ended, stop: () => controller.abort() };
}

test('lists the pods with addresses of both versions, owners and a resource version', async () => {
  const pods = await config.makeApiClient(CoreV1Api).listPodForAllNamespaces();
  expect(Number(pods.metadata?.resourceVersion)).toBeGreaterThan(0);
  const api = pods.items.find((item) => item.metadata?.labels?.['app'] === 'api');
  expect(api?.status?.podIPs?.map((entry) => entry.ip)).toEqual(['10.77.1.20', 'fd77::20']);
  expect(api?.spec?.nodeName).toBe('node-1');
  expect(api?.metadata?.ownerReferences?.[0]).toMatchObject({
    kind: 'ReplicaSet',
    name: 'api-6f4c8d',
    controller: true,
  });
  expect(pods.items.map((item) => item.metadata?.namespace).sort()).toEqual([
    'kube-system',
    'production',
    'production',
    'production',
  ]);
});

test('the replica set leads to the deployment by uid', async () => {
  const apps = config.makeApiClient(AppsV1Api);
  const sets = await apps.listReplicaSetForAllNamespaces();
  const deployments = await apps.listDeploymentForAllNamespaces();
  const owner = sets.items.find((set) => set.metadata?.name === 'api-6f4c8d')?.metadata?.ownerReferences?.[0];
  const deployment = deployments.items.find((item) => item.metadata?.uid === owner?.uid);
  expect(deployment?.metadata?.name).toBe('api');
  expect((await apps.listStatefulSetForAllNamespaces()).items.map((item) => item.metadata?.name)).toEqual(['postgres']);
});

test('namespaces, nodes, services and endpoint slices are there, too', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const namespaces = await core.listNamespace();
  expect(namespaces.items.map((item) => item.metadata?.name)).toEqual(['default', 'kube-system', 'production']);
  expect((await core.listNode()).items[0]?.status?.addresses?.[0]?.address).toBe('192.0.2.1');
  const inProduction = await core.listNamespacedService({ namespace: 'production' });
  expect(inProduction.items.map((item) => item.metadata?.name)).toEqual(['api', 'frontend', 'postgres']);
  const slices = await config.makeApiClient(DiscoveryV1Api).listEndpointSliceForAllNamespaces();
  expect(slices.items.filter((slice) => slice.addressType === 'IPv6')).toHaveLength(4);
  expect((await core.readNamespacedPod({ namespace: 'production', name: 'postgres-0' })).status?.podIP).toBe(
    '10.77.1.30',
  );
});

test('pages hold everything once, and a page token is gone after a change', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const first = await core.listPodForAllNamespaces({ limit: 3 });
  const token = first.metadata?._continue ?? '';
  const second = await core.listPodForAllNamespaces({ limit: 3, _continue: token });
  expect(new Set([...first.items, ...second.items].map((item) => item.metadata?.name)).size).toBe(4);
  expect(second.metadata?._continue).toBeUndefined();
  standIn.put(pod('extra-1'));
  await expect(core.listPodForAllNamespaces({ limit: 3, _continue: token })).rejects.toMatchObject({ code: 410 });
});

test('a watch from a list hears what came, changed and went since, and bookmarks', async () => {
  const list = await config.makeApiClient(CoreV1Api).listPodForAllNamespaces();
  const resourceVersion = list.metadata?.resourceVersion ?? '';
  standIn.put(pod('extra-1'));
  const watch = await watchPods({ resourceVersion, allowWatchBookmarks: true });
  standIn.put(pod('extra-1', '10.77.1.98'));
  standIn.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
  expect(standIn.remove('Pod', 'production', 'extra-1')).toBe(true);
  expect(standIn.remove('Pod', 'production', 'extra-1')).toBe(false);
  await expect
    .poll(() => watch.events.filter((e) => e.type !== 'BOOKMARK').map((e) => `${e.type} ${e.name}`))
    .toEqual(['ADDED extra-1', 'MODIFIED extra-1', 'DELETED extra-1']);
  await expect.poll(() => watch.events.some((e) => e.type === 'BOOKMARK')).toBe(true);
  watch.stop();
});

test('a watch without a version begins with all that is there', async () => {
  const watch = await watchPods({});
  await expect.poll(() => watch.events.filter((e) => e.type === 'ADDED').length).toBe(4);
  watch.stop();
});

test('a watch ends when its time is over', async () => {
  const watch = await watchPods({ timeoutSeconds: '1' });
  expect(watch.hasEnded()).toBe(false);
  await expect.poll(() => watch.hasEnded(), { timeout: 3000 }).toBe(true);
});

test.each([
  ['after a compaction', () => standIn.compact()],
  [
    'after more events than are kept',
    () => {
      for (let n = 0; n < 60; n++) standIn.put(pod(`extra-${n}`));
    },
  ],
])('a watch from too long ago is 410 Gone %s', async (_name, forget) => {
  const list = await config.makeApiClient(CoreV1Api).listPodForAllNamespaces();
  standIn.put(pod('extra-1'));
  forget();
  const watch = await watchPods({ resourceVersion: list.metadata?.resourceVersion ?? '' });
  await expect.poll(() => watch.hasEnded()).toBe(true);
  expect(watch.events).toEqual([{ type: 'ERROR', name: undefined, code: 410 }]);
});

test('the client library follows additions and removals, also through a restart of the watch', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const informer = makeInformer<V1Pod>(config, '/api/v1/pods', () => core.listPodForAllNamespaces());
  const names = new Set<string>();
  informer.on('add', (object) => names.add(object.metadata?.name ?? ''));
  informer.on('delete', (object) => names.delete(object.metadata?.name ?? ''));
  await informer.start();
  await expect.poll(() => names.size).toBe(4);
  standIn.put(pod('extra-1'));
  await expect.poll(() => names.has('extra-1')).toBe(true);
  standIn.remove('Pod', 'production', 'extra-1');
  await expect.poll(() => names.has('extra-1')).toBe(false);
  await informer.stop();
});

test.each([
  ['a resource it does not have', 'GET', '/api/v1/secrets', 404],
  ['an object that is not there', 'GET', '/api/v1/namespaces/production/pods/nobody', 404],
  ['a selector', 'GET', '/api/v1/pods?labelSelector=app%3Dapi', 400],
  ['a write', 'POST', '/api/v1/namespaces/production/pods', 405],
])('refuses %s with a Status object', async (_name, method, path, code) => {
  const response = await fetch(standIn.url + path, { method });
  expect(response.status).toBe(code);
  expect(await response.json()).toMatchObject({ kind: 'Status', status: 'Failure', code });
});

test('says its version', async () => {
  expect(await (await fetch(`${standIn.url}/version`)).json()).toMatchObject({ major: '1' });
});
