/**
 * Services and the endpoints that EndpointSlices list for them, indexed by what flows carry: a service's own addresses,
 * ports of nodes, and addresses of backends.
 */
import { formatAddress, parseAddress, type AddressKey } from '../decode/address.ts';
import type { EndpointSlice, Service } from './kubernetes-objects.ts';
import { portKey, protocolNames } from './pod-record.ts';

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly nodePort: number;
  readonly targetPort: number | string;
}

export interface ServiceRecord {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** Cluster, external and load balancer addresses. None when headless. */
  readonly addresses: readonly AddressKey[];
  readonly externalName: string;
  /** Null when its endpoints are made by hand. */
  readonly selector: readonly (readonly [string, string])[] | null;
  readonly ports: readonly ServicePort[];
}

/** Where a connection to a service may go. */
export interface Backend {
  readonly address: AddressKey;
  readonly port: number;
  readonly portName: string;
  readonly protocol: string;
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly node: string;
  /** Empty when no pod is behind the address. */
  readonly pod: string;
}

export interface SliceRecord {
  readonly namespace: string;
  readonly name: string;
  /** Empty when no service is named: then nobody uses it. */
  readonly service: string;
  readonly addressType: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
  readonly endpoints: readonly Endpoint[];
}

interface Endpoint {
  readonly addresses: readonly AddressKey[];
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly node: string;
  readonly pod: string;
}

export interface Services {
  readonly size: number;
  readonly slices: ReadonlyMap<string, SliceRecord>;
  all(): Iterable<ServiceRecord>;
  /** True when an answer may be another than before. */
  put(record: ServiceRecord): boolean;
  remove(namespace: string, name: string): ServiceRecord | undefined;
  named(namespace: string, name: string): ServiceRecord | undefined;
  inNamespace(namespace: string): Iterable<ServiceRecord>;
  /** By one of its own addresses. */
  at(address: AddressKey): ServiceRecord | undefined;
  /** By a port that every node serves for it. */
  ofNodePort(port: number, protocol: number): ServiceRecord | undefined;
  /** What was there before, when the slice says something else now. */
  putSlice(record: SliceRecord): { readonly before: SliceRecord | undefined } | undefined;
  removeSlice(namespace: string, name: string): SliceRecord | undefined;
  backendsOf(namespace: string, name: string): readonly Backend[];
  /** Services that list that address and port as a backend, in the order of their names. */
  behind(address: AddressKey, port: number, protocol: number): readonly ServiceName[];
  /** Addresses of the API server: the endpoints of the service `kubernetes`. */
  isApiServer(address: AddressKey): boolean;
}

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

const apiServer = 'default/kubernetes';

function keysOf(texts: readonly string[]): readonly AddressKey[] {
  return [...new Set(texts.map(parseAddress))].filter((key) => key !== undefined);
}

export function recordOfService(service: Service): ServiceRecord {
  const { metadata, spec, status } = service;
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  const selector = Object.entries(spec.selector ?? {});
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    type: spec.type,
    // `None`, which makes it headless, is no address.
    addresses: keysOf([
      spec.clusterIP,
      ...(spec.clusterIPs ?? []),
      ...(spec.externalIPs ?? []),
      spec.loadBalancerIP,
      ...ingress,
    ]),
    externalName: spec.externalName,
    selector: selector.length === 0 ? null : selector,
    ports: (spec.ports ?? []).map((port) => ({ ...port, targetPort: port.targetPort ?? port.port })),
  };
}

export function recordOfSlice(slice: EndpointSlice): SliceRecord {
  const ports = (slice.ports ?? []).filter((port) => typeof port.port === 'number');
  return {
    namespace: slice.metadata.namespace,
    name: slice.metadata.name,
    service: slice.metadata.labels?.['kubernetes.io/service-name'] ?? '',
    addressType: slice.addressType,
    ports: ports.map(({ name, port, protocol }) => ({
      name: name ?? '',
      port: port ?? 0,
      protocol: protocol ?? 'TCP',
    })),
    endpoints: (slice.endpoints ?? []).map(({ addresses, conditions, nodeName, targetRef }) => ({
      addresses: keysOf(addresses),
      // Not said means ready; what is ready serves.
      isReady: conditions?.ready ?? true,
      isServing: conditions?.serving ?? conditions?.ready ?? true,
      isTerminating: conditions?.terminating ?? false,
      node: nodeName ?? '',
      pod: targetRef?.kind === 'Pod' ? targetRef.name : '',
    })),
  };
}

/** Does a service with that selector stand for a pod with these labels? */
export function selects(selector: ServiceRecord['selector'], labels: readonly (readonly [string, string])[]): boolean {
  if (selector === null) return false;
  return selector.every(([name, value]) => labels.some(([own, mine]) => own === name && mine === value));
}

export function addressesOfSlice(slice: SliceRecord): readonly AddressKey[] {
  return slice.endpoints.flatMap(({ addresses }) => addresses);
}

/** An object of the API that gives this record again. */
export function objectOfService(record: ServiceRecord): object {
  const addresses = record.addresses.map(formatAddress);
  const { namespace, name, type, externalName, ports } = record;
  return {
    metadata: { name, namespace },
    spec: {
      type,
      clusterIP: addresses[0] ?? (type === 'ExternalName' ? '' : 'None'),
      clusterIPs: addresses,
      externalName,
      selector: record.selector === null ? null : Object.fromEntries(record.selector),
      ports,
    },
  };
}

export function objectOfSlice(record: SliceRecord): object {
  const { namespace, name, service, addressType, ports } = record;
  return {
    metadata: { name, namespace, labels: service === '' ? {} : { 'kubernetes.io/service-name': service } },
    addressType,
    ports,
    endpoints: record.endpoints.map((endpoint) => ({
      addresses: endpoint.addresses.map(formatAddress),
      conditions: { ready: endpoint.isReady, serving: endpoint.isServing, terminating: endpoint.isTerminating },
      nodeName: endpoint.node,
      targetRef: endpoint.pod === '' ? null : { kind: 'Pod', name: endpoint.pod },
    })),
  };
}

export function createServices(): Services {
  const namespaces = new Map<string, Map<string, ServiceRecord>>();
  const addresses = new Map<AddressKey, ServiceRecord>();
  const nodePorts = new Map<number, ServiceRecord>();
  const slices = new Map<string, SliceRecord>();
  const slicesOfService = new Map<string, Set<SliceRecord>>();
  const slicesOfAddress = new Map<AddressKey, Set<SliceRecord>>();
  let size = 0;

  const named = (namespace: string, name: string): ServiceRecord | undefined => namespaces.get(namespace)?.get(name);

  const remove = (namespace: string, name: string): ServiceRecord | undefined => {
    const record = named(namespace, name);
    if (record === undefined) return undefined;
    const inNamespace = namespaces.get(namespace);
    inNamespace?.delete(name);
    if (inNamespace?.size === 0) namespaces.delete(namespace);
    size -= 1;
    for (const address of record.addresses) if (addresses.get(address) === record) addresses.delete(address);
    for (const [key, owner] of nodePortsOf(record)) if (nodePorts.get(key) === owner) nodePorts.delete(key);
    return record;
  };

  const unlist = (record: SliceRecord): void => {
    removeFrom(slicesOfService, `${record.namespace}/${record.service}`, record);
    for (const address of addressesOfSlice(record)) removeFrom(slicesOfAddress, address, record);
  };

  const removeSlice = (namespace: string, name: string): SliceRecord | undefined => {
    const record = slices.get(`${namespace}/${name}`);
    if (record === undefined) return undefined;
    slices.delete(`${namespace}/${name}`);
    unlist(record);
    return record;
  };

  return {
    get size() {
      return size;
    },
    slices,
    *all() {
      for (const inNamespace of namespaces.values()) yield* inNamespace.values();
    },
    put(record) {
      const { namespace, name } = record;
      if (JSON.stringify(named(namespace, name)) === JSON.stringify(record)) return false;
      remove(namespace, name);
      const inNamespace = namespaces.get(namespace) ?? new Map<string, ServiceRecord>();
      namespaces.set(namespace, inNamespace.set(name, record));
      size += 1;
      for (const address of record.addresses) addresses.set(address, record);
      for (const [key, owner] of nodePortsOf(record)) nodePorts.set(key, owner);
      return true;
    },
    remove,
    named,
    inNamespace: (namespace) => namespaces.get(namespace)?.values() ?? [],
    at: (address) => addresses.get(address),
    ofNodePort: (port, protocol) => nodePorts.get(portKey(port, protocol)),
    putSlice(record) {
      const key = `${record.namespace}/${record.name}`;
      const before = slices.get(key);
      if (JSON.stringify(before) === JSON.stringify(record)) return undefined;
      if (before !== undefined) unlist(before);
      slices.set(key, record);
      if (record.service !== '') {
        addTo(slicesOfService, `${record.namespace}/${record.service}`, record);
        for (const address of addressesOfSlice(record)) addTo(slicesOfAddress, address, record);
      }
      return { before };
    },
    removeSlice,
    backendsOf: (namespace, name) => [...(slicesOfService.get(`${namespace}/${name}`) ?? [])].flatMap(backendsOfSlice),
    behind(address, port, protocol) {
      const listing = slicesOfAddress.get(address);
      if (listing === undefined) return [];
      const wanted = protocolNames[protocol];
      const found = [...listing].filter(({ ports }) =>
        ports.some((entry) => entry.port === port && entry.protocol === wanted),
      );
      const byName = new Map(
        found.map(({ namespace, service }) => [`${namespace}/${service}`, { namespace, name: service }]),
      );
      return [...byName.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
    },
    isApiServer(address) {
      for (const { namespace, service } of slicesOfAddress.get(address) ?? []) {
        if (`${namespace}/${service}` === apiServer) return true;
      }
      return false;
    },
  };
}

function nodePortsOf(record: ServiceRecord): readonly (readonly [number, ServiceRecord])[] {
  return record.ports
    .filter(({ nodePort }) => nodePort > 0)
    .map(({ nodePort, protocol }) => [portKey(nodePort, protocol), record]);
}

function backendsOfSlice(slice: SliceRecord): readonly Backend[] {
  return slice.endpoints.flatMap(({ addresses, ...endpoint }) =>
    addresses.flatMap((address) =>
      slice.ports.map(({ name, port, protocol }) => ({ address, port, portName: name, protocol, ...endpoint })),
    ),
  );
}

function addTo<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, new Set([value]));
  else known.add(value);
}

function removeFrom<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const known = index.get(key);
  if (known?.delete(value) === true && known.size === 0) index.delete(key);
}
