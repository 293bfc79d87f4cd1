/** Reads container and systemd unit out of a cgroup path, as the container runtimes and systemd name their groups. */

export interface CgroupOwner {
  /** Short container id, empty when not in one. */
  readonly container: string;
  /** The service that the task belongs to, empty for sessions and scopes. */
  readonly unit: string;
}

const runtimeScope =
  /(?:^|\/)(?:docker|cri-containerd|crio|libpod|containerd|nerdctl)-([\da-f]{12})[\da-f]{0,52}\.scope(?:\/|$)/;
/** cgroupfs driver: the id alone is the directory. */
const plainDirectory =
  /(?:^|\/)(?:docker|kubepods|libpod|lxc|ecs|garden)[^/]*(?:\/[^/]+)*\/([\da-f]{12})[\da-f]{52}(?:\/|$)/;
/** containerd with the systemd driver and its colon form. */
const colonForm = /:cri-containerd:([\da-f]{12})[\da-f]{52}(?:\/|$)/;

export function ownerOfCgroup(path: string): CgroupOwner {
  const container = runtimeScope.exec(path)?.[1] ?? plainDirectory.exec(path)?.[1] ?? colonForm.exec(path)?.[1] ?? '';
  let unit = '';
  if (container === '') {
    for (const part of path.split('/')) {
      // A user's own services run below user@1000.service: the innermost service counts, but not that manager.
      if (part.endsWith('.service') && !/^user@\d+\.service$/.test(part)) unit = part;
    }
  }
  return { container, unit };
}
