/** Who a process is that has no packet yet: by its namespace and control group, for there may be no address to go by. */
import { isMapped, isShared, noAddress, parseAddress, type AddressKey } from '../decode/address.ts';
import { ownerOfCgroup } from './cgroup.ts';
import { resolveLocal, type Endpoint, type EndpointSources, type Moment } from './endpoint.ts';

export interface Caller {
  /** That its socket is bound to; unspecified when it is not. */
  readonly address: AddressKey;
  readonly family: number;
  readonly netns: number;
  readonly pid: number;
  readonly process: string;
  readonly cgroup: string;
}

export interface ResolvedCaller {
  readonly address: AddressKey;
  readonly endpoint: Endpoint;
}

const unspecified4 = parseAddress('0.0.0.0') ?? noAddress;

/** Of a socket that is bound to none: the first of its namespace's that others could answer to. */
function addressOf(caller: Caller, candidates: Iterable<AddressKey>): AddressKey {
  if (caller.address !== noAddress && caller.address !== unspecified4) return caller.address;
  const isV4 = caller.family === 4;
  for (const candidate of candidates) if (isMapped(candidate) === isV4 && !isShared(candidate)) return candidate;
  return isV4 ? unspecified4 : noAddress;
}

export function resolveCaller(caller: Caller, at: Moment, from: EndpointSources): ResolvedCaller {
  const { interfaces, sockets } = from;
  const netns = interfaces.netnsOfNumber(caller.netns);
  const addresses = netns?.addresses ?? [];
  const owner = { pid: caller.pid, process: caller.process, ...ownerOfCgroup(caller.cgroup) };
  const isNode = caller.netns === interfaces.hostNetns;
  const address = addressOf(caller, addresses);
  const local = {
    owner,
    container: owner.container || (isNode ? '' : sockets.containerOf(caller.netns)),
    netns: netns?.name ?? '',
    neighbours: isNode ? [] : addresses,
    isNode,
  };
  return { address, endpoint: resolveLocal({ address, port: 0 }, 0, local, undefined, at, from) };
}
