/** API objects that give our records again, for the head of a recording. */
import { formatAddress, type AddressKey } from '../decode/address.ts';
import type { CiliumNodeRecord, NodeRecord } from './nodes.ts';
import type { Owner } from './shared-texts.ts';

export function objectOfPlain(
  record: { readonly namespace: string; readonly name: string; readonly owner: Owner | null },
  labels: readonly (readonly [string, string])[] = [],
): object {
  const { namespace, name, owner } = record;
  return {
    metadata: {
      name,
      namespace,
      labels: Object.fromEntries(labels),
      ownerReferences: owner === null ? [] : [{ ...owner, controller: true }],
    },
  };
}

export function objectOfNode(record: NodeRecord): object {
  const { name, addresses, podNetworks, zone, region } = record;
  const labels = { 'topology.kubernetes.io/zone': zone, 'topology.kubernetes.io/region': region };
  return {
    metadata: { name, labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')) },
    spec: { podCIDR: podNetworks[0] ?? '', podCIDRs: podNetworks },
    status: { addresses: addresses.map((key) => ({ type: 'InternalIP', address: formatAddress(key) })) },
  };
}

export function objectOfCiliumNode(record: CiliumNodeRecord): object {
  return {
    metadata: { name: record.name },
    spec: {
      addresses: record.addresses.map((key) => ({ type: 'InternalIP', ip: formatAddress(key) })),
      health: pairOf(record.health),
      ingress: pairOf(record.ingress),
    },
  };
}

function pairOf(keys: readonly AddressKey[]): object {
  const texts = keys.map(formatAddress);
  return {
    ipv4: texts.find((text) => !text.includes(':')) ?? '',
    ipv6: texts.find((text) => text.includes(':')) ?? '',
  };
}
