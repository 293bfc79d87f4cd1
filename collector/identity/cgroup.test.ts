import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownerOfCgroup } from './cgroup.ts';

const id = 'a1b2c3d4e5f6';
const long = `${id}${'0'.repeat(52)}`;
const outer = 'f'.repeat(64);
const uid = '74c13223-5a00-11e9-b385-42010a80018d';
const uidInSlice = uid.replaceAll('-', '_');
const user = '/user.slice/user-1000.slice/user@1000.service';

describe('containers in cgroup paths', () => {
  it.each<[string, string]>([
    ['Docker, systemd driver', `/system.slice/docker-${long}.scope`],
    ['Docker, cgroupfs driver', `/docker/${long}`],
    ['Docker below a parent of its own', `/batch/jobs/${long}`],
    ['Docker, rootless', `${user}/user.slice/docker-${long}.scope`],
    ['Docker under the kubelet', `/kubepods.slice/kubepods-pod${uidInSlice}.slice/docker-${long}.scope`],
    [
      'containerd under the kubelet, systemd driver, best effort',
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uidInSlice}.slice/cri-containerd-${long}.scope`,
    ],
    ['containerd under the kubelet, cgroupfs driver', `/kubepods/burstable/pod${uid}/${long}`],
    ['containerd under the kubelet, guaranteed', `/kubepods/pod${uid}/${long}`],
    [
      'containerd with a driver that does not match the kubelet',
      `/system.slice/containerd.service/kubepods-burstable-pod${uidInSlice}.slice:cri-containerd:${long}`,
    ],
    ['nerdctl, systemd driver', `/system.slice/nerdctl-${long}.scope`],
    ['nerdctl, cgroupfs driver', `/default/${long}`],
    ['nerdctl, rootless', `${user}/user.slice/nerdctl-${long}.scope`],
    ['CRI-O, systemd driver', `/kubepods.slice/kubepods-pod${uidInSlice}.slice/crio-${long}.scope`],
    ['CRI-O with a group inside', `/kubepods.slice/kubepods-pod${uidInSlice}.slice/crio-${long}.scope/container`],
    ['CRI-O, cgroupfs driver', `/kubepods/besteffort/pod${uid}/crio-${long}`],
    ['podman, rootful', `/machine.slice/libpod-${long}.scope`],
    ['podman with a group inside', `/machine.slice/libpod-${long}.scope/container`],
    ['podman in a pod', `/machine.slice/machine-libpod_pod_${outer}.slice/libpod-${long}.scope`],
    ['podman, rootless', `${user}/user.slice/libpod-${long}.scope/container`],
    ['podman, cgroupfs driver', `/libpod_parent/libpod-${long}`],
    ['podman as a systemd service', `/system.slice/web.service/libpod-payload-${long}`],
    ['systemd within a container', `/system.slice/docker-${long}.scope/system.slice/nginx.service`],
    [
      'a pod within a node that is a container',
      `/docker/${outer}/kubelet.slice/kubelet-pod1.slice/cri-containerd-${long}.scope`,
    ],
    ['a task of ECS', `/ecs/${'b'.repeat(32)}/${long}`],
    ['a path without its beginning', `${'e'.repeat(20)}.slice/cri-containerd-${long}.scope`],
  ])('of %s', (_name, path) => {
    expect(ownerOfCgroup(path)).toEqual({ container: id, unit: '' });
  });

  it.each<[string, string, string]>([
    ['LXC', '/lxc.payload.web', 'web'],
    ['LXC, older', '/lxc/web', 'web'],
    ['a service within LXC', '/lxc.payload.web/system.slice/nginx.service', 'web'],
    ['ECS, numbered', `/ecs/${'b'.repeat(32)}/${'c'.repeat(32)}-1234567890`, 'c'.repeat(12)],
  ])('of %s have a name', (_name, path, container) => {
    expect(ownerOfCgroup(path)).toEqual({ container, unit: '' });
  });

  it.each<[string, string]>([
    ["podman's monitor", `/machine.slice/libpod-conmon-${long}.scope`],
    ["CRI-O's monitor", `/kubepods.slice/kubepods-pod1.slice/crio-conmon-${long}.scope`],
    ['the pod itself', `/kubepods/burstable/pod${uid}`],
    ['the payload of nothing', '/lxc.monitor.web'],
    ['an id that is too short', '/docker/a1b2c3d4e5f6'],
  ])('are not seen in %s', (_name, path) => {
    expect(ownerOfCgroup(path).container).toBe('');
  });
});

describe('systemd units in cgroup paths', () => {
  it.each<[string, string, string]>([
    ['a service', '/system.slice/nginx.service', 'nginx.service'],
    [
      'an instance of a template',
      '/system.slice/system-postgresql.slice/postgresql@17-main.service',
      'postgresql@17-main.service',
    ],
    ['a group within a service', '/system.slice/cron.service/job', 'cron.service'],
    ['a delegated service', '/system.slice/containerd.service', 'containerd.service'],
    ["a user's service", `${user}/app.slice/sync.service`, 'sync.service'],
    ['an escaped name', String.raw`/system.slice/web\x2dfront.service`, 'web-front.service'],
    [
      'a virtual machine',
      String.raw`/machine.slice/machine-qemu\x2d1\x2dbuild.scope/libvirt/emulator`,
      'machine-qemu-1-build.scope',
    ],
    [
      'one connection of a socket',
      '/system.slice/system-sshd.slice/sshd@12-10.0.0.1:22-10.0.0.2:5555.service',
      'sshd@.service',
    ],
  ])('%s', (_name, path, unit) => {
    expect(ownerOfCgroup(path)).toEqual({ container: '', unit });
  });

  it.each<[string, string]>([
    ['a session', '/user.slice/user-0.slice/session-3.scope'],
    ['an application of a session', `${user}/app.slice/app-gnome-firefox-4711.scope`],
    ["a user's manager", `${user}/init.scope`],
    ['a command of systemd-run', '/system.slice/run-u123.service'],
    ['a command of systemd-run, numbered at random', '/system.slice/run-r0123456789abcdef.service'],
    ['the root', '/'],
    ['nothing', ''],
  ])('%s is none', (_name, path) => {
    expect(ownerOfCgroup(path)).toEqual({ container: '', unit: '' });
  });

  it('are read out of anything without failing', () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        const { container, unit } = ownerOfCgroup(path);
        expect(container === '' || unit === '').toBe(true);
      }),
    );
  });
});
