/** The ways in which opening a connection fails, as the catalogue explains drops. */
import type { DropExplanation } from '../../../model/drop-catalogue.ts';
import type { ConnectResult } from '../../../model/words.ts';

type Failure = Exclude<ConnectResult, '' | 'ESTABLISHED'>;

const connectExplanations: Readonly<Record<Failure, DropExplanation>> = {
  REFUSED: {
    says: 'The other end answered with a reset: nothing listens there.',
    causes: ['The process is down or restarting', 'It listens on another port or address', 'A firewall that rejects'],
    checks: ['ss -ltnp', 'kubectl get endpointslices -A', 'nc -vz DESTINATION PORT'],
  },
  UNREACHABLE: {
    says: 'A router or the host answered that there is no way.',
    causes: ['A route is missing or prohibits it', 'The address belongs to nobody any more'],
    checks: ['ip route get DESTINATION', 'ip neigh show', 'tracepath DESTINATION'],
  },
  NO_ANSWER: {
    says: 'The opening packets went out and nothing came back.',
    causes: ['A firewall or policy on the way drops silently', 'The other host is down', 'Answers take another way'],
    checks: ['nc -vz -w 3 DESTINATION PORT', 'tracepath DESTINATION', 'nft list ruleset'],
  },
  LOCAL_ERROR: {
    says: 'The kernel refused before a packet was made.',
    causes: ['No route or no free source port', 'A BPF program or security module forbids it'],
    checks: ['ip route get DESTINATION', 'sysctl net.ipv4.ip_local_port_range', 'ss -s', 'bpftool cgroup tree'],
  },
};

const isFailure = (result: string): result is Failure => Object.hasOwn(connectExplanations, result);

/** Null for what is no failure. */
export function connectWords(result: string): DropExplanation | null {
  return isFailure(result) ? connectExplanations[result] : null;
}
