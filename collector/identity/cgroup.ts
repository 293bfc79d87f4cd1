/**
 * Reads container and systemd unit out of a cgroup path, as container runtimes and systemd name their groups. Path
 * shapes are the same in both cgroup versions; a path that is too long comes without its beginning.
 */

export interface CgroupOwner {
  /** Short container id, or the name where the runtime has no ids. Empty when not in one. */
  readonly container: string;
  /** The service that the task belongs to, empty for sessions and scopes. */
  readonly unit: string;
}

/** `docker-ID.scope`, `crio-ID`, `slice:cri-containerd:ID`, or the id alone below whatever parent was configured. */
const withId = /^(?:(.*)[-:])?([\da-f]{64})(?:\.scope)?$/;
/** LXC and its descendants have names, not ids. */
const lxcPayload = /^lxc\.payload\.(.+)$/;
/** A task of ECS, where the container is numbered within it. */
const ecsTask = /^([\da-f]{12})[\da-f]{20}-\d+$/;

/** The session manager of a user: what it starts has groups of its own below. */
const userManager = /^user@\d+\.service$/;
/** Made by systemd-run for one command: the name says nothing. */
const transient = /^run-(?:[ur]?[\da-f]+|p\d+-i\d+)\.(?:service|scope)$/;
/** An instance made for one connection carries its addresses. */
const perConnection = /^(.+)@[^@]*:\d+-[^@]*:\d+\.service$/;
const machineScope = /^machine-.+\.scope$/;

/** The innermost container: clusters in containers have pods in containers. */
function containerOf(parts: readonly string[]): string {
  for (let i = parts.length - 1; i >= 0; i -= 1) {
    const part = parts[i] ?? '';
    const [, prefix = '', id] = withId.exec(part) ?? [];
    // The monitor of a container runs beside it, in the network of its host.
    if (id !== undefined) return prefix.endsWith('conmon') ? '' : id.slice(0, 12);
    const lxc = lxcPayload.exec(part)?.[1] ?? (parts[i - 1] === 'lxc' ? part : undefined);
    if (lxc !== undefined) return lxc;
    const ecs = parts.includes('ecs') ? ecsTask.exec(part)?.[1] : undefined;
    if (ecs !== undefined) return ecs;
  }
  return '';
}

/** systemd writes `-` within a name as `\x2d`. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([\da-f]{2})/g, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The innermost service: a user's own services run below that user's manager. */
function unitOf(parts: readonly string[]): string {
  const unit = parts.findLast(
    (part) =>
      (part.endsWith('.service') && !userManager.test(part) && !transient.test(part)) || machineScope.test(part),
  );
  return unescapeUnit(unit?.replace(perConnection, '$1@.service') ?? '');
}

export function ownerOfCgroup(path: string): CgroupOwner {
  const parts = path.split('/');
  const container = containerOf(parts);
  return { container, unit: container === '' ? unitOf(parts) : '' };
}
