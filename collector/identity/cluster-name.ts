/** What the cluster is called: as Cilium was told, if that can be read, else by the id that its own namespace has. */
import { z } from 'zod';
import { readBody, type KubernetesFetch } from './kubernetes-access.ts';

const configSchema = z.object({ data: z.object({ 'cluster-name': z.string() }) });
const namespaceSchema = z.object({ metadata: z.object({ uid: z.string().min(8) }) });

/** Cilium's name for a cluster that nobody named. */
const unnamed = 'default';
const withinMs = 5000;

/** Undefined when the API tells neither. */
export async function clusterNameFrom(get: KubernetesFetch, signal: AbortSignal): Promise<string | undefined> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  const read = async (path: string): Promise<unknown> => {
    const answer = await get(path, either);
    const body = await readBody(answer);
    return answer.status === 200 ? JSON.parse(body) : null;
  };
  const config = configSchema.safeParse(await read('/api/v1/namespaces/kube-system/configmaps/cilium-config'));
  const told = config.data?.data['cluster-name'] ?? '';
  if (told !== '' && told !== unnamed) return told;
  const namespace = namespaceSchema.safeParse(await read('/api/v1/namespaces/kube-system'));
  return namespace.success ? `k8s-${namespace.data.metadata.uid.slice(0, 8)}` : undefined;
}
